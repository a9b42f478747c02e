"""The forecast of a queue for a manager: what it rests on, when it clears, which dossiers will miss their date.

Four statements for one queue: ``managed_queues``, its figures by day, who holds the role, and its open tasks. The order
is that in which the queue is shown to those who work it: the oldest task first (``workflows.selectors.queue``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from viewflow.workflow.models import Task

from cases import clock
from cases.enums import AtExpiry, Role
from cases.errors import Invalid
from cases.models import Dossier
from cases.permissions import Holding
from cases.selectors import dossiers_visible_to
from cases.work_terms import GONE, Measure
from workflows.engine.registry import known_path
from workflows.engine.step import OPEN
from workflows.forecast.history import LOOK_BACK, History, Moves, Refusal, history_of
from workflows.forecast.model import RUNS, Outlook, days_ahead, draw, outlook, seed_of
from workflows.forecast.whatif import WhatIf, what_if
from workflows.selectors.tallies import TALLIES, Queue, managed_queues

#: How many dossiers a page lists; the others count in the sums.
LISTED = 200
#: From what chance to be late on a dossier is said to be threatened, and very much so.
THREATENED, VERY = 0.5, 0.8
#: From how many times the usual number waiting on the pace of a queue is not known.
UNUSUAL = 2
#: What the end of a delay brings about without anybody.
_BY_ITSELF = (AtExpiry.TACIT_APPROVAL, AtExpiry.ENFORCEABLE, AtExpiry.LAPSE, AtExpiry.CLOSE)

_BY_DAY = f"""
SELECT measure, day, outcome = %(gone)s, sum(number)::integer
  FROM {TALLIES} tally
 WHERE queue_id = ANY(%(queues)s)
   AND (measure = %(open)s OR measure IN (%(in)s, %(out)s) AND day >= %(since)s)
 GROUP BY 1, 2, 3
"""  # noqa: S608

_HOLDERS = """
SELECT body.id, (
       SELECT count(DISTINCT granted.user_id)
         FROM cases_rolegrant granted JOIN cases_user person ON person.id = granted.user_id AND person.is_active
        WHERE granted.organisation_id = body.id AND granted.role = %(role)s AND granted.valid_from <= %(today)s
          AND (granted.valid_until IS NULL OR granted.valid_until >= %(today)s))
  FROM cases_organisation body WHERE body.code = %(body)s
"""

_OPEN_COUNTS = f"""
SELECT queue_id, sum(number)::integer FROM {TALLIES} tally
 WHERE queue_id = ANY(%s) AND measure = 'open' GROUP BY 1
"""  # noqa: S608


class Threat(StrEnum):
    """How much a dossier is in danger to miss its date."""

    PASSED = "passed"
    VERY = "very"
    SOME = "some"
    NONE = "none"
    UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """A dossier at its place in the queue (1: the first).

    ``late`` and ``late_any_order``: the chance (0 to 1) to miss its date when the order is followed, and when it is
    not at all; None without a date. ``likely_on``: the day by which it is done in one case of two, None: not in sight.
    ``then_late`` and ``then_on``: the same under what was asked.
    """

    position: int
    reference: str
    title: str
    organisation_name: str
    opened_on: date
    due_on: date | None
    likely_on: date | None
    late: float | None
    late_any_order: float | None
    then_on: date | None
    then_late: float | None
    threat: Threat


@dataclass(frozen=True, eq=False)
class Forecast:
    """The forecast of ``queues``, which are one role on one body at one step, for dossiers of several organisations.

    ``history``: what it rests on, or why there is none; ``present``: what follows from it, ``then``: under ``asked``.
    ``faults``: what of the question was not understood. ``open``: dossiers that wait, of which ``rows`` are the first.
    """

    queues: tuple[Queue, ...]
    today: date
    key: str
    seed: int
    runs: int
    open: int
    holders: int
    history: History | Refusal
    present: Outlook | None
    asked: WhatIf
    then: Outlook | None
    faults: Mapping[str, list[str]]
    rows: tuple[ForecastRow, ...]

    @property
    def queue(self) -> Queue:
        """One of the queues: they share everything but the organisation."""
        return self.queues[0]

    @property
    def threatened(self) -> int:
        """How many of the dossiers listed are more likely late than in time, or late already."""
        return sum(row.threat in (Threat.PASSED, Threat.VERY, Threat.SOME) for row in self.rows)

    @property
    def unusual(self) -> bool:
        """Whether far more wait than did on the days that the forecast draws from."""
        return isinstance(self.history, History) and self.open >= UNUSUAL * self.history.waiting

    @property
    def ends_by_itself(self) -> str:
        """What the end of the step's delay brings about without anybody, in words; empty: nothing."""
        path = known_path(self.queue.path)
        step = path.step(self.queue.step) if path is not None else None
        found = (
            [one.at_expiry for one in step.delays if one.at_expiry in _BY_ITSELF] if step is not None else []
        )
        return AtExpiry(found[0]).label if found else ""


