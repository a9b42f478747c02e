"""``POST dossiers/{reference}/actions``: every refusal of design §11, and nothing written by any of them."""

from datetime import timedelta
from typing import Any

import pytest

from cases import clock
from cases.models import JournalEntry
from tests.journeys import Cast, Journey, state_of_everything
from workflows.services import claim


def test_act_moves_the_dossier_and_writes_one_entry(people: Any, cast: Cast) -> None:
    journey = Journey.start(cast)
    version, length = journey.dossier.version, journey.dossier.journal_length
    found = people.agent.act(journey.reference, "prepare.submit").ok()
    assert (found["status"], found["status_label"]) == ("submitted", "Soumis")
    assert found["version"] == version + 1
    assert journey.status == "submitted"
    assert JournalEntry.objects.filter(dossier=journey.pk).count() == length + 1


#: status of the dossier, person, act, body, HTTP status, code, reason or field.
REFUSALS: list[tuple[str, str, str, dict[str, Any], int, str, str]] = [
    ("draft", "est_agent", "prepare.submit", {"version": 1}, 404, "not_found", ""),
    ("draft", "nobody", "prepare.submit", {"version": 1}, 404, "not_found", ""),
    ("draft", "director", "prepare.submit", {}, 403, "forbidden", "role"),
    ("draft", "auditor", "prepare.submit", {}, 403, "forbidden", "role"),
    ("draft", "agent", "prepare.submit", {"version": 99}, 409, "stale", ""),
    ("draft", "agent", "prepare.submit", {"data": {"surprise": 1}}, 422, "invalid", "surprise"),
    ("draft", "agent", "prepare.nope", {}, 422, "invalid", ""),
    ("draft", "agent", "nope.submit", {}, 422, "invalid", ""),
    ("draft", "agent", "prepare.submit", {"motive": "x" * 5_001}, 422, "invalid", "motive"),
    ("draft", "agent", "withdraw.withdraw", {}, 422, "invalid", "motive"),
    ("draft", "agent", "withdraw.nope", {}, 422, "invalid", ""),
    ("draft", "reviewer", "withdraw.withdraw", {"motive": "Non"}, 403, "forbidden", "role"),
    ("draft", "director", "commit.commit", {}, 422, "blocked", "not_open"),
    ("submitted", "agent", "prepare.submit", {}, 409, "conflict", ""),
    ("submitted", "agent", "sign_off.transmit", {}, 403, "forbidden", "role"),
    ("under_review", "director", "commit.commit", {}, 422, "blocked", "not_open"),
    ("under_review", "reviewer", "check.request_pieces", {}, 422, "invalid", "motive"),
    ("under_review", "reviewer", "check.request_pieces", {"motive": "  "}, 422, "invalid", "motive"),
    ("awaiting_decision", "dg", "decide.refuse", {}, 422, "invalid", "motive"),
    ("awaiting_decision", "reviewer", "decide.approve", {}, 403, "forbidden", "role"),
    ("approved", "agent", "withdraw.withdraw", {"motive": "Trop tard"}, 422, "blocked", "too_late"),
    ("approved", "dg", "decide.approve", {}, 409, "conflict", ""),
    ("approved", "director", "commit.commit", {}, 422, "invalid", "committed_on"),
    (
        "approved",
        "director",
        "commit.commit",
        {"data": {"committed_on": "2015-13-01", "committed_amount_ht": "1"}},
        422,
        "invalid",
        "committed_on",
    ),
    (
        "approved",
        "director",
        "commit.commit",
        {"data": {"committed_on": 20150101, "committed_amount_ht": "1"}},
        422,
        "invalid",
        "committed_on",
    ),
    (
        "approved",
        "director",
        "commit.commit",
        {"data": {"committed_on": "TODAY", "committed_amount_ht": 1.5}},
        422,
        "invalid",
        "committed_amount_ht",
    ),
    (
        "approved",
        "director",
        "commit.commit",
        {"data": {"committed_on": "TODAY", "committed_amount_ht": "25000.51"}},
        422,
        "blocked",
        "above_approved_amount",
    ),
    (
        "approved",
        "director",
        "commit.commit",
        {"data": {"committed_on": "TOMORROW", "committed_amount_ht": "1"}},
        422,
        "blocked",
        "future_date",
    ),
    ("closed", "reviewer", "close.close", {}, 409, "conflict", ""),
    ("withdrawn", "agent", "prepare.submit", {}, 409, "conflict", ""),
    ("withdrawn", "director", "sign_off.transmit", {}, 422, "blocked", "not_open"),
]


