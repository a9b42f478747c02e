"""French working days, months and written dates, checked against printed calendars."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.calendar import (
    add_months,
    add_working_days,
    french_date,
    holidays_of,
    is_working_day,
    next_working_day,
    working_days_between,
)
from tests.cases.day_by_day import easter, holidays_by_hand

days = st.dates(min_value=date(2000, 1, 1), max_value=date(2060, 12, 31))

HOLIDAYS_2015 = {
    date(2015, 1, 1),
    date(2015, 4, 6),
    date(2015, 5, 1),
    date(2015, 5, 8),
    date(2015, 5, 14),
    date(2015, 5, 25),
    date(2015, 7, 14),
    date(2015, 8, 15),
    date(2015, 11, 1),
    date(2015, 11, 11),
    date(2015, 12, 25),
}


def test_holidays_of_2015_are_the_eleven_of_metropolitan_france() -> None:
    assert set(holidays_of(2015)) == HOLIDAYS_2015
    assert holidays_of(2015)[date(2015, 4, 6)] == "Lundi de Pâques"


@pytest.mark.parametrize(
    ("easter_monday", "ascension", "whit_monday"),
    [
        (date(2004, 4, 12), date(2004, 5, 20), date(2004, 5, 31)),
        (date(2014, 4, 21), date(2014, 5, 29), date(2014, 6, 9)),
        (date(2016, 3, 28), date(2016, 5, 5), date(2016, 5, 16)),
        (date(2017, 4, 17), date(2017, 5, 25), date(2017, 6, 5)),
        (date(2025, 4, 21), date(2025, 5, 29), date(2025, 6, 9)),
    ],
)
def test_holidays_follow_easter(easter_monday: date, ascension: date, whit_monday: date) -> None:
    assert {easter_monday, ascension, whit_monday} <= set(holidays_of(easter_monday.year))


@pytest.mark.parametrize(
    ("year", "sunday"),
    [  # printed almanacs; 1818 and 1943 are the earliest and the latest day that there can be
        (1818, date(1818, 3, 22)),
        (1943, date(1943, 4, 25)),
        (2000, date(2000, 4, 23)),
        (2015, date(2015, 4, 5)),
        (2019, date(2019, 4, 21)),
        (2038, date(2038, 4, 25)),
    ],
)
def test_easter_computed_independently_agrees_with_almanacs(year: int, sunday: date) -> None:
    assert easter(year) == sunday


@pytest.mark.parametrize("year", range(1983, 2101))
def test_holidays_of_every_year_are_those_computed_independently(year: int) -> None:
    """Easter Monday, Ascension Day and Whit Monday among them; nothing that only Alsace and Moselle keep."""
    assert set(holidays_of(year)) == holidays_by_hand(year)


def test_working_days_ignore_the_holidays_of_alsace_and_moselle_only() -> None:
    assert is_working_day(date(2015, 4, 3))  # Good Friday
    assert is_working_day(date(2014, 12, 26))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2005, 5, 16), True),
        (date(2006, 6, 5), True),
        (date(2007, 5, 28), True),
        (date(2008, 5, 12), False),
    ],
)
def test_whit_monday_is_a_working_day_while_it_was_the_day_of_solidarity(day: date, works: bool) -> None:
    assert is_working_day(day) is works


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2015, 3, 6), date(2015, 3, 6)),
        (date(2015, 3, 7), date(2015, 3, 9)),
        (date(2015, 4, 4), date(2015, 4, 7)),
        (date(2015, 5, 1), date(2015, 5, 4)),
        (date(2016, 1, 1), date(2016, 1, 4)),
    ],
)
def test_next_working_day_is_the_day_itself_or_the_first_after(day: date, expected: date) -> None:
    assert next_working_day(day) == expected


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2015, 3, 3), 0, date(2015, 3, 3)),
        (date(2015, 3, 7), 0, date(2015, 3, 7)),
        (date(2015, 3, 6), 1, date(2015, 3, 9)),
        (date(2015, 4, 30), 10, date(2015, 5, 19)),
        (date(2015, 12, 24), 5, date(2016, 1, 4)),
    ],
)
def test_add_working_days_counts_from_the_day_after(day: date, count: int, expected: date) -> None:
    assert add_working_days(day, count) == expected


def test_add_working_days_refuses_a_negative_count() -> None:
    with pytest.raises(ValueError, match="negative"):
        add_working_days(date(2015, 3, 3), -1)


@settings(deadline=None)
@given(days, st.integers(min_value=1, max_value=300))
def test_working_days_between_counts_what_add_working_days_added(day: date, count: int) -> None:
    end = add_working_days(day, count)
    assert is_working_day(end)
    assert working_days_between(day, end) == count
    assert working_days_between(day, end - timedelta(days=1)) == count - 1
    assert working_days_between(end, day) == 0


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2015, 1, 31), 1, date(2015, 2, 28)),
        (date(2016, 1, 31), 1, date(2016, 2, 29)),
        (date(2016, 2, 29), 12, date(2017, 2, 28)),
        (date(2015, 11, 30), 3, date(2016, 2, 29)),
        (date(2015, 12, 15), 1, date(2016, 1, 15)),
        (date(2015, 3, 3), 0, date(2015, 3, 3)),
        (date(2015, 3, 31), -1, date(2015, 2, 28)),
        (date(2015, 3, 3), -12, date(2014, 3, 3)),
        (date(2015, 3, 3), -3, date(2014, 12, 3)),
    ],
)
def test_add_months_keeps_the_day_or_takes_the_last(day: date, count: int, expected: date) -> None:
    assert add_months(day, count) == expected


@settings(deadline=None)
@given(days, st.integers(min_value=-500, max_value=500))
def test_add_months_lands_in_the_right_month(day: date, count: int) -> None:
    moved = add_months(day, count)
    assert (moved.year - day.year) * 12 + moved.month - day.month == count
    assert moved.day == day.day or (moved.day < day.day and (moved + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2015, 3, 3), "mardi 3 mars 2015"),
        (date(2015, 3, 1), "dimanche 1er mars 2015"),
        (date(2015, 2, 11), "mercredi 11 février 2015"),
        (date(2015, 8, 21), "vendredi 21 août 2015"),
        (date(2016, 12, 31), "samedi 31 décembre 2016"),
        (date(2017, 1, 2), "lundi 2 janvier 2017"),
        (date(2014, 5, 1), "jeudi 1er mai 2014"),
    ],
)
def test_french_date_writes_the_date_in_full(day: date, expected: str) -> None:
    assert french_date(day) == expected
