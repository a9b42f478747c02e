"""Carry-over of unspent credits to the next year (inventory A12, A13).

The paragraphs that this path implements (COG 2014-2017):

    « Chaque année, après la clôture des comptes, à la constatation du niveau des dépenses exécutées et au regard de
    leur analyse et de l'estimation des besoins, les crédits limitatifs non consommés au titre de l'année N -1 peuvent
    donner lieu à report sur l'exercice suivant afin d’être affectés à des dépenses à caractère non pérenne. Ces crédits
    augmentent à due concurrence le montant des autorisations de dépenses de l'exercice N. Ils donnent lieu à
    présentation d'un budget rectificatif au conseil d’administration. Les crédits évaluatifs non consommés au titre
    d’un exercice ne peuvent donner lieu à un report. La CANSSM produit, à l’appui de la décision du conseil
    d’administration, un état détaillé qui retrace l’origine en N-1 des crédits non consommés par ligne budgétaire. Les
    crédits non utilisés fin 2017 ne sont pas reportables et seront annulés. » (FNGA, FNASS, FNPPS)

    « les crédits de paiement non consommés constatés au niveau des trois sections sont reportés à due concurrence sur
    l’exercice suivant, durant la période conventionnelle (…) s'agissant des opérations en capital, les crédits reportés
    ne pourront correspondre qu'aux crédits non engagés sur chacun des programmes autorisés antérieurement. » (FNASS)

The board votes with the detailed statement before it, each ministry receives its decision; the convention itself gives
these credits, so that the approval is deemed given at the end of the delay, and they are carried over then.
"""

from collections.abc import Mapping
from typing import Any

from cases.enums import DossierStatus, OrganisationKind
from workflows.engine import (
    Begin,
    Description,
    Finish,
    Path,
    Piece,
    Route,
    StepContext,
    budget_forms,
    budget_steps,
    carry_over_lines,
    credit_forms,
    credit_lines,
    credit_steps,
    register,
    review_steps,
    this,
)

S = DossierStatus
VEHICLE = carry_over_lines.VEHICLE
PURPOSE = "carry_over.purpose"
CONFORMING = "carry_over.conforming"
ABOUT = "un report de crédits"
FITS = (
    credit_lines.lines_given,
    carry_over_lines.year_over,
    credit_lines.exercise_open,
    carry_over_lines.lines_carryable,
)


class CarryOverForm(budget_forms.VotedLinesForm):
    """Data of a carry-over: fund, the exercise that receives, lines and amounts (EUR), what they will pay for."""

    fund = credit_forms.FundField()
    exercise = credit_forms.OpenedExerciseField(
        label="Exercice qui reçoit", help_text="Les crédits viennent de l’exercice précédent."
    )
    lines = credit_forms.line_rows(
        label="Lignes reportées",
        help_text="Chaque crédit reste sur sa ligne, au plus ce qui n’a pas été engagé.",
    )
    purpose = credit_forms.long_text(
        "Dépenses non pérennes à financer",
        required="Dites quelles dépenses non pérennes ces crédits financeront : ils ne se reportent que pour elles.",
    )


def submitted(context: StepContext) -> bool:
    """Whether the detailed statement exists: it is made at the submission."""
    return context.dossier.status != S.DRAFT


def what(context: StepContext) -> str:
    """« le budget rectificatif 2015 du FNGA qui porte les reports ci-dessous »."""
    return f"le {_named(context)} ci-dessous"


def named(context: StepContext) -> str:
    """« du budget rectificatif 2015 du FNGA qui porte les reports »."""
    return f"du {_named(context)}"


def _named(context: StepContext) -> str:
    fund = credit_lines.fund_of(context)
    return f"budget rectificatif {context.data['exercise']} du {fund} qui porte les reports de crédits"


def voted_by(context: StepContext) -> tuple[str, ...]:
    """The rules that put the carry-over to the vote with its statement."""
    return (VEHICLE, carry_over_lines.STATEMENT)


@register
class CarryOver(Path):
    """« les crédits limitatifs non consommés au titre de l'année N -1 peuvent donner lieu à report sur l'exercice
    suivant afin d’être affectés à des dépenses à caractère non pérenne. »
    """

    key = "carry_over"
    prefix = "REP"
    title = "Report de crédits"
    summary = "Crédits non consommés reportés sur l’exercice suivant : contrôle, vote du conseil, approbation acquise."
    convention = "cog-2014-2017"
    organisation_kinds = frozenset({OrganisationKind.FUND})
    form = CarryOverForm
    simulation_requires = ("fund", "exercise")
    verdict = "le conseil d’administration vote, puis l’approbation est réputée acquise au terme du délai."
    withdrawal_rule = "withdrawal"
    warnings = (carry_over_lines.before_closing,)
    pieces = (
        Piece(
            key="carry_over_statement",
            title="État détaillé des crédits reportés",
            rule=carry_over_lines.STATEMENT,
            required=submitted,
            help="Établi par Berline à la soumission : rien à déposer.",
        ),
    )
    rules = tuple(dict.fromkeys((PURPOSE, CONFORMING, *carry_over_lines.RULES, *budget_steps.RULES)))

    @classmethod
    def describe(cls, data: Mapping[str, Any]) -> Description:
        """The title is made of the fund, the exercise and the purpose; the amount is the sum of the rows."""
        return credit_lines.describe("Report", {**data, "reason": data.get("purpose")})

    start = Begin().Next(this.prepare)

    prepare = budget_steps.prepare_step(
        "Préparer le report",
        to=this.check,
        guards=FITS,
        effects=(carry_over_lines.store_detailed_statement,),
        rules=("credits.submitter", carry_over_lines.LIMITATIVE, PURPOSE),
    )

    check = credit_steps.check_credits(
        to=this.board_vote,
        status=S.AWAITING_DECISION,
        close=this.close,
        guards=FITS,
        title="Vérifier les crédits non consommés",
    )

    board_vote = budget_steps.board_vote(
        to=this.notify_authorities,
        status=S.AWAITING_AUTHORITY,
        close=this.close,
        about=ABOUT,
        what=what,
        tables=carry_over_lines.carried_tables,
        voted_by=voted_by,
    )

    notify_authorities = budget_steps.notify_step(
        complete=(
            Route(this.tacit_approval, S.AWAITING_AUTHORITY, label="reçu par tous", rules=(CONFORMING,)),
        ),
        again=this.notify_authorities,
    )

    tacit_approval = budget_steps.tacit_step(
        to=this.end,
        effects=(carry_over_lines.carry,),
        about=ABOUT,
        named=named,
        tables=carry_over_lines.carried_tables,
        rules=(budget_steps.TACIT, CONFORMING),
    )

    close = review_steps.close_step(this.end)

    end = Finish("Fin du circuit")
