"""The words of the many dossiers, made set-based; ``tests/bench/search.py`` measures how they are found."""

from django.db import connection

from tests.bench.many import at_rest
from workflows.selectors.search import known_rules

_FILL = """
INSERT INTO cases_dossierfindings (dossier_id, vector, head, scope, blocked_rules, checked_length)
SELECT dossier.id, words.vector, words.head, cases_findings_scope(dossier),
       CASE WHEN dossier.next_due_on IS NOT NULL AND dossier.id %% 3 = 0 THEN ARRAY[%(rule)s] ELSE '{}' END,
       dossier.journal_length
  FROM cases_dossier dossier CROSS JOIN LATERAL cases_findings_words(dossier) words
 WHERE NOT EXISTS (SELECT FROM cases_dossierfindings kept WHERE kept.dossier_id = dossier.id)
"""


def fill() -> None:
    """Make the words of all dossiers that have none, as the triggers would have made them; call it after ``grow``.

    A rule blocks one open dossier of three.
    """
    with connection.cursor() as cursor, at_rest():
        cursor.execute("SELECT pg_get_indexdef('findings_words'::regclass)")
        (definition,) = cursor.fetchone()
        cursor.execute(
            "SET maintenance_work_mem = '512MB'; SET synchronous_commit = off; SET statement_timeout = 0"
        )
        cursor.execute("DROP INDEX findings_words")
        cursor.execute(_FILL, {"rule": next(iter(known_rules()))})
        cursor.execute(definition)
        cursor.execute("RESET maintenance_work_mem; RESET synchronous_commit; RESET statement_timeout")
        cursor.execute("VACUUM ANALYZE cases_dossierfindings")
