"""The stored dates of deadlines against their events: every difference is found, and can be put right.

``Deadline.due_on`` and ``state``, and ``Dossier.next_due_on``, are caches of what the events say (design §9).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery

from cases.deadlines import DeadlineError
from cases.enums import DeadlineState
from cases.models import Deadline, Dossier
from cases.services.deadlines import computation_of

#: How many deadlines are read at once.
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored value that is not what the events say. ``fault``: the events themselves make no sense."""

    reference: str
    what: str
    stored: str
    computed: str
    deadline_id: int | None = None
    fault: bool = False


def differences() -> Iterator[Difference]:
    """Every stored date and state that differs from its events, dossier by dossier.

    A dossier that is being acted upon at the same time may show a difference that is gone a moment later.
    """
    found = Deadline.objects.select_related("dossier").prefetch_related("events").order_by("pk")
    for deadline in found.iterator(chunk_size=CHUNK):
        yield from _of(deadline)
    for dossier in _stale_dossiers().iterator(chunk_size=CHUNK):
        yield Difference(
            dossier.reference, "prochaine échéance", _shown(dossier.next_due_on), _shown(dossier.earliest)
        )


def repair() -> Iterator[Difference]:
    """Put every difference right, each dossier in a transaction of its own, and yield what was changed or cannot be.

    Histories that make no sense are left as they are.
    """
    references = {one.reference for one in differences()}
    for reference in sorted(references):
        with transaction.atomic():
            dossier = Dossier.objects.select_for_update().get(reference=reference)
            for deadline in dossier.deadlines.prefetch_related("events").order_by("pk"):
                found = list(_of(deadline))
                yield from found
                if found and not any(one.fault for one in found):
                    computation = computation_of(deadline)
                    deadline.due_on = computation.due_on
                    deadline.state = DeadlineState(computation.state.value)
                    last = deadline.events.last()
                    ended = deadline.state in (DeadlineState.MET, DeadlineState.CANCELLED)
                    deadline.closed_at = last.at if ended and last is not None else None
                    deadline.save(update_fields=["due_on", "state", "closed_at"])
            for stale in _stale_dossiers().filter(pk=dossier.pk):
                yield Difference(
                    reference, "prochaine échéance", _shown(stale.next_due_on), _shown(stale.earliest)
                )
                Dossier.objects.filter(pk=dossier.pk).update(next_due_on=stale.earliest)


def _of(deadline: Deadline) -> Iterator[Difference]:
    reference, title = deadline.dossier.reference, f"« {deadline.title} »"
    try:
        computation = computation_of(deadline)
    except DeadlineError as error:
        yield Difference(
            reference, f"histoire de {title}", str(deadline.pk), str(error), deadline.pk, fault=True
        )
        return
    if deadline.state != computation.state.value:
        computed = DeadlineState(computation.state.value).label
        yield Difference(
            reference, f"état de {title}", DeadlineState(deadline.state).label, computed, deadline.pk
        )
    if deadline.due_on != computation.due_on:
        yield Difference(
            reference, f"date de {title}", _shown(deadline.due_on), _shown(computation.due_on), deadline.pk
        )


def _stale_dossiers() -> "QuerySet[Any]":
    running = (
        Deadline.objects.filter(dossier=OuterRef("pk"), state=DeadlineState.RUNNING)
        .order_by()
        .values("dossier")
        .annotate(earliest=Min("due_on"))
        .values("earliest")
    )
    return (
        Dossier.objects.annotate(earliest=Subquery(running))
        .filter(
            Q(next_due_on__lt=F("earliest"))
            | Q(next_due_on__gt=F("earliest"))
            | Q(next_due_on__isnull=True, earliest__isnull=False)
            | Q(next_due_on__isnull=False, earliest__isnull=True)
        )
        .order_by("pk")
    )


def _shown(day: date | None) -> str:
    return day.isoformat() if day else "aucune date"
