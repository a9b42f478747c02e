"""What the paths of credits read and check of budget lines: the rows of a dossier, their balances, their exercise.

Guards here yield a ``Reason`` for each thing that stands in the way. What they read is kept in ``StepContext.memo``:
several guards, the simulator and the page ask for the same rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cases.calendar import french_date
from cases.enums import Role
from cases.errors import Reason
from cases.models import BudgetLine, Exercise
from cases.money import format_eur
from cases.papers import Column, PaperTable, money_table
from cases.selectors import Balance, balances_among, exercise_of_year
from workflows.credits import Classification, VirementClass, Way, classify, strictest
from workflows.engine.context import StepContext
from workflows.engine.credit_forms import budget_lines
from workflows.engine.path import Description
from workflows.engine.step import Guard

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One row of a virement: EUR from a line to another, and what the text says of it."""

    origin: BudgetLine
    target: BudgetLine
    amount: Decimal
    found: Classification


@dataclass(frozen=True, slots=True)
class CreditRow:
    """One row of a budget or of credits to give: EUR, signed."""

    line: BudgetLine
    amount: Decimal


def fund_of(context: StepContext) -> str:
    """The fund that the dossier is about."""
    return str(context.data.get("fund") or getattr(context.path.form, "fixed_fund", ""))


def exercise_of(context: StepContext) -> Exercise | None:
    """The exercise of the dossier; None while none is chosen."""
    if "exercise" not in context.memo:
        year = context.data.get("exercise")
        context.memo["exercise"] = exercise_of_year(int(year)) if year else None
    found: Exercise | None = context.memo["exercise"]
    return found


def _lines(context: StepContext) -> dict[str, BudgetLine]:
    """The lines named by the dossier's rows, by code."""
    if "lines" not in context.memo:
        rows = context.data.get("lines") or []
        context.memo["lines"] = budget_lines(fund_of(context), rows, "from", "to", "line")
    found: dict[str, BudgetLine] = context.memo["lines"]
    return found


def transfer_rows_of(context: StepContext) -> tuple[TransferRow, ...]:
    """The rows of a virement, each with its classification under the rules pinned on the dossier."""
    if "transfers" not in context.memo:
        known = _lines(context)
        rows = [
            (known[row["from"]], known[row["to"]], Decimal(row["amount"]))
            for row in context.data.get("lines") or []
            if row.get("from") in known and row.get("to") in known
        ]
        context.memo["transfers"] = tuple(
            TransferRow(origin, target, amount, classify(origin.facts, target.facts, context.rule))
            for origin, target, amount in rows
        )
    found: tuple[TransferRow, ...] = context.memo["transfers"]
    return found


def credit_rows_of(context: StepContext, column: str = "line") -> tuple[CreditRow, ...]:
    """The rows of a budget, a carry-over or a receipt."""
    known = _lines(context)
    return tuple(
        CreditRow(known[row[column]], Decimal(row["amount"]))
        for row in context.data.get("lines") or []
        if row.get(column) in known
    )


def line_named(context: StepContext, code: str) -> BudgetLine | None:
    """The line that a row of the dossier names by this code, of its fund or of another; None when there is none."""
    return _lines(context).get(code)


def governing(context: StepContext) -> Classification | None:
    """The classification that governs the dossier: the strictest of its rows; None without rows."""
    rows = transfer_rows_of(context)
    return strictest(row.found for row in rows) if rows else None


def informs(context: StepContext) -> bool:
    """Whether the virement has to be told to the contrôle général and the ministries (A19)."""
    return any(row.found.kind is VirementClass.INTER_GROUP for row in transfer_rows_of(context))


def balances(context: StepContext) -> dict[int, Balance]:
    """Balances of the dossier's lines in its exercise, as they are now, by line id. One statement."""
    exercise = exercise_of(context)
    if exercise is None:
        return {}
    return balances_among(lines=[line.pk for line in _lines(context).values()], exercise=exercise)


def describe(what: str, data: Mapping[str, Any]) -> Description:
    """« Virement FNGA 2026 : motif », the sum of the rows (EUR), the exercise."""
    rows = data.get("lines") or []
    amounts = [Decimal(row["amount"]) for row in rows if row.get("amount")]
    total = sum((abs(amount) for amount in amounts), ZERO)
    named = " ".join(str(one) for one in (what, data.get("fund"), data.get("exercise")) if one)
    reason = " ".join(str(data.get("reason") or "").split())
    title = f"{named} : {reason}" if reason else named
    return Description(title if len(title) <= 200 else f"{title[:199]}…", total or None, data.get("exercise"))


