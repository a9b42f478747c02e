"""Background tasks: primitive ids in, one call of a service each."""

from celery import shared_task

from workflows.services import expire_deadlines as sweep


@shared_task
def expire_deadlines() -> int:
    """Do what the end of a delay brings about; how many dossiers moved."""
    return len(sweep().done)
