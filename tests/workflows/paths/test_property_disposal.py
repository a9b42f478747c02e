"""The disposal of a building, walked by its people; what the proceeds become by the owning fund (A31, A28, A29)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cases import clock
from cases.errors import Blocked, Reason
from cases.models import Decision, PropertyChange, PropertySale
from tests.journeys import Cast, state_of_everything
from tests.papers import words
from tests.properties import building
from tests.property_journeys import NOW, ON_SALE, SOLD, TO_DECISION, PropertyJourney, disposal, vacant
from tests.workflows.test_statements import statements
from workflows.services import simulate

pytestmark = pytest.mark.django_db
END = ("inform_board.inform", "close.close")


def refused(journey: PropertyJourney, what: str, **options: Any) -> dict[str, Reason]:
    """Why an act is blocked, by code; nothing is written."""
    before = state_of_everything()
    with pytest.raises(Blocked) as found:
        journey.do(what, **options)
    assert state_of_everything() == before
    return {reason.code: reason for reason in found.value.reasons}


def uses(journey: PropertyJourney) -> list[tuple[str, int, Decimal]]:
    """What became of the proceeds."""
    rows = PropertySale.objects.get(dossier=journey.pk).allocations.order_by("use", "exercise")
    return [(one.use, one.exercise, one.amount) for one in rows]


def papers_of(journey: PropertyJourney) -> list[str]:
    """The words of its decisions, in their order."""
    found = []
    for one in Decision.objects.filter(dossier=journey.pk).order_by("pk"):
        assert one.document is not None
        with one.document.file.open() as paper:
            found.append(words(paper.read()))
    return found


def test_whole_way_of_a_carmis_building_of_the_fnga(cast: Cast) -> None:
    journey = PropertyJourney.of(cast)
    assert (journey.state, journey.dossier.title) == (
        "vacant",
        "Cession : lens-bureaux — Bureaux de Lens (Lens)",
    )
    assert journey.dossier.amount_ht == Decimal("200000.00")
    for act, status, state, step in (
        ("prepare.submit", "submitted", "proposed", "sign_off"),
        ("sign_off.transmit", "under_review", "proposed", "check"),
        ("check.request_pieces", "to_complete", "proposed", "complete_file"),
        ("complete_file.resubmit", "under_review", "proposed", "check"),
        ("check.complete", "awaiting_decision", "proposed", "decide"),
        ("decide.send_back", "under_review", "proposed", "check"),
        ("check.complete", "awaiting_decision", "proposed", "decide"),
        ("decide.put_on_sale", "approved", "on_sale", "sell"),
        ("sell.record_offer", "approved", "under_offer", "sell"),
        ("sell.offer_dropped", "approved", "on_sale", "sell"),
        ("sell.record_offer", "approved", "under_offer", "sell"),
        ("sell.sold", "executed", "sold", "allocate_proceeds"),
    ):
        journey.do(act)
        assert (journey.status, journey.state, journey.open_steps) == (status, state, [step]), act
    parts = {"to_investment": "30000.00", "to_rents": "50000.00"}
    journey.do("allocate_proceeds.allocate", data=parts)
    assert uses(journey) == [
        ("investment", 2016, Decimal("30000.00")),
        *[("rents", year, Decimal("5000.00")) for year in range(2016, 2026)],
    ]
    journey.walk(*END)
    assert (journey.status, journey.open_steps) == ("closed", [])
    sale = PropertySale.objects.get(dossier=journey.pk)
    assert (sale.gain, sale.surface, sale.deed_on.isoformat()) == (Decimal("80000.00"), 800, "2015-03-03")
    kept = PropertyChange.objects.filter(property=sale.property, dossier=journey.pk).order_by("pk")
    assert [one.after for one in kept] == [
        "proposed",
        "on_sale",
        "under_offer",
        "on_sale",
        "under_offer",
        "sold",
    ]
    papers = papers_of(journey)
    assert len(papers) == 2
    assert "décide la mise en vente du bien" in papers[0]
    assert "mise en vente systématique des biens vacants" in papers[0]
    assert "195 000,00 € (service des Domaines, jeudi 15 janvier 2015)" in papers[0]
    assert "Loyers et charges locatives 2025 5 000,00 part 10 de 10" in papers[1]
    assert "Ces crédits réutilisés ne peuvent donner lieu à un autre usage" in papers[1]


def test_parts_of_the_rents_are_whole_to_the_cent(cast: Cast) -> None:
    journey = PropertyJourney.of(cast, *SOLD)
    journey.do("allocate_proceeds.allocate", data={"to_rents": "79999.99"})
    rents = [amount for use, _, amount in uses(journey) if use == "rents"]
    assert (len(rents), sum(rents), rents[0], rents[-1]) == (
        10,
        Decimal("79999.99"),
        Decimal("8000.00"),
        Decimal("7999.99"),
    )


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"to_investment": "80000.01"}, "above_gain"),
        ({"to_investment": "40000.00", "to_rents": "40000.01"}, "above_gain"),
        ({}, "nothing_allocated"),
    ],
)
def test_proceeds_of_the_fnga_stay_within_the_gain_to_the_cent(
    cast: Cast, parts: dict[str, str], code: str
) -> None:
    journey = PropertyJourney.of(cast, *SOLD)
    (reason,) = refused(journey, "allocate_proceeds.allocate", data=parts).values()
    assert reason.code == code
    assert reason.quote is not None
    assert set(refused(journey, "allocate_proceeds.no_credit")) == {"gain"}
    journey.do("allocate_proceeds.allocate", data={"to_investment": "80000.00"})
    assert uses(journey) == [("investment", 2016, Decimal("80000.00"))]


@pytest.mark.parametrize("price", ["120000.00", "119999.99"])
def test_a_sale_without_gain_gives_no_credit(cast: Cast, price: str) -> None:
    journey = PropertyJourney.of(cast, *ON_SALE)
    journey.do("sell.sold", data={"price": price}, motive="Toiture à refaire.")
    reasons = refused(journey, "allocate_proceeds.allocate", data={"to_investment": "0.01"})
    assert reasons["no_gain"].quote is not None
    assert reasons["no_gain"].quote.rule == "fnga.disposal.loss"
    journey.walk("allocate_proceeds.no_credit", *END)
    assert (uses(journey), journey.status) == ([], "closed")
    assert "ne donne aucun crédit" in papers_of(journey)[-1]


@pytest.mark.parametrize(
    ("fund", "use", "rule", "said"),
    [
        ("FNMO", "fund_resource", "fnmo.receipts.disposals", "une ressource du FNMO"),
        ("FNASS", "no_increase", "fnass.receipts", "ne majore pas les autorisations de dépenses du FNASS"),
        ("FNPPS", "no_increase", "fnpps.receipts", "ne majore pas les autorisations de dépenses du FNPPS"),
    ],
)
def test_proceeds_of_the_other_funds_follow_their_own_rule(
    cast: Cast, fund: str, use: str, rule: str, said: str
) -> None:
    journey = PropertyJourney.of(cast, *SOLD, fund=fund)
    for data in ({"to_investment": "0.01"}, {"to_rents": "1.00"}):
        reason = refused(journey, "allocate_proceeds.allocate", data=data)["other_fund"]
        assert reason.quote is not None
        assert reason.quote.rule == rule
    assert set(refused(journey, "allocate_proceeds.no_credit")) == {"other_fund"}
    journey.walk("allocate_proceeds.allocate", *END)
    assert uses(journey) == [(use, 2015, Decimal("200000.00"))]
    assert said in papers_of(journey)[-1]


def test_the_canssm_sells_its_own_building_without_a_regional_director(cast: Cast) -> None:
    vacant(cast, "siege", body="canssm")
    journey = PropertyJourney.file(cast, code="siege", body="canssm", by="reviewer")
    journey.do("prepare.submit", "reviewer")
    assert (journey.open_steps, journey.state) == (["own_file"], "proposed")
    journey.walk("own_file.transmit", "check.request_pieces")
    assert (journey.open_steps, journey.status) == (["own_file"], "to_complete")
    journey.walk("own_file.transmit", "check.complete", "decide.put_on_sale", "sell.sold")
    journey.do("allocate_proceeds.allocate", data={"to_investment": "80000.00"})
    journey.walk(*END)
    assert journey.status == "closed"


def test_simulator_says_what_would_block_and_writes_nothing(cast: Cast) -> None:
    vacant(cast)
    with clock.at(NOW):
        building(cast, "logement", use="housing", health_housing=True)
        before = state_of_everything()
        found = simulate(path="property_disposal", organisation=cast.body["carmi-npdc"], data=disposal())
        kept = simulate(
            path="property_disposal",
            organisation=cast.body["carmi-npdc"],
            data={"property": "logement", "ground": "dwelling"},
        )
    assert [one.key for one in found.route] == [
        "prepare",
        "sign_off",
        "check",
        "decide",
        "sell",
        "allocate_proceeds",
        "inform_board",
        "close",
    ]
    assert all(one.required for one in found.pieces)
    assert found.warnings == ()
    assert {one.code for one in kept.warnings} == {"health_housing", "not_planned"}
    assert state_of_everything() == before


@pytest.mark.parametrize(
    ("act", "before", "count"),
    [
        ("prepare.submit", (), 14),
        ("sign_off.transmit", TO_DECISION[:1], 12),
        ("sign_off.return", TO_DECISION[:1], 18),
        ("check.complete", TO_DECISION[:2], 12),
        ("check.request_pieces", TO_DECISION[:2], 12),
        ("complete_file.resubmit", (*TO_DECISION[:2], "check.request_pieces"), 14),
        ("decide.put_on_sale", TO_DECISION, 19),
        ("decide.refuse", TO_DECISION, 18),
        ("sell.record_offer", ON_SALE, 15),
        ("sell.offer_dropped", (*ON_SALE, "sell.record_offer"), 14),
        ("sell.sold", ON_SALE, 17),
        ("sell.withdraw_from_sale", ON_SALE, 15),
        ("allocate_proceeds.allocate", SOLD, 19),
        ("inform_board.inform", (*SOLD, "allocate_proceeds.allocate"), 10),
        ("withdraw.withdraw", TO_DECISION, 18),
    ],
)
def test_act_sends_so_many_statements(cast: Cast, act: str, before: tuple[str, ...], count: int) -> None:
    """At most 16 (design §7); up to 23 where the register moves."""
    journey = PropertyJourney.of(cast, *before, fund="FNMO")
    sent = statements(lambda: journey.do(act))
    assert len(sent) == count, "\n".join(sent)


def test_year_of_the_sale_is_that_of_the_deed(cast: Cast) -> None:
    journey = PropertyJourney.of(cast, *ON_SALE)
    late = datetime(2016, 1, 8, 9, tzinfo=UTC)
    journey.do("sell.sold", data={"deed_on": "2015-12-30"}, at=late)
    journey.do("allocate_proceeds.allocate", data={"to_investment": "10.00"}, at=late)
    assert uses(journey) == [("investment", 2016, Decimal("10.00"))]
