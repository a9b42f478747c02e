"""A budget that opens the credits of a disposal names the sale of the register, and is the only one to do so (A28)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cases import clock
from cases.errors import Blocked, Reason
from cases.models import ProceedsBudget
from tests.budget_journeys import BudgetJourney, authorised, budget, sweep
from tests.credit_journeys import NOW
from tests.journeys import Cast, state_of_everything
from tests.property_journeys import SOLD, PropertyJourney
from tests.workflows.services.test_concurrency import Rivals
from tests.workflows.test_statements import statements
from workflows.engine import budget_sales
from workflows.selectors.actions import context_for

SOLD_ON = datetime(2025, 6, 2, 9, tzinfo=UTC)


def sold(cast: Cast, **parts: str) -> str:
    """Reference of a disposal of June 2025 with Δ = 80 000 €, its proceeds allocated when ``parts`` say how."""
    journey = PropertyJourney.of(cast)
    for act in SOLD:
        data = {"data": {"deed_on": "2025-06-02"}} if act == "sell.sold" else {}
        journey.do(act, at=SOLD_ON, **data)
    if parts:
        journey.do("allocate_proceeds.allocate", at=SOLD_ON, data=parts)
    return journey.reference


def proceeds(reference: str = "", *lines: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Data of a budget of 2026 that opens 30 000 € of investments and the first tenth of 50 000 € of rents."""
    return budget(
        *(lines or (("A-I-3.autres", "30000.00"), ("A-I-2.autres", "5000.00"))),
        ground="disposal",
        price="200000.00",
        net_book_value="120000.00",
        to_investment="30000.00",
        to_rents="50000.00",
        sale_year=2025,
        sale=reference,
        **more,
    )


PARTS = {"to_investment": "30000.00", "to_rents": "50000.00"}


def blocked(cast: Cast, data: dict[str, Any]) -> dict[str, Reason]:
    """Why a budget may not be submitted, by code; nothing is written."""
    journey = BudgetJourney.of(cast, data)
    before = state_of_everything()
    with pytest.raises(Blocked) as refused:
        journey.do("prepare.submit", "reviewer")
    assert state_of_everything() == before
    return {reason.code: reason for reason in refused.value.reasons}


def live(cast: Cast) -> list[tuple[str, int]]:
    """The budgets that name a sale now, with their exercise."""
    rows = ProceedsBudget.objects.filter(released_at__isnull=True).order_by("pk")
    return list(rows.values_list("dossier__reference", "exercise"))


def test_budget_names_its_sale_and_opens_its_credits(cast: Cast) -> None:
    reference = sold(cast, **PARTS)
    journey = BudgetJourney.received(cast, proceeds(reference.lower()))
    assert live(cast) == [(journey.reference, 2026)]
    assert journey.dossier.data["sale"] == reference
    before = authorised("A-I-3.autres")
    due = journey.dossier.next_due_on
    assert due is not None
    sweep(datetime(due.year, due.month, due.day, 9, tzinfo=UTC))
    assert authorised("A-I-3.autres") - before == 30000
    other = blocked(cast, proceeds(reference))["sale_in_budget"]
    assert (other.related, other.quote is not None) == ((journey.reference,), True)


def test_naming_the_sale_costs_six_statements(cast: Cast) -> None:
    """Sale and other budgets are read twice, before and under the lock; the row is one more."""
    reference = sold(cast, **PARTS)
    named = BudgetJourney.of(cast, proceeds(reference))
    other = BudgetJourney.of(cast, budget(("A-I-1", "5.00")))
    plain = statements(lambda: other.do("prepare.submit", "reviewer"))
    sent = statements(lambda: named.do("prepare.submit", "reviewer"))
    assert (len(plain), len(sent)) == (13, 19), "\n".join(sent)


def test_a_sale_of_the_register_has_to_be_named(cast: Cast) -> None:
    reference = sold(cast, **PARTS)
    reason = blocked(cast, proceeds())["sale_required"]
    assert (reason.related, reference in reason.message) == ((reference,), True)
    assert set(blocked(cast, proceeds("CESSION-2015-9999"))) == {"unknown_sale"}


def test_a_sale_from_before_the_register_is_signalled(cast: Cast) -> None:
    journey = BudgetJourney.submitted(cast, proceeds())
    with clock.at(NOW):
        (warning,) = budget_sales.outside_register(context_for(journey.dossier))
    assert warning.code == "sale_outside_register"
    assert "hors registre" in warning.message
    assert live(cast) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": "200000.01"},
        {"net_book_value": "119999.99"},
        {"to_investment": "29999.99"},
        {"to_rents": "49999.99"},
        {"sale_year": 2024},
    ],
)
def test_figures_are_those_of_the_sale_to_the_cent(cast: Cast, wrong: dict[str, Any]) -> None:
    reference = sold(cast, **PARTS)
    reason = blocked(cast, proceeds(reference) | wrong)["sale_differs"]
    assert reason.quote is not None
    assert reference in reason.message


def test_proceeds_are_allocated_before_they_open_credits(cast: Cast) -> None:
    assert set(blocked(cast, proceeds(sold(cast)))) == {"not_allocated"}


@pytest.mark.parametrize("way", ["board_vote.rejected", "withdraw.withdraw", "authority_approval.refuse"])
def test_sale_is_released_when_the_budget_comes_to_nothing(cast: Cast, way: str) -> None:
    reference = sold(cast, **PARTS)
    if way == "authority_approval.refuse":
        data = proceeds(reference) | {"conforms_to_cog": False, "conformity_motive": "À voir par la tutelle."}
        journey = BudgetJourney.received(cast, data)
    else:
        journey = BudgetJourney.submitted(cast, proceeds(reference))
    assert live(cast) == [(journey.reference, 2026)]
    journey.do(way, "reviewer" if way.startswith("withdraw") else None)
    assert live(cast) == []
    again = BudgetJourney.submitted(cast, proceeds(reference))
    assert live(cast) == [(again.reference, 2026)]


def test_each_year_of_the_rents_has_its_budget(cast: Cast) -> None:
    """The ten years of one sale: the unique row is that of a sale and an exercise."""
    reference = sold(cast, **PARTS)
    first = BudgetJourney.submitted(cast, proceeds(reference))
    named = ProceedsBudget.objects.get(dossier=first.pk)
    other = BudgetJourney.of(cast, proceeds(reference)).dossier
    ProceedsBudget.objects.create(sale=named.sale, exercise=2027, dossier=other, at=NOW)
    assert [year for _, year in live(cast)] == [2026, 2027]


@pytest.fixture
def two(people: Cast) -> Iterator[Rivals]:
    """Two people at once."""
    rivals = Rivals(2)
    yield rivals
    rivals.close()


def test_two_budgets_for_one_sale_at_once_the_second_names_the_first(people: Cast, two: Rivals) -> None:
    reference = sold(people, **PARTS)
    one, other = (BudgetJourney.of(people, proceeds(reference)) for _ in range(2))
    outcomes = two.race(
        lambda: one.do("prepare.submit", "reviewer"), lambda: other.do("prepare.submit", "reviewer2")
    )
    won = one if outcomes[0] is None else other
    (refusal,) = [found for found in outcomes if found is not None]
    assert isinstance(refusal, Blocked)
    assert {reason.code: reason.related for reason in refusal.reasons} == {"sale_in_budget": (won.reference,)}
    assert live(people) == [(won.reference, 2026)]
