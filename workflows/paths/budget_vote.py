"""The vote of a budget, primitive or amending, of the four funds (inventory A03, A05, A08, A09, A10).

The paragraphs that this path implements (COG 2014-2017):

    « Le budget primitif présenté en N-1 et les budgets rectificatifs présentés en N, sont soumis par le directeur
    général au vote du conseil d’administration. L'approbation par les ministères de tutelle de ces budgets est réputée
    acquise sous réserve des conditions de notification prévues par le code de la sécurité sociale, s’ils sont conformes
    à la convention d’objectifs et de gestion (COG). » (FNGA, FNASS, FNPPS)

    « Le budget primitif N+1 est soumis au vote du conseil d’administration de la CANSSM après la clôture des comptes de
    l’exercice N et au plus tard le 30 juin N+1. (…) Les budgets rectificatifs N sont soumis au vote du conseil
    d’administration de la CANSSM avant le 31 décembre de l’année N. Ces budgets deviennent exécutoires vingt jours
    après réception de la décision du conseil par les ministères de tutelle. » (FNMO)

The board votes, each ministry receives its decision, then the budget of the FNMO is enforceable by the delay alone;
that of another fund is deemed approved by the delay when it conforms to the convention, and approved by each ministry
when it does not. The credits move at that moment.
"""

from collections.abc import Mapping
from typing import Any

from cases.enums import DecisionKind, DossierStatus, OrganisationKind
from workflows.engine import (
    Begin,
    Description,
    Finish,
    Path,
    Piece,
    Route,
    StepContext,
    budget_forms,
    budget_lines,
    budget_sales,
    budget_steps,
    credit_lines,
    credit_steps,
    guards,
    register,
    review_steps,
    this,
)

S = DossierStatus
BASE = "budget.base"
NOT_CONFORMING = "budget.not_conforming"
REGIONAL_DOCUMENT = "fnmo.budget.regional_document"
ABOUT = "un budget annuel"
FITS = (
    credit_lines.lines_given,
    credit_lines.exercise_open,
    budget_lines.not_before_its_year,
    budget_lines.accounts_closed,
    budget_lines.no_other_primitive,
    budget_lines.ground_computed,
    budget_lines.takes_what_is_there,
    budget_lines.override_motivated,
    budget_sales.sale_fits,
)


def is_fnmo(context: StepContext) -> bool:
    """Whether the budget is that of the FNMO."""
    return budget_forms.is_fnmo(context.data)


def conforms(context: StepContext) -> bool:
    """Whether the approval is deemed given by the delay: not for the FNMO, where nothing hangs on it."""
    return not is_fnmo(context) and budget_lines.conforms(context)


def budget(context: StepContext) -> str:
    """« le budget primitif 2026 du FNGA ci-dessous »."""
    return f"le {_named(context)} ci-dessous"


def of_budget(context: StepContext) -> str:
    """« du budget primitif 2026 du FNGA »."""
    return f"du {_named(context)}"


def _named(context: StepContext) -> str:
    kind = budget_forms.kind_of(context.data).label.lower()
    return f"{kind} {context.data['exercise']} du {credit_lines.fund_of(context)}"


def voted_by(context: StepContext) -> tuple[str, ...]:
    """The rule that puts this budget to the vote."""
    if is_fnmo(context):
        primitive = budget_forms.kind_of(context.data) == "primitive"
        return (budget_lines.AFTER_CLOSING,) if primitive else (budget_lines.deadline_rule(context),)
    return (budget_lines.PRESENTED,)


