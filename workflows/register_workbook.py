"""The register of notices as XLSX: real dates and numbers, texts that are never formulas, a sheet of totals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cases import clock
from workflows.register_extract import ABOUT, HEADING, NO_CRITERIA, Extract, mail_words
from workflows.selectors.notices import NoticeState
from workflows.selectors.notices_rows import RegisterRow
from workflows.selectors.notices_totals import Totals

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADER_ROW = 4
"""Rows above a table: title, criteria, extraction, a blank."""

Cell = str | int | Decimal | date | datetime | None

#: Head and width in characters.
ROWS = (
    ("Référence", 16),
    ("Objet", 52),
    ("Fonds", 9),
    ("Exercice", 10),
    ("Destinataire", 40),
    ("Date du virement", 13),
    ("À informer au plus tard le", 14),
    ("Mise à disposition", 17),
    ("Courriel", 26),
    ("Remis au serveur", 17),
    ("Accusé de réception", 17),
    ("Accusé donné par", 26),
    ("En qualité de", 40),
    ("Jours", 8),
    ("État", 24),
)
TOTALS = (
    ("Destinataire", 46),
    ("Informations", 13),
    *((state.heading, 13) for state in NoticeState),
    ("Dans le délai (%)", 13),
    ("Délai médian (jours)", 13),
    ("Délai le plus long (jours)", 13),
    ("Attente la plus longue (jours)", 14),
)


def register_workbook(extract: Extract) -> BytesIO:
    """The rows on a first sheet, their totals by addressee on a second."""
    content = BytesIO()
    book = _Book(content, extract)
    sheet = book.sheet("Registre", HEADING, ROWS)
    for rank, row in enumerate(extract.rows, start=HEADER_ROW + 1):
        book.row(sheet, rank, _cells(row), bold=row.late)
    sheet.autofilter(HEADER_ROW, 0, HEADER_ROW + len(extract.rows), len(ROWS) - 1)
    totals = book.sheet("Totaux", f"{HEADING} : totaux", TOTALS)
    lines = [(one.name, one.totals) for one in extract.by_addressee]
    for rank, (name, figures) in enumerate(lines, start=HEADER_ROW + 1):
        book.row(totals, rank, _figures(name, figures))
    book.row(totals, HEADER_ROW + 1 + len(lines), _figures("Ensemble", extract.totals), bold=True)
    book.close()
    content.seek(0)
    return content


def _cells(row: RegisterRow) -> list[Cell]:
    notice = row.notice
    return [
        row.reference,
        row.title,
        row.fund,
        row.exercise,
        row.addressee,
        notice.happened_on,
        notice.due_on,
        notice.sent_at,
        mail_words(row.delivery),
        row.delivery.delivered_at,
        notice.acknowledged_at,
        str(notice.acknowledged_by) if notice.acknowledged_by else "",
        notice.capacity,
        row.days,
        str(row.state.label),
    ]


def _figures(name: str, totals: Totals) -> list[Cell]:
    return [
        name,
        totals.number,
        *(totals.by_state[state] for state in NoticeState),
        totals.share_in_time,
        totals.median_days,
        totals.max_days,
        totals.longest_wait_days,
    ]


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
        self._book.set_size(1900, 1200)
        self._extract = extract
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}
        self._book.set_properties(
            {
                "title": HEADING,
                "subject": ABOUT,
                "author": "Berline",
                "company": "CANSSM",
                "created": extract.made_at.astimezone(clock.PARIS).replace(tzinfo=None),
            }
        )

    def close(self) -> None:
        """Write the file."""
        self._book.close()

    def sheet(self, name: str, title: str, columns: Sequence[tuple[str, int]]) -> Worksheet:
        """A sheet with its title, the criteria, who made it, and frozen heads, ready for paper."""
        sheet = self._book.add_worksheet(name)
        criteria = " ; ".join(f"{label} : {value}" for label, value in self._extract.criteria)
        sheet.write_string(0, 0, title, self._format(bold=True, font_size=14))
        sheet.write_string(1, 0, f"Critères : {criteria or NO_CRITERIA}.", self._format())
        made = f"Extrait de Berline le {self._extract.made}, pour {self._extract.reader}."
        sheet.write_string(2, 0, made, self._format())
        head = self._format(bold=True, bg_color="#E6EAED", bottom=1, text_wrap=True)
        for rank, (label, width) in enumerate(columns):
            sheet.set_column(rank, rank, width)
            sheet.write_string(HEADER_ROW, rank, label, head)
        sheet.freeze_panes(HEADER_ROW + 1, 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEADER_ROW)
        sheet.set_footer("&L&F&RPage &P sur &N")
        return sheet

    def row(self, sheet: Worksheet, rank: int, cells: Sequence[Cell], *, bold: bool = False) -> None:
        """One row; texts as texts, whatever they begin with; moments as they were in Paris."""
        weight = {"bold": True} if bold else {}
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                if cell:
                    sheet.write_string(rank, column, cell, self._format(**weight))
            elif isinstance(cell, int | Decimal):
                sheet.write_number(rank, column, cell, self._format(**weight))
            elif isinstance(cell, datetime):
                local = cell.astimezone(clock.PARIS).replace(tzinfo=None)
                shape = self._format(num_format="dd/mm/yyyy hh:mm", align="left", **weight)
                sheet.write_datetime(rank, column, local, shape)
            elif cell is not None:
                moment = datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 (Excel's days have no zone)
                shape = self._format(num_format="dd/mm/yyyy", align="left", **weight)
                sheet.write_datetime(rank, column, moment, shape)

    def _format(self, **properties: Any) -> Format:
        """A cell format, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(properties | {"valign": "top"})
        return self._formats[key]
