"""The page of the queues' figures with a thousand dossiers and with a million: it must cost the same.

The dossiers are those of ``tests.bench.many``, filed evenly over ten years. The figures read the tallies of what is
open, and a row for each queue and each of 27 weeks (the 13 asked for, the 13 before, this one): they follow the queues
and the weeks, not the dossiers. A thousand leave most of these rows empty, a million fill them all. The list behind a
queue is sorted by a date of the dossiers and follows what is open in that queue.
"""

from collections.abc import Callable

from django.test import Client

from cases.models import User
from cases.permissions import holdings_of
from tests.bench.measure import Sample
from workflows.selectors.backlog import backlog
from workflows.selectors.backlog_dossiers import open_dossiers

#: Measures of each, with few and with many.
ROUNDS = 40
#: At most so many times what it costs with few.
FIGURES_AIM, DRILL_AIM, PAGE_AIM = 5.0, 10.0, 3.0


class Reading:
    """What a manager reads: the figures, the dossiers behind the fullest queue, the page as it is rendered."""

    def __init__(self, manager: User) -> None:
        self.manager = manager
        self.client = Client()
        self.client.force_login(manager)
        self.client.get("/charge/")
        self.samples: dict[str, list[Sample]] = {}

    def measure(self, label: str) -> None:
        """Take the times of the dossiers that there are now; ``label`` says how many."""
        holdings = holdings_of(self.manager)
        fullest = max(backlog(holdings).rows, key=lambda row: row.figures.open)

        def page() -> None:
            assert self.client.get("/charge/").status_code == 200

        acts: dict[str, Callable[[], object]] = {
            "figures": lambda: backlog(holdings_of(self.manager)).total,
            "dossiers behind": lambda: open_dossiers(self.manager, holdings, fullest.queues),
            "page": page,
        }
        for name, act in acts.items():
            # Few and many cannot be measured in turns: the fastest times are compared.
            sample = Sample(f"backlog, {name}: {label} dossiers", by_fastest=True)
            for _ in range(3):
                act()
            sample.count(act)
            for _ in range(ROUNDS):
                sample.run(act)
            self.samples.setdefault(name, []).append(sample)

    def found(self) -> list[tuple[float, tuple[Sample, Sample]]]:
        """Aim and times of each: with many, with few."""
        aims = {"figures": FIGURES_AIM, "dossiers behind": DRILL_AIM, "page": PAGE_AIM}
        return [(aims[name], (many, few)) for name, (few, many) in self.samples.items()]
