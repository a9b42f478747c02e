"""The figures of the queues, computed by hand beside: what is open, what came and left, how long it took, for whom."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.errors import Invalid
from cases.models import Dossier, Organisation, User
from cases.permissions import holdings_of
from tests.bench import many
from tests.budgets import may_let_triggers_rest
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast, Journey
from workflows.selectors.backlog import Backlog, BacklogRow, backlog
from workflows.selectors.backlog_dossiers import OpenDossier, open_dossiers
from workflows.selectors.backlog_figures import Flow
from workflows.selectors.backlog_filters import BacklogFilters, Period, Pressing
from workflows.services import claim, fold_tallies, verify_tallies

pytestmark = pytest.mark.django_db

#: A Wednesday: four weeks end on Sunday 29 March, those before on Sunday 1 March.
TODAY = "2015-04-01"
FOUR = BacklogFilters(weeks=4)


def on(day: str) -> datetime:
    """Noon in Paris, or nearly, of a day."""
    return datetime.fromisoformat(f"{day}T11:00:00").replace(tzinfo=UTC)


def seen_by(user: User, filters: BacklogFilters = FOUR, day: str = TODAY) -> Backlog:
    with clock.at(on(day)):
        return backlog(holdings_of(user), filters)


def row_of(found: Backlog, step: str) -> BacklogRow:
    (row,) = (one for one in found.rows if one.step == step)
    return row


def behind(user: User, row: BacklogRow, state: str = "", size: int = 25) -> list[OpenDossier]:
    """The open tasks of a row, all pages."""
    items: list[OpenDossier] = []
    cursor = ""
    with clock.at(on(TODAY)):
        while True:
            page = open_dossiers(user, holdings_of(user), row.queues, state=state, cursor=cursor, size=size)
            items += page.items
            cursor = page.next_cursor
            if not cursor:
                return items


@pytest.fixture
def month(cast: Cast) -> dict[str, Journey]:
    """Dossiers completed, sent back, withdrawn, open in another region, and of the month before; in March 2015."""
    with clock.at(on("2015-02-03")):
        past = Journey.at(cast, "under_review")
    with clock.at(on("2015-02-10")):
        past.act("check.complete")
        past.follow("decide.approve")
    with clock.at(on("2015-03-02")):
        completed = Journey.at(cast, "submitted")
        sent_back = Journey.at(cast, "under_review")
        withdrawn = Journey.start(cast, body="carmi-est")
        withdrawn.act("prepare.submit", "est_agent")
    for journey, day, act, actor in (
        (withdrawn, "2015-03-04", "withdraw.withdraw", "est_agent"),
        (sent_back, "2015-03-04", "check.complete", None),
        (completed, "2015-03-05", "sign_off.transmit", None),
        (completed, "2015-03-09", "check.request_pieces", None),
        (sent_back, "2015-03-10", "decide.send_back", None),
        (sent_back, "2015-03-12", "check.complete", None),
        (completed, "2015-03-13", "complete_file.resubmit", None),
        (completed, "2015-03-17", "check.complete", None),
    ):
        with clock.at(on(day)):
            journey.act(act, actor)
    with clock.at(on("2015-03-24")):
        waiting = Journey.start(cast, body="carmi-est")
        waiting.act("prepare.submit", "est_agent")
        waiting.act("sign_off.transmit", "est_director")
    with clock.at(on("2015-03-31")):
        lent = Journey.at(cast, "under_review")
        claim(task_id=lent.task.pk, actor=cast.reviewer)
    return {"past": past, "completed": completed, "sent_back": sent_back, "waiting": waiting, "lent": lent}


def test_a_queue_tells_what_is_open_what_came_and_left_and_how_long_it_took(
    cast: Cast, month: dict[str, Journey]
) -> None:
    """Times: 5 to 17 March (8 days, of which the submitter had four), 2 to 4 (2), 10 to 12 (2)."""
    found = seen_by(cast.manager)
    assert (found.period.first, found.period.last) == (date(2015, 3, 2), date(2015, 3, 29))
    check = row_of(found, "check").figures
    assert (check.open, check.free, check.bands) == (2, 1, (1, 0, 1, 0, 0))
    assert (check.age_median, check.age_slow) == (1, 6)  # 31 March and 24 March, seen on 1 April
    assert check.flow == Flow(first=3, completed=1, again=1, done=3, returned=1, gone=0)
    assert check.this_week == Flow(first=1)
    assert check.flow_before == Flow(first=1, done=1)
    assert (check.times.number, check.times.gross_median, check.times.gross_slow) == (3, 2, 8)
    assert (check.times.net_median, check.times.net_slow) == (2, 4)
    assert (check.times_before.number, check.times_before.gross_median) == (1, 5)
    assert check.open_before == 0  # nothing was open when March began
    sign_off = [row.figures for row in found.rows if row.step == "sign_off"]
    assert sum(one.flow.gone for one in sign_off) == 1  # withdrawn: it left, and took no time
    assert sum(one.times.number for one in sign_off) == sum(one.flow.done for one in sign_off) == 3
    # What happened before this month is counted on the days that the journal bears, not on the day of its entry.
    assert row_of(seen_by(cast.manager, day="2015-03-04"), "check").figures.flow == Flow(first=1, done=1)


def test_weeks_and_totals_are_the_sums_of_the_rows(cast: Cast, month: dict[str, Journey]) -> None:
    found = seen_by(cast.manager)
    assert [monday.isoformat() for monday, _ in found.weeks] == [
        "2015-03-02",
        "2015-03-09",
        "2015-03-16",
        "2015-03-23",
        "2015-03-30",
    ]
    *weeks, this_week = (flow for _, flow in found.weeks)
    for name in ("arrivals", "exits", "gone", "returned"):
        assert sum(getattr(one, name) for one in weeks) == getattr(found.total.flow, name)
        assert sum(getattr(row.figures.flow, name) for row in found.rows) == getattr(found.total.flow, name)
    assert this_week == found.total.this_week
    assert found.total.open == sum(row.figures.open for row in found.rows) == 5
    assert found.total.times.number == sum(row.figures.times.number for row in found.rows)
    fold_tallies()
    again = seen_by(cast.manager)
    assert (again.total, again.weeks) == (found.total, found.weeks)


def test_what_is_behind_a_figure_is_the_figure(cast: Cast, month: dict[str, Journey]) -> None:
    """A law: the dossiers listed are those counted, for each row, state and reader, however they are paged."""
    Dossier.objects.filter(pk=month["lent"].pk).update(next_due_on=date(2015, 3, 30))
    Dossier.objects.filter(pk=month["waiting"].pk).update(next_due_on=date(2015, 4, 9))
    found = seen_by(cast.manager)
    check = row_of(found, "check")
    assert [row.pressure for row in found.rows] == sorted(row.pressure for row in found.rows)
    assert found.rows[0].figures.overdue  # what is late presses most
    assert not found.rows[-1].figures.overdue
    assert (check.figures.overdue, check.figures.due_soon, check.figures.other) == (
        1,
        1,
        0,
    )  # Easter Monday is no day
    assert [one.reference for one in behind(cast.manager, check, size=1)] == [
        month["lent"].reference,
        month["waiting"].reference,
    ]
    for reader in (cast.manager, cast.carmi_manager):
        for row in seen_by(reader).rows:
            figures = row.figures
            assert len(behind(reader, row)) == figures.open
            assert len(behind(reader, row, Pressing.OVERDUE)) == figures.overdue
            assert len(behind(reader, row, Pressing.SOON)) == figures.due_soon
            assert len(behind(reader, row, Pressing.FREE)) == figures.free
    late, coming = behind(cast.manager, check)
    assert (late.overdue, late.taken, late.age) == (True, True, 1)
    assert (coming.due_soon, coming.taken, coming.age) == (True, False, 6)
    assert verify_tallies() == []


def test_a_manager_sees_the_figures_of_their_own_bodies_alone(cast: Cast, month: dict[str, Journey]) -> None:
    mine = seen_by(cast.carmi_manager)
    assert row_of(mine, "check").figures.open == 1  # the other one is of the CARMI Est
    assert {queue.organisation_code for row in mine.rows for queue in row.queues} == {"carmi-npdc"}
    assert mine.choices["organisation"] == [("carmi-npdc", "CARMI Nord-Pas-de-Calais")]
    assert {code for code, _ in mine.choices["body"]} == {"carmi-npdc", "canssm"}
    for asked in (BacklogFilters(organisation="carmi-est"), BacklogFilters(body="carmi-est")):
        theirs = seen_by(cast.carmi_manager, asked)
        assert (theirs.rows, theirs.total.open, theirs.quiet) == ((), 0, 0)
        assert not any(flow.arrivals for _, flow in theirs.weeks)
    # Somebody else's row shows nothing of what the reader may not read, even if they got hold of it.
    every = row_of(seen_by(cast.manager), "check")
    assert [one.reference for one in behind(cast.carmi_manager, every)] == [month["lent"].reference]
    for person in (cast.dg, cast.auditor, cast.agent, cast.reviewer, cast.admin, cast.nobody):
        nothing = seen_by(person)
        assert (nothing.rows, nothing.choices["path"]) == ((), [])


def test_filters_choose_queues(cast: Cast, month: dict[str, Journey]) -> None:
    def steps(**asked: str) -> list[str]:
        return sorted({row.step for row in seen_by(cast.manager, BacklogFilters(weeks=4, **asked)).rows})

    assert steps(step="decide") == ["decide"]
    assert steps(role="reviewer") == ["check"]
    assert steps(body="carmi-est") == ["prepare", "sign_off"]
    assert steps(path="virement") == []
    assert steps(state=Pressing.FREE, role="director_general") == ["decide"]
    of_est = seen_by(cast.manager, BacklogFilters(weeks=4, organisation="carmi-est", step="check"))
    assert of_est.total.open == of_est.total.flow.arrivals == 1
    Dossier.objects.filter(pk=month["waiting"].pk).update(next_due_on=date(2015, 3, 31))
    assert steps(state=Pressing.OVERDUE, role="reviewer") == ["check"]
    far = seen_by(cast.manager, day="2016-06-01")
    assert row_of(far, "check").figures.flow == Flow()  # still open, nothing moved
    assert "complete_file" not in {row.step for row in far.rows}
    assert far.quiet > 0


def test_an_opinion_settled_by_the_other_ministry_leaves_without_a_time(cast: Cast) -> None:
    reason = {"exceptional_reason": "Les postes du siège doivent être remplacés avant la fin du support."}
    data = transfers(("A-I-3.info", "A-I-3.autres", "1.00"), **reason)
    journey = CreditJourney.file(cast, "virement_derogation", data)
    journey.walk("prepare.submit", "check.credits_available", "prior_agreement.refuse@ministry_db")
    found = seen_by(cast.manager, day="2026-03-10", filters=BacklogFilters(weeks=4))
    answers = {row.body_code: row.figures for row in found.rows if row.step == "prior_agreement"}
    assert answers["db"].flow == Flow(first=1, done=1)
    assert answers["dss"].flow == Flow(first=1, gone=1)
    assert (answers["db"].times.number, answers["dss"].times.number) == (1, 0)
    assert clock.paris_date(NOW) == date(2026, 3, 2)


def test_while_the_submitter_completes_the_file_nothing_is_due_of_the_desk(cast: Cast) -> None:
    """The clock of the review rests: what is open and comes due is the submitter's own delay."""
    with clock.at(on("2015-03-02")):
        Journey.at(cast, "to_complete")
    found = seen_by(cast.manager)
    figures = row_of(found, "complete_file").figures
    assert (figures.open, figures.overdue, figures.due_soon) == (1, 0, 1)
    check = row_of(found, "check").figures
    assert (check.overdue, check.due_soon) == (0, 0)
    assert (check.open, check.flow, check.times.number) == (0, Flow(first=1, returned=1), 0)


