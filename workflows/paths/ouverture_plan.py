"""Ouverture plan of a body's ambulatory œuvres (COG 2004-2006; inventory A63, A65, A66, A67).

The paragraph that this path implements:

    « Les plans d'ouverture concerneront la totalité des réalisations ambulatoires des SSM. Ils seront élaborés par les
    organismes locaux ; ils seront soumis pour validation à un comité d'experts placé sous l'autorité du directeur de la
    CANSSM. L'avis du comité d'experts sera transmis à l'organisme concerné. Le conseil d'administration de la CANSSM
    pourra donner son agrément aux plans proposés et attribuera la dotation budgétaire de restructuration des centres
    de santé. »

Then, œuvre by œuvre, the agréments are listed, requested, changed or given up with the sites that close (A65, A67), and
the centres join the accord national (A66). The opinion is advisory (decided where the text is silent): the board may
give its agrément to a plan that the experts do not favour.
"""

from collections.abc import Mapping
from typing import Any

from cases.enums import AtExpiry, DeadlineKind, DossierStatus, Duty, OrganisationKind, Role
from workflows.engine import (
    Begin,
    Description,
    Finish,
    Path,
    Piece,
    Route,
    Step,
    Within,
    consultation,
    credit_steps,
    guards,
    meetings,
    opening,
    opening_forms,
    outcome,
    register,
    review_steps,
    this,
)

S = DossierStatus

EXPERTS = "opening.experts"
EXPERTS_DELAY = "opening.experts_delay"
OPINION = "opening.opinion"
SESSION = "opening.session"
SIGN_OFF_DELAY = "opening.sign_off_delay"
TRANSMISSION_DELAY = "opening.transmission_delay"
REVISION_DELAY = "opening.revision_delay"
PLAN = "opening.plan"
WORKS_BUDGET = "opening.works_budget"
SUBMITTER = "opening.submitter"
CONFIDENTIALITY = "opening.confidentiality"
BOARD_VOTE = "board.vote"

on_board_agenda = meetings.on_agenda(meetings.MeetingKind.BOARD, SESSION)
note_session = meetings.note_on_agenda(meetings.MeetingKind.BOARD, SESSION)
COMPLETE = (guards.missing_pieces, opening.plan_is_whole)


