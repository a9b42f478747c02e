"""What the text brings about by lapse of time, done by the system through ``perform``: once, at the legal date."""

import logging
from dataclasses import dataclass, field

from django.db.models import Q

from cases import clock
from cases.enums import DeadlineState
from cases.errors import BusinessError, Conflict
from cases.models import Deadline
from workflows.engine.registry import all_paths
from workflows.services.perform import perform

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Expired:
    """What a sweep did: references of the dossiers that moved, and those that could not, each with its sentence."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def expire_deadlines() -> Expired:
    """Do what is due today or was due before: the outcome that a step names for the end of its delay.

    Each dossier has a transaction of its own: one that cannot move does not stop the others and is reported. Two sweeps
    at once: the second finds the step done. One statement, then those of the acts that are due.
    """
    endings = {
        (path.key, step.name): step.within.then
        for path in all_paths()
        for step in path.steps()
        if step.within is not None and step.within.then
    }
    report = Expired()
    if not endings:
        return report
    wanted = Q()
    for key, name in endings:
        wanted |= Q(dossier__path=key, step=name)
    due = Deadline.objects.filter(wanted, state=DeadlineState.RUNNING, due_on__lte=clock.today())
    for reference, key, name in due.order_by("due_on", "pk").values_list(
        "dossier__reference", "dossier__path", "step"
    ):
        try:
            perform(reference=reference, step=name, outcome=endings[key, name], actor=None)
        except Conflict:  # another sweep, or a person, was faster
            continue
        except BusinessError as error:
            report.failed[reference] = error.message
            logger.warning("expiry of %s at %s refused: %s", reference, name, error.message)
        except Exception:
            report.failed[reference] = "Erreur du programme : voir le journal technique."
            logger.exception("expiry of %s at %s failed", reference, name)
        else:
            report.done.append(reference)
    return report
