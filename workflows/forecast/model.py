"""Monte Carlo forecast of a queue: when each of the dossiers that wait will be done, the oldest first.

Each of 10 000 runs draws, for every week to come, a week of the past, and each day of it takes the number of dossiers
that left the queue on that day of that week. A day about which the past week says nothing takes that of another day
(``workflows.forecast.history``). So the rhythm of the week and what goes together within a week are kept.

A short history does not tell the pace of a queue exactly. Each run therefore first redraws the history itself, weeks
and days, with replacement, and keeps to what it drew (a bootstrap within the bootstrap): the fewer weeks there are, the
further the runs lie apart, and the less a chance comes near to 0 or 1.

Arrivals behind the dossiers that wait do not delay them, hence do not appear. Everything is drawn before anybody asks
« what if », from a seed made of the queue and the day: the same page gives the same figures, and two forecasts of one
day differ by what was asked, not by chance.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cases.calendar import is_working_day
from workflows.forecast.history import WEEK, History, pace_of
from workflows.forecast.whatif import AS_IT_IS, WhatIf

RUNS: Final = 10_000
#: How many working days ahead a forecast looks.
HORIZON: Final = 250


def seed_of(key: str, today: date) -> int:
    """The seed of the forecast of a queue on a day."""
    return int.from_bytes(sha256(f"{key} {today.isoformat()}".encode()).digest()[:4])


@lru_cache(maxsize=64)
def days_ahead(today: date, count: int = HORIZON) -> tuple[date, ...]:
    """The next working days, today included when it is one."""
    found: list[date] = []
    day = today
    while len(found) < count:
        if is_working_day(day):
            found.append(day)
        day += timedelta(days=1)
    return tuple(found)


def draw(history: History, days: tuple[date, ...], seed: int, runs: int = RUNS) -> NDArray[np.int64]:
    """How many dossiers can leave on each of ``days`` (rows), in each run (columns)."""
    generator = np.random.default_rng(seed)
    mondays = [day - timedelta(days=day.weekday()) for day in days]
    order = {monday: number for number, monday in enumerate(dict.fromkeys(mondays))}
    week_of = np.array([order[monday] for monday in mondays])
    weekdays = np.array([day.weekday() for day in days])
    weeks = _drawn(generator, len(history.weeks), runs, len(order))
    places: NDArray[np.int64] = history.weeks[weeks[week_of], weekdays[:, np.newaxis]]
    for some in [[one] for one in range(WEEK)] if history.by_weekday else [list(range(WEEK))]:
        rows = np.flatnonzero(np.isin(weekdays, some))
        if len(rows) and (history.weeks[:, some] < 0).any():
            pool = np.flatnonzero(history.alike(some[0]))
            filling = pool[_drawn(generator, len(pool), runs, len(rows))]
            places[rows] = np.where(places[rows] < 0, filling, places[rows])
    found = _beyond_emptied(history, places, generator)
    if days[0] == history.today:
        found[0] = np.maximum(found[0] - history.today_done, 0)
    return found


def _drawn(generator: np.random.Generator, size: int, runs: int, count: int) -> NDArray[np.int64]:
    """For each run (column) ``count`` of ``size`` things, out of a resample of them that is the run's own."""
    own = generator.integers(0, size, (size, runs))
    chosen = generator.integers(0, size, (count, runs))
    return np.take_along_axis(own, chosen, axis=0)


def _beyond_emptied(
    history: History, places: NDArray[np.int64], generator: np.random.Generator
) -> NDArray[np.int64]:
    """What the drawn days were worth: more, perhaps, than was done on those that emptied the queue."""
    found = history.done[places]
    open_ended = history.emptied[places]
    if not open_ended.any():
        return found
    luck = generator.random(places.shape)
    for weekday in range(WEEK) if history.by_weekday else (0,):
        alike = history.alike(weekday)
        at_least = pace_of(history.done[alike], history.emptied[alike])
        here = open_ended & alike[places]
        # Of the days worth at least what was done, which one: the largest value that is reached often enough.
        wanted = luck[here] * at_least[found[here]]
        found[here] = np.searchsorted(-at_least, -wanted, side="right") - 1
    return found


