"""The forecast of a queue: laws that hold for every history, refusals, and queues of which the truth is known."""

from datetime import date, timedelta
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.calendar import is_working_day
from cases.errors import Invalid
from workflows.forecast.backtest import Checked, around, brier, brier_of_base_rate, calibration
from workflows.forecast.history import History, Moves, Refusal, history_of, pace_of
from workflows.forecast.model import HORIZON, Outlook, days_ahead, draw, outlook, seed_of
from workflows.forecast.trial import REGIMES, trial
from workflows.forecast.whatif import WhatIf, what_if
from workflows.forecast.words import spoken

#: A Monday without a holiday near.
TODAY = date(2017, 2, 6)
RUNS = 300


def working_days_before(day: date, count: int) -> list[date]:
    found: list[date] = []
    while len(found) < count:
        day -= timedelta(days=1)
        if is_working_day(day):
            found.append(day)
    return found[::-1]


def history(*done: int, open_now: int = 500) -> History:
    """That of a queue that has had work since it exists: so many left on each of the last working days."""
    first, *days = working_days_before(TODAY, len(done) + 1)
    moves = {day: Moves(0, number, 0) for day, number in zip(days, done, strict=True)}
    moves[first] = Moves(arrived=open_now + sum(done))
    found = history_of(moves, open_now, TODAY)
    assert isinstance(found, History)
    return found


def refusal(moves: dict[date, Moves], open_now: int) -> str:
    found = history_of(moves, open_now, TODAY)
    assert isinstance(found, Refusal)
    return found.message


UNEVEN = history(*[1, 0, 2, 0, 1, 3, 0, 0, 1, 0, 1, 2] * 10)
histories = st.lists(st.integers(0, 4), min_size=30, max_size=60).filter(lambda done: sum(done[:25]) >= 8)


@given(histories, st.integers(1, 30), st.integers(1, 4), st.integers(1, 3), st.integers(0, 20))
def test_more_people_never_finish_later_and_fewer_never_earlier(
    done: list[int], waiting: int, holders: int, more: int, absence: int
) -> None:
    past = history(*done)
    drawn = draw(past, days_ahead(TODAY, 30), 7, RUNS)

    def asked(question: WhatIf) -> Outlook:
        return outlook(past, waiting, 7, asked=question, holders=holders, drawn=drawn, horizon=30)

    present, helped, away = asked(WhatIf()), asked(WhatIf(people=more)), asked(WhatIf(absence=absence))
    pressed, queued = asked(WhatIf(burst=5, ahead=True)), asked(WhatIf(burst=5))
    for position in range(1, waiting + 1):
        for day in (TODAY, TODAY + timedelta(days=9), TODAY + timedelta(days=30)):
            chance = present.chance_by(position, day)
            assert helped.chance_by(position, day) >= chance
            assert away.chance_by(position, day) <= chance
            assert pressed.chance_by(position, day) <= chance
            assert queued.chance_by(position, day) == chance


@given(histories, st.integers(2, 40))
def test_a_dossier_further_back_is_never_done_earlier(done: list[int], waiting: int) -> None:
    seen = outlook(history(*done), waiting, 11, runs=RUNS)
    for position in range(1, waiting):
        before, after = seen.day_of(position, 0.5), seen.day_of(position + 1, 0.5)
        assert before is not None or after is None
        assert before is None or after is None or before <= after
        due = TODAY + timedelta(days=position)
        assert seen.chance_by(position, due) >= seen.chance_by(position + 1, due)
        assert seen.chance_by(position, due) <= seen.chance_by(position, due + timedelta(days=1))
    half, most = seen.cleared_on(0.5), seen.cleared_on(0.85)
    assert half == seen.day_of(waiting, 0.5)
    assert most is None or (half is not None and half <= most)


def test_the_same_queue_and_day_give_the_same_figures_and_another_day_others() -> None:
    seed = seed_of("reviewer@canssm fnmo_investment.check", TODAY)
    assert seed == 1_380_091_559
    assert seed != seed_of("reviewer@canssm fnmo_investment.check", TODAY + timedelta(days=1))
    first, second = (outlook(UNEVEN, 20, seed, runs=RUNS) for _ in range(2))
    assert (first.reached == second.reached).all()
    assert not np.array_equal(first.reached, outlook(UNEVEN, 20, seed + 1, runs=RUNS).reached)


def test_a_date_that_passed_is_missed_and_one_on_a_sunday_counts_until_friday() -> None:
    seen = outlook(UNEVEN, 5, 3, runs=RUNS)
    assert seen.chance_by(1, TODAY - timedelta(days=1)) == 0
    assert seen.chance_in_any_order(TODAY - timedelta(days=1)) == 0
    sunday = TODAY + timedelta(days=6)
    assert seen.chance_by(5, sunday) == seen.chance_by(5, sunday - timedelta(days=2))
    assert seen.chance_by(5, sunday + timedelta(days=3)) > seen.chance_by(5, sunday) > 0
    assert seen.chance_by(1, date(2030, 1, 1)) == 1


