"""What feeds show: the running deadlines of the tasks that await a person or a role, and the latest legal notices.

Each is read in two steps: first what tells whether anything has changed, which a program that has the latest state
already needs nothing more of, then the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models.functions import Coalesce, Greatest

from cases import clock
from cases.models import Deadline, LegalNotice, User
from cases.permissions import Holding
from cases.selectors import running_deadlines
from workflows.selectors.notices import register

#: Dates in one feed, soonest first; entries in the register's.
MOST_DATES = 1_000
MOST_NEWS = 200


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes whenever a date of a feed changes. ``moves`` grows with each event of the clock."""

    deadline_id: int
    due_on: date
    moves: int
    changed_at: datetime


_STAMPS = """
SELECT awaited.id, awaited.due_on, happened.number, greatest(happened.latest, awaited.updated_at)
  FROM (SELECT DISTINCT deadline.id, deadline.due_on, dossier.updated_at
          FROM unnest(%(permissions)s::text[], %(objects)s::text[]) AS held (permission, object)
          JOIN viewflow_task task
            ON task.owner_permission = held.permission AND task.owner_permission_obj_pk = held.object
           AND task.flow_task_type = 'HUMAN' AND task.status IN ('NEW', 'ASSIGNED')
           AND (%(everybody)s OR task.owner_id IS NULL OR task.owner_id = %(user)s)
          JOIN cases_dossier dossier ON dossier.process_id = task.process_id
          JOIN cases_deadline deadline
            ON deadline.dossier_id = dossier.id AND deadline.state = 'running'
           AND deadline.step = substring(task.flow_task from '[^.]+$')
           AND (deadline.organisation_id IS NULL OR deadline.organisation_id::text = task.owner_permission_obj_pk)
         ORDER BY deadline.due_on, deadline.id
         LIMIT %(most)s) awaited
 CROSS JOIN LATERAL (
       SELECT count(*) AS number, max(event.at) AS latest
         FROM cases_deadlineevent event WHERE event.deadline_id = awaited.id) happened
 ORDER BY awaited.due_on, awaited.id
"""


def stamps_of(user: User, holdings: tuple[Holding, ...], *, everybody: bool) -> tuple[Stamp, ...]:
    """The running deadlines of open tasks of these roles, soonest first; ``everybody``: those of colleagues too.

    Without it, what a colleague has taken is left out, as it cannot be done by ``user``. One statement.
    """
    if not holdings:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(
            _STAMPS,
            {
                "permissions": [one.role.permission for one in holdings],
                "objects": [str(one.organisation_id) for one in holdings],
                "everybody": everybody,
                "user": user.pk,
                "most": MOST_DATES,
            },
        )
        return tuple(Stamp(*row) for row in cursor.fetchall())


def deadlines_of(
    user: User, holdings: tuple[Holding, ...], stamps: Iterable[Stamp]
) -> list[tuple[Stamp, Deadline]]:
    """The deadlines of these stamps that still run, through the read gate, with dossier and body. One statement."""
    by_id = {stamp.deadline_id: stamp for stamp in stamps}
    if not by_id:
        return []
    found = running_deadlines(user, holdings).filter(pk__in=by_id)
    return [(by_id[one.pk], one) for one in found]


_CHANGED = """
SELECT greatest(
       (SELECT updated_at FROM cases_dossier WHERE involved && %s::varchar[] ORDER BY updated_at DESC LIMIT 1),
       (SELECT max(at) FROM cases_administrationentry WHERE subject_id = %s))
"""


def changed_at(user: User, holdings: tuple[Holding, ...], *others: datetime) -> datetime:
    """When what these roles await last changed, or one of ``others``; never before this day's midnight. One statement.

    The dossiers that once awaited one of the roles, and the journal of the roles themselves, tell it; midnight, because
    roles begin and end with a day. A program that knows a later moment has seen everything.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [[one.tag for one in holdings], user.pk])
        (moment,) = cursor.fetchone()
    known = [clock.start_of(clock.today()), *others]
    return max([*known, moment] if moment is not None else known)


def latest_notices(user: Any, holdings: tuple[Holding, ...]) -> list[LegalNotice]:
    """Those of the register that were sent or acknowledged last, latest first. One statement."""
    found = register(user, holdings=holdings).order_by(
        Greatest("sent_at", Coalesce("acknowledged_at", "sent_at")).desc(), "-pk"
    )
    return list(found[:MOST_NEWS])
