"""The register of notices as a file holds it: its rows, what was asked, who made it and when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cases.errors import Quote
from cases.templatetags.calendar_dates import moment_in_full
from workflows.rulebook import UnknownRule, resolve
from workflows.selectors.notices_filters import RegisterFilters
from workflows.selectors.notices_rows import Delivery, RegisterRow
from workflows.selectors.notices_totals import AddresseeTotals, Totals, by_addressee, totals_of

HEADING = "Registre des informations"
ABOUT = "Virements de crédits entre groupes : information du contrôle général et des ministères de tutelle"
NO_CRITERIA = "aucun : toutes les informations que cette personne peut lire"
NOTHING = "Aucune information ne répond à ces critères."


@dataclass(frozen=True, slots=True)
class Extract:
    """``criteria``: label and value of each filter; ``reader``: the person and capacity for whom the rows were read.

    Totals are counted from the rows themselves, so that a file never contradicts itself.
    """

    rows: tuple[RegisterRow, ...]
    criteria: list[tuple[str, str]]
    reader: str
    made_at: datetime

    @property
    def totals(self) -> Totals:
        """Figures of all rows."""
        return totals_of(row.as_tally for row in self.rows)

    @property
    def by_addressee(self) -> list[AddresseeTotals]:
        """Figures of each addressee."""
        return by_addressee(row.as_tally for row in self.rows)

    @property
    def made(self) -> str:
        """« mercredi 18 mars 2026 à 09:00 (Paris) »."""
        return f"{moment_in_full(self.made_at)} (Paris)"

    @property
    def quotes(self) -> list[Quote]:
        """The rules that gave the delays of the rows, each once; one that the rulebook has lost is left out."""
        found = []
        for reference in dict.fromkeys(row.notice.rule_ref for row in self.rows):
            try:
                found.append(resolve(reference).as_quote())
            except UnknownRule:
                continue
        return found


def mail_words(delivery: Delivery) -> str:
    """What became of the mails: « remis au serveur, 1 en échec »."""
    return ", ".join(
        [str(delivery.state.label), *(f"{number} {state.label}" for state, number in delivery.troubled)]
    )


def percent(value: Any) -> str:
    """« 99,9 % », « 100 % »; « — » where there is nothing to measure."""
    return "—" if value is None else f"{number(value)}\u00a0%"


def number(value: Any) -> str:
    """A figure as people write it: « 7,5 »; « — » where there is nothing to measure."""
    return "—" if value is None else f"{float(value):g}".replace(".", ",")


def file_name(filters: RegisterFilters, on: date, kind: str) -> str:
    """``registre-informations-2026-FNGA-dss-au-2026-03-18.xlsx``: plain letters only."""
    parts = ["registre-informations", *filters.as_query().values(), "au", on.isoformat()]
    return f"{re.sub(r'[^A-Za-z0-9-]+', '-', '-'.join(parts))}.{kind}"
