"""What dossiers did to the credits of a year, as other dossiers of that year have to know it.

These queries go across bodies: they are for rules, not for a person. What they name is shown only where it may be.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, Sum
from django.db.models.fields.json import KeyTextTransform

from cases.budget_terms import MovementKind
from cases.enums import DossierStatus
from cases.models import CreditPosting, Dossier, JournalEntry, Organisation
from cases.selectors.ledger import ZERO


@dataclass(frozen=True, slots=True)
class GivenCredits:
    """Credits that one dossier brought in: EUR. ``subject`` is what its data says under the key asked for."""

    reference: str
    subject: str
    amount: Decimal


def credits_given(*, path: str, kind: MovementKind, year: int, subject: str) -> list[GivenCredits]:
    """What the dossiers of a path brought to the lines of an exercise by movements of ``kind``. One statement."""
    rows = (
        CreditPosting.objects.filter(
            movement__dossier__path=path, movement__kind=kind, exercise__year=year, line__isnull=False
        )
        .annotate(subject=KeyTextTransform(subject, "movement__dossier__data"))
        .values_list("movement__dossier__reference", "subject")
        .annotate(total=Sum("amount"))
        .order_by("movement__dossier__reference")
    )
    return [GivenCredits(reference, named or "", total) for reference, named, total in rows]


def enforceable_budget(*, path: str, fund: str, kind: str, year: int) -> Dossier | None:
    """The budget of a fund and year that is enforceable, or was before it was executed or closed. One statement.

    ``path`` is the path of the budgets, ``kind`` what their data calls it (primitive or amending). A budget that was
    refused and closed, or that lapsed, is none.
    """
    became = JournalEntry.objects.filter(
        dossier=OuterRef("pk"), status_after=DossierStatus.ENFORCEABLE.value
    ).exclude(status_before=DossierStatus.ENFORCEABLE.value)
    return (
        Dossier.objects.filter(
            Q(status=DossierStatus.ENFORCEABLE.value) | Exists(became),
            path=path,
            exercise=year,
            data__fund=fund,
            data__kind=kind,
        )
        .exclude(status=DossierStatus.LAPSED.value)
        .order_by("pk")
        .first()
    )


def operations_of(organisation: Organisation, *, path: str, year: int) -> list[Dossier]:
    """The dossiers of a path that a body submitted for an exercise and did not give up, oldest first. One statement."""
    given_up = (
        DossierStatus.DRAFT,
        DossierStatus.WITHDRAWN,
        DossierStatus.REFUSED,
        DossierStatus.LAPSED,
    )
    refused = JournalEntry.objects.filter(dossier=OuterRef("pk"), status_after=DossierStatus.REFUSED.value)
    return list(
        Dossier.objects.filter(~Exists(refused), organisation=organisation, path=path, exercise=year)
        .exclude(status__in=given_up)
        .only("reference", "title", "amount_ht", "status")
        .order_by("submitted_at", "pk")
    )


def released_amounts(*, path: str, year: int) -> dict[int, Decimal]:
    """Amounts approved by dossiers of a path for an exercise that still stand, EUR, by body id. One statement."""
    rows: Any = (
        Dossier.objects.filter(path=path, exercise=year, approved_amount_ht__isnull=False)
        .exclude(status=DossierStatus.LAPSED.value)
        .order_by("organisation")
        .values_list("organisation")
        .annotate(total=Sum("approved_amount_ht", default=ZERO))
    )
    return dict(rows)
