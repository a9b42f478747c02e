"""``queue``, ``tasks/{id}/…``, ``deadlines``: what is to be done, by whom, until when."""

from datetime import timedelta
from typing import Any

import pytest

from cases import clock
from cases.models import JournalEntry
from tests.journeys import Cast, Journey, state_of_everything
from workflows.services.snoozes import snooze_task


def references(page: dict[str, Any]) -> list[str]:
    """Of the dossiers of a page."""
    return [one["reference"] for one in page["items"]]


class TestQueue:
    def test_queue_shows_the_open_tasks_of_ones_roles(self, people: Any, cast: Cast) -> None:
        waiting = Journey.at(cast, "under_review")
        Journey.start(cast)
        page = people.reviewer.get("queue").ok()
        (item,) = page["items"]
        assert page["count"] == 1
        assert page["count_is_exact"]
        assert item["task_id"] == waiting.task.pk
        assert (item["reference"], item["step"], item["step_title"]) == (
            waiting.reference,
            "check",
            "Instruire le dossier",
        )
        assert item["amount_ht"] == "25000.50"
        assert item["status"] == "under_review"
        assert item["version"] == waiting.dossier.version
        assert item["organisation"]["code"] == "carmi-npdc"
        assert item["owner"] is None
        assert (item["age_days"], item["overdue"]) == (0, False)
        assert people.est_agent.get("queue").ok()["items"] == []
        assert people.nobody.get("queue").ok()["count"] == 0

    def test_queue_filters(self, people: Any, cast: Cast) -> None:
        mine, free = Journey.at(cast, "under_review"), Journey.at(cast, "under_review")
        est = Journey.start(cast, body="carmi-est").dossier
        people.reviewer.post(f"tasks/{mine.task.pk}/claim").ok()
        reviewer = people.reviewer
        assert references(reviewer.get("queue", mine="true").ok()) == [mine.reference]
        assert references(reviewer.get("queue", mine="0").ok()) == [mine.reference, free.reference]
        assert references(reviewer.get("queue", path="fnmo_investment").ok()) == [
            mine.reference,
            free.reference,
        ]
        assert references(reviewer.get("queue", organisation="carmi-est").ok()) == []
        assert references(people.est_agent.get("queue", organisation="carmi-est").ok()) == [est.reference]

    def test_what_was_put_aside_is_shown_when_it_is_asked_for(self, people: Any, cast: Cast) -> None:
        journey, other = Journey.at(cast, "under_review"), Journey.at(cast, "under_review")
        until = clock.today() + timedelta(2)
        snooze_task(task_id=journey.task.pk, until=until, actor=cast.reviewer)
        assert references(people.reviewer.get("queue").ok()) == [other.reference]
        (item,) = people.reviewer.get("queue", snoozed="true", sort="due").ok()["items"]
        assert (item["reference"], item["until"]) == (journey.reference, until.isoformat())
        people.reviewer.get("queue", sort="luck").refused(422, "invalid")

    def test_the_next_task_is_claimed(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "under_review")
        reviewer = people.reviewer
        reviewer.post("tasks/next/claim", {"path": "virement"}).refused(404, "not_found")
        reviewer.post("tasks/next/claim", {"mine": True}).refused(422, "invalid")
        found = reviewer.post("tasks/next/claim", {"q": "lens"}).ok()
        assert found["id"] == journey.task.pk
        assert found["owner"]["username"] == "reviewer"
        reviewer.post("tasks/next/claim", {}).refused(404, "not_found")

    def test_overdue_tasks_are_those_past_their_date(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "under_review")
        due = journey.dossier.next_due_on
        assert due is not None
        reviewer = people.reviewer
        assert reviewer.get("queue", overdue="true").ok()["items"] == []
        with clock.at(clock.now() + timedelta(days=(due - clock.today()).days + 1)):
            api = type(reviewer)(cast.reviewer)  # the first token has expired by then
            (item,) = api.get("queue", overdue="true").ok()["items"]
        assert item["overdue"]
        assert item["due_on"] == due.isoformat()
        assert item["age_days"] == (due - clock.today()).days + 1

    def test_pages_follow_one_another(self, people: Any, cast: Cast) -> None:
        expected = [Journey.start(cast, pieces=()).reference for _ in range(26)]
        first = people.agent.get("queue").ok()
        second = people.agent.get("queue", cursor=first["next_cursor"]).ok()
        assert references(first) + references(second) == expected
        assert (first["count"], second["next_cursor"]) == (26, "")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("mine", "peut-être"),
            ("mine", ""),
            ("overdue", "2"),
            ("path", "nope"),
            ("organisation", "nulle-part"),
            ("cursor", "nope"),
            ("cursor", "MDAwMS0wMS0wMXww"),
        ],
    )
    def test_bad_filter_is_invalid(self, people: Any, name: str, value: str) -> None:
        error = people.agent.get("queue", **{name: value}).refused(422, "invalid")
        assert list(error["details"]) == [name]


