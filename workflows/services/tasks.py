"""Takes, gives back and hands over tasks; each act is journalled, none changes what the dossier is."""

from typing import Final

from django.db import transaction
from viewflow.workflow.models import Task

from cases.errors import Conflict, Forbidden, Invalid, NotFound
from cases.models import Dossier, User
from cases.permissions import Holding, acting_holdings_of, reaching
from workflows.engine.context import StepContext
from workflows.engine.registry import get_path
from workflows.engine.step import OPEN, Step
from workflows.selectors.actions import act_under, holding_at, refuse_unless_claimable
from workflows.selectors.handover import hand_over_capacity, refuse_invited
from workflows.services.locking import UNSEEN, busy_is_conflict, checked_motive, lock_dossier
from workflows.services.records import note_capacity, record_act

#: ``seen_held_by``: the person did not look who held the task.
NOT_LOOKED: Final = -1


def _open_task(task_id: int, holdings: tuple[Holding, ...]) -> tuple[Dossier, Task, Step]:
    """Lock the dossier of a task. Raises ``NotFound`` (also for what one may not see), ``Conflict`` (already done)."""
    dossier = lock_dossier(holdings=holdings, task_id=task_id)
    task = Task.objects.select_related("owner").get(pk=task_id)
    step = task.flow_task
    if not isinstance(step, Step):
        raise NotFound(UNSEEN)
    if task.status not in OPEN:
        raise Conflict("Cette tâche est déjà terminée. Rechargez la page pour voir où en est le dossier.")
    task.process = dossier.process
    return dossier, task, step


def _context(dossier: Dossier, step: Step, actor: User, capacity: str, motive: str = "") -> StepContext:
    return StepContext(
        dossier=dossier, path=get_path(dossier.path), step=step, actor=actor, capacity=capacity, motive=motive
    )


def claim(*, task_id: int, actor: User) -> Task:
    """Take a task. Of two people one wins; claiming one's own task again changes nothing.

    Raises ``NotFound``, ``Forbidden`` (role, separation of duties), ``Conflict`` (taken or done).
    """
    with busy_is_conflict(), transaction.atomic():
        holdings = acting_holdings_of(actor)
        dossier, task, step = _open_task(task_id, holdings)
        if task.owner_id == actor.pk:
            return task
        context = _context(dossier, step, actor, "")
        holdings = act_under(context, holdings)
        refuse_unless_claimable(context, step, task, holdings, actor.pk)
        held = holding_at(step, dossier, holdings, task)
        if held is not None:
            note_capacity(context, held)
        step.activation_class(task).assign(actor)
        record_act(context, action="claim", status_before=dossier.status, bump=False)
    return task


def release(*, task_id: int, actor: User, motive: str = "", seen_held_by: int | None = NOT_LOOKED) -> Task:
    """Give a task back to all who hold its role; for its holder, or a manager of the body where it is held.

    ``seen_held_by``: who held it when the person chose (key, None: nobody); a task that has changed hands since is
    left alone. Raises ``NotFound``, ``Forbidden``, ``Conflict``, ``Invalid``. Releasing a free task changes nothing.
    """
    motive = checked_motive(motive)
    with busy_is_conflict(), transaction.atomic():
        holdings = acting_holdings_of(actor)
        dossier, task, step = _open_task(task_id, holdings)
        if task.owner_id is None:
            return task
        _refuse_changed_hands(task, seen_held_by)
        refuse_invited(step, task)
        able = reaching(holdings, dossier)
        capacity = hand_over_capacity(dossier, task, able, own=task.owner_id == actor.pk)
        context = _context(dossier, step, actor, capacity, motive)
        context.changes["owner"] = [str(task.owner), None]
        step.activation_class(task).unassign()
        record_act(context, action="release", status_before=dossier.status, bump=False)
    return task


def reassign(
    *, task_id: int, actor: User, to: User, motive: str, seen_held_by: int | None = NOT_LOOKED
) -> Task:
    """Hand a task over to another person who holds its role; for its holder or a manager, with a motive.

    ``seen_held_by``: as for ``release``. Raises ``NotFound``, ``Forbidden``, ``Conflict``, ``Invalid`` (no motive,
    person who may not do the step).
    """
    motive = checked_motive(motive)
    if not motive:
        message = "Indiquez pourquoi la tâche change de mains."
        raise Invalid(message, details={"motive": [message]})
    with busy_is_conflict(), transaction.atomic():
        holdings = acting_holdings_of(actor)
        dossier, task, step = _open_task(task_id, holdings)
        _refuse_changed_hands(task, seen_held_by)
        refuse_invited(step, task)
        able = reaching(holdings, dossier)
        capacity = hand_over_capacity(dossier, task, able, own=task.owner_id == actor.pk)
        context = _context(dossier, step, actor, capacity, motive)
        before = str(task.owner) if task.owner else None
        task.owner, owner_id = None, task.owner_id
        try:
            refuse_unless_claimable(context, step, task, act_under(context, acting_holdings_of(to)), to.pk)
        except Forbidden as error:
            message = f"{to} ne peut pas recevoir cette tâche : {error.message}"
            raise Invalid(message, details={"to": [message]}) from None
        task.owner_id = owner_id
        activation = step.activation_class(task)
        if owner_id is None:
            activation.assign(to)
        else:
            activation.reassign(to)
        context.changes["owner"] = [before, str(to)]
        record_act(context, action="reassign", status_before=dossier.status, bump=False)
    return task


def _refuse_changed_hands(task: Task, seen_held_by: int | None) -> None:
    """Raise ``Conflict`` when somebody else holds the task than when the person looked."""
    if seen_held_by in (NOT_LOOKED, task.owner_id):
        return
    now = f"{task.owner} la tient" if task.owner else "elle est libre"
    raise Conflict(
        f"La tâche a changé de mains depuis que vous l’avez choisie : {now} maintenant. Revoyez-la."
    )
