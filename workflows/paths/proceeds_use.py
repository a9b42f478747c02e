"""Agrément of the use of the proceeds of a sale (COG 2004-2006, inventory A76).

The paragraph that this path implements (7.5.2, utilisation du produit de la vente des immeubles):

    « L'optimisation du patrimoine peut conduire à la vente d'immeubles ; le produit de ces ventes doit pouvoir être
    laissé à la disposition des organismes (en tant que recette des fonds régionaux de modernisation des œuvres
    mentionnés à l'annexe 4), afin de subvenir aux besoins de financement des opérations de réhabilitation, ou
    d'opérations de restructuration, permettant de répondre à leur politique de gestions des œuvres et des
    établissements, après agrément par la CANSSM. »

The sale itself is recorded by its own dossier; what the CANSSM agrees to here is the use of what is left of its price.
"""

from cases.enums import DossierStatus, Duty, OrganisationKind, Role
from workflows.engine import (
    Begin,
    Finish,
    Path,
    Piece,
    Step,
    StepContext,
    Within,
    guards,
    outcome,
    proceeds_use,
    register,
    review_steps,
    this,
)

S = DossierStatus

SUBMITTER = "proceeds.submitter"
DESK = "proceeds.desk"
NOTE = "proceeds.operation_note"
SIGN_OFF_DELAY = "proceeds.sign_off_delay"
CHECK_DELAY = "proceeds.check_delay"
COMPLETION_DELAY = "proceeds.completion_delay"
DECIDE_DELAY = "proceeds.decide_delay"
SUSPENSION = "calendar.review_suspension"

FITS = (guards.missing_pieces, *proceeds_use.FITS)


def always(context: StepContext) -> bool:
    """The operation is always presented."""
    return True


@register
class ProceedsUse(Path):
    """« le produit de ces ventes doit pouvoir être laissé à la disposition des organismes […] après agrément par la
    CANSSM »
    """

    key = "proceeds_use"
    prefix = "EMPLOI"
    title = "Emploi du produit d’une vente"
    summary = "Agrément de l’emploi du produit de la vente d’un immeuble (COG 2004-2006)."
    convention = "cog-2004-2006"
    organisation_kinds = frozenset({OrganisationKind.CARMI})
    form = proceeds_use.ProceedsUseForm
    simulation_requires = ("sale", "amount_ht")
    withdrawal_rule = "withdrawal"
    warnings = (proceeds_use.convention_over,)
    rules = (
        *proceeds_use.RULES,
        SUBMITTER,
        DESK,
        NOTE,
        SIGN_OFF_DELAY,
        CHECK_DELAY,
        COMPLETION_DELAY,
        DECIDE_DELAY,
        SUSPENSION,
        "refusal.motive",
        "withdrawal",
        "separation.prepare_decide",
    )
    pieces = (
        Piece(
            "operation_note",
            "Présentation de l’opération",
            NOTE,
            always,
            help="L’opération, son coût, son plan de financement.",
        ),
    )

    start = Begin().Next(this.prepare)

    prepare = Step(
        title="Préparer la demande",
        role=Role.PREPARER,
        duty=Duty.PREPARE,
        edits=True,
        rules=(proceeds_use.OBJECT,),
        outcomes=[
            outcome(
                "submit",
                "Soumettre au directeur régional",
                to=this.sign_off,
                status=S.SUBMITTED,
                guards=FITS,
                style="primary",
            )
        ],
    )

    sign_off = review_steps.sign_off(
        outcome(
            "transmit",
            "Transmettre",
            to=this.check,
            status=S.UNDER_REVIEW,
            guards=FITS,
            style="primary",
        ),
        back=this.prepare,
        within=SIGN_OFF_DELAY,
        rules=(SUBMITTER,),
    )

    check = Step(
        title="Instruire la demande",
        role=Role.REVIEWER,
        duty=Duty.REVIEW,
        within=Within(CHECK_DELAY),
        rules=(DESK,),
        outcomes=[
            outcome(
                "complete",
                "Dossier complet : proposer à la décision",
                to=this.decide,
                status=S.AWAITING_DECISION,
                guards=FITS,
                style="primary",
            ),
            review_steps.request_pieces(to=this.complete_file),
        ],
    )

    complete_file = review_steps.complete_file(
        to=this.check,
        guards=FITS,
        within=COMPLETION_DELAY,
    )

    decide = Step(
        title="Agréer l’emploi",
        role=Role.DIRECTOR_GENERAL,
        duty=Duty.DECIDE,
        within=Within(DECIDE_DELAY),
        rules=(proceeds_use.AGREEMENT, proceeds_use.DECIDER),
        outcomes=[
            outcome(
                "agree",
                "Agréer",
                to=this.close,
                status=S.EXECUTED,
                guards=FITS,
                effects=(proceeds_use.use_proceeds, proceeds_use.agreement_paper),
                style="success",
                help="Le montant devient une recette du fonds régional de modernisation des œuvres.",
            ),
            review_steps.refuse(
                this.close,
                proceeds_use.refusal_paper,
            ),
            review_steps.send_back(this.check),
        ],
    )

    close = review_steps.close_step(this.end, rules=(DESK,))

    end = Finish("Dossier clos")
