"""Documents of the calendar: to the State, to the board, with and without the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.workflows.walk_data import Filing, Ground
from workflows.engine.obligations import ReceptionForm

if TYPE_CHECKING:
    from tests.workflows.walks import PathWalk

DOCUMENT = ("transmitted_document",)


def received(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """It arrived."""
    return {"received_on": day}


def of(obligation: str, pieces: tuple[str, ...] = DOCUMENT) -> Filing:
    """The document of an obligation of 2026, filed by the desk."""
    return Filing({"obligation": obligation, "exercise": 2026}, by="reviewer", body="canssm", pieces=pieces)


GROUND = Ground(
    filings=(of("calendar.c03"), of("calendar.c47"), of("calendar.c17"), of("calendar.c03", ())),
    forms={ReceptionForm: received},
    changes=({"title": "Le mien"}, {"exercise": 2025}, {"obligation": "calendar.c99"}),
)
