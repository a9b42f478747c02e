"""The queues as they stood on past Mondays, what would have been forecast then, and what happened."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db import connection

from cases import clock
from cases.deadlines import Computation, Event, EventKind, compute
from cases.enums import DeadlineState
from cases.models import Deadline
from workflows.forecast.backtest import Backtest, Visit, check, mondays_between
from workflows.forecast.model import RUNS

_TASKS = """
SELECT replace(task.owner_permission, 'cases.hold_', ''), body.code, dossier.path,
       regexp_replace(task.flow_task, '^.*\\.', ''), dossier.id,
       (task.created AT TIME ZONE 'Europe/Paris')::date, (task.finished AT TIME ZONE 'Europe/Paris')::date,
       task.status = 'DONE'
  FROM viewflow_task task
  JOIN cases_dossier dossier ON dossier.process_id = task.process_id
  JOIN cases_organisation body ON body.id = task.owner_permission_obj_pk::bigint
 WHERE task.flow_task_type = 'HUMAN' AND (%(path)s = '' OR dossier.path = %(path)s)
 ORDER BY task.created, task.id
"""


@dataclass(frozen=True, slots=True)
class Report:
    """The back-test of ``queues`` queues on ``mondays`` Mondays."""

    queues: int
    mondays: int
    result: Backtest


def run_backtest(*, path: str = "", weeks: int | None = None, runs: int = RUNS) -> Report:
    """Forecast every queue on every Monday since the first task, or on the last ``weeks`` ones.

    The queues are those of all organisations together. On a Monday only what had happened before it is known, the
    dates of dossiers too: they are computed from the events that their deadlines had by then. Reads all tasks: not
    for a page.
    """
    today = clock.today()
    queues = _queues(path)
    first = min((visits[0].came for visits in queues.values()), default=today)
    mondays = mondays_between(first, today)[-weeks if weeks else 0 :]
    dates = DueDates({visit.dossier for visits in queues.values() for visit in visits})
    result = Backtest()
    for key, visits in sorted(queues.items()):
        check(key, visits, mondays, dates.on, today, result, runs=runs)
    return Report(len(queues), len(mondays), result)


def _queues(path: str) -> dict[str, list[Visit]]:
    found: dict[str, list[Visit]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_TASKS, {"path": path})
        for role, body, of_path, step, dossier, came, left, done in cursor.fetchall():
            found[f"{role}@{body} {of_path}.{step}"].append(Visit(dossier, came, left, done))
    return dict(found)


class DueDates:
    """The next date of dossiers as it was known on a past day: from the events before that day."""

    def __init__(self, dossiers: set[int]) -> None:
        self._clocks: dict[int, list[tuple[Deadline, list[Event]]]] = defaultdict(list)
        self._found: dict[tuple[int, int], Computation] = {}
        found = Deadline.objects.filter(dossier__in=dossiers).prefetch_related("events").order_by("pk")
        for deadline in found:
            events = [
                Event(EventKind(one.kind), one.at, one.amount, one.motive) for one in deadline.events.all()
            ]
            self._clocks[deadline.dossier_id].append((deadline, events))

    def on(self, dossier: int, day: date) -> date | None:
        """The earliest date of the dossier's clocks that ran at the start of ``day``, as ``next_due_on`` said then."""
        start = clock.start_of(day)
        dates = []
        for deadline, events in self._clocks[dossier]:
            known = [one for one in events if one.at < start]
            if known:
                computed = self._computed(deadline, known)
                if computed.state == DeadlineState.RUNNING and computed.due_on is not None:
                    dates.append(computed.due_on)
        return min(dates, default=None)

    def _computed(self, deadline: Deadline, known: list[Event]) -> Computation:
        """Events are append-only and in order: as many as were known tell which."""
        key = (deadline.pk, len(known))
        if key not in self._found:
            self._found[key] = compute(deadline.duration, known)
        return self._found[key]
