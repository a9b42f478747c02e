"""Pieces that the stories file, made from the data of their dossier."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from cases import clock, demo_pieces
from cases.budget_tables import read_tables
from cases.budget_terms import FundCode
from workflows.engine.opening_forms import Scenario
from workflows.engine.restructuring_forms import FundingSource
from workflows.rulebook import rulebooks

Writer = Callable[[Mapping[str, Any], str, Mapping[str, str]], bytes]

#: Kind of piece → name of its file.
NAMES = {
    "presentation_note": "Note de présentation.pdf",
    "economic_file": "Dossier économique.pdf",
    "regional_investments": "Investissements des CARMI.pdf",
    "receipts_forecast": "Prévision de recettes.pdf",
    "transmitted_document": "Tableau de bord budgétaire.pdf",
    "opportunity_note": "Note d’opportunité.pdf",
    "medico_economic_description": "Descriptif du projet médico-économique.pdf",
    "financing_plan": "Plan prévisionnel de financement.pdf",
    "opening_plan": "Plan d’ouverture.pdf",
    "works_budget": "Budget prévisionnel des travaux.pdf",
    "economic_comparison": "Comparaison économique.pdf",
    "valuation_report": "Rapport d’évaluation.pdf",
    "plot_documents": "Documents de la parcelle.pdf",
    "operation_note": "Présentation de l’opération.pdf",
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

#: Shares of the groups of expenditure in the limitative expenditure of the CANSSM for 2016, EUR.
DASHBOARD_TOTAL = "65400000.00"
DASHBOARD = (("A-I-1", 78), ("A-I-2", 21), ("A-I-3", 1))

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


def _listed(
    data: Mapping[str, Any],
    body: str,
    *,
    kind: str,
    title: str,
    heads: tuple[str, str, str],
    rows: list[tuple[str, str, Decimal]],
    remark: str,
) -> bytes:
    """A table of exactly these rows: label, remark, EUR."""
    return demo_pieces.listed_table(
        {
            "organisation": body,
            "kind": kind,
            "title": title,
            "exercise": int(data.get("exercise") or clock.today().year),
            "amount": "",
            "heads": heads,
            "parts": (),
            "remark": remark,
            "written_at": clock.now().isoformat(),
        },
        rows,
    )


def _project(kind: str, heads: tuple[str, str, str], remark: str) -> Writer:
    """A piece of a restructuring: what is asked of each source."""

    def write(data: Mapping[str, Any], body: str, facilities: Mapping[str, str]) -> bytes:
        rows = [
            (str(FundingSource(row["source"]).label), "Demande déposée", Decimal(row["amount"]))
            for row in data["financing_plan"]
        ]
        title = f"{data['establishment']} : {data['title']}"
        said = f"{data['medico_economic_project']} {remark}"
        return _listed(data, body, kind=kind, title=title, heads=heads, rows=rows, remark=said)

    return write


def _works(kind: str, remark: str) -> Writer:
    """A piece of an ouverture plan: the œuvres with their works."""

    def write(data: Mapping[str, Any], body: str, facilities: Mapping[str, str]) -> bytes:
        rows = [
            (
                facilities.get(row["facility"], row["facility"]),
                str(Scenario(row["scenario"]).label),
                Decimal(row["works_budget"] or 0),
            )
            for row in data["facilities"]
        ]
        return _listed(
            data,
            body,
            kind=kind,
            title=f"Plan d’ouverture — {data['region']}",
            heads=("Œuvre", "Scénario", "Travaux"),
            rows=rows,
            remark=remark,
        )

    return write


def _comparison(data: Mapping[str, Any], body: str, facilities: Mapping[str, str]) -> bytes:
    costs = data["economic_comparison"]
    current, target = Decimal(costs["current"]), Decimal(costs["target"])
    rows = [
        ("Organisation cible", "Coût annuel", target),
        ("Écart avec l’organisation actuelle", "Gain s’il est positif", current - target),
    ]
    return _listed(
        data,
        body,
        kind="Comparaison économique",
        title=f"Plan d’ouverture — {data['region']}",
        heads=("Organisation", "Base", "Montant"),
        rows=rows,
        remark=str(data["staffing"]),
    )


def _building(kind: str, remark: str) -> Writer:
    """A piece of a disposal."""

    def write(data: Mapping[str, Any], body: str, facilities: Mapping[str, str]) -> bytes:
        rows = [("Valeur vénale", "Comparaison avec les ventes du secteur", Decimal(data["valuation"]))]
        title = f"Bien {data['property']} du registre du patrimoine"
        return _listed(
            data, body, kind=kind, title=title, heads=("Élément", "Base", "Montant"), rows=rows, remark=remark
        )

    return write


def _use(data: Mapping[str, Any], body: str, facilities: Mapping[str, str]) -> bytes:
    rows = [(f"Produit de la vente {data['sale']}", "Recette du fonds régional", Decimal(data["amount_ht"]))]
    return _listed(
        data,
        body,
        kind="Présentation de l’opération",
        title=str(data["title"]),
        heads=("Ressource", "Nature", "Montant"),
        rows=rows,
        remark=str(data["purpose"]),
    )


def _dashboard(data: Mapping[str, Any], body: str, facilities: Mapping[str, str]) -> bytes:
    rows = {row.code: row for row in read_tables()[FundCode.FNGA]}
    return demo_pieces.breakdown_table(
        {
            "organisation": body,
            "kind": "Tableau de bord budgétaire",
            "title": str(data["title"]),
            "exercise": data["exercise"],
            "amount": DASHBOARD_TOTAL,
            "heads": ("Groupe de dépenses", "Base", "Montant"),
            "parts": tuple((rows[code].label, weight, "Prévision d’exécution") for code, weight in DASHBOARD),
            "remark": "Budget de gestion ; l’analyse de l’exécution budgétaire est jointe à l’envoi.",
            "written_at": clock.now().isoformat(),
        }
    )


_WRITERS: dict[str, Writer] = {
    "presentation_note": _note,
    "economic_file": _economic,
    "regional_investments": _regional,
    "receipts_forecast": _forecast,
    "transmitted_document": _dashboard,
    "opportunity_note": _project(
        "Note d’opportunité",
        ("Source", "État", "Montant"),
        "L’opération est nécessaire à la sécurité des soins.",
    ),
    "medico_economic_description": _project(
        "Projet médico-économique",
        ("Source", "État", "Montant"),
        "Activité et personnels : voir le tableau joint.",
    ),
    "financing_plan": _project(
        "Plan prévisionnel de financement",
        ("Source", "État", "Montant"),
        "L’impact sur l’exploitation est chiffré par année dans le dossier.",
    ),
    "opening_plan": _works(
        "Plan d’ouverture", "Le plan porte sur les réalisations ambulatoires de ce bassin."
    ),
    "works_budget": _works(
        "Budget prévisionnel des travaux", "Montants estimés par le service de l’immobilier."
    ),
    "economic_comparison": _comparison,
    "valuation_report": _building("Rapport d’évaluation", "Établi après visite des lieux."),
    "operation_note": _use,
    "plot_documents": _building("Documents de la parcelle", "Extrait cadastral et titre de propriété."),
}
