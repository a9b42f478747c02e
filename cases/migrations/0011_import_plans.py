"""What an import would write, as a fingerprint, and how many faults it has in all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0010_obligation_about_a_dossier")]

    operations = [
        migrations.AddField(
            "registerimport", "fault_count", models.PositiveIntegerField("nombre d’anomalies", default=0)
        ),
        migrations.AddField(
            "registerimport",
            "plan",
            models.CharField("empreinte de ce qui changerait", max_length=64, blank=True, default=""),
            preserve_default=False,
        ),
    ]
