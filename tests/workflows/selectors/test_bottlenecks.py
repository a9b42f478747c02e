"""Where dossiers wait and turn back on a path, computed by hand beside."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from viewflow.workflow.models import Task

from cases import clock
from cases.models import QueueDelta, User, WorkQueue
from cases.permissions import holdings_of
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast, Journey
from tests.opening_journeys import OpeningJourney
from workflows.engine import get_path
from workflows.engine.returns import Way
from workflows.selectors.bottlenecks import (
    PathFigures,
    Side,
    Spread,
    StepFigures,
    path_figures,
    paths_overview,
)
from workflows.selectors.tallies import managed_queues
from workflows.services import fold_tallies

pytestmark = pytest.mark.django_db

MARCH = Side(date(2015, 3, 2), date(2015, 3, 29))


def on(day: int) -> datetime:
    """Noon in Paris, or nearly, of a day of March 2015."""
    return datetime(2015, 3, day, 11, tzinfo=UTC)


def seen_by(user: User, path: str, *sides: Side) -> list[PathFigures]:
    return path_figures(get_path(path), managed_queues(holdings_of(user)), sides)


def step_of(user: User, step: str, side: Side = MARCH, path: str = "fnmo_investment") -> StepFigures:
    (figures,) = seen_by(user, path, side)
    found = figures.step(step)
    assert found is not None
    return found


@pytest.fixture
def month(cast: Cast) -> Cast:
    """One dossier that had to be completed, one that was sent back, one of another region that was withdrawn."""
    with clock.at(on(2)):
        completed = Journey.at(cast, "submitted")
        sent_back = Journey.at(cast, "under_review")
        withdrawn = Journey.start(cast, body="carmi-est")
        withdrawn.act("prepare.submit", "est_agent")
    for journey, day, act, actor in (
        (withdrawn, 4, "withdraw.withdraw", "est_agent"),
        (sent_back, 4, "check.complete", None),
        (completed, 5, "sign_off.transmit", None),
        (completed, 9, "check.request_pieces", None),
        (sent_back, 10, "decide.send_back", None),
        (sent_back, 12, "check.complete", None),
        (completed, 13, "complete_file.resubmit", None),
        (completed, 17, "check.complete", None),
        (completed, 18, "decide.approve", None),
    ):
        with clock.at(on(day)):
            journey.act(act, actor)
    return cast


def test_a_step_counts_what_came_what_left_and_how_long_it_took(month: Cast) -> None:
    """Gross: 5 to 17 March (8 days), 2 to 4 (2), 10 to 12 (2); net: the submitter had the 9th to the 13th."""
    check = step_of(month.manager, "check")
    assert (check.first, check.completed, check.again) == (2, 1, 1)
    assert (check.open, check.departures, check.finished, check.paused, check.gone) == (0, 4, 3, 1, 0)
    assert check.gross == Spread(3, 2, 8)
    assert check.net == Spread(3, 2, 4)
    assert step_of(month.manager, "decide").open == 1


def test_an_arrow_counts_those_who_left_by_it(month: Cast) -> None:
    complete, pieces = step_of(month.manager, "check").arrows
    assert (complete.outcome, complete.targets, complete.way) == ("complete", ("decide",), Way.FORWARD)
    assert (complete.volume, complete.share, complete.days) == (3, 0.75, Spread(3, 2, 8))
    assert (pieces.outcome, pieces.targets, pieces.way) == ("request_pieces", ("complete_file",), Way.PAUSE)
    # The days before it was asked: 5 to 9 March, the week-end left out.
    assert (pieces.volume, pieces.share, pieces.days) == (1, 0.25, Spread(1, 2, 2))
    sent_back = step_of(month.manager, "decide").arrows[2]
    assert (sent_back.way, sent_back.volume, sent_back.days) == (Way.RETURN, 1, Spread(1, 4, 4))


def test_a_withdrawn_dossier_left_by_no_act_and_took_no_time(month: Cast) -> None:
    sign_off = step_of(month.manager, "sign_off")
    transmit, gone = sign_off.arrows[0], sign_off.arrows[-1]
    assert (transmit.targets, transmit.split, transmit.volume) == (("check", "commit"), True, 2)
    assert (gone.gone, gone.volume, gone.targets) == (True, 1, ())
    assert (sign_off.departures, sign_off.finished, sign_off.gone) == (3, 2, 1)
    assert sign_off.gross == Spread(2, 0, 3)


def test_arrows_add_up_to_the_departures_and_these_to_the_tasks(month: Cast) -> None:
    fold_tallies()
    (figures,) = seen_by(month.manager, "fnmo_investment", MARCH)
    ended = Task.objects.filter(flow_task_type="HUMAN", status__in=("DONE", "CANCELED"))
    counted = [str(task.flow_task.name) for task in ended]
    for step in figures.steps:
        assert sum(arrow.volume for arrow in step.arrows) == step.departures == counted.count(step.key)
        assert step.gross.number == step.net.number == step.finished
    assert figures.departures == len(counted) > 10
    assert [(step.key, arrow.outcome) for step, arrow in figures.loops] == [
        ("check", "request_pieces"),
        ("decide", "send_back"),
    ]


def test_a_period_takes_what_fell_into_its_weeks(month: Cast) -> None:
    week = Side(date(2015, 3, 9), date(2015, 3, 15))
    check = step_of(month.manager, "check", week)
    assert [arrow.volume for arrow in check.arrows] == [1, 1]
    assert (check.first, check.completed, check.again, check.gross) == (0, 1, 1, Spread(1, 2, 2))
    before = step_of(month.manager, "check", Side(date(2015, 2, 2), date(2015, 3, 1)))
    assert (before.departures, before.arrivals, before.gross) == (0, 0, Spread(0, None, None))


def test_two_sides_are_read_by_one_statement(month: Cast) -> None:
    queues = managed_queues(holdings_of(month.manager))
    sides = [Side(MARCH.since, MARCH.until, code) for code in ("carmi-npdc", "carmi-est")]
    with CaptureQueriesContext(connection) as statements:
        north, east = path_figures(get_path("fnmo_investment"), queues, sides)
    assert len(statements) == 1
    assert [one.gone for one in (north.steps[1], east.steps[1])] == [0, 1]
    assert [one.departures for one in (north.steps[2], east.steps[2])] == [4, 0]


def test_a_manager_of_a_region_sees_its_dossiers_only(month: Cast) -> None:
    assert step_of(month.carmi_manager, "sign_off").gone == 0
    assert (
        step_of(month.carmi_manager, "check").departures == 4
    )  # held by the CANSSM, for this region's dossiers
    assert step_of(month.manager, "sign_off").gone == 1
    for outsider in (month.reviewer, month.dg, month.auditor, month.admin):
        assert managed_queues(holdings_of(outsider)) == []


def test_each_of_two_ministries_makes_a_visit(cast: Cast) -> None:
    data = transfers(("A-I-3.info", "A-I-3.autres", "1.00"), exceptional_reason="Incendie du site")
    weeks = Side(NOW.date(), NOW.date() + timedelta(days=6))
    journey = CreditJourney.file(cast, "virement_derogation", data)
    journey.walk("prepare.submit", "check.credits_available", "prior_agreement.agree@ministry")

    def agreement() -> StepFigures:
        return step_of(cast.manager, "prior_agreement", weeks, "virement_derogation")

    half = agreement()
    assert (half.first, half.open, [arrow.volume for arrow in half.arrows]) == (2, 1, [1, 0])
    journey.walk("prior_agreement.refuse@ministry_db")
    assert [arrow.volume for arrow in agreement().arrows] == [1, 1]
    other = CreditJourney.file(cast, "virement_derogation", data)
    other.walk("prepare.submit", "check.credits_available", "prior_agreement.refuse@ministry")
    both = agreement()
    assert [(arrow.outcome, arrow.volume) for arrow in both.arrows] == [("agree", 1), ("refuse", 2), ("-", 1)]
    assert both.departures == both.first == 4


def test_sealed_opinions_are_one_arrow(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast, experts=4)
    journey.opinion("expert1", "unfavourable")
    journey.recuse("expert2")
    weeks = Side(NOW.date(), NOW.date() + timedelta(days=6))
    opinions = step_of(cast.manager, "expert_opinions", weeks, "ouverture_plan")
    assert [(arrow.outcome, arrow.label, arrow.volume, arrow.targets) for arrow in opinions.arrows] == [
        ("opinion", "Avis rendu", 1, ("transmit_opinion",)),
        ("recuse", "Se récuser", 1, ("expert_opinions",)),
        ("lapse", "Passer outre, le délai étant échu", 0, ("transmit_opinion",)),
    ]
    assert (opinions.first, opinions.again, opinions.open) == (4, 0, 2)  # another expert was asked


def test_what_the_path_has_no_more_is_told_last(month: Cast) -> None:
    WorkQueue.objects.filter(step="commit").update(step="sign_contract")
    QueueDelta.objects.filter(measure="out", outcome="approve").update(outcome="validate")
    with clock.at(on(20)):
        (figures,) = seen_by(month.manager, "fnmo_investment", MARCH)
    lost = figures.steps[-1]
    assert (lost.key, lost.known, lost.open, lost.arrivals) == ("sign_contract", False, 1, 1)
    decide = figures.step("decide")
    assert decide is not None
    assert [(arrow.label, arrow.volume) for arrow in decide.arrows if not arrow.known] == [
        ("Issue que le circuit n’a plus (validate)", 1)
    ]


def test_no_bottleneck_is_named_before_there_are_enough_visits(month: Cast) -> None:
    (figures,) = seen_by(month.manager, "fnmo_investment", MARCH)
    assert figures.slowest is None
    assert figures.fullest is None
    for key, days, number in (("check", 3, 2), ("decide", 9, 4)):
        queue = WorkQueue.objects.get(step=key)
        QueueDelta.objects.create(
            queue=queue, measure="net", day=MARCH.since, days=days, outcome="x", number=number
        )
        QueueDelta.objects.create(queue=queue, measure="open", day=MARCH.since, number=3)
    (figures,) = seen_by(month.manager, "fnmo_investment", MARCH)
    assert figures.slowest is not None
    assert (figures.slowest.key, figures.slowest.net) == ("decide", Spread(6, 9, 9))
    QueueDelta.objects.filter(measure="net", days=9).update(number=2)  # four visits: too few
    (figures,) = seen_by(month.manager, "fnmo_investment", MARCH)
    assert figures.slowest is not None
    assert figures.slowest.key == "check"


def test_overview_has_each_path_in_one_line_by_one_statement(month: Cast) -> None:
    queues = managed_queues(holdings_of(month.manager))
    with CaptureQueriesContext(connection) as statements:
        (line,) = paths_overview(queues, MARCH)
    assert len(statements) == 1
    (figures,) = seen_by(month.manager, "fnmo_investment", MARCH)
    assert (line.key, line.title, line.known) == ("fnmo_investment", "Investissement FNMO", True)
    assert (line.open, line.departures) == (2, figures.departures)
    assert line.slowest is None
