"""Listens to acts on dossiers and to their dates. Runs in their transaction: what is undone tells nobody."""

from typing import Any

from cases.events import (
    DeadlineReminded,
    DossierMoved,
    HolderAway,
    MessagePosted,
    deadline_reminded,
    dossier_moved,
    holder_away,
    message_posted,
)
from notifications.services import announce, remind, tell_holder_away, tell_of_message


def on_dossier_moved(sender: type[DossierMoved], event: DossierMoved, **kwargs: Any) -> None:
    """Tell those whom the act concerns."""
    announce(event)


def on_deadline_reminded(sender: type[DeadlineReminded], event: DeadlineReminded, **kwargs: Any) -> None:
    """Remind those whom the rung names."""
    remind(event)


def on_holder_away(sender: type[HolderAway], event: HolderAway, **kwargs: Any) -> None:
    """Tell the superiors of a date that falls inside an absence."""
    tell_holder_away(event)


def on_message_posted(sender: type[MessagePosted], event: MessagePosted, **kwargs: Any) -> None:
    """Tell the other side."""
    tell_of_message(event)


def connect() -> None:
    """Listen; called once at start-up."""
    dossier_moved.connect(on_dossier_moved, dispatch_uid="notifications.on_dossier_moved")
    deadline_reminded.connect(on_deadline_reminded, dispatch_uid="notifications.on_deadline_reminded")
    holder_away.connect(on_holder_away, dispatch_uid="notifications.on_holder_away")
    message_posted.connect(on_message_posted, dispatch_uid="notifications.on_message_posted")
