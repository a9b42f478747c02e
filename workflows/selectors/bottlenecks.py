"""Where dossiers wait on a path and where they turn back: figures of each step and of each way out, over whole weeks.

Counted are *visits*: a body has a step to do from the moment the dossier comes to the moment it leaves. A dossier that
comes back makes a new visit; a step that two ministries hold makes two. Days are working days. Which queues are read
is for the caller to say with ``managed_queues``: nothing here widens it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from cases.work_terms import GONE, Arrival, Measure
from workflows.engine.path import Path
from workflows.engine.registry import known_path
from workflows.engine.returns import Way, ways_of
from workflows.engine.step import SEALED, Outcome, Step
from workflows.percentiles import percentile
from workflows.selectors.tallies import TALLIES, Queue

#: Fewer cases than this say nothing: no bottleneck is named and nothing compared.
ENOUGH = 5

# What is so now is summed over all days of arrival; what happened, over the days of the side. Queues and days stand as
# constants in each branch, so that PostgreSQL reads their part of the index and nothing else.
_BRANCH = f"""
SELECT %s::integer AS side, queue.path, queue.step, tally.measure, tally.outcome, tally.days, sum(tally.number)
  FROM {TALLIES} tally JOIN cases_workqueue queue ON queue.id = tally.queue_id
 WHERE tally.queue_id = ANY(%s) AND %s
 GROUP BY 2, 3, 4, 5, 6 HAVING sum(tally.number) <> 0
"""  # noqa: S608
_NOW = _BRANCH.replace("AND %s", "AND tally.measure = 'open'")
_HAPPENED = _BRANCH.replace("AND %s", "AND tally.measure = ANY(%s) AND tally.day BETWEEN %s AND %s")

#: measure → (outcome, days) → number
_Figures = dict[str, Counter[tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class Side:
    """What is looked at: whole weeks from a Monday to a Sunday, dossiers of one organisation or (empty) of all."""

    since: date
    until: date
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """Lengths in working days: how many there are, their median and 90th percentile (nearest rank)."""

    number: int
    median: int | None
    p90: int | None

    @classmethod
    def of(cls, histogram: Mapping[int, int]) -> Spread:
        """From days → how many."""
        return cls(sum(histogram.values()), percentile(histogram, 0.5), percentile(histogram, 0.9))

    @property
    def enough(self) -> bool:
        """Whether the median says something."""
        return self.number >= ENOUGH


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way out of a step, and how many visits ended by it.

    ``targets``: keys of the nodes that it may lead to, in the order in which they are tried; with more than one it is
    not known which of them a dossier went to. Empty for visits that nobody ended (``GONE``: withdrawn, or settled by
    another body) and for an outcome that the path has no more. ``days``: gross time of the visits that ended so; for a
    pause, the days before it was asked. ``share``: part of all departures of the step, None where there are none.
    """

    step: str
    outcome: str
    label: str
    targets: tuple[str, ...]
    way: Way
    volume: int
    share: float | None
    days: Spread

    @property
    def gone(self) -> bool:
        """Whether these visits ended without anybody acting."""
        return self.outcome == GONE

    @property
    def known(self) -> bool:
        """Whether the path has this way out today."""
        return bool(self.targets)

    @property
    def split(self) -> bool:
        """Whether it leads to several places, which are not told apart."""
        return len(self.targets) > 1


@dataclass(frozen=True, slots=True)
class StepFigures:
    """One step: what is open now, what came (first, completed by the submitter, again), what left, how long it took.

    ``known``: whether the path has the step today. ``arrows`` add up to ``departures``. ``finished`` counts the visits
    that ended by an act, those that only wait for the submitter (``paused``) left out; ``gross`` and ``net`` are of
    those.
    """

    key: str
    title: str
    role: str
    known: bool
    open: int
    first: int
    completed: int
    again: int
    finished: int
    paused: int
    gone: int
    gross: Spread
    net: Spread
    arrows: tuple[Arrow, ...]

    @property
    def arrivals(self) -> int:
        """All arrivals."""
        return self.first + self.completed + self.again

    @property
    def departures(self) -> int:
        """All departures."""
        return self.finished + self.paused + self.gone

    @property
    def idle(self) -> bool:
        """Whether nothing came, left or waits."""
        return not (self.open or self.arrivals or self.departures)


