"""Budgets as XLSX: real numbers and dates, texts that are never formulas, nothing to fetch from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cases import clock
from cases.budget_terms import Side
from cases.calendar import french_date
from cases.selectors.budget import BudgetTree, TreeLine
from cases.selectors.budget_overview import parent_codes
from cases.selectors.movements import MovementRow

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EURO = "#,##0.00;[Red]-#,##0.00;0.00"
HEADER_ROW = 4
"""Rows above the table: title, what is shown, extraction, a blank."""

Cell = str | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, its width in characters."""

    title: str
    width: int


TREE = (
    Column("Code", 16),
    Column("Ligne", 58),
    Column("Ligne du total", 16),
    Column("Section", 40),
    Column("Nature", 12),
    Column("Côté", 18),
    Column("Groupe", 9),
    Column("Marque", 34),
    Column("Base COG", 18),
    Column("Budget initial", 18),
    Column("Mouvements", 18),
    Column("Autorisé", 18),
    Column("Engagé", 18),
    Column("Disponible", 18),
    Column("dont fléché", 18),
)
MOVEMENTS = (
    Column("Date", 12),
    Column("Nature", 20),
    Column("Code", 16),
    Column("Ligne", 44),
    Column("Libellé", 50),
    Column("Origine", 44),
    Column("Dossier", 20),
    Column("Autorisé", 18),
    Column("Engagé", 18),
    Column("Disponible", 18),
    Column("dont fléché", 18),
    Column("Disponible après", 18),
)


def budget_workbook(
    tree: BudgetTree, *, on: date | None, movements: Iterable[MovementRow] | None = None
) -> BytesIO:
    """The tree of a budget, and its movements on a second sheet when given. EUR."""
    with _Book(tree, on, _subject(tree)) as book:
        sheet = book.sheet("Budget", _subject(tree), TREE)
        sheet.outline_settings(symbols_below=False)
        parents = parent_codes(tree)
        for number, node in enumerate(tree, start=HEADER_ROW + 1):
            cells = _tree_cells(node, parents.get(node.line.pk, ""))
            book.row(sheet, number, cells, bold=not node.line.is_leaf)
            book.indent(sheet, number, 1, node.line.label, node.depth, bold=not node.line.is_leaf)
            sheet.set_row(number, None, None, {"level": min(node.depth, 7)})
        book.finish(sheet, len(tree.lines), len(TREE))
        if movements is not None:
            _movement_sheet(book, f"Mouvements : {_subject(tree)}", movements)
    return book.content


def movements_workbook(
    tree: BudgetTree, node: TreeLine, *, on: date | None, movements: Iterable[MovementRow]
) -> BytesIO:
    """The movements behind one line or sum, with the balance after each. EUR."""
    subject = f"{_subject(tree)}, {node.line}"
    with _Book(tree, on, subject) as book:
        _movement_sheet(book, subject, movements)
    return book.content


def file_name(tree: BudgetTree, *, on: date | None, node: TreeLine | None = None) -> str:
    """``budget-FNGA-2026-A-I-2.info-au-2026-06-30.xlsx``: plain letters only."""
    parts = ["budget", tree.fund.code, str(tree.exercise.year)]
    if node is not None:
        parts.append(node.line.code)
    if on is not None:
        parts += ["au", on.isoformat()]
    return f"{re.sub(r'[^A-Za-z0-9.-]+', '-', '-'.join(parts))}.xlsx"


def _subject(tree: BudgetTree) -> str:
    return f"{tree.fund.code} — {tree.fund.name}, exercice {tree.exercise.year}"


def _tree_cells(node: TreeLine, parent: str) -> list[Cell]:
    line = node.line
    return [
        line.code,
        line.label,
        parent,
        line.section,
        line.get_nature_display(),
        Side(line.side).label if line.side else "",
        line.group,
        line.get_mark_display(),
        node.base,
        node.initial,
        node.moved,
        node.authorised,
        node.committed,
        node.available,
        node.earmarked,
    ]


