"""The figures of a queue, or of several together. What each word means stands in ``workflows.selectors.backlog``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from workflows.percentiles import percentile
from workflows.selectors.backlog_filters import Pressing

#: Ages of open tasks are shown by these bands of working days: first and last; None: without end.
AGE_BANDS: tuple[tuple[int, int | None], ...] = ((0, 2), (3, 5), (6, 10), (11, 20), (21, None))


@dataclass(slots=True)
class Flow:
    """What came and left in some time, by how it came and how it left; in the order of ``QueueWeek.flows``."""

    first: int = 0
    completed: int = 0
    again: int = 0
    done: int = 0
    returned: int = 0
    gone: int = 0

    @property
    def arrivals(self) -> int:
        """All that came."""
        return self.first + self.completed + self.again

    @property
    def exits(self) -> int:
        """All that left."""
        return self.done + self.returned + self.gone

    def add(self, other: Flow) -> None:
        """Take up another one."""
        self.first += other.first
        self.completed += other.completed
        self.again += other.again
        self.done += other.done
        self.returned += other.returned
        self.gone += other.gone


@dataclass(slots=True)
class Times:
    """Working days → how many visits that ended took so many."""

    gross: Counter[int] = field(default_factory=Counter)
    net: Counter[int] = field(default_factory=Counter)

    @property
    def number(self) -> int:
        """How many visits ended."""
        return self.gross.total()

    @property
    def gross_median(self) -> int | None:
        """Half of them took at most so many days; None when none ended."""
        return percentile(self.gross, 0.5)

    @property
    def gross_slow(self) -> int | None:
        """Nine of ten took at most so many days."""
        return percentile(self.gross, 0.9)

    @property
    def net_median(self) -> int | None:
        """The same without the submitter's own days."""
        return percentile(self.net, 0.5)

    @property
    def net_slow(self) -> int | None:
        """The same without the submitter's own days."""
        return percentile(self.net, 0.9)

    def add(self, other: Times) -> None:
        """Take up others."""
        self.gross.update(other.gross)
        self.net.update(other.net)


@dataclass(slots=True)
class Figures:
    """The figures of a queue, or of several together. ``flow``, ``times``: of the period; ``…_before``: of the one
    before, as long; ``this_week``: from Monday to today. ``ages``: working days → open tasks of that age.
    """

    free: int = 0
    overdue: int = 0
    due_soon: int = 0
    ages: Counter[int] = field(default_factory=Counter)
    this_week: Flow = field(default_factory=Flow)
    flow: Flow = field(default_factory=Flow)
    flow_before: Flow = field(default_factory=Flow)
    times: Times = field(default_factory=Times)
    times_before: Times = field(default_factory=Times)

    @property
    def open(self) -> int:
        """Tasks that can be done now."""
        return self.ages.total()

    @property
    def other(self) -> int:
        """Open, neither overdue nor due soon."""
        return self.open - self.overdue - self.due_soon

    @property
    def open_before(self) -> int:
        """Tasks that could be done when the period began: today's, less what came since, plus what left."""
        since = (self.flow, self.this_week)
        return self.open - sum(one.arrivals - one.exits for one in since)

    @property
    def age_median(self) -> int | None:
        """Half of the open tasks are at most so old, in working days; None when none is open."""
        return percentile(self.ages, 0.5)

    @property
    def age_slow(self) -> int | None:
        """Nine of ten open tasks are at most so old."""
        return percentile(self.ages, 0.9)

    @property
    def bands(self) -> tuple[int, ...]:
        """Open tasks in each of ``AGE_BANDS``."""
        return tuple(
            sum(number for age, number in self.ages.items() if first <= age and (last is None or age <= last))
            for first, last in AGE_BANDS
        )

    @property
    def moves(self) -> bool:
        """Whether anything is open, or came or left in the period or since."""
        return bool(self.open or any(flow.arrivals or flow.exits for flow in (self.flow, self.this_week)))

    def has(self, state: str) -> bool:
        """Whether it has something of that kind (``Pressing``); of any kind, when empty."""
        numbers = {
            Pressing.OVERDUE.value: self.overdue,
            Pressing.SOON.value: self.due_soon,
            Pressing.FREE.value: self.free,
        }
        return not state or bool(numbers[state])

    def add(self, other: Figures) -> None:
        """Take up those of another queue."""
        self.free += other.free
        self.overdue += other.overdue
        self.due_soon += other.due_soon
        self.ages.update(other.ages)
        for mine, theirs in (
            (self.this_week, other.this_week),
            (self.flow, other.flow),
            (self.flow_before, other.flow_before),
        ):
            mine.add(theirs)
        self.times.add(other.times)
        self.times_before.add(other.times_before)
