"""Tells the workers that something waits. Only a convenience: what gets lost here, beat's sweep finds in PostgreSQL."""

import logging
import time
from collections.abc import Sequence
from functools import partial

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

#: After a broker refused a message, none is tried for so many seconds: a page must not wait for it again and again.
QUIET_SECONDS = 30.0
#: A message names so many rows at most; the sweep takes the rest.
MOST = 200

_quiet_until = 0.0


def wake_after_commit(ids: Sequence[int]) -> None:
    """Once the transaction is committed, tell a worker of these rows. Nothing when it is rolled back."""
    if ids:
        transaction.on_commit(partial(wake, tuple(ids[:MOST])), robust=True)


def wake(ids: Sequence[int]) -> bool:
    """Tell a worker of these rows; whether the broker took the message. Never raises."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return False
    try:
        current_app.send_task("notifications.tasks.deliver_outbox", args=[list(ids)], retry=False)
    except Exception as error:  # noqa: BLE001  (whatever a broker's library throws: the act has been committed)
        _quiet_until = time.monotonic() + QUIET_SECONDS
        logger.warning("the broker did not take a message, the sweep will deliver: %r", error)
        return False
    return True
