"""Notes what a person has seen, for their own marks of what is new; nobody else is ever shown it."""

from datetime import timedelta

from cases import clock, rows
from cases.models import Dossier, DossierVisit, Snooze, User

#: For how many days a visit is remembered; a dossier not looked at for longer is new again.
REMEMBERED_DAYS = 365

_VISIT = """
INSERT INTO cases_dossiervisit (user_id, dossier_id, seen_at, journal_length) VALUES (%s, %s, %s, %s)
    ON CONFLICT ON CONSTRAINT visit_once
    DO UPDATE SET seen_at = excluded.seen_at,
                  journal_length = greatest(cases_dossiervisit.journal_length, excluded.journal_length)
"""


def note_visit(user: User, dossier: Dossier) -> None:
    """``user`` has been shown ``dossier`` as it was read. One statement."""
    with rows.cursor() as cursor:
        cursor.execute(_VISIT, [user.pk, dossier.pk, clock.now(), dossier.journal_length])


def tidy_desks() -> int:
    """Forget visits older than a year, and the tasks put aside whose day has come; how many rows. Two statements."""
    visits, _ = DossierVisit.objects.filter(seen_at__lt=clock.now() - timedelta(REMEMBERED_DAYS)).delete()
    snoozes, _ = Snooze.objects.filter(until__lte=clock.today()).delete()
    return visits + snoozes
