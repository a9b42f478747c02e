"""Tells the workers that something waits. Only a convenience: what gets lost here, beat's sweep finds in PostgreSQL."""

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from cases import broker

#: A message names so many rows at most; the sweep takes the rest.
MOST = 200


def wake_after_commit(ids: Sequence[int]) -> None:
    """Once the transaction is committed, tell a worker of these rows. Nothing when it is rolled back."""
    if ids:
        transaction.on_commit(partial(wake, tuple(ids[:MOST])), robust=True)


def wake(ids: Sequence[int]) -> bool:
    """Tell a worker of these rows; whether the broker took the message. Never raises."""
    return broker.tell("notifications.tasks.deliver_outbox", [list(ids)])
