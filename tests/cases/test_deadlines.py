"""Deadlines: dates worked out by hand, the French sum, and what happens to impossible histories."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from cases.clock import PARIS
from cases.deadlines import DeadlineError, Duration, Event, EventKind, Unit, compute
from cases.enums import DeadlineState

DAYS, WORKING, MONTHS = Unit.CALENDAR_DAYS, Unit.WORKING_DAYS, Unit.MONTHS


def moment(day: str | datetime) -> datetime:
    """Return ten o'clock in Paris of an ISO date; moments are left alone."""
    return day if isinstance(day, datetime) else datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=PARIS)


def history(start: str | datetime, *later: tuple[str, str] | tuple[str, str, int]) -> list[Event]:
    """Return a start and what followed, from tuples (kind, date[, amount])."""
    events = [Event(EventKind.STARTED, moment(start))]
    for kind, day, *amount in later:
        events.append(Event(EventKind(kind), moment(day), amount=amount[0] if amount else 0))
    return events


def due(duration: Duration, start: str | datetime, *later: tuple[str, str] | tuple[str, str, int]) -> str:
    """Return the date on which the deadline falls, as an ISO text."""
    return str(compute(duration, history(start, *later)).due_on)


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        ("2015-03-03", 15, "2015-03-18"),
        ("2015-03-03", 20, "2015-03-23"),
        ("2015-03-06", 15, "2015-03-21"),  # a Saturday: no roll-over
        ("2015-01-31", 1, "2015-02-01"),
        ("2015-02-28", 1, "2015-03-01"),
        ("2016-02-28", 1, "2016-02-29"),
        ("2015-02-15", 15, "2015-03-02"),
        ("2016-02-15", 15, "2016-03-01"),
        ("2015-12-20", 15, "2016-01-04"),
        ("2015-03-20", 15, "2015-04-04"),  # clocks go forward on 29 March
        ("2015-10-15", 15, "2015-10-30"),  # clocks go back on 25 October
        (datetime(2015, 3, 3, 22, 59, tzinfo=UTC), 15, "2015-03-18"),  # 23:59 in Paris
        (datetime(2015, 3, 3, 23, 30, tzinfo=UTC), 15, "2015-03-19"),  # half past midnight in Paris
        (datetime(2015, 7, 1, 21, 59, tzinfo=UTC), 1, "2015-07-02"),
        (datetime(2015, 7, 1, 22, 30, tzinfo=UTC), 1, "2015-07-03"),
        (datetime(2015, 3, 28, 23, 30, tzinfo=UTC), 1, "2015-03-30"),
        (datetime(2015, 10, 24, 22, 30, tzinfo=UTC), 1, "2015-10-26"),
        (datetime(2015, 10, 25, 23, 30, tzinfo=UTC), 1, "2015-10-27"),
        ("2016-02-29", 1, "2016-03-01"),
        ("2016-02-29", 15, "2016-03-15"),
        ("2015-02-28", 366, "2016-02-29"),  # 365 days lead to 28 February 2016
        ("2016-02-28", 366, "2017-02-28"),  # 29 February is one of the 366
    ],
)
def test_calendar_days_run_from_the_day_after(start: str | datetime, count: int, expected: str) -> None:
    assert due(Duration(count, DAYS), start) == expected


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2015-03-03", Duration(15, DAYS, roll_over=True), "2015-03-18"),  # a Wednesday stays
        ("2015-03-06", Duration(15, DAYS, roll_over=True), "2015-03-23"),  # Saturday
        ("2015-03-22", Duration(15, DAYS, roll_over=True), "2015-04-07"),  # Easter Monday
        ("2015-03-20", Duration(15, DAYS, roll_over=True), "2015-04-07"),  # the Saturday before Easter
        ("2015-04-16", Duration(15, DAYS, roll_over=True), "2015-05-04"),  # Friday 1 May
        ("2015-12-17", Duration(15, DAYS, roll_over=True), "2016-01-04"),  # Friday 1 January
        ("2015-07-15", Duration(1, MONTHS, roll_over=True), "2015-08-17"),  # Saturday 15 August
        ("2015-10-01", Duration(1, MONTHS, roll_over=True), "2015-11-02"),  # Sunday 1 November
        ("2015-04-29", Duration(15, DAYS, roll_over=True), "2015-05-15"),  # 14 May is Ascension Day
        ("2015-05-08", Duration(15, DAYS, roll_over=True), "2015-05-26"),  # Saturday 23 May, then Whit Monday
        ("2015-12-10", Duration(15, DAYS, roll_over=True), "2015-12-28"),  # Friday 25 December
        ("2020-02-14", Duration(15, DAYS, roll_over=True), "2020-03-02"),  # Saturday 29 February
        ("2015-12-11", Duration(15, DAYS, roll_over=True), "2015-12-28"),  # Saturday 26 December
        (
            "2014-12-11",
            Duration(15, DAYS, roll_over=True),
            "2014-12-26",
        ),  # a Friday, worked but in Alsace-Moselle
    ],
)
def test_roll_over_moves_to_the_next_working_day(start: str, duration: Duration, expected: str) -> None:
    assert due(duration, start) == expected


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        ("2015-03-03", 1, "2015-03-04"),
        ("2015-03-03", 15, "2015-03-24"),
        ("2015-03-06", 1, "2015-03-09"),  # from a Friday
        ("2015-03-07", 1, "2015-03-09"),  # from a Saturday
        ("2015-04-02", 1, "2015-04-03"),  # Good Friday is worked
        ("2015-04-02", 2, "2015-04-07"),  # Easter Monday is not
        ("2015-04-30", 1, "2015-05-04"),
        ("2015-04-30", 10, "2015-05-19"),  # 1 May, 8 May and Ascension Day
        ("2015-05-13", 1, "2015-05-15"),
        ("2015-05-22", 1, "2015-05-26"),  # Whit Monday
        ("2015-07-13", 1, "2015-07-15"),
        ("2015-11-10", 1, "2015-11-12"),
        ("2015-12-24", 5, "2016-01-04"),
        ("2016-02-26", 2, "2016-03-01"),  # 29 February is worked
        ("2005-05-13", 1, "2005-05-16"),  # Whit Monday 2005, day of solidarity
        ("2006-06-02", 1, "2006-06-05"),  # and 2006
        ("2008-04-30", 1, "2008-05-02"),  # Easter on 23 March: 1 May is Ascension Day as well
        ("2008-05-09", 1, "2008-05-13"),  # Whit Monday, no longer the day of solidarity
        ("2016-03-24", 2, "2016-03-29"),  # Good Friday is worked, Easter Monday the 28th is not
        ("2016-05-04", 1, "2016-05-06"),  # Ascension Day
        ("2024-03-29", 1, "2024-04-02"),  # Easter Monday on 1 April
        ("2024-05-07", 1, "2024-05-10"),  # 8 May, then Ascension Day on the 9th
        ("2038-04-23", 1, "2038-04-27"),  # Easter on 25 April, the latest there is
    ],
)
def test_working_days_skip_weekends_and_holidays(start: str, count: int, expected: str) -> None:
    assert due(Duration(count, WORKING), start) == expected


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        ("2015-01-31", 1, "2015-02-28"),
        ("2016-01-31", 1, "2016-02-29"),
        ("2015-01-31", 2, "2015-03-31"),  # not by way of 28 February
        ("2015-02-28", 1, "2015-03-28"),
        ("2015-10-31", 1, "2015-11-30"),
        ("2015-11-30", 3, "2016-02-29"),
        ("2016-02-29", 12, "2017-02-28"),
        ("2015-07-15", 1, "2015-08-15"),  # a holiday and a Saturday: no roll-over
        ("2015-03-31", 1, "2015-04-30"),
        ("2015-08-31", 1, "2015-09-30"),
        ("2015-01-30", 1, "2015-02-28"),
        ("2016-01-30", 1, "2016-02-29"),
        ("2014-12-31", 2, "2015-02-28"),
        ("2015-12-31", 2, "2016-02-29"),
        ("2015-02-28", 12, "2016-02-28"),  # not the 29th: the number stays
        ("2016-02-29", 48, "2020-02-29"),
        ("2000-01-31", 1, "2000-02-29"),  # a century that divides by 400
        ("2100-01-31", 1, "2100-02-28"),  # and one that does not
    ],
)
def test_months_keep_the_day_of_the_month(start: str, count: int, expected: str) -> None:
    assert due(Duration(count, MONTHS), start) == expected


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2015-03-03", Duration(15, DAYS, first_day_excluded=False), "2015-03-17"),
        ("2015-03-03", Duration(1, DAYS, first_day_excluded=False), "2015-03-03"),
        ("2015-03-01", Duration(1, MONTHS, first_day_excluded=False), "2015-03-31"),
        ("2015-03-03", Duration(1, WORKING, first_day_excluded=False), "2015-03-03"),
        ("2015-03-07", Duration(1, WORKING, first_day_excluded=False), "2015-03-09"),
        ("2016-02-01", Duration(1, MONTHS, first_day_excluded=False), "2016-02-29"),
        ("2016-02-29", Duration(1, DAYS, first_day_excluded=False), "2016-02-29"),
    ],
)
def test_the_first_day_counts_where_the_rule_says_so(start: str, duration: Duration, expected: str) -> None:
    assert due(duration, start) == expected
    assert compute(duration, history(start)).lines[0].label.endswith("(jour compté)")


