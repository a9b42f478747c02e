"""Background tasks: primitive ids in, one call of a service each."""

from celery import shared_task

from cases import clock
from cases.services.desk import tidy_desks as tidy
from workflows.services import expire_deadlines as sweep
from workflows.services import fold_tallies as fold
from workflows.services import open_due_obligations, run_due
from workflows.services import send_reminders as remind
from workflows.services.findings import find_blocked as look_for_blocked
from workflows.services.stranded import release_stranded as give_back


@shared_task
def expire_deadlines() -> int:
    """Do what the end of a delay brings about; how many dossiers moved."""
    return len(sweep().done)


@shared_task
def open_obligations() -> int:
    """Open the dossiers of the calendar that fall due this year; how many are new."""
    return len(open_due_obligations(clock.today()).done)


@shared_task
def send_reminders() -> int:
    """Give the reminders that are due; of how many dates somebody was told."""
    return len(remind().sent)


@shared_task
def fold_tallies() -> int:
    """Fold what has happened in the queues into their sums; how many rows."""
    return fold()


@shared_task
def find_blocked() -> int:
    """Find which rules block the way ahead of open dossiers; how many dossiers were looked at."""
    return look_for_blocked()


@shared_task
def run_bulk(run_id: int | None = None) -> int:
    """Do acts on many dossiers whose moment has come, or only that one; how many dossiers have got their result.

    Beat sends it without a number: what no message told of, what a worker left.
    """
    return run_due(run_id=run_id).items


@shared_task
def release_stranded() -> int:
    """Give back the tasks of people who may no longer do them; how many."""
    return give_back()


@shared_task
def tidy_desks() -> int:
    """Forget old visits and the tasks put aside whose day has come; how many rows."""
    return tidy()
