"""When something is sent: the next attempt after a failure, the next digest. Pure."""

from datetime import date, datetime, time, timedelta

from django.conf import settings

from cases.clock import PARIS, paris_date
from notifications.enums import Cadence

_MONDAY = 0


def retry_at(attempts: int, moment: datetime) -> datetime | None:
    """When to try again after so many attempts, the last at ``moment``; None: no more.

    The waits, minutes, are those of ``BERLINE_RETRY_MINUTES``, growing and without chance.
    """
    waits = settings.BERLINE_RETRY_MINUTES
    return moment + timedelta(minutes=waits[attempts - 1]) if attempts <= len(waits) else None


def digest_after(cadence: Cadence, moment: datetime) -> datetime:
    """The first digest after ``moment``: every day, or on Mondays, at ``BERLINE_DIGEST_HOUR`` in Paris."""
    day = paris_date(moment)
    while not (_is_day_of(cadence, day) and _opening(day) > moment):
        day += timedelta(days=1)
    return _opening(day)


def _is_day_of(cadence: Cadence, day: date) -> bool:
    return cadence == Cadence.DAILY or day.weekday() == _MONDAY


def _opening(day: date) -> datetime:
    return datetime.combine(day, time(settings.BERLINE_DIGEST_HOUR), tzinfo=PARIS)
