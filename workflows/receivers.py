"""Listens to absences: the dates that fall inside one are told of at once, in the transaction of its declaration."""

from typing import Any

from cases.events import AbsenceDeclared, absence_declared
from workflows.services.reminders import tell_of_absence


def on_absence_declared(sender: type[AbsenceDeclared], event: AbsenceDeclared, **kwargs: Any) -> None:
    """Tell the managers."""
    tell_of_absence(event.absence)


def connect() -> None:
    """Listen; called once at start-up."""
    absence_declared.connect(on_absence_declared, dispatch_uid="workflows.on_absence_declared")
