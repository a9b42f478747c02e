"""What a carry-over takes from the year before, line by line (A12, A13): the most that each gives, the movement.

Amounts are EUR. Credits stay on their line; what was earmarked stays so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from cases.budget_terms import Account, MovementKind
from cases.calendar import french_date
from cases.enums import DossierStatus, Role
from cases.errors import Reason
from cases.models import BudgetLine, Exercise
from cases.money import format_eur
from cases.papers import Column, PaperTable, money_table
from cases.selectors import Balance, balances_among
from cases.selectors.budget_votes import exercise_and_origin, standing_budgets
from cases.services import ledger, store_statement
from workflows import credits
from workflows.credits import CarryOver
from workflows.engine.budget_steps import effective_on, last_reception, subject_lines
from workflows.engine.context import StepContext
from workflows.engine.credit_effects import exercise_needed
from workflows.engine.credit_lines import ZERO, credit_rows_of, exercise_of, fund_of

AFTER_CLOSING: Final = "carry_over.after_closing"
CLOSING: Final = "exercise.accounts_closed"
STATEMENT: Final = "carry_over.statement"
VEHICLE: Final = "carry_over.vehicle"
LIMITATIVE: Final = "carry_over.limitative"
SAME_LINE: Final = "carry_over.same_line"
TACIT_DELAY: Final = "budget.tacit_approval_delay"

#: Every rule that these functions may ask for.
RULES: Final = tuple(
    dict.fromkeys(
        (*credits.CARRY_OVER_RULES, AFTER_CLOSING, CLOSING, STATEMENT, VEHICLE, LIMITATIVE, SAME_LINE)
    )
)


@dataclass(frozen=True, slots=True)
class CarriedRow:
    """One line to carry over: what is asked, what it had in the year before, and the most that the text lets go."""

    line: BudgetLine
    amount: Decimal
    held: Balance
    found: CarryOver

    @property
    def from_available(self) -> Decimal:
        """The part taken from credits that serve anything: they go first."""
        return min(self.amount, self.held.available)

    @property
    def from_earmarked(self) -> Decimal:
        """The part that keeps its only use."""
        return self.amount - self.from_available


def origin_of(context: StepContext) -> Exercise | None:
    """The exercise that gives, the year before the one of the dossier, which is read with it. One statement, once."""
    if "origin" not in context.memo:
        year = context.data.get("exercise")
        both = exercise_and_origin(int(year)) if year else (None, None)
        context.memo["exercise"], context.memo["origin"] = both
    found: Exercise | None = context.memo["origin"]
    return found


def carried_rows_of(context: StepContext) -> tuple[CarriedRow, ...]:
    """The rows of the carry-over, each with what the text says of it now. Four statements, once."""
    if "carried" not in context.memo:
        origin, rows = origin_of(context), credit_rows_of(context)
        held = balances_among(lines=[row.line.pk for row in rows], exercise=origin) if origin else {}
        context.memo["carried"] = (
            tuple(
                CarriedRow(
                    row.line,
                    row.amount,
                    held[row.line.pk],
                    _found(context, row.line, held[row.line.pk], origin),
                )
                for row in rows
            )
            if origin
            else ()
        )
    carried: tuple[CarriedRow, ...] = context.memo["carried"]
    return carried


def _found(context: StepContext, line: BudgetLine, held: Balance, origin: Exercise) -> CarryOver:
    return credits.carryable(
        line.facts,
        authorised=held.authorised,
        committed=held.committed,
        earmarked=held.earmarked,
        origin_year=origin.year,
        rules=context.rule,
    )


# --- guards and warnings ----------------------------------------------------------------------------------


def year_over(context: StepContext) -> Iterator[Reason]:
    """What is left of a year is known once it is over, and that year had a budget here."""
    origin, exercise = origin_of(context), exercise_of(context)
    if exercise is None:
        return
    before = exercise.year - 1
    if origin is None:
        yield Reason(
            "no_origin",
            f"L’exercice {before} n’a pas de budget dans Berline : il n’y a rien à reporter sur {exercise.year}. "
            "Choisissez un autre exercice.",
            Role.REVIEWER.label,
            context.quote(LIMITATIVE),
        )
    elif context.today.year < exercise.year:
        yield Reason(
            "year_not_over",
            f"L’exercice {before} n’est pas achevé : ses crédits non consommés se reportent à partir du 1er janvier "
            f"{exercise.year}.",
            Role.REVIEWER.label,
            context.quote(AFTER_CLOSING),
        )


def before_closing(context: StepContext) -> Iterator[Reason]:
    """Signal that the accounts of the year before are not closed: what is left of it may still change."""
    origin = origin_of(context)
    if origin is None:
        return
    closed_on = origin.closed_on or context.rule(CLOSING).date_for(origin.year)
    if context.today < closed_on:
        yield Reason(
            "before_closing",
            f"Les comptes de {origin.year} ne sont clos que le {french_date(closed_on)} : vérifiez que ces crédits ne "
            "seront pas engagés d’ici là.",
            Role.REVIEWER.label,
            context.quote(AFTER_CLOSING),
        )


def lines_carryable(context: StepContext) -> Iterator[Reason]:
    """Each line may be carried over, at most what it did not consume and what no other carry-over has asked for."""
    for row in carried_rows_of(context):
        if not row.found.allowed:
            yield from row.found.reasons
            continue
        asked = _asked_elsewhere(context).get(row.line.code, {})
        if row.amount + sum(asked.values(), ZERO) > row.found.most:
            others = "".join(
                f" {format_eur(amount)} le sont déjà par {name}." for name, amount in asked.items()
            )
            yield Reason(
                "above_carryable",
                f"{row.found.message}{others} {format_eur(row.amount)} sont demandés : réduisez le montant.",
                Role.REVIEWER.label,
                row.found.quotes[0],
                related=tuple(asked),
            )


def _asked_elsewhere(context: StepContext) -> dict[str, dict[str, Decimal]]:
    """What carry-overs under way ask for: code of the line → reference → EUR. One statement, once."""
    if "asked" not in context.memo:
        asked: dict[str, dict[str, Decimal]] = {}
        year = int(context.data["exercise"])
        for other in standing_budgets(dossier=context.dossier, fund=fund_of(context), exercise=year):
            if other.status == DossierStatus.ENFORCEABLE:
                continue  # carried over already: the balance knows
            for row in other.data.get("lines") or ():
                asked.setdefault(row["line"], {})[other.reference] = Decimal(row["amount"])
        context.memo["asked"] = asked
    found: dict[str, dict[str, Decimal]] = context.memo["asked"]
    return found


# --- effects ----------------------------------------------------------------------------------------------


def store_detailed_statement(context: StepContext) -> None:
    """Make the detailed statement of A12 and store it as a piece of the dossier."""
    origin = origin_of(context)
    if origin is None:
        raise RuntimeError(f"{context.dossier.reference}: no exercise to carry over from")
    rows = carried_rows_of(context)
    keys = (STATEMENT, LIMITATIVE, SAME_LINE)
    document = store_statement(
        dossier=context.dossier,
        kind=context.rule(STATEMENT).text,
        heading="État détaillé des crédits reportés",
        about=f"crédits du {fund_of(context)} non consommés en {origin.year}, reportés sur {origin.year + 1}",
        actor=context.actor,
        tables=statement_tables(context),
        quotes=[context.quote(key) for key in keys],
        introduction=f"Crédits au {french_date(context.today)}, par ligne budgétaire. Un crédit engagé est consommé.",
        notes=[row.found.message for row in rows],
        subject_lines=subject_lines(context),
    )
    context.changes["document"] = {
        "kind": document.kind,
        "version": document.version,
        "name": document.name,
        "size": document.size,
        "sha256": document.sha256,
    }
    context.changes["carried"] = {
        row.line.code: {
            "authorised": f"{row.held.authorised:.2f}",
            "committed": f"{row.held.committed:.2f}",
            "most": f"{row.found.most:.2f}",
            "amount": f"{row.amount:.2f}",
        }
        for row in rows
    }


def statement_tables(context: StepContext) -> list[PaperTable]:
    """The lines with their origin: authorised, committed and left in the year before, and what is carried over."""
    origin = origin_of(context)
    year = origin.year if origin else ""
    return [
        money_table(
            f"Crédits non consommés en {year}",
            (
                Column("Ligne"),
                Column("Autorisés", numeric=True),
                Column("Engagés", numeric=True),
                Column("Non consommés", numeric=True),
                Column("Reportés", numeric=True),
            ),
            [
                (str(row.line), row.held.authorised, row.held.committed, row.found.most, row.amount)
                for row in carried_rows_of(context)
            ],
        )
    ]


def carry(context: StepContext) -> None:
    """Carry the credits over on the legal day, after a fresh check under lock. Raises ``Blocked``."""
    origin = origin_of(context)
    target = exercise_needed(context)
    if origin is None:
        raise RuntimeError(f"{context.dossier.reference}: no exercise to carry over from")
    day = effective_on(context, context.due_on(TACIT_DELAY, last_reception(context)))
    rows = carried_rows_of(context)
    movements = []
    free = [ledger.Transfer(row.line, row.line, row.from_available) for row in rows if row.from_available]
    if free:
        movements.append(
            ledger.carry_over(
                origin=origin,
                target=target,
                transfers=free,
                label=context.dossier.title,
                dossier=context.dossier,
                effective_on=day,
            ).pk
        )
    kept = [row for row in rows if row.from_earmarked]
    if kept:
        movements.append(_carry_earmarked(context, kept, origin, target, day))
    context.changes["movement"] = movements
    context.changes["effective_on"] = day.isoformat()


def _carry_earmarked(
    context: StepContext, rows: list[CarriedRow], origin: Exercise, target: Exercise, day: date
) -> Any:
    """What serves one use keeps it (rule ``carry_over.earmarked``): the ledger's own carry-over knows free credits."""
    entries = []
    for row in rows:
        fund, amount = row.line.fund_id, row.from_earmarked
        entries += [
            ledger.Entry(fund, origin, row.line, Account.EARMARKED, -amount),
            ledger.Entry(fund, target, row.line, Account.EARMARKED, amount),
        ]
    return ledger.post(
        kind=MovementKind.CARRY_OVER,
        entries=entries,
        label=context.dossier.title,
        dossier=context.dossier,
        effective_on=day,
    ).pk


def carried_tables(context: StepContext) -> list[PaperTable]:
    """Lines and amounts, for the papers of the vote and of the approval."""
    exercise = exercise_of(context)
    years = f"de {exercise.year - 1} sur {exercise.year}" if exercise else ""
    return [
        money_table(
            f"Crédits reportés {years}",
            (Column("Ligne"), Column("Montant", numeric=True)),
            [(str(row.line), row.amount) for row in credit_rows_of(context)],
        )
    ]
