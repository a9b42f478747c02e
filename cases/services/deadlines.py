"""Clocks of a dossier: opened, suspended, resumed, met or cancelled by recording events; the sum is computed.

``Deadline.due_on`` and ``Deadline.state`` are caches of the sum.
"""

from datetime import date, timedelta
from typing import Any

from cases import clock, rows
from cases.deadlines import Computation, Duration, Event, EventKind, compute
from cases.enums import AtExpiry, DeadlineKind, DeadlineState
from cases.errors import Conflict
from cases.models import Deadline, DeadlineEvent, Dossier
from cases.selectors import open_deadlines_of

_CLOSE = """
closed AS (
    UPDATE cases_deadline SET state = done.state, closed_at = %s
      FROM unnest(%s::bigint[], %s::text[]) AS done (id, state) WHERE cases_deadline.id = done.id
)"""
_OPEN = f"opened AS (INSERT INTO cases_deadline ({rows.inserted_columns(Deadline)}) VALUES"
_RECORD = "INSERT INTO cases_deadlineevent (deadline_id, kind, at, amount, motive)"
_EVENTS = """
SELECT event.id, event.kind, %s::timestamptz, event.amount, event.motive
  FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::text[]) AS event (id, kind, amount, motive)
"""


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

    Needs the caller's transaction and its lock on the dossier. Two statements for an ordinary act: a read, a write.
    A clock that is suspended or resumed takes two more.
    """

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier
        self._now = clock.now()
        self._open = open_deadlines_of(dossier)
        self._events: list[DeadlineEvent] = []
        self._new: list[Deadline] = []
        self._closed: list[tuple[int, str]] = []

    def open(
        self,
        *,
        step: str,
        title: str,
        kind: DeadlineKind,
        rule_ref: str,
        duration: Duration,
        body_id: int | None = None,
        person_id: int | None = None,
        since: date | None = None,
        at_expiry: AtExpiry = AtExpiry.ALERT,
    ) -> None:
        """Start a clock, now or at the start of the day ``since``. ``rule_ref`` is the version that gives ``duration``.

        ``body_id``, ``person_id``: whose clock it is, where several answer the same step. Reminders begin tomorrow: who
        is awaited is told of the step itself today.
        """
        start = self._now if since is None else min(clock.start_of(since), self._now)
        deadline = Deadline(
            dossier=self._dossier,
            step=step,
            organisation_id=body_id,
            person_id=person_id,
            title=title,
            kind=kind,
            rule_ref=rule_ref,
            length=duration.value,
            unit=duration.unit,
            roll_over=duration.roll_over,
            first_day_excluded=duration.first_day_excluded,
            due_on=compute(duration, [Event(EventKind.STARTED, start)]).due_on,
            opened_at=start,
            at_expiry=at_expiry,
            remind_on=clock.today() + timedelta(days=1),
            reminded_on=clock.today(),
        )
        self._open.append(deadline)
        self._new.append(deadline)

    def meet(self, step: str, body_id: int | None = None, person_id: int | None = None) -> None:
        """The step was done, or answered by one body or person: its clocks are met, in time or not."""
        self._close(step, EventKind.MET, DeadlineState.MET, body_id, person_id)

    def cancel(self, step: str, body_id: int | None = None, person_id: int | None = None) -> None:
        """The step is over before everybody has answered, or one steps down: clocks that run lose their object."""
        self._close(step, EventKind.CANCELLED, DeadlineState.CANCELLED, body_id, person_id)

    def suspend(self, step: str, motive: str) -> None:
        """Stop the internal clocks of a step: the submitter has the file in hand. A legal delay waits for nobody."""
        for deadline in self._of(step, DeadlineState.RUNNING):
            if deadline.kind == DeadlineKind.INTERNAL:
                self._record(deadline, Event(EventKind.SUSPENDED, self._now, 0, motive[:300]))

    def take_up(
        self, step: str, kind: DeadlineKind, body_id: int | None = None, person_id: int | None = None
    ) -> bool:
        """Let the suspended clock of a step run again from tomorrow; whether the step has a clock of that kind open."""
        known = [
            one
            for one in self._open
            if one.step == step
            and one.kind == kind
            and (one.organisation_id, one.person_id) == (body_id, person_id)
        ]
        for deadline in known:
            if deadline.state == DeadlineState.SUSPENDED:
                self._record(deadline, Event(EventKind.RESUMED, self._now))
        return bool(known)

    def pass_on(self, step: str, kind: DeadlineKind, to: str, title: str) -> None:
        """The clock of a step goes on at another one, with all that has happened to it. One statement."""
        for deadline in self._open:
            if deadline.step == step and deadline.kind == kind:
                deadline.step, deadline.title = to, title
                deadline.save(update_fields=["step", "title"])

    def extend(self, deadline_id: int, amount: int, motive: str) -> tuple[date | None, date | None]:
        """Give an open clock more time, in its own unit; the dates before and after. ``Conflict`` if it ended."""
        deadline = next((one for one in self._open if one.pk == deadline_id), None)
        if deadline is None:
            raise Conflict("Cette échéance est close : rien n’est plus à prolonger. Rechargez la page.")
        before = deadline.due_on
        self._record(deadline, Event(EventKind.EXTENDED, self._now, amount, motive[:300]))
        return before, deadline.due_on

    def cancel_all(self) -> None:
        """The dossier has ended: clocks that still run or are suspended lose their object."""
        for step in sorted({deadline.step for deadline in self._open}):
            self._close(step, EventKind.CANCELLED, DeadlineState.CANCELLED)

    def save(self) -> date | None:
        """Write what was gathered; return the earliest date of the clocks that run."""
        if self._new or self._events:
            with rows.cursor() as cursor:
                cursor.execute(*self._statement())
        dates = [
            one.due_on for one in self._open if one.state == DeadlineState.RUNNING and one.due_on is not None
        ]
        return min(dates, default=None)

    def _statement(self) -> tuple[str, list[Any]]:
        """One statement for all: the clocks that close, those that open with their start, and the other events."""
        parts, values = [], []
        if self._closed:
            parts.append(_CLOSE)
            values += [self._now, [pk for pk, _ in self._closed], [state for _, state in self._closed]]
        if self._new:
            new = [rows.inserted_values(deadline) for deadline in self._new]
            row = f"({', '.join(['%s'] * len(new[0]))})"
            parts.append(f"{_OPEN} {', '.join([row] * len(new))} RETURNING id, opened_at)")
            values += [value for one in new for value in one]
        sources = []
        if self._new:
            sources.append("SELECT id, 'started', opened_at, 0, '' FROM opened")
        if self._events:
            sources.append(_EVENTS)
            values += [
                self._now,
                [event.deadline_id for event in self._events],
                [str(event.kind) for event in self._events],
                [event.amount for event in self._events],
                [event.motive for event in self._events],
            ]
        start = f"WITH {', '.join(parts)} " if parts else ""
        return f"{start}{_RECORD} {' UNION ALL '.join(sources)}", values

    def _of(self, step: str, state: DeadlineState) -> list[Deadline]:
        return [one for one in self._open if one.step == step and one.state == state]

    def _close(
        self,
        step: str,
        kind: EventKind,
        state: DeadlineState,
        body_id: int | None = None,
        person_id: int | None = None,
    ) -> None:
        closing = [one for one in self._open if one.step == step and body_id in (None, one.organisation_id)]
        if person_id is not None:
            own = [one for one in closing if one.person_id == person_id]
            closing = own or [one for one in closing if one.person_id is None][:1]  # a seat that was free
        self._open = [one for one in self._open if one not in closing]
        for one in closing:
            if one.state == DeadlineState.SUSPENDED:  # it has no date; ended, it counts as resumed today
                one.due_on = compute(one.duration, [*_events(one), Event(kind, self._now)]).due_on
                one.save(update_fields=["due_on"])
            self._events.append(DeadlineEvent(deadline=one, kind=kind, at=self._now))
        self._closed += [(one.pk, state.value) for one in closing]

    def _record(self, deadline: Deadline, event: Event) -> None:
        result = compute(deadline.duration, [*_events(deadline), event])
        self._events.append(
            DeadlineEvent(
                deadline=deadline, kind=event.kind, at=event.at, amount=event.amount, motive=event.motive
            )
        )
        deadline.state = DeadlineState(result.state.value)
        deadline.due_on = result.due_on
        deadline.remind_on = clock.today()  # the date has moved: the next sweep looks again
        deadline.save(update_fields=["state", "due_on", "remind_on"])
