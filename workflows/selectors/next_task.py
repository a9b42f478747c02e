"""Which free tasks a person would take next: the oldest legal date first, then any other date, then the oldest task."""

import json
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any

from django.db import connection
from viewflow.workflow.fields import get_task_ref

from cases.enums import INCOMPATIBLE_DUTIES
from cases.models import User
from cases.permissions import Holding
from cases.text import storable
from workflows.engine.registry import all_paths
from workflows.selectors.queue import ASIDE, BY_ARRIVAL, QueueFilters, source_of

#: How many tasks are looked at together: more than people who press the button at the same moment.
CANDIDATES = 30

# What the person would be refused in any case is left out here: their own earlier part in the dossier, and a second
# seat in a round of opinions. Whoever takes the task is judged again, by the predicates of every act.
_CANDIDATES = """
WITH {aside}
SELECT found.id
  FROM (SELECT open_task.id, open_task.created {source}) found
  JOIN viewflow_task task ON task.id = found.id
  JOIN cases_dossier dossier ON dossier.process_id = task.process_id
 WHERE NOT EXISTS (SELECT FROM jsonb_array_elements_text(%(closed)s::jsonb -> task.flow_task) duty
                    WHERE dossier.participants -> duty @> to_jsonb(%(user)s::bigint))
   AND NOT EXISTS (SELECT FROM cases_opinion opinion
                     JOIN cases_consultation round ON round.id = opinion.consultation_id
                    WHERE round.dossier_id = dossier.id AND round.closed_at IS NULL
                      AND task.flow_task LIKE '%%.' || round.step AND opinion.expert_id = %(user)s)
   AND found.id <> ALL(%(refused)s::bigint[])
 ORDER BY (SELECT min(legal.due_on) FROM cases_deadline legal
            WHERE legal.dossier_id = dossier.id AND legal.state = 'running' AND legal.kind = 'legal') NULLS LAST,
          dossier.next_due_on NULLS LAST, found.created, found.id
 LIMIT %(candidates)s
"""


def next_tasks(
    user: User, filters: QueueFilters, holdings: tuple[Holding, ...], refused: Collection[int] = ()
) -> list[int]:
    """Keys of the free tasks that ``user`` may do, in the order in which they should be taken; none put aside.

    ``refused``: tasks to leave out. At most ``CANDIDATES``. One statement, whose cost follows the free tasks of the
    person's roles.
    """
    words = (filters.path, filters.organisation, filters.text)
    if not holdings or not all(storable(one) for one in words):
        return []
    asked = replace(filters, free=True, mine=False, snoozed=False, sort=BY_ARRIVAL, cursor="")
    source, parameters = source_of(asked, holdings, user)
    source = source.replace("{after}", "").replace("{limit}", "ALL")
    more = {"closed": _closed_duties(), "refused": list(refused), "candidates": CANDIDATES}
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES.format(aside=ASIDE, source=source), parameters | more)
        return [row[0] for row in cursor.fetchall()]


@cache
def _closed_duties() -> str:
    """Step, as its tasks name it → the parts in a dossier that close the step to whoever played them, as JSON."""
    closed: dict[str, Any] = {}
    for path in all_paths():
        for step in path.steps():
            others = sorted(duty.value for duty in INCOMPATIBLE_DUTIES.get(step.duty, ()))
            if others:
                closed[get_task_ref(step)] = others
    return json.dumps(closed)
