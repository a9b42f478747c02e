"""The reminder ladder of a delay (design §9): whom to tell how many days before and after its date. Pure.

A ladder has rungs on days before the date (or on it) and, once the date has passed, one rung every so many days,
without end until the clock stops. It knows neither people nor the database: who « the deputy » is, is found elsewhere
(``workflows.selectors.circle``).

* A rung comes on one day only. Whoever looks too late gives the latest rung that was missed and no other: a sweep that
  was down for a week does not send four mails.
* What came on or before the last day dealt with (the opening, at first) does not come again: a delay of five days
  begins on the rungs that are still ahead.
* A new date (extension, resumption) moves every rung.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final


class Addressee(StrEnum):
    """To whom a reminder goes, seen from the step that is awaited, in the order of rank."""

    HOLDER = "holder"
    DEPUTY = "deputy"
    MANAGER = "manager"
    DIRECTOR = "director"


@dataclass(frozen=True, slots=True)
class Rung:
    """A reminder ``days_before`` (calendar days, 0: the day itself) the date, to these."""

    days_before: int
    to: tuple[Addressee, ...]


@dataclass(frozen=True, slots=True)
class Overdue:
    """Once the date has passed: a reminder each ``every`` calendar days, without end, to these."""

    every: int
    to: tuple[Addressee, ...]


@dataclass(frozen=True, slots=True)
class Reminder:
    """One rung of a ladder on its day. ``late``: days after the date, negative before it."""

    day: date
    late: int
    to: tuple[Addressee, ...]

    @property
    def code(self) -> str:
        """« J-7 », « J », « J+5 »: with the date it names this reminder among all those of its clock."""
        return f"J{self.late:+d}" if self.late else "J"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a clock finds: the reminder due now, if any, and the day of the next look."""

    reminder: Reminder | None
    next_on: date


@dataclass(frozen=True, slots=True)
class Ladder:
    """All reminders of a delay; ``rungs`` from the earliest to the last."""

    rungs: tuple[Rung, ...]
    overdue: Overdue

    def look(self, *, due_on: date, reminded_on: date | None, today: date) -> Look:
        """Return what is due ``today`` of a clock that ends on ``due_on`` and when to look again (after ``today``).

        ``reminded_on``: the last day dealt with; ``None``: the eve of ``today``.
        """
        since = reminded_on if reminded_on is not None else today - timedelta(days=1)
        before = [self._before(rung, due_on) for rung in self.rungs]
        waiting = [one for one in before if since < one.day <= today]
        steps_late = (today - due_on).days // self.overdue.every
        if steps_late > 0:
            late = self._late(steps_late, due_on)
            if late.day > since:
                waiting.append(late)
        ahead = [one.day for one in before if one.day > today]
        following = self._late(max(steps_late, 0) + 1, due_on)
        return Look(
            reminder=max(waiting, key=lambda one: one.day, default=None),
            next_on=min([*ahead, following.day]),
        )

    def _before(self, rung: Rung, due_on: date) -> Reminder:
        return Reminder(due_on - timedelta(days=rung.days_before), -rung.days_before, rung.to)

    def _late(self, count: int, due_on: date) -> Reminder:
        days = count * self.overdue.every
        return Reminder(due_on + timedelta(days=days), days, self.overdue.to)


_A = Addressee

#: The ladder of every delay whose rule has none of its own (design §9).
DEFAULT: Final = Ladder(
    rungs=(
        Rung(7, (_A.HOLDER,)),
        Rung(3, (_A.HOLDER, _A.DEPUTY)),
        Rung(1, (_A.MANAGER,)),
        Rung(0, (_A.MANAGER,)),
    ),
    overdue=Overdue(5, (_A.DIRECTOR,)),
)
