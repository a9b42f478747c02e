"""Uses of the national reserve, which holds 5 000 €: within it and beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.journeys import Cast
from tests.workflows.paths.test_national_reserve import endow, use
from tests.workflows.walk_data import Filing, Ground
from tests.workflows.walk_data.credits import LEDGER, credits_move_exactly_when_it_takes_effect
from workflows.paths.national_reserve import InformationForm

if TYPE_CHECKING:
    from tests.workflows.walks import PathWalk


def informed(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """The board was told."""
    return {"informed_on": day}


def reserve(cast: Cast) -> None:
    """The budgets of March 2026 and a reserve that is no longer empty."""
    endow(cast)


GROUND = Ground(
    filings=(
        Filing(use(), by="reviewer", body="canssm"),
        Filing(use(("A-I-2.autres", "1000.00"), ("A-I-1", "234.56")), by="reviewer", body="canssm"),
        Filing(use(("A-I-1", "5000.01")), by="reviewer", body="canssm"),
    ),
    prepare=reserve,
    forms={InformationForm: informed},
    changes=({"lines": []}, {"event": ""}, {"reason": "Autre motif"}),
    laws=(*LEDGER, credits_move_exactly_when_it_takes_effect),
)
