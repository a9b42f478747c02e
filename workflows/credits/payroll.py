"""The shared table that updates the payroll appropriation of the FNGA: A10. Pure; amounts are EUR, signed.

Levels « en masse » are amounts: a negative GVT is a negative amount. Each line is a level found less the level
that was retained.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from cases.budget_terms import MovementKind
from cases.errors import Reason
from cases.money import format_eur
from workflows.credits.preview import ZERO, Preview, Rules, Share, SumLine, amount_of, positive

UPDATE: Final = "budget.payroll_update"
RMPP: Final = "budget.payroll.rmpp"
GVT: Final = "budget.payroll.gvt"
CORRECTION: Final = "budget.payroll.correction"
ONCE: Final = "budget.payroll.once"
STAFF_LINES: Final = "fnga.virement.group.g1"

RULES: Final = (UPDATE, RMPP, GVT, CORRECTION, ONCE, STAFF_LINES)
"""Every rule that these functions may ask for, for a path to pin."""


class Occasion(StrEnum):
    """The vote at which the appropriation is updated."""

    PRIMITIVE = "primitive"
    FIRST_AMENDING = "first_amending"
    LATER_AMENDING = "later_amending"

    @property
    def label(self) -> str:
        """In French."""
        return {
            "primitive": "budget primitif",
            "first_amending": "premier budget rectificatif",
            "later_amending": "budget rectificatif suivant",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Levels:
    """A level « en masse » that was found, and the one that was retained, EUR, signed."""

    found: Decimal = ZERO
    retained: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """Found less retained."""
        return self.found - self.retained


NO_CHANGE: Final = Levels()


def payroll_update(
    *,
    appropriation: Decimal,
    year: int,
    occasion: Occasion,
    rules: Rules,
    rmpp: Levels = NO_CHANGE,
    structure: Levels = NO_CHANGE,
    previous: Levels = NO_CHANGE,
    rmpp_already_updated: bool = False,
) -> Preview:
    """The updated appropriation of ``year`` (N), from the printed one.

    ``rmpp``: level fixed by the public authorities for N, and the one retained by the convention; at the primitive
    or the first amending budget, once (``rmpp_already_updated``: it was at the primitive). ``structure``: GVT négatif
    and effet de structure observed at the closing of N-1, and those that the convention retained for N.
    ``previous``: the same observation, and the level retained in the last approved budget of N-1; it corrects the
    recurring payroll of N-1. Both at the first amending budget only. Refused later, and below zero.
    """
    base = positive(appropriation, "appropriation", "Dotation", or_zero=True)
    rmpp, structure, previous = (
        Levels(amount_of(levels.found, name, label), amount_of(levels.retained, name, label))
        for name, label, levels in (
            ("rmpp", "RMPP", rmpp),
            ("structure", "GVT négatif et effet de structure", structure),
            ("previous", "Écart de N-1", previous),
        )
    )
    change = rmpp.difference + structure.difference + previous.difference
    lines = (
        SumLine(f"Dotation {year} (base COG)", base, rules(UPDATE).as_quote(), occasion.label),
        _line(f"Différentiel de RMPP {year}", rmpp, "arrêté", RMPP, rules),
        _line(f"GVT négatif et effet de structure {year - 1}", structure, "constaté", GVT, rules),
        _line(f"Écart de masse salariale {year - 1}", previous, "constaté", CORRECTION, rules),
        SumLine(f"Dotation {year} actualisée", base + change, rules(UPDATE).as_quote()),
    )
    title = f"Actualisation de la masse salariale {year}"
    kind = MovementKind.INITIAL if occasion is Occasion.PRIMITIVE else MovementKind.AMENDMENT
    after_closing = (structure, previous)
    if reason := _refusal(occasion, rmpp, after_closing, rmpp_already_updated, base + change, rules):
        return Preview(title, kind, lines[:1], reasons=(reason,))
    share = Share(year, change, f"Dépenses de personnel {year}", rules(STAFF_LINES).items)
    return Preview(title, kind, lines, (share,) if change else ())


def _line(label: str, levels: Levels, found: str, key: str, rules: Rules) -> SumLine:
    note = f"{found} {format_eur(levels.found)}, retenu {format_eur(levels.retained)}"
    return SumLine(label, levels.difference, rules(key).as_quote(), note)


def _refusal(
    occasion: Occasion,
    rmpp: Levels,
    after_closing: tuple[Levels, Levels],
    rmpp_already_updated: bool,
    updated: Decimal,
    rules: Rules,
) -> Reason | None:
    if occasion is Occasion.LATER_AMENDING:
        return Reason(
            "already_updated",
            "Le premier budget rectificatif est passé : la masse salariale n’est plus actualisée cette année.",
            quote=rules(ONCE).as_quote(),
        )
    if rmpp_already_updated and rmpp.difference:
        return Reason(
            "rmpp_already_updated",
            "Le différentiel de RMPP a été appliqué au budget primitif : ne le reprenez pas.",
            quote=rules(ONCE).as_quote(),
        )
    if occasion is Occasion.PRIMITIVE and any(levels.difference for levels in after_closing):
        return Reason(
            "before_closing",
            "Le GVT négatif, l’effet de structure et l’écart de N-1 sont constatés à la clôture : "
            "gardez-les pour le premier budget rectificatif.",
            quote=rules(GVT).as_quote(),
        )
    if updated < 0:
        return Reason(
            "negative",
            f"La dotation actualisée serait de {format_eur(updated)} : vérifiez les montants.",
            quote=rules(UPDATE).as_quote(),
        )
    return None
