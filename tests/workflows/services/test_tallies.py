"""The figures of the queues: what each act adds and takes away, and that they always equal a recount."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import example, given
from hypothesis import strategies as st
from viewflow.workflow.models import Task

from cases import clock
from cases.calendar import working_days_between
from cases.enums import Role
from cases.models import QueueDelta, QueueTally, QueueWeek, WorkQueue
from tests.journeys import Cast, Journey
from tests.opening_journeys import OpeningJourney
from workflows.services import claim, fold_tallies, rebuild_tallies, release, verify_tallies

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return Cast()


def on(day: str) -> datetime:
    """Noon in Paris, or nearly, of a day."""
    return datetime.fromisoformat(f"{day}T11:00:00").replace(tzinfo=UTC)


def figures(step: str, *measures: str) -> Mapping[tuple[str, str, int, str], int]:
    """(measure, day, days, outcome) → number, of a step's queue, nought left out."""
    found: dict[tuple[str, str, int, str], int] = {}
    for table in (QueueTally, QueueDelta):
        for one in table.objects.filter(queue__step=step, measure__in=measures):
            key = (one.measure, one.day.isoformat(), one.days, one.outcome)
            found[key] = found.get(key, 0) + one.number
    return {key: number for key, number in found.items() if number}


@given(
    st.dates(date(2000, 1, 1), date(2100, 12, 31)),
    st.integers(-30, 900),
)
@example(date(2005, 5, 15), 2)
@example(date(2008, 5, 11), 2)
def test_postgresql_counts_working_days_as_the_calendar_does(after: date, span: int) -> None:
    until = min(after + timedelta(days=span), date(2100, 12, 31))
    with connection.cursor() as cursor:
        cursor.execute("SELECT workflows_working_days(%s, %s)", [after, until])
        (counted,) = cursor.fetchone()
    assert counted == working_days_between(after, until)


def test_a_file_that_is_completed_counts_gross_and_net(cast: Cast) -> None:
    """Thursday 5 March to Tuesday 17 March 2015 at the desk, of which the submitter had the 9th to the 13th."""
    with clock.at(on("2015-03-02")):
        journey = Journey.at(cast, "submitted")
    with clock.at(on("2015-03-05")):
        journey.act("sign_off.transmit")
    assert figures("check", "open", "free", "in", "out") == {
        ("open", "2015-03-05", -1, ""): 1,
        ("free", "2015-03-05", -1, ""): 1,
        ("in", "2015-03-05", -1, "first"): 1,
    }
    with clock.at(on("2015-03-09")):
        journey.act("check.request_pieces")
    with clock.at(on("2015-03-13")):
        journey.act("complete_file.resubmit")
    assert figures("check", "open", "in", "out", "pause", "gross") == {
        ("open", "2015-03-13", -1, ""): 1,
        ("in", "2015-03-05", -1, "first"): 1,
        ("in", "2015-03-13", -1, "completed"): 1,
        ("out", "2015-03-09", -1, "request_pieces"): 1,
        ("pause", "2015-03-09", 2, "request_pieces"): 1,
    }
    with clock.at(on("2015-03-17")):
        journey.act("check.complete")
    assert figures("check", "open", "gross", "net") == {
        ("gross", "2015-03-16", 8, "complete"): 1,
        ("net", "2015-03-16", 4, "complete"): 1,
    }
    assert verify_tallies() == []


def test_a_dossier_sent_back_comes_again_and_starts_a_new_time(cast: Cast) -> None:
    with clock.at(on("2015-03-02")):
        journey = Journey.at(cast, "awaiting_decision")
    with clock.at(on("2015-03-10")):
        journey.act("decide.send_back")
    with clock.at(on("2015-03-12")):
        journey.act("check.complete")
    assert figures("check", "in", "gross") == {
        ("in", "2015-03-02", -1, "first"): 1,
        ("in", "2015-03-10", -1, "again"): 1,
        ("gross", "2015-03-02", 0, "complete"): 1,
        ("gross", "2015-03-09", 2, "complete"): 1,
    }


def test_an_expert_asked_in_place_of_another_comes_for_the_first_time(cast: Cast) -> None:
    """Whatever the order in which the seats end: no later step has sent the dossier back."""
    journey = OpeningJourney.consulted(cast)
    asked = sum(figures("expert_opinions", "in").values())
    journey.opinion("expert3")
    journey.do("expert_opinions.recuse", "expert2", motive="Conflit d’intérêts")
    arrivals = figures("expert_opinions", "in")
    assert {outcome for *_, outcome in arrivals} == {"first"}
    assert sum(arrivals.values()) == asked + 1
    assert verify_tallies() == []


def test_a_withdrawn_dossier_leaves_without_a_time(cast: Cast) -> None:
    with clock.at(on("2015-03-02")):
        journey = Journey.at(cast, "submitted")
    with clock.at(on("2015-03-04")):
        journey.act("withdraw.withdraw")
    assert figures("sign_off", "open", "free", "due", "out", "gross", "net") == {
        ("out", "2015-03-04", -1, "-"): 1
    }
    assert verify_tallies() == []


