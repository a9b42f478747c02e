"""People, the dated roles that they hold, and their API tokens."""

from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.db.models import F, Q

from cases.enums import Role
from cases.models.organisations import Organisation


class User(AbstractUser):
    """A person. Never deleted, only deactivated: the engine's tasks and the journal point to them.

    ``deputy`` is told of what presses as well, and instead of them while they are away (``Absence``).
    """

    display_name = models.CharField("nom affiché", max_length=120)
    deputy = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="suppléant habituel",
    )

    class Meta(AbstractUser.Meta):
        verbose_name = "personne"
        verbose_name_plural = "personnes"
        ordering = ("username",)

    def __str__(self) -> str:
        return self.display_name or self.username


class RoleGrant(models.Model):
    """A role held on a body from a day to a day (both included), and the act that gave it.

    The group carries guardian's object permission; the grant says when the person belongs to it.
    """

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="role_grants", verbose_name="personne"
    )
    role = models.CharField("rôle", max_length=30, choices=Role.choices)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="role_grants", verbose_name="organisation"
    )
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="role_grants")
    valid_from = models.DateField("à compter du")
    valid_until = models.DateField("jusqu’au", null=True, blank=True)
    act = models.CharField("acte", max_length=200)
    granted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="attribué par"
    )
    granted_at = models.DateTimeField("attribué le")

    class Meta:
        verbose_name = "rôle attribué"
        verbose_name_plural = "rôles attribués"
        ordering = ("user", "valid_from", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="role_grant_role_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(
                name="role_grant_ends_after_it_starts",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
            models.UniqueConstraint(
                name="role_grant_open_once",
                fields=("user", "role", "organisation"),
                condition=Q(valid_until__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_role_display()} — {self.organisation}"


class ApiToken(models.Model):
    """A bearer token; only the SHA-256 of its secret is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = "jeton d’accès"
        verbose_name_plural = "jetons d’accès"
        ordering = ("-created_at",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"jeton de {self.user_id} du {self.created_at:%Y-%m-%d}"
