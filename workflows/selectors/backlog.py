"""Where work piles up: the figures of the queues that a manager answers for, from the tallies alone.

Three statements (``managed_queues``'s one, what is open now, the weeks asked for), whatever the number of dossiers:
they read the tallies of what is open, and a row for each queue and week (``workflows.selectors.queue_weeks``). Figures
are of queues, never of people. What the words mean:

* *open*: tasks that can be done now; their *age*, working days since they came (again, if they came again);
* *overdue*: the next date of their dossier is past; *due soon*: it is at most ``SOON`` working days ahead. A dossier
  whose clock is suspended, or that has none, is neither;
* *arrivals* and *exits* of the whole weeks asked for. An exit is *done*, *returned* (the submitter is asked for
  something: the same visit goes on when the file comes back) or *gone* (withdrawn, or settled by another body);
* *times*, in working days, of the visits that ended in the period by an act of the step: *gross*, from the day it
  came first, and *net*, without the days in which the submitter had it. What is gone has no time.

Percentiles are by nearest rank (``workflows.percentiles``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db import connection

from cases import clock
from cases.calendar import is_working_day
from cases.enums import Role
from cases.permissions import Holding
from cases.work_terms import Measure
from workflows.selectors.backlog_figures import Figures, Flow
from workflows.selectors.backlog_filters import (
    BacklogFilters,
    Period,
    choices_of,
    monday_of,
    soon_until,
)
from workflows.selectors.queue_weeks import sum_weeks
from workflows.selectors.tallies import TALLIES, Queue, managed_queues


@dataclass(frozen=True, slots=True)
class BacklogRow:
    """A role on a body at a step of a path, for the dossiers of the bodies that the reader manages."""

    role: Role
    body_code: str
    body_name: str
    path: str
    path_title: str
    step: str
    step_title: str
    queues: tuple[Queue, ...]
    figures: Figures

    @property
    def query(self) -> dict[str, str]:
        """How addresses name it."""
        return {"role": self.role.value, "body": self.body_code, "path": self.path, "step": self.step}

    @property
    def pressure(self) -> tuple[int, int, int]:
        """What presses most comes first: overdue, due soon, open."""
        return (-self.figures.overdue, -self.figures.due_soon, -self.figures.open)


@dataclass(frozen=True)
class Backlog:
    """``rows``: what presses most first; ``weeks``: each Monday of the period and of this week, with what came and
    left; ``choices``: what the filters can be for this person; ``quiet``: rows left out, where nothing is or moves.
    """

    filters: BacklogFilters
    today: date
    period: Period
    rows: tuple[BacklogRow, ...]
    quiet: int
    weeks: tuple[tuple[date, Flow], ...]
    choices: Mapping[str, list[tuple[str, str]]]

    @cached_property
    def total(self) -> Figures:
        """All rows together."""
        total = Figures()
        for row in self.rows:
            total.add(row.figures)
        return total

    @property
    def soon_until(self) -> date:
        """The last day of « due soon »."""
        return soon_until(self.today)


def backlog(holdings: tuple[Holding, ...], filters: BacklogFilters | None = None) -> Backlog:
    """The figures that a manager may read (``managed_queues``); none for whoever manages nothing. Three statements."""
    asked = filters or BacklogFilters()
    today = clock.today()
    period = Period.latest(asked.weeks, today)
    every = managed_queues(holdings)
    rows = _rows(one for one in every if asked.admits(one))
    if rows:
        _read_standing(rows, today)
    rows = [row for row in rows if row.figures.has(asked.state)]
    weeks: dict[date, Flow] = {monday: Flow() for monday in (*period.mondays, monday_of(today))}
    if rows:
        _read_weeks(rows, period, weeks)
    shown = sorted(
        (row for row in rows if row.figures.moves or asked.one_queue()),
        key=lambda row: (row.pressure, row.path_title, row.step_title, row.body_name, row.role),
    )
    return Backlog(
        filters=asked,
        today=today,
        period=period,
        rows=tuple(shown),
        quiet=len(rows) - len(shown),
        weeks=tuple(weeks.items()),
        choices=choices_of(every),
    )


def _rows(queues: Iterable[Queue]) -> list[BacklogRow]:
    """The queues of one role, body, path and step together, whatever the organisation of the dossiers."""
    groups: dict[tuple[str, str, str, str], list[Queue]] = {}
    for queue in queues:
        groups.setdefault((queue.role.value, queue.body_code, queue.path, queue.step), []).append(queue)
    return [
        BacklogRow(
            role=found[0].role,
            body_code=found[0].body_code,
            body_name=found[0].body_name,
            path=found[0].path,
            path_title=found[0].path_title,
            step=found[0].step,
            step_title=found[0].step_title,
            queues=tuple(found),
            figures=Figures(),
        )
        for found in groups.values()
    ]


# A row is named by its place in the list: the organisations of its dossiers are summed by PostgreSQL.
_CHOSEN = f"""
  FROM unnest(%(queues)s::bigint[], %(places)s::integer[]) AS chosen (queue_id, place)
  JOIN {TALLIES} AS figure ON figure.queue_id = chosen.queue_id
"""

_STANDING = f"""
SELECT place, measure, CASE WHEN measure = 'open' THEN day END AS since,
       CASE WHEN measure = 'due' THEN CASE WHEN day < %(today)s THEN 'overdue' WHEN day <= %(soon)s THEN 'soon'
            ELSE 'later' END END AS due,
       sum(number)::integer
  {_CHOSEN}
 WHERE figure.queue_id = ANY (%(queues)s) AND measure IN ('open', 'free', 'due')
 GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0
"""  # noqa: S608


def _read(statement: str, rows: list[BacklogRow], **values: Any) -> list[tuple[Any, ...]]:
    pairs = [(queue.id, place) for place, row in enumerate(rows) for queue in row.queues]
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            values | {"queues": [queue for queue, _ in pairs], "places": [place for _, place in pairs]},
        )
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _read_standing(rows: list[BacklogRow], today: date) -> None:
    found = _read(_STANDING, rows, today=today, soon=soon_until(today))
    age_of = _ages({since for _, _, since, _, _ in found if since is not None}, today)
    for place, measure, since, due, number in found:
        figures = rows[place].figures
        if measure == Measure.OPEN:
            figures.ages[age_of[since]] += number
        elif measure == Measure.FREE:
            figures.free += number
        elif due == "overdue":
            figures.overdue += number
        elif due == "soon":
            figures.due_soon += number


def _ages(days: set[date], today: date) -> dict[date, int]:
    """Working days from each day (not counted) to today, walking back once."""
    found = dict.fromkeys((day for day in days if day >= today), 0)
    day, age, earliest = today, 0, min(days, default=today)
    while day > earliest:
        age += is_working_day(day)
        day -= timedelta(days=1)
        if day in days:
            found[day] = age
    return found


def _read_weeks(rows: list[BacklogRow], period: Period, weeks: dict[date, Flow]) -> None:
    """Flows and times of this week, the period and the one before. ``weeks``: filled with the flows of each week."""
    places = {queue.id: place for place, row in enumerate(rows) for queue in row.queues}
    for one in sum_weeks(places, since=period.before.first, first=period.first, last=period.last):
        flow = Flow(*one.flows)
        if one.place is None or one.stretch is None:
            if one.monday in weeks:  # the weeks of the period before are compared as a whole only
                weeks[one.monday].add(flow)
            continue
        figures = rows[one.place].figures
        (figures.this_week, figures.flow, figures.flow_before)[one.stretch].add(flow)
        times = figures.times_before if one.stretch == 2 else figures.times
        times.gross.update(one.gross)
        times.net.update(one.net)
