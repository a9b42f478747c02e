"""French dates: working days, months, and how a date is written.

Working days (jours ouvrés) are Monday to Friday except the public holidays of metropolitan France (rules
``calendar.working_days`` and ``calendar.holidays``). The holidays that only Alsace and Moselle keep (Good
Friday, 26 December) are not counted: one calendar holds for all regions, as the conventions bind one national
fund whose regions answer the same dates. Whit Monday is a working day in 2005, 2006 and 2007, when the law made it
the day of solidarity. The library behind it knows the years until 2100: later ones have week-ends only.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Final

import holidays

DAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS: Final = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_ONE_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


@cache
def holidays_of(year: int) -> Mapping[date, str]:
    """Return the public holidays of metropolitan France in ``year``, with their French names."""
    # A fresh object per year: the library's own lazily growing calendar is not safe between threads.
    return MappingProxyType(dict(holidays.country_holidays("FR", years=year, expand=False, language="fr")))


def is_working_day(day: date) -> bool:
    """Tell whether ``day`` is neither a Saturday, nor a Sunday, nor a public holiday."""
    return day.weekday() < _SATURDAY and day not in holidays_of(day.year)


def next_working_day(day: date) -> date:
    """Return ``day`` itself when it is a working day, otherwise the first working day after it."""
    while not is_working_day(day):
        day += _ONE_DAY
    return day


def add_working_days(day: date, count: int) -> date:
    """Return the ``count``-th working day after ``day``, which itself is not counted.

    ``count`` 0 gives ``day`` unchanged; a negative count raises ``ValueError``.
    """
    if count < 0:
        raise ValueError(f"a number of working days cannot be negative: {count}")
    for _ in range(count):
        day = next_working_day(day + _ONE_DAY)
    return day


def working_days_between(after: date, until: date) -> int:
    """Count the working days ``d`` with ``after < d <= until`` (0 when ``until`` is not later)."""
    span = (until - after).days
    return sum(is_working_day(after + timedelta(days=offset)) for offset in range(1, span + 1))


def add_months(day: date, count: int) -> date:
    """Return the day with the same number ``count`` months later (earlier when negative).

    Where that month is too short, its last day is taken: 31 January and one month make 28 or 29 February.
    """
    year, month_index = divmod(day.year * 12 + day.month - 1 + count, 12)
    last = calendar.monthrange(year, month_index + 1)[1]
    return date(year, month_index + 1, min(day.day, last))


def french_date(day: date) -> str:
    """Write ``day`` in full, e.g. « mardi 3 mars 2015 », « dimanche 1er mars 2015 »; no locale is read."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{DAYS[day.weekday()]} {number} {MONTHS[day.month - 1]} {day.year}"
