"""Deadlines: the date that follows from a duration and from what happened, with the sum explained.

A deadline is never stored as a fact. :func:`compute` is a pure function of a duration (from a rule) and
of immutable events; it reads neither the clock nor the database. Moments become dates in Europe/Paris,
so the change of clocks moves nothing.

How days are counted (rules ``calendar.first_day_excluded``, ``calendar.roll_over`` and
``calendar.review_suspension``):

* The day of the start is not counted (unless the rule says so): 15 days from 3 March end on 18 March.
* ``working_days`` counts Monday to Friday except public holidays; ``months`` gives the day with the same
  number, or the last day of a shorter month. Every extension adds to the duration, in its unit, whenever
  it was granted.
* Only with ``roll_over`` does a date that falls on no working day move to the next one.
* Suspension: the clock stops while the other side has the file and resumes the day after. The days ``d``
  with ``suspended on < d <= resumed on`` do not count. Example: 10 calendar days from 2 March end on
  12 March; suspended on 5 March, resumed on 9 March, the 6th, 7th, 8th and 9th (4 days) do not count: 3 days
  had run, 7 remain, the deadline is 16 March. Suspended and resumed on one day: 0 days.
* Suspended on the very last day (still within the delay), no day remains: the deadline becomes the day of
  resumption. Suspended after the last day: nothing changes, the delay had run out.
* Nested suspensions: a clock that stands still can be suspended again, for another reason. Each resumption lifts
  one suspension and the clock runs again when the last one is lifted, so that every day counts once. Example:
  10 calendar days from 2 March; suspended on 5 March (a quote is missing) and again on 7 March (an expert is
  heard), one lifted on 9 March, the other on 14 March. The clock stood still from the 6th to the 14th (9 days,
  those from the 8th to the 9th not twice): 3 days had run, 7 remain, the deadline is 21 March.
* While it is suspended a deadline has no date. One that is met or cancelled meanwhile counts as
  resumed that day, however many suspensions were left.

Events at one instant count as simultaneous and their order in the input is without effect. An
impossible history (no start, two starts, a resumption with nothing suspended, anything after the end, …)
raises :class:`DeadlineError`.

No holiday of a single region moves a date: what only Alsace and Moselle keep is worked (``cases.calendar``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import TypeVar

from cases.calendar import add_months, add_working_days, french_date, next_working_day, working_days_between
from cases.clock import paris_date
from cases.enums import DeadlineState

_E = TypeVar("_E", bound=StrEnum)


class Unit(StrEnum):
    """In what a duration is counted."""

    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"


class EventKind(StrEnum):
    """What can happen to a deadline."""

    STARTED = "started"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    EXTENDED = "extended"
    MET = "met"
    CANCELLED = "cancelled"


class DeadlineError(ValueError):
    """A duration or a history of events that makes no sense; a fault of the program, not of a user."""


@dataclass(frozen=True, slots=True)
class Duration:
    """How long: ``value`` units (1 or more), and how the ends are treated.

    ``roll_over``: a last day that is no working day moves to the next one. ``first_day_excluded``: the day
    of the start does not count; otherwise every date comes one day earlier.
    """

    value: int
    unit: Unit
    roll_over: bool = False
    first_day_excluded: bool = True

    def __post_init__(self) -> None:
        """Refuse a duration below 1 and an unknown unit."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < 1:
            raise DeadlineError(f"a duration is a whole number of 1 or more, not {self.value!r}")
        object.__setattr__(self, "unit", _member(Unit, self.unit))

    def __str__(self) -> str:
        """Write the duration in French, e.g. « 15 jours ouvrés »."""
        return _quantity(self.value, self.unit)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened and when (``at`` is aware, kept in UTC); ``amount`` (units, 1 or more) only for an extension."""

    kind: EventKind
    at: datetime
    amount: int = 0
    motive: str = ""

    def __post_init__(self) -> None:
        """Refuse an unknown kind, a naive moment and an amount where there is none to give."""
        object.__setattr__(self, "kind", _member(EventKind, self.kind))
        if self.at.utcoffset() is None:
            raise DeadlineError(f"the moment of an event needs a time zone: {self.at!r}")
        # Two moments of the hour that comes twice in October have one local time: only in UTC are they in order.
        object.__setattr__(self, "at", self.at.astimezone(UTC))
        if self.kind is EventKind.EXTENDED:
            if isinstance(self.amount, bool) or self.amount < 1:
                raise DeadlineError(f"an extension is of 1 unit or more, not {self.amount!r}")
        elif self.amount != 0:
            raise DeadlineError(f"only an extension has an amount, not {self.kind!r}")

    @property
    def on(self) -> date:
        """The date of the event in Europe/Paris."""
        return paris_date(self.at)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sum: a French sentence, the date it leads to, the days it adds (if counted in days)."""

    label: str
    on: date | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Computation:
    """The result. ``due_on`` is ``None`` only while the clock stands still before the delay ran out.

    ``late`` is known once the deadline is met, and before that when :func:`compute` was told the day.
    """

    due_on: date | None
    state: DeadlineState
    met_on: date | None
    late: bool | None
    lines: tuple[Line, ...]