@pytest.mark.parametrize(
    ("start", "stops", "expected"),
    [
        ("2015-03-02", [("2015-03-05", "2015-03-09")], "2015-03-16"),
        ("2015-03-02", [("2015-03-05", "2015-03-06")], "2015-03-13"),
        ("2015-03-02", [("2015-03-05", "2015-03-05")], "2015-03-12"),  # one day: nothing lost
        ("2015-03-02", [("2015-03-02", "2015-03-09")], "2015-03-19"),  # from the first day
        ("2015-03-02", [("2015-03-12", "2015-03-20")], "2015-03-20"),  # on the last day: none remains
        ("2015-03-02", [("2015-03-13", "2015-03-20")], "2015-03-12"),  # too late
        (
            "2015-03-02",
            [("2015-03-05", "2015-03-07"), ("2015-03-07", "2015-03-09")],
            "2015-03-16",
        ),  # adjacent
        ("2015-03-02", [("2015-03-03", "2015-03-04"), ("2015-03-06", "2015-03-08")], "2015-03-15"),
        ("2015-03-02", [("2015-03-10", "2015-03-13"), ("2015-03-14", "2015-03-16")], "2015-03-17"),
        ("2015-03-02", [("2015-03-10", "2015-03-13"), ("2015-03-16", "2015-03-20")], "2015-03-15"),
        ("2015-03-20", [("2015-03-27", "2015-03-30")], "2015-04-02"),  # over the change of clocks
        ("2016-02-20", [("2016-02-27", "2016-03-01")], "2016-03-04"),  # over 29 February
        ("2015-12-28", [("2015-12-30", "2016-01-04")], "2016-01-12"),  # over the year's end
    ],
)
def test_ten_days_are_suspended_day_for_day(start: str, stops: list[tuple[str, str]], expected: str) -> None:
    moves = [move for stop, resume in stops for move in (("suspended", stop), ("resumed", resume))]
    assert due(Duration(10, DAYS), start, *moves) == expected


