"""A dossier carried from draft to closed by four people, over HTTP alone."""

from typing import Any

from cases import clock
from cases.models import Decision, Dossier
from tests.journeys import Cast, impact, investment


def test_four_people_carry_a_dossier_to_its_end(people: Any, cast: Cast) -> None:
    agent, director, reviewer, dg = people.agent, people.director, people.reviewer, people.dg

    simulated = agent.post(
        "simulations",
        {
            "path": "fnmo_investment",
            "organisation": "carmi-npdc",
            "data": {"amount_ht": "48 000 €", "is_restructuring": True},
        },
    ).ok()
    assert [one["key"] for one in simulated["pieces"] if one["required"]] == [
        "presentation_note",
        "economic_file",
    ]

    data = investment("48 000 €", is_restructuring=True)
    reference = agent.post(
        "dossiers", {"path": "fnmo_investment", "organisation": "carmi-npdc", "data": data}
    ).ok(201)["reference"]
    dossier = f"dossiers/{reference}"

    blocked = agent.act(reference, "prepare.submit").refused(422, "blocked")
    assert [one["code"] for one in blocked["details"]["reasons"]] == [
        "missing_piece",
        "missing_piece",
        "missing_impact",
    ]
    for kind in ("presentation_note", "economic_file"):
        agent.upload(reference, kind).ok(201)
    version = agent.get(dossier).ok()["version"]
    agent.patch(dossier, {"data": {"impact": impact(2016, 2017, 2018)}, "version": version}).ok()
    assert agent.act(reference, "prepare.submit").ok()["status"] == "submitted"

    assert director.act(reference, "sign_off.return").ok()["status"] == "draft"
    agent.act(reference, "prepare.submit").ok()
    assert director.act(reference, "sign_off.transmit").ok()["status"] == "under_review"

    (task,) = [one["task_id"] for one in reviewer.get("queue").ok()["items"] if one["reference"] == reference]
    reviewer.post(f"tasks/{task}/claim").ok()
    asked = reviewer.act(reference, "check.request_pieces", motive="Le devis du lot 2 manque.").ok()
    assert asked["status"] == "to_complete"
    agent.upload(reference, "presentation_note").ok(201)
    agent.act(reference, "complete_file.resubmit").ok()
    assert reviewer.act(reference, "check.complete").ok()["status"] == "awaiting_decision"

    assert (
        dg.act(reference, "decide.send_back", motive="Précisez le calendrier.").ok()["status"]
        == "under_review"
    )
    reviewer.act(reference, "check.complete").ok()
    approved = dg.act(reference, "decide.approve").ok()
    assert (approved["status"], approved["approved_amount_ht"]) == ("approved", "48000.00")

    revised = director.act(
        reference, "commit.revise_cost", motive="Révision des prix", data={"amount_ht": "52 000,00 €"}
    ).ok()
    assert (revised["status"], revised["amount_ht"], revised["approved_amount_ht"]) == (
        "under_review",
        "52000.00",
        None,
    )
    reviewer.act(reference, "check.complete").ok()
    dg.act(reference, "decide.approve").ok()

    commitment = {"committed_on": clock.today().isoformat(), "committed_amount_ht": "51 999,99 €"}
    assert director.act(reference, "commit.commit", data=commitment).ok()["status"] == "executed"
    assert reviewer.act(reference, "close.close").ok()["status"] == "closed"

    end = agent.get(dossier).ok()
    assert (end["waiting"], [one for one in end["actions"] if one["allowed"]]) == ("", [])
    assert end["results"]["commit"] == {
        "committed_on": clock.today().isoformat(),
        "committed_amount_ht": "51999.99",
    }
    assert [one["kind"] for one in end["decisions"]] == ["approval", "approval"]
    assert Decision.objects.count() == 2
    assert Dossier.objects.get().status == "closed"
    steps = [
        (one["step"], one["outcome"])
        for one in people.auditor.get(f"{dossier}/journal").ok()["entries"]
        if one["step"]
    ]
    assert ("decide", "approve") in steps
    assert steps[-1] == ("close", "close")


def test_small_operation_goes_straight_to_its_commitment(people: Any, cast: Cast) -> None:
    reference = people.agent.post(
        "dossiers",
        {"path": "fnmo_investment", "organisation": "carmi-npdc", "data": investment("20000,00 €")},
    ).ok(201)["reference"]
    people.agent.act(reference, "prepare.submit").ok()
    signed = people.director.act(reference, "sign_off.transmit").ok()
    assert (signed["status"], signed["approved_amount_ht"]) == ("approved", "20000.00")
    (decision,) = people.agent.get(f"dossiers/{reference}").ok()["decisions"]
    assert decision["kind"] == "dispense"