class TestTasks:
    def test_claim_and_release_change_the_holder_and_are_journalled(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "under_review")
        found = people.reviewer.post(f"tasks/{journey.task.pk}/claim").ok()
        assert found["owner"] == {"username": "reviewer", "name": "Irène Instructrice"}
        assert (found["reference"], found["step"]) == (journey.reference, "check")
        assert journey.task.owner == cast.reviewer
        assert people.reviewer.post(f"tasks/{journey.task.pk}/release").ok()["owner"] is None
        assert journey.task.owner is None
        actions = (
            JournalEntry.objects.filter(dossier=journey.pk)
            .order_by("sequence")
            .values_list("action", flat=True)
        )
        assert list(actions)[-2:] == ["claim", "release"]

    def test_claiming_ones_own_task_again_changes_nothing(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "under_review")
        people.reviewer.post(f"tasks/{journey.task.pk}/claim").ok()
        before = state_of_everything(journey.reference)
        people.reviewer.post(f"tasks/{journey.task.pk}/claim").ok()
        assert state_of_everything(journey.reference) == before

    def test_reassignment_goes_to_somebody_who_holds_the_role(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "under_review")
        found = people.manager.post(
            f"tasks/{journey.task.pk}/reassign", {"to": "reviewer2", "motive": "Congés"}
        ).ok()
        assert found["owner"]["username"] == "reviewer2"
        entry = JournalEntry.objects.filter(dossier=journey.pk).latest("sequence")
        assert (entry.action, entry.motive) == ("reassign", "Congés")
        assert entry.changes["owner"] == [None, "Igor Instructeur"]

    @pytest.mark.parametrize(
        ("person", "verb", "body", "status", "code"),
        [
            ("reviewer2", "claim", None, 409, "conflict"),
            ("agent", "claim", None, 403, "forbidden"),
            ("auditor", "claim", None, 403, "forbidden"),
            ("est_agent", "claim", None, 404, "not_found"),
            ("reviewer2", "release", None, 403, "forbidden"),
            ("nobody", "release", None, 404, "not_found"),
            ("reviewer2", "reassign", {"to": "reviewer2", "motive": "x"}, 403, "forbidden"),
            ("est_agent", "reassign", {"to": "reviewer2", "motive": "x"}, 404, "not_found"),
            ("est_agent", "reassign", {"to": "nobody.at.all", "motive": "x"}, 404, "not_found"),
            ("reviewer", "reassign", {"to": "nobody.at.all", "motive": "x"}, 422, "invalid"),
            ("reviewer", "reassign", {"to": "agent", "motive": "x"}, 422, "invalid"),
            ("reviewer", "reassign", {"to": "reviewer2", "motive": " "}, 422, "invalid"),
            ("reviewer", "reassign", {"to": "reviewer2"}, 422, "invalid"),
            ("reviewer", "reassign", None, 422, "invalid"),
        ],
    )
    def test_refused_change_of_holder_writes_nothing(
        self, people: Any, cast: Cast, person: str, verb: str, body: Any, status: int, code: str
    ) -> None:
        journey = Journey.at(cast, "under_review")
        people.reviewer.post(f"tasks/{journey.task.pk}/claim").ok()
        api, task = people[person], journey.task.pk
        before = state_of_everything(journey.reference)
        api.post(f"tasks/{task}/{verb}", body).refused(status, code)
        assert state_of_everything(journey.reference) == before

    def test_task_that_is_done_is_a_conflict(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "under_review")
        task = journey.task.pk
        journey.act("check.complete")
        people.reviewer.post(f"tasks/{task}/claim").refused(409, "conflict")

    @pytest.mark.parametrize("task", ["0", "999999999", "99999999999999999999999"])
    def test_task_that_does_not_exist_is_not_found(self, people: Any, task: str) -> None:
        people.reviewer.post(f"tasks/{task}/claim").refused(404, "not_found")


