"""Decisions: what was decided, by whom, in which capacity, under which rules, and its signed paper."""

import pgtrigger
from django.db import models
from django.db.models import Q

from cases.enums import DecisionKind
from cases.models.documents import Document
from cases.models.dossiers import Dossier
from cases.models.people import User


class Decision(models.Model):
    """A decision on a dossier. ``amount_ht`` in EUR before tax; ``capacity`` is the role or delegation acted under."""

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField("nature", max_length=20, choices=DecisionKind.choices)
    step = models.CharField("étape", max_length=60)
    amount_ht = models.DecimalField("montant HT", max_digits=14, decimal_places=2, null=True, blank=True)
    motive = models.TextField("motif", blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="décidé par"
    )
    capacity = models.CharField("qualité", max_length=400)
    decided_at = models.DateTimeField("décidé le")
    rule_refs = models.JSONField("règles appliquées", default=list)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "décision"
        ordering = ("decided_at", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="decision_kind_known", condition=Q(kind__in=DecisionKind.values)),
            models.CheckConstraint(
                name="decision_refusal_has_motive", condition=~Q(kind=DecisionKind.REFUSAL) | ~Q(motive="")
            ),
            models.CheckConstraint(
                name="decision_amount_positive", condition=Q(amount_ht__isnull=True) | Q(amount_ht__gt=0)
            ),
        )
        triggers = (
            pgtrigger.Protect(name="decision_append_only", operation=pgtrigger.Delete | pgtrigger.Update),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} — {self.dossier_id}"