def queues_with_work(
    holdings: tuple[Holding, ...], chosen: Mapping[str, str]
) -> list[tuple[tuple[Queue, ...], int]]:
    """The queues of a manager in which something is open, the fullest first, with how much. Two statements.

    ``chosen``: only those of this ``role``, ``body``, ``path``, ``step`` or ``organisation``.
    """
    groups = _groups(one for one in managed_queues(holdings) if _is_chosen(one, chosen))
    counts: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_COUNTS, [[one.id for group in groups.values() for one in group]])
        counts.update(cursor.fetchall())
    found = [(tuple(group), sum(counts.get(one.id, 0) for one in group)) for group in groups.values()]
    return sorted((one for one in found if one[1]), key=lambda one: -one[1])


def forecast_for(
    user: Any, holdings: tuple[Holding, ...], named: Mapping[str, str], *, runs: int = RUNS
) -> Forecast | None:
    """The forecast of the queue that ``named`` gives: ``role``, ``body``, ``path``, ``step``, perhaps ``organisation``.

    The same mapping says what if (``people``, ``absence``, ``burst``, ``place``). None for a queue that is not the
    manager's. A question that makes no sense is told in ``faults`` and leaves the present forecast. Four statements.
    """
    return _forecast_named(managed_queues(holdings), named, dossiers_visible_to(user, holdings), runs)


def forecast_of_any(named: Mapping[str, str], *, runs: int = RUNS) -> Forecast | None:
    """The same without a gate, for whoever has the machine: ``manage.py forecast queue``."""
    every = (Holding(Role.MANAGER, 0, "", "", "/"),)
    return _forecast_named(managed_queues(every), named, Dossier.objects.all(), runs)


def _forecast_named(
    queues: Iterable[Queue], named: Mapping[str, str], readable: QuerySet[Dossier], runs: int
) -> Forecast | None:
    wanted = tuple(named.get(name, "") for name in ("role", "body", "path", "step"))
    organisation = named.get("organisation", "")
    found = [one for one in _groups(queues).get(wanted, []) if organisation in ("", one.organisation_code)]
    return _forecast(found, named, readable, runs) if found else None


def _is_chosen(queue: Queue, chosen: Mapping[str, str]) -> bool:
    named = {
        "role": queue.role.value,
        "body": queue.body_code,
        "path": queue.path,
        "step": queue.step,
        "organisation": queue.organisation_code,
    }
    return all(named[name] == value for name, value in chosen.items())


def _groups(queues: Iterable[Queue]) -> dict[tuple[str, ...], list[Queue]]:
    found: dict[tuple[str, ...], list[Queue]] = {}
    for one in queues:
        found.setdefault((one.role.value, one.body_code, one.path, one.step), []).append(one)
    return found


