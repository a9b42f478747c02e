"""The outbox: what people and programs are told, written in the same transaction as the act that it tells of."""

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from cases.models import Dossier, LegalNotice, User
from notifications.enums import (
    CALLABLE,
    CHOOSABLE,
    OUTBOX_MOVES,
    TROUBLED,
    Cadence,
    Channel,
    NoticeKind,
    OutboxState,
)

_TROUBLED = ", ".join(f"'{one.value}'" for one in TROUBLED)
_RETRIED = f"(OLD.state IN ({_TROUBLED}) AND NEW.state = 'pending')"


class Preference(models.Model):
    """When a person wants mail about a kind of notice; without a row: at once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notice_preferences")
    kind = models.CharField("nature", max_length=10, choices=[(one.value, one.label) for one in CHOOSABLE])
    cadence = models.CharField("rythme", max_length=10, choices=Cadence.choices)

    class Meta:
        verbose_name = "préférence"
        ordering = ("user", "kind")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(name="preference_once", fields=("user", "kind")),
            models.CheckConstraint(
                name="preference_kind_choosable", condition=Q(kind__in=[one.value for one in CHOOSABLE])
            ),
            models.CheckConstraint(name="preference_cadence_known", condition=Q(cadence__in=Cadence.values)),
        )

    def __str__(self) -> str:
        return f"{self.user_id}: {self.kind} {self.cadence}"


class Webhook(models.Model):
    """An address that is called at each event of the kinds chosen.

    The secret that signs the calls is derived from ``salt`` and ``SECRET_KEY``: a copy of the database holds none.
    ``failures`` counts calls refused one after the other; too many disable it.
    """

    public_id = models.UUIDField("identifiant", default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("nom", max_length=80, unique=True)
    url = models.CharField("adresse", max_length=500)
    kinds = ArrayField(
        models.CharField(max_length=10, choices=[(one.value, one.label) for one in CALLABLE]),
        verbose_name="événements",
    )
    salt = models.CharField(max_length=64, editable=False)
    active = models.BooleanField("actif", default=True)
    failures = models.PositiveIntegerField("échecs de suite", default=0)
    last_error = models.CharField("dernière erreur", max_length=300, blank=True)
    last_called_at = models.DateTimeField("dernier appel", null=True, blank=True)
    created_at = models.DateTimeField("créé le")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="créé par")

    class Meta:
        verbose_name = "abonnement"
        ordering = ("name",)
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                name="webhook_kinds_known",
                condition=Q(kinds__contained_by=[one.value for one in CALLABLE]) & Q(kinds__len__gt=0),
            ),
        )

    def __str__(self) -> str:
        return self.name


class OutboxRow(models.Model):
    """One notice to one addressee by one channel.

    ``event`` is the dossier's public id and the number of the journal entry: the same act never tells somebody twice.
    A legal notice adds its own number, since it goes by itself to each addressee for whom a person acts.
    ``step`` names the step that the notice asks for, and is empty when it only tells of something done. ``link`` is a
    path of this site. ``details``: JSON for the text (the rule's quote) and the body of a call.

    ``due_at``: while ``pending`` the moment of the next attempt, while ``sending`` the end of the lease.
    ``message_id`` is given at the first attempt and stays: what is sent again after a crash can be recognised. A
    digest is a row of its own (kind ``digest``, no dossier), which the rows that it carries name.

    ``sent_to``: the address of the latest attempt. ``refused_at``: when a server, ours or the addressee's, refused that
    address for good, while the row is ``failed`` or ``bounced``. ``retries``: how often an administrator sent it again.
    """

    event = models.CharField("événement", max_length=60)
    recipient = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name="destinataire",
    )
    webhook = models.ForeignKey(
        Webhook,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="calls",
        verbose_name="abonnement",
    )
    channel = models.CharField("canal", max_length=10, choices=Channel.choices)
    kind = models.CharField(
        "nature", max_length=10, choices=NoticeKind.choices, db_default=NoticeKind.TASK.value
    )
    cadence = models.CharField("rythme", max_length=10, choices=Cadence.choices, db_default=Cadence.NOW.value)
    state = models.CharField("état", max_length=12, choices=OutboxState.choices, default=OutboxState.PENDING)
    title = models.CharField("titre", max_length=160)
    body = models.TextField("texte")
    link = models.CharField("lien", max_length=200)
    dossier = models.ForeignKey(
        Dossier, on_delete=models.PROTECT, null=True, blank=True, related_name="notices"
    )
    legal_notice = models.ForeignKey(
        LegalNotice, on_delete=models.PROTECT, null=True, blank=True, related_name="mails"
    )
    step = models.CharField("étape attendue", max_length=60, blank=True)
    details = models.JSONField("détails", default=dict, db_default=models.Value({}, models.JSONField()))
    digest = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="carried"
    )
    created_at = models.DateTimeField("émis le")
    read_at = models.DateTimeField("lu le", null=True, blank=True)
    due_at = models.DateTimeField("à reprendre le", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("essais", db_default=0)
    message_id = models.CharField("identifiant du message", max_length=160, blank=True, db_default="")
    delivered_at = models.DateTimeField("remis le", null=True, blank=True)
    error = models.CharField("dernière erreur", max_length=400, blank=True, db_default="")
    sent_to = models.CharField("adresse employée", max_length=254, blank=True, db_default="")
    refused_at = models.DateTimeField("adresse refusée le", null=True, blank=True)
    retries = models.PositiveSmallIntegerField("relances", db_default=0)

    class Meta:
        verbose_name = "avis"
        verbose_name_plural = "avis"
        ordering = ("-pk",)
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(name="outbox_once", fields=("event", "recipient", "channel")),
            models.UniqueConstraint(name="outbox_called_once", fields=("event", "webhook")),
            models.CheckConstraint(name="outbox_channel_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(name="outbox_state_known", condition=Q(state__in=OutboxState.values)),
            models.CheckConstraint(name="outbox_kind_known", condition=Q(kind__in=NoticeKind.values)),
            models.CheckConstraint(name="outbox_cadence_known", condition=Q(cadence__in=Cadence.values)),
            models.CheckConstraint(
                name="outbox_one_addressee",
                condition=Q(channel=Channel.WEBHOOK, webhook__isnull=False, recipient__isnull=True)
                | (~Q(channel=Channel.WEBHOOK) & Q(webhook__isnull=True, recipient__isnull=False)),
            ),
            models.CheckConstraint(
                name="outbox_waits_until_a_moment",
                condition=~Q(state__in=(OutboxState.PENDING, OutboxState.SENDING)) | Q(due_at__isnull=False),
            ),
            models.CheckConstraint(
                name="outbox_about_a_dossier", condition=Q(dossier__isnull=False) | Q(kind=NoticeKind.DIGEST)
            ),
            models.CheckConstraint(
                name="outbox_legal_is_sent_at_once",
                condition=~Q(kind=NoticeKind.LEGAL) | Q(cadence=Cadence.NOW),
            ),
            models.CheckConstraint(
                name="outbox_link_stays_here",
                condition=Q(link__startswith="/") & ~Q(link__startswith="//"),
            ),
            models.UniqueConstraint(
                name="outbox_message_id_once", fields=("message_id",), condition=~Q(message_id="")
            ),
            models.CheckConstraint(
                name="outbox_bounced_was_a_mail",
                condition=~Q(state=OutboxState.BOUNCED) | Q(channel=Channel.EMAIL, refused_at__isnull=False),
            ),
            models.CheckConstraint(
                name="outbox_refused_is_shown",
                condition=Q(refused_at__isnull=True) | Q(state__in=(OutboxState.FAILED, OutboxState.BOUNCED)),
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
                condition=Q(state__in=(OutboxState.DELIVERED, OutboxState.PENDING)) & ~Q(step=""),
            ),
            models.Index(
                fields=("channel", "due_at", "id"),
                name="outbox_waiting",
                condition=Q(state__in=(OutboxState.PENDING, OutboxState.SENDING), cadence=Cadence.NOW),
            ),
            models.Index(
                fields=("due_at", "recipient"),
                name="outbox_to_gather",
                condition=Q(state=OutboxState.PENDING, cadence__in=(Cadence.DAILY, Cadence.WEEKLY)),
            ),
            models.Index(
                fields=("-id",),
                name="outbox_troubled",
                condition=Q(state__in=TROUBLED),
            ),
            models.Index(
                fields=("recipient", "-refused_at"),
                name="outbox_refused",
                condition=Q(refused_at__isnull=False),
            ),
        )
        triggers = (
            pgtrigger.FSM(
                name="outbox_moves",
                field="state",
                transitions=[
                    (source.value, target.value)
                    for source, targets in OUTBOX_MOVES.items()
                    for target in sorted(targets)
                ],
            ),
            pgtrigger.Protect(
                name="outbox_retry_is_explicit",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    f"NEW.retries <> OLD.retries + CASE WHEN {_RETRIED} THEN 1 ELSE 0 END"
                ),
            ),
            pgtrigger.Protect(
                name="outbox_only_digests_take_back",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state = 'delivered' AND NEW.state = 'bundled' AND OLD.digest_id IS NULL"
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} — {self.recipient_id or self.webhook_id}"

    @property
    def reader(self) -> User:
        """The person told. Raises ``ValueError`` for a call, which has none."""
        if self.recipient is None:
            raise ValueError(f"row {self.pk} has no recipient")
        return self.recipient

    @property
    def subject(self) -> Dossier:
        """The dossier that the notice is about. Raises ``ValueError`` for a digest, which has none of its own."""
        if self.dossier is None:
            raise ValueError(f"row {self.pk} has no dossier")
        return self.dossier

    @property
    def unread(self) -> bool:
        """Whether the notice still waits for its reader."""
        return self.state == OutboxState.DELIVERED and self.read_at is None
