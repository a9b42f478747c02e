"""Who may do what on a dossier now, and why not: the same answer guards ``perform`` and is shown beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from viewflow.workflow.models import Task

from cases import rows
from cases.enums import INCOMPATIBLE_DUTIES, STATUS_MOVES, DossierStatus, Duty, OrganisationKind, Role
from cases.errors import Blocked, BusinessError, Conflict, Forbidden, NotFound, Reason
from cases.models import Dossier, Organisation
from cases.money import format_eur
from cases.permissions import Holding, acting_holdings_of, falling_short, holding_for, prepared, reaching
from cases.register_terms import OpinionState
from cases.selectors import current_kinds
from cases.selectors.opinions import places_in
from workflows.engine.context import StepContext
from workflows.engine.path import Path
from workflows.engine.registry import get_path
from workflows.engine.seats import Chair, body_name, chair_of
from workflows.engine.step import OPEN, Outcome, Step

#: Roles that sign for a body; they may withdraw its dossiers, as those who may file them.
SIGNATORIES = (Role.REGIONAL_DIRECTOR, Role.DIRECTOR_GENERAL)
WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason, and the kind of error that it makes when the act is tried all the same."""

    error: type[BusinessError]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Action:
    """An outcome of a step as a person sees it: allowed or not, and every reason why not."""

    step: str
    step_title: str
    outcome: str
    label: str
    allowed: bool
    reasons: tuple[Reason, ...]
    motive_required: bool
    form: type[Any] | None
    task_id: int | None
    style: str = "secondary"
    help: str = ""
    motive_allowed: bool = True
    under: str = ""  # the delegated capacity that it would be done under; empty: a role of one's own


def unsuitable_body(path: type[Path], organisation: Organisation) -> list[Refusal]:
    """A path is open to some kinds of bodies only."""
    if organisation.kind in path.organisation_kinds:
        return []
    kinds = ", ".join(OrganisationKind(kind).label.lower() for kind in sorted(path.organisation_kinds))
    message = (
        f"Le circuit « {path.title} » est ouvert aux organisations de cette nature : {kinds}. "
        "Choisissez un autre circuit ou une autre organisation."
    )
    return [Refusal(Blocked, Reason("organisation", message))]


_WORK = f"""
SELECT {rows.columns(Task, "task")},
       ARRAY(SELECT kind FROM cases_document WHERE dossier_id = %s AND current)
  FROM viewflow_task task
 WHERE task.process_id = %s AND task.flow_task_type = %s AND task.status = ANY(%s)
 ORDER BY task.id
"""  # noqa: S608


def work_on(dossier: Dossier) -> tuple[list[Task], frozenset[str] | None]:
    """The open human tasks of a dossier and the kinds of its pieces in force. One statement.

    The kinds are None when no task is open: nobody asks for them then.
    """
    with rows.cursor() as cursor:
        cursor.execute(_WORK, [dossier.pk, dossier.process_id, Step.task_type, OPEN])
        found = cursor.fetchall()
    tasks, kinds = [], None
    for row in found:
        task, (kinds,) = rows.build(Task, row)
        task.process = dossier.process
        tasks.append(task)
    return tasks, None if kinds is None else frozenset(kinds)


def open_tasks(process_id: int | None) -> QuerySet[Task]:
    """Open human tasks of a process, with their holders."""
    tasks: QuerySet[Task] = Task.objects.filter(
        process_id=process_id, flow_task_type=Step.task_type, status__in=OPEN
    )
    return tasks.select_related("owner").order_by("pk")


def holding_at(
    step: Step, dossier: Dossier, holdings: tuple[Holding, ...], task: Task | None = None
) -> Holding | None:
    """The holding that lets its owner do this step of this dossier; that very task when it is open.

    One's own role first, then a delegation whose giver could do the step themself.
    """
    if task is not None:
        return _best((chair_of(task),), step, dossier, holdings)
    roles = {held.role for held in holdings}
    if roles.isdisjoint({seat.role for seat in step.seats} | set(step.filed_by)):
        return None  # nobody needs to know then where the step is held
    chairs = step.chairs(dossier.organisation)
    others = [Chair(role, chairs[0].organisation_id) for role in step.filed_by]
    return _best((*chairs, *others), step, dossier, holdings)


