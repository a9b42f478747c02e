"""Puts dossiers on agendas and records what a meeting decided, many dossiers in one go and all through ``perform``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction

from cases import clock
from cases.calendar import french_date
from cases.errors import Blocked, BusinessError, Conflict, Forbidden, Invalid, NotFound, Reason, Stale
from cases.models import AgendaItem, Document, Dossier, Meeting, User
from cases.permissions import holdings_of
from cases.register_terms import MeetingKind
from cases.selectors import dossiers_visible_to
from cases.selectors.meetings import items_of
from cases.services.meetings import BUSY, lock_meeting, put_on_agenda
from cases.text import storable
from workflows.engine.meetings import DAY_FIELD
from workflows.engine.registry import get_path
from workflows.engine.step import Step
from workflows.selectors.meetings import waiting_tasks
from workflows.services.locking import busy_is_conflict
from workflows.services.perform import perform

#: How many dossiers are put on an agenda, or recorded, at once.
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """What is recorded on one dossier: an outcome of its step, the act's data but its day, which is the meeting's."""

    reference: str
    outcome: str
    data: Mapping[str, Any] = field(default_factory=dict)
    motive: str = ""
    version: int | None = None


def add_items(
    *, public_id: UUID, references: Sequence[str], actor: User, version: int | None = None
) -> list[AgendaItem]:
    """Put dossiers on the agenda of a meeting, in the order given. Some ten statements whatever their number.

    Raises ``NotFound`` (a meeting or a dossier that ``actor`` may not read), ``Forbidden``, ``Conflict`` (closed, or
    on an agenda already), ``Stale``, ``Invalid``, ``Blocked`` (``not_awaiting``: it does not wait for such a meeting).
    """
    wanted = list(dict.fromkeys(one.strip() for one in references if one.strip()))
    if not wanted or len(wanted) > MOST_ROWS or not all(storable(one) for one in wanted):
        message = f"Choisissez les dossiers à inscrire, {MOST_ROWS} au plus à la fois."
        raise Invalid(message, details={"references": [message]})
    with busy_is_conflict(BUSY), transaction.atomic():
        holdings = holdings_of(actor)
        meeting = lock_meeting(holdings, public_id, version=version)
        visible = dossiers_visible_to(actor, holdings)
        known = {
            one.reference: one
            for one in Dossier.objects.filter(pk__in=visible.filter(reference__in=wanted).values("pk"))
            .select_for_update()
            .order_by("pk")
        }
        missing = [one for one in wanted if one not in known]
        if missing:
            raise NotFound(
                f"Aucun dossier de cette référence ne vous est accessible : {', '.join(missing[:10])}. Vérifiez-la."
            )
        kind = MeetingKind(meeting.kind)
        steps = {
            one.dossier.reference: one.step.name
            for one in waiting_tasks(
                kind, Dossier.objects.filter(pk__in=[d.pk for d in known.values()]), references=wanted
            )
        }
        _refuse_those_elsewhere(kind, [known[one] for one in wanted if one not in steps])
        return put_on_agenda(
            meeting=meeting, dossiers=[(known[one], steps[one]) for one in wanted], actor=actor
        )


def _refuse_those_elsewhere(kind: MeetingKind, dossiers: Sequence[Dossier]) -> None:
    reasons = []
    for dossier in dossiers:
        what = "le vote du conseil" if kind is MeetingKind.BOARD else "l’avis des ministères en concertation"
        message = (
            f"Le dossier {dossier.reference} n’attend pas {what} : il est « {dossier.get_status_display()} ». "
            "Inscrivez-le quand il en sera à cette étape."
        )
        reasons.append(Reason("not_awaiting", message, "", None, (dossier.reference,)))
    if reasons:
        raise Blocked(" ".join(reason.message for reason in reasons[:3]), reasons=reasons)


def record_together(*, public_id: UUID, rows: Sequence[Row], actor: User) -> Meeting:
    """Record what a meeting decided on several dossiers: all rows or none. A dossier left out stays open.

    Each row is an act of ``actor`` like any other (role, separation of duties, rules of the path), dated by the
    meeting. Raises ``NotFound``, ``Conflict`` (closed meanwhile, another recording under way), ``Invalid`` (no row,
    one twice), ``Blocked`` (a day to come), and for refused rows the kind of error that they share, else ``Blocked``:
    ``details["rows"]`` has by reference ``code``, ``message``, ``details`` of each refusal.
    """
    _check(rows)
    made: list[str] = []
    try:
        return _recorded(public_id, rows, actor, made)
    except BusinessError:
        _drop_papers(made)
        raise


def _recorded(public_id: UUID, rows: Sequence[Row], actor: User, made: list[str]) -> Meeting:
    """``made`` receives the names of the papers of a recording that is refused: its transaction does not hold files."""
    with busy_is_conflict(BUSY), transaction.atomic():
        meeting = lock_meeting(holdings_of(actor), public_id, keeper=False)
        if meeting.held_on > clock.today():
            message = (
                f"La séance du {french_date(meeting.held_on)} n’a pas encore eu lieu : enregistrez ce jour-là, ou "
                "corrigez sa date."
            )
            raise Blocked(message, reasons=[Reason("not_held", message)])
        items = {item.dossier.reference: item for item in items_of(meeting)}
        refused: dict[str, BusinessError] = {}
        last = max((item.dossier_id for item in items.values()), default=0)
        in_order = sorted(  # locks are taken in one order, whatever that of the agenda
            rows, key=lambda row: items[row.reference].dossier_id if row.reference in items else last + 1
        )
        for row in in_order:
            try:
                _record(meeting, items.get(row.reference), row, actor)
            except BusinessError as error:
                refused[row.reference] = error
        if refused:
            done = [row.reference for row in rows if row.reference not in refused]
            made += Document.objects.filter(dossier__reference__in=done).values_list("file", flat=True)
            raise _refusal(refused, len(rows))
        return meeting


def _drop_papers(names: Sequence[str]) -> None:
    """Delete the stored files among these that no piece has any more, now that the recording is undone."""
    if names:
        kept = set(Document.objects.filter(file__in=names).values_list("file", flat=True))
        for name in set(names) - kept:
            default_storage.delete(name)


def _check(rows: Sequence[Row]) -> None:
    references = [row.reference for row in rows]
    message = ""
    if not rows:
        message = "Rien à enregistrer : choisissez l’issue d’un dossier au moins."
    elif len(rows) > MOST_ROWS:
        message = f"Enregistrez au plus {MOST_ROWS} dossiers à la fois."
    elif len(set(references)) != len(references):
        message = "Un dossier figure deux fois : gardez une seule ligne par dossier."
    if message:
        raise Invalid(message, details={"rows": [message]})


def _record(meeting: Meeting, item: AgendaItem | None, row: Row, actor: User) -> None:
    """One row, in the caller's transaction; a refusal leaves nothing of it."""
    if item is None:
        raise NotFound(
            f"Le dossier {row.reference} n’est pas à l’ordre du jour de cette séance. Rechargez la page."
        )
    if item.settled_at is not None:
        raise Conflict(
            f"Le résultat du dossier {row.reference} est déjà enregistré. Rechargez la page pour le voir."
        )
    step = get_path(item.dossier.path).step(item.step)
    if step is None:
        raise Conflict(f"L’étape du dossier {row.reference} n’existe plus. Retirez-le de l’ordre du jour.")
    perform(
        reference=row.reference,
        step=item.step,
        outcome=row.outcome,
        actor=actor,
        data=_dated(meeting, step, row),
        motive=row.motive,
        version=row.version,
    )


