"""Advance releases of the FNMO: below the threshold and above it, regularised on a budget that there is or is not."""

from tests.workflows.paths.test_advance_release import advance
from tests.workflows.walk_data import Filing, Ground
from tests.workflows.walk_data.credits import LEDGER, budgets, credits_move_once_at_most

GROUND = Ground(
    filings=(Filing(advance()), Filing(advance("25000.00")), Filing(advance("15000.00", exercise=2025))),
    prepare=budgets,
    changes=({"amount_ht": "19000.00"}, {"amount_ht": "-1"}, {"exercise": 2027}, {"title": ""}),
    laws=(*LEDGER, credits_move_once_at_most),
)
