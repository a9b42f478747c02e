"""The two dashboards of property as one paper (PDF/A-2b, PDF/UA-1): what is owed to the board and the State (A30)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from cases.calendar import french_date
from cases.money import format_eur
from cases.papers import Column, PaperTable
from cases.pdf import render_statement, table_data
from cases.property_targets import OWED, TARGET_YEARS, targets
from cases.property_words import format_surface
from cases.selectors.property_boards import Boards

ALL_OF_IT = "Tous les biens du régime."
ONE_PART = "Les biens que lit la personne qui a établi ce document ; les objectifs sont nationaux."


def boards_paper(boards: Boards, *, reader: str, made_at: datetime) -> bytes:
    """Both dashboards and the measures, tables on landscape pages."""
    return render_statement(
        {
            "document_reference": f"PNI-{boards.on.isoformat()}",
            "reference": "",
            "heading": "Tableaux de bord du Plan National Immobilier",
            "about": f"situation au {french_date(boards.on)}",
            "issuer": "Gestion du patrimoine immobilier",
            "subject_lines": [
                ["Périmètre", ALL_OF_IT if boards.reads_all else ONE_PART],
                ["Établi par", reader],
            ],
            "introduction": (
                "Ces tableaux de bord sont destinés au conseil d’administration et à l’État, "
                "pour le suivi de la réalisation du Plan National Immobilier."
            ),
            "tables": [
                table_data(one)
                for one in (_on_sale(boards), _years(boards), _sales(boards), _measures(boards))
            ],
            "notes": [f"{row.reference} : {row.ambiguous}" for row in targets().values() if row.ambiguous],
            "visas": [
                {"rule": one.rule, "text": one.text, "source": one.source, "status": one.status}
                for one in OWED
            ],
            "landscape": True,
            "issued_at": made_at.isoformat(),
            "journal_hash": "",
            "journal_sequence": 0,
        }
    )


def _on_sale(boards: Boards) -> PaperTable:
    rows = tuple(
        (
            f"{one.building.name} ({one.building.town})",
            str(one.building.organisation),
            one.building.fund,
            one.building.get_state_display(),
            one.reference,
            format_surface(one.building.surface),
            format_eur(one.building.net_book_value),
            _money(one.building.market_value),
        )
        for one in boards.on_sale
    )
    return PaperTable(
        caption="Biens proposés à la vente",
        columns=(
            *(
                Column("Bien"),
                Column("Propriétaire"),
                Column("Fonds"),
                Column("Situation"),
                Column("Dossier"),
            ),
            *(Column("Surface", numeric=True), Column("Valeur nette comptable", numeric=True)),
            Column("Valeur de marché", numeric=True),
        ),
        rows=rows or (("Aucun", "", "", "", "", "", "", ""),),
    )


def _years(boards: Boards) -> PaperTable:
    years = [one for one in boards.years if one.count or one.year in TARGET_YEARS]
    return PaperTable(
        caption="Cessions immobilières réalisées, par année",
        columns=(
            Column("Année"),
            *(Column("Cessions", numeric=True), Column("Objectif", numeric=True)),
            *(Column("Surface cédée", numeric=True), Column("Objectif de surface", numeric=True)),
            *(Column("Prix", numeric=True), Column("Différence", numeric=True)),
        ),
        rows=tuple(
            (
                str(one.year),
                str(one.count),
                str(one.count_printed) if one.printed_as_target else "",
                format_surface(one.surface),
                format_surface(one.surface_printed) if one.printed_as_target and one.surface_printed else "",
                format_eur(one.price),
                format_eur(one.gain),
            )
            for one in years
        ),
    )


def _sales(boards: Boards) -> PaperTable:
    rows = tuple(
        (
            f"{one.property.name} ({one.property.town})",
            one.property.fund,
            french_date(one.deed_on),
            one.buyer,
            one.dossier.reference,
            format_surface(one.surface),
            format_eur(one.price),
            format_eur(one.gain),
        )
        for one in boards.sales
    )
    return PaperTable(
        caption="Cessions immobilières réalisées, la plus récente d’abord",
        columns=(
            *(
                Column("Bien"),
                Column("Fonds"),
                Column("Acte signé le"),
                Column("Acquéreur"),
                Column("Dossier"),
            ),
            *(
                Column("Surface", numeric=True),
                Column("Prix", numeric=True),
                Column("Différence", numeric=True),
            ),
        ),
        rows=rows or (("Aucune", "", "", "", "", "", "", ""),),
    )


def _measures(boards: Boards) -> PaperTable:
    return PaperTable(
        caption="Surfaces de la gestion administrative",
        columns=(
            Column("Indicateur"),
            Column("Repère"),
            *(Column("Mesuré ce jour", numeric=True), Column("Objectif", numeric=True)),
            Column("Année de l’objectif"),
        ),
        rows=tuple(
            (
                one.row.label,
                one.row.reference,
                format_surface(one.value) if one.value is not None else "non mesuré",
                format_surface(one.target),
                str(one.year),
            )
            for one in boards.measures
        ),
    )


def _money(amount: Decimal | None) -> str:
    return format_eur(amount) if amount is not None else "non chiffré"
