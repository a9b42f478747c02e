"""The queue: open tasks of the roles that a person holds. Its cost follows the page shown, not the tasks that exist.

Sorted by date it follows the open tasks of those roles: no index holds a task's date, which is its dossier's.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection
from viewflow.workflow.models import Task

from cases import clock, rows
from cases.errors import Invalid
from cases.models import Dossier, Organisation, User
from cases.permissions import Holding, acting_holdings_of, covers
from cases.selectors import normalise
from cases.selectors.desk import mark_of
from cases.text import storable
from workflows.engine.registry import get_path
from workflows.engine.seats import chair_of
from workflows.engine.step import Step

PAGE_SIZE = 25
COUNT_LIMIT = 1_000

#: How a queue may be sorted: the oldest task first, or the nearest date first (tasks without one come last).
BY_ARRIVAL, BY_DATE = "", "due"
SORTS = (BY_ARRIVAL, BY_DATE)


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """What a person asks for. ``organisation`` is a code; ``mine``: what they claimed; ``free``: what nobody did;
    ``overdue``: past its date; ``text``: words of the reference or the title; ``snoozed``: what they put aside, which
    nothing else shows; ``sort``: one of ``SORTS``.
    """

    mine: bool = False
    free: bool = False
    text: str = ""
    path: str = ""
    organisation: str = ""
    overdue: bool = False
    snoozed: bool = False
    sort: str = BY_ARRIVAL
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One open task with its dossier. ``age_days``: calendar days since the task opened.

    ``mark``: what the person has not seen of the dossier (``cases.selectors.desk.mark_of``). ``until``: when a task
    that they put aside comes back. ``under``: « par délégation de Gilles Général », empty for a role of one's own.
    """

    task_id: int
    step: str
    step_title: str
    role_label: str
    dossier: Dossier
    organisation: Organisation
    path_title: str
    owner: User | None
    opened_at: datetime
    age_days: int
    due_on: date | None
    overdue: bool
    mark: str = ""
    until: date | None = None
    under: str = ""


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page. ``next_cursor`` is empty on the last page; ``count`` stops at 1 000.

    ``aside``: how many tasks the person has put aside. ``late``: how many are past their date, where that was asked.
    """

    items: tuple[QueueItem, ...]
    next_cursor: str
    count: int
    count_is_exact: bool
    aside: int = 0
    late: int = 0


# What the person has put aside and is not back yet: it comes back on its day, when a legal date has come to stand
# before that day, and when it has been given to the person since.
ASIDE = """
aside AS MATERIALIZED (
SELECT DISTINCT snooze.task_id, snooze.until
  FROM cases_snooze snooze
  JOIN viewflow_task task ON task.id = snooze.task_id
  JOIN unnest(%(permissions)s::text[], %(objects)s::text[]) AS held (permission, object)
    ON task.owner_permission = held.permission AND task.owner_permission_obj_pk = held.object
 WHERE snooze.user_id = %(user)s AND snooze.until > %(today)s
   AND task.flow_task_type = 'HUMAN' AND task.status IN ('NEW', 'ASSIGNED')
   AND (task.assigned IS NULL OR task.assigned <= snooze.created_at)
   AND NOT EXISTS (SELECT FROM cases_deadline legal
                     JOIN cases_dossier owing ON owing.id = legal.dossier_id
                    WHERE owing.process_id = task.process_id
                      AND legal.state = 'running' AND legal.kind = 'legal' AND legal.due_on < snooze.until)
)
"""

_FROM = """
  FROM unnest(%(permissions)s::text[], %(objects)s::text[]) AS held (permission, object)
 CROSS JOIN LATERAL (
       SELECT task.id, task.created, {due} AS due
         FROM viewflow_task task
         {join}
        WHERE task.owner_permission = held.permission
          AND task.owner_permission_obj_pk = held.object
          AND task.flow_task_type = 'HUMAN' AND task.status IN ('NEW', 'ASSIGNED')
          {where}
        ORDER BY {order}
        LIMIT {limit}
       ) open_task
"""

# A role received by delegation reaches the dossiers of its scopes only; ``cases.permissions.covers`` in SQL.
_SCOPED = (
    "%(objects)s::text[]) AS held (permission, object)",
    "%(objects)s::text[], %(scopes)s::text[]) AS held (permission, object, scopes)",
)
_IN_SCOPE = """
AND (held.scopes IS NULL OR EXISTS (
     SELECT FROM cases_dossier reached
      CROSS JOIN jsonb_to_recordset(held.scopes::jsonb) AS scope (paths text[], ceiling numeric)
      WHERE reached.process_id = task.process_id
        AND (cardinality(scope.paths) = 0 OR reached.path = ANY (scope.paths))
        AND (scope.ceiling IS NULL OR reached.amount_ht <= scope.ceiling)))