@dataclass(frozen=True, slots=True)
class PathFigures:
    """A path's steps in their order, those that it has no more last, seen from one side."""

    side: Side
    steps: tuple[StepFigures, ...]

    def step(self, key: str) -> StepFigures | None:
        """The figures of one step."""
        return next((one for one in self.steps if one.key == key), None)

    @property
    def departures(self) -> int:
        """Departures of all steps."""
        return sum(one.departures for one in self.steps)

    @property
    def slowest(self) -> StepFigures | None:
        """The step that takes longest, the submitter's own delays left out: the longest median of enough visits.

        Of equal medians the one with the longer 90th percentile, then the busier one. None when no step has enough
        visits, or none took a day.
        """
        found = [one for one in self.steps if one.known and one.net.enough and one.net.median]
        return max(found, key=lambda one: (one.net.median, one.net.p90, one.departures), default=None)

    @property
    def fullest(self) -> StepFigures | None:
        """The step where most waits now; None when less than ``ENOUGH`` does."""
        found = [one for one in self.steps if one.known and one.open >= ENOUGH]
        return max(found, key=lambda one: one.open, default=None)

    @property
    def loops(self) -> tuple[tuple[StepFigures, Arrow], ...]:
        """The ways back that dossiers took, the busiest first; those that only some go back by included."""
        found = [
            (step, arrow)
            for step in self.steps
            for arrow in step.arrows
            if arrow.volume and arrow.way is not Way.FORWARD
        ]
        return tuple(sorted(found, key=lambda one: -one[1].volume))


@dataclass(frozen=True, slots=True)
class PathOverview:
    """A path in one line: what is open now, what left its steps, the step that takes longest (see ``PathFigures``)."""

    key: str
    title: str
    known: bool
    open: int
    departures: int
    slowest: StepFigures | None
    fullest: StepFigures | None


@dataclass(slots=True)
class _Read:
    """What the statement gives, by side, path and step."""

    found: dict[tuple[int, str, str], _Figures] = field(default_factory=dict)

    def of(self, side: int, path: str, step: str) -> _Figures:
        """The figures of one step."""
        return self.found.get((side, path, step), {})


def path_figures(path: type[Path], queues: Iterable[Queue], sides: Sequence[Side]) -> list[PathFigures]:
    """The figures of a path for each side. ``queues``: those that the reader may see. One statement."""
    mine = [one for one in queues if one.path == path.key]
    read = _read(mine, sides, (Measure.IN, Measure.OUT, Measure.GROSS, Measure.NET, Measure.PAUSE))
    return [PathFigures(side, _steps(path.key, path, read, rank, mine)) for rank, side in enumerate(sides)]


def paths_overview(queues: Sequence[Queue], side: Side) -> list[PathOverview]:
    """Every path that has a queue among ``queues``, by title. One statement."""
    read = _read(queues, [side], (Measure.OUT, Measure.GROSS, Measure.NET))
    found = []
    for key, title in {one.path: one.path_title for one in queues}.items():
        path = known_path(key)
        figures = PathFigures(side, _steps(key, path, read, 0, [one for one in queues if one.path == key]))
        found.append(
            PathOverview(
                key=key,
                title=title,
                known=path is not None,
                open=sum(one.open for one in figures.steps),
                departures=figures.departures,
                slowest=figures.slowest,
                fullest=figures.fullest,
            )
        )
    return sorted(found, key=lambda one: one.title)


def _read(queues: Sequence[Queue], sides: Sequence[Side], measures: Sequence[Measure]) -> _Read:
    read = _Read()
    branches: list[str] = []
    values: list[Any] = []
    for rank, side in enumerate(sides):
        wanted = [queue.id for queue in queues if side.organisation in ("", queue.organisation_code)]
        if wanted:
            branches += [_NOW, _HAPPENED]
            values += [rank, wanted, rank, wanted, [one.value for one in measures], side.since, side.until]
    if not branches:
        return read
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(branches), values)
        for rank, path, step, measure, outcome, days, number in cursor.fetchall():
            figures = read.found.setdefault((rank, path, step), {})
            figures.setdefault(measure, Counter())[outcome, days] += number
    return read


