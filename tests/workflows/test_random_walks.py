"""Random people do random things, sensible and not, to one dossier: what must hold does hold."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cases import clock
from cases.enums import DossierStatus, Role
from cases.models import Dossier
from tests.journeys import DOERS, Cast, Journey, impact
from tests.workflows.walks import Watched
from workflows.engine import get_path
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


class Walk(Watched):
    """One dossier of the CARMI Nord-Pas-de-Calais, from its draft to wherever they lead it."""

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

    # -- what always holds -----------------------------------------------------------------------

    @invariant()
    def one_step_waits_until_the_end(self) -> None:
        """Exactly one task is open, none once the dossier has ended."""
        if hasattr(self, "journey"):
            over = self.journey.status in {"closed", "withdrawn"}
            assert len(self.journey.tasks()) == (0 if over else 1)

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
