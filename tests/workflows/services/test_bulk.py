"""Acts on many dossiers: forecast, waiting, recall, one by one, each with its result; whatever happens meanwhile."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from cases import clock
from cases.enums import Role
from cases.errors import Blocked, Conflict, Invalid, NotFound
from cases.models import BulkRun, Dossier, JournalEntry, RoleGrant, User
from cases.services import verify_all
from cases.services.delegations import revoke
from cases.work_terms import BulkKind
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.delegations import given
from tests.journeys import Cast, Journey, state_of_everything
from tests.property_journeys import PropertyJourney
from tests.workflows.test_statements import statements
from workflows.selectors.bulk import run_for
from workflows.selectors.bulk_forecast import Act
from workflows.services import Pick, bulk_work, claim, preview, recall, run_due, start_bulk

TRANSMIT = Act(BulkKind.PERFORM, "fnmo_investment", "sign_off", "transmit")
RETURN = Act(BulkKind.PERFORM, "fnmo_investment", "sign_off", "return")
COMPLETE = Act(BulkKind.PERFORM, "fnmo_investment", "check", "complete")
ASK = Act(BulkKind.PERFORM, "fnmo_investment", "check", "request_pieces")
CLAIM = Act(BulkKind.CLAIM)
#: Statements of the guards and the route of a virement at the agent comptable: for each dossier.
COST_OF_A_VIREMENT = 3


def many(cast: Cast, count: int, status: str = "submitted") -> list[Journey]:
    return [Journey.at(cast, status) for _ in range(count)]


def picks(journeys: Iterable[Journey], **motives: str) -> list[Pick]:
    """What a person sees of these dossiers now."""
    return [
        Pick(one.task.pk, one.dossier.version, one.task.owner_id, motives.get(one.reference, ""))
        for one in journeys
    ]


def ids(journeys: Iterable[Journey]) -> list[int]:
    return [one.task.pk for one in journeys]


def later(run: BulkRun, seconds: float = 0.1) -> datetime:
    """A moment after the run may start."""
    return run.starts_at + timedelta(seconds=seconds)


def work(run: BulkRun, **options: Any) -> Any:
    """Do what is due, once the run may start."""
    with clock.at(later(run)):
        return run_due(**options)


def states(run: BulkRun) -> list[str]:
    return list(run.items.order_by("pk").values_list("state", flat=True))


# -- forecast -----------------------------------------------------------------------------------------------------


def test_forecast_says_for_each_dossier_what_would_happen_or_why_not_and_writes_nothing(cast: Cast) -> None:
    good, bare, elsewhere, taken = many(cast, 4, "under_review")
    bare.dossier.documents.update(current=False)
    elsewhere.act("check.request_pieces")
    claim(task_id=taken.task.pk, actor=cast.reviewer2)
    hidden = Journey.at(cast, "draft", body="carmi-est")
    before = state_of_everything()
    chosen = ids((good, bare, elsewhere, taken, hidden))
    found = {
        one.chosen.dossier.reference: one
        for one in preview(actor=cast.reviewer, act=COMPLETE, task_ids=chosen)
    }
    assert state_of_everything() == before
    assert found[good.reference].possible
    assert found[good.reference].status == "En attente de décision"
    assert found[good.reference].following.endswith("(Directeur général)")
    (reason,) = found[bare.reference].reasons
    assert reason.code == "missing_piece"
    assert reason.quote is not None
    assert [one.code for one in found[elsewhere.reference].reasons] == ["elsewhere"]
    assert found[taken.reference].conflict
    assert "Igor Instructeur" in found[taken.reference].reasons[0].message


def test_forecast_of_the_director_names_who_decides_after_the_next_step(cast: Cast) -> None:
    (one,) = preview(actor=cast.director, act=TRANSMIT, task_ids=ids(many(cast, 1)))
    assert one.status == "En instruction"
    assert one.decider == "Directeur général"


def test_forecast_of_a_person_who_prepared_is_the_separation_of_duties(cast: Cast) -> None:
    cast.give(cast.reviewer, (Role.DIRECTOR_GENERAL, "canssm"))
    decide = Act(BulkKind.PERFORM, "fnmo_investment", "decide", "approve")
    (one,) = preview(actor=cast.reviewer, act=decide, task_ids=ids(many(cast, 1, "awaiting_decision")))
    assert [reason.code for reason in one.reasons] == ["separation_of_duties"]
    assert one.reasons[0].quote is not None


@pytest.mark.parametrize("count", [1, 4])
def test_forecast_sends_four_statements_whatever_the_number(cast: Cast, count: int) -> None:
    chosen = ids(many(cast, count))
    preview(actor=cast.director, act=TRANSMIT, task_ids=chosen)
    sent = statements(lambda: preview(actor=cast.director, act=TRANSMIT, task_ids=chosen))
    assert len(sent) == 4, "\n".join(sent)


def test_guards_that_ask_the_database_cost_what_they_cost_for_each_dossier(cast: Cast) -> None:
    """A virement: the credits of its lines are looked at dossier by dossier, and locked no longer than that."""
    moved = transfers(("A-I-1", "A-I-2.autres", "1000.00"))
    journeys = [CreditJourney.file(cast, "virement", moved).walk("prepare.submit") for _ in range(3)]
    act = Act(BulkKind.PERFORM, "virement", "check", "credits_available")
    counts = []
    for number in (1, 2, 3):
        chosen = ids(journeys[:number])
        with clock.at(NOW):
            preview(actor=cast.accountant, act=act, task_ids=chosen)
            sent = statements(lambda chosen=chosen: preview(actor=cast.accountant, act=act, task_ids=chosen))
            counts.append(len(sent))
    flat, each = 4, COST_OF_A_VIREMENT
    assert counts == [flat + each * number for number in (1, 2, 3)]
    with clock.at(NOW):
        assert all(one.possible for one in preview(actor=cast.accountant, act=act, task_ids=ids(journeys)))


def test_start_writes_a_run_in_six_statements(cast: Cast) -> None:
    for count in (1, 4):
        chosen = picks(many(cast, count))
        sent = statements(lambda chosen=chosen: start_bulk(actor=cast.director, act=TRANSMIT, picks=chosen))
        assert len(sent) == 6, "\n".join(sent)


# -- start --------------------------------------------------------------------------------------------------------


def test_501_dossiers_are_refused_and_so_is_none(cast: Cast) -> None:
    for act in (
        lambda: preview(actor=cast.director, act=TRANSMIT, task_ids=range(1, 502)),
        lambda: start_bulk(
            actor=cast.director, act=TRANSMIT, picks=[Pick(number, 1) for number in range(1, 502)]
        ),
    ):
        with pytest.raises(Invalid, match=r"501 dossiers sont choisis ; un lot en compte 500 au plus"):
            act()
    with pytest.raises(Invalid, match="au moins un"):
        start_bulk(actor=cast.director, act=TRANSMIT, picks=[])
    assert not BulkRun.objects.exists()


def test_outsider_starts_nothing_and_learns_nothing(cast: Cast) -> None:
    chosen = picks(many(cast, 1))
    for person in (cast.est_director, cast.nobody, cast.admin):
        with pytest.raises(NotFound):
            start_bulk(actor=person, act=TRANSMIT, picks=chosen)
        assert preview(actor=person, act=TRANSMIT, task_ids=[one.task_id for one in chosen]) == []


def test_motive_is_one_for_all_or_one_for_each(cast: Cast) -> None:
    first, second = many(cast, 2, "under_review")
    with pytest.raises(Invalid) as refused:
        start_bulk(
            actor=cast.reviewer, act=ASK, picks=picks((first, second), **{first.reference: "Le devis."})
        )
    assert list(refused.value.details) == ["motive", f"motive-{second.task.pk}"]
    run = start_bulk(
        actor=cast.reviewer,
        act=ASK,
        picks=picks((first, second), **{first.reference: "Le devis."}),
        motive="Le plan.",
    )
    assert {one.dossier.reference: one.motive for one in run.items.all()} == {
        first.reference: "Le devis.",
        second.reference: "",
    }


def test_data_of_the_act_are_refused_before_anything_is_written(cast: Cast) -> None:
    (journey,) = many(cast, 1, "approved")
    act = Act(BulkKind.PERFORM, "fnmo_investment", "commit", "commit", {"committed_on": "hier"})
    with pytest.raises(Invalid) as refused:
        start_bulk(actor=cast.director, act=act, picks=picks([journey]))
    assert {"committed_on", "committed_amount_ht"} <= set(refused.value.details)
    assert not BulkRun.objects.exists()


# -- the work -----------------------------------------------------------------------------------------------------


def test_decision_waits_two_minutes_and_a_claim_does_not(people: Cast) -> None:
    journeys = many(people, 3)
    taking = start_bulk(actor=people.director, act=CLAIM, picks=picks(journeys))
    assert run_due().done == 3
    assert states(taking) == ["done"] * 3
    assert {one.task.owner for one in journeys} == {people.director}
    run = start_bulk(actor=people.director, act=TRANSMIT, picks=picks(journeys))
    assert run.starts_at - run.created_at == timedelta(seconds=120)
    assert run_due().items == 0
    assert {one.status for one in journeys} == {"submitted"}
    assert work(run).done == 3
    assert {one.status for one in journeys} == {"under_review"}
    run.refresh_from_db()
    assert (run.state, run.finished_at is not None) == ("done", True)
    entries = JournalEntry.objects.filter(outcome="transmit").order_by("dossier_id")
    assert list(entries.values_list("dossier_id", "sequence", "actor")) == list(
        run.items.order_by("dossier_id").values_list("dossier_id", "entry", "run__created_by")
    )
    assert not list(verify_all())


def test_dossiers_that_others_changed_are_conflicts_and_never_overwritten(people: Cast) -> None:
    """Thirty dossiers, of which some change before the forecast, some before the start, some during the run."""
    journeys = many(people, 30, "under_review")
    early, seen, during = journeys[0:4], journeys[4:9], journeys[9:14]
    chosen = ids(journeys)
    for one in early:
        one.act("check.request_pieces", "reviewer2")
    forecast = preview(actor=people.reviewer, act=COMPLETE, task_ids=chosen)
    assert [one.conflict for one in forecast] == [True] * 4 + [False] * 26
    run = start_bulk(
        actor=people.reviewer,
        act=COMPLETE,
        picks=[Pick(one.chosen.task.pk, one.version, one.chosen.task.owner_id) for one in forecast],
    )
    for one in seen[:3]:
        one.act("check.request_pieces", "reviewer2")
    for one in seen[3:]:  # the same step again: only the version tells that it is another dossier now
        one.act("check.request_pieces", "reviewer2")
        one.act("complete_file.resubmit", "agent")
    moment = later(run)
    start = threading.Barrier(3)

    def others() -> None:
        start.wait(timeout=20)
        for one in during:
            try:
                with clock.at(moment):
                    one.act("check.request_pieces", "reviewer2")
            except (Conflict, Blocked):
                pass  # the run was faster with this one
        connections.close_all()

    def worker() -> Any:
        start.wait(timeout=20)
        try:
            with clock.at(moment):
                return run_due()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        acting, first, second = pool.submit(others), pool.submit(worker), pool.submit(worker)
        acting.result(60)
        assert first.result(60).items + second.result(60).items == 30
    run.refresh_from_db()
    assert run.state == "done"
    by_dossier = {item.dossier_id: item for item in run.items.all()}
    for one in journeys:
        item = by_dossier[one.pk]
        mine = JournalEntry.objects.filter(dossier=one.pk, step="check", outcome="complete").count()
        if item.state == "done":
            assert (mine, one.status) == (1, "awaiting_decision")
        else:
            assert item.state == "conflict"
            assert item.reasons[0]["message"]
            assert mine == 0
            assert one.status in ("to_complete", "under_review")
    assert all(by_dossier[one.pk].state == "conflict" for one in early + seen)
    assert all(by_dossier[one.pk].state == "done" for one in journeys[14:])
    assert not list(verify_all())


def test_refusals_carry_their_reasons_and_the_others_are_done(people: Cast) -> None:
    good, bare, other = many(people, 3, "under_review")
    bare.dossier.documents.update(current=False)
    run = start_bulk(actor=people.reviewer, act=COMPLETE, picks=picks((bare, good, other)))
    report = work(run)
    assert (report.done, report.refused, report.conflicts, report.finished) == (2, 1, 0, 1)
    item = run.items.get(dossier=bare.pk)
    assert item.reasons[0]["code"] == "missing_piece"
    assert item.reasons[0]["quote"]["text"]
    assert item.entry is None


def test_rights_are_those_of_the_moment_of_the_act(people: Cast) -> None:
    journeys = many(people, 3)
    run = start_bulk(actor=people.director, act=TRANSMIT, picks=picks(journeys))
    work(run, limit=1)
    RoleGrant.objects.filter(user=people.director).update(valid_until=clock.today() - timedelta(days=1))
    work(run, limit=1)
    User.objects.filter(pk=people.director.pk).update(is_active=False)
    work(run)
    items = list(run.items.order_by("pk"))
    assert [item.state for item in items] == ["done", "refused", "refused"]
    assert items[2].reasons[0]["code"] == "inactive"
    assert [one.status for one in journeys] == ["under_review", "submitted", "submitted"]


def test_delegation_bounds_each_dossier_and_its_end_stops_the_run(people: Cast) -> None:
    journeys = [Journey.at(people, "awaiting_decision", amount) for amount in ("30000", "40000", "27000")]
    delegation = given(people, people.accountant, ceiling="35000")
    act = Act(BulkKind.PERFORM, "fnmo_investment", "decide", "approve")
    run = start_bulk(actor=people.accountant, act=act, picks=picks(journeys))
    work(run, limit=2)
    revoke(public_id=delegation.public_id, revoked_by=people.dg, motive="Retour du directeur")
    work(run)
    items = list(run.items.order_by("pk"))
    assert [item.state for item in items] == ["done", "refused", "refused"]
    assert [item.reasons[0]["code"] for item in items[1:]] == ["delegation_scope", "role"]
    assert [one.status for one in journeys] == ["approved", "awaiting_decision", "awaiting_decision"]


def test_double_confirmation_does_nothing_twice_and_says_so(people: Cast) -> None:
    journeys = many(people, 2)
    runs = [start_bulk(actor=people.director, act=TRANSMIT, picks=picks(journeys)) for _ in range(2)]
    work(runs[1])
    assert [states(run) for run in runs] == [["done", "done"], ["conflict", "conflict"]]
    assert [one.open_steps for one in journeys] == [["check"], ["check"]]


def test_act_of_one_path_is_not_done_on_another_path_with_the_same_step(people: Cast) -> None:
    here = Journey.at(people, "awaiting_decision")
    other = PropertyJourney.of(people)
    act = Act(BulkKind.PERFORM, "fnmo_investment", "decide", "approve")
    task = other.tasks()[0]
    chosen = [*picks([here]), Pick(task.pk, other.dossier.version)]
    run = start_bulk(actor=people.dg, act=act, picks=chosen)
    work(run)
    assert sorted(states(run)) == ["done", "refused"]
    assert "un autre circuit" in run.items.get(dossier=other.pk).reasons[0]["message"]


def test_task_that_changed_hands_is_not_taken_from_its_holder(people: Cast) -> None:
    free, taken = many(people, 2, "under_review")
    claim(task_id=taken.task.pk, actor=people.reviewer)
    chosen = picks((free, taken))
    claim(task_id=free.task.pk, actor=people.reviewer2)
    act = Act(BulkKind.REASSIGN, to=people.reviewer2)
    with pytest.raises(Invalid, match="demande un motif"):
        start_bulk(actor=people.manager, act=act, picks=chosen)
    run = start_bulk(actor=people.manager, act=act, picks=chosen, motive="Congé")
    assert run_due().conflicts == 1
    assert states(run) == ["conflict", "done"]
    assert "a changé de mains" in run.items.get(dossier=free.pk).reasons[0]["message"]
    entry = JournalEntry.objects.get(dossier=taken.pk, action="reassign")
    assert (entry.motive, entry.changes["owner"]) == ("Congé", ["Irène Instructrice", "Igor Instructeur"])
    giving_back = Act(BulkKind.RELEASE)
    with pytest.raises(Invalid, match="demande un motif"):  # a task is taken from somebody
        start_bulk(actor=people.manager, act=giving_back, picks=chosen)
    old = start_bulk(actor=people.manager, act=giving_back, picks=chosen, motive="Retour")  # as seen before
    assert run_due().conflicts == 2
    assert states(old) == ["conflict", "conflict"]
    back = start_bulk(actor=people.manager, act=giving_back, picks=picks((free, taken)), motive="Retour")
    run_due()
    assert states(back) == ["done", "done"]
    assert set(JournalEntry.objects.filter(action="release").values_list("motive", flat=True)) == {"Retour"}
    again = start_bulk(actor=people.manager, act=giving_back, picks=picks((free, taken)))
    run_due()
    assert set(again.items.values_list("state", "entry")) == {("done", None)}  # nothing was left to do


# -- recall -------------------------------------------------------------------------------------------------------


def test_recall_before_the_start_leaves_everything_as_it_was(people: Cast) -> None:
    journeys = many(people, 2)
    before = [state_of_everything(one.reference)["rows of cases_dossier"] for one in journeys]
    run = start_bulk(actor=people.director, act=TRANSMIT, picks=picks(journeys))
    with pytest.raises(NotFound):
        recall(run_id=run.pk, actor=people.agent)
    assert recall(run_id=run.pk, actor=people.director) == 2
    assert work(run).items == 0
    run.refresh_from_db()
    assert (run.state, states(run)) == ("recalled", ["recalled"] * 2)
    assert [state_of_everything(one.reference)["rows of cases_dossier"] for one in journeys] == before


def test_recall_in_the_middle_keeps_what_is_done_and_after_the_end_is_too_late(people: Cast) -> None:
    run = start_bulk(actor=people.director, act=TRANSMIT, picks=picks(many(people, 3)))
    work(run, limit=1)
    with clock.at(later(run, 1)):
        assert recall(run_id=run.pk, actor=people.director) == 2
    assert work(run).items == 0
    run.refresh_from_db()
    assert (run.state, states(run)) == ("recalled", ["done", "recalled", "recalled"])
    for ended in (run, start_bulk(actor=people.director, act=CLAIM, picks=picks(many(people, 1)))):
        run_due()
        with pytest.raises(Conflict, match="rien à rappeler"):
            recall(run_id=ended.pk, actor=people.director)


def test_recall_and_a_worker_at_once_share_the_dossiers(people: Cast) -> None:
    run = start_bulk(actor=people.director, act=TRANSMIT, picks=picks(many(people, 6)))
    moment = later(run)
    under_way = threading.Event()

    def worker() -> int:
        def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
            if 'UPDATE "cases_bulkitem"' in sql:
                under_way.set()
            return execute(sql, parameters, many, context)

        try:
            with clock.at(moment), connection.execute_wrapper(note):
                return int(run_due().done)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(worker)
        under_way.wait(timeout=20)
        with clock.at(moment):
            try:
                taken_back = recall(run_id=run.pk, actor=people.director)
            except Conflict:
                taken_back = 0  # the worker was done by then
        done = doing.result(60)
    assert done + taken_back == 6
    assert done == Dossier.objects.filter(status="under_review").count()
    run.refresh_from_db()
    assert run.finished_at is not None
    assert sorted(set(states(run))) == sorted({"done"} | ({"recalled"} if taken_back else set()))


# -- what fails ---------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The worker is gone."""


