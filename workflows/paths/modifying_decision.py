"""Décision modificative of the FNASS: every virement outside its groups (inventory A22).

The paragraph that this path implements (COG 2014-2017, règles budgétaires du FNASS, « Les virements de crédits »):

    « Tout autre virement fait l’objet d’une décision modificative soumise au vote du conseil d’administration et à
    l’approbation des ministères de tutelle. »

The order follows the sentence: the board votes, then each ministry approves, then the credits move.
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
OTHER = "fnass.virement.other"
ABOUT = "une décision modificative du fonds national d’action sanitaire et sociale"

FITS = (
    credit_lines.lines_given,
    credit_lines.exercise_open,
    credit_lines.only_by(Way.VIREMENT, Way.MODIFYING_DECISION),
    credit_lines.credits_suffice,
)


class ModifyingDecisionForm(credit_forms.TransfersForm):
    """Data of a décision modificative: as a virement of the FNASS. Amounts in EUR."""

    fund = credit_forms.FundField((credits.FundCode.FNASS,), initial="FNASS")
    exercise = credit_forms.OpenedExerciseField()
    lines = credit_forms.transfer_rows()
    reason = credit_forms.long_text("Motif du virement", required="Dites pourquoi ces crédits sont virés.")


@register
class ModifyingDecision(Path):
    """« Tout autre virement fait l’objet d’une décision modificative soumise au vote du conseil d’administration et à
    l’approbation des ministères de tutelle. »
    """

    key = "modifying_decision"
    prefix = "DM"
    title = "Décision modificative"
    summary = "Virement du FNASS hors de ses groupes : vote du conseil, puis approbation de chaque ministère."
    convention = "cog-2014-2017"
    organisation_kinds = frozenset({OrganisationKind.CARMI, OrganisationKind.FUND})
    form = ModifyingDecisionForm
    verdict = (
        "hors des groupes du FNASS, possible par décision modificative : le conseil vote, puis chaque "
        "ministère approuve."
    )
    simulation_requires = ("fund", "exercise")
    withdrawal_rule = "withdrawal"
    rules = tuple(dict.fromkeys((*credits.VIREMENT_RULES, *credit_steps.RULES)))

    @classmethod
    def describe(cls, data: Mapping[str, Any]) -> Description:
        """The title is made of the fund, the exercise and the reason; the amount is the sum of the rows."""
        return credit_lines.describe("Décision modificative", data)

    start = Begin().Next(this.prepare)

    prepare = credit_steps.prepare_step(
        "Préparer la décision modificative", to=this.check, guards=FITS, filed_by=(Role.REVIEWER,)
    )

    check = credit_steps.check_credits(
        to=this.board_vote, status=S.AWAITING_DECISION, close=this.close, guards=FITS
    )

    board_vote = credit_steps.board_vote(
        adopted=[Route(this.authority_approval, S.AWAITING_AUTHORITY)],
        close=this.close,
        about=ABOUT,
        ruling="adopte la décision modificative qui porte les virements de crédits ci-dessous",
        lost="rejette la décision modificative qui porte les virements de crédits ci-dessous",
        tables=credit_effects.transfer_tables,
        rules=(OTHER,),
    )

    authority_approval = credit_steps.ministries(
        title="Approuver la décision modificative",
        agree=("approve", "Approuver"),
        to=[Route(this.effect, S.APPROVED)],
        close=this.close,
        kind=DecisionKind.APPROVAL,
        about=ABOUT,
        ruling="approuve la décision modificative qui porte les virements de crédits ci-dessous",
        tables=credit_effects.transfer_tables,
        rules=(OTHER,),
    )

    effect = credit_steps.effect_step(
        to=this.close,
        end=this.end,
        guards=FITS,
        effects=(credit_effects.transfer,),
        about=ABOUT,
        ruling="effectue les virements de crédits ci-dessous",
        tables=credit_effects.transfer_tables,
        rules=(OTHER,),
    )

    close = review_steps.close_step(this.end)

    end = Finish("Dossier clos")
