"""Pieces that the stories file, made from the data of their dossier."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from cases import clock, demo_pieces
from cases.budget_tables import read_tables
from cases.budget_terms import FundCode
from workflows.rulebook import rulebooks

#: Kind of piece → name of its file.
NAMES = {
    "presentation_note": "Note de présentation.pdf",
    "economic_file": "Dossier économique.pdf",
    "regional_investments": "Investissements des CARMI.pdf",
    "receipts_forecast": "Prévision de recettes.pdf",
}

#: Share of each body in the investments of the year, and what it invests in.
REGIONS = (
    ("CARMI Nord-Pas-de-Calais", 46, "Rénovation des centres de santé de l’Artois, équipement dentaire"),
    ("CARMI Est", 31, "Regroupement des pharmacies du bassin houiller, accessibilité"),
    ("CARMI Sud", 23, "Centres de santé des Cévennes et de Provence, informatique médicale"),
)

#: What the forecast of the year is made of.
FORECAST = (
    ("Encaissé au premier trimestre", 34),
    ("Conventions signées, à facturer", 49),
    ("Renouvellements attendus", 17),
)

CONVENTION = "cog-2014-2017"
CATEGORY = "fnga.receipts.category."


def piece_file(
    kind: str, data: Mapping[str, Any], *, body: str, facilities: Mapping[str, str]
) -> tuple[str, bytes]:
    """Name and content of a piece of this kind for a dossier with these ``data``, written now."""
    content = _WRITERS[kind](data, body, facilities)
    return NAMES[kind], content


def _operation(data: Mapping[str, Any], body: str, facilities: Mapping[str, str]) -> demo_pieces.Operation:
    return {
        "organisation": body,
        "title": data["title"],
        "nature": data["nature"],
        "amount_ht": data["amount_ht"],
        "exercise": data["exercise"],
        "facilities": [facilities[code] for code in data["facilities"]],
        "is_restructuring": data["is_restructuring"],
        "impact": data["impact"],
        "written_at": clock.now().isoformat(),
    }


def _note(data: Mapping[str, Any], body: str, facilities: Mapping[str, str]) -> bytes:
    return demo_pieces.presentation_note(_operation(data, body, facilities))


def _economic(data: Mapping[str, Any], body: str, facilities: Mapping[str, str]) -> bytes:
    return demo_pieces.economic_file(_operation(data, body, facilities))


def _regional(data: Mapping[str, Any], body: str, facilities: Mapping[str, str]) -> bytes:
    amounts = {row["line"]: Decimal(row["amount"]) for row in data["lines"]}
    labels = {row.code: row.label for row in read_tables()[FundCode.FNMO]}
    return demo_pieces.breakdown_table(
        {
            "organisation": body,
            "kind": "Investissements des CARMI",
            "title": f"{labels['INV']}, exercice {data['exercise']}",
            "exercise": data["exercise"],
            "amount": str(amounts["INV"]),
            "heads": ("Caisse régionale", "Principales opérations", "Montant"),
            "parts": REGIONS,
            "remark": "Montants hors taxes. Chaque opération au-dessus du seuil est validée avant son engagement.",
            "written_at": clock.now().isoformat(),
        }
    )


def _forecast(data: Mapping[str, Any], body: str, facilities: Mapping[str, str]) -> bytes:
    rule = rulebooks()[CONVENTION].rule(CATEGORY + data["category"], clock.today())
    return demo_pieces.breakdown_table(
        {
            "organisation": body,
            "kind": "Prévision de recettes",
            "title": f"{rule.text}, exercice {data['exercise']}",
            "exercise": data["exercise"],
            "amount": data["forecast_amount"],
            "heads": ("Élément", "Base", "Montant"),
            "parts": tuple((label, weight, "Comptabilité de l’exercice") for label, weight in FORECAST),
            "remark": f"Projet auquel les recettes seraient réutilisées : {data['project']}",
            "written_at": clock.now().isoformat(),
        }
    )


_WRITERS: dict[str, Callable[[Mapping[str, Any], str, Mapping[str, str]], bytes]] = {
    "presentation_note": _note,
    "economic_file": _economic,
    "regional_investments": _regional,
    "receipts_forecast": _forecast,
}
