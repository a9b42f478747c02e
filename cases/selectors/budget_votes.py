"""What a budget that is put to the vote has to know: the credits of its lines by origin, the other budgets of its year.

These queries go across bodies: they are for rules, not for a person. What they name is shown only where it may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, FilteredRelation, Q, Sum, When

from cases.budget_terms import Account, Group, MovementKind
from cases.enums import DossierStatus
from cases.models import BudgetLine, Dossier, Exercise, Fund
from cases.selectors.ledger import ZERO

#: Statuses of a dossier that was submitted and neither refused nor given up.
STANDING = (
    DossierStatus.SUBMITTED,
    DossierStatus.AWAITING_DECISION,
    DossierStatus.AWAITING_AUTHORITY,
    DossierStatus.APPROVED,
    DossierStatus.ENFORCEABLE,
    DossierStatus.EXECUTED,
)


@dataclass(frozen=True, slots=True)
class LineFigures:
    """Credits of a leaf in an exercise by where they come from, EUR.

    ``base``: what the convention prints for the year that governs the exercise, None when it prints nothing.
    ``opened``: opening and amendments of all kinds; ``provided`` is the part of them that a rule of the convention
    gave or took, not the vote alone. ``granted``: virements, carry-over, receipts, proceeds, cancellations, signed.
    ``available``: what is neither earmarked nor committed.
    """

    base: Decimal | None
    opened: Decimal
    provided: Decimal
    granted: Decimal
    available: Decimal

    @property
    def authorised(self) -> Decimal:
        """All that may be spent in the year."""
        return self.opened + self.granted


@dataclass(frozen=True, slots=True)
class StandingBudget:
    """Another budget of the same fund and exercise, submitted and neither refused nor given up."""

    reference: str
    status: str
    data: Mapping[str, Any]


def line_figures(
    *, lines: Iterable[int], exercise: Exercise, ordinary: str, amending: str
) -> dict[int, LineFigures]:
    """The figures of these leaves by line id. One statement.

    ``ordinary`` is what the data of a dossier says under ``ground`` when no rule but the vote changed the credits;
    ``amending`` what it says under ``kind`` for an amending budget. A rule moves any line of an amending budget, and
    the payroll alone (group G1) of a primitive one (A10).
    """
    ids = list(lines)
    if not ids:
        return {}
    here = Q(postings__exercise=exercise)
    kind = "postings__movement__kind"
    voted = Q(**{f"{kind}__in": (MovementKind.INITIAL, MovementKind.AMENDMENT)})
    ruled = Q(**{kind: MovementKind.AMENDMENT}) & ~Q(postings__movement__dossier__data__ground=ordinary)
    ruled &= Q(postings__movement__dossier__data__has_key="ground")
    ruled &= Q(postings__movement__dossier__data__kind=amending) | Q(group=Group.G1)
    rows = (
        BudgetLine.objects.filter(pk__in=ids)
        .annotate(
            printed=FilteredRelation("figures", condition=Q(figures__year=exercise.base_year)),
            base=F("printed__amount"),
            opened=Sum("postings__amount", filter=here & voted, default=ZERO),
            provided=Sum(
                Case(When(ruled, then=F("postings__amount")), default=ZERO), filter=here, default=ZERO
            ),
            granted=Sum(
                "postings__amount",
                filter=here & ~voted & ~Q(**{kind: MovementKind.COMMITMENT}),
                default=ZERO,
            ),
            free=Sum("postings__amount", filter=here & Q(postings__account=Account.AVAILABLE), default=ZERO),
        )
        .order_by("pk")
        .values_list("pk", "base", "opened", "provided", "granted", "free")
    )
    return {pk: LineFigures(*figures) for pk, *figures in rows}


def standing_budgets(*, dossier: Dossier, fund: str, exercise: int) -> tuple[StandingBudget, ...]:
    """The other budgets of that fund and exercise on the path of ``dossier``, oldest first. One statement."""
    found = (
        Dossier.objects.filter(path=dossier.path, exercise=exercise, data__fund=fund, status__in=STANDING)
        .exclude(pk=dossier.pk)
        .order_by("submitted_at", "pk")
        .values_list("reference", "status", "data")
    )
    return tuple(StandingBudget(*row) for row in found)


def exercise_and_origin(year: int) -> tuple[Exercise | None, Exercise | None]:
    """The exercise of that year and the one of the year before, None for one that has no budget. One statement."""
    found = {one.year: one for one in Exercise.objects.filter(year__in=(year - 1, year))}
    return found.get(year), found.get(year - 1)


def lock_fund(fund: str) -> None:
    """Let acts that must not happen twice in a fund follow each other until the transaction ends. One statement.

    Movements of credits are not held up.
    """
    Fund.objects.select_for_update(no_key=True).get(code=fund)
