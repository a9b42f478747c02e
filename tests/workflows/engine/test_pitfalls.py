"""Fifteen pitfalls of viewflow that were met and reproduced before this engine was written; none may come back."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import ProtectedError
from django.urls import URLPattern, URLResolver, get_resolver
from viewflow.workflow import flow, lock, signals
from viewflow.workflow.models import Process, Task

from cases.enums import DossierStatus, Duty, Role
from cases.errors import BusinessError, Conflict
from cases.events import DossierMoved, dossier_moved
from cases.models import Dossier, JournalEntry
from cases.permissions import holdings_of
from notifications.models import OutboxRow
from tests.journeys import ROUTE_TO, Cast, Journey, state_of_everything
from workflows.engine import Begin, Finish, Path, Step, all_paths, outcome, this
from workflows.engine.checks import problems_of
from workflows.engine.registry import register
from workflows.paths.fnmo_investment import FnmoInvestment
from workflows.selectors import dossier_view, queue
from workflows.services import claim, reassign, release
from workflows.services.locking import lock_dossier


@pytest.mark.parametrize("path", all_paths(), ids=lambda path: path.key)
def test_pitfall_01_two_people_complete_one_task(path: type[Path]) -> None:
    """The default lock lets both succeed; ours waits for the row. The race is in services/test_concurrency.py."""
    assert isinstance(path.lock_impl, lock.SelectForUpdateLock)
    assert (path.lock_impl.nowait, path.lock_impl.attempts) == (False, 1)


def test_pitfall_01_a_task_that_changed_hands_is_not_completed_again(cast: Cast) -> None:
    """Even past the lock: completion and assignment are conditional on the row's own status."""
    journey = Journey.at(cast, "draft")
    task = journey.task
    stale = Task.objects.get(pk=task.pk)
    journey.act("prepare.submit")
    before = state_of_everything()
    activation = stale.flow_task.activation_class(stale)
    with pytest.raises(Conflict):
        activation.finish(cast.agent2)
    stale = Task.objects.get(pk=task.pk)
    stale.status = "NEW"
    with pytest.raises(Conflict):
        stale.flow_task.activation_class(stale).assign(cast.agent2)
    assert state_of_everything() == before


def test_pitfall_02_inheritance_between_concrete_paths() -> None:
    """Defining a subclass rewires the nodes of its base: it is refused before that."""
    arrows = {node.name: len(list(node._incoming())) for node in FnmoInvestment.nodes()}
    with pytest.raises(TypeError, match="inherits from the concrete path FnmoInvestment"):
        type("Variant", (FnmoInvestment,), {"__module__": __name__, "__doc__": "« Variante »"})
    assert {node.name: len(list(node._incoming())) for node in FnmoInvestment.nodes()} == arrows
    assert all(
        edge.src in FnmoInvestment.nodes() for node in FnmoInvestment.nodes() for edge in node._incoming()
    )


@pytest.mark.parametrize("path", all_paths(), ids=lambda path: path.key)
def test_pitfall_02_titles_are_the_paths_own(path: type[Path]) -> None:
    """viewflow derives a title from the docstring and passes it on to subclasses."""
    assert path.process_title == path.title
    assert path.process_description == path.summary

    class Untitled(Path):
        """Un autre circuit."""

    assert Untitled.process_title == "Untitled"


def test_pitfall_03_references(snapshot: Any) -> None:
    """Rows name flows and steps: renaming one orphans live dossiers. A change here needs a data migration."""
    from viewflow.workflow.fields import get_flow_ref, get_task_ref

    references = {
        path.key: {
            "flow": get_flow_ref(path),
            "nodes": sorted(get_task_ref(node) for node in path.nodes()),
            "outcomes": {step.name: list(step.outcomes) for step in path.steps()},
        }
        for path in all_paths()
    }
    assert references == snapshot


def test_pitfall_03_class_names_are_unique() -> None:
    other = type("FnmoInvestment", (Path,), {**_declared(), "key": "other", "prefix": "OTHER"})
    with pytest.raises(ValueError, match="__name__ 'FnmoInvestment' is already taken"):
        register(other)


@pytest.mark.parametrize("name", ["key", "prefix"])
def test_pitfall_03_keys_and_prefixes_are_unique(name: str) -> None:
    free = {"key": "other", "prefix": "OTHER"} | {name: getattr(FnmoInvestment, name)}
    other = type("OtherPath", (Path,), {**_declared(), **free})
    with pytest.raises(ValueError, match=f"{name} .* is already taken"):
        register(other)
    assert [path.__name__ for path in all_paths()].count("OtherPath") == 0


@pytest.mark.parametrize("name", ["key", "prefix", "title", "summary", "convention", "form", "rules"])
def test_pitfall_03_a_path_says_everything_itself(name: str) -> None:
    declared = _declared()
    del declared[name]
    with pytest.raises(ValueError, match=f"must define {name}"):
        register(type("OtherPath", (Path,), declared))


