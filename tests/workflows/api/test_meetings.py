"""``meetings``: a session planned, filled, recorded and closed by a program; who reads; what it costs."""

from typing import Any
from uuid import uuid4

import pytest

from cases import clock
from tests.credit_journeys import NOW
from tests.journeys import Cast, state_of_everything
from tests.meetings import LOST, VOTES, awaiting, copies, enter, session
from tests.workflows.api.test_statement_counts import at_most

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.at(NOW):
        yield


def test_a_session_from_planning_to_its_minutes(cast: Cast, people: Any) -> None:
    first, second = awaiting(cast, 2)
    api = people.secretary
    planned = api.post(
        "meetings",
        {"kind": "board", "held_on": "2026-03-02", "starts_at": "14:30", "place": "Paris", "members": 20},
    ).ok(201)
    assert (planned["state"], planned["items"], planned["starts_at"]) == ("planned", 0, "14:30")
    address = f"meetings/{planned['id']}"
    filled = api.post(f"{address}/items", {"references": [first.reference, second.reference]}).ok()
    assert [(one["reference"], one["state"], one["outcomes"]) for one in filled["agenda"]] == [
        (first.reference, "open", ["adopted", "rejected"]),
        (second.reference, "open", ["adopted", "rejected"]),
    ]
    before = state_of_everything()
    rows = [
        {"reference": first.reference, "outcome": "adopted", "data": VOTES},
        {"reference": second.reference, "outcome": "rejected", "data": LOST},
    ]
    error = api.post(f"{address}/records", {"rows": rows}).refused(422, "invalid")
    assert list(error["details"]["rows"]) == [second.reference]
    assert "motive" in error["details"]["rows"][second.reference]["details"]
    error = api.post(f"{address}/close", {}).refused(422, "blocked")
    assert error["details"]["reasons"][0]["related"] == [first.reference, second.reference]
    api.post(f"{address}/close", {"version": 1}).refused(409, "stale")
    assert state_of_everything() == before
    rows[1]["motive"] = "Trop cher."
    done = api.post(f"{address}/records", {"rows": rows}).ok()
    assert [(one["outcome"], one["results"][0]["label"]) for one in done["agenda"]] == [
        ("adopted", "Adopté"),
        ("rejected", "Rejeté"),
    ]
    closed = api.post(f"{address}/close", {}).ok()
    assert (closed["state"], closed["settled"]) == ("closed", 2)
    (paper,) = closed["papers"]
    file = api.get(paper["url"].removeprefix("/api/v1/"))
    assert (file.status, len(file.content)) == (200, paper["size"])
    (listed,) = api.get("meetings", kind="board", state="closed").ok()["items"]
    assert listed["id"] == planned["id"]
    assert people.dg.get(address).ok()["agenda"][0]["outcomes"] == []
    api.post(f"{address}/records", {"rows": rows}).refused(409, "conflict")


def test_refusals(cast: Cast, people: Any) -> None:
    meeting, (journey,) = session(cast), awaiting(cast)
    enter(cast, meeting, journey)
    address = f"meetings/{meeting.public_id}"
    strangers = [
        people[name] for name in ("agent", "carmi_manager", "ministry", "comptroller", "admin", "nobody")
    ]
    assert people.dg and people.secretary and people.reviewer  # noqa: PT018 (their tokens)
    before = state_of_everything()
    for stranger in strangers:
        assert stranger.get("meetings").ok() == {"items": [], "next_cursor": ""}
        stranger.get(address).refused(404, "not_found")
        for act, body in (("items", {"references": ["x"]}), ("records", {"rows": []}), ("close", {})):
            status = 422 if act == "records" else 404
            stranger.post(f"{address}/{act}", body).refused(
                status, "invalid" if status == 422 else "not_found"
            )  # noqa: PLR2004
    row = {"reference": journey.reference, "outcome": "adopted", "data": VOTES}
    people.agent.post(f"{address}/records", {"rows": [row]}).refused(404, "not_found")
    people.dg.post(f"{address}/close", {}).refused(403, "forbidden")
    api = people.secretary
    new = {"kind": "board", "held_on": "2026-04-07", "members": 20}
    for change in (
        {"kind": "autre"},
        {"held_on": "7 avril"},
        {"held_on": "20260407"},
        {"starts_at": "25:00"},
        {"members": 0},
        {"members": "20"},
        {"autre": 1},
    ):
        api.post("meetings", new | change).refused(422, "invalid")
    people.reviewer.post("meetings", new).refused(403, "forbidden")
    api.post("meetings", new | {"held_on": "2026-03-02"}).refused(409, "conflict")
    api.get("meetings", kind="autre").refused(422, "invalid")
    api.get("meetings", cursor="x").refused(422, "invalid")
    api.get("meetings", sorte="board").refused(422, "invalid")
    api.get(f"{address}/papers/{uuid4()}").refused(404, "not_found")
    late = row | {"data": VOTES | {"voted_on": "2026-03-01"}}
    error = api.post(f"{address}/records", {"rows": [late]}).refused(422, "blocked")
    codes = [one["code"] for one in error["details"]["rows"][journey.reference]["details"]["reasons"]]
    assert "vote_before_submission" in codes or "other_session" in codes
    assert state_of_everything() == before


@pytest.mark.parametrize("count", [3, 60])
def test_a_session_costs_at_most_eight_statements(cast: Cast, people: Any, count: int) -> None:
    meeting, (journey,) = session(cast), awaiting(cast)
    references = copies(journey, count - 1)
    api = people.secretary
    api.post(f"meetings/{meeting.public_id}/items", {"references": references}).ok()
    with at_most(6):
        assert len(api.get(f"meetings/{meeting.public_id}").ok()["agenda"]) == count
    with at_most(4):
        api.get("meetings").ok()
