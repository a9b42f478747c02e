"""Budgets: amending, of several funds, conforming to the convention or not, acquired by lapse of time or approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cases.models import CreditMovement
from tests.budget_journeys import budget
from tests.workflows.walk_data import Filing, Ground
from tests.workflows.walk_data.credits import LEDGER, budgets, credits_move_once_at_most

if TYPE_CHECKING:
    from tests.workflows.walks import Watched


def desk(*lines: tuple[str, str], pieces: tuple[str, ...] = (), **more: str) -> Filing:
    """Filed by the desk of the CANSSM."""
    return Filing(budget(*lines, **more), by="reviewer", body="canssm", pieces=pieces)


def credits_are_there_exactly_when_the_budget_is_enforceable(walk: Watched) -> None:
    """Nothing is credited before the text lets it."""
    dossier = walk.dossier
    moved = CreditMovement.objects.filter(dossier=dossier).exists()
    assert moved == (dossier.status == "enforceable")


GROUND = Ground(
    filings=(
        desk(("A-I-1", "1000.00"), ("A-I-3.info", "20.00")),
        desk(("INV", "30000.00"), fund="FNMO", pieces=("regional_investments",)),
        desk(("INV", "30000.00"), fund="FNMO"),
        desk(("II.F.CAN.col", "1000.00"), fund="FNASS"),
        desk(("A-I-1", "1000.00"), exercise=2014),  # type: ignore[arg-type]
    ),
    prepare=budgets,
    changes=({"lines": []}, {"reason": "Autre besoin"}, {"fund": "FNASS"}, {"kind": "primitive"}),
    laws=(*LEDGER, credits_move_once_at_most, credits_are_there_exactly_when_the_budget_is_enforceable),
)
