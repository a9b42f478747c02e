"""Deadlines that stand still: at the ends of the delay, one after another, one within another, while extended.

Every date is worked out by hand. « 6 to 9: 4 » says which days do not count, and how many they are. Ten days from
2 March 2015, a Monday, end on Thursday the 12th when nothing happens.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from cases.clock import PARIS
from cases.deadlines import Duration, Event, EventKind, Unit, compute
from cases.enums import DeadlineState
from tests.cases.day_by_day import due_by_counting

DAYS, WORKING, MONTHS = Unit.CALENDAR_DAYS, Unit.WORKING_DAYS, Unit.MONTHS
TEN = Duration(10, DAYS)
#: « -05 » suspended on the 5th, « +09 » one suspension lifted, « x07:5 » extended by five units, « !20 » met.
KINDS = {
    "-": EventKind.SUSPENDED,
    "+": EventKind.RESUMED,
    "x": EventKind.EXTENDED,
    "!": EventKind.MET,
}


def told(start: str, moves: str) -> list[Event]:
    """The start and what followed: « -05 » for the fifth of the start's month, « -04-05 » for another month's."""
    events = [Event(EventKind.STARTED, at(start))]
    for move in moves.split():
        day, _, amount = move[1:].partition(":")
        whole = start[: 10 - len(day)] + day
        events.append(Event(KINDS[move[0]], at(whole), int(amount or 0)))
    return events


def at(day: str) -> datetime:
    """Ten o'clock in Paris."""
    return datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=PARIS)


def check(duration: Duration, events: Sequence[Event], expected: str | None) -> None:
    """The date is the one worked out by hand, and the one that counting day by day leads to."""
    by_hand = None if expected is None else date.fromisoformat(expected)
    assert due_by_counting(duration, events) == by_hand
    assert compute(duration, events).due_on == by_hand