@dataclass(frozen=True, eq=False)
class Outlook:
    """What the runs say of the dossiers that wait, numbered from 1 in the order of the queue.

    ``reached[j, k]``: share of the runs in which at least ``k`` dossiers have left by the end of ``days[j]``. ``open``:
    how many wait today; ``ahead``: how many of the burst asked about pass before them; ``behind``: after them.
    """

    days: tuple[date, ...]
    reached: NDArray[np.float64]
    open: int
    ahead: int
    behind: int

    @property
    def total(self) -> int:
        """What is to be cleared: what waits today and the burst."""
        return self.open + self.ahead + self.behind

    def _share(self, index: int, count: int) -> float:
        if count <= 0:
            return 1.0
        return float(self.reached[index, count]) if count < self.reached.shape[1] else 0.0

    def _last_day_until(self, day: date) -> int:
        """The number of the last working day not after ``day``; −1 for a day before the first."""
        return bisect_right(self.days, day) - 1

    def chance_by(self, position: int, due_on: date) -> float:
        """The chance that the dossier at ``position`` (1: the first) has left the queue by the end of ``due_on``.

        Beyond the horizon the last day of it is taken: a lower bound.
        """
        index = self._last_day_until(due_on)
        return 0.0 if index < 0 else self._share(index, self.ahead + position)

    def chance_in_any_order(self, due_on: date) -> float:
        """The same for a dossier taken at random among all those that wait: how much depends on the order."""
        index = self._last_day_until(due_on)
        return 0.0 if index < 0 or not self.total else float(self._expected[index]) / self.total

    @cached_property
    def _expected(self) -> NDArray[np.float64]:
        """How many of ``total`` have left by the end of each day, on average."""
        expected: NDArray[np.float64] = self.reached[:, 1 : self.total + 1].sum(axis=1)
        return expected

    def day_of(self, position: int, share: float) -> date | None:
        """The first day by which the dossier at ``position`` has left in ``share`` of the runs; None: not in sight."""
        return self._first_day(self.ahead + position, share)

    def cleared_on(self, share: float) -> date | None:
        """The first day by which everything has left in ``share`` of the runs; None: not within the horizon."""
        return self._first_day(self.total, share)

    def _first_day(self, count: int, share: float) -> date | None:
        if count >= self.reached.shape[1]:
            return None
        found = np.flatnonzero(self.reached[:, count] >= share)
        return self.days[int(found[0])] if len(found) else None

    def left_at_most(self, index: int, share: float) -> int:
        """How many at most still wait at the end of ``days[index]``, in ``share`` of the runs."""
        certain = int((self.reached[index, 1 : self.total + 1] >= share).sum())
        return self.total - certain


def outlook(
    history: History,
    open_now: int,
    seed: int,
    *,
    asked: WhatIf = AS_IT_IS,
    holders: int = 1,
    runs: int = RUNS,
    horizon: int = HORIZON,
    drawn: NDArray[np.int64] | None = None,
) -> Outlook:
    """What becomes of the ``open_now`` dossiers of a queue.

    ``holders``: how many people hold the role today; one person more or less changes the pace in proportion. ``drawn``:
    what :func:`draw` gave for the same history and seed, to ask several questions about the same runs.
    """
    days = days_ahead(history.today, horizon)
    leaving = draw(history, days, seed, runs) if drawn is None else drawn
    # In parts of a dossier, one for each holder: whole numbers, so that no rounding makes more people slower.
    parts = max(holders, 1)
    pace = np.array(asked.pace(parts, len(days)))
    done = np.cumsum(leaving * pace[:, np.newaxis], axis=0) // parts
    ahead = asked.burst if asked.ahead else 0
    behind = asked.burst - ahead
    top = int(min(done.max(initial=0), open_now + asked.burst))
    counts = np.stack([np.bincount(day, minlength=top + 1) for day in np.minimum(done, top)])
    reached = counts[:, ::-1].cumsum(axis=1)[:, ::-1] / leaving.shape[1]
    return Outlook(days, reached, open_now, ahead, behind)
