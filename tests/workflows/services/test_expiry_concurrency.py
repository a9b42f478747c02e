"""Sweeps at the same moment, each on a connection of its own: what is due is done once."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from cases.models import CreditMovement, JournalEntry
from cases.services import verify_all
from tests.budget_journeys import BudgetJourney, at, budget, sweep
from tests.credit_journeys import CreditJourney, transfers
from tests.journeys import Cast

LESS = budget(("A-I-2.autres", "-1000.00"))


def at_once(sweeps: int) -> list[str]:
    """What so many sweeps have done on 23 March 2026, each in a thread and on a connection of its own."""
    start = threading.Barrier(sweeps)

    def run(_: int) -> list[str]:
        start.wait(timeout=20)
        try:
            return sweep(at(2026, 3, 23)).done
        finally:
            connections.close_all()

    with ThreadPoolExecutor(sweeps) as pool:
        return [reference for found in pool.map(run, range(sweeps)) for reference in found]


def test_four_sweeps_at_once_act_once(people: Cast) -> None:
    references = sorted(BudgetJourney.received(people, LESS).reference for _ in range(3))
    assert sorted(at_once(4)) == references
    for reference in references:
        acts = JournalEntry.objects.filter(dossier__reference=reference, step="tacit_approval")
        assert acts.count() == 1
        assert CreditMovement.objects.filter(dossier__reference=reference).count() == 1
    assert not list(verify_all())


def test_four_sweeps_at_once_report_each_breach_once(people: Cast) -> None:
    journey = CreditJourney.file(people, "virement", transfers(("A-I-1", "A-I-2.autres", "1000.00")))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect")  # told on the 2nd, by the 17th
    assert at_once(4) == [journey.reference] * 3  # one for each addressee
    assert JournalEntry.objects.filter(dossier=journey.pk, action="breach").count() == 3
    assert not list(verify_all())
