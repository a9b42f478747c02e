"""Buildings for the tests: valid facts, and a building entered in the register through its service."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from cases.models import Dossier, Property, PropertySale
from cases.property_facts import PropertyFacts, facts_of
from cases.register_terms import PropertyState
from cases.services.property import create_property, move_property, record_sale
from tests.journeys import Cast

CAPACITY = "Instructeur — CANSSM"


def facts(cast: Cast, *, body: str = "carmi-npdc", **more: Any) -> PropertyFacts:
    """Facts of an occupied administrative building."""
    base = PropertyFacts(
        name="Bureaux de Lens",
        address="4 rue des Mineurs",
        town="Lens",
        use="administrative",
        organisation=cast.body[body],
        fund="FNGA",
        surface=Decimal("800.00"),
        occupation="occupied",
        occupants=40,
        net_book_value=Decimal("120000.00"),
        book_value_on=date(2014, 12, 31),
        future="keep",
    )
    return replace(base, **more)


def empty(surface: str = "800.00") -> dict[str, Any]:
    """What makes a building vacant."""
    return {
        "surface": Decimal(surface),
        "vacant_surface": Decimal(surface),
        "occupation": "vacant",
        "occupants": None,
    }


def building(cast: Cast, code: str = "lens-bureaux", **more: Any) -> Property:
    """A building in the register."""
    return create_property(code=code, facts=facts(cast, **more), actor=cast.reviewer)


def changed(building: Property, **more: Any) -> PropertyFacts:
    """The facts of a building, some of them different."""
    return replace(facts_of(building), **more)


def move(building: Property, *states: PropertyState, dossier: Dossier | None = None) -> Property:
    """Move a building through these states, by one dossier."""
    for state in states:
        building = move_property(building, state, actor=None, capacity=CAPACITY, dossier=dossier)
    return building


def sell(building: Property, dossier: Dossier, cast: Cast, **more: Any) -> PropertySale:
    """Record the sale of a building that is on sale."""
    sale: dict[str, Any] = {
        "price": Decimal("200000.00"),
        "net_book_value": Decimal("120000.00"),
        "buyer": "Commune de Lens",
        "deed_on": date(2015, 6, 1),
        "surface": building.surface,
    }
    return record_sale(building, dossier=dossier, actor=cast.reviewer, capacity=CAPACITY, **(sale | more))


def put_on_sale(cast: Cast, dossier: Dossier, code: str = "lens-bureaux", **more: Any) -> Property:
    """A building that a dossier put on sale."""
    return move(building(cast, code, **more), PropertyState.PROPOSED, PropertyState.ON_SALE, dossier=dossier)
