"""Invented queues whose pace is known, to try the forecast on: the demonstration has too little history for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from workflows.forecast.backtest import Backtest, Visit, check, mondays_between
from workflows.forecast.model import RUNS, days_ahead

#: Where the invented history begins, and how many working days it has.
START: Final = date(2015, 1, 5)
DAYS: Final = 500
#: More than the dossiers of one invented queue.
_APART: Final = 100_000
#: Mondays of the first half year are not judged: the history only begins.
FIRST: Final = date(2015, 7, 6)


@dataclass(frozen=True, slots=True)
class Regime:
    """How an invented queue works.

    ``arrivals`` and ``capacity``: dossiers a working day, on average; ``rhythm``: by what the capacity is multiplied on
    Monday to Friday. ``own_time``: instead of one after the other, each dossier takes its own time, of so many
    working days on average, whatever the others do. ``delay``: working days from arrival to date, between two bounds.
    """

    title: str
    arrivals: float
    capacity: float = 0.0
    rhythm: tuple[float, float, float, float, float] = (1, 1, 1, 1, 1)
    own_time: float = 0.0
    delay: tuple[int, int] = (2, 25)


REGIMES: Final = {
    "busy": Regime(
        "File chargée, traitée dans l’ordre", arrivals=1.9, capacity=2, rhythm=(1.6, 1, 1, 1, 0.4)
    ),
    "quiet": Regime("File peu chargée, souvent vide", arrivals=0.3, capacity=0.4),
    "own_time": Regime("Chaque dossier prend son temps, sans ordre", arrivals=0.5, own_time=6, delay=(1, 12)),
}


def invented(regime: Regime, seed: int, first: int = 0) -> tuple[list[Visit], dict[int, date], date]:
    """The visits of an invented queue in queue order, the date of each dossier, and the last day of the history.

    ``first``: the number of its first dossier.
    """
    generator = np.random.default_rng(seed)
    days = days_ahead(START, DAYS)
    came = [
        number for number, count in enumerate(generator.poisson(regime.arrivals, DAYS)) for _ in range(count)
    ]
    left = list(
        _own_times(regime, came, generator) if regime.own_time else _in_turn(regime, came, days, generator)
    )
    delays = generator.integers(*regime.delay, size=len(came), endpoint=True)
    visits, due = [], {}
    for dossier, (arrival, end) in enumerate(zip(came, left, strict=True), start=first):
        gone = days[end] if end < DAYS else None
        visits.append(Visit(dossier, days[arrival], gone, gone is not None))
        due[dossier] = days[min(arrival + int(delays[dossier - first]), DAYS - 1)]
    return visits, due, days[-1]


def _in_turn(
    regime: Regime, came: list[int], days: tuple[date, ...], generator: np.random.Generator
) -> Iterator[int]:
    rhythm = np.array([regime.rhythm[day.weekday()] for day in days])
    free = generator.poisson(regime.capacity * rhythm)
    day = 0
    for arrival in came:
        day = max(day, arrival + 1)
        while day < DAYS and not free[day]:
            day += 1
        if day < DAYS:
            free[day] -= 1
        yield day


def _own_times(regime: Regime, came: list[int], generator: np.random.Generator) -> Iterator[int]:
    for arrival, time in zip(came, generator.gamma(3, regime.own_time / 3, len(came)), strict=True):
        yield min(arrival + 1 + int(time), DAYS)


def trial(regime: Regime, *, queues: int = 1, seed: int = 0, runs: int = RUNS) -> Backtest:
    """Forecast ``queues`` invented queues on each of their Mondays; what came of it."""
    result = Backtest()
    for number in range(queues):
        visits, due, last = invented(regime, seed + number, first=number * _APART)
        check(
            f"{regime.title} {number}",
            visits,
            mondays_between(FIRST, last),
            lambda dossier, _, due=due: due[dossier],  # type: ignore[misc]
            last,
            result,
            runs=runs,
        )
    return result
