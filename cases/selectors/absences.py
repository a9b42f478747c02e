"""Who stands where on a day: roles, absences and deputies of the people around some bodies; lists of absences."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from cases import clock, rows
from cases.enums import Role
from cases.models import Absence, RoleGrant, User
from cases.permissions import READS_ALL, READS_NONE, Holding, administers, holdings_of


@dataclass(frozen=True, slots=True)
class Away:
    """An absence in force or to come; both days are included."""

    absence_id: int
    first_day: date
    last_day: date
    deputy_id: int | None

    def covers(self, day: date) -> bool:
        """Whether the person is away on that day."""
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True, slots=True)
class Standing:
    """A person on a given day: roles held, usual deputy, absences that have not ended."""

    user_id: int
    name: str
    active: bool
    deputy_id: int | None
    holdings: tuple[Holding, ...]
    absences: tuple[Away, ...]

    def away_on(self, day: date) -> Away | None:
        """The absence that covers a day."""
        return next((one for one in self.absences if one.covers(day)), None)

    def deputy_on(self, day: date) -> int | None:
        """Who stands in on a day: the deputy named for the absence, else the usual one."""
        away = self.away_on(day)
        return (away.deputy_id if away else None) or self.deputy_id

    def holds(self, role: str, organisation_id: int) -> bool:
        """Whether the person holds a role on that very body."""
        return any(one.role == role and one.organisation_id == organisation_id for one in self.holdings)


# Those who hold one of the roles on a body at or above one of the places, the people asked for, and the deputies of
# both. The joins are those of ``cases.permissions.holdings_of``: a dated grant, and the permission of its group.
_AROUND = """
WITH day_grants AS NOT MATERIALIZED (
     SELECT granted.user_id, permission.codename, body.id, body.code, body.name, body.lineage
       FROM cases_rolegrant granted
       JOIN cases_organisationgroupobjectpermission held
         ON held.group_id = granted.group_id AND held.content_object_id = granted.organisation_id
       JOIN auth_permission permission ON permission.id = held.permission_id
       JOIN cases_organisation body ON body.id = held.content_object_id
      WHERE granted.valid_from <= %(today)s
        AND (granted.valid_until IS NULL OR granted.valid_until >= %(today)s)
), around AS (
     SELECT user_id FROM day_grants
      WHERE codename = ANY (%(codenames)s::text[])
        AND EXISTS (SELECT FROM unnest(%(places)s::text[]) AS place (lineage)
                     WHERE starts_with(place.lineage, day_grants.lineage))
      UNION
     SELECT unnest(%(people)s::bigint[])
), away AS (
     SELECT absence.* FROM cases_absence absence
      WHERE absence.cancelled_at IS NULL AND absence.last_day >= %(today)s
        AND absence.user_id IN (SELECT user_id FROM around)
), reached AS (
     SELECT user_id FROM around
      UNION
     SELECT deputy_id FROM away WHERE deputy_id IS NOT NULL
      UNION
     SELECT deputy_id FROM cases_user WHERE deputy_id IS NOT NULL AND id IN (SELECT user_id FROM around)
)
SELECT person.id, coalesce(nullif(person.display_name, ''), person.username), person.is_active, person.deputy_id,
       (SELECT coalesce(
               jsonb_agg(DISTINCT jsonb_build_array(held.codename, held.id, held.code, held.name, held.lineage)), '[]')
          FROM day_grants held WHERE held.user_id = person.id),
       (SELECT coalesce(jsonb_agg(jsonb_build_array(absence.id, absence.first_day, absence.last_day, absence.deputy_id)
                                  ORDER BY absence.first_day), '[]')
          FROM cases_absence absence
         WHERE absence.user_id = person.id AND absence.cancelled_at IS NULL AND absence.last_day >= %(today)s)
  FROM cases_user person
 WHERE person.id IN (SELECT user_id FROM reached)
 ORDER BY person.id
"""


def people_around(
    *, lineages: Iterable[str], roles: Iterable[Role], people: Iterable[int] = ()
) -> dict[int, Standing]:
    """Those who hold one of ``roles`` today on a body at or above one with these lineages, by key.

    With them come ``people`` (keys), and the deputies of all of them. One statement.
    """
    with rows.cursor() as cursor:
        cursor.execute(
            _AROUND,
            {
                "today": clock.today(),
                "codenames": sorted({role.codename for role in roles}),
                "places": sorted(set(lineages)),
                "people": sorted(set(people)),
            },
        )
        return {row[0]: _standing(row) for row in cursor.fetchall()}


def _standing(row: tuple[Any, ...]) -> Standing:
    user_id, name, active, deputy_id, held, away = row
    return Standing(
        user_id=user_id,
        name=name,
        active=active,
        deputy_id=deputy_id,
        holdings=tuple(Holding(Role(one[0].removeprefix("hold_")), *one[1:]) for one in _array(held)),
        absences=tuple(
            Away(one[0], date.fromisoformat(one[1]), date.fromisoformat(one[2]), one[3])
            for one in _array(away)
        ),
    )


def _array(value: Any) -> list[Any]:
    """JSON as the driver gives it: Django has it leave the text to the model's field."""
    found: list[Any] = json.loads(value) if isinstance(value, str) else value
    return found