def compute(duration: Duration, events: Iterable[Event], *, on: date | None = None) -> Computation:
    """Return where the deadline stands after ``events`` (in any order), explained line by line.

    ``on``: the day to judge lateness by while the deadline is open, usually ``cases.clock.today()``.
    """
    history = _History.read(events)
    total = duration.value + sum(extension.amount for extension in history.extensions)
    course = _Course(history.start, replace(duration, value=total))
    counted = "jour non compté" if duration.first_day_excluded else "jour compté"
    lines = [
        Line(f"Départ : {french_date(history.start)} ({counted})", history.start),
        Line(f"+ {duration}", days=None if duration.unit is Unit.MONTHS else duration.value),
    ]
    lines += [_extension_line(extension, duration.unit) for extension in history.extensions]
    for suspension in history.suspensions:
        lines += course.suspend(suspension)
    lines += course.last_lines()

    late = None
    if history.met_on is not None:
        late = course.due_on is not None and history.met_on > course.due_on
        lines.append(_met_line(history.met_on, course.due_on))
    elif history.cancelled_on is not None:
        lines.append(Line(f"Sans objet depuis le {french_date(history.cancelled_on)}", history.cancelled_on))
    elif on is not None:
        late = course.due_on is not None and on > course.due_on
    return Computation(course.due_on, history.state, history.met_on, late, tuple(lines))


@dataclass(frozen=True, slots=True)
class _Move:
    """A nested suspension, or one that was lifted while others held; ``left``: suspensions in force after it."""

    on: date
    lifted: bool
    left: int
    motive: str


@dataclass(frozen=True, slots=True)
class _Suspension:
    """From the day after ``stopped_on`` until ``resumed_on`` included; open when that is ``None``.

    ``inner``: what happened while the clock stood still anyway. Which suspension a resumption lifts is not recorded
    and makes no difference to the days.
    """

    stopped_on: date
    resumed_on: date | None
    motive: str
    inner: tuple[_Move, ...] = ()


