"""Keeps the figures of the queues: folds what has happened, proves the sums against the tasks, makes them anew."""

from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from workflows.selectors.queue_weeks import weeks_of

#: Key of the advisory lock: one fold at a time.
_FOLD_LOCK = 0x62726C71

# What is so now (open, free, due) comes back to nought and is dropped then; what happened stays.
_FOLD = """
WITH taken AS (DELETE FROM cases_queuedelta RETURNING queue_id, measure, day, days, outcome, number),
summed AS (
    SELECT queue_id, measure, day, days, outcome, sum(number)::integer AS number FROM taken
     GROUP BY queue_id, measure, day, days, outcome HAVING sum(number) <> 0
), written AS (
    INSERT INTO cases_queuetally (queue_id, measure, day, days, outcome, number)
    SELECT queue_id, measure, day, days, outcome, number FROM summed
     ORDER BY queue_id, measure, day, days, outcome
        ON CONFLICT (queue_id, measure, day, days, outcome)
        DO UPDATE SET number = cases_queuetally.number + excluded.number
), weeks AS (
    SELECT DISTINCT queue_id, day - mod(day - DATE '1900-01-01', 7) AS monday FROM summed
     WHERE measure IN ('in', 'out', 'pause', 'gross', 'net')
)
SELECT (SELECT count(*) FROM taken), array_agg(queue_id), array_agg(monday) FROM weeks
"""

# The weeks in which something was folded, made anew from their tallies.
_DROP_WEEKS = """
DELETE FROM cases_queueweek
 WHERE (queue_id, monday) IN (SELECT * FROM unnest(%(queues)s::bigint[], %(mondays)s::date[]))
"""
_WEEK_COLUMNS = "INSERT INTO cases_queueweek (queue_id, monday, flows, gross, net)"
_MAKE_WEEKS = _WEEK_COLUMNS + weeks_of(
    "cases_queuetally",
    """AND queue_id = ANY (%(queues)s) AND day >= %(first)s AND (queue_id, day - mod(day - DATE '1900-01-01', 7))
       IN (SELECT * FROM unnest(%(queues)s::bigint[], %(mondays)s::date[]))""",
)

_FACTS = """
SELECT fact.queue AS queue_id, fact.measure, fact.day, fact.days, fact.outcome, count(*)::integer AS number
  FROM viewflow_task task CROSS JOIN LATERAL workflows_task_facts(task) fact
 WHERE task.flow_task_type = 'HUMAN'
 GROUP BY 1, 2, 3, 4, 5
"""

_DIFFERENCES = f"""
WITH facts AS ({_FACTS}), kept AS (
    SELECT queue_id, measure, day, days, outcome, sum(number)::integer AS number
      FROM (SELECT queue_id, measure, day, days, outcome, number FROM cases_queuetally
            UNION ALL SELECT queue_id, measure, day, days, outcome, number FROM cases_queuedelta) every
     GROUP BY 1, 2, 3, 4, 5 HAVING sum(number) <> 0
)
SELECT queue.role, body.code, queue.path, queue.step, origin.code,
       measure, day, days, outcome, coalesce(kept.number, 0), coalesce(facts.number, 0)
  FROM facts FULL JOIN kept USING (queue_id, measure, day, days, outcome)
  JOIN cases_workqueue queue ON queue.id = queue_id
  JOIN cases_organisation body ON body.id = queue.body_id
  JOIN cases_organisation origin ON origin.id = queue.organisation_id
 WHERE kept.number IS DISTINCT FROM facts.number
 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""  # noqa: S608

# The weeks kept against those that the tallies give, which are right when this is asked.
_WEEK_DIFFERENCES = f"""
WITH facts AS ({weeks_of("cases_queuetally")})
SELECT queue.role, body.code, queue.path, queue.step, origin.code, 'weeks', monday, -1, '',
       coalesce((SELECT sum(one) FROM unnest(kept.flows) one), 0),
       coalesce((SELECT sum(one) FROM unnest(facts.flows) one), 0)
  FROM facts FULL JOIN cases_queueweek kept USING (queue_id, monday)
  JOIN cases_workqueue queue ON queue.id = queue_id
  JOIN cases_organisation body ON body.id = queue.body_id
  JOIN cases_organisation origin ON origin.id = queue.organisation_id
 WHERE (kept.flows, kept.gross, kept.net) IS DISTINCT FROM (facts.flows, facts.gross, facts.net)
 ORDER BY 1, 2, 3, 4, 5, 7
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class TallyFault:
    """A figure that the tasks do not bear out: of which queue and measure, the figure kept and the one recounted."""

    queue: str
    measure: str
    day: date
    days: int
    outcome: str
    kept: int
    recounted: int


@transaction.atomic
def fold_tallies() -> int:
    """Fold what has happened since the last time into the sums; how many rows were folded.

    Another fold that is under way does the work: nought then. Six statements at most.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_FOLD_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_FOLD)
        folded, queues, mondays = cursor.fetchone()
        if queues:
            weeks = {"queues": queues, "mondays": mondays, "first": min(mondays)}
            cursor.execute(_DROP_WEEKS, weeks)
            cursor.execute(_MAKE_WEEKS, weeks)
        if folded:
            cursor.execute(
                "DELETE FROM cases_queuetally WHERE number = 0 AND measure IN ('open', 'free', 'due')"
            )
    return int(folded)


def verify_tallies() -> list[TallyFault]:
    """Recount every figure from the tasks themselves; those that differ. Reads all tasks: not for a page.

    Where the tallies are right, the weeks made of them are compared too (``measure`` « weeks »: what came and left).
    Acts and folds may go on meanwhile: outside of a transaction everything is read as of one moment.
    """
    alone = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if alone:  # else the function that recounts reads dossiers a moment after the tallies were read
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(_DIFFERENCES)
        found = cursor.fetchall()
        if not found:
            cursor.execute(_WEEK_DIFFERENCES)
            found = cursor.fetchall()
    return [
        TallyFault(f"{role}@{body} {path}.{step} ({origin})", *rest)
        for role, body, path, step, origin, *rest in found
    ]


@transaction.atomic
def rebuild_tallies() -> int:
    """Make the figures anew from the tasks; how many figures there are. Acts wait meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE viewflow_task, cases_dossier IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM cases_queuedelta")
        cursor.execute("DELETE FROM cases_queuetally")
        cursor.execute(
            f"INSERT INTO cases_queuetally (queue_id, measure, day, days, outcome, number) {_FACTS}"  # noqa: S608
        )
        made = int(cursor.rowcount)
        make_all_weeks()
    return made


def make_all_weeks() -> None:
    """Make the rows of weeks anew from the tallies folded so far."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cases_queueweek")
        cursor.execute(_WEEK_COLUMNS + weeks_of("cases_queuetally"))