@contextmanager
def killed_at(what: str, number: int = 1) -> Any:
    """The process ends before its n-th statement that begins with ``what``; its connection is closed."""
    seen = 0

    def kill(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += sql.startswith(what)
        if seen == number:
            raise Killed
        return execute(sql, parameters, many, context)

    with pytest.raises(Killed), connection.execute_wrapper(kill):
        yield
    connection.close()


def test_worker_killed_between_act_and_result_leaves_neither_and_another_goes_on(people: Cast) -> None:
    journeys = many(people, 3)
    run = start_bulk(actor=people.director, act=TRANSMIT, picks=picks(journeys))
    with killed_at('UPDATE "cases_bulkitem"', 2):
        work(run)
    assert [one.status for one in journeys] == ["under_review", "submitted", "submitted"]
    assert states(run) == ["done", "waiting", "waiting"]
    assert work(run).items == 0  # the lease of who died still runs
    with clock.at(later(run, bulk_work.LEASE_SECONDS + 1)):
        assert run_due().done == 2
    assert states(run) == ["done"] * 3
    assert JournalEntry.objects.filter(outcome="transmit").count() == 3
    assert not list(verify_all())


def test_fault_of_the_program_is_the_result_of_its_dossier_alone(people: Cast) -> None:
    journeys = many(people, 3)
    run = start_bulk(actor=people.director, act=TRANSMIT, picks=picks(journeys))
    broken = journeys[1]
    Dossier.objects.filter(pk=broken.pk).update(participants=["ni", "objet"])
    assert work(run).refused == 1
    assert states(run) == ["done", "refused", "done"]
    assert run.items.get(dossier=broken.pk).reasons[0]["code"] == "error"


def test_worker_stops_at_its_limit_and_gives_the_lease_back(people: Cast) -> None:
    run = start_bulk(actor=people.director, act=TRANSMIT, picks=picks(many(people, 3)))
    assert work(run, limit=2).items == 2
    view = run_for(people.director, run.public_id)
    assert (view.settled, view.total, view.run.state) == (2, 3, "running")
    assert work(run, seconds=0).items == 0
    assert work(run).finished == 1


def test_message_that_is_lost_is_made_good_by_the_sweep(people: Cast, settings: Any) -> None:
    """No broker runs here: the message of the start went nowhere."""
    from celery.signals import before_task_publish

    from workflows.tasks import run_bulk

    sent: list[Any] = []

    def keep(sender: str, body: Any, headers: Any, **kwargs: Any) -> None:
        sent.append((sender, body[0], headers["eta"]))

    before_task_publish.connect(keep, weak=False, dispatch_uid="bulk")
    try:
        run = start_bulk(actor=people.director, act=CLAIM, picks=picks(many(people, 1)))
    finally:
        before_task_publish.disconnect(dispatch_uid="bulk")
    assert [one for one in sent if one[0] == "workflows.tasks.run_bulk"] == [
        ("workflows.tasks.run_bulk", [run.pk], sent[0][2])
    ]
    beat = settings.CELERY_BEAT_SCHEDULE["sweep-bulk"]
    assert beat["task"] == run_bulk.name
    assert "args" not in beat
    assert run_bulk() == 1
    assert states(run) == ["done"]


def test_page_of_a_run_is_for_who_asked_and_for_auditors(cast: Cast) -> None:
    run = start_bulk(actor=cast.director, act=TRANSMIT, picks=picks(many(cast, 1)))
    assert run_for(cast.director, run.public_id).own
    assert not run_for(cast.auditor, run.public_id).own
    for person in (cast.manager, cast.reviewer, cast.agent, cast.admin, cast.nobody):
        with pytest.raises(NotFound):
            run_for(person, run.public_id)
