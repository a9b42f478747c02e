"""The outbox: what people are told, written in the same transaction as the act that it tells of."""

from django.db import models
from django.db.models import Q

from cases.models import Dossier, User
from notifications.enums import Channel, OutboxState


class OutboxRow(models.Model):
    """One notice to one person by one channel.

    ``event`` is the dossier's public id and the number of the journal entry: the same act never tells
    somebody twice. ``step`` names the step that the notice asks for, and is empty when it only tells of
    something done. ``link`` is a path of this site.
    """

    event = models.CharField("événement", max_length=60)
    recipient = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="notices", verbose_name="destinataire"
    )
    channel = models.CharField("canal", max_length=10, choices=Channel.choices)
    state = models.CharField("état", max_length=10, choices=OutboxState.choices, default=OutboxState.PENDING)
    title = models.CharField("titre", max_length=160)
    body = models.TextField("texte")
    link = models.CharField("lien", max_length=200)
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="notices")
    step = models.CharField("étape attendue", max_length=60, blank=True)
    created_at = models.DateTimeField("émis le")
    read_at = models.DateTimeField("lu le", null=True, blank=True)

    class Meta:
        verbose_name = "avis"
        verbose_name_plural = "avis"
        ordering = ("-pk",)
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(name="outbox_once", fields=("event", "recipient", "channel")),
            models.CheckConstraint(name="outbox_channel_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(name="outbox_state_known", condition=Q(state__in=OutboxState.values)),
            models.CheckConstraint(
                name="outbox_link_stays_here",
                condition=Q(link__startswith="/") & ~Q(link__startswith="//"),
            ),
        )
        indexes = (
            models.Index(
                fields=("recipient", "-id"), name="outbox_in_app", condition=Q(channel=Channel.IN_APP)
            ),
            models.Index(
                fields=("recipient", "-id"),
                name="outbox_unread",
                condition=Q(channel=Channel.IN_APP, state=OutboxState.DELIVERED, read_at__isnull=True),
            ),
            models.Index(
                fields=("dossier",),
                name="outbox_asking",
                condition=Q(state=OutboxState.DELIVERED) & ~Q(step=""),
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} — {self.recipient_id}"

    @property
    def unread(self) -> bool:
        """Whether the notice still waits for its reader."""
        return self.state == OutboxState.DELIVERED and self.read_at is None
