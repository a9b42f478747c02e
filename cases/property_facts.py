"""The facts of a building as people state them, and what is wrong with them: the page and the import ask the same.

Pure but for the owner, which is a row. Amounts in EUR, surfaces in m².
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Final

from cases.budget_terms import FundCode
from cases.enums import OrganisationKind
from cases.models import Organisation, Property
from cases.money import AmountError, parse_amount
from cases.register_terms import Occupation, PlannedFuture, PropertyState, PropertyUse, ValueSource
from cases.text import fault_of

#: Bodies that can own a building.
OWNER_KINDS: Final = frozenset(
    {OrganisationKind.FUND, OrganisationKind.CARMI, OrganisationKind.ESTABLISHMENT}
)
#: Words of the addresses of pages below ``/patrimoine/``: no building is called so.
RESERVED_CODES: Final = frozenset({"nouveau", "import", "tableaux-de-bord", "export.xlsx"})

_CODE: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", re.ASCII)
_LARGEST_SURFACE: Final = Decimal(10) ** 8
_CENT: Final = Decimal("0.01")
_MOST_OCCUPANTS: Final = 99_999
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_OLDEST: Final = date(1900, 1, 1)

#: Said of each field whose value is not one of these; once for all, because imports ask it of thousands of rows.
_CHOICES: Final[dict[str, tuple[str, list[str]]]] = {
    "use": ("Choisissez l’usage du bien dans la liste.", PropertyUse.values),
    "fund": ("Choisissez le fonds du bien dans la liste.", FundCode.values),
    "occupation": ("Choisissez l’occupation du bien dans la liste.", Occupation.values),
    "future": ("Choisissez le devenir du bien dans la liste.", PlannedFuture.values),
    "market_value_source": (
        "Choisissez la source de la valeur de marché dans la liste.",
        ["", *ValueSource.values],
    ),
}

Faults = dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyFacts:
    """Every descriptive field of a building (``cases.models.Property``); its code and its state are not facts.

    ``dataclasses.replace(facts_of(building), net_book_value=…)`` changes one of them.
    """

    name: str
    town: str
    use: str
    organisation: Organisation
    fund: str
    surface: Decimal
    occupation: str
    net_book_value: Decimal
    book_value_on: date
    future: str
    address: str = ""
    vacant_surface: Decimal = Decimal(0)
    occupants: int | None = None
    health_housing: bool = False
    market_value: Decimal | None = None
    market_value_source: str = ""
    market_value_on: date | None = None
    future_year: int | None = None
    expected_receipts: Decimal = Decimal(0)
    expected_expenditure: Decimal = Decimal(0)


FACT_NAMES: Final = tuple(field.name for field in fields(PropertyFacts))


def facts_of(building: Property) -> PropertyFacts:
    """The facts that a building has now; its owner should have been loaded with it."""
    return PropertyFacts(**{name: getattr(building, name) for name in FACT_NAMES})


def first_state(facts: PropertyFacts) -> PropertyState:
    """Where a building starts: vacant when nobody occupies it, in use otherwise. A sale is a dossier's affair."""
    return PropertyState.VACANT if facts.occupation == Occupation.VACANT else PropertyState.IN_USE


def code_fault(code: str) -> str:
    """Why a code cannot be that of a building, or nothing."""
    if code in RESERVED_CODES or not _CODE.fullmatch(code) or len(code) > 40:
        return (
            "Écrivez le code en minuscules sans accents, chiffres et tirets, 40 caractères au plus, "
            "par exemple « npdc-lens-bureaux »."
        )
    return ""


def faults_of(facts: PropertyFacts, *, state: str, today: date) -> Faults:
    """What is wrong with these facts for a building in ``state``: French sentences by field; empty when all is well.

    No statement.
    """
    found: Faults = defaultdict(list)
    for name, limit, required in (
        ("name", 160, "Indiquez la désignation du bien."),
        ("town", 80, "Indiquez la commune."),
        ("address", 200, ""),
    ):
        if fault := fault_of(getattr(facts, name), limit=limit, required=required):
            found[name].append(fault)
    _check_choices(facts, found)
    _check_surfaces(facts, found)
    _check_occupation(facts, state, found)
    _check_amounts(facts, found)
    _check_dates(facts, today, found)
    return dict(found)