def test_a_claim_and_a_new_date_move_the_figures(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    due = journey.dossier.next_due_on
    assert due is not None
    today = clock.today().isoformat()
    assert figures("check", "free", "due") == {
        ("free", today, -1, ""): 1,
        ("due", due.isoformat(), -1, ""): 1,
    }
    task = journey.task
    claim(task_id=task.pk, actor=cast.reviewer)
    assert figures("check", "free") == {}
    release(task_id=task.pk, actor=cast.reviewer)
    assert figures("check", "free") == {("free", today, -1, ""): 1}
    queue = WorkQueue.objects.get(step="check")
    assert (queue.role, queue.body.code, queue.path, queue.organisation.code) == (
        Role.REVIEWER,
        "canssm",
        "fnmo_investment",
        "carmi-npdc",
    )


def test_folding_changes_no_figure_and_drops_what_came_to_nought(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    before = {step: figures(step, "open", "in", "out", "gross", "due") for step in ("check", "decide")}
    assert fold_tallies() > 0
    assert fold_tallies() == 0
    assert not QueueDelta.objects.exists()
    assert {
        step: figures(step, "open", "in", "out", "gross", "due") for step in ("check", "decide")
    } == before
    journey.act("decide.approve")
    fold_tallies()
    assert not QueueTally.objects.filter(number=0, measure="open").exists()
    assert verify_tallies() == []


def test_a_wrong_figure_is_named_and_made_anew(cast: Cast) -> None:
    Journey.at(cast, "closed")
    fold_tallies()
    QueueTally.objects.filter(queue__step="decide", measure="gross").update(number=7)
    (fault,) = verify_tallies()
    assert (fault.measure, fault.kept, fault.recounted) == ("gross", 7, 1)
    assert fault.queue == "director_general@canssm fnmo_investment.decide (carmi-npdc)"
    with pytest.raises(CommandError, match="1 décompte"):
        call_command("backlog", "verify", stderr=StringIO())
    assert rebuild_tallies() == QueueTally.objects.count()
    call_command("backlog", "verify")


def test_folding_keeps_a_row_for_each_week_and_a_wrong_one_is_named(cast: Cast) -> None:
    with clock.at(on("2015-03-05")):
        journey = Journey.at(cast, "under_review")
    fold_tallies()
    for day, act in (("2015-03-09", "check.request_pieces"), ("2015-03-13", "complete_file.resubmit")):
        with clock.at(on(day)):
            journey.act(act)
    fold_tallies()
    with clock.at(on("2015-03-17")):
        journey.act("check.complete")
    fold_tallies()
    rows = QueueWeek.objects.filter(queue__step="check").order_by("monday")
    assert [(row.monday.isoformat(), row.flows, row.gross, row.net) for row in rows] == [
        ("2015-03-02", [1, 0, 0, 0, 0, 0], [], []),
        ("2015-03-09", [0, 1, 0, 0, 1, 0], [], []),
        ("2015-03-16", [0, 0, 0, 1, 0, 0], [[8, 1]], [[4, 1]]),
    ]
    assert verify_tallies() == []
    rows.filter(monday="2015-03-16").update(flows=[0, 0, 0, 9, 0, 0])
    (fault,) = verify_tallies()
    assert (fault.measure, fault.day, fault.kept, fault.recounted) == ("weeks", date(2015, 3, 16), 9, 1)
    rebuild_tallies()
    assert verify_tallies() == []


def test_a_queue_has_one_row_for_a_week(cast: Cast) -> None:
    Journey.at(cast, "submitted")
    fold_tallies()
    row = QueueWeek.objects.order_by("pk").first()
    assert row is not None
    again = QueueWeek(queue=row.queue, monday=row.monday, flows=[0] * 6, gross=[], net=[])
    with pytest.raises(IntegrityError, match="queue_week_once"), transaction.atomic():
        again.save()


def test_sealed_answers_stay_closed_on_the_task(cast: Cast) -> None:
    """What a task keeps for the figures must not tell an opinion before the round is closed."""
    journey = OpeningJourney.consulted(cast)
    journey.opinion("expert1")
    kept = (
        Task.objects.filter(process__dossier__pk=journey.pk, flow_task_type="HUMAN", status="DONE")
        .order_by("-pk")
        .first()
    )
    assert kept is not None
    assert kept.data == {"arrival": "first", "outcome": "opinion", "paused": False}
    assert [key[-1] for key in figures("expert_opinions", "in")] == ["first"]
    journey.recuse("expert2")
    left = {outcome: number for (_, _, _, outcome), number in figures("expert_opinions", "out").items()}
    assert left == {"opinion": 1, "recuse": 1}  # the journal says as much
    assert verify_tallies() == []
