"""What a forecast rests on: how many dossiers left a queue on each working day on which something was waiting.

A day on which nothing waited says nothing of what the queue could have done: it is left out, instead of counted as a
day on which nothing was done. On a day at whose end the queue was empty, what was done is a lower bound of what could
have been: those days are marked, and ``pace_of`` says what the other days let expect of them (the estimator of Kaplan
and Meier, as for patients who leave a study alive).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cases.calendar import french_date, is_working_day, working_days_between

#: Working days looked back upon: the shortest window that holds ``ENOUGH`` departures, else the longest.
WINDOWS: Final = (120, 250)
ENOUGH: Final = 60
#: Below these a forecast is refused: departures counted, working days since the first one, days with work waiting.
MIN_DEPARTURES: Final = 8
MIN_SPAN: Final = 20
MIN_DAYS: Final = 10
#: Examples that each day of the week needs before days are drawn among those of the same name only.
WEEKDAY_EXAMPLES: Final = 8
WEEK: Final = 5
#: The longest window, in calendar days, with a margin for holidays: how far back the moves must be read.
LOOK_BACK: Final = timedelta(days=380)


class Moves(NamedTuple):
    """What happened to a queue on one day: dossiers arrived, finished by an act, gone without one."""

    arrived: int = 0
    done: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no forecast, in a sentence."""

    message: str


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The days that a forecast draws from.

    ``done``: the departures of each day kept; ``emptied``: whether nothing was left at its end; ``weekday``: 0 to 4.
    ``weeks``: one row a week, Monday to Friday, the places of its days in those; −1 for a day that says nothing (a
    holiday, outside of the window, nothing waiting). ``by_weekday``: whether each day of the week has examples enough
    to be drawn among its own. ``departures``, ``arrivals``, ``withdrawn`` are those of the whole window, ``counted``
    the departures of the days kept. ``waiting``: how many waited on the mornings of the days kept, on average.
    ``today_done``: departures of today so far.
    """

    today: date
    first_day: date
    last_day: date
    window: int
    done: NDArray[np.int64]
    emptied: NDArray[np.bool_]
    weekday: NDArray[np.int64]
    weeks: NDArray[np.int64]
    by_weekday: bool
    departures: int
    arrivals: int
    withdrawn: int
    waiting: float
    today_done: int

    @property
    def days(self) -> int:
        """How many days are kept."""
        return len(self.done)

    @property
    def counted(self) -> int:
        """How many dossiers left on the days kept."""
        return int(self.done.sum())

    def alike(self, weekday: int) -> NDArray[np.bool_]:
        """The days that stand for a ``weekday`` about which the drawn week says nothing."""
        return self.weekday == weekday if self.by_weekday else np.ones(self.days, dtype=np.bool_)


def history_of(moves: Mapping[date, Moves], open_now: int, today: date) -> History | Refusal:
    """The history of a queue in which ``open_now`` dossiers are open, as it is known on ``today``.

    ``moves``: every day on which something happened during ``LOOK_BACK``; what happened today is no full day and is
    not drawn from. What happened on a day that is not worked is counted with the next working day.
    """
    longest = _working_days_before(today, WINDOWS[-1])
    folded, levels = _by_working_day(moves, open_now, longest)
    found: History | None = None
    for length in WINDOWS:
        found = _window(folded, levels, longest[-length:], today, moves.get(today, Moves()).done)
        if found.counted >= ENOUGH:
            break
    assert found is not None  # noqa: S101 (WINDOWS is not empty)
    return _refused(found, folded) or found


@lru_cache(maxsize=16)
def _working_days_before(today: date, count: int) -> tuple[date, ...]:
    days: list[date] = []
    day = today
    while len(days) < count:
        day -= timedelta(days=1)
        if is_working_day(day):
            days.append(day)
    return tuple(days[::-1])


def _by_working_day(
    moves: Mapping[date, Moves], open_now: int, days: Sequence[date]
) -> tuple[dict[date, Moves], dict[date, int]]:
    """What each working day adds up to, and how many dossiers waited when it began."""
    folded: dict[date, Moves] = {}
    levels: dict[date, int] = {}
    # From the present number backwards: what left was there, what arrived was not yet.
    level = open_now
    rest = sorted((day for day in moves), reverse=True)
    place = 0
    for index in range(len(days) - 1, -1, -1):
        day = days[index]
        before = days[index - 1] if index else day - timedelta(days=1)
        arrived = done = gone = 0
        while place < len(rest) and rest[place] > before:
            one = moves[rest[place]]
            level += one.done + one.gone - one.arrived
            if rest[place] <= day:
                arrived, done, gone = arrived + one.arrived, done + one.done, gone + one.gone
            place += 1
        folded[day] = Moves(arrived, done, gone)
        levels[day] = level
    return folded, levels


def _window(
    folded: Mapping[date, Moves],
    levels: Mapping[date, int],
    days: Sequence[date],
    today: date,
    today_done: int,
) -> History:
    kept = [day for day in days if levels[day] > 0]
    mondays = sorted({day - timedelta(days=day.weekday()) for day in kept})
    rows = {monday: number for number, monday in enumerate(mondays)}
    weeks = np.full((len(mondays), WEEK), -1, dtype=np.int64)
    for place, day in enumerate(kept):
        weeks[rows[day - timedelta(days=day.weekday())], day.weekday()] = place
    examples = (weeks >= 0).sum(axis=0)
    return History(
        today=today,
        first_day=days[0],
        last_day=days[-1],
        window=len(days),
        done=np.array([folded[day].done for day in kept], dtype=np.int64),
        emptied=np.array([_emptied(folded[day], levels[day]) for day in kept], dtype=np.bool_),
        weekday=np.array([day.weekday() for day in kept], dtype=np.int64),
        weeks=weeks,
        by_weekday=bool(len(mondays)) and bool(examples.min() >= WEEKDAY_EXAMPLES),
        departures=sum(folded[day].done for day in days),
        arrivals=sum(folded[day].arrived for day in days),
        withdrawn=sum(folded[day].gone for day in days),
        waiting=sum(levels[day] for day in kept) / max(len(kept), 1),
        today_done=today_done,
    )


def _emptied(moves: Moves, waiting: int) -> bool:
    """Whether work was missing: nothing was left at the end, or just what waited in the morning had gone.

    Of what arrives during a day nobody knows whether it could still have been done on it.
    """
    left = moves.done + moves.gone
    return left in (waiting, waiting + moves.arrived)


def pace_of(done: NDArray[np.int64], emptied: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How often a day is worth at least 0, 1, 2… departures, as far as the days tell.

    A day that emptied the queue is worth at least what was done on it: it speaks for the values below and is silent
    from there on. The largest value seen is the largest there is, whether the queue was emptied then or not.
    """
    top = int(done.max(initial=0))
    at_least = np.ones(top + 1)
    for value in range(top):
        exact = int(((done == value) & ~emptied).sum())
        speaking = int(((done > value) | ((done == value) & ~emptied)).sum())
        at_least[value + 1] = at_least[value] * (1 - exact / speaking)
    return at_least


