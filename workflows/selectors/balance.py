"""One queue as its manager shares it out: its open tasks, and who holds the role there with what they have in hand now.

What a person has in hand is shown here and nowhere else, as it is at this moment: nothing of what they have done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Count, F, Min, Q
from viewflow.workflow.models import Task

from cases import clock
from cases.enums import DeadlineKind, DeadlineState, Role
from cases.errors import Forbidden, NotFound
from cases.models import Organisation, User
from cases.permissions import Holding
from cases.selectors import dossiers_visible_to, people_holding
from cases.selectors.absences import Away, people_around
from cases.selectors.organisations import NATIONAL_KINDS
from cases.text import storable
from workflows.engine.path import Path
from workflows.engine.registry import known_path
from workflows.engine.step import OPEN, Step
from workflows.selectors.bulk_forecast import Chosen, cannot_receive, chosen_tasks
from workflows.selectors.handover import hand_over_capacity
from workflows.selectors.tallies import TALLIES, Queue, managed_queues

#: So many tasks of a queue are shared out at a time, those with the oldest legal date.
MOST_TASKS: Final = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A queue: a role on a body at a step of a path; ``organisation``: of that body's dossiers only, when given."""

    role: Role
    body: Organisation
    path: type[Path]
    step: Step
    organisation: Organisation | None = None


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who holds the role there. ``load``: tasks in hand now, of the dossiers that the manager answers for."""

    user: User
    load: int
    away: Away | None
    holdings: tuple[Holding, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """The tasks of a queue, the oldest legal date first, and who could do them. ``more``: there are further tasks."""

    place: Place
    tasks: tuple[Chosen, ...]
    more: bool
    people: tuple[Colleague, ...]

    def barred(self) -> dict[int, frozenset[int]]:
        """For each task those who may not receive it: separation of duties. No statement."""
        return {
            one.task.pk: frozenset(
                person.user.pk
                for person in self.people
                if cannot_receive(one, person.user, person.holdings) is not None
            )
            for one in self.tasks
        }


def place_managed(holdings: tuple[Holding, ...], asked: Mapping[str, str]) -> Place:
    """The queue that an address names (``role``, ``body``, ``path``, ``step``, ``organisation``), for its manager.

    Raises ``NotFound`` for anybody else, and for a queue that no manager of ours shares out. Two statements at most.
    """
    unknown = NotFound(
        "Cette file ne se répartit pas ici, ou ne relève pas de vous. Choisissez-la sur la page Charge."
    )
    managed = [one for one in holdings if one.role == Role.MANAGER and one.delegation is None]
    path = known_path(asked.get("path", ""))
    step = path.step(asked.get("step", "")) if path is not None else None
    role, code, of = asked.get("role", ""), asked.get("body", ""), asked.get("organisation", "")
    if not managed or path is None or step is None or role not in Role.values or not storable(code + of):
        raise unknown
    found = {one.code: one for one in Organisation.objects.filter(code__in=[code, of]).order_by("pk")}
    body, organisation = found.get(code), found.get(of)
    if (
        body is None
        or body.kind in NATIONAL_KINDS
        or not any(one.covers(body.lineage) for one in managed)
        or (of and (organisation is None or not any(one.covers(organisation.lineage) for one in managed)))
    ):
        raise unknown
    return Place(Role(role), body, path, step, organisation)


@dataclass(frozen=True, slots=True)
class Shareable:
    """A queue that the manager may share out: its open tasks, those that nobody has taken. ``query``: its address."""

    title: str
    path_title: str
    held: str
    query: str
    open: int
    free: int


def queues_to_share(holdings: tuple[Holding, ...]) -> list[Shareable]:
    """Queues with open tasks on the bodies that a manager answers for, the fullest first. Three statements.

    Raises ``NotFound`` for who manages nothing.
    """
    managed = [one for one in holdings if one.role == Role.MANAGER and one.delegation is None]
    if not managed:
        raise NotFound("Cette page est celle du pilotage.")
    queues = managed_queues(holdings)
    bodies = Organisation.objects.filter(code__in={one.body_code for one in queues}).exclude(
        kind__in=NATIONAL_KINDS
    )
    own = {
        body.code: body for body in bodies.order_by("pk") if any(one.covers(body.lineage) for one in managed)
    }
    counts = _open_and_free([one.id for one in queues if one.body_code in own])
    found: dict[tuple[str, str, str, str], tuple[Queue, int, int]] = {}
    for one in queues:
        number, free = counts.get(one.id, (0, 0))
        definition = known_path(one.path)
        step = definition.step(one.step) if definition is not None else None
        if number and step is not None and not step.by_person:
            key = (one.role.value, one.body_code, one.path, one.step)
            _, so_many, so_free = found.get(key, (one, 0, 0))
            found[key] = (one, so_many + number, so_free + free)
    shown = [
        Shareable(
            title=one.step_title,
            path_title=one.path_title,
            held=f"{one.role.label}, {one.body_name}",
            query=urlencode(dict(zip(("role", "body", "path", "step"), key, strict=True))),
            open=number,
            free=free,
        )
        for key, (one, number, free) in found.items()
    ]
    return sorted(shown, key=lambda one: (-one.open, one.path_title, one.title, one.held))


def _open_and_free(queue_ids: list[int]) -> dict[int, tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT queue_id, coalesce(sum(number) FILTER (WHERE measure = 'open'), 0), "  # noqa: S608
            f"coalesce(sum(number) FILTER (WHERE measure = 'free'), 0) FROM {TALLIES} figures "
            "WHERE queue_id = ANY (%s) AND measure IN ('open', 'free') GROUP BY queue_id",
            [queue_ids],
        )
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def share_of(place: Place, user: Any, holdings: tuple[Holding, ...]) -> Share:
    """The queue's tasks and its people. Seven statements at most, whatever their number."""
    ids = _ids(place, user, holdings)
    chosen = {one.task.pk: one for one in chosen_tasks(user, ids[:MOST_TASKS], holdings)}
    tasks = [chosen[one] for one in ids if one in chosen]
    return Share(
        place=place,
        tasks=tuple(one for one in tasks if _may_hand_over(one, user, holdings)),
        more=len(ids) > MOST_TASKS,
        people=tuple(_people(place, holdings)),
    )


