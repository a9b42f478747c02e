"""A past for a queue: enough of it to forecast what waits there."""

from datetime import date, timedelta

from cases.calendar import is_working_day
from cases.models import QueueTally, WorkQueue
from cases.work_terms import Arrival, Measure
from tests.journeys import Cast, Journey


def waiting(cast: Cast, number: int = 1) -> list[Journey]:
    """Dossiers that arrive at the desk today."""
    return [Journey.at(cast, "under_review") for _ in range(number)]


def served(today: date, days: int = 60) -> None:
    """A past for the desk's queue: for so many working days one arrived each day and one left, ten always waiting."""
    queue = WorkQueue.objects.get(step="check", organisation__code="carmi-npdc")
    day, found = today, []
    while len(found) < days:
        day -= timedelta(days=1)
        if is_working_day(day):
            found.append(day)

    def tally(measure: Measure, on: date, outcome: str, number: int) -> QueueTally:
        return QueueTally(queue=queue, measure=measure, day=on, days=-1, outcome=outcome, number=number)

    rows = [tally(Measure.OUT, one, "complete", 1) for one in found]
    rows += [tally(Measure.IN, one, Arrival.FIRST, 1) for one in found]
    rows.append(tally(Measure.IN, found[-1] - timedelta(days=7), Arrival.FIRST, 10))
    rows.append(tally(Measure.OUT, today, "-", 10))  # so that as many are open as there are
    QueueTally.objects.bulk_create(rows)
