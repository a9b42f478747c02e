"""Budgets at the same moment: one primitive budget is submitted, one sweep moves the credits."""

from collections.abc import Iterator

import pytest

from cases.errors import Blocked, Conflict
from cases.models import CreditMovement
from cases.selectors import balance_faults
from cases.services import verify_all
from tests.budget_journeys import BudgetJourney, at, budget, primitive, sweep
from tests.credit_journeys import credits_of
from tests.credits import euros
from tests.journeys import Cast
from tests.workflows.services.test_concurrency import Rivals


@pytest.fixture
def two(people: Cast) -> Iterator[Rivals]:
    """Two people at once."""
    rivals = Rivals(2)
    yield rivals
    rivals.close()


def test_of_two_primitive_budgets_at_once_one_is_submitted(people: Cast, two: Rivals) -> None:
    for number, fund in enumerate(("FNGA", "FNASS", "FNPPS")):
        code = {"FNGA": "A-I-1", "FNASS": "II.K.imm", "FNPPS": "M.reg"}[fund]
        first, second = (
            BudgetJourney.of(people, primitive((code, f"{amount}.00"), fund=fund))
            for amount in (number + 1, 9)
        )
        refusals = two.race(
            lambda: first.do("prepare.submit", "reviewer"),  # noqa: B023
            lambda: second.do("prepare.submit", "reviewer2"),  # noqa: B023
        )
        (lost,) = [one for one in refusals if one is not None]
        assert isinstance(lost, Blocked | Conflict)
        if isinstance(lost, Blocked):
            assert lost.reasons[0].code == "other_primitive"
        assert sorted((first.status, second.status)) == ["draft", "submitted"]


def test_two_sweeps_at_once_move_the_credits_once(people: Cast, two: Rivals) -> None:
    journey = BudgetJourney.received(people, budget(("A-I-1", "-5.00")))
    day = at(2026, 3, 22)
    two.race(lambda: sweep(day), lambda: sweep(day))
    assert journey.status == "enforceable"
    assert CreditMovement.objects.filter(dossier=journey.pk).count() == 1
    assert credits_of("A-I-1") == euros("49279995.00")
    assert not balance_faults()
    assert not list(verify_all())
