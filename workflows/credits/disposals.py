"""Proceeds of the sale of property: A28, A29. Pure; amounts are EUR.

FNGA: Δ = price − net book value goes to investments of N+1, to the rents over ten years, or is shared between them.
FNMO: the price is a resource of the fund. FNASS and FNPPS: nothing is added to what they may spend.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from cases.budget_terms import FundCode, MovementKind
from cases.errors import Reason
from cases.money import format_eur
from cases.register_terms import ProceedsUse
from cases.shares import in_equal_parts
from workflows.credits.preview import PERIOD, ZERO, Preview, Rules, Share, SumLine, outside_period, positive

INVESTMENT: Final = "fnga.disposal.investment"
INVESTMENT_LINES: Final = "fnga.disposal.investment_lines"
RENT_YEARS: Final = "fnga.disposal.rent_years"
RENT_SHARE: Final = "fnga.disposal.rent_share"
RENT_LINES: Final = "fnga.disposal.rent_lines"
SPLIT: Final = "fnga.disposal.split"
FIRST_YEAR: Final = "fnga.disposal.first_year"
LOSS: Final = "fnga.disposal.loss"
EARMARKED: Final = "fnga.disposal.earmarked"
ROUNDING: Final = "fnga.disposal.rounding"

RULES: Final = (
    INVESTMENT,
    INVESTMENT_LINES,
    RENT_YEARS,
    RENT_SHARE,
    RENT_LINES,
    SPLIT,
    FIRST_YEAR,
    LOSS,
    EARMARKED,
    ROUNDING,
    PERIOD,
)
"""Every rule that ``allocate_proceeds`` may ask for, for a path to pin."""

FNMO_CREDITS: Final = "fnmo.receipts.credits"
#: A29: the rule of each other fund, and what its proceeds are in the register.
OTHER_FUNDS: Final[Mapping[FundCode, tuple[str, ProceedsUse]]] = {
    FundCode.FNMO: ("fnmo.receipts.disposals", ProceedsUse.FUND_RESOURCE),
    FundCode.FNASS: ("fnass.receipts", ProceedsUse.NO_INCREASE),
    FundCode.FNPPS: ("fnpps.receipts", ProceedsUse.NO_INCREASE),
}
OTHER_FUND_RULES: Final = (*(rule for rule, _ in OTHER_FUNDS.values()), FNMO_CREDITS, LOSS)


def allocate_proceeds(
    *,
    price: Decimal,
    net_book_value: Decimal,
    to_investment: Decimal,
    to_rents: Decimal,
    sale_year: int,
    rules: Rules,
) -> Preview:
    """What a sale in ``sale_year`` (N) gives: investment in N+1 at once, rents in ten equal parts from N+1.

    Nothing when Δ ≤ 0, and no more than Δ; what is left of Δ gives no credits and is said. Parts are equal to the
    cent, the first years take the cents that remain (``cases.shares.in_equal_parts``). All is earmarked.
    """
    price = positive(price, "price", "Prix de vente", or_zero=True)
    book = positive(net_book_value, "net_book_value", "Valeur nette comptable", or_zero=True)
    investment = positive(to_investment, "to_investment", "Part des investissements", or_zero=True)
    rents = positive(to_rents, "to_rents", "Part des loyers", or_zero=True)
    gain = price - book
    head = (
        SumLine("Prix de vente", price),
        SumLine("Valeur nette comptable", -book),
        SumLine("Différence", gain, rules(INVESTMENT).as_quote()),
    )
    title = f"Produit d’une cession immobilière du FNGA en {sale_year}"
    if reason := _refusal(gain, investment, rents, rules):
        return Preview(title, MovementKind.DISPOSAL, head, reasons=(reason,), earmarked=True)
    lines, shares = list(head), []
    first = sale_year + 1
    if investment:
        what = f"Autorisations d’investissements {first}"
        lines.append(SumLine(what, investment, rules(INVESTMENT).as_quote()))
        lines.append(
            SumLine(
                "Lignes", None, rules(INVESTMENT_LINES).as_quote(), ", ".join(rules(INVESTMENT_LINES).items)
            )
        )
        shares.append(Share(first, investment, what, rules(INVESTMENT_LINES).items))
    if rents:
        lines += _rent_lines(rents, first, rules)
        parts = in_equal_parts(rents, rules(RENT_YEARS).number)
        shares += [
            Share(year, part, f"Loyers et charges locatives {year}", rules(RENT_LINES).items)
            for year, part in enumerate(parts, first)
            if part
        ]
        lines += [
            SumLine(
                f"Loyers et charges locatives {year}",
                part,
                rules(RENT_SHARE).as_quote(),
                f"part {number} de {len(parts)}",
            )
            for number, (year, part) in enumerate(
                zip(range(first, first + len(parts)), parts, strict=True), 1
            )
        ]
    if investment and rents:
        lines.append(SumLine("Partage entre les deux usages", None, rules(SPLIT).as_quote()))
    left = gain - investment - rents
    if left:
        lines.append(SumLine("Différence non affectée", left, None, "aucun crédit n’en est ouvert"))
    lines.append(SumLine("Usage exclusif", None, rules(EARMARKED).as_quote(), "crédits fléchés"))
    if shares and (remark := outside_period(max(share.exercise for share in shares), rules)):
        lines.append(remark)
    return Preview(title, MovementKind.DISPOSAL, tuple(lines), tuple(shares), earmarked=True)


def _rent_lines(rents: Decimal, first: int, rules: Rules) -> list[SumLine]:
    years = rules(RENT_YEARS)
    return [
        SumLine(
            f"Loyers et charges locatives, {years.number} exercices de {first} à {first + years.number - 1}",
            rents,
            years.as_quote(),
        ),
        SumLine("Première année", None, rules(FIRST_YEAR).as_quote(), str(first)),
        SumLine("Lignes", None, rules(RENT_LINES).as_quote(), ", ".join(rules(RENT_LINES).items)),
        SumLine("Arrondi", None, rules(ROUNDING).as_quote()),
    ]


def _refusal(gain: Decimal, investment: Decimal, rents: Decimal, rules: Rules) -> Reason | None:
    if gain <= ZERO:
        return Reason(
            "no_gain",
            f"La différence entre le prix et la valeur nette comptable est de {format_eur(gain)} : "
            "la cession ne donne aucun crédit.",
            quote=rules(LOSS).as_quote(),
        )
    if investment + rents > gain:
        return Reason(
            "above_gain",
            f"{format_eur(investment + rents)} sont affectés, la différence n’est que de {format_eur(gain)} : "
            "réduisez une part.",
            quote=rules(INVESTMENT).as_quote(),
        )
    if not investment + rents:
        return Reason(
            "nothing_allocated",
            f"Affectez tout ou partie de {format_eur(gain)} aux investissements, aux loyers ou aux deux.",
            quote=rules(SPLIT).as_quote(),
        )
    return None


def proceeds_of_other_fund(
    fund: FundCode,
    *,
    price: Decimal,
    net_book_value: Decimal,
    asked: Decimal,
    used: Decimal,
    sale_year: int,
    rules: Rules,
) -> Preview:
    """A29: what a sale gives a fund that is not the FNGA: no credits; a resource of the FNMO.

    ``asked`` is what somebody would give to investments or rents all the same, refused above zero; ``used`` what the
    agrément of A76 has already given to a use, which is no longer the fund's.
    """
    rule, _ = OTHER_FUNDS[fund]
    quote = rules(rule).as_quote()
    title = f"Produit d’une cession immobilière du {fund} en {sale_year}"
    lines = [
        SumLine("Prix de vente", price),
        SumLine("Valeur nette comptable", -net_book_value),
        SumLine("Différence", price - net_book_value),
    ]
    if asked:
        message = (
            f"Le bien appartient au {fund} : son produit ne s’affecte ni aux investissements ni aux loyers. "
            "Laissez les deux montants vides."
        )
        return Preview(
            title, MovementKind.RECEIPT, tuple(lines), reasons=(Reason("other_fund", message, quote=quote),)
        )
    if used:
        lines.append(SumLine("Déjà employé après agrément", -used))
    left = price - used
    if fund == FundCode.FNMO:
        lines.append(SumLine("Ressource du fonds", left, quote, "produits de cessions"))
        lines.append(
            SumLine("Crédits inchangés", ZERO, rules(FNMO_CREDITS).as_quote(), "un budget les ouvre")
        )
    else:
        lines.append(SumLine("Majoration des autorisations de dépenses", ZERO, quote, "aucune"))
    return Preview(title, MovementKind.RECEIPT, tuple(lines))
