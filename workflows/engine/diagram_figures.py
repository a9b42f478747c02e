"""The drawing of a path with figures on it: on each step and on each arrow what was counted there.

Nothing is said by colour or thickness alone: every figure is written, and each step and arrow says itself in words
(``<title>``). Which figures, and in which words, is the caller's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.engine.diagram import (
    BOLD,
    BOX_WIDTH,
    GUTTER,
    LABEL_SIZE,
    MARGIN,
    ROLE_SIZE,
    RULE,
    SURFACE,
    Box,
    BoxLook,
    Drawing,
    Link,
    text_width,
    wrap,
)
from workflows.engine.path import Path

#: Ground of a step and width of its border, from nothing known (0) to the slowest (4). Ink stands out on all: 9 to 1.
HEATS = ((SURFACE, "1.5"), ("#f0f5f8", "1.5"), ("#d9e8f0", "1.5"), ("#bcd6e4", "2"), ("#9cc3d8", "3.5"))
#: Width of an arrow's line, from nobody (0) to the most (4).
FLOWS = ("1", "1.5", "2.5", "3.75", "5")
HOTTEST, BUSIEST = len(HEATS) - 1, len(FLOWS) - 1
BORDER = "#0b5577"


@dataclass(frozen=True, slots=True)
class StepMark:
    """What is written on a step: its lines, the same in a sentence, how slow it is (``HEATS``)."""

    lines: tuple[str, ...]
    sentence: str
    heat: int = 0


@dataclass(frozen=True, slots=True)
class ArrowMark:
    """What is written on an arrow: its lines, a sentence of the same, how busy it is (``FLOWS``), if it leads back.

    ``split``: only some of those counted went this way.
    """

    lines: tuple[str, ...]
    sentence: str
    flow: int = 0
    loop: bool = False
    split: bool = False


def figures_svg(
    path: type[Path],
    *,
    heading: str,
    words: str,
    steps: Mapping[str, StepMark],
    arrows: Mapping[tuple[str, str], ArrowMark],
) -> str:
    """The path as an SVG document with figures. ``steps`` by key, ``arrows`` by the keys of both ends.

    ``heading`` names the drawing, ``words`` describe it. Steps and arrows without a mark are drawn plain.
    """
    return _Figures(path, heading, words, steps, arrows).render()


class _Figures(Drawing):
    """A drawing whose labels hold figures too, so that the layout gives them room."""

    def __init__(
        self,
        path: type[Path],
        heading: str,
        words: str,
        steps: Mapping[str, StepMark],
        arrows: Mapping[tuple[str, str], ArrowMark],
    ) -> None:
        self.heading, self.words = heading, words
        self.steps, self.arrows = steps, arrows
        super().__init__(path, {})

    def _annotate(self) -> None:
        for link in self.links:
            mark = self._mark(link)
            width = BOX_WIDTH / 2 + GUTTER - 40 if link.way == "down" else GUTTER - 22
            lines = [part for line in mark.lines for part in wrap(line, BOLD * LABEL_SIZE, width)]
            link.label = [*link.label, *lines]
            link.figures = len(lines)

    def _set_coordinates(self) -> None:
        super()._set_coordinates()
        # Where nothing stands beside the trunk, figures under a step may be wider than the drawing.
        ends = [
            self._label_at(link)[0] + text_width(line, BOLD * LABEL_SIZE)
            for link in self.links
            for line in link.label
        ]
        self.width = max(self.width, max(ends, default=0) + MARGIN / 2)

    def _mark(self, link: Link) -> ArrowMark:
        return self.arrows.get((link.source.node.name, link.target.node.name), ArrowMark((), ""))

    def _words(self, box: Box) -> list[str]:
        mark = self.steps.get(box.node.name)
        if mark is None:
            return []
        return [part for line in mark.lines for part in wrap(line, BOLD * ROLE_SIZE, BOX_WIDTH - 24)]

    def _box_look(self, box: Box) -> BoxLook:
        mark = self.steps.get(box.node.name)
        if mark is None:
            return super()._box_look(box)
        fill, thickness = HEATS[mark.heat]
        border = BORDER if mark.heat == HOTTEST else RULE
        return BoxLook(f"heat-{mark.heat}", fill, border, thickness)

    def _edge_look(self, link: Link, strong: bool) -> tuple[str, str]:
        mark = self._mark(link)
        if not mark.sentence:
            return super()._edge_look(link, strong)
        classes = f"flow-{mark.flow}{' is-loop' if mark.loop else ''}{' is-split' if mark.split else ''}"
        return classes, FLOWS[mark.flow]

    def _tooltip(self, drawn: Box | Link) -> str:
        if isinstance(drawn, Link):
            return self._mark(drawn).sentence
        mark = self.steps.get(drawn.node.name)
        return mark.sentence if mark else ""

    def _heading(self) -> str:
        return self.heading

    def _description(self) -> str:
        return self.words
