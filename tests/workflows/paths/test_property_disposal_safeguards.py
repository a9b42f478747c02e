"""What the disposal of a building refuses, each time with its rule and nothing written; races for one building."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from cases import clock
from cases.enums import Role
from cases.errors import Blocked, Forbidden, Invalid, Reason
from cases.models import Property, PropertyChange, PropertySale
from cases.services.property import change_property
from tests.journeys import Cast, state_of_everything
from tests.properties import building, changed
from tests.property_journeys import NOW, ON_SALE, SOLD, TO_DECISION, PropertyJourney, disposal, vacant
from tests.workflows.services.test_concurrency import Rivals
from workflows.selectors import available_actions, dossier_view
from workflows.services import create_draft, update_draft


def blocked(journey: PropertyJourney, what: str, **options: Any) -> dict[str, Reason]:
    """Why an act is blocked, by code, each with its quote; nothing is written."""
    before = state_of_everything()
    with pytest.raises(Blocked) as found:
        journey.do(what, **options)
    assert state_of_everything() == before
    assert all(one.quote is not None for one in found.value.reasons)
    return {reason.code: reason for reason in found.value.reasons}


def test_a_dwelling_needed_for_health_professionals_is_not_sold(cast: Cast) -> None:
    with clock.at(NOW):
        made = building(cast, "logement", use="housing", future="sell", health_housing=True)
    journey = PropertyJourney.file(cast, code="logement", ground="dwelling")
    reason = blocked(journey, "prepare.submit")["health_housing"]
    assert reason.quote is not None
    assert reason.quote.source.endswith("lignes 2370-2372")
    assert "l’accueil de professionnels de santé" in reason.quote.text
    with clock.at(NOW):
        change_property(
            code=made.code,
            facts=changed(made, health_housing=False),
            actor=cast.reviewer,
            version=None,
            motive="Le cabinet a fermé.",
        )
    journey.walk(*TO_DECISION)
    with clock.at(NOW):
        made = Property.objects.select_related("organisation").get(code="logement")
        change_property(
            code=made.code,
            facts=changed(made, health_housing=True),
            actor=cast.reviewer,
            version=None,
            motive="Un médecin s’installe.",
        )
    assert set(blocked(journey, "decide.put_on_sale")) == {"health_housing"}


@pytest.mark.parametrize(
    ("facts", "ground", "rule"),
    [
        ({"occupation": "occupied", "vacant_surface": Decimal(0), "occupants": 3}, "vacant", "vacant"),
        ({"use": "administrative"}, "dwelling", "dwelling"),
        ({}, "relocation", "relocation"),
    ],
)
def test_ground_fits_the_building(cast: Cast, facts: dict[str, Any], ground: str, rule: str) -> None:
    vacant(cast, **facts)
    journey = PropertyJourney.file(cast, ground=ground)
    reason = blocked(journey, "prepare.submit")["ground"]
    assert reason.quote is not None
    assert reason.quote.rule == f"property.disposal.{rule}"
    with clock.at(NOW):
        update_draft(
            reference=journey.reference,
            actor=cast.agent,
            data={"ground": "non_strategic"}
            if ground != "relocation"
            else {"relocation_premises": "Plateau loué rue de la Gare, accessible de plain-pied."},
            version=None,
        )
    journey.do("prepare.submit")


def test_pieces_are_compulsory(cast: Cast) -> None:
    vacant(cast)
    journey = PropertyJourney.file(cast, pieces=("plot_documents",))
    reason = blocked(journey, "prepare.submit")["missing_piece"]
    assert "Rapport d’évaluation" in reason.message


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"property": "inconnu"}, "property"),
        ({"property": "est-lens"}, "property"),
        ({"property": ["lens-bureaux"]}, "property"),
        ({"ground": "caprice"}, "ground"),
        ({"net_book_value": "-0.01"}, "net_book_value"),
        ({"asking_price": "0"}, "asking_price"),
        ({"valuation_on": "2015-03-04"}, "valuation_on"),
        ({"surprise": "x"}, "surprise"),
    ],
)
def test_what_does_not_exist_is_invalid(cast: Cast, data: dict[str, Any], field: str) -> None:
    """Another body's building is as unknown as none at all."""
    vacant(cast)
    vacant(cast, "est-lens", body="carmi-est")
    before = state_of_everything()
    with clock.at(NOW), pytest.raises(Invalid) as refused:
        create_draft(
            path="property_disposal",
            organisation=cast.body["carmi-npdc"],
            actor=cast.agent,
            data=disposal() | data,
        )
    assert list(refused.value.details) == [field]
    assert state_of_everything() == before


