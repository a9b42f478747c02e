"""``perform``: every act on a dossier, by a person or by the system, goes through here."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from django.db import transaction
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS

from cases import clock, lifecycle
from cases.enums import DossierStatus, Duty
from cases.errors import Blocked, Conflict, Forbidden, Invalid
from cases.models import Dossier, JournalEntry, User
from cases.permissions import Holding, acting_holdings_of, covers
from cases.services.journal import SYSTEM
from cases.services.opinions import interrupt_consultation
from workflows.engine.consultation import Consultation
from workflows.engine.context import StepContext
from workflows.engine.fields import MoneyField, to_json
from workflows.engine.registry import get_path
from workflows.engine.seats import ONLY_SEAT, body_code, chair_of, seat_of
from workflows.engine.step import Outcome, Step, StepActivation
from workflows.selectors.actions import (
    WITHDRAW,
    Refusal,
    act_under,
    has_answered,
    holding_at,
    out_of_scope,
    outcome_refusals,
    refuse,
    step_refusals,
    task_of,
    waiting_for,
    withdraw_refusals,
    withdrawing_holding,
    work_on,
)
from workflows.services.breaches import BREACH, report_breach
from workflows.services.delays import task_whose_delay_is_over
from workflows.services.locking import busy_is_conflict, check_version, checked_motive, lock_dossier
from workflows.services.records import (
    is_submission,
    move_clocks,
    note_capacity,
    note_participants,
    pin_rules,
    record_act,
)


def perform(
    *,
    reference: str,
    step: str,
    outcome: str,
    actor: User | None,
    data: Mapping[str, Any] | None = None,
    motive: str = "",
    version: int | None = None,
) -> Dossier:
    """Do one act: complete ``step`` with ``outcome``, as ``actor`` (None: the system, at the end of a delay).

    ``data`` is the act's own data, validated by the outcome's form; ``version`` the one that the person read.
    Everything or nothing is written: task, status, clocks, decision and its PDF, journal entry, notices.
    Raises ``NotFound``, ``Forbidden`` (role, separation of duties), ``Conflict`` (done already, held by somebody),
    ``Stale``, ``Blocked`` (a rule forbids it, with its quote), ``Invalid`` (unknown outcome, data, missing motive).
    """
    with busy_is_conflict(), transaction.atomic():
        holdings = acting_holdings_of(actor) if actor is not None else None
        dossier = lock_dossier(holdings=holdings, reference=reference)
        path = get_path(dossier.path)
        context = StepContext(
            dossier=dossier,
            path=path,
            outcome=outcome,
            actor=actor,
            capacity=SYSTEM,
            motive=checked_motive(motive),
        )
        if holdings is not None:
            holdings = act_under(context, holdings)
        tasks, kinds = work_on(dossier)
        if kinds is not None:
            context.with_documents(kinds)
        context.waiting = waiting_for(dossier, tasks)
        if step == WITHDRAW:
            return _withdraw(context, tasks, holdings, version, data)
        node = path.step(step)
        if node is None:
            known = ", ".join(one.name for one in path.steps())
            raise Invalid(f"L’étape « {step} » n’existe pas dans ce circuit. Étapes connues : {known}.")
        context.step = node
        if actor is None and outcome == BREACH:
            return report_breach(context, data)
        chosen = node.outcomes.get(outcome)
        if chosen is None or (chosen.by_system and actor is not None):
            known = ", ".join(key for key, one in node.outcomes.items() if not one.by_system)
            raise Invalid(
                f"L’issue « {outcome} » n’existe pas à l’étape « {node.task_title} ». Issues connues : {known}."
            )
        return _complete(context, node, chosen, tasks, holdings, data, version)


def _complete(
    context: StepContext,
    step: Step,
    outcome: Outcome,
    tasks: list[Task],
    holdings: tuple[Holding, ...] | None,
    data: Mapping[str, Any] | None,
    version: int | None,
) -> Dossier:
    dossier = context.dossier
    if holdings is None and step.by_person:
        task, data = task_whose_delay_is_over(context, step, tasks, data), None
    else:
        task = _task_for(context, step, tasks, holdings)
    refuse(_personal_refusals(context, step, task, holdings))
    check_version(dossier, version)
    if holdings is not None:
        held = holding_at(step, dossier, holdings, task)
        if held is not None:
            note_capacity(context, held)
    context.used_rules.update(context.rule(key).ref for key in (*step.rules, *outcome.rules))
    refuse(outcome_refusals(context, outcome))
    _check_motive(outcome, context.motive)
    context.act = _act_data(outcome, data, dossier)
    _refuse_beyond_ceiling(context, _amounts_of(outcome, context.act))
    refuse([Refusal(Blocked, reason) for check in outcome.checks for reason in check(context)])

    found = cast(Task, task)
    context.chair = chair_of(found)
    context.seat = seat_of(step, found, context.actor)
    activation = step.activation_class(found)
    activation.finish(context.actor, outcome)
    for effect in outcome.answers:
        effect(context)
    seats = step.reseat(context, outcome, activation)
    others = [one for one in tasks if one.flow_task is step and one is not found]
    if (others or seats) and outcome.waits_for_all:
        return _answered(context, step, outcome, [one.task for one in seats])
    for other in others:
        step.activation_class(other).cancel()
    return _settled(context, step, outcome, activation)


def _task_for(
    context: StepContext, step: Step, tasks: list[Task], holdings: tuple[Holding, ...] | None
) -> Task | None:
    """The open task that the actor means. Raises ``Conflict`` for what was done already, by them or by others."""
    dossier = context.dossier
    found = next((one for one in tasks if one.flow_task is step), None)
    if found is not None:
        if holdings is None:
            return found
        user_id = context.actor.pk if context.actor else None
        own = task_of(tasks, step, holdings, user_id)
        if own is None and has_answered(step, dossier, tasks, holdings, user_id):
            if step.by_person:
                raise Conflict(
                    f"Vous avez déjà répondu à l’étape « {step.task_title} » : un avis rendu ne change plus. "
                    f"Il manque encore : {context.waiting}."
                )
            raise Conflict(
                f"Votre organisation a déjà répondu à l’étape « {step.task_title} » ; "
                f"il manque encore : {context.waiting}. Rechargez la page."
            )
        return own or found
    if JournalEntry.objects.filter(dossier=dossier, step=step.name, action="perform").exists():
        personal = _personal_refusals(context, step, None, holdings)
        refuse([refusal for refusal in personal if refusal.error is Forbidden])
        raise Conflict(
            f"L’étape « {step.task_title} » a déjà été faite. Rechargez la page pour voir où en est le dossier."
        )
    return None


def _settled(context: StepContext, step: Step, outcome: Outcome, activation: StepActivation) -> Dossier:
    """The step is over: the dossier takes the route of its outcome."""
    dossier, before = context.dossier, context.dossier.status
    route = outcome.route_for(context)
    context.used_rules.update(context.rule(key).ref for key in route.rules)
    activation.route = route
    opened = _follow(activation)
    lifecycle.move(dossier, route.status)
    if is_submission(before, route.status):
        pin_rules(context)
    _note_act(context, step)
    note_participants(context, step.duty)
    for effect in route.effects:
        effect(context)
    _refuse_beyond_ceiling(context, [*context.granted, dossier.amount_ht, dossier.approved_amount_ht])
    move_clocks(
        context,
        left=step,
        entered=opened,
        how=route.clock,
        seat=context.seat or ONLY_SEAT,
    )
    record_act(context, action="perform", status_before=before, opened=opened)
    return dossier


def _answered(context: StepContext, step: Step, outcome: Outcome, seats: list[Task]) -> Dossier:
    """One body or person has answered; others still hold the step (``seats``: anew), so the dossier stays there."""
    dossier = context.dossier
    _note_act(context, step)
    note_participants(context, step.duty)
    how = outcome.route_for(context).clock
    move_clocks(context, left=step, entered=seats, how=how, seat=context.seat or ONLY_SEAT, ended=False)
    record_act(context, action="perform", status_before=dossier.status, opened=seats, answered=context.chair)
    return dossier


def _note_act(context: StepContext, step: Step) -> None:
    """Keep the act's data on the dossier: by step, and by body where several answer. Sealed words are kept apart."""
    if not context.act or step.sealed:
        return
    dossier, act = context.dossier, _json(context.act)
    chair = context.chair
    if chair is None or not step.shared:
        dossier.results = dossier.results | {step.name: act}
    else:
        earlier = dossier.results.get(step.name) or {}
        dossier.results = dossier.results | {
            step.name: earlier | {body_code(chair, dossier.organisation): act}
        }
    context.changes["act"] = act


