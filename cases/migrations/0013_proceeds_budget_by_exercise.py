"""A sale feeds a budget of each exercise of its ten years of rents: one live budget for a sale and an exercise."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0012_approval_moves"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="proceedsbudget", name="proceeds_in_one_budget"),
        migrations.AddField(
            model_name="proceedsbudget",
            name="exercise",
            field=models.PositiveSmallIntegerField(default=2000, verbose_name="exercice"),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="proceedsbudget",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at__isnull", True)),
                fields=("sale", "exercise"),
                name="proceeds_in_one_budget",
            ),
        ),
    ]