@pytest.mark.parametrize(
    ("start", "stop", "resume", "expected"),
    [
        ("2015-03-02", "2015-03-04", "2015-03-06", "2015-03-11"),  # 2 days had run, 3 remain
        ("2015-03-02", "2015-03-06", "2015-03-08", "2015-03-09"),  # over a weekend only
        ("2015-03-02", "2015-03-06", "2015-03-14", "2015-03-16"),  # resumed on a Saturday
        ("2015-03-02", "2015-03-09", "2015-03-12", "2015-03-12"),  # on the last day
        ("2015-03-02", "2015-03-09", "2015-03-14", "2015-03-16"),  # on the last day, resumed on a Saturday
        ("2015-03-02", "2015-03-10", "2015-03-20", "2015-03-09"),  # too late
        ("2015-03-30", "2015-04-02", "2015-04-07", "2015-04-09"),  # over Easter
        ("2015-04-29", "2015-04-30", "2015-05-08", "2015-05-15"),  # 1 day had run; 8 and 14 May are holidays
    ],
)
def test_five_working_days_are_suspended(start: str, stop: str, resume: str, expected: str) -> None:
    assert due(Duration(5, WORKING), start, ("suspended", stop), ("resumed", resume)) == expected


@pytest.mark.parametrize(
    ("duration", "start", "stop", "resume", "expected"),
    [
        (Duration(1, MONTHS), "2015-01-15", "2015-01-20", "2015-01-30", "2015-02-25"),
        (Duration(1, MONTHS), "2015-01-31", "2015-02-10", "2015-02-12", "2015-03-02"),
        # 10 days from 4 March end on Saturday the 14th, which rolls over to Monday the 16th.
        (Duration(10, DAYS, roll_over=True), "2015-03-04", "2015-03-10", "2015-03-11", "2015-03-16"),
        (Duration(10, DAYS, roll_over=True), "2015-03-04", "2015-03-15", "2015-03-18", "2015-03-18"),
        (Duration(10, DAYS, roll_over=True), "2015-03-04", "2015-03-16", "2015-03-16", "2015-03-16"),
        (Duration(10, DAYS, roll_over=True), "2015-03-04", "2015-03-17", "2015-03-20", "2015-03-16"),
        (Duration(10, DAYS, roll_over=False), "2015-03-04", "2015-03-15", "2015-03-18", "2015-03-14"),
    ],
)
def test_months_and_rolled_over_days_are_suspended(
    duration: Duration, start: str, stop: str, resume: str, expected: str
) -> None:
    assert due(duration, start, ("suspended", stop), ("resumed", resume)) == expected


