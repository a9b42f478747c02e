"""Which ways out lead back: decided from the definitions of the real paths."""

import pytest

from workflows.engine import all_paths, get_path
from workflows.engine.returns import Way, ways_of

#: Every way that does not simply lead on.
BACK = {
    "property_disposal": {
        "sign_off.return": Way.RETURN,
        "check.request_pieces": Way.PAUSE,
        "decide.send_back": Way.RETURN,
        "sell.record_offer": Way.RETURN,
        "sell.offer_dropped": Way.RETURN,
    },
    "fnmo_investment": {
        "sign_off.return": Way.RETURN,
        "check.request_pieces": Way.PAUSE,
        "decide.send_back": Way.RETURN,
        "commit.revise_cost": Way.RETURN,
    },
    "ouverture_plan": {
        "sign_off.return": Way.RETURN,
        "expert_opinions.recuse": Way.RETURN,
        "revise.amend": Way.MIXED,
        "board_vote.adjourned": Way.RETURN,
        "approvals.record": Way.MIXED,
        "adhere.adhere": Way.MIXED,
    },
    "carry_over": {"notify_authorities.record": Way.MIXED},
    "national_reserve": {},
    "virement": {},
}


@pytest.mark.parametrize("key", BACK)
def test_ways_back_are_those_that_the_path_defines(key: str) -> None:
    found = ways_of(get_path(key))
    assert {".".join(one): way for one, way in found.items() if way is not Way.FORWARD} == BACK[key]


def test_every_outcome_of_every_path_has_its_way() -> None:
    for path in all_paths():
        assert set(ways_of(path)) == {
            (step.name, outcome) for step in path.steps() for outcome in step.outcomes
        }
