"""The results of an act on many dossiers as a file: CSV for a spreadsheet, or XLSX."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO

import xlsxwriter

from cases import clock
from workflows.selectors.bulk import Result

#: Head and width in characters.
COLUMNS = (
    ("Référence", 18),
    ("Objet", 50),
    ("Organisme", 32),
    ("Résultat", 12),
    ("Pourquoi", 80),
    ("Texte cité", 60),
    ("Confié à", 28),
    ("Écriture du journal", 12),
    ("Fait le", 18),
)
HIDDEN = "Dossier qui ne vous est plus accessible"
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Cell = str | int | datetime | None


def csv_of(results: Iterable[Result]) -> BytesIO:
    """UTF-8 with its mark, semicolons; a text that would begin a formula begins with an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow([label for label, _ in COLUMNS])
    for result in results:
        writer.writerow([_plain(cell) for cell in _cells(result)])
    return BytesIO(b"\xef\xbb\xbf" + out.getvalue().encode())


def xlsx_of(results: Iterable[Result], title: str) -> BytesIO:
    """One sheet: real dates, texts that are never formulas."""
    content = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(content, options)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "bg_color": "#E6EAED"})
    text = book.add_format({"valign": "top", "text_wrap": True})
    moment = book.add_format({"valign": "top", "num_format": "dd/mm/yyyy hh:mm", "align": "left"})
    sheet = book.add_worksheet("Résultats")
    sheet.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 14}))
    for rank, (label, width) in enumerate(COLUMNS):
        sheet.set_column(rank, rank, width)
        sheet.write_string(2, rank, label, head)
    row = 2
    for row, result in enumerate(results, start=3):
        for rank, cell in enumerate(_cells(result)):
            if isinstance(cell, datetime):
                local = cell.astimezone(clock.PARIS).replace(tzinfo=None)
                sheet.write_datetime(row, rank, local, moment)
            elif isinstance(cell, int):
                sheet.write_number(row, rank, cell, text)
            elif cell:
                sheet.write_string(row, rank, cell, text)
    sheet.freeze_panes(3, 1)
    sheet.autofilter(2, 0, row, len(COLUMNS) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    book.close()
    content.seek(0)
    return content


def _cells(result: Result) -> list[Cell]:
    item = result.item
    dossier = item.dossier
    about = (
        ["", HIDDEN, ""] if result.hidden else [dossier.reference, dossier.title, dossier.organisation.name]
    )
    reasons = [] if result.hidden else item.reasons
    quotes = [one["quote"]["text"] for one in reasons if one.get("quote")]
    return [
        *about,
        result.state_label,
        " ; ".join(one["message"] for one in reasons),
        " ; ".join(quotes),
        str(item.to) if item.to and not result.hidden else "",
        None if result.hidden else item.entry,
        item.done_at,
    ]


def _plain(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return f"{cell.astimezone(clock.PARIS):%d/%m/%Y %H:%M}"
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
