"""Budgets and carry-overs for the tests: filed by the desk of the CANSSM, voted, received by both ministries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from cases import clock
from cases.models import Exercise, JournalEntry
from cases.selectors import balance_of
from tests.credit_journeys import NOW, CreditJourney, line
from tests.journeys import Cast
from workflows.services import Expired, expire_deadlines

DSS, DB = "dss", "db"


def at(year: int, month: int, day: int, hour: int = 9) -> datetime:
    """A moment of a day."""
    return datetime(year, month, day, hour, tzinfo=UTC)


def budget(*lines: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Valid data of an ordinary amending budget of the FNGA in 2026: (line, amount)…"""
    return {
        "fund": "FNGA",
        "exercise": 2026,
        "kind": "amending",
        "lines": [{"line": code, "amount": amount} for code, amount in lines],
        "reason": "Budget de l’exercice",
    } | more


def primitive(*lines: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Valid data of a primitive budget: (line, whole appropriation)…"""
    return budget(*lines, kind="primitive", **more)


def carried(*lines: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Valid data of a carry-over of the FNGA from 2014 to 2015."""
    data = budget(*lines, **{"exercise": 2015, "purpose": "Déménagement du siège"} | more)
    return {key: value for key, value in data.items() if key not in ("kind", "reason")}


def receptions(**days: date) -> dict[str, Any]:
    """Data of the act that records receptions: code of the ministry and day."""
    return {"receptions": [{"authority": code, "received_on": day.isoformat()} for code, day in days.items()]}


class BudgetJourney(CreditJourney):
    """A dossier of ``budget_vote`` or ``carry_over``, filed by the reviewer at the CANSSM."""

    @classmethod
    def of(
        cls, cast: Cast, data: Mapping[str, Any], *, at: datetime = NOW, by: str = "reviewer", **options: Any
    ) -> BudgetJourney:
        """A draft; the document that the FNMO needs is joined."""
        path = "carry_over" if "purpose" in data else "budget_vote"
        if data["fund"] == "FNMO" and path == "budget_vote":
            options.setdefault("pieces", ("regional_investments",))
        journey = cls.file(cast, path, data, by=by, body="canssm", at=at, **options)
        assert isinstance(journey, BudgetJourney)
        return journey

    @classmethod
    def submitted(cls, cast: Cast, data: Mapping[str, Any], *, at: datetime = NOW) -> BudgetJourney:
        """Submitted to the vote."""
        journey = cls.of(cast, data, at=at)
        journey.do("prepare.submit", "reviewer", at=at)
        return journey

    @classmethod
    def voted(cls, cast: Cast, data: Mapping[str, Any], *, at: datetime = NOW) -> BudgetJourney:
        """Adopted by the board, on the day of its submission."""
        journey = cls.submitted(cast, data, at=at)
        if "purpose" in data:
            journey.do("check.credits_available", at=at)
        journey.do("board_vote.adopted", at=at)
        return journey

    @classmethod
    def received(
        cls, cast: Cast, data: Mapping[str, Any], *, at: datetime = NOW, **days: date
    ) -> BudgetJourney:
        """Received by both ministries, on the day of the vote unless ``dss`` and ``db`` say otherwise."""
        journey = cls.voted(cast, data, at=at)
        received = {DSS: clock.paris_date(at), DB: clock.paris_date(at)} | days
        moment = max(
            at, *(datetime(day.year, day.month, day.day, 9, tzinfo=UTC) for day in received.values())
        )
        journey.record(at=moment, **received)
        return journey

    def record(self, *, at: datetime = NOW, **days: date) -> None:
        """Record receptions."""
        self.do("notify_authorities.record", "reviewer", at=at, data=receptions(**days))

    def last_changes(self) -> dict[str, Any]:
        """What the journal's last entry says has changed."""
        entry = JournalEntry.objects.filter(dossier=self.pk).order_by("-sequence").first()
        assert entry is not None
        return dict(entry.changes)


def sweep(at: datetime) -> Expired:
    """What the hourly sweep does at a moment."""
    with clock.at(at):
        return expire_deadlines()


def authorised(code: str, fund: str = "FNGA", year: int = 2026) -> Decimal:
    """All credits of a line, EUR."""
    return balance_of(line=line(code, fund), exercise=Exercise.objects.get(year=year)).authorised


def earmarked(code: str, fund: str = "FNGA", year: int = 2026) -> Decimal:
    """Credits of a line that serve one use, EUR."""
    return balance_of(line=line(code, fund), exercise=Exercise.objects.get(year=year)).earmarked