def _follow(activation: StepActivation) -> list[Task]:
    """Create what comes next; return the human tasks among it."""
    return [one.task for one in activation.create_next() if isinstance(one.flow_task, Step)]


def _personal_refusals(
    context: StepContext, step: Step, task: Task | None, holdings: tuple[Holding, ...] | None
) -> list[Refusal]:
    if holdings is None:  # the system acts on an open step only, and holds no role
        return [] if task is not None else step_refusals(context, step, task, (), None)[1:]
    return step_refusals(context, step, task, holdings, context.actor.pk if context.actor else None)


def _check_motive(outcome: Outcome, motive: str) -> None:
    if outcome.sealed and motive:
        message = "Écrivez tout dans l’avis motivé : une observation serait lue au journal avant la clôture."
        raise Invalid(message, details={"motive": [message]})
    if outcome.motive and not motive:
        message = (
            f"« {outcome.label} » demande un motif : écrivez-le, "
            "il sera lu par la personne qui a soumis le dossier."
        )
        raise Invalid(message, details={"motive": [message]})


def _act_data(outcome: Outcome, data: Mapping[str, Any] | None, dossier: Dossier) -> dict[str, Any]:
    _require_mapping(data)
    if outcome.form is None:
        if data:
            raise _unexpected_data(outcome.label, data)
        return {}
    form = outcome.form(data or {}, organisation=dossier.organisation)
    form.add_unexpected()
    if not form.is_valid():
        raise Invalid("Corrigez les données signalées, puis recommencez.", details=form.messages())
    return dict(form.cleaned_data)


