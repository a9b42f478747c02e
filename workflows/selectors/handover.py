"""Who may give a task back or hand it over, and why not: asked by the services and by whoever forecasts them."""

from viewflow.workflow.models import Task

from cases.enums import Role
from cases.errors import Blocked, Forbidden, Reason
from cases.models import Dossier
from cases.permissions import Holding
from workflows.engine.seats import chair_of
from workflows.engine.step import Step


def refuse_invited(step: Step, task: Task) -> None:
    """An opinion is asked of a person: it passes to nobody else, but by stepping down. Raises ``Blocked``."""
    if step.by_person and task.owner_id is not None:
        message = (
            f"L’avis est demandé à {task.owner} en personne : la tâche ne se libère ni ne se réaffecte. En cas de "
            "conflit d’intérêts, cette personne se récuse et un autre expert est invité."
        )
        raise Blocked(message, reasons=[Reason("invited_in_person", message, str(task.owner))])


def hand_over_capacity(dossier: Dossier, task: Task, holdings: tuple[Holding, ...], *, own: bool) -> str:
    """Under which holding a person may release or hand over a task. Raises ``Forbidden``."""
    chair = chair_of(task)
    held = chair.holding(holdings)
    if own and held is not None:
        return held.capacity
    own_body = dossier.organisation
    body = own_body if chair.organisation_id == own_body.pk else own_body.parent
    if body is not None and body.pk != chair.organisation_id:
        body = None  # a body outside the line: no manager of ours
    manager = next(
        (one for one in holdings if body and one.role == Role.MANAGER and one.covers(body.lineage)), None
    )
    if manager is not None:
        return manager.capacity
    raise Forbidden(
        "Seule la personne qui tient cette tâche, ou le pilotage, peut la libérer ou la réaffecter. "
        "Adressez-vous à l’une d’elles."
    )
