"""Advance releases of the FNMO (A04): signed, decided, regularised on the budget; their season, and what A01 keeps."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from viewflow.workflow.models import Process

from cases import clock
from cases.budget_terms import MovementKind
from cases.enums import Role
from cases.errors import Blocked, Forbidden, Invalid, NotFound
from cases.models import CreditMovement, Decision, Dossier, Exercise, JournalEntry
from cases.selectors import balance_of
from cases.services import ledger
from tests.budgets import real_budgets
from tests.credit_journeys import NOW, CreditJourney, credits_of, line
from tests.credits import Credits
from tests.journeys import Cast, Journey
from tests.refusals import refused, rules_of
from workflows.paths.fnmo_investment import FnmoInvestment
from workflows.selectors import dossier_view
from workflows.services import create_draft, expire_deadlines, perform, simulate

pytestmark = pytest.mark.django_db

Filed = Callable[..., CreditJourney]
RELEASED = ("prepare.submit", "sign_off.transmit", "decide.release@dg")


def advance(amount: str = "15000.00", **more: Any) -> dict[str, Any]:
    """Valid data of an advance."""
    return {
        "title": "Premiers travaux du centre de Lens",
        "amount_ht": amount,
        "exercise": 2026,
        "facilities": ["Centre de santé de Lens"],
        "reason": "Le marché se signe en février",
    } | more


@pytest.fixture
def filed(cast: Cast) -> Filed:
    """A draft of the CARMI Nord-Pas-de-Calais."""

    def start(amount: str = "15000.00", *, at: datetime = NOW, **more: Any) -> CreditJourney:
        return CreditJourney.file(cast, "advance_release", advance(amount, **more), at=at)

    return start


def budget(cast: Cast, status: str = "enforceable", **more: Any) -> Dossier:
    """A budget of the FNMO as the path of budgets leaves it, without its steps."""
    process = Process.objects.create(flow_class=FnmoInvestment)
    values: dict[str, Any] = {
        "path": "budget_vote",
        "reference": f"BUD-2026-{Dossier.objects.count() + 1:04d}",
        "convention": "cog-2014-2017",
        "organisation": cast.body["canssm"],
        "title": "Budget primitif FNMO 2026",
        "exercise": 2026,
        "data": {"fund": "FNMO", "kind": "primitive", "exercise": 2026},
        "process": process,
        "created_by": cast.reviewer,
        "created_at": NOW,
        "submitted_at": NOW,
        "updated_at": NOW,
    }
    return Dossier.objects.create(**values | more, status=status)


def endow(cast: Cast, amount: str) -> None:
    """Put credits on the line of investments of the FNMO."""
    credits = Credits(cast)
    credits.act(
        lambda: ledger.credit(
            kind=MovementKind.AMENDMENT,
            exercise=credits.exercise,
            credits=[ledger.Credit(line("INV", "FNMO"), Decimal(amount))],
            label="Budget du FNMO",
            dossier=credits.dossier,
        )
    )


def warnings_of(journey: CreditJourney, by: str) -> dict[str, Any]:
    """What the dossier's page signals, by code."""
    with clock.at(NOW):
        found = dossier_view(journey.cast.people[by], journey.reference).warnings
    return {one.code: one for one in found}


# --- the whole way ----------------------------------------------------------------------------------------


def test_advance_is_released_then_committed_on_the_budget(cast: Cast, filed: Filed) -> None:
    journey = filed()
    journey.walk("prepare.submit")
    assert (journey.status, journey.open_steps) == ("submitted", ["sign_off"])
    journey.walk("sign_off.transmit")
    assert (journey.status, journey.open_steps) == ("awaiting_decision", ["decide"])
    journey.walk("decide.release@dg")
    assert (journey.status, journey.open_steps) == ("approved", ["regularise"])
    assert not CreditMovement.objects.filter(dossier=journey.dossier).exists()
    endow(cast, "15000.00")
    budget(cast)
    journey.walk("regularise.regularise@reviewer")
    assert (journey.status, journey.open_steps) == ("executed", ["close"])
    held = balance_of(line=line("INV", "FNMO"), exercise=Exercise.objects.get(year=2026))
    assert (held.available, held.committed) == (Decimal(0), Decimal("15000.00"))
    movement = CreditMovement.objects.get(dossier=journey.dossier)
    assert (movement.kind, movement.effective_on) == ("commitment", date(2026, 3, 2))
    journey.walk("close.close@reviewer")
    assert journey.status == "closed"
    assert journey.reference.startswith("DAV-2026-")
    (decision,) = Decision.objects.filter(dossier=journey.dossier)
    assert (decision.kind, decision.amount_ht) == ("approval", Decimal("15000.00"))


