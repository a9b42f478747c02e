"""What paths of credits share: the real budgets, and the laws of the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Sum

from cases import clock
from cases.models import CreditBalance, CreditMovement, CreditPosting
from cases.selectors import balance_faults
from tests.budgets import real_budgets
from tests.credit_journeys import NOW
from tests.journeys import Cast

if TYPE_CHECKING:
    from tests.workflows.walks import Watched

FNASS = {"fund": "FNASS"}


def budgets(cast: Cast) -> None:
    """The budgets of March 2026."""
    with clock.at(NOW):
        real_budgets()


def credits() -> dict[str, Decimal]:
    """Credits of each fund and exercise on all lines together."""
    sums = (
        CreditBalance.objects.order_by("line__fund", "exercise__year")
        .values_list("line__fund", "exercise__year")
        .annotate(total=Sum("available") + Sum("earmarked") + Sum("committed"))
    )
    return {f"{fund} {year}": total for fund, year, total in sums}


def balances_are_the_sums_of_their_postings(walk: Watched) -> None:
    """The cache and the postings agree, and every movement sums to zero."""
    assert balance_faults() == []
    assert (
        not CreditPosting.objects.values("movement").annotate(total=Sum("amount")).exclude(total=0).exists()
    )


def virements_conserve_the_credits_of_each_fund(walk: Watched) -> None:
    """What one line gives another receives, in the same fund and exercise: the movement names no source."""
    assert not CreditPosting.objects.filter(movement__dossier=walk.dossier, line__isnull=True).exists()
    per_fund = CreditPosting.objects.filter(movement__dossier=walk.dossier).values("fund", "exercise")
    assert not per_fund.annotate(total=Sum("amount")).exclude(total=0).exists()


def credits_move_exactly_when_it_takes_effect(walk: Watched) -> None:
    """One movement from the effect on, none before."""
    dossier = walk.dossier
    effected = "effect" in dossier.results
    moved = CreditMovement.objects.filter(dossier=dossier).count()
    assert moved == effected
    assert effected == (dossier.status == "executed" or (dossier.status == "closed" and moved > 0))


def credits_move_once_at_most(walk: Watched) -> None:
    """Whatever is decided moves credits once."""
    assert CreditMovement.objects.filter(dossier=walk.dossier).count() <= 1


LEDGER = (balances_are_the_sums_of_their_postings,)
TRANSFERS = (*LEDGER, virements_conserve_the_credits_of_each_fund, credits_move_exactly_when_it_takes_effect)
