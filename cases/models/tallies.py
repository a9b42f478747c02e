"""What is counted of each queue, so that a page of figures costs the same with a thousand dossiers and a million.

A queue is a role on a body at a step of a path, seen for the dossiers of one organisation. PostgreSQL triggers on the
engine's tasks and on the date of dossiers write ``QueueDelta`` rows (``workflows/migrations/0002_tallies.py``): only
insertions, so that two people who act at once never wait for each other. A sweep folds them into ``QueueTally``;
whoever reads sums both, so nothing depends on the sweep but speed. The same sweep keeps ``QueueWeek``: what happened in
a week in one row, since a busy queue has a tally for each day, way out and length.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from cases.enums import Role
from cases.models.organisations import Organisation
from cases.work_terms import Measure


class WorkQueue(models.Model):
    """A role on ``body`` that has or had ``step`` of ``path`` to do for dossiers of ``organisation``."""

    role = models.CharField("rôle", max_length=30, choices=Role.choices)
    body = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name="organisme qui agit"
    )
    path = models.CharField("circuit", max_length=60)
    step = models.CharField("étape", max_length=60)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name="organisme des dossiers"
    )

    class Meta:
        verbose_name = "file"
        ordering = ("pk",)
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                name="work_queue_once", fields=("role", "body", "path", "step", "organisation")
            ),
        )

    def __str__(self) -> str:
        return f"{self.role}@{self.body_id} {self.path}.{self.step} ({self.organisation_id})"


class Tally(models.Model):
    """``number`` of what ``measure`` counts. ``day``: see ``Measure``; ``days``: a length in working days, else −1.

    ``outcome``: how the task came (``in``, an ``Arrival``) or how it left (an outcome of the step, or ``GONE``).
    """

    queue = models.ForeignKey(WorkQueue, on_delete=models.PROTECT, related_name="+")
    measure = models.CharField(max_length=5, choices=Measure.choices)
    day = models.DateField()
    days = models.IntegerField(default=-1)
    outcome = models.CharField(max_length=60, default="", blank=True)
    number = models.IntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.queue_id} {self.measure} {self.day} {self.number:+}"


class QueueTally(Tally):
    """What the sweep has folded so far."""

    class Meta:
        verbose_name = "décompte"
        ordering = ("pk",)
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="tally_measure_known", condition=Q(measure__in=Measure.values)),
            models.UniqueConstraint(
                name="tally_once", fields=("queue", "measure", "day", "days", "outcome"), include=("number",)
            ),
        )


class QueueDelta(Tally):
    """What has happened since the last fold."""

    class Meta:
        verbose_name = "variation"
        ordering = ("pk",)
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="delta_measure_known", condition=Q(measure__in=Measure.values)),
        )


class QueueWeek(models.Model):
    """What the tallies folded so far say of one queue and the week that begins on ``monday``.

    ``flows``: arrivals ``first``, ``completed``, ``again`` and exits ``done``, ``returned`` (to the submitter),
    ``gone``, in this order. ``gross``, ``net``: pairs of a length in working days and how many visits took so long.
    """

    queue = models.ForeignKey(WorkQueue, on_delete=models.PROTECT, related_name="+", db_index=False)
    monday = models.DateField()
    flows = ArrayField(models.IntegerField(), size=6)
    gross = ArrayField(ArrayField(models.IntegerField(), size=2))
    net = ArrayField(ArrayField(models.IntegerField(), size=2))

    class Meta:
        verbose_name = "semaine de file"
        ordering = ("pk",)
        default_permissions = ()
        constraints = (models.UniqueConstraint(name="queue_week_once", fields=("queue", "monday")),)

    def __str__(self) -> str:
        return f"{self.queue_id} {self.monday}"
