"""Advance releases of the FNMO: below the threshold and above it, regularised on a budget that carries them or not."""

from tests.journeys import Cast
from tests.workflows.paths.test_advance_release import advance, budget, endow
from tests.workflows.walk_data import Filing, Ground
from tests.workflows.walk_data.credits import LEDGER, credits_move_once_at_most


def voted(cast: Cast) -> None:
    """The primitive budget of the FNMO is enforceable, with 20 000 € for investments."""
    endow(cast, "20000.00")
    budget(cast)


GROUND = Ground(
    filings=(Filing(advance()), Filing(advance("25000.00")), Filing(advance("15000.00", exercise=2025))),
    prepare=voted,
    changes=({"amount_ht": "19000.00"}, {"amount_ht": "-1"}, {"exercise": 2027}, {"title": ""}),
    laws=(*LEDGER, credits_move_once_at_most),
)
