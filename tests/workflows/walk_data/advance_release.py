"""Advance releases of the FNMO: below the threshold and above it, regularised once the budget carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cases.models import Dossier
from tests.workflows.paths.test_advance_release import advance, budget, endow
from tests.workflows.walk_data import Filing, Ground
from tests.workflows.walk_data.credits import LEDGER, budgets, credits_move_once_at_most

if TYPE_CHECKING:
    from tests.workflows.walks import PathWalk


def voted(walk: PathWalk, what: tuple[str, str]) -> None:
    """By then the primitive budget of the FNMO is enforceable, with 20 000 € for investments."""
    if what[0] == "regularise" and not Dossier.objects.filter(path="budget_vote").exists():
        endow(walk.cast, "20000.00")
        budget(walk.cast)


GROUND = Ground(
    filings=(Filing(advance()), Filing(advance("25000.00")), Filing(advance("15000.00", exercise=2025))),
    prepare=budgets,
    changes=({"amount_ht": "19000.00"}, {"amount_ht": "-1"}, {"exercise": 2027}, {"title": ""}),
    arrange=voted,
    laws=(*LEDGER, credits_move_once_at_most),
)
