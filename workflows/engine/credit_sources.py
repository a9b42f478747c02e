"""What the paths share whose credits come from elsewhere than a line of the budget: the reserve, receipts, an advance.

Lines that may receive, receipts of the year and their reuse, the budget that carries an advance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from django import forms

from cases import clock
from cases.budget_terms import Mark, MovementKind
from cases.enums import Role
from cases.errors import Blocked, Reason
from cases.models import BudgetLine, Dossier
from cases.selectors import (
    Balance,
    GivenCredits,
    balance_of,
    credits_given,
    enforceable_budget,
    lines_by_code,
    operations_of,
    released_amounts,
)
from cases.services import ledger
from workflows.credits import BudgetKind
from workflows.credits.receipts import CATEGORIES, CATEGORY
from workflows.engine.context import StepContext
from workflows.engine.credit_effects import effected_on, exercise_needed
from workflows.engine.credit_lines import credit_rows_of, exercise_of, fund_of
from workflows.engine.step import Effect, Guard
from workflows.rulebook import rulebooks

CONVENTION = "cog-2014-2017"
OTHER_FUND = "virement.other_fund"
PURPOSE = "reserve.purpose"
MENTON = "fnass.menton"
EVALUATIVE = "budget.evaluative"
ZERO = Decimal("0.00")

#: Rules that ``may_receive`` and ``receives_without_need`` quote; a path that uses them lists them among its own.
RECEIVING_RULES = (OTHER_FUND, PURPOSE, MENTON, EVALUATIVE)


def _categories() -> list[tuple[str, str]]:
    book, today = rulebooks()[CONVENTION], clock.today()
    keys = book.rule(CATEGORIES, today).items
    return [("", "Choisissez la catégorie"), *[(key, book.rule(CATEGORY + key, today).text) for key in keys]]


class ReceiptCategoryField(forms.ChoiceField):
    """One of the categories of receipts that the convention compares with their forecast (A25)."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Catégorie de recettes")
        super().__init__(
            choices=_categories,
            error_messages={
                "required": "Choisissez la catégorie de recettes.",
                "invalid_choice": "La catégorie « %(value)s » n’est pas de celles du texte. Choisissez-en une.",
            },
            **kwargs,
        )


# --- lines ------------------------------------------------------------------------------------------------


def line_of_fund(context: StepContext, code: str) -> BudgetLine | None:
    """A line of the dossier's fund that no row needs to name; None when the fund has none. One statement, once."""
    key = f"line {code}"
    if key not in context.memo:
        found = lines_by_code(fund=fund_of(context), codes=[code]).get(code)
        context.memo[key] = found if found is not None and found.fund_id == fund_of(context) else None
    line: BudgetLine | None = context.memo[key]
    return line


def balance_on(context: StepContext, line: BudgetLine) -> Balance:
    """The balance of a line in the dossier's exercise, now; zeros while there is no such exercise. One statement."""
    exercise = exercise_of(context)
    return balance_of(line=line, exercise=exercise) if exercise is not None else Balance()


def may_receive(column: str) -> Guard:
    """The lines of a column are of the dossier's fund, and none of them is set apart: no reserve, no Menton."""

    def guard(context: StepContext) -> Iterator[Reason]:
        fund = fund_of(context)
        for row in credit_rows_of(context, column):
            line = row.line
            if line.fund_id != fund:
                why, key = f"est une ligne du {line.fund_id}, pas du {fund}", OTHER_FUND
            elif line.mark == Mark.NATIONAL_RESERVE:
                why, key = "est la réserve nationale : elle ne sert qu’aux évènements imprévisibles", PURPOSE
            elif line.mark == Mark.MENTON:
                why, key = "n’est pas fongible", MENTON
            else:
                continue
            message = f"« {line} » {why}. Choisissez une autre ligne."
            yield Reason("line_may_not_receive", message, Role.PREPARER.label, context.quote(key))

    return guard


def receives_without_need(column: str) -> Guard:
    """Signal the evaluative lines among those that receive: their amount is no limit, it can be exceeded anyway."""

    def guard(context: StepContext) -> Iterator[Reason]:
        for row in credit_rows_of(context, column):
            if not row.line.facts.limitative:
                yield Reason(
                    "evaluative_line",
                    f"« {row.line} » est évaluative : son montant n’est qu’indicatif. Vérifiez qu’il faut lui "
                    "donner des crédits.",
                    Role.PREPARER.label,
                    context.quote(EVALUATIVE),
                )

    return guard


# --- receipts (A27) ---------------------------------------------------------------------------------------


def receipts_reused(context: StepContext) -> list[GivenCredits]:
    """What other dossiers of this path brought to the lines of the exercise; ``subject`` is the category."""
    if "reused" not in context.memo:
        context.memo["reused"] = [
            one
            for one in credits_given(
                path=context.path.key,
                kind=MovementKind.RECEIPT,
                year=int(context.data.get("exercise") or 0),
                subject="category",
            )
            if one.reference != context.dossier.reference
        ]
    found: list[GivenCredits] = context.memo["reused"]
    return found


def receive(
    *, origin: Callable[[StepContext], str], limit: Guard, earmarked: Callable[[StepContext], bool]
) -> Effect:
    """Bring a receipt to the dossier's lines. ``origin`` says in French which receipt it is.

    ``limit`` is asked again once no other act on the same exercise can use it up meanwhile. Raises ``Blocked``.
    """

    def effect(context: StepContext) -> None:
        exercise = exercise_needed(context)
        ledger.lock_exercise(exercise=exercise)
        context.memo.pop("reused", None)
        if reasons := list(limit(context)):
            raise Blocked(" ".join(one.message for one in reasons), reasons=reasons)
        movement = ledger.credit(
            kind=MovementKind.RECEIPT,
            exercise=exercise,
            credits=[ledger.Credit(row.line, row.amount) for row in credit_rows_of(context)],
            label=context.dossier.title,
            dossier=context.dossier,
            origin=origin(context),
            earmarked=earmarked(context),
            effective_on=effected_on(context),
        )
        context.changes["movement"] = movement.pk

    return effect


# --- advances (A04) ---------------------------------------------------------------------------------------


def primitive_budget_enforceable(context: StepContext) -> bool:
    """Whether the primitive budget of the dossier's fund and exercise is enforceable, or was before it was executed."""
    if "enforceable" not in context.memo:
        budget = enforceable_budget(
            path="budget_vote",
            fund=fund_of(context),
            kind=BudgetKind.PRIMITIVE.value,
            year=int(context.data.get("exercise") or 0),
        )
        context.memo["enforceable"] = budget is not None
    return bool(context.memo["enforceable"])


def related_operations(context: StepContext, path: str) -> list[Dossier]:
    """The dossiers of another path that the same body submitted for the same exercise. One statement."""
    year = int(context.data.get("exercise") or 0)
    return operations_of(context.dossier.organisation, path=path, year=year)


def released(context: StepContext) -> tuple[Decimal, Decimal]:
    """EUR that this path released for the exercise and that still stand: of all bodies, and of the dossier's own."""
    by_body = released_amounts(path=context.path.key, year=int(context.data.get("exercise") or 0))
    own = by_body.get(context.dossier.organisation_id, ZERO)
    return sum(by_body.values(), ZERO), own
