"""Restructurings of establishments with money of the FNASS (A33), in every state, and a balance of 1 October."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from workflows.demonstration.sessions import CONCERTATION, agenda, minutes
from workflows.demonstration.stories import Act, MonthDay, Story, close, message, piece, submit, transmit

PIECES = ("opportunity_note", "medico_economic_description", "financing_plan")


@dataclass(frozen=True, kw_only=True)
class Restructuring(Story):
    """One project. ``plan``: source → EUR; ``impact``: EUR of the years after the exercise (a gain is negative)."""

    establishment: str
    amount: str
    project: str
    plan: Mapping[str, str]
    impact: tuple[str, ...] = ()
    pieces: tuple[str, ...] | None = PIECES
    desk: str = "sante.canssm"

    @property
    def path(self) -> str:
        """Key of the path."""
        return "fnass_restructuring"

    def data(self, exercise: int) -> dict[str, Any]:
        """Data of the draft."""
        return {
            "establishment": self.establishment,
            "title": self.title,
            "amount_ht": self.amount,
            "exercise": exercise,
            "medico_economic_project": self.project,
            "financing_plan": [{"source": source, "amount": amount} for source, amount in self.plan.items()],
            "operating_impact": [
                {"year": exercise + after, "amount": amount}
                for after, amount in enumerate(self.impact, start=1)
            ],
        }


# --- acts -------------------------------------------------------------------------------------------------


def complete(days: int | None = None) -> Act:
    """The desk finds the file complete: the ministries are asked."""
    return Act("complete", days, step="check", outcome="complete", who="desk")


def request(motive: str, days: int | None = None) -> Act:
    """The desk asks for something more."""
    return Act("request_pieces", days, motive, step="check", outcome="request_pieces", who="desk")


def resubmit() -> Act:
    """Whoever files sends the completed file back."""
    return Act("resubmit", step="complete_file", outcome="resubmit")


def opinion(who: str, answer: str, text: str, days: int = 0) -> Act:
    """A ministry gives its opinion at the meeting of that day."""
    return Act(
        "opinion",
        days,
        data=lambda day: {"text": text, "met_on": day.isoformat()},
        step="concertation",
        outcome=answer,
        who=who,
    )


def decide(outcome: str, motive: str = "", days: int | None = None) -> Act:
    """The directeur général approves, refuses or sends back."""
    return Act(outcome, days, motive, step="decide", outcome=outcome, who="dg.canssm")


def enter(line: str, amount: str, days: int = 6) -> Act:
    """The budget desk enters the share of the FNASS in the budget of that year."""
    return Act(
        "enter",
        days,
        data=lambda day: {"exercise": day.year, "line": line, "amount": amount},
        step="enter_budget",
        outcome="enter",
        who="budget.canssm",
    )


def execute(amount: str, *, not_before: date) -> Act:
    """The regional director records what was executed."""
    return Act(
        "execute",
        5,
        data=lambda day: {"executed_on": day.isoformat(), "executed_amount": amount},
        step="execute",
        outcome="execute",
        who="directeur",
        not_before=not_before,
    )


def balance(not_before: MonthDay) -> tuple[Act, ...]:
    """The balance of the year: opened by the system, then prepared, handed over and received."""
    return (
        Act("balance_open", 1, who="system"),
        Act("balance_piece", 20, piece="transmitted_document", who="desk", not_before=not_before),
        Act("balance", 0, step="prepare", outcome="submit", who="desk"),
        Act("balance", 2, step="transmit", outcome="transmit", who="desk"),
        Act("balance", 3, step="received_by_state", outcome="acknowledge", who="dss"),
        Act("balance", 4, step="close", outcome="close", who="desk"),
    )


# --- stories ----------------------------------------------------------------------------------------------

PAST: tuple[Restructuring, ...] = (
    Restructuring(
        body="carmi-npdc",
        title="Humanisation des chambres de l’établissement de Charleville",
        begins=date(2015, 1, 19),
        exercise=2015,
        establishment="Établissement de long séjour de Charleville",
        amount="900000.00",
        project="Quarante chambres à un lit avec sanitaires, sans changement de capacité ; deux unités regroupées.",
        plan={"own_funds": "310000.00", "state": "110000.00", "fnass": "480000.00"},
        impact=("6000.00", "-22000.00", "-31000.00"),
        way=(
            submit(2),
            transmit(2),
            request("Le plan de financement annonce l’aide de l’agence sans son accord : joignez-le.", 4),
            piece("financing_plan", 8),
            resubmit(),
            complete(4),
            agenda(CONCERTATION, ahead=12, days=2),
            opinion("dss", "favourable", "L’opération s’inscrit dans le projet régional de santé.", 12),
            opinion("db", "reserved", "Le gain d’exploitation attendu est à vérifier chaque année."),
            minutes(CONCERTATION),
            decide("approve", days=5),
            enter("I.K.imm", "480000.00", 8),
            *balance((9, 15)),
            execute("463200.00", not_before=date(2015, 12, 7)),
            close(30),
        ),
    ),
    Restructuring(
        body="carmi-est",
        title="Extension de la polyclinique Sainte-Barbe",
        begins=date(2016, 3, 7),
        exercise=2016,
        establishment="Polyclinique Sainte-Barbe",
        amount="2400000.00",
        project="Dix lits de chirurgie ambulatoire dans une aile neuve.",
        plan={"bank_loan": "600000.00", "fnass": "1800000.00"},
        impact=("140000.00", "95000.00", "60000.00"),
        way=(
            submit(1),
            transmit(3),
            complete(6),
            agenda(CONCERTATION, ahead=15, days=2),
            opinion("db", "unfavourable", "La charge d’exploitation croît sans recettes en regard.", 15),
            opinion("dss", "unfavourable", "L’offre du territoire est déjà suffisante."),
            minutes(CONCERTATION),
            decide(
                "refuse",
                "Les deux ministères sont défavorables ; l’établissement est invité à un projet sans lits nouveaux.",
                4,
            ),
            close(20),
        ),
    ),
)

RECENT: tuple[Restructuring, ...] = (
    Restructuring(  # a draft that a cent blocks
        body="carmi-sud",
        title="Réfection des sanitaires de la maison de retraite de La Grand-Combe",
        begins=3,
        establishment="Maison de retraite de La Grand-Combe",
        amount="180000.00",
        project="Mise aux normes d’accessibilité de vingt-six cabinets de toilette.",
        plan={"own_funds": "60000.00", "fnass": "119999.99"},
        impact=("-1500.00",),
        pieces=("opportunity_note",),
        way=(),
    ),
    Restructuring(  # to review, without own funds: the page says so
        body="carmi-sud",
        title="Unité pour personnes désorientées de Gardanne",
        begins=9,
        establishment="Résidence de Gardanne",
        amount="640000.00",
        project="Douze places en unité fermée, jardin et lieu d’activité, par transformation de places d’hébergement.",
        plan={"local_authorities": "240000.00", "fnass": "400000.00"},
        impact=("18000.00", "9000.00"),
        way=(
            submit(1),
            transmit(1),
            message(
                "Le plan ne montre pas de fonds propres : l’établissement en a-t-il de disponibles ?",
                who="desk",
            ),
        ),
    ),
    Restructuring(  # on the agenda of the next concertation
        body="carmi-npdc",
        title="Humanisation de l’unité de soins de suite d’Oignies",
        begins=24,
        establishment="Établissement de soins de suite d’Oignies",
        amount="1150000.00",
        project="Chambres à un lit, plateau de rééducation rapproché des chambres.",
        plan={"own_funds": "350000.00", "state": "200000.00", "fnass": "600000.00"},
        impact=("-8000.00", "-26000.00"),
        way=(submit(1), transmit(2), complete(5), agenda(CONCERTATION, ahead=20, days=3)),
        small=True,
    ),
    Restructuring(  # on the same one
        body="carmi-est",
        title="Regroupement des cuisines de Freyming-Merlebach",
        begins=21,
        establishment="Hôpitaux de Freyming-Merlebach",
        amount="720000.00",
        project="Une cuisine centrale pour deux sites, liaison froide.",
        plan={"own_funds": "220000.00", "bank_loan": "150000.00", "fnass": "350000.00"},
        impact=("-40000.00", "-62000.00"),
        way=(submit(1), transmit(1), complete(6), agenda(CONCERTATION, ahead=20, days=2, join=True)),
    ),
    Restructuring(  # a decision to take, one opinion with a reserve
        body="carmi-est",
        title="Mise en sécurité incendie de l’établissement de Creutzwald",
        begins=38,
        establishment="Foyer logement de Creutzwald",
        amount="410000.00",
        project="Cloisonnement, désenfumage et détection des deux ailes.",
        plan={"own_funds": "130000.00", "fnass": "280000.00"},
        impact=("2500.00",),
        way=(
            submit(1),
            transmit(1),
            complete(5),
            agenda(CONCERTATION, ahead=13, days=1),
            opinion("dss", "favourable", "La sécurité des résidents ne peut attendre.", 13),
            opinion("db", "reserved", "Le calendrier des travaux est à resserrer sur un exercice."),
            minutes(CONCERTATION),
        ),
    ),
    Restructuring(  # approved, to be entered in the budget
        body="carmi-sud",
        title="Chambres à un lit de l’établissement d’Alès",
        begins=46,
        establishment="Établissement de soins d’Alès",
        amount="560000.00",
        project="Dix-huit chambres doubles deviennent des chambres à un lit.",
        plan={"own_funds": "200000.00", "other_schemes": "60000.00", "fnass": "300000.00"},
        impact=("-5000.00", "-11000.00"),
        way=(
            submit(1),
            transmit(2),
            complete(4),
            agenda(CONCERTATION, ahead=14, days=2),
            opinion("db", "favourable", "Le plan de financement est équilibré.", 14),
            opinion("dss", "favourable", "Projet conforme au plan d’humanisation."),
            minutes(CONCERTATION),
            decide("approve", days=4),
        ),
    ),
    Restructuring(  # entered, to be executed
        body="carmi-npdc",
        title="Ascenseurs de l’établissement de Liévin",
        begins=58,
        exercise="enter",
        establishment="Établissement de long séjour de Liévin",
        amount="260000.00",
        project="Deux monte-malades remplacés, accès de plain-pied à la cour.",
        plan={"own_funds": "90000.00", "fnass": "170000.00"},
        impact=("-3000.00",),
        way=(
            submit(1),
            transmit(1),
            complete(4),
            agenda(CONCERTATION, ahead=12, days=1),
            opinion("dss", "favourable", "Avis favorable.", 12),
            opinion("db", "favourable", "Avis favorable."),
            minutes(CONCERTATION),
            decide("approve", days=3),
            enter("I.K.imm", "170000.00", 5),
        ),
    ),
)

RESTRUCTURINGS: tuple[Story, ...] = (*PAST, *RECENT)
