"""Virements: allowed and not, of one row and of several, by the CARMI and by the CANSSM."""

from tests.credit_journeys import transfers
from tests.workflows.walk_data import Filing, Ground
from tests.workflows.walk_data.credits import FNASS, TRANSFERS, budgets

DATA = (
    transfers(("A-I-1", "A-I-2.autres", "1000.00"), ("A-I-1", "A-I-3.info", "0.01")),
    transfers(("II.F.CAN.col", "III.reg.ind", "250.00"), **FNASS),
    transfers(("A-I-3.info", "A-I-1", "1.00")),
    transfers(("A-I-3.info", "A-I-2.autres", "120000.01")),
)

GROUND = Ground(
    filings=(*map(Filing, DATA), *(Filing(one, by="reviewer", body="canssm") for one in DATA[:2])),
    prepare=budgets,
    changes=({"lines": []}, {"lines": DATA[0]["lines"]}, {"lines": "tout"}, {"reason": "Autre besoin"}),
    laws=TRANSFERS,
)
