"""Reuses of receipts: authorised by each ministry, within the forecast or beyond it."""

from tests.workflows.paths.test_receipts_reuse import reuse
from tests.workflows.walk_data import Filing, Ground
from tests.workflows.walk_data.credits import LEDGER, budgets, credits_move_exactly_when_it_takes_effect

FORECAST = ("receipts_forecast",)

GROUND = Ground(
    filings=(
        Filing(reuse(), by="reviewer", body="canssm", pieces=FORECAST),
        Filing(reuse(("A-I-2.info", "10000.01")), by="reviewer", body="canssm", pieces=FORECAST),
        Filing(reuse(), by="reviewer", body="canssm"),
    ),
    prepare=budgets,
    changes=({"lines": []}, {"forecast_amount": "1.00"}, {"project": "Autre projet"}),
    laws=(*LEDGER, credits_move_exactly_when_it_takes_effect),
)