@register
class OuverturePlan(Path):
    """« Les plans d'ouverture […] seront soumis pour validation à un comité d'experts […]. Le conseil
    d'administration de la CANSSM pourra donner son agrément aux plans proposés. »
    """

    key = "ouverture_plan"
    prefix = "OUV"
    title = "Plan d’ouverture des œuvres"
    summary = (
        "Agrément du plan d’ouverture des œuvres ambulatoires d’un organisme, après avis du comité d’experts."
    )
    convention = "cog-2004-2006"
    organisation_kinds = frozenset({OrganisationKind.CARMI})
    form = opening_forms.OuverturePlanForm
    amount_label = "Travaux"
    verdict = "le comité d’experts donne son avis, puis le conseil d’administration vote."
    withdrawal_rule = "withdrawal"
    warnings = (opening.missing_facilities, opening.dearer_target, opening.convention_over)
    rules = (
        opening.PERIMETER,
        SUBMITTER,
        PLAN,
        WORKS_BUDGET,
        opening.STAFFING,
        opening.COMPARISON,
        opening.CLOSURE,
        OPINION,
        opening.ADVISORY,
        EXPERTS,
        CONFIDENTIALITY,
        EXPERTS_DELAY,
        opening.TRANSMISSION,
        TRANSMISSION_DELAY,
        opening.REVISION,
        REVISION_DELAY,
        SIGN_OFF_DELAY,
        BOARD_VOTE,
        opening.BOARD,
        opening.ENDOWMENT,
        SESSION,
        opening.APPROVALS,
        opening.FINESS,
        opening.APPROVALS_BEFORE,
        "opening.provisional",
        opening.ADHESION,
        "opening.all_centres",
        opening.CONVENTION_OVER,
        "refusal.motive",
        "withdrawal",
        "separation.prepare_decide",
    )
    pieces = (
        Piece("opening_plan", "Plan d’ouverture", PLAN, lambda context: True),
        Piece(
            "works_budget",
            "Budget prévisionnel des travaux",
            WORKS_BUDGET,
            opening.has_works,
            help="Mise aux normes, regroupement, création de locaux.",
        ),
        Piece(
            "economic_comparison",
            "Comparaison économique",
            opening.COMPARISON,
            lambda context: True,
            help="Organisation actuelle et organisation cible, gains des fermetures compris.",
        ),
    )

    start = Begin().Next(this.prepare)

    prepare = Step(
        title="Élaborer le plan",
        role=Role.PREPARER,
        duty=Duty.PREPARE,
        edits=True,
        rules=(SUBMITTER,),
        outcomes=[
            outcome(
                "submit",
                "Soumettre au directeur régional",
                to=this.sign_off,
                status=S.SUBMITTED,
                guards=COMPLETE,
                style="primary",
            )
        ],
    )

    sign_off = review_steps.sign_off(
        outcome(
            "transmit",
            "Transmettre au comité d’experts",
            to=this.expert_opinions,
            status=S.IN_CONSULTATION,
            guards=COMPLETE,
            rules=(OPINION,),
            style="primary",
        ),
        back=this.prepare,
        within=SIGN_OFF_DELAY,
        rules=(SUBMITTER,),
    )

    expert_opinions = consultation(
        "Donner l’avis du comité",
        role=Role.EXPERT,
        experts=EXPERTS,
        confidential=True,
        again=this.expert_opinions,
        to=this.transmit_opinion,
        status=S.IN_CONSULTATION,
        rules=(OPINION, EXPERTS, CONFIDENTIALITY),
        within=Within(EXPERTS_DELAY, DeadlineKind.INTERNAL, at_expiry=AtExpiry.CLOSE, then="lapse"),
        help="Votre avis reste fermé à tous jusqu’à la clôture de la consultation ; rendu, il ne change plus.",
    )

    transmit_opinion = Step(
        title="Transmettre l’avis à l’organisme",
        role=Role.REVIEWER,
        duty=Duty.REVIEW,
        within=Within(TRANSMISSION_DELAY),
        rules=(opening.TRANSMISSION,),
        outcomes=[
            outcome(
                "transmit",
                "Transmettre l’avis",
                to=this.revise,
                status=S.UNDER_REVIEW,
                form=opening_forms.SynthesisForm,
                effects=(
                    opening.note_plan,
                    opening.opinion_paper(OPINION, opening.TRANSMISSION, opening.ADVISORY),
                ),
                rules=(opening.ADVISORY,),
                style="primary",
            )
        ],
    )

    revise = Step(
        title="Maintenir ou modifier le plan",
        role=Role.PREPARER,
        duty=Duty.PREPARE,
        edits=True,
        within=Within(REVISION_DELAY),
        rules=(opening.REVISION,),
        outcomes=[
            outcome(
                "maintain",
                "Maintenir le plan",
                to=this.board_vote,
                status=S.AWAITING_DECISION,
                guards=(*COMPLETE, opening.plan_is_the_same),
                style="primary",
            ),
            outcome(
                "amend",
                "Modifier le plan",
                routes=[
                    Route(
                        this.expert_opinions,
                        S.IN_CONSULTATION,
                        when=opening.goes_back,
                        label="nouvel avis demandé",
                        rules=(OPINION,),
                    ),
                    Route(this.board_vote, S.AWAITING_DECISION, label="avis déjà rendu"),
                ],
                form=opening_forms.AmendForm,
                guards=(*COMPLETE, opening.plan_has_changed),
                help="Modifiez d’abord les données et les pièces du plan.",
            ),
        ],
    )

    board_vote = Step(
        title="Recueillir le vote du conseil",
        role=Role.BOARD_SECRETARY,
        duty=Duty.DECIDE,
        rules=(opening.BOARD, BOARD_VOTE),
        outcomes=[
            outcome(
                "adopted",
                "Adopté",
                to=this.approvals,
                status=S.APPROVED,
                form=opening_forms.AdoptionForm,
                checks=(on_board_agenda, credit_steps.vote_fits(True)),
                effects=(
                    note_session,
                    opening.vote_paper(opening.BOARD, opening.ENDOWMENT, BOARD_VOTE, adopted=True),
                    opening.note_endowment,
                ),
                rules=(opening.ENDOWMENT, SESSION),
                style="success",
            ),
            outcome(
                "rejected",
                "Rejeté",
                to=this.close,
                status=S.REFUSED,
                motive=True,
                form=opening_forms.VoteForm,
                checks=(on_board_agenda, credit_steps.vote_fits(False)),
                effects=(
                    note_session,
                    opening.vote_paper(opening.BOARD, BOARD_VOTE, "refusal.motive", adopted=False),
                ),
                rules=("refusal.motive", SESSION),
                style="danger",
            ),
            outcome(
                "adjourned",
                "Ajourné",
                to=this.board_vote,
                status=S.AWAITING_DECISION,
                motive=True,
                form=opening_forms.AdjournmentForm,
                checks=(on_board_agenda, opening.adjourned_later),
                effects=(note_session,),
                rules=(SESSION,),
                help="Le plan revient à une séance ultérieure : inscrivez-le à son ordre du jour.",
            ),
        ],
    )

    approvals = Step(
        title="Recenser et demander les agréments",
        role=Role.PREPARER,
        duty=Duty.EXECUTE,
        within=Within(opening.APPROVALS_BEFORE, DeadlineKind.LEGAL, due=opening.approvals_last_day),
        rules=(opening.APPROVALS, opening.FINESS),
        outcomes=[
            outcome(
                "record",
                "Enregistrer les agréments",
                routes=[
                    Route(
                        this.close,
                        S.EXECUTED,
                        when=opening.nobody_adheres,
                        label="toutes les œuvres ferment",
                        rules=(opening.CLOSURE,),
                        effects=(opening.record_approvals,),
                    ),
                    Route(
                        this.adhere,
                        S.APPROVED,
                        when=opening.approvals_done,
                        label="chaque œuvre a son agrément",
                        effects=(opening.record_approvals,),
                    ),
                    Route(
                        this.approvals,
                        S.APPROVED,
                        label="un agrément manque",
                        effects=(opening.record_approvals,),
                    ),
                ],
                form=opening_forms.ApprovalsForm,
                initial=opening.awaited_approvals,
                checks=(opening.approvals_fit,),
                rules=("opening.provisional",),
                style="primary",
                help="Les agréments qui manquent s’enregistrent plus tard ; un site qui ferme perd le sien.",
            )
        ],
    )

    adhere = Step(
        title="Adhérer à l’accord national",
        role=Role.PREPARER,
        duty=Duty.EXECUTE,
        rules=(opening.ADHESION,),
        outcomes=[
            outcome(
                "adhere",
                "Enregistrer l’adhésion",
                routes=[
                    Route(
                        this.close,
                        S.EXECUTED,
                        when=opening.all_adhere,
                        label="toutes ont adhéré",
                        effects=(opening.record_adhesion,),
                    ),
                    Route(
                        this.adhere,
                        S.APPROVED,
                        label="une adhésion manque",
                        effects=(opening.record_adhesion,),
                    ),
                ],
                form=opening_forms.AdhesionForm,
                checks=(opening.adhesion_fits,),
                rules=("opening.all_centres",),
                style="primary",
            )
        ],
    )

    close = review_steps.close_step(this.end, rules=("opening.all_centres",))

    end = Finish("Dossier clos")

    @classmethod
    def describe(cls, data: Mapping[str, Any]) -> Description:
        """The region names the plan; its amount is that of the works."""
        works = opening_forms.works_of(data.get("facilities"))
        region = str(data.get("region") or "").strip()
        return Description(f"Plan d’ouverture — {region}" if region else "", works or None, None)
