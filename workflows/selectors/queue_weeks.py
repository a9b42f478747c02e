"""What happened in the queues, week by week: kept in one row for each queue and week, and what was not folded yet.

A busy queue has a tally for each day, way out and length; a period of 26 weeks would read tens of thousands of them.
``QueueWeek`` holds the same sums in one row, so that a page reads as many rows as there are queues and weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db import connection


def weeks_of(source: str, only: str = "") -> str:
    """The statement that sums figures by queue and Monday: the columns of ``QueueWeek``.

    ``source``: a table of figures, or a recount in brackets; ``only``: further conditions, beginning with AND. An exit
    that waits for the submitter is among ``out`` and a ``pause`` too. 1 January 1900 was a Monday.
    """
    return f"""
SELECT queue_id, monday,
       ARRAY[coalesce(sum(number) FILTER (WHERE measure = 'in' AND kind = 'first'), 0),
             coalesce(sum(number) FILTER (WHERE measure = 'in' AND kind = 'completed'), 0),
             coalesce(sum(number) FILTER (WHERE measure = 'in' AND kind = 'again'), 0),
             coalesce(sum(number) FILTER (WHERE measure = 'out' AND kind = ''), 0)
             - coalesce(sum(number) FILTER (WHERE measure = 'pause'), 0),
             coalesce(sum(number) FILTER (WHERE measure = 'pause'), 0),
             coalesce(sum(number) FILTER (WHERE measure = 'out' AND kind = '-'), 0)]::integer[] AS flows,
       coalesce(array_agg(ARRAY[days, number] ORDER BY days) FILTER (WHERE measure = 'gross'), '{{}}') AS gross,
       coalesce(array_agg(ARRAY[days, number] ORDER BY days) FILTER (WHERE measure = 'net'), '{{}}') AS net
  FROM (SELECT queue_id, measure, CASE WHEN measure IN ('gross', 'net') THEN days END AS days,
               day - mod(day - DATE '1900-01-01', 7) AS monday,
               CASE WHEN measure = 'in' OR measure = 'out' AND outcome = '-' THEN outcome ELSE '' END AS kind,
               sum(number)::integer AS number
          FROM {source} figure
         WHERE measure IN ('in', 'out', 'pause', 'gross', 'net') {only}
         GROUP BY 1, 2, 3, 4, 5 HAVING sum(number) <> 0) happened
 GROUP BY queue_id, monday
"""  # noqa: S608


_READ = f"""
SELECT queue_id, monday, flows, gross, net FROM cases_queueweek
 WHERE queue_id = ANY (%(queues)s) AND monday >= %(since)s
 UNION ALL
{weeks_of("cases_queuedelta", "AND queue_id = ANY (%(queues)s) AND day >= %(since)s")}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Week:
    """What happened in a queue in the week of ``monday``, or a part of it: see ``QueueWeek``."""

    queue_id: int
    monday: date
    flows: list[int]
    gross: list[list[int]]
    net: list[list[int]]


def read_weeks(queues: Iterable[int], since: date) -> Iterator[Week]:
    """The weeks of these queues from the Monday ``since`` on, in parts to be summed. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"queues": list(queues), "since": since})
        found = cursor.fetchall()
    return (Week(*row) for row in found)
