"""Takes the next task: of ten people who ask at the same moment, each is given another one."""

from django.db import connection, transaction
from viewflow.workflow.models import Task

from cases.errors import Conflict, Forbidden, NotFound
from cases.models import User
from cases.permissions import acting_holdings_of
from workflows.selectors.next_task import next_tasks
from workflows.selectors.queue import QueueFilters
from workflows.services.locking import busy_is_conflict
from workflows.services.tasks import claim

#: How often the list is read anew before a person is told to try again: others took all that it held.
ROUNDS = 5

# Dossier and task are locked as every act locks them, but nobody is waited for: who is being served is passed by.
_LOCK_FIRST = """
SELECT task.id
  FROM unnest(%s::bigint[]) WITH ORDINALITY AS candidate (id, place)
  JOIN viewflow_task task ON task.id = candidate.id
  JOIN cases_dossier dossier ON dossier.process_id = task.process_id
 WHERE task.owner_id IS NULL AND task.status = 'NEW'
 ORDER BY candidate.place
 LIMIT 1
   FOR UPDATE OF dossier, task SKIP LOCKED
"""

NOTHING_FREE = (
    "Aucune tâche libre ne vous attend : celles qui restent sont prises, mises de côté, ou reviennent à une autre "
    "personne parce que vous avez déjà participé au dossier."
)


def claim_next(*, actor: User, filters: QueueFilters | None = None) -> Task:
    """Take the free task that ``actor`` may do whose legal date is the oldest; then other dates, then the oldest task.

    ``filters``: as for the queue; what they say of holder, sorting and page is left aside. What the actor put aside and
    what the separation of duties closes to them is passed by. The claim is journalled as any other. Nine statements
    where nobody interferes. Raises ``NotFound`` (nothing is left), ``Conflict`` (others took all that was looked at).
    """
    holdings = acting_holdings_of(actor)
    refused: set[int] = set()
    asked = filters or QueueFilters()
    for _ in range(ROUNDS):
        candidates = next_tasks(actor, asked, holdings, refused)
        if not candidates:
            raise NotFound(NOTHING_FREE)
        while remaining := [one for one in candidates if one not in refused]:
            try:
                with busy_is_conflict(), transaction.atomic():
                    # Where others are being served with all that remains, the first of them is waited for.
                    task_id = _lock_first(remaining) or remaining[0]
                    refused.add(task_id)  # never looked at twice: it is taken now, or not for this person
                    return claim(task_id=task_id, actor=actor)
            except (Forbidden, Conflict, NotFound):
                continue
    raise Conflict("D’autres personnes prennent des tâches en ce moment. Réessayez dans quelques secondes.")


def _lock_first(candidates: list[int]) -> int | None:
    """Lock the first of these tasks that is still free and that nobody holds at this moment. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_FIRST, [candidates])
        found = cursor.fetchone()
    return found[0] if found else None