class _Course:
    """The running clock: how far the delay has come, and the day on which it ends as things stand."""

    def __init__(self, start: date, duration: Duration) -> None:
        self._unit = duration.unit
        self._roll_over = duration.roll_over
        self._stopped = False
        # Working days: `_remaining` days still to run after `_reached`; other units: `_reached` is the end.
        self._remaining = 0
        match duration.unit:
            case Unit.CALENDAR_DAYS:
                self._reached = start + timedelta(days=duration.value)
            case Unit.MONTHS:
                self._reached = add_months(start, duration.value)
            case Unit.WORKING_DAYS:
                self._reached = start
                self._remaining = duration.value
        if not duration.first_day_excluded:
            self._reached -= timedelta(days=1)

    @property
    def due_on(self) -> date | None:
        """The last day of the delay, or ``None`` while the clock stands still."""
        return None if self._stopped else self._end()

    def suspend(self, suspension: _Suspension) -> list[Line]:
        """Take a suspension into account and explain it, then those within it."""
        first, last = suspension.stopped_on, suspension.resumed_on
        motive = _in_brackets(suspension.motive)
        if first > self._end():
            stops = [(first, motive)]
            stops += [(move.on, _in_brackets(move.motive)) for move in suspension.inner if not move.lifted]
            return [
                Line(f"Suspendu le {french_date(day)}, après l’échéance : sans effet{why}", day, 0)
                for day, why in stops
            ]
        inner = [_inner_line(move) for move in suspension.inner]
        if last is None:
            self._stopped = True
            return [Line(f"Suspendu depuis le {french_date(first)}{motive}", first), *inner]
        lines = []
        if self._unit is Unit.WORKING_DAYS:
            self._remaining = max(0, self._remaining - working_days_between(self._reached, first))
            self._reached = last
            days = working_days_between(first, last)
        else:
            days = (last - first).days
            if first > self._reached:
                label = f"Délai courant encore le {french_date(first)}, par report au premier jour ouvré"
                lines.append(Line(label, first, (first - self._reached).days))
                self._reached = first
            self._reached += timedelta(days=days)
        unit = Unit.WORKING_DAYS if self._unit is Unit.WORKING_DAYS else Unit.CALENDAR_DAYS
        if first == last:
            label = f"Suspendu et repris le {french_date(first)} : 0 jour{motive}"
        else:
            since = first + timedelta(days=1)
            period = (
                f"le {french_date(since)}"
                if since == last
                else f"du {french_date(since)} au {french_date(last)}"
            )
            label = f"Suspendu {period} : {_quantity(days, unit)}{motive}"
        return [*lines, Line(label, last, days), *inner]

    def last_lines(self) -> list[Line]:
        """Explain the roll-over, if it moves the date, and the result."""
        if self._stopped:
            return [Line("Échéance : fixée à la reprise")]
        counted, end, lines = self._counted(), self._end(), []
        if end != counted:
            label = f"Le {french_date(counted)} n’est pas un jour ouvré : report au premier jour ouvré"
            lines.append(Line(label, end, (end - counted).days))
        return [*lines, Line(f"Échéance : {french_date(end)}", end)]

    def _counted(self) -> date:
        """The day on which the count ends, before any roll-over."""
        return add_working_days(self._reached, self._remaining)

    def _end(self) -> date:
        rolls = self._roll_over or self._unit is Unit.WORKING_DAYS
        return next_working_day(self._counted()) if rolls else self._counted()


@dataclass(frozen=True, slots=True)
class _History:
    """The events, put in order and found possible."""

    start: date
    extensions: tuple[Event, ...]
    suspensions: tuple[_Suspension, ...]
    met_on: date | None
    cancelled_on: date | None

    @property
    def state(self) -> DeadlineState:
        """Where the events leave the clock."""
        if self.met_on is not None:
            return DeadlineState.MET
        if self.cancelled_on is not None:
            return DeadlineState.CANCELLED
        if self.suspensions and self.suspensions[-1].resumed_on is None:
            return DeadlineState.SUSPENDED
        return DeadlineState.RUNNING

    @classmethod
    def read(cls, events: Iterable[Event]) -> _History:
        """Order ``events`` and check that they can have happened."""
        ordered = sorted(events, key=lambda event: (event.at, event.kind, event.amount, event.motive))
        start = _only(ordered, EventKind.STARTED)
        if start is None:
            raise DeadlineError("a deadline begins with a start")
        if ordered[0].at < start.at:
            raise DeadlineError(f"an event of {ordered[0].at} precedes the start")
        met, cancelled = _only(ordered, EventKind.MET), _only(ordered, EventKind.CANCELLED)
        if met is not None and cancelled is not None:
            raise DeadlineError("a deadline is met or cancelled, not both")
        end = met or cancelled
        if end is not None and ordered[-1].at > end.at:
            raise DeadlineError(f"an event of {ordered[-1].at} follows the end")
        return cls(
            start=start.on,
            extensions=tuple(event for event in ordered if event.kind is EventKind.EXTENDED),
            suspensions=_suspensions(ordered, None if end is None else end.on),
            met_on=None if met is None else met.on,
            cancelled_on=None if cancelled is None else cancelled.on,
        )