def test_pitfall_03_a_path_quotes_its_paragraph() -> None:
    with pytest.raises(ValueError, match="must quote its paragraph"):
        register(type("OtherPath", (Path,), {**_declared(), "__doc__": None}))


def _declared() -> dict[str, Any]:
    names = ("key", "prefix", "title", "summary", "convention", "organisation_kinds", "form", "rules")
    return {"__module__": __name__, "__doc__": "« Paragraphe »"} | {
        name: getattr(FnmoInvestment, name) for name in names
    }


def test_pitfall_04_models(cast: Cast) -> None:
    """viewflow's own tables, one process for each dossier, ids that nobody outside sees, our own index."""
    assert (FnmoInvestment.process_class, FnmoInvestment.task_class) == (Process, Task)
    assert Dossier._meta.get_field("process").one_to_one
    first, second = Journey.at(cast, "draft").dossier, Journey.at(cast, "draft").dossier
    assert first.process_id != second.process_id
    assert first.public_id != second.public_id
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'workflows_open_tasks'")
        ((definition,),) = cursor.fetchall()
    assert "owner_permission, owner_permission_obj_pk, created, id" in definition
    assert "WHERE" in definition


def test_pitfall_05_task_owner_is_cascade(cast: Cast) -> None:
    """Deleting a user would delete their tasks: people who hold or held a role cannot be deleted."""
    journey = Journey.at(cast, "draft")
    reassign(task_id=journey.task.pk, actor=cast.manager, to=cast.agent2, motive="Absence")
    with pytest.raises(ProtectedError):
        cast.agent2.delete()
    assert journey.task.owner == cast.agent2


def test_pitfall_06_times_of_a_task_are_our_own(cast: Cast) -> None:
    journey = Journey.at(cast, "draft")
    task = claim(task_id=journey.task.pk, actor=cast.agent)
    assert Task.objects.get(pk=task.pk).assigned is not None
    assert Task.objects.get(pk=task.pk).started is None
    release(task_id=task.pk, actor=cast.agent)
    assert Task.objects.get(pk=task.pk).assigned is None
    journey.act("prepare.submit")
    done = Task.objects.get(pk=task.pk)
    entry = JournalEntry.objects.get(dossier=journey.pk, step="prepare", outcome="submit")
    assert done.finished is not None
    assert abs((done.finished - entry.at).total_seconds()) < 5
    assert journey.task.created >= done.created


@pytest.mark.parametrize("status", sorted(ROUTE_TO))
def test_pitfall_07_path_and_life_cycle_do_not_drift(cast: Cast, status: str) -> None:
    """The process is over exactly when the dossier is, and then nothing is open."""
    journey = Journey.at(cast, status)
    process = journey.dossier.process
    assert process.status == {"closed": "DONE", "withdrawn": "CANCELED"}.get(status, "NEW")
    assert (process.finished is not None) == (status in {"closed", "withdrawn"})
    assert bool(journey.tasks()) == (status not in {"closed", "withdrawn"})


def test_pitfall_07_no_page_of_viewflow_is_mounted() -> None:
    def modules(found: list[URLPattern | URLResolver]) -> set[str]:
        names: set[str] = set()
        for one in found:
            if isinstance(one, URLResolver):
                names |= modules(one.url_patterns)
            else:
                names.add(one.callback.__module__)
        return names

    assert not [name for name in modules(get_resolver().url_patterns) if name.startswith("viewflow")]
    assert settings.VIEWFLOW == {"AUTOREGISTER": False}


def test_pitfall_08_a_task_never_loses_its_permission(cast: Cast) -> None:
    """viewflow's revive() drops it and opens the task to all; returns here make new tasks with their role."""
    journey = Journey.at(cast, "under_review")
    journey.follow("check.request_pieces", "complete_file.resubmit", "check.complete", "decide.send_back")
    claim(task_id=journey.task.pk, actor=cast.reviewer)
    reassign(task_id=journey.task.pk, actor=cast.manager, to=cast.reviewer2, motive="Absence")
    release(task_id=journey.task.pk, actor=cast.reviewer2)
    journey.act("withdraw.withdraw")
    human = Task.objects.filter(process=journey.dossier.process, flow_task_type="HUMAN")
    assert human.count() == 7
    for task in human.order_by("pk"):
        step = task.flow_task
        assert task.owner_permission == step.role.permission
        (chair,) = step.chairs(cast.body["carmi-npdc"])
        assert task.owner_permission_obj_pk == str(chair.organisation_id)
    assert set(human.values_list("status", flat=True)) == {"DONE", "CANCELED"}


