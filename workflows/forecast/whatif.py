"""What a manager may ask of a forecast: one person more, somebody absent, many dossiers at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cases.errors import Invalid

MAX_PEOPLE: Final = 20
MAX_ABSENCE: Final = 250
MAX_BURST: Final = 1_000
AHEAD: Final = "ahead"
BEHIND: Final = "behind"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """``people`` more than today; one person away during the next ``absence`` working days; ``burst`` dossiers that
    arrive today, before those that wait (``ahead``) or after them.
    """

    people: int = 0
    absence: int = 0
    burst: int = 0
    ahead: bool = False

    def __bool__(self) -> bool:
        return bool(self.people or self.absence or self.burst)

    def pace(self, holders: int, days: int) -> list[int]:
        """By what each day's departures are multiplied, in parts of which the present pace has ``holders``."""
        present = holders + self.people
        return [max(present - 1, 0) if number < self.absence else present for number in range(days)]


AS_IT_IS: Final = WhatIf()


def what_if(given: Mapping[str, str], holders: int) -> WhatIf:
    """Read the fields ``people``, ``absence``, ``burst`` and ``place``. ``holders``: people who hold the role today.

    Raises ``Invalid`` with a sentence for each field.
    """
    faults: dict[str, list[str]] = {}

    def number(name: str, most: int, what: str) -> int:
        text = given.get(name, "").strip().removeprefix("+").strip()
        if not text:
            return 0
        if not (text.isascii() and text.isdigit()) or len(text) > 6 or int(text) > most:  # noqa: PLR2004
            faults[name] = [f"Donnez {what} : un nombre entier de 0 à {most}."]
            return 0
        return int(text)

    people = number("people", MAX_PEOPLE, "le nombre de personnes en plus")
    absence = number("absence", MAX_ABSENCE, "la durée de l’absence en jours ouvrés")
    burst = number("burst", MAX_BURST, "le nombre de dossiers qui arriveraient aujourd’hui")
    place = given.get("place", "").strip() or BEHIND
    if place not in (AHEAD, BEHIND):
        faults["place"] = ["Choisissez si ces dossiers passent avant ou après ceux qui attendent."]
    if not holders:
        nobody = "Personne ne tient ce rôle aujourd’hui dans cet organisme : l’effet d’une personne ne se calcule pas."
        if people:
            faults.setdefault("people", []).append(nobody)
        if absence:
            faults.setdefault("absence", []).append(nobody)
    if faults:
        raise Invalid("L’hypothèse n’est pas comprise : corrigez les champs signalés.", details=faults)
    return WhatIf(people, absence, burst, place == AHEAD)