def _suspensions(ordered: Iterable[Event], ended_on: date | None) -> tuple[_Suspension, ...]:
    """Gather the times during which the clock stands still; an open one ends with the deadline itself."""
    found: list[_Suspension] = []
    stop: Event | None = None
    inner: list[_Move] = []
    for event, left in _in_turns(ordered):
        if stop is None:
            stop = event
        elif left > 0:
            inner.append(_Move(event.on, event.kind is EventKind.RESUMED, left, event.motive))
        else:
            found.append(_Suspension(stop.on, event.on, stop.motive, tuple(inner)))
            stop, inner = None, []
    if stop is not None:
        found.append(_Suspension(stop.on, ended_on, stop.motive, tuple(inner)))
    return tuple(found)


def _in_turns(ordered: Iterable[Event]) -> Iterator[tuple[Event, int]]:
    """Yield each suspension and resumption with the number of suspensions in force after it.

    At one instant they take turns, whatever order they were given in.
    """
    left = 0
    moves = (event for event in ordered if event.kind in (EventKind.SUSPENDED, EventKind.RESUMED))
    for moment, group in groupby(moves, key=lambda event: event.at):
        waiting = list(group)
        while waiting:
            wanted = EventKind.RESUMED if left else EventKind.SUSPENDED
            event = next((event for event in waiting if event.kind is wanted), waiting[0])
            waiting.remove(event)
            left += 1 if event.kind is EventKind.SUSPENDED else -1
            if left < 0:
                raise DeadlineError(f"{event.kind.value} at {moment} with nothing suspended")
            yield event, left


def _only(events: Iterable[Event], kind: EventKind) -> Event | None:
    matching = [event for event in events if event.kind is kind]
    if len(matching) > 1:
        raise DeadlineError(f"{kind.value} {len(matching)} times")
    return matching[0] if matching else None


def _extension_line(extension: Event, unit: Unit) -> Line:
    motive = _in_brackets(extension.motive)
    label = f"Prolongé le {french_date(extension.on)} : + {_quantity(extension.amount, unit)}{motive}"
    return Line(label, extension.on, None if unit is Unit.MONTHS else extension.amount)


def _inner_line(move: _Move) -> Line:
    """What happened while the clock stood still: it adds no day of its own."""
    if move.lifted:
        left = "une autre tient" if move.left == 1 else f"{move.left} autres tiennent"
        label = f"Une suspension levée le {french_date(move.on)}, {left} : le délai reste arrêté"
    else:
        label = f"Suspendu aussi le {french_date(move.on)}, le délai étant déjà arrêté : 0 jour de plus"
    return Line(f"{label}{_in_brackets(move.motive)}", move.on, 0)


def _in_brackets(motive: str) -> str:
    return f" ({motive})" if motive else ""


def _met_line(met_on: date, due_on: date | None) -> Line:
    overrun = 0 if due_on is None else (met_on - due_on).days
    judgement = (
        "dans le délai" if overrun <= 0 else f"avec {_quantity(overrun, Unit.CALENDAR_DAYS)} de retard"
    )
    return Line(f"Accompli le {french_date(met_on)}, {judgement}", met_on)


def _quantity(count: int, unit: Unit) -> str:
    plural = "s" if count > 1 else ""
    match unit:
        case Unit.CALENDAR_DAYS:
            return f"{count} jour{plural}"
        case Unit.WORKING_DAYS:
            return f"{count} jour{plural} ouvré{plural}"
        case Unit.MONTHS:
            return f"{count} mois"


def _member(kind: type[_E], value: str) -> _E:
    try:
        return kind(value)
    except ValueError:
        raise DeadlineError(f"unknown {kind.__name__}: {value!r}") from None
