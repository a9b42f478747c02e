"""Several people at once, on connections of their own: one wins, the other is told, nothing is written twice."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections

from cases.enums import Role
from cases.errors import BusinessError, Conflict, Stale
from cases.events import DossierMoved, dossier_moved
from cases.models import Deadline, Decision, Dossier, JournalEntry, ReferenceCounter
from cases.services import verify_all
from tests.journeys import Cast, Journey, investment, state_of_everything
from workflows.services import claim, create_draft, reassign, release, update_draft


class Rivals:
    """People who act at the same moment, each on a connection of their own."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._start = threading.Barrier(count)
        self._pool = ThreadPoolExecutor(count)

    def race(self, *acts: Callable[[], object]) -> list[object]:
        """Start all acts together; the refusal of each one, or None where it was done."""
        assert len(acts) == self._count
        return list(self._pool.map(self._run, acts))

    def _run(self, act: Callable[[], object]) -> object:
        self._start.wait(timeout=20)
        try:
            act()
        except BusinessError as refusal:
            return refusal
        return None

    def close(self) -> None:
        """Close each thread's connection."""
        list(self._pool.map(self._close, range(self._count)))
        self._pool.shutdown()

    def _close(self, number: int) -> None:
        self._start.wait(timeout=20)
        connections.close_all()


@pytest.fixture
def two(people: Cast) -> Iterator[Rivals]:
    """Two people at once."""
    rivals = Rivals(2)
    yield rivals
    rivals.close()


def only_one_won(outcomes: list[object]) -> bool:
    """One act was done, every other one met a conflict."""
    refusals = [one for one in outcomes if one is not None]
    return len(refusals) == len(outcomes) - 1 and all(type(one) is Conflict for one in refusals)


def test_two_people_complete_one_task_a_hundred_times(people: Cast, two: Rivals) -> None:
    journey = Journey.at(people, "draft")
    for number in range(100):
        before = journey.dossier.journal_length
        outcomes = two.race(
            lambda: journey.act("prepare.submit", actor="agent"),
            lambda: journey.act("prepare.submit", actor="agent2"),
        )
        assert only_one_won(outcomes), f"round {number}: {outcomes}"
        assert next(one for one in outcomes if one is not None).http_status == 409  # type: ignore[union-attr]
        assert journey.dossier.journal_length == before + 1
        assert JournalEntry.objects.filter(dossier=journey.pk).count() == before + 1
        assert journey.open_steps == ["sign_off"]
        assert Deadline.objects.filter(dossier=journey.pk, state="running").count() == 1
        journey.act("sign_off.return")
    assert list(verify_all()) == []


def test_two_people_end_one_task_differently(people: Cast, two: Rivals) -> None:
    journey = Journey.at(people, "under_review")
    for _ in range(10):
        outcomes = two.race(
            lambda: journey.act("check.complete", actor="reviewer"),
            lambda: journey.act("check.request_pieces", actor="reviewer2"),
        )
        assert only_one_won(outcomes), outcomes
        if outcomes[0] is None:
            assert (journey.status, journey.open_steps) == ("awaiting_decision", ["decide"])
            journey.act("decide.send_back")
        else:
            assert (journey.status, journey.open_steps) == ("to_complete", ["complete_file"])
            journey.act("complete_file.resubmit")
    assert list(verify_all()) == []


def test_approval_and_refusal_at_once_give_one_decision(people: Cast, two: Rivals) -> None:
    for _ in range(3):
        journey = Journey.at(people, "awaiting_decision")
        outcomes = two.race(
            partial(journey.act, "decide.approve", actor="dg"),
            partial(journey.act, "decide.refuse", actor="dg2"),
        )
        assert only_one_won(outcomes), outcomes
        decision = Decision.objects.get(dossier=journey.pk)
        assert (decision.kind == "approval") == (outcomes[0] is None)
        assert journey.dossier.documents.filter(kind="decision").count() == 1


