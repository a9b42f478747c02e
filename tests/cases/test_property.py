"""Writing the register of property: who may, what is kept, what is refused."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.errors import Blocked, BusinessError, Forbidden, Invalid, NotFound, Stale
from cases.models import ProceedsAllocation, Property, PropertyChange, PropertySale
from cases.register_terms import PROPERTY_MOVES, ProceedsUse, PropertyState
from cases.services.property import (
    HAND_MOVES,
    ProceedsPart,
    allocate,
    change_property,
    create_property,
    move_by_hand,
    move_property,
)
from tests.journeys import Cast, Journey
from tests.properties import CAPACITY, building, changed, empty, facts, move, put_on_sale, sell

S = PropertyState


def code_of(error: pytest.ExceptionInfo[BusinessError]) -> str:
    """The code of the one reason of a refusal."""
    (reason,) = error.value.reasons
    return reason.code


def stored(code: str = "lens-bureaux") -> Property:
    return Property.objects.get(code=code)


def test_a_building_is_entered_with_its_history(cast: Cast) -> None:
    made = building(cast)
    assert (made.state, made.version, made.net_book_value) == ("in_use", 1, Decimal("120000.00"))
    assert building(cast, "lens-vide", **empty()).state == "vacant"
    note = PropertyChange.objects.get(property=made)
    assert (note.action, note.before, note.after) == ("create", "", "in_use")
    assert (note.actor, note.capacity) == (cast.reviewer, CAPACITY)
    assert note.changes["surface"] == [None, "800.00"]
    assert note.changes["organisation"] == [None, "carmi-npdc"]


@pytest.mark.parametrize(
    "person", ["agent", "director", "dg", "manager", "auditor", "ministry", "secretary", "comptroller"]
)
def test_only_reviewers_of_the_fund_write(cast: Cast, person: str) -> None:
    made = building(cast)
    actor = cast.people[person]
    before = PropertyChange.objects.count()
    for act in (
        lambda: create_property(code="autre", facts=facts(cast), actor=actor),
        lambda: change_property(
            code="lens-bureaux", facts=changed(made, name="B"), actor=actor, version=1, motive="M"
        ),
        lambda: move_by_hand(code="lens-bureaux", to=S.VACANT, actor=actor, version=1, motive="M"),
    ):
        with pytest.raises(Forbidden):
            act()
    assert PropertyChange.objects.count() == before


@pytest.mark.parametrize("person", ["admin", "est_agent", "nobody"])
def test_outsiders_learn_nothing_by_writing(cast: Cast, person: str) -> None:
    made = building(cast)
    with pytest.raises(NotFound):
        change_property(code=made.code, facts=changed(made), actor=cast.people[person], version=1, motive="M")
    with pytest.raises(NotFound):
        move_by_hand(code=made.code, to=S.VACANT, actor=cast.people[person], version=1, motive="M")


def test_a_change_says_what_changed_and_the_same_facts_change_nothing(cast: Cast) -> None:
    made = building(cast)
    fuller = changed(
        made,
        market_value=Decimal("210000.00"),
        market_value_source="domaines",
        market_value_on=date(2015, 1, 15),
        future="sell",
        future_year=2016,
        organisation=cast.body["canssm"],
    )
    after = change_property(
        code=made.code, facts=fuller, actor=cast.reviewer, version=1, motive=" Avis des Domaines "
    )
    assert (after.version, stored().market_value) == (2, Decimal("210000.00"))
    note = PropertyChange.objects.filter(property=made, action="change").get()
    assert note.changes == {
        "organisation": ["carmi-npdc", "canssm"],
        "market_value": [None, "210000.00"],
        "market_value_source": ["", "domaines"],
        "market_value_on": [None, "2015-01-15"],
        "future": ["keep", "sell"],
        "future_year": [None, 2016],
    }
    assert note.motive == "Avis des Domaines"
    change_property(code=made.code, facts=fuller, actor=cast.reviewer, version=2, motive="Rien")
    assert (stored().version, PropertyChange.objects.filter(property=made).count()) == (2, 2)
    with pytest.raises(Stale) as error:
        change_property(
            code=made.code, facts=changed(made, name="X"), actor=cast.reviewer, version=1, motive="M"
        )
    assert error.value.details == {"version": 2}
    with pytest.raises(Stale):
        move_by_hand(code=made.code, to=S.VACANT, actor=cast.reviewer, version=1, motive="M")


FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("name", {"name": " "}),
    ("name", {"name": "x" * 161}),
    ("town", {"town": "a\x00"}),
    ("use", {"use": "castle"}),
    ("fund", {"fund": "FNXX"}),
    ("future", {"future": ""}),
    ("surface", {"surface": Decimal(0)}),
    ("surface", {"surface": Decimal("NaN")}),
    ("surface", {"surface": Decimal("1.005")}),
    ("vacant_surface", {"vacant_surface": Decimal("900")}),
    ("vacant_surface", {"vacant_surface": Decimal("10")}),
    ("vacant_surface", {"occupation": "partly"}),
    ("vacant_surface", {"occupation": "partly", "vacant_surface": Decimal("800")}),
    ("occupants", {"occupants": -1}),
    ("health_housing", {"health_housing": True}),
    ("net_book_value", {"net_book_value": Decimal("-1")}),
    ("net_book_value", {"net_book_value": Decimal("1.001")}),
    ("expected_receipts", {"expected_receipts": Decimal(10) ** 13}),
    ("market_value_source", {"market_value": Decimal(1), "market_value_on": date(2015, 1, 1)}),
    ("market_value_on", {"market_value": Decimal(1), "market_value_source": "notary"}),
    ("market_value", {"market_value_source": "notary"}),
    ("book_value_on", {"book_value_on": date(2999, 1, 1)}),
    ("book_value_on", {"book_value_on": date(1, 1, 1)}),
    ("future_year", {"future_year": 99}),
)


def test_faults_are_named_by_field_and_nothing_is_written(cast: Cast) -> None:
    for field, more in FAULTS:
        with pytest.raises(Invalid) as error:
            create_property(code="lens", facts=facts(cast, **more), actor=cast.reviewer)
        assert list(error.value.details) == [field], (field, more, error.value.details)
    for code in ("", "Lens", "é", "a" * 41, "nouveau", "import", "tableaux-de-bord", "a/b"):
        with pytest.raises(Invalid) as error:
            create_property(code=code, facts=facts(cast), actor=cast.reviewer)
        assert list(error.value.details) == ["code"], code
    with pytest.raises(Invalid) as error:
        create_property(code="ca", facts=facts(cast, body="ca"), actor=cast.reviewer)
    assert list(error.value.details) == ["organisation"]
    assert not Property.objects.exists()
    made = building(cast)
    with pytest.raises(Invalid) as error:
        building(cast)
    assert "déjà celui d’un bien" in error.value.details["code"][0]
    with pytest.raises(Invalid) as error:
        change_property(
            code=made.code, facts=changed(made, name=""), actor=cast.reviewer, version=1, motive=" "
        )
    assert sorted(error.value.details) == ["motive", "name"]
    with pytest.raises(Invalid) as error:
        change_property(
            code=made.code, facts=changed(made, **empty()), actor=cast.reviewer, version=1, motive="M"
        )
    assert "Changer la situation" in error.value.details["occupation"][0]


def test_by_hand_a_building_only_goes_between_use_and_vacancy(cast: Cast) -> None:
    dossier = Journey.start(cast).dossier
    made = building(cast, occupation="partly", vacant_surface=Decimal("100"))
    moved = move_by_hand(code=made.code, to=S.VACANT, actor=cast.reviewer, version=1, motive="Départ")
    assert (moved.state, moved.occupation, moved.vacant_surface, moved.occupants) == (
        *("vacant", "vacant"),
        Decimal("800"),
        None,
    )
    note = PropertyChange.objects.filter(action="move").get()
    assert (note.before, note.after, note.motive) == ("in_use", "vacant", "Départ")
    assert note.changes["vacant_surface"] == ["100.00", "800.00"]
    moved = move_by_hand(code=made.code, to=S.IN_USE, actor=cast.reviewer, version=2, motive="Retour")
    assert (moved.occupation, moved.vacant_surface, moved.version) == ("occupied", Decimal(0), 3)
    with pytest.raises(Invalid) as invalid:
        move_by_hand(code=made.code, to=S.VACANT, actor=cast.reviewer, version=3, motive="")
    assert list(invalid.value.details) == ["motive"]

    reached = {S.IN_USE: moved}
    reached[S.VACANT] = building(cast, "vide", **empty())
    for state, way in (
        (S.PROPOSED, (S.PROPOSED,)),
        (S.ON_SALE, (S.PROPOSED, S.ON_SALE)),
        (S.UNDER_OFFER, (S.PROPOSED, S.ON_SALE, S.UNDER_OFFER)),
        (S.WITHDRAWN, (S.PROPOSED, S.WITHDRAWN)),
    ):
        reached[state] = move(building(cast, state.replace("_", "-")), *way, dossier=dossier)
    for state, one in reached.items():
        for target in S:
            if target in HAND_MOVES.get(state, ()):
                continue
            with pytest.raises(Blocked) as error:
                move_by_hand(code=one.code, to=target, actor=cast.reviewer, version=None, motive="M")
            expected = "needs_disposal" if target in PROPERTY_MOVES[state] else "no_move"
            assert code_of(error) == expected, (state, target)
            assert stored(one.code).state == state
    back = move_by_hand(code="withdrawn", to=S.IN_USE, actor=cast.reviewer, version=None, motive="M")
    assert back.state == "in_use"


def test_a_dossier_moves_along_every_arrow_and_no_other(cast: Cast) -> None:
    mine, other = Journey.start(cast), Journey.start(cast)
    made = building(cast)
    with pytest.raises(Blocked) as error:
        move(made, S.ON_SALE, dossier=mine.dossier)
    assert code_of(error) == "no_move"
    assert "seulement à « Vacant » ou « Proposé à la vente »" in error.value.message
    with CaptureQueriesContext(
        connection,
    ) as statements:
        made = move(made, S.PROPOSED, dossier=mine.dossier)
    assert len(statements) <= 4
    assert PropertyChange.objects.filter(dossier=mine.pk).get().after == "proposed"
    for target in (S.ON_SALE, S.WITHDRAWN):
        with pytest.raises(Blocked) as error:
            move(made, target, dossier=other.dossier)
        assert code_of(error) == "other_disposal"
        assert error.value.reasons[0].related == (mine.reference,)
    with pytest.raises(ValueError, match="record_sale"):
        move(move(made, S.ON_SALE, dossier=mine.dossier), S.SOLD, dossier=mine.dossier)
    made = move(made, S.UNDER_OFFER, S.WITHDRAWN, S.PROPOSED, dossier=mine.dossier)
    made = move(made, S.WITHDRAWN, dossier=mine.dossier)
    made = move(made, S.PROPOSED, S.ON_SALE, dossier=other.dossier)  # another one may try again
    assert stored().state == "on_sale"
    with pytest.raises(Blocked) as error:
        change_property(
            code=made.code,
            facts=changed(made, fund="FNASS"),
            actor=cast.reviewer,
            version=made.version,
            motive="M",
        )
    assert code_of(error) == "in_disposal"


def test_a_sale_is_written_once_with_its_gain(cast: Cast) -> None:
    mine, other = Journey.start(cast), Journey.start(cast)
    made = put_on_sale(cast, mine.dossier)
    for field, more in (
        ("price", {"price": Decimal(0)}),
        ("net_book_value", {"net_book_value": Decimal("-1")}),
        ("buyer", {"buyer": " "}),
        ("deed_on", {"deed_on": clock.today() + timedelta(days=1)}),
        ("surface", {"surface": Decimal("800.01")}),
        ("surface", {"surface": Decimal(0)}),
    ):
        with pytest.raises(Invalid) as invalid:
            sell(made, mine.dossier, cast, **more)
        assert list(invalid.value.details) == [field]
    with pytest.raises(Blocked) as error:
        sell(made, other.dossier, cast)
    assert code_of(error) == "other_disposal"
    seller = mine.dossier
    with CaptureQueriesContext(connection) as statements:
        sale = sell(made, seller, cast)
    assert len(statements) <= 5
    assert (sale.gain, stored().state) == (Decimal("80000.00"), "sold")
    note = PropertyChange.objects.order_by("pk").last()
    assert note is not None
    assert (note.action, note.after, note.dossier_id) == ("sale", "sold", mine.pk)
    for dossier in (mine.dossier, other.dossier):
        with pytest.raises(Blocked) as error:
            sell(made, dossier, cast)
        assert code_of(error) == "already_sold"
        assert f"déjà vendu par {mine.reference}" in error.value.message
    with pytest.raises(Blocked) as error:
        change_property(
            code=made.code, facts=changed(made, name="X"), actor=cast.reviewer, version=None, motive="M"
        )
    assert code_of(error) == "already_sold"
    with pytest.raises(Blocked) as error:
        move_by_hand(code=made.code, to=S.IN_USE, actor=cast.reviewer, version=None, motive="M")
    assert code_of(error) == "already_sold"
    assert PropertySale.objects.count() == 1


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ([("investment", 2016, "80000.00")], ""),
        ([("rents", 2016 + year, "8000.00") for year in range(10)], ""),
        ([("investment", 2016, "50000.00"), ("rents", 2016, "30000.01")], "beyond_gain"),
        ([("fund_resource", 2016, "200000.00")], ""),
        ([("fund_resource", 2016, "200000.01")], "beyond_price"),
        ([("investment", 2016, "80000.00"), ("no_increase", 2016, "120000.01")], "beyond_price"),
        ([("rents", 2016, "1.00"), ("rents", 2016, "2.00")], "allocated_twice"),
    ],
    ids=["gain", "ten_years", "over_gain", "price", "over_price", "over_price_together", "twice"],
)
def test_proceeds_are_allocated_within_gain_and_price(
    cast: Cast, parts: list[tuple[str, int, str]], refusal: str
) -> None:
    dossier = Journey.start(cast).dossier
    sale = sell(put_on_sale(cast, dossier), dossier, cast)
    uses = [ProceedsPart(ProceedsUse(use), year, Decimal(amount)) for use, year, amount in parts]
    if refusal:
        with pytest.raises(Blocked) as error:
            allocate(sale, uses, dossier=dossier)
        assert code_of(error) == refusal
        return
    with CaptureQueriesContext(connection) as statements:
        made = allocate(sale, uses, dossier=dossier)
    assert len(statements) == 1
    assert sum(one.amount for one in made) == sum(one.amount for one in uses)
    assert ProceedsAllocation.objects.filter(sale=sale).count() == len(uses)


def test_a_sale_below_the_book_value_gives_no_credits(cast: Cast) -> None:
    dossier = Journey.start(cast).dossier
    sale = sell(put_on_sale(cast, dossier), dossier, cast, price=Decimal("100000.00"))
    assert sale.gain == Decimal("-20000.00")
    with pytest.raises(Invalid):
        allocate(sale, [ProceedsPart(ProceedsUse.RENTS, 2016, Decimal(0))], dossier=dossier)
    with pytest.raises(Blocked) as error:
        allocate(sale, [ProceedsPart(ProceedsUse.RENTS, 2016, Decimal(1))], dossier=dossier)
    assert code_of(error) == "beyond_gain"
    assert "0,00" in error.value.message


def test_a_move_needs_the_callers_transaction(committed: str) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        move_property(Property(pk=1), S.VACANT, actor=None, capacity="")
