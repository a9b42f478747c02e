"""Décisions modificatives of the FNASS: voted, approved by each ministry, effected."""

from tests.credit_journeys import transfers
from tests.workflows.walk_data import Filing, Ground
from tests.workflows.walk_data.credits import FNASS, TRANSFERS, budgets

DATA = transfers(("II.F.CAN.col", "II.K.imm", "1000.00"), **FNASS)

GROUND = Ground(
    filings=(Filing(DATA), Filing(DATA, by="reviewer", body="canssm")),
    prepare=budgets,
    changes=({"lines": []}, {"lines": DATA["lines"]}),
    laws=TRANSFERS,
)