def _amounts_of(outcome: Outcome, act: Mapping[str, Any]) -> list[Decimal | None]:
    """The amounts that an act names: what is approved, committed, endowed, or the price of a sale."""
    fields = outcome.form.base_fields if outcome.form is not None else {}
    return [act.get(name) for name, field in fields.items() if isinstance(field, MoneyField)]


def _refuse_beyond_ceiling(context: StepContext, amounts: Iterable[Decimal | None]) -> None:
    """The ceiling of a delegation bounds what is granted under it, not only what was asked. Raises ``Forbidden``."""
    held = context.held
    if held is None or held.delegation is None:
        return
    for amount in amounts:
        if amount is not None and not covers(held, context.dossier.path, amount):
            refuse([out_of_scope(context, held, amount)])


def _require_mapping(data: object) -> None:
    if data is not None and not isinstance(data, Mapping):
        raise Invalid("Les données de l’acte doivent être un objet JSON.")


def _unexpected_data(label: str, data: Mapping[str, Any]) -> Invalid:
    return Invalid(
        f"« {label} » n’attend aucune donnée.",
        details={str(key): ["Donnée inconnue : retirez-la."] for key in data},
    )


def _json(act: Mapping[str, Any]) -> dict[str, Any]:
    return {name: to_json(value) for name, value in act.items()}


def _withdraw(
    context: StepContext,
    tasks: list[Task],
    holdings: tuple[Holding, ...] | None,
    version: int | None,
    data: Mapping[str, Any] | None,
) -> Dossier:
    dossier = context.dossier
    if context.outcome != WITHDRAW:
        raise Invalid(
            f"L’issue « {context.outcome} » n’existe pas pour le retrait. Issue connue : {WITHDRAW}."
        )
    held = holdings or ()
    refuse(withdraw_refusals(context, held))
    check_version(dossier, version)
    if not context.motive:
        message = "Indiquez pourquoi le dossier est retiré."
        raise Invalid(message, details={"motive": [message]})
    _require_mapping(data)
    if data:
        raise _unexpected_data("Retirer le dossier", data)
    own = withdrawing_holding(context.path, dossier, held)
    if own is not None:
        note_capacity(context, own)
    before = dossier.status
    if context.path.withdrawal_rule:
        context.rule(context.path.withdrawal_rule)
    for task in tasks:
        task.process = dossier.process
        task.flow_task.activation_class(task).cancel()
    for step in {task.flow_task for task in tasks}:
        if isinstance(step, Consultation):
            interrupt_consultation(dossier=dossier, step=step.name)
    process = dossier.process
    process.status = PROCESS.CANCELED
    process.finished = clock.now()
    process.save(update_fields=["status", "finished"])
    lifecycle.move(dossier, DossierStatus.WITHDRAWN)
    note_participants(context, Duty.PREPARE)
    for effect in context.path.on_withdrawal:
        effect(context)
    move_clocks(context, left=None, entered=())
    record_act(context, action=WITHDRAW, status_before=before)
    return dossier