def _dated(meeting: Meeting, step: Step, row: Row) -> dict[str, Any] | None:
    """The act's data with the day of the meeting where its form asks for it."""
    chosen = step.outcomes.get(row.outcome)
    form = chosen.form if chosen is not None else None
    data = dict(row.data)
    name = DAY_FIELD[MeetingKind(meeting.kind)]
    if form is not None and name in form.base_fields:
        data.setdefault(name, meeting.held_on.isoformat())
    return data if data or form is not None else None


def _refusal(refused: Mapping[str, BusinessError], total: int) -> BusinessError:
    kinds = {type(error) for error in refused.values()}
    shared: type[BusinessError] = Blocked
    for kind in (Forbidden, Stale, Conflict, Invalid):
        if kinds == {kind}:
            shared = kind
    count, many = len(refused), len(refused) > 1
    named = ", ".join(list(refused)[:5]) + ("…" if count > 5 else "")  # noqa: PLR2004
    what = "lignes" if many else "ligne"
    advice = "Corrigez-les ou laissez-les vides" if many else "Corrigez-la ou laissez-la vide"
    message = (
        f"Rien n’est enregistré : {count} {what} sur {total} {'sont refusées' if many else 'est refusée'} "
        f"({named}). {advice}, puis recommencez."
    )
    rows = {
        reference: {"code": error.code, "message": error.message, "details": error.details}
        for reference, error in refused.items()
    }
    return shared(message, details={"rows": rows})
