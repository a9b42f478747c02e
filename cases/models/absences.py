"""Absences: from when to when a person does not work, and who stands in."""

import uuid

from django.db import models
from django.db.models import F, Q

from cases.models.people import User


class Absence(models.Model):
    """A person is away from ``first_day`` to ``last_day``, both included.

    ``deputy`` receives the reminders meanwhile (without one: the usual deputy, ``User.deputy``). An absence is never
    deleted: cancelled, it keeps who cancelled it and when.
    """

    public_id = models.UUIDField("identifiant public", default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="absences", verbose_name="personne")
    first_day = models.DateField("premier jour")
    last_day = models.DateField("dernier jour")
    deputy = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="absences_covered",
        verbose_name="suppléant",
    )
    created_at = models.DateTimeField("déclarée le")
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name="déclarée par"
    )
    cancelled_at = models.DateTimeField("annulée le", null=True, blank=True)
    cancelled_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="annulée par"
    )

    class Meta:
        verbose_name = "absence"
        ordering = ("first_day", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                name="absence_ends_after_it_starts", condition=Q(last_day__gte=F("first_day"))
            ),
            models.CheckConstraint(
                name="absence_deputy_is_somebody_else",
                condition=Q(deputy__isnull=True) | ~Q(deputy=F("user")),
            ),
            models.CheckConstraint(
                name="absence_cancellation_complete",
                condition=Q(cancelled_at__isnull=True, cancelled_by__isnull=True)
                | Q(cancelled_at__isnull=False, cancelled_by__isnull=False),
            ),
        )
        indexes = (
            models.Index(
                fields=("last_day", "user"), name="absence_in_force", condition=Q(cancelled_at__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.first_day} – {self.last_day}"
