"""What each running dossier of a path owes on its own has one dossier for each of them: « about » joins the index."""

import django.db.models.functions.comparison
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0009_registers_known_words"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="dossier", name="obligation_once"),
        migrations.AddConstraint(
            model_name="dossier",
            constraint=models.UniqueConstraint(
                KeyTextTransform("obligation", "data"),
                models.F("exercise"),
                django.db.models.functions.comparison.Coalesce(
                    KeyTextTransform("period", "data"), models.Value("1")
                ),
                django.db.models.functions.comparison.Coalesce(
                    KeyTextTransform("about", "data"), models.Value("")
                ),
                condition=models.Q(("path", "obligation"), models.Q(("status", "withdrawn"), _negated=True)),
                name="obligation_once",
            ),
        ),
    ]
