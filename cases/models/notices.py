"""Legal notices: what a body outside the CANSSM has to be told of, by when, and the proof that it was."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import Q

from cases.models.documents import Document
from cases.models.dossiers import Dossier
from cases.models.journal import not_truncated
from cases.models.organisations import Organisation
from cases.models.people import User


class LegalNotice(models.Model):
    """The information of one addressee about one act of a dossier (A19: « font l'objet d'une information »).

    ``happened_on`` is the day of what is told, ``due_on`` the last day of the delay, whose clock is the dossier's
    deadline of the same step and addressee. ``document`` is the paper (PDF/A). ``sent_at``: put at the addressee's
    disposal. An acknowledgement names the person and the capacity, is written once and never changed.
    """

    public_id = models.UUIDField("identifiant public", default=uuid.uuid4, unique=True, editable=False)
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="legal_notices")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="legal_notices", verbose_name="destinataire"
    )
    step = models.CharField("étape", max_length=60)
    rule_ref = models.CharField("règle", max_length=160)
    happened_on = models.DateField("date de l’acte")
    due_on = models.DateField("à informer au plus tard le")
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField("envoyé le")
    acknowledged_at = models.DateTimeField("accusé de réception le", null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="accusé par"
    )
    capacity = models.CharField("qualité", max_length=400, blank=True)

    class Meta:
        verbose_name = "information légale"
        verbose_name_plural = "informations légales"
        ordering = ("due_on", "pk")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                name="legal_notice_once_per_addressee", fields=("dossier", "step", "organisation")
            ),
            models.CheckConstraint(
                name="legal_notice_due_after_the_act", condition=Q(due_on__gte=models.F("happened_on"))
            ),
            models.CheckConstraint(
                name="legal_notice_acknowledgement_complete",
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True, capacity="")
                | (Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False) & ~Q(capacity="")),
            ),
        )
        indexes = (
            models.Index(
                fields=("due_on", "id"),
                name="legal_notice_awaited",
                condition=Q(acknowledged_at__isnull=True),
            ),
        )
        triggers = (
            pgtrigger.Protect(name="legal_notice_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="legal_notice_terms_fixed",
                exclude=["acknowledged_at", "acknowledged_by", "capacity"],
            ),
            pgtrigger.Protect(
                name="legal_notice_acknowledged_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__acknowledged_at__isnull=False),
            ),
            not_truncated("legal_notice_not_truncated"),
        )

    def __str__(self) -> str:
        return f"{self.dossier_id} → {self.organisation_id}"
