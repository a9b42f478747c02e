from typing import Any

import django.db.models.functions.comparison
from django.core.management.base import CommandError
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform

TWICE = """
SELECT string_agg(reference, ', ' ORDER BY id)
  FROM cases_dossier
 WHERE path = 'obligation' AND status <> 'withdrawn'
 GROUP BY data ->> 'obligation', exercise, coalesce(data ->> 'period', '1')
HAVING count(*) > 1
 ORDER BY min(id)
"""


def refuse_what_is_there_twice(apps: Any, schema_editor: Any) -> None:
    """Name the dossiers that would break the index: a person chooses which one goes on, no program does."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(TWICE)
        found = [references for (references,) in cursor.fetchall()]
    if found:
        raise CommandError(
            "Une même obligation du calendrier a plusieurs dossiers : "
            + " ; ".join(found)
            + ". Avec la version en place, retirez tous ceux de chaque groupe sauf un, puis relancez « manage.py "
            "prepare »."
        )


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0006_clocks_absences_feeds"),
    ]

    operations = [
        migrations.RunPython(refuse_what_is_there_twice, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="dossier",
            constraint=models.UniqueConstraint(
                KeyTextTransform("obligation", "data"),
                models.F("exercise"),
                django.db.models.functions.comparison.Coalesce(
                    KeyTextTransform("period", "data"), models.Value("1")
                ),
                condition=models.Q(("path", "obligation"), models.Q(("status", "withdrawn"), _negated=True)),
                name="obligation_once",
            ),
        ),
    ]
