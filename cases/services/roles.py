"""Grants and ends roles, dated and journalled; creates and deactivates people."""

from datetime import date, timedelta

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import validate_password
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction

from cases import clock
from cases.calendar import french_date
from cases.enums import ROLES_BY_KIND, OrganisationKind, Role
from cases.errors import Conflict, Forbidden, Invalid
from cases.models import ApiToken, Organisation, OrganisationGroupObjectPermission, RoleGrant, User
from cases.permissions import Holding, administers, holdings_of
from cases.services.feeds import end_feeds
from cases.services.journal import SYSTEM, append_administration_entry
from cases.text import fault_of

MAX_MOTIVE = 5_000


def ensure_role_group(*, role: Role, organisation: Organisation) -> Group:
    """The group ``role:code``, holding the role's object permission on the body (guardian's direct table)."""
    group, _ = Group.objects.get_or_create(name=f"{role.value}:{organisation.code}")
    permission = Permission.objects.get(
        content_type=ContentType.objects.get_for_model(Organisation), codename=role.codename
    )
    OrganisationGroupObjectPermission.objects.get_or_create(
        group=group, permission=permission, content_object=organisation
    )
    return group


def _administration_capacity(actor: User | None) -> str:
    """Capacity of an administrator; ``actor`` None stands for the installation itself. Raises ``Forbidden``."""
    if actor is None:
        return SYSTEM
    holdings: tuple[Holding, ...] = holdings_of(actor)
    if not administers(holdings):
        raise Forbidden(
            "Seul un administrateur peut attribuer ou retirer des rôles. Adressez-lui votre demande."
        )
    return next(held.capacity for held in holdings if held.role == Role.ADMINISTRATOR)


@transaction.atomic
def grant_role(
    *,
    user: User,
    role: Role,
    organisation: Organisation,
    valid_from: date,
    act: str,
    granted_by: User | None,
    valid_until: date | None = None,
) -> RoleGrant:
    """Grant a role from a day to a day (both included; no end when left out).

    Raises ``Forbidden`` (not an administrator), ``Invalid`` (role that the body cannot hold, dates reversed, no act,
    inactive person), ``Conflict`` (already held during these days).
    """
    capacity = _administration_capacity(granted_by)
    details: dict[str, list[str]] = {}
    if role not in ROLES_BY_KIND[OrganisationKind(organisation.kind)]:
        details["role"] = [
            f"« {role.label} » ne peut pas être tenu à « {organisation} ». "
            "Choisissez un autre rôle ou une autre organisation."
        ]
    if valid_until is not None and valid_until < valid_from:
        details["valid_until"] = ["La fin précède le début. Corrigez l’une des deux dates."]
    required = "Indiquez l’acte qui attribue ce rôle (décision, arrêté, note de service)."
    if fault := fault_of(act.strip(), limit=200, required=required):
        details["act"] = [fault]
    if not user.is_active:
        details["user"] = [f"{user} est désactivé : réactivez cette personne avant de lui attribuer un rôle."]
    if details:
        raise Invalid("Le rôle n’a pas été attribué : corrigez les points signalés.", details=details)

    User.objects.select_for_update().get(
        pk=user.pk
    )  # orders two administrators granting the same role at once
    overlapping = [
        grant
        for grant in RoleGrant.objects.filter(user=user, role=role, organisation=organisation).order_by("pk")
        if (grant.valid_until is None or grant.valid_until >= valid_from)
        and (valid_until is None or grant.valid_from <= valid_until)
    ]
    if overlapping:
        raise Conflict(
            f"{user} tient déjà ce rôle depuis le {french_date(overlapping[0].valid_from)}. "
            "Mettez d’abord fin à cette attribution, ou choisissez d’autres dates."
        )
    grant = RoleGrant.objects.create(
        user=user,
        role=role,
        organisation=organisation,
        group=ensure_role_group(role=role, organisation=organisation),
        valid_from=valid_from,
        valid_until=valid_until,
        act=act.strip(),
        granted_by=granted_by,
        granted_at=clock.now(),
    )
    append_administration_entry(
        actor=granted_by,
        capacity=capacity,
        action="grant_role",
        subject=user,
        organisation=organisation,
        motive=grant.act,
        changes={
            "role": role.value,
            "valid_from": valid_from.isoformat(),
            "valid_until": valid_until.isoformat() if valid_until else None,
        },
    )
    return grant