def _ids(place: Place, user: Any, holdings: tuple[Holding, ...]) -> list[int]:
    """The keys of the open tasks, the oldest legal date first, then other dates, then the oldest task."""
    tasks = Task.objects.filter(
        owner_permission=place.role.permission,
        owner_permission_obj_pk=str(place.body.pk),
        flow_task_type=Step.task_type,
        flow_task=place.step,
        status__in=OPEN,
        process__dossier__in=dossiers_visible_to(user, holdings),
    )
    if place.organisation is not None:
        tasks = tasks.filter(process__dossier__organisation=place.organisation)
    legal = Q(
        process__dossier__deadlines__state=DeadlineState.RUNNING,
        process__dossier__deadlines__kind=DeadlineKind.LEGAL,
    )
    dated = tasks.annotate(legal_on=Min("process__dossier__deadlines__due_on", filter=legal))
    ordered = dated.order_by(
        F("legal_on").asc(nulls_last=True),
        F("process__dossier__next_due_on").asc(nulls_last=True),
        "created",
        "pk",
    )
    return list(ordered.values_list("pk", flat=True)[: MOST_TASKS + 1])


def _may_hand_over(one: Chosen, user: Any, holdings: tuple[Holding, ...]) -> bool:
    try:
        hand_over_capacity(one.dossier, one.task, holdings, own=one.task.owner_id == user.pk)
    except Forbidden:
        return False
    return not one.step.by_person


def _people(place: Place, holdings: tuple[Holding, ...]) -> Sequence[Colleague]:
    today: date = clock.today()
    people = list(people_holding(place.role, place.body.pk))
    standings = people_around(lineages=[place.body.lineage], roles=[place.role])
    managed = Q(pk__in=())
    for held in holdings:
        if held.role == Role.MANAGER:
            managed |= Q(process__dossier__organisation__lineage__startswith=held.lineage)
    in_hand = dict(
        Task.objects.filter(
            managed, owner__in=[one.pk for one in people], flow_task_type=Step.task_type, status__in=OPEN
        )
        .order_by("owner")
        .values_list("owner")
        .annotate(number=Count("pk"))
    )
    return [
        Colleague(
            user=one,
            load=in_hand.get(one.pk, 0),
            away=standings[one.pk].away_on(today) if one.pk in standings else None,
            holdings=standings[one.pk].holdings if one.pk in standings else (),
        )
        for one in people
    ]
