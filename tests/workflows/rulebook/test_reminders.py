"""The reminder ladder: which rung is due on a day, each once, whatever days somebody looks on."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.rulebook import DEFAULT, Addressee, Ladder, Reminder
from workflows.rulebook.reminders import Overdue, Rung

A = Addressee
DUE = date(2015, 3, 31)
OPENED = date(2015, 3, 2)


def on(days: int) -> date:
    """So many days from the date."""
    return DUE + timedelta(days=days)


def sweep(
    ladder: Ladder, days: list[date], due_on: date = DUE, opened: date = OPENED
) -> list[tuple[date, Reminder]]:
    """What sweeps on these days give, each noting what it has dealt with."""
    given, reminded_on = [], opened
    for day in days:
        look = ladder.look(due_on=due_on, reminded_on=reminded_on, today=day)
        if look.reminder is not None:
            given.append((day, look.reminder))
        reminded_on = day
    return given


def test_default_ladder_is_that_of_the_design() -> None:
    assert [(rung.days_before, list(rung.to)) for rung in DEFAULT.rungs] == [
        (7, ["holder"]),
        (3, ["holder", "deputy"]),
        (1, ["manager"]),
        (0, ["manager"]),
    ]
    assert (DEFAULT.overdue.every, list(DEFAULT.overdue.to)) == (5, ["director"])


def test_daily_sweep_gives_exactly_the_ladder_and_then_escalates() -> None:
    days = [OPENED + timedelta(days=number) for number in range(46)]
    assert [(day, one.code, one.late) for day, one in sweep(DEFAULT, days)] == [
        (on(-7), "J-7", -7),
        (on(-3), "J-3", -3),
        (on(-1), "J-1", -1),
        (on(0), "J", 0),
        (on(5), "J+5", 5),
        (on(10), "J+10", 10),
        (on(15), "J+15", 15),
    ]


@pytest.mark.parametrize(
    ("last", "today", "code", "next_on"),
    [
        (-29, -8, None, -7),
        (-8, -7, "J-7", -3),
        (-8, -1, "J-1", 0),  # J-7 and J-3 were missed: the latest only
        (-8, 0, "J", 5),
        (0, 1, None, 5),
        (0, 4, None, 5),
        (0, 5, "J+5", 10),
        (0, 13, "J+10", 15),
        (-29, 13, "J+10", 15),
        (10, 13, None, 15),
        (10, 14, None, 15),
        (-7, -7, None, -3),
    ],
)
def test_late_look_gives_the_latest_rung_missed(
    last: int, today: int, code: str | None, next_on: int
) -> None:
    look = DEFAULT.look(due_on=DUE, reminded_on=on(last), today=on(today))
    assert (look.reminder.code if look.reminder else None, look.next_on) == (code, on(next_on))


def test_rungs_on_or_before_the_opening_are_not_given() -> None:
    # Five days from Thursday: J-7 and J-5 lie behind; opened on the day of J-3, that one is not given either.
    assert [one.code for _, one in sweep(DEFAULT, [on(-3), on(-2), on(-1), on(0)], opened=on(-3))] == [
        "J-1",
        "J",
    ]


def test_clock_whose_last_day_dealt_with_is_unknown_begins_today() -> None:
    assert DEFAULT.look(due_on=DUE, reminded_on=None, today=on(-3)).reminder is not None
    assert DEFAULT.look(due_on=DUE, reminded_on=None, today=on(-2)).reminder is None


def test_extension_moves_the_rungs() -> None:
    later = DUE + timedelta(days=10)
    assert [one.code for _, one in sweep(DEFAULT, [on(-7), on(-3)])] == ["J-7", "J-3"]
    days = [on(number) for number in range(-2, 11)]
    assert sweep(DEFAULT, days, due_on=later, opened=on(-3)) == [
        (later + timedelta(days=late), Reminder(later + timedelta(days=late), late, to))
        for late, to in [(-7, (A.HOLDER,)), (-3, (A.HOLDER, A.DEPUTY)), (-1, (A.MANAGER,)), (0, (A.MANAGER,))]
    ]


ladders = st.builds(
    lambda days, every: Ladder(
        tuple(Rung(day, (A.HOLDER,)) for day in sorted(days, reverse=True)), Overdue(every, (A.DIRECTOR,))
    ),
    st.sets(st.integers(0, 40), min_size=1, max_size=6),
    st.integers(1, 12),
)
sweeping_days = st.sets(st.integers(1, 120), max_size=60).map(
    lambda found: [OPENED + timedelta(days=day) for day in sorted(found)]
)


@given(ladders, sweeping_days)
def test_each_rung_is_given_once_never_early_and_in_order(ladder: Ladder, days: list[date]) -> None:
    given = sweep(ladder, days)
    codes = [one.code for _, one in given]
    assert len(codes) == len(set(codes))
    assert all(one.day <= day for day, one in given)
    rungs = [one.day for _, one in given]
    assert rungs == sorted(set(rungs))
    assert all(one.day > OPENED and (one.day - DUE).days == one.late for _, one in given)


@given(ladders, sweeping_days)
def test_no_rung_is_forgotten_for_good(ladder: Ladder, days: list[date]) -> None:
    """Whatever was skipped was overtaken by a later rung: after any look, the latest rung so far has been given."""
    expected = [one.day for _, one in sweep(ladder, [OPENED + timedelta(days=n) for n in range(1, 121)])]
    for count in range(1, len(days) + 1):
        last = max((one.day for _, one in sweep(ladder, days[:count])), default=None)
        assert last == max((day for day in expected if day <= days[count - 1]), default=None)


@given(ladders, sweeping_days)
def test_days_between_two_looks_are_never_needed(ladder: Ladder, days: list[date]) -> None:
    """Looking only when the last look said so gives what looking on all those days gives."""
    given, reminded_on, next_on = [], OPENED, OPENED + timedelta(days=1)
    for day in days:
        if day < next_on:
            continue
        look = ladder.look(due_on=DUE, reminded_on=reminded_on, today=day)
        assert look.next_on > day
        if look.reminder is not None:
            given.append((day, look.reminder))
        reminded_on, next_on = day, look.next_on
    assert given == sweep(ladder, days)


@given(ladders, sweeping_days, st.integers(1, 60))
def test_a_new_date_moves_every_rung_by_as_much(ladder: Ladder, days: list[date], by: int) -> None:
    shift = timedelta(days=by)
    moved = sweep(ladder, [day + shift for day in days], due_on=DUE + shift, opened=OPENED + shift)
    assert [(day - shift, one.late, one.to) for day, one in moved] == [
        (day, one.late, one.to) for day, one in sweep(ladder, days)
    ]
