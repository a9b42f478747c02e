"""What a running dossier owes of the calendar on its own (``Obligation.per_path``), for somebody who reads its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cases.enums import DossierStatus
from cases.models import Dossier
from cases.permissions import Holding
from cases.selectors import dossiers_visible_to
from workflows.calendar import all_obligations
from workflows.engine.obligations import PATH, occurrence_in


@dataclass(frozen=True, slots=True)
class Owed:
    """A document that the dossier owes: the dossier of it, its title, its day, where it stands."""

    reference: str
    title: str
    due_on: date | None
    status_label: str


def owed_by(dossier: Dossier, holdings: tuple[Holding, ...]) -> tuple[Owed, ...]:
    """What was opened for ``dossier`` and may be read, the oldest first. One statement, none on most paths."""
    if not any(one.per_path == dossier.path for one in all_obligations()):
        return ()
    opened = (
        dossiers_visible_to(None, holdings)
        .filter(path=PATH, data__about=dossier.reference)
        .order_by("exercise", "pk")
        .values_list("reference", "title", "data", "status")
    )
    found = []
    for reference, title, data, status in opened:
        occurrence = occurrence_in(data)
        due_on = occurrence.due_on if occurrence is not None else None
        found.append(Owed(reference, title, due_on, str(DossierStatus(status).label)))
    return tuple(found)