"""

# The page and how many there are in all, in one statement: no page leaves one row without a task.
_PAGE = f"""
WITH {ASIDE}
SELECT counted.number, (SELECT count(*) FROM aside), {{late}}, aside.until, visit.journal_length,
       {rows.columns(Task, "task")}, {rows.columns(Dossier, "dossier")}, {rows.columns(Organisation, "body")},
       {rows.columns(User, "owner")}
  FROM (SELECT count(*) AS number FROM (SELECT id {{all}} LIMIT %(most)s) every) counted
  LEFT JOIN (SELECT id, created, due {{rest}} ORDER BY {{order}} LIMIT %(page)s) page ON true
  LEFT JOIN viewflow_task task ON task.id = page.id
  LEFT JOIN cases_dossier dossier ON dossier.process_id = task.process_id
  LEFT JOIN cases_organisation body ON body.id = dossier.organisation_id
  LEFT JOIN cases_user owner ON owner.id = task.owner_id
  LEFT JOIN cases_dossiervisit visit ON visit.dossier_id = dossier.id AND visit.user_id = %(user)s
  LEFT JOIN aside ON aside.task_id = task.id
 ORDER BY {{page_order}}
"""  # noqa: S608


def queue(
    user: Any,
    filters: QueueFilters | None = None,
    *,
    holdings: tuple[Holding, ...] | None = None,
    count_late: bool = False,
) -> QueuePage:
    """One page of the open tasks that ``user`` could do, in their own right or by delegation (``acting_holdings_of``).
    Two statements, one with ``holdings``.

    ``count_late``: say also how many are past their date. Raises ``Invalid`` for a broken cursor.
    """
    asked = filters or QueueFilters()
    held = acting_holdings_of(user) if holdings is None else holdings
    words = (asked.path, asked.organisation, asked.text)
    if not held or not all(storable(one) for one in words):
        return QueuePage((), "", 0, True)
    source, parameters = source_of(asked, held, user)
    after, more = _after(asked)
    parameters |= more
    every = _counted(asked, held, user)
    rest = source.replace("{after}", after).replace("{limit}", "%(page)s")
    late = "0"
    if count_late:
        overdue = _counted(replace(asked, overdue=True), held, user)
        late = f"(SELECT count(*) FROM (SELECT id {overdue} LIMIT %(most)s) late)"  # noqa: S608
    order = "due, created, id" if asked.sort == BY_DATE else "created, id"
    page_order = ", ".join(f"page.{name}" for name in order.split(", "))
    with connection.cursor() as cursor:
        cursor.execute(
            _PAGE.format(all=every, rest=rest, late=late, order=order, page_order=page_order),
            parameters | {"page": PAGE_SIZE + 1, "most": COUNT_LIMIT + 1},
        )
        found = cursor.fetchall()
    count, aside, late_count = found[0][:3]
    items = [_item(row[3:], held) for row in found if row[5] is not None]
    shown = items[:PAGE_SIZE]
    return QueuePage(
        items=tuple(shown),
        next_cursor=_cursor_after(shown[-1], asked.sort) if len(items) > PAGE_SIZE else "",
        count=min(count, COUNT_LIMIT),
        count_is_exact=count <= COUNT_LIMIT,
        aside=aside,
        late=min(late_count, COUNT_LIMIT),
    )


def _counted(asked: QueueFilters, held: tuple[Holding, ...], user: Any) -> str:
    """The tasks to count: in no order, which would have PostgreSQL sort all of them first."""
    source, _ = source_of(replace(asked, sort=BY_ARRIVAL), held, user, ordered=False)
    return source.replace("{after}", "").replace("{limit}", "%(most)s")


#: The date of a task's dossier; one without a date comes after all others.
NO_DATE = "infinity"
_DUE = f"coalesce(dossier.next_due_on, '{NO_DATE}'::date)"


def source_of(
    asked: QueueFilters, held: tuple[Holding, ...], user: Any, *, ordered: bool = True
) -> tuple[str, dict[str, Any]]:
    """The FROM of the tasks asked for, which needs ``WITH aside`` before it, and its parameters.

    ``{after}`` and ``{limit}`` remain to be filled in. Not ``ordered``: to be counted.
    """
    conditions = ["{after}"]
    places = _places(held)
    parameters: dict[str, Any] = {
        "permissions": [permission for permission, _ in places],
        "objects": [body for _, body in places],
        "user": user.pk,
        "today": clock.today(),
    }
    join = ""
    words = normalise(asked.text).split()
    by_date = asked.sort == BY_DATE
    if asked.path or asked.organisation or asked.overdue or words or by_date:
        join = "JOIN cases_dossier dossier ON dossier.process_id = task.process_id"
    if asked.path:
        conditions.append("AND dossier.path = %(path)s")
        parameters["path"] = asked.path
    if asked.organisation:
        join += " JOIN cases_organisation organisation ON organisation.id = dossier.organisation_id"
        conditions.append("AND organisation.code = %(organisation)s")
        parameters["organisation"] = asked.organisation
    if asked.overdue:
        conditions.append("AND dossier.next_due_on < %(today)s")
    for number, word in enumerate(words):
        conditions.append(f"AND strpos(dossier.search_text, %(word{number})s) > 0")
        parameters[f"word{number}"] = word
    if asked.free:
        conditions.append("AND task.owner_id IS NULL")
    if asked.mine:
        conditions.append("AND task.owner_id = %(user)s")
    put_aside = "(ARRAY(SELECT task_id FROM aside))"
    conditions.append(f"AND task.id {'= ANY' if asked.snoozed else '<> ALL'} {put_aside}")
    order = f"{_DUE}, task.created, task.id" if by_date else "task.created, task.id"
    source = _FROM if ordered else _FROM.replace("ORDER BY {order}", "")
    if any(scopes is not None for scopes in places.values()):
        source = source.replace(*_SCOPED)
        parameters["scopes"] = list(places.values())
        conditions.append(_IN_SCOPE)
    filled = source.replace("{join}", join).replace("{where}", " ".join(conditions))
    return filled.replace("{order}", order).replace("{due}", _DUE if by_date else "NULL::date"), parameters


def _places(held: tuple[Holding, ...]) -> dict[tuple[str, str], str | None]:
    """Role and body, each once → the scopes within which it is held, as JSON; None: in one's own right."""
    scopes: dict[tuple[str, str], list[dict[str, Any]] | None] = {}
    for one in held:
        place, given = (one.role.permission, str(one.organisation_id)), one.delegation
        if given is None:
            scopes[place] = None
        elif (others := scopes.setdefault(place, [])) is not None:
            ceiling = str(given.ceiling) if given.ceiling is not None else None
            others.append({"paths": given.paths, "ceiling": ceiling})
    return {place: None if some is None else json.dumps(some) for place, some in scopes.items()}


