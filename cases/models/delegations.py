"""Delegations: who may act in whose place, for which role, on what, up to how much, from when until when."""

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from cases.enums import Role
from cases.models.organisations import Organisation
from cases.models.people import User


class Delegation(models.Model):
    """``delegate`` acts as ``role`` on ``organisation`` in the place of ``delegator``, who holds that role.

    ``paths``: keys of the paths that it covers, all when empty. ``ceiling``: the highest amount, EUR HT, that a dossier
    may have (none: without limit; a dossier without amount is beyond any ceiling). From ``valid_from`` to
    ``valid_until``, both included. ``act`` names the decision that grants it. Never deleted: revoked, it keeps who
    revoked it, when and why.
    """

    public_id = models.UUIDField("identifiant public", default=uuid.uuid4, unique=True, editable=False)
    delegator = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="delegations_given", verbose_name="délégant"
    )
    delegate = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="delegations_received", verbose_name="délégataire"
    )
    role = models.CharField("rôle", max_length=30, choices=Role.choices)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name="organisation"
    )
    paths = ArrayField(models.CharField(max_length=60), verbose_name="circuits", default=list, blank=True)
    ceiling = models.DecimalField("plafond HT", max_digits=14, decimal_places=2, null=True, blank=True)
    valid_from = models.DateField("à compter du")
    valid_until = models.DateField("jusqu’au")
    act = models.CharField("acte", max_length=120)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name="enregistrée par"
    )
    created_at = models.DateTimeField("enregistrée le")
    revoked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="révoquée par"
    )
    revoked_at = models.DateTimeField("révoquée le", null=True, blank=True)
    revoked_because = models.CharField("motif de la révocation", max_length=300, blank=True)

    class Meta:
        verbose_name = "délégation"
        ordering = ("valid_from", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="delegation_role_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(
                name="delegation_ends_after_it_starts", condition=Q(valid_until__gte=F("valid_from"))
            ),
            models.CheckConstraint(name="delegation_to_somebody_else", condition=~Q(delegator=F("delegate"))),
            models.CheckConstraint(
                name="delegation_ceiling_positive", condition=Q(ceiling__isnull=True) | Q(ceiling__gt=0)
            ),
            models.CheckConstraint(name="delegation_has_act", condition=~Q(act="")),
            models.CheckConstraint(
                name="delegation_revocation_complete",
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True, revoked_because="")
                | (Q(revoked_at__isnull=False, revoked_by__isnull=False) & ~Q(revoked_because="")),
            ),
        )
        indexes = (
            models.Index(
                fields=("delegate", "valid_until"),
                name="delegation_in_force",
                condition=Q(revoked_at__isnull=True),
            ),
        )
        triggers = (pgtrigger.Protect(name="delegation_never_deleted", operation=pgtrigger.Delete),)

    def __str__(self) -> str:
        return f"{self.delegator_id} → {self.delegate_id} {self.role} ({self.act})"
