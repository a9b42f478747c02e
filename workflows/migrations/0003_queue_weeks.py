"""Sums what the tallies say of each queue and week into one row, which the fold keeps from now on."""

from django.db import migrations

FILL = """
INSERT INTO cases_queueweek (queue_id, monday, flows, gross, net)
SELECT queue_id, monday,
       ARRAY[coalesce(sum(number) FILTER (WHERE measure = 'in' AND kind = 'first'), 0),
             coalesce(sum(number) FILTER (WHERE measure = 'in' AND kind = 'completed'), 0),
             coalesce(sum(number) FILTER (WHERE measure = 'in' AND kind = 'again'), 0),
             coalesce(sum(number) FILTER (WHERE measure = 'out' AND kind = ''), 0)
             - coalesce(sum(number) FILTER (WHERE measure = 'pause'), 0),
             coalesce(sum(number) FILTER (WHERE measure = 'pause'), 0),
             coalesce(sum(number) FILTER (WHERE measure = 'out' AND kind = '-'), 0)]::integer[],
       coalesce(array_agg(ARRAY[days, number] ORDER BY days) FILTER (WHERE measure = 'gross'), '{}'),
       coalesce(array_agg(ARRAY[days, number] ORDER BY days) FILTER (WHERE measure = 'net'), '{}')
  FROM (SELECT queue_id, measure, CASE WHEN measure IN ('gross', 'net') THEN days END AS days,
               day - mod(day - DATE '1900-01-01', 7) AS monday,
               CASE WHEN measure = 'in' OR measure = 'out' AND outcome = '-' THEN outcome ELSE '' END AS kind,
               sum(number)::integer AS number
          FROM cases_queuetally
         WHERE measure IN ('in', 'out', 'pause', 'gross', 'net')
         GROUP BY 1, 2, 3, 4, 5 HAVING sum(number) <> 0) happened
 GROUP BY queue_id, monday
"""


class Migration(migrations.Migration):
    dependencies = [("workflows", "0002_tallies"), ("cases", "0019_queue_weeks")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
