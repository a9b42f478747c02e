"""Carry-over of credits (A12, A13): its way, what each line may give, the statement, the credits on the legal day."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import clock
from cases.errors import Blocked, Forbidden, Invalid, Reason
from cases.models import CreditMovement, Deadline, Decision, Document
from cases.selectors import balance_of
from cases.services import ledger, open_exercise, verify_all
from tests.budget_journeys import BudgetJourney, at, budget, carried, earmarked, sweep
from tests.budgets import real_budgets
from tests.credit_journeys import credits_of, line
from tests.credits import Credits, amounts_of
from tests.journeys import Cast, state_of_everything
from tests.papers import words
from workflows.engine import carry_over_lines
from workflows.selectors.actions import context_for

pytestmark = pytest.mark.django_db

JUNE, MARCH, MAY = at(2014, 6, 2), at(2015, 3, 2), at(2015, 5, 4)


def reasons(cast: Cast, data: dict[str, Any], moment: Any = MAY) -> dict[str, Reason]:
    """Why a carry-over may not be submitted, by code; nothing is written."""
    journey = BudgetJourney.of(cast, data, at=moment)
    before = state_of_everything()
    with pytest.raises(Blocked) as refused:
        journey.do("prepare.submit", "reviewer", at=moment)
    assert state_of_everything() == before
    return {reason.code: reason for reason in refused.value.reasons}


def rule_of(reason: Reason) -> str:
    """The key of the rule that a reason quotes."""
    assert reason.quote is not None
    return reason.quote.rule


def commit(cast: Cast, code: str, amount: str, fund: str = "FNGA", moment: Any = JUNE) -> None:
    """Commit credits of 2014."""
    other = Credits(cast)
    other.act(
        lambda: ledger.commit(
            exercise=other.year(2014),
            line=line(code, fund),
            amount=Decimal(amount),
            label="Marché",
            dossier=other.dossier,
        ),
        moment,
    )


def test_credits_are_carried_over_when_the_approval_is_acquired_and_not_before(cast: Cast) -> None:
    journey = BudgetJourney.of(cast, carried(("A-I-1", "1000.50"), ("A-I-3.info", "20.00")), at=MARCH)
    for act, status, step in (
        ("prepare.submit@reviewer", "submitted", "check"),
        ("check.credits_available", "awaiting_decision", "board_vote"),
        ("board_vote.adopted", "awaiting_authority", "notify_authorities"),
    ):
        journey.walk(act, at=MARCH)
        assert (journey.status, journey.open_steps) == (status, [step])
    journey.record(dss=date(2015, 3, 2), at=MARCH)
    assert journey.open_steps == ["notify_authorities"]
    journey.record(db=date(2015, 3, 12), at=at(2015, 3, 13))
    (deadline,) = Deadline.objects.filter(dossier=journey.dossier, step="tacit_approval")
    assert (deadline.kind, deadline.due_on) == ("legal", date(2015, 4, 1))
    assert not sweep(at(2015, 3, 31)).done
    assert (credits_of("A-I-1", year=2014), credits_of("A-I-1", year=2015)) == (
        Decimal("52840000.00"),
        Decimal("52150000.00"),
    )
    assert sweep(at(2015, 4, 1)).done == [journey.reference]
    assert (journey.status, journey.open_steps) == ("enforceable", [])
    assert (credits_of("A-I-1", year=2014), credits_of("A-I-1", year=2015)) == (
        Decimal("52838999.50"),
        Decimal("52151000.50"),
    )
    movement = CreditMovement.objects.get(dossier=journey.dossier)
    assert (movement.kind, movement.effective_on) == ("carry_over", date(2015, 4, 1))
    assert Decision.objects.get(dossier=journey.dossier, step="tacit_approval").decided_by is None
    assert not list(verify_all())


def test_credits_leave_a_closed_exercise(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, carried(("A-I-1", "1000.00")), at=MAY)
    sweep(at(2015, 5, 24))
    assert credits_of("A-I-1", year=2015) == Decimal("52151000.00")
    assert CreditMovement.objects.get(dossier=journey.dossier).effective_on == date(2015, 5, 24)


def test_detailed_statement_is_made_at_submission(cast: Cast) -> None:
    commit(cast, "A-I-1", "40000.00")
    journey = BudgetJourney.of(cast, carried(("A-I-1", "1000.00")), at=MAY)
    assert not Document.objects.filter(dossier=journey.pk).exists()
    journey.do("prepare.submit", "reviewer", at=MAY)
    statement = Document.objects.get(dossier=journey.pk, current=True)
    assert statement.kind == "carry_over_statement"
    with statement.file.open() as paper:
        said = words(paper.read())
    for expected in (
        "État détaillé des crédits reportés",
        "52 840 000,00",
        "40 000,00",
        "52 800 000,00",
        "1 000,00",
    ):
        assert expected in said.replace("\u202f", " ").replace("\u00a0", " "), said
    changes = journey.last_changes()
    assert changes["document"]["sha256"] == statement.sha256
    assert changes["carried"]["A-I-1"] == {
        "authorised": "52840000.00",
        "committed": "40000.00",
        "most": "52800000.00",
        "amount": "1000.00",
    }


def test_line_gives_at_most_what_it_did_not_commit(cast: Cast) -> None:
    commit(cast, "A-I-3.info", "600000.00")
    found = reasons(cast, carried(("A-I-3.info", "40000.01")))
    said = found["above_carryable"].message
    assert "40\u202f000,00" in said
    assert "40\u202f000,01" in said
    assert rule_of(found["above_carryable"]) == "carry_over.limitative"
    journey = BudgetJourney.received(cast, carried(("A-I-3.info", "40000.00")), at=MAY)
    sweep(at(2015, 5, 24))
    assert journey.status == "enforceable"
    assert credits_of("A-I-3.info", year=2014) == 0


def test_capital_of_the_fnass_gives_what_no_programme_engaged(cast: Cast) -> None:
    commit(cast, "I.K.imm", "2901833.00", "FNASS")
    found = reasons(cast, carried(("I.K.imm", "1.01"), fund="FNASS"))
    assert rule_of(found["above_carryable"]) == "fnass.carry_over"
    journey = BudgetJourney.of(cast, carried(("I.K.imm", "1.00"), fund="FNASS"), at=MAY)
    with clock.at(MAY):
        (row,) = carry_over_lines.carried_rows_of(context_for(journey.dossier))
    assert "fnass.carry_over.capital" in [quote.rule for quote in row.found.quotes]
    journey.do("prepare.submit", "reviewer", at=MAY)
    assert journey.status == "submitted"


@pytest.mark.parametrize(
    ("code", "fund", "reason", "rule"),
    [
        ("B-I", "FNGA", "evaluative", "carry_over.evaluative"),
        ("RN", "FNGA", "national_reserve", "reserve.cancelled"),
        ("I.F.CAN.cv.men", "FNASS", "menton", "fnass.menton"),
        ("INV", "FNMO", "no_carry_over", "carry_over.fnmo"),
        ("S2-3", "FNGA", "evaluative", "carry_over.evaluative"),
        ("III.reg.ind", "FNASS", "nothing_left", "carry_over.consumed"),
    ],
)
def test_line_that_the_text_keeps_back_is_refused(
    cast: Cast, code: str, fund: str, reason: str, rule: str
) -> None:
    found = reasons(cast, carried((code, "1.00"), fund=fund))
    assert rule_of(found[reason]) == rule


def test_nothing_is_carried_beyond_2017(cast: Cast) -> None:
    with clock.at(at(2018, 1, 15)):
        real_budgets()
        open_exercise(year=2019, carried_from=2017)
    found = reasons(cast, carried(("A-I-1", "1.00"), exercise=2018), at(2018, 3, 5))
    assert rule_of(found["after_last_exercise"]) == "carry_over.last_exercise"
    found = reasons(cast, carried(("A-I-1", "1.00"), exercise=2019), at(2019, 3, 5))
    assert rule_of(found["after_last_exercise"]) == "carry_over.later_exercises"


def test_year_before_must_be_over_and_have_a_budget(cast: Cast) -> None:
    found = reasons(cast, carried(("A-I-1", "1.00")), at(2014, 12, 31))
    assert rule_of(found["year_not_over"]) == "carry_over.after_closing"
    first = reasons(cast, carried(("A-I-1", "1.00"), exercise=2014), at(2014, 3, 3))
    assert "no_origin" in first


def test_exercise_that_receives_must_be_open(cast: Cast) -> None:
    assert "exercise_closed" in reasons(cast, carried(("A-I-1", "1.00")), at(2016, 5, 2))


def test_carry_over_before_the_closing_is_signalled(cast: Cast) -> None:
    journey = BudgetJourney.of(cast, carried(("A-I-1", "1.00")), at=at(2015, 4, 9))
    for moment, signalled in ((at(2015, 4, 9), True), (at(2015, 4, 10), False)):
        with clock.at(moment):
            found = list(carry_over_lines.before_closing(context_for(journey.dossier)))
        assert bool(found) is signalled
        assert all(rule_of(one) == "carry_over.after_closing" for one in found)


def test_two_carry_overs_of_a_line_share_what_is_left(cast: Cast) -> None:
    first = BudgetJourney.submitted(cast, carried(("A-I-3.info", "640000.00")), at=MAY)
    found = reasons(cast, carried(("A-I-3.info", "0.01")))
    assert found["above_carryable"].related == (first.reference,)
    assert first.reference in found["above_carryable"].message
    first.walk("check.reject", at=MAY)
    assert BudgetJourney.submitted(cast, carried(("A-I-3.info", "0.01")), at=MAY).status == "submitted"


def test_carry_over_once_done_is_counted_once(cast: Cast) -> None:
    BudgetJourney.received(cast, carried(("A-I-3.info", "600000.00")), at=MAY)
    sweep(at(2015, 5, 24))
    assert "above_carryable" in reasons(cast, carried(("A-I-3.info", "40000.01")), at(2015, 5, 25))
    later = BudgetJourney.received(cast, carried(("A-I-3.info", "40000.00")), at=at(2015, 5, 25))
    sweep(at(2015, 6, 14))
    assert later.status == "enforceable"


def test_earmarked_credits_keep_their_use(cast: Cast) -> None:
    other = Credits(cast)
    given_back = [ledger.Credit(line("A-I-3.autres"), Decimal("500.00"))]
    other.act(
        lambda: ledger.credit(
            kind=ledger.MovementKind.DISPOSAL,
            exercise=other.year(2014),
            credits=given_back,
            label="Cession",
            dossier=other.dossier,
            earmarked=True,
        ),
        at(2014, 6, 2),
    )
    journey = BudgetJourney.received(cast, carried(("A-I-3.autres", "2220300.00")), at=MAY)
    sweep(at(2015, 5, 24))
    kinds = [amounts_of(one) for one in CreditMovement.objects.filter(dossier=journey.dossier).order_by("pk")]
    assert len(kinds) == 2
    assert (earmarked("A-I-3.autres", year=2014), earmarked("A-I-3.autres", year=2015)) == (
        Decimal("200.00"),
        Decimal("300.00"),
    )
    assert credits_of("A-I-3.autres", year=2015) == Decimal("3540000.00")


def test_accountant_rejects_and_the_board_may_too(cast: Cast) -> None:
    rejected = BudgetJourney.submitted(cast, carried(("A-I-1", "1.00")), at=MAY)
    rejected.walk("check.reject", "close.close", at=MAY)
    assert rejected.status == "closed"
    lost = BudgetJourney.submitted(cast, carried(("A-I-1", "1.00")), at=MAY)
    lost.walk("check.credits_available", "board_vote.rejected", "close.close", at=MAY)
    assert lost.status == "closed"
    assert not CreditMovement.objects.filter(kind="carry_over").exists()


def test_accountant_finds_credits_that_were_spent_meanwhile(cast: Cast) -> None:
    journey = BudgetJourney.submitted(cast, carried(("A-I-3.info", "640000.00")), at=MARCH)
    commit(cast, "A-I-3.info", "0.01", moment=at(2015, 3, 3))
    with pytest.raises(Blocked, match="639\u202f999,99"):
        journey.do("check.credits_available", at=at(2015, 3, 4))


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (carried(), "lines"),
        (carried(("A-I-1", "0.00")), "lines"),
        (carried(("A-I-1", "-1.00")), "lines"),
        (carried(("A-I", "1.00")), "lines"),
        (carried(("M.reg", "1.00")), "lines"),
        (carried(("A-I-1", "1.00"), ("A-I-1", "1.00")), "lines"),
        (carried(("A-I-1", "1.00")) | {"purpose": ""}, "purpose"),
        (carried(("A-I-1", "1.00"), exercise=2031), "exercise"),
    ],
)
def test_data_that_makes_no_carry_over_is_invalid(cast: Cast, data: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        BudgetJourney.of(cast, data, at=MAY)
    assert field in refused.value.details, refused.value.details


def test_only_the_canssm_carries_over(cast: Cast) -> None:
    with pytest.raises(Blocked):
        BudgetJourney.file(cast, "carry_over", carried(("A-I-1", "1.00")), at=MAY)
    with pytest.raises(Forbidden):
        BudgetJourney.of(cast, carried(("A-I-1", "1.00")), at=MAY, by="dg")


def test_carried_credits_raise_the_limit_of_a_later_budget(cast: Cast) -> None:
    BudgetJourney.received(cast, carried(("A-I-1", "1000.00")), at=MAY)
    sweep(at(2015, 5, 24))
    later = BudgetJourney.submitted(cast, budget(("A-I-1", "0.01"), exercise=2015), at=at(2015, 6, 1))
    (verdict,) = later.dossier.results["conformity"]["verdicts"]
    assert (verdict["granted"], verdict["limit"], verdict["conforms"]) == ("1000.00", "52151000.00", False)


LEAVES = ("A-I-1", "A-I-2.info", "A-I-2.autres", "A-I-3.info", "A-II-1", "A-II-2")
CENTS = st.integers(1, 64_000_000).map(lambda cents: Decimal(cents) / 100)


@pytest.mark.walk
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.dictionaries(st.sampled_from(LEAVES), CENTS, min_size=1))
def test_what_a_year_gives_the_next_one_receives(cast: Cast, asked: dict[str, Decimal]) -> None:
    with transaction.atomic():
        journey = BudgetJourney.received(
            cast, carried(*[(code, f"{amount:.2f}") for code, amount in asked.items()]), at=MAY
        )
        years = {year: Credits(cast).year(year) for year in (2014, 2015)}

        def held(year: int) -> dict[str, Decimal]:
            return {code: balance_of(line=line(code), exercise=years[year]).available for code in LEAVES}

        before = held(2014), held(2015)
        sweep(at(2015, 5, 24))
        assert journey.status == "enforceable"
        for code in LEAVES:
            amount = asked.get(code, Decimal(0))
            assert held(2014)[code] == before[0][code] - amount
            assert held(2015)[code] == before[1][code] + amount
        transaction.set_rollback(True)
