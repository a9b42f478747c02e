"""Ouverture plans of the œuvres (A63 to A67), filed under the convention 2004-2006, in every state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from workflows.demonstration.credit_stories import MEMBERS
from workflows.demonstration.sessions import BOARD, agenda, minutes
from workflows.demonstration.stories import Act, Story, close, edit, submit, transmit

PIECES = ("opening_plan", "works_budget", "economic_comparison")


@dataclass(frozen=True, kw_only=True)
class OpeningPlan(Story):
    """One plan. ``works``: œuvre → scenario and EUR of works; ``costs``: EUR a year today and in the target."""

    works: Mapping[str, tuple[str, str]]
    costs: tuple[str, str]
    staffing: str = "Secrétariats regroupés par site ; les effectifs sont chiffrés dans le plan joint."
    pieces: tuple[str, ...] | None = PIECES
    desk: str = "sante.canssm"

    @property
    def path(self) -> str:
        """Key of the path."""
        return "ouverture_plan"

    @property
    def opens_exercise(self) -> bool:
        """A plan is on no line of a budget."""
        return False

    def data(self, exercise: int) -> dict[str, Any]:
        """Data of the draft: the title of the story is the region."""
        return {
            "region": self.title,
            "facilities": [
                {"facility": code, "scenario": scenario, "works_budget": works or None}
                for code, (scenario, works) in self.works.items()
            ],
            "economic_comparison": {"current": self.costs[0], "target": self.costs[1]},
            "staffing": self.staffing,
        }


# --- acts -------------------------------------------------------------------------------------------------


def expert(who: str, answer: str, text: str, days: int = 3) -> Act:
    """An expert gives an opinion, closed to everybody else until all are in."""
    return Act("opinion", days, data={"text": text}, step="expert_opinions", outcome=answer, who=who)


def steps_down(who: str, motive: str, days: int = 2) -> Act:
    """An expert declares a conflict of interest."""
    return Act("opinion", days, motive, step="expert_opinions", outcome="recuse", who=who)


def synthesis(text: str, days: int = 3) -> Act:
    """The desk transmits the opinion of the committee to the body."""
    return Act(
        "transmit", days, data={"synthesis": text}, step="transmit_opinion", outcome="transmit", who="desk"
    )


def maintain(days: int = 4) -> Act:
    """The body maintains its plan."""
    return Act("resubmit", days, step="revise", outcome="maintain")


def amend(days: int = 1, *, again: bool = False) -> Act:
    """The body amends its plan, and may ask for another opinion."""
    return Act("resubmit", days, data={"new_opinion": again}, step="revise", outcome="amend")


def _votes(day: date, votes_for: int) -> dict[str, Any]:
    return {
        "voted_on": day.isoformat(),
        "members": MEMBERS,
        "votes_for": votes_for,
        "votes_against": MEMBERS - votes_for - 1,
        "abstentions": 1,
    }


def adopt(endowment: str, days: int) -> Act:
    """The board adopts the plan and attributes the endowment, EUR."""
    return Act(
        "vote",
        days,
        data=lambda day: _votes(day, 15) | {"endowment": endowment},
        step="board_vote",
        outcome="adopted",
        who="secretariat.ca",
    )


def turn_down(motive: str, days: int) -> Act:
    """The board rejects the plan."""
    return Act(
        "vote",
        days,
        motive,
        data=lambda day: _votes(day, 6),
        step="board_vote",
        outcome="rejected",
        who="secretariat.ca",
    )


def approve(*rows: tuple[str, str], days: int = 15) -> Act:
    """The body records the agréments: œuvre and state."""
    return Act(
        "regularise",
        days,
        data=lambda day: {
            "approvals": [
                {"facility": code, "approval": state, "on": day.isoformat(), "act": "Décision de l’autorité"}
                for code, state in rows
            ]
        },
        step="approvals",
        outcome="record",
    )


def adhere(days: int = 10) -> Act:
    """The œuvres that stay join the accord national."""
    return Act(
        "regularise",
        days,
        data=lambda day: {"adhered_on": day.isoformat()},
        step="adhere",
        outcome="adhere",
    )


# --- stories ----------------------------------------------------------------------------------------------

OPENINGS: tuple[Story, ...] = (
    OpeningPlan(  # adopted, every œuvre with its agrément, one site closed
        body="carmi-sud",
        title="Cévennes",
        begins=date(2015, 2, 16),
        exercise=2015,
        works={
            "sud-sante-ales": ("keep", "120000.00"),
            "sud-sante-grand-combe": ("regroup", "80000.00"),
            "sud-dentaire-gardanne": ("close", ""),
        },
        costs=("1480000.00", "1310000.00"),
        way=(
            submit(2),
            transmit(3),
            steps_down("expert.trois", "J’ai conseillé cet organisme sur le regroupement d’Alès."),
            expert(
                "expert.un", "favourable", "Le regroupement d’Alès répond à la baisse d’activité constatée."
            ),
            expert("expert.deux", "reserved", "Le calendrier des travaux de La Grand-Combe est à préciser."),
            Act("expire", who="system", calendar_days=45),
            synthesis(
                "Un avis favorable, un avis réservé sur le calendrier de La Grand-Combe ; un siège non pourvu."
            ),
            edit(
                5,
                staffing="Deux secrétariats regroupés à Alès, 9,5 équivalents temps plein ; travaux sur un an.",
            ),
            amend(),
            agenda(BOARD, ahead=14, days=2),
            adopt("150000.00", 14),
            minutes(BOARD),
            approve(("sud-sante-grand-combe", "existing"), ("sud-dentaire-gardanne", "removed")),
            adhere(),
            close(20),
        ),
    ),
    OpeningPlan(  # rejected
        body="carmi-est",
        title="Bassin potassique",
        begins=date(2016, 4, 11),
        exercise=2016,
        works={
            "est-sante-wittelsheim": ("move", "310000.00"),
            "est-sante-algrange": ("keep", "90000.00"),
        },
        costs=("690000.00", "705000.00"),
        way=(
            submit(1),
            transmit(2),
            expert("expert.un", "unfavourable", "L’organisation cible coûte plus que l’actuelle."),
            expert(
                "expert.deux",
                "unfavourable",
                "Le déplacement de Wittelsheim éloigne la majorité des patients.",
            ),
            expert("expert.trois", "reserved", "La mise aux normes d’Algrange se justifie seule."),
            synthesis(
                "Deux avis défavorables : le coût de la cible dépasse celui de l’organisation actuelle."
            ),
            maintain(),
            agenda(BOARD, ahead=16, days=2),
            turn_down(
                "Le coût de l’organisation cible n’est pas justifié ; un plan limité à Algrange est attendu.",
                16,
            ),
            minutes(BOARD),
            close(15),
        ),
    ),
    OpeningPlan(  # a draft
        body="carmi-sud",
        title="Provence",
        begins=4,
        works={"sud-sante-gardanne": ("keep", "140000.00")},
        costs=("520000.00", "498000.00"),
        pieces=("opening_plan",),
        way=(),
    ),
    OpeningPlan(  # one opinion given and sealed, two awaited
        body="carmi-npdc",
        title="Artois",
        begins=13,
        works={
            "npdc-sante-lievin": ("keep", "210000.00"),
            "npdc-sante-auchel": ("move", "160000.00"),
            "npdc-infirmiers-henin": ("regroup", "45000.00"),
        },
        costs=("2310000.00", "2050000.00"),
        way=(
            submit(1),
            transmit(2),
            expert("expert.un", "favourable", "Le plan est cohérent avec la démographie des praticiens.", 4),
        ),
        small=True,
    ),
    OpeningPlan(  # another one, so that each expert has one to give
        body="carmi-est",
        title="Bassin houiller lorrain",
        begins=12,
        works={
            "est-sante-forbach": ("keep", "260000.00"),
            "est-sante-creutzwald": ("regroup", "70000.00"),
        },
        costs=("1240000.00", "1105000.00"),
        way=(
            submit(1),
            transmit(1),
            expert("expert.deux", "reserved", "Le devenir du secrétariat de Creutzwald est à écrire.", 5),
        ),
    ),
    OpeningPlan(  # on the agenda of the next session of the board
        body="carmi-npdc",
        title="Douaisis et Valenciennois",
        begins=34,
        works={"npdc-sante-denain": ("keep", "190000.00"), "npdc-dentaire-lievin": ("regroup", "30000.00")},
        costs=("980000.00", "915000.00"),
        way=(
            submit(1),
            transmit(2),
            expert("expert.deux", "favourable", "Les travaux de Denain sont nécessaires à l’agrément.", 4),
            expert("expert.trois", "favourable", "Plan sobre et réalisable.", 2),
            expert("expert.un", "reserved", "Le regroupement dentaire suppose un second praticien.", 3),
            synthesis("Deux avis favorables, un avis réservé sur le regroupement dentaire."),
            maintain(),
            agenda(BOARD, ahead=18, days=3),
        ),
    ),
    OpeningPlan(  # adopted, agréments to be recorded
        body="carmi-est",
        title="Vallée de l’Orne",
        begins=55,
        works={"est-sante-freyming": ("keep", "110000.00")},
        costs=("610000.00", "570000.00"),
        way=(
            submit(1),
            transmit(1),
            expert("expert.un", "favourable", "Mise aux normes nécessaire.", 3),
            expert("expert.deux", "favourable", "Avis favorable au plan présenté.", 2),
            expert("expert.trois", "favourable", "Avis favorable au plan présenté.", 2),
            synthesis("Trois avis favorables."),
            maintain(),
            agenda(BOARD, ahead=15, days=2),
            adopt("95000.00", 15),
            minutes(BOARD),
        ),
    ),
)