@pytest.mark.parametrize(
    ("at", "person", "act", "body", "status", "code", "reason"),
    REFUSALS,
    ids=[f"{one[0]} {one[1]} {one[2]} {one[5]} {one[6]}" for one in REFUSALS],
)
def test_refused_act_writes_nothing(
    people: Any,
    cast: Cast,
    at: str,
    person: str,
    act: str,
    body: dict[str, Any],
    status: int,
    code: str,
    reason: str,
) -> None:
    journey, api = Journey.at(cast, at), people[person]
    if body.get("data", {}).get("committed_on") in ("TODAY", "TOMORROW"):
        later = timedelta(days=body["data"]["committed_on"] == "TOMORROW")
        body = body | {"data": body["data"] | {"committed_on": (clock.today() + later).isoformat()}}
    body = {"version": journey.dossier.version} | body
    before = state_of_everything(journey.reference)
    error = api.act(journey.reference, act, **body).refused(status, code)
    assert state_of_everything(journey.reference) == before
    if code in ("forbidden", "blocked"):
        assert reason in [one["code"] for one in error["details"]["reasons"]]
        assert " ".join(one["message"] for one in error["details"]["reasons"]) == error["message"]
    elif code == "invalid" and reason:
        assert reason in error["details"]
    elif code == "stale":
        assert error["details"] == {"version": journey.dossier.version}


def test_missing_piece_blocks_with_its_rule(people: Any, cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    error = people.agent.act(journey.reference, "prepare.submit").refused(422, "blocked")
    (reason,) = error["details"]["reasons"]
    assert reason["code"] == "missing_piece"
    assert "note de présentation" in reason["quote"]["text"]
    assert reason["quote"]["source"]


def test_refusal_of_perform_is_the_one_shown_beforehand(people: Any, cast: Cast) -> None:
    journey = Journey.start(cast, "50000", pieces=(), is_restructuring=True)
    shown = next(
        one
        for one in people.agent.get(f"dossiers/{journey.reference}").ok()["actions"]
        if one["outcome"] == "submit"
    )
    raised = people.agent.act(journey.reference, "prepare.submit").refused(422, "blocked")
    assert raised["details"]["reasons"] == shown["reasons"]


@pytest.mark.parametrize(
    "body", [{"version": None}, {"version": "1"}, {"version": 1.0}, {"version": True}, {}]
)
def test_version_is_compulsory_and_a_number(people: Any, cast: Cast, body: dict[str, Any]) -> None:
    journey, agent = Journey.start(cast), people.agent
    before = state_of_everything(journey.reference)
    error = agent.post(
        f"dossiers/{journey.reference}/actions", {"step": "prepare", "outcome": "submit"} | body
    ).refused(422, "invalid")
    assert list(error["details"]) == ["version"]
    assert state_of_everything(journey.reference) == before


def test_task_held_by_somebody_else_is_a_conflict(people: Any, cast: Cast) -> None:
    journey = Journey.start(cast)
    claim(task_id=journey.task.pk, actor=cast.agent2)
    before = state_of_everything(journey.reference)
    error = people.agent.act(journey.reference, "prepare.submit", journey.dossier.version).refused(
        409, "conflict"
    )
    assert "Alain Agent" in error["message"]
    assert state_of_everything(journey.reference) == before | {
        "cases_apitoken": before["cases_apitoken"] + 1,  # the agent's own, made when first asked for
    }


def test_who_prepared_does_not_decide(people: Any, cast: Cast) -> None:
    from cases.enums import Role

    cast.give(cast.agent, (Role.DIRECTOR_GENERAL, "canssm"))
    journey = Journey.at(cast, "awaiting_decision")
    error = people.agent.act(journey.reference, "decide.approve").refused(403, "forbidden")
    (reason,) = error["details"]["reasons"]
    assert reason["code"] == "separation_of_duties"
    assert reason["quote"]["text"]


def test_same_act_sent_twice_is_done_once(people: Any, cast: Cast) -> None:
    journey = Journey.start(cast)
    version = journey.dossier.version
    people.agent.act(journey.reference, "prepare.submit", version).ok()
    people.agent.act(journey.reference, "prepare.submit", version).refused(409, "conflict")


def test_withdrawal_ends_the_dossier(people: Any, cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    found = people.director.act(journey.reference, "withdraw.withdraw", motive="Projet abandonné").ok()
    assert found["status"] == "withdrawn"
    assert journey.open_steps == []