def test_advance_meets_the_budget_that_the_board_votes(cast: Cast, filed: Filed) -> None:
    journey, late = filed().walk(*RELEASED), filed()
    voted_at, eve, day = (datetime(2026, *on, 9, tzinfo=UTC) for on in ((4, 20), (5, 9), (5, 10)))
    voted = CreditJourney.file(
        cast,
        "budget_vote",
        {
            "fund": "FNMO",
            "exercise": 2026,
            "kind": "primitive",
            "lines": [{"line": "INV", "amount": "50000.00"}],
            "reason": "Plans des caisses régionales",
        },
        by="reviewer",
        body="canssm",
        at=voted_at,
        pieces=("regional_investments",),
    )
    voted.walk("prepare.submit@reviewer", "board_vote.adopted", at=voted_at)
    received = [{"authority": code, "received_on": "2026-04-20"} for code in ("dss", "db")]
    voted.do("notify_authorities.record", "reviewer", at=voted_at, data={"receptions": received})
    with clock.at(eve):
        expire_deadlines()
    assert voted.status == "awaiting_authority"
    refused(journey, "regularise.regularise", Blocked, by="reviewer", at=eve)
    with clock.at(day):
        expire_deadlines()
    assert voted.status == "enforceable"
    error = refused(late, "prepare.submit", Blocked, at=day)
    assert [one.code for one in error.reasons] == ["budget_enforceable"]
    journey.do("regularise.regularise", "reviewer", at=day)
    assert credits_of("INV", "FNMO") == Decimal("35000.00")


def test_director_returns_and_decider_refuses(filed: Filed) -> None:
    journey = filed().walk("prepare.submit", "sign_off.return")
    assert (journey.status, journey.open_steps) == ("draft", ["prepare"])
    journey.walk("prepare.submit", "sign_off.transmit")
    refused(journey, "decide.refuse", Invalid, by="dg", motive="")
    journey.walk("decide.refuse@dg")
    assert (journey.status, journey.open_steps) == ("refused", ["close"])
    journey.walk("close.close@reviewer")
    assert journey.status == "closed"


def test_advance_that_was_not_used_lapses_with_a_motive(filed: Filed) -> None:
    journey = filed().walk(*RELEASED)
    refused(journey, "regularise.renounce", Invalid, by="reviewer", motive="")
    journey.walk("regularise.renounce@reviewer")
    assert (journey.status, journey.open_steps) == ("lapsed", [])
    assert not CreditMovement.objects.filter(dossier=journey.dossier).exists()


# --- its season -------------------------------------------------------------------------------------------

BEFORE = datetime(2025, 12, 31, 22, 59, tzinfo=UTC)
FIRST = datetime(2025, 12, 31, 23, 0, tzinfo=UTC)
LAST = datetime(2026, 6, 30, 21, 59, tzinfo=UTC)
AFTER = datetime(2026, 6, 30, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "passes"), [(BEFORE, False), (FIRST, True), (LAST, True), (AFTER, False)], ids=str
)
def test_season_is_from_january_to_the_day_of_the_rule(filed: Filed, at: datetime, passes: bool) -> None:
    journey = filed(at=at)
    if passes:
        journey.do("prepare.submit", at=at)
        assert journey.status == "submitted"
    else:
        error = refused(journey, "prepare.submit", Blocked, at=at)
        assert rules_of(error) == {"fnmo.advance.until"}


@pytest.mark.parametrize(
    ("before", "what", "by"),
    [
        (("prepare.submit",), "sign_off.transmit", "director"),
        (("prepare.submit", "sign_off.transmit"), "decide.release", "dg"),
    ],
)
def test_season_holds_until_the_release(filed: Filed, before: tuple[str, ...], what: str, by: str) -> None:
    journey = filed().walk(*before)
    assert rules_of(refused(journey, what, Blocked, by=by, at=AFTER)) == {"fnmo.advance.until"}
    journey.do(what, by, at=LAST)


