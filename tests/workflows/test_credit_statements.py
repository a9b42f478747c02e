"""What the acts on credits cost in SQL statements; an ordinary step stays within 16, papers and receipts included."""

import pytest

from tests.credit_journeys import CreditJourney, transfers
from tests.journeys import Cast
from tests.workflows.test_statements import LIMIT, statements

pytestmark = pytest.mark.django_db

#: The act at which credits move writes the movement, the decision and its paper besides; between groups also three
#: notices with a paper and a task for each addressee.
LIMIT_OF_EFFECT, LIMIT_WITH_NOTICES = 20, 23


def counted(journey: CreditJourney, *acts: str) -> dict[str, int]:
    """Do acts and count what each sends."""
    found = {}
    for act in acts:
        what, _, by = act.partition("@")
        found[act] = len(statements(lambda: journey.do(what, by or None)))  # noqa: B023
    return found


def test_virement_between_groups_sends_so_many_statements(cast: Cast) -> None:
    rows = [
        ("A-I-1", target, "1.00") for target in ("A-I-2.autres", "A-I-2.info", "A-I-3.info", "A-I-3.autres")
    ]
    journey = CreditJourney.file(cast, "virement", transfers(*rows))
    found = counted(
        journey,
        "prepare.submit",
        "check.credits_available",
        "effect.effect",
        "inform.acknowledge",
        "inform.acknowledge@ministry_db",
        "inform.acknowledge@comptroller",
    )
    assert list(found.values()) == [13, 13, 23, 12, 12, 14]
    assert found.pop("effect.effect") <= LIMIT_WITH_NOTICES
    assert max(found.values()) <= LIMIT


def test_virement_inside_a_group_sends_so_many_statements(cast: Cast) -> None:
    data = transfers(("II.F.CAN.col", "III.reg.ind", "1.00"), fund="FNASS")
    found = counted(
        CreditJourney.file(cast, "virement", data),
        "prepare.submit",
        "check.credits_available",
        "effect.effect",
        "close.close",
    )
    assert list(found.values()) == [13, 13, 19, 10]
    assert found.pop("effect.effect") <= LIMIT_OF_EFFECT
    assert max(found.values()) <= LIMIT


def test_derogation_sends_so_many_statements(cast: Cast) -> None:
    data = transfers(("A-I-3.info", "A-I-3.autres", "1.00"), exceptional_reason="Incendie du site de Lens")
    found = counted(
        CreditJourney.file(cast, "virement_derogation", data),
        "prepare.submit",
        "check.credits_available",
        "prior_agreement.agree",
        "prior_agreement.agree@ministry_db",
        "board_vote.adopted",
        "effect.effect",
        "close.close",
    )
    assert list(found.values()) == [13, 14, 13, 15, 16, 20, 10]
    assert found.pop("effect.effect") <= LIMIT_OF_EFFECT
    assert max(found.values()) <= LIMIT
