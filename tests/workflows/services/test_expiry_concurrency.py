"""Sweeps at the same moment, each on a connection of its own: what is due is done once."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from cases.models import CreditMovement, JournalEntry
from cases.services import verify_all
from tests.budget_journeys import BudgetJourney, at, budget, sweep
from tests.journeys import Cast

LESS = budget(("A-I-2.autres", "-1000.00"))


def test_four_sweeps_at_once_act_once(people: Cast) -> None:
    references = sorted(BudgetJourney.received(people, LESS).reference for _ in range(3))
    start = threading.Barrier(4)

    def run(_: int) -> list[str]:
        start.wait(timeout=20)
        try:
            return sweep(at(2026, 3, 23)).done
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        done = [reference for found in pool.map(run, range(4)) for reference in found]
    assert sorted(done) == references
    for reference in references:
        acts = JournalEntry.objects.filter(dossier__reference=reference, step="tacit_approval")
        assert acts.count() == 1
        assert CreditMovement.objects.filter(dossier__reference=reference).count() == 1
    assert not list(verify_all())