@pytest.mark.parametrize(
    ("duration", "start", "later", "expected"),
    [
        (Duration(10, DAYS), "2015-03-02", [("extended", "2015-03-05", 5)], "2015-03-17"),
        (Duration(10, DAYS), "2015-03-02", [("extended", "2015-03-20", 15)], "2015-03-27"),
        (Duration(5, WORKING), "2015-03-02", [("extended", "2015-03-03", 2)], "2015-03-11"),
        (Duration(1, MONTHS), "2015-01-31", [("extended", "2015-02-10", 1)], "2015-03-31"),
        (
            Duration(10, DAYS),
            "2015-03-02",
            [("extended", "2015-03-04", 5), ("extended", "2015-03-05", 1)],
            "2015-03-18",
        ),
        (
            Duration(10, DAYS),
            "2015-03-02",
            [("suspended", "2015-03-05"), ("extended", "2015-03-06", 5), ("resumed", "2015-03-09")],
            "2015-03-21",
        ),
        # The extension gives the suspension of the 15th its effect back: the delay had not run out after all.
        (
            Duration(10, DAYS),
            "2015-03-02",
            [("suspended", "2015-03-15"), ("resumed", "2015-03-18"), ("extended", "2015-03-20", 10)],
            "2015-03-25",
        ),
    ],
)
def test_extensions_add_to_the_duration(
    duration: Duration, start: str, later: list[tuple[str, str] | tuple[str, str, int]], expected: str
) -> None:
    assert due(duration, start, *later) == expected


def test_an_open_suspension_leaves_no_date() -> None:
    found = compute(
        Duration(10, DAYS), history("2015-03-02", ("suspended", "2015-03-05")), on=date(2016, 1, 1)
    )
    assert (found.due_on, found.state, found.met_on, found.late) == (
        None,
        DeadlineState.SUSPENDED,
        None,
        False,
    )


def test_an_open_suspension_after_the_last_day_leaves_the_date() -> None:
    found = compute(
        Duration(10, DAYS), history("2015-03-02", ("suspended", "2015-03-13")), on=date(2015, 3, 13)
    )
    assert found.due_on == date(2015, 3, 12)
    assert found.state is DeadlineState.SUSPENDED
    assert found.late is True