@register
class BudgetVote(Path):
    """« Le budget primitif présenté en N-1 et les budgets rectificatifs présentés en N, sont soumis par le directeur
    général au vote du conseil d’administration. »
    """

    key = "budget_vote"
    prefix = "BUD"
    title = "Vote d’un budget"
    summary = "Budget primitif ou rectificatif d’un fonds : vote du conseil, réception et approbation par la tutelle."
    convention = "cog-2014-2017"
    organisation_kinds = frozenset({OrganisationKind.FUND})
    form = budget_forms.BudgetForm
    simulation_requires = ("fund", "exercise", "kind")
    verdict = "le conseil d’administration vote, puis chaque ministère reçoit sa décision."
    withdrawal_rule = "withdrawal"
    on_withdrawal = (budget_sales.release_sale,)
    warnings = (budget_lines.judgement_shown, budget_lines.late, budget_sales.outside_register)
    pieces = (
        Piece(
            key="regional_investments",
            title="Document synthétique des investissements de chaque CARMI",
            rule=REGIONAL_DOCUMENT,
            required=is_fnmo,
            help="Joint à la présentation globale du budget du FNMO.",
        ),
    )
    rules = tuple(
        dict.fromkeys(
            (
                REGIONAL_DOCUMENT,
                *budget_lines.RULES,
                *budget_sales.RULES,
                *budget_steps.RULES,
                *budget_steps.FNMO_RULES,
            )
        )
    )

    @classmethod
    def describe(cls, data: Mapping[str, Any]) -> Description:
        """The title is made of kind, fund, exercise and presentation; the amount is what the budget gives."""
        return budget_lines.describe(data)

    start = Begin().Next(this.prepare)

    prepare = budget_steps.prepare_step(
        "Préparer le budget",
        to=this.board_vote,
        guards=(*FITS, guards.missing_pieces),
        effects=(
            budget_steps.submit_once,
            budget_sales.name_sale,
            budget_steps.note_judgement,
            budget_steps.breach_at_submission,
        ),
        rules=("credits.submitter", BASE),
    )

    board_vote = budget_steps.board_vote(
        to=this.notify_authorities,
        status=S.AWAITING_AUTHORITY,
        close=this.close,
        about=ABOUT,
        what=budget,
        tables=budget_steps.voted_tables,
        voted_by=voted_by,
        effects=(budget_steps.breach_at_vote, budget_sales.release_when_rejected),
    )

    notify_authorities = budget_steps.notify_step(
        complete=(
            Route(
                this.tacit_approval,
                S.AWAITING_AUTHORITY,
                when=conforms,
                label="conforme à la COG",
                rules=(budget_steps.TACIT,),
            ),
            Route(
                this.enforceable,
                S.AWAITING_AUTHORITY,
                when=is_fnmo,
                label="FNMO",
                rules=budget_steps.FNMO_RULES,
            ),
            Route(
                this.authority_approval,
                S.AWAITING_AUTHORITY,
                label="non conforme à la COG",
                rules=(NOT_CONFORMING,),
            ),
        ),
        again=this.notify_authorities,
    )

    tacit_approval = budget_steps.tacit_step(
        to=this.end,
        effects=(budget_steps.open_credits(budget_steps.legal_day(budget_steps.TACIT_DELAY)),),
        about=ABOUT,
        named=of_budget,
        tables=budget_steps.voted_tables,
        rules=(budget_steps.TACIT,),
    )

    enforceable = budget_steps.enforceable_step(
        to=this.end,
        effects=(budget_steps.open_credits(budget_steps.legal_day(budget_steps.ENFORCEABLE_DELAY)),),
    )

    authority_approval = credit_steps.ministries(
        title="Approuver le budget",
        agree=("approve", "Approuver"),
        to=[Route(this.end, S.ENFORCEABLE, effects=(budget_steps.open_credits(budget_steps.today),))],
        close=this.close,
        kind=DecisionKind.APPROVAL,
        about=ABOUT,
        ruling="approuve le budget ci-dessous",
        tables=budget_steps.voted_tables,
        rules=(NOT_CONFORMING,),
        refused=(budget_sales.release_sale,),
    )

    close = review_steps.close_step(this.end)

    end = Finish("Fin du circuit")
