"""Counts what happens in the queues, inside PostgreSQL: every change of a task says what it adds and takes away.

One function tells what a task contributes as it stands (``workflows_task_facts``). A trigger writes the difference
between what it contributed before and what it does now; summing the function over all tasks gives the same figures,
which is how ``manage.py backlog verify`` proves them.
"""

from typing import Any

from django.db import migrations

from cases.calendar import holidays_of

#: The library behind the calendar knows these years.
YEARS = range(2000, 2101)

WORKING_DAYS = """
CREATE OR REPLACE FUNCTION workflows_working_days(after date, until date) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN until <= after THEN 0 ELSE
        (SELECT weekdays.until - weekdays.after FROM (
            SELECT (until - DATE '1900-01-01') / 7 * 5 + least((until - DATE '1900-01-01') % 7, 4) AS until,
                   (after - DATE '1900-01-01') / 7 * 5 + least((after - DATE '1900-01-01') % 7, 4) AS after
        ) weekdays)
        - (SELECT count(*)::integer FROM unnest(ARRAY[{holidays}]::date[]) holiday
            WHERE holiday > after AND holiday <= until)
    END
$$
"""

QUEUE_OF = """
CREATE OR REPLACE FUNCTION workflows_queue_of(
    of_role text, of_body bigint, of_path text, of_step text, of_organisation bigint
) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    found bigint;
BEGIN
    SELECT id INTO found FROM cases_workqueue
     WHERE role = of_role AND body_id = of_body AND path = of_path AND step = of_step
       AND organisation_id = of_organisation;
    IF found IS NULL THEN
        INSERT INTO cases_workqueue (role, body_id, path, step, organisation_id)
        VALUES (of_role, of_body, of_path, of_step, of_organisation)
        ON CONFLICT ON CONSTRAINT work_queue_once DO UPDATE SET role = excluded.role
        RETURNING id INTO found;
    END IF;
    RETURN found;
END
$$
"""

# The visits of one step by one body (and one person, where people are asked) follow each other by their ids. A visit
# that ended by asking the submitter for something goes on with the next one: its days and those in between are the
# step's gross time, its days alone the net time.
TASK_FACTS = """
CREATE OR REPLACE FUNCTION workflows_task_facts(task viewflow_task) RETURNS TABLE (
    queue bigint, measure text, day date, days integer, outcome text
) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    dossier record;
    step_name text := regexp_replace(task.flow_task, '^.*\\.', '');
    place bigint;
    came date := (task.created AT TIME ZONE 'Europe/Paris')::date;
    went date := (task.finished AT TIME ZONE 'Europe/Paris')::date;
    earlier record;
    week date;
    pauses boolean := coalesce((task.data ->> 'paused')::boolean, false);
    own integer;
BEGIN
    IF task.flow_task_type <> 'HUMAN' THEN
        RETURN;
    END IF;
    SELECT path, organisation_id, next_due_on INTO dossier FROM cases_dossier WHERE process_id = task.process_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    place := workflows_queue_of(
        replace(task.owner_permission, 'cases.hold_', ''), task.owner_permission_obj_pk::bigint,
        dossier.path, step_name, dossier.organisation_id);
    RETURN QUERY SELECT place, 'in', came, -1, coalesce(task.data ->> 'arrival', 'first');
    IF task.status IN ('NEW', 'ASSIGNED') THEN
        RETURN QUERY SELECT place, 'open', came, -1, '';
        IF task.owner_id IS NULL THEN
            RETURN QUERY SELECT place, 'free', came, -1, '';
        END IF;
        IF dossier.next_due_on IS NOT NULL THEN
            RETURN QUERY SELECT place, 'due', dossier.next_due_on, -1, '';
        END IF;
    ELSIF task.status = 'DONE' THEN
        RETURN QUERY SELECT place, 'out', went, -1, coalesce(task.data ->> 'outcome', '');
        week := date_trunc('week', went)::date;
        own := workflows_working_days(came, went);
        IF pauses THEN
            RETURN QUERY SELECT place, 'pause', week, own, coalesce(task.data ->> 'outcome', '');
        ELSE
            SELECT min(one.created) AS since,
                   sum(workflows_working_days((one.created AT TIME ZONE 'Europe/Paris')::date,
                                              (one.finished AT TIME ZONE 'Europe/Paris')::date)) AS own
              INTO earlier
              FROM viewflow_task one
             WHERE one.process_id = task.process_id AND one.flow_task = task.flow_task AND one.id < task.id
               AND one.owner_permission = task.owner_permission
               AND one.owner_permission_obj_pk = task.owner_permission_obj_pk
               AND one.status = 'DONE' AND coalesce((one.data ->> 'paused')::boolean, false)
               AND one.id > coalesce((
                   SELECT max(settled.id) FROM viewflow_task settled
                    WHERE settled.process_id = task.process_id AND settled.flow_task = task.flow_task
                      AND settled.owner_permission = task.owner_permission
                      AND settled.owner_permission_obj_pk = task.owner_permission_obj_pk
                      AND settled.id < task.id
                      AND NOT (settled.status = 'DONE' AND coalesce((settled.data ->> 'paused')::boolean, false))
               ), 0);
            RETURN QUERY SELECT place, 'gross', week,
                CASE WHEN earlier.since IS NULL THEN own ELSE workflows_working_days(
                    (earlier.since AT TIME ZONE 'Europe/Paris')::date, went) END,
                coalesce(task.data ->> 'outcome', '');
            RETURN QUERY SELECT place, 'net', week, (own + coalesce(earlier.own, 0))::integer,
                coalesce(task.data ->> 'outcome', '');
        END IF;
    ELSIF task.status = 'CANCELED' THEN
        RETURN QUERY SELECT place, 'out', went, -1, '-';
    END IF;
END
$$
"""

