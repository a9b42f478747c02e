"""Bodies, their facilities, and the grants that an administrator sees."""

from typing import Any

from django.db.models import QuerySet

from cases.enums import OrganisationKind
from cases.models import Facility, Organisation, RoleGrant
from cases.permissions import Holding, administers, holdings_of


def fund_of(organisation: Organisation) -> int:
    """Id of the CANSSM as seen from a body: itself, or the body that it is attached to."""
    if organisation.kind == OrganisationKind.FUND or organisation.parent_id is None:
        return organisation.pk
    return organisation.parent_id


def descendants_of(organisation: Organisation) -> QuerySet[Organisation]:
    """The body and all those below it."""
    return Organisation.objects.filter(lineage__startswith=organisation.lineage)


def facilities_of(organisation_id: int) -> QuerySet[Facility]:
    """Facilities in activity of one body, by name."""
    return Facility.objects.filter(organisation_id=organisation_id, active=True).order_by("name", "pk")


def grants_administered_by(user: Any, holdings: tuple[Holding, ...] | None = None) -> QuerySet[RoleGrant]:
    """All grants, past ones included, for an administrator; none for anybody else."""
    held = holdings_of(user) if holdings is None else holdings
    if not administers(held):
        return RoleGrant.objects.none()
    return RoleGrant.objects.select_related("user", "organisation", "granted_by").order_by(
        "organisation__lineage", "role", "user__username", "valid_from", "pk"
    )
