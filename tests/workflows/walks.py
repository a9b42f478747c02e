"""What every random walk shares: an act is tried, judged against what was offered, and the law is looked at."""

from datetime import datetime
from typing import Any

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant

from cases import clock
from cases.enums import status_may_move
from cases.errors import BusinessError, Conflict
from cases.models import Deadline, JournalEntry
from cases.permissions import holdings_of, may_read
from cases.selectors import dossiers_visible_to
from cases.services import computation_of, verify_all
from tests.journeys import Cast, Journey, state_of_everything
from workflows.selectors import available_actions

#: Deciding steps: nobody does them who prepared or reviewed.
DECIDING = {"decide", "effect"}


class Watched(RuleBasedStateMachine):
    """One dossier and whoever acts on it; a subclass files it (``journey``, ``now``) and says what people try."""

    cast: Cast  # set by the test: people stay, each walk's dossier goes
    journey: Journey
    now: datetime

    def __init__(self) -> None:
        super().__init__()
        self._undo = transaction.atomic()
        self._undo.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._undo.__exit__(None, None, None)

    def do(self, what: str, actor: Any, **options: Any) -> Any:
        """Do one act; ``_try`` has set the clock."""
        return self.journey.act(what, actor=actor, **options)

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
        refusal = self._try(lambda: self.do(".".join(what), actor, motive=motive, data=data, version=version))
        after = self.journey.dossier
        allowed = offered is not None and offered.allowed
        if refusal is None:
            assert allowed, f"{who} did {what}, which was not offered"
            assert status_may_move(before.status, after.status)
            assert after.version == before.version + 1
            if what[0] in DECIDING:
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
    def both_read_gates_agree(self) -> None:
        """The gate in Python and the gate in SQL let the same people in."""
        if not hasattr(self, "journey"):
            return
        dossier = self.journey.dossier
        for name in ("agent", "est_agent", "reviewer", "auditor", "admin", "ministry", "secretary"):
            held = holdings_of(self.cast.people[name])
            assert may_read(held, dossier) == dossiers_visible_to(None, held).filter(pk=dossier.pk).exists()
