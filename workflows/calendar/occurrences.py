"""The occurrences of obligations: which exercise, which day, if the text or the project's reading gives one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import Final

from cases.calendar import add_months, add_working_days
from workflows.rulebook import Frequency, Obligation, Rulebook, rulebooks
from workflows.rulebook.obligations import Delay, DelayUnit
from workflows.rulebook.units import date_in_exercise

#: A date rule moves the year by at most this much (« N-1 », « N+1 »; the format allows up to 9).
_SHIFT: Final = 9
_MONTHS_IN_YEAR: Final = 12


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that an obligation falls due.

    ``position`` counts from 1 within the exercise (two for half-yearly ones, one for each date given). ``due_on`` None:
    the text gives no day, or it counts from an event that the text does not date. ``about``: the reference of the
    dossier that owes it, for what each running dossier of a path owes (``Obligation.per_path``).
    """

    obligation: Obligation
    exercise: int
    position: int
    due_on: date | None
    about: str = ""

    @property
    def key(self) -> str:
        """The key of the obligation."""
        return self.obligation.key

    @property
    def title(self) -> str:
        """What is due, the exercise written in full: « TBB 1 : première prévision pour le budget 2016 »."""
        title = self.obligation.title
        for shift in ("-1", "+1", ""):
            title = _replace_exercise(title, f"N{shift}", self.exercise + int(shift or 0))
        if self.obligation.frequency is Frequency.HALF_YEARLY:
            title = f"{title} ({'premier' if self.position == 1 else 'second'} semestre {self.exercise})"
        return f"{title} ({self.about})" if self.about else title

    def is_past(self, today: date) -> bool:
        """Whether its day is over."""
        return self.due_on is not None and self.due_on < today


def occurrences(obligation: Obligation, exercises: int | Iterable[int]) -> tuple[Occurrence, ...]:
    """Return the occurrences of ``obligation`` for one exercise or several, in the order of the exercises given.

    Exercises that the obligation does not cover give none: a closed convention's are kept for its own years only. What
    is fixed by a date belongs to the exercise of that date's year.
    """
    wanted = (exercises,) if isinstance(exercises, int) else tuple(exercises)
    found: list[Occurrence] = []
    for exercise in wanted:
        if not obligation.covers(exercise):
            continue
        days = _days(obligation, exercise)
        found += (
            Occurrence(obligation, exercise, position, day) for position, day in enumerate(days, start=1)
        )
    return tuple(found)


def occurrences_in_year(obligation: Obligation, year: int) -> tuple[Occurrence, ...]:
    """Return what falls due in a calendar year, by date; without a day, what concerns the exercise of that year."""
    near = occurrences(obligation, range(year - _SHIFT, year + _SHIFT + 1))
    return tuple(
        sorted(
            (
                one
                for one in near
                if (one.due_on.year == year if one.due_on is not None else one.exercise == year)
            ),
            key=lambda one: (one.due_on or date(year, 1, 1), one.exercise, one.position),
        )
    )


def is_closed(book: Rulebook, on: date) -> bool:
    """Whether a convention is over: its obligations are kept in the calendar and opened no more."""
    return book.valid_until is not None and book.valid_until < on


def to_open(books: Mapping[str, Rulebook], exercise: int, on: date) -> tuple[Occurrence, ...]:
    """Return the occurrences of an exercise for which a dossier is to be opened, seen from the day ``on``.

    Those that the calendar marks, of conventions that are not closed, once the year in which they fall has begun. What
    has no day waits for its exercise to begin.
    """
    return tuple(
        one
        for obligation in _opened_by_system(books, on)
        for one in occurrences(obligation, exercise)
        if (one.due_on.year if one.due_on is not None else one.exercise) <= on.year
    )


def due_in_year(books: Mapping[str, Rulebook], on: date) -> tuple[Occurrence, ...]:
    """Return the occurrences to open that fall in the calendar year of ``on``, whatever their exercise."""
    return tuple(
        one for obligation in _opened_by_system(books, on) for one in occurrences_in_year(obligation, on.year)
    )


def _opened_by_system(books: Mapping[str, Rulebook], on: date) -> Iterator[Obligation]:
    for book in books.values():
        if not is_closed(book, on):
            yield from (one for one in book.obligations.values() if one.opens)


def all_obligations() -> tuple[Obligation, ...]:
    """Return the obligations of every convention, the oldest convention first, in the order of their numbers."""
    return tuple(
        chain.from_iterable(
            sorted(book.obligations.values(), key=lambda one: int(one.number[1:]))
            for book in rulebooks().values()
        )
    )


def years_covered(obligations: Iterable[Obligation], today: date) -> range:
    """Return the calendar years that have something to show, up to the year after ``today``."""
    firsts = [one.first_exercise for one in obligations]
    return range(min(firsts, default=today.year) - 1, today.year + 2)


def _days(obligation: Obligation, exercise: int) -> tuple[date | None, ...]:
    if obligation.days:
        return tuple(day for day in obligation.days if day.year == exercise)
    if obligation.day_rules:
        return tuple(date_in_exercise(rule, exercise) for rule in obligation.day_rules)
    if obligation.event_on is not None and obligation.delay is not None:
        day = _after(obligation.event_on, obligation.delay)
        return (day,) if day.year == exercise else ()
    return (None,) * obligation.frequency.per_exercise


def _after(start: date, delay: Delay) -> date:
    """Return the last day of a delay; the day of the event does not count, months go from date to date."""
    match delay.unit:
        case DelayUnit.CALENDAR_DAYS:
            return start + timedelta(days=delay.value)
        case DelayUnit.WORKING_DAYS:
            return add_working_days(start, delay.value)
        case DelayUnit.MONTHS:
            return add_months(start, delay.value)
        case DelayUnit.YEARS:
            return add_months(start, _MONTHS_IN_YEAR * delay.value)


def _replace_exercise(title: str, name: str, year: int) -> str:
    return re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w+-])", str(year), title)
