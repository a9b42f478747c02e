"""The dossier: one life cycle for all paths, held by django-fsm in Python and by a trigger in PostgreSQL."""

import uuid
from collections.abc import Iterable
from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django_fsm import FSMField, transition

from cases.enums import STATUS_MOVES, DossierStatus, sources_of
from cases.models.organisations import Organisation
from cases.models.people import User

S = DossierStatus


class ProtectedStatusMixin(models.Model):
    """Lets ``refresh_from_db`` reload a protected FSM field without switching its protection off for other threads."""

    class Meta:
        abstract = True

    def refresh_from_db(
        self, using: str | None = None, fields: Iterable[str] | None = None, from_queryset: Any = None
    ) -> None:
        names = None if fields is None else list(fields)
        if names is None or "status" in names:
            self.__dict__.pop("status", None)
        super().refresh_from_db(using=using, fields=names, from_queryset=from_queryset)


class Dossier(ProtectedStatusMixin):
    """A case that travels an approval path.

    ``amount_ht`` is in EUR before tax. ``data`` has been validated by the path's form; ``results`` holds what steps
    recorded later (for instance the commitment). ``rule_versions`` maps each rule of the path to the version in force
    at submission. ``participants`` maps each duty to the ids of those who played it (separation of duties).
    ``created_by`` is empty for a dossier that the system opened (an obligation of the calendar).
    ``involved`` lists ``role@organisation id`` of every step that was ever open: those who may read the dossier.
    ``journal_length`` and ``journal_head`` anchor the journal's chain, so that cutting its tail is seen too.
    """

    public_id = models.UUIDField("identifiant public", default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField("référence", max_length=40, unique=True)
    path = models.CharField("circuit", max_length=60)
    convention = models.CharField("convention", max_length=40)
    rule_versions = models.JSONField("versions des règles", default=dict)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="dossiers", verbose_name="organisation"
    )
    title = models.CharField("objet", max_length=200)
    amount_ht = models.DecimalField("montant HT", max_digits=14, decimal_places=2, null=True, blank=True)
    approved_amount_ht = models.DecimalField(
        "montant validé HT", max_digits=14, decimal_places=2, null=True, blank=True
    )
    exercise = models.PositiveSmallIntegerField("exercice", null=True, blank=True)
    data = models.JSONField("données", default=dict)
    results = models.JSONField("suites", default=dict)
    status = FSMField("état", max_length=20, choices=S.choices, default=S.DRAFT.value, protected=True)
    version = models.PositiveIntegerField("version", default=1)
    participants = models.JSONField("intervenants", default=dict)
    involved = ArrayField(models.CharField(max_length=60), verbose_name="concernés", default=list)
    process = models.OneToOneField(
        "viewflow.Process", on_delete=models.PROTECT, related_name="dossier", editable=False
    )
    next_due_on = models.DateField("prochaine échéance", null=True, blank=True)
    journal_length = models.PositiveIntegerField(default=0)
    journal_head = models.CharField(max_length=64, default="0" * 64)
    search_text = models.CharField(max_length=300, default="", editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="créé par"
    )
    created_at = models.DateTimeField("créé le")
    submitted_at = models.DateTimeField("soumis le", null=True, blank=True)
    updated_at = models.DateTimeField("modifié le")

    class Meta:
        verbose_name = "dossier"
        ordering = ("-updated_at", "-pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="dossier_status_known", condition=Q(status__in=S.values)),
            models.CheckConstraint(
                name="dossier_amount_positive", condition=Q(amount_ht__isnull=True) | Q(amount_ht__gt=0)
            ),
            models.CheckConstraint(
                name="dossier_approved_amount_positive",
                condition=Q(approved_amount_ht__isnull=True) | Q(approved_amount_ht__gt=0),
            ),
            models.CheckConstraint(
                name="dossier_exercise_plausible",
                condition=Q(exercise__isnull=True) | Q(exercise__gte=2000, exercise__lte=2100),
            ),
            models.CheckConstraint(
                name="dossier_submitted_has_date",
                condition=Q(status__in=(S.DRAFT, S.WITHDRAWN)) | Q(submitted_at__isnull=False),
            ),
            models.CheckConstraint(name="dossier_version_positive", condition=Q(version__gte=1)),
            # One occurrence of the calendar, one dossier: the document is handed over once (once for each dossier that
            # owes it on its own, named by « about »).
            models.UniqueConstraint(
                KeyTextTransform("obligation", "data"),
                F("exercise"),
                Coalesce(KeyTextTransform("period", "data"), Value("1")),
                Coalesce(KeyTextTransform("about", "data"), Value("")),
                name="obligation_once",
                condition=Q(path="obligation") & ~Q(status=S.WITHDRAWN),
            ),
        )
        indexes = (
            models.Index(fields=("organisation", "-updated_at", "-id"), name="dossier_by_organisation"),
            models.Index(fields=("-updated_at", "-id"), name="dossier_by_update"),
            models.Index(fields=("organisation", "path", "submitted_at"), name="dossier_for_split_warning"),
            GinIndex(fields=("involved",), name="dossier_by_involved"),
            # Orders of the search page, read in both directions, the dossiers without a value apart.
            models.Index(fields=("submitted_at", "id"), name="dossier_by_submission"),
            models.Index(fields=("next_due_on", "id"), name="dossier_by_due"),
            models.Index(fields=("amount_ht", "id"), name="dossier_by_amount"),
            # Its filters, the last changed first; PostgreSQL joins their bitmaps, too.
            models.Index(fields=("status", "updated_at", "id"), name="dossier_by_status"),
            models.Index(fields=("path", "updated_at", "id"), name="dossier_by_path"),
            models.Index(fields=("path", "status", "updated_at", "id"), name="dossier_by_path_status"),
            models.Index(fields=("exercise", "updated_at", "id"), name="dossier_by_exercise"),
        )
        triggers = (
            pgtrigger.FSM(
                name="dossier_life_cycle",
                field="status",
                transitions=[
                    (source.value, target.value)
                    for source, targets in STATUS_MOVES.items()
                    for target in sorted(targets)
                ],
            ),
            pgtrigger.Protect(name="dossier_never_deleted", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.reference} — {self.title}"

    # One method per target status, so that each arrow can be found by its name. ``cases.lifecycle.move`` calls them.

    @transition(field=status, source=sources_of(S.DRAFT), target=S.DRAFT.value)
    def return_to_draft(self) -> None:
        """Returned before it left the body."""

    @transition(field=status, source=sources_of(S.SUBMITTED), target=S.SUBMITTED.value)
    def submit(self) -> None:
        """Handed to the person who signs for the body."""

    @transition(field=status, source=sources_of(S.UNDER_REVIEW), target=S.UNDER_REVIEW.value)
    def take_under_review(self) -> None:
        """A desk of the CANSSM examines it."""

    @transition(field=status, source=sources_of(S.TO_COMPLETE), target=S.TO_COMPLETE.value)
    def ask_to_complete(self) -> None:
        """The submitter has to complete the file."""

    @transition(field=status, source=sources_of(S.IN_CONSULTATION), target=S.IN_CONSULTATION.value)
    def consult(self) -> None:
        """Opinions are being collected."""

    @transition(field=status, source=sources_of(S.AWAITING_DECISION), target=S.AWAITING_DECISION.value)
    def await_decision(self) -> None:
        """Complete: the decider has it."""

    @transition(field=status, source=sources_of(S.AWAITING_AUTHORITY), target=S.AWAITING_AUTHORITY.value)
    def await_authority(self) -> None:
        """The ministries have it."""

    @transition(field=status, source=sources_of(S.APPROVED), target=S.APPROVED.value)
    def approve(self) -> None:
        """Validated, or dispensed from validation."""

    @transition(field=status, source=sources_of(S.ENFORCEABLE), target=S.ENFORCEABLE.value)
    def make_enforceable(self) -> None:
        """Executory by lapse of time."""

    @transition(field=status, source=sources_of(S.EXECUTED), target=S.EXECUTED.value)
    def execute(self) -> None:
        """Done: committed, effected, paid…"""

    @transition(field=status, source=sources_of(S.REFUSED), target=S.REFUSED.value)
    def refuse(self) -> None:
        """Refused with a motive."""

    @transition(field=status, source=sources_of(S.LAPSED), target=S.LAPSED.value)
    def lapse(self) -> None:
        """Approved but not used in time."""

    @transition(field=status, source=sources_of(S.WITHDRAWN), target=S.WITHDRAWN.value)
    def withdraw(self) -> None:
        """Withdrawn by the submitter before the decision."""

    @transition(field=status, source=sources_of(S.CLOSED), target=S.CLOSED.value)
    def close(self) -> None:
        """Filed."""


class ReferenceCounter(models.Model):
    """Last number given for a prefix and an exercise: ``FNMO``, 2015 → 42."""

    prefix = models.CharField(max_length=20)
    exercise = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(name="reference_counter_once", fields=("prefix", "exercise")),)

    def __str__(self) -> str:
        return f"{self.prefix}-{self.exercise}-{self.last:04d}"
