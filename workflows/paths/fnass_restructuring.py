"""Restructuring of an establishment with money of the FNASS (inventory A33, A58, A69).

The paragraph that this path implements (COG 2014-2017, « Le retour à l’équilibre des établissements sanitaires et
médico-sociaux »):

    « Tout projet de restructuration et d’humanisation qui nécessiterait un financement du Fonds national d’action
    sanitaire et sociale devra systématiquement faire l’objet d’une note d’opportunité avec descriptif détaillé du
    projet médico-économique et présentation d’un plan prévisionnel de financement incluant l’impact de l’opération sur
    l’exploitation. Des rencontres régulières seront instaurées avec la Direction de la Sécurité sociale et la Direction
    du Budget pour permettre une concertation sur les dossiers présentés. »

No amount threshold: « systématiquement ». The concertation is no approval: the directeur général decides after it. Each
project that runs on 1 October owes its annual balance (``calendar.c201``).
"""

from functools import partial

from cases.enums import DecisionKind, DossierStatus, Duty, OrganisationKind, Role
from workflows.engine import (
    Begin,
    Clock,
    Finish,
    Path,
    Piece,
    Place,
    Seat,
    Step,
    StepContext,
    Within,
    credit_steps,
    effects,
    guards,
    outcome,
    register,
    restructuring,
    review_steps,
    this,
)

S = DossierStatus

SCOPE = "fnass.restructuring.scope"
NOTE = "fnass.restructuring.note"
DESCRIPTION = "fnass.restructuring.description"
PLAN = "fnass.restructuring.plan"
IMPACT = "fnass.restructuring.impact"
SUBMITTER = "fnass.restructuring.submitter"
DESK = "fnass.restructuring.desk"
CONCERTATION = "fnass.restructuring.concertation"
OPINIONS = "fnass.restructuring.opinions"
DECIDER = "fnass.restructuring.decider"
CAPITAL_LINE = "fnass.restructuring.capital_line"
EXECUTION = "fnass.restructuring.execution"
ABANDONED = "fnass.restructuring.abandoned"
BALANCE = "fnass.restructuring.balance"
SIGN_OFF_DELAY = "fnass.restructuring.sign_off_delay"
CHECK_DELAY = "fnass.restructuring.check_delay"
COMPLETION_DELAY = "fnass.restructuring.completion_delay"
DECIDE_DELAY = "fnass.restructuring.decide_delay"

#: What makes a file complete: the pieces, a plan that adds up and asks the fund, the impact on operation.
COMPLETE = (
    guards.missing_pieces,
    restructuring.plan_adds_up,
    restructuring.fnass_is_asked,
    restructuring.impact_is_given,
)

#: The paper of a decision of this path.
paper = partial(
    effects.decision,
    about="la restructuration d’un établissement financée par le fonds national d’action sanitaire et sociale",
)


def always(context: StepContext) -> bool:
    """« Systématiquement »: whatever the amount."""
    return True


