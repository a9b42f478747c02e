"""What an act on many dossiers would do to each, and why not: the predicates of the act itself, and nothing written.

The reads are batched: tasks with their dossiers, the open tasks of these, their pieces, three statements for all of
them. What a path's own guards and checks ask of the database they ask for each dossier, as at the act.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction
from viewflow.workflow.models import Task

from cases.enums import DossierStatus, Duty
from cases.errors import BusinessError, Conflict, Forbidden, Reason
from cases.models import Document, Dossier, Organisation, User
from cases.permissions import Holding, acting_holdings_of
from cases.selectors import dossiers_visible_to
from cases.work_terms import BulkKind
from workflows.engine.context import StepContext
from workflows.engine.path import Path
from workflows.engine.registry import get_path, known_path
from workflows.engine.seats import body_name, chair_of
from workflows.engine.step import OPEN, Outcome, Step
from workflows.selectors.actions import (
    Refusal,
    act_under,
    has_answered,
    outcome_refusals,
    refuse_unless_claimable,
    route_ahead,
    step_refusals,
    task_of,
    waiting_for,
)
from workflows.selectors.handover import hand_over_capacity, refuse_invited

#: So many dossiers at most in one act.
MOST: Final = 500

IN_PERSON: Final = (
    "Un avis demandé en personne, ou scellé, ne se traite pas en lot : ouvrez le dossier et répondez-y."
)


@dataclass(frozen=True, slots=True)
class Act:
    """What is asked for all of them. ``path``, ``step``, ``outcome`` and ``data`` (as sent) are those of ``perform``.

    ``to``: who receives the tasks of a reassignment; ``shares``: by task, where that differs.
    """

    kind: BulkKind
    path: str = ""
    step: str = ""
    outcome: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    to: User | None = None
    shares: Mapping[int, User] = field(default_factory=dict)

    @property
    def definition(self) -> type[Path] | None:
        """The path of a ``perform``."""
        return known_path(self.path) if self.kind == BulkKind.PERFORM else None

    @property
    def node(self) -> Step | None:
        """The step of a ``perform``."""
        definition = self.definition
        return definition.step(self.step) if definition is not None else None

    @property
    def ending(self) -> Outcome | None:
        """The outcome of a ``perform``; None for one that only the system records."""
        node = self.node
        found = node.outcomes.get(self.outcome) if node is not None else None
        return None if found is None or found.by_system else found

    @property
    def label(self) -> str:
        """« Transmettre », « Prise en charge »."""
        return self.ending.label if self.ending is not None else BulkKind(self.kind).label

    def receiver(self, task_id: int) -> User | None:
        """Who would receive that task."""
        return self.shares.get(task_id, self.to)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A task that was chosen, its dossier, the dossier's open tasks and the kinds of its pieces."""

    task: Task
    dossier: Dossier
    opened: list[Task]
    kinds: frozenset[str]

    @property
    def step(self) -> Step:
        """The step that the task is at."""
        step: Step = self.task.flow_task
        return step

    @property
    def is_open(self) -> bool:
        """Whether the task can still be done."""
        return self.task.status in OPEN


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would happen to one dossier. ``conflict``: somebody else was faster. ``version``: the one looked at.

    ``status``: after the act, when it changes; ``following``: the step that comes then, with who does it;
    ``decider``: who decides after that, when somebody does.
    """

    chosen: Chosen
    reasons: tuple[Reason, ...] = ()
    conflict: bool = False
    status: str = ""
    following: str = ""
    decider: str = ""
    to: User | None = None

    @property
    def possible(self) -> bool:
        """Whether nothing stands in the way now."""
        return not self.reasons

    @property
    def version(self) -> int:
        """The version of the dossier that was looked at."""
        return int(self.chosen.dossier.version)


def chosen_tasks(
    user: Any, task_ids: Iterable[int], holdings: tuple[Holding, ...] | None = None
) -> list[Chosen]:
    """The tasks among ``task_ids`` whose dossiers ``user`` may read, oldest first; done ones too. Three statements.

    What a person may not read is left out without a hint.
    """
    held = acting_holdings_of(user) if holdings is None else holdings
    wanted = set(task_ids)
    if not wanted:
        return []
    tasks = list(
        Task.objects.filter(
            pk__in=wanted,
            flow_task_type=Step.task_type,
            process__dossier__in=dossiers_visible_to(user, held),
        )
        .select_related("owner", "process__dossier__organisation__parent")
        .order_by("created", "pk")
    )
    dossiers: dict[int, Dossier] = {}
    bodies: dict[int, Organisation] = {}
    for task in tasks:
        dossier = dossiers.setdefault(task.process_id, task.process.dossier)
        task.process.dossier = dossier
        dossier.process = task.process
        # One instance of each body: what is read once about it is read once for all.
        dossier.organisation = bodies.setdefault(dossier.organisation_id, dossier.organisation)
    opened: dict[int, list[Task]] = {key: [] for key in dossiers}
    known = {task.pk: task for task in tasks}
    for task in (
        Task.objects.filter(process_id__in=dossiers, flow_task_type=Step.task_type, status__in=OPEN)
        .select_related("owner")
        .order_by("pk")
    ):
        task.process = dossiers[task.process_id].process
        opened[task.process_id].append(known.get(task.pk, task))
    kinds: dict[int, set[str]] = {one.pk: set() for one in dossiers.values()}
    for dossier_id, kind in (
        Document.objects.filter(dossier_id__in=list(kinds), current=True)
        .values_list("dossier_id", "kind")
        .order_by("pk")
    ):
        kinds[dossier_id].add(kind)
    return [
        Chosen(
            task,
            dossiers[task.process_id],
            opened[task.process_id],
            frozenset(kinds[dossiers[task.process_id].pk]),
        )
        for task in tasks
        if isinstance(task.flow_task, Step)
    ]


def forecasts(
    user: User, act: Act, chosen: Sequence[Chosen], holdings: tuple[Holding, ...] | None = None
) -> list[Forecast]:
    """For each of ``chosen`` what the act would do, in the same order. Writes nothing.

    Statements: those of the path's guards and checks for each dossier, one for each person who would receive tasks,
    and one for the national bodies of each organisation where a step asks for them.
    """
    held = acting_holdings_of(user) if holdings is None else holdings
    oracle = _Oracle(user, act, held)
    return [oracle.of(one) for one in chosen]


class _Oracle:
    """One act, looked at for one dossier after the other."""

    def __init__(self, user: User, act: Act, holdings: tuple[Holding, ...]) -> None:
        self.user = user
        self.act = act
        self.holdings = holdings
        self._received: dict[int, tuple[Holding, ...]] = {}
        self._cleaned: dict[int, Mapping[str, Any]] = {}

    def of(self, one: Chosen) -> Forecast:
        """What would happen to one."""
        try:
            if one.step.by_person or (self.act.kind == BulkKind.PERFORM and one.step.sealed):
                return Forecast(one, (Reason("in_person", IN_PERSON),))
            if self.act.kind == BulkKind.PERFORM:
                return self._performed(one)
            if not one.is_open:
                return _over(one)
            handle = {
                BulkKind.CLAIM: self._claimed,
                BulkKind.RELEASE: self._released,
                BulkKind.REASSIGN: self._reassigned,
            }[self.act.kind]
            return handle(one)
        except BusinessError as error:
            return Forecast(one, reasons_of(error), isinstance(error, Conflict))

    def _context(self, one: Chosen, step: Step, outcome: str = "") -> StepContext:
        context = StepContext(
            dossier=one.dossier,
            path=get_path(one.dossier.path),
            step=step,
            outcome=outcome,
            actor=self.user,
        ).with_documents(one.kinds)
        context.waiting = waiting_for(one.dossier, one.opened)
        return context

    def _performed(self, one: Chosen) -> Forecast:
        step, outcome = self.act.node, self.act.ending
        if step is None or outcome is None or one.step is not step or one.dossier.path != self.act.path:
            title = get_path(one.dossier.path).title
            message = (
                f"Ce dossier est à l’étape « {one.step.task_title} » du circuit « {title} », que cet acte ne "
                "concerne pas."
            )
            return Forecast(one, (Reason("elsewhere", message),))
        if not one.is_open:
            return _over(one)
        context = self._context(one, step, outcome.key)
        held = act_under(context, self.holdings)
        task = task_of(one.opened, step, held, self.user.pk)
        if task is None and has_answered(step, one.dossier, one.opened, held, self.user.pk):
            message = f"Votre organisation a déjà répondu ; il manque encore : {context.waiting}."
            return Forecast(one, (Reason("answered", message),), conflict=True)
        refusals = step_refusals(context, step, task or one.task, held, self.user.pk)
        refusals += outcome_refusals(context, outcome)
        if not refusals and (outcome.form is not None or outcome.checks):
            context.act = self._data(one.dossier.organisation, outcome)
            with transaction.atomic():  # a check may lock what it looks at: not for longer than it looks
                refusals += [_blocked(reason) for check in outcome.checks for reason in check(context)]
        if refusals:
            grave = any(refusal.error is Forbidden for refusal in refusals)
            conflict = not grave and any(refusal.error is Conflict for refusal in refusals)
            return Forecast(one, tuple(refusal.reason for refusal in refusals), conflict)
        return self._ahead(one, context, step, outcome)

    def _data(self, organisation: Organisation, outcome: Outcome) -> Mapping[str, Any]:
        """The act's data as the outcome's form reads it for that body; the service has said what is wrong with it."""
        if outcome.form is None:
            return {}
        if organisation.pk not in self._cleaned:
            form = outcome.form(self.act.data, organisation=organisation)
            self._cleaned[organisation.pk] = dict(form.cleaned_data) if form.is_valid() else {}
        return self._cleaned[organisation.pk]

    def _ahead(self, one: Chosen, context: StepContext, step: Step, outcome: Outcome) -> Forecast:
        before = one.dossier.status
        others = [task for task in one.opened if task.flow_task is step and task is not one.task]
        if others and outcome.waits_for_all:
            return Forecast(one, following=f"Attend encore : {waiting_for(one.dossier, others)}")
        route = outcome.route_for(context)
        status = DossierStatus(route.status).label if route.status != before else ""
        if not isinstance(route.to, Step):
            return Forecast(one, status=status)
        ahead = [later for later, _ in route_ahead(context, route.to)]
        decides = next((later for later in ahead if later.duty is Duty.DECIDE), None)
        return Forecast(
            one,
            status=status,
            following=f"{route.to.task_title} ({route.to.role_label})",
            decider=decides.role_label if decides is not None and decides is not route.to else "",
        )

    def _claimed(self, one: Chosen) -> Forecast:
        if one.task.owner_id == self.user.pk:
            return Forecast(one, (Reason("already", "Vous tenez déjà cette tâche."),))
        context = self._context(one, one.step)
        refuse_unless_claimable(context, one.step, one.task, act_under(context, self.holdings), self.user.pk)
        return Forecast(one, to=self.user)

    def _released(self, one: Chosen) -> Forecast:
        if one.task.owner_id is None:
            return Forecast(one, (Reason("already", "Personne ne tient cette tâche."),))
        self._hand_over(one)
        return Forecast(one)

    def _reassigned(self, one: Chosen) -> Forecast:
        to = self.act.receiver(one.task.pk)
        if to is None:
            return Forecast(one, (Reason("nobody", "Personne n’est choisi pour recevoir cette tâche."),))
        if one.task.owner_id == to.pk:
            return Forecast(one, (Reason("already", f"{to} tient déjà cette tâche."),))
        self._hand_over(one)
        reason = cannot_receive(one, to, self._holdings_of(to))
        return Forecast(one, (reason,), to=to) if reason else Forecast(one, to=to)

    def _hand_over(self, one: Chosen) -> None:
        """Raise what stands between the person and giving the task away."""
        refuse_invited(one.step, one.task)
        hand_over_capacity(one.dossier, one.task, self.holdings, own=one.task.owner_id == self.user.pk)

    def _holdings_of(self, to: User) -> tuple[Holding, ...]:
        if to.pk not in self._received:
            self._received[to.pk] = acting_holdings_of(to)
        return self._received[to.pk]


def cannot_receive(one: Chosen, to: User, holdings: tuple[Holding, ...]) -> Reason | None:
    """Why a person could not receive a task, if anything: role, separation of duties. ``reassign`` says the same."""
    context = StepContext(dossier=one.dossier, path=get_path(one.dossier.path), step=one.step)
    free = copy(one.task)
    free.owner = None
    try:
        refuse_unless_claimable(context, one.step, free, act_under(context, holdings), to.pk)
    except Forbidden as error:
        quote = error.reasons[0].quote if error.reasons else None
        message = f"{to} ne peut pas recevoir cette tâche : {error.message}"
        return Reason("cannot_receive", message, "", quote)
    return None


def _blocked(reason: Reason) -> Refusal:
    return Refusal(BusinessError, reason)


def _over(one: Chosen) -> Forecast:
    message = "Cette tâche est déjà terminée : ouvrez le dossier pour voir où il en est."
    return Forecast(one, (Reason("over", message),), conflict=True)


def reasons_of(error: BusinessError) -> tuple[Reason, ...]:
    """The reasons of a refusal; its sentence as one, when it gives none."""
    return error.reasons or (Reason(error.code, error.message),)


@dataclass(frozen=True, slots=True)
class Offer:
    """An act that may be done on some of the chosen tasks: on how many. ``outcome``: that of a ``perform``."""

    act: Act
    number: int
    outcome: Outcome | None = None

    @property
    def key(self) -> str:
        """How a form names it."""
        return offer_key(self.act)

    @property
    def where(self) -> str:
        """« Décider — Opérations d’investissement du FNMO »; empty for what is done to any task."""
        definition, node = self.act.definition, self.act.node
        return (
            f"{node.task_title} — {definition.title}" if definition is not None and node is not None else ""
        )


def offer_key(act: Act) -> str:
    """``perform:path:step:outcome``, or the kind alone."""
    if act.kind != BulkKind.PERFORM:
        return str(act.kind)
    return ":".join((act.kind, act.path, act.step, act.outcome))


def act_of_key(key: str) -> Act | None:
    """The act that a form named; None for a name that means nothing."""
    kind, *rest = key.split(":")
    if kind not in BulkKind.values:
        return None
    if kind != BulkKind.PERFORM:
        return None if rest else Act(BulkKind(kind))
    if len(rest) != 3:
        return None
    path, step, outcome = rest
    act = Act(BulkKind.PERFORM, path, step, outcome)
    return act if act.ending is not None else None


def offers(user: User, chosen: Sequence[Chosen], holdings: tuple[Holding, ...]) -> list[Offer]:
    """What the person may choose to do: the outcomes of each step where they hold tasks, then what tasks allow.

    By roles only: whether a rule stands in the way is for the forecast to say. No statement.
    """
    by_step: dict[tuple[str, Step], int] = {}
    free = own = others = 0
    for one in chosen:
        if not one.is_open or one.step.by_person:
            continue
        chair = chair_of(one.task)
        held = chair.holding(holdings) is not None
        if held and not one.step.sealed:
            place = (one.dossier.path, one.step)
            by_step[place] = by_step.get(place, 0) + 1
        free += held and one.task.owner_id is None
        manages = may_hand_over(one, user, holdings)
        own += manages and one.task.owner_id is not None
        others += manages
    found = [
        Offer(Act(BulkKind.PERFORM, path, step.name, outcome.key), number, outcome)
        for (path, step), number in by_step.items()
        for outcome in step.outcomes.values()
        if not outcome.by_system
    ]
    for kind, number in ((BulkKind.CLAIM, free), (BulkKind.RELEASE, own), (BulkKind.REASSIGN, others)):
        if number:
            found.append(Offer(Act(kind), number))
    return found


def may_hand_over(one: Chosen, user: User, holdings: tuple[Holding, ...]) -> bool:
    """Whether ``user`` may release that task or hand it over. No statement."""
    try:
        hand_over_capacity(one.dossier, one.task, holdings, own=one.task.owner_id == user.pk)
    except Forbidden:
        return False
    return True


def where_held(one: Chosen) -> str:
    """« Instructeur, CANSSM »."""
    chair = chair_of(one.task)
    return f"{chair.role.label}, {body_name(chair, one.dossier.organisation)}"