def _refused(history: History, folded: Mapping[date, Moves]) -> Refusal | None:
    basis = f"Depuis le {french_date(history.first_day)}"
    first = min((day for day, one in folded.items() if one.done and day >= history.first_day), default=None)
    if history.counted < MIN_DEPARTURES:
        return Refusal(
            f"Trop peu d’historique pour prévoir. {basis}, {_treated(history.counted)} après avoir attendu au moins "
            f"une nuit ; il en faut {MIN_DEPARTURES}."
        )
    if first is not None and working_days_between(first, history.today) < MIN_SPAN:
        return Refusal(
            f"Trop peu d’historique pour prévoir. La première sortie de cette file date du {french_date(first)} ; "
            f"il faut {MIN_SPAN} jours ouvrés (quatre semaines) de recul."
        )
    if history.days < MIN_DAYS:
        return Refusal(
            f"Trop peu d’historique pour prévoir. {basis}, un dossier n’attendait dans cette file que "
            f"{history.days} jour{'s' if history.days > 1 else ''} ouvré{'s' if history.days > 1 else ''} ; "
            f"il en faut {MIN_DAYS}."
        )
    return None


def _treated(number: int) -> str:
    if number == 0:
        return "aucun dossier de cette file n’a été traité"
    if number == 1:
        return "1 dossier de cette file a été traité"
    return f"{number} dossiers de cette file ont été traités"
