"""The figures of a path as tables: the text equivalent of the drawing, for the page and for the workbook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from workflows.engine.path import Path
from workflows.engine.returns import Way
from workflows.selectors.bottlenecks import ENOUGH, Arrow, PathFigures, Spread, StepFigures
from workflows.views.bottleneck_words import (
    NOTHING,
    TOO_FEW,
    count,
    gap_of,
    percent,
    relative,
    short_days,
    signed,
    where_to,
)

WAY_WORDS = {
    Way.RETURN: "retour",
    Way.PAUSE: "retour : attend le déposant",
    Way.MIXED: "retour pour certains",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure under its column: as written on the page, and as a number for a workbook (None: the text)."""

    label: str
    text: str
    value: float | None = None

    @property
    def few(self) -> bool:
        """Whether it says that there is too little to compare."""
        return self.text == TOO_FEW


@dataclass(frozen=True, slots=True)
class Row:
    """A step, or a way out of one (``group``: of which step): its name, smaller words under it, its cells.

    ``step``: the step as addresses name it, ``""`` where there is none. ``mark``: the word of a way back.
    """

    name: str
    sub: str
    cells: tuple[Cell, ...]
    step: str = ""
    mark: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its heads."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]


def tables(path: type[Path], sides: Sequence[PathFigures], *, two_bodies: bool) -> list[Table]:
    """Steps, then ways out; with two sides each figure of both and their difference."""
    if len(sides) == 1:
        return [_steps(sides[0]), _arrows(path, sides[0])]
    first, second = sides
    return [_steps_compared(first, second, two_bodies), _arrows_compared(path, first, second)]


def _number(label: str, value: int) -> Cell:
    return Cell(label, count(value), value)


def _days(label: str, value: int | None) -> Cell:
    return Cell(label, short_days(value), value)


def _share(label: str, value: float | None) -> Cell:
    return Cell(label, percent(value), None if value is None else round(100 * value))


def _table(caption: str, first: str, rows: Sequence[Row]) -> Table:
    heads = (first, *(cell.label for cell in rows[0].cells)) if rows else (first,)
    return Table(caption, heads, tuple(rows))


def _step_row(step: StepFigures, cells: Sequence[Cell]) -> Row:
    sub = step.role if step.known else "étape que le circuit n’a plus"
    return Row(step.title, sub, tuple(cells), step=step.key if step.known else "")


def _steps(figures: PathFigures) -> Table:
    rows = [
        _step_row(
            step,
            (
                _number("En attente", step.open),
                _number("Premières arrivées", step.first),
                _number("Revenus complétés", step.completed),
                _number("Revenus d’une étape suivante", step.again),
                _number("Sorties", step.departures),
                _number("Dont sans suite", step.gone),
                _days("Médiane", step.gross.median),
                _days("9 sur 10 en", step.gross.p90),
                _days("Médiane nette", step.net.median),
                _days("9 sur 10 en, net", step.net.p90),
            ),
        )
        for step in figures.steps
    ]
    caption = (
        "Étapes. Jours ouvrés ; le temps net laisse de côté celui du déposant à qui un complément était demandé. "
        "Sans suite : le dossier a été retiré, ou un autre organisme a réglé l’étape."
    )
    return _table(caption, "Étape", rows)


def _arrow_row(path: type[Path], step: StepFigures, arrow: Arrow, cells: Sequence[Cell]) -> Row:
    return Row(
        arrow.label,
        f"vers {where_to(path, arrow)}" if arrow.known else "",
        tuple(cells),
        mark=WAY_WORDS.get(arrow.way, ""),
        group=step.title,
    )


def _arrows(path: type[Path], figures: PathFigures) -> Table:
    rows = [
        _arrow_row(
            path,
            step,
            arrow,
            (
                _number("Sorties", arrow.volume),
                _share("Part", arrow.share),
                _days("Médiane", arrow.days.median),
                _days("9 sur 10 en", arrow.days.p90),
            ),
        )
        for step in figures.steps
        for arrow in step.arrows
    ]
    caption = (
        "Sorties de chaque étape. La part est celle des sorties de l’étape ; les jours sont ouvrés, temps du déposant "
        "compris, et pour un complément demandé ceux d’avant la demande. Une issue qui mène à plusieurs endroits est "
        "comptée une fois : ses voies ne sont pas distinguées."
    )
    return _table(caption, "Issue", rows)


