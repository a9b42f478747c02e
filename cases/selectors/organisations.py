"""Bodies, and the grants that an administrator sees."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from cases import clock
from cases.enums import OrganisationKind
from cases.errors import NotFound
from cases.models import Organisation, RoleGrant, User
from cases.permissions import READS_ALL, READS_NONE, Holding, administers, holdings_of
from cases.text import storable


def organisation_for(user: Any, code: str, holdings: tuple[Holding, ...] | None = None) -> Organisation:
    """The body with that code, if ``user`` reads its dossiers. Raises ``NotFound`` without a hint."""
    held = holdings_of(user) if holdings is None else holdings
    known = Organisation.objects.select_related("parent").filter(code=code, active=True)
    found = known.first() if storable(code) else None
    if found is None or not any(
        one.role in READS_ALL or (one.role not in READS_NONE and one.covers(found.lineage)) for one in held
    ):
        raise NotFound("Cette organisation ne vous est pas accessible. Choisissez la vôtre.")
    return found


#: Bodies that stand outside every dossier's own line.
NATIONAL_KINDS = (
    OrganisationKind.BOARD,
    OrganisationKind.COMMITTEE,
    OrganisationKind.MINISTRY,
    OrganisationKind.COMPTROLLER,
)


def national_bodies(organisation: Organisation) -> tuple[Organisation, ...]:
    """The board, the committee, the ministries and the contrôle général in activity, by code.

    Read once for each instance of the dossier's own body: an act asks for them several times. One statement.
    """
    known: tuple[Organisation, ...] | None = organisation.__dict__.get("_national_bodies")
    if known is None:
        known = tuple(Organisation.objects.filter(kind__in=NATIONAL_KINDS, active=True).order_by("code"))
        organisation.__dict__["_national_bodies"] = known
    return known


def grants_administered_by(user: Any, holdings: tuple[Holding, ...] | None = None) -> QuerySet[RoleGrant]:
    """All grants, past ones included, for an administrator; none for anybody else."""
    held = holdings_of(user) if holdings is None else holdings
    if not administers(held):
        return RoleGrant.objects.none()
    return RoleGrant.objects.select_related("user", "organisation", "granted_by").order_by(
        "organisation__lineage", "role", "user__username", "valid_from", "pk"
    )


def people_holding(role: str, organisation_id: int) -> QuerySet[User]:
    """Active people who hold a role on a body today, by name."""
    today = clock.today()
    return (
        User.objects.filter(
            Q(role_grants__valid_until__isnull=True) | Q(role_grants__valid_until__gte=today),
            role_grants__role=role,
            role_grants__organisation_id=organisation_id,
            role_grants__valid_from__lte=today,
            is_active=True,
        )
        .distinct()
        .order_by("display_name", "username")
    )


def bodies_read_by(holdings: Iterable[Holding]) -> list[Organisation]:
    """The bodies that one holds a role on, and those below them. One statement."""
    held = tuple(holdings)
    bodies = Organisation.objects.order_by("lineage")
    return [body for body in bodies if any(one.covers(body.lineage) for one in held)]
