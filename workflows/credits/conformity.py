"""Whether a budget conforms to the convention, line by line: A08, A09. Pure; amounts are EUR.

The approval of a conforming budget is deemed given; another one needs the explicit approval of each ministry.
The text does not say how it is judged: rule ``budget.conformity``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from cases.budget_terms import FundCode, LineFacts, Mark
from cases.errors import Quote
from cases.money import format_eur
from workflows.credits.preview import ZERO, Rules, amount_of, distinct, invalid, positive

CONFORMITY: Final = "budget.conformity"
EVALUATIVE: Final = "budget.evaluative"
BASE: Final = "budget.base"
TACIT: Final = "budget.tacit_approval"
NOT_CONFORMING: Final = "budget.not_conforming"
RESERVE_LINE: Final = "reserve.line"
FNMO: Final = "fnmo.budget.conformity"
LIMITATIVE: Final = {
    FundCode.FNGA: "fnga.limitative",
    FundCode.FNASS: "fnass.limitative",
    FundCode.FNPPS: "fnpps.limitative",
}


class BudgetKind(StrEnum):
    """The two kinds of budgets that are voted."""

    PRIMITIVE = "primitive"
    AMENDING = "amending"

    @property
    def label(self) -> str:
        """In French."""
        return {"primitive": "Budget primitif", "amending": "Budget rectificatif"}[self.value]


class Ground(StrEnum):
    """Why a budget leaves the base. All but the first are changes that the convention itself provides."""

    ORDINARY = "ordinary"
    PAYROLL_UPDATE = "payroll_update"
    CHARGE_TRANSFERRED = "charge_transferred"
    NEW_CHARGE = "new_charge"
    MANDATE = "mandate"
    REVISION = "revision"
    NON_CASH_RECEIPTS = "non_cash_receipts"
    RECEIPTS_EXCESS = "receipts_excess"
    RECEIPTS_SHORTFALL = "receipts_shortfall"
    DISPOSAL = "disposal"

    @property
    def label(self) -> str:
        """In French."""
        return _LABELS[self]

    @property
    def rule(self) -> str:
        """The rule that provides it; empty for the ordinary ground."""
        return _RULES[self]

    @property
    def funds(self) -> tuple[str, ...]:
        """The funds that it exists for."""
        return _COMMON if self in _COMMON_GROUNDS else (FundCode.FNGA.value,)


_LABELS: Final = {
    Ground.ORDINARY: "Vote ordinaire",
    Ground.PAYROLL_UPDATE: "Actualisation de la masse salariale",
    Ground.CHARGE_TRANSFERRED: "Transfert de charge",
    Ground.NEW_CHARGE: "Nouvelle charge",
    Ground.MANDATE: "Mandat de gestion de l’activité assurantielle",
    Ground.REVISION: "Révision des dépenses de fonctionnement",
    Ground.NON_CASH_RECEIPTS: "Produits sans trésorerie",
    Ground.RECEIPTS_EXCESS: "Dépassement de recettes",
    Ground.RECEIPTS_SHORTFALL: "Manque de recettes",
    Ground.DISPOSAL: "Produit de cession immobilière",
}
_RULES: Final = {
    Ground.ORDINARY: "",
    Ground.PAYROLL_UPDATE: "budget.payroll_update",
    Ground.CHARGE_TRANSFERRED: "budget.charge_transferred",
    Ground.NEW_CHARGE: "budget.new_charge",
    Ground.MANDATE: "fnga.revision.mandate",
    Ground.REVISION: "fnga.revision.operating",
    Ground.NON_CASH_RECEIPTS: "budget.non_cash_receipts",
    Ground.RECEIPTS_EXCESS: "fnga.receipts.excess_use",
    Ground.RECEIPTS_SHORTFALL: "fnga.receipts.shortfall_share",
    Ground.DISPOSAL: "fnga.disposal.investment",
}
_COMMON_GROUNDS: Final = (Ground.CHARGE_TRANSFERRED, Ground.NEW_CHARGE, Ground.NON_CASH_RECEIPTS)
_COMMON: Final = (FundCode.FNGA.value, FundCode.FNASS.value, FundCode.FNPPS.value)

RULES: Final = (
    CONFORMITY,
    EVALUATIVE,
    BASE,
    TACIT,
    NOT_CONFORMING,
    RESERVE_LINE,
    FNMO,
    *LIMITATIVE.values(),
    *(key for key in _RULES.values() if key),
)
"""Every rule that these functions may ask for, for a path to pin."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is put to the vote for one line, EUR.

    ``base``: what the convention prints for the exercise, or for the one that it carries forward; None when it
    prints nothing. ``granted``: what the convention gave or took on this line since (carry-over, receipts,
    proceeds, virements, use of the reserve), signed. ``proposed``: the appropriation after the vote.
    """

    line: LineFacts
    base: Decimal | None
    granted: Decimal
    proposed: Decimal


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one line. ``limit`` is base + granted + given, None for an evaluative line.

    ``difference`` is proposed less base and granted, before what the ground gives, EUR, signed.
    """

    line: LineFacts
    base: Decimal | None
    granted: Decimal
    given: Decimal
    limit: Decimal | None
    proposed: Decimal
    difference: Decimal
    conforms: bool
    message: str
    quotes: tuple[Quote, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the API and the dossier: amounts are decimal strings."""
        return {
            "line": self.line.code,
            "label": self.line.label,
            "base": None if self.base is None else str(self.base),
            "granted": str(self.granted),
            "given": str(self.given),
            "limit": None if self.limit is None else str(self.limit),
            "proposed": str(self.proposed),
            "difference": str(self.difference),
            "conforms": self.conforms,
            "message": self.message,
            "quotes": [asdict(quote) for quote in self.quotes],
        }


@dataclass(frozen=True, slots=True)
class Conformity:
    """What is said of a budget: it conforms when each of its lines does."""

    fund: str
    kind: BudgetKind
    ground: Ground
    verdicts: tuple[Verdict, ...]
    message: str
    quotes: tuple[Quote, ...]

    @property
    def conforms(self) -> bool:
        """Whether every line conforms."""
        return all(verdict.conforms for verdict in self.verdicts)

    @property
    def has_effect(self) -> bool:
        """Whether conformity changes what follows: not for the FNMO, enforceable by the delay alone."""
        return self.fund != FundCode.FNMO

    @property
    def tacit(self) -> bool:
        """Whether the approval is deemed given once the ministries are notified."""
        return self.has_effect and self.conforms

    @property
    def exceeding(self) -> tuple[Verdict, ...]:
        """The lines that do not conform."""
        return tuple(verdict for verdict in self.verdicts if not verdict.conforms)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the API and the dossier."""
        return {
            "fund": self.fund,
            "kind": self.kind.value,
            "ground": self.ground.value,
            "conforms": self.conforms,
            "has_effect": self.has_effect,
            "tacit": self.tacit,
            "message": self.message,
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
            "quotes": [asdict(quote) for quote in self.quotes],
        }


def judge(
    *,
    fund: str,
    kind: BudgetKind,
    ground: Ground,
    proposals: Sequence[Proposal],
    rules: Rules,
    given: Mapping[str, Decimal] | None = None,
) -> Conformity:
    """Judge a budget of ``fund`` line by line.

    An evaluative line conforms. A limitative one conforms when it does not exceed its base, what was granted on it
    and what the ``ground`` gives it: ``given``, EUR by code of line, signed, as the ground's preview spreads it
    (:meth:`Preview.spread`). Raises ``Invalid`` for no line, a line twice or of another fund, a negative proposal, a
    ground that the fund does not have, or amounts given on no line of the budget or on the ordinary ground.
    """
    given = {code: amount_of(amount, code, code) for code, amount in (given or {}).items()}
    _check(fund, ground, proposals, given)
    verdicts = tuple(
        _verdict(proposal, ground, given.get(proposal.line.code, ZERO), rules) for proposal in proposals
    )
    exceeding = sum(not verdict.conforms for verdict in verdicts)
    keys = [CONFORMITY, BASE, TACIT if not exceeding else NOT_CONFORMING]
    shown = f"{kind.label} du {fund} ({ground.label.lower()})"
    if not exceeding:
        said = (
            "conforme à la convention : l’approbation est réputée acquise au terme du délai de notification."
        )
    else:
        which = "1 ligne ne l’est pas" if exceeding == 1 else f"{exceeding} lignes ne le sont pas"
        said = f"non conforme à la convention ({which}) : l’approbation expresse de chaque ministère est nécessaire."
    if fund == FundCode.FNMO:
        keys = [FNMO]
        state = "conforme" if not exceeding else "non conforme"
        said = f"{state} à la convention, sans effet : il devient exécutoire par le seul délai."
    quotes = distinct(
        [rules(key).as_quote() for key in keys] + [quote for one in verdicts for quote in one.quotes]
    )
    return Conformity(fund, kind, ground, verdicts, f"{shown} : {said}", quotes)


def _check(fund: str, ground: Ground, proposals: Sequence[Proposal], given: Mapping[str, Decimal]) -> None:
    if not proposals:
        raise invalid("lines", "Le budget n’a aucune ligne : ajoutez-en une.")
    if ground is not Ground.ORDINARY and fund not in ground.funds:
        raise invalid(
            "ground",
            f"« {ground.label} » n’existe pas pour le {fund} : choisissez « {Ground.ORDINARY.label} ».",
        )
    codes: set[str] = set()
    for proposal in proposals:
        line = proposal.line
        if line.fund != fund:
            raise invalid("lines", f"« {line} » est une ligne du {line.fund}, pas du {fund} : retirez-la.")
        if line.code in codes:
            raise invalid("lines", f"« {line} » est proposée deux fois : gardez une seule ligne.")
        codes.add(line.code)
    if ground is Ground.ORDINARY and any(given.values()):
        raise invalid(
            "ground", "Un vote ordinaire n’apporte pas de crédits : choisissez le motif qui les donne."
        )
    if unknown := sorted(set(given) - codes):
        raise invalid("lines", f"« {unknown[0]} » n’est pas une ligne de ce budget : ajoutez-la.")


def _verdict(proposal: Proposal, ground: Ground, given: Decimal, rules: Rules) -> Verdict:
    line = proposal.line
    base = None if proposal.base is None else amount_of(proposal.base, line.code, str(line))
    granted = amount_of(proposal.granted, line.code, str(line))
    proposed = positive(proposal.proposed, line.code, str(line), or_zero=True)
    authorised = (base or ZERO) + granted
    difference = proposed - authorised
    limit = authorised + given

    def verdict(conforms: bool, message: str, *keys: str, of: Decimal | None = limit) -> Verdict:
        quotes = tuple(rules(key).as_quote() for key in keys if key)
        return Verdict(
            line, base, granted, given, of, proposed, difference, conforms, f"« {line} » : {message}", quotes
        )

    if not line.limitative:
        return verdict(True, "évaluative, arrêtée de manière indicative ; conforme.", EVALUATIVE, of=None)
    ceiling = _ceiling(base, granted, given, ground, limit)
    limitative = LIMITATIVE.get(FundCode(line.fund), FNMO)
    if proposed > limit:
        keys = (RESERVE_LINE,) if line.mark == Mark.NATIONAL_RESERVE else ()
        message = f"{format_eur(proposed)} proposés, {ceiling} : {format_eur(proposed - limit)} de trop."
        return verdict(False, message, *keys, CONFORMITY, limitative, ground.rule)
    because = ground.rule if given else ""
    message = f"{format_eur(proposed)} proposés, {ceiling} ; conforme."
    return verdict(True, message, because or CONFORMITY, BASE)


def _ceiling(base: Decimal | None, granted: Decimal, given: Decimal, ground: Ground, limit: Decimal) -> str:
    """How the limit of a line is made up, in French."""
    parts = ["aucun montant imprimé" if base is None else f"base {format_eur(base)}"]
    if granted:
        parts.append(f"{_signed(granted)} déjà accordés")
    if given:
        parts.append(f"{_signed(given)} ({ground.label.lower()})")
    return f"au plus {format_eur(limit)} ({', '.join(parts)})"


def _signed(amount: Decimal) -> str:
    return f"+{format_eur(amount)}" if amount > 0 else format_eur(amount)