@pytest.mark.parametrize(
    ("on", "late"),
    [(None, None), (date(2015, 3, 12), False), (date(2015, 3, 13), True), (date(2015, 3, 1), False)],
)
def test_a_running_deadline_is_late_from_the_day_after(on: date | None, late: bool | None) -> None:
    found = compute(Duration(10, DAYS), history("2015-03-02"), on=on)
    assert (found.state, found.late, found.met_on) == (DeadlineState.RUNNING, late, None)


@pytest.mark.parametrize(
    ("day", "late", "label"),
    [
        ("2015-03-02", False, "Accompli le lundi 2 mars 2015, dans le délai"),
        ("2015-03-12", False, "Accompli le jeudi 12 mars 2015, dans le délai"),
        ("2015-03-13", True, "Accompli le vendredi 13 mars 2015, avec 1 jour de retard"),
        ("2015-04-01", True, "Accompli le mercredi 1er avril 2015, avec 20 jours de retard"),
    ],
)
def test_a_met_deadline_is_late_or_not_for_ever(day: str, late: bool, label: str) -> None:
    found = compute(Duration(10, DAYS), history("2015-03-02", ("met", day)), on=date(2099, 1, 1))
    assert found.state is DeadlineState.MET
    assert (found.met_on, found.late) == (date.fromisoformat(day), late)
    assert found.lines[-1].label == label
    assert found.lines[-1].on == found.met_on


@pytest.mark.parametrize(
    ("duration", "later", "expected"),
    [
        (Duration(10, DAYS), [("met", "2015-03-02")], "2015-03-12"),
        (Duration(1, DAYS, first_day_excluded=False), [("met", "2015-03-02")], "2015-03-02"),
        (
            Duration(10, DAYS),
            [("suspended", "2015-03-02"), ("resumed", "2015-03-02"), ("met", "2015-03-02")],
            "2015-03-12",
        ),
        (Duration(10, DAYS), [("suspended", "2015-03-05"), ("met", "2015-03-05")], "2015-03-12"),
        (Duration(10, DAYS), [("suspended", "2015-03-12"), ("met", "2015-03-12")], "2015-03-12"),
        (
            Duration(10, DAYS),
            [("suspended", "2015-03-05"), ("suspended", "2015-03-05"), ("met", "2015-03-05")],
            "2015-03-12",
        ),
        # Resumed and answered on the 9th: 4 days do not count, the date moves all the same.
        (
            Duration(10, DAYS),
            [("suspended", "2015-03-05"), ("resumed", "2015-03-09"), ("met", "2015-03-09")],
            "2015-03-16",
        ),
    ],
)
def test_what_is_resolved_on_the_day_itself_is_in_time(
    duration: Duration, later: list[tuple[str, str]], expected: str
) -> None:
    found = compute(duration, history("2015-03-02", *later))
    assert (str(found.due_on), found.state, found.late) == (expected, DeadlineState.MET, False)


def test_a_deadline_met_on_the_last_minute_of_paris_is_not_late() -> None:
    last_minute = Event(EventKind.MET, datetime(2015, 3, 12, 22, 59, tzinfo=UTC))
    after = Event(EventKind.MET, datetime(2015, 3, 12, 23, 0, tzinfo=UTC))
    assert compute(Duration(10, DAYS), [*history("2015-03-02"), last_minute]).late is False
    assert compute(Duration(10, DAYS), [*history("2015-03-02"), after]).late is True


def test_a_deadline_met_while_suspended_is_not_late() -> None:
    found = compute(
        Duration(10, DAYS), history("2015-03-02", ("suspended", "2015-03-05"), ("met", "2015-05-05"))
    )
    assert (found.due_on, found.late) == (date(2015, 5, 12), False)