def _steps_compared(first: PathFigures, second: PathFigures, two_bodies: bool) -> Table:
    rows = []
    for step, other in _pairs(first.steps, second.steps, lambda one: one.key):
        one, two = step or _blank(other), other or _blank(step)
        open_cells = (_number("En attente A", one.open), _number("En attente B", two.open))
        rows.append(
            _step_row(
                one,
                (
                    *(open_cells if two_bodies else ()),
                    _number("Sorties A", one.departures),
                    _number("Sorties B", two.departures),
                    _volume_gap("Écart des sorties", one.departures, two.departures),
                    _days("Médiane A", one.gross.median),
                    _days("Médiane B", two.gross.median),
                    _days_gap("Écart", one.gross, two.gross),
                    _days("Nette A", one.net.median),
                    _days("Nette B", two.net.median),
                    _days_gap("Écart net", one.net, two.net),
                ),
            )
        )
    caption = (
        f"Étapes, A comparé à B : l’écart est A moins B, le pourcentage rapporté à B. Sous {ENOUGH} passages terminés "
        "d’un côté, les jours ne sont pas comparés."
    )
    return _table(caption, "Étape", rows)


def _arrows_compared(path: type[Path], first: PathFigures, second: PathFigures) -> Table:
    rows = []
    for step, other in _pairs(first.steps, second.steps, lambda one: one.key):
        one, two = step or _blank(other), other or _blank(step)
        for mine, its in _pairs(one.arrows, two.arrows, lambda arrow: arrow.outcome):
            arrow = mine or its
            if arrow is None:
                continue
            left, right = mine or _none(arrow), its or _none(arrow)
            rows.append(
                _arrow_row(
                    path,
                    one,
                    arrow,
                    (
                        _number("Sorties A", left.volume),
                        _number("Sorties B", right.volume),
                        _share("Part A", left.share),
                        _share("Part B", right.share),
                        _share_gap("Écart des parts", left, right, one.departures, two.departures),
                        _days("Médiane A", left.days.median),
                        _days("Médiane B", right.days.median),
                        _days_gap("Écart", left.days, right.days),
                    ),
                )
            )
    caption = (
        f"Sorties de chaque étape, A comparé à B. L’écart des parts est en points ; sous {ENOUGH} sorties d’un côté, "
        "rien n’est comparé."
    )
    return _table(caption, "Issue", rows)


One = TypeVar("One")


def _pairs(
    first: Sequence[One], second: Sequence[One], key: Callable[[One], str]
) -> list[tuple[One | None, One | None]]:
    """What both sides have under the same key, in the order of the first, then what only the second has."""
    mine, its = {key(one): one for one in first}, {key(one): one for one in second}
    return [(mine.get(name), its.get(name)) for name in dict.fromkeys([*mine, *its])]


def _blank(step: StepFigures | None) -> StepFigures:
    """The same step with nothing counted."""
    if step is None:
        raise RuntimeError("one of two sides has the step")
    nothing = Spread.of({})
    return StepFigures(
        step.key, step.title, step.role, step.known, 0, 0, 0, 0, 0, 0, 0, nothing, nothing, arrows=()
    )


def _none(arrow: Arrow) -> Arrow:
    """The same way out that nobody took."""
    return Arrow(arrow.step, arrow.outcome, arrow.label, arrow.targets, arrow.way, 0, None, Spread.of({}))


def _volume_gap(label: str, first: int, second: int) -> Cell:
    told = signed(first - second)
    if second >= ENOUGH and first >= ENOUGH and first != second:
        told += f" ({relative(first, second)})"
    return Cell(label, told, first - second)


def _days_gap(label: str, first: Spread, second: Spread) -> Cell:
    gap = gap_of(first, second)
    if gap is None:
        return Cell(label, TOO_FEW if first.number or second.number else NOTHING)
    told = signed(gap, "\u00a0j")
    if gap and second.median:
        told += f" ({relative(first.median or 0, second.median)})"
    return Cell(label, told, gap)


def _share_gap(label: str, first: Arrow, second: Arrow, departures: int, others: int) -> Cell:
    if min(departures, others) < ENOUGH or first.share is None or second.share is None:
        return Cell(label, TOO_FEW if departures or others else NOTHING)
    points = round(100 * first.share) - round(100 * second.share)
    return Cell(label, signed(points, "\u00a0pt" if abs(points) == 1 else "\u00a0pts"), points)