def _movement_sheet(book: _Book, title: str, movements: Iterable[MovementRow]) -> None:
    sheet = book.sheet("Mouvements", title, MOVEMENTS)
    number = 0
    for number, item in enumerate(movements, start=1):
        cells: list[Cell] = [
            item.on,
            item.kind.label,
            item.line.code,
            item.line.label,
            item.label,
            item.origin,
            item.reference,
            item.authorised,
            item.committed,
            item.available,
            item.earmarked,
            item.balance,
        ]
        book.row(sheet, HEADER_ROW + number, cells)
    book.finish(sheet, number, len(MOVEMENTS))


class _Book:
    """One workbook in memory; ``content`` holds it when the block ends."""

    def __init__(self, tree: BudgetTree, on: date | None, subject: str) -> None:
        self.content = BytesIO()
        self._on = on
        self._tree = tree
        self._subject = subject
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def __enter__(self) -> _Book:
        self._book = xlsxwriter.Workbook(
            self.content,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._book.set_size(1900, 1200)
        now = clock.now().astimezone(clock.PARIS)
        self._made = now
        self._book.set_properties(
            {
                "title": self._subject,
                "subject": "Budget et mouvements de crédits",
                "author": "Berline",
                "company": "CANSSM",
                "created": now.replace(tzinfo=None),
            }
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self._book.close()
            self.content.seek(0)

    def format(self, **properties: Any) -> Format:
        """A cell format, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(properties | {"valign": "top"})
        return self._formats[key]

    def sheet(self, name: str, title: str, columns: Sequence[Column]) -> Worksheet:
        """A sheet with its title, its dates and its frozen heads, ready for paper."""
        sheet = self._book.add_worksheet(name)
        sheet.write_string(0, 0, title, self.format(bold=True, font_size=14))
        sheet.write_string(1, 0, self._what(), self.format())
        sheet.write_string(
            2,
            0,
            f"Extrait de Berline le {french_date(self._made.date())} à {self._made:%H:%M} (Paris)",
            self.format(),
        )
        head = self.format(bold=True, bg_color="#E6EAED", bottom=1, text_wrap=True)
        for rank, column in enumerate(columns):
            sheet.set_column(rank, rank, column.width)
            sheet.write_string(HEADER_ROW, rank, column.title, head)
        sheet.freeze_panes(HEADER_ROW + 1, 2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEADER_ROW)
        sheet.set_footer("&L&F&RPage &P sur &N")
        return sheet

    def _what(self) -> str:
        exercise = self._tree.exercise
        told = (
            f"Soldes à la fin du {french_date(self._on)}" if self._on else "Soldes au moment de l’extraction"
        )
        told += ", montants en euros"
        if exercise.is_closed:
            told += f" ; exercice clos le {french_date(exercise.closed_on)}"
        if exercise.carried_from:
            told += (
                f" ; exercice reconduit de {exercise.carried_from} : "
                "aucune convention ultérieure n’est détenue"
            )
        return f"{told}."

    def row(self, sheet: Worksheet, number: int, cells: Sequence[Cell], *, bold: bool = False) -> None:
        """One row; texts as texts, whatever they begin with."""
        weight = {"bold": True} if bold else {}
        for rank, cell in enumerate(cells):
            if isinstance(cell, str):
                if cell:
                    sheet.write_string(number, rank, cell, self.format(**weight))
            elif isinstance(cell, Decimal):
                sheet.write_number(number, rank, cell, self.format(num_format=EURO, **weight))
            elif cell is not None:
                moment = datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 (Excel's days have no zone)
                sheet.write_datetime(number, rank, moment, self.format(num_format="dd/mm/yyyy", align="left"))

    def indent(self, sheet: Worksheet, number: int, rank: int, text: str, depth: int, *, bold: bool) -> None:
        """A label set in by its depth."""
        sheet.write_string(number, rank, text, self.format(indent=depth, bold=bold))

    def finish(self, sheet: Worksheet, rows: int, columns: int) -> None:
        """Filters on the heads, once the rows are there."""
        sheet.autofilter(HEADER_ROW, 0, HEADER_ROW + rows, columns - 1)
