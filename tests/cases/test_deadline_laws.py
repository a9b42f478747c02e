"""Deadlines: the laws that hold whatever happened, tried on made-up histories."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cases.calendar import is_working_day
from cases.deadlines import Computation, Duration, Event, EventKind, Unit, compute
from tests.cases.day_by_day import due_by_counting

DAYS, WORKING = Unit.CALENDAR_DAYS, Unit.WORKING_DAYS

hours = st.integers(min_value=0, max_value=24 * 20)
starts = st.datetimes(min_value=datetime(2004, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
durations = st.builds(
    Duration,
    value=st.integers(min_value=1, max_value=40),
    unit=st.sampled_from(Unit),
    roll_over=st.booleans(),
    first_day_excluded=st.booleans(),
)


#: None at all as often as any: events of one instant are the ones that go wrong.
gaps = st.one_of(st.just(0), st.sampled_from([1, 24]), hours)
motives = st.sampled_from(["", "devis", "expert"])


@st.composite
def histories(draw: st.DrawFn, *, closed: bool = False, ended: bool | None = None) -> list[Event]:
    """Possible histories: a start, suspensions one after another and nested, extensions, perhaps an end.

    ``closed``: every suspension is lifted. ``ended``: whether the deadline is met (``None``: either).
    """
    time = draw(starts)
    events = [Event(EventKind.STARTED, time)]
    depth = 0
    for _ in range(draw(st.integers(min_value=0, max_value=6))):
        time += timedelta(hours=draw(gaps))
        stop = depth == 0 or draw(st.booleans())
        depth += 1 if stop else -1
        kind = EventKind.SUSPENDED if stop else EventKind.RESUMED
        events.append(Event(kind, time, motive=draw(motives)))
    while closed and depth:
        time += timedelta(hours=draw(gaps))
        events.append(Event(EventKind.RESUMED, time))
        depth -= 1
    for _ in range(draw(st.integers(min_value=0, max_value=2))):
        when = draw(st.sampled_from(events)).at
        events.append(
            Event(EventKind.EXTENDED, when, draw(st.integers(min_value=1, max_value=10)), draw(motives))
        )
    if draw(st.booleans()) if ended is None else ended:
        events.append(Event(EventKind.MET, time + timedelta(hours=draw(gaps))))
    return events


@st.composite
def closed_pairs(draw: st.DrawFn, after: datetime) -> list[Event]:
    """A suspension and its end, some time after a moment."""
    stop = after + timedelta(hours=draw(st.integers(min_value=0, max_value=24 * 80)))
    resume = stop + timedelta(hours=draw(gaps))
    return [Event(EventKind.SUSPENDED, stop), Event(EventKind.RESUMED, resume)]


def dated(found: Computation) -> date:
    """Return the due date of a deadline that must have one."""
    assert found.due_on is not None
    return found.due_on


@settings(deadline=None)
@given(durations, histories(), st.randoms(use_true_random=False))
def test_the_order_of_the_events_given_is_without_effect(
    duration: Duration, events: list[Event], shuffler: random.Random
) -> None:
    shuffled = [*events]
    shuffler.shuffle(shuffled)
    assert compute(duration, shuffled) == compute(duration, events)


@settings(deadline=None)
@given(durations, histories(), st.data())
def test_the_order_of_events_at_one_instant_is_without_effect(
    duration: Duration, events: list[Event], data: st.DataObject
) -> None:
    """All that happened between the start and the end is brought to two instants, then told in any order."""
    start, end = events[0].at, max(event.at for event in events)
    middle = data.draw(st.sampled_from([event.at for event in events]))
    moved = [
        replace(
            event, at=event.at if event.at == start or event.kind is EventKind.MET else max(event.at, middle)
        )
        for event in events
    ]
    assert compute(duration, data.draw(st.permutations(moved))) == compute(duration, moved)
    assert all(start <= event.at <= end for event in moved)


@settings(deadline=None, max_examples=400)
@given(durations, histories())
def test_counting_day_by_day_leads_to_the_same_date(duration: Duration, events: list[Event]) -> None:
    assert compute(duration, events).due_on == due_by_counting(duration, events)


@settings(deadline=None)
@given(durations, histories())
def test_computing_again_changes_nothing(duration: Duration, events: list[Event]) -> None:
    stored = [(str(event.kind), event.at.isoformat(), event.amount, event.motive) for event in events]
    again = [
        Event(EventKind(kind), datetime.fromisoformat(at), amount, motive)
        for kind, at, amount, motive in stored
    ]
    first = compute(duration, events)
    assert compute(duration, again) == first == compute(duration, events)


@settings(deadline=None)
@given(durations, histories(closed=True), st.integers(min_value=0, max_value=30))
def test_a_longer_duration_never_ends_earlier(duration: Duration, events: list[Event], more: int) -> None:
    longer = Duration(duration.value + more, duration.unit, duration.roll_over, duration.first_day_excluded)
    assert dated(compute(longer, events)) >= dated(compute(duration, events))


@settings(deadline=None)
@given(durations, histories(closed=True, ended=False), st.integers(min_value=1, max_value=20))
def test_an_extension_never_shortens(duration: Duration, events: list[Event], amount: int) -> None:
    extension = Event(EventKind.EXTENDED, events[-1].at, amount=amount)
    assert dated(compute(duration, [*events, extension])) >= dated(compute(duration, events))


@settings(deadline=None)
@given(durations, histories(closed=True, ended=False), hours, hours)
def test_a_suspension_never_shortens(
    duration: Duration, events: list[Event], before: int, length: int
) -> None:
    stop = max(event.at for event in events) + timedelta(hours=before)
    resume = stop + timedelta(hours=length)
    plain = dated(compute(duration, events))
    moves = [Event(EventKind.SUSPENDED, stop), Event(EventKind.RESUMED, resume)]
    suspended = dated(compute(duration, [*events, *moves]))
    assert suspended >= plain
    if moves[0].on == moves[1].on or moves[0].on > plain:
        assert suspended == plain
    elif duration.unit is DAYS and not duration.roll_over:
        assert suspended == plain + (moves[1].on - moves[0].on)


@settings(deadline=None)
@given(durations, histories(closed=True, ended=False), st.data())
def test_a_suspension_anywhere_never_shortens(
    duration: Duration, events: list[Event], data: st.DataObject
) -> None:
    pair = data.draw(closed_pairs(events[0].at))
    assert dated(compute(duration, [*events, *pair])) >= dated(compute(duration, events))


@settings(deadline=None)
@given(durations, histories(closed=True, ended=False), st.data())
def test_a_suspension_within_another_changes_no_day(
    duration: Duration, events: list[Event], data: st.DataObject
) -> None:
    """Wherever the clock stands still already."""
    stops = [event.at for event in events if event.kind is EventKind.SUSPENDED]
    if not stops:
        return
    first = data.draw(st.sampled_from(stops))
    lifts = [event.at for event in events if event.kind is EventKind.RESUMED and event.at >= first]
    moment = first + (lifts[0] - first) * data.draw(st.floats(min_value=0, max_value=1))
    pair = [Event(EventKind.SUSPENDED, moment), Event(EventKind.RESUMED, lifts[0])]
    nested = compute(duration, [*events, *pair])
    assert nested.due_on == compute(duration, events).due_on


@settings(deadline=None)
@given(durations, histories(closed=True, ended=False), st.integers(min_value=1, max_value=240))
def test_a_later_resumption_never_ends_earlier(duration: Duration, events: list[Event], later: int) -> None:
    last = max(
        (event for event in events if event.kind is EventKind.RESUMED),
        key=lambda event: event.at,
        default=None,
    )
    if last is None:
        return
    moved = [event for event in events if event is not last]
    moved.append(replace(last, at=last.at + timedelta(hours=later)))
    assert dated(compute(duration, moved)) >= dated(compute(duration, events))


@settings(deadline=None)
@given(durations, starts, hours, hours, hours)
def test_two_adjacent_suspensions_are_one(
    duration: Duration, start: datetime, before: int, first: int, second: int
) -> None:
    stop = start + timedelta(hours=before)
    between, end = stop + timedelta(hours=first), stop + timedelta(hours=first + second)
    one = [Event(EventKind.STARTED, start), Event(EventKind.SUSPENDED, stop), Event(EventKind.RESUMED, end)]
    two = [*one, Event(EventKind.RESUMED, between), Event(EventKind.SUSPENDED, between)]
    assert compute(duration, two).due_on == compute(duration, one).due_on


@settings(deadline=None)
@given(durations, starts, hours)
def test_a_later_start_never_ends_earlier(duration: Duration, start: datetime, later: int) -> None:
    events = [Event(EventKind.STARTED, start)]
    moved = [Event(EventKind.STARTED, start + timedelta(hours=later))]
    assert dated(compute(duration, moved)) >= dated(compute(duration, events))


@settings(deadline=None)
@given(durations, histories(closed=True))
def test_working_and_rolled_over_deadlines_end_on_working_days(
    duration: Duration, events: list[Event]
) -> None:
    found = compute(duration, events)
    if duration.unit is WORKING or duration.roll_over:
        assert is_working_day(dated(found))
    assert found.lines[0].on == events[0].on


@settings(deadline=None)
@given(durations.filter(lambda duration: duration.unit is DAYS), histories(closed=True))
def test_the_lines_of_a_sum_in_days_add_up(duration: Duration, events: list[Event]) -> None:
    found = compute(duration, events)
    shift = 0 if duration.first_day_excluded else -1
    total = shift + sum(line.days or 0 for line in found.lines)
    assert events[0].on + timedelta(days=total) == found.due_on