def _best(
    chairs: Iterable[Chair], step: Step, dossier: Dossier, holdings: tuple[Holding, ...]
) -> Holding | None:
    found = (
        held
        for chair in chairs
        for held in holdings
        if (held.role, held.organisation_id) == (chair.role, chair.organisation_id)
    )
    return min(
        found,
        key=lambda held: (held.delegation is not None, bool(_giver_took_part(step.duty, dossier, held))),
        default=None,
    )


def _giver_took_part(duty: Duty, dossier: Dossier, held: Holding | None) -> Duty | None:
    """The part, which does not go with ``duty``, that the giver of a delegation has played in a dossier; if any."""
    if held is None or held.delegation is None:
        return None
    return _part_played(duty, dossier, held.delegation.delegator_id)


def _part_played(duty: Duty, dossier: Dossier, user_id: int | None) -> Duty | None:
    played = (other for other in sorted(INCOMPATIBLE_DUTIES[duty]))
    return next((other for other in played if user_id in dossier.participants.get(other.value, ())), None)


def task_of(
    tasks: Iterable[Task], step: Step, holdings: tuple[Holding, ...], user_id: int | None
) -> Task | None:
    """The open task of a step that a person would do: their own, then one of a body of theirs, then any.

    None for a person whose body has answered already while others still hold the step, or who was not asked.
    """
    found = [task for task in tasks if task.flow_task is step]
    if not step.collective:
        return found[0] if found else None
    if step.by_person:
        found = [task for task in found if task.owner_id in (None, user_id)]
    held = [task for task in found if chair_of(task).holding(holdings) is not None]
    held.sort(key=lambda task: (task.owner_id != user_id, task.owner_id is not None))
    return held[0] if held else None


def has_answered(
    step: Step,
    dossier: Dossier,
    tasks: Iterable[Task],
    holdings: tuple[Holding, ...],
    user_id: int | None = None,
) -> bool:
    """Whether a person, or their body, has answered a step which others still hold."""
    found = [task for task in tasks if task.flow_task is step]
    if step.by_person:
        if not found or user_id is None or holding_at(step, dossier, holdings) is None:
            return False
        return places_in(dossier, step.name).get(user_id, OpinionState.INVITED) != OpinionState.INVITED
    return (
        step.shared
        and bool(found)
        and task_of(found, step, holdings, None) is None
        and holding_at(step, dossier, holdings) is not None
    )


def step_refusals(
    context: StepContext, step: Step, task: Task | None, holdings: tuple[Holding, ...], user_id: int | None
) -> list[Refusal]:
    """What stands between a person and a step, whatever the outcome: role, open task, holder, separation of duties."""
    refusals = []
    held = holding_at(step, context.dossier, holdings, task)
    asked = None if step.shared else task  # of several bodies that hold a step, any
    beyond = None if held is not None else holding_at(step, context.dossier, context.beyond, asked)
    if beyond is not None:
        refusals.append(out_of_scope(context, beyond))
    elif held is None:
        message = (
            f"L’étape « {step.task_title} » revient au rôle « {step.role_label} ». "
            "Demandez à une personne qui tient ce rôle d’agir."
        )
        refusals.append(Refusal(Forbidden, Reason("role", message, step.role_label)))
    if task is None:
        refusals.append(Refusal(Blocked, not_yet(context, step)))
    elif step.by_person and not _is_asked(context, step, task, user_id):
        message = (
            f"L’étape « {step.task_title} » attend l’avis des personnes invitées, et vous n’en êtes pas. "
            "Écrivez à l’instructeur si votre avis doit être demandé."
        )
        refusals.append(
            Refusal(
                Forbidden, Reason("not_invited", message, Role.REVIEWER.label, context.quote(step.rules[0]))
            )
        )
    elif task.owner_id is not None and task.owner_id != user_id:
        message = (
            f"{task.owner} a pris cette tâche en charge. Demandez-lui de la libérer, ou faites-la réaffecter."
        )
        refusals.append(Refusal(Conflict, Reason("claimed", message, str(task.owner))))
    refusals += separation_refusals(context, step.duty, user_id, held)
    return refusals


