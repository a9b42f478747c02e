"""Acts on many dossiers as a person follows them: how far each has come, and the result of each dossier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet

from cases import clock
from cases.errors import Invalid, NotFound
from cases.models import BulkItem, BulkRun, User
from cases.permissions import READS_ALL, Holding, acting_holdings_of
from cases.selectors import dossiers_visible_to, people_holding
from cases.text import storable
from cases.work_terms import BulkItemState, BulkKind, BulkState
from workflows.engine.seats import chair_of
from workflows.selectors.bulk_forecast import MOST, Act, Chosen, may_hand_over
from workflows.selectors.queue import ASIDE, QueueFilters, source_of

PAGE_SIZE = 50
RUNS_SHOWN = 50
RUNS_AT_HOME = 5
#: In the order in which a page counts them.
STATES = (
    BulkItemState.DONE,
    BulkItemState.CONFLICT,
    BulkItemState.REFUSED,
    BulkItemState.RECALLED,
    BulkItemState.WAITING,
)


@dataclass(frozen=True, slots=True)
class RunView:
    """One run as its reader sees it. ``counts``: dossiers by result; ``own``: whether the reader asked for it."""

    run: BulkRun
    counts: Mapping[str, int]
    own: bool

    @property
    def act(self) -> Act:
        """What was asked."""
        run = self.run
        return Act(BulkKind(run.kind), run.path, run.step, run.outcome, run.data, run.to)

    @property
    def where(self) -> str:
        """« Décider — Opérations d’investissement du FNMO »; empty for what is done to any task."""
        definition, node = self.act.definition, self.act.node
        return (
            f"{node.task_title} — {definition.title}" if definition is not None and node is not None else ""
        )

    @property
    def total(self) -> int:
        """How many dossiers were chosen."""
        return sum(self.counts.values())

    @property
    def settled(self) -> int:
        """How many have got their result."""
        return self.total - self.counts[BulkItemState.WAITING]

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.run.state in (BulkState.DONE, BulkState.RECALLED)

    @property
    def waits_until(self) -> datetime | None:
        """Until when nothing is done yet, while that moment is ahead."""
        ahead = self.run.state == BulkState.WAITING and self.run.starts_at > clock.now()
        return self.run.starts_at if ahead else None

    @property
    def may_recall(self) -> bool:
        """Whether the reader can take back what is not done."""
        return self.own and not self.ended and self.counts[BulkItemState.WAITING] > 0


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Some results, in the order in which they are done. ``next_cursor`` is empty on the last page."""

    items: tuple[Result, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one dossier. ``hidden``: the reader may not read it any more; nothing of it is shown then."""

    item: BulkItem
    hidden: bool

    @property
    def state_label(self) -> str:
        """« Fait », « Conflit »."""
        return BulkItemState(self.item.state).label


def runs_of(user: Any) -> list[RunView]:
    """The last runs that a person asked for, newest first. Two statements."""
    return _own(BulkRun.objects.filter(created_by=user)[:RUNS_SHOWN])


def runs_since(user: Any, day: date) -> list[RunView]:
    """Those of a person that go on, or that ended on ``day`` or later, newest first. One or two statements."""
    going_on = Q(finished_at__isnull=True) | Q(finished_at__gte=clock.start_of(day))
    return _own(BulkRun.objects.filter(going_on, created_by=user)[:RUNS_AT_HOME])


def _own(found: QuerySet[BulkRun]) -> list[RunView]:
    runs = list(found.select_related("to", "created_by"))
    counts = _counts([run.pk for run in runs]) if runs else {}
    return [RunView(run, counts[run.pk], own=True) for run in runs]


def run_for(user: Any, public_id: UUID, holdings: tuple[Holding, ...] | None = None) -> RunView:
    """A run, for who asked for it, and for auditors to read. Raises ``NotFound`` for anybody else, without a hint."""
    held = acting_holdings_of(user) if holdings is None else holdings
    run = BulkRun.objects.select_related("to", "created_by").filter(public_id=public_id).first()
    if run is None or (run.created_by_id != user.pk and not any(one.role in READS_ALL for one in held)):
        raise NotFound("Aucun lot à cette adresse ne vous est accessible. Voyez la liste de vos lots.")
    return RunView(run, _counts([run.pk])[run.pk], own=run.created_by_id == user.pk)


def _counts(run_ids: list[int]) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = {key: dict.fromkeys(map(str, STATES), 0) for key in run_ids}
    found = BulkItem.objects.filter(run_id__in=run_ids).values_list("run_id", "state").order_by()
    for run_id, state, number in found.annotate(number=Count("pk")):
        counts[run_id][state] = number
    return counts


def results_of(
    view: RunView, user: Any, holdings: tuple[Holding, ...], *, state: str = "", cursor: str = ""
) -> ResultPage:
    """One page of results, of those with ``state`` only when one is given. Two statements. Raises ``Invalid``."""
    found = _items(view.run).filter(state=state) if state in BulkItemState.values else _items(view.run)
    if cursor:
        if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
            message = "Le repère de page est illisible : reprenez la liste depuis le début."
            raise Invalid(message, details={"cursor": [message]})
        found = found.filter(pk__gt=int(cursor))
    items = list(found[: PAGE_SIZE + 1])
    shown = _gated(items[:PAGE_SIZE], user, holdings)
    return ResultPage(tuple(shown), str(items[PAGE_SIZE - 1].pk) if len(items) > PAGE_SIZE else "")


def all_results(view: RunView, user: Any, holdings: tuple[Holding, ...]) -> list[Result]:
    """Every result, for a file. Two statements."""
    return list(_gated(list(_items(view.run)), user, holdings))


def _items(run: BulkRun) -> Any:
    return BulkItem.objects.filter(run=run).select_related("dossier__organisation", "to").order_by("pk")


def _gated(items: list[BulkItem], user: Any, holdings: tuple[Holding, ...]) -> Iterator[Result]:
    """Rights may have ended since: what the reader may not read any more keeps its result and loses its name."""
    wanted = {item.dossier_id for item in items}
    visible = set(
        dossiers_visible_to(user, holdings).filter(pk__in=wanted).order_by("pk").values_list("pk", flat=True)
    )
    for item in items:
        yield Result(item, hidden=item.dossier_id not in visible)


def queue_task_ids(user: Any, asked: QueueFilters, holdings: tuple[Holding, ...]) -> list[int]:
    """The tasks of a list of the queue, whatever its page; one more than ``MOST`` at most. One statement."""
    if not holdings or not all(storable(one) for one in (asked.path, asked.organisation, asked.text)):
        return []
    source, parameters = source_of(replace(asked, cursor=""), holdings, user)
    tasks = source.replace("{after}", "").replace("{limit}", "%(most)s")
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {ASIDE} SELECT id {tasks} ORDER BY created, id LIMIT %(most)s",  # noqa: S608
            parameters | {"most": MOST + 1},
        )
        return [row[0] for row in cursor.fetchall()]


def receivers_of(chosen: Iterable[Chosen], user: User, holdings: tuple[Holding, ...]) -> list[User]:
    """Active people who hold the role of one of the tasks that ``user`` may hand over, by name.

    One statement for each role and body. Of other tasks nobody is named: who works elsewhere is not told here.
    """
    chairs = dict.fromkeys(
        chair_of(one.task)
        for one in chosen
        if one.is_open and not one.step.by_person and may_hand_over(one, user, holdings)
    )
    found = {one.pk: one for chair in chairs for one in people_holding(chair.role, chair.organisation_id)}
    return sorted(found.values(), key=lambda one: (str(one), one.pk))
