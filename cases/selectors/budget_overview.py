"""All budgets at a glance, and the printed sums that do not add up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from django.db.models import F, Sum

from cases.budget_tables import known_differences
from cases.models import CreditBalance, Exercise, Fund
from cases.selectors.budget import BudgetTree, TreeLine
from cases.selectors.ledger import ZERO


@dataclass(frozen=True, slots=True)
class FundTotals:
    """Credits of a fund in an exercise, EUR: the sums of its leaves. ``available`` includes earmarked
    credits.
    """

    fund: Fund
    exercise: Exercise
    authorised: Decimal = ZERO
    committed: Decimal = ZERO
    available: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class ExerciseTotals:
    """An exercise and its funds, in their order."""

    exercise: Exercise
    funds: tuple[FundTotals, ...]


@dataclass(frozen=True, slots=True)
class PrintedDifference:
    """A printed sum that is not that of the leaves below it, EUR. ``reading`` says why, in French."""

    line: TreeLine
    printed: Decimal
    added_up: Decimal
    reading: str

    @property
    def difference(self) -> Decimal:
        """Printed minus added up."""
        return self.printed - self.added_up


def funds_and_exercises() -> tuple[list[Fund], list[Exercise]]:
    """What there is to choose from: funds in their order, exercises latest first. Two statements."""
    return list(Fund.objects.order_by("position")), list(Exercise.objects.order_by("-year"))


def budget_overview() -> list[ExerciseTotals]:
    """Live totals of every fund in every exercise, latest exercise first. Three statements."""
    funds, exercises = funds_and_exercises()
    spendable = Sum(F("available") + F("earmarked"), default=ZERO)
    sums = {
        (exercise, fund): (free, spent)
        for exercise, fund, free, spent in CreditBalance.objects.order_by("exercise", "line__fund")
        .values_list("exercise", "line__fund")
        .annotate(free=spendable, spent=Sum("committed", default=ZERO))
    }
    return [
        ExerciseTotals(
            exercise, tuple(_totals(fund, exercise, *sums.get((exercise.pk, fund.pk), ())) for fund in funds)
        )
        for exercise in exercises
    ]


def _totals(fund: Fund, exercise: Exercise, free: Decimal = ZERO, spent: Decimal = ZERO) -> FundTotals:
    return FundTotals(fund, exercise, authorised=free + spent, committed=spent, available=free)


def printed_differences(tree: BudgetTree) -> list[PrintedDifference]:
    """Sums whose printed base differs from that of their leaves, in printed order. No statement.

    Its own rounding or other perimeter, when ``budget_data/differences.csv`` knows it; else it follows from
    such a sum below.
    """
    found = []
    for node in tree:
        if node.line.is_leaf or node.base is None:
            continue
        added_up = _base_of_leaves(node)
        if added_up != node.base:
            reading = _readings().get((tree.fund.code, node.line.code, tree.exercise.base_year), "")
            found.append(
                PrintedDifference(node, node.base, added_up, reading or "Vient d’un total plus bas.")
            )
    return found


def parent_codes(tree: BudgetTree) -> dict[int, str]:
    """Line id → code of the sum that it is part of; roots are not there. No statement."""
    return {child.line.pk: node.line.code for node in tree for child in node.children}


def _base_of_leaves(node: TreeLine) -> Decimal:
    if node.line.is_leaf:
        return node.base or ZERO
    return sum((_base_of_leaves(child) for child in node.children), ZERO)


@cache
def _readings() -> dict[tuple[str, str, int], str]:
    return {(one.fund, one.total, one.year): text for one, text in known_differences().items()}
