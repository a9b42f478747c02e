"""Agendas seen from the paths: which dossiers wait for a meeting, what each item still asks and of whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from viewflow.workflow.models import Task

from cases.errors import Reason
from cases.meeting_records import Result, results_of
from cases.models import AgendaItem, Dossier, Meeting, MeetingPaper
from cases.permissions import Holding
from cases.register_terms import MeetingKind, MeetingState
from cases.selectors import dossiers_visible_to
from cases.selectors.meetings import items_of, keeps, meeting_for, papers_of
from workflows.engine.context import StepContext
from workflows.engine.meetings import kind_of
from workflows.engine.registry import all_paths, get_path
from workflows.engine.seats import chair_of
from workflows.engine.step import OPEN, Outcome, Step
from workflows.selectors.actions import step_refusals

#: How many dossiers that wait for a meeting are listed at once.
MOST_WAITING: Final = 200
#: Reasons that concern whoever looks, not the dossier.
_PERSONAL: Final = frozenset({"role"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A dossier that waits for a meeting and stands on no agenda; ``since``: ISO day on which its step opened."""

    dossier: Dossier
    step: Step
    path_title: str
    task: Task


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """An item of an agenda for one reader.

    ``state``: ``open``, ``partly`` (some bodies have answered), ``settled``, or ``gone`` (the dossier no longer waits:
    withdrawn, returned). ``outcomes``: what the reader may record now; ``reasons``: why not, when the role would do.
    ``awaited``: roles and bodies still awaited, by organisation id.
    """

    item: AgendaItem
    dossier: Dossier
    path_title: str
    step: Step | None
    state: str
    outcomes: tuple[Outcome, ...]
    reasons: tuple[Reason, ...]
    results: tuple[Result, ...]

    @property
    def key(self) -> str:
        """A word for the names of its fields, the same whatever changes on the agenda."""
        return f"d{self.dossier.pk}"


@dataclass(frozen=True, slots=True)
class MeetingView:
    """A meeting for one reader. ``keeper``: whether they keep it."""

    meeting: Meeting
    rows: tuple[AgendaRow, ...]
    papers: tuple[MeetingPaper, ...]
    keeper: bool

    @property
    def planned(self) -> bool:
        """Whether it can still change."""
        return bool(self.meeting.state == MeetingState.PLANNED)


def meeting_steps(kind: MeetingKind) -> list[Step]:
    """The steps of all paths that a meeting of that kind deals with."""
    return [step for path in all_paths() for step in path.steps() if kind_of(step) is kind]


def _open_tasks_at(steps: Iterable[Step]) -> Any:
    return Task.objects.filter(flow_task__in=list(steps), status__in=OPEN)


def waiting_tasks(
    kind: MeetingKind, dossiers: Any, *, references: Iterable[str] | None = None
) -> list[Waiting]:
    """The dossiers among ``dossiers`` that wait for a meeting of a kind, oldest first. One statement.

    ``references`` None: those on no agenda, ``MOST_WAITING`` + 1 at most; else those named, on an agenda or not.
    """
    steps = meeting_steps(kind)
    if not steps:
        return []
    found = _open_tasks_at(steps).filter(process__dossier__in=dossiers.values("pk"))
    if references is not None:
        found = found.filter(process__dossier__reference__in=list(references))
    else:
        # The step of an item is the name that ends the task's reference; a path has one such step at most.
        found = found.filter(
            ~Exists(
                AgendaItem.objects.filter(
                    dossier__process=OuterRef("process"), removed_at__isnull=True, settled_at__isnull=True
                )
            )
        )
    found = found.select_related("process__dossier__organisation").order_by("created", "pk")
    if references is None:
        found = found[: 2 * (MOST_WAITING + 1)]  # a concertation has a task for each ministry
    once: dict[int, Waiting] = {}
    for task in found:
        dossier, step = task.process.dossier, task.flow_task
        if dossier.pk not in once:
            once[dossier.pk] = Waiting(dossier, step, get_path(dossier.path).title, task)
    return list(once.values())


def waiting_for_meeting(user: Any, holdings: tuple[Holding, ...], kind: MeetingKind) -> list[Waiting]:
    """What ``user`` may read among the dossiers that wait for a meeting and stand on no agenda. One statement."""
    return waiting_tasks(kind, dossiers_visible_to(user, holdings))


def meeting_view(user: Any, holdings: tuple[Holding, ...], public_id: UUID) -> MeetingView:
    """A meeting with its agenda, its papers and what ``user`` may record. Four statements. Raises ``NotFound``."""
    meeting = meeting_for(holdings, public_id)
    items = items_of(meeting)
    tasks = _tasks_of(items) if meeting.state == MeetingState.PLANNED else {}
    return MeetingView(
        meeting=meeting,
        rows=tuple(_row(meeting, item, tasks, holdings, user) for item in items),
        papers=tuple(papers_of(meeting)),
        keeper=keeps(holdings, meeting.kind) is not None,
    )


def _tasks_of(items: Iterable[AgendaItem]) -> dict[int, list[Task]]:
    """The open human tasks of these dossiers, by key of the process. One statement."""
    processes = [item.dossier.process_id for item in items if item.settled_at is None]
    found: dict[int, list[Task]] = {}
    tasks = Task.objects.filter(Q(process__in=processes), flow_task_type=Step.task_type, status__in=OPEN)
    for task in tasks.select_related("owner").order_by("pk") if processes else ():
        found.setdefault(task.process_id, []).append(task)
    return found


def _row(
    meeting: Meeting, item: AgendaItem, tasks: dict[int, list[Task]], holdings: tuple[Holding, ...], user: Any
) -> AgendaRow:
    dossier = item.dossier
    path = get_path(dossier.path)
    step = path.step(item.step)
    outcomes: tuple[Outcome, ...] = ()
    reasons: tuple[Reason, ...] = ()
    state = "settled"
    if item.settled_at is None and meeting.state == MeetingState.PLANNED:
        open_here = [one for one in tasks.get(dossier.process_id, ()) if one.flow_task is step]
        state = "gone" if not open_here else "partly" if item.record else "open"
        own = next((one for one in open_here if chair_of(one).holding(holdings) is not None), None)
        if own is not None and step is not None:
            context = StepContext(dossier=dossier, path=path, step=step)
            reasons = tuple(
                one.reason
                for one in step_refusals(context, step, own, holdings, user.pk)
                if one.reason.code not in _PERSONAL
            )
            outcomes = () if reasons else tuple(one for one in step.outcomes.values() if not one.by_system)
    elif item.settled_at is None:
        state = "open"
    return AgendaRow(
        item=item,
        dossier=dossier,
        path_title=path.title,
        step=step,
        state=state,
        outcomes=outcomes,
        reasons=reasons,
        results=results_of(meeting, item),
    )
