"""How the register of property is said: labels of facts, of acts, and what one entry of the history changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from cases.calendar import french_date
from cases.models import Property, PropertyChange
from cases.money import NARROW_SPACE, NO_BREAK_SPACE, format_eur
from cases.property_facts import FACT_NAMES

ACTIONS: Final[Mapping[str, str]] = {
    "create": "Bien inscrit au registre",
    "change": "Fiche modifiée",
    "move": "Situation changée",
    "sale": "Bien vendu",
    "imported": "Fiche chargée d’un fichier",
}
_MONEY: Final = frozenset(
    {"net_book_value", "market_value", "expected_receipts", "expected_expenditure", "price", "gain"}
)
_SURFACES: Final = frozenset({"surface", "vacant_surface"})
_DATES: Final = frozenset({"book_value_on", "market_value_on"})


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A fact before and after, as a person reads it; ``before`` is empty where there was none."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry of the history: what was done, from which state to which, what changed."""

    entry: PropertyChange
    title: str
    before_label: str
    after_label: str
    changes: tuple[ShownChange, ...]


def format_surface(surface: Decimal) -> str:
    """« 1 250,5 m² »: no more decimals than there are."""
    digits = f"{surface:,.2f}".rstrip("0").rstrip(".")
    return digits.replace(",", NARROW_SPACE).replace(".", ",") + f"{NO_BREAK_SPACE}m²"


def label_of(name: str) -> str:
    """What a fact is called."""
    label = str(Property._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return label[:1].upper() + label[1:]


def owners_named(entries: Iterable[PropertyChange]) -> set[str]:
    """Codes of the owners that these entries speak of."""
    return {code for one in entries for code in one.changes.get("organisation", ()) if isinstance(code, str)}


def shown_entry(entry: PropertyChange, owners: Mapping[str, str]) -> ShownEntry:
    """An entry in words; ``owners``: names of bodies by their codes."""
    states = dict(Property._meta.get_field("state").flatchoices)
    moved = entry.before != entry.after
    return ShownEntry(
        entry=entry,
        title=ACTIONS.get(entry.action, entry.action),
        before_label=str(states.get(entry.before, "")) if moved else "",
        after_label=str(states.get(entry.after, entry.after)) if moved else "",
        changes=tuple(
            ShownChange(
                label_of(name),
                _shown(name, entry.changes[name][0], owners),
                _shown(name, entry.changes[name][1], owners) or "—",
            )
            for name in FACT_NAMES
            if name in entry.changes
            and entry.changes[name][1] not in (entry.changes[name][0], "")
            or name in entry.changes
            and entry.changes[name][0] not in (None, "")
        ),
    )


def _shown(name: str, value: Any, owners: Mapping[str, str]) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if name == "organisation":
        return owners.get(value, value)
    if name in _MONEY:
        return format_eur(Decimal(value))
    if name in _SURFACES:
        return format_surface(Decimal(value))
    if name in _DATES:
        return french_date(date.fromisoformat(value))
    choices = dict(Property._meta.get_field(name).flatchoices)  # type: ignore[union-attr]
    return str(choices.get(value, value))