def test_a_cancelled_deadline_keeps_its_date_and_is_never_late() -> None:
    found = compute(
        Duration(10, DAYS), history("2015-03-02", ("cancelled", "2015-03-20")), on=date(2015, 4, 1)
    )
    assert (found.due_on, found.state) == (date(2015, 3, 12), DeadlineState.CANCELLED)
    assert (found.met_on, found.late) == (None, None)
    assert found.lines[-1].label == "Sans objet depuis le vendredi 20 mars 2015"


def test_the_sum_is_explained_line_by_line() -> None:
    events = [
        *history("2015-03-03"),
        Event(EventKind.SUSPENDED, moment("2015-03-06"), motive="devis manquant"),
        Event(EventKind.RESUMED, moment("2015-03-14")),
        Event(EventKind.EXTENDED, moment("2015-03-20"), amount=5, motive="congés"),
    ]
    found = compute(Duration(15, WORKING), events)
    assert [(line.label, str(line.on), line.days) for line in found.lines] == [
        ("Départ : mardi 3 mars 2015 (jour non compté)", "2015-03-03", None),
        ("+ 15 jours ouvrés", "None", 15),
        ("Prolongé le vendredi 20 mars 2015 : + 5 jours ouvrés (congés)", "2015-03-20", 5),
        (
            "Suspendu du samedi 7 mars 2015 au samedi 14 mars 2015 : 5 jours ouvrés (devis manquant)",
            "2015-03-14",
            5,
        ),
        ("Échéance : mercredi 8 avril 2015", "2015-04-08", None),
    ]


@pytest.mark.parametrize(
    ("duration", "start", "later", "labels"),
    [
        (Duration(1, DAYS), "2015-03-03", [], ["+ 1 jour", "Échéance : mercredi 4 mars 2015"]),
        (Duration(1, WORKING), "2015-03-03", [], ["+ 1 jour ouvré", "Échéance : mercredi 4 mars 2015"]),
        (Duration(2, MONTHS), "2015-03-03", [], ["+ 2 mois", "Échéance : dimanche 3 mai 2015"]),
        (
            Duration(15, DAYS, roll_over=True),
            "2015-03-06",
            [],
            [
                "+ 15 jours",
                "Le samedi 21 mars 2015 n’est pas un jour ouvré : report au premier jour ouvré",
                "Échéance : lundi 23 mars 2015",
            ],
        ),
        (
            Duration(10, DAYS),
            "2015-03-02",
            [("suspended", "2015-03-05")],
            ["+ 10 jours", "Suspendu depuis le jeudi 5 mars 2015", "Échéance : fixée à la reprise"],
        ),
        (
            Duration(10, DAYS),
            "2015-03-02",
            [("suspended", "2015-03-05"), ("resumed", "2015-03-05")],
            [
                "+ 10 jours",
                "Suspendu et repris le jeudi 5 mars 2015 : 0 jour",
                "Échéance : jeudi 12 mars 2015",
            ],
        ),
        (
            Duration(10, DAYS),
            "2015-03-02",
            [("suspended", "2015-03-05"), ("resumed", "2015-03-06")],
            ["+ 10 jours", "Suspendu le vendredi 6 mars 2015 : 1 jour", "Échéance : vendredi 13 mars 2015"],
        ),
        (
            Duration(10, DAYS),
            "2015-03-02",
            [("suspended", "2015-03-13"), ("resumed", "2015-03-20")],
            [
                "+ 10 jours",
                "Suspendu le vendredi 13 mars 2015, après l’échéance : sans effet",
                "Échéance : jeudi 12 mars 2015",
            ],
        ),
        (
            Duration(10, DAYS, roll_over=True),
            "2015-03-04",
            [("suspended", "2015-03-15"), ("resumed", "2015-03-18")],
            [
                "+ 10 jours",
                "Délai courant encore le dimanche 15 mars 2015, par report au premier jour ouvré",
                "Suspendu du lundi 16 mars 2015 au mercredi 18 mars 2015 : 3 jours",
                "Échéance : mercredi 18 mars 2015",
            ],
        ),
        (
            Duration(5, WORKING),
            "2015-03-02",
            [("suspended", "2015-03-09"), ("resumed", "2015-03-14")],
            [
                "+ 5 jours ouvrés",
                "Suspendu du mardi 10 mars 2015 au samedi 14 mars 2015 : 4 jours ouvrés",
                "Le samedi 14 mars 2015 n’est pas un jour ouvré : report au premier jour ouvré",
                "Échéance : lundi 16 mars 2015",
            ],
        ),
    ],
)
def test_every_turn_of_the_sum_has_its_line(
    duration: Duration, start: str, later: list[tuple[str, str]], labels: list[str]
) -> None:
    lines = compute(duration, history(start, *later)).lines
    assert [line.label for line in lines[1:]] == labels


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Duration(0, DAYS), "1 or more"),
        (lambda: Duration(-15, DAYS), "1 or more"),
        (lambda: Duration(True, DAYS), "1 or more"),
        (lambda: Duration(1.5, DAYS), "1 or more"),  # type: ignore[arg-type]
        (lambda: Duration(1, "weeks"), "unknown Unit"),  # type: ignore[arg-type]
        (lambda: Event("paused", moment("2015-03-02")), "unknown EventKind"),  # type: ignore[arg-type]
        (lambda: Event(EventKind.MET, datetime(2015, 3, 2)), "time zone"),  # noqa: DTZ001
        (lambda: Event(EventKind.EXTENDED, moment("2015-03-02")), "1 unit or more"),
        (lambda: Event(EventKind.EXTENDED, moment("2015-03-02"), amount=-1), "1 unit or more"),
        (lambda: Event(EventKind.MET, moment("2015-03-02"), amount=3), "only an extension"),
    ],
)
def test_impossible_durations_and_events_are_refused(build: Callable[[], object], message: str) -> None:
    with pytest.raises(DeadlineError, match=message):
        build()


