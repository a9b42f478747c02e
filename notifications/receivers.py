"""Listens to acts on dossiers. Runs in their transaction: an act that is undone tells nobody."""

from typing import Any

from cases.events import DossierMoved, dossier_moved
from notifications.services import announce


def on_dossier_moved(sender: type[DossierMoved], event: DossierMoved, **kwargs: Any) -> None:
    """Tell those whom the act concerns."""
    announce(event)


def connect() -> None:
    """Listen; called once at start-up."""
    dossier_moved.connect(on_dossier_moved, dispatch_uid="notifications.on_dossier_moved")