def reads_work_of(holdings: tuple[Holding, ...], of: tuple[Holding, ...]) -> bool:
    """Whether one of the holdings lets its owner read what somebody with the holdings ``of`` has in hand."""
    work = [one for one in of if one.role not in READS_NONE]
    return not work or any(
        mine.role in READS_ALL
        or (mine.role not in READS_NONE and any(mine.covers(one.lineage) for one in work))
        for mine in holdings
    )


def possible_deputies(user: User) -> QuerySet[User]:
    """Active people who can read what ``user`` has in hand: a role on one of the bodies of ``user``, or above."""
    work = [one for one in holdings_of(user) if one.role not in READS_NONE]
    found = User.objects.filter(is_active=True).exclude(pk=user.pk)
    if work:
        today = clock.today()
        above = sorted({code for one in work for code in one.lineage.split("/") if code})
        grants = RoleGrant.objects.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gte=today),
            Q(organisation__code__in=above) | Q(role__in=READS_ALL),
            valid_from__lte=today,
        ).exclude(role__in=READS_NONE)
        found = found.filter(pk__in=grants.values("user"))
    return found.order_by("display_name", "username")


def managed_by(holdings: tuple[Holding, ...]) -> Q | None:
    """The grants on bodies that one of the holdings manages, as a condition on ``RoleGrant``; None: no body at all.

    Administrators care for everybody.
    """
    if administers(holdings):
        return Q()
    lineages = sorted({one.lineage for one in holdings if one.role == Role.MANAGER})
    if not lineages:
        return None
    found = Q(pk__in=())
    for lineage in lineages:
        found |= Q(organisation__lineage__startswith=lineage)
    return found


def people_managed_by(user: Any, holdings: tuple[Holding, ...] | None = None) -> QuerySet[User]:
    """Active people for whom ``user`` may declare an absence: they hold a role on a body that ``user`` manages.

    Everybody for an administrator; nobody for who manages nothing. ``user`` is left out.
    """
    scope = managed_by(holdings_of(user) if holdings is None else holdings)
    if scope is None:
        return User.objects.none()
    found = User.objects.filter(is_active=True).exclude(pk=user.pk)
    if scope:
        grants = RoleGrant.objects.filter(
            scope, Q(valid_until__isnull=True) | Q(valid_until__gte=clock.today())
        )
        found = found.filter(pk__in=grants.values("user"))
    return found.order_by("display_name", "username")


def _to_come() -> QuerySet[Absence]:
    return (
        Absence.objects.filter(cancelled_at__isnull=True, last_day__gte=clock.today())
        .select_related("user__deputy", "deputy", "created_by")
        .order_by("first_day", "user__display_name", "pk")
    )


def absences_of(user: User) -> QuerySet[Absence]:
    """Absences of a person that have not ended, the first one first. One statement."""
    return _to_come().filter(user=user)


def absences_covered_by(user: User) -> QuerySet[Absence]:
    """Absences of others that ``user`` stands in for, as the deputy named or, where none is, as the usual one."""
    return _to_come().filter(Q(deputy=user) | Q(deputy__isnull=True, user__deputy=user))


def absences_managed_during(
    user: Any, holdings: tuple[Holding, ...], first: date, last: date
) -> QuerySet[Absence] | None:
    """Absences on one of these days, past ones too, of ``user`` and of those whom they manage; None: nobody to manage.

    One statement.
    """
    if managed_by(holdings) is None:
        return None
    people = people_managed_by(user, holdings).order_by()
    return (
        Absence.objects.filter(
            Q(user__in=people) | Q(user=user),
            cancelled_at__isnull=True,
            first_day__lte=last,
            last_day__gte=first,
        )
        .select_related("user__deputy", "deputy")
        .order_by("first_day", "user__display_name", "pk")
    )


def absences_managed_by(user: Any, holdings: tuple[Holding, ...] | None = None) -> QuerySet[Absence]:
    """Absences, in force or to come, of those whom ``user`` may declare absent. One statement."""
    return _to_come().filter(user__in=people_managed_by(user, holdings).order_by())
