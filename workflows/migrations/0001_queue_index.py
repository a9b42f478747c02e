"""The partial index that makes the queue cost what is open, not what ever was (measured in ``make bench``)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("viewflow", "0015_task_scheduled")]

    operations = [
        migrations.RunSQL(
            """
            CREATE INDEX workflows_open_tasks
                ON viewflow_task (owner_permission, owner_permission_obj_pk, created, id)
             WHERE flow_task_type = 'HUMAN' AND status IN ('NEW', 'ASSIGNED')
            """,
            "DROP INDEX workflows_open_tasks",
        ),
    ]
