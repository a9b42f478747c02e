"""The people around an open step: who has it in hand, who stands in, who is above; and whom a reminder reaches.

Somebody who is away is replaced by the deputy of that absence, else by their usual one; a deputy who is away too, or
may not read the dossier, replaces nobody. Superiors are looked for on the body where the step is held, then above it,
and for a body outside the dossier's own line (ministries, contrôle général, board) at the national fund; the nearest
level with somebody to tell is the one, and who has the step in hand is not their own superior.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q

from cases import clock, rows
from cases.enums import Role
from cases.events import InHand, Recipient
from cases.models import Deadline, Dossier, Organisation, RoleGrant, User
from cases.permissions import holdings_of, may_read
from cases.selectors.absences import Standing, people_around
from workflows.engine.registry import get_path
from workflows.engine.seats import Chair
from workflows.rulebook import Addressee

#: Roles that direct a body: the regional director a CARMI, the directeur général the fund.
DIRECTORS = (Role.REGIONAL_DIRECTOR, Role.DIRECTOR_GENERAL)
#: Whose turn it is when nobody whom a reminder is meant for can be told.
ABOVE = (Addressee.MANAGER, Addressee.DIRECTOR)


@dataclass(frozen=True, slots=True)
class Place:
    """A role on a body that a step waits for: one open task, with who has claimed it."""

    role: Role
    organisation_id: int
    body: str
    lineage: str
    owner_id: int | None
    since: datetime

    def levels(self, dossier: Dossier) -> list[str]:
        """Lineages where a superior may be found, the nearest first.

        What is held outside the dossier's own line (ministries, board) is looked after by the national fund where
        nobody is above it: a region answers for nothing there.
        """
        own = dossier.organisation.lineage
        levels = _upwards(self.lineage)
        return levels if own.startswith(self.lineage) else list(dict.fromkeys([*levels, _upwards(own)[-1]]))


@dataclass(frozen=True, slots=True)
class Circle:
    """Those around a step that is awaited. ``people``: everybody concerned, by key, as they stand ``today``."""

    dossier: Dossier
    places: tuple[Place, ...]
    people: dict[int, Standing]
    today: date = field(default_factory=clock.today)

    def reached(self, to: Iterable[Addressee]) -> tuple[Recipient, ...]:
        """Who is told when a reminder goes ``to`` these: each person once, for the part of the lowest rank.

        When nobody among them can be told, the manager is, then the director. Empty: nobody at all.
        """
        wanted = set(to)
        found = self._told(part for part in Addressee if part in wanted)
        for part in ABOVE:
            if not found and part not in wanted:
                found = self._told([part], instead=True)
        return tuple(found.values())

    def sole_holders(self) -> list[Standing]:
        """People on whom alone an open task depends: who claimed it, or the only one who holds its role."""
        alone = [held[0] for held in map(self.holders, self.places) if len(held) == 1]
        return list({one.user_id: one for one in alone}.values())

    def holders(self, place: Place) -> list[Standing]:
        """Who has a task in hand: its owner, as long as they hold the role, else all who hold it."""
        found = [
            one for one in self.people.values() if one.active and one.holds(place.role, place.organisation_id)
        ]
        if place.owner_id is None:
            return found
        return [one for one in found if one.user_id == place.owner_id]

    def in_hand(self) -> tuple[InHand, ...]:
        """Who has the step in hand, in words."""
        return tuple(
            InHand(
                names=tuple(sorted(one.name for one in self.holders(place))),
                role=place.role.label,
                body=place.body,
                since=clock.paris_date(place.since),
                claimed=place.owner_id is not None,
            )
            for place in self.places
        )

    def stand_in(self, person: Standing, on: date) -> Standing | None:
        """Who receives reminders in place of somebody, or beside them, on a day."""
        key = person.deputy_on(on)
        deputy = self.people.get(key) if key is not None else None
        if deputy is None or not deputy.active or deputy.away_on(on) is not None:
            return None
        return deputy if may_read(deputy.holdings, self.dossier) else None

    # -- parts -------------------------------------------------------------------------------------

    def _told(self, parts: Iterable[Addressee], *, instead: bool = False) -> dict[int, Recipient]:
        found: dict[int, Recipient] = {}
        for part in parts:
            for one in self._of(part, instead):
                found.setdefault(one.user_id, one)
        return found

    def _of(self, part: Addressee, instead: bool) -> Iterator[Recipient]:
        for place in self.places or (self._nowhere(),):
            if part is Addressee.HOLDER:
                yield from self._present(self.holders(place), part, instead)
            elif part is Addressee.DEPUTY:
                yield from self._deputies(place)
            else:
                yield from self._superiors(place, part, instead)

    def _present(self, wanted: Iterable[Standing], part: Addressee, instead: bool) -> Iterator[Recipient]:
        """Each person who is there and may read the dossier, and for each one away who stands in."""
        for one in wanted:
            away = one.away_on(self.today)
            if away is None:
                if one.active and may_read(one.holdings, self.dossier):
                    yield Recipient(one.user_id, part, instead=instead)
            elif deputy := self.stand_in(one, self.today):
                yield Recipient(deputy.user_id, part, one.name, away.last_day, instead)

    def _deputies(self, place: Place) -> Iterator[Recipient]:
        for one in self.holders(place):
            if deputy := self.stand_in(one, self.today):
                away = one.away_on(self.today)
                part = Addressee.HOLDER if away else Addressee.DEPUTY
                yield Recipient(deputy.user_id, part, one.name, away.last_day if away else None)

    def _superiors(self, place: Place, part: Addressee, instead: bool) -> list[Recipient]:
        roles = (Role.MANAGER,) if part is Addressee.MANAGER else DIRECTORS
        in_hand = {one.user_id for one in self.holders(place)}
        above = [
            [
                one
                for one in self.people.values()
                if any(held.role in roles and held.lineage == lineage for held in one.holdings)
            ]
            for lineage in place.levels(self.dossier)
        ]
        for level in above:
            others = (one for one in level if one.user_id not in in_hand)
            if found := list(self._present(others, part, instead)):
                return found
        if part is Addressee.MANAGER:
            return []
        own = (one for level in above for one in level)  # a directeur général has nobody above
        return list(self._present(own, Addressee.HOLDER, instead))

    def _nowhere(self) -> Place:
        """A clock whose step no open task waits for: its superiors are those of the dossier's own body."""
        body = self.dossier.organisation
        return Place(Role.MANAGER, 0, body.name, body.lineage, None, self.dossier.updated_at)


