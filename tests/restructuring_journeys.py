"""Restructurings for the tests: valid data, a meeting that has the dossier on its agenda, a dossier on its way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction

from cases import clock
from cases.models import Dossier, Meeting, User
from cases.register_terms import MeetingKind
from cases.services.meetings import plan_meeting, put_on_agenda
from tests.credit_journeys import NOW
from tests.journeys import Cast, Journey
from workflows.services import create_draft, perform

PIECES = ("opportunity_note", "medico_economic_description", "financing_plan")

#: Who does each step in an ordinary journey.
DOERS = {
    "prepare": "agent",
    "sign_off": "director",
    "check": "reviewer",
    "complete_file": "agent",
    "concertation": "ministry",
    "decide": "dg",
    "enter_budget": "reviewer",
    "execute": "director",
    "close": "reviewer",
}
TO_CONCERTATION = ("prepare.submit", "sign_off.transmit", "check.complete")
DECIDED = (
    *TO_CONCERTATION,
    "concertation.favourable@ministry",
    "concertation.reserved@ministry_db",
    "decide.approve",
)


def project(**more: Any) -> dict[str, Any]:
    """Valid data: 900 000 € of which 500 000 € are asked of the FNASS."""
    return {
        "establishment": "Établissement de long séjour de Charleville",
        "title": "Humanisation des chambres de long séjour",
        "amount_ht": "900000.00",
        "exercise": 2026,
        "medico_economic_project": "Chambres à un lit, sans changement de capacité.",
        "financing_plan": plan(("own_funds", "300000.00"), ("state", "100000.00"), ("fnass", "500000.00")),
        "operating_impact": [
            {"year": 2027, "amount": "-12000.00"},
            {"year": 2028, "amount": "-18000.00"},
        ],
    } | more


def plan(*rows: tuple[str, str]) -> list[dict[str, str]]:
    """Rows of a financing plan."""
    return [{"source": source, "amount": amount} for source, amount in rows]


def meeting_on(cast: Cast, day: date) -> Meeting:
    """The concertation planned on a day."""
    found = Meeting.objects.filter(kind=MeetingKind.CONCERTATION, held_on=day).first()
    return found or plan_meeting(kind=MeetingKind.CONCERTATION, held_on=day, actor=cast.reviewer)


class Restructuring(Journey):
    """One project; every act goes through ``workflows.services``, on ``NOW`` unless told otherwise."""

    @classmethod
    def file(
        cls, cast: Cast, *, at: datetime = NOW, pieces: Iterable[str] = PIECES, **data: Any
    ) -> Restructuring:
        """A draft of the CARMI Nord-Pas-de-Calais with its pieces."""
        with clock.at(at):
            dossier = create_draft(
                path="fnass_restructuring",
                organisation=cast.body["carmi-npdc"],
                actor=cast.agent,
                data=project(**data),
            )
            journey = cls(cast, dossier)
            for kind in pieces:
                journey.add(kind, actor=cast.agent)
        return journey

    def do(self, what: str, by: User | str | None = None, *, at: datetime = NOW, **options: Any) -> Dossier:
        """Do ``step.outcome`` at a moment, by default by the usual person, with a motive and valid data where asked."""
        step, outcome = what.split(".")
        by = by or DOERS[step]
        actor = self.cast.people[by] if isinstance(by, str) else by
        day = clock.paris_date(at).isoformat()
        if outcome in {"refuse", "request_pieces", "send_back", "renounce", "withdraw"}:
            options.setdefault("motive", "Le projet médical a changé.")
        if step == "concertation":
            options.setdefault("data", {"text": "Projet utile au territoire.", "met_on": day})
        elif outcome == "enter":
            options.setdefault("data", {"exercise": at.year, "line": "II.K.imm", "amount": "500000.00"})
        elif outcome == "execute":
            options.setdefault("data", {"executed_on": day, "executed_amount": "480000.00"})
        with clock.at(at):
            return perform(reference=self.reference, step=step, outcome=outcome, actor=actor, **options)

    def schedule(self, *, at: datetime = NOW) -> None:
        """Put the dossier on the agenda of the concertation of that day."""
        with clock.at(at), transaction.atomic():
            put_on_agenda(
                meeting=meeting_on(self.cast, clock.paris_date(at)),
                dossiers=[(self.dossier, "concertation")],
                actor=self.cast.reviewer,
            )

    def walk(self, *acts: str, at: datetime = NOW) -> Restructuring:
        """Do several acts (« concertation.favourable@ministry »); once complete, the dossier is put on an agenda."""
        for act in acts:
            what, _, by = act.partition("@")
            self.do(what, by or None, at=at)
            if what == "check.complete":
                self.schedule(at=at)
        return self
