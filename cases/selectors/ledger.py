"""Balances of credits: live from the balance rows, at a date from the postings; both are the same sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from cases.budget_terms import Account
from cases.models import BudgetLine, CreditBalance, CreditPosting, Exercise

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Balance:
    """Credits of a line in an exercise, EUR.

    ``available`` serves anything; ``earmarked`` one use only, so that it cannot be moved; ``committed`` is
    spent.
    """

    available: Decimal = ZERO
    earmarked: Decimal = ZERO
    committed: Decimal = ZERO

    @property
    def authorised(self) -> Decimal:
        """All credits that the line received and did not give away: what may be spent on it in the year."""
        return self.available + self.earmarked + self.committed


@dataclass(frozen=True, slots=True)
class BalanceFault:
    """A balance row that is not the sum of its postings: it proves tampering, since triggers keep it."""

    line: str
    exercise: int
    stored: Balance
    replayed: Balance


def balance_of(*, line: BudgetLine, exercise: Exercise, on: date | None = None) -> Balance:
    """The balance of a leaf now, or at the end of the day ``on``. One statement."""
    return balances_of_lines(BudgetLine.objects.filter(pk=line.pk), exercise=exercise, on=on)[line.pk]


def available(*, line: BudgetLine, exercise: Exercise, on: date | None = None) -> Decimal:
    """Credits that can still be moved or committed freely, EUR; earmarked ones are not among them. One
    statement.
    """
    return balance_of(line=line, exercise=exercise, on=on).available


def balances_among(*, lines: Iterable[int], exercise: Exercise) -> dict[int, Balance]:
    """Balance of these leaves now, by line id. One statement."""
    return balances_of_lines(BudgetLine.objects.filter(pk__in=list(lines)), exercise=exercise)


def balances(*, fund: str, exercise: Exercise, on: date | None = None) -> dict[int, Balance]:
    """Balance of every leaf of a fund by line id, now or at the end of the day ``on``. One statement."""
    leaves = BudgetLine.objects.filter(fund=fund, is_leaf=True)
    return balances_of_lines(leaves, exercise=exercise, on=on)


def balances_of_lines(
    lines: QuerySet[BudgetLine], *, exercise: Exercise, on: date | None = None
) -> dict[int, Balance]:
    """Balance of each of these leaves by line id; a line that nothing touched has zeros. One statement."""
    if on is None:
        source, condition = "balances", Q(balances__exercise=exercise)
        rows = (
            lines.order_by("pk")
            .annotate(
                free=Sum(f"{source}__available", filter=condition, default=ZERO),
                kept=Sum(f"{source}__earmarked", filter=condition, default=ZERO),
                spent=Sum(f"{source}__committed", filter=condition, default=ZERO),
            )
            .values_list("pk", "free", "kept", "spent")
        )
    else:
        counted = Q(postings__exercise=exercise, postings__movement__effective_on__lte=on)
        rows = (
            lines.order_by("pk")
            .annotate(
                free=Sum(
                    "postings__amount", filter=counted & Q(postings__account=Account.AVAILABLE), default=ZERO
                ),
                kept=Sum(
                    "postings__amount", filter=counted & Q(postings__account=Account.EARMARKED), default=ZERO
                ),
                spent=Sum(
                    "postings__amount", filter=counted & Q(postings__account=Account.COMMITTED), default=ZERO
                ),
            )
            .values_list("pk", "free", "kept", "spent")
        )
    return {line_id: Balance(free, kept, spent) for line_id, free, kept, spent in rows}


def replayed(*, exercise: Exercise) -> dict[int, Balance]:
    """Balances by line id, added up in Python posting by posting: the slow proof of the quick ones."""
    found: dict[int, dict[str, Decimal]] = {}
    postings = CreditPosting.objects.filter(exercise=exercise, line__isnull=False).order_by("pk")
    for line_id, account, amount in postings.values_list("line_id", "account", "amount").iterator():
        held = found.setdefault(int(line_id or 0), {})
        held[account] = held.get(account, ZERO) + amount
    return {
        line_id: Balance(
            held.get(Account.AVAILABLE, ZERO),
            held.get(Account.EARMARKED, ZERO),
            held.get(Account.COMMITTED, ZERO),
        )
        for line_id, held in found.items()
    }


def balance_faults() -> list[BalanceFault]:
    """Every balance row that differs from the sum of its postings, on either side. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT line.fund_id || ' ' || line.code, exercise.year,
                   COALESCE(kept.available, 0), COALESCE(kept.earmarked, 0),
                   COALESCE(kept.committed, 0),
                   COALESCE(sums.available, 0), COALESCE(sums.earmarked, 0), COALESCE(sums.committed, 0)
              FROM cases_creditbalance kept
              FULL JOIN (
                SELECT line_id, exercise_id,
                       sum(amount) FILTER (WHERE account = 'available') AS available,
                       sum(amount) FILTER (WHERE account = 'earmarked') AS earmarked,
                       sum(amount) FILTER (WHERE account = 'committed') AS committed
                  FROM cases_creditposting WHERE line_id IS NOT NULL GROUP BY line_id, exercise_id
              ) sums USING (line_id, exercise_id)
              JOIN cases_budgetline line ON line.id = line_id
              JOIN cases_exercise exercise ON exercise.id = exercise_id
             WHERE COALESCE(kept.available, 0) <> COALESCE(sums.available, 0)
                OR COALESCE(kept.earmarked, 0) <> COALESCE(sums.earmarked, 0)
                OR COALESCE(kept.committed, 0) <> COALESCE(sums.committed, 0)
                OR kept.limitative IS DISTINCT FROM (line.nature = 'limitative')
             ORDER BY 2, 1
            """
        )
        return [
            BalanceFault(row[0], row[1], Balance(*row[2:5]), Balance(*row[5:8])) for row in cursor.fetchall()
        ]


def locked_balances(pairs: set[tuple[int, int]]) -> dict[tuple[int, int], CreditBalance]:
    """Lock the balance rows of these (line id, exercise id), always in one order. Needs a transaction."""
    by_exercise: dict[int, list[int]] = {}
    for line_id, exercise_id in pairs:
        by_exercise.setdefault(exercise_id, []).append(line_id)
    wanted = Q()
    for exercise_id, line_ids in by_exercise.items():
        wanted |= Q(exercise_id=exercise_id, line_id__in=line_ids)
    rows = CreditBalance.objects.select_for_update().filter(wanted).order_by("line_id", "exercise_id")
    return {(row.line_id, row.exercise_id): row for row in rows}
