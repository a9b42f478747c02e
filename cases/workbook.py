"""Workbooks (XLSX) of the registers: real numbers and dates, texts that are never formulas, ready for paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cases import clock

CONTENT_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADER_ROW: Final = 4
"""Rows above a table: title, what is shown, extraction, a blank."""
DECIMALS: Final = "#,##0.00;[Red]-#,##0.00;0.00"

Cell = str | int | Decimal | date | datetime | None


class Workbook:
    """One workbook in memory. ``about`` says what was chosen, ``made`` who made it and when: both head every sheet."""

    def __init__(self, *, title: str, about: str, made: str, made_at: datetime) -> None:
        self._content = BytesIO()
        self._book = xlsxwriter.Workbook(
            self._content,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._about, self._made = about, made
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}
        created = made_at.astimezone(clock.PARIS).replace(tzinfo=None)
        self._book.set_properties(
            {"title": title, "subject": about, "author": "Berline", "company": "CANSSM", "created": created}
        )

    def sheet(self, name: str, title: str, columns: Sequence[tuple[str, int]]) -> Worksheet:
        """A sheet with its heads (title and width in characters), frozen and repeated on each printed page."""
        sheet = self._book.add_worksheet(name)
        sheet.write_string(0, 0, title, self._format(bold=True, font_size=14))
        sheet.write_string(1, 0, self._about, self._format())
        sheet.write_string(2, 0, self._made, self._format())
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
        """The row ``rank`` under the heads, from 0; texts as texts, whatever they begin with; moments as in Paris."""
        weight = {"bold": True} if bold else {}
        place = HEADER_ROW + 1 + rank
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                if cell:
                    sheet.write_string(place, column, cell, self._format(**weight))
            elif isinstance(cell, Decimal):
                sheet.write_number(place, column, cell, self._format(num_format=DECIMALS, **weight))
            elif isinstance(cell, int):
                sheet.write_number(place, column, cell, self._format(**weight))
            elif isinstance(cell, datetime):
                local = cell.astimezone(clock.PARIS).replace(tzinfo=None)
                shape = self._format(num_format="dd/mm/yyyy hh:mm", align="left", **weight)
                sheet.write_datetime(place, column, local, shape)
            elif cell is not None:
                moment = datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 (Excel's days have no zone)
                shape = self._format(num_format="dd/mm/yyyy", align="left", **weight)
                sheet.write_datetime(place, column, moment, shape)

    def content(self) -> BytesIO:
        """Close the workbook and give the file."""
        self._book.close()
        self._content.seek(0)
        return self._content

    def _format(self, **properties: Any) -> Format:
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(properties | {"valign": "top"})
        return self._formats[key]