# How a task came is known when it comes: noted on it then, since what went before may look different later.
ARRIVAL = """
CREATE OR REPLACE FUNCTION workflows_arrival_of(task viewflow_task) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT CASE WHEN coalesce((one.data ->> 'paused')::boolean, false) THEN 'completed' ELSE 'again' END
          FROM viewflow_task one
         WHERE one.process_id = task.process_id AND one.flow_task = task.flow_task AND one.id < task.id
           AND one.owner_permission = task.owner_permission
           AND one.owner_permission_obj_pk = task.owner_permission_obj_pk
           AND one.status IN ('DONE', 'CANCELED') AND one.finished <= task.created
         ORDER BY one.id DESC LIMIT 1), 'first')
$$;
CREATE OR REPLACE FUNCTION workflows_note_arrival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.data := coalesce(NEW.data, '{}'::jsonb) || jsonb_build_object('arrival', workflows_arrival_of(NEW));
    RETURN NEW;
END
$$;
"""

OLD_ARRIVALS = """
UPDATE viewflow_task task
   SET data = coalesce(task.data, '{}'::jsonb) || jsonb_build_object('arrival', workflows_arrival_of(task))
 WHERE task.flow_task_type = 'HUMAN'
"""

WRITE_DELTAS = """
CREATE TRIGGER workflows_arrival BEFORE INSERT ON viewflow_task
    FOR EACH ROW WHEN (NEW.flow_task_type = 'HUMAN') EXECUTE FUNCTION workflows_note_arrival();

CREATE OR REPLACE FUNCTION workflows_tally_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO cases_queuedelta (queue_id, measure, day, days, outcome, number)
        SELECT queue, measure, day, days, outcome, 1 FROM workflows_task_facts(NEW);
    ELSIF NEW.status IS DISTINCT FROM OLD.status OR NEW.owner_id IS DISTINCT FROM OLD.owner_id
       OR NEW.created IS DISTINCT FROM OLD.created OR NEW.finished IS DISTINCT FROM OLD.finished
       OR NEW.data IS DISTINCT FROM OLD.data OR NEW.flow_task IS DISTINCT FROM OLD.flow_task THEN
        INSERT INTO cases_queuedelta (queue_id, measure, day, days, outcome, number)
        SELECT queue, measure, day, days, outcome, sum(number)
          FROM (SELECT *, 1 AS number FROM workflows_task_facts(NEW)
                UNION ALL SELECT *, -1 FROM workflows_task_facts(OLD)) change
         GROUP BY queue, measure, day, days, outcome HAVING sum(number) <> 0;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER workflows_tally AFTER INSERT OR UPDATE ON viewflow_task
    FOR EACH ROW EXECUTE FUNCTION workflows_tally_task();

CREATE OR REPLACE FUNCTION workflows_tally_dossier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO cases_queuedelta (queue_id, measure, day, days, outcome, number)
        SELECT fact.queue, fact.measure, fact.day, fact.days, fact.outcome, 1
          FROM viewflow_task task CROSS JOIN LATERAL workflows_task_facts(task) fact
         WHERE task.process_id = NEW.process_id AND task.flow_task_type = 'HUMAN';
    ELSIF NEW.next_due_on IS DISTINCT FROM OLD.next_due_on THEN
        INSERT INTO cases_queuedelta (queue_id, measure, day, days, outcome, number)
        SELECT workflows_queue_of(
                   replace(task.owner_permission, 'cases.hold_', ''), task.owner_permission_obj_pk::bigint,
                   NEW.path, regexp_replace(task.flow_task, '^.*\\.', ''), NEW.organisation_id),
               'due', due.day, -1, '', due.number
          FROM viewflow_task task
         CROSS JOIN (VALUES (NEW.next_due_on, 1), (OLD.next_due_on, -1)) due (day, number)
         WHERE task.process_id = NEW.process_id AND task.flow_task_type = 'HUMAN'
           AND task.status IN ('NEW', 'ASSIGNED') AND due.day IS NOT NULL;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER workflows_tally AFTER INSERT OR UPDATE OF next_due_on ON cases_dossier
    FOR EACH ROW EXECUTE FUNCTION workflows_tally_dossier();
"""