def test_a_pace_of_one_a_day_is_forecast_to_the_day() -> None:
    seen = outlook(history(*[1] * 60), 3, 3, runs=RUNS)
    assert [seen.day_of(place, 0.85) for place in (1, 2, 3)] == [TODAY + timedelta(days=n) for n in range(3)]
    assert [seen.left_at_most(index, 0.85) for index in range(4)] == [2, 1, 0, 0]
    assert seen.chance_by(2, TODAY) == 0
    assert seen.chance_in_any_order(TODAY) == pytest.approx(1 / 3)
    one_away = outlook(history(*[1] * 60), 3, 3, runs=RUNS, asked=WhatIf(absence=4), holders=1)
    assert one_away.day_of(1, 0.5) == TODAY + timedelta(days=4)
    two = outlook(history(*[1] * 60), 3, 3, runs=RUNS, asked=WhatIf(people=1), holders=1)
    assert two.day_of(3, 0.5) == TODAY + timedelta(days=1)


def test_the_rhythm_of_the_week_is_kept_and_holidays_are_not_worked() -> None:
    done = [5 if day.weekday() == 0 else 0 for day in working_days_before(TODAY, 120)]
    drawn = draw(history(*done), days_ahead(TODAY, 60), 1, RUNS)
    for day, row in zip(days_ahead(TODAY, 60), drawn, strict=True):
        assert set(row) == {5 if day.weekday() == 0 else 0}
    assert date(2017, 4, 17) not in days_ahead(TODAY, 60)  # Easter Monday


def test_the_same_pace_seen_for_a_shorter_time_is_less_certain() -> None:
    seen = [int(number) for number in np.random.default_rng(1).integers(0, 4, 40)]

    def spread(past: History) -> float:
        leaving = draw(past, days_ahead(TODAY, 100), 9, 2_000).sum(axis=0)
        return float(leaving.std())

    assert spread(history(*seen)) > 1.3 * spread(history(*seen * 6))


def test_what_left_today_is_taken_from_what_today_was_to_bring() -> None:
    moves = {day: Moves(0, 2, 0) for day in working_days_before(TODAY, 60)} | {TODAY: Moves(0, 2, 0)}
    past = history_of(moves, 4, TODAY)
    assert isinstance(past, History)
    assert outlook(past, 4, 1, runs=RUNS).day_of(1, 0.5) == TODAY + timedelta(days=1)


def test_a_backlog_without_end_in_sight_says_so() -> None:
    seen = outlook(UNEVEN, 5_000, 3, runs=RUNS)
    assert seen.cleared_on(0.5) is None
    assert seen.chance_by(5_000, date(2030, 1, 1)) == 0
    assert len(seen.days) == HORIZON


def test_days_on_which_nothing_waited_do_not_slow_the_queue() -> None:
    """Every fifth day one comes, that leaves the day after: on the only day on which something waits, it is done."""
    moves: dict[date, Moves] = {}
    for number, day in enumerate(working_days_before(TODAY, 100)):
        moves[day] = Moves(int(number % 5 == 0), int(number % 5 == 1), 0)
    moves[TODAY] = Moves(arrived=1)
    past = history_of(moves, 1, TODAY)
    assert isinstance(past, History)
    assert (past.days, past.counted) == (20, 20)
    assert past.emptied.all()
    assert outlook(past, 1, 5, runs=RUNS).day_of(1, 0.85) == TODAY


def test_what_is_withdrawn_is_no_work_done() -> None:
    days = working_days_before(TODAY, 60)
    moves = {day: Moves(0, number % 2, 1) for number, day in enumerate(days)}
    past = history_of(moves, 10, TODAY)
    assert isinstance(past, History)
    assert (past.departures, past.withdrawn, past.counted) == (30, 60, 30)


def test_days_that_emptied_the_queue_are_worth_at_least_what_was_done() -> None:
    """Two days at 1 where work was missing stand for what the other days at 1 or more were: here 3."""
    done = np.array([1, 1, 3, 0])
    assert list(pace_of(done, np.array([False, False, False, False]))) == [1, 0.75, 0.25, 0.25]
    assert list(pace_of(done, np.array([True, True, False, False]))) == [1, 0.75, 0.75, 0.75]


def test_too_little_history_is_refused_in_a_sentence_that_states_the_threshold() -> None:
    days = working_days_before(TODAY, 60)
    assert "aucun dossier de cette file n’a été traité " in refusal({}, 3)
    assert refusal({}, 3).endswith("il en faut 8.")
    assert "7 dossiers" in refusal({day: Moves(0, 1, 0) for day in days[:7]}, 3)
    assert "vendredi 13 janvier 2017" in refusal({day: Moves(0, 1, 0) for day in days[-16:]}, 3)
    assert "vingt" not in refusal({day: Moves(0, 1, 0) for day in days[-16:]}, 3)
    bulk = {days[5]: Moves(9, 0, 0), days[6]: Moves(0, 9, 0), TODAY: Moves(3, 0, 0)}
    assert "n’attendait dans cette file que 1 jour ouvré ; il en faut 10." in refusal(bulk, 3)