def test_a_written_off_building_has_no_book_value(cast: Cast) -> None:
    vacant(cast, net_book_value=Decimal(0))
    journey = PropertyJourney.file(cast, net_book_value="0,00 €").walk("prepare.submit")
    assert journey.dossier.data["net_book_value"] == "0.00"


def test_a_building_is_in_one_disposal_at_a_time(cast: Cast) -> None:
    first = PropertyJourney.of(cast, "prepare.submit")
    second = PropertyJourney.file(cast)
    reason = blocked(second, "prepare.submit")["other_disposal"]
    assert first.reference in reason.message
    assert reason.related == (first.reference,)
    first.walk("sign_off.return")
    second.walk("prepare.submit")
    assert set(blocked(first, "prepare.submit")) == {"other_disposal"}
    second.walk("sign_off.transmit", "check.complete", "decide.put_on_sale", "sell.sold")
    reason = blocked(first, "prepare.submit")["already_sold"]
    assert second.reference in reason.message


@pytest.mark.parametrize("former", ["vacant", "in_use"])
@pytest.mark.parametrize("way", ["sign_off.return", "withdraw.withdraw"])
def test_building_stands_where_it_stood_when_the_dossier_goes_back(cast: Cast, way: str, former: str) -> None:
    if former == "vacant":
        vacant(cast)
    else:
        with clock.at(NOW):
            building(cast)
    journey = PropertyJourney.file(cast, ground="non_strategic").walk("prepare.submit")
    assert journey.state == "proposed"
    journey.do(way)
    assert (journey.state, journey.dossier.results) == (former, {})
    trail = PropertyChange.objects.filter(dossier=journey.pk).order_by("pk").values_list("after", flat=True)
    assert list(trail) == ["proposed", "withdrawn", former]
    again = journey if way == "sign_off.return" else PropertyJourney.file(cast, ground="non_strategic")
    again.walk(*TO_DECISION)
    assert again.status == "awaiting_decision"


@pytest.mark.parametrize("status", [(), TO_DECISION[:2], TO_DECISION])
def test_withdrawal_gives_the_building_back_at_every_stage(cast: Cast, status: tuple[str, ...]) -> None:
    journey = PropertyJourney.of(cast, *status)
    journey.do("withdraw.withdraw")
    assert (journey.status, journey.state) == ("withdrawn", "vacant")


@pytest.mark.parametrize(
    ("before", "act", "status"),
    [(TO_DECISION, "decide.refuse", "refused"), (ON_SALE, "sell.withdraw_from_sale", "lapsed")],
)
def test_refused_or_taken_off_the_building_is_withdrawn_and_may_be_proposed_anew(
    cast: Cast, before: tuple[str, ...], act: str, status: str
) -> None:
    journey = PropertyJourney.of(cast, *before)
    with pytest.raises(Invalid):
        journey.do(act, motive=" ")
    journey.do(act)
    assert (journey.status, journey.state) == (status, "withdrawn")
    anew = PropertyJourney.file(cast).walk("prepare.submit", "sign_off.return")
    assert anew.state == "withdrawn"
    anew.walk(*ON_SALE)
    assert anew.state == "on_sale"


def test_a_file_that_is_completed_still_sells_the_building_submitted(cast: Cast) -> None:
    vacant(cast, "autre")
    journey = PropertyJourney.of(cast, *TO_DECISION[:2], "check.request_pieces")
    with clock.at(NOW):
        update_draft(reference=journey.reference, actor=cast.agent, data={"property": "autre"}, version=None)
    assert set(blocked(journey, "complete_file.resubmit")) == {"other_building"}
    journey.do("withdraw.withdraw")
    assert Property.objects.get(code="lens-bureaux").state == "vacant"
    assert Property.objects.get(code="autre").state == "vacant"


