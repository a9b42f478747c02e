"""Drawings of the figures: where each bar stands, in the units of its drawing. The templates print them as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from workflows.backlog_extract import band_label
from workflows.selectors.backlog_figures import AGE_BANDS, Figures, Flow

#: Width of a row's bar; and of the drawing of weeks, whose bars stand between ``TOP`` and ``BASE``.
BAR, WEEKS_WIDTH, TOP, BASE = 160, 640, 12, 150
_BAND_WIDTH, _BAND_STEP = 200, 26


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a bar: where it begins, how wide it is, what it is (a word of the style sheet)."""

    x: int
    width: int
    kind: str


@dataclass(frozen=True, slots=True)
class Band:
    """Open tasks of some age: the words, the number, the line and width of its bar."""

    label: str
    number: int
    y: int
    width: int


@dataclass(frozen=True, slots=True)
class WeekBars:
    """What came and left in a week: where its two bars stand."""

    monday: date
    flow: Flow
    x: int
    width: int
    arrivals_height: int
    exits_height: int
    current: bool

    @property
    def arrivals_y(self) -> int:
        """Top of the bar of arrivals."""
        return BASE - self.arrivals_height

    @property
    def exits_y(self) -> int:
        """Top of the bar of exits."""
        return BASE - self.exits_height

    @property
    def exits_x(self) -> int:
        """The bar of exits stands at the right of the one of arrivals."""
        return self.x + self.width


def row_bar(figures: Figures, most: int) -> list[Segment]:
    """What is overdue, due soon and other, side by side; ``most``: open tasks of the longest bar."""
    found, x = [], 0
    for kind, number in (("late", figures.overdue), ("soon", figures.due_soon), ("other", figures.other)):
        width = _length(number, most, BAR)
        if width:
            found.append(Segment(x, width, kind))
            x += width
    return found


def bands(figures: Figures) -> list[Band]:
    """The open tasks by age."""
    numbers = figures.bands
    most = max(numbers)
    return [
        Band(band_label(*band), number, place * _BAND_STEP, _length(number, most, _BAND_WIDTH))
        for place, (band, number) in enumerate(zip(AGE_BANDS, numbers, strict=True))
    ]


def week_bars(weeks: Sequence[tuple[date, Flow]], today: date) -> tuple[list[WeekBars], int]:
    """The weeks side by side, and the number that the highest bar stands for."""
    most = max((max(flow.arrivals, flow.exits) for _, flow in weeks), default=0)
    step = WEEKS_WIDTH // max(len(weeks), 1)
    width = max(step * 2 // 5, 2)
    return [
        WeekBars(
            monday=monday,
            flow=flow,
            x=place * step,
            width=width,
            arrivals_height=_length(flow.arrivals, most, BASE - TOP),
            exits_height=_length(flow.exits, most, BASE - TOP),
            current=(today - monday).days < 7,
        )
        for place, (monday, flow) in enumerate(weeks)
    ], most


def _length(number: int, most: int, full: int) -> int:
    """A length in proportion; what is not nothing can be seen."""
    return max(round(full * number / most), 2) if number > 0 and most else 0
