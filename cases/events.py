"""What the rest of the system may listen to. One event for each act; receivers run in the same transaction."""

from dataclasses import dataclass

from django.dispatch import Signal

from cases.enums import Role
from cases.errors import Quote
from cases.models import Dossier, JournalEntry, User


@dataclass(frozen=True, slots=True)
class Awaited:
    """A step that has just opened: its title, the role and the body that it waits for, the words of its delay."""

    step: str
    title: str
    role: Role
    organisation_id: int
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class DossierMoved:
    """An act was done on a dossier: its journal entry and the steps that it opened.

    ``answered``: the role and body whose answer this was, when other bodies still hold the step.
    """

    dossier: Dossier
    entry: JournalEntry
    opened: tuple[Awaited, ...]
    actor: User | None
    answered: Awaited | None = None


#: Sent once by each act with ``event: DossierMoved``, inside its transaction: a receiver that fails undoes the act.
dossier_moved = Signal()


def emit(event: DossierMoved) -> None:
    """Tell the receivers."""
    dossier_moved.send(sender=DossierMoved, event=event)