@pytest.mark.parametrize(
    ("change", "ends"),
    [
        ({}, True),
        ({"data": {"fund": "FNMO", "kind": "amending"}}, False),
        ({"data": {"fund": "FNGA", "kind": "primitive"}}, False),
        ({"exercise": 2025}, False),
        ({"path": "fnmo_investment"}, False),
        ({"status": "awaiting_authority"}, False),
        ({"status": "closed"}, False),
        ({"status": "lapsed"}, False),
    ],
)
def test_season_ends_when_the_primitive_budget_is_enforceable(
    cast: Cast, filed: Filed, change: dict[str, Any], ends: bool
) -> None:
    journey = filed()
    budget(cast, **change)
    if ends:
        error = refused(journey, "prepare.submit", Blocked)
        assert rules_of(error) == {"fnmo.advance.until"}
        assert [one.code for one in error.reasons] == ["budget_enforceable"]
    else:
        journey.walk("prepare.submit")


# --- regularisation ---------------------------------------------------------------------------------------


def test_regularisation_waits_for_the_budget(cast: Cast, filed: Filed) -> None:
    journey = filed().walk(*RELEASED)
    endow(cast, "20000.00")
    error = refused(journey, "regularise.regularise", Blocked, by="reviewer")
    assert [one.code for one in error.reasons] == ["budget_not_enforceable"]
    assert rules_of(error) == {"fnmo.advance.regularisation"}


@pytest.mark.parametrize(("credits", "passes"), [("14999.99", False), ("15000.00", True)])
def test_regularisation_needs_the_credits(cast: Cast, filed: Filed, credits: str, passes: bool) -> None:
    journey = filed().walk(*RELEASED)
    endow(cast, credits)
    budget(cast)
    if not passes:
        error = refused(journey, "regularise.regularise", Blocked, by="reviewer")
        assert [one.code for one in error.reasons] == ["insufficient_credits"]
        assert rules_of(error) == {"fnmo.advance.regularisation"}
    else:
        journey.walk("regularise.regularise@reviewer")
        assert credits_of("INV", "FNMO") == 0


def test_two_advances_do_not_share_the_same_credits(cast: Cast, filed: Filed) -> None:
    first, second = filed().walk(*RELEASED), filed().walk(*RELEASED)
    endow(cast, "29999.99")
    budget(cast)
    first.walk("regularise.regularise@reviewer")
    refused(second, "regularise.regularise", Blocked, by="reviewer")


def test_regularisation_after_the_season_and_the_execution_of_the_budget(cast: Cast, filed: Filed) -> None:
    journey = filed().walk(*RELEASED)
    endow(cast, "15000.00")
    voted = budget(cast, status="executed")
    JournalEntry.objects.create(
        dossier=voted,
        sequence=1,
        at=NOW,
        actor_name="Système",
        capacity="Système",
        action="perform",
        status_before="awaiting_authority",
        status_after="enforceable",
        previous_hash="0" * 64,
        hash="1" * 64,
    )
    journey.do("regularise.regularise", "reviewer", at=datetime(2026, 9, 1, 9, tzinfo=UTC))
    assert journey.status == "executed"


# --- what is signalled ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("amount", "recalled"), [("20000.00", False), ("20000.01", True)])
def test_above_the_threshold_validation_is_recalled(
    cast: Cast, filed: Filed, amount: str, recalled: bool
) -> None:
    with clock.at(NOW):
        real_budgets()
        found = simulate(path="advance_release", organisation=cast.body["carmi-npdc"], data=advance(amount))
    assert ("validation_needed" in {one.code for one in found.warnings}) is recalled
    journey = filed(amount).walk(*RELEASED)
    assert journey.status == "approved"
    warning = warnings_of(journey, "dg").get("validation_needed")
    assert (warning is not None) is recalled
    if warning is not None:
        assert warning.quote.rule == "fnmo.advance.no_exemption"
        assert "n’a déposé aucune opération" in warning.message


