"""« Les virements en instruction »: the two filters that go together most often have an index for both. And what any
rule blocks, which is little, is found without reading all the rest.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0020_query_blanks"),
        ("viewflow", "0015_task_scheduled"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(fields=["path", "status", "updated_at", "id"], name="dossier_by_path_status"),
        ),
        migrations.AddIndex(
            model_name="dossierfindings",
            index=models.Index(
                condition=~models.Q(blocked_rules=[]), fields=["dossier"], name="findings_blocking"
            ),
        ),
    ]
