"""The figures of the queues over the API: what a program reads, who may, at what cost."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from tests.api_client import Api
from tests.journeys import Cast, Journey

pytestmark = pytest.mark.django_db

TODAY = datetime(2015, 4, 1, 11, tzinfo=UTC)


def on(day: int) -> datetime:
    """Noon in Paris, or nearly, of a day of March 2015."""
    return datetime(2015, 3, day, 11, tzinfo=UTC)


def at_api(cast: Cast, who: str) -> Api:
    with clock.at(TODAY):
        return Api(cast.people[who])


def ask(api: Api, **filters: str) -> Any:
    with clock.at(TODAY):
        return api.get("backlog", **filters)


@pytest.fixture
def completed(cast: Cast) -> Journey:
    """At the desk from 5 to 17 March; the submitter had it from the 9th to the 13th. Now at the decision."""
    with clock.at(on(5)):
        journey = Journey.at(cast, "under_review")
    for day, act in ((9, "check.request_pieces"), (13, "complete_file.resubmit"), (17, "check.complete")):
        with clock.at(on(day)):
            journey.act(act)
    return journey


def test_a_program_reads_every_figure(cast: Cast, completed: Journey) -> None:
    body = ask(at_api(cast, "manager"), weeks="4").ok()
    assert (body["today"], body["soon_until"]) == ("2015-04-01", "2015-04-09")
    assert (body["since"], body["until"]) == ("2015-03-02", "2015-03-29")
    (check,) = (one for one in body["items"] if one["step"] == "check")
    assert check["organisations"] == ["carmi-npdc"]
    assert check["times"] == {
        "number": 1,
        "gross_median": 8,
        "gross_p90": 8,
        "net_median": 4,
        "net_p90": 4,
    }
    assert check["period"] == {
        "arrivals": 2,
        "first": 1,
        "completed": 1,
        "again": 0,
        "exits": 2,
        "done": 1,
        "returned": 1,
        "gone": 0,
    }
    assert (check["arrivals_per_week"], check["completions_per_week"]) == (0.5, 0.2)
    (decide,) = (one for one in body["items"] if one["step"] == "decide")
    assert (decide["open"], decide["free"], decide["open_before"]) == (1, 1, 0)
    assert decide["age"] == {
        "median": 11,
        "p90": 11,
        "bands": {"0-2": 0, "3-5": 0, "6-10": 0, "11-20": 1, "21+": 0},
    }
    assert body["totals"]["open"] == 1
    assert [(one["monday"], one["arrivals"]) for one in body["weeks"]] == [
        ("2015-03-02", 3),
        ("2015-03-09", 2),
        ("2015-03-16", 1),
        ("2015-03-23", 0),
        ("2015-03-30", 0),
    ]


def test_filters_narrow_and_those_not_understood_are_refused(cast: Cast, completed: Journey) -> None:
    api = at_api(cast, "manager")
    assert [one["step"] for one in ask(api, step="decide").ok()["items"]] == ["decide"]
    assert [one["step"] for one in ask(api, state="free").ok()["items"]] == ["decide"]
    assert ask(api, organisation="carmi-est").ok()["items"] == []
    assert ask(api, weeks="7").refused(422, "invalid")["details"].keys() == {"weeks"}
    assert ask(api, state="late").refused(422, "invalid")["details"].keys() == {"state"}
    ask(api, person="reviewer").refused(422, "invalid")


def test_only_managers_read_it_and_of_their_own_bodies(cast: Cast, completed: Journey) -> None:
    with clock.at(on(20)):
        est = Journey.start(cast, body="carmi-est")
        est.act("prepare.submit", "est_agent")
    mine = ask(at_api(cast, "carmi_manager")).ok()
    assert {code for one in mine["items"] for code in one["organisations"]} == {"carmi-npdc"}
    assert mine["totals"]["open"] == 1
    assert ask(at_api(cast, "carmi_manager"), body="carmi-est").ok()["items"] == []
    for who in ("dg", "auditor", "reviewer", "admin", "nobody"):
        error = ask(at_api(cast, who)).refused(404, "not_found")
        assert error["details"] == {}
    ask(Api(None)).refused(401, "unauthenticated")


def test_it_costs_the_same_with_one_and_with_many(cast: Cast, completed: Journey) -> None:
    api = at_api(cast, "manager")

    def statements() -> int:
        ask(api).ok()
        with CaptureQueriesContext(connection) as sent:
            ask(api).ok()
        return len(sent)

    few = statements()
    for number in range(12):
        Journey.start(cast, pieces=(), title=f"Opération {number}")
    assert statements() == few <= 8
