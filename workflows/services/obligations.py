"""Opens the dossiers of the convention's calendar, as the system: each occurrence once, whoever asks and how often."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from django.db import connection, transaction

from cases.enums import OrganisationKind, Role
from cases.errors import BusinessError
from cases.models import Dossier, Organisation
from cases.services.journal import SYSTEM
from workflows.calendar import Occurrence, due_in_year, is_closed, occurrences, to_open
from workflows.engine.obligations import (
    PATH,
    already_open_is_blocked,
    owing,
    running_dossiers,
    same_occurrence,
)
from workflows.engine.registry import get_path
from workflows.rulebook import rulebooks
from workflows.services.drafts import open_draft, validated_data
from workflows.services.locking import busy_is_conflict

logger = logging.getLogger(__name__)

#: Of two sweeps at once the second waits, then finds the dossiers there (key of an advisory lock, by transaction).
_LOCK = 4_201_502


@dataclass(slots=True)
class Opened:
    """What an opening did, by the key of the obligation and its exercise, as « calendar.c01 2026 »; with the reference
    of the dossier that owes it, where each running dossier does, as « calendar.c201 2015 FNASS-2015-0001 ».

    ``done``: the reference of each new dossier; ``kept``: of those that were there; ``closed``: occurrences of a closed
    convention, which are not opened; ``failed``: the sentence of each that could not be opened.
    """

    done: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def open_obligations(exercise: int, on: date) -> Opened:
    """Open what is due for an exercise, of the conventions that are in force ``on`` a day, if its year has begun.

    A second call opens nothing. Each dossier has a transaction of its own: one that fails does not stop the others.
    """
    books = rulebooks()
    report = _open(to_open(books, exercise, on))
    report.closed = [
        _name(one)
        for book in books.values()
        if is_closed(book, on)
        for obligation in book.obligations.values()
        for one in occurrences(obligation, exercise)
    ]
    return report


def open_due_obligations(on: date) -> Opened:
    """Open what falls due in the calendar year of a day, whatever its exercise: what the daily sweep does."""
    return _open(due_in_year(rulebooks(), on))


def open_obligations_of(path: str, on: date) -> Opened:
    """Open what the running dossiers of a path owe in the calendar year of a day, and nothing else."""
    return _open(one for one in due_in_year(rulebooks(), on) if one.obligation.per_path == path)


def _each(wanted: Iterable[Occurrence]) -> Iterator[Occurrence]:
    """What running dossiers owe on their own, once for each of them. One statement for each path that is concerned."""
    running: dict[str, dict[str, date]] = {}
    for one in wanted:
        path = one.obligation.per_path
        if path and path not in running:
            running[path] = running_dossiers(path)
        yield from owing(one, running.get(path, {}))


def _open(wanted: Iterable[Occurrence]) -> Opened:
    report, body = Opened(), _fund()
    found = _already_open()
    for one in _each(wanted):
        name, known = _name(one), found.get(_place(one))
        if known is not None:
            report.kept[name] = known
            continue
        if body is None:
            report.failed[name] = "Aucune caisse nationale en activité : enregistrez-la d’abord."
            continue
        try:
            reference, opened = _open_one(one, body)
        except BusinessError as error:
            if other := _filed_meanwhile(error):
                report.kept[name] = other
                continue
            report.failed[name] = error.message
            logger.warning("opening of %s refused: %s", name, error.message)
        except Exception:
            report.failed[name] = "Erreur du programme : voir le journal technique."
            logger.exception("opening of %s failed", name)
        else:
            (report.done if opened else report.kept)[name] = reference
    return report


def _open_one(one: Occurrence, body: Organisation) -> tuple[str, bool]:
    """The reference of the dossier of an occurrence, and whether it was opened now."""
    path = get_path(PATH)
    with busy_is_conflict(), already_open_is_blocked() as about, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        asked = {
            "obligation": one.key,
            "exercise": one.exercise,
            "period": one.position,
            "about": one.about,
            "title": "",
        }
        about.update(asked)
        known = (
            Dossier.objects.filter(**same_occurrence(asked))
            .order_by("pk")
            .values_list("reference", flat=True)
            .first()
        )
        if known is not None:
            return known, False
        dossier = open_draft(
            path=path,
            organisation=body,
            role=Role.REVIEWER,
            actor=None,
            capacity=SYSTEM,
            cleaned=validated_data(path, asked, body),
        )
    return dossier.reference, True


def _filed_meanwhile(error: BusinessError) -> str:
    """The dossier that somebody filed by hand at this very moment; empty when something else was refused."""
    return next((one.related[0] for one in error.reasons if one.code == "already_open" and one.related), "")


def _fund() -> Organisation | None:
    return Organisation.objects.filter(kind=OrganisationKind.FUND, active=True).order_by("pk").first()


def _already_open() -> dict[tuple[str, int, int, str], str]:
    """The dossiers of the calendar, withdrawn ones included: what somebody withdrew does not come back by itself."""
    rows = Dossier.objects.filter(path=PATH).order_by("-pk").values_list("data", "reference")
    return {
        (
            data["obligation"],
            int(data["exercise"]),
            int(data.get("period") or 1),
            data.get("about") or "",
        ): reference
        for data, reference in rows
    }


def _place(one: Occurrence) -> tuple[str, int, int, str]:
    return one.key, one.exercise, one.position, one.about


def _name(one: Occurrence) -> str:
    half = f"/{one.position}" if one.position > 1 else ""
    return f"{one.key} {one.exercise}{half}" + (f" {one.about}" if one.about else "")
