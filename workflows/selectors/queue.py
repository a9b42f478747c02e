"""The queue: open tasks of the roles that a person holds. Its cost follows the page shown, not the tasks that exist."""

import base64
import binascii
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from viewflow.workflow.models import Task

from cases import clock
from cases.errors import Invalid
from cases.models import Dossier, Organisation, User
from cases.permissions import Holding, holdings_of
from cases.selectors import normalise
from cases.text import storable
from workflows.engine.registry import get_path
from workflows.engine.seats import chair_of
from workflows.engine.step import Step

PAGE_SIZE = 25
COUNT_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """What a person asks for. ``organisation`` is a code; ``mine``: what they claimed; ``free``: what nobody did;
    ``overdue``: past its date; ``text``: words of the reference or the title.
    """

    mine: bool = False
    free: bool = False
    text: str = ""
    path: str = ""
    organisation: str = ""
    overdue: bool = False
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One open task with its dossier. ``age_days``: calendar days since the task opened."""

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


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page, oldest task first. ``next_cursor`` is empty on the last page; ``count`` stops at 1 000."""

    items: tuple[QueueItem, ...]
    next_cursor: str
    count: int
    count_is_exact: bool


_FROM = """
  FROM unnest(%(permissions)s::text[], %(objects)s::text[]) AS held (permission, object)
 CROSS JOIN LATERAL (
       SELECT task.id, task.created
         FROM viewflow_task task
         {join}
        WHERE task.owner_permission = held.permission
          AND task.owner_permission_obj_pk = held.object
          AND task.flow_task_type = 'HUMAN' AND task.status IN ('NEW', 'ASSIGNED')
          {where}
        ORDER BY task.created, task.id
        LIMIT {limit}
       ) open_task
"""

# The page and how many there are in all, in one statement: no page leaves one row without a task.
_PAGE = """
SELECT counted.number, page.id, page.created
  FROM (SELECT count(*) AS number FROM (SELECT id {all} LIMIT %(most)s) every) counted
  LEFT JOIN (SELECT id, created {rest} ORDER BY created, id LIMIT %(page)s) page ON true
 ORDER BY page.created, page.id
"""


def queue(
    user: Any, filters: QueueFilters | None = None, *, holdings: tuple[Holding, ...] | None = None
) -> QueuePage:
    """One page of the open tasks that ``user`` could do. Three statements. Raises ``Invalid`` for a broken cursor."""
    asked = filters or QueueFilters()
    held = holdings_of(user) if holdings is None else holdings
    words = (asked.path, asked.organisation, asked.text)
    if not held or not all(storable(one) for one in words):
        return QueuePage((), "", 0, True)
    source, parameters = _source(asked, held, user)
    after = ""
    if asked.cursor:
        parameters["created"], parameters["id"] = decode_cursor(asked.cursor)
        after = "AND (task.created, task.id) > (%(created)s, %(id)s)"
    every = source.replace("{after}", "").replace("{limit}", "%(most)s")
    rest = source.replace("{after}", after).replace("{limit}", "%(page)s")
    with connection.cursor() as cursor:
        cursor.execute(
            _PAGE.format(all=every, rest=rest),
            parameters | {"page": PAGE_SIZE + 1, "most": COUNT_LIMIT + 1},
        )
        found = cursor.fetchall()
    count = found[0][0]
    rows = [(identifier, created) for _, identifier, created in found if identifier is not None]
    shown = rows[:PAGE_SIZE]
    next_cursor = encode_cursor(shown[-1][1], shown[-1][0]) if len(rows) > PAGE_SIZE else ""
    return QueuePage(
        items=tuple(_items([row[0] for row in shown])),
        next_cursor=next_cursor,
        count=min(count, COUNT_LIMIT),
        count_is_exact=count <= COUNT_LIMIT,
    )


def _source(asked: QueueFilters, held: tuple[Holding, ...], user: Any) -> tuple[str, dict[str, Any]]:
    conditions = ["{after}"]
    parameters: dict[str, Any] = {
        "permissions": [one.role.permission for one in held],
        "objects": [str(one.organisation_id) for one in held],
    }
    join = ""
    words = normalise(asked.text).split()
    if asked.path or asked.organisation or asked.overdue or words:
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
        parameters["today"] = clock.today()
    for number, word in enumerate(words):
        conditions.append(f"AND strpos(dossier.search_text, %(word{number})s) > 0")
        parameters[f"word{number}"] = word
    if asked.free:
        conditions.append("AND task.owner_id IS NULL")
    if asked.mine:
        conditions.append("AND task.owner_id = %(user)s")
        parameters["user"] = user.pk
    return _FROM.replace("{join}", join).replace("{where}", " ".join(conditions)), parameters


def _items(ids: list[int]) -> list[QueueItem]:
    today = clock.today()
    tasks = (
        Task.objects.filter(pk__in=ids)
        .select_related("process__dossier__organisation", "owner")
        .order_by("created", "pk")
    )
    items = []
    for task in tasks:
        step: Step = task.flow_task
        dossier = task.process.dossier
        items.append(
            QueueItem(
                task_id=task.pk,
                step=step.name,
                step_title=step.task_title,
                role_label=chair_of(task).role.label,
                dossier=dossier,
                organisation=dossier.organisation,
                path_title=get_path(dossier.path).title,
                owner=task.owner,
                opened_at=task.created,
                age_days=(today - clock.paris_date(task.created)).days,
                due_on=dossier.next_due_on,
                overdue=dossier.next_due_on is not None and dossier.next_due_on < today,
            )
        )
    return items


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
        message = "Le repère de page est illisible : reprenez la liste depuis le début."
        raise Invalid(message, details={"cursor": [message]}) from None
