"""The budget of a fund and exercise as a tree: initial, moved, committed, available, and what is behind
each line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import F as Field
from django.db.models import FilteredRelation, Q, Subquery, Sum

from cases.budget_terms import Account, FundCode, MovementKind
from cases.errors import NotFound
from cases.models import BudgetLine, CreditPosting, Exercise, Fund
from cases.selectors.ledger import ZERO
from cases.text import storable


@dataclass(frozen=True, slots=True)
class LineMovement:
    """One posting behind a line: EUR, signed; ``reference`` of the dossier that caused it, empty when none
    did.
    """

    movement: int
    kind: MovementKind
    on: date
    label: str
    origin: str
    reference: str
    account: Account
    amount: Decimal


@dataclass(slots=True)
class TreeLine:
    """A line with its credits, EUR. A sum has those of the leaves below it.

    ``base`` is what the convention prints (None: nothing), which for a sum may differ from its leaves by
    rounding. ``available == initial + moved - committed``; ``earmarked`` is the part of ``available`` that
    serves one use.
    """

    line: BudgetLine
    depth: int
    base: Decimal | None
    initial: Decimal = ZERO
    moved: Decimal = ZERO
    committed: Decimal = ZERO
    earmarked: Decimal = ZERO
    children: list[TreeLine] = field(default_factory=list)
    movements: list[LineMovement] = field(default_factory=list)

    @property
    def available(self) -> Decimal:
        """What can still be committed."""
        return self.initial + self.moved - self.committed

    @property
    def authorised(self) -> Decimal:
        """What may be spent in the year."""
        return self.initial + self.moved

    def add(self, kind: str, account: str, amount: Decimal) -> None:
        """Count one sum of postings."""
        if account == Account.COMMITTED:
            self.committed += amount
            return
        if kind == MovementKind.INITIAL:
            self.initial += amount
        elif kind != MovementKind.COMMITMENT:
            self.moved += amount
        if account == Account.EARMARKED:
            self.earmarked += amount


@dataclass(frozen=True, slots=True)
class BudgetTree:
    """The budget of a fund in an exercise. ``lines`` are in printed order, sums before their parts."""

    fund: Fund
    exercise: Exercise
    lines: tuple[TreeLine, ...]

    @property
    def roots(self) -> tuple[TreeLine, ...]:
        """The totals of the fund."""
        return tuple(line for line in self.lines if line.depth == 0)

    def __iter__(self) -> Iterator[TreeLine]:
        return iter(self.lines)


def fund_and_exercise(*, fund: str, year: int) -> tuple[Fund, Exercise]:
    """The fund and the exercise of these names. Raises ``NotFound`` with what to do. One statement."""
    code = fund.upper()
    if code not in FundCode.values:
        raise NotFound("Aucun fonds de ce nom : choisissez FNGA, FNASS, FNPPS ou FNMO.")
    named = Fund.objects.filter(code=code)
    exercise = (
        Exercise.objects.filter(year=year)
        .annotate(fund_name=Subquery(named.values("name")), fund_position=Subquery(named.values("position")))
        .first()
        if 2000 <= year <= 2100
        else None
    )
    if exercise is None or exercise.fund_name is None:
        raise NotFound(f"L’exercice {year} n’est pas ouvert : choisissez un exercice de la liste.")
    return Fund(code=code, name=exercise.fund_name, position=exercise.fund_position), exercise


def exercise_of_year(year: int) -> Exercise | None:
    """The exercise of that year, if it has a budget. One statement."""
    return Exercise.objects.filter(year=year).first()


def lines_by_code(*, fund: str, codes: Iterable[str]) -> dict[str, BudgetLine]:
    """The lines of these codes: the fund's own, otherwise one of another fund, so that a mistake can be named.

    One statement, none without codes.
    """
    wanted = {code for code in codes if storable(code)}
    if not wanted:
        return {}
    found: dict[str, BudgetLine] = {}
    for line in BudgetLine.objects.filter(code__in=wanted).order_by("fund", "position"):
        if line.code not in found or line.fund_id == fund:
            found[line.code] = line
    return found


def budget_tree(
    *, fund: Fund, exercise: Exercise, on: date | None = None, with_movements: bool = False
) -> BudgetTree:
    """The tree of a fund and exercise, at the end of the day ``on`` when given.

    Two statements, three with movements, whatever their number.
    """
    lines = (
        BudgetLine.objects.filter(fund=fund)
        .annotate(
            printed=FilteredRelation("figures", condition=Q(figures__year=exercise.base_year)),
            base=Field("printed__amount"),
        )
        .order_by("position")
    )
    tree: dict[int, TreeLine] = {}
    for line in lines:
        above = tree.get(line.parent_id or 0)
        node = TreeLine(line=line, depth=above.depth + 1 if above else 0, base=line.base)
        if above:
            above.children.append(node)
        tree[line.pk] = node
    counted = Q(fund=fund, exercise=exercise, line__isnull=False)
    if on is not None:
        counted &= Q(movement__effective_on__lte=on)
    sums = (
        CreditPosting.objects.filter(counted)
        .order_by("line", "movement__kind", "account")
        .values_list("line", "movement__kind", "account")
        .annotate(total=Sum("amount"))
    )
    for line_id, kind, account, total in sums:
        node_of_line: TreeLine | None = tree[line_id]
        while node_of_line is not None:
            node_of_line.add(kind, account, total)
            node_of_line = tree.get(node_of_line.line.parent_id or 0)
    if with_movements:
        _attach_movements(tree, counted)
    return BudgetTree(fund, exercise, tuple(tree.values()))


def movements_of_line(*, line: BudgetLine, exercise: Exercise, on: date | None = None) -> list[LineMovement]:
    """What is behind a leaf, oldest first. One statement."""
    counted = Q(line=line, exercise=exercise)
    if on is not None:
        counted &= Q(movement__effective_on__lte=on)
    return [movement for _, movement in _movements(counted)]


def _attach_movements(tree: dict[int, TreeLine], counted: Q) -> None:
    for line_id, movement in _movements(counted):
        tree[line_id].movements.append(movement)


def _movements(counted: Q) -> Iterator[tuple[int, LineMovement]]:
    rows = (
        CreditPosting.objects.filter(counted)
        .order_by("movement__effective_on", "movement", "pk")
        .values_list(
            "line",
            "movement",
            "movement__kind",
            "movement__effective_on",
            "movement__label",
            "movement__origin",
            "movement__dossier__reference",
            "account",
            "amount",
        )
    )
    for line_id, movement, kind, on, label, origin, reference, account, amount in rows:
        yield (
            int(line_id or 0),
            LineMovement(
                movement, MovementKind(kind), on, label, origin, reference or "", Account(account), amount
            ),
        )
