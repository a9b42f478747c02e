"""Clocks of a dossier: opened, suspended, resumed, met or cancelled by recording events; the sum is computed.

All of them need the caller's transaction and its lock on the dossier. ``Deadline.due_on`` is a cache of the sum.
"""

from collections.abc import Iterable
from datetime import date

from cases import clock
from cases.deadlines import Computation, Duration, Event, EventKind, compute
from cases.enums import DeadlineKind, DeadlineState
from cases.models import Deadline, DeadlineEvent, Dossier


def _events(deadline: Deadline) -> list[Event]:
    return [
        Event(EventKind(row.kind), row.at, row.amount, row.motive)
        for row in deadline.events.all()  # ordered by (at, pk)
    ]


def computation_of(deadline: Deadline) -> Computation:
    """The sum, line by line, judged today. Uses prefetched ``events`` when there are."""
    return compute(deadline.duration, _events(deadline), on=clock.today())


def open_deadline(
    *, dossier: Dossier, step: str, title: str, kind: DeadlineKind, rule_ref: str, duration: Duration
) -> Deadline:
    """Start a clock now. ``rule_ref`` is the rule version that gives ``duration``."""
    now = clock.now()
    due_on = compute(duration, [Event(EventKind.STARTED, now)]).due_on
    deadline = Deadline.objects.create(
        dossier=dossier,
        step=step,
        title=title,
        kind=kind,
        rule_ref=rule_ref,
        length=duration.value,
        unit=duration.unit,
        roll_over=duration.roll_over,
        first_day_excluded=duration.first_day_excluded,
        due_on=due_on,
        opened_at=now,
    )
    DeadlineEvent.objects.create(deadline=deadline, kind=EventKind.STARTED, at=now)
    return deadline


def _record(deadline: Deadline, kind: EventKind, motive: str) -> None:
    """Add one event and bring the cache up to date."""
    now = clock.now()
    events = [*_events(deadline), Event(kind, now, 0, motive)]
    DeadlineEvent.objects.create(deadline=deadline, kind=kind, at=now, motive=motive)
    result = compute(deadline.duration, events)
    deadline.state = DeadlineState(result.state.value)
    deadline.due_on = result.due_on
    deadline.save(update_fields=["state", "due_on"])


def suspend_deadline(*, deadline: Deadline, motive: str) -> None:
    """Stop the clock: the submitter has the file in hand."""
    _record(deadline, EventKind.SUSPENDED, motive[:300])


def resume_deadline(*, deadline: Deadline, motive: str = "") -> None:
    """Let the clock run again from tomorrow."""
    _record(deadline, EventKind.RESUMED, motive[:300])


def _close(deadlines: Iterable[Deadline], kind: EventKind, state: DeadlineState) -> None:
    ids = [deadline.pk for deadline in deadlines]
    if not ids:
        return
    now = clock.now()
    DeadlineEvent.objects.bulk_create([DeadlineEvent(deadline_id=pk, kind=kind, at=now) for pk in ids])
    Deadline.objects.filter(pk__in=ids).update(state=state, closed_at=now)


def meet_deadlines(deadlines: Iterable[Deadline]) -> None:
    """The step was done: its clocks are met, in time or not."""
    _close(deadlines, EventKind.MET, DeadlineState.MET)


def cancel_deadlines(deadlines: Iterable[Deadline]) -> None:
    """The step has no object any more: its clocks end without having been met."""
    _close(deadlines, EventKind.CANCELLED, DeadlineState.CANCELLED)


def next_due_on(deadlines: Iterable[Deadline]) -> date | None:
    """The earliest date of the clocks that run."""
    dates = [one.due_on for one in deadlines if one.state == DeadlineState.RUNNING and one.due_on is not None]
    return min(dates, default=None)
