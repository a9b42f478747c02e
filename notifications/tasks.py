"""Background tasks: primitive ids in, one call of a service each."""

import time

from celery import shared_task
from django.core.cache import cache

HEARTBEAT_KEY = "berline:worker-heartbeat"


@shared_task
def heartbeat() -> None:
    """Note that a worker is alive and that beat reaches it; /readyz looks at the age of the note."""
    cache.set(HEARTBEAT_KEY, time.time(), timeout=24 * 3600)
