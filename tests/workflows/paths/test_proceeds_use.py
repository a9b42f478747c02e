"""The agrément of the use of the proceeds of a sale for an operation of the body that sold (COG 2004-2006, A76)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from cases import clock
from cases.errors import Blocked, Invalid, Reason
from cases.models import Decision, ProceedsAllocation
from tests.journeys import Cast, Journey, state_of_everything
from tests.papers import words
from tests.property_journeys import NOW, SOLD, PropertyJourney, vacant
from tests.workflows.services.test_concurrency import Rivals
from tests.workflows.test_statements import statements
from workflows.selectors import dossier_view
from workflows.services import create_draft, perform, simulate

DOERS = {"sign_off": "director", "check": "reviewer", "decide": "dg", "close": "reviewer"}
TO_DECISION = ("prepare.submit", "sign_off.transmit", "check.complete")


class UseJourney(Journey):
    """One request for 60 000 € of a sale at 200 000 €."""

    @classmethod
    def of(cls, cast: Cast, sale: str, *acts: str, by: str = "agent", **data: Any) -> "UseJourney":
        with clock.at(NOW):
            dossier = create_draft(
                path="proceeds_use",
                organisation=cast.body["carmi-npdc"],
                actor=cast.people[by],
                data=request(sale, **data),
            )
            journey = cls(cast, dossier)
            journey.add("operation_note", actor=cast.people[by])
        for act in acts:
            journey.do(act)
        return journey

    def do(self, what: str, by: str = "", **options: Any) -> None:
        """Do ``step.outcome``, by default by the usual person."""
        step, outcome = what.split(".")
        if outcome in {"refuse", "request_pieces", "send_back"}:
            options.setdefault("motive", "Le devis manque.")
        actor = self.cast.people[by or DOERS.get(step, "agent")]
        with clock.at(NOW):
            perform(reference=self.reference, step=step, outcome=outcome, actor=actor, **options)


def request(sale: str, **more: Any) -> dict[str, Any]:
    """Valid data of a request."""
    return {
        "sale": sale,
        "title": "Mise aux normes du centre de Liévin",
        "nature": "rehabilitation",
        "amount_ht": "60000.00",
        "exercise": 2015,
        "purpose": "Accessibilité et sécurité incendie.",
    } | more


def sold(cast: Cast) -> str:
    """Reference of the sale of a building, its proceeds still whole."""
    return PropertyJourney.of(cast, *SOLD, fund="FNMO").reference


def blocked(journey: UseJourney, what: str) -> dict[str, Reason]:
    """Why an act is blocked, each with its quote; nothing is written."""
    before = state_of_everything()
    with pytest.raises(Blocked) as found:
        journey.do(what)
    assert state_of_everything() == before
    assert all(one.quote is not None for one in found.value.reasons)
    return {reason.code: reason for reason in found.value.reasons}


def test_whole_way_makes_a_receipt_of_the_regional_fund(cast: Cast) -> None:
    sale = sold(cast)
    journey = UseJourney.of(cast, sale.lower(), *TO_DECISION)
    assert journey.dossier.convention == "cog-2004-2006"
    sent = statements(lambda: journey.do("decide.agree"))
    assert len(sent) == 16, "\n".join(sent)
    journey.do("close.close")
    assert journey.status == "closed"
    given = ProceedsAllocation.objects.get()
    assert (given.use, given.exercise, given.amount) == ("regional_fund", 2015, Decimal("60000.00"))
    document = Decision.objects.get(dossier=journey.pk).document
    assert document is not None
    with document.file.open() as paper:
        text = words(paper.read())
    assert "agrée l’emploi ci-dessous du produit d’une vente" in text
    assert "après agrément par la CANSSM" in text
    with clock.at(NOW):
        shown = [one.code for one in dossier_view(cast.dg, journey.reference).warnings]
    assert shown == ["convention_over"]


def test_what_the_body_uses_is_no_longer_the_funds(cast: Cast) -> None:
    disposal = PropertyJourney.of(cast, *SOLD, fund="FNMO")
    UseJourney.of(cast, disposal.reference, *TO_DECISION, "decide.agree")
    disposal.do("allocate_proceeds.allocate")
    rows = ProceedsAllocation.objects.order_by("use").values_list("use", "amount")
    assert list(rows) == [("fund_resource", Decimal("140000.00")), ("regional_fund", Decimal("60000.00"))]
    late = UseJourney.of(cast, disposal.reference, amount_ht="0.01", exercise=2016)
    assert set(blocked(late, "prepare.submit")) == {"above_left"}


def test_amount_is_at_most_what_is_left_to_the_cent(cast: Cast) -> None:
    sale = sold(cast)
    assert set(blocked(UseJourney.of(cast, sale, amount_ht="200000.01"), "prepare.submit")) == {"above_left"}
    first = UseJourney.of(cast, sale, *TO_DECISION)
    second = UseJourney.of(cast, sale, *TO_DECISION, amount_ht="140000.01", exercise=2016)
    third = UseJourney.of(cast, sale, *TO_DECISION, amount_ht="140000.00")
    first.do("decide.agree")
    assert set(blocked(second, "decide.agree")) == {"above_left"}
    reason = blocked(third, "decide.agree")["already_agreed"]
    assert reason.related == (first.reference,)


def test_sale_is_one_of_the_bodys_own(cast: Cast) -> None:
    vacant(cast, "est-lens", body="carmi-est")
    other = PropertyJourney.file(cast, code="est-lens", body="carmi-est", by="est_agent")
    other.walk("prepare.submit@est_agent", "sign_off.transmit@est_director", *SOLD[2:])
    for sale in (other.reference, "CESSION-2015-9999"):
        with pytest.raises(Invalid) as refused:
            UseJourney.of(cast, sale)
        assert list(refused.value.details) == ["sale"]
    data = {"sale": other.reference, "amount_ht": "1.00"}
    with clock.at(NOW), pytest.raises(Invalid):
        simulate(path="proceeds_use", organisation=cast.body["carmi-npdc"], data=data)


def test_refused_request_leaves_the_proceeds_whole(cast: Cast) -> None:
    sale = sold(cast)
    journey = UseJourney.of(cast, sale, *TO_DECISION)
    with pytest.raises(Invalid):
        journey.do("decide.refuse", motive="")
    for act in ("decide.send_back", "check.request_pieces", "complete_file.resubmit", "check.complete"):
        journey.do(act)
    journey.do("decide.refuse")
    assert (journey.status, ProceedsAllocation.objects.count()) == ("refused", 0)
    UseJourney.of(cast, sale, *TO_DECISION, "decide.agree", amount_ht="200000.00")


@pytest.fixture
def two(people: Cast) -> Iterator[Rivals]:
    """Two people at once."""
    rivals = Rivals(2)
    yield rivals
    rivals.close()


def test_two_agreements_at_once_stay_within_the_price(people: Cast, two: Rivals) -> None:
    sale = sold(people)
    one = UseJourney.of(people, sale, *TO_DECISION, amount_ht="150000.00")
    other = UseJourney.of(people, sale, *TO_DECISION, amount_ht="150000.00", exercise=2016)
    outcomes = two.race(lambda: one.do("decide.agree"), lambda: other.do("decide.agree", "dg2"))
    (refusal,) = [found for found in outcomes if found is not None]
    assert isinstance(refusal, Blocked)
    assert all(reason.quote is not None for reason in refusal.reasons)
    assert sum(given.amount for given in ProceedsAllocation.objects.all()) == Decimal("150000.00")
