"""Random people do random things to dossiers of credits: no credit appears or vanishes, or moves too early."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test
from viewflow.workflow.models import Task

from cases import clock
from cases.enums import Role
from cases.models import CreditBalance, CreditMovement, CreditPosting, Dossier
from cases.selectors import balance_faults
from tests.budgets import real_budgets
from tests.credit_journeys import LOST, NOW, VOTE, CreditJourney, transfers
from tests.journeys import PEOPLE, Cast
from tests.workflows.walks import Watched
from workflows.engine import get_path
from workflows.engine.credit_forms import EffectForm, VoteForm
from workflows.engine.seats import chair_of

EXCEPTIONAL = {"exceptional_reason": "Incendie du site de Lens"}
FNASS = {"fund": "FNASS"}

#: Path and data of the dossiers that walk: allowed and not, of one row and of several.
DOSSIERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("virement", transfers(("A-I-1", "A-I-2.autres", "1000.00"), ("A-I-1", "A-I-3.info", "0.01"))),
    ("virement", transfers(("II.F.CAN.col", "III.reg.ind", "250.00"), **FNASS)),
    ("virement", transfers(("A-I-3.info", "A-I-1", "1.00"))),
    ("virement", transfers(("A-I-3.info", "A-I-2.autres", "120000.01"))),
    ("virement_derogation", transfers(("A-I-3.info", "A-I-3.autres", "1000.00"), **EXCEPTIONAL)),
    ("modifying_decision", transfers(("II.F.CAN.col", "II.K.imm", "1000.00"), **FNASS)),
)
#: The person of each role and body.
USUAL = {held: username for username, _, roles in reversed(PEOPLE) for held in roles}
WHO = st.sampled_from(
    [
        "agent",
        "reviewer",
        "accountant",
        "dg",
        "secretary",
        "ministry",
        "ministry_db",
        "comptroller",
        "auditor",
    ]
    + ["est_agent", "hats"]
)


class CreditWalk(Watched):
    """One dossier of credits of the CARMI Nord-Pas-de-Calais or of the CANSSM, to wherever they lead it."""

    journey: CreditJourney

    @initialize(which=st.sampled_from(DOSSIERS), own=st.booleans())
    def file(self, which: tuple[str, dict[str, Any]], own: bool) -> None:
        """A draft."""
        self.now = NOW
        path, data = which
        by, body = ("reviewer", "canssm") if own else ("agent", "carmi-npdc")
        self.journey = CreditJourney.file(self.cast, path, data, by=by, body=body)
        self.opening = self.credits()

    def do(self, what: str, actor: Any, **options: Any) -> Any:
        """As it is, without the helper's motive and vote."""
        step, outcome = what.split(".")
        return self.journey.plain(step, outcome, actor, at=self.now, **options)

    @rule(
        data=st.data(),
        who=WHO,
        motive=st.sampled_from(["", "Parce que."]),
        days=st.integers(-3, 3),
        given=st.sampled_from(["right", "right", "none", "strange", "lost"]),
    )
    def anything(self, data: st.DataObject, who: str, motive: str, days: int, given: str) -> None:
        """Any act of the path by anybody."""
        path = get_path(self.journey.dossier.path)
        every = [(step.name, key) for step in path.steps() for key in step.outcomes]
        what = data.draw(st.sampled_from([*every, ("withdraw", "withdraw")]), label="act")
        self._act(what, who, motive, self.given(what, given, days), None)

    @rule(data=st.data(), given=st.sampled_from(["right", "right", "right", "lost"]))
    def sensible(self, data: st.DataObject, given: str) -> None:
        """An act of an open task by the person who usually does it, so that walks get somewhere."""
        tasks = self.journey.tasks()
        if not tasks:
            return
        task = data.draw(st.sampled_from(tasks), label="task")
        what = (
            task.flow_task.name,
            data.draw(st.sampled_from(list(task.flow_task.outcomes)), label="outcome"),
        )
        self._act(what, self.usual(task), "Parce que.", self.given(what, given, 0), None)

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        """Time passes."""
        self.now += timedelta(days=days)

    def usual(self, task: Task) -> str:
        """Who usually does a task."""
        chair = chair_of(task)
        body = next(code for code, one in self.cast.body.items() if one.pk == chair.organisation_id)
        return USUAL[chair.role, body]

    def given(self, what: tuple[str, str], how: str, days: int) -> dict[str, Any] | None:
        """Data for the act's form, right or wrong."""
        step = get_path(self.journey.dossier.path).step(what[0])
        form = step.outcomes[what[1]].form if step is not None else None
        day = (clock.paris_date(self.now) + timedelta(days=days)).isoformat()
        if how == "strange":
            return {"inattendu": "1"}
        if form is None or how == "none":
            return None
        if form is VoteForm:
            votes = LOST if (how == "lost") != (what[1] == "rejected") else VOTE
            return {"voted_on": day, **votes}
        assert form is EffectForm
        return {"effected_on": day}

    # -- what always holds -----------------------------------------------------------------------

    def credits(self) -> dict[str, Decimal]:
        """Credits of each fund and exercise on all lines together."""
        sums = (
            CreditBalance.objects.order_by("line__fund", "exercise__year")
            .values_list("line__fund", "exercise__year")
            .annotate(total=Sum("available") + Sum("earmarked") + Sum("committed"))
        )
        return {f"{fund} {year}": total for fund, year, total in sums}

    @invariant()
    def balances_are_the_sums_of_their_postings(self) -> None:
        """The cache and the postings agree, and every movement sums to zero."""
        if hasattr(self, "journey"):
            assert balance_faults() == []
            assert CreditPosting.objects.aggregate(total=Sum("amount"))["total"] == 0

    @invariant()
    def virements_conserve_the_credits_of_each_fund(self) -> None:
        """What one line gives another receives, in the same fund and exercise."""
        if hasattr(self, "journey"):
            assert self.credits() == self.opening

    @invariant()
    def credits_moved_exactly_when_the_dossier_was_executed(self) -> None:
        """One movement from the effect on, none before."""
        if hasattr(self, "journey"):
            effected = "effect" in self.journey.dossier.results
            moved = CreditMovement.objects.filter(dossier=self.journey.pk).count()
            assert moved == effected
            assert effected == (
                self.journey.status == "executed" or (self.journey.status == "closed" and moved > 0)
            )

    @invariant()
    def somebody_has_it_until_the_end(self) -> None:
        """A task is open until the dossier has ended."""
        if hasattr(self, "journey"):
            over = self.journey.status in {"closed", "withdrawn", "lapsed"}
            assert bool(self.journey.tasks()) != over


def test_random_walks_of_credits_never_leave_the_law(cast: Cast) -> None:
    """People who hold one role and one who holds several."""
    cast.person(
        "hats",
        (Role.PREPARER, "carmi-npdc"),
        (Role.REVIEWER, "canssm"),
        (Role.ACCOUNTING_OFFICER, "canssm"),
        (Role.DIRECTOR_GENERAL, "canssm"),
        (Role.AUTHORITY, "dss"),
        (Role.AUTHORITY, "db"),
    )
    with clock.at(NOW):
        real_budgets()
    CreditWalk.cast = cast
    run_state_machine_as_test(
        CreditWalk,
        settings=settings(
            max_examples=12,
            stateful_step_count=22,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
    assert not Dossier.objects.exists()