class TestDeadlines:
    def test_running_deadlines_of_visible_dossiers_are_listed(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "under_review")
        (one,) = people.agent.get("deadlines").ok()["items"]
        assert (one["reference"], one["step"], one["kind"], one["state"]) == (
            journey.reference,
            "check",
            "internal",
            "running",
        )
        assert one["due_on"] == journey.dossier.next_due_on.isoformat()
        assert one["quote"]["text"]
        assert one["organisation"]["code"] == "carmi-npdc"
        assert people.est_agent.get("deadlines").ok()["items"] == []
        assert len(people.auditor.get("deadlines").ok()["items"]) == 1

    def test_before_takes_the_day_itself(self, people: Any, cast: Cast) -> None:
        due = Journey.at(cast, "submitted").dossier.next_due_on
        assert due is not None
        found = [
            len(people.agent.get("deadlines", before=(due + timedelta(days=days)).isoformat()).ok()["items"])
            for days in (-1, 0, 1)
        ]
        assert found == [0, 1, 1]

    def test_kind_tells_legal_from_internal(self, people: Any, cast: Cast) -> None:
        Journey.at(cast, "submitted")
        assert len(people.agent.get("deadlines", kind="internal").ok()["items"]) == 1
        assert people.agent.get("deadlines", kind="legal").ok()["items"] == []

    def test_pages_follow_one_another(self, people: Any, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("workflows.api.work.PAGE_SIZE", 2)
        now = clock.now()
        expected = []
        for days in (0, 3, 3, 9, 9):
            with clock.at(now - timedelta(days=days)):
                expected.append(Journey.at(cast, "submitted", pieces=("presentation_note",)).reference)
        seen: list[str] = []
        cursor = ""
        for size in (2, 2, 1):
            page = people.agent.get("deadlines", cursor=cursor).ok()
            assert len(page["items"]) == size
            seen += references(page)
            cursor = page["next_cursor"]
        assert cursor == ""
        assert seen == [expected[3], expected[4], expected[1], expected[2], expected[0]]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("before", "demain"),
            ("before", "2015"),
            ("before", "20150101"),
            ("before", "2015-02-30"),
            ("before", "1420070400"),
            ("kind", "nope"),
            ("cursor", "x"),
            ("cursor", "2015-01-01"),
            ("cursor", "2015-01-01.x"),
            ("cursor", ".1"),
        ],
    )
    def test_bad_filter_is_invalid(self, people: Any, name: str, value: str) -> None:
        error = people.agent.get("deadlines", **{name: value}).refused(422, "invalid")
        assert list(error["details"]) == [name]


class TestExtension:
    def test_manager_gives_time_with_a_motive(self, people: Any, cast: Cast) -> None:
        journey = Journey.at(cast, "under_review")
        (one,) = people.agent.get("deadlines").ok()["items"]
        body = {"amount": 2, "motive": "Congés"}
        people.manager.post(f"dossiers/{journey.reference}/deadlines/{one['id']}/extend", body).ok()
        (after,) = people.agent.get("deadlines").ok()["items"]
        assert after["due_on"] > one["due_on"]
        assert JournalEntry.objects.filter(dossier=journey.pk).latest("sequence").action == "extend"

    @pytest.mark.parametrize(
        ("person", "body", "status", "code"),
        [
            ("agent", {"amount": 2, "motive": "x"}, 403, "forbidden"),
            ("est_agent", {"amount": 2, "motive": "x"}, 404, "not_found"),
            ("manager", {"amount": 0, "motive": "x"}, 422, "invalid"),
            ("manager", {"amount": 2, "motive": ""}, 422, "invalid"),
            ("manager", {"amount": "2", "motive": "x"}, 422, "invalid"),
            ("manager", {"amount": 2}, 422, "invalid"),
        ],
    )
    def test_refused_extension_writes_nothing(
        self, people: Any, cast: Cast, person: str, body: Any, status: int, code: str
    ) -> None:
        journey = Journey.at(cast, "under_review")
        (one,) = people.agent.get("deadlines").ok()["items"]
        address, api = f"dossiers/{journey.reference}/deadlines/{one['id']}/extend", people[person]
        before = state_of_everything(journey.reference)
        api.post(address, body).refused(status, code)
        assert state_of_everything(journey.reference) == before
