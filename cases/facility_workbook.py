"""The register of the œuvres as XLSX."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from cases import clock
from cases.calendar import french_date
from cases.models import Facility
from cases.workbook import Cell, Workbook

TITLE = "Registre des œuvres"
COLUMNS = (
    ("Code", 26),
    ("Nom", 40),
    ("Commune", 24),
    ("Organisme", 34),
    ("Nature", 26),
    ("Numéro FINESS", 14),
    ("Agrément", 16),
    ("Provisoire jusqu’au", 14),
    ("Adhésion le", 14),
    ("En activité", 11),
    ("Fermée le", 14),
)


def facility_workbook(
    found: Iterable[Facility], *, criteria: Iterable[tuple[str, str]], reader: str
) -> BytesIO:
    """A selection of the register. ``criteria``: label and value of what was chosen; ``reader``: for whom it is."""
    now = clock.now()
    chosen = " ; ".join(f"{label} : {value}" for label, value in criteria)
    book = Workbook(
        title=TITLE,
        about=f"Critères : {chosen or 'aucun, tout le registre'}.",
        made=f"Extrait de Berline le {french_date(clock.paris_date(now))}, pour {reader}.",
        made_at=now,
    )
    sheet = book.sheet("Œuvres", TITLE, COLUMNS)
    for rank, facility in enumerate(found):
        book.row(sheet, rank, _cells(facility))
    return book.content()


def _cells(facility: Facility) -> list[Cell]:
    return [
        facility.code,
        facility.name,
        facility.town,
        facility.organisation.name,
        facility.get_kind_display(),
        facility.finess or "",
        facility.get_approval_display(),
        facility.provisional_until,
        facility.adhered_on,
        "oui" if facility.active else "non",
        facility.closed_on,
    ]
