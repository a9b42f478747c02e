"""A16: charges transferred, new charges, and the two revisions that the convention announces."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given as examples

from cases.budget_terms import MovementKind
from cases.errors import Invalid
from tests.workflows.credits.texts import CENTS, eur, given, limited, only, words
from workflows.credits import (
    CHARGE_RULES,
    Preview,
    charge_transferred,
    mandate_2015,
    new_charge,
    revision_2017,
)

PINNED = limited(*CHARGE_RULES)


@pytest.mark.parametrize("fund", ["FNGA", "FNASS", "FNPPS"])
def test_transferred_charge_cancels_as_much(fund: str) -> None:
    found = charge_transferred(fund, eur("120.55"), 2016, PINNED)
    assert given(found) == {2016: eur("-120.55")}
    assert found.movement == MovementKind.CANCELLATION
    assert words(found.lines[-1].quote) == "entraîne une annulation des crédits budgétés à due concurrence"


@pytest.mark.parametrize("fund", ["FNGA", "FNASS", "FNPPS"])
def test_new_charge_may_adjust_up_to_its_amount(fund: str) -> None:
    found = new_charge(fund, eur("120.55"), 2016, PINNED)
    assert given(found) == {2016: eur("120.55")}
    assert found.movement == MovementKind.AMENDMENT
    assert words(found.lines[-1].quote) == (
        "toute nouvelle dépense mise à la charge d’un fonds peut entraîner un ajustement des crédits budgétés"
    )
    assert "peut entraîner" in found.lines[-1].note


@pytest.mark.parametrize("rule", [charge_transferred, new_charge])
def test_charges_of_the_fnmo_follow_no_common_rule(rule: Callable[..., Preview]) -> None:
    found = rule("FNMO", eur(10), 2016, PINNED)
    assert found.total == 0
    assert words(only(found.reasons).quote) == "RÈGLES BUDGÉTAIRES COMMUNES AU FNGA, FNASS et FNPPS"


def test_revision_is_that_of_2017_on_operating_lines() -> None:
    found = revision_2017(eur(-500), PINNED)
    assert given(found) == {2017: eur(-500)}
    assert found.by_exercise[0].targets == ("A-I-1", "A-I-2.autres", "A-I-2.info")
    assert words(found.lines[0].quote).startswith("Concernant les dépenses de fonctionnement")


@pytest.mark.parametrize("amount", [eur(250), eur(-250)])
def test_mandate_amends_2015(amount: Decimal) -> None:
    found = mandate_2015(amount, PINNED)
    assert given(found) == {2015: amount}
    assert words(found.lines[0].quote).startswith(
        "la trajectoire d’évolution de ses crédits sera amendée en 2015"
    )


@pytest.mark.parametrize("rule", [revision_2017, mandate_2015])
def test_revision_of_nothing_is_refused(rule: Callable[..., Preview]) -> None:
    with pytest.raises(Invalid, match="indiquez de combien"):
        rule(eur(0), PINNED)


@examples(CENTS.filter(bool))
def test_charge_and_its_transfer_cancel_out(amount: Decimal) -> None:
    assert new_charge("FNGA", amount, 2016, PINNED).total == amount
    assert charge_transferred("FNGA", amount, 2016, PINNED).total == -amount
