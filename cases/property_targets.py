"""The yearly targets of the COG 2014-2017 for its buildings, as printed, read from ``cases/property_data/targets.csv``.

Facts of the convention's table of indicators (axis II, B), each with the line of the text where it stands. Where one
reference is printed for the two years 2012 and 2013, it stands under 2013 and ``ambiguous`` says so.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

from cases.errors import Quote

DATA: Final = Path(__file__).resolve().parent / "property_data" / "targets.csv"
YEARS: Final = (2012, 2013, 2014, 2015, 2016, 2017)
TARGET_YEARS: Final = (2014, 2015, 2016, 2017)
"""Years for which a target is set; those before hold what was done."""

#: What is owed to the board and the State (inventory A30).
OWED: Final = (
    Quote(
        rule="calendar.c49",
        text="un tableau de bord des biens proposés à la vente",
        source="COG 2014-2017, axe 2, B.4 Veiller à une gestion immobilière active, ligne 2389 du texte",
        status="text",
    ),
    Quote(
        rule="calendar.c49",
        text="un tableau de bord des cessions immobilières réalisées",
        source="COG 2014-2017, axe 2, B.4 Veiller à une gestion immobilière active, ligne 2391 du texte",
        status="text",
    ),
)


class Indicator(StrEnum):
    """What is counted: sales, m² sold, m² per occupant and vacant m² of the gestion administrative."""

    SALES = "sales"
    SURFACE_SOLD = "surface_sold"
    SURFACE_PER_OCCUPANT = "surface_per_occupant"
    VACANT_SURFACE = "vacant_surface"


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One printed row: ``figures`` by year (ventes or m²), a year without a printed figure is absent."""

    indicator: Indicator
    reference: str
    label: str
    unit: str
    figures: Mapping[int, Decimal]
    line: int
    ambiguous: str

    def target_on(self, year: int) -> tuple[int, Decimal]:
        """The year and figure of the target to reach in ``year``: its own, else the nearest year that has one."""
        nearest = min(max(year, TARGET_YEARS[0]), TARGET_YEARS[-1])
        return nearest, self.figures[nearest]


@lru_cache(maxsize=1)
def targets() -> Mapping[Indicator, TargetRow]:
    """Every row, by what it counts."""
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = [_row(record) for record in csv.DictReader(file, delimiter=";")]
    return {row.indicator: row for row in rows}


def _row(record: Mapping[str, str]) -> TargetRow:
    return TargetRow(
        indicator=Indicator(record["indicator"]),
        reference=record["reference"],
        label=record["label"],
        unit=record["unit"],
        figures={year: _figure(record[str(year)]) for year in YEARS if record[str(year)]},
        line=int(record["line"]),
        ambiguous=record["ambiguous"],
    )


def _figure(text: str) -> Decimal:
    return Decimal(text.replace(" ", "").replace(",", "."))
