"""Dossiers of credits for the tests: the real budgets in March 2026, and a dossier that walks its path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cases import clock
from cases.models import BudgetLine, Dossier, Exercise, User
from cases.selectors import available
from tests.budgets import real_budgets
from tests.journeys import Cast, Journey
from workflows.services import create_draft, perform

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday: the exercise 2026 is open, carried forward from 2017; those before are closed."""

#: Who does each step in an ordinary journey.
DOERS = {
    "prepare": "agent",
    "sign_off": "director",
    "check": "accountant",
    "effect": "dg",
    "board_vote": "secretary",
    "prior_agreement": "ministry",
    "prior_authorisation": "ministry",
    "authority_approval": "ministry",
    "inform": "ministry",
    "inform_board": "secretary",
    "notify_authorities": "reviewer",
    "close": "reviewer",
}

VOTE = {"members": 20, "votes_for": 12, "votes_against": 5, "abstentions": 2}
LOST = {"members": 20, "votes_for": 5, "votes_against": 12, "abstentions": 2}


def transfers(*rows: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """Valid data of a virement of the FNGA: (from, to, amount)…"""
    return {
        "fund": "FNGA",
        "exercise": 2026,
        "lines": [{"from": origin, "to": target, "amount": amount} for origin, target, amount in rows],
        "reason": "Remplacement des postes de travail",
    } | more


class CreditJourney(Journey):
    """One dossier of credits; every act goes through ``workflows.services``, on ``NOW`` unless told otherwise."""

    @classmethod
    def file(
        cls,
        cast: Cast,
        path: str,
        data: Mapping[str, Any],
        *,
        by: str = "agent",
        body: str = "carmi-npdc",
        at: datetime = NOW,
        pieces: Iterable[str] = (),
    ) -> CreditJourney:
        """A draft on the real budgets."""
        with clock.at(at):
            real_budgets()
            dossier = create_draft(path=path, organisation=cast.body[body], actor=cast.people[by], data=data)
            journey = cls(cast, dossier)
            for kind in pieces:
                journey.add(kind, actor=cast.people[by])
        return journey

    def do(self, what: str, by: User | str | None = None, *, at: datetime = NOW, **options: Any) -> Dossier:
        """Do ``step.outcome`` at a moment, by default by the usual person, with a motive and a vote where asked."""
        step, outcome = what.split(".")
        by = by or DOERS[step]
        actor = self.cast.people[by] if isinstance(by, str) else by
        if outcome in {"refuse", "reject", "rejected", "withdraw", "renounce"}:
            options.setdefault("motive", "Le besoin a disparu.")
        if step == "board_vote":
            vote = VOTE if outcome == "adopted" else LOST
            given = options.get("data") or {}
            options["data"] = {"voted_on": clock.paris_date(at).isoformat()} | vote | given
        return self.plain(step, outcome, actor, at=at, **options)

    def plain(self, step: str, outcome: str, actor: User, *, at: datetime = NOW, **options: Any) -> Dossier:
        """Do an act at a moment with these options and no others."""
        with clock.at(at):
            return perform(reference=self.reference, step=step, outcome=outcome, actor=actor, **options)

    def walk(self, *acts: str, at: datetime = NOW) -> CreditJourney:
        """Do several acts: « prepare.submit », or « inform.acknowledge@ministry_db »."""
        for act in acts:
            what, _, by = act.partition("@")
            self.do(what, by or None, at=at)
        return self


def line(code: str, fund: str = "FNGA") -> BudgetLine:
    """A line by its code."""
    return BudgetLine.objects.get(fund=fund, code=code)


def credits_of(code: str, fund: str = "FNGA", year: int = 2026) -> Decimal:
    """What is available on a line now, EUR."""
    return available(line=line(code, fund), exercise=Exercise.objects.get(year=year))
