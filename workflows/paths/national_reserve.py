"""Use of the national reserve (inventory A11).

The paragraph that this path implements (COG 2014-2017, règles budgétaires communes au FNGA, FNASS et FNPPS):

    « Une enveloppe de crédits, appelée réserve nationale, faisant l’objet d’une ligne budgétaire spécifique, peut être
    ajoutée à la base de référence. Elle doit permettre à la CANSSM de répondre aux évènements imprévisibles affectant
    son fonctionnement au cours d’un exercice. Son utilisation est conditionnée par l’autorisation préalable des
    ministères de tutelle. Une information est faite au conseil d’administration. Les crédits non utilisés de la réserve
    nationale sont annulés en fin de chaque exercice. »

The order follows the sentences: each ministry authorises, the credits are used, the board is told of it.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from cases.enums import DecisionKind, DossierStatus, Duty, OrganisationKind, Role
from cases.services import PaperTable, ledger
from workflows.engine import (
    Begin,
    Description,
    DossierForm,
    Finish,
    MoneyField,
    Path,
    Reason,
    Route,
    RowsField,
    Step,
    StepContext,
    credit_effects,
    credit_forms,
    credit_lines,
    credit_sources,
    credit_steps,
    credits,
    format_eur,
    french_date,
    outcome,
    register,
    review_steps,
    this,
)

S = DossierStatus
LINE = "reserve.line"
PURPOSE = "reserve.purpose"
AUTHORISATION = "reserve.prior_authorisation"
INFORMATION = "reserve.board_information"
AFTER = "reserve.informed_after"
CANCELLED = "reserve.cancelled"
SUBMITTER = "reserve.submitter"
TARGETS = "reserve.targets"
ABOUT = "l’utilisation de la réserve nationale"
FUNDS = (credits.FundCode.FNGA, credits.FundCode.FNASS, credits.FundCode.FNPPS)


class ReserveForm(credit_forms.ReceivingForm):
    """Data of a use of the reserve: fund, exercise, lines that receive, the event that nobody could foresee. EUR."""

    line_columns = ("to",)

    fund = credit_forms.FundField(FUNDS)
    exercise = credit_forms.OpenedExerciseField()
    lines = RowsField(
        label="Lignes qui reçoivent les crédits de la réserve",
        error_messages={"required": "Ajoutez au moins une ligne."},
        columns={
            "to": credit_forms.LineCodeField(label="Vers"),
            "amount": MoneyField(label="Montant (€)"),
        },
    )
    event = credit_forms.long_text(
        "Évènement imprévisible",
        required="Dites quel évènement imprévisible affecte le fonctionnement : la réserve ne sert qu’à cela.",
    )
    reason = credit_forms.long_text(
        "Emploi des crédits", required="Dites à quoi serviront les crédits de la réserve."
    )


class InformationForm(DossierForm):
    """The session of the board that was informed."""

    informed_on = credit_forms.DayField(label="Date de la séance")


def rows_of(context: StepContext) -> tuple[credit_lines.CreditRow, ...]:
    """Lines and amounts (EUR) that the reserve feeds."""
    return credit_lines.credit_rows_of(context, "to")


def reserve_suffices(context: StepContext) -> Iterator[Reason]:
    """The reserve of the fund holds, in that exercise and now, what all rows take together."""
    line = credit_sources.line_of_fund(context, context.rule(LINE).items[0])
    asked = sum((row.amount for row in rows_of(context)), Decimal(0))
    if line is None or not asked:
        return
    have = credit_sources.balance_on(context, line).available
    if asked > have:
        yield Reason(
            "insufficient_credits",
            f"La réserve nationale du {line.fund_id} n’a que {format_eur(have)} : {format_eur(asked)} sont demandés. "
            "Réduisez la demande, ou faites voter un budget qui abonde la réserve.",
            Role.PREPARER.label,
            context.quote(LINE),
        )


def reserve_not_cancelled(context: StepContext) -> Iterator[Reason]:
    """The reserve is used in its exercise: what is left on its last day is cancelled."""
    year = int(context.data.get("exercise") or context.today.year)
    last = context.rule(CANCELLED).date_for(year)
    if context.today > last:
        yield Reason(
            "reserve_cancelled",
            f"La réserve nationale {year} non utilisée est annulée depuis le {french_date(last)}. "
            "Demandez l’utilisation de celle de l’exercice en cours.",
            Role.PREPARER.label,
            context.quote(CANCELLED),
        )


def informed_after_effect(context: StepContext) -> Iterator[Reason]:
    """The board is told of what was done: its session is not before the effect."""
    effected_on = context.dossier.results["effect"]["effected_on"]
    if context.act["informed_on"].isoformat() < effected_on:
        day = credit_effects.since_effect("effect")(context)
        yield Reason(
            "informed_before_effect",
            f"La séance du {french_date(context.act['informed_on'])} précède l’effet, le {french_date(day)} : "
            "indiquez la séance à laquelle le conseil en a été informé.",
            Role.BOARD_SECRETARY.label,
            context.quote(AFTER),
        )


FITS = (
    credit_lines.lines_given,
    credit_lines.exercise_open,
    reserve_not_cancelled,
    credit_sources.may_receive("to"),
    reserve_suffices,
)


def use_reserve(context: StepContext) -> None:
    """Move the credits from the reserve to the lines, after a fresh check under lock. Raises ``Blocked``."""
    line = credit_sources.line_of_fund(context, context.rule(LINE).items[0])
    if line is None:
        raise RuntimeError(f"{context.dossier.reference}: the fund has no reserve")
    movement = ledger.transfer(
        exercise=credit_effects.exercise_needed(context),
        transfers=[ledger.Transfer(line, row.line, row.amount) for row in rows_of(context)],
        label=context.dossier.title,
        dossier=context.dossier,
        effective_on=credit_effects.effected_on(context),
    )
    context.changes["movement"] = movement.pk


def tables(context: StepContext) -> list[PaperTable]:
    """The lines that the reserve feeds, for a paper."""
    return [credit_lines.credits_table("Crédits pris sur la réserve nationale", rows_of(context))]


@register
class NationalReserve(Path):
    """« Son utilisation est conditionnée par l’autorisation préalable des ministères de tutelle. Une information est
    faite au conseil d’administration. »
    """

    key = "national_reserve"
    prefix = "RES"
    title = "Utilisation de la réserve nationale"
    summary = "Crédits pris sur la réserve nationale : autorisation de chaque ministère, puis information du conseil."
    convention = "cog-2014-2017"
    organisation_kinds = frozenset({OrganisationKind.FUND})
    form = ReserveForm
    simulation_requires = ("fund", "exercise")
    verdict = "chaque ministère autorise, le directeur général effectue, puis le conseil est informé."
    withdrawal_rule = "withdrawal"
    warnings = (credit_sources.receives_without_need("to"),)
    rules = tuple(
        dict.fromkeys(
            (
                LINE,
                PURPOSE,
                AUTHORISATION,
                INFORMATION,
                AFTER,
                CANCELLED,
                SUBMITTER,
                TARGETS,
                *credit_sources.RECEIVING_RULES,
                *credit_steps.RULES,
            )
        )
    )

    @classmethod
    def describe(cls, data: Mapping[str, Any]) -> Description:
        """The title is made of the fund, the exercise and the reason; the amount is the sum of the rows."""
        return credit_lines.describe("Réserve nationale", data)

    start = Begin().Next(this.prepare)

    prepare = credit_steps.prepare_step(
        "Préparer la demande",
        to=this.check,
        guards=FITS,
        filed_by=(Role.REVIEWER,),
        rules=(PURPOSE, SUBMITTER, TARGETS),
    )

    check = credit_steps.check_credits(
        to=this.prior_authorisation, status=S.AWAITING_AUTHORITY, close=this.close, guards=FITS
    )

    prior_authorisation = credit_steps.ministries(
        title="Autoriser l’utilisation de la réserve",
        agree=("authorise", "Autoriser"),
        to=[Route(this.effect, S.APPROVED)],
        close=this.close,
        kind=DecisionKind.AGREEMENT,
        about=ABOUT,
        ruling="autorise l’utilisation de la réserve nationale ci-dessous",
        tables=tables,
        rules=(AUTHORISATION, PURPOSE),
        guards=(reserve_not_cancelled,),
    )

    effect = credit_steps.effect_step(
        to=this.inform_board,
        end=this.end,
        guards=FITS,
        effects=(use_reserve,),
        about=ABOUT,
        ruling="utilise la réserve nationale pour les lignes ci-dessous",
        tables=tables,
        rules=(AUTHORISATION, INFORMATION),
        lapses=CANCELLED,
    )

    inform_board = Step(
        title="Informer le conseil",
        role=Role.BOARD_SECRETARY,
        duty=Duty.EXECUTE,
        rules=(INFORMATION, AFTER),
        outcomes=[
            outcome(
                "inform",
                "Enregistrer l’information du conseil",
                to=this.end,
                status=S.CLOSED,
                form=InformationForm,
                checks=(informed_after_effect,),
                style="primary",
                help="Le dossier se clôt avec la séance à laquelle le conseil a été informé.",
            )
        ],
    )

    close = review_steps.close_step(this.end)

    end = Finish("Dossier clos")