def test_the_same_person_twice_does_it_once(people: Cast, two: Rivals) -> None:
    """A double click: the second one is a conflict, or stale when the page sent the version it had read."""
    journey = Journey.at(people, "draft")
    outcomes = two.race(*[lambda: journey.act("prepare.submit")] * 2)
    assert only_one_won(outcomes), outcomes
    journey.act("sign_off.return")
    version = journey.dossier.version
    outcomes = two.race(*[lambda: journey.act("prepare.submit", version=version)] * 2)
    assert outcomes.count(None) == 1
    assert {type(one) for one in outcomes if one is not None} <= {Conflict, Stale}


def test_two_revisions_of_one_version_leave_one(people: Cast, two: Rivals) -> None:
    """A revised cost opens the same step anew: only the version tells the second person that it changed."""
    journey = Journey.start(people, "15000", pieces=()).follow("prepare.submit", "sign_off.transmit")
    version = journey.dossier.version
    outcomes = two.race(
        *[
            lambda amount=amount: journey.act(
                "commit.revise_cost", data={"amount_ht": amount}, version=version
            )
            for amount in ("16000", "17000")
        ]
    )
    assert outcomes.count(None) == 1
    assert {type(one) for one in outcomes if one is not None} == {Stale}


def test_withdrawal_and_decision_at_once_end_one_way(people: Cast, two: Rivals) -> None:
    for _ in range(5):
        journey = Journey.at(people, "awaiting_decision")
        outcomes = two.race(partial(journey.act, "withdraw.withdraw"), partial(journey.act, "decide.approve"))
        assert outcomes.count(None) == 1, outcomes
        assert journey.status == ("withdrawn" if outcomes[0] is None else "approved")
        assert journey.open_steps == ([] if outcomes[0] is None else ["commit"])
    assert list(verify_all()) == []


def test_two_withdrawals_at_once_are_one(people: Cast, two: Rivals) -> None:
    journey = Journey.at(people, "submitted")
    outcomes = two.race(
        lambda: journey.act("withdraw.withdraw", actor="agent"),
        lambda: journey.act("withdraw.withdraw", actor="director"),
    )
    assert only_one_won(outcomes), outcomes


def test_two_claims_at_once_give_one_holder(people: Cast, two: Rivals) -> None:
    journey = Journey.at(people, "draft")
    task = journey.task
    for _ in range(30):
        outcomes = two.race(
            lambda: claim(task_id=task.pk, actor=people.agent),
            lambda: claim(task_id=task.pk, actor=people.agent2),
        )
        assert only_one_won(outcomes), outcomes
        holder = people.agent if outcomes[0] is None else people.agent2
        assert journey.task.owner == holder
        release(task_id=task.pk, actor=holder)
    assert list(verify_all()) == []


def test_claim_and_act_at_once_leave_one_of_them(people: Cast, two: Rivals) -> None:
    journey = Journey.at(people, "draft")
    for _ in range(15):
        task = journey.task
        outcomes = two.race(
            lambda task=task: claim(task_id=task.pk, actor=people.agent2),
            lambda: journey.act("prepare.submit", actor="agent"),
        )
        assert only_one_won(outcomes), outcomes
        if outcomes[0] is None:
            assert (journey.status, journey.task.owner) == ("draft", people.agent2)
            journey.act("prepare.submit", actor="agent2")
        journey.act("sign_off.return")


def test_release_and_reassignment_at_once_end_in_order(people: Cast, two: Rivals) -> None:
    journey = Journey.at(people, "draft")
    for _ in range(5):
        task, holder = journey.task, people.agent
        claim(task_id=task.pk, actor=holder)
        released, reassigned = two.race(
            partial(release, task_id=task.pk, actor=holder),
            partial(reassign, task_id=task.pk, actor=people.manager, to=people.agent2, motive="Absence"),
        )
        assert reassigned is None
        assert journey.task.owner == people.agent2
        # released first, it was free when it was given away; otherwise it was no longer theirs to release
        last = JournalEntry.objects.filter(dossier=journey.pk).order_by("-sequence")[:2]
        assert [entry.action for entry in last] == ["reassign", "claim" if released else "release"]
        release(task_id=task.pk, actor=people.agent2)
    assert list(verify_all()) == []


# -- references ------------------------------------------------------------------------------------


