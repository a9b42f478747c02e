"""Meetings at which dossiers are dealt with together: sessions of the board, concertations with the ministries."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import Q

from cases.models.dossiers import Dossier
from cases.models.journal import APPEND_ONLY, not_truncated
from cases.models.people import User
from cases.register_terms import MeetingKind, MeetingState, PaperKind


class Meeting(models.Model):
    """A dated meeting. ``members``: how many the board has; ``label`` completes « séance » (« ordinaire »)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("nature", max_length=15, choices=MeetingKind.choices)
    held_on = models.DateField("date")
    starts_at = models.TimeField("heure", null=True, blank=True)
    place = models.CharField("lieu", max_length=160, blank=True)
    label = models.CharField("intitulé", max_length=120, blank=True)
    members = models.PositiveSmallIntegerField("membres", null=True, blank=True)
    remarks = models.TextField("observations", blank=True)
    state = models.CharField(
        "état", max_length=10, choices=MeetingState.choices, default=MeetingState.PLANNED
    )
    version = models.PositiveIntegerField("version", default=1)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("créée le")
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField("close ou annulée le", null=True, blank=True)

    class Meta:
        verbose_name = "séance"
        ordering = ("-held_on", "-pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="meeting_kind_known", condition=Q(kind__in=MeetingKind.values)),
            models.CheckConstraint(name="meeting_state_known", condition=Q(state__in=MeetingState.values)),
            models.UniqueConstraint(
                name="meeting_once_a_day",
                fields=("kind", "held_on"),
                condition=~Q(state=MeetingState.CANCELLED),
            ),
            models.CheckConstraint(
                name="meeting_closing_complete",
                condition=Q(state=MeetingState.PLANNED, closed_at__isnull=True, closed_by__isnull=True)
                | (~Q(state=MeetingState.PLANNED) & Q(closed_at__isnull=False, closed_by__isnull=False)),
            ),
        )
        triggers = (
            pgtrigger.Protect(name="meeting_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="meeting_closed_is_final",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state=MeetingState.PLANNED.value),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} du {self.held_on:%d/%m/%Y}"


class AgendaItem(models.Model):
    """A dossier on the agenda of a meeting, for one step. ``record`` is what was recorded there: votes, opinions.

    ``removed_at``: taken off the agenda before it was dealt with. A dossier waits on one agenda at a time.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="items")
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="agenda_items")
    step = models.CharField("étape", max_length=60)
    position = models.PositiveSmallIntegerField("rang")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField("inscrit le")
    outcome = models.CharField("issue", max_length=60, blank=True)
    record = models.JSONField("résultat", default=dict)
    motive = models.TextField("motif", blank=True)
    settled_at = models.DateTimeField("traité le", null=True, blank=True)
    removed_at = models.DateTimeField("retiré le", null=True, blank=True)

    class Meta:
        verbose_name = "point de l’ordre du jour"
        ordering = ("meeting", "position", "pk")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                name="agenda_item_once",
                fields=("meeting", "dossier", "step"),
                condition=Q(removed_at__isnull=True),
            ),
            models.UniqueConstraint(
                name="agenda_item_waits_once",
                fields=("dossier", "step"),
                condition=Q(removed_at__isnull=True, settled_at__isnull=True),
            ),
            models.CheckConstraint(
                name="agenda_item_settled_or_removed",
                condition=Q(removed_at__isnull=True) | Q(settled_at__isnull=True),
            ),
            models.CheckConstraint(
                name="agenda_item_settled_has_outcome", condition=Q(settled_at__isnull=True) | ~Q(outcome="")
            ),
        )
        triggers = (
            pgtrigger.Protect(name="agenda_item_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="agenda_item_settled_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__settled_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.position}"


def meeting_paper_name(paper: "MeetingPaper", _: str) -> str:
    """Where the file is stored."""
    return f"meetings/{paper.public_id.hex[:2]}/{paper.public_id}"


class MeetingPaper(models.Model):
    """The agenda or the minutes of a meeting, as PDF/A. A new version never replaces the former."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField("nature", max_length=10, choices=PaperKind.choices)
    version = models.PositiveSmallIntegerField("version")
    file = models.FileField("fichier", upload_to=meeting_paper_name, max_length=200)
    name = models.CharField("nom", max_length=150)
    size = models.PositiveBigIntegerField("taille")
    sha256 = models.CharField("empreinte", max_length=64)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField("établi le")

    class Meta:
        verbose_name = "document de séance"
        ordering = ("kind", "-version")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(name="meeting_paper_version_once", fields=("meeting", "kind", "version")),
            models.CheckConstraint(name="meeting_paper_kind_known", condition=Q(kind__in=PaperKind.values)),
        )
        triggers = (
            pgtrigger.Protect(name="meeting_paper_append_only", operation=APPEND_ONLY),
            not_truncated("meeting_paper_not_truncated"),
        )

    def __str__(self) -> str:
        return f"{self.name} (v{self.version})"