def _steps(
    key: str, path: type[Path] | None, read: _Read, side: int, queues: Iterable[Queue]
) -> tuple[StepFigures, ...]:
    declared = path.steps() if path is not None else []
    ways = ways_of(path) if path is not None else {}
    found = [_step(one, read.of(side, key, one.name), ways) for one in declared]
    known = {one.name for one in declared}
    lost = sorted({one.step for one in queues} - known)
    found += [one for one in (_lost(name, read.of(side, key, name)) for name in lost) if not one.idle]
    return tuple(found)


def _step(step: Step, figures: _Figures, ways: Mapping[tuple[str, str], Way]) -> StepFigures:
    left = _by_outcome(figures, Measure.OUT)
    total = sum(left.values())
    arrows = []
    sealed = [one for one in step.outcomes.values() if one.sealed]
    if sealed:  # which answer was given is nobody's to count
        targets = dict.fromkeys(target for one in sealed for target in _targets(one))
        arrows.append(_arrow(step.name, SEALED, "Avis rendu", tuple(targets), Way.FORWARD, figures, total))
    arrows += [
        _arrow(step.name, one.key, one.label, _targets(one), ways[step.name, one.key], figures, total)
        for one in step.outcomes.values()
        if not one.sealed
    ]
    arrows += _strays(step.name, set(left) - {one.outcome for one in arrows}, figures, total)
    return _figures(step.name, step.task_title, step.role_label, figures, arrows, known=True)


def _lost(name: str, figures: _Figures) -> StepFigures:
    """A step that the path has no more: its figures stay true, its ways lead nowhere."""
    left = _by_outcome(figures, Measure.OUT)
    arrows = _strays(name, set(left), figures, sum(left.values()))
    return _figures(name, name, "", figures, arrows, known=False)


def _figures(
    name: str, title: str, role: str, figures: _Figures, arrows: list[Arrow], *, known: bool
) -> StepFigures:
    came = _by_outcome(figures, Measure.IN)
    gone = sum(one.volume for one in arrows if one.gone)
    paused = sum(figures.get(Measure.PAUSE, Counter()).values())
    return StepFigures(
        key=name,
        title=title,
        role=role,
        known=known,
        open=sum(figures.get(Measure.OPEN, Counter()).values()),
        first=came[Arrival.FIRST],
        completed=came[Arrival.COMPLETED],
        again=came[Arrival.AGAIN],
        finished=sum(one.volume for one in arrows) - gone - paused,
        paused=paused,
        gone=gone,
        gross=Spread.of(_histogram(figures, Measure.GROSS)),
        net=Spread.of(_histogram(figures, Measure.NET)),
        arrows=tuple(arrows),
    )


def _arrow(
    step: str, outcome: str, label: str, targets: tuple[str, ...], way: Way, figures: _Figures, total: int
) -> Arrow:
    volume = _by_outcome(figures, Measure.OUT)[outcome]
    measure = Measure.PAUSE if way is Way.PAUSE else Measure.GROSS
    return Arrow(
        step=step,
        outcome=outcome,
        label=label,
        targets=targets,
        way=way,
        volume=volume,
        share=volume / total if total else None,
        days=Spread.of(_histogram(figures, measure, outcome)),
    )


def _strays(step: str, outcomes: Iterable[str], figures: _Figures, total: int) -> list[Arrow]:
    """Departures by no outcome of today: nobody ended the visit, or the path has changed since."""
    return [_arrow(step, key, _stray(key), (), Way.FORWARD, figures, total) for key in sorted(outcomes)]


def _stray(outcome: str) -> str:
    if outcome == GONE:
        return "Retiré, ou réglé par un autre organisme"
    return f"Issue que le circuit n’a plus ({outcome})" if outcome else "Issue non notée"


def _targets(outcome: Outcome) -> tuple[str, ...]:
    return tuple(dict.fromkeys(route.to.name for route in outcome.routes))


def _by_outcome(figures: _Figures, measure: Measure) -> Counter[str]:
    found: Counter[str] = Counter()
    for (outcome, _), number in figures.get(measure, Counter()).items():
        found[outcome] += number
    return found


def _histogram(figures: _Figures, measure: Measure, outcome: str | None = None) -> Counter[int]:
    found: Counter[int] = Counter()
    for (one, days), number in figures.get(measure, Counter()).items():
        if outcome in (None, one):
            found[days] += number
    return found
