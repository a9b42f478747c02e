"""Numbers of dossiers: ``FNMO-2015-0042``, without holes, one series for each prefix and exercise."""

from django.db import connection


def next_reference(*, prefix: str, exercise: int) -> str:
    """Take the next number. Needs the caller's transaction: undone with it, so that no number is lost."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO cases_referencecounter (prefix, exercise, last) VALUES (%s, %s, 1)
            ON CONFLICT ON CONSTRAINT reference_counter_once DO UPDATE SET last = cases_referencecounter.last + 1
            RETURNING last
            """,
            [prefix, exercise],
        )
        (number,) = cursor.fetchone()
    return f"{prefix}-{exercise}-{number:04d}"
