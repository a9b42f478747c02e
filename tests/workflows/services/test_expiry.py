"""What a legal delay brings about: done by the system, at the legal date, once, whatever else fails."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cases import clock
from cases.models import CreditMovement, Deadline, JournalEntry
from cases.services.journal import SYSTEM
from tests.budget_journeys import BudgetJourney, at, authorised, budget, primitive, sweep
from tests.credits import euros
from tests.journeys import Cast
from tests.workflows.test_statements import statements
from workflows.services import expire_deadlines
from workflows.tasks import expire_deadlines as task

pytestmark = pytest.mark.django_db

#: A conforming budget received on 2 March 2026: the approval is deemed given twenty days later.
DUE = date(2026, 3, 22)
LESS = budget(("A-I-2.autres", "-1000.00"))


def test_nothing_happens_before_the_day(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, LESS)
    report = sweep(at(2026, 3, 21, 22))
    assert (report.done, report.failed, journey.status) == ([], {}, "awaiting_authority")


def test_system_acts_on_the_day_as_itself(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, LESS)
    before = authorised("A-I-2.autres")
    assert sweep(at(2026, 3, 21, 23)).done == [journey.reference]  # 22 March, midnight in Paris
    assert journey.status == "enforceable"
    assert authorised("A-I-2.autres") == before - euros(1000)
    entry = JournalEntry.objects.filter(dossier=journey.pk).order_by("-sequence")[0]
    assert (entry.actor, entry.actor_name, entry.step, entry.outcome) == (
        None,
        SYSTEM,
        "tacit_approval",
        "acquire",
    )
    assert sweep(at(2026, 3, 23)).done == []


def test_sweep_that_was_down_keeps_the_legal_date(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, LESS)
    sweep(at(2026, 3, 30))
    movement = CreditMovement.objects.get(dossier=journey.pk)
    assert movement.effective_on == DUE
    deadline = Deadline.objects.get(dossier=journey.pk, step="tacit_approval")
    assert (deadline.due_on, deadline.state) == (DUE, "met")


def test_one_that_cannot_move_does_not_stop_the_others(cast: Cast) -> None:
    stuck = BudgetJourney.received(cast, budget(("A-I-3.info", "-100000.00")))
    taking = BudgetJourney.received(cast, budget(("A-I-3.info", "-100000.00")))
    other = BudgetJourney.received(cast, LESS)
    report = sweep(at(2026, 3, 23))
    assert report.done == [stuck.reference, other.reference]
    assert list(report.failed) == [taking.reference]
    assert "A-I-3.info" in report.failed[taking.reference]
    assert taking.status == "awaiting_authority"
    assert list(sweep(at(2026, 3, 24)).failed) == [taking.reference]


def test_command_says_what_it_did_and_fails_for_what_it_could_not(cast: Cast) -> None:
    for _ in range(2):
        BudgetJourney.received(cast, budget(("A-I-3.info", "-100000.00")))
    said = StringIO()
    with clock.at(at(2026, 3, 23)), pytest.raises(CommandError, match="n’ont pas pu avancer"):
        call_command("expire_deadlines", stdout=said)
    assert said.getvalue().count("fait.") == 1
    said = StringIO()
    with clock.at(at(2026, 3, 1)):
        call_command("expire_deadlines", stdout=said)
    assert said.getvalue() == "Aucun délai n’est arrivé à son terme.\n"


def test_task_counts_what_moved(cast: Cast) -> None:
    BudgetJourney.received(cast, LESS)
    with clock.at(at(2026, 3, 23)):
        assert task() == 1
        assert task() == 0


def test_cost_follows_what_is_due(cast: Cast) -> None:
    with clock.at(at(2026, 3, 2)):
        idle = len(statements(expire_deadlines))
    journey = BudgetJourney.received(cast, LESS)
    deadline = Deadline.objects.get(dossier=journey.pk, step="tacit_approval")
    Deadline.objects.bulk_create(
        Deadline(
            dossier=deadline.dossier,
            step="tacit_approval",
            title="Plus tard",
            kind="legal",
            rule_ref=deadline.rule_ref,
            length=20,
            unit=deadline.unit,
            due_on=DUE + timedelta(days=number),
            opened_at=deadline.opened_at,
        )
        for number in range(1, 500)
    )
    with clock.at(at(2026, 3, 2)):
        assert len(statements(expire_deadlines)) == idle == 1


def test_budget_of_the_fnmo_becomes_enforceable_by_itself(cast: Cast) -> None:
    journey = BudgetJourney.received(
        cast, primitive(("INV", "500000.00"), fund="FNMO"), at=at(2026, 6, 1), db=date(2026, 6, 10)
    )
    assert sweep(at(2026, 6, 29)).done == []
    assert sweep(at(2026, 6, 30)).done == [journey.reference]
    assert authorised("INV", "FNMO") == euros(500000)
