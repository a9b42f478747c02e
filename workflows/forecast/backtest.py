"""Whether forecasts come true: what was forecast of past days beside what happened."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from cases.calendar import working_days_between
from workflows.forecast.history import LOOK_BACK, Moves, Refusal, history_of
from workflows.forecast.model import HORIZON, RUNS, outlook, seed_of

#: Ten bands of a tenth each.
BANDS: Final = 10


@dataclass(frozen=True, slots=True)
class Checked:
    """A forecast of the past: the chance given to be in time, and whether the dossier was. ``dossier``: any key.

    ``any_order``: the chance had the order of the queue not been followed at all.
    """

    dossier: int
    chance: float
    in_time: bool
    any_order: float = 0.0


class Visit(NamedTuple):
    """A dossier in a queue as it is known today. ``left``: None while it waits; ``done``: it left by an act."""

    dossier: int
    came: date
    left: date | None
    done: bool


@dataclass(slots=True)
class Backtest:
    """What came out of ``forecast`` queues on Mondays; ``refused``: those of too little history.

    The other numbers are of forecasts that cannot be judged: dossiers without a date then, or whose date had passed
    already, withdrawn before their date, or not known yet.
    """

    checked: list[Checked] = field(default_factory=list)
    forecast: int = 0
    refused: int = 0
    undated: int = 0
    overdue: int = 0
    withdrawn: int = 0
    unknown: int = 0


#: The date of a dossier as it was known at the start of a day.
DueOn = Callable[[int, date], date | None]


def mondays_between(first: date, last: date) -> list[date]:
    """The Mondays after the week of ``first``, up to ``last``."""
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(days=7 * number) for number in range(1, (last - monday).days // 7 + 1)]


def check(
    key: str,
    visits: Sequence[Visit],
    mondays: Iterable[date],
    due_on: DueOn,
    today: date,
    result: Backtest,
    *,
    runs: int = RUNS,
) -> None:
    """Forecast the queue ``key`` as it stood on each of ``mondays``, compare with what is known ``today``.

    ``visits`` are in queue order. Only what had happened before a Monday is used for it. Adds to ``result``.
    """
    for monday in mondays:
        known = [one for one in visits if one.came < monday]
        waiting = [one for one in known if one.left is None or one.left >= monday]
        if not waiting:
            continue
        history = history_of(_moves(known, monday), len(waiting), monday)
        if isinstance(history, Refusal):
            result.refused += 1
            continue
        result.forecast += 1
        dates = [due_on(one.dossier, monday) for one in waiting]
        furthest = max((one for one in dates if one is not None), default=monday)
        horizon = min(working_days_between(monday, furthest) + 1, HORIZON)
        seen = outlook(history, len(waiting), seed_of(key, monday), runs=runs, horizon=horizon)
        for position, (one, due) in enumerate(zip(waiting, dates, strict=True), start=1):
            if due is None:
                result.undated += 1
            elif due < monday:
                result.overdue += 1
            elif one.left is not None and not one.done and one.left <= due:
                result.withdrawn += 1
            elif one.left is None and today <= due:
                result.unknown += 1
            else:
                in_time = one.left is not None and one.done and one.left <= due
                result.checked.append(
                    Checked(
                        one.dossier, seen.chance_by(position, due), in_time, seen.chance_in_any_order(due)
                    )
                )


def _moves(known: Iterable[Visit], monday: date) -> dict[date, Moves]:
    since = monday - LOOK_BACK
    arrived: Counter[date] = Counter()
    done: Counter[date] = Counter()
    gone: Counter[date] = Counter()
    for one in known:
        if one.came >= since:
            arrived[one.came] += 1
        if one.left is not None and since <= one.left < monday:
            (done if one.done else gone)[one.left] += 1
    return {day: Moves(arrived[day], done[day], gone[day]) for day in {*arrived, *done, *gone}}


@dataclass(frozen=True, slots=True)
class Band:
    """The forecasts from ``low`` (included) to ``high`` (excluded, but for 1): how many, how many were in time."""

    low: float
    high: float
    forecasts: int
    dossiers: int
    in_time: int
    mean_chance: float | None

    @property
    def share(self) -> float | None:
        """The share that was in time."""
        return self.in_time / self.forecasts if self.forecasts else None


def band(checked: Sequence[Checked], low: float, high: float) -> Band:
    """What happened to the forecasts of at least ``low`` and below ``high`` (1 belongs to the last band)."""
    found = [one for one in checked if low <= one.chance < high or (high >= 1 and one.chance >= high)]
    return Band(
        low,
        high,
        len(found),
        len({one.dossier for one in found}),
        sum(one.in_time for one in found),
        sum(one.chance for one in found) / len(found) if found else None,
    )


def calibration(checked: Sequence[Checked]) -> list[Band]:
    """The ten bands: a forecast that is right is in time as often as it says."""
    return [band(checked, number / BANDS, (number + 1) / BANDS) for number in range(BANDS)]


def around(checked: Sequence[Checked], chance: float, margin: float = 0.05) -> Band:
    """The forecasts of about ``chance``."""
    return band(checked, chance - margin, chance + margin)


def brier(checked: Sequence[Checked]) -> float | None:
    """The mean square of the difference between forecast and event: 0 is perfect, 0.25 is « one in two » every time."""
    if not checked:
        return None
    return sum((one.chance - one.in_time) ** 2 for one in checked) / len(checked)


def brier_of_base_rate(checked: Sequence[Checked]) -> float | None:
    """The same for who says each time the share that was in time in all: known only afterwards, hence hard to beat."""
    if not checked:
        return None
    rate = sum(one.in_time for one in checked) / len(checked)
    return rate * (1 - rate)
