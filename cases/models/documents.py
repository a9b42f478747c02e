"""Pieces of a dossier. A new file of the same kind supersedes the former, which stays readable to auditors."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import Q

from cases.models.dossiers import Dossier
from cases.models.people import User


def storage_name(document: "Document", _: str) -> str:
    """Where the file is stored: never under a name that a person chose."""
    return f"pieces/{document.public_id.hex[:2]}/{document.public_id}"


class Document(models.Model):
    """One version of one piece: its file, its size in bytes, its SHA-256 and its type as found in the content."""

    public_id = models.UUIDField("identifiant", default=uuid.uuid4, unique=True, editable=False)
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField("nature", max_length=60)
    version = models.PositiveSmallIntegerField("version")
    current = models.BooleanField("en vigueur", default=True)
    file = models.FileField("fichier", upload_to=storage_name, max_length=200)
    name = models.CharField("nom", max_length=150)
    content_type = models.CharField("type", max_length=100)
    size = models.PositiveBigIntegerField("taille")
    sha256 = models.CharField("empreinte", max_length=64)
    uploaded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, verbose_name="déposé par"
    )
    uploaded_at = models.DateTimeField("déposé le")

    class Meta:
        verbose_name = "pièce"
        ordering = ("kind", "-version", "-pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="document_not_empty", condition=Q(size__gt=0)),
            models.UniqueConstraint(name="document_version_once", fields=("dossier", "kind", "version")),
            models.UniqueConstraint(
                name="document_current_once", fields=("dossier", "kind"), condition=Q(current=True)
            ),
        )
        triggers = (pgtrigger.Protect(name="document_never_deleted", operation=pgtrigger.Delete),)

    def __str__(self) -> str:
        return f"{self.name} (v{self.version})"
