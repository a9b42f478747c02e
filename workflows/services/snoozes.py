"""Puts a task aside for oneself until a day. For everybody else, and for every reminder, nothing changes."""

from datetime import date, timedelta

from viewflow.workflow.models import Task

from cases import clock
from cases.calendar import french_date
from cases.enums import DeadlineKind, DeadlineState
from cases.errors import Blocked, Conflict, Forbidden, Invalid, NotFound, Reason
from cases.models import Deadline, Dossier, Snooze, User
from cases.permissions import acting_holdings_of
from cases.selectors import dossiers_visible_to
from workflows.engine.seats import chair_of
from workflows.engine.step import OPEN, Step
from workflows.rulebook import resolve
from workflows.services.locking import UNSEEN

#: The longest time for which a task may be put aside, in calendar days.
MAX_DAYS = 60


def snooze_task(*, task_id: int, until: date, actor: User) -> Snooze:
    """Hide a task from ``actor``'s own queue until the day ``until``, when it is back. A second call changes the day.

    Raises ``NotFound``, ``Forbidden`` (a task of another role), ``Conflict`` (already done), ``Invalid`` (a day that is
    past, or more than 60 days ahead), ``Blocked`` (a legal date of the dossier lies before that day; its rule is
    quoted).
    """
    dossier, _ = _task_of_ones_own(task_id, actor)
    today, last = clock.today(), clock.today() + timedelta(MAX_DAYS)
    message = ""
    if until <= today:
        message = "Choisissez un jour à venir : la tâche revient dans votre file ce jour-là."
    elif until > last:
        message = (
            f"Une tâche se met de côté {MAX_DAYS} jours au plus : choisissez un jour jusqu’au "
            f"{french_date(last)}."
        )
    if message:
        raise Invalid(message, details={"until": [message]})
    _refuse_beyond_legal_date(dossier, until)
    kept, _ = Snooze.objects.update_or_create(
        user=actor, task_id=task_id, defaults={"until": until, "created_at": clock.now()}
    )
    return kept


def wake_task(*, task_id: int, actor: User) -> None:
    """Bring a task back to ``actor``'s queue at once; one that is not put aside stays as it is. One statement."""
    Snooze.objects.filter(user=actor, task_id=task_id).delete()


def _task_of_ones_own(task_id: int, actor: User) -> tuple[Dossier, Task]:
    """An open task of a role that ``actor`` holds, and its dossier. Three statements."""
    holdings = acting_holdings_of(actor)
    dossier = dossiers_visible_to(actor, holdings).filter(process__task__pk=task_id).first()
    task = Task.objects.filter(pk=task_id).first() if dossier else None
    if dossier is None or task is None or not isinstance(task.flow_task, Step):
        raise NotFound(UNSEEN)
    if task.status not in OPEN:
        raise Conflict("Cette tâche est déjà terminée. Rechargez la page pour voir où en est le dossier.")
    chair = chair_of(task)
    if chair.holding(holdings) is None:
        raise Forbidden(
            f"Cette tâche revient au rôle « {chair.role.label} » : elle n’est pas dans votre file, et ne s’y met donc "
            "pas de côté."
        )
    return dossier, task


def _refuse_beyond_legal_date(dossier: Dossier, until: date) -> None:
    legal = (
        Deadline.objects.filter(
            dossier=dossier,
            kind=DeadlineKind.LEGAL,
            state=DeadlineState.RUNNING,
            due_on__lt=until,
        )
        .order_by("due_on", "pk")
        .first()
    )
    if legal is None or legal.due_on is None:
        return
    when = french_date(legal.due_on)
    if legal.due_on <= clock.today():
        past = "tombe aujourd’hui," if legal.due_on == clock.today() else "tombait le"
        message = f"L’échéance légale « {legal.title} » {past} {when} : faites cette tâche sans attendre."
    else:
        message = (
            f"L’échéance légale « {legal.title} » tombe le {when} : choisissez au plus tard ce jour pour revoir la "
            "tâche."
        )
    raise Blocked(message, reasons=[Reason("legal_date", message, "", resolve(legal.rule_ref).as_quote())])
