"""Operations of the FNMO: below and above the threshold, committed within what was approved."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cases.enums import DossierStatus
from tests.journeys import impact, investment
from tests.workflows.walk_data import Filing, Ground
from workflows.paths.fnmo_investment import CommitmentForm, RevisedCostForm

if TYPE_CHECKING:
    from tests.workflows.walks import PathWalk, Watched

NOTE = ("presentation_note",)


def commitment(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """The whole amount approved."""
    return {"committed_on": day, "committed_amount_ht": str(walk.dossier.approved_amount_ht or "1.00")}


def revised(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """Another cost, above the threshold or not."""
    return {"amount_ht": str((walk.dossier.amount_ht or Decimal(0)) + Decimal("1500.00"))}


def nothing_is_committed_beyond_the_approval(walk: Watched) -> None:
    """Executed means approved, and within it."""
    dossier = walk.dossier
    if dossier.status in {DossierStatus.EXECUTED, DossierStatus.CLOSED} and "commit" in dossier.results:
        committed = dossier.results["commit"].get("committed_amount_ht")
        if committed is not None and dossier.approved_amount_ht is not None:
            assert Decimal(committed) <= dossier.approved_amount_ht
    if dossier.status == DossierStatus.APPROVED:
        assert dossier.approved_amount_ht is not None
        assert dossier.approved_amount_ht >= min(dossier.amount_ht or Decimal(0), Decimal(20_000))


GROUND = Ground(
    now=datetime(2015, 3, 2, 9, tzinfo=UTC),
    filings=(
        Filing(investment("15000"), pieces=NOTE),
        Filing(investment("20000.00")),
        Filing(investment("20000.01"), pieces=NOTE),
        Filing(
            investment("48000", is_restructuring=True, impact=impact(2016, 2017, 2018)),
            pieces=(*NOTE, "economic_file"),
        ),
        Filing(investment("48000", is_restructuring=True, impact=impact(2016, 2017))),
    ),
    forms={CommitmentForm: commitment, RevisedCostForm: revised},
    changes=tuple(
        {"amount_ht": amount} for amount in ("0", "-5", "19999.99", "20000.01", "60000", "un peu", "1.234")
    )
    + (
        {"is_restructuring": True},
        {"impact": impact(2016, 2017, 2018)},
        {"impact": "beaucoup"},
        {"title": ""},
    ),
    laws=(nothing_is_committed_beyond_the_approval,),
)