_PLACES = """
SELECT task.owner_permission, body.id, body.name, body.lineage, task.owner_id, coalesce(task.assigned, task.created)
  FROM viewflow_task task
  JOIN cases_organisation body ON body.id = task.owner_permission_obj_pk::bigint
 WHERE task.process_id = %(process)s AND task.flow_task_type = 'HUMAN' AND task.status IN ('NEW', 'ASSIGNED')
   AND right(task.flow_task, length(%(step)s::text) + 1) = '.' || %(step)s::text
   AND (%(body)s::bigint IS NULL OR body.id = %(body)s::bigint)
   AND (%(person)s::bigint IS NULL OR task.owner_id = %(person)s::bigint)
 ORDER BY task.id
"""


def circle_of(deadline: Deadline) -> Circle:
    """The people around the step of a clock, which comes with its dossier and that dossier's body. Two statements."""
    dossier = deadline.dossier
    with rows.cursor() as cursor:
        cursor.execute(
            _PLACES,
            {
                "process": dossier.process_id,
                "step": deadline.step,
                "body": deadline.organisation_id,
                "person": deadline.person_id,
            },
        )
        found = cursor.fetchall()
    places = tuple(Place(Role(permission.removeprefix("cases.hold_")), *rest) for permission, *rest in found)
    people = people_around(
        lineages=[dossier.organisation.lineage, *(place.lineage for place in places)],
        roles={Role.MANAGER, *DIRECTORS, *(place.role for place in places)},
        people=[place.owner_id for place in places if place.owner_id is not None],
    )
    return Circle(dossier, places, people)


def step_title(deadline: Deadline) -> str:
    """The title of the step that a clock runs on; the clock's own where the path no longer has that step."""
    step = get_path(deadline.dossier.path).step(deadline.step)
    return step.task_title if step is not None else deadline.title


_HELD = f"""
SELECT {rows.columns(Deadline, "deadline")}, {rows.columns(Dossier, "dossier")}, {rows.columns(Organisation, "body")}
  FROM cases_deadline deadline
  JOIN cases_dossier dossier ON dossier.id = deadline.dossier_id
  JOIN cases_organisation body ON body.id = dossier.organisation_id
 WHERE deadline.state = 'running' AND deadline.due_on BETWEEN %(first)s AND %(last)s
   AND EXISTS (
       SELECT FROM viewflow_task task
        WHERE task.process_id = dossier.process_id AND task.status IN ('NEW', 'ASSIGNED')
          AND task.flow_task_type = 'HUMAN'
          AND right(task.flow_task, length(deadline.step) + 1) = '.' || deadline.step
          AND (task.owner_id = %(user)s OR task.owner_id IS NULL AND
               (task.owner_permission, task.owner_permission_obj_pk) IN (
                   SELECT * FROM unnest(%(permissions)s::text[], %(bodies)s::text[]))))
 ORDER BY deadline.due_on, deadline.id
"""  # noqa: S608


def running_clocks_of(user_id: int, chairs: Iterable[Chair], *, first: date, last: date) -> list[Deadline]:
    """Clocks that end from ``first`` to ``last`` on steps that a person has taken, or that wait for one of ``chairs``.

    Each comes with its dossier and that dossier's body. One statement.
    """
    held = list(chairs)
    with rows.cursor() as cursor:
        cursor.execute(
            _HELD,
            {
                "first": first,
                "last": last,
                "user": user_id,
                "permissions": [one.role.permission for one in held],
                "bodies": [str(one.organisation_id) for one in held],
            },
        )
        return [built(row) for row in cursor.fetchall()]


def held_alone(user: User) -> list[Chair]:
    """Roles on bodies that only this person holds today. Two statements."""
    held = holdings_of(user)
    today = clock.today()
    shared = set(
        RoleGrant.objects.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gte=today),
            valid_from__lte=today,
            user__is_active=True,
            organisation__in={one.organisation_id for one in held},
        )
        .exclude(user=user)
        .order_by("pk")
        .values_list("role", "organisation")
    )
    return [
        Chair(one.role, one.organisation_id)
        for one in held
        if (one.role.value, one.organisation_id) not in shared
    ]


def built(row: tuple[object, ...]) -> Deadline:
    """A clock with its dossier and that dossier's body, from the columns of the three in this order."""
    deadline, rest = rows.build(Deadline, row)
    deadline.dossier, rest = rows.build(Dossier, rest)
    deadline.dossier.organisation, _ = rows.build(Organisation, rest)
    return deadline


def _upwards(lineage: str) -> list[str]:
    """A body's own lineage, then those of the bodies above it."""
    codes = [code for code in lineage.split("/") if code]
    return [f"/{'/'.join(codes[:count])}/" for count in range(len(codes), 0, -1)]
