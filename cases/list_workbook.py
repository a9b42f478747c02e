"""A list as XLSX: one sheet, real dates and numbers, texts that are never formulas, ready for paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter

from cases import clock
from cases.calendar import french_date

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADER_ROW = 4
"""Rows above the table: title, criteria, extraction, a blank."""

Cell = str | int | Decimal | date | None


def list_workbook(
    *,
    title: str,
    criteria: Sequence[tuple[str, str]],
    reader: str,
    columns: Sequence[tuple[str, int]],
    rows: Iterable[Sequence[Cell]],
) -> BytesIO:
    """The workbook, read from its start. ``criteria``: label and value of what was chosen; ``columns``: head and width
    in characters; ``reader``: for whom it was made. Decimals are shown with two figures after the comma.
    """
    content = BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    now = clock.now().astimezone(clock.PARIS)
    book.set_properties(
        {"title": title, "author": "Berline", "company": "CANSSM", "created": now.replace(tzinfo=None)}
    )
    plain = book.add_format({"valign": "top"})
    amount = book.add_format({"valign": "top", "num_format": "#,##0.00"})
    day = book.add_format({"valign": "top", "num_format": "dd/mm/yyyy", "align": "left"})
    head = book.add_format(
        {"bold": True, "bg_color": "#E6EAED", "bottom": 1, "text_wrap": True, "valign": "top"}
    )
    sheet = book.add_worksheet(title[:31])
    sheet.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 14}))
    chosen = " ; ".join(f"{label} : {value}" for label, value in criteria)
    sheet.write_string(1, 0, f"Critères : {chosen or 'aucun, toute la liste'}.", plain)
    made = f"Extrait de Berline le {french_date(now.date())} à {now:%H:%M} (Paris), pour {reader}."
    sheet.write_string(2, 0, made, plain)
    for rank, (label, width) in enumerate(columns):
        sheet.set_column(rank, rank, width)
        sheet.write_string(HEADER_ROW, rank, label, head)
    last = HEADER_ROW
    for last, cells in enumerate(rows, start=HEADER_ROW + 1):
        for rank, cell in enumerate(cells):
            _write(sheet, last, rank, cell, plain, amount, day)
    sheet.autofilter(HEADER_ROW, 0, max(last, HEADER_ROW + 1), len(columns) - 1)
    sheet.freeze_panes(HEADER_ROW + 1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER_ROW)
    sheet.set_footer("&L&F&RPage &P sur &N")
    book.close()
    content.seek(0)
    return content


def _write(sheet: Any, row: int, rank: int, cell: Cell, plain: Any, amount: Any, day: Any) -> None:
    if isinstance(cell, str):
        if cell:
            sheet.write_string(row, rank, cell, plain)
    elif isinstance(cell, Decimal):
        sheet.write_number(row, rank, cell, amount)
    elif isinstance(cell, int):
        sheet.write_number(row, rank, cell, plain)
    elif cell is not None:
        moment = datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 (Excel's days have no zone)
        sheet.write_datetime(row, rank, moment, day)