def _forecast(
    queues: list[Queue], named: Mapping[str, str], readable: QuerySet[Dossier], runs: int
) -> Forecast:
    today = clock.today()
    first = queues[0]
    moves, tallied = _moves(queues, today)
    body, holders = _holders(first.role, first.body_code, today)
    tasks = _open_tasks(queues, body, readable)
    waiting = max(tallied, len(tasks)) if len(tasks) >= LISTED else len(tasks)
    key = f"{first.role.value}@{first.body_code} {first.path}.{first.step} {named.get('organisation', '')}".strip()
    seed = seed_of(key, today)
    history = history_of(moves, waiting, today)
    faults: Mapping[str, list[str]] = {}
    asked = WhatIf()
    try:
        asked = what_if(named, holders)
    except Invalid as refused:
        faults = refused.details
    present = then = None
    if isinstance(history, History):
        drawn = draw(history, days_ahead(today), seed, runs)
        present = outlook(history, waiting, seed, drawn=drawn)
        if asked:
            then = outlook(history, waiting, seed, asked=asked, holders=holders, drawn=drawn)
    return Forecast(
        queues=tuple(queues),
        today=today,
        key=key,
        seed=seed,
        runs=runs,
        open=waiting,
        holders=holders,
        history=history,
        present=present,
        asked=asked,
        then=then,
        faults=faults,
        rows=tuple(
            _row(position, task, today, present, then) for position, task in enumerate(tasks, start=1)
        ),
    )


def _moves(queues: list[Queue], today: date) -> tuple[dict[date, Moves], int]:
    """What happened by day, and how many tasks are open."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BY_DAY,
            {
                "gone": GONE,
                "queues": [one.id for one in queues],
                "open": Measure.OPEN.value,
                "in": Measure.IN.value,
                "out": Measure.OUT.value,
                "since": today - LOOK_BACK,
            },
        )
        rows = cursor.fetchall()
    found: dict[date, Moves] = {}
    waiting = 0
    for measure, day, gone, number in rows:
        if measure == Measure.OPEN:
            waiting += number
            continue
        one = found.get(day, Moves())
        if measure == Measure.IN:
            found[day] = one._replace(arrived=one.arrived + number)
        elif gone:
            found[day] = one._replace(gone=one.gone + number)
        else:
            found[day] = one._replace(done=one.done + number)
    return found, waiting


def _holders(role: Role, body: str, today: date) -> tuple[int, int]:
    """The key of the body, and how many people hold the role there today."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, {"role": role.value, "body": body, "today": today})
        found = cursor.fetchone()
    return int(found[0]), int(found[1])


def _open_tasks(queues: list[Queue], body: int, readable: QuerySet[Dossier]) -> list[Any]:
    """The first open tasks, the oldest first, of dossiers that the reader may read."""
    first = queues[0]
    path = known_path(first.path)
    step = path.step(first.step) if path is not None else None
    if step is None:
        return []
    return list(
        Task.objects.filter(
            owner_permission=first.role.permission,
            owner_permission_obj_pk=str(body),
            flow_task_type="HUMAN",
            flow_task=step,
            status__in=OPEN,
            process__dossier__organisation__code__in=[one.organisation_code for one in queues],
            process__dossier__in=readable,
        )
        .order_by("created", "pk")
        .values_list(
            "process__dossier__reference",
            "process__dossier__title",
            "process__dossier__organisation__name",
            "created",
            "process__dossier__next_due_on",
        )[:LISTED]
    )


def _row(
    position: int,
    task: tuple[str, str, str, datetime, date | None],
    today: date,
    present: Outlook | None,
    then: Outlook | None,
) -> ForecastRow:
    reference, title, organisation, created, due_on = task

    def late(seen: Outlook | None) -> float | None:
        return None if seen is None or due_on is None else 1 - seen.chance_by(position, due_on)

    chance = late(present)
    any_order = None
    if present is not None and due_on is not None:
        any_order = 1 - present.chance_in_any_order(due_on)
    return ForecastRow(
        position=position,
        reference=reference,
        title=title,
        organisation_name=organisation,
        opened_on=clock.paris_date(created),
        due_on=due_on,
        likely_on=present.day_of(position, 0.5) if present is not None else None,
        late=chance,
        late_any_order=any_order,
        then_on=then.day_of(position, 0.5) if then is not None else None,
        then_late=late(then),
        threat=_threat(due_on, today, chance),
    )


def _threat(due_on: date | None, today: date, late: float | None) -> Threat:
    if due_on is None:
        return Threat.UNDATED
    if due_on < today:
        return Threat.PASSED
    if late is None or late < THREATENED:
        return Threat.NONE
    return Threat.VERY if late >= VERY else Threat.SOME


def horizon_end(today: date) -> date:
    """The last day that forecasts made today look at."""
    return days_ahead(today)[-1]