@pytest.mark.parametrize(
    ("duration", "moves", "expected"),
    [
        (TEN, "-02 +02", "2015-03-12"),
        (TEN, "-02 +03", "2015-03-13"),  # 3: 1
        (TEN, "-10 +12", "2015-03-14"),  # 11 to 12: 2, resumed on what was the last day
        (TEN, "-11 +13", "2015-03-14"),  # 12 to 13: 2, one day remains after the 13th
        (TEN, "-12 +12", "2015-03-12"),
        (TEN, "-12 +13", "2015-03-13"),  # on the last day: none remains
        (TEN, "-13 +13", "2015-03-12"),
        (TEN, "-13 +04-30", "2015-03-12"),
        # With the day of the start counted the delay ends on the 11th.
        (Duration(10, DAYS, first_day_excluded=False), "-02 +04", "2015-03-13"),  # 3 to 4: 2
        (Duration(10, DAYS, first_day_excluded=False), "-11 +13", "2015-03-13"),  # on the last day
        (Duration(10, DAYS, first_day_excluded=False), "-12 +13", "2015-03-11"),  # too late
        (Duration(1, DAYS, first_day_excluded=False), "-02 +06", "2015-03-06"),  # start and end are one day
        (Duration(1, WORKING), "-02 +06", "2015-03-09"),  # Friday the 6th: the one day is Monday
        (Duration(1, WORKING), "-03 +06", "2015-03-06"),  # the one day had run
        # From 2 March to 2 April; 3 to 8: 6 at the start, and the last day itself at the end.
        (Duration(1, MONTHS), "-02 +08", "2015-04-08"),
        (Duration(1, MONTHS), "-04-02 +04-20", "2015-04-20"),
    ],
)
def test_suspensions_touch_the_start_and_the_end(duration: Duration, moves: str, expected: str) -> None:
    check(duration, told("2015-03-02", moves), expected)


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ("-03 +04 -04 +05 -05 +06", "2015-03-15"),  # 4 to 6: 3
        ("-05 +07 -08 +09", "2015-03-15"),  # 6, 7 and 9: 3; the 8th runs between them
        ("-10 +12 -12 +14", "2015-03-16"),  # 11 to 14: 4
        ("-12 +14 -14 +18", "2015-03-18"),  # 13 to 18, from the last day on
        ("-12 +14 -15 +18", "2015-03-14"),  # the delay ended on the 14th: the second is too late
        ("-02 +05 -05 +05 -05 +06", "2015-03-16"),  # 3 to 6: 4, one of no length between them
    ],
)
def test_adjacent_suspensions_leave_no_gap_and_make_none(moves: str, expected: str) -> None:
    check(TEN, told("2015-03-02", moves), expected)


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ("-05 -07 +09 +14", "2015-03-21"),  # 6 to 14: 9
        ("-05 -05 +09 +09", "2015-03-16"),  # 6 to 9: 4, both at one instant
        ("-05 -05 +09 +12", "2015-03-19"),  # 6 to 12: 7
        ("-03 -04 -05 +06 +07 +08", "2015-03-17"),  # 4 to 8: 5, three deep
        ("-03 -04 +05 +06 -09 +10", "2015-03-16"),  # 4 to 6: 3, then 10: 1
        ("-02 -02 +04 +09", "2015-03-19"),  # 3 to 9: 7, from the start
        ("-12 -13 +16 +20", "2015-03-20"),  # from the last day: none remains after the 20th
        ("-13 -14 +15 +20", "2015-03-12"),  # too late, both of them
        ("-05 -07 +09 -11 +12 +14", "2015-03-21"),  # 6 to 14: 9, two within one
        ("-05 -06 +07 -07 +08 +09", "2015-03-16"),  # 6 to 9: 4, adjacent ones within one
        ("-05 -07 +07 +09", "2015-03-16"),  # 6 to 9: 4, one of no length within
        ("-05 -07 +09", None),  # one is left
        ("-05 -07 -08 +09 +10", None),
        ("-05 -07 +09 +10 -11", None),  # 6 to 10: 5, due on the 17th, suspended again before
        ("-12 -13 +20", None),
        ("-13 -14 +20", "2015-03-12"),
        # Ended while two are in force: 6 March to 5 May, 26 + 30 + 5 = 61 days.
        ("-05 -07 !05-05", "2015-05-12"),
        # The extension reaches the suspensions: the delay ends on the 17th, 14 to 18 do not count: 5.
        ("-13 -14 +16 +18 x19:5", "2015-03-22"),
    ],
)
def test_nested_suspensions_count_every_day_once(moves: str, expected: str | None) -> None:
    check(TEN, told("2015-03-02", moves), expected)


@pytest.mark.parametrize(
    ("duration", "start", "moves", "expected"),
    [
        # Working days: the 3rd and 4th ran, three remain after Thursday the 12th: 13, 16, 17.
        (Duration(5, WORKING), "2015-03-02", "-04 -05 +10 +12", "2015-03-17"),
        # 31 March and 1 April ran; after 7 April 8, 9, 10. Easter Monday lies within.
        (Duration(5, WORKING), "2015-03-30", "-04-01 -04-02 +04-03 +04-07", "2015-04-10"),
        # To 15 February; 21 to 30 January: 10.
        (Duration(1, MONTHS), "2015-01-15", "-20 -22 +25 +30", "2015-02-25"),
        # To 29 February 2016; 11 to 28 February: 18.
        (Duration(1, MONTHS), "2016-01-31", "-02-10 -02-15 +02-20 +02-28", "2016-03-18"),
        # To Saturday 14 March; 11 to 13: 3, a Tuesday: no roll-over left to do.
        (Duration(10, DAYS, roll_over=True), "2015-03-04", "-10 -11 +12 +13", "2015-03-17"),
        # 11 to 17: 7, the 21st is a Saturday, which rolls over.
        (Duration(10, DAYS, roll_over=True), "2015-03-04", "-10 -11 +12 +17", "2015-03-23"),
        # Within the roll-over: the delay still runs on Sunday the 15th.
        (Duration(10, DAYS, roll_over=True), "2015-03-04", "-15 -16 +17 +18", "2015-03-18"),
        # Over the end of a leap year's February: 10 days to 1 March; 27 to 29 February, 1 and 2 March: 5.
        (TEN, "2016-02-20", "-26 -28 +29 +03-02", "2016-03-06"),
    ],
)
def test_nested_suspensions_of_other_units(duration: Duration, start: str, moves: str, expected: str) -> None:
    check(duration, told(start, moves), expected)


