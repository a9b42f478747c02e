"""Deadlines and the immutable events that they are computed from (``cases.deadlines`` does the sum)."""

import pgtrigger
from django.db import models
from django.db.models import Q

from cases.deadlines import Duration, EventKind, Unit
from cases.enums import AtExpiry, DeadlineKind, DeadlineState
from cases.models.dossiers import Dossier
from cases.models.organisations import Organisation
from cases.models.people import User


class Deadline(models.Model):
    """A clock on a step of a dossier. ``due_on`` and ``state`` are caches of what the events say.

    ``organisation`` is set where several bodies answer the same step, each under its own clock, ``person`` where
    several people do (experts). ``at_expiry`` is what the end of the delay brings about, ``expired_at`` when the system
    did it. ``remind_on`` is the day on which the
    sweep of reminders looks at this deadline next, ``reminded_on`` the last day that it has dealt with.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="deadlines")
    step = models.CharField("étape", max_length=60)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="organisme",
    )
    person = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="personne"
    )
    title = models.CharField("intitulé", max_length=120)
    kind = models.CharField("nature", max_length=10, choices=DeadlineKind.choices)
    rule_ref = models.CharField("règle", max_length=160)
    length = models.PositiveSmallIntegerField("durée")
    unit = models.CharField("unité", max_length=20, choices=[(unit.value, unit.value) for unit in Unit])
    roll_over = models.BooleanField("reportée au jour ouvré suivant", default=False)
    first_day_excluded = models.BooleanField("premier jour non compté", default=True)
    state = models.CharField(
        "état", max_length=10, choices=DeadlineState.choices, default=DeadlineState.RUNNING
    )
    due_on = models.DateField("échéance", null=True, blank=True)
    opened_at = models.DateTimeField("ouverte le")
    closed_at = models.DateTimeField("fermée le", null=True, blank=True)
    at_expiry = models.CharField(
        "à l’échéance",
        max_length=20,
        choices=AtExpiry.choices,
        default=AtExpiry.ALERT,
        db_default=AtExpiry.ALERT.value,
    )
    expired_at = models.DateTimeField("constatée échue le", null=True, blank=True)
    remind_on = models.DateField("prochain rappel à examiner le", null=True, blank=True)
    reminded_on = models.DateField("rappels faits jusqu’au", null=True, blank=True)

    class Meta:
        verbose_name = "échéance"
        ordering = ("opened_at", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="deadline_kind_known", condition=Q(kind__in=DeadlineKind.values)),
            models.CheckConstraint(name="deadline_state_known", condition=Q(state__in=DeadlineState.values)),
            models.CheckConstraint(name="deadline_expiry_known", condition=Q(at_expiry__in=AtExpiry.values)),
            models.CheckConstraint(
                name="deadline_running_has_date",
                condition=~Q(state=DeadlineState.RUNNING) | Q(due_on__isnull=False),
            ),
            models.CheckConstraint(
                name="deadline_closed_has_moment",
                condition=Q(
                    state__in=(DeadlineState.RUNNING, DeadlineState.SUSPENDED), closed_at__isnull=True
                )
                | Q(state__in=(DeadlineState.MET, DeadlineState.CANCELLED), closed_at__isnull=False),
            ),
        )
        indexes = (
            models.Index(
                fields=("due_on", "id"),
                name="deadline_running_by_date",
                condition=Q(state=DeadlineState.RUNNING),
            ),
            models.Index(
                fields=("due_on", "id"),
                name="deadline_to_expire",
                condition=Q(state=DeadlineState.RUNNING, expired_at__isnull=True)
                & ~Q(at_expiry=AtExpiry.ALERT),
            ),
            models.Index(
                fields=("remind_on", "id"),
                name="deadline_to_remind",
                condition=Q(state=DeadlineState.RUNNING, remind_on__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.due_on})"

    @property
    def duration(self) -> Duration:
        """The length of the clock, as ``cases.deadlines.compute`` takes it."""
        return Duration(
            value=self.length,
            unit=Unit(self.unit),
            roll_over=self.roll_over,
            first_day_excluded=self.first_day_excluded,
        )


class DeadlineEvent(models.Model):
    """Started, suspended, resumed, extended or met; never changed."""

    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(
        "événement", max_length=10, choices=[(kind.value, kind.value) for kind in EventKind]
    )
    at = models.DateTimeField("survenu le")
    amount = models.PositiveIntegerField("durée ajoutée", default=0)
    motive = models.CharField("motif", max_length=300, blank=True)

    class Meta:
        verbose_name = "événement d’échéance"
        ordering = ("at", "pk")
        default_permissions = ()
        triggers = (
            pgtrigger.Protect(
                name="deadline_event_append_only", operation=pgtrigger.Delete | pgtrigger.Update
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"
