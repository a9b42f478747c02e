"""What the acts of budgets and carry-overs cost in SQL statements."""

import pytest

from tests.budget_journeys import BudgetJourney, at, budget, carried, primitive, receptions
from tests.credit_journeys import NOW
from tests.journeys import Cast
from tests.workflows.test_statements import LIMIT, statements

pytestmark = pytest.mark.django_db

LIMIT_OF_EFFECT = 22
"""The act at which credits move writes the movement, the decision and its paper besides (16 + 6)."""

RECEIVED = receptions(dss=NOW.date(), db=NOW.date())
PAYROLL = {"ground": "payroll_update", "payroll": [{"item": "rmpp", "found": "5.00", "retained": "0.00"}]}


@pytest.mark.parametrize(
    "data",
    [
        primitive(("M.reg", "1.00"), ("M.nat", "1.00"), fund="FNPPS"),
        primitive(("A-I-1", "49280005.00"), **PAYROLL),
        budget(("A-I-1", "5.00"), **PAYROLL),
        budget(*[(code, "1.00") for code in ("A-I-1", "A-I-2.info", "A-I-3.info", "A-II-1", "A-II-2")]),
    ],
    ids=["primitive", "primitive payroll", "amending payroll", "above the base"],
)
def test_each_step_of_a_budget_sends_few_statements(cast: Cast, data: dict[str, object]) -> None:
    journey = BudgetJourney.of(cast, data)
    found = {
        "submit": len(statements(lambda: journey.do("prepare.submit", "reviewer"))),
        "vote": len(statements(lambda: journey.do("board_vote.adopted"))),
        "record": len(statements(lambda: journey.do("notify_authorities.record", "reviewer", data=RECEIVED))),
    }
    if journey.open_steps == ["tacit_approval"]:
        last = statements(lambda: journey.do("tacit_approval.acquire", "reviewer", at=at(2026, 3, 22)))
    else:
        found["approve"] = len(statements(lambda: journey.do("authority_approval.approve")))
        last = statements(lambda: journey.do("authority_approval.approve", "ministry_db"))
    assert journey.status == "enforceable"
    assert len(last) <= LIMIT_OF_EFFECT, "\n".join(last)
    assert max(found.values()) <= LIMIT, found


def test_each_step_of_a_carry_over_sends_few_statements(cast: Cast) -> None:
    moment = at(2015, 5, 4)
    journey = BudgetJourney.of(cast, carried(("A-I-1", "1.00"), ("A-I-3.info", "2.00")), at=moment)
    found = {
        act: len(statements(lambda: journey.do(act, at=moment, by=by)))  # noqa: B023
        for act, by in (
            ("prepare.submit", "reviewer"),
            ("check.credits_available", None),
            ("board_vote.adopted", None),
        )
    }
    journey.record(dss=moment.date(), db=moment.date(), at=moment)
    last = statements(lambda: journey.do("tacit_approval.acquire", "reviewer", at=at(2015, 5, 24)))
    assert len(last) <= LIMIT_OF_EFFECT, "\n".join(last)
    assert found.pop("prepare.submit") <= LIMIT_OF_EFFECT  # with the detailed statement
    assert max(found.values()) <= LIMIT, found