@transaction.atomic
def end_role(*, grant: RoleGrant, last_day: date, motive: str, ended_by: User | None) -> RoleGrant:
    """End a role after ``last_day`` (included). A grant that has not begun yet ends the day it would begin.

    Raises ``Forbidden``, ``Invalid`` (no motive, last day before the first or after the end already set).
    """
    capacity = _administration_capacity(ended_by)
    grant = (
        RoleGrant.objects.select_for_update(of=("self",))
        .select_related("user", "organisation")
        .get(pk=grant.pk)
    )
    details: dict[str, list[str]] = {}
    if fault := fault_of(motive, limit=MAX_MOTIVE, required="Indiquez pourquoi ce rôle prend fin."):
        details["motive"] = [fault]
    if last_day < grant.valid_from:
        details["last_day"] = [
            f"Ce rôle commence le {french_date(grant.valid_from)} : choisissez ce jour ou un jour postérieur."
        ]
    elif last_day < clock.today() - timedelta(days=1):
        details["last_day"] = [
            "Un rôle ne prend pas fin dans le passé : ce qui a été fait sous ce rôle resterait sans titre. "
            "Choisissez hier, aujourd’hui ou une date à venir."
        ]
    elif grant.valid_until is not None and last_day > grant.valid_until:
        details["last_day"] = [
            f"Ce rôle finit déjà le {french_date(grant.valid_until)} : choisissez un jour antérieur."
        ]
    if details:
        raise Invalid("Le rôle n’a pas été retiré : corrigez les points signalés.", details=details)
    before = grant.valid_until
    grant.valid_until = last_day
    grant.save(update_fields=["valid_until"])
    append_administration_entry(
        actor=ended_by,
        capacity=capacity,
        action="end_role",
        subject=grant.user,
        organisation=grant.organisation,
        motive=motive.strip(),
        changes={
            "role": grant.role,
            "valid_until": [before.isoformat() if before else None, last_day.isoformat()],
        },
    )
    return grant


@transaction.atomic
def create_person(
    *,
    username: str,
    display_name: str,
    email: str,
    password: str | None,
    created_by: User | None,
) -> User:
    """Create a person without any role; without a password they must have one set by the administrator.

    Raises ``Forbidden``, ``Invalid`` (name taken, e-mail address malformed, password too weak).
    """
    capacity = _administration_capacity(created_by)
    user = User(username=username.strip(), display_name=display_name.strip(), email=email.strip())
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    try:
        user.full_clean(exclude=["password"])
        if password is not None:
            validate_password(password, user)
    except ValidationError as error:
        details = error.message_dict if hasattr(error, "error_dict") else {"password": error.messages}
        raise Invalid(
            "La personne n’a pas été créée : corrigez les points signalés.", details=details
        ) from None
    user.save(force_insert=True)
    append_administration_entry(
        actor=created_by,
        capacity=capacity,
        action="create_person",
        subject=user,
        changes={"username": user.username, "display_name": user.display_name},
    )
    return user


@transaction.atomic
def deactivate_person(*, user: User, motive: str, deactivated_by: User | None) -> User:
    """Close a person's access at once; their past acts stay. Raises ``Forbidden``, ``Invalid`` (no motive, oneself)."""
    capacity = _administration_capacity(deactivated_by)
    if fault := fault_of(motive, limit=MAX_MOTIVE, required="Indiquez pourquoi cet accès est fermé."):
        raise Invalid(fault, details={"motive": [fault]})
    if deactivated_by is not None and deactivated_by.pk == user.pk:
        raise Invalid("Vous ne pouvez pas fermer votre propre accès : demandez-le à un autre administrateur.")
    user.is_active = False
    user.save(update_fields=["is_active"])
    ApiToken.objects.filter(user=user).delete()
    feeds = end_feeds(user)
    append_administration_entry(
        actor=deactivated_by,
        capacity=capacity,
        action="deactivate_person",
        subject=user,
        motive=motive.strip(),
        changes={"feeds": feeds} if feeds else None,
    )
    return user
