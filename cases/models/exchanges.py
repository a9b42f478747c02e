"""What people write about a dossier and how dossiers relate: messages, internal notes, links."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import F, Q

from cases.models.dossiers import Dossier
from cases.models.journal import APPEND_ONLY, not_truncated
from cases.models.people import User
from cases.register_terms import LinkKind, MessageKind


class Message(models.Model):
    """A message on a dossier, or a note that only the CANSSM reads. Written once, never changed.

    ``from_submitter``: written for the body that filed the dossier, not for a desk.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField("nature", max_length=10, choices=MessageKind.choices)
    text = models.TextField("texte")
    from_submitter = models.BooleanField("de l’organisme", default=False)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="auteur")
    capacity = models.CharField("qualité", max_length=400)
    sent_at = models.DateTimeField("envoyé le")

    class Meta:
        verbose_name = "message"
        ordering = ("sent_at", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="message_kind_known", condition=Q(kind__in=MessageKind.values)),
            models.CheckConstraint(name="message_not_empty", condition=~Q(text="")),
            models.CheckConstraint(
                name="message_note_is_the_fund_s",
                condition=~Q(kind=MessageKind.NOTE) | Q(from_submitter=False),
            ),
        )
        indexes = (models.Index(fields=("dossier", "sent_at"), name="message_by_dossier"),)
        triggers = (
            pgtrigger.Protect(name="message_append_only", operation=APPEND_ONLY),
            not_truncated("message_not_truncated"),
        )

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.sent_at:%Y-%m-%d}"


def message_file_name(attached: "MessageFile", _: str) -> str:
    """Where the file is stored: never under a name that a person chose."""
    return f"messages/{attached.public_id.hex[:2]}/{attached.public_id}"


class MessageFile(models.Model):
    """A file attached to a message; who may read the message may read it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="files")
    file = models.FileField("fichier", upload_to=message_file_name, max_length=200)
    name = models.CharField("nom", max_length=150)
    content_type = models.CharField("type", max_length=100)
    size = models.PositiveBigIntegerField("taille")
    sha256 = models.CharField("empreinte", max_length=64)

    class Meta:
        verbose_name = "pièce d’un message"
        ordering = ("pk",)
        default_permissions = ()
        constraints = (models.CheckConstraint(name="message_file_not_empty", condition=Q(size__gt=0)),)
        triggers = (
            pgtrigger.Protect(name="message_file_append_only", operation=APPEND_ONLY),
            not_truncated("message_file_not_truncated"),
        )

    def __str__(self) -> str:
        return self.name


class DossierLink(models.Model):
    """``source`` follows, replaces or belongs to the same operation as ``target``. Taken back, it says by whom."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="links")
    target = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="linked_from")
    kind = models.CharField("nature", max_length=20, choices=LinkKind.choices)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("lié le")
    removed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    removed_at = models.DateTimeField("délié le", null=True, blank=True)

    class Meta:
        verbose_name = "lien entre dossiers"
        ordering = ("created_at", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="link_kind_known", condition=Q(kind__in=LinkKind.values)),
            models.CheckConstraint(name="link_to_another", condition=~Q(source=F("target"))),
            models.UniqueConstraint(
                name="link_once",
                fields=("source", "target", "kind"),
                condition=Q(removed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="link_removal_complete",
                condition=Q(removed_at__isnull=True, removed_by__isnull=True)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
            ),
        )
        triggers = (pgtrigger.Protect(name="link_never_deleted", operation=pgtrigger.Delete),)

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"
