"""Charges that events bring or take away: A16. Pure; amounts are EUR."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from cases.budget_terms import FundCode, MovementKind
from workflows.credits.preview import (
    COMMON_FUNDS,
    Preview,
    Rules,
    Share,
    SumLine,
    amount_of,
    invalid,
    outside_common_funds,
    positive,
)

TRANSFERRED: Final = "budget.charge_transferred"
NEW_CHARGE: Final = "budget.new_charge"
MANDATE: Final = "fnga.revision.mandate"
OPERATING: Final = "fnga.revision.operating"
_OPERATING_GROUPS: Final = tuple(f"fnga.virement.group.{group}" for group in ("g1", "g2", "g3"))

RULES: Final = (TRANSFERRED, NEW_CHARGE, MANDATE, OPERATING, *_OPERATING_GROUPS, COMMON_FUNDS)
"""Every rule that these functions may ask for, for a path to pin."""


def charge_transferred(fund: str, amount: Decimal, year: int, rules: Rules) -> Preview:
    """A law or decree moves a charge away from ``fund``: the credits are cancelled by the same amount."""
    amount = positive(amount, "amount", "Charge transférée")
    title = f"Charge transférée hors du {fund} en {year}"
    lines = (
        SumLine("Charge transférée vers un autre budget ou les branches", amount),
        SumLine("Crédits annulés à due concurrence", -amount, rules(TRANSFERRED).as_quote()),
    )
    if reason := outside_common_funds(fund, rules):
        return Preview(title, MovementKind.CANCELLATION, lines[:1], reasons=(reason,))
    share = Share(year, -amount, f"Crédits {year} annulés à due concurrence")
    return Preview(title, MovementKind.CANCELLATION, lines, (share,))


def new_charge(fund: str, amount: Decimal, year: int, rules: Rules) -> Preview:
    """A new charge is put on ``fund``: the credits may be adjusted, up to its amount."""
    amount = positive(amount, "amount", "Nouvelle charge")
    title = f"Nouvelle charge du {fund} en {year}"
    lines = (
        SumLine("Nouvelle dépense mise à la charge du fonds", amount),
        SumLine("Ajustement possible, au plus", amount, rules(NEW_CHARGE).as_quote(), "« peut entraîner »"),
    )
    if reason := outside_common_funds(fund, rules):
        return Preview(title, MovementKind.AMENDMENT, lines[:1], reasons=(reason,))
    return Preview(title, MovementKind.AMENDMENT, lines, (Share(year, amount, f"Crédits {year} ajustés"),))


def mandate_2015(amount: Decimal, rules: Rules) -> Preview:
    """The FNGA's trajectory is amended for the mandate given to the CNAMTS: ``amount`` signed, as the parties
    agree, in the year that the rule names.
    """
    return _revision(amount, MANDATE, "Mandat de gestion de l’activité assurantielle", (), rules)


def revision_2017(amount: Decimal, rules: Rules) -> Preview:
    """The FNGA's operating authorisation is revised: ``amount`` signed, as the parties agree, in the year that
    the rule names. Operating expenditure only.
    """
    targets = tuple(code for key in _OPERATING_GROUPS for code in rules(key).items)
    return _revision(amount, OPERATING, "Révision des dépenses de fonctionnement", targets, rules)


def _revision(amount: Decimal, key: str, what: str, targets: tuple[str, ...], rules: Rules) -> Preview:
    amount = amount_of(amount, "amount", what)
    if not amount:
        raise invalid("amount", f"{what} : indiquez de combien les crédits changent.")
    rule = rules(key)
    title = f"{what} du {FundCode.FNGA.value} en {rule.number}"
    line = SumLine(what, amount, rule.as_quote(), "montant convenu entre les parties")
    share = Share(rule.number, amount, f"{what} {rule.number}", targets)
    return Preview(title, MovementKind.AMENDMENT, (line,), (share,))
