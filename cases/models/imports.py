"""Files that are read into a register: shown first with what is wrong in them, then loaded whole or not at all."""

import uuid

from django.db import models
from django.db.models import Q

from cases.models.people import User
from cases.register_terms import ImportState, RegisterKind


def import_name(upload: "RegisterImport", _: str) -> str:
    """Where the file is stored: never under a name that a person chose."""
    return f"imports/{upload.public_id.hex[:2]}/{upload.public_id}"


class RegisterImport(models.Model):
    """A file that somebody wants to load into a register.

    ``rows`` counts the rows read, ``created``, ``changed`` and ``unchanged`` what loading does, ``faulty`` the rows
    that are wrong; ``faults`` lists what is wrong: row number, column, sentence. Nothing is loaded while one row is
    wrong.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    register = models.CharField("registre", max_length=10, choices=RegisterKind.choices)
    state = models.CharField(
        "état", max_length=10, choices=ImportState.choices, default=ImportState.PREVIEWED
    )
    file = models.FileField("fichier", upload_to=import_name, max_length=200)
    name = models.CharField("nom", max_length=150)
    size = models.PositiveBigIntegerField("taille")
    sha256 = models.CharField("empreinte", max_length=64)
    rows = models.PositiveIntegerField("lignes", default=0)
    faulty = models.PositiveIntegerField("lignes en erreur", default=0)
    created = models.PositiveIntegerField("à créer", default=0)
    changed = models.PositiveIntegerField("à modifier", default=0)
    unchanged = models.PositiveIntegerField("inchangées", default=0)
    faults = models.JSONField("anomalies", default=list)
    fault_count = models.PositiveIntegerField("nombre d’anomalies", default=0)
    sample = models.JSONField("aperçu", default=list)
    plan = models.CharField("empreinte de ce qui changerait", max_length=64, blank=True)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("déposé le")
    settled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField("chargé ou abandonné le", null=True, blank=True)

    class Meta:
        verbose_name = "import"
        ordering = ("-uploaded_at", "-pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="import_state_known", condition=Q(state__in=ImportState.values)),
            models.CheckConstraint(
                name="import_register_known", condition=Q(register__in=RegisterKind.values)
            ),
            models.CheckConstraint(
                name="import_loaded_without_faults", condition=~Q(state=ImportState.LOADED) | Q(faulty=0)
            ),
            models.CheckConstraint(
                name="import_settled_complete",
                condition=Q(state=ImportState.PREVIEWED, settled_at__isnull=True)
                | (~Q(state=ImportState.PREVIEWED) & Q(settled_at__isnull=False)),
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.get_state_display()})"