@pytest.mark.parametrize(
    ("duration", "start", "moves", "expected"),
    [
        (TEN, "2015-03-02", "-05 x05:3 +09", "2015-03-19"),  # 13 days to the 15th; 6 to 9: 4
        (TEN, "2015-03-02", "-05 x09:3 +09", "2015-03-19"),  # at the moment of the resumption: the same
        (TEN, "2015-03-02", "-05 x06:5 x07:1 +09", "2015-03-22"),  # 16 days to the 18th; 4
        (TEN, "2015-03-02", "-05 -06 x07:5 +08 +09", "2015-03-21"),  # while two are in force: 15 days, 4
        (TEN, "2015-03-02", "-12 x15:5 +20", "2015-03-25"),  # from the last day: 5 remain after the 20th
        (TEN, "2015-03-02", "-05 x06:5", None),  # extended, still suspended
        # 7 working days: the 3rd and 4th ran, five remain after Friday the 6th: 9 to 13.
        (Duration(5, WORKING), "2015-03-02", "-04 x05:2 +06", "2015-03-13"),
        # Two months to 31 March, by no way of 28 February; 11 to 15 February: 5.
        (Duration(1, MONTHS), "2015-01-31", "-02-10 x02-12:1 +02-15", "2015-04-05"),
        # 12 days to Monday the 16th; 11 to 12: 2.
        (Duration(10, DAYS, roll_over=True), "2015-03-04", "-10 x11:2 +12", "2015-03-18"),
    ],
)
def test_extensions_during_a_suspension_add_their_days_after_it(
    duration: Duration, start: str, moves: str, expected: str | None
) -> None:
    check(duration, told(start, moves), expected)


@pytest.mark.parametrize(
    ("start", "stop", "resume", "expected"),
    [
        # In spring 28 March ends at 23:00 UTC and the 29th, of 23 hours, at 22:00; 10 days from the 20th: the 30th.
        ("2015-03-20", (3, 28, 22, 59), (3, 29, 21, 59), "2015-03-31"),  # 28th and 29th, 23:59 each: 1 day
        (
            "2015-03-20",
            (3, 28, 23, 30),
            (3, 29, 22, 30),
            "2015-03-31",
        ),  # half past midnight, 29th and 30th: 1
        ("2015-03-20", (3, 28, 22, 30), (3, 28, 23, 30), "2015-03-31"),  # an hour over midnight: 1
        ("2015-03-20", (3, 29, 0, 59), (3, 29, 1, 0), "2015-03-30"),  # 01:59, then 03:00: the same day
        # In autumn 25 October has 25 hours; 10 days from the 20th: the 30th.
        ("2015-10-20", (10, 24, 21, 59), (10, 25, 22, 59), "2015-10-31"),  # 24th and 25th, 23:59 each: 1
        ("2015-10-20", (10, 24, 22, 0), (10, 25, 22, 59), "2015-10-30"),  # the whole 25th, 24 h 59: 0
        ("2015-10-20", (10, 25, 0, 30), (10, 25, 1, 30), "2015-10-30"),  # 02:30 twice
    ],
)
def test_suspensions_over_the_change_of_clocks(
    start: str, stop: tuple[int, ...], resume: tuple[int, ...], expected: str
) -> None:
    events = [
        Event(EventKind.STARTED, at(start)),
        Event(EventKind.SUSPENDED, datetime(2015, *stop, tzinfo=UTC)),  # type: ignore[arg-type, misc]
        Event(EventKind.RESUMED, datetime(2015, *resume, tzinfo=UTC)),  # type: ignore[arg-type, misc]
    ]
    check(TEN, events, expected)


