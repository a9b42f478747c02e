"""Random people do random things to one dossier of any path; what must hold of every path does hold.

A path is walked as soon as it is registered: ``tests/workflows/walk_data/<key>.py`` says on what ground (dossiers,
people, valid data of its acts, laws of its own). Each act is judged against what was offered beforehand; a refused one
leaves the database as it was; after each act that was done, the law is looked at.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from viewflow.workflow.models import Task

from cases import clock
from cases.enums import INCOMPATIBLE_DUTIES, DossierStatus, status_may_move
from cases.errors import BusinessError, Conflict
from cases.models import Deadline, Dossier, JournalEntry, RoleGrant
from cases.permissions import holdings_of, may_read
from cases.selectors import dossiers_visible_to
from cases.services import computation_of, verify_all
from tests.journeys import Cast, Journey
from tests.workflows.walk_data import Filing, Ground
from workflows.engine import Finish, Path, Step
from workflows.engine.seats import chair_of
from workflows.selectors import available_actions
from workflows.services import (
    claim,
    create_draft,
    expire_deadlines,
    perform,
    reassign,
    release,
    update_draft,
    verify_tallies,
)

WITHDRAWAL = ("withdraw", "withdraw")
#: Acts of no path.
NONSENSE = (("nothing", "submit"), ("withdraw", "close"), ("end", "close"))
#: Tables that no act of a dossier writes, or that are large: their rows are counted, not read.
COUNTED = (
    "cases_budgetline",
    "cases_basefigure",
    "cases_organisation",
    "cases_user",
    "cases_rolegrant",
    "auth_",
    "django_",
)


class Watched(RuleBasedStateMachine):
    """A dossier, whoever acts on it, and how an act is tried and judged."""

    cast: Cast  # set by the test: people stay, each walk's dossier goes
    ground: Ground
    path: type[Path]
    journey: Journey | None = None
    now: datetime

    def __init__(self) -> None:
        super().__init__()
        self._seen: list[tuple[Any, ...]] | None = None
        self._holdings: dict[str, Any] = {}
        self._gates: tuple[Any, ...] = ()
        self._undo = transaction.atomic()
        self._undo.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._undo.__exit__(None, None, None)

    @property
    def dossier(self) -> Dossier:
        """The dossier as the database has it now."""
        assert self.journey is not None
        return self.journey.dossier

    def tasks(self) -> list[Task]:
        """Its open tasks."""
        assert self.journey is not None
        return self.journey.tasks()

    # -- how an act is tried and judged ------------------------------------------------------------

    def act(
        self,
        what: tuple[str, str],
        who: str,
        *,
        motive: str,
        data: dict[str, Any] | None,
        sound: bool,
        version: int | None,
    ) -> None:
        """Try one act. ``sound``: its data are such as this act should get, so that what is offered succeeds."""
        actor, before = self.cast.people[who], self.dossier
        step = self.path.step(what[0])
        readable = may_read(self.holdings(who), before)
        with clock.at(self.now):
            actions = available_actions(before, actor) if readable else []
        for one in actions:
            assert one.allowed or all(reason.message and reason.code for reason in one.reasons), one
        offered = next(
            (
                one
                for one in actions
                if (one.step, one.outcome) == what and (one.task_id is not None or what == WITHDRAWAL)
            ),
            None,
        )
        refusal = self.attempt(
            lambda: perform(
                reference=before.reference,
                step=what[0],
                outcome=what[1],
                actor=actor,
                motive=motive,
                data=data,
                version=version,
            )
        )
        allowed = offered is not None and offered.allowed
        if refusal is None:
            assert allowed, f"{who} did {what}, which was not offered"
            self._done_rightly(before, step, actor)
            return
        if offered is None:
            return
        complete = (
            version in (None, before.version)
            and bool(motive or not offered.motive_required)
            and not (motive and step is not None and step.sealed and not offered.motive_required)
            and (sound if offered.form is not None else data is None)
        )
        assert not (allowed and complete), f"{who} was offered {what}: {refusal.message}"
        if not allowed and type(refusal) is not Conflict:
            said = {reason.code for reason in refusal.reasons}
            assert not said or said <= {reason.code for reason in offered.reasons}

    def _done_rightly(self, before: Dossier, step: Step | None, actor: Any) -> None:
        """Along an arrow of the life cycle, one version on, by somebody who has played no part that excludes it."""
        after = self.dossier
        assert after.status == before.status or status_may_move(before.status, after.status)
        assert after.version == before.version + 1
        if step is not None:
            for other in INCOMPATIBLE_DUTIES[step.duty]:
                assert actor.pk not in before.participants.get(other.value, []), f"{step.name}: {other}"

    def attempt(self, act: Any) -> BusinessError | None:
        """Do it; a refusal leaves everything as it was. The refusal, or None."""
        before = self._seen if self._seen is not None else fingerprint()
        refusal: BusinessError | None = None
        try:
            with clock.at(self.now):
                act()
        except BusinessError as error:
            refusal = error
        self._seen = fingerprint()
        if refusal is not None:
            changed = [one[0] for one, other in zip(before, self._seen, strict=True) if one != other]
            assert not changed, f"refused, but written to {changed}: {refusal.message}"
            assert refusal.message
        elif self._seen != before:
            self.look()
        return refusal

    # -- what always holds -------------------------------------------------------------------------

    def look(self) -> None:
        """Whether all that must hold holds: called after whatever changed the database."""
        self.journal_is_unbroken_and_tells_the_status()
        self.clocks_are_what_their_events_say()
        self.figures_are_those_of_the_tasks()
        self.both_read_gates_agree()
        self.somebody_has_it_until_the_end()
        for law in self.ground.laws:
            law(self)

    def journal_is_unbroken_and_tells_the_status(self) -> None:
        """Chained, without gap, each entry along an arrow, the last one naming the state that the dossier is in."""
        dossier = self.dossier
        assert list(verify_all(reference=dossier.reference)) == []
        statuses = list(
            JournalEntry.objects.filter(dossier=dossier)
            .order_by("sequence")
            .values_list("status_before", "status_after")
        )
        assert all(one[1] == other[0] for one, other in zip(statuses, statuses[1:], strict=False))
        assert all(one == other or status_may_move(one, other) for one, other in statuses[1:])
        assert statuses[-1][1] == dossier.status

    def clocks_are_what_their_events_say(self) -> None:
        """The stored date and state of each clock, and the dossier's next date, can be computed again."""
        running = []
        for deadline in Deadline.objects.filter(dossier=self.dossier).order_by("pk"):
            found = computation_of(deadline)
            assert (deadline.state, deadline.due_on) == (found.state.value, found.due_on)
            if deadline.state == "running":
                running.append(deadline.due_on)
        assert self.dossier.next_due_on == min(running, default=None)

    def figures_are_those_of_the_tasks(self) -> None:
        """What was counted act by act is what a recount of the tasks gives."""
        assert verify_tallies() == []

    def both_read_gates_agree(self) -> None:
        """The gate in Python and the gate in SQL let the same people in."""
        dossier = self.dossier
        if self._gates == (state := (dossier.status, tuple(dossier.involved))):
            return  # nothing that they look at has changed
        self._gates = state
        for name in self.cast.people:
            held = self.holdings(name)
            visible = dossiers_visible_to(None, held).filter(pk=dossier.pk).exists()
            assert may_read(held, dossier) == visible, name

    def somebody_has_it_until_the_end(self) -> None:
        """A task is open until the dossier has ended, and it ends in a state in which its path may end."""
        dossier, tasks = self.dossier, self.tasks()
        assert bool(tasks) == (dossier.process.status not in ("DONE", "CANCELED"))
        for task in tasks:
            assert self.doers(task), f"nobody holds the role of the step {task.flow_task.name!r} there"
        if not tasks:
            assert dossier.status in ends(self.path)

    def doers(self, task: Task) -> list[str]:
        """Who may do a task by role and body, or was asked to."""
        if task.owner_id is not None:
            return [name for name, user in self.cast.people.items() if user.pk == task.owner_id]
        chair = chair_of(task)
        grants = RoleGrant.objects.filter(role=chair.role, organisation=chair.organisation_id)
        return sorted(grants.values_list("user__username", flat=True))

    def holdings(self, who: str) -> Any:
        """The roles of a person, which no act of a walk changes."""
        if who not in self._holdings:
            self._holdings[who] = holdings_of(self.cast.people[who])
        return self._holdings[who]


