"""Bodies named by the conventions, and guardian's tables of who holds which role on them."""

from django.db import models
from django.db.models.functions import Concat
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from cases.enums import OrganisationKind, Role


class Organisation(models.Model):
    """A body: CANSSM, a CARMI, the board, a ministry… ``lineage`` is ``/canssm/carmi-npdc/``: its prefix finds all."""

    code = models.SlugField("code", max_length=40, unique=True)
    name = models.CharField("nom", max_length=160)
    kind = models.CharField("nature", max_length=20, choices=OrganisationKind.choices)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name="rattachée à",
    )
    lineage = models.CharField("rattachement", max_length=200, unique=True, editable=False)
    active = models.BooleanField("en activité", default=True)

    class Meta:
        verbose_name = "organisation"
        ordering = ("lineage",)
        default_permissions = ()
        permissions = tuple((role.codename, f"Tenir le rôle : {role.label}") for role in Role)
        constraints = (
            models.CheckConstraint(
                name="organisation_kind_known", condition=models.Q(kind__in=OrganisationKind.values)
            ),
            models.CheckConstraint(
                name="organisation_lineage_ends_with_code",
                condition=models.Q(lineage__endswith=Concat(models.Value("/"), "code", models.Value("/"))),
            ),
        )

    def __str__(self) -> str:
        return self.name


class OrganisationUserObjectPermission(UserObjectPermissionBase):
    """Guardian's table for people, direct foreign key. Kept empty: roles go through one group per role and body."""

    content_object = models.ForeignKey(Organisation, on_delete=models.CASCADE)


class OrganisationGroupObjectPermission(GroupObjectPermissionBase):
    """Guardian's table for groups, direct foreign key: the group ``role:code`` holds the role on the body."""

    content_object = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="group_permissions"
    )
