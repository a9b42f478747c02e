"""Everything that the dossier page and ``GET dossiers/{reference}`` show, read once."""

from dataclasses import dataclass
from typing import Any

from viewflow.workflow.models import Task

from cases.deadlines import Computation
from cases.enums import DossierStatus, Role
from cases.errors import Quote, Reason
from cases.models import AgendaItem, Deadline, Decision, Document, Dossier, JournalEntry, LegalNotice
from cases.permissions import Holding, acting_holdings_of, own_of, reaching
from cases.selectors import dossier_for, legal_notices_of
from cases.selectors.meetings import awaited_meeting
from cases.selectors.opinions import ConsultationShown, consultations_of
from cases.services import computation_of
from workflows.engine.consultation import Consultation
from workflows.engine.context import StepContext
from workflows.engine.meetings import kind_of
from workflows.engine.path import Path
from workflows.engine.registry import get_path
from workflows.engine.step import Piece, Step
from workflows.rulebook import resolve
from workflows.selectors.actions import (
    Action,
    available_actions,
    may_edit,
    open_tasks,
    route_ahead,
    waiting_for,
)


@dataclass(frozen=True, slots=True)
class StepState:
    """A step of the path as it stands for this dossier: ``done``, ``current``, ``ahead`` or ``aside``."""

    key: str
    title: str
    role_label: str
    state: str
    owner: str
    task_id: int | None


@dataclass(frozen=True, slots=True)
class PieceState:
    """A piece of the path with its versions, the one in force first; superseded ones are only for auditors."""

    key: str
    title: str
    help: str
    required: bool
    missing: bool
    quote: Quote
    versions: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class ClockState:
    """A clock and its sum, line by line, with the rule that fixes it."""

    deadline: Deadline
    computation: Computation
    quote: Quote


@dataclass(frozen=True, slots=True)
class DossierView:
    """One dossier for one person. ``holdings``: their own; ``acting``: with those under which they may act on it."""

    dossier: Dossier
    path: type[Path]
    status_label: str
    actions: tuple[Action, ...]
    steps: tuple[StepState, ...]
    pieces: tuple[PieceState, ...]
    deadlines: tuple[ClockState, ...]
    decisions: tuple[Decision, ...]
    journal: tuple[JournalEntry, ...]
    warnings: tuple[Reason, ...]
    waiting: str
    blockers: tuple[Reason, ...]
    tasks: tuple[Task, ...]
    may_edit: bool
    holdings: tuple[Holding, ...]
    acting: tuple[Holding, ...]
    notices: tuple[LegalNotice, ...]
    agenda: AgendaItem | None  # the item by which it waits on the agenda of a meeting, with the meeting
    consultations: tuple[ConsultationShown, ...]
    context: StepContext


def dossier_view(user: Any, reference: str, held: tuple[Holding, ...] | None = None) -> DossierView:
    """Read a dossier for ``user``. At most thirteen statements, besides what guards read. Raises ``NotFound``.

    ``held``: as ``acting_holdings_of`` gives them; a delegation opens the dossiers of its scope, and nothing besides.
    """
    every = acting_holdings_of(user) if held is None else held
    dossier = dossier_for(user, reference, every)
    holdings, acting = own_of(every), reaching(every, dossier)
    path = get_path(dossier.path)
    tasks = list(open_tasks(dossier.process_id))
    auditor = any(held.role == Role.AUDITOR for held in holdings)
    documents = list(
        Document.objects.filter(dossier=dossier).select_related("uploaded_by").order_by("kind", "-version")
    )
    context = StepContext(dossier=dossier, path=path).with_documents(
        frozenset(document.kind for document in documents if document.current)
    )
    context.waiting = waiting_for(dossier, tasks)
    journal = list(JournalEntry.objects.filter(dossier=dossier).order_by("-sequence"))
    deadlines = list(
        Deadline.objects.filter(dossier=dossier)
        .select_related("organisation", "person")
        .prefetch_related("events")
        .order_by("-opened_at", "-pk")
    )
    actions = available_actions(dossier, user, holdings=every, tasks=tasks, context=context)
    return DossierView(
        dossier=dossier,
        path=path,
        status_label=DossierStatus(dossier.status).label,
        actions=tuple(actions),
        steps=tuple(_steps(context, tasks, journal)),
        pieces=tuple(_piece(context, piece, documents, auditor) for piece in path.pieces),
        deadlines=tuple(
            ClockState(one, computation_of(one), resolve(one.rule_ref).as_quote()) for one in deadlines
        ),
        decisions=tuple(
            Decision.objects.filter(dossier=dossier)
            .select_related("decided_by", "document")
            .order_by("-decided_at", "-pk")
        ),
        journal=tuple(journal),
        warnings=tuple(reason for warning in path.warnings for reason in warning(context)),
        waiting=context.waiting,
        tasks=tuple(tasks),
        blockers=tuple(_blockers(context, tasks)),
        may_edit=may_edit(context, tasks, holdings, user.pk),
        holdings=holdings,
        acting=acting,
        notices=tuple(legal_notices_of(dossier)) if any(step.shared for step in path.steps()) else (),
        agenda=awaited_meeting(dossier) if any(kind_of(task.flow_task) for task in tasks) else None,
        consultations=consultations_of(dossier, user.pk)
        if any(isinstance(step, Consultation) for step in path.steps())
        else (),
        context=context,
    )


def _steps(context: StepContext, tasks: list[Task], journal: list[JournalEntry]) -> list[StepState]:
    current = {task.flow_task.name: task for task in tasks}
    done = {entry.step for entry in journal if entry.action == "perform"}
    ahead = {step.name for task in tasks for step, _ in route_ahead(context, task.flow_task)}
    states = []
    for step in context.path.steps():
        task = current.get(step.name)
        if task is not None:
            state = "current"
        elif step.name in ahead:
            state = "ahead"
        else:
            state = "done" if step.name in done else "aside"
        states.append(
            StepState(
                key=step.name,
                title=step.task_title,
                role_label=step.role_label,
                state=state,
                owner=str(task.owner) if task is not None and task.owner and not step.by_person else "",
                task_id=task.pk if task is not None else None,
            )
        )
    return states


def _piece(context: StepContext, piece: Piece, documents: list[Document], auditor: bool) -> PieceState:
    versions = tuple(one for one in documents if one.kind == piece.key and (one.current or auditor))
    required = piece.required(context)
    return PieceState(
        key=piece.key,
        title=piece.title,
        help=piece.help,
        required=required,
        missing=required and not any(one.current for one in versions),
        quote=context.quote(piece.rule),
        versions=versions,
    )


def _blockers(context: StepContext, tasks: list[Task]) -> list[Reason]:
    """What the open steps' forward outcomes are blocked by, whoever looks: rules, not rights."""
    found: list[Reason] = []
    for task in tasks:
        step: Step = task.flow_task
        for guard in step.main_outcome.guards:
            found += [reason for reason in guard(context) if reason not in found]
    return found