# What went before this version left neither its outcome nor whether it waited for the submitter on the task: the
# journal says both (« to_complete » is the status of a dossier that the submitter completes).
FROM_THE_JOURNAL = """
UPDATE viewflow_task task
   SET data = coalesce(task.data, '{}'::jsonb)
              || jsonb_build_object('outcome', act.outcome, 'paused', act.status_after = 'to_complete')
  FROM cases_dossier dossier
 CROSS JOIN LATERAL (
       SELECT entry.dossier_id, entry.step, entry.outcome, entry.status_after, entry.at,
              row_number() OVER (PARTITION BY entry.step ORDER BY entry.sequence) AS place
         FROM cases_journalentry entry
        WHERE entry.dossier_id = dossier.id AND entry.action = 'perform'
       ) act
 CROSS JOIN LATERAL (
       SELECT one.id, row_number() OVER (PARTITION BY one.flow_task ORDER BY one.finished, one.id) AS place
         FROM viewflow_task one
        WHERE one.process_id = dossier.process_id AND one.flow_task_type = 'HUMAN' AND one.status = 'DONE'
          AND regexp_replace(one.flow_task, '^.*\\.', '') = act.step
       ) visit
 WHERE task.id = visit.id AND visit.place = act.place AND dossier.process_id = task.process_id;
"""

FILL = """
INSERT INTO cases_queuetally (queue_id, measure, day, days, outcome, number)
SELECT fact.queue, fact.measure, fact.day, fact.days, fact.outcome, count(*)
  FROM viewflow_task task CROSS JOIN LATERAL workflows_task_facts(task) fact
 WHERE task.flow_task_type = 'HUMAN'
 GROUP BY 1, 2, 3, 4, 5
"""


def create(apps: Any, editor: Any) -> None:
    """Write the functions, take up what went before, then watch what comes."""
    days = sorted(day for year in YEARS for day in holidays_of(year) if day.weekday() < 5)
    holidays = ", ".join(f"'{day.isoformat()}'" for day in days)
    working_days = WORKING_DAYS.replace("{holidays}", holidays)
    for statement in (
        working_days,
        QUEUE_OF,
        TASK_FACTS,
        ARRIVAL,
        FROM_THE_JOURNAL,
        OLD_ARRIVALS,
        FILL,
        WRITE_DELTAS,
    ):
        editor.execute(statement, params=None)


def drop(apps: Any, editor: Any) -> None:
    """Stop watching."""
    editor.execute("""
        DROP TRIGGER workflows_tally ON cases_dossier;
        DROP TRIGGER workflows_tally ON viewflow_task;
        DROP TRIGGER workflows_arrival ON viewflow_task;
        DROP FUNCTION workflows_tally_dossier();
        DROP FUNCTION workflows_tally_task();
        DROP FUNCTION workflows_note_arrival();
        DROP FUNCTION workflows_arrival_of(viewflow_task);
        DROP FUNCTION workflows_task_facts(viewflow_task);
        DROP FUNCTION workflows_queue_of(text, bigint, text, text, bigint);
        DROP FUNCTION workflows_working_days(date, date);
    """)


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0001_queue_index"),
        ("viewflow", "0015_task_scheduled"),
        ("cases", "0014_work"),
    ]

    operations = [migrations.RunPython(create, drop)]