def test_operations_of_the_same_body_and_year_are_named(cast: Cast, filed: Filed) -> None:
    with clock.at(NOW):
        named = Journey.at(cast, "awaiting_decision", exercise=2026)
        for journey in (
            Journey.at(cast, "refused", exercise=2026),
            Journey.at(cast, "draft", exercise=2026),
            Journey.at(cast, "awaiting_decision", exercise=2025),
        ):
            assert journey.reference != named.reference
        closed = Journey.at(cast, "refused", exercise=2026)
        closed.act("close.close")
    other = Journey.start(cast, body="carmi-est", exercise=2026)
    with clock.at(NOW):
        perform(reference=other.reference, step="prepare", outcome="submit", actor=cast.est_agent)
    journey = filed("25000.00").walk("prepare.submit", "sign_off.transmit")
    warning = warnings_of(journey, "dg")["validation_needed"]
    assert warning.related == (named.reference,)
    assert named.reference in warning.message


def test_decider_sees_what_was_released_before(cast: Cast, filed: Filed) -> None:
    filed("10000.00").walk(*RELEASED)
    filed("500.00").walk(*RELEASED, "regularise.renounce@reviewer")
    filed("700.00").walk("prepare.submit", "sign_off.transmit", "decide.refuse@dg")
    with clock.at(NOW):
        est = CreditJourney.file(
            cast, "advance_release", advance("4000.00"), by="est_agent", body="carmi-est"
        )
    est.walk("prepare.submit@est_agent", "sign_off.transmit@est_director", "decide.release@dg")
    journey = filed("250.00").walk("prepare.submit")
    assert "released_so_far" not in warnings_of(journey, "agent")
    journey.walk("sign_off.transmit")
    warning = warnings_of(journey, "dg")["released_so_far"]
    assert warning.quote.rule == "fnmo.advance.authority"
    for amount in ("14\u202f000,00", "10\u202f000,00", "14\u202f250,00"):
        assert amount in warning.message
    assert est.reference not in warning.message


# --- data, and who may do what ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"amount_ht": "0"}, "amount_ht"),
        ({"amount_ht": "-1"}, "amount_ht"),
        ({"exercise": 2013}, "exercise"),
        ({"reason": ""}, "reason"),
    ],
)
def test_data_that_cannot_be_is_refused_by_its_field(cast: Cast, change: dict[str, Any], field: str) -> None:
    with clock.at(NOW), pytest.raises(Invalid) as caught:
        create_draft(
            path="advance_release",
            organisation=cast.body["carmi-npdc"],
            actor=cast.agent,
            data=advance() | change,
        )
    assert list(caught.value.details) == [field]


PEOPLE = (
    "agent",
    "director",
    "dg",
    "reviewer",
    "accountant",
    "ministry",
    "est_agent",
    "est_director",
    "secretary",
)
STAGES: list[tuple[tuple[str, ...], str, str]] = [
    ((), "prepare.submit", "agent"),
    (RELEASED[:1], "sign_off.transmit", "director"),
    (RELEASED[:2], "decide.release", "dg"),
    (RELEASED, "regularise.regularise", "reviewer"),
    ((*RELEASED, "regularise.regularise@reviewer"), "close.close", "reviewer"),
]


@pytest.mark.parametrize(("before", "what", "may"), STAGES, ids=[what for _, what, _ in STAGES])
def test_nobody_else_does_a_step(
    cast: Cast, filed: Filed, before: tuple[str, ...], what: str, may: str
) -> None:
    endow(cast, "15000.00")
    journey = filed().walk(*before[:3])
    if len(before) >= 3:
        budget(cast)
    journey.walk(*before[3:])
    for person in PEOPLE:
        if person != may:
            with pytest.raises((Forbidden, NotFound)):
                journey.do(what, person)
    journey.do(what, may)


def test_the_canssm_does_not_ask_for_itself(cast: Cast) -> None:
    with clock.at(NOW), pytest.raises(Blocked):
        create_draft(
            path="advance_release", organisation=cast.body["canssm"], actor=cast.reviewer, data=advance()
        )


def test_who_signed_does_not_decide(cast: Cast, filed: Filed) -> None:
    cast.give(cast.director, (Role.DIRECTOR_GENERAL, "canssm"))
    journey = filed().walk("prepare.submit", "sign_off.transmit")
    error = refused(journey, "decide.release", Forbidden, by="director")
    assert rules_of(error) == {"separation.prepare_decide"}
