"""Movements behind a line of a budget, or behind a sum: oldest first, with the balance after each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from cases.budget_terms import Account, MovementKind
from cases.errors import Invalid
from cases.models import BudgetLine, CreditPosting, Exercise
from cases.permissions import Holding
from cases.selectors.budget import BudgetTree, TreeLine
from cases.selectors.dossiers import dossiers_visible_to
from cases.selectors.ledger import ZERO

PAGE_SIZE = 100
"""How many movements a page shows."""

_CURSOR = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d{1,18})\.(\d{1,4})", re.ASCII)
_FREE = (Account.AVAILABLE, Account.EARMARKED)


@dataclass(frozen=True, slots=True)
class MovementRow:
    """What one movement did to one leaf, EUR, signed.

    ``available`` is the change of what can be spent, of which ``earmarked`` for one use only; ``committed``
    that of what is spent. ``balance`` is what could be spent after it on all the leaves looked at.
    ``dossier`` is the id of the dossier that caused it, None when none did.
    """

    movement: int
    line: BudgetLine
    kind: MovementKind
    on: date
    label: str
    origin: str
    dossier: int | None
    reference: str
    available: Decimal
    earmarked: Decimal
    committed: Decimal
    balance: Decimal

    @property
    def authorised(self) -> Decimal:
        """Change of what may be spent in the year: all but commitments."""
        return self.available + self.committed


@dataclass(frozen=True, slots=True)
class MovementPage:
    """One page. ``next_cursor`` is empty on the last one; ``count`` is that of all pages; ``opening`` is the
    balance before the page.
    """

    items: tuple[MovementRow, ...]
    next_cursor: str
    count: int
    opening: Decimal
    count_is_exact: bool = True


def leaves_below(node: TreeLine) -> tuple[BudgetLine, ...]:
    """The leaves that a sum adds up; a leaf itself. No statement."""
    if node.line.is_leaf:
        return (node.line,)
    return tuple(leaf for child in node.children for leaf in leaves_below(child))


def movement_page(
    *, lines: Collection[BudgetLine], exercise: Exercise, on: date | None = None, cursor: str = ""
) -> MovementPage:
    """One page of the movements of these leaves of one fund, up to the end of the day ``on``.

    Two statements whatever their number. Raises ``Invalid`` for a broken cursor.
    """
    counted = _counted(lines, exercise, on)
    after = _after(cursor) if cursor else Q()
    before = ~after if cursor else Q(pk__in=())
    found = CreditPosting.objects.filter(counted).aggregate(
        count=Count("movement", distinct=True),
        opening=Sum("amount", filter=before & Q(account__in=_FREE), default=ZERO),
    )
    rows = list(_grouped(counted & after)[: PAGE_SIZE + 1])
    items = tuple(_rows(rows[:PAGE_SIZE], lines, found["opening"]))
    more = len(rows) > PAGE_SIZE
    return MovementPage(items, _cursor(items[-1]) if more else "", found["count"], found["opening"])


def all_movements(
    *, lines: Collection[BudgetLine], exercise: Exercise, on: date | None = None
) -> Iterator[MovementRow]:
    """Every movement of these leaves of one fund, for a file. One statement."""
    yield from _rows(_grouped(_counted(lines, exercise, on)).iterator(), lines, ZERO)


def readable_references(
    user: Any, items: Collection[MovementRow], holdings: tuple[Holding, ...] | None = None
) -> frozenset[str]:
    """References among these movements whose dossier ``user`` may open. One statement, none without
    dossiers.
    """
    wanted = {item.dossier for item in items if item.dossier is not None}
    if not wanted:
        return frozenset()
    readable = dossiers_visible_to(user, holdings).filter(pk__in=wanted).order_by("pk")
    return frozenset(readable.values_list("reference", flat=True))


def line_of(tree: BudgetTree, code: str) -> TreeLine | None:
    """The line of that code, None when the fund has none. No statement."""
    return next((node for node in tree if node.line.code == code), None)


def _counted(lines: Collection[BudgetLine], exercise: Exercise, on: date | None) -> Q:
    counted = Q(line__in=[line.pk for line in lines], exercise=exercise)
    return counted if on is None else counted & Q(movement__effective_on__lte=on)


def _grouped(counted: Q) -> QuerySet[CreditPosting, tuple[Any, ...]]:
    return (
        CreditPosting.objects.filter(counted)
        .order_by("movement__effective_on", "movement", "line__position")
        .values_list(
            "movement__effective_on",
            "movement",
            "line__position",
            "line",
            "movement__kind",
            "movement__label",
            "movement__origin",
            "movement__dossier",
            "movement__dossier__reference",
        )
        .annotate(
            free=Sum("amount", filter=Q(account__in=_FREE), default=ZERO),
            kept=Sum("amount", filter=Q(account=Account.EARMARKED), default=ZERO),
            spent=Sum("amount", filter=Q(account=Account.COMMITTED), default=ZERO),
        )
    )


def _rows(rows: Any, lines: Collection[BudgetLine], balance: Decimal) -> Iterator[MovementRow]:
    by_id = {line.pk: line for line in lines}
    for on, movement, _, line, kind, label, origin, dossier, reference, free, kept, spent in rows:
        balance += free
        yield MovementRow(
            movement=movement,
            line=by_id[line],
            kind=MovementKind(kind),
            on=on,
            label=label,
            origin=origin,
            dossier=dossier,
            reference=reference or "",
            available=free,
            earmarked=kept,
            committed=spent,
            balance=balance,
        )


def _cursor(last: MovementRow) -> str:
    return f"{last.on.isoformat()}.{last.movement}.{last.line.position}"


def _after(cursor: str) -> Q:
    """Postings behind the place where the former page ended."""
    broken = "Le repère de page est illisible : reprenez la liste depuis le début."
    refusal = Invalid(broken, details={"cursor": [broken]})
    parts = _CURSOR.fullmatch(cursor)
    if parts is None:
        raise refusal
    try:
        on = date.fromisoformat(parts[1])
    except ValueError:
        raise refusal from None
    at, rank = int(parts[2]), int(parts[3])
    same_day = Q(movement__effective_on=on)
    return (
        Q(movement__effective_on__gt=on)
        | same_day & Q(movement__gt=at)
        | same_day & Q(movement=at, line__position__gt=rank)
    )