@pytest.mark.parametrize(
    ("given_fields", "field"),
    [
        ({"people": "beaucoup"}, "people"),
        ({"people": "21"}, "people"),
        ({"absence": "-3"}, "absence"),
        ({"absence": "251"}, "absence"),
        ({"burst": "1001"}, "burst"),
        ({"burst": "٣"}, "burst"),
        ({"place": "aside"}, "place"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_field(given_fields: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        what_if(given_fields, 2)
    assert list(refused.value.details) == [field]


def test_a_question_is_read_as_urls_write_it() -> None:
    assert what_if({"people": " 1"}, 2) == what_if({"people": "+1"}, 2) == WhatIf(people=1)
    assert what_if({"absence": "10", "burst": "5", "place": "ahead"}, 2) == WhatIf(0, 10, 5, ahead=True)
    assert not what_if({"people": "0", "absence": ""}, 0)
    with pytest.raises(Invalid) as refused:
        what_if({"people": "1", "absence": "2"}, 0)
    assert sorted(refused.value.details) == ["absence", "people"]


@pytest.mark.parametrize(
    ("chance", "departures", "words"),
    [
        (0.8012, 100, "environ 80\u00a0%"),
        (0.825, 100, "environ 85\u00a0%"),
        (1.0, 100, "plus de 99\u00a0%"),
        (1.0, 12, "plus de 95\u00a0%"),
        (0.97, 100, "plus de 95\u00a0%"),
        (0.0, 100, "moins de 1\u00a0%"),
        (0.0, 12, "moins de 5\u00a0%"),
        (0.02, 100, "moins de 5\u00a0%"),
    ],
)
def test_a_chance_is_said_no_more_exactly_than_it_is_known(
    chance: float, departures: int, words: str
) -> None:
    assert spoken(chance, departures) == words


def test_ten_thousand_runs_for_two_hundred_dossiers_take_less_than_a_second() -> None:
    past = history(*[3, 0, 2, 1, 1] * 50)
    start = perf_counter()
    seen = outlook(past, 200, 1)
    assert all(seen.chance_by(place, TODAY + timedelta(days=place)) >= 0 for place in range(1, 201))
    assert perf_counter() - start < 2  # 0.25 s alone; the machine of the tests is shared


def independent_forecasts(*, pace: float, arrivals: float | None, number: int = 300) -> list[Checked]:
    """Invented queues that work at a known pace and have 20 dossiers today, whatever happened before.

    ``arrivals`` None: there was always work. What happens then is drawn from the same truth, and judged.
    """
    rhythm = np.array([1.6, 1, 1, 1, 0.4])
    past_days, ahead = working_days_before(TODAY, 250), days_ahead(TODAY, 20)
    checked: list[Checked] = []
    for queue in range(number):
        generator = np.random.default_rng(queue)
        able = generator.poisson(pace * rhythm[[day.weekday() for day in past_days]])
        came = generator.poisson(arrivals, 250) if arrivals is not None else able
        moves, level = {}, 0 if arrivals is not None else 20
        for day, most, arrived in zip(past_days, able, came, strict=True):
            out = min(level, int(most)) if arrivals is not None else int(most)
            level += int(arrived) - out
            moves[day] = Moves(int(arrived), out, 0)
        moves[TODAY] = Moves(arrived=20 - level)
        past = history_of(moves, 20, TODAY)
        assert isinstance(past, History)
        seen = outlook(past, 20, queue, runs=100, horizon=20)
        truth = generator.poisson(pace * rhythm[[day.weekday() for day in ahead]]).cumsum()
        for position in (4, 10, 16):
            due = int(generator.integers(position / pace * 0.5, position / pace * 1.6))
            chance = seen.chance_by(position, ahead[due])
            checked.append(Checked(queue, chance, bool(truth[due] >= position)))
    return checked


@pytest.mark.parametrize("arrivals", [None, 1.2], ids=["always-work", "often-empty"])
def test_forecasts_of_a_known_truth_come_true_as_often_as_they_say(arrivals: float | None) -> None:
    checked = independent_forecasts(pace=2, arrivals=arrivals)
    for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01)):
        some = [one for one in checked if low <= one.chance < high]
        assert len(some) >= 40
        said = sum(one.chance for one in some) / len(some)
        came = sum(one.in_time for one in some) / len(some)
        # Where work was often missing, the fastest days were never seen: the forecast may be cautious, not rash.
        assert said - 0.1 < came < said + (0.1 if arrivals is None else 0.2)
    score, base = brier(checked), brier_of_base_rate(checked)
    assert score is not None
    assert base is not None
    assert score < base * 0.75


def test_mondays_of_an_invented_queue_are_checked_without_knowing_what_came_after() -> None:
    result = trial(REGIMES["quiet"], queues=1, seed=3, runs=200)
    assert result.forecast > 30
    assert len(result.checked) == sum(one.forecasts for one in calibration(result.checked)) > 50
    band = around(result.checked, 0.8)
    assert (band.low, band.high) == pytest.approx((0.75, 0.85))
    score, base = brier(result.checked), brier_of_base_rate(result.checked)
    assert score is not None
    assert base is not None
    assert score < base