def act_under(context: StepContext, holdings: tuple[Holding, ...]) -> tuple[Holding, ...]:
    """Those of the holdings in whose scope the dossier of ``context`` lies; the others are kept to say why not."""
    context.beyond = falling_short(holdings, context.dossier)
    return reaching(holdings, context.dossier)


def out_of_scope(context: StepContext, held: Holding, amount: Decimal | None = None) -> Refusal:
    """A delegation that does not reach the dossier, or the ``amount`` that the act grants (EUR HT): its scope, its act,
    and who can do the step instead.
    """
    given = held.delegation
    if given is None:
        raise ValueError("a role held in one's own right has no scope")
    dossier = context.dossier
    asked = dossier.amount_ht if amount is None else amount
    limits, found = [], []
    if given.paths:
        limits.append("ces circuits : " + ", ".join(f"« {_path_title(key)} »" for key in given.paths))
        if dossier.path not in given.paths:
            found.append(f"le circuit du dossier est « {context.path.title} »")
    if given.ceiling is not None:
        limits.append(f"les montants jusqu’à {format_eur(given.ceiling)} HT")
        if asked is None:
            found.append("ce dossier n’a pas de montant, et rien ne dit qu’il reste sous le plafond")
        elif abs(asked) > given.ceiling:
            found.append(f"il s’agit ici de {format_eur(asked)}")
    who = f"{given.delegator_name}, ou une autre personne qui tient le rôle « {held.role.label} »"
    message = (
        f"Votre délégation de {given.delegator_name} ({given.act}) couvre {' et '.join(limits)} ; {', '.join(found)}. "
        f"L’acte revient à {who}."
    )
    return Refusal(Forbidden, Reason("delegation_scope", message, who))


def _path_title(key: str) -> str:
    """The title of a path; its key where it no longer exists."""
    try:
        return get_path(key).title
    except NotFound:
        return key


def _is_asked(context: StepContext, step: Step, task: Task, user_id: int | None) -> bool:
    """Whether the seat is the person's, or free and the person has no other one in this round."""
    if task.owner_id is not None or user_id is None:
        return bool(task.owner_id == user_id)
    return user_id not in places_in(context.dossier, step.name)


def separation_refusals(
    context: StepContext, duty: Duty, user_id: int | None, held: Holding | None = None
) -> list[Refusal]:
    """Whoever prepared or reviewed never decides; whoever decided never acts as agent comptable (design §7).

    Nor does anybody in their name: ``held`` is the holding that one would act under. Whoever prepared a file does not
    review it by delegation either: a delegation would carry the file over the counter to who handed it in.
    """
    mine = _part_played(duty, context.dossier, user_id)
    if mine is None and held is not None and held.delegation is not None and duty is Duty.REVIEW:
        mine = Duty.PREPARE if prepared(context.dossier, user_id) else None
    theirs = _giver_took_part(duty, context.dossier, held)
    if mine is not None:
        message = (
            f"Vous avez déjà participé à {_the(mine)} de ce dossier : une autre personne doit se charger de "
            f"{_the(duty)}."
        )
    elif theirs is not None and held is not None and held.delegation is not None:
        message = (
            f"{held.delegation.delegator_name} a participé à {_the(theirs)} de ce dossier et ne pourrait pas se "
            f"charger de {_the(duty)} : personne ne le peut par sa délégation. Une autre personne qui tient le rôle "
            f"« {held.role.label} » doit le faire."
        )
    else:
        return []
    other = mine or theirs
    key = (
        "separation.authorising_accounting" if Duty.ACCOUNT in (duty, other) else "separation.prepare_decide"
    )
    return [Refusal(Forbidden, Reason("separation_of_duties", message, "", context.quote(key)))]


def _the(duty: Duty) -> str:
    """« la décision », « l’instruction »."""
    return f"l’{duty.label}" if duty.label[0] in "aeéiou" else f"la {duty.label}"


def not_yet(context: StepContext, step: Step) -> Reason:
    """The step is not open: say in which state the dossier is and which step has to come first."""
    status = DossierStatus(context.dossier.status).label
    waiting = context.waiting
    before = f" Il faut d’abord : {waiting}." if waiting else ""
    return Reason(
        code="not_open",
        message=f"L’étape « {step.task_title} » n’est pas ouverte : le dossier est « {status} ».{before}",
        lifted_by=waiting,
        quote=context.quote(step.rules[0]) if step.rules else None,
    )


