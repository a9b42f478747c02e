"""A10: the shared table of the payroll appropriation."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies

from cases.budget_terms import MovementKind
from cases.errors import Invalid
from tests.workflows.credits.texts import computation, eur, given, keys, limited, only, words
from workflows.credits import PAYROLL_RULES, Levels, Occasion, Preview, payroll_update

PINNED = limited(*PAYROLL_RULES)
SIGNED = strategies.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents).scaleb(-2))
RMPP = Levels(eur(1_200_000), eur(1_000_000))
STRUCTURE = Levels(eur(-650_000), eur(-500_000))
PREVIOUS = Levels(eur(-650_000), eur(-600_000))


def update(occasion: Occasion, **given_levels: Any) -> Preview:
    """The update of 2015, whose printed appropriation is 52,15 M€."""
    return payroll_update(
        appropriation=eur(52_150_000), year=2015, occasion=occasion, rules=PINNED, **given_levels
    )


def test_primitive_budget_takes_the_rmpp() -> None:
    found = update(Occasion.PRIMITIVE, rmpp=RMPP)
    assert given(found) == {2015: eur(200_000)}
    assert found.by_exercise[0].targets == ("A-I-1",)
    assert found.movement == MovementKind.INITIAL
    assert computation(found)["Dotation 2015 actualisée"] == eur(52_350_000)
    assert found.lines[0].note == "budget primitif"


def test_first_amending_budget_takes_all_three() -> None:
    found = update(Occasion.FIRST_AMENDING, rmpp=RMPP, structure=STRUCTURE, previous=PREVIOUS)
    assert found.movement == MovementKind.AMENDMENT
    assert computation(found) == {
        "Dotation 2015 (base COG)": eur(52_150_000),
        "Différentiel de RMPP 2015": eur(200_000),
        "GVT négatif et effet de structure 2014": eur(-150_000),
        "Écart de masse salariale 2014": eur(-50_000),
        "Dotation 2015 actualisée": eur(52_150_000),
    }
    assert found.allowed
    assert found.by_exercise == ()
    assert [words(one.quote)[:30] for one in found.lines] == [
        "La dotation (base COG) de l’an",
        "du différentiel de niveau de R",
        "Lors du vote du premier budget",
        "La masse salariale reconductib",
        "La dotation (base COG) de l’an",
    ]
    assert "constaté −650" in found.lines[2].note


def test_first_amending_budget_after_a_primitive_that_took_the_rmpp() -> None:
    found = update(Occasion.FIRST_AMENDING, structure=STRUCTURE, previous=PREVIOUS, rmpp_already_updated=True)
    assert given(found) == {2015: eur(-200_000)}


@pytest.mark.parametrize(
    ("occasion", "levels", "code", "rule"),
    [
        (Occasion.LATER_AMENDING, {"rmpp": RMPP}, "already_updated", "budget.payroll.once"),
        (Occasion.LATER_AMENDING, {"structure": STRUCTURE}, "already_updated", "budget.payroll.once"),
        (
            Occasion.FIRST_AMENDING,
            {"rmpp": RMPP, "rmpp_already_updated": True},
            "rmpp_already_updated",
            "budget.payroll.once",
        ),
        (
            Occasion.PRIMITIVE,
            {"rmpp": RMPP, "rmpp_already_updated": True},
            "rmpp_already_updated",
            "budget.payroll.once",
        ),
        (Occasion.PRIMITIVE, {"structure": STRUCTURE}, "before_closing", "budget.payroll.gvt"),
        (Occasion.PRIMITIVE, {"previous": PREVIOUS}, "before_closing", "budget.payroll.gvt"),
        (
            Occasion.FIRST_AMENDING,
            {"structure": Levels(eur(-60_000_000))},
            "negative",
            "budget.payroll_update",
        ),
    ],
)
def test_update_at_the_wrong_time_is_refused(
    occasion: Occasion, levels: dict[str, Any], code: str, rule: str
) -> None:
    found = update(occasion, **levels)
    reason = only(found.reasons)
    assert (found.total, reason.code, keys([reason.quote] if reason.quote else [])) == (0, code, [rule])


def test_levels_are_amounts() -> None:
    with pytest.raises(Invalid, match="RMPP : "):
        update(Occasion.PRIMITIVE, rmpp=Levels(Decimal("0.001")))
    with pytest.raises(Invalid, match="Dotation : "):
        payroll_update(appropriation=eur(-1), year=2015, occasion=Occasion.PRIMITIVE, rules=PINNED)


@examples(strategies.lists(SIGNED, min_size=6, max_size=6))
def test_lines_sum_to_the_updated_appropriation(amounts: list[Decimal]) -> None:
    levels = [Levels(amounts[i], amounts[i + 1]) for i in (0, 2, 4)]
    found = update(
        Occasion.FIRST_AMENDING, **dict(zip(("rmpp", "structure", "previous"), levels, strict=True))
    )
    *parts, updated = [one.amount or Decimal(0) for one in found.lines]
    assert sum(parts) == updated
    assert found.total == updated - eur(52_150_000) == sum(one.difference for one in levels)
