"""The clock: real time outside, stopped time inside ``at``, dates of Paris."""

import threading
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import time_machine

from cases import clock

MOMENT = datetime(2015, 3, 3, 9, 30, tzinfo=clock.PARIS)


def test_now_is_the_real_time_in_utc() -> None:
    with time_machine.travel(MOMENT, tick=False):
        assert clock.now() == MOMENT
        assert clock.now().utcoffset() == timedelta(0)


def test_now_moves_with_the_real_time() -> None:
    with time_machine.travel(MOMENT, tick=False) as real:
        real.shift(timedelta(hours=2))
        assert clock.now() == MOMENT + timedelta(hours=2)


def test_at_stops_the_clock_for_the_block() -> None:
    with clock.at(MOMENT) as shown:
        assert shown == clock.now() == clock.now() == MOMENT
        assert clock.now().utcoffset() == timedelta(0)
    assert clock.now() != MOMENT


def test_at_can_be_nested() -> None:
    later = MOMENT + timedelta(days=40)
    with clock.at(MOMENT):
        with clock.at(later):
            assert clock.now() == later
        assert clock.now() == MOMENT


def _fail_inside_at() -> None:
    with clock.at(MOMENT):
        raise RuntimeError


def test_at_gives_the_time_back_after_an_exception() -> None:
    with pytest.raises(RuntimeError):
        _fail_inside_at()
    assert clock.now() != MOMENT


def test_at_does_not_move_other_threads() -> None:
    seen = []
    with clock.at(MOMENT):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert len(seen) == 1
    assert seen[0] != MOMENT


def test_at_refuses_a_naive_moment() -> None:
    with pytest.raises(ValueError, match="time zone"), clock.at(datetime(2015, 3, 3)):  # noqa: DTZ001
        pytest.fail("the block must not be entered")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2015, 3, 3, 22, 59, 59, tzinfo=UTC), date(2015, 3, 3)),
        (datetime(2015, 3, 3, 23, 0, tzinfo=UTC), date(2015, 3, 4)),
        (datetime(2015, 7, 1, 21, 59, 59, tzinfo=UTC), date(2015, 7, 1)),
        (datetime(2015, 7, 1, 22, 0, tzinfo=UTC), date(2015, 7, 2)),
        # The night of 28 to 29 March 2015, clocks go forward at 01:00 UTC.
        (datetime(2015, 3, 28, 22, 59, tzinfo=UTC), date(2015, 3, 28)),
        (datetime(2015, 3, 29, 22, 0, tzinfo=UTC), date(2015, 3, 30)),
        # The night of 24 to 25 October 2015, clocks go back at 01:00 UTC.
        (datetime(2015, 10, 24, 22, 0, tzinfo=UTC), date(2015, 10, 25)),
        (datetime(2015, 10, 25, 22, 59, tzinfo=UTC), date(2015, 10, 25)),
        (datetime(2015, 3, 3, 12, 0, tzinfo=timezone(timedelta(hours=-12))), date(2015, 3, 4)),
    ],
)
def test_today_is_the_date_of_paris(moment: datetime, expected: date) -> None:
    assert clock.paris_date(moment) == expected
    with clock.at(moment):
        assert clock.today() == expected


def test_paris_date_refuses_a_naive_moment() -> None:
    with pytest.raises(ValueError, match="time zone"):
        clock.paris_date(datetime(2015, 3, 3))  # noqa: DTZ001
