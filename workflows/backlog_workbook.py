"""The figures of queues as XLSX: real dates and numbers, texts that are never formulas; queues, weeks, rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from cases import clock
from workflows.backlog_extract import (
    ABOUT,
    COLUMNS,
    COUNTED,
    HEADING,
    SCOPE,
    Extract,
    figures_of,
    named,
)

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Rows above a table: title, criteria, who made it and what it is of, a blank.
HEADER_ROW = 4

NAMED = (("Circuit", 36), ("Étape", 28), ("Rôle", 22), ("Organisme qui agit", 34))
WEEKLY = (
    ("Semaine du", 14),
    ("Arrivées", 11),
    ("dont première fois", 11),
    ("dont dossiers complétés", 12),
    ("dont renvoyées", 12),
    ("Terminées", 11),
    ("Rendues au déposant", 12),
    ("Sorties sans réponse", 12),
)

Cell = str | int | Decimal | datetime | None


def backlog_workbook(extract: Extract) -> BytesIO:
    """A sheet of the queues with their totals, one of the weeks, one that says how the figures are counted."""
    content = BytesIO()
    book = _Book(content, extract)
    found, weeks = extract.found, extract.found.filters.weeks
    heads = (*NAMED, *((column.head, column.width) for column in COLUMNS))
    sheet = book.sheet("Files", HEADING, heads, frozen=2)
    for rank, row in enumerate(found.rows, start=HEADER_ROW + 1):
        book.row(sheet, rank, [*named(row), *figures_of(row.figures, weeks)])
    sheet.autofilter(HEADER_ROW, 0, HEADER_ROW + len(found.rows), len(heads) - 1)
    last = HEADER_ROW + 1 + len(found.rows)
    book.row(sheet, last, ["Ensemble", "", "", "", *figures_of(found.total, weeks)], bold=True)
    weekly = book.sheet("Semaines", f"{HEADING} : semaines", WEEKLY, frozen=1)
    for rank, (monday, flow) in enumerate(found.weeks, start=HEADER_ROW + 1):
        day = datetime(monday.year, monday.month, monday.day)  # noqa: DTZ001 (Excel's days have no zone)
        kinds = (flow.first, flow.completed, flow.again, flow.done, flow.returned, flow.gone)
        book.row(weekly, rank, [day, flow.arrivals, *kinds])
    counted = book.sheet(
        "Comptage", "Comment ces chiffres sont comptés", (("Chiffre", 30), ("Règle", 110)), frozen=1
    )
    for rank, (what, sentence) in enumerate(COUNTED, start=HEADER_ROW + 1):
        book.row(counted, rank, [what, sentence])
    book.close()
    content.seek(0)
    return content


class _Book:
    """One workbook in memory."""

    def __init__(self, content: BytesIO, extract: Extract) -> None:
        self._book = xlsxwriter.Workbook(
            content,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        made_at = extract.made_at.astimezone(clock.PARIS).replace(tzinfo=None)
        self._book.set_properties(
            {"title": HEADING, "subject": ABOUT, "author": "Berline", "company": "CANSSM", "created": made_at}
        )
        self._extract = extract
        self._title = self._book.add_format({"bold": True, "font_size": 14, "valign": "top"})
        self._head = self._book.add_format(
            {"bold": True, "bg_color": "#E6EAED", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self._looks = {
            bold: (
                self._book.add_format({"valign": "top", "bold": bold, "text_wrap": True}),
                self._book.add_format({"valign": "top", "bold": bold}),
                self._book.add_format(
                    {"valign": "top", "bold": bold, "num_format": "dd/mm/yyyy", "align": "left"}
                ),
            )
            for bold in (False, True)
        }

    def close(self) -> None:
        """Write the file."""
        self._book.close()

    def sheet(self, name: str, title: str, columns: Sequence[tuple[str, int]], *, frozen: int) -> Worksheet:
        """A sheet with its title, the criteria, who made it, and frozen heads, ready for paper."""
        sheet = self._book.add_worksheet(name)
        criteria = " ; ".join(f"{label} : {value}" for label, value in self._extract.criteria)
        plain = self._looks[False][1]
        sheet.write_string(0, 0, title, self._title)
        sheet.write_string(1, 0, f"{criteria}.", plain)
        made = f"Extrait de Berline le {self._extract.made}, pour {self._extract.reader}. {SCOPE}"
        sheet.write_string(2, 0, made, plain)
        for rank, (label, width) in enumerate(columns):
            sheet.set_column(rank, rank, width)
            sheet.write_string(HEADER_ROW, rank, label, self._head)
        sheet.freeze_panes(HEADER_ROW + 1, frozen)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEADER_ROW)
        sheet.set_footer("&L&F&RPage &P sur &N")
        return sheet

    def row(self, sheet: Worksheet, rank: int, cells: Sequence[Cell], *, bold: bool = False) -> None:
        """One row; texts as texts, whatever they begin with."""
        text, number, day = self._looks[bold]
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                if cell:
                    sheet.write_string(rank, column, cell, text)
            elif isinstance(cell, datetime):
                sheet.write_datetime(rank, column, cell, day)
            elif cell is not None:
                sheet.write_number(rank, column, cell, number)