class PathWalk(Watched):
    """One dossier of one path, from its draft to wherever people lead it."""

    filing: Filing

    def teardown(self) -> None:
        """Whatever has become of the dossier, its body tries to withdraw it."""
        try:
            if self.journey is not None:
                self.act(WITHDRAWAL, self.filing.by, motive="Abandon.", data=None, sound=True, version=None)
        finally:
            super().teardown()

    @initialize(data=st.data())
    def file(self, data: st.DataObject) -> None:
        """A draft with some of its pieces, carried on by so many ordinary acts."""
        filings = [self.ground.filings[0]] * 2 + list(self.ground.filings)  # the sound one more often
        filing = self.filing = data.draw(st.sampled_from(filings), label="dossier")
        acts = data.draw(st.integers(0, len(self.path.steps()) + 2), label="acts")
        self.now = self.ground.now
        with clock.at(self.now):
            dossier = create_draft(
                path=self.path.key,
                organisation=self.cast.body[filing.body],
                actor=self.cast.people[filing.by],
                data=dict(filing.data),
            )
            self.journey = Journey(self.cast, dossier)
            for kind in filing.pieces:
                self.journey.add(kind, actor=self.cast.people[filing.by])
        self.carry_on(acts, data)
        self.look()

    def carry_on(self, acts: int, data: st.DataObject) -> None:
        """Do acts, mostly ordinary ones, each by somebody who holds one role: walks begin anywhere on the way.

        What is refused has to wait for its day, if for anything.
        """
        for _ in range(acts):
            tasks = self.tasks()
            if not tasks:
                return
            step: Step = tasks[0].flow_task
            offered = [one for one in step.outcomes.values() if not one.by_system]
            outcome = data.draw(st.sampled_from([offered[0]] * 4 + offered), label="outcome")
            what = (step.name, outcome.key)
            people = [name for name in self.doers(tasks[0]) if len(self.holdings(name)) == 1]
            try:
                with clock.at(self.now), transaction.atomic():
                    self.ground.arrange(self, what)
                    perform(
                        reference=self.dossier.reference,
                        step=what[0],
                        outcome=what[1],
                        actor=self.cast.people[people[0]],
                        data=self.given(what, "right", 0)[0],
                        motive="Parce que." if outcome.motive else "",
                    )
            except BusinessError:
                self.now += timedelta(days=21)
                with clock.at(self.now):
                    assert expire_deadlines().failed == {}

    @rule(
        data=st.data(),
        motive=st.sampled_from(["", "Parce que."]),
        days=st.integers(-3, 3),
        how=st.sampled_from(["right", "right", "none", "strange", "spoilt"]),
        version=st.sampled_from(["none", "none", "current", "old"]),
    )
    def anything(self, data: st.DataObject, motive: str, days: int, how: str, version: str) -> None:
        """Any act of the path by anybody."""
        every = [(step.name, key) for step in self.path.steps() for key in step.outcomes]
        what = data.draw(st.sampled_from([*every, WITHDRAWAL, *NONSENSE]), label="act")
        who = data.draw(st.sampled_from(sorted(self.cast.people)), label="person")
        given, sound = self.given(what, how, days)
        known = self.dossier.version
        read = {"none": None, "current": known, "old": known - 1}[version]
        self.act(what, who, motive=motive, data=given, sound=sound, version=read)

    @rule(data=st.data())
    def sensible(self, data: st.DataObject) -> None:
        """Acts of open tasks by people who may do them, so that walks get somewhere."""
        for _ in range(2):
            tasks = self.tasks()
            if not tasks:
                return
            task = data.draw(st.sampled_from(tasks), label="task")
            step: Step = task.flow_task
            offered = [one for one in step.outcomes.values() if not one.by_system]
            outcome = data.draw(st.sampled_from([offered[0], *offered]), label="outcome")
            what, motive = (step.name, outcome.key), "Parce que." if outcome.motive else ""
            who = data.draw(st.sampled_from(self.doers(task)), label="person")
            arranged = self.attempt(lambda what=what: self.arrange(what)) is None
            given, sound = self.given(what, "right", 0)
            self.act(what, who, motive=motive, data=given, sound=sound and arranged, version=None)

    def arrange(self, what: tuple[str, str]) -> None:
        """What others do first, whole or not at all."""
        with transaction.atomic():
            self.ground.arrange(self, what)

    @rule(data=st.data())
    def add_piece(self, data: st.DataObject) -> None:
        """A piece, of a kind of the path or of none."""
        kind = data.draw(st.sampled_from([*(one.key for one in self.path.pieces), "nothing"]), label="kind")
        who = data.draw(st.sampled_from(sorted(self.cast.people)), label="person")
        assert self.journey is not None
        self.attempt(lambda: self.journey.add(kind, actor=self.cast.people[who]))  # type: ignore[union-attr]

    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        """New data, right or wrong."""
        change = data.draw(st.sampled_from([*self.ground.changes, {"inattendu": "1"}]), label="change")
        who = data.draw(st.sampled_from(sorted(self.cast.people)), label="person")
        self.attempt(
            lambda: update_draft(
                reference=self.dossier.reference, actor=self.cast.people[who], data=change, version=None
            )
        )

    @precondition(lambda self: self.journey is not None and self.tasks())
    @rule(data=st.data(), what=st.sampled_from(["claim", "release", "reassign"]))
    def hand_over(self, data: st.DataObject, what: str) -> None:
        """Take, give back, hand over."""
        task = data.draw(st.sampled_from(self.tasks()), label="task")
        people = st.sampled_from([*self.doers(task), *sorted(self.cast.people)])
        actor = self.cast.people[data.draw(people, label="person")]
        if what == "claim":
            self.attempt(lambda: claim(task_id=task.pk, actor=actor))
        elif what == "release":
            self.attempt(lambda: release(task_id=task.pk, actor=actor))
        else:
            to = self.cast.people[data.draw(people, label="to")]
            self.attempt(lambda: reassign(task_id=task.pk, actor=actor, to=to, motive="Absence"))

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        """Time passes, and Berline does what the end of a delay brings about."""
        self.now += timedelta(days=days)

        def sweep() -> None:
            assert expire_deadlines().failed == {}

        self.attempt(sweep)

    # -- what is given ------------------------------------------------------------------------------

    def given(self, what: tuple[str, str], how: str, days: int) -> tuple[dict[str, Any] | None, bool]:
        """Data for the act's form, and whether they are such as it should get."""
        step = self.path.step(what[0])
        outcome = step.outcomes.get(what[1]) if step is not None else None
        if how == "strange":
            return {"inattendu": "1"}, False
        if outcome is None or outcome.form is None or how == "none":
            return None, False
        day = clock.paris_date(self.now) + timedelta(days=days)
        right = self.ground.data_for(outcome.form)(self, what[1], day.isoformat())
        if how == "spoilt" and right:
            name = sorted(right)[days % len(right)]
            return {**right, name: ["-5", "", "2099-01-01", None, [], "un peu", {"a": 1}][days + 3]}, False
        return right, days == 0 and how == "right"


def ends(path: type[Path]) -> set[str]:
    """The states in which a dossier of the path may have ended."""
    reached = {
        route.status.value
        for step in path.steps()
        for one in step.outcomes.values()
        for route in one.routes
        if isinstance(route.to, Finish)
    }
    return {*reached, DossierStatus.WITHDRAWN.value}


def fingerprint() -> list[tuple[Any, ...]]:
    """Every table with the number of its rows and, of those that acts write, a digest of them. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' "
            "AND table_type = 'BASE TABLE' ORDER BY table_name"
        )
        tables = [row[0] for row in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(map(_digest, tables)))
        return sorted(cursor.fetchall())


def _digest(table: str) -> str:
    words = (
        "''" if table.startswith(COUNTED) else "coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')"
    )
    return f"SELECT '{table}', count(*), {words} FROM \"{table}\" t"


def walk(machine: type[Watched], *, walks: int, steps: int) -> None:
    """Let so many walks of so many rules be taken; the database is empty of dossiers afterwards."""
    before = fingerprint()
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=walks,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # a walk is short enough to be read whole; to shorten it takes minutes
        ),
    )
    assert fingerprint() == before
