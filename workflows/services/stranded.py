"""Gives back the tasks of people who may no longer do them: their role or delegation has ended, their access is closed.

A delegation ends on its last day, and whoever gave it comes back to tasks that are in the hands of the delegate:
neither could go on, and only a manager could help. A task asked of a person by name (an expert's opinion) stays where
it is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import transaction
from viewflow.workflow.models import Task

from cases.errors import BusinessError
from cases.models import Dossier, User
from cases.permissions import Holding, acting_holdings_of, reaching
from cases.services.journal import SYSTEM
from workflows.engine.context import StepContext
from workflows.engine.registry import get_path
from workflows.engine.step import OPEN, Step
from workflows.selectors.actions import holding_at
from workflows.services.locking import busy_is_conflict, lock_dossier
from workflows.services.records import record_act

logger = logging.getLogger(__name__)


def release_stranded() -> int:
    """Give every such task back to all who hold its role; how many were.

    Two statements, and for each person who holds a task two to four; then those of the acts. Each task has a
    transaction of its own: one that is busy waits for the next sweep.
    """
    held = Task.objects.filter(flow_task_type=Step.task_type, status__in=OPEN, owner__isnull=False)
    owners = list(held.order_by("owner_id").values_list("owner_id", flat=True).distinct())
    released = 0
    for owner in User.objects.filter(pk__in=owners).order_by("pk"):
        tasks = list(held.filter(owner=owner).select_related("process").order_by("pk"))
        for task in _stranded(owner, tasks):
            try:
                released += _release(task.pk, owner)
            except BusinessError as error:
                logger.warning("task %s of %s was not given back: %s", task.pk, owner.pk, error.message)
            except Exception:
                logger.exception("task %s of %s was not given back", task.pk, owner.pk)
    return released


def _stranded(owner: User, tasks: Iterable[Task]) -> list[Task]:
    """Those of the person's tasks that they may no longer do. One statement, and those of what they hold."""
    holdings = acting_holdings_of(owner) if owner.is_active else ()
    dossiers = {
        dossier.process_id: dossier
        for dossier in Dossier.objects.select_related("organisation").filter(
            process_id__in=[task.process_id for task in tasks]
        )
    }
    return [
        task
        for task in tasks
        if (dossier := dossiers.get(task.process_id)) is not None and _is_stranded(task, dossier, holdings)
    ]


def _is_stranded(task: Task, dossier: Dossier, holdings: tuple[Holding, ...]) -> bool:
    step = task.flow_task
    if not isinstance(step, Step) or step.by_person:
        return False
    return holding_at(step, dossier, reaching(holdings, dossier), task) is None


def _release(task_id: int, owner: User) -> bool:
    """Give one back, unless it has changed hands or its holder may do it again by now. Raises ``Conflict``."""
    with busy_is_conflict(), transaction.atomic():
        dossier = lock_dossier(holdings=None, task_id=task_id)
        task = Task.objects.get(pk=task_id)
        step = task.flow_task
        if task.status not in OPEN or task.owner_id != owner.pk or not isinstance(step, Step):
            return False
        if not _is_stranded(task, dossier, acting_holdings_of(owner) if owner.is_active else ()):
            return False
        task.process = dossier.process
        context = StepContext(
            dossier=dossier,
            path=get_path(dossier.path),
            step=step,
            actor=None,
            capacity=SYSTEM,
            motive=(
                f"Constaté par Berline : {owner} ne peut plus faire cette tâche (rôle ou délégation terminés, ou accès "
                "fermé). Elle revient à toutes les personnes qui tiennent le rôle."
            ),
        )
        context.changes["owner"] = [str(owner), None]
        step.activation_class(task).unassign()
        record_act(context, action="release", status_before=dossier.status, bump=False)
    return True