@register
class FnassRestructuring(Path):
    """« Tout projet de restructuration et d’humanisation qui nécessiterait un financement du Fonds national d’action
    sanitaire et sociale devra systématiquement faire l’objet d’une note d’opportunité. »
    """

    key = "fnass_restructuring"
    prefix = "FNASS"
    title = "Restructuration d’un établissement (FNASS)"
    summary = "Opération d’un établissement que le FNASS finance : note d’opportunité, concertation, décision, budget."
    convention = "cog-2014-2017"
    organisation_kinds = frozenset({OrganisationKind.CARMI})
    form = restructuring.RestructuringForm
    amount_label = "Montant HT"
    simulation_requires = ("amount_ht",)
    verdict = (
        "note d’opportunité quel que soit le montant, concertation avec les deux ministères, puis le directeur général "
        "décide."
    )
    withdrawal_rule = "withdrawal"
    warnings = (restructuring.own_funds_first, restructuring.recorded_only)
    rules = (
        SCOPE,
        NOTE,
        DESCRIPTION,
        PLAN,
        "fnass.restructuring.plan_sum",
        "fnass.restructuring.own_funds_first",
        IMPACT,
        SUBMITTER,
        DESK,
        CONCERTATION,
        OPINIONS,
        DECIDER,
        CAPITAL_LINE,
        "fnass.restructuring.entry_ceiling",
        "fnass.restructuring.recorded_entry",
        EXECUTION,
        ABANDONED,
        BALANCE,
        SIGN_OFF_DELAY,
        CHECK_DELAY,
        COMPLETION_DELAY,
        "fnass.restructuring.opinion_delay",
        DECIDE_DELAY,
        "credits.no_overdraft",
        "exercise.accounts_closed",
        "refusal.motive",
        "withdrawal",
        "separation.prepare_decide",
        "calendar.review_suspension",
    )
    pieces = (
        Piece(
            "opportunity_note",
            "Note d’opportunité",
            NOTE,
            always,
            help="Elle dit pourquoi l’opération est nécessaire et pourquoi maintenant.",
        ),
        Piece(
            "medico_economic_description",
            "Descriptif du projet médico-économique",
            DESCRIPTION,
            always,
            help="Activité, capacité, personnels, coûts et recettes, avant et après l’opération.",
        ),
        Piece(
            "financing_plan",
            "Plan prévisionnel de financement",
            PLAN,
            always,
            help="Chaque source avec son accord ou la réponse attendue, et l’impact sur l’exploitation.",
        ),
    )

    start = Begin().Next(this.prepare)

    prepare = credit_steps.prepare_step(
        "Préparer le dossier", to=this.sign_off, guards=COMPLETE, rules=(SCOPE,)
    )

    sign_off = review_steps.sign_off(
        outcome(
            "transmit",
            "Transmettre",
            to=this.check,
            status=S.UNDER_REVIEW,
            guards=COMPLETE,
            style="primary",
        ),
        back=this.prepare,
        within=SIGN_OFF_DELAY,
        rules=(SUBMITTER,),
    )

    check = Step(
        title="Instruire le dossier",
        role=Role.REVIEWER,
        duty=Duty.REVIEW,
        within=Within(CHECK_DELAY),
        rules=(DESK, SCOPE),
        outcomes=[
            outcome(
                "complete",
                "Dossier complet : ouvrir la concertation",
                to=this.concertation,
                status=S.IN_CONSULTATION,
                guards=COMPLETE,
                style="primary",
                help="Inscrivez-le ensuite à l’ordre du jour d’une rencontre, depuis la page « Séances ».",
            ),
            review_steps.request_pieces(to=this.complete_file),
        ],
    )

    complete_file = review_steps.complete_file(
        to=this.check,
        guards=COMPLETE,
        within=COMPLETION_DELAY,
    )

    concertation = restructuring.concertation(to=this.decide)

    decide = Step(
        title="Décider",
        role=Role.DIRECTOR_GENERAL,
        duty=Duty.DECIDE,
        within=Within(DECIDE_DELAY),
        rules=(DECIDER, CONCERTATION),
        outcomes=[
            outcome(
                "approve",
                "Approuver l’opération",
                to=this.enter_budget,
                status=S.APPROVED,
                guards=COMPLETE,
                effects=(
                    paper(
                        DecisionKind.APPROVAL,
                        SCOPE,
                        CONCERTATION,
                        DECIDER,
                        paper=restructuring.decision_paper(
                            "approuve l’opération et son plan de financement ci-dessous",
                            "Opération approuvée",
                        ),
                    ),
                ),
                style="success",
                help="Vaut pour la part du FNASS que le plan demande ; elle s’inscrit ensuite au budget du fonds.",
            ),
            review_steps.refuse(
                this.close,
                paper(
                    DecisionKind.REFUSAL,
                    SCOPE,
                    CONCERTATION,
                    "refusal.motive",
                    paper=restructuring.decision_paper(
                        "refuse l’opération dont le plan de financement suit", "Opération refusée"
                    ),
                ),
            ),
            review_steps.send_back(this.check),
        ],
    )

    enter_budget = Step(
        title="Inscrire au budget du FNASS",
        role=Role.REVIEWER,
        duty=Duty.EXECUTE,
        rules=(CAPITAL_LINE, BALANCE),
        outcomes=[
            outcome(
                "enter",
                "Inscrire au budget",
                to=this.execute,
                status=S.APPROVED,
                form=restructuring.BudgetEntryForm,
                checks=(restructuring.entry_fits,),
                rules=("fnass.restructuring.entry_ceiling",),
                effects=(
                    restructuring.enter_in_budget,
                    paper(DecisionKind.COMMITMENT, CAPITAL_LINE, paper=restructuring.entry_paper),
                ),
                style="primary",
                help="Les crédits sont engagés quand le budget de l’exercice est ouvert ; sinon rien ne bouge.",
            ),
            outcome(
                "renounce",
                "Abandonner l’opération",
                to=this.end,
                status=S.LAPSED,
                motive=True,
                clock=Clock.DROP,
                rules=(ABANDONED,),
                help="Le dossier devient caduc ; aucun crédit n’est engagé.",
            ),
        ],
    )

    execute = Step(
        title="Constater l’exécution",
        role=Role.REGIONAL_DIRECTOR,
        also=(Seat(Role.REVIEWER, Place.FUND),),
        duty=Duty.EXECUTE,
        rules=(EXECUTION, BALANCE),
        outcomes=[
            outcome(
                "execute",
                "Constater l’exécution",
                to=this.close,
                status=S.EXECUTED,
                form=restructuring.ExecutionForm,
                checks=(restructuring.execution_fits,),
                effects=(restructuring.release_remainder,),
                style="primary",
                help="Ce qui était engagé et n’a pas été exécuté redevient disponible.",
            ),
            outcome(
                "renounce",
                "Abandonner l’opération",
                to=this.end,
                status=S.LAPSED,
                motive=True,
                clock=Clock.DROP,
                rules=(ABANDONED,),
                effects=(restructuring.release_commitment,),
                help="Le dossier devient caduc ; les crédits engagés redeviennent disponibles.",
            ),
        ],
    )

    close = review_steps.close_step(this.end, rules=(BALANCE,))

    end = Finish("Dossier terminé")