def test_pitfall_09_stale_relations(cast: Cast) -> None:
    """One instance of the dossier everywhere: a second one would decide on old data."""
    journey = Journey.at(cast, "draft")
    dossier = lock_dossier(holdings=holdings_of(cast.agent), reference=journey.reference)
    assert dossier.process.dossier is dossier
    assert dossier.process.coerced is dossier.process
    read_before = journey.dossier
    journey.act("prepare.submit")
    read_before.process.dossier.amount_ht = 1  # an old instance in somebody's hands changes nothing
    journey.act("sign_off.transmit")
    assert journey.status == "under_review"


def test_pitfall_10_every_task_asks_for_a_role(cast: Cast) -> None:
    """A node without permission is open to everybody; ours exist only with a role, and the queue asks for it."""
    for path in all_paths():
        assert all(isinstance(step.role, Role) for step in path.steps())
    journey = Journey.at(cast, "under_review")
    human = Task.objects.filter(process=journey.dossier.process, flow_task_type="HUMAN")
    assert not human.filter(owner_permission__isnull=True).exists()
    assert not human.filter(owner_permission_obj_pk__isnull=True).exists()
    seen = {name for name, user in cast.people.items() if queue(user).items}
    assert seen == {"reviewer", "reviewer2"}


def test_pitfall_11_one_event_for_each_act_and_none_for_a_look(cast: Cast) -> None:
    """viewflow tells of a start on every look at its page, twice of an end, and never of a cancellation."""
    told: list[tuple[str, str]] = []

    def note(sender: object, event: DossierMoved, **kwargs: Any) -> None:
        told.append((event.entry.action, event.entry.step))

    dossier_moved.connect(note)
    try:
        journey = Journey.start(cast)
        for act in ROUTE_TO["closed"]:
            journey.act(act)
        dossier_view(cast.agent, journey.reference)
        queue(cast.agent)
        with pytest.raises(BusinessError):
            journey.act("close.close")
        other = Journey.start(cast, pieces=())
        other.act("withdraw.withdraw")
    finally:
        dossier_moved.disconnect(note)
    assert told == [
        ("create", ""),
        ("add_document", "prepare"),
        ("perform", "prepare"),
        ("perform", "sign_off"),
        ("perform", "check"),
        ("perform", "decide"),
        ("perform", "commit"),
        ("perform", "close"),
        ("create", ""),
        ("withdraw", ""),
    ]
    for signal in (signals.task_started, signals.task_finished, signals.flow_started, signals.flow_finished):
        assert not signal.receivers


def test_pitfall_12_a_failure_leaves_no_trace_of_people_in_the_task(cast: Cast) -> None:
    """viewflow stores traceback and local variables of a failing background node; here the act is undone."""
    journey = Journey.at(cast, "submitted")
    before = state_of_everything()

    def fail(sender: object, event: DossierMoved, **kwargs: Any) -> None:
        secret = "un mot de passe"
        raise ZeroDivisionError(secret)

    dossier_moved.connect(fail)
    try:
        with pytest.raises(ZeroDivisionError):
            journey.act("sign_off.transmit")
    finally:
        dossier_moved.disconnect(fail)
    assert state_of_everything() == before
    assert journey.task.data == {"arrival": "first"}
    journey.act("sign_off.transmit")


def test_pitfall_13_what_follows_an_act_is_recorded_with_it(cast: Cast) -> None:
    """Nothing hangs on on_commit alone: notices are rows before the commit, and go when the act is undone."""
    journey = Journey.at(cast, "submitted")
    waiting = len(connection.run_on_commit)
    journey.act("sign_off.transmit")
    assert len(connection.run_on_commit) == waiting
    told = OutboxRow.objects.filter(dossier_id=journey.pk, step="check", channel="in_app").order_by(
        "recipient_id"
    )
    assert {row.recipient for row in told} == {cast.reviewer, cast.reviewer2}


def test_pitfall_14_permissions_exist_without_the_flows(db: None) -> None:
    """viewflow makes its permissions while migrating, if the flows happen to be imported; ours are the model's."""
    names = set(Permission.objects.filter(codename__startswith="hold_").values_list("codename", flat=True))
    assert names == {role.codename for role in Role}


def test_pitfall_15_steps_side_by_side_wait_for_a_node_of_our_own() -> None:
    """N experts at once need tasks of one node and a join that counts them; viewflow's own Split is refused."""
    declared = _declared() | {
        "start": Begin().Next(this.split),
        "split": flow.Split().Next(this.one).Next(this.other).Annotation(title="Partager"),
        "one": _step(this.end),
        "other": _step(this.end),
        "end": Finish("Fin du dossier"),
    }
    found = [one.msg for one in problems_of(type("Parallel", (Path,), declared))]
    assert found == ["fnmo_investment: node 'split' is a Split: only steps are held by a role"]


def _step(target: Any) -> Step:
    leave = outcome("leave", "Retirer", to=target, status=DossierStatus.WITHDRAWN)
    return Step(title="Agir", role=Role.PREPARER, duty=Duty.PREPARE, outcomes=[leave])
