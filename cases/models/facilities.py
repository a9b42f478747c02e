"""The register of the œuvres: FINESS number, agrément, professionals, and all that changed."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import F, Q

from cases.models.dossiers import Dossier
from cases.models.journal import APPEND_ONLY, not_truncated
from cases.models.organisations import Organisation
from cases.models.people import User
from cases.register_terms import APPROVAL_MOVES, ApprovalState, FacilityKind


class Facility(models.Model):
    """An œuvre (centre de santé, pharmacie…) run by a body; the investments of the FNMO are made there.

    ``finess`` is the national number of the establishment (nine characters, the last one its key; ``cases.finess``),
    ``approval`` its agrément « centre de santé » (A65), ``adhered_on`` when it joined the accord national (A66),
    ``closed_on`` when the site was closed (A67): it is ``active`` no more then.
    """

    code = models.SlugField("code", max_length=40, unique=True)
    name = models.CharField("nom", max_length=160)
    town = models.CharField("commune", max_length=80)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="facilities", verbose_name="organisation"
    )
    active = models.BooleanField("en activité", default=True)
    kind = models.CharField(
        "nature",
        max_length=20,
        choices=FacilityKind.choices,
        default=FacilityKind.OTHER,
        db_default=FacilityKind.OTHER.value,
    )
    finess = models.CharField("numéro FINESS", max_length=9, null=True, blank=True, unique=True)  # noqa: DJ001 (unique)
    approval = models.CharField(
        "agrément",
        max_length=20,
        choices=ApprovalState.choices,
        default=ApprovalState.UNLISTED,
        db_default=ApprovalState.UNLISTED.value,
    )
    provisional_until = models.DateField("agrément provisoire jusqu’au", null=True, blank=True)
    adhered_on = models.DateField("adhésion à l’accord national le", null=True, blank=True)
    closed_on = models.DateField("fermée le", null=True, blank=True)
    version = models.PositiveIntegerField("version", default=1, db_default=1)

    class Meta:
        verbose_name = "œuvre"
        ordering = ("organisation", "name")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                name="facility_finess_shape",
                condition=Q(finess__isnull=True) | Q(finess__regex=r"^[0-9][0-9AB][0-9]{7}$"),
            ),
            models.CheckConstraint(name="facility_kind_known", condition=Q(kind__in=FacilityKind.values)),
            models.CheckConstraint(
                name="facility_approval_known", condition=Q(approval__in=ApprovalState.values)
            ),
            models.CheckConstraint(
                name="facility_provisional_has_state",
                condition=Q(provisional_until__isnull=True) | Q(approval=ApprovalState.PROVISIONAL),
            ),
            models.CheckConstraint(
                name="facility_closed_is_inactive", condition=Q(closed_on__isnull=True) | Q(active=False)
            ),
        )
        triggers = (
            pgtrigger.FSM(
                name="facility_approval_moves",
                field="approval",
                transitions=[
                    (source.value, target.value)
                    for source, targets in APPROVAL_MOVES.items()
                    for target in sorted(targets)
                ],
            ),
            pgtrigger.Protect(name="facility_never_deleted", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.town})"


class FacilityProfessional(models.Model):
    """A health professional of an œuvre, known by the ADELI number alone (A65): no name is kept."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="professionals")
    adeli = models.CharField("numéro ADELI", max_length=9)
    profession = models.CharField("profession", max_length=80)
    since = models.DateField("depuis le")
    until = models.DateField("jusqu’au", null=True, blank=True)

    class Meta:
        verbose_name = "professionnel de santé"
        verbose_name_plural = "professionnels de santé"
        ordering = ("facility", "profession", "adeli")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                name="professional_adeli_shape", condition=Q(adeli__regex=r"^[0-9][0-9AB][0-9]{7}$")
            ),
            models.CheckConstraint(
                name="professional_leaves_after_coming",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
            models.UniqueConstraint(
                name="professional_once_per_facility",
                fields=("facility", "adeli"),
                condition=Q(until__isnull=True),
            ),
        )
        triggers = (pgtrigger.Protect(name="professional_never_deleted", operation=pgtrigger.Delete),)

    def __str__(self) -> str:
        return f"{self.profession} {self.adeli}"


class FacilityChange(models.Model):
    """One change of the register: never changed itself. ``before`` and ``after`` are states of the agrément.

    ``on`` is the day on which it takes effect, ``act`` the reference of the authority's act, ``changes`` maps each
    field to what it was and what it is.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="history")
    at = models.DateTimeField("enregistré le")
    on = models.DateField("prend effet le")
    action = models.CharField("acte", max_length=20)
    before = models.CharField("agrément avant", max_length=20, blank=True)
    after = models.CharField("agrément après", max_length=20, blank=True)
    changes = models.JSONField("changements", default=dict)
    act = models.CharField("acte de l’autorité", max_length=160, blank=True)
    motive = models.TextField("motif", blank=True)
    dossier = models.ForeignKey(
        Dossier, on_delete=models.PROTECT, null=True, blank=True, related_name="facility_changes"
    )
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    capacity = models.CharField("qualité", max_length=400)

    class Meta:
        verbose_name = "changement du registre des œuvres"
        ordering = ("-at", "-pk")
        default_permissions = ()
        triggers = (
            pgtrigger.Protect(name="facility_change_append_only", operation=APPEND_ONLY),
            not_truncated("facility_change_not_truncated"),
        )

    def __str__(self) -> str:
        return f"{self.facility_id} {self.action}"
