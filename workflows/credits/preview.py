"""What a rule on credits gives, shown line by line before anything is written. Pure.

Amounts are EUR, exact to the cent. A preview either gives credits (``by_exercise``) or says why it may not
(``reasons``), never both. Input that is no amount raises ``Invalid``; what the convention forbids is a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from cases.budget_terms import MovementKind
from cases.errors import Blocked, Invalid, Quote, Reason
from cases.money import NO_BREAK_SPACE, AmountError, format_eur, parse_amount
from workflows.rulebook import RuleVersion

Rules = Callable[[str], RuleVersion]
"""Gives the version of a rule that governs. A path passes ``context.rule``: the versions pinned on its dossier."""

ZERO: Final = Decimal("0.00")
COMMON_FUNDS: Final = "budget.common_funds"
PERIOD: Final = "convention.period"


@dataclass(frozen=True, slots=True)
class SumLine:
    """One line of a computation: what it is, EUR or None, the rule's words or None, a remark or nothing."""

    label: str
    amount: Decimal | None = None
    quote: Quote | None = None
    note: str = ""

    def __str__(self) -> str:
        shown = self.label if self.amount is None else f"{self.label} : {format_eur(self.amount)}"
        return f"{shown} ({self.note})" if self.note else shown


@dataclass(frozen=True, slots=True)
class Share:
    """Credits of one exercise that change: EUR, signed. ``targets`` are the codes of the lines that may take
    them, empty when the text leaves them open.
    """

    exercise: int
    amount: Decimal
    what: str
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule gives and how it was computed. ``earmarked`` credits serve no other use."""

    title: str
    movement: MovementKind
    lines: tuple[SumLine, ...]
    by_exercise: tuple[Share, ...] = ()
    reasons: tuple[Reason, ...] = ()
    earmarked: bool = False

    def __post_init__(self) -> None:
        if self.reasons and self.by_exercise:
            raise ValueError("a preview gives credits or says why not, not both")

    @property
    def allowed(self) -> bool:
        """Whether the convention allows it; it may still change nothing."""
        return not self.reasons

    @property
    def total(self) -> Decimal:
        """All credits that change, over all exercises, EUR, signed."""
        return sum((share.amount for share in self.by_exercise), ZERO)

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """Every rule that was applied, once, in the order of the lines."""
        found = [line.quote for line in self.lines] + [reason.quote for reason in self.reasons]
        return distinct(quote for quote in found if quote)

    def in_exercise(self, year: int) -> Decimal:
        """The credits that change in one exercise, EUR, signed."""
        return sum((share.amount for share in self.by_exercise if share.exercise == year), ZERO)

    def require(self) -> Preview:
        """The preview itself, or ``Blocked`` with its reasons."""
        if self.reasons:
            raise Blocked(self.reasons[0].message, reasons=self.reasons)
        return self

    def spread(self, year: int, by_line: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Check how the credits of an exercise are spread over lines (code → EUR) and return it in cents.

        What is given may be given in part; what is taken back is taken in full; no line goes against the sign,
        and credits with lines of their own go to these. Raises ``Blocked`` when nothing may be given, ``Invalid``
        otherwise.
        """
        self.require()
        due = self.in_exercise(year)
        spread = {code: amount_of(amount, code, code) for code, amount in by_line.items()}
        total = sum(spread.values(), ZERO)
        if not due and any(spread.values()):
            raise invalid("lines", f"« {self.title} » ne change aucun crédit de {year} : mettez zéro.")
        if wrong := [code for code, amount in spread.items() if amount * due < 0]:
            raise invalid(
                wrong[0], f"« {wrong[0]} » : le montant doit aller dans le sens de {format_eur(due)}."
            )
        if abs(total) > abs(due) or (due < 0 and total != due):
            most = "exactement" if due < 0 else "au plus"
            raise invalid(
                "lines",
                f"{format_eur(total)} sont répartis pour {year} : répartissez {most} {format_eur(due)}.",
            )
        shares = [share for share in self.by_exercise if share.exercise == year]
        open_to_all = any(not share.targets for share in shares)
        allowed = {code for share in shares for code in share.targets}
        if outside := sorted(
            code for code, amount in spread.items() if amount and not open_to_all and code not in allowed
        ):
            raise invalid(
                outside[0], f"« {outside[0]} » ne reçoit pas ces crédits : {', '.join(sorted(allowed))}."
            )
        for targets in {share.targets for share in shares if share.targets}:
            reachable = sum(
                (s.amount for s in shares if not s.targets or set(s.targets) & set(targets)), ZERO
            )
            held = sum((amount for code, amount in spread.items() if code in targets), ZERO)
            if abs(held) > abs(reachable):
                raise invalid(
                    targets[0],
                    f"{', '.join(targets)} : {format_eur(held)} répartis, au plus {format_eur(reachable)}.",
                )
        return spread

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the API and the dossier: amounts are decimal strings."""
        return {
            "title": self.title,
            "movement": self.movement.value,
            "lines": [
                {
                    "label": line.label,
                    "amount": None if line.amount is None else str(line.amount),
                    "quote": asdict(line.quote) if line.quote else None,
                    "note": line.note,
                }
                for line in self.lines
            ],
            "by_exercise": [
                {
                    "exercise": share.exercise,
                    "amount": str(share.amount),
                    "what": share.what,
                    "targets": list(share.targets),
                }
                for share in self.by_exercise
            ],
            "total": str(self.total),
            "earmarked": self.earmarked,
            "allowed": self.allowed,
            "reasons": [reason.as_dict() | {"related": list(reason.related)} for reason in self.reasons],
        }


def percent_text(percent: Decimal) -> str:
    """A percentage as the French write it, e.g. ``12,5 %``."""
    return f"{percent:f}".replace(".", ",") + f"{NO_BREAK_SPACE}%"


def distinct(quotes: Iterable[Quote]) -> tuple[Quote, ...]:
    """The quotes, each once, in their order."""
    return tuple(dict.fromkeys(quotes))


def invalid(field: str, message: str) -> Invalid:
    """Input that cannot be computed with; ``field`` names it."""
    return Invalid(message, details={field: [message]})


def amount_of(value: Decimal, field: str, label: str) -> Decimal:
    """``value`` in cents, any sign. Raises ``Invalid`` for what is no amount in euros and cents."""
    try:
        return parse_amount(value, signed=True)
    except AmountError as error:
        raise invalid(field, f"{label} : {error}") from None


def positive(value: Decimal, field: str, label: str, *, or_zero: bool = False) -> Decimal:
    """``value`` in cents, above zero (or zero). Raises ``Invalid`` otherwise."""
    amount = amount_of(value, field, label)
    if amount < 0 or (amount == 0 and not or_zero):
        wanted = "un montant positif ou nul" if or_zero else "un montant supérieur à zéro"
        raise invalid(field, f"{label} : indiquez {wanted}.")
    return amount


def outside_common_funds(fund: str, rules: Rules) -> Reason | None:
    """Why a rule common to three funds gives nothing to ``fund``; None when it is one of them."""
    rule = rules(COMMON_FUNDS)
    if fund in rule.items:
        return None
    return Reason(
        "not_a_common_rule",
        f"Cette règle est commune aux fonds {', '.join(rule.items)} ; le texte ne la donne pas au {fund} : "
        "préparez un budget rectificatif.",
        quote=rule.as_quote(),
    )


def outside_period(year: int, rules: Rules) -> SumLine | None:
    """A remark when credits go to an exercise that the convention does not cover, which it does not speak of."""
    rule = rules(PERIOD)
    if str(year) in rule.items:
        return None
    return SumLine(
        f"Exercice {year}",
        None,
        rule.as_quote(),
        f"hors des années de la convention ({rule.items[0]} à {rule.items[-1]}) : le texte n’en dit rien, "
        "la règle est appliquée tant que la convention régit",
    )
