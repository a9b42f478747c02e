"""A document due at a date of the convention's calendar (inventory A15, C01 to C68).

The paragraph that this path implements (COG 2014-2017, règles budgétaires du FNGA, « Tableaux de bord budgétaires »):

    « La CANSSM établit pour chaque exercice budgétaire un tableau de bord budgétaire (TBB) accompagné d’une analyse de
    l’exécution budgétaire. […] Le calendrier de production
    d’un TBB relatif à l’exercice N se fera selon la périodicité suivante […]. »

The other documents that the CANSSM owes (reports, balances of the convention) go the same way. Their days, where the
text gives one, are the calendar's; dossiers of what comes back every year are opened by the system.
"""

from datetime import timedelta

from cases.enums import AtExpiry, DeadlineKind, DossierStatus, Duty, OrganisationKind, Role
from workflows.engine import (
    Begin,
    Finish,
    FixedDay,
    Outcome,
    Path,
    Piece,
    Place,
    Route,
    Seat,
    Step,
    StepContext,
    Within,
    guards,
    obligations,
    outcome,
    register,
    review_steps,
    this,
)

S = DossierStatus
DAY = "obligation.day"
PREPARATION = "obligation.preparation"
DOCUMENT = "obligation.document"
RECEPTION = "obligation.reception"
OPENING = "obligation.opening"


def always(context: StepContext) -> bool:
    """What is due is the document: nothing is handed over without it."""
    return True


def legal_day() -> Within:
    """The day of the text: one clock from the opening to the transmission, whoever has the document in hand."""
    return Within(
        DAY,
        DeadlineKind.LEGAL,
        due=obligations.legal_day,
        at_expiry=AtExpiry.REPORT_BREACH,
        through=True,
    )


def preparation_day(context: StepContext) -> FixedDay | None:
    """The day by which the document should be ready, so that it can be read before it leaves; none when it is past."""
    legal = obligations.legal_day(context)
    if legal is None:
        return None
    ready = legal.on - timedelta(days=context.rule(PREPARATION).number)
    return FixedDay(ready, PREPARATION) if ready > context.today else None


def reception(key: str, label: str) -> Outcome:
    """The document has arrived; whoever says so first settles it."""
    return outcome(
        key,
        label,
        to=this.close,
        status=S.EXECUTED,
        form=obligations.ReceptionForm,
        checks=(obligations.reception_fits,),
        style="success",
    )


@register
class ObligationPath(Path):
    """« Le calendrier de production d’un TBB relatif à l’exercice N se fera selon la périodicité suivante. »"""

    key = obligations.PATH
    prefix = "OBL"
    title = "Obligation du calendrier"
    summary = "Document que la CANSSM doit remettre à une date de la convention : préparé, transmis, reçu."
    convention = obligations.CONVENTION
    organisation_kinds = frozenset({OrganisationKind.FUND})
    form = obligations.ObligationForm
    simulation_requires = ("obligation", "exercise")
    withdrawal_rule = "withdrawal"
    rules = (DAY, PREPARATION, DOCUMENT, RECEPTION, OPENING, "withdrawal")
    pieces = (
        Piece(
            "transmitted_document",
            "Document transmis",
            DOCUMENT,
            always,
            help="Le tableau de bord, le rapport ou le bilan, tel que son destinataire le reçoit.",
        ),
    )

    start = Begin().Next(this.prepare)

    prepare = Step(
        title="Préparer le document",
        role=Role.PREPARER,
        filed_by=(Role.REVIEWER,),
        duty=Duty.PREPARE,
        edits=True,
        within=(legal_day(), Within(PREPARATION, due=preparation_day)),
        rules=(DAY,),
        outcomes=[
            outcome(
                "submit",
                "Prêt à transmettre",
                to=this.transmit,
                status=S.SUBMITTED,
                guards=(guards.missing_pieces,),
                style="primary",
            )
        ],
    )

    transmit = Step(
        title="Transmettre le document",
        role=Role.REVIEWER,
        duty=Duty.EXECUTE,
        within=legal_day(),
        rules=(DAY, DOCUMENT),
        outcomes=[
            outcome(
                "transmit",
                "Transmettre",
                routes=[
                    Route(
                        this.received_by_state,
                        S.AWAITING_DECISION,
                        when=obligations.addressed_to(OrganisationKind.MINISTRY),
                        label="à l’État",
                        effects=(obligations.note_transmission,),
                    ),
                    Route(
                        this.received_by_board,
                        S.AWAITING_DECISION,
                        when=obligations.addressed_to(OrganisationKind.BOARD),
                        label="au conseil d’administration",
                        effects=(obligations.note_transmission,),
                    ),
                    Route(
                        this.received,
                        S.AWAITING_DECISION,
                        label="à un autre destinataire",
                        effects=(obligations.note_transmission,),
                    ),
                ],
                guards=(guards.missing_pieces,),
                style="success",
                help="Le jour de cet acte est celui de la transmission ; l’échéance légale est tenue.",
            ),
            outcome(
                "return",
                "Renvoyer à la préparation",
                to=this.prepare,
                status=S.DRAFT,
                motive=True,
            ),
        ],
    )

    received_by_state = Step(
        title="Accuser réception (État)",
        role=Role.REVIEWER,
        also=(Seat(Role.AUTHORITY, Place.MINISTRIES),),
        duty=Duty.EXECUTE,
        rules=(RECEPTION,),
        outcomes=[reception("acknowledge", "Accuser réception")],
    )

    received_by_board = Step(
        title="Accuser réception (conseil)",
        role=Role.REVIEWER,
        also=(Seat(Role.BOARD_SECRETARY, Place.BOARD),),
        duty=Duty.EXECUTE,
        rules=(RECEPTION,),
        outcomes=[reception("acknowledge", "Accuser réception")],
    )

    received = Step(
        title="Constater la réception",
        role=Role.REVIEWER,
        duty=Duty.EXECUTE,
        rules=(RECEPTION,),
        outcomes=[reception("record", "Constater la réception")],
    )

    close = review_steps.close_step(this.end)

    end = Finish("Dossier clos")
