"""Carry-overs from 2014 to 2015: voted, received, acquired by lapse of time."""

from cases import clock
from tests.budget_journeys import at, carried
from tests.budgets import real_budgets
from tests.journeys import Cast
from tests.workflows.walk_data import Filing, Ground
from tests.workflows.walk_data.credits import LEDGER, credits_move_once_at_most

MARCH = at(2015, 3, 2)


def budgets(cast: Cast) -> None:
    """The budgets of March 2015."""
    with clock.at(MARCH):
        real_budgets()


GROUND = Ground(
    now=MARCH,
    filings=(
        Filing(carried(("A-I-1", "1000.50"), ("A-I-3.info", "20.00")), by="reviewer", body="canssm"),
        Filing(carried(("A-I-1", "990000000.00")), by="reviewer", body="canssm"),
    ),
    prepare=budgets,
    changes=({"lines": []}, {"purpose": "Autre usage"}, {"exercise": 2016}),
    laws=(*LEDGER, credits_move_once_at_most),
)
