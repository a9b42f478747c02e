"""What the convention says of moving credits from one line to another (inventory A18–A24). Pure: no database.

    >>> from datetime import date
    >>> from workflows.rulebook import convention_in_force
    >>> book = convention_in_force(date(2015, 3, 3))
    >>> found = classify(staff, software, lambda key: book.rule(key, date(2015, 3, 3)))  # doctest: +SKIP
    >>> found.kind, found.path                                                           # doctest: +SKIP
    (VirementClass.INTER_GROUP, 'virement')

A path passes ``context.rule``, so that a dossier is classified by the versions pinned on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cases.budget_terms import FundCode, Group, LineFacts, Mark, Nature, Side
from cases.errors import Quote, Reason
from workflows.credits.preview import Rules

INTRA_FNGA: Final = "fnga.virement.intra_group"
INTER_G1: Final = "fnga.virement.inter_group.g1"
INTER_G2: Final = "fnga.virement.inter_group.g2"
FORBIDDEN_FNGA: Final = "fnga.virement.forbidden"
DEROGATION: Final = "fnga.virement.derogation"
CDC: Final = "fnga.virement.cdc"
ANGDM: Final = "fnga.virement.angdm"
EVALUATIVE: Final = "fnga.virement.evaluative"
INFORMATION: Final = "virement.information.addressees"
DELAY: Final = "virement.information.delay"
OTHER_FUND: Final = "virement.other_fund"
INTRA_FNASS: Final = "fnass.virement.intra_group"
OTHER_FNASS: Final = "fnass.virement.other"
MENTON: Final = "fnass.menton"
FNPPS: Final = "fnpps.virement"
FNMO: Final = "fnmo.virement"
RESERVE_USE: Final = "reserve.prior_authorisation"
RESERVE_LINE: Final = "reserve.line"

RULES: Final = (
    INTRA_FNGA,
    INTER_G1,
    INTER_G2,
    FORBIDDEN_FNGA,
    DEROGATION,
    CDC,
    ANGDM,
    EVALUATIVE,
    INFORMATION,
    DELAY,
    OTHER_FUND,
    INTRA_FNASS,
    OTHER_FNASS,
    MENTON,
    FNPPS,
    FNMO,
    RESERVE_USE,
    RESERVE_LINE,
)
"""Every rule that a classification may quote."""

_INTER: Final = {Group.G1: INTER_G1, Group.G2: INTER_G2}


class VirementClass(StrEnum):
    """What the text says of a virement, from the freest to the strictest."""

    INTRA_GROUP = "intra_group"
    """The directeur général alone."""

    INTER_GROUP = "inter_group"
    """The directeur général; the contrôle général and the ministries are told within 15 days."""

    FORBIDDEN = "forbidden"
    """Not by a virement; ``Classification.path`` names the path to use instead, if there is one."""


class Way(StrEnum):
    """The path by which credits may go from one line to the other, from the lightest to the heaviest."""

    VIREMENT = "virement"
    DEROGATION = "virement_derogation"
    MODIFYING_DECISION = "modifying_decision"
    NATIONAL_RESERVE = "national_reserve"
    BUDGET_VOTE = "budget_vote"
    NONE = ""


_INSTEAD: Final = {
    Way.DEROGATION: (
        "Demandez une dérogation : accord préalable de chaque ministère, puis décision modificative "
        "votée par le conseil d’administration."
    ),
    Way.MODIFYING_DECISION: (
        "Préparez une décision modificative : vote du conseil d’administration, puis approbation des ministères."
    ),
    Way.NATIONAL_RESERVE: "Demandez l’utilisation de la réserve nationale.",
    Way.BUDGET_VOTE: "Préparez un budget rectificatif.",
    Way.NONE: "Aucune voie ne le permet : retirez cette ligne.",
}


@dataclass(frozen=True, slots=True)
class Classification:
    """What the text says of one line of a virement.

    ``code`` names the ground, ``message`` says it in French with what to do, ``quotes`` are its rules, the
    one that decides first. ``path`` is the key of the path by which the credits may go: ``virement`` when
    allowed, another one when that is forbidden, empty when nothing allows it.
    """

    origin: LineFacts
    target: LineFacts
    kind: VirementClass
    code: str
    path: Way
    message: str
    quotes: tuple[Quote, ...]

    @property
    def allowed(self) -> bool:
        """Whether a virement may do it."""
        return self.kind is not VirementClass.FORBIDDEN

    @property
    def informs(self) -> bool:
        """Whether the contrôle général and the ministries have to be told."""
        return self.kind is VirementClass.INTER_GROUP

    @property
    def quote(self) -> Quote | None:
        """The words that decide; none for what no text needs to forbid (a line to itself)."""
        return self.quotes[0] if self.quotes else None

    @property
    def strictness(self) -> tuple[int, int]:
        """Greater is stricter: first the path, then whether others have to be told."""
        return list(Way).index(self.path), list(VirementClass).index(self.kind)

    def as_reason(self) -> Reason:
        """Why a virement is blocked, for ``Blocked`` and the screens."""
        return Reason(self.code, self.message, quote=self.quote)


def classify(origin: LineFacts, target: LineFacts, rules: Rules) -> Classification:
    """Tell what the text says of moving credits from ``origin`` to ``target``, both leaves of a budget."""
    found = _Finding(origin, target, rules)
    if (origin.fund, origin.code) == (target.fund, target.code):
        return found.forbidden(
            "same_line", Way.NONE, f"« {origin} » est à la fois l’origine et la destination."
        )
    if origin.fund != target.fund:
        return found.forbidden(
            "other_fund",
            Way.BUDGET_VOTE,
            f"Aucun crédit ne passe du {origin.fund} au {target.fund}.",
            OTHER_FUND,
        )
    for line in (origin, target):
        if line.mark == Mark.MENTON:
            return found.forbidden("menton", Way.NONE, f"« {line} » n’est ni fongible ni reportable.", MENTON)
    if origin.mark == Mark.NATIONAL_RESERVE:
        return found.forbidden(
            "national_reserve",
            Way.NATIONAL_RESERVE,
            "La réserve nationale n’est utilisée qu’avec l’autorisation préalable des ministères de tutelle.",
            RESERVE_USE,
        )
    if target.mark == Mark.NATIONAL_RESERVE:
        return found.forbidden(
            "national_reserve",
            Way.BUDGET_VOTE,
            "La réserve nationale est une ligne spécifique, que seul un budget alimente.",
            RESERVE_LINE,
        )
    return _WITHIN[FundCode(origin.fund)](found)


def strictest(classifications: Iterable[Classification]) -> Classification:
    """The classification that governs a dossier of several lines; ``ValueError`` when there is none."""
    return max(classifications, key=lambda one: one.strictness)


@dataclass(frozen=True, slots=True)
class _Finding:
    """The two lines and the rules, and the sentences that a classification is made of."""

    origin: LineFacts
    target: LineFacts
    rules: Rules

    def forbidden(self, code: str, path: Way, why: str, *keys: str) -> Classification:
        """Not by a virement."""
        return self._made(VirementClass.FORBIDDEN, code, path, f"{why} {_INSTEAD[path]}", keys)

    def intra_group(self, key: str) -> Classification:
        """Allowed to the directeur général alone."""
        group = Group(self.origin.group)
        message = f"Virement à l’intérieur du groupe {group.value} ({group.label}) : le directeur général décide seul."
        return self._made(VirementClass.INTRA_GROUP, "intra_group", Way.VIREMENT, message, (key,))

    def inter_group(self, *keys: str) -> Classification:
        """Allowed to the directeur général, who tells the others."""
        message = (
            f"Virement du groupe {self.origin.group} vers le groupe {self.target.group} : le directeur général "
            f"décide, le contrôle général et les ministères sont informés dans les {self.rules(DELAY).number} jours."
        )
        return self._made(VirementClass.INTER_GROUP, "inter_group", Way.VIREMENT, message, keys)

    def _made(
        self, kind: VirementClass, code: str, path: Way, message: str, keys: tuple[str, ...]
    ) -> Classification:
        quotes = tuple(self.rules(key).as_quote() for key in keys)
        return Classification(self.origin, self.target, kind, code, path, message, quotes)


def _within_fnga(found: _Finding) -> Classification:
    origin, target = found.origin, found.target
    if origin.group and origin.group == target.group:
        return found.intra_group(INTRA_FNGA)
    if origin.group and target.group:
        inter = _INTER.get(Group(origin.group))
        if inter and target.group in found.rules(inter).items:
            return found.inter_group(inter, INFORMATION, DELAY)
        return found.forbidden(
            "forbidden_direction",
            Way.DEROGATION,
            f"Aucun virement n’est permis du groupe {origin.group} vers le groupe {target.group}.",
            FORBIDDEN_FNGA,
            DEROGATION,
        )
    outside = origin if not origin.group else target
    ground = _ground_outside_groups(outside)
    return found.forbidden(
        "no_group",
        Way.DEROGATION,
        f"« {outside} » n’est dans aucun groupe de fongibilité.",
        *((ground,) if ground else ()),
        FORBIDDEN_FNGA,
        DEROGATION,
    )


def _ground_outside_groups(line: LineFacts) -> str | None:
    """The rule that says why a line of the FNGA is in no group."""
    if line.nature == Nature.EVALUATIVE:
        return EVALUATIVE
    return {Side.CDC.value: CDC, Side.ANGDM.value: ANGDM}.get(line.side)


def _within_fnass(found: _Finding) -> Classification:
    origin, target = found.origin, found.target
    if origin.group and origin.group == target.group:
        return found.intra_group(INTRA_FNASS)
    outside = next((line for line in (origin, target) if not line.group), None)
    why = (
        f"« {outside} » n’est dans aucun groupe de fongibilité."
        if outside
        else f"Le directeur général ne vire pas du groupe {origin.group} vers le groupe {target.group}."
    )
    return found.forbidden("outside_groups", Way.MODIFYING_DECISION, why, OTHER_FNASS)


def _within_fnpps(found: _Finding) -> Classification:
    return found.forbidden(
        "no_virement", Way.BUDGET_VOTE, "Le texte ne prévoit aucun virement pour le FNPPS.", FNPPS
    )


def _within_fnmo(found: _Finding) -> Classification:
    return found.forbidden(
        "no_virement", Way.BUDGET_VOTE, "Le texte ne prévoit aucun virement pour le FNMO.", FNMO
    )


_WITHIN: Final[dict[FundCode, Callable[[_Finding], Classification]]] = {
    FundCode.FNGA: _within_fnga,
    FundCode.FNASS: _within_fnass,
    FundCode.FNPPS: _within_fnpps,
    FundCode.FNMO: _within_fnmo,
}
