"""What PostgreSQL itself refuses of the registers of property and of œuvres, and of imports into them, by name."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import models

from cases.models import (
    Facility,
    FacilityChange,
    FacilityProfessional,
    ProceedsAllocation,
    ProceedsBudget,
    Property,
    PropertyChange,
    PropertySale,
    RegisterImport,
)
from cases.register_terms import APPROVAL_MOVES, PROPERTY_MOVES, ApprovalState, PropertyState
from tests.cases.refusals import (
    AT,
    DAY,
    Fault,
    Rows,
    Values,
    moves_let_through,
    names,
    triggers,
    twice,
    wrong,
)

MODULES = {"cases.models.property", "cases.models.facilities", "cases.models.imports"}
"""Models whose constraints and triggers are tested here."""


def sound(rows: Rows, model: type[models.Model]) -> Values:
    """A row that nothing is wrong with. The sale: 100 000 € for what stood at 40 000 €, so Δ is 60 000 €."""
    if model is Property:
        return {
            "code": "lens-01",
            "name": "Siège de Lens",
            "town": "Lens",
            "use": "administrative",
            "organisation": rows.body,
            "fund": "FNGA",
            "surface": "1200.00",
            "vacant_surface": "1200.00",
            "occupation": "vacant",
            "net_book_value": "40000.00",
            "book_value_on": DAY,
            "future": "sell",
            "created_at": AT,
            "updated_at": AT,
        }
    if model is PropertyChange:
        return {
            "property": rows.one(Property),
            "at": AT,
            "action": "created",
            "after": "in_use",
            "capacity": "Essai",
        }
    if model is PropertySale:
        return {
            "property": rows.one(Property),
            "dossier": rows.dossier,
            "price": "100000.00",
            "net_book_value": "40000.00",
            "gain": "60000.00",
            "surface": "1200.00",
            "buyer": "Commune de Lens",
            "deed_on": DAY,
            "recorded_at": AT,
            "recorded_by": rows.user,
        }
    if model is ProceedsAllocation:
        return {
            "sale": rows.one(PropertySale),
            "use": "investment",
            "exercise": 2015,
            "amount": "60000.00",
            "dossier": rows.dossier,
            "recorded_at": AT,
        }
    if model is ProceedsBudget:
        return {"sale": rows.one(PropertySale), "exercise": 2015, "dossier": rows.dossier, "at": AT}
    if model is Facility:
        return {
            "code": "cds-lens",
            "name": "Centre de santé",
            "town": "Lens",
            "organisation": rows.body,
            "kind": "health_centre",
            "finess": "620000018",
            "approval": "provisional",
            "provisional_until": DAY,
            "active": False,
            "closed_on": DAY,
        }
    if model is FacilityProfessional:
        return {
            "facility": rows.one(Facility),
            "adeli": "621000017",
            "profession": "Médecin généraliste",
            "since": DAY,
        }
    if model is FacilityChange:
        return {"facility": rows.one(Facility), "at": AT, "on": DAY, "action": "created", "capacity": "Essai"}
    assert model is RegisterImport
    return {
        "register": "property",
        "state": "loaded",
        "file": "imports/00/essai",
        "name": "patrimoine.xlsx",
        "size": 1,
        "sha256": "0" * 64,
        "rows": 1,
        "created": 1,
        "uploaded_by": rows.user,
        "uploaded_at": AT,
        "settled_by": rows.user,
        "settled_at": AT,
    }


@pytest.fixture
def rows(db: None) -> Rows:
    """What rows of the registers point to."""
    return Rows(sound)


MODELS = (
    Property,
    PropertyChange,
    PropertySale,
    ProceedsAllocation,
    ProceedsBudget,
    Facility,
    FacilityProfessional,
    FacilityChange,
    RegisterImport,
)


def another_dossier(rows: Rows) -> Any:
    """A dossier that no other row names."""
    return rows.dossiers[1]


def allocations(*given: tuple[str, int, str], price: str = "100000.00", book: str = "40000.00") -> Fault:
    """Proceeds of one sale given to (use, exercise, amount), in one statement."""

    def insert(rows: Rows) -> None:
        gain = str(float(price) - float(book))
        sale = rows.insert(PropertySale, price=price, net_book_value=book, gain=gain)
        ProceedsAllocation.objects.bulk_create(
            ProceedsAllocation(
                sale=sale, use=use, exercise=year, amount=amount, dossier=rows.dossier, recorded_at=AT
            )
            for use, year, amount in given
        )

    return insert


CONSTRAINTS: dict[str, Fault] = {
    "property_use_known": wrong(Property, use="castle"),
    "property_state_known": wrong(Property, state="lost"),
    "property_fund_known": wrong(Property, fund="FNXX"),
    "property_occupation_known": wrong(Property, occupation="haunted"),
    "property_future_known": wrong(Property, future="burn"),
    "property_surface_positive": wrong(Property, surface=0, vacant_surface=0),
    "property_vacant_surface_within": wrong(Property, vacant_surface="1200.01"),
    "property_amounts_not_negative": wrong(Property, net_book_value=-1),
    "property_market_value_complete": wrong(Property, market_value="1000.00", market_value_on=DAY),
    "property_market_source_known": wrong(
        Property, market_value="1000.00", market_value_on=DAY, market_value_source="hearsay"
    ),
    "property_health_housing_is_housing": wrong(Property, health_housing=True),
    "sale_amounts_fit": wrong(PropertySale, price="0.00", gain="-40000.00"),
    "sale_gain_is_the_difference": wrong(PropertySale, gain="60000.01"),
    "allocation_use_known": wrong(ProceedsAllocation, use="party"),
    "allocation_amount_positive": wrong(ProceedsAllocation, amount=0),
    "allocation_once_per_exercise": twice(ProceedsAllocation, {"amount": "1.00"}),
    "proceeds_in_one_budget": twice(ProceedsBudget, dossier=another_dossier),
    "facility_finess_shape": wrong(Facility, finess="62000001"),
    "facility_kind_known": wrong(Facility, kind="circus"),
    "facility_approval_known": wrong(Facility, approval="perhaps", provisional_until=None),
    "facility_provisional_has_state": wrong(Facility, approval="granted"),
    "facility_closed_is_inactive": wrong(Facility, active=True),
    "professional_adeli_shape": wrong(FacilityProfessional, adeli="62100001X"),
    "professional_leaves_after_coming": wrong(FacilityProfessional, until=DAY - timedelta(days=1)),
    "professional_once_per_facility": twice(FacilityProfessional, profession="Dentiste"),
    "import_state_known": wrong(RegisterImport, state="half"),
    "import_register_known": wrong(RegisterImport, register="gossip"),
    "import_loaded_without_faults": wrong(RegisterImport, faulty=1),
    "import_settled_complete": wrong(RegisterImport, settled_at=None),
}

OTHER_NAMES: dict[str, Fault] = {
    # given by a trigger, as if they were constraints
    "allocation_within_gain": allocations(("investment", 2015, "40000"), ("rents", 2016, "20000.01")),
    "allocation_within_price": allocations(
        ("fund_resource", 2015, "60000"), ("regional_fund", 2015, "40000.01")
    ),
    # given by PostgreSQL itself
    "cases_property_code_key": twice(Property),
    "cases_propertysale_property_id_key": twice(PropertySale, dossier=another_dossier),
    "cases_propertysale_dossier_id_key": twice(
        PropertySale, property=lambda rows: rows.insert(Property, code="x")
    ),
    "cases_proceedsbudget_dossier_id_key": twice(ProceedsBudget, {"released_at": AT}),
    "cases_facility_code_key": twice(Facility, finess=None),
    "cases_facility_finess_key": twice(Facility, code="autre"),
}


def test_every_named_constraint_is_tested() -> None:
    assert names(MODULES) == set(CONSTRAINTS)


def test_sound_rows_are_let_in(rows: Rows) -> None:
    """Each fault below is one thing wrong in one of these."""
    assert {model: rows.refused_as(wrong(model)) for model in MODELS} == dict.fromkeys(MODELS, "")


def test_each_fault_is_refused_by_its_name(rows: Rows) -> None:
    wanted = CONSTRAINTS | OTHER_NAMES
    assert {name: rows.refused_as(fault) for name, fault in wanted.items()} == {name: name for name in wanted}


BOUNDS: dict[str, tuple[Fault, str]] = {
    "the whole gain, in two uses": (allocations(("investment", 2015, "40000"), ("rents", 2016, "20000")), ""),
    "the whole price for the fund": (allocations(("fund_resource", 2015, "100000")), ""),
    "gain and the rest of the price": (
        allocations(("investment", 2015, "60000"), ("fund_resource", 2015, "40000")),
        "",
    ),
    "a cent more than the price in all": (
        allocations(("investment", 2015, "60000"), ("fund_resource", 2015, "40000.01")),
        "allocation_within_price",
    ),
    "nothing to invest of a loss": (
        allocations(("investment", 2015, "0.01"), price="30000.00"),
        "allocation_within_gain",
    ),
    "a loss is still a resource": (allocations(("fund_resource", 2015, "30000"), price="30000.00"), ""),
    "a budget after one that was given up": (
        twice(ProceedsBudget, {"released_at": AT}, dossier=another_dossier, released_at=None),
        "",
    ),
    "a professional who comes back": (twice(FacilityProfessional, {"until": DAY}, until=None), ""),
    "two œuvres without number": (twice(Facility, {"finess": None}, code="autre"), ""),
    "an œuvre of Corse-du-Sud": (wrong(Facility, finess="2A0000014"), ""),
    "a department that there is not": (wrong(Facility, finess="2C0000014"), "facility_finess_shape"),
    "a market value without date": (
        wrong(Property, market_value="1.00", market_value_source="notary"),
        "property_market_value_complete",
    ),
    "a source without market value": (
        wrong(Property, market_value_source="notary"),
        "property_market_value_complete",
    ),
    "a preview that is settled": (wrong(RegisterImport, state="previewed"), "import_settled_complete"),
}


def test_what_just_fits_is_let_in(rows: Rows) -> None:
    found = {name: rows.refused_as(fault) for name, (fault, _) in BOUNDS.items()}
    assert found == {name: expected for name, (_, expected) in BOUNDS.items()}


# -- triggers --------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[type[models.Model], Iterable[str]]] = {
    "property_moves": (Property, ["UPDATE {} SET state = 'sold'"]),  # every pair below
    "property_never_deleted": (Property, ["DELETE FROM {}"]),
    "property_change_append_only": (PropertyChange, ["DELETE FROM {}", "UPDATE {} SET motive = 'autre'"]),
    "property_change_not_truncated": (PropertyChange, ["TRUNCATE {}", "TRUNCATE cases_property CASCADE"]),
    "sale_append_only": (
        PropertySale,
        ["DELETE FROM {}", "UPDATE {} SET price = price + 1, gain = gain + 1"],
    ),
    "sale_not_truncated": (PropertySale, ["TRUNCATE {} CASCADE"]),
    "allocation_append_only": (ProceedsAllocation, ["DELETE FROM {}", "UPDATE {} SET amount = 1"]),
    "allocation_not_truncated": (ProceedsAllocation, ["TRUNCATE {}"]),
    "allocation_within_proceeds": (ProceedsAllocation, []),  # above, by the names of its refusals
    "proceeds_budget_never_deleted": (ProceedsBudget, ["DELETE FROM {}"]),
    "proceeds_budget_released_once": (
        ProceedsBudget,
        ["UPDATE {0} SET released_at = now(); UPDATE {0} SET released_at = NULL"],
    ),
    "facility_approval_moves": (Facility, ["UPDATE {} SET approval = 'existing', provisional_until = NULL"]),
    "facility_never_deleted": (Facility, ["DELETE FROM {}"]),
    "professional_never_deleted": (FacilityProfessional, ["DELETE FROM {}"]),
    "facility_change_append_only": (FacilityChange, ["DELETE FROM {}", "UPDATE {} SET act = 'autre'"]),
    "facility_change_not_truncated": (FacilityChange, ["TRUNCATE {}", "TRUNCATE cases_facility CASCADE"]),
}


def test_every_trigger_is_tested() -> None:
    assert triggers(MODULES) == set(REFUSED)


def test_triggers_refuse_raw_statements(rows: Rows) -> None:
    for name, (model, statements) in REFUSED.items():
        wanted = "Invalid transition" if name.endswith("_moves") else "Cannot"
        for statement in statements:
            assert wanted in rows.refused_with(model, statement), (name, statement)


def test_a_building_moves_only_as_its_table_says(rows: Rows) -> None:
    allowed = {state.value: {one.value for one in targets} for state, targets in PROPERTY_MOVES.items()}
    assert moves_let_through(rows, Property, "state", PropertyState.values) == allowed


def test_an_agrément_moves_only_as_its_table_says(cast_off: Rows) -> None:
    allowed = {state.value: {one.value for one in targets} for state, targets in APPROVAL_MOVES.items()}
    assert moves_let_through(cast_off, Facility, "approval", ApprovalState.values) == allowed


@pytest.fixture
def cast_off(db: None) -> Rows:
    """The same with œuvres whose agrément has no end, so that it may be in any state."""
    return Rows(lambda rows, model: {**sound(rows, model), "provisional_until": None})
