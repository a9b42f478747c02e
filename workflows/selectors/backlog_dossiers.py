"""What is behind the figures of a queue: its open tasks, each with its dossier, oldest date first."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from viewflow.workflow.models import Task

from cases import clock
from cases.calendar import working_days_between
from cases.errors import Invalid
from cases.models import Organisation
from cases.permissions import Holding
from cases.selectors import dossiers_visible_to
from workflows.engine.registry import known_path
from workflows.engine.step import OPEN
from workflows.selectors.backlog_filters import Pressing, soon_until
from workflows.selectors.tallies import Queue

PAGE_SIZE = 25
#: Where dossiers without a date stand: after all others.
_NEVER = date.max


@dataclass(frozen=True, slots=True)
class OpenDossier:
    """An open task of the queue with its dossier. ``age``: working days since the task came; ``taken``: somebody has
    it in hand (who, the figures do not say).
    """

    task_id: int
    reference: str
    title: str
    organisation_name: str
    opened_on: date
    age: int
    due_on: date | None
    overdue: bool
    due_soon: bool
    taken: bool


@dataclass(frozen=True, slots=True)
class OpenDossiers:
    """One page. ``next_cursor`` is empty on the last one."""

    items: tuple[OpenDossier, ...]
    next_cursor: str


def open_dossiers(
    user: Any,
    holdings: tuple[Holding, ...],
    queues: Iterable[Queue],
    *,
    state: str = "",
    cursor: str = "",
    size: int = PAGE_SIZE,
) -> OpenDossiers:
    """The open tasks of ``queues``, which share role, body, path and step (``BacklogRow.queues``), oldest date first.

    ``state``: a :class:`Pressing` or empty. Passes the read gate of dossiers too. Two statements at most. Raises
    ``Invalid`` for a broken cursor.
    """
    after = _decode(cursor) if cursor else None
    found = _open_tasks(user, holdings, list(queues))
    if found is None:
        return OpenDossiers((), "")
    today = clock.today()
    if state == Pressing.OVERDUE:
        found = found.filter(process__dossier__next_due_on__lt=today)
    elif state == Pressing.SOON:
        found = found.filter(
            process__dossier__next_due_on__gte=today, process__dossier__next_due_on__lte=soon_until(today)
        )
    elif state == Pressing.FREE:
        found = found.filter(owner__isnull=True)
    if after is not None:
        due, task_id = after
        found = found.filter(Q(due__gt=due) | Q(due=due, pk__gt=task_id))
    rows = list(
        found.order_by("due", "pk").values_list(
            "pk",
            "process__dossier__reference",
            "process__dossier__title",
            "process__dossier__organisation__name",
            "created",
            "process__dossier__next_due_on",
            "owner_id",
            named=True,
        )[: size + 1]
    )
    items = tuple(_item(row, today) for row in rows[:size])
    more = len(rows) > size
    return OpenDossiers(items, _encode(items[-1].due_on or _NEVER, items[-1].task_id) if more else "")


def _open_tasks(user: Any, holdings: tuple[Holding, ...], queues: list[Queue]) -> QuerySet[Task] | None:
    """The open tasks of some queues; None when there is no queue, or its path or step is no more."""
    if not queues:
        return None
    one = queues[0]
    definition = known_path(one.path)
    node = definition.step(one.step) if definition is not None else None
    if node is None:
        return None
    body = Organisation.objects.values_list("pk", flat=True).get(code=one.body_code)
    found = Task.objects.filter(
        owner_permission=one.role.permission,
        owner_permission_obj_pk=str(body),
        flow_task_type="HUMAN",
        flow_task=node,
        status__in=OPEN,
        process__dossier__organisation__code__in=[queue.organisation_code for queue in queues],
        process__dossier__in=dossiers_visible_to(user, holdings),
    )
    dated: QuerySet[Task] = found.annotate(due=Coalesce(F("process__dossier__next_due_on"), Value(_NEVER)))
    return dated


def _item(row: Any, today: date) -> OpenDossier:
    due = row.process__dossier__next_due_on
    opened = clock.paris_date(row.created)
    return OpenDossier(
        task_id=row.pk,
        reference=row.process__dossier__reference,
        title=row.process__dossier__title,
        organisation_name=row.process__dossier__organisation__name,
        opened_on=opened,
        age=working_days_between(opened, today),
        due_on=due,
        overdue=due is not None and due < today,
        due_soon=due is not None and today <= due <= soon_until(today),
        taken=row.owner_id is not None,
    )


def _encode(due: date, task_id: int) -> str:
    """Where a page ended, as a word for an address."""
    return base64.urlsafe_b64encode(f"{due.isoformat()}|{task_id}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[date, int]:
    """The date and the task where the former page ended. Raises ``Invalid``."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        day, _, task_id = text.partition("|")
        if not (task_id.isascii() and task_id.isdecimal() and len(task_id) < 19):
            raise ValueError(cursor)
        return date.fromisoformat(day), int(task_id)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        message = "Le repère de page est illisible : reprenez la liste depuis le début."
        raise Invalid(message, details={"cursor": [message]}) from None