def test_the_cost_is_the_same_with_three_and_with_sixty_dossiers(cast: Cast) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as sent:
            found = backlog(holdings_of(cast.manager), BacklogFilters(weeks=26))
            open_dossiers(cast.manager, holdings_of(cast.manager), found.rows[0].queues)
        return len(sent)

    if not may_let_triggers_rest():
        return
    Journey.at(cast, "under_review")
    many.grow(cast.agent, 3)
    few = statements()
    many.grow(cast.agent, 60)
    assert statements() == few == 7
    assert verify_tallies() == []
    assert Organisation.objects.filter(code="carmi-sud").exists()


@pytest.mark.parametrize("cursor", ["x", "é", "MjAxNS0wMy0wMg", "MjAxNS0wMy0wMnzCsg"])
def test_a_broken_page_mark_is_refused(cast: Cast, cursor: str) -> None:
    with pytest.raises(Invalid, match="Le repère de page est illisible"):
        open_dossiers(cast.manager, holdings_of(cast.manager), (), cursor=cursor)


def test_a_period_is_of_whole_weeks() -> None:
    period = Period.latest(13, date(2015, 3, 30))  # a Monday: the week that begins is not over
    assert (period.first, period.last, period.weeks) == (date(2014, 12, 29), date(2015, 3, 29), 13)
    assert (period.before.first, period.before.last) == (date(2014, 9, 29), date(2014, 12, 28))
    assert str(period) == "du lundi 29 décembre 2014 au dimanche 29 mars 2015"
