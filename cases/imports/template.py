"""The workbook that people fill in: headings ready, lists to choose from, and what each column takes.

Filled with what stands in a register it is a file that can be imported again as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cases import clock
from cases.imports.cells import Body
from cases.imports.columns import Column, Register
from cases.imports.reading import MAX_ROWS

#: Rows below the headings that offer the lists and formats of their columns.
PREPARED_ROWS: Final = 5000
_EXPLAINED: Final = (
    ("Colonne", 34),
    ("Obligatoire", 12),
    ("Ce que l’on écrit", 44),
    ("Valeurs admises", 50),
    ("Exemple", 26),
    ("Remarque", 60),
)


def template_workbook(register: Register, *, bodies: Sequence[str], subjects: Iterable[Any] = ()) -> BytesIO:
    """The template of a register: headings, then ``subjects`` as rows; how to fill it in on a second sheet.

    ``bodies`` are the codes that columns of bodies take.
    """
    content = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        book.set_properties(
            {
                "title": f"{register.title} : modèle d’import",
                "author": "Berline",
                "company": "CANSSM",
                "created": clock.now().astimezone(clock.PARIS).replace(tzinfo=None),
            }
        )
        head = book.add_format({"bold": True, "bg_color": "#E6EAED", "bottom": 1, "text_wrap": True})
        needed = book.add_format({"bold": True, "bg_color": "#D5E3EC", "bottom": 1, "text_wrap": True})
        sheet = book.add_worksheet("Données")
        explained = book.add_worksheet("Mode d’emploi")
        lists = book.add_worksheet("Listes")
        lists.hide()
        for index, column in enumerate(register.columns):
            form = book.add_format({"num_format": column.kind.format})
            sheet.set_column(index, index, max(14, min(len(column.heading) + 2, 30)), form)
            sheet.write_string(0, index, column.heading, needed if column.required else head)
            choices = _choices(column, bodies)
            if choices:
                _offer(sheet, lists, index, choices)
        sheet.freeze_panes(1, 1)
        for number, subject in enumerate(subjects, start=1):
            for index, column in enumerate(register.columns):
                _put(sheet, number, index, column.kind.write(getattr(subject, column.field)), book)
        _explain(explained, register, bodies, head, book.add_format({"text_wrap": True, "valign": "top"}))
        sheet.activate()
    content.seek(0)
    return content


def _choices(column: Column, bodies: Sequence[str]) -> Sequence[str]:
    return bodies if isinstance(column.kind, Body) else column.kind.choices


def _offer(sheet: Worksheet, lists: Worksheet, index: int, choices: Sequence[str]) -> None:
    """A list to choose from below a heading; its values stand on a hidden sheet."""
    lists.write_column(0, index, choices)
    letter = xlsxwriter.utility.xl_col_to_name(index)
    sheet.data_validation(
        1,
        index,
        PREPARED_ROWS,
        index,
        {
            "validate": "list",
            "source": f"=Listes!${letter}$1:${letter}${len(choices)}",
            "error_type": "warning",
            "error_title": "Valeur inconnue",
            "error_message": "Choisissez une valeur de la liste.",
        },
    )


def _put(sheet: Worksheet, number: int, index: int, value: Any, book: Any) -> None:
    if isinstance(value, str):
        if value:
            sheet.write_string(number, index, value)
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001 (Excel's days have no zone)
        sheet.write_datetime(number, index, moment)  # in the column's format
    elif isinstance(value, Decimal | int):
        sheet.write_number(number, index, value)


def _explain(
    sheet: Worksheet, register: Register, bodies: Sequence[str], head: Format, wrapped: Format
) -> None:
    sheet.write_string(0, 0, f"{register.title} : comment remplir la feuille « Données »", head)
    sheet.write_string(
        1,
        0,
        f"Une ligne par code, {MAX_ROWS} lignes au plus. L’ordre des colonnes, les majuscules et les accents des "
        "en-têtes ne comptent pas. Une cellule vide d’une colonne facultative vide la donnée ; une colonne absente la "
        "laisse telle qu’elle est.",
    )
    for index, (title, width) in enumerate(_EXPLAINED):
        sheet.set_column(index, index, width, wrapped)
        sheet.write_string(3, index, title, head)
    for number, column in enumerate(register.columns, start=4):
        example = column.example
        shown = column.kind.show(example) if isinstance(example, Decimal | date) else str(example or "")
        values = (
            column.heading,
            "Oui" if column.required else "Non",
            column.kind.expected,
            " ; ".join(_choices(column, bodies)),
            shown,
            column.note,
        )
        for index, value in enumerate(values):
            sheet.write_string(number, index, value)
    sheet.freeze_panes(4, 1)
