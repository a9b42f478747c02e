"""The register of property and its two dashboards as XLSX."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from io import BytesIO

from cases.calendar import french_date
from cases.clock import paris_date
from cases.models import Property
from cases.property_targets import YEARS, targets
from cases.selectors.property_boards import Boards
from cases.workbook import Cell, Workbook

REGISTER = (
    ("Code", 24),
    ("Désignation", 40),
    ("Adresse", 40),
    ("Commune", 24),
    ("Usage", 20),
    ("Propriétaire", 34),
    ("Fonds", 8),
    ("Situation", 20),
    ("Occupation", 20),
    ("Surface (m²)", 13),
    ("dont vacante (m²)", 13),
    ("Occupants", 11),
    ("Logement de santé", 12),
    ("Valeur nette comptable (€)", 18),
    ("au", 12),
    ("Valeur de marché (€)", 18),
    ("Source", 24),
    ("au", 12),
    ("Devenir", 12),
    ("Année prévue", 10),
    ("Recettes attendues (€)", 18),
    ("Dépenses attendues (€)", 18),
)
ON_SALE = (
    ("Code", 24),
    ("Désignation", 40),
    ("Commune", 24),
    ("Propriétaire", 34),
    ("Fonds", 8),
    ("Usage", 20),
    ("Occupation", 20),
    ("Situation", 20),
    ("Proposé le", 12),
    ("Dossier", 18),
    ("Surface (m²)", 13),
    ("Valeur nette comptable (€)", 18),
    ("Valeur de marché (€)", 18),
    ("Source", 24),
    ("Recettes attendues (€)", 18),
)
SOLD = (
    ("Code", 24),
    ("Désignation", 40),
    ("Commune", 24),
    ("Propriétaire", 34),
    ("Fonds", 8),
    ("Acte signé le", 12),
    ("Acquéreur", 34),
    ("Dossier", 18),
    ("Surface vendue (m²)", 13),
    ("Prix (€)", 18),
    ("Valeur nette comptable (€)", 18),
    ("Différence (€)", 18),
    ("Produit affecté (€)", 18),
)
YEARLY = (
    ("Année", 10),
    ("Cessions", 10),
    ("Cessions : convention", 14),
    ("Surface cédée (m²)", 14),
    ("Surface : convention (m²)", 14),
    ("Prix (€)", 18),
    ("Différence (€)", 18),
)


def register_workbook(
    buildings: Iterable[Property], *, about: str, reader: str, made_at: datetime
) -> BytesIO:
    """The register as the page lists it, all pages."""
    book = Workbook(title="Registre du patrimoine", about=about, made=_made(reader, made_at), made_at=made_at)
    sheet = book.sheet("Patrimoine", "Registre du patrimoine immobilier", REGISTER)
    for rank, one in enumerate(buildings):
        book.row(sheet, rank, _facts(one))
    return book.content()


def on_sale_workbook(boards: Boards, *, about: str, reader: str, made_at: datetime) -> BytesIO:
    """« Un tableau de bord des biens proposés à la vente »."""
    title = "Biens proposés à la vente"
    book = Workbook(title=title, about=about, made=_made(reader, made_at), made_at=made_at)
    sheet = book.sheet("Proposés à la vente", title, ON_SALE)
    for rank, line in enumerate(boards.on_sale):
        one = line.building
        cells: list[Cell] = [
            *(one.code, one.name, one.town, str(one.organisation), one.fund),
            *(one.get_use_display(), one.get_occupation_display(), one.get_state_display()),
            paris_date(line.since) if line.since else None,
            line.reference,
            *(one.surface, one.net_book_value, one.market_value, one.get_market_value_source_display()),
            one.expected_receipts,
        ]
        book.row(sheet, rank, cells)
    return book.content()


def sold_workbook(boards: Boards, *, about: str, reader: str, made_at: datetime) -> BytesIO:
    """« Un tableau de bord des cessions immobilières réalisées », by year, with the targets on a sheet of their own."""
    title = "Cessions immobilières réalisées"
    book = Workbook(title=title, about=about, made=_made(reader, made_at), made_at=made_at)
    sheet = book.sheet("Cessions", title, SOLD)
    for rank, sale in enumerate(boards.sales):
        one = sale.property
        allocated: Decimal = sale.allocated  # type: ignore[attr-defined]
        cells: list[Cell] = [
            *(one.code, one.name, one.town, str(one.organisation), one.fund),
            *(sale.deed_on, sale.buyer, sale.dossier.reference, sale.surface),
            *(sale.price, sale.net_book_value, sale.gain, allocated),
        ]
        book.row(sheet, rank, cells)
    yearly = book.sheet("Par année", f"{title} : par année", YEARLY)
    for rank, year in enumerate(boards.years):
        cells = [
            *(year.year, year.count, year.count_printed, year.surface, year.surface_printed),
            *(year.price, year.gain),
        ]
        book.row(yearly, rank, cells)
    aims = book.sheet(
        "Objectifs",
        "Objectifs de la convention",
        (
            ("Indicateur", 60),
            ("Repère", 18),
            ("Unité", 8),
            *((str(year), 11) for year in YEARS),
            ("Ligne du texte", 10),
            ("Remarque", 70),
        ),
    )
    for rank, row in enumerate(targets().values()):
        cells = [row.label, row.reference, row.unit, *(row.figures.get(year) for year in YEARS)]
        book.row(aims, rank, [*cells, row.line, row.ambiguous])
    return book.content()


def _facts(one: Property) -> list[Cell]:
    return [
        *(one.code, one.name, one.address, one.town),
        *(one.get_use_display(), str(one.organisation), one.fund),
        *(one.get_state_display(), one.get_occupation_display()),
        *(one.surface, one.vacant_surface, one.occupants),
        "oui" if one.health_housing else "",
        *(one.net_book_value, one.book_value_on),
        *(one.market_value, one.get_market_value_source_display(), one.market_value_on),
        *(one.get_future_display(), one.future_year),
        *(one.expected_receipts, one.expected_expenditure),
    ]


def _made(reader: str, made_at: datetime) -> str:
    return f"Extrait de Berline le {french_date(paris_date(made_at))}, pour {reader}."