def test_offers_come_one_at_a_time(cast: Cast) -> None:
    journey = PropertyJourney.of(cast, *ON_SALE)
    assert set(blocked(journey, "sell.offer_dropped")) == {"no_offer"}
    journey.do("sell.record_offer")
    assert set(blocked(journey, "sell.record_offer")) == {"under_offer"}
    with clock.at(NOW):
        offered = {one.outcome: one.allowed for one in available_actions(journey.dossier, cast.reviewer)}
    assert (offered["sold"], offered["offer_dropped"], offered["record_offer"]) == (True, True, False)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"deed_on": "2015-03-04"}, Invalid),
        ({"deed_on": "2015-03-02"}, Blocked),
        ({"price": "194999.99"}, Blocked),
        ({"price": "-1"}, Invalid),
        ({"buyer": "  "}, Invalid),
    ],
)
def test_sale_has_its_day_its_price_and_its_buyer(cast: Cast, data: dict[str, str], error: type) -> None:
    """The deed is neither to come nor before the decision; below the valuation the price is explained."""
    journey = PropertyJourney.of(cast, *ON_SALE, asking_price="195000.00")
    before = state_of_everything()
    with pytest.raises(error) as refused:
        journey.do("sell.sold", data=data)
    assert state_of_everything() == before
    if error is Blocked:
        (reason,) = refused.value.reasons
        assert reason.quote is not None
        expected = "before_decision" if "deed_on" in data else "low_price"
        assert reason.code == expected
    journey.do("sell.sold", data={"price": "194999.99"}, motive="Toiture à refaire.")
    assert (
        PropertyChange.objects.filter(dossier=journey.pk, action="sale").get().motive == "Toiture à refaire."
    )


def test_session_of_the_board_is_not_before_the_sale(cast: Cast) -> None:
    journey = PropertyJourney.of(cast, *SOLD)
    journey.do("allocate_proceeds.allocate", data={"to_investment": "80000.00"})
    reasons = blocked(journey, "inform_board.inform", data={"informed_on": "2015-03-02"})
    assert set(reasons) == {"informed_before_sale"}
    with pytest.raises(Invalid):
        journey.do("inform_board.inform", data={"informed_on": "2015-03-04"})


def test_what_the_decider_should_see_is_shown_and_does_not_block(cast: Cast) -> None:
    vacant(cast, future="keep")
    journey = PropertyJourney.file(
        cast,
        net_book_value="100000.00",
        asking_price="180000.00",
        valuation_source="",
        valuation_on="",
    )
    journey.walk(*TO_DECISION)
    with clock.at(NOW):
        shown = {one.code: one for one in dossier_view(cast.dg, journey.reference).warnings}
    assert set(shown) == {"book_value_differs", "valuation_unsourced", "below_valuation", "not_planned"}
    assert all(one.quote is not None for one in shown.values())
    assert "120 000,00" in shown["book_value_differs"].message.replace("\u202f", " ").replace("\xa0", " ")
    journey.walk("decide.put_on_sale")
    journey.do("sell.sold", motive="Offre unique.")
    sale = PropertySale.objects.get(dossier=journey.pk)
    assert sale.net_book_value == 120000


def test_nobody_decides_what_they_prepared_or_reviewed(cast: Cast) -> None:
    cast.give(cast.reviewer, (Role.DIRECTOR_GENERAL, "canssm"))
    journey = PropertyJourney.of(cast, *TO_DECISION)
    for who in ("agent", "director", "reviewer"):
        with pytest.raises(Forbidden):
            journey.do("decide.put_on_sale", who)
    journey.walk("decide.put_on_sale")
    for who in ("agent", "director", "dg"):
        with pytest.raises(Forbidden):
            journey.do("sell.sold", who)


@pytest.fixture
def two(people: Cast) -> Iterator[Rivals]:
    """Two people at once."""
    rivals = Rivals(2)
    yield rivals
    rivals.close()


def test_two_dossiers_for_one_building_at_once_the_second_names_the_first(people: Cast, two: Rivals) -> None:
    vacant(people)
    for _ in range(5):
        one, other = PropertyJourney.file(people), PropertyJourney.file(people)
        outcomes = two.race(
            lambda one=one: one.do("prepare.submit"), lambda other=other: other.do("prepare.submit", "agent2")
        )
        won, lost = (one, other) if outcomes[0] is None else (other, one)
        (refusal,) = [one for one in outcomes if one is not None]
        assert isinstance(refusal, Blocked)
        (reason,) = refusal.reasons
        assert (reason.code, reason.related) == ("other_disposal", (won.reference,))
        assert reason.quote is not None
        assert (lost.status, won.status, won.state) == ("draft", "submitted", "proposed")
        won.do("withdraw.withdraw")


def test_one_sale_recorded_twice_at_once_is_written_once(people: Cast, two: Rivals) -> None:
    journey = PropertyJourney.of(people, *ON_SALE)
    outcomes = two.race(
        lambda: journey.do("sell.sold", "reviewer"), lambda: journey.do("sell.sold", "reviewer2")
    )
    assert sum(one is None for one in outcomes) == 1, outcomes
    assert PropertySale.objects.filter(property__code="lens-bureaux").count() == 1
    assert (journey.state, journey.status) == ("sold", "executed")
