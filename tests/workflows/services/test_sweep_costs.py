"""What a sweep costs follows what is due and not what runs: statements, and what PostgreSQL reads to find them."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.models import Deadline
from tests.credit_journeys import CreditJourney, transfers
from tests.journeys import Cast
from workflows.services import expire_deadlines, send_reminders
from workflows.services.expiry import BATCH, deadlines_to_expire

pytestmark = pytest.mark.django_db

#: Effected on 2 March 2026: three bodies are to be told by the 17th.
EFFECTED = ("prepare.submit", "check.credits_available", "effect.effect")
QUIET = datetime(2026, 3, 5, 12, tzinfo=UTC)
BREACHED = datetime(2026, 3, 18, 12, tzinfo=UTC)
REMINDED = datetime(2026, 3, 12, 12, tzinfo=UTC)
SWEEPS = [(expire_deadlines, "deadline_to_expire"), (send_reminders, "deadline_to_remind")]

#: A third runs towards its end; a third is over and only reminded of; a third is over and was reported long ago.
RUNNING = """
INSERT INTO cases_deadline (dossier_id, step, title, kind, rule_ref, length, unit, roll_over, first_day_excluded, state,
       due_on, opened_at, at_expiry, expired_at, remind_on, reminded_on)
SELECT dossier_id, step, title, kind, rule_ref, length, unit, roll_over, first_day_excluded, state,
       CASE n %% 3 WHEN 0 THEN date '2026-03-19' + n %% 300 ELSE date '2026-03-01' - n %% 300 END, opened_at,
       CASE n %% 3 WHEN 1 THEN 'alert' ELSE 'report_breach' END, CASE n %% 3 WHEN 2 THEN opened_at END,
       date '2026-03-19' + n %% 30, date '2026-03-02'
  FROM cases_deadline, generate_series(1, 20000) n WHERE id = %s
"""


@pytest.fixture
def due(cast: Cast) -> CreditJourney:
    """A virement of which three bodies are to be told; nothing is due yet on QUIET."""
    data = transfers(("A-I-1", "A-I-2.autres", "1000.00"))
    journey = CreditJourney.file(cast, "virement", data).walk(*EFFECTED)
    Deadline.objects.filter(state="running").update(remind_on=clock.paris_date(REMINDED))
    return journey


def add_running() -> None:
    """Twenty thousand more clocks that run, none of them due on the days of these tests."""
    with connection.cursor() as cursor:
        first = Deadline.objects.filter(state="running").order_by("pk").values_list("pk", flat=True)[0]
        cursor.execute(RUNNING, [first])
        # all tables of the search: what the planner knows of the others comes from whatever test ran before
        cursor.execute("ANALYZE cases_deadline, cases_dossier, cases_absence, viewflow_task")


def statements_of(sweep: Callable[[], object], moment: datetime) -> list[tuple[str, object]]:
    """Each statement of a sweep with its parameters."""
    seen: list[tuple[str, object]] = []

    def note(execute: Callable[..., object], sql: str, params: object, many: bool, context: object) -> object:
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with clock.at(moment), connection.execute_wrapper(note):
        sweep()
    return seen


@pytest.mark.parametrize(("sweep", "index"), SWEEPS)
def test_sweep_with_nothing_due_asks_once_and_reads_its_index_alone(
    due: CreditJourney, sweep: Callable[[], object], index: str
) -> None:
    add_running()
    (asked,) = statements_of(sweep, QUIET)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked[0]}", asked[1])  # type: ignore[arg-type]
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert index in plan, plan
    assert "Seq Scan on cases_deadline" not in plan, plan


@pytest.mark.parametrize(("sweep", "moment"), [(expire_deadlines, BREACHED), (send_reminders, REMINDED)])
def test_sweep_costs_the_same_statements_among_thousands(
    due: CreditJourney, sweep: Callable[[], object], moment: datetime
) -> None:
    add_running()
    crowded = len(statements_of(sweep, moment))
    other = CreditJourney.file(due.cast, "virement", transfers(("A-I-1", "A-I-2.autres", "10.00")))
    other.walk(*EFFECTED)
    Deadline.objects.exclude(dossier=other.pk).update(state="cancelled", closed_at=clock.now())
    Deadline.objects.filter(state="running").update(remind_on=clock.paris_date(REMINDED))
    assert len(statements_of(sweep, moment)) == crowded > 3


def test_what_is_due_is_read_in_batches_each_clock_once_the_oldest_first(due: CreditJourney) -> None:
    """Three batches and a bit; many clocks share a date, so that a batch ends among equals."""
    wanted = 3 * BATCH + 1
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO cases_deadline (dossier_id, step, title, kind, rule_ref, length, unit, roll_over,
                   first_day_excluded, state, due_on, opened_at, at_expiry)
            SELECT dossier_id, step, title, kind, rule_ref, length, unit, roll_over, first_day_excluded, state,
                   date '2026-03-04' - n %% 7, opened_at, at_expiry
              FROM cases_deadline, generate_series(1, %s) n
             WHERE id = (SELECT min(id) FROM cases_deadline WHERE state = 'running')
            """,
            [wanted],
        )
    with CaptureQueriesContext(connection) as seen:
        found = [(one.due_on, one.pk) for one in deadlines_to_expire(clock.paris_date(QUIET))]
    assert len(found) == len(set(found)) == wanted
    assert found == sorted(found)
    assert len(seen) == 4
