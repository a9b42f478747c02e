"""Two people and one œuvre, or one FINESS number, at the same moment: one wins, the other is told; what acts cost."""

from __future__ import annotations

import pytest

from cases import clock
from cases.errors import Blocked, Invalid
from cases.finess import finess_key
from cases.models import Facility, FacilityChange
from cases.register_terms import ApprovalState
from cases.services import adhere, change_facility, close_facility, create_facility, move_approval
from tests.cases.test_property_races import race
from tests.journeys import Cast
from tests.workflows.test_statements import statements

FINESS = "62001234" + finess_key("62001234")


def oeuvre(cast: Cast, code: str) -> Facility:
    """An œuvre of the register."""
    return Facility.objects.create(code=code, name="Centre", town=code, organisation=cast.body["carmi-npdc"])


def test_one_agrement_moves_once_and_one_number_goes_to_one_facility(committed: str) -> None:
    cast, today = Cast(), clock.today()
    for number in range(4):
        one = oeuvre(cast, f"a-{number}")
        outcomes = race(
            *[lambda one=one: move_approval(one, ApprovalState.EXISTING, actor=cast.agent, on=today)] * 2
        )
        (refusal,) = [outcome for outcome in outcomes if outcome is not None]
        assert isinstance(refusal, Blocked)
        assert refusal.reasons[0].code == "no_approval_move"
        assert FacilityChange.objects.filter(facility=one, action="approval").count() == 1

        first = f"6200{number:04d}"
        finess = first + finess_key(first)
        pair = [oeuvre(cast, f"b-{number}"), oeuvre(cast, f"c-{number}")]
        outcomes = race(
            *[
                lambda one=one, finess=finess: change_facility(
                    code=one.code, actor=cast.agent, version=1, data={"finess": finess}
                )
                for one in pair
            ]
        )
        (lost,) = [outcome for outcome in outcomes if outcome is not None]
        winner = pair[0] if outcomes[0] is None else pair[1]
        assert isinstance(lost, Invalid)
        assert f"déjà celui de « {winner} »" in lost.details["finess"][0]


@pytest.mark.django_db
def test_acts_on_the_register_cost_a_few_statements(cast: Cast) -> None:
    today = clock.today()
    one = oeuvre(cast, "lens")
    counts = {
        "create": len(
            statements(
                lambda: create_facility(
                    organisation=cast.body["carmi-npdc"],
                    actor=cast.agent,
                    data={"name": "Optique", "town": "Lens", "finess": FINESS},
                )
            )
        ),
        "move": len(
            statements(lambda: move_approval(one, ApprovalState.EXISTING, actor=cast.agent, on=today))
        ),
        "adhere": len(statements(lambda: adhere(one, today, actor=cast.agent))),
        "close": len(statements(lambda: close_facility(one, today, actor=cast.agent, motive="Hors normes"))),
    }
    assert counts == {"create": 5, "move": 5, "adhere": 5, "close": 6}