# --- guards -----------------------------------------------------------------------------------------------


def lines_given(context: StepContext) -> Iterator[Reason]:
    """There is something to do."""
    if not (context.data.get("lines") or []):
        yield Reason("no_line", "Le dossier n’a aucune ligne : ajoutez-en une.", Role.PREPARER.label)


def exercise_open(context: StepContext) -> Iterator[Reason]:
    """Credits of a closed exercise do not move."""
    exercise = exercise_of(context)
    if exercise is not None and exercise.is_closed and exercise.closed_on is not None:
        yield Reason(
            "exercise_closed",
            f"L’exercice {exercise.year} est clos depuis le {french_date(exercise.closed_on)} : ses crédits ne "
            "bougent plus. Choisissez un exercice ouvert.",
            Role.PREPARER.label,
            context.quote("exercise.accounts_closed"),
        )


def only_by(*ways: Way) -> Guard:
    """Each row may go by one of these ways, and the strictest by the last of them: no lighter path would do."""

    def guard(context: StepContext) -> Iterator[Reason]:
        rows = transfer_rows_of(context)
        for row in rows:
            if row.found.path not in ways:
                yield row.found.as_reason()
        governs = governing(context)
        if governs is not None and governs.path in ways[:-1] and all(row.found.path in ways for row in rows):
            yield Reason(
                "lighter_path",
                "Un simple virement suffit pour ces lignes : le directeur général décide. "
                "Préparez un dossier « Virement de crédits ».",
                Role.PREPARER.label,
                governs.quote,
            )

    return guard


def credits_suffice(context: StepContext) -> Iterator[Reason]:
    """The lines that give have enough, all rows of the dossier together."""
    asked: dict[int, Decimal] = defaultdict(lambda: ZERO)
    lines: dict[int, BudgetLine] = {}
    for row in transfer_rows_of(context):
        asked[row.origin.pk] += row.amount
        lines[row.origin.pk] = row.origin
    yield from _short(context, lines, asked)


def _short(context: StepContext, lines: dict[int, BudgetLine], asked: dict[int, Decimal]) -> Iterator[Reason]:
    if not lines:
        return
    held = balances(context)
    for pk, line in lines.items():
        have = held[pk].available if pk in held else ZERO
        if asked[pk] > have and line.facts.limitative:
            yield Reason(
                "insufficient_credits",
                f"Crédits insuffisants sur « {line} » : {format_eur(asked[pk])} demandés, {format_eur(have)} "
                "disponibles. Réduisez le montant ou choisissez une autre ligne.",
                Role.PREPARER.label,
                context.quote("credits.no_overdraft"),
            )


def effect_day_fits(context: StepContext) -> Iterator[Reason]:
    """The day of effect is in the exercise, and not before the file was submitted."""
    day = context.act.get("effected_on") or context.today
    exercise = exercise_of(context)
    if exercise is not None and day.year < exercise.year:
        yield Reason(
            "before_exercise",
            f"L’exercice {exercise.year} ne commence que le 1er janvier {exercise.year} : "
            f"le {french_date(day)} est trop tôt.",
        )
    if day < context.day:
        yield Reason(
            "before_submission",
            f"Le {french_date(day)} précède la transmission du dossier, le {french_date(context.day)} : "
            "corrigez la date d’effet.",
        )


# --- tables of the papers ---------------------------------------------------------------------------------


def transfers_table(rows: Sequence[TransferRow]) -> PaperTable:
    """The lines of a virement, as its papers print them."""
    return money_table(
        "Virements de crédits",
        (Column("De"), Column("Vers"), Column("Montant", numeric=True)),
        [(str(row.origin), str(row.target), row.amount) for row in rows],
    )


def credits_table(caption: str, rows: Sequence[CreditRow]) -> PaperTable:
    """Lines and amounts."""
    return money_table(
        caption,
        (Column("Ligne"), Column("Montant", numeric=True)),
        [(str(row.line), row.amount) for row in rows],
    )
