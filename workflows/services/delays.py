"""The end of one person's delay: which of the open tasks of a step it concerns."""

from collections.abc import Iterable, Mapping
from typing import Any

from viewflow.workflow.models import Task

from cases import clock
from cases.enums import AtExpiry, DeadlineState
from cases.errors import Conflict
from cases.models import Deadline
from workflows.engine.context import StepContext
from workflows.engine.step import Step


def task_whose_delay_is_over(
    context: StepContext, step: Step, tasks: Iterable[Task], data: Mapping[str, Any] | None
) -> Task:
    """The task of the person, or of the seat that nobody took, whose clock ``data["deadline"]`` ran out.

    What was awaited is done without from the day after the last one on. Raises ``Conflict`` when the clock does not run
    any more: another sweep was faster, or the person.
    """
    identifier = (data or {}).get("deadline")
    running = Deadline.objects.filter(
        dossier=context.dossier, step=step.name, state=DeadlineState.RUNNING, at_expiry=AtExpiry.CLOSE
    ).select_related("person")
    clocks = list(running)
    today = clock.today()
    ended = next((one for one in clocks if one.pk == identifier and one.due_on and one.due_on < today), None)
    found = None
    if ended is not None:
        timed = {one.person_id for one in clocks} - {None}
        found = next(
            (
                task
                for task in tasks
                if task.flow_task is step
                and (
                    task.owner_id == ended.person_id
                    or (ended.person_id is None and task.owner_id not in timed)
                )
            ),
            None,
        )
        context.used_rules.add(ended.rule_ref)
        context.memo["lapsed_expert"] = ended.person_id
        context.memo["lapsed_name"] = str(ended.person) if ended.person else ""
    if found is None:
        raise Conflict(
            "Le délai de cet avis ne court plus. Rechargez la page pour voir où en est le dossier."
        )
    return found
