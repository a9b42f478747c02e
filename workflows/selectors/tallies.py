"""The queues whose figures a person may read: those of the dossiers of the bodies that they manage."""

from dataclasses import dataclass

from django.db import connection

from cases.enums import Role
from cases.permissions import Holding
from workflows.engine.registry import known_path

#: Every figure, folded or not (``cases.models.tallies``): to be read with ``GROUP BY`` and ``sum(number)``.
TALLIES = """(
    SELECT queue_id, measure, day, days, outcome, number FROM cases_queuetally
    UNION ALL SELECT queue_id, measure, day, days, outcome, number FROM cases_queuedelta
)"""


@dataclass(frozen=True, slots=True)
class Queue:
    """A role on a body at a step of a path, for the dossiers of one organisation."""

    id: int
    role: Role
    body_code: str
    body_name: str
    path: str
    step: str
    organisation_code: str
    organisation_name: str
    path_title: str
    step_title: str


def manages(holdings: tuple[Holding, ...]) -> bool:
    """Whether a person manages some body: the pages of figures are for them alone."""
    return any(held.role == Role.MANAGER for held in holdings)


_QUEUES = """
SELECT queue.id, queue.role, body.code, body.name, queue.path, queue.step, origin.code, origin.name
  FROM cases_workqueue queue
  JOIN cases_organisation body ON body.id = queue.body_id
  JOIN cases_organisation origin ON origin.id = queue.organisation_id
 WHERE EXISTS (SELECT FROM unnest(%s::text[]) managed WHERE starts_with(origin.lineage, managed))
 ORDER BY body.lineage, queue.path, queue.step, queue.role, origin.lineage
"""


def managed_queues(holdings: tuple[Holding, ...]) -> list[Queue]:
    """The queues of the dossiers that a manager answers for: those of the bodies managed and of the bodies below.

    The only gate to the figures: whoever reads tallies asks for the ids that it gives. A queue that another body holds
    (the CANSSM, a ministry) is there for the dossiers of the manager's own bodies only. One statement.
    """
    lineages = sorted({held.lineage for held in holdings if held.role == Role.MANAGER})
    if not lineages:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_QUEUES, [lineages])
        rows = cursor.fetchall()
    return [_queue(row) for row in rows]


def _queue(row: tuple[int, str, str, str, str, str, str, str]) -> Queue:
    identifier, role, body_code, body_name, path, step, origin_code, origin_name = row
    definition = known_path(path)
    node = definition.step(step) if definition is not None else None
    return Queue(
        id=identifier,
        role=Role(role),
        body_code=body_code,
        body_name=body_name,
        path=path,
        step=step,
        organisation_code=origin_code,
        organisation_name=origin_name,
        path_title=definition.title if definition is not None else path,
        step_title=node.task_title if node is not None else step,
    )