def test_durations_and_events_take_the_words_of_the_database() -> None:
    assert Duration(15, "working_days") == Duration(15, WORKING)  # type: ignore[arg-type]
    assert Event("met", moment("2015-03-02")).kind is EventKind.MET  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([], "begins with a start"),
        ([Event(EventKind.MET, moment("2015-03-02"))], "begins with a start"),
        (history("2015-03-02", ("started", "2015-03-03")), "started 2 times"),
        (history("2015-03-02", ("suspended", "2015-03-01")), "precedes the start"),
        (history("2015-03-02", ("resumed", "2015-03-03")), "resumed at .* with nothing suspended"),
        (
            history(
                "2015-03-02",
                ("suspended", "2015-03-03"),
                ("resumed", "2015-03-04"),
                ("resumed", "2015-03-05"),
            ),
            "resumed at 2015-03-05 .* with nothing suspended",
        ),
        (
            history(
                "2015-03-02",
                ("suspended", "2015-03-03"),
                ("suspended", "2015-03-04"),
                ("resumed", "2015-03-05"),
                ("resumed", "2015-03-06"),
                ("resumed", "2015-03-07"),
            ),
            "resumed at 2015-03-07 .* with nothing suspended",
        ),
        (history("2015-03-02", ("met", "2015-03-03"), ("met", "2015-03-04")), "met 2 times"),
        (history("2015-03-02", ("met", "2015-03-03"), ("cancelled", "2015-03-04")), "not both"),
        (history("2015-03-02", ("met", "2015-03-03"), ("suspended", "2015-03-04")), "follows the end"),
        (
            history("2015-03-02", ("cancelled", "2015-03-03"), ("extended", "2015-03-04", 1)),
            "follows the end",
        ),
    ],
)
def test_impossible_histories_are_refused(events: list[Event], message: str) -> None:
    with pytest.raises(DeadlineError, match=message):
        compute(Duration(10, DAYS), events)


def test_events_of_one_instant_take_turns() -> None:
    start, stop, resume = (
        Event(EventKind(kind), moment("2015-03-02")) for kind in ("started", "suspended", "resumed")
    )
    found = compute(Duration(10, DAYS), [resume, stop, start, stop])
    assert found.state is DeadlineState.SUSPENDED
    assert compute(Duration(10, DAYS), [resume, stop, start]).due_on == date(2015, 3, 12)
