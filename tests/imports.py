"""Files of registers for the tests: rows by heading, as XLSX or CSV, and what hostile files hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.core.files.base import ContentFile

from cases.imports import REGISTERS
from cases.models import RegisterImport, User
from cases.services.imports import preview_import

#: A building and an œuvre of the CARMI Nord-Pas-de-Calais, by heading.
BUILDING: dict[str, Any] = {
    "Code": "npdc-lens-bureaux",
    "Désignation": "Bureaux de Lens",
    "Commune": "Lens",
    "Usage": "Administratif",
    "Propriétaire": "carmi-npdc",
    "Fonds": "FNGA",
    "Surface (m²)": 800,
    "Occupation": "Occupé",
    "Valeur nette comptable (€)": 120000,
    "Valeur comptable au": date(2014, 12, 31),
    "Devenir prévisionnel": "Conserver",
}
FACILITY: dict[str, Any] = {
    "Code": "npdc-sante-lens",
    "Nom": "Centre de santé de Lens",
    "Commune": "Lens",
    "Organisme": "carmi-npdc",
    "Nature": "Centre de santé",
    "Numéro FINESS": "",
    "Agrément": "",
}
SAMPLES = {"property": BUILDING, "facility": FACILITY}


def building(code: str, **more: Any) -> dict[str, Any]:
    """A row of the register of property; further cells by heading."""
    return BUILDING | {"Code": code} | more


def facility(code: str, **more: Any) -> dict[str, Any]:
    """A row of the register of the œuvres."""
    return FACILITY | {"Code": code} | more


def grid(rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Headings and cells; every heading that a row has."""
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    return [headings, *([row.get(heading) for heading in headings] for row in rows)]


def xlsx(lines: Iterable[Sequence[Any]], name: str = "registre.xlsx") -> ContentFile:  # type: ignore[type-arg]
    """A workbook of one sheet; ``=…`` is a formula, a date a date, None nothing."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for number, line in enumerate(lines):
            for index, cell in enumerate(line):
                if isinstance(cell, date):
                    moment = datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 (Excel's days have no zone)
                    sheet.write_datetime(number, index, moment, day)
                elif isinstance(cell, Decimal):
                    sheet.write_number(number, index, cell)
                elif isinstance(cell, str) and not cell.startswith("="):
                    sheet.write_string(number, index, cell)
                elif cell is not None:
                    sheet.write(number, index, cell)
    return ContentFile(content.getvalue(), name=name)


def table(rows: Sequence[Mapping[str, Any]], name: str = "registre.xlsx") -> ContentFile:  # type: ignore[type-arg]
    """A workbook of these rows."""
    return xlsx(grid(rows), name)


def csv_file(
    rows: Sequence[Mapping[str, Any]],
    *,
    delimiter: str = ";",
    encoding: str = "utf-8",
    name: str = "registre.csv",
) -> ContentFile:  # type: ignore[type-arg]
    """The same as a CSV, days as 31/12/2015."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    for line in grid(rows):
        writer.writerow([f"{cell:%d/%m/%Y}" if isinstance(cell, date) else cell for cell in line])
    return ContentFile(out.getvalue().encode(encoding), name=name)


def preview(actor: User, rows: Sequence[Mapping[str, Any]], register: str = "property") -> RegisterImport:
    """Preview these rows as a workbook."""
    return preview_import(register=register, file=table(rows), actor=actor)


def template(register: str) -> Any:
    """The description of a register."""
    return REGISTERS[register]()
