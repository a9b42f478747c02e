"""Puts the figures of a path on its drawing: one side, or the first side with the second one beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from workflows.engine.diagram_figures import BUSIEST, HOTTEST, ArrowMark, StepMark, figures_svg
from workflows.engine.path import Path
from workflows.selectors.bottlenecks import Arrow, PathFigures, StepFigures
from workflows.views.bottleneck_words import (
    count,
    days,
    many,
    node_title,
    percent,
    short_days,
    times,
    where_to,
)

#: From which part of the largest figure on a step or an arrow is of the next class.
_CLASSES = (0.0, 0.25, 0.5, 0.75)
LETTERS = ("A", "B")


def diagram(path: type[Path], sides: Sequence[PathFigures]) -> str:
    """The drawing. Heat and thickness are of the first side; the second one's figures are written under its own."""
    first = sides[0]
    longest = max((one.net.median or 0 for one in first.steps if one.known and one.net.enough), default=0)
    most = max((arrow.volume for one in first.steps for arrow in one.arrows if arrow.known), default=0)
    steps = {}
    for step in first.steps:
        if not step.known:
            continue
        both = [found for one in sides if (found := one.step(step.key)) is not None]
        heat = _class(step.net.median or 0, longest, HOTTEST) if step.net.enough else 0
        lines = [_told(rank, _step_line(one), len(sides)) for rank, one in enumerate(both)]
        if step is first.slowest:
            lines.append("▲ la plus lente")
        steps[step.key] = StepMark(tuple(lines), step_words(step), heat)
    arrows = {ends: _arrow_mark(path, sides, ends, found, most) for ends, found in _by_ends(sides).items()}
    return figures_svg(
        path,
        heading=f"Goulots du circuit « {path.title} »",
        words=_words(path, first),
        steps=steps,
        arrows=arrows,
    )


_Ends = tuple[str, str]


def _by_ends(sides: Sequence[PathFigures]) -> dict[_Ends, list[list[Arrow]]]:
    """For each edge of the drawing, the arrows of each side that may run along it."""
    found: dict[_Ends, list[list[Arrow]]] = defaultdict(lambda: [[] for _ in sides])
    for rank, side in enumerate(sides):
        for step in side.steps:
            for arrow in step.arrows:
                for target in arrow.targets:
                    found[step.key, target][rank].append(arrow)
    return dict(found)


def _arrow_mark(
    path: type[Path], sides: Sequence[PathFigures], ends: _Ends, found: list[list[Arrow]], most: int
) -> ArrowMark:
    own = found[0]
    certain = sum(one.volume for one in own if not one.split)
    split = sum(one.volume for one in own if one.split)
    loop = any(one.way.loops for one in own)
    lines = []
    for rank, arrows in enumerate(found):
        step = sides[rank].step(ends[0])
        lines.append(_told(rank, _arrow_line(arrows, step.departures if step else 0, loop), len(sides)))
    sentence = f"De « {node_title(path, ends[0])} » à « {node_title(path, ends[1])} » : " + " ; ".join(
        _arrow_words(path, one) for one in own
    )
    flow = _class(certain, most, BUSIEST) if certain else min(1, split)
    return ArrowMark(tuple(lines), f"{sentence}.", flow, loop, split=bool(split) and not certain)


def _class(value: int, largest: int, classes: int) -> int:
    """1 to ``classes`` by quarters of the largest; 0 for nothing."""
    if not value or not largest:
        return 0
    return max(rank for rank, share in enumerate(_CLASSES[:classes], start=1) if value > share * largest)


def _told(rank: int, line: str, sides: int) -> str:
    return line if sides == 1 else f"{LETTERS[rank]} : {line}"


def _step_line(step: StepFigures) -> str:
    """« 48 sorties · 8 j (net 5 j) »."""
    if not step.departures:
        return "aucune sortie"
    line = many(step.departures, "sortie", "sorties")
    if step.gross.median is None:
        return line
    line += f" · {short_days(step.gross.median)}"
    if step.net.median != step.gross.median:
        line += f" (net\u00a0{short_days(step.net.median)})"
    return line


def _arrow_line(arrows: Sequence[Arrow], departures: int, loop: bool) -> str:
    """« ↻ 12 (25 %) · 3 j », « parmi 50 »."""
    certain = sum(one.volume for one in arrows if not one.split)
    split = sum(one.volume for one in arrows if one.split)
    parts = []
    if certain or not split:
        parts.append(count(certain) + (f"\u00a0({percent(certain / departures)})" if certain else ""))
    if split:
        parts.append(f"parmi\u00a0{count(split)}")
    line = " + ".join(parts)
    timed = [one for one in arrows if one.volume]
    if len(timed) == 1 and timed[0].days.median is not None:
        line += f" · {short_days(timed[0].days.median)}"
    return f"↻\u00a0{line}" if loop else line


def step_words(step: StepFigures) -> str:
    """A step's figures in a sentence."""
    told = [
        f"{many(step.open, 'tâche', 'tâches')} en attente aujourd’hui",
        many(step.arrivals, "arrivée", "arrivées"),
        many(step.departures, "sortie", "sorties"),
    ]
    if step.gross.median is not None:
        told.append(times(step))
    return f"{step.title} : {', '.join(told)}."


def _arrow_words(path: type[Path], arrow: Arrow) -> str:
    told = f"« {arrow.label} », {many(arrow.volume, 'sortie', 'sorties')}"
    if arrow.split:
        told += f", vers {where_to(path, arrow)} sans qu’on les distingue"
    if arrow.volume and arrow.days.median is not None:
        told += f", médiane {days(arrow.days.median)}"
    return f"{told}, retour" if arrow.way.loops else told


def _words(path: type[Path], figures: PathFigures) -> str:
    """The whole drawing in words: each step and its ways out."""
    sentences = []
    for number, step in enumerate((one for one in figures.steps if one.known), start=1):
        ways = " ; ".join(_arrow_words(path, one) for one in step.arrows if one.known and one.volume)
        sentences.append(f"{number}. {step_words(step)}{f' Sorties : {ways}.' if ways else ''}")
    return " ".join(sentences)
