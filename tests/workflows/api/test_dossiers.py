"""``dossiers``: file, edit, read, search, journal."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from cases.enums import Role
from cases.models import Dossier
from tests.journeys import Cast, Journey, impact, investment, state_of_everything


def draft(amount: str = "25000.50", organisation: str = "carmi-npdc", **data: Any) -> dict[str, Any]:
    """The body of a new dossier."""
    return {"path": "fnmo_investment", "organisation": organisation, "data": investment(amount, **data)}


class TestFiling:
    def test_draft_is_created_with_its_reference(self, people: Any) -> None:
        answer = people.agent.post("dossiers", draft("25 000,50 €"))
        found = answer.ok(201)
        assert found["reference"] == "FNMO-2015-0001"
        assert answer.headers["Location"] == "/api/v1/dossiers/FNMO-2015-0001"
        assert (found["status"], found["status_label"], found["version"]) == ("draft", "Brouillon", 1)
        assert found["amount_ht"] == "25000.50"
        assert found["data"]["amount_ht"] == "25000.50"
        assert found["organisation"] == {"code": "carmi-npdc", "name": "CARMI Nord-Pas-de-Calais"}
        assert Dossier.objects.get().reference == "FNMO-2015-0001"

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"amount_ht": 25000.5}, "amount_ht"),
            ({"amount_ht": "25000.505"}, "amount_ht"),
            ({"amount_ht": "-5"}, "amount_ht"),
            ({"amount_ht": "0"}, "amount_ht"),
            ({"amount_ht": "mille"}, "amount_ht"),
            ({"amount_ht": "1000000000000"}, "amount_ht"),
            ({"amount_ht": None}, "amount_ht"),
            ({"title": ""}, "title"),
            ({"title": {"a": 1}}, "title"),
            ({"title": "x" * 201}, "title"),
            ({"exercise": 2013}, "exercise"),
            ({"exercise": True}, "exercise"),
            ({"facilities": []}, "facilities"),
            ({"facilities": [1]}, "facilities"),
            ({"is_restructuring": "peut-être"}, "is_restructuring"),
            ({"impact": [{"gestion": "G", "year": "deux", "amount": "1"}]}, "impact"),
            ({"impact": impact(2016, 2016)}, "impact"),
            ({"surprise": 1}, "surprise"),
        ],
    )
    def test_bad_data_is_refused_and_nothing_is_written(
        self, people: Any, change: dict[str, Any], field: str
    ) -> None:
        agent = people.agent
        before = state_of_everything()
        body = draft()
        body["data"] |= change
        error = agent.post("dossiers", body).refused(422, "invalid")
        assert list(error["details"]) == [field]
        assert state_of_everything() == before

    @pytest.mark.parametrize(
        ("person", "body", "status", "code"),
        [
            ("agent", {"path": "nope"}, 404, "not_found"),
            ("agent", {"organisation": "carmi-est"}, 404, "not_found"),
            ("agent", {"organisation": "nulle-part"}, 404, "not_found"),
            ("director", {}, 403, "forbidden"),
            ("reviewer", {}, 403, "forbidden"),
            ("reviewer", {"organisation": "canssm"}, 422, "blocked"),
            ("auditor", {}, 403, "forbidden"),
            ("nobody", {}, 404, "not_found"),
            ("agent", {"data": []}, 422, "invalid"),
            ("agent", {"version": 1}, 422, "invalid"),
        ],
    )
    def test_who_may_not_file_writes_nothing(
        self, people: Any, person: str, body: dict[str, Any], status: int, code: str
    ) -> None:
        api = people[person]
        before = state_of_everything()
        api.post("dossiers", draft() | body).refused(status, code)
        assert state_of_everything() == before


class TestEditing:
    def test_change_keeps_what_is_not_sent(self, people: Any, cast: Cast) -> None:
        journey = Journey.start(cast)
        found = people.agent.patch(
            f"dossiers/{journey.reference}",
            {"data": {"amount_ht": "30000"}, "version": journey.dossier.version},
        ).ok()
        assert found["amount_ht"] == found["data"]["amount_ht"] == "30000.00"
        assert found["title"] == investment()["title"]
        assert found["version"] == journey.dossier.version

    @pytest.mark.parametrize(
        ("person", "status", "body", "code"),
        [
            ("agent", 409, {"version": 99}, "stale"),
            ("agent", 422, {"data": {"amount_ht": "x"}}, "invalid"),
            ("agent", 422, {"version": None}, "invalid"),
            ("agent", 422, {"version": "1"}, "invalid"),
            ("agent", 422, {"data": "x"}, "invalid"),
            ("director", 403, {}, "forbidden"),
            ("est_agent", 404, {}, "not_found"),
        ],
    )
    def test_refused_change_writes_nothing(
        self, people: Any, cast: Cast, person: str, status: int, body: dict[str, Any], code: str
    ) -> None:
        journey, api = Journey.start(cast), people[person]
        full = {"data": {"amount_ht": "30000"}, "version": journey.dossier.version} | body
        before = state_of_everything(journey.reference)
        api.patch(f"dossiers/{journey.reference}", full).refused(status, code)
        assert state_of_everything(journey.reference) == before

    def test_change_once_submitted_is_blocked_with_who_has_it(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "submitted")
        error = people.agent.patch(
            f"dossiers/{journey.reference}", {"data": {"amount_ht": "1"}, "version": journey.dossier.version}
        ).refused(422, "blocked")
        assert error["details"]["reasons"][0]["lifted_by"] == "Signer et transmettre (Directeur régional)"


class TestReading:
    def test_dossier_tells_where_it_is_and_what_can_be_done(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "awaiting_decision")
        found = people.dg.get(f"dossiers/{journey.reference}").ok()
        assert found["status"] == "awaiting_decision"
        assert found["waiting"] == "Décider (Directeur général)"
        assert {one["key"]: one["state"] for one in found["steps"]} == {
            "prepare": "done",
            "sign_off": "done",
            "check": "done",
            "complete_file": "aside",
            "decide": "current",
            "commit": "ahead",
            "close": "ahead",
        }
        decide = [one for one in found["actions"] if one["step"] == "decide"]
        assert [(one["outcome"], one["allowed"], one["motive_required"]) for one in decide] == [
            ("approve", True, False),
            ("refuse", True, True),
            ("send_back", True, True),
        ]
        assert found["rules"]["fnmo.investment.threshold"].startswith(
            "cog-2014-2017/fnmo.investment.threshold@"
        )

    def test_refused_action_says_why_who_lifts_it_and_under_which_rule(self, people: Any, cast: Cast) -> None:
        journey = Journey.start(cast, pieces=())
        found = people.agent.get(f"dossiers/{journey.reference}").ok()
        submit = next(one for one in found["actions"] if one["outcome"] == "submit")
        assert not submit["allowed"]
        (reason,) = submit["reasons"]
        assert reason["code"] == "missing_piece"
        assert reason["lifted_by"] == "Agent préparateur"
        assert "note de présentation" in reason["quote"]["text"]
        assert reason in found["blockers"]

    def test_action_of_a_later_step_is_shown_with_what_comes_first(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "under_review")
        found = people.director.get(f"dossiers/{journey.reference}").ok()
        commit = next(one for one in found["actions"] if one["outcome"] == "commit")
        assert not commit["allowed"]
        assert commit["reasons"][0]["code"] == "not_open"
        assert [one["name"] for one in commit["fields"]] == ["committed_on", "committed_amount_ht"]

    def test_deadlines_come_with_their_sum_and_quote(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "to_complete")
        found = people.agent.get(f"dossiers/{journey.reference}").ok()["deadlines"]
        states = {one["step"]: one["state"] for one in found}
        assert states == {"sign_off": "met", "check": "suspended", "complete_file": "running"}
        for one in found:
            assert one["quote"]["text"]
            assert one["lines"]
            assert all(line["label"] for line in one["lines"])
        running = next(one for one in found if one["state"] == "running")
        assert running["due_on"] == running["lines"][-1]["on"]

    def test_pieces_come_with_their_versions(self, people: Any, cast: Cast) -> None:
        journey = Journey.start(cast)
        journey.add()
        (note, economic) = people.agent.get(f"dossiers/{journey.reference}").ok()["pieces"]
        assert (note["required"], note["missing"], economic["required"]) == (True, False, False)
        assert [one["version"] for one in note["versions"]] == [2]
        note = people.auditor.get(f"dossiers/{journey.reference}").ok()["pieces"][0]
        assert [(one["version"], one["current"]) for one in note["versions"]] == [(2, True), (1, False)]

    def test_decision_and_results_are_told(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "executed")
        found = people.agent.get(f"dossiers/{journey.reference}").ok()
        (decision,) = found["decisions"]
        assert (decision["kind"], decision["amount_ht"], decision["decided_by"]) == (
            "approval",
            "25000.50",
            "Gilles Général",
        )
        assert found["approved_amount_ht"] == "25000.50"
        assert found["results"]["commit"]["committed_amount_ht"] == "25000.50"

    @pytest.mark.parametrize("person", ["est_agent", "est_director", "ministry", "nobody", "admin"])
    @pytest.mark.parametrize("address", ["dossiers/{}", "dossiers/{}/journal"])
    def test_outsider_gets_the_same_answer_as_for_nothing(
        self, people: Any, cast: Cast, person: str, address: str
    ) -> None:
        journey = Journey.start(cast)
        hidden = people[person].get(address.format(journey.reference)).refused(404, "not_found")
        assert people[person].get(address.format("FNMO-2015-9999")).refused(404, "not_found") == hidden


class TestSearching:
    def test_search_finds_by_words_status_and_path(self, people: Any, cast: Cast) -> None:
        lens = Journey.at(cast, "submitted", title="Réfection à Lens")
        Journey.start(cast, title="Scanner de Liévin")

        def found(**filters: str) -> list[str]:
            return [one["title"] for one in people.agent.get("dossiers", **filters).ok()["items"]]

        assert found() == ["Scanner de Liévin", "Réfection à Lens"]
        assert found(q="refection LENS") == ["Réfection à Lens"]
        assert found(q=lens.reference.lower()) == ["Réfection à Lens"]
        assert found(status="draft") == ["Scanner de Liévin"]
        assert found(path="fnmo_investment", status="submitted") == ["Réfection à Lens"]
        assert found(q="100%") == []
        assert found(status="closed") == []

    def test_search_filters_and_sorts(self, people: Any, cast: Cast) -> None:
        small, large = (
            Journey.start(cast, "30000.00"),
            Journey.at(cast, "submitted", "40000.00", exercise=2016),
        )

        def found(**filters: str) -> list[str]:
            return [one["reference"] for one in people.auditor.get("dossiers", **filters).ok()["items"]]

        assert found(sort="-amount") == [large.reference, small.reference]
        assert found(sort="amount") == [small.reference, large.reference]
        for filters, expected in (
            ({"amount_from": "35000", "amount_to": "40000.00"}, large),
            ({"exercise": "2016"}, large),
            ({"submitted_from": "2014-01-01"}, large),
            ({"organisation": "carmi-npdc", "step": "prepare"}, small),
            ({"role": "regional_director", "holder": "free"}, large),
            ({"q": "note", "sort": "relevance", "status": "draft"}, small),
        ):
            assert found(**filters) == [expected.reference], filters

    def test_search_shows_nobody_the_dossiers_of_others(self, people: Any, cast: Cast) -> None:
        Journey.start(cast)
        assert people.est_agent.get("dossiers").ok()["items"] == []
        assert people.admin.get("dossiers").ok()["items"] == []
        assert len(people.auditor.get("dossiers").ok()["items"]) == 1

    def test_pages_follow_one_another_without_gap_or_repeat(self, people: Any, cast: Cast) -> None:
        references = [Journey.start(cast, pieces=()).reference for _ in range(27)]
        first = people.agent.get("dossiers").ok()
        second = people.agent.get("dossiers", cursor=first["next_cursor"]).ok()
        assert [len(first["items"]), len(second["items"])] == [25, 2]
        assert second["next_cursor"] == ""
        assert sorted(one["reference"] for page in (first, second) for one in page["items"]) == references

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("status", "nope"),
            ("path", "nope"),
            ("cursor", "nope"),
            ("cursor", "é"),
            ("cursor", "MjAxNXww"),
            ("cursor", "x" * 201),
            ("q", "x" * 201),
            ("sort", "people"),
            ("amount_from", "abc"),
            ("due_to", "hier"),
            ("exercise", "12"),
            ("rule", "nope"),
            ("step", "nope"),
            ("role", "nope"),
        ],
    )
    def test_bad_filter_is_invalid(self, people: Any, name: str, value: str) -> None:
        error = people.agent.get("dossiers", **{name: value}).refused(422, "invalid")
        assert list(error["details"]) == [name]


class TestJournal:
    def test_journal_is_verified_by_the_stand_alone_script(
        self, people: Any, cast: Cast, tmp_path: Path
    ) -> None:
        journey = Journey.at(cast, "closed")
        answer = people.auditor.get(f"dossiers/{journey.reference}/journal")
        journal = answer.ok()
        assert [one["action"] for one in journal["entries"]][:3] == ["create", "add_document", "perform"]
        assert journal["head"] == journal["entries"][-1]["hash"] == journey.dossier.journal_head

        def verify(content: bytes) -> int:
            export = tmp_path / "export.json"
            export.write_bytes(content)
            script = Path(settings.BASE_DIR) / "cases" / "journal_chain.py"
            return subprocess.run(
                [sys.executable, str(script), str(export)], capture_output=True, check=False
            ).returncode

        assert verify(answer.content) == 0
        journal["entries"][2]["actor_name"] = "Quelqu’un d’autre"
        assert verify(json.dumps(journal).encode()) == 1

    def test_journal_names_actor_capacity_and_rules(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "approved")
        last = people.agent.get(f"dossiers/{journey.reference}/journal").ok()["entries"][-1]
        assert (last["step"], last["outcome"], last["actor_name"]) == ("decide", "approve", "Gilles Général")
        assert last["capacity"] == "Directeur général — CANSSM"
        assert (last["status_before"], last["status_after"]) == ("awaiting_decision", "approved")
        assert any("fnmo.investment.threshold@" in rule for rule in last["rules"])


def test_role_that_ended_opens_nothing_any_more(people: Any, cast: Cast) -> None:
    journey = Journey.start(cast)
    other = cast.person("temporary", (Role.PREPARER, "carmi-npdc"))
    people.temporary.get(f"dossiers/{journey.reference}").ok()
    with transaction.atomic():
        other.role_grants.update(valid_until="2014-12-31")
    people.temporary.get(f"dossiers/{journey.reference}").refused(404, "not_found")
