"""iCalendar (RFC 5545; name and interval of the calendar by RFC 7986), written by the package ``icalendar``. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard
from icalendar.prop import vCategory, vText

from workflows.feeds.texts import one_line, printable

ZONE: Final = "Europe/Paris"
REFRESHED_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A date of a whole day. ``uid`` never changes, ``sequence`` grows with each move; ``changed_at`` is aware."""

    uid: str
    on: date
    sequence: int
    changed_at: datetime
    summary: str
    description: str
    url: str
    categories: tuple[str, ...] = ()


class _Text(vText):
    """The package takes the two characters ``\\N`` of a text for the end of a line before it escapes anything."""

    def to_ical(self) -> bytes:
        escaped = self.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return escaped.encode()


class _Categories(vCategory):
    """The package makes texts of its own of the categories."""

    def to_ical(self) -> bytes:
        return b",".join(_Text(one).to_ical() for one in self.cats)


def render_calendar(*, name: str, description: str, entries: Iterable[CalendarEntry]) -> bytes:
    """The calendar: the same bytes for the same content, so that nothing seems to have changed when nothing has."""
    calendar = Calendar()
    calendar.add("prodid", "-//Berline//Échéances//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", _Text(one_line(name)))
    calendar.add("x-wr-calname", _Text(one_line(name)))
    calendar.add("x-wr-caldesc", _Text(one_line(description)))
    calendar.add("x-wr-timezone", ZONE)
    calendar.add("refresh-interval", REFRESHED_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    calendar.add_component(_paris())  # also: a calendar without any component is not well formed
    for entry in entries:
        calendar.add_component(_event(entry))
    written: bytes = calendar.to_ical()
    return written


def _event(entry: CalendarEntry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    # The moment of this version of the entry, not that of the request: see ``render_calendar``.
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.on)
    event.add("dtend", entry.on + timedelta(days=1))
    event.add("summary", _Text(one_line(entry.summary)))
    event.add("description", _Text(printable(entry.description)))
    event.add("url", entry.url)
    if entry.categories:
        event.add("categories", _Categories([one_line(one) for one in entry.categories]))
    event.add("status", "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    return event


def _paris() -> Timezone:
    """The time zone that the calendar names, by the rule of the European Union since 1996."""
    zone = Timezone()
    zone.add("tzid", ZONE)
    summer, winter = timedelta(hours=2), timedelta(hours=1)
    for part, start, name, before, after, month in (
        (TimezoneDaylight(), datetime(1996, 3, 31, 2), "CEST", winter, summer, 3),  # noqa: DTZ001 (local by rule)
        (TimezoneStandard(), datetime(1996, 10, 27, 3), "CET", summer, winter, 10),  # noqa: DTZ001
    ):
        part.add("dtstart", start)
        part.add("tzname", name)
        part.add("tzoffsetfrom", before)
        part.add("tzoffsetto", after)
        part.add("rrule", {"freq": "yearly", "bymonth": month, "byday": "-1su"})
        zone.add_component(part)
    return zone
