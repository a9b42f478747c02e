"""Derogation to the prohibition of virements in the FNGA (inventory A20).

The paragraph that this path implements (COG 2014-2017, règles budgétaires du FNGA, « Les virements de crédits »):

    « Tout autre virement est interdit. Il ne peut être dérogé à cette règle qu’exceptionnellement, après accord
    préalable des ministères de tutelle, par une décision modificative soumise au vote du conseil d’administration. »

The order follows the sentence: each ministry agrees, then the board votes, then the credits move.
"""

from collections.abc import Mapping
from typing import Any

from cases.enums import DecisionKind, DossierStatus, OrganisationKind, Role
from workflows.engine import (
    Begin,
    Description,
    Finish,
    Path,
    Route,
    credit_effects,
    credit_forms,
    credit_lines,
    credit_steps,
    credits,
    register,
    review_steps,
    this,
)

S = DossierStatus
Way = credits.Way
FORBIDDEN = "fnga.virement.forbidden"
DEROGATION = "fnga.virement.derogation"
ABOUT = "une dérogation à l’interdiction d’un virement de crédits"

FITS = (
    credit_lines.lines_given,
    credit_lines.exercise_open,
    credit_lines.only_by(Way.VIREMENT, Way.DEROGATION),
    credit_lines.credits_suffice,
)


class DerogationForm(credit_forms.TransfersForm):
    """Data of a derogation: as a virement of the FNGA, and what makes it exceptional. Amounts in EUR."""

    fund = credit_forms.FundField((credits.FundCode.FNGA,), initial="FNGA")
    exercise = credit_forms.OpenedExerciseField()
    lines = credit_forms.transfer_rows()
    reason = credit_forms.long_text("Motif du virement", required="Dites pourquoi ces crédits sont virés.")
    exceptional_reason = credit_forms.long_text(
        "Caractère exceptionnel",
        required="Dites ce qui rend ce virement exceptionnel : le texte n’admet de dérogation qu’à ce titre.",
    )


@register
class VirementDerogation(Path):
    """« Il ne peut être dérogé à cette règle qu’exceptionnellement, après accord préalable des ministères de tutelle,
    par une décision modificative soumise au vote du conseil d’administration. »
    """

    key = "virement_derogation"
    prefix = "VDE"
    title = "Dérogation de virement"
    summary = (
        "Virement du FNGA que le texte interdit : accord préalable de chaque ministère, puis vote du conseil."
    )
    convention = "cog-2014-2017"
    organisation_kinds = frozenset({OrganisationKind.CARMI, OrganisationKind.FUND})
    form = DerogationForm
    verdict = (
        "interdit par simple virement, possible par dérogation : chaque ministère donne son accord, puis le "
        "conseil vote."
    )
    simulation_requires = ("fund", "exercise")
    withdrawal_rule = "withdrawal"
    rules = tuple(dict.fromkeys((*credits.VIREMENT_RULES, *credit_steps.RULES)))

    @classmethod
    def describe(cls, data: Mapping[str, Any]) -> Description:
        """The title is made of the fund, the exercise and the reason; the amount is the sum of the rows."""
        return credit_lines.describe("Dérogation", data)

    start = Begin().Next(this.prepare)

    prepare = credit_steps.prepare_step(
        "Préparer la demande", to=this.check, guards=FITS, filed_by=(Role.REVIEWER,)
    )

    check = credit_steps.check_credits(
        to=this.prior_agreement, status=S.AWAITING_AUTHORITY, close=this.close, guards=FITS
    )

    prior_agreement = credit_steps.ministries(
        title="Donner l’accord préalable",
        agree=("agree", "Donner l’accord"),
        to=[Route(this.board_vote, S.AWAITING_DECISION)],
        close=this.close,
        kind=DecisionKind.AGREEMENT,
        about=ABOUT,
        ruling="donne son accord préalable aux virements de crédits ci-dessous",
        tables=credit_effects.transfer_tables,
        rules=(FORBIDDEN, DEROGATION),
    )

    board_vote = credit_steps.board_vote(
        adopted=[Route(this.effect, S.APPROVED)],
        close=this.close,
        about=ABOUT,
        ruling="adopte la décision modificative qui porte les virements de crédits ci-dessous",
        lost="rejette la décision modificative qui porte les virements de crédits ci-dessous",
        tables=credit_effects.transfer_tables,
        rules=(DEROGATION,),
    )

    effect = credit_steps.effect_step(
        to=this.close,
        end=this.end,
        guards=FITS,
        effects=(credit_effects.transfer,),
        about=ABOUT,
        ruling="effectue les virements de crédits ci-dessous",
        tables=credit_effects.transfer_tables,
        rules=(DEROGATION,),
    )

    close = review_steps.close_step(this.end)

    end = Finish("Dossier clos")
