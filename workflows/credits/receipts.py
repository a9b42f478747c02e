"""What receipts do to credits: A17, A25, A26, A27, A29. Pure; amounts are EUR.

The amounts programmed for the four categories are not printed in the convention: both sides of A25 are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from cases.budget_terms import FundCode, MovementKind
from cases.errors import Reason
from cases.money import format_eur
from cases.shares import in_two_shares, percentage
from workflows.credits.preview import (
    COMMON_FUNDS,
    PERIOD,
    ZERO,
    Preview,
    Rules,
    Share,
    SumLine,
    invalid,
    outside_common_funds,
    outside_period,
    percent_text,
    positive,
)

CATEGORIES: Final = "fnga.receipts.categories"
CATEGORY: Final = "fnga.receipts.category."
BASIS: Final = "fnga.receipts.excess_basis"
EXCESS_SHARE: Final = "fnga.receipts.excess_share"
EXCESS_USE: Final = "fnga.receipts.excess_use"
CONTRIBUTION_SHARE: Final = "fnga.receipts.contribution_share"
SHORTFALL_SHARE: Final = "fnga.receipts.shortfall_share"
ROUNDING: Final = "fnga.receipts.rounding"
REUSE: Final = "fnga.receipts.reuse"
FORECAST: Final = "fnga.receipts.reuse_forecast"
CEILING: Final = "fnga.receipts.reuse_ceiling"
DEDUCTED: Final = "fnga.receipts.reuse_deducted"
NON_CASH: Final = "budget.non_cash_receipts"
NON_CASH_CLASS: Final = "budget.non_cash_receipts.class"
NON_CASH_PROVISIONS: Final = "budget.non_cash_receipts.provisions"
FNASS: Final = "fnass.receipts"
FNPPS: Final = "fnpps.receipts"
FNMO_DISPOSALS: Final = "fnmo.receipts.disposals"
FNMO_SURPLUSES: Final = "fnmo.receipts.surpluses"
FNMO_RENTS: Final = "fnmo.receipts.rents"
FNMO_CREDITS: Final = "fnmo.receipts.credits"

RULES: Final = (
    CATEGORIES,
    *(CATEGORY + key for key in ("staff", "services", "training", "insurance")),
    BASIS,
    EXCESS_SHARE,
    EXCESS_USE,
    CONTRIBUTION_SHARE,
    SHORTFALL_SHARE,
    ROUNDING,
    REUSE,
    FORECAST,
    CEILING,
    DEDUCTED,
    NON_CASH,
    NON_CASH_CLASS,
    NON_CASH_PROVISIONS,
    FNASS,
    FNPPS,
    FNMO_DISPOSALS,
    FNMO_SURPLUSES,
    FNMO_RENTS,
    FNMO_CREDITS,
    COMMON_FUNDS,
    PERIOD,
)
"""Every rule that these functions may ask for, for a path to pin."""


def excess_of_receipts(
    programmed: Mapping[str, Decimal],
    realised: Mapping[str, Decimal],
    year: int,
    rules: Rules,
    *,
    reused: Decimal = ZERO,
) -> Preview:
    """A25 and A26, FNGA: what the receipts of ``year`` (N) do to the credits of N+1.

    ``programmed`` and ``realised`` have an amount (EUR, zero or more) for each key of the rule
    ``fnga.receipts.categories``. E is the difference of their totals. E > 0: 75 % raise the limitative
    non-recurring authorisations of N+1, the rest lowers the contribution and is shown only; ``reused``, what was
    already spent in the year under A27, is taken off E first. E < 0: the limitative authorisations of N+1 are cut
    by all of it. Rounding: ``cases.shares.in_two_shares``. Raises ``Invalid`` for a category missing or unknown.
    """
    expected, found = _by_category(programmed, "programmed", rules), _by_category(realised, "realised", rules)
    reused = positive(reused, "reused", "Recettes déjà réutilisées dans l’année", or_zero=True)
    lines = [
        SumLine(
            f"{rules(CATEGORY + key).text} {year}",
            found[key] - expected[key],
            rules(CATEGORY + key).as_quote(),
            f"réalisé {format_eur(found[key])}, programmé {format_eur(expected[key])}",
        )
        for key in expected
    ]
    excess = sum(found.values(), ZERO) - sum(expected.values(), ZERO)
    lines.append(SumLine(f"Écart total {year}", excess, rules(BASIS).as_quote()))
    title = f"Recettes {year} du FNGA comparées à la prévision"
    shares: tuple[Share, ...] = ()
    if excess < 0:
        taken = -percentage(-excess, rules(SHORTFALL_SHARE).amount)
        what = f"Autorisations de dépenses limitatives {year + 1}"
        lines.append(SumLine(what, taken, rules(SHORTFALL_SHARE).as_quote(), "réduites à due concurrence"))
        shares = (Share(year + 1, taken, what),)
    elif excess > 0:
        if reused:
            deducted = min(reused, excess)
            lines.append(SumLine(f"Déjà réutilisé en {year}", -deducted, rules(DEDUCTED).as_quote()))
            excess -= deducted
        shares = _shared_excess(excess, year, rules, lines)
    if not shares:
        lines.append(
            SumLine("Crédits et prélèvement inchangés", ZERO, None, "ni dépassement ni manque à répartir")
        )
    elif remark := outside_period(year + 1, rules):
        lines.append(remark)
    return Preview(title, MovementKind.RECEIPT, tuple(lines), shares)


def reuse_of_receipts(
    *, forecast: Decimal, already_reused: Decimal, requested: Decimal, year: int, rules: Rules
) -> Preview:
    """A27, FNGA: receipts of the year used again in the same year, if each ministry authorises it.

    ``requested`` may not exceed ``forecast`` (the one that the CANSSM communicates) less ``already_reused``.
    """
    forecast = positive(forecast, "forecast", "Prévision de recettes", or_zero=True)
    already = positive(already_reused, "already_reused", "Recettes déjà réutilisées", or_zero=True)
    wanted = positive(requested, "requested", "Réutilisation demandée")
    left = max(forecast - already, ZERO)
    lines = (
        SumLine(f"Prévision de recettes {year}", forecast, rules(FORECAST).as_quote()),
        SumLine("Déjà réutilisé dans l’année", -already, rules(CEILING).as_quote()),
        SumLine("Peut encore être réutilisé", left, rules(CEILING).as_quote()),
        SumLine(
            "Réutilisation demandée", wanted, rules(REUSE).as_quote(), "sur autorisation, au cas par cas"
        ),
    )
    title = f"Réutilisation de recettes du FNGA en {year}"
    if wanted > left:
        reason = Reason(
            "above_forecast",
            f"{format_eur(wanted)} sont demandés, la prévision n’en laisse que {format_eur(left)} : "
            "réduisez la demande ou communiquez une nouvelle prévision.",
            quote=rules(CEILING).as_quote(),
        )
        return Preview(title, MovementKind.RECEIPT, lines, reasons=(reason,))
    share = Share(year, wanted, f"Recettes réutilisées en {year}")
    return Preview(title, MovementKind.RECEIPT, lines, (share,))


def non_cash_receipts(
    amount: Decimal,
    counterpart_class: int,
    rules: Rules,
    *,
    fund: str,
    year: int,
    provision_reversal: bool = False,
) -> Preview:
    """A17: a receipt without cash raises the expenditure by the same amount, in the same exercise.

    ``counterpart_class`` is the class of accounts of its counterpart: 2, or 1 for a reversal of provisions. FNGA,
    FNASS and FNPPS.
    """
    amount = positive(amount, "amount", "Produit")
    increase = percentage(amount, rules(NON_CASH).amount)
    entry = "reprise de provisions" if provision_reversal else "écriture sans trésorerie"
    lines = (
        SumLine(f"Produit ({entry}, contrepartie en classe {counterpart_class})", amount),
        SumLine("Majoration de la dépense, d’égal montant", increase, rules(NON_CASH).as_quote()),
    )
    title = f"Produit sans trésorerie du {fund} en {year}"
    if reason := outside_common_funds(fund, rules) or _wrong_class(
        counterpart_class, provision_reversal, rules
    ):
        return Preview(title, MovementKind.RECEIPT, lines[:1], reasons=(reason,))
    share = Share(year, increase, f"Dépenses {year} majorées d’égal montant")
    return Preview(title, MovementKind.RECEIPT, lines, (share,))


def own_receipts(fund: str, amount: Decimal, rules: Rules) -> Preview:
    """A29: what the own receipts of a fund do to its credits.

    FNASS and FNPPS: nothing, refused. FNMO: a resource of the fund, whose credits only a budget changes. FNGA:
    refused here, with the rules that apply (A25, A27, A28). Raises ``Invalid`` for an unknown fund.
    """
    amount = positive(amount, "amount", "Recette")
    if fund not in FundCode.values:
        raise invalid("fund", f"« {fund} » n’est pas un fonds : choisissez FNGA, FNASS, FNPPS ou FNMO.")
    title = f"Recettes propres du {fund}"
    if fund == FundCode.FNMO:
        lines = (
            SumLine("Ressource du fonds", amount, rules(FNMO_DISPOSALS).as_quote(), "produits de cessions"),
            SumLine("Autre ressource", None, rules(FNMO_SURPLUSES).as_quote(), "excédents nets des œuvres"),
            SumLine("Autre ressource", None, rules(FNMO_RENTS).as_quote(), "loyers des œuvres"),
            SumLine("Crédits inchangés", ZERO, rules(FNMO_CREDITS).as_quote(), "un budget les ouvre"),
        )
        return Preview(title, MovementKind.RECEIPT, lines)
    key, code, message = _NO_INCREASE[FundCode(fund)]
    reason = Reason(code, message, quote=rules(key).as_quote())
    return Preview(title, MovementKind.RECEIPT, (SumLine("Recette", amount),), reasons=(reason,))


_NO_INCREASE: Final = {
    FundCode.FNASS: (
        FNASS,
        "no_increase",
        "Les recettes propres du FNASS ne majorent pas ses dépenses : retirez la demande.",
    ),
    FundCode.FNPPS: (
        FNPPS,
        "silent",
        "Le texte ne prévoit pas que les recettes du FNPPS majorent ses dépenses : préparez un budget rectificatif.",
    ),
    FundCode.FNGA: (
        EXCESS_USE,
        "other_rule",
        "Les recettes du FNGA ont leurs règles : comparez-les à la prévision après la clôture, demandez une "
        "réutilisation dans l’année, ou affectez un produit de cession.",
    ),
}


def _by_category(amounts: Mapping[str, Decimal], side: str, rules: Rules) -> dict[str, Decimal]:
    """The amounts in the order of the categories."""
    categories = rules(CATEGORIES).items
    if unknown := sorted(set(amounts) - set(categories)):
        raise invalid(
            side,
            f"« {unknown[0]} » n’est pas une catégorie de recettes : choisissez parmi {', '.join(categories)}.",
        )
    if missing := [key for key in categories if key not in amounts]:
        named = rules(CATEGORY + missing[0]).text
        raise invalid(side, f"« {named} » : indiquez le montant, zéro s’il n’y en a pas.")
    return {key: positive(amounts[key], side, rules(CATEGORY + key).text, or_zero=True) for key in categories}


def _shared_excess(excess: Decimal, year: int, rules: Rules, lines: list[SumLine]) -> tuple[Share, ...]:
    """Share an excess (zero or more) between credits and contribution, and tell it in ``lines``."""
    if not excess:
        return ()
    percent = rules(EXCESS_SHARE).amount
    given, rest = in_two_shares(excess, percent)
    what = f"Autorisations de dépenses limitatives non pérennes {year + 1}"
    lines += [
        SumLine(f"{percent_text(percent)} du dépassement", given, rules(EXCESS_SHARE).as_quote()),
        SumLine(what, given, rules(EXCESS_USE).as_quote()),
        SumLine(
            f"{percent_text(rules(CONTRIBUTION_SHARE).amount)} : prélèvement sur cotisation",
            -rest,
            rules(CONTRIBUTION_SHARE).as_quote(),
            "atténué d’autant ; aucun crédit",
        ),
        SumLine("Arrondi", None, rules(ROUNDING).as_quote()),
    ]
    return (Share(year + 1, given, what),) if given else ()


def _wrong_class(counterpart_class: int, provision_reversal: bool, rules: Rules) -> Reason | None:
    found = str(counterpart_class)
    if found == rules(NON_CASH_CLASS).text:
        return None
    provisions = rules(NON_CASH_PROVISIONS)
    if found == provisions.text:
        if provision_reversal:
            return None
        return Reason(
            "only_provisions",
            f"Une contrepartie en classe {found} ne vaut que pour une reprise de provisions : "
            "corrigez l’écriture ou retirez la demande.",
            quote=provisions.as_quote(),
        )
    return Reason(
        "wrong_class",
        f"Une contrepartie en classe {found} ne majore pas la dépense : il faut la classe "
        f"{rules(NON_CASH_CLASS).text}, ou {provisions.text} pour une reprise de provisions.",
        quote=rules(NON_CASH_CLASS).as_quote(),
    )
