"""What a person keeps on their desk: views, tasks put off, motives written beforehand, dossiers seen."""

import uuid

from django.db import models
from django.db.models import Q

from cases.enums import Role
from cases.models.dossiers import Dossier
from cases.models.organisations import Organisation
from cases.models.people import User
from cases.work_terms import ListPage


class SavedView(models.Model):
    """Filters of a page under a name. Private, or shared with all who hold a role on a body."""

    public_id = models.UUIDField("identifiant public", default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="saved_views", verbose_name="propriétaire"
    )
    page = models.CharField("page", max_length=10, choices=ListPage.choices)
    name = models.CharField("nom", max_length=80)
    query = models.CharField("filtres", max_length=2_000)
    shared_role = models.CharField("partagée avec", max_length=30, choices=Role.choices, blank=True)
    shared_organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="de"
    )
    created_at = models.DateTimeField("enregistrée le")
    updated_at = models.DateTimeField("modifiée le")

    class Meta:
        verbose_name = "vue"
        ordering = ("name", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="view_page_known", condition=Q(page__in=ListPage.values)),
            models.CheckConstraint(name="view_has_name", condition=~Q(name="")),
            models.UniqueConstraint(name="view_name_once", fields=("owner", "page", "name")),
            models.CheckConstraint(
                name="view_sharing_complete",
                condition=Q(shared_role="", shared_organisation__isnull=True)
                | (~Q(shared_role="") & Q(shared_organisation__isnull=False)),
            ),
        )
        indexes = (
            models.Index(
                fields=("shared_organisation", "shared_role", "page"),
                name="view_shared",
                condition=~Q(shared_role=""),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Snooze(models.Model):
    """A task that a person does not want to see before ``until``; for the others nothing changes."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="snoozes")
    task = models.ForeignKey("viewflow.Task", on_delete=models.CASCADE, related_name="+")
    until = models.DateField("jusqu’au")
    created_at = models.DateTimeField("mis de côté le")

    class Meta:
        verbose_name = "tâche mise de côté"
        ordering = ("until", "pk")
        default_permissions = ()
        constraints = (models.UniqueConstraint(name="snooze_once", fields=("user", "task")),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.task_id} {self.until}"


class MotiveTemplate(models.Model):
    """A motive that a desk (a role on a body) writes often. Blank ``path``, ``step``, ``outcome``: for all of them."""

    public_id = models.UUIDField("identifiant public", default=uuid.uuid4, unique=True, editable=False)
    role = models.CharField("rôle", max_length=30, choices=Role.choices)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name="organisation"
    )
    path = models.CharField("circuit", max_length=60, blank=True)
    step = models.CharField("étape", max_length=60, blank=True)
    outcome = models.CharField("issue", max_length=60, blank=True)
    title = models.CharField("intitulé", max_length=80)
    text = models.TextField("texte")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("créé le")
    updated_at = models.DateTimeField("modifié le")
    retired_at = models.DateTimeField("retiré le", null=True, blank=True)

    class Meta:
        verbose_name = "modèle de motif"
        ordering = ("title", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="motive_template_role_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(name="motive_template_not_empty", condition=~Q(title="") & ~Q(text="")),
            models.UniqueConstraint(
                name="motive_template_title_once",
                fields=("role", "organisation", "title"),
                condition=Q(retired_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return self.title


class DossierVisit(models.Model):
    """When a person last looked at a dossier, and how long its journal was: what is beyond that is news to them."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="visits")
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField("vu le")
    journal_length = models.PositiveIntegerField("écritures vues")

    class Meta:
        verbose_name = "consultation d’un dossier"
        ordering = ("-seen_at", "-pk")
        default_permissions = ()
        constraints = (models.UniqueConstraint(name="visit_once", fields=("user", "dossier")),)
        indexes = (models.Index(fields=("user", "-seen_at"), name="visit_recent"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.dossier_id} {self.seen_at:%Y-%m-%d}"
