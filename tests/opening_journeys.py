"""Ouverture plans for the tests: a committee of experts, œuvres, valid data, sessions, a dossier on its path."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from cases import clock
from cases.enums import OrganisationKind, Role
from cases.models import Dossier, Facility, Meeting, Organisation, User
from cases.register_terms import FacilityKind, MeetingKind
from cases.services.meetings import plan_meeting
from tests.credit_journeys import NOW
from tests.journeys import Cast, Journey
from workflows.services import create_draft, perform
from workflows.services.meetings import add_items

COMMITTEE = "comite-experts"
PIECES = ("opening_plan", "works_budget", "economic_comparison")
VOTES = {"members": 20, "votes_for": 12, "votes_against": 5, "abstentions": 2}
LOST = {"members": 20, "votes_for": 5, "votes_against": 12, "abstentions": 2}

#: FINESS numbers with a right key, of no œuvre that exists.
FINESS = ("620000018", "620000026", "620000034")

DOERS = {
    "prepare": "agent",
    "sign_off": "director",
    "transmit_opinion": "reviewer",
    "revise": "agent",
    "board_vote": "secretary",
    "approvals": "agent",
    "adhere": "agent",
    "close": "reviewer",
}


def committee(cast: Cast, count: int = 3) -> list[User]:
    """The committee of experts and ``count`` members: ``expert1``, ``expert2``…"""
    fund = cast.body["canssm"]
    cast.body[COMMITTEE] = Organisation.objects.create(
        code=COMMITTEE,
        name="Comité d’experts",
        kind=OrganisationKind.COMMITTEE,
        parent=fund,
        lineage=f"{fund.lineage}{COMMITTEE}/",
    )
    return [cast.person(f"expert{number}", (Role.EXPERT, COMMITTEE)) for number in range(1, count + 1)]


def facilities(cast: Cast, body: str = "carmi-npdc") -> list[Facility]:
    """Three œuvres of a body: two health centres and a consultation."""
    kinds = (FacilityKind.HEALTH_CENTRE, FacilityKind.HEALTH_CENTRE, FacilityKind.CONSULTATION)
    return [
        Facility.objects.create(
            code=f"{body}-{number}",
            name=f"Centre {number}",
            town="Lens",
            organisation=cast.body[body],
            kind=kind,
        )
        for number, kind in enumerate(kinds, start=1)
    ]


def plan(**changes: Any) -> dict[str, Any]:
    """Valid data: one œuvre kept with works, one moved, one closed."""
    data: dict[str, Any] = {
        "region": "Nord-Pas-de-Calais",
        "facilities": [
            {"facility": "carmi-npdc-1", "scenario": "keep", "works_budget": "120000.00"},
            {"facility": "carmi-npdc-2", "scenario": "move", "works_budget": "80000.50"},
            {"facility": "carmi-npdc-3", "scenario": "close", "works_budget": None},
        ],
        "economic_comparison": {"current": "900000.00", "target": "750000.00"},
        "staffing": "Deux secrétariats regroupés, 12,5 équivalents temps plein.",
    }
    return data | changes


class OpeningJourney(Journey):
    """One plan and the people who carry it."""

    @classmethod
    def file(
        cls,
        cast: Cast,
        *,
        pieces: Iterable[str] = PIECES,
        at: datetime = NOW,
        experts: int = 3,
        **changes: Any,
    ) -> OpeningJourney:
        """A draft with its pieces; makes committee and œuvres where there are none."""
        if COMMITTEE not in cast.body:
            committee(cast, experts)
        if not Facility.objects.filter(code="carmi-npdc-1").exists():
            facilities(cast)
        with clock.at(at):
            dossier = create_draft(
                path="ouverture_plan",
                organisation=cast.body["carmi-npdc"],
                actor=cast.agent,
                data=plan(**changes),
            )
            journey = cls(cast, dossier)
            for kind in pieces:
                journey.add(kind)
        return journey

    @classmethod
    def consulted(cls, cast: Cast, **options: Any) -> OpeningJourney:
        """A plan that the experts have before them."""
        journey = cls.file(cast, **options)
        journey.do("prepare.submit", at=options.get("at", NOW))
        journey.do("sign_off.transmit", at=options.get("at", NOW))
        return journey

    @classmethod
    def at_the_board(cls, cast: Cast, **options: Any) -> OpeningJourney:
        """A plan with its opinions, maintained, that waits for the board."""
        journey = cls.consulted(cast, **options)
        for number in range(1, 4):
            journey.opinion(f"expert{number}")
        journey.do("transmit_opinion.transmit", data={"synthesis": "Deux avis favorables sur trois."})
        journey.do("revise.maintain")
        return journey

    @classmethod
    def adopted(cls, cast: Cast, **options: Any) -> OpeningJourney:
        """A plan that the board has adopted."""
        journey = cls.at_the_board(cast, **options)
        journey.on_agenda(journey.session())
        journey.vote("adopted", endowment="150000.00")
        return journey

    def do(
        self, what: str, actor: str | None = None, *, at: datetime = NOW, data: Any = None, motive: str = ""
    ) -> Dossier:
        """Do ``step.outcome``, by the usual person."""
        step, outcome = what.split(".")
        doer = self.cast.people[actor or DOERS[step]]
        with clock.at(at):
            return perform(
                reference=self.reference, step=step, outcome=outcome, actor=doer, data=data, motive=motive
            )

    def opinion(
        self, expert: str, answer: str = "favourable", text: str = "Le plan est fondé.", at: datetime = NOW
    ) -> Dossier:
        """The opinion of an expert."""
        return self.do(f"expert_opinions.{answer}", expert, at=at, data={"text": text})

    def recuse(self, expert: str, at: datetime = NOW) -> Dossier:
        """An expert declares a conflict of interest."""
        return self.do("expert_opinions.recuse", expert, at=at, motive="J’ai conseillé cet organisme.")

    def session(self, on: date | None = None, at: datetime = NOW) -> Meeting:
        """A session of the board."""
        with clock.at(at):
            return plan_meeting(
                kind=MeetingKind.BOARD, held_on=on or NOW.date(), members=20, actor=self.cast.secretary
            )

    def on_agenda(self, meeting: Meeting, at: datetime = NOW) -> None:
        """Put the plan on its agenda."""
        with clock.at(at):
            add_items(public_id=meeting.public_id, references=[self.reference], actor=self.cast.secretary)

    def vote(self, outcome: str, *, on: date | None = None, at: datetime = NOW, **more: Any) -> Dossier:
        """The vote of the board, or the adjournment."""
        day = (on or NOW.date()).isoformat()
        votes = {} if outcome == "adjourned" else LOST if outcome == "rejected" else VOTES
        motive = "" if outcome == "adopted" else "Le plan n’est pas mûr."
        return self.do(f"board_vote.{outcome}", at=at, data={"voted_on": day} | votes | more, motive=motive)

    def approvals(self, *rows: dict[str, Any], at: datetime = NOW) -> Dossier:
        """Record agréments; all of them by default."""
        given = rows or (
            {"facility": "carmi-npdc-1", "finess": FINESS[0], "approval": "granted"},
            {"facility": "carmi-npdc-2", "finess": FINESS[1], "approval": "provisional"},
            {"facility": "carmi-npdc-3", "approval": "removed"},
        )
        return self.do("approvals.record", at=at, data={"approvals": list(given)})
