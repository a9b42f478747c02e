"""Where the roles of a step are held: on the dossier's own body, on the CANSSM, or on bodies outside both."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from viewflow.workflow.models import Task

from cases.enums import OrganisationKind, Role
from cases.errors import Blocked, Reason
from cases.models import Organisation, User
from cases.permissions import Holding, holding_for
from cases.selectors import national_bodies

if TYPE_CHECKING:
    from workflows.engine.step import Step


class Place(StrEnum):
    """On which body the role of a step is held, seen from the dossier's own body."""

    OWN = "own"
    REGION = "region"  # the dossier's own body, at a step that only dossiers of a CARMI come to
    FUND = "fund"
    BOARD = "board"
    COMMITTEE = "committee"
    MINISTRIES = "ministries"
    COMPTROLLER = "comptroller"


#: Where each role is held when the step does not say otherwise.
DEFAULT_PLACE: dict[Role, Place] = {
    Role.PREPARER: Place.OWN,
    Role.REGIONAL_DIRECTOR: Place.OWN,
    Role.REVIEWER: Place.FUND,
    Role.DIRECTOR_GENERAL: Place.FUND,
    Role.ACCOUNTING_OFFICER: Place.FUND,
    Role.BOARD_SECRETARY: Place.BOARD,
    Role.EXPERT: Place.COMMITTEE,
    Role.AUTHORITY: Place.MINISTRIES,
    Role.COMPTROLLER: Place.COMPTROLLER,
}

#: Kinds of bodies that stand outside the dossier's own line.
KIND_OF_PLACE: dict[Place, OrganisationKind] = {
    Place.BOARD: OrganisationKind.BOARD,
    Place.COMMITTEE: OrganisationKind.COMMITTEE,
    Place.MINISTRIES: OrganisationKind.MINISTRY,
    Place.COMPTROLLER: OrganisationKind.COMPTROLLER,
}

#: How the documentation and the drawings name each place.
PLACE_LABELS: dict[Place, str] = {
    Place.OWN: "organisation du dossier",
    Place.REGION: "CARMI du dossier",
    Place.FUND: "CANSSM",
    Place.BOARD: "conseil d’administration",
    Place.COMMITTEE: "comité d’experts",
    Place.MINISTRIES: "chaque ministère de tutelle",
    Place.COMPTROLLER: "contrôle général",
}


@dataclass(frozen=True, slots=True)
class Seat:
    """A role on a place, as a step declares it."""

    role: Role
    place: Place


@dataclass(frozen=True, slots=True)
class Chair:
    """A role on a body: who may take one task."""

    role: Role
    organisation_id: int

    def holding(self, holdings: tuple[Holding, ...]) -> Holding | None:
        """The holding that fits, if any."""
        return holding_for(holdings, self.role, self.organisation_id)


def chairs_of(seat: Seat, organisation: Organisation) -> tuple[Chair, ...]:
    """The bodies on which a seat is held, seen from the dossier's own body. One statement at most, once.

    Raises ``Blocked`` when no body of that kind is in activity: the dossier would wait for nobody.
    """
    if seat.place in (Place.OWN, Place.REGION):
        return (Chair(seat.role, organisation.pk),)
    if seat.place is Place.FUND:
        return (Chair(seat.role, organisation.parent_id or organisation.pk),)
    kind = KIND_OF_PLACE[seat.place]
    found = tuple(Chair(seat.role, body.pk) for body in national_bodies(organisation) if body.kind == kind)
    if not found:
        message = (
            f"Aucune organisation en activité de nature « {kind.label} » : l’étape n’attendrait personne. "
            "Demandez à l’administrateur de l’enregistrer."
        )
        raise Blocked(message, reasons=[Reason("no_body", message, Role.ADMINISTRATOR.label)])
    return found


def chair_of(task: Task) -> Chair:
    """Who may take a task, as it was opened."""
    return Chair(Role(task.owner_permission.removeprefix("cases.hold_")), int(task.owner_permission_obj_pk))


@dataclass(frozen=True, slots=True)
class TaskSeat:
    """Whose clock a task is under, where several hold a step: one of the bodies, or one of the people asked.

    ``person_id`` is ``NOBODY`` for a seat that waits for somebody to take it.
    """

    body_id: int | None = None
    person_id: int | None = None


#: The person of a seat that nobody has taken.
NOBODY = 0
#: The seat of a step that one body holds.
ONLY_SEAT = TaskSeat()


def seat_of(step: Step, task: Task, actor: User | None = None) -> TaskSeat:
    """The seat of a task; ``actor`` takes one that nobody had."""
    if step.by_person:
        return TaskSeat(None, task.owner_id or (actor.pk if actor is not None else NOBODY))
    return TaskSeat(chair_of(task).organisation_id if step.shared else None)


def body_name(chair: Chair, organisation: Organisation) -> str:
    """The name of a chair's body."""
    if chair.organisation_id == organisation.pk:
        return organisation.name
    if chair.organisation_id == organisation.parent_id and organisation.parent is not None:
        return organisation.parent.name
    return next((body.name for body in national_bodies(organisation) if body.pk == chair.organisation_id), "")


def body_code(chair: Chair, organisation: Organisation) -> str:
    """The code of a chair's body outside the dossier's own line."""
    return next(
        (body.code for body in national_bodies(organisation) if body.pk == chair.organisation_id),
        organisation.code,
    )