def outcome_refusals(context: StepContext, outcome: Outcome) -> list[Refusal]:
    """What the outcome's own guards say of the dossier as it is."""
    return [Refusal(Blocked, reason) for guard in outcome.guards for reason in guard(context)]


def editable_step(
    context: StepContext, tasks: Iterable[Task], holdings: tuple[Holding, ...]
) -> tuple[Step, Holding] | None:
    """The open step in which one of these holdings may change data and pieces, if any."""
    for task in tasks:
        step: Step = task.flow_task
        held = holding_at(step, context.dossier, holdings, task)
        if step.edits and held is not None:
            return step, held
    return None


def may_edit(
    context: StepContext, tasks: Iterable[Task], holdings: tuple[Holding, ...], user_id: int | None
) -> bool:
    """Whether a person may change data and pieces now: role, open step, separation of duties."""
    found = editable_step(context, tasks, holdings)
    return found is not None and not separation_refusals(context, found[0].duty, user_id)


def withdrawing_holding(path: type[Path], dossier: Dossier, holdings: tuple[Holding, ...]) -> Holding | None:
    """The holding under which its owner may withdraw the dossier, if any: who may file, and who signs for the body."""
    roles = (*path.first_step().filing_roles, *SIGNATORIES)
    found = (holding_for(holdings, role, dossier.organisation_id) for role in roles)
    return next((held for held in found if held is not None), None)


def withdraw_refusals(context: StepContext, holdings: tuple[Holding, ...]) -> list[Refusal]:
    """Withdrawal is for the submitter's own body, until the decision."""
    dossier = context.dossier
    refusals = []
    if withdrawing_holding(context.path, dossier, holdings) is None:
        message = (
            f"Seuls les agents et le directeur de « {dossier.organisation} » peuvent retirer ce dossier."
        )
        refusals.append(Refusal(Forbidden, Reason("role", message, Role.REGIONAL_DIRECTOR.label)))
    if dossier.status == DossierStatus.WITHDRAWN:
        message = "Le dossier a déjà été retiré. Rechargez la page pour voir où il en est."
        refusals.append(Refusal(Conflict, Reason("withdrawn", message)))
    elif DossierStatus.WITHDRAWN not in STATUS_MOVES[DossierStatus(dossier.status)]:
        status = DossierStatus(dossier.status).label
        message = f"Le dossier est « {status} » : il ne peut plus être retiré. Contactez la CANSSM."
        quote = context.quote(context.path.withdrawal_rule) if context.path.withdrawal_rule else None
        refusals.append(Refusal(Blocked, Reason("too_late", message, "", quote)))
    return refusals


def route_ahead(context: StepContext, start: Step) -> list[tuple[Step, Outcome]]:
    """The steps from ``start`` on, each with the outcome that leads forward, for this dossier's data."""
    walked: list[tuple[Step, Outcome]] = []
    seen: set[str] = set()
    node: Any = start
    while isinstance(node, Step) and node.name not in seen:
        seen.add(node.name)
        walked.append((node, node.main_outcome))
        node = node.main_outcome.route_for(context).to
    return walked


def context_for(dossier: Dossier) -> StepContext:
    """A context on a stored dossier, with its pieces read once."""
    path = get_path(dossier.path)
    return StepContext(dossier=dossier, path=path).with_documents(current_kinds(dossier))


def waiting_for(dossier: Dossier, tasks: Iterable[Task]) -> str:
    """Which step the dossier waits for and who does it: « Décider (Directeur général) ».

    Bodies that hold one step together are named: « Donner l’accord préalable (DB, DSS) ».
    """
    who: dict[Step, list[str]] = {}
    for task in tasks:
        step: Step | None = task.flow_task
        if step is None:
            continue
        chair = chair_of(task)
        name = body_name(chair, dossier.organisation) if step.shared else chair.role.label
        who.setdefault(step, []).append(name)
    return ", ".join(f"{step.task_title} ({_who(step, names)})" for step, names in who.items())


def _who(step: Step, names: list[str]) -> str:
    """« DB, DSS », and for people who were asked « 2 avis attendus »."""
    if step.by_person:
        return f"{len(names)} avis attendu{'s' if len(names) > 1 else ''}"
    return ", ".join(names)


