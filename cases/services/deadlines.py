"""Clocks of a dossier: opened, suspended, resumed, met or cancelled by recording events; the sum is computed.

``Deadline.due_on`` and ``Deadline.state`` are caches of the sum.
"""

from datetime import date

from cases import clock
from cases.deadlines import Computation, Duration, Event, EventKind, compute
from cases.enums import DeadlineKind, DeadlineState
from cases.models import Deadline, DeadlineEvent, Dossier
from cases.selectors import open_deadlines_of


def _events(deadline: Deadline) -> list[Event]:
    return [
        Event(EventKind(row.kind), row.at, row.amount, row.motive)
        for row in deadline.events.all()  # ordered by (at, pk)
    ]


def computation_of(deadline: Deadline) -> Computation:
    """The sum, line by line, judged today. Uses prefetched ``events`` when there are."""
    return compute(deadline.duration, _events(deadline), on=clock.today())


class DossierClocks:
    """The open clocks of one dossier during one act. Changes are gathered, then ``save`` writes them.

    Needs the caller's transaction and its lock on the dossier. Four statements at most for an ordinary act: one SELECT,
    one INSERT for the clock that opens, one for all events, one UPDATE of the clocks that close.
    """

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier
        self._now = clock.now()
        self._open = list(open_deadlines_of(dossier))
        self._events: list[DeadlineEvent] = []
        self._closed: dict[DeadlineState, list[int]] = {}

    def open(self, *, step: str, title: str, kind: DeadlineKind, rule_ref: str, duration: Duration) -> None:
        """Start a clock now. ``rule_ref`` is the rule version that gives ``duration``."""
        deadline = Deadline.objects.create(
            dossier=self._dossier,
            step=step,
            title=title,
            kind=kind,
            rule_ref=rule_ref,
            length=duration.value,
            unit=duration.unit,
            roll_over=duration.roll_over,
            first_day_excluded=duration.first_day_excluded,
            due_on=compute(duration, [Event(EventKind.STARTED, self._now)]).due_on,
            opened_at=self._now,
        )
        self._open.append(deadline)
        self._events.append(DeadlineEvent(deadline=deadline, kind=EventKind.STARTED, at=self._now))

    def meet(self, step: str) -> None:
        """The step was done: its clocks are met, in time or not."""
        self._close(step, EventKind.MET, DeadlineState.MET)

    def suspend(self, step: str, motive: str) -> None:
        """Stop the clocks of a step: the submitter has the file in hand."""
        for deadline in self._of(step, DeadlineState.RUNNING):
            self._record(deadline, EventKind.SUSPENDED, motive[:300])

    def resume(self, step: str) -> bool:
        """Let the suspended clocks of a step run again from tomorrow; whether there were any."""
        paused = self._of(step, DeadlineState.SUSPENDED)
        for deadline in paused:
            self._record(deadline, EventKind.RESUMED, "")
        return bool(paused)

    def cancel_all(self) -> None:
        """The dossier has ended: clocks that still run or are suspended lose their object."""
        for step in sorted({deadline.step for deadline in self._open}):
            self._close(step, EventKind.CANCELLED, DeadlineState.CANCELLED)

    def save(self) -> date | None:
        """Write what was gathered; return the earliest date of the clocks that run."""
        if self._events:
            DeadlineEvent.objects.bulk_create(self._events)
        for state, ids in self._closed.items():
            Deadline.objects.filter(pk__in=ids).update(state=state, closed_at=self._now)
        dates = [
            one.due_on for one in self._open if one.state == DeadlineState.RUNNING and one.due_on is not None
        ]
        return min(dates, default=None)

    def _of(self, step: str, state: DeadlineState) -> list[Deadline]:
        return [one for one in self._open if one.step == step and one.state == state]

    def _close(self, step: str, kind: EventKind, state: DeadlineState) -> None:
        closing = [one for one in self._open if one.step == step]
        self._open = [one for one in self._open if one.step != step]
        for one in closing:
            if one.state == DeadlineState.SUSPENDED:  # it has no date; ended, it counts as resumed today
                one.due_on = compute(one.duration, [*_events(one), Event(kind, self._now)]).due_on
                one.save(update_fields=["due_on"])
            self._events.append(DeadlineEvent(deadline=one, kind=kind, at=self._now))
        if closing:
            self._closed.setdefault(state, []).extend(one.pk for one in closing)

    def _record(self, deadline: Deadline, kind: EventKind, motive: str) -> None:
        result = compute(deadline.duration, [*_events(deadline), Event(kind, self._now, 0, motive)])
        self._events.append(DeadlineEvent(deadline=deadline, kind=kind, at=self._now, motive=motive))
        deadline.state = DeadlineState(result.state.value)
        deadline.due_on = result.due_on
        deadline.save(update_fields=["state", "due_on"])
