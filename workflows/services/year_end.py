"""What lapses at the end of a year (A11, A12, A23): cancelled through the ledger, once, with the rule that says so."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from cases import clock
from cases.enums import Role
from cases.errors import Blocked, NotFound, Quote, Reason
from cases.french import french_date
from cases.models import BudgetLine, CreditBalance, Exercise
from cases.selectors import exercise_of_year
from cases.services import ledger
from workflows.credits import lapsing
from workflows.credits.carry_overs import RESERVE
from workflows.rulebook import RuleVersion, rulebooks

CONVENTION = "cog-2014-2017"
CLOSING = "exercise.accounts_closed"
ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class LapsedLine:
    """Credits of a line that lapse: EUR, free and earmarked ones apart, from the day ``on``, and the rule's words."""

    line: BudgetLine
    available: Decimal
    earmarked: Decimal
    on: date
    message: str
    quote: Quote

    @property
    def amount(self) -> Decimal:
        """All that lapses on the line, EUR."""
        return self.available + self.earmarked


@dataclass(frozen=True, slots=True)
class YearEnd:
    """What a closing of the year cancels (``lapsed``) and what it will cancel later (``later``). ``movements``: ids."""

    year: int
    lapsed: tuple[LapsedLine, ...]
    later: tuple[LapsedLine, ...]
    movements: tuple[int, ...]

    @property
    def total(self) -> Decimal:
        """What is cancelled now, EUR."""
        return sum((one.amount for one in self.lapsed), ZERO)


@transaction.atomic
def lapse_credits(*, year: int, dry_run: bool = False) -> YearEnd:
    """Cancel what the convention cancels at the end of ``year``, and list it. ``dry_run`` only lists.

    The reserve lapses with the year (rule ``reserve.cancelled``); everything else when the accounts of the year are
    closed (the exercise's own day, or rule ``exercise.accounts_closed``), because the year's expenditure may be
    committed until then. Again changes nothing. Raises ``NotFound`` for a year without a budget, ``Blocked`` while the
    year is not over.
    """
    exercise = exercise_of_year(year) if 2000 <= year <= 2100 else None
    if exercise is None:
        raise NotFound(f"L’exercice {year} n’est pas ouvert : choisissez un exercice qui a un budget.")
    day = date(year, 12, 31)

    def rules(key: str) -> RuleVersion:
        return rulebooks()[CONVENTION].rule(key, day)

    ending = rules(RESERVE).date_for(year)
    if clock.today() <= ending:
        message = (
            f"L’exercice {year} n’est pas terminé : ses crédits servent jusqu’au {french_date(ending)}. "
            "Recommencez après ce jour."
        )
        quote = rules(RESERVE).as_quote()
        raise Blocked(message, reasons=[Reason("year_not_over", message, Role.ADMINISTRATOR.label, quote)])
    ledger.lock_exercise(exercise=exercise)
    lines = list(BudgetLine.objects.filter(is_leaf=True).order_by("fund__position", "position"))
    held = ledger.lock_lines((line, exercise) for line in lines)
    closing = exercise.closed_on or rules(CLOSING).date_for(year)
    found: list[LapsedLine] = []
    for line in lines:
        balance = held[line.pk, exercise.pk]
        lapse = lapsing(line.facts, balance.available + balance.earmarked, year, rules)
        if lapse.amount:
            (decisive, *_) = lapse.quotes
            since = ending if decisive.rule == RESERVE else closing
            earmarked = min(balance.earmarked, lapse.amount)
            found.append(
                LapsedLine(
                    line, lapse.amount - earmarked, earmarked, _day(since, balance), lapse.message, decisive
                )
            )
    now = tuple(one for one in found if one.on <= clock.today())
    later = tuple(one for one in found if one.on > clock.today())
    movements = () if dry_run else _cancel(exercise, now)
    if dry_run:
        transaction.set_rollback(True)  # the balances of lines that nothing ever touched
    return YearEnd(year, now, later, movements)


def _day(since: date, balance: CreditBalance) -> date:
    """The day from which credits lapse: not before the last movement of their line, which would undo it."""
    return max(since, balance.last_on) if balance.last_on else since


def _cancel(exercise: Exercise, lapsed: tuple[LapsedLine, ...]) -> tuple[int, ...]:
    """One movement for each fund, rule, day and account; its origin quotes the rule."""
    groups: dict[tuple[str, str, date, bool], list[LapsedLine]] = defaultdict(list)
    for one in lapsed:
        for earmarked, amount in ((False, one.available), (True, one.earmarked)):
            if amount:
                groups[one.line.fund_id, one.quote.rule, one.on, earmarked].append(one)
    done = []
    for (fund, rule, on, earmarked), ones in groups.items():
        movement = ledger.cancel(
            exercise=exercise,
            credits=[ledger.Credit(one.line, one.earmarked if earmarked else one.available) for one in ones],
            label=f"Crédits {exercise.year} du {fund} non utilisés, annulés",
            origin=f"Règle {rule} : {ones[0].quote.text}",
            earmarked=earmarked,
            effective_on=on,
        )
        done.append(movement.pk)
    return tuple(done)
