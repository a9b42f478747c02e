"""The figures of a path as XLSX: real numbers, texts that are never formulas, one sheet for each table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

import xlsxwriter

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Rows above a table: title, what is looked at, who made it, what the words mean, a blank.
HEADER_ROW = 5


class SheetCell(Protocol):
    """A figure: as a number, or None where only its text says it."""

    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def value(self) -> float | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, what its words mean, its heads, its rows (texts, then figures)."""

    name: str
    caption: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[Sequence[str], Sequence[SheetCell]]]


def bottleneck_workbook(title: str, criteria: str, made: str, sheets: Sequence[Sheet]) -> BytesIO:
    """A workbook of these sheets. ``criteria``: what is looked at; ``made``: when and for whom, both sentences."""
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
    book.set_properties({"title": title, "author": "Berline", "company": "CANSSM"})
    strong = book.add_format({"bold": True, "font_size": 14, "valign": "top"})
    head = book.add_format(
        {"bold": True, "bg_color": "#E6EAED", "bottom": 1, "text_wrap": True, "valign": "top"}
    )
    plain = book.add_format({"valign": "top"})
    for one in sheets:
        sheet = book.add_worksheet(one.name)
        for rank, (text, look) in enumerate(
            ((title, strong), (criteria, plain), (made, plain), (one.caption, plain))
        ):
            sheet.write_string(rank, 0, text, look)
        texts = len(one.rows[0][0]) if one.rows else 1
        for column, label in enumerate(one.heads):
            sheet.set_column(column, column, 34 if column < texts else 12)
            sheet.write_string(HEADER_ROW, column, label, head)
        for rank, (names, cells) in enumerate(one.rows, start=HEADER_ROW + 1):
            for column, name in enumerate(names):
                sheet.write_string(rank, column, name, plain)
            for column, cell in enumerate(cells, start=len(names)):
                if cell.value is None:
                    sheet.write_string(rank, column, cell.text, plain)
                else:
                    sheet.write_number(rank, column, cell.value, plain)
        sheet.freeze_panes(HEADER_ROW + 1, texts)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEADER_ROW)
        sheet.set_footer("&L&F&RPage &P sur &N")
    book.close()
    content.seek(0)
    return content
