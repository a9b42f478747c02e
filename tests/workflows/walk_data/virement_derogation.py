"""Virements against the rules of fungibility: agreed by each ministry, voted, effected."""

from tests.credit_journeys import transfers
from tests.workflows.walk_data import Filing, Ground
from tests.workflows.walk_data.credits import TRANSFERS, budgets

DATA = transfers(("A-I-3.info", "A-I-3.autres", "1000.00"), exceptional_reason="Incendie du site de Lens")

GROUND = Ground(
    filings=(Filing(DATA), Filing(DATA, by="reviewer", body="canssm")),
    prepare=budgets,
    changes=({"lines": []}, {"lines": DATA["lines"]}, {"exceptional_reason": ""}),
    laws=TRANSFERS,
)
