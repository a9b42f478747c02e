"""What happened in the queues, week by week: kept in one row for each queue and week, and what was not folded yet.

A busy queue has a tally for each day, way out and length; a period of 26 weeks would read tens of thousands of them.
``QueueWeek`` holds the same sums in one row, so that a page reads as many rows as there are queues and weeks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
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


# Flows are summed for each place and stretch of time, and again for each week. A hundred thousand pairs are slow to
# take over as objects: they come as text, which numpy reads.
_SUM = f"""
WITH part AS (
    SELECT queue_id, monday, flows, gross, net FROM cases_queueweek
     WHERE queue_id = ANY (%(queues)s) AND monday >= %(since)s
     UNION ALL
    {weeks_of("cases_queuedelta", "AND queue_id = ANY (%(queues)s) AND day >= %(since)s")}
)
SELECT place, stretch, monday,
       ARRAY[sum(flows[1]), sum(flows[2]), sum(flows[3]), sum(flows[4]), sum(flows[5]), sum(flows[6])]::integer[],
       coalesce(string_agg(nullif(gross::text, '{{}}'), ',') FILTER (WHERE timed), ''),
       coalesce(string_agg(nullif(net::text, '{{}}'), ',') FILTER (WHERE timed), '')
  FROM (SELECT chosen.place, part.*, monday <= %(last)s AS timed,
               CASE WHEN monday > %(last)s THEN 0 WHEN monday >= %(first)s THEN 1 ELSE 2 END AS stretch
          FROM part
          JOIN unnest(%(queues)s::bigint[], %(places)s::integer[]) AS chosen (queue_id, place) USING (queue_id)) placed
 GROUP BY GROUPING SETS ((place, stretch), (monday))
"""  # noqa: S608

_BRACES = str.maketrans("", "", "{}")


@dataclass(frozen=True, slots=True)
class Sum:
    """What happened at a place in a stretch of time (``place``, ``stretch``), or in a week anywhere (``monday``).

    ``stretch``: 0 after the period, 1 the period, 2 before it. ``flows``: as ``QueueWeek``; ``gross``, ``net``: working
    days → how many visits, of a place; nothing after the period.
    """

    place: int | None
    stretch: int | None
    monday: date | None
    flows: list[int]
    gross: dict[int, int]
    net: dict[int, int]


def sum_weeks(places: Mapping[int, int], *, since: date, first: date, last: date) -> list[Sum]:
    """What happened in queues from the Monday ``since`` on, by place and stretch, and by week. One statement.

    ``places``: queue → the place that it is summed at. The period is from the Monday ``first`` to the Sunday ``last``.
    """
    values = {"queues": list(places), "places": list(places.values())}
    with connection.cursor() as cursor:
        cursor.execute(_SUM, values | {"since": since, "first": first, "last": last})
        found = cursor.fetchall()
    return [
        Sum(
            place,
            stretch,
            monday,
            flows,
            *((_histogram(gross), _histogram(net)) if monday is None else ({}, {})),
        )
        for place, stretch, monday, flows, gross, net in found
    ]


def _histogram(text: str) -> dict[int, int]:
    """Length → number, of pairs as PostgreSQL writes them: « {{2,5},{3,1}},{{2,1}} »."""
    if not text:
        return {}
    pairs = np.fromstring(text.translate(_BRACES), dtype=np.int64, sep=",").reshape(-1, 2)
    numbers = np.bincount(pairs[:, 0], weights=pairs[:, 1])
    lengths = np.flatnonzero(numbers)
    return dict(zip(lengths.tolist(), numbers[lengths].astype(int).tolist(), strict=True))
