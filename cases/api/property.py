"""``GET properties`` and ``GET properties/{code}``: the register of property (Plan National Immobilier)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from cases.api.access import person_of
from cases.api.errors import ErrorOut
from cases.api.reading import refuse_unknown_parameters
from cases.api.schemas import OrganisationOut, PersonOut, money
from cases.errors import Forbidden
from cases.models import ProceedsAllocation, Property, PropertySale
from cases.permissions import Holding, holdings_of
from cases.selectors.property import (
    HistoryLine,
    allocations_of,
    history_of,
    property_for,
    reads_properties,
)
from cases.selectors.property_list import property_page, read_filters

router = Router(tags=["Patrimoine"])


class PropertiesIn(BaseModel):
    """Ce qui est demandé du registre ; un critère vide ne choisit rien."""

    q: str = Field(
        default="",
        max_length=100,
        description="Mots du code, de la désignation, de l’adresse, de la commune.",
    )
    use: str = Field(default="", description="administrative, health_social ou housing.")
    state: str = Field(
        default="", description="in_use, vacant, proposed, on_sale, under_offer, sold ou withdrawn."
    )
    fund: str = Field(default="", description="FNGA, FNASS, FNPPS ou FNMO.")
    owner: str = Field(default="", max_length=100, description="Code de l’organisation propriétaire.")
    future: str = Field(default="", description="keep, sell, rent ou adapt.")
    sort: str = Field(default="", description="code, town, surface, vacant, book_value ou updated.")
    cursor: str = Field(default="", max_length=40, description="« next_cursor » de la page précédente.")


class PropertyOut(BaseModel):
    """Un bien. Surfaces en m² et montants en euros, en chaînes décimales. « health_housing » : logement nécessaire
    aux professionnels de santé, qui ne se vend pas. « market_value » : null si elle n’est pas estimée.
    """

    code: str
    name: str
    address: str
    town: str
    use: str
    owner: OrganisationOut
    fund: str
    state: str
    state_label: str
    occupation: str
    occupants: int | None
    surface: str
    vacant_surface: str
    health_housing: bool
    net_book_value: str
    book_value_on: date
    market_value: str | None
    market_value_source: str | None
    market_value_on: date | None
    future: str
    future_year: int | None
    expected_receipts: str
    expected_expenditure: str
    version: int
    created_at: datetime
    updated_at: datetime


class TallyOut(BaseModel):
    """Ce que font ensemble les biens d’une situation, ou de la sélection."""

    state: str
    count: int
    surface: str
    vacant_surface: str
    net_book_value: str


class PropertiesOut(BaseModel):
    """Une page du registre. « total » : toute la sélection ; « by_state » : la sélection par situation, sans le critère
    « state ». « next_cursor » est vide sur la dernière page.
    """

    items: list[PropertyOut]
    next_cursor: str
    total: TallyOut
    by_state: list[TallyOut]


class AllocationOut(BaseModel):
    """Une part du produit d’une vente : son usage, l’exercice, le montant."""

    use: str
    use_label: str
    exercise: int
    amount: str
    reference: str


class SaleOut(BaseModel):
    """La vente d’un bien. « gain » : prix moins valeur nette comptable ; « reference » : le dossier qui l’a vendu."""

    reference: str
    price: str
    net_book_value: str
    gain: str
    surface: str
    buyer: str
    deed_on: date
    recorded_at: datetime
    recorded_by: PersonOut
    allocations: list[AllocationOut]


class PropertyChangeOut(BaseModel):
    """Un changement du registre. « changes » : champ → avant, après. « reference » : le dossier qui l’a fait, vide pour
    un acte de la main d’une personne.
    """

    at: datetime
    action: str
    title: str
    state_before: str
    state_after: str
    changes: dict[str, list[Any]]
    motive: str
    reference: str
    actor: PersonOut | None
    capacity: str


class PropertyDetailOut(PropertyOut):
    """Un bien, sa vente s’il est vendu, son histoire, du plus récent au plus ancien (200 changements au plus)."""

    sale: SaleOut | None
    history: list[PropertyChangeOut]


@router.get(
    "properties",
    summary="Lister les biens immobiliers",
    response={200: PropertiesOut, 401: ErrorOut, 403: ErrorOut, 422: ErrorOut},
)
def list_properties(request: HttpRequest, asked: Query[PropertiesIn]) -> PropertiesOut:
    """Les biens que la personne peut lire : ceux de ses organismes, ou tous pour la CANSSM et la tutelle."""
    refuse_unknown_parameters(request, PropertiesIn)
    held = _readers(request)
    page = property_page(
        person_of(request), read_filters(asked.model_dump()), cursor=asked.cursor, holdings=held
    )
    return PropertiesOut(
        items=[PropertyOut(**_facts(one)) for one in page.items],
        next_cursor=page.next_cursor,
        total=_tally(page.total),
        by_state=[_tally(one) for one in page.tallies.values()],
    )


@router.get(
    "properties/{code}",
    summary="Lire un bien immobilier",
    response={200: PropertyDetailOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut},
)
def read_property(request: HttpRequest, code: str) -> PropertyDetailOut:
    """Un bien avec son histoire et, s’il est vendu, sa vente et l’affectation de son produit."""
    refuse_unknown_parameters(request)
    held = _readers(request)
    user = person_of(request)
    found = property_for(user, code, held)
    sale: PropertySale | None = getattr(found, "sale", None)
    return PropertyDetailOut(
        **_facts(found),
        sale=_sale(sale, allocations_of(sale)) if sale else None,
        history=[_change(line) for line in history_of(found, user, held)],
    )


def _readers(request: HttpRequest) -> tuple[Holding, ...]:
    held = holdings_of(person_of(request))
    if not reads_properties(held):
        raise Forbidden(
            "Le registre du patrimoine se lit avec un rôle dans le régime : demandez à l’administrateur de "
            "votre organisme de vérifier les vôtres."
        )
    return held


def _facts(one: Property) -> dict[str, Any]:
    return {
        **{
            name: getattr(one, name)
            for name in (
                *("code", "name", "address", "town", "use", "fund", "state", "occupation", "occupants"),
                *("health_housing", "book_value_on", "market_value_on", "future", "future_year"),
                *("version", "created_at", "updated_at"),
            )
        },
        "owner": OrganisationOut.of(one.organisation),
        "state_label": one.get_state_display(),
        "surface": f"{one.surface:.2f}",
        "vacant_surface": f"{one.vacant_surface:.2f}",
        "net_book_value": money(one.net_book_value),
        "market_value": money(one.market_value),
        "market_value_source": one.market_value_source or None,
        "expected_receipts": money(one.expected_receipts),
        "expected_expenditure": money(one.expected_expenditure),
    }


def _tally(one: Any) -> TallyOut:
    return TallyOut(
        state=one.state,
        count=one.count,
        surface=f"{one.surface:.2f}",
        vacant_surface=f"{one.vacant_surface:.2f}",
        net_book_value=f"{one.net_book_value:.2f}",
    )


def _sale(sale: PropertySale, allocations: list[ProceedsAllocation]) -> SaleOut:
    return SaleOut(
        reference=sale.dossier.reference,
        price=f"{sale.price:.2f}",
        net_book_value=f"{sale.net_book_value:.2f}",
        gain=f"{sale.gain:.2f}",
        surface=f"{sale.surface:.2f}",
        buyer=sale.buyer,
        deed_on=sale.deed_on,
        recorded_at=sale.recorded_at,
        recorded_by=PersonOut.of(sale.recorded_by),
        allocations=[
            AllocationOut(
                use=one.use,
                use_label=one.get_use_display(),
                exercise=one.exercise,
                amount=f"{one.amount:.2f}",
                reference=one.dossier.reference,
            )
            for one in allocations
        ],
    )


def _change(line: HistoryLine) -> PropertyChangeOut:
    entry = line.shown.entry
    return PropertyChangeOut(
        at=entry.at,
        action=entry.action,
        title=line.shown.title,
        state_before=entry.before,
        state_after=entry.after,
        changes=entry.changes,
        motive=entry.motive,
        reference=entry.dossier.reference if entry.dossier else "",
        actor=PersonOut.of(entry.actor) if entry.actor else None,
        capacity=entry.capacity,
    )