def file_one(people: Cast, body: str = "carmi-npdc", **data: Any) -> Dossier:
    agent = people.agent if body == "carmi-npdc" else people.est_agent
    return create_draft(
        path="fnmo_investment", organisation=people.body[body], actor=agent, data=investment(**data)
    )


def test_references_never_collide_nor_leave_gaps(people: Cast) -> None:
    """Six people file at once; some of their drafts fail at the very end and give their number back."""

    class Failure(BusinessError):
        """Raised by a receiver, after everything was written."""

    def fail_sometimes(sender: object, event: DossierMoved, **kwargs: Any) -> None:
        if event.dossier.title.startswith("Échec"):
            raise Failure("Essai.")

    rivals = Rivals(6)
    dossier_moved.connect(fail_sometimes)
    try:
        for number in range(5):
            outcomes = rivals.race(
                lambda: file_one(people),
                lambda: file_one(people, title="Échec attendu"),
                lambda: file_one(people, "carmi-est"),
                lambda: file_one(people, exercise=2016),
                lambda: file_one(people, title="Échec attendu", exercise=2016),
                lambda: file_one(people),
            )
            assert [type(one) for one in outcomes] == [
                type(None),
                Failure,
                type(None),
                type(None),
                Failure,
                type(None),
            ], f"round {number}"
    finally:
        dossier_moved.disconnect(fail_sometimes)
        rivals.close()
    references = set(Dossier.objects.values_list("reference", flat=True))
    assert references == {f"FNMO-2015-{n:04d}" for n in range(1, 16)} | {
        f"FNMO-2016-{n:04d}" for n in range(1, 6)
    }
    assert dict(ReferenceCounter.objects.values_list("exercise", "last")) == {2015: 15, 2016: 5}


# -- locks -----------------------------------------------------------------------------------------


@contextmanager
def held(statement: str) -> Iterator[None]:
    """Somebody else keeps a row locked meanwhile, on a connection of their own."""
    ready, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute(statement)
                ready.set()
                done.wait(timeout=30)
                cursor.execute("ROLLBACK")
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert ready.wait(timeout=10)
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_lock_that_is_not_given_in_time_is_a_conflict(people: Cast) -> None:
    journey = Journey.at(people, "draft")
    task = journey.task
    attempts: list[Callable[[], object]] = [
        lambda: journey.act("prepare.submit"),
        lambda: journey.act("withdraw.withdraw"),
        lambda: journey.add(),
        lambda: update_draft(
            reference=journey.reference, actor=people.agent, data={"nature": "Mobilier"}, version=None
        ),
        lambda: claim(task_id=task.pk, actor=people.agent),
        lambda: release(task_id=task.pk, actor=people.agent),
        lambda: reassign(task_id=task.pk, actor=people.manager, to=people.agent2, motive="Absence"),
    ]
    before = state_of_everything()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    for table in ("cases_dossier", "viewflow_process"):
        with held(f"SELECT 1 FROM {table} FOR UPDATE"):
            for attempt in attempts:
                with pytest.raises(Conflict) as refused:
                    attempt()
                assert "Réessayez" in refused.value.message
    with held("SELECT 1 FROM cases_referencecounter FOR UPDATE"), pytest.raises(Conflict):
        file_one(people)
    assert state_of_everything() == before
    journey.act("prepare.submit")


def test_a_reader_is_never_kept_waiting_by_somebody_who_acts(people: Cast) -> None:
    from workflows.selectors import dossier_view, queue

    journey = Journey.at(people, "draft")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    with held("SELECT 1 FROM cases_dossier, viewflow_process, viewflow_task FOR UPDATE"):
        assert dossier_view(people.agent, journey.reference).status_label == "Brouillon"
        assert len(queue(people.agent).items) == 1


def test_acts_on_different_dossiers_do_not_wait_for_each_other(people: Cast) -> None:
    cast_of_both = people.person("both", (Role.PREPARER, "carmi-npdc"))
    first, second = Journey.at(people, "draft"), Journey.at(people, "draft")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    with held(f"SELECT 1 FROM cases_dossier WHERE id = {first.pk} FOR UPDATE"):
        second.act("prepare.submit", actor=cast_of_both)
    assert second.status == "submitted"
