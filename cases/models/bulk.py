"""Acts on many dossiers at once: asked for in one go, done one by one in the background, each with its result."""

import uuid

from django.db import models
from django.db.models import Q

from cases.models.dossiers import Dossier
from cases.models.people import User
from cases.work_terms import BulkItemState, BulkKind, BulkState


class BulkRun(models.Model):
    """One act on many dossiers. ``starts_at``: not before; a decision waits so that it can be recalled.

    ``step``, ``outcome`` and ``data`` are those of ``perform``; ``to`` is who receives the tasks of a reassignment.
    ``leased_until``: a worker has it in hand until then; past that another one may go on where it stopped.
    """

    public_id = models.UUIDField("identifiant public", default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("nature", max_length=10, choices=BulkKind.choices)
    state = models.CharField("état", max_length=10, choices=BulkState.choices, default=BulkState.WAITING)
    path = models.CharField("circuit", max_length=60, blank=True)
    step = models.CharField("étape", max_length=60, blank=True)
    outcome = models.CharField("issue", max_length=60, blank=True)
    data = models.JSONField("données de l’acte", default=dict)
    motive = models.TextField("motif", blank=True)
    to = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="confié à"
    )
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="bulk_runs", verbose_name="demandé par"
    )
    created_at = models.DateTimeField("demandé le")
    starts_at = models.DateTimeField("commence le")
    started_at = models.DateTimeField("commencé le", null=True, blank=True)
    finished_at = models.DateTimeField("terminé le", null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "acte groupé"
        ordering = ("-created_at", "-pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="bulk_kind_known", condition=Q(kind__in=BulkKind.values)),
            models.CheckConstraint(
                name="bulk_act_is_named",
                condition=~Q(kind=BulkKind.PERFORM) | (~Q(path="") & ~Q(step="") & ~Q(outcome="")),
            ),
            models.CheckConstraint(
                name="bulk_ended_has_moment",
                condition=Q(state__in=(BulkState.WAITING, BulkState.RUNNING), finished_at__isnull=True)
                | Q(state__in=(BulkState.DONE, BulkState.RECALLED), finished_at__isnull=False),
            ),
        )
        indexes = (
            models.Index(
                fields=("starts_at", "id"),
                name="bulk_to_run",
                condition=Q(state__in=(BulkState.WAITING, BulkState.RUNNING)),
            ),
            models.Index(fields=("created_by", "-created_at"), name="bulk_by_person"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.public_id}"


class BulkItem(models.Model):
    """One dossier of an act on many, as the person read it (``version``), and what became of it.

    ``task_id`` is the engine's task; ``held_by`` who held it then (None: nobody), so that a task which has changed
    hands since is not taken from somebody else. ``motive``: its own, when it differs from the run's.
    ``to``: who receives it, when that differs from one dossier to the next. ``reasons``: why not (code, message,
    quote), as JSON. ``entry``: sequence in the dossier's journal of what was done.
    """

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="items")
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="+")
    task_id = models.BigIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField("version lue")
    held_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    motive = models.TextField("motif", blank=True)
    to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(
        "résultat", max_length=10, choices=BulkItemState.choices, default=BulkItemState.WAITING
    )
    reasons = models.JSONField("raisons", default=list)
    entry = models.PositiveIntegerField("écriture du journal", null=True, blank=True)
    done_at = models.DateTimeField("fait le", null=True, blank=True)

    class Meta:
        verbose_name = "dossier d’un acte groupé"
        ordering = ("pk",)
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="bulk_item_state_known", condition=Q(state__in=BulkItemState.values)),
            models.UniqueConstraint(
                name="bulk_item_once", fields=("run", "dossier", "task_id"), nulls_distinct=False
            ),
            models.CheckConstraint(
                name="bulk_item_ended_has_moment",
                condition=Q(state=BulkItemState.WAITING, done_at__isnull=True)
                | (~Q(state=BulkItemState.WAITING) & Q(done_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="bulk_item_refusal_says_why",
                condition=~Q(state__in=(BulkItemState.REFUSED, BulkItemState.CONFLICT)) | ~Q(reasons=[]),
            ),
        )
        indexes = (
            models.Index(
                fields=("run", "id"), name="bulk_item_to_do", condition=Q(state=BulkItemState.WAITING)
            ),
        )

    def __str__(self) -> str:
        return f"{self.run_id} {self.dossier_id} {self.state}"