def test_moments_of_the_hour_that_comes_twice_are_put_in_order() -> None:
    """02:50 in summer time comes before 02:10 in winter time: suspended, then resumed."""
    stop = datetime(2015, 10, 25, 2, 50, tzinfo=PARIS)
    resume = datetime(2015, 10, 25, 2, 10, tzinfo=PARIS, fold=1)
    events = [
        Event(EventKind.STARTED, at("2015-10-20")),
        Event(EventKind.RESUMED, resume),
        Event(EventKind.SUSPENDED, stop),
    ]
    check(TEN, events, "2015-10-30")


def test_a_deadline_stays_suspended_until_the_last_suspension_is_lifted() -> None:
    states = [
        compute(TEN, told("2015-03-02", moves)).state
        for moves in ("-05 -07", "-05 -07 +09", "-05 -07 +09 +14", "-05 -07 !20", "-05 -07 +09 -10 +11")
    ]
    standing, running = DeadlineState.SUSPENDED, DeadlineState.RUNNING
    assert states == [standing, standing, running, DeadlineState.MET, standing]


def lines(moves: str, *motives: str) -> list[tuple[str, int | None]]:
    """What the sum says about ten days from 2 March, the start left out; ``motives`` of the suspensions in order."""
    events = told("2015-03-02", moves)
    given = iter(motives)
    explained = [
        Event(one.kind, one.at, motive=next(given, "") if one.kind is EventKind.SUSPENDED else "")
        for one in events
    ]
    return [(line.label, line.days) for line in compute(TEN, explained).lines[1:]]


def test_each_nested_suspension_is_named_and_the_days_add_up() -> None:
    assert lines("-05 -07 +09 +14", "devis manquant", "audition de l’expert") == [
        ("+ 10 jours", 10),
        ("Suspendu du vendredi 6 mars 2015 au samedi 14 mars 2015 : 9 jours (devis manquant)", 9),
        (
            "Suspendu aussi le samedi 7 mars 2015, le délai étant déjà arrêté : 0 jour de plus "
            "(audition de l’expert)",
            0,
        ),
        ("Une suspension levée le lundi 9 mars 2015, une autre tient : le délai reste arrêté", 0),
        ("Échéance : samedi 21 mars 2015", None),
    ]


def test_open_nested_suspensions_say_how_many_hold() -> None:
    assert lines("-05 -06 -07 +09", "devis") == [
        ("+ 10 jours", 10),
        ("Suspendu depuis le jeudi 5 mars 2015 (devis)", None),
        ("Suspendu aussi le vendredi 6 mars 2015, le délai étant déjà arrêté : 0 jour de plus", 0),
        ("Suspendu aussi le samedi 7 mars 2015, le délai étant déjà arrêté : 0 jour de plus", 0),
        ("Une suspension levée le lundi 9 mars 2015, 2 autres tiennent : le délai reste arrêté", 0),
        ("Échéance : fixée à la reprise", None),
    ]


def test_nested_suspensions_after_the_last_day_are_each_said_to_be_without_effect() -> None:
    assert lines("-13 -14 +16 +20", "devis", "expert") == [
        ("+ 10 jours", 10),
        ("Suspendu le vendredi 13 mars 2015, après l’échéance : sans effet (devis)", 0),
        ("Suspendu le samedi 14 mars 2015, après l’échéance : sans effet (expert)", 0),
        ("Échéance : jeudi 12 mars 2015", None),
    ]


def test_suspensions_that_follow_each_other_at_one_moment_are_told_one_after_the_other() -> None:
    assert lines("-05 +07 -07 +09", "devis", "expert") == [
        ("+ 10 jours", 10),
        ("Suspendu du vendredi 6 mars 2015 au samedi 7 mars 2015 : 2 jours (devis)", 2),
        ("Suspendu du dimanche 8 mars 2015 au lundi 9 mars 2015 : 2 jours (expert)", 2),
        ("Échéance : lundi 16 mars 2015", None),
    ]
