"""Buildings that a person may read, and the questions asked of the register of property."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from cases.enums import Role
from cases.errors import NotFound
from cases.models import Organisation, ProceedsAllocation, Property, PropertyChange, PropertySale
from cases.permissions import READS_ALL, Holding, holdings_of
from cases.property_words import ShownEntry, owners_named, shown_entry
from cases.selectors.dossiers import dossiers_visible_to
from cases.text import storable

#: Roles that read every building: the board and the State are owed the follow-up of the plan (A30).
READS_ALL_PROPERTIES = READS_ALL | {Role.AUTHORITY, Role.BOARD_SECRETARY, Role.COMPTROLLER}
#: Roles that read none.
READS_NO_PROPERTIES = frozenset({Role.ADMINISTRATOR, Role.EXPERT})
#: Entries of the history that a page shows.
MOST_HISTORY = 200


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """An entry of the history in words, and whether the reader may open the dossier that made it."""

    shown: ShownEntry
    may_open: bool


def reads_properties(holdings: tuple[Holding, ...]) -> bool:
    """Whether one of the holdings lets its owner open the register of property at all. No statement."""
    return any(one.role not in READS_NO_PROPERTIES for one in holdings)


def writes_properties(holdings: tuple[Holding, ...]) -> bool:
    """Whether one of the holdings lets its owner write it: reviewers of the national fund alone. No statement."""
    return any(one.role == Role.REVIEWER for one in holdings)


def properties_visible_to(user: Any, holdings: tuple[Holding, ...] | None = None) -> QuerySet[Property]:
    """The only read gate: buildings of one's own body and of those below it.

    The board, the ministries, the contrôle général and auditors read all; experts and those who administer people none.
    """
    held = holdings_of(user) if holdings is None else holdings
    if any(one.role in READS_ALL_PROPERTIES for one in held):
        return Property.objects.all()
    gate = Q()
    for lineage in sorted({one.lineage for one in held if one.role not in READS_NO_PROPERTIES}):
        gate |= Q(organisation__lineage__startswith=lineage)
    return Property.objects.filter(gate) if gate else Property.objects.none()


def property_for(user: Any, code: str, holdings: tuple[Holding, ...] | None = None) -> Property:
    """The building of that code with its owner. Raises ``NotFound`` without a hint. One statement."""
    found = (
        properties_visible_to(user, holdings)
        .select_related("organisation", "sale__dossier", "sale__recorded_by")
        .filter(code=code if storable(code) else "")
        .first()
    )
    if found is None:
        raise NotFound(
            "Aucun bien de ce code ne vous est accessible. Vérifiez le code ou cherchez-le dans la liste."
        )
    return found


def history_of(
    building: Property, user: Any, holdings: tuple[Holding, ...] | None = None
) -> list[HistoryLine]:
    """What changed of a building, the latest first, at most ``MOST_HISTORY``. Three statements."""
    entries = list(
        PropertyChange.objects.filter(property=building)
        .select_related("actor", "dossier")
        .order_by("-pk")[:MOST_HISTORY]
    )
    codes = owners_named(entries)
    owners = dict(Organisation.objects.filter(code__in=codes).order_by("pk").values_list("code", "name"))
    wanted = {one.dossier_id for one in entries if one.dossier_id}
    readable = (
        set(
            dossiers_visible_to(user, holdings)
            .filter(pk__in=wanted)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        if wanted
        else set()
    )
    return [HistoryLine(shown_entry(one, owners), one.dossier_id in readable) for one in entries]


def allocations_of(sale: PropertySale) -> list[ProceedsAllocation]:
    """What the proceeds of a sale became. One statement."""
    found = ProceedsAllocation.objects.filter(sale=sale).select_related("dossier")
    return list(found.order_by("exercise", "use"))
