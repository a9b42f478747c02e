"""Opinions asked of experts and of bodies: who was asked, by when, what they said, who stepped down and why."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import Q

from cases.models.dossiers import Dossier
from cases.models.journal import not_truncated
from cases.models.organisations import Organisation
from cases.models.people import User
from cases.register_terms import OpinionAnswer, OpinionState


class Consultation(models.Model):
    """One round of opinions on a dossier. ``confidential``: nobody reads another's opinion before it is closed."""

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="consultations")
    step = models.CharField("étape", max_length=60)
    round = models.PositiveSmallIntegerField("tour")
    confidential = models.BooleanField("confidentielle", default=False)
    opened_at = models.DateTimeField("ouverte le")
    closed_at = models.DateTimeField("close le", null=True, blank=True)

    class Meta:
        verbose_name = "consultation"
        ordering = ("opened_at", "pk")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(name="consultation_round_once", fields=("dossier", "step", "round")),
            models.UniqueConstraint(
                name="consultation_open_once", fields=("dossier", "step"), condition=Q(closed_at__isnull=True)
            ),
        )
        triggers = (
            pgtrigger.Protect(name="consultation_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="consultation_closed_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__closed_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.step} {self.round}"


class Opinion(models.Model):
    """One opinion that was asked for: of a person (``expert``), or of a body (``organisation``) whoever answers there.

    ``seal`` is the SHA-256 of the answer, its text and ``nonce``: the journal holds it from the day of the answer on,
    the words only once the consultation is closed. ``replaces``: the expert who stepped down. Once given, an opinion
    never changes.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="opinions")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name="organisme"
    )
    expert = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="opinions", verbose_name="expert"
    )
    state = models.CharField(
        "état", max_length=10, choices=OpinionState.choices, default=OpinionState.INVITED
    )
    answer = models.CharField("avis", max_length=15, choices=OpinionAnswer.choices, blank=True)
    text = models.TextField("avis motivé", blank=True)
    motive = models.TextField("motif de récusation", blank=True)
    nonce = models.CharField(max_length=64, blank=True)
    seal = models.CharField("scellé", max_length=64, blank=True)
    given_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="rendu par"
    )
    capacity = models.CharField("qualité", max_length=400, blank=True)
    invited_at = models.DateTimeField("demandé le")
    settled_at = models.DateTimeField("rendu ou récusé le", null=True, blank=True)
    met_on = models.DateField("séance du", null=True, blank=True)
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )

    class Meta:
        verbose_name = "avis"
        verbose_name_plural = "avis"
        ordering = ("invited_at", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="opinion_state_known", condition=Q(state__in=OpinionState.values)),
            models.CheckConstraint(
                name="opinion_given_complete",
                condition=Q(
                    state=OpinionState.GIVEN,
                    answer__in=OpinionAnswer.values,
                    given_by__isnull=False,
                    settled_at__isnull=False,
                )
                & ~Q(text="")
                & ~Q(seal="")
                | ~Q(state=OpinionState.GIVEN) & Q(answer="", text="", seal=""),
            ),
            models.CheckConstraint(
                name="opinion_recused_has_motive", condition=~Q(state=OpinionState.RECUSED) | ~Q(motive="")
            ),
            models.UniqueConstraint(
                name="opinion_once_per_expert",
                fields=("consultation", "expert"),
                condition=Q(expert__isnull=False),
            ),
            models.UniqueConstraint(
                name="opinion_once_per_body",
                fields=("consultation", "organisation"),
                condition=Q(expert__isnull=True, state=OpinionState.GIVEN),
            ),
        )
        indexes = (
            models.Index(fields=("expert",), name="opinion_awaited", condition=Q(state=OpinionState.INVITED)),
        )
        triggers = (
            pgtrigger.Protect(name="opinion_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="opinion_settled_once",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state=OpinionState.INVITED.value),
            ),
            not_truncated("opinion_not_truncated"),
        )

    def __str__(self) -> str:
        return f"{self.consultation_id} {self.get_state_display()}"
