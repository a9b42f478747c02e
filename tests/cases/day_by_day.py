"""A second way to reach a deadline: count the days of the calendar one by one. Slow, short, shares no code with ours.

A day counts when the clock was running as the day before ended. The clock runs as a day ends when as many suspensions
have been lifted as were made until then. The deadline is the first day on which enough days have counted and the
clock runs as it ends; of working days only working days count and are chosen.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cases.deadlines import Duration, Event

ONE_DAY = timedelta(days=1)
WHIT_MONDAYS_WORKED = {2005, 2006, 2007}


def easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian algorithm (also called Meeus, Jones and Butcher's)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def holidays_by_hand(year: int) -> set[date]:
    """The public holidays of metropolitan France (Code du travail, L3133-1), those of Alsace and Moselle left out."""
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
    found = {date(year, month, day) for month, day in fixed}
    sunday = easter(year)
    found |= {sunday + timedelta(days=1), sunday + timedelta(days=39)}
    if year not in WHIT_MONDAYS_WORKED:
        found.add(sunday + timedelta(days=50))
    return found


def works(day: date) -> bool:
    """Whether a day is a working day."""
    return day.isoweekday() <= 5 and day not in holidays_by_hand(day.year)


def months_later(day: date, count: int) -> date:
    """The day with the same number so many months later, or the last one before it that exists."""
    year, month, number = day.year, day.month, day.day
    for _ in range(count):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


def paris_day(moment: datetime) -> date:
    """The date of a moment in Paris."""
    return moment.astimezone(UTC).astimezone(ZoneInfo("Europe/Paris")).date()


def due_by_counting(duration: Duration, events: Iterable[Event]) -> date | None:
    """Where a possible history leads; ``None`` when the clock stands still for good before the delay is over."""
    days: dict[str, list[date]] = {}
    amounts = 0
    for event in events:
        days.setdefault(event.kind.value, []).append(paris_day(event.at))
        amounts += event.amount
    (start,) = days["started"]
    ended = (days.get("met", []) + days.get("cancelled", []) + [date.max])[0]
    last = max(day for known in days.values() for day in known)
    total = duration.value + amounts
    first = start + ONE_DAY if duration.first_day_excluded else start
    only_working = duration.unit.value == "working_days"
    if duration.unit.value == "months":
        end = months_later(start, total)
        total = (end - start).days  # the day before the first one is the start, or the day before it

    def runs_as_it_ends(day: date) -> bool:
        stops = sum(stop <= day for stop in days.get("suspended", []))
        lifts = sum(lift <= day for lift in days.get("resumed", []))
        return stops == lifts or day >= ended

    day, counted = first - ONE_DAY, 0
    while True:
        enough = counted >= total and runs_as_it_ends(day)
        if enough and (works(day) or not (only_working or duration.roll_over)):
            return day
        if day > last and not runs_as_it_ends(day):
            return None
        day += ONE_DAY
        if runs_as_it_ends(day - ONE_DAY) and (works(day) or not only_working):
            counted += 1
