"""The one clock of the project: the present moment, and how demonstration data and tests move it.

No other module reads the system's time. Moments are aware and in UTC; dates are those of metropolitan
France (Europe/Paris), because every delay of the conventions is counted in French days.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
"""The time zone in which dates are read (rule ``calendar.time_zone``)."""

_moved_to: ContextVar[datetime | None] = ContextVar("berline_clock", default=None)


def now() -> datetime:
    """Return the present moment, aware, in UTC; inside :func:`at` the moment given there."""
    moved = _moved_to.get()
    return datetime.now(UTC) if moved is None else moved  # noqa: TID251 (the one place that reads it)


def today() -> date:
    """Return the present date in Europe/Paris (after 22:00 or 23:00 UTC it is already tomorrow)."""
    return paris_date(now())


def paris_date(moment: datetime) -> date:
    """Return the date that an aware ``moment`` has in Europe/Paris; ``ValueError`` when it is naive."""
    return _aware(moment).astimezone(PARIS).date()


def start_of(day: date) -> datetime:
    """Return midnight in Europe/Paris at the start of ``day``, aware."""
    return datetime.combine(day, time.min, tzinfo=PARIS)


@contextmanager
def at(moment: datetime) -> Iterator[datetime]:
    """Stop the clock at ``moment`` (aware) for the block, in this thread or task only.

    Blocks may be nested; leaving one, by an exception too, gives the former time back. A thread
    started inside the block reads the real time unless it is run in a copy of the context.
    """
    token = _moved_to.set(_aware(moment).astimezone(UTC))
    try:
        yield now()
    finally:
        _moved_to.reset(token)


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"a moment needs a time zone: {moment!r}")
    return moment
