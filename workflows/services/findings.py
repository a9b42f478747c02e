"""Finds which rules block the way ahead of open dossiers, for the search page's filter « Bloqué par la règle ».

What is found is kept beside the dossier (``DossierFindings``) with the length of the journal and the day: a page says
« constaté le … », and an act makes it old. The dossier itself is only read. Nothing is locked while guards look at it;
what was found is written by one statement of its own for each dossier.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from django.db import connection

from cases import clock
from cases.models import Dossier
from workflows.engine.context import StepContext
from workflows.engine.step import Step
from workflows.selectors.actions import context_for, open_tasks, outcome_refusals

logger = logging.getLogger(__name__)

#: So many dossiers are looked for at a time, and looked at in one run.
BATCH: Final = 200
MOST: Final = 2_000

# Of open tasks only; what has not changed since it was looked at today is left alone.
_STALE = """
SELECT dossier.id
  FROM cases_dossier dossier
  JOIN cases_dossierfindings found ON found.dossier_id = dossier.id
 WHERE dossier.process_id IN (
           SELECT process_id FROM viewflow_task WHERE flow_task_type = 'HUMAN' AND status IN ('NEW', 'ASSIGNED'))
   AND (found.checked_length IS DISTINCT FROM dossier.journal_length OR found.checked_on IS DISTINCT FROM %s)
   AND dossier.id > %s
 ORDER BY dossier.id LIMIT %s
"""
# What blocked a dossier that waits for nobody any more is no longer said; kept, it would be read by each search.
_FORGET = """
UPDATE cases_dossierfindings found SET blocked_rules = '{}'
  FROM cases_dossier dossier
 WHERE NOT found.blocked_rules = '{}'::varchar[] AND dossier.id = found.dossier_id
   AND found.checked_length IS DISTINCT FROM dossier.journal_length
   AND NOT EXISTS (SELECT FROM viewflow_task task WHERE task.process_id = dossier.process_id
                      AND task.flow_task_type = 'HUMAN' AND task.status IN ('NEW', 'ASSIGNED'))
"""
_WRITE = """
UPDATE cases_dossierfindings SET blocked_rules = %s, checked_length = %s, checked_on = %s WHERE dossier_id = %s
"""


def find_blocked(most: int = MOST) -> int:
    """Look at open dossiers that have changed, or that nobody has looked at today; how many were looked at.

    One statement for each ``BATCH``, then those of the guards and one to write for each dossier; at the end one that
    forgets what blocked those that are done.
    """
    today, looked_at, last = clock.today(), 0, 0
    while looked_at < most:
        with connection.cursor() as cursor:
            cursor.execute(_STALE, [today, last, min(BATCH, most - looked_at)])
            keys = [key for (key,) in cursor.fetchall()]
        if not keys:
            break
        for dossier in (
            Dossier.objects.select_related("organisation", "process").filter(pk__in=keys).order_by("pk")
        ):
            rules = sorted(blocking_rules_of(dossier))
            with connection.cursor() as cursor:
                cursor.execute(_WRITE, [rules, dossier.journal_length, today, dossier.pk])
        looked_at += len(keys)
        last = keys[-1]
    with connection.cursor() as cursor:
        cursor.execute(_FORGET)
    return looked_at


def blocking_rules_of(dossier: Dossier) -> set[str]:
    """Keys of the rules that the guards of the way ahead quote, at the steps open now.

    The way ahead of a step is its first outcome that a person records. Who looks plays no part: no role, no holder, no
    separation of duties. A dossier of a path that cannot be read any more is blocked by nothing that could be named.
    """
    try:
        context = context_for(dossier)
        steps = dict.fromkeys(task.flow_task for task in open_tasks(dossier.process_id))
        return {key for step in steps if step is not None for key in _quoted(context, step)}
    except Exception:
        logger.exception("what blocks %s cannot be told", dossier.reference)
        return set()


def _quoted(context: StepContext, step: Step) -> Iterable[str]:
    ahead = next((one for one in step.outcomes.values() if not one.by_system), None)
    if ahead is None:
        return ()
    refusals = outcome_refusals(context.at_step(step), ahead)
    return [refusal.reason.quote.rule for refusal in refusals if refusal.reason.quote is not None]