def available_actions(
    dossier: Dossier,
    user: Any,
    *,
    holdings: tuple[Holding, ...] | None = None,
    tasks: list[Task] | None = None,
    context: StepContext | None = None,
) -> list[Action]:
    """Every outcome of the open steps, those of later steps that the person will do, and withdrawal.

    Each with ``allowed`` and, when not, all the reasons. Open steps come first. ``holdings``: as
    ``acting_holdings_of`` gives them. At most three statements.
    """
    opened = list(open_tasks(dossier.process_id)) if tasks is None else tasks
    base = context or context_for(dossier)
    held = act_under(base, acting_holdings_of(user) if holdings is None else holdings)
    path: type[Path] = base.path
    base.waiting = waiting_for(dossier, opened)
    actions: list[Action] = []
    shown: set[str] = set()
    for step in dict.fromkeys(task.flow_task for task in opened):
        shown.add(step.name)
        task = task_of(opened, step, held, user.pk)
        if task is None and has_answered(step, dossier, opened, held, user.pk):
            continue
        actions += _actions_of(base, step, task or _any_task(opened, step), held, user.pk)
    for step in dict.fromkeys(task.flow_task for task in opened):
        for later, _ in route_ahead(base, step)[1:]:
            if later.name not in shown and holding_at(later, dossier, held):
                shown.add(later.name)
                actions += _actions_of(base, later, None, held, user.pk)
    if opened:
        refusals = withdraw_refusals(base, held)
        own = withdrawing_holding(path, dossier, held)
        if not any(refusal.error is Forbidden for refusal in refusals):
            actions.append(
                Action(
                    step=WITHDRAW,
                    step_title="Retirer le dossier",
                    outcome=WITHDRAW,
                    label="Retirer le dossier",
                    allowed=not refusals,
                    reasons=tuple(refusal.reason for refusal in refusals),
                    motive_required=True,
                    form=None,
                    task_id=None,
                    style="danger",
                    help=f"Le dossier {dossier.reference} est abandonné définitivement ; il reste consultable. "
                    f"Circuit : {path.title}.",
                    under=own.capacity if own is not None and own.delegation is not None else "",
                )
            )
    return actions


def _any_task(tasks: Iterable[Task], step: Step) -> Task | None:
    """A task of a step that others hold, so that a reader is told who."""
    return next((task for task in tasks if task.flow_task is step), None)


def _actions_of(
    base: StepContext, step: Step, task: Task | None, holdings: tuple[Holding, ...], user_id: int | None
) -> list[Action]:
    context = base.at_step(step)
    common = step_refusals(context, step, task, holdings, user_id)
    held = holding_at(step, base.dossier, holdings, task)
    under = held.capacity if held is not None and held.delegation is not None else ""
    found = []
    for outcome in (one for one in step.outcomes.values() if not one.by_system):
        refusals = common + (outcome_refusals(context, outcome) if task is not None else [])
        found.append(
            Action(
                step=step.name,
                step_title=step.task_title,
                outcome=outcome.key,
                label=outcome.label,
                allowed=not refusals,
                reasons=tuple(refusal.reason for refusal in refusals),
                motive_required=outcome.motive,
                form=outcome.form,
                task_id=task.pk if task else None,
                style=outcome.style,
                help=outcome.help,
                motive_allowed=not outcome.sealed,
                under=under,
            )
        )
    return found


def refuse_unless_claimable(
    context: StepContext, step: Step, task: Task, holdings: tuple[Holding, ...], user_id: int
) -> None:
    """Raise the first refusal of a person who would take a task: role, separation of duties, holder."""
    for refusal in step_refusals(context, step, task, holdings, user_id):
        raise refusal.error(refusal.reason.message, reasons=[refusal.reason])


def refuse(refusals: list[Refusal]) -> None:
    """Raise the gravest refusal, with all reasons of its kind: no right, then lost race, then rule."""
    for error in (Forbidden, Conflict, Blocked):
        reasons: list[Reason] = [refusal.reason for refusal in refusals if refusal.error is error]
        if reasons:
            raised: BusinessError = error(" ".join(reason.message for reason in reasons), reasons=reasons)
            raise raised
