"""Random people do random things, sensible and not, to one dossier: what must hold does hold."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cases import clock
from cases.enums import DossierStatus, Role, status_may_move
from cases.errors import BusinessError, Conflict
from cases.models import Deadline, Dossier, JournalEntry
from cases.permissions import holdings_of, may_read
from cases.selectors import dossiers_visible_to
from cases.services import computation_of, verify_all
from tests.journeys import DOERS, Cast, Journey, impact, state_of_everything
from workflows.engine import get_path
from workflows.selectors import available_actions
from workflows.services import claim, reassign, release, update_draft

NPDC, FUND = "carmi-npdc", "canssm"
OUTCOMES = sorted(
    (step.name, outcome) for step in get_path("fnmo_investment").steps() for outcome in step.outcomes
) + [("withdraw", "withdraw")]
NONSENSE = [("check", "approve"), ("nothing", "submit"), ("withdraw", "close"), ("end", "close")]
AMOUNTS = ["0", "-5", "1", "19999.99", "20000.00", "20000.01", "25000.50", "60000", "un peu", "1.234"]
WHO = st.sampled_from(
    ["agent", "agent2", "director", "reviewer", "reviewer2", "dg", "dg2", "manager", "auditor", "est_agent"]
    + ["preparer and dg", "director and dg", "reviewer and dg", "everything"]
)


class Walk(RuleBasedStateMachine):
    """One dossier of the CARMI Nord-Pas-de-Calais, from its draft to wherever they lead it."""

    cast: Cast  # set by the test: people stay, each walk's dossier goes

    def __init__(self) -> None:
        super().__init__()
        self._undo = transaction.atomic()
        self._undo.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._undo.__exit__(None, None, None)

    @initialize(
        amount=st.sampled_from(["15000", "20000.00", "20000.01", "48000"]),
        restructuring=st.booleans(),
        pieces=st.sets(st.sampled_from(["presentation_note", "economic_file"])),
        years=st.sampled_from([(), (2016, 2017), (2016, 2017, 2018)]),
    )
    def file(self, amount: str, restructuring: bool, pieces: set[str], years: tuple[int, ...]) -> None:
        """A draft."""
        self.now = datetime(2015, 3, 2, 9, tzinfo=UTC)
        with clock.at(self.now):
            self.journey = Journey.start(
                self.cast,
                amount,
                pieces=sorted(pieces),
                is_restructuring=restructuring,
                impact=impact(*years),
            )

    # -- what people do --------------------------------------------------------------------------

    @rule(
        what=st.sampled_from(OUTCOMES + NONSENSE),
        who=WHO,
        motive=st.sampled_from(["", "Parce que."]),
        amount=st.sampled_from(AMOUNTS),
        days=st.integers(-3, 3),
        data=st.sampled_from(["right", "right", "right", "none", "strange"]),
        version=st.sampled_from(["none", "none", "current", "old"]),
    )
    def anything(
        self, what: tuple[str, str], who: str, motive: str, amount: str, days: int, data: str, version: str
    ) -> None:
        """Any act by anybody."""
        given = self._data(what[1], data, amount, days)
        known = self.journey.dossier.version
        self._act(what, who, motive, given, {"none": None, "current": known, "old": known - 1}[version])

    @rule(data=st.data())
    def sensible(self, data: st.DataObject) -> None:
        """An act of an open step by the person who usually does it, so that walks get somewhere."""
        steps = self.journey.open_steps
        if not steps:
            return
        choices = [one for one in OUTCOMES if one[0] in steps]
        what = data.draw(st.sampled_from(choices), label="act")
        amount = data.draw(st.sampled_from(["19000", "24000", "70000"]), label="amount")
        self._act(what, DOERS[what[0]], "Parce que.", self._data(what[1], "right", amount, 0), None)

    @rule(who=WHO, kind=st.sampled_from(["presentation_note", "economic_file", "decision"]))
    def add_piece(self, who: str, kind: str) -> None:
        """A piece."""
        self._try(lambda: self.journey.add(kind, actor=self.cast.people[who]))

    @rule(
        who=WHO,
        data=st.fixed_dictionaries(
            {},
            optional={
                "amount_ht": st.sampled_from(AMOUNTS),
                "is_restructuring": st.booleans(),
                "impact": st.sampled_from([impact(2016, 2017, 2018), [], "beaucoup"]),
                "title": st.text(max_size=12),
            },
        ),
    )
    def edit(self, who: str, data: dict[str, Any]) -> None:
        """New data."""
        self._try(
            lambda: update_draft(
                reference=self.journey.reference, actor=self.cast.people[who], data=data, version=None
            )
        )

    @precondition(lambda self: self.journey.tasks())
    @rule(who=WHO, to=WHO, what=st.sampled_from(["claim", "release", "reassign"]))
    def hand_over(self, who: str, to: str, what: str) -> None:
        """Take, give back, hand over."""
        task, actor = self.journey.task.pk, self.cast.people[who]
        if what == "claim":
            self._try(lambda: claim(task_id=task, actor=actor))
        elif what == "release":
            self._try(lambda: release(task_id=task, actor=actor))
        else:
            self._try(lambda: reassign(task_id=task, actor=actor, to=self.cast.people[to], motive="Absence"))

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        """Time passes."""
        self.now += timedelta(days=days)

    # -- how it is tried and judged --------------------------------------------------------------

    def _data(self, outcome: str, how: str, amount: str, days: int) -> dict[str, Any] | None:
        if how == "strange":
            return {"inattendu": "1"}
        if how == "none" or outcome not in {"commit", "revise_cost"}:
            return None
        if outcome == "revise_cost":
            return {"amount_ht": amount}
        return {
            "committed_on": (self.now + timedelta(days=days)).date().isoformat(),
            "committed_amount_ht": amount,
        }

    def _act(
        self, what: tuple[str, str], who: str, motive: str, data: dict[str, Any] | None, version: int | None
    ) -> None:
        actor = self.cast.people[who]
        before = self.journey.dossier
        readable = may_read(holdings_of(actor), before)
        with clock.at(self.now):
            offered = next(
                (
                    one
                    for one in available_actions(before, actor)
                    if readable and (one.step, one.outcome) == what and one.task_id is not None
                ),
                None,
            )
        if what == ("withdraw", "withdraw") and readable:
            found = [one for one in available_actions(before, actor) if one.step == "withdraw"]
            offered = found[0] if found else None
        refusal = self._try(
            lambda: self.journey.act(".".join(what), actor=actor, motive=motive, data=data, version=version)
        )
        after = self.journey.dossier
        allowed = offered is not None and offered.allowed
        if refusal is None:
            assert allowed, f"{who} did {what}, which was not offered"
            assert status_may_move(before.status, after.status)
            assert after.version == before.version + 1
            if what[0] == "decide":
                played = before.participants
                assert actor.pk not in played.get("prepare", []) + played.get("review", [])
            return
        complete = (
            (not offered.motive_required or motive) and data is None and offered.form is None
            if offered is not None
            else False
        )
        current = version in (None, before.version)
        assert not (allowed and complete and current), f"{who} was offered {what}: {refusal.message}"
        if offered is not None and not allowed and type(refusal) is not Conflict:
            said = {reason.code for reason in refusal.reasons}
            assert not said or said <= {reason.code for reason in offered.reasons}

    def _try(self, act: Any) -> BusinessError | None:
        """Do it; a refusal leaves everything as it was. The refusal, or None."""
        before = state_of_everything()
        refusal: BusinessError | None = None
        try:
            with clock.at(self.now):
                act()
        except BusinessError as error:
            refusal = error
        if refusal is not None:
            assert state_of_everything() == before, f"refused, but written: {refusal.message}"
            assert refusal.message
        return refusal

    # -- what always holds -----------------------------------------------------------------------

    @invariant()
    def journal_is_unbroken_and_tells_the_status(self) -> None:
        """Chained, without gap, and its last entry names the state that the dossier is in."""
        if not hasattr(self, "journey"):
            return
        assert list(verify_all(reference=self.journey.reference)) == []
        statuses = list(
            JournalEntry.objects.filter(dossier=self.journey.pk)
            .order_by("sequence")
            .values_list("status_before", "status_after")
        )
        assert all(one[1] == other[0] for one, other in zip(statuses, statuses[1:], strict=False))
        assert statuses[-1][1] == self.journey.status

    @invariant()
    def one_step_waits_until_the_end(self) -> None:
        """Exactly one task is open, none once the dossier has ended."""
        if hasattr(self, "journey"):
            over = self.journey.status in {"closed", "withdrawn"}
            assert len(self.journey.tasks()) == (0 if over else 1)

    @invariant()
    def clocks_are_what_their_events_say(self) -> None:
        """The stored date and state of each clock, and the dossier's next date, can be computed again."""
        if not hasattr(self, "journey"):
            return
        running = []
        for deadline in Deadline.objects.filter(dossier=self.journey.pk).order_by("pk"):
            found = computation_of(deadline)
            assert (deadline.state, deadline.due_on) == (found.state.value, found.due_on)
            if deadline.state == "running":
                running.append(deadline.due_on)
        assert self.journey.dossier.next_due_on == min(running, default=None)

    @invariant()
    def nothing_is_committed_beyond_the_approval(self) -> None:
        """Executed means approved, and within it."""
        if not hasattr(self, "journey"):
            return
        dossier = self.journey.dossier
        if dossier.status in {DossierStatus.EXECUTED, DossierStatus.CLOSED} and "commit" in dossier.results:
            committed = dossier.results["commit"].get("committed_amount_ht")
            if committed is not None and dossier.approved_amount_ht is not None:
                assert Decimal(committed) <= dossier.approved_amount_ht
        if dossier.status == DossierStatus.APPROVED:
            assert dossier.approved_amount_ht is not None
            assert dossier.approved_amount_ht >= min(dossier.amount_ht, Decimal(20_000))

    @invariant()
    def both_read_gates_agree(self) -> None:
        """The gate in Python and the gate in SQL let the same people in."""
        if not hasattr(self, "journey"):
            return
        dossier = self.journey.dossier
        for name in ("agent", "est_agent", "reviewer", "auditor", "admin", "ministry", "everything"):
            held = holdings_of(self.cast.people[name])
            assert may_read(held, dossier) == dossiers_visible_to(None, held).filter(pk=dossier.pk).exists()


def test_random_walks_never_leave_the_law(cast: Cast) -> None:
    """People who hold one role and people who hold several."""
    cast.person("preparer and dg", (Role.PREPARER, NPDC), (Role.DIRECTOR_GENERAL, FUND))
    cast.person("director and dg", (Role.REGIONAL_DIRECTOR, NPDC), (Role.DIRECTOR_GENERAL, FUND))
    cast.person("reviewer and dg", (Role.REVIEWER, FUND), (Role.DIRECTOR_GENERAL, FUND))
    cast.person(
        "everything",
        (Role.PREPARER, NPDC),
        (Role.REGIONAL_DIRECTOR, NPDC),
        (Role.REVIEWER, FUND),
        (Role.DIRECTOR_GENERAL, FUND),
        (Role.MANAGER, FUND),
    )
    Walk.cast = cast
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
    assert not Dossier.objects.exists()
