"""What becomes of credits at the end of a year: A11, A12, A13, A23. Pure; amounts are EUR.

A credit is consumed once it is committed (rule ``carry_over.consumed``).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cases.budget_terms import FundCode, Group, LineFacts, Mark, Side
from cases.errors import Quote, Reason
from cases.money import format_eur
from workflows.credits.preview import COMMON_FUNDS, ZERO, Rules, amount_of, distinct, positive

LIMITATIVE: Final = "carry_over.limitative"
EVALUATIVE: Final = "carry_over.evaluative"
PURPOSE: Final = "carry_over.purpose"
SAME_LINE: Final = "carry_over.same_line"
CONSUMED: Final = "carry_over.consumed"
EARMARKED: Final = "carry_over.earmarked"
ANGDM: Final = "carry_over.angdm"
OUTSIDE: Final = "carry_over.fnmo"
LAST: Final = "carry_over.last_exercise"
LATER: Final = "carry_over.later_exercises"
RESERVE: Final = "reserve.cancelled"
MENTON: Final = "fnass.menton"
FNASS: Final = "fnass.carry_over"
FNASS_CAPITAL: Final = "fnass.carry_over.capital"

RULES: Final = (
    LIMITATIVE,
    EVALUATIVE,
    PURPOSE,
    SAME_LINE,
    CONSUMED,
    EARMARKED,
    ANGDM,
    OUTSIDE,
    LAST,
    LATER,
    RESERVE,
    MENTON,
    FNASS,
    FNASS_CAPITAL,
    COMMON_FUNDS,
)
"""Every rule that these functions may ask for, for a path to pin."""


@dataclass(frozen=True, slots=True)
class CarryOver:
    """What may be carried over from a line to the next exercise: ``most`` EUR, zero when ``reasons`` say why not.

    ``earmarked`` is the part of ``most`` that keeps its only use. ``mandatory``: the text says « sont reportés »
    (FNASS), not « peuvent ». ``quotes`` are the rules that were looked at, the one that decides first.
    """

    line: LineFacts
    origin_year: int
    most: Decimal
    earmarked: Decimal
    mandatory: bool
    message: str
    reasons: tuple[Reason, ...]
    quotes: tuple[Quote, ...]

    @property
    def allowed(self) -> bool:
        """Whether anything may be carried over."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Lapse:
    """What is cancelled on a line at the end of an exercise: EUR, zero when the text cancels nothing by itself."""

    line: LineFacts
    year: int
    amount: Decimal
    message: str
    quotes: tuple[Quote, ...]


def carryable(
    line: LineFacts,
    *,
    authorised: Decimal,
    committed: Decimal,
    earmarked: Decimal,
    origin_year: int,
    rules: Rules,
) -> CarryOver:
    """What may be carried over from ``line``, a leaf, of ``origin_year`` (N-1) to the year after.

    ``authorised`` and ``committed`` are those of the year; ``earmarked`` is what is left of its earmarked credits.
    At most authorised less committed, never below zero.
    """
    authorised = amount_of(authorised, "authorised", "Crédits autorisés")
    committed = positive(committed, "committed", "Crédits engagés", or_zero=True)
    earmarked = positive(earmarked, "earmarked", "Crédits fléchés", or_zero=True)
    left = max(authorised - committed, ZERO)
    mandatory = line.fund == FundCode.FNASS
    if reason := _forbidden(line, origin_year, rules) or _nothing(line, left, rules):
        decisive = (reason.quote,) if reason.quote else ()
        return CarryOver(line, origin_year, ZERO, ZERO, False, reason.message, (reason,), decisive)
    keys = [FNASS] if mandatory else []
    if line.group == Group.FB:
        keys.append(FNASS_CAPITAL)
    keys += [LIMITATIVE, PURPOSE, CONSUMED, SAME_LINE]
    if line.side != Side.CANSSM:
        keys.append(ANGDM)
    kept = min(earmarked, left)
    if kept:
        keys.append(EARMARKED)
    message = (
        f"« {line} » : {format_eur(authorised)} autorisés, {format_eur(committed)} engagés en {origin_year} ; "
        f"{'sont reportés' if mandatory else 'peuvent être reportés'} sur {origin_year + 1} au plus "
        f"{format_eur(left)}" + (f", dont {format_eur(kept)} gardent leur seul usage." if kept else ".")
    )
    quotes = distinct(rules(key).as_quote() for key in keys)
    return CarryOver(line, origin_year, left, kept, mandatory, message, (), quotes)


def lapsing(line: LineFacts, unspent: Decimal, year: int, rules: Rules) -> Lapse:
    """What is cancelled of the ``unspent`` credits of ``line`` at the end of ``year``, whatever is decided later.

    All of the national reserve, of Menton, of evaluative lines, and of any line from 2017 on; nothing of the others
    nor of the FNMO. An overspent evaluative line has nothing to cancel.
    """
    left = max(amount_of(unspent, "unspent", "Crédits non utilisés"), ZERO)
    reason = None if line.fund == FundCode.FNMO else _forbidden(line, year, rules)
    if reason is None or not left:
        keep = (
            "rien à annuler" if not left else "aucune annulation de plein droit ; un report peut être décidé"
        )
        if line.fund == FundCode.FNMO and left:
            keep = "le texte ne prévoit pas d’annulation au FNMO"
        quotes = (reason.quote,) if reason and reason.quote else (rules(_ground_to_keep(line)).as_quote(),)
        return Lapse(line, year, ZERO, f"« {line} » : {keep}.", quotes)
    message = f"« {line} » : {format_eur(left)} non utilisés fin {year} sont annulés."
    return Lapse(line, year, left, message, (reason.quote,) if reason.quote else ())


def _ground_to_keep(line: LineFacts) -> str:
    return {FundCode.FNMO.value: OUTSIDE, FundCode.FNASS.value: FNASS}.get(line.fund, LIMITATIVE)


def _forbidden(line: LineFacts, origin_year: int, rules: Rules) -> Reason | None:
    """Why nothing of this line goes to the next exercise, whatever is left."""
    if line.fund not in rules(COMMON_FUNDS).items:
        return _reason(
            "no_carry_over", f"Le texte ne prévoit aucun report pour le {line.fund}", OUTSIDE, rules
        )
    if line.mark == Mark.NATIONAL_RESERVE:
        return _reason(
            "national_reserve",
            "La réserve nationale non utilisée est annulée en fin d’exercice",
            RESERVE,
            rules,
        )
    if line.mark == Mark.MENTON:
        return _reason("menton", f"« {line} » n’est ni fongible ni reportable", MENTON, rules)
    if not line.limitative:
        return _reason(
            "evaluative", f"« {line} » est évaluatif : ses crédits ne se reportent pas", EVALUATIVE, rules
        )
    last = rules(LAST).number
    if origin_year + 1 > last:
        key = LAST if origin_year == last else LATER
        return _reason(
            "after_last_exercise",
            f"{origin_year + 1} ne reçoit aucun report : {last} est le dernier exercice qui en reçoit",
            key,
            rules,
        )
    return None


def _nothing(line: LineFacts, left: Decimal, rules: Rules) -> Reason | None:
    if left:
        return None
    return _reason("nothing_left", f"« {line} » : il ne reste aucun crédit non engagé", CONSUMED, rules)


def _reason(code: str, why: str, key: str, rules: Rules) -> Reason:
    return Reason(code, f"{why} : retirez cette ligne du report.", quote=rules(key).as_quote())
