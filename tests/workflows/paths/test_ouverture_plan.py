"""The ouverture plan (A63, A65–A67): opinions, transmission, revision, vote in session, agréments, adhesion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from cases import clock
from cases.enums import DossierStatus, Role
from cases.errors import Blocked, Conflict, Forbidden, Invalid
from cases.models import AgendaItem, Deadline, Decision, Facility, FacilityChange
from cases.services import verify_all
from tests.credit_journeys import NOW
from tests.journeys import Cast, state_of_everything
from tests.opening_journeys import (
    COMMITTEE,
    FINESS,
    PIECES,
    VOTES,
    OpeningJourney,
    committee,
    facilities,
    plan,
)
from workflows.selectors import dossier_view
from workflows.services import create_draft, simulate, update_draft

pytestmark = pytest.mark.django_db

TODAY = NOW.date()


def refused(journey: OpeningJourney, call: Any, error: type[Exception] = Blocked) -> Any:
    """The refusal of an act, which leaves everything as it was."""
    before = state_of_everything(journey.reference)
    with pytest.raises(error) as caught:
        call()
    assert state_of_everything(journey.reference) == before
    return caught.value


def codes(error: Any) -> list[str]:
    return [reason.code for reason in error.reasons]


def test_plan_travels_from_draft_to_adhesion(cast: Cast) -> None:
    journey = OpeningJourney.adopted(cast)
    dossier = journey.dossier
    assert (dossier.status, dossier.approved_amount_ht) == ("approved", Decimal("150000.00"))
    assert dossier.title == "Plan d’ouverture — Nord-Pas-de-Calais"
    assert dossier.amount_ht == Decimal("200000.50")

    journey.approvals()
    assert journey.open_steps == ["adhere"]
    journey.do("adhere.adhere", data={"adhered_on": TODAY.isoformat()})
    assert journey.status == "executed"
    journey.do("close.close")
    assert journey.status == "closed"

    kept, moved, closed = Facility.objects.filter(code__startswith="carmi-npdc-").order_by("code")
    assert [(kept.approval, kept.finess, kept.adhered_on)] == [("granted", FINESS[0], TODAY)]
    assert [(moved.approval, moved.finess, moved.adhered_on)] == [("provisional", FINESS[1], TODAY)]
    assert (closed.approval, closed.active, closed.closed_on) == ("removed", False, TODAY)
    assert set(FacilityChange.objects.values_list("dossier__reference", flat=True)) == {journey.reference}
    kinds = list(Decision.objects.filter(dossier=journey.pk).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["opinion", "deliberation"]
    assert [report.faults for report in verify_all() if report.faults] == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"facilities": []}, "no_facility"),
        ({"economic_comparison": None}, "no_comparison"),
        ({"staffing": " "}, "no_staffing"),
    ],
)
def test_plan_that_lacks_something_is_not_submitted(cast: Cast, changes: dict[str, Any], code: str) -> None:
    journey = OpeningJourney.file(cast, **changes)
    error = refused(journey, lambda: journey.do("prepare.submit"))
    assert codes(error) == [code]
    assert error.reasons[0].quote.status == "text"


def test_each_piece_is_asked_for_with_its_quote(cast: Cast) -> None:
    journey = OpeningJourney.file(cast, pieces=())
    error = refused(journey, lambda: journey.do("prepare.submit"))
    assert codes(error) == ["missing_piece"] * 3
    closing = [{"facility": "carmi-npdc-1", "scenario": "close", "works_budget": None}]
    only_closings = OpeningJourney.file(cast, pieces=(), facilities=closing)
    assert len(refused(only_closings, lambda: only_closings.do("prepare.submit")).reasons) == 2


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"facility": "carmi-est-1", "scenario": "keep"}], "n’est pas une œuvre en activité"),
        ([{"facility": "carmi-npdc-1", "scenario": "sell"}], "est inconnu"),
        ([{"facility": "carmi-npdc-1", "scenario": "keep"}] * 2, "figure deux fois"),
        (
            [{"facility": "carmi-npdc-1", "scenario": "close", "works_budget": "5.00"}],
            "retirez son budget de travaux",
        ),
        ([{"facility": "carmi-npdc-1", "scenario": "keep", "works_budget": "-5.00"}], "n’est pas négatif"),
        ([{"facility": "carmi-npdc-1", "scenario": "keep", "town": "Lens"}], "n’est pas attendu"),
        ("Lens", "Envoyez une liste"),
    ],
)
def test_rows_of_the_plan_are_read_with_care(cast: Cast, rows: Any, words: str) -> None:
    facilities(cast)
    facilities(cast, "carmi-est")
    with pytest.raises(Invalid) as caught:
        create_draft(
            path="ouverture_plan",
            organisation=cast.body["carmi-npdc"],
            actor=cast.agent,
            data=plan(facilities=rows),
        )
    assert words in " ".join(caught.value.details["facilities"])


def test_facility_is_known_by_its_name_or_number_too(cast: Cast) -> None:
    first, second, _ = facilities(cast)
    Facility.objects.filter(pk=second.pk).update(finess=FINESS[1])
    rows = [
        {"facility": "centre 1", "scenario": "keep", "works_budget": "0"},
        {"facility": "62 000 002 6", "scenario": "keep"},
    ]
    dossier = create_draft(
        path="ouverture_plan",
        organisation=cast.body["carmi-npdc"],
        actor=cast.agent,
        data=plan(facilities=rows),
    )
    assert [row["facility"] for row in dossier.data["facilities"]] == [first.code, second.code]


@pytest.mark.parametrize(
    "comparison", [{"current": "1.00"}, {"current": "1.00", "target": "x"}, "dear", {"a": 1}]
)
def test_half_a_comparison_is_refused(cast: Cast, comparison: Any) -> None:
    facilities(cast)
    with pytest.raises(Invalid) as caught:
        create_draft(
            path="ouverture_plan",
            organisation=cast.body["carmi-npdc"],
            actor=cast.agent,
            data=plan(economic_comparison=comparison),
        )
    assert set(caught.value.details) == {"economic_comparison"}


def test_maintained_plan_is_the_one_that_the_experts_saw(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    for number in (1, 2, 3):
        journey.opinion(f"expert{number}", "reserved")
    journey.do("transmit_opinion.transmit", data={"synthesis": "Trois réserves."})
    unchanged = refused(journey, lambda: journey.do("revise.amend", data={"new_opinion": False}))
    assert codes(unchanged) == ["unchanged_plan"]
    with clock.at(NOW):
        update_draft(
            reference=journey.reference,
            actor=cast.agent,
            data={"staffing": "Trois secrétariats."},
            version=journey.dossier.version,
        )
    assert codes(refused(journey, lambda: journey.do("revise.maintain"))) == ["changed_plan"]
    journey.do("revise.amend", data={"new_opinion": True})
    assert (journey.status, journey.open_steps) == ("in_consultation", ["expert_opinions"] * 3)
    for number in (1, 2, 3):
        journey.opinion(f"expert{number}")
    journey.do("transmit_opinion.transmit", data={"synthesis": "Le plan modifié convainc."})
    journey.do("revise.maintain")
    assert journey.status == "awaiting_decision"


def test_vote_needs_a_session_that_has_the_plan_on_its_agenda(cast: Cast) -> None:
    journey = OpeningJourney.at_the_board(cast)
    without = refused(journey, lambda: journey.vote("adopted", endowment="1.00"))
    assert codes(without) == ["no_meeting"]
    meeting = journey.session()
    assert codes(refused(journey, lambda: journey.vote("adopted", endowment="1.00"))) == ["no_meeting"]
    journey.on_agenda(meeting)
    other_day = TODAY - timedelta(days=1)
    assert "no_meeting" in codes(
        refused(journey, lambda: journey.vote("adopted", on=other_day, endowment="1.00"))
    )
    journey.vote("adopted", endowment="1.00")
    assert AgendaItem.objects.get(dossier=journey.pk).outcome == "adopted"


def test_adjourned_plan_comes_back_at_another_session(cast: Cast) -> None:
    journey = OpeningJourney.at_the_board(cast)
    journey.on_agenda(journey.session())
    past = refused(
        journey,
        lambda: journey.vote("adjourned", adjourned_to=(TODAY - timedelta(days=3)).isoformat()),
        Invalid,
    )
    assert set(past.details) == {"adjourned_to"}
    later = NOW + timedelta(days=30)
    journey.vote("adjourned", adjourned_to=later.date().isoformat())
    assert (journey.status, journey.open_steps) == ("awaiting_decision", ["board_vote"])
    again = refused(journey, lambda: journey.vote("rejected"))
    assert codes(again) == ["no_meeting"], "the item of the first session is settled"
    journey.on_agenda(journey.session(later.date(), at=later), at=later)
    journey.vote("rejected", on=later.date(), at=later)
    assert journey.status == "refused"
    outcomes = AgendaItem.objects.filter(dossier=journey.pk).order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["adjourned", "rejected"]


def test_vote_that_contradicts_its_outcome_is_refused(cast: Cast) -> None:
    journey = OpeningJourney.at_the_board(cast)
    journey.on_agenda(journey.session())
    lost = VOTES | {"votes_for": 4, "votes_against": 9, "endowment": "1.00"}
    data = {"voted_on": TODAY.isoformat()} | lost
    error = refused(journey, lambda: journey.do("board_vote.adopted", data=data))
    assert codes(error) == ["vote_contradicts"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"facility": "carmi-npdc-1", "approval": "removed"}, "kept_site"),
        ({"facility": "carmi-npdc-3", "approval": "granted"}, "closing_site"),
    ],
)
def test_agrements_follow_the_plan(cast: Cast, row: dict[str, Any], code: str) -> None:
    journey = OpeningJourney.adopted(cast)
    error = refused(journey, lambda: journey.approvals(row))
    assert codes(error) == [code]


def test_wrong_number_names_its_facility_and_writes_nothing(cast: Cast) -> None:
    journey = OpeningJourney.adopted(cast)
    rows = (
        {"facility": "carmi-npdc-1", "finess": FINESS[0], "approval": "granted"},
        {"facility": "carmi-npdc-2", "finess": "620000027", "approval": "granted"},
    )
    error = refused(journey, lambda: journey.approvals(*rows), Invalid)
    assert "Centre 2" in error.message
    assert "approvals" in error.details


def test_agrements_may_come_one_after_the_other(cast: Cast) -> None:
    journey = OpeningJourney.adopted(cast)
    journey.approvals({"facility": "carmi-npdc-1", "finess": FINESS[0], "approval": "to_request"})
    assert journey.open_steps == ["approvals"]
    journey.approvals({"facility": "carmi-npdc-3", "approval": "removed"})
    journey.approvals({"facility": "carmi-npdc-2", "finess": FINESS[1], "approval": "existing"})
    assert journey.open_steps == ["approvals"], "one is still to be requested"
    journey.approvals({"facility": "carmi-npdc-1", "approval": "granted"})
    assert journey.open_steps == ["adhere"]
    only = {"adhered_on": TODAY.isoformat(), "facilities": ["carmi-npdc-2"]}
    journey.do("adhere.adhere", data=only)
    assert journey.open_steps == ["adhere"]
    assert codes(refused(journey, lambda: journey.do("adhere.adhere", data=only))) == ["nobody_to_adhere"]
    closed = {"adhered_on": TODAY.isoformat(), "facilities": ["carmi-npdc-3"]}
    assert "not_in_plan" in codes(refused(journey, lambda: journey.do("adhere.adhere", data=closed)))
    journey.do("adhere.adhere", data={"adhered_on": TODAY.isoformat()})
    assert journey.status == "executed"


def test_form_of_the_agrements_lists_what_is_awaited_and_rows_left_as_they_were_say_nothing(
    cast: Cast, client: Client
) -> None:
    journey = OpeningJourney.adopted(cast)
    journey.approvals({"facility": "carmi-npdc-1", "finess": FINESS[0]})
    assert Facility.objects.get(code="carmi-npdc-1").approval == "unlisted", "the number alone"
    client.force_login(cast.agent)
    with clock.at(NOW):
        page = client.get(f"/dossiers/{journey.reference}/").content.decode()
    assert f'value="{FINESS[0]}"' in page
    rows = [{"facility": f"carmi-npdc-{number}", "finess": "", "approval": ""} for number in (1, 2, 3)]
    rows[0]["finess"] = FINESS[0]
    assert set(refused(journey, lambda: journey.approvals(*rows), Invalid).details) == {"approvals"}
    rows[0]["approval"] = "granted"
    journey.approvals(*rows)
    states = Facility.objects.order_by("code").values_list("approval", flat=True)
    assert list(states) == ["granted", "unlisted", "unlisted"]


def test_plan_that_closes_everything_has_nobody_to_adhere(cast: Cast) -> None:
    rows = [{"facility": "carmi-npdc-1", "scenario": "close"}]
    journey = OpeningJourney.adopted(cast, facilities=rows)
    journey.approvals({"facility": "carmi-npdc-1", "approval": "removed"})
    assert (journey.status, journey.open_steps) == ("executed", ["close"])


def test_what_the_plan_leaves_out_and_costs_is_signalled(cast: Cast) -> None:
    rows = [{"facility": "carmi-npdc-1", "scenario": "keep"}]
    dear = {"current": "1000.00", "target": "1000.01"}
    journey = OpeningJourney.file(cast, facilities=rows, economic_comparison=dear)
    warnings = {reason.code: reason for reason in dossier_view(cast.agent, journey.reference).warnings}
    assert set(warnings) == {"facilities_left_out", "dearer_target", "convention_over"}
    assert "2 réalisations" in warnings["facilities_left_out"].message


def test_simulation_says_who_gives_an_opinion_and_who_votes(cast: Cast) -> None:
    committee(cast)
    seen = simulate(path="ouverture_plan", data={}, organisation=cast.body["carmi-npdc"])
    keys = [step.key for step in seen.route]
    assert keys[:4] == ["prepare", "sign_off", "expert_opinions", "transmit_opinion"]
    assert {piece.key for piece in seen.pieces if piece.required} == set(PIECES)


def test_nobody_gives_an_opinion_on_a_plan_of_their_own(cast: Cast) -> None:
    journey = OpeningJourney.file(cast)
    cast.give(cast.agent, (Role.EXPERT, COMMITTEE))
    journey.do("prepare.submit")
    journey.do("sign_off.transmit")
    owners = {task.owner.username for task in journey.tasks()}
    assert owners == {"expert1", "expert2", "expert3"}
    with pytest.raises((Forbidden, Conflict)):
        journey.opinion("agent")


def test_legal_day_of_the_agrements_runs_only_while_it_can_be_kept(cast: Cast) -> None:
    journey = OpeningJourney.adopted(cast)
    assert not Deadline.objects.filter(dossier=journey.pk, step="approvals").exists()
    assert DossierStatus(journey.status) is DossierStatus.APPROVED
    with clock.at(datetime(2004, 10, 4, 9, tzinfo=UTC)):
        seen = simulate(path="ouverture_plan", data={}, organisation=cast.body["carmi-npdc"])
    (delay,) = next(step for step in seen.route if step.key == "approvals").delays
    assert (delay.kind, delay.text) == ("legal", "au plus tard le vendredi 31 décembre 2004")
    assert delay.due_if_started_today == "vendredi 31 décembre 2004"
