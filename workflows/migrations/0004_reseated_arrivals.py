"""An expert asked in place of one who stepped down comes for the first time: no later step has sent anything back."""

from django.db import migrations

ARRIVAL = """
CREATE OR REPLACE FUNCTION workflows_arrival_of(task viewflow_task) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT CASE WHEN coalesce((one.data ->> 'paused')::boolean, false) THEN 'completed' {reseated}ELSE 'again' END
          FROM viewflow_task one
         WHERE one.process_id = task.process_id AND one.flow_task = task.flow_task AND one.id < task.id
           AND one.owner_permission = task.owner_permission
           AND one.owner_permission_obj_pk = task.owner_permission_obj_pk
           AND one.status IN ('DONE', 'CANCELED') AND one.finished <= task.created
         ORDER BY {order} LIMIT 1), 'first')
$$;
"""
# Of the visits that ended before, the last one to end is what the task follows: seats of one round end in any order.
AFTER = ARRIVAL.format(
    reseated="WHEN one.data ->> 'outcome' = 'recuse' THEN 'first' ",
    order="one.finished DESC, (one.data ->> 'outcome' = 'recuse') IS TRUE DESC, one.id DESC",
)
BEFORE = ARRIVAL.format(reseated="", order="one.id DESC")

# The trigger on tasks moves the figures along.
OLD_ARRIVALS = """
UPDATE viewflow_task task SET data = task.data || jsonb_build_object('arrival', workflows_arrival_of(task))
 WHERE task.flow_task_type = 'HUMAN' AND task.data ->> 'arrival' = 'again' AND workflows_arrival_of(task) = 'first'
"""


class Migration(migrations.Migration):
    dependencies = [("workflows", "0003_queue_weeks")]

    operations = [migrations.RunSQL([AFTER, OLD_ARRIVALS], [BEFORE])]
