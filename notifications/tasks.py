"""Background tasks: primitive ids in, one call of a service each."""

import time

from celery import shared_task
from django.core.cache import cache

from notifications.enums import Channel
from notifications.services import bundle_digests, channels_of, deliver, sweep_maildir

HEARTBEAT_KEY = "berline:worker-heartbeat"


@shared_task
def heartbeat() -> None:
    """Note that a worker is alive and that beat reaches it; /readyz looks at the age of the note."""
    cache.set(HEARTBEAT_KEY, time.time(), timeout=24 * 3600)


@shared_task
def deliver_outbox(ids: list[int]) -> None:
    """Deliver rows that have just been committed, if nobody has yet."""
    for channel in channels_of(ids):
        deliver(channel, ids=ids)


@shared_task
def sweep_outbox(channel: str) -> str:
    """Deliver by a channel whatever is due: what no message told of, what a worker left, what is tried again."""
    return str(deliver(Channel(channel)))


@shared_task
def gather_digests() -> int:
    """Bundle what waits for a digest that is due; how many digests."""
    return bundle_digests()


@shared_task
def sweep_bounces() -> int:
    """Read what the mail server put into ``BERLINE_BOUNCE_MAILDIR``; how many messages."""
    return sum(sweep_maildir().values())
