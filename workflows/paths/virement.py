"""Virement of credits by the directeur général (inventory A18, A19, A21, A23).

The paragraphs that this path implements (COG 2014-2017, règles budgétaires du FNGA et du FNASS):

    « À l’intérieur de ces groupes de dépenses, les virements de crédits sont effectués par le directeur général. Les
    virements de crédits des dépenses de personnel vers les autres groupes de dépenses et des dépenses de gestion
    courantes vers les dépenses d’investissement sont effectués par le directeur général. Ils font l'objet d'une
    information du contrôleur général économique et financier et des ministères de tutelle dans les 15 jours qui suivent
    le virement. Tout autre virement est interdit. »
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from cases.enums import AtExpiry, DeadlineKind, DecisionKind, DossierStatus, Duty, OrganisationKind, Role
from workflows.engine import (
    Begin,
    Description,
    Finish,
    Path,
    Place,
    Route,
    Seat,
    Step,
    StepContext,
    Within,
    credit_effects,
    credit_forms,
    credit_lines,
    credit_steps,
    credits,
    effects,
    outcome,
    register,
    review_steps,
    this,
)

S = DossierStatus
DELAY = "virement.information.delay"
INTER = (
    "fnga.virement.inter_group.g1",
    "fnga.virement.inter_group.g2",
    "virement.information.addressees",
    DELAY,
)
INTRA = {"FNGA": "fnga.virement.intra_group", "FNASS": "fnass.virement.intra_group"}

FITS = (
    credit_lines.lines_given,
    credit_lines.exercise_open,
    credit_lines.only_by(credits.Way.VIREMENT),
    credit_lines.credits_suffice,
)


class VirementForm(credit_forms.TransfersForm):
    """Data of a virement: fund, exercise, what moves from which line to which, and why. Amounts in EUR."""

    fund = credit_forms.FundField()
    exercise = credit_forms.OpenedExerciseField()
    lines = credit_forms.transfer_rows()
    reason = credit_forms.long_text("Motif du virement", required="Dites pourquoi ces crédits sont virés.")


def governing_rules(context: StepContext) -> tuple[str, ...]:
    """The rules that the decision quotes: between groups, or inside a group of the fund."""
    if credit_lines.informs(context):
        return INTER
    return (INTRA[credit_lines.fund_of(context)],)


#: The paper of a decision on a virement.
paper = partial(effects.decision, also=governing_rules, about="un virement de crédits")
EFFECTED = (
    credit_effects.transfer,
    paper(
        DecisionKind.APPROVAL,
        "credits.effect",
        paper=credit_effects.transfers_paper(
            "effectue les virements de crédits ci-dessous", "Virement effectué"
        ),
    ),
)


@register
class Virement(Path):
    """« À l’intérieur de ces groupes de dépenses, les virements de crédits sont effectués par le directeur général. »

    Between the groups that the text names the directeur général acts alone too, then tells the others within 15 days.
    """

    key = "virement"
    prefix = "VIR"
    title = "Virement de crédits"
    summary = "Crédits déplacés d’une ligne à l’autre du FNGA ou du FNASS par le directeur général."
    convention = "cog-2014-2017"
    organisation_kinds = frozenset({OrganisationKind.CARMI, OrganisationKind.FUND})
    form = VirementForm
    simulation_requires = ("fund", "exercise")
    withdrawal_rule = "withdrawal"
    rules = tuple(
        dict.fromkeys(
            (
                *credits.VIREMENT_RULES,
                *credit_steps.RULES,
                *INTER,
                *INTRA.values(),
                "virement.information.start",
                "virement.receipt",
            )
        )
    )

    @classmethod
    def describe(cls, data: Mapping[str, Any]) -> Description:
        """The title is made of the fund, the exercise and the reason; the amount is the sum of the rows."""
        return credit_lines.describe("Virement", data)

    start = Begin().Next(this.prepare)

    prepare = Step(
        title="Préparer le virement",
        role=Role.PREPARER,
        filed_by=(Role.REVIEWER,),
        duty=Duty.PREPARE,
        edits=True,
        rules=("credits.submitter",),
        outcomes=[
            outcome(
                "submit",
                "Soumettre à l’agent comptable",
                to=this.check,
                status=S.SUBMITTED,
                guards=FITS,
                style="primary",
            )
        ],
    )

    check = credit_steps.check_credits(
        to=this.effect, status=S.AWAITING_DECISION, close=this.close, guards=FITS
    )

    effect = Step(
        title="Effectuer le virement",
        role=Role.DIRECTOR_GENERAL,
        duty=Duty.DECIDE,
        within=Within("credits.decide_delay"),
        rules=("credits.effect",),
        outcomes=[
            outcome(
                "effect",
                "Effectuer",
                routes=[
                    Route(
                        this.inform,
                        S.EXECUTED,
                        when=credit_lines.informs,
                        label="entre groupes",
                        rules=INTER,
                        effects=(
                            *EFFECTED,
                            credit_effects.inform_of_transfers("inform", *INTER),
                        ),
                    ),
                    Route(
                        this.close,
                        S.EXECUTED,
                        label="à l’intérieur d’un groupe",
                        effects=EFFECTED,
                    ),
                ],
                form=credit_forms.EffectForm,
                checks=(credit_lines.effect_day_fits,),
                guards=FITS,
                style="success",
                help="Les crédits bougent à ce moment, après une nouvelle vérification.",
            ),
            outcome(
                "refuse",
                "Refuser",
                to=this.close,
                status=S.REFUSED,
                motive=True,
                rules=("refusal.motive",),
                effects=(
                    paper(
                        DecisionKind.REFUSAL,
                        "refusal.motive",
                        paper=credit_effects.transfers_paper(
                            "refuse les virements de crédits ci-dessous", "Virement refusé"
                        ),
                    ),
                ),
                style="danger",
            ),
        ],
    )

    inform = Step(
        title="Accuser réception de l’information",
        role=Role.AUTHORITY,
        also=(Seat(Role.COMPTROLLER, Place.COMPTROLLER),),
        duty=Duty.EXECUTE,
        within=Within(
            DELAY,
            DeadlineKind.LEGAL,
            since=credit_effects.since_effect("effect"),
            at_expiry=AtExpiry.REPORT_BREACH,
        ),
        rules=("virement.information.addressees", DELAY, "virement.receipt"),
        outcomes=[
            outcome(
                "acknowledge",
                "Accuser réception",
                to=this.end,
                status=S.CLOSED,
                waits_for_all=True,
                answers=(credit_effects.acknowledge,),
                style="primary",
                help="Le dossier se clôt quand tous les destinataires ont accusé réception.",
            )
        ],
    )

    close = review_steps.close_step(this.end)

    end = Finish("Dossier clos")
