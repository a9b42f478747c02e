"""Delegations as they stand: who sees which, whether they have effect, and who can decide what on a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Q, QuerySet

from cases import clock
from cases.calendar import french_date
from cases.enums import ROLES_BY_KIND, OrganisationKind, Role
from cases.models import Absence, Delegation, Organisation, RoleGrant, User
from cases.permissions import DELEGABLE, Holding, administers, holdings_of

#: Roles that act on dossiers, by which the overview of a body is made.
ACTING = DELEGABLE | {Role.EXPERT}
#: Roles whose holder sees who can decide what on their body and those below it.
DIRECTING = frozenset({Role.MANAGER, Role.REGIONAL_DIRECTOR, Role.DIRECTOR_GENERAL})


class Standing(StrEnum):
    """What a delegation is worth today."""

    IN_FORCE = "en vigueur"
    TO_COME = "à venir"
    OVER = "terminée"
    REVOKED = "révoquée"
    WITHOUT_EFFECT = "sans effet"


@dataclass(frozen=True, slots=True)
class DelegationShown:
    """A delegation, what it is worth today, and French sentences about what has to be looked at."""

    delegation: Delegation
    standing: Standing
    warnings: tuple[str, ...]

    @property
    def live(self) -> bool:
        """Whether it can still be revoked."""
        return self.standing not in (Standing.OVER, Standing.REVOKED)


def delegations_visible_to(user: Any, holdings: tuple[Holding, ...] | None = None) -> QuerySet[Delegation]:
    """Those that ``user`` gave or received, and those on the bodies that they manage; all for an administrator."""
    held = holdings_of(user) if holdings is None else holdings
    found = Delegation.objects.select_related(
        "delegator", "delegate", "organisation", "revoked_by", "created_by"
    ).order_by("-valid_from", "-pk")
    if administers(held):
        return found
    gate = Q(delegator=user) | Q(delegate=user)
    for lineage in sorted({one.lineage for one in held if one.role == Role.MANAGER}):
        gate |= Q(organisation__lineage__startswith=lineage)
    return found.filter(gate)


def last_day_of_role(user: User, role: Role, organisation: Organisation, day: date) -> date | None:
    """The last day of a role held on ``day``, without a gap (``date.max``: no end); None: not held then."""
    grants = RoleGrant.objects.filter(user=user, role=role, organisation=organisation)
    return _last_day(grants.order_by("valid_from").values_list("valid_from", "valid_until"), day)


def _last_day(spans: Iterable[tuple[date, date | None]], day: date) -> date | None:
    last: date | None = None
    for first, until in spans:  # by first day
        end = until or date.max
        if last is None:
            if first <= day <= end:
                last = end
        elif last < date.max and first <= last + timedelta(days=1):
            last = max(last, end)
    return last


def shown(delegations: Sequence[Delegation], today: date | None = None) -> list[DelegationShown]:
    """What each is worth on a day (today when left out), in the order given. Two statements at most."""
    day = today or clock.today()
    live = [one for one in delegations if one.revoked_at is None and one.valid_until >= day]
    spans: dict[tuple[int, str, int], list[tuple[date, date | None]]] = {}
    away: dict[int, list[Absence]] = {}
    if live:
        for user_id, role, body_id, first, until in (
            RoleGrant.objects.filter(user__in={one.delegator_id for one in live})
            .order_by("valid_from", "pk")
            .values_list("user", "role", "organisation", "valid_from", "valid_until")
        ):
            spans.setdefault((user_id, role, body_id), []).append((first, until))
        for absence in Absence.objects.filter(
            user__in={one.delegate_id for one in live}, cancelled_at__isnull=True, last_day__gte=day
        ).order_by("first_day", "pk"):
            away.setdefault(absence.user_id, []).append(absence)
    return [_shown(one, day, spans, away) for one in delegations]


def _shown(
    one: Delegation,
    day: date,
    spans: dict[tuple[int, str, int], list[tuple[date, date | None]]],
    away: dict[int, list[Absence]],
) -> DelegationShown:
    if one.revoked_at is not None:
        return DelegationShown(one, Standing.REVOKED, ())
    if one.valid_until < day:
        return DelegationShown(one, Standing.OVER, ())
    start = max(day, one.valid_from)
    standing = Standing.TO_COME if one.valid_from > day else Standing.IN_FORCE
    last = _last_day(spans.get((one.delegator_id, one.role, one.organisation_id), ()), start)
    if not one.delegator.is_active:
        return DelegationShown(
            one,
            Standing.WITHOUT_EFFECT,
            (f"L’accès de {one.delegator} est fermé : elle ne donne plus rien.",),
        )
    if not one.delegate.is_active:
        return DelegationShown(
            one,
            Standing.WITHOUT_EFFECT,
            (f"L’accès de {one.delegate} est fermé : personne ne peut en user.",),
        )
    if last is None:
        message = f"{one.delegator} ne tient pas ce rôle le {french_date(start)} : elle ne donne rien."
        return DelegationShown(one, Standing.WITHOUT_EFFECT, (message,))
    warnings = []
    if last < one.valid_until:
        warnings.append(
            f"Le rôle de {one.delegator} prend fin le {french_date(last)} : la délégation cesse le même jour."
        )
    warnings += [
        f"{one.delegate} est absent du {french_date(absence.first_day)} au {french_date(absence.last_day)}."
        for absence in away.get(one.delegate_id, ())
        if absence.first_day <= one.valid_until and absence.last_day >= start
    ]
    return DelegationShown(one, standing, tuple(warnings))


# -- who can decide what ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Able:
    """Somebody who acts in a role: in their own right, or under ``delegation``; ``away_until``: away today."""

    name: str
    away_until: date | None
    delegation: Delegation | None = None

    @property
    def ceiling(self) -> Decimal | None:
        """The ceiling of the delegation, EUR HT."""
        return self.delegation.ceiling if self.delegation is not None else None


@dataclass(frozen=True, slots=True)
class Office:
    """A role on a body, and who can act in it today."""

    organisation: Organisation
    role: Role
    holders: tuple[Able, ...]
    delegates: tuple[Able, ...]

    @property
    def vacant(self) -> bool:
        """Whether nobody can act in it today, whoever holds it."""
        return all(one.away_until is not None for one in (*self.holders, *self.delegates))

    @property
    def limited(self) -> bool:
        """Whether only delegates are there, each within a scope."""
        there = [one for one in self.delegates if one.away_until is None]
        if self.vacant or any(one.away_until is None for one in self.holders):
            return False
        return all(one.delegation and (one.delegation.paths or one.ceiling is not None) for one in there)


def oversees(holdings: tuple[Holding, ...]) -> bool:
    """Whether one of the holdings lets its owner see who can decide what."""
    return administers(holdings) or any(held.role in DIRECTING for held in holdings)


def offices_today(holdings: tuple[Holding, ...]) -> list[Office]:
    """Each role that acts on the bodies that the holdings oversee, by body; none for who oversees nothing.

    Four statements. A delegation counts as its giver can give it today.
    """
    if not oversees(holdings):
        return []
    bodies = Organisation.objects.filter(active=True).order_by("lineage")
    if not administers(holdings):
        gate = Q(pk__in=())
        for lineage in sorted({held.lineage for held in holdings if held.role in DIRECTING}):
            gate |= Q(lineage__startswith=lineage)
        bodies = bodies.filter(gate)
    found, day = list(bodies), clock.today()
    grants = list(
        RoleGrant.objects.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gte=day),
            valid_from__lte=day,
            organisation__in=found,
            role__in=ACTING,
            user__is_active=True,
        )
        .select_related("user")
        .order_by("user__display_name", "user__username", "pk")
    )
    delegations = list(
        Delegation.objects.filter(
            revoked_at__isnull=True,
            valid_from__lte=day,
            valid_until__gte=day,
            organisation__in=found,
            role__in=DELEGABLE,
            delegate__is_active=True,
        )
        .select_related("delegator", "delegate")
        .order_by("delegate__display_name", "delegate__username", "pk")
    )
    people = {one.user_id for one in grants} | {one.delegate_id for one in delegations}
    away: dict[int, date] = dict(
        Absence.objects.filter(
            user__in=people, cancelled_at__isnull=True, first_day__lte=day, last_day__gte=day
        ).values_list("user", "last_day")
    )
    holders: dict[tuple[int, str], dict[int, Able]] = {}
    for grant in grants:
        able = Able(str(grant.user), away.get(grant.user_id))
        holders.setdefault((grant.organisation_id, grant.role), {})[grant.user_id] = able
    delegates: dict[tuple[int, str], list[Able]] = {}
    for one in delegations:
        place = (one.organisation_id, one.role)
        if one.delegator_id in holders.get(place, {}):
            delegates.setdefault(place, []).append(Able(str(one.delegate), away.get(one.delegate_id), one))
    return [
        Office(
            organisation=body,
            role=role,
            holders=tuple(holders.get((body.pk, role.value), {}).values()),
            delegates=tuple(delegates.get((body.pk, role.value), ())),
        )
        for body in found
        for role in Role
        if role in ACTING & ROLES_BY_KIND[OrganisationKind(body.kind)]
    ]


# -- whom one may choose ---------------------------------------------------------------------------


def possible_delegates(delegator: User, offices: tuple[Holding, ...]) -> QuerySet[User]:
    """Active people with a role, today or to come, in the line of one of the bodies where ``delegator`` acts.

    A ministry delegates inside the ministry; the CANSSM, its council and the CARMI are one line. One statement.
    """
    roots = sorted({f"/{held.lineage.split('/')[1]}/" for held in offices if held.role in DELEGABLE})
    gate = Q(pk__in=())
    for root in roots:
        gate |= Q(organisation__lineage__startswith=root)
    grants = RoleGrant.objects.filter(gate, Q(valid_until__isnull=True) | Q(valid_until__gte=clock.today()))
    found = User.objects.filter(is_active=True, pk__in=grants.values("user")).exclude(pk=delegator.pk)
    return found.order_by("display_name", "username")


def delegators_administered_by(user: User, holdings: tuple[Holding, ...]) -> QuerySet[User]:
    """Those whose delegations an administrator may record; nobody for others. One statement at most."""
    if not administers(holdings):
        return User.objects.none()
    day = clock.today()
    grants = RoleGrant.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=day), role__in=DELEGABLE
    )
    found = User.objects.filter(is_active=True, pk__in=grants.values("user")).exclude(pk=user.pk)
    return found.order_by("display_name", "username")
