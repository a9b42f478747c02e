"""The calendar as it is written: read back by the package and by a reader of our own, whatever the texts are."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from tests.ical_checker import Read, events, faults, property_of_calendar
from workflows.feeds import CalendarEntry, render_calendar
from workflows.feeds.texts import one_line, printable

CHANGED = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)
ENTRY = CalendarEntry(
    uid="5d1b1f0e-6f0e-5b8a-9c1e-000000000001",
    on=date(2026, 3, 31),
    sequence=2,
    changed_at=CHANGED,
    summary="FNMO-2026-00012 — Décider · échéance légale",
    description="Objet : Rénovation\nOrganisme : CARMI Est",
    url="http://127.0.0.1:8000/dossiers/FNMO-2026-00012/",
    categories=("Échéance légale", "Investissement, travaux"),
)

#: What people and programs put into titles, and what the formats trip over.
NASTY = (
    "Travaux, mobilier ; suite : fin",
    'Barre \\ oblique, \\n, \\N, \\, \\; \\\\ et "guillemets"',
    "C:\\Nouveau\\notes",
    "é" * 120,
    "x" + "é" * 120,
    "👨‍👩‍👧‍👦🏗️" * 30,
    "deux\nlignes\r\net\rtrois\x0bquatre\x85cinq\u2028six",
    "contrôle\x00\x07\x1b[31m\x7f\x9f",
    "\ufeffmarque",
    "\ttabulation\t",
    " espaces  ",
    "BEGIN:VEVENT\nEND:VCALENDAR",
    "%2C %5C ^n ^^ ^'",
    "טקסט من اليمين",
    "\\",
    ",",
    ";",
    "",
)
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=200),
    st.text(alphabet='\\nN,;:"^ \r\n\té👷', max_size=120),
)


def rendered(*entries: CalendarEntry, name: str = "Berline") -> bytes:
    return render_calendar(name=name, description="Ce que vous pouvez faire.", entries=entries)


def by_the_package(data: bytes) -> list[Read]:
    calendar = Calendar.from_ical(data)
    found = []
    for event in calendar.walk("VEVENT"):
        assert event.errors == []
        found.append(
            Read(
                uid=str(event["UID"]),
                on=event["DTSTART"].dt,
                until=event["DTEND"].dt,
                summary=str(event["SUMMARY"]),
                description=str(event["DESCRIPTION"]),
                url=str(event["URL"]),
                sequence=int(event["SEQUENCE"]),
                changed=event["LAST-MODIFIED"].dt.strftime("%Y%m%dT%H%M%SZ"),
                categories=tuple(str(one) for one in event["CATEGORIES"].cats),
            )
        )
    return found


def test_entry_is_a_whole_day_that_both_readers_read_alike() -> None:
    data = rendered(ENTRY)
    (read,) = events(data)
    assert read == Read(
        uid=ENTRY.uid,
        on=date(2026, 3, 31),
        until=date(2026, 4, 1),
        summary="FNMO-2026-00012 — Décider · échéance légale",
        description="Objet : Rénovation\nOrganisme : CARMI Est",
        url=ENTRY.url,
        sequence=2,
        changed="20260302T093015Z",
        categories=("Échéance légale", "Investissement, travaux"),
    )
    assert by_the_package(data) == [read]
    text = data.decode()
    assert "\r\nDTSTART;VALUE=DATE:20260331\r\nDTEND;VALUE=DATE:20260401\r\n" in text
    assert "\r\nDTSTAMP:20260302T093015Z\r\n" in text
    assert "\r\nSTATUS:CONFIRMED\r\n" in text
    assert "\r\nTRANSP:TRANSPARENT\r\n" in text  # a date to keep occupies nobody's day


def test_calendar_says_what_it_is_and_how_often_to_read_it() -> None:
    data = rendered(ENTRY, name="Berline — Instructeur, CANSSM")
    lines = data.decode().split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert {"VERSION:2.0", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"} <= set(lines)
    assert {"X-WR-TIMEZONE:Europe/Paris", "REFRESH-INTERVAL;VALUE=DURATION:PT1H"} <= set(lines)
    assert property_of_calendar(data, "PRODID") == "-//Berline//Échéances//FR"
    for name in ("NAME", "X-WR-CALNAME"):
        assert property_of_calendar(data, name) == "Berline — Instructeur, CANSSM"


def test_calendar_without_a_date_is_well_formed_too() -> None:
    data = rendered()
    assert events(data) == []
    assert by_the_package(data) == []


def test_paris_changes_its_clocks_as_the_package_knows() -> None:
    (zone,) = Calendar.from_ical(rendered()).walk("VTIMEZONE")
    paris = zone.to_tz()
    for moment, hours in (
        ((2026, 3, 29, 1, 59), 1),
        ((2026, 3, 29, 3, 0), 2),
        ((2026, 12, 1, 0, 0), 1),
    ):
        assert datetime(*moment, tzinfo=paris).utcoffset() == timedelta(hours=hours)


def test_same_content_gives_the_same_bytes() -> None:
    assert rendered(ENTRY) == rendered(ENTRY)


@given(title=texts, name=texts, category=texts)
def test_any_title_comes_back_from_both_readers(title: str, name: str, category: str) -> None:
    check_both_readers(title, name, category)


@pytest.mark.parametrize("title", NASTY)
def test_title_that_formats_trip_over_comes_back_from_both_readers(title: str) -> None:
    check_both_readers(title, title, title)


def check_both_readers(title: str, name: str, category: str) -> None:
    entry = replace(
        ENTRY,
        summary=f"FNMO-2026-00012 — {title}",
        description=f"Objet : « {title} »\nFin",
        categories=(f"k{category}",),
    )
    data = rendered(entry, replace(ENTRY, uid="autre"), name=name)
    assert faults(data) == []
    first, second = events(data)
    assert first.description == f"Objet : « {printable(title)} »\nFin"
    assert first.summary == f"FNMO-2026-00012 — {one_line(title)}".strip()
    assert second.summary == ENTRY.summary
    assert property_of_calendar(data, "X-WR-CALNAME") == one_line(name)
    for ours, theirs in zip((first, second), by_the_package(data), strict=True):
        assert replace(theirs, categories=()) == replace(ours, categories=())
    assert by_the_package(data)[0].categories == (one_line(f"k{category}"),)


@given(st.text(max_size=60))
def test_only_control_characters_are_left_out_of_a_text(text: str) -> None:
    kept = printable(text)
    assert printable(kept) == kept
    if not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]", text):
        assert kept == text


def test_written_text_keeps_tabs_emoji_and_ends_of_lines() -> None:
    assert printable("a\tb\r\nc\rd\u2028e👷\x00f") == "a\tb\nc\nd\ne👷f"
    assert one_line(" a\tb\r\n c ") == "a b c"


# -- the checker itself -------------------------------------------------------------------------------

GOOD = rendered(ENTRY)


def swapped(old: str, new: str) -> bytes:
    assert old.encode() in GOOD, old
    return GOOD.replace(old.encode(), new.encode(), 1)


LONG = "DESCRIPTION:" + "é" * 60

BROKEN = {
    "line ends of Unix": (GOOD.replace(b"\r\n", b"\n"), "CRLF"),
    "one line end of Unix": (swapped("VERSION:2.0\r\n", "VERSION:2.0\n"), "not CRLF"),
    "a lone carriage return": (swapped("VERSION:2.0\r\n", "VERSION:2.0\r"), "not CRLF"),
    "no end at the end": (GOOD[:-2], "last line"),
    "an empty line": (swapped("VERSION:2.0\r\n", "VERSION:2.0\r\n\r\n"), "empty"),
    "a line of 76 octets": (swapped("STATUS:CONFIRMED", f"X-A:{'a' * 72}"), "76 octets"),
    "a character folded in two": (
        swapped("STATUS:CONFIRMED", "X-A:é").replace(b"X-A:\xc3\xa9", b"X-A:\xc3\r\n \xa9"),
        "inside a character",
    ),
    "Latin 1": (GOOD.replace("é".encode(), b"\xe9"), "not UTF-8"),
    "a control character": (swapped("STATUS:CONFIRMED", "X-A:a\x07b"), "control"),
    "a NUL": (swapped("Objet", "Ob\x00jet"), "control"),
    "a component that is not closed": (GOOD.replace(b"END:VEVENT\r\n", b""), "closes another"),
    "a calendar that is not closed": (swapped("END:VCALENDAR\r\n", ""), "not closed"),
    "ends crossed": (
        swapped("END:VEVENT\r\nEND:VCALENDAR", "END:VCALENDAR\r\nEND:VEVENT"),
        "closes another",
    ),
    "a property outside": (b"VERSION:2.0\r\n" + GOOD, "outside"),
    "a continuation at the start": (b" " + GOOD, "continuation"),
    "two calendars": (GOOD + GOOD, "not one VCALENDAR"),
    "an event alone": (GOOD[GOOD.index(b"BEGIN:VEVENT") : -len(b"END:VCALENDAR\r\n")], "not one VCALENDAR"),
    "an event in an event": (
        swapped("STATUS:CONFIRMED", "BEGIN:VEVENT\r\nEND:VEVENT"),
        "VEVENT does not belong in VEVENT",
    ),
    "an unknown component": (
        swapped("BEGIN:VEVENT", "BEGIN:VTODO").replace(b"END:VEVENT", b"END:VTODO"),
        "VTODO",
    ),
    "nothing in it": (b"BEGIN:VCALENDAR\r\nPRODID:a\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "without any"),
    "a property after the components": (
        swapped("END:VCALENDAR", "X-A:b\r\nEND:VCALENDAR"),
        "after its components",
    ),
    "no PRODID": (re.sub(rb"PRODID:[^\r]*\r\n", b"", GOOD), "0 PRODID"),
    "no VERSION": (swapped("VERSION:2.0\r\n", ""), "0 VERSION"),
    "another version": (swapped("VERSION:2.0", "VERSION:1.0"), "unknown"),
    "no UID": (swapped(f"UID:{ENTRY.uid}\r\n", ""), "0 UID"),
    "two UID": (swapped("STATUS:CONFIRMED", "UID:b"), "2 UID"),
    "one UID twice": (rendered(ENTRY, ENTRY), "2 times"),
    "no DTSTAMP": (swapped("DTSTAMP:20260302T093015Z\r\n", ""), "0 DTSTAMP"),
    "a DTSTAMP without zone": (swapped("DTSTAMP:20260302T093015Z", "DTSTAMP:20260302T093015"), "is no UTC"),
    "no SUMMARY": (swapped("SUMMARY:", "X-SUMMARY:"), "0 SUMMARY"),
    "two SUMMARY": (swapped("STATUS:CONFIRMED", "SUMMARY:b"), "2 SUMMARY"),
    "a date without VALUE": (swapped("DTSTART;VALUE=DATE:", "DTSTART:"), "parameters"),
    "a moment as a date": (swapped("VALUE=DATE:20260331", "VALUE=DATE:20260331T000000"), "is no DATE"),
    "30 February": (swapped("VALUE=DATE:20260331", "VALUE=DATE:20260230"), "is no DATE"),
    "an end on its start": (swapped("VALUE=DATE:20260401", "VALUE=DATE:20260331"), "not after"),
    "an end before its start": (swapped("VALUE=DATE:20260401", "VALUE=DATE:20260330"), "not after"),
    "a comma not escaped": (swapped("STATUS:CONFIRMED", "X-A:a,b"), "not escaped"),
    "a semicolon not escaped": (swapped("Organisme : ", "a;b : "), "is no TEXT"),
    "an escape that is none": (swapped("Organisme", "\\tOrganisme"), "is no TEXT"),
    "a backslash at the end": (swapped("CARMI Est", "CARMI Est\\"), "is no TEXT"),
    "a sequence below zero": (swapped("SEQUENCE:2", "SEQUENCE:-2"), "is no INTEGER"),
    "an unknown status": (swapped("STATUS:CONFIRMED", "STATUS:DONE"), "unknown"),
    "a relative address": (swapped("URL:http://127.0.0.1:8000/", "URL:/"), "is no URI"),
    "an address with a space": (swapped("/dossiers/", "/doss iers/"), "is no URI"),
    "an interval without VALUE": (
        swapped("REFRESH-INTERVAL;VALUE=DURATION", "REFRESH-INTERVAL"),
        "parameters",
    ),
    "an interval that is none": (swapped("DURATION:PT1H", "DURATION:1H"), "is no DURATION"),
    "an unknown property": (swapped("STATUS:", "STATE:"), "STATE is not expected"),
    "a line without a value": (swapped("STATUS:CONFIRMED", "STATUS"), "no value"),
    "a name with a space": (swapped("STATUS:CONFIRMED", "MY STATUS:a"), "is no name"),
    "a parameter without a value": (swapped("DTSTART;VALUE=DATE:", "DTSTART;VALUE:"), "cannot be read"),
    "an offset that is none": (swapped("TZOFFSETTO:+0200", "TZOFFSETTO:+2"), "is no OFFSET"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_checker_catches(name: str) -> None:
    data, expected = BROKEN[name]
    assert any(expected in fault for fault in faults(data)), faults(data)


def test_checker_finds_nothing_in_a_good_calendar() -> None:
    assert faults(GOOD) == []
    folded = GOOD.replace(
        b"STATUS:CONFIRMED", b"STA\r\n TUS:CON\r\n\tFIRMED"
    )  # a fold anywhere, by a space or a tab
    assert faults(folded) == []
    assert events(folded) == events(GOOD)