def _check_choices(facts: PropertyFacts, found: Faults) -> None:
    for name, (sentence, values) in _CHOICES.items():
        if getattr(facts, name) not in values:
            found[name].append(sentence)
    if not facts.organisation.active or facts.organisation.kind not in OWNER_KINDS:
        found["organisation"].append(
            "Choisissez comme propriétaire la CANSSM, une CARMI ou un établissement en activité."
        )
    if facts.health_housing and facts.use != PropertyUse.HOUSING:
        found["health_housing"].append(
            "Seul un bien d’habitation peut être un logement nécessaire aux professionnels de santé : "
            "changez l’usage ou décochez la case."
        )


def _check_surfaces(facts: PropertyFacts, found: Faults) -> None:
    if not _is_measure(facts.surface) or facts.surface <= 0:
        found["surface"].append("Indiquez la surface en m², au-dessus de zéro, deux décimales au plus.")
    if not _is_measure(facts.vacant_surface) or facts.vacant_surface < 0:
        found["vacant_surface"].append(
            "Indiquez la surface vacante en m², zéro ou plus, deux décimales au plus."
        )
    elif not found.get("surface") and facts.vacant_surface > facts.surface:
        found["vacant_surface"].append(
            "La surface vacante dépasse la surface du bien : corrigez l’une ou l’autre."
        )
    if facts.occupants is not None and not 0 <= facts.occupants <= _MOST_OCCUPANTS:
        found["occupants"].append("Indiquez le nombre d’agents qui occupent le bien, zéro ou plus.")


def _check_occupation(facts: PropertyFacts, state: str, found: Faults) -> None:
    if found.get("vacant_surface") or found.get("surface") or found.get("occupation"):
        return
    vacant = facts.vacant_surface
    if facts.occupation == Occupation.VACANT:
        if vacant != facts.surface:
            found["vacant_surface"].append(
                "Un bien vacant l’est sur toute sa surface : recopiez la surface, ou choisissez une autre occupation."
            )
        if facts.occupants:
            found["occupants"].append("Un bien vacant n’a pas d’occupants : indiquez 0 ou laissez vide.")
    elif facts.occupation == Occupation.OCCUPIED and vacant:
        found["vacant_surface"].append(
            "Un bien occupé n’a pas de surface vacante : indiquez 0, ou choisissez « Occupé en partie »."
        )
    elif facts.occupation == Occupation.PARTLY and not 0 < vacant < facts.surface:
        found["vacant_surface"].append(
            "Un bien occupé en partie a une surface vacante plus petite que la sienne : indiquez-la."
        )
    is_vacant = facts.occupation == Occupation.VACANT
    if state == PropertyState.IN_USE and is_vacant:
        found["occupation"].append(
            "Ce bien est « Utilisé » : déclarez-le d’abord vacant sous « Changer la situation » de sa fiche."
        )
    if state == PropertyState.VACANT and not is_vacant:
        found["occupation"].append(
            "Ce bien est « Vacant » : déclarez-le d’abord utilisé sous « Changer la situation » de sa fiche."
        )


def _check_amounts(facts: PropertyFacts, found: Faults) -> None:
    for name in ("net_book_value", "expected_receipts", "expected_expenditure", "market_value"):
        value = getattr(facts, name)
        if value is None:
            continue
        try:
            if parse_amount(value, signed=True) < 0:
                found[name].append("Ce montant ne peut pas être négatif : indiquez zéro ou plus.")
        except AmountError as error:
            found[name].append(str(error))
    if facts.market_value is None:
        if facts.market_value_source or facts.market_value_on:
            found["market_value"].append(
                "Indiquez la valeur de marché, ou videz sa source et sa date : les trois vont ensemble."
            )
        return
    if facts.market_value == 0:
        found["market_value"].append("Indiquez une valeur de marché au-dessus de zéro, ou laissez vide.")
    if not facts.market_value_source:
        found["market_value_source"].append("Indiquez qui a estimé la valeur de marché.")
    if facts.market_value_on is None:
        found["market_value_on"].append("Indiquez le jour de l’estimation.")


def _check_dates(facts: PropertyFacts, today: date, found: Faults) -> None:
    for name in ("book_value_on", "market_value_on"):
        day: Any = getattr(facts, name)
        if day is not None and not _OLDEST <= day <= today:
            found[name].append("Indiquez un jour passé, au plus tard aujourd’hui.")
    if facts.future_year is not None and not _FIRST_YEAR <= facts.future_year <= _LAST_YEAR:
        found["future_year"].append(f"Indiquez une année entre {_FIRST_YEAR} et {_LAST_YEAR}.")


def _is_measure(value: Decimal) -> bool:
    return value.is_finite() and abs(value) < _LARGEST_SURFACE and value == value.quantize(_CENT)
