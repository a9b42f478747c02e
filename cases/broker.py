"""Tells the workers that something waits. Only a convenience: what gets lost here, beat's sweeps find in PostgreSQL."""

import logging
import time
from collections.abc import Sequence
from typing import Any

from celery import current_app

logger = logging.getLogger(__name__)

#: After a broker refused a message, none is tried for so many seconds: a page must not wait for it again and again.
QUIET_SECONDS = 30.0

_quiet_until = 0.0


def tell(task: str, args: Sequence[Any], *, countdown: float | None = None) -> bool:
    """Send one message that names a task and what it is about; whether the broker took it. Never raises.

    ``countdown``: not before so many seconds.
    """
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return False
    try:
        current_app.send_task(task, args=list(args), countdown=countdown, retry=False)
    except Exception as error:  # noqa: BLE001  (whatever a broker's library throws: the act has been committed)
        _quiet_until = time.monotonic() + QUIET_SECONDS
        logger.warning("the broker did not take a message, the sweep will do it: %r", error)
        return False
    return True