def _under(held: tuple[Holding, ...], task: Task, dossier: Dossier) -> str:
    """Under whose delegation the task would be done; nothing for a role of one's own."""
    chair = chair_of(task)
    able = [
        one
        for one in held
        if (one.role, one.organisation_id) == (chair.role, chair.organisation_id)
        and covers(one, dossier.path, dossier.amount_ht)
    ]
    own = any(one.delegation is None for one in able)
    return "" if own or not able else able[0].on_behalf


def _item(row: Sequence[Any], held: tuple[Holding, ...]) -> QueueItem:
    (until, seen), values = row[:2], row[2:]
    task, values = rows.build(Task, values)
    dossier, values = rows.build(Dossier, values)
    dossier.organisation, values = rows.build(Organisation, values)
    owner = rows.build(User, values)[0] if task.owner_id is not None else None
    step: Step = task.flow_task
    today = clock.today()
    return QueueItem(
        task_id=task.pk,
        step=step.name,
        step_title=step.task_title,
        role_label=chair_of(task).role.label,
        dossier=dossier,
        organisation=dossier.organisation,
        path_title=get_path(dossier.path).title,
        owner=owner,
        opened_at=task.created,
        age_days=(today - clock.paris_date(task.created)).days,
        due_on=dossier.next_due_on,
        overdue=dossier.next_due_on is not None and dossier.next_due_on < today,
        mark=mark_of(dossier.journal_length, seen),
        until=until,
        under=_under(held, task, dossier),
    )


def _cursor_after(last: QueueItem, sort: str) -> str:
    cursor = encode_cursor(last.opened_at, last.task_id)
    if sort != BY_DATE:
        return cursor
    return f"{last.due_on.isoformat() if last.due_on else NO_DATE}.{cursor}"


def _after(asked: QueueFilters) -> tuple[str, dict[str, Any]]:
    """The condition that leaves out the former pages, and its parameters. Raises ``Invalid``."""
    if not asked.cursor:
        return "", {}
    due, _, cursor = asked.cursor.rpartition(".")
    moment, identifier = decode_cursor(cursor)
    parameters: dict[str, Any] = {"created": moment, "id": identifier}
    if asked.sort != BY_DATE:
        return "AND (task.created, task.id) > (%(created)s, %(id)s)", parameters
    try:
        parameters["due"] = due if due == NO_DATE else date.fromisoformat(due).isoformat()
    except ValueError:
        raise _unreadable() from None
    return f"AND ({_DUE}, task.created, task.id) > (%(due)s::date, %(created)s, %(id)s)", parameters


def encode_cursor(moment: datetime, identifier: int) -> str:
    """Where a page ended, as a word for a URL."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{identifier}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, int]:
    """The moment and the id where the former page ended. Raises ``Invalid``."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        moment, _, identifier = text.rpartition("|")
        found = datetime.fromisoformat(moment)
        if found.tzinfo is None:
            raise ValueError("naive")
        return found, int(identifier)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        raise _unreadable() from None


def _unreadable() -> Invalid:
    message = "Le repère de page est illisible : reprenez la liste depuis le début."
    return Invalid(message, details={"cursor": [message]})
