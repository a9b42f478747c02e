"""Meetings for the tests: sessions of the board and dossiers that wait for them, through services only."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection

from cases import clock
from cases.models import AgendaItem, Meeting
from cases.services.meetings import plan_meeting
from tests.budget_journeys import BudgetJourney, budget
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast, Journey
from tests.workflows.test_statements import _TABLES as TABLES
from workflows.services.meetings import Row, add_items, record_together

VOTES = {"members": 20, "votes_for": 12, "votes_against": 5, "abstentions": 2}
LOST = {"members": 20, "votes_for": 5, "votes_against": 12, "abstentions": 2}


def session(cast: Cast, on: date | None = None, **more: Any) -> Meeting:
    """A session of the board, planned by its secretariat for today unless told otherwise."""
    with clock.at(NOW):
        return plan_meeting(
            kind="board", held_on=on or NOW.date(), members=20, actor=cast.secretary, place="Paris", **more
        )


def awaiting(cast: Cast, number: int = 1) -> list[CreditJourney]:
    """Amending budgets of the FNGA that wait for the vote of the board."""
    return [BudgetJourney.submitted(cast, budget(("A-I-1", f"{index + 1}.00"))) for index in range(number)]


def decision(cast: Cast) -> CreditJourney:
    """A décision modificative of the FNASS that waits for the vote of the board."""
    data = transfers(("II.F.CAN.col", "II.K.imm", "1.00"), fund="FNASS")
    return CreditJourney.file(cast, "modifying_decision", data).walk(
        "prepare.submit", "check.credits_available"
    )


def enter(cast: Cast, meeting: Meeting, *journeys: Journey) -> list[AgendaItem]:
    """Put dossiers on its agenda."""
    with clock.at(NOW):
        return add_items(
            public_id=meeting.public_id,
            references=[journey.reference for journey in journeys],
            actor=cast.secretary,
        )


def adopted(journey: CreditJourney, **more: Any) -> Row:
    """A row that records an adoption."""
    return Row(journey.reference, "adopted", VOTES | more)


def rejected(journey: CreditJourney, motive: str = "Le besoin a disparu.") -> Row:
    """A row that records a rejection."""
    return Row(journey.reference, "rejected", LOST, motive)


def record(cast: Cast, meeting: Meeting, *rows: Row, by: str = "secretary") -> Meeting:
    """Record together, on ``NOW``."""
    with clock.at(NOW):
        return record_together(public_id=meeting.public_id, rows=rows, actor=cast.people[by])


def copies(journey: CreditJourney, count: int) -> list[str]:
    """Copies of the one dossier with its process, tasks, journal, clocks and pieces, by raw SQL: their references."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("cases_journalentry", "cases_dossier"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table, model, special in TABLES:
            columns = ", ".join(
                f'"{field.column}"' for field in model._meta.concrete_fields if field.column not in special
            )
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(special)}, {columns}) "
                f"SELECT {', '.join(special.values())}, {columns} FROM {table}, generate_series(1, {count}) n "
                f"WHERE {table}.id < 100000"
            )
        for table in ("cases_journalentry", "cases_dossier"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return [journey.reference, *(f"COPIE-{number}" for number in range(1, count + 1))]
