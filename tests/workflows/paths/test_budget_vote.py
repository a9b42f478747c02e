"""The vote of a budget (A03, A05, A08, A09): its ways, its clocks, its dates, the credits, and what is refused."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import clock
from cases.enums import Role
from cases.errors import Blocked, Conflict, Forbidden, Invalid
from cases.models import CreditMovement, Deadline, Decision, JournalEntry
from cases.services import ledger, verify_all
from tests.budget_journeys import BudgetJourney, at, authorised, budget, primitive, receptions, sweep
from tests.credit_journeys import NOW, credits_of, line
from tests.credits import Credits, amounts_of
from tests.journeys import Cast, state_of_everything
from workflows.engine import StepContext, budget_lines, get_path
from workflows.selectors.actions import context_for

pytestmark = pytest.mark.django_db

CONFORMING = primitive(("A-I-1", "49000000.00"), ("A-I-2.autres", "9430000.00"))
ABOVE = primitive(("A-I-1", "49280000.01"))
FNMO = primitive(("INV", "4000000.00"), fund="FNMO")
#: The accounts of 2025 are closed on 10 April 2026.
SPRING = at(2026, 5, 4)


def refusal(act: Any, code: str) -> str:
    """The message of the reason ``code`` for which an act is blocked; it quotes a rule."""
    with pytest.raises(Blocked) as refused:
        act()
    found = {reason.code: reason for reason in refused.value.reasons}
    assert code in found, found
    assert found[code].quote is not None
    return found[code].message


def quoted(act: Any, code: str) -> str:
    """The key of the rule that a refusal quotes."""
    with pytest.raises(Blocked) as refused:
        act()
    (quote,) = [reason.quote for reason in refused.value.reasons if reason.code == code]
    assert quote is not None
    return quote.rule


def context(journey: BudgetJourney) -> StepContext:
    """The dossier as guards and pages see it."""
    return context_for(journey.dossier)


# --- the three ways ---------------------------------------------------------------------------------------


def test_conforming_budget_is_deemed_approved_twenty_days_after_the_last_reception(cast: Cast) -> None:
    journey = BudgetJourney.voted(cast, CONFORMING)
    assert (journey.status, journey.open_steps) == ("awaiting_authority", ["notify_authorities"])
    journey.record(dss=date(2026, 3, 2))
    assert (journey.status, journey.open_steps) == ("awaiting_authority", ["notify_authorities"])
    journey.record(db=date(2026, 3, 10), at=at(2026, 3, 12))
    assert journey.open_steps == ["tacit_approval"]
    assert journey.dossier.results["receptions"] == {"db": "2026-03-10", "dss": "2026-03-02"}
    (deadline,) = Deadline.objects.filter(dossier=journey.dossier)
    assert (deadline.kind, deadline.due_on) == ("legal", date(2026, 3, 30))
    before = credits_of("A-I-1")
    assert not sweep(at(2026, 3, 29, 21)).done  # eleven in the evening in Paris, summer time since that night
    assert credits_of("A-I-1") == before == Decimal("49280000.00")
    assert sweep(at(2026, 3, 29, 22)).done == [journey.reference]
    assert (journey.status, journey.open_steps) == ("enforceable", [])
    assert (credits_of("A-I-1"), credits_of("A-I-2.autres")) == (
        Decimal("49000000.00"),
        Decimal("9430000.00"),
    )
    movement = CreditMovement.objects.get(dossier=journey.dossier)
    assert (movement.kind, movement.effective_on) == ("amendment", date(2026, 3, 30))
    assert movement.journal_sequence == journey.dossier.journal_length
    decision = Decision.objects.get(dossier=journey.dossier, step="tacit_approval")
    assert (decision.kind, decision.decided_by, decision.document is not None) == ("approval", None, True)
    assert not sweep(at(2026, 4, 1)).done
    assert not list(verify_all())


def test_desk_may_find_the_approval_itself_on_the_day_but_not_before(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, CONFORMING)
    early = refusal(
        lambda: journey.do("tacit_approval.acquire", "reviewer", at=at(2026, 3, 21)), "before_due"
    )
    assert "22 mars 2026" in early
    journey.do("tacit_approval.acquire", "reviewer", at=at(2026, 3, 22))
    assert journey.status == "enforceable"


def test_delay_is_counted_over_the_end_of_a_month_and_moves_nothing_to_a_working_day(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, CONFORMING, at=at(2026, 4, 13), db=date(2026, 4, 14))
    assert journey.dossier.next_due_on == date(2026, 5, 4)
    other = BudgetJourney.received(cast, budget(("A-I-1", "-5.00")), at=at(2026, 4, 11))
    assert other.dossier.next_due_on == date(2026, 5, 1)  # a public holiday: no roll-over
    assert sweep(at(2026, 5, 1)).done == [other.reference]


def test_late_sweep_moves_credits_on_the_legal_day(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, CONFORMING)
    sweep(at(2026, 4, 2))
    assert CreditMovement.objects.get(dossier=journey.dossier).effective_on == date(2026, 3, 22)


def test_budget_above_the_base_needs_each_ministry(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, ABOVE)
    assert (journey.status, journey.open_steps) == ("awaiting_authority", ["authority_approval"] * 2)
    assert not sweep(at(2027, 1, 1)).done
    journey.do("authority_approval.approve", "ministry", at=at(2026, 3, 9))
    assert (journey.status, credits_of("A-I-1")) == ("awaiting_authority", Decimal("49280000.00"))
    journey.do("authority_approval.approve", "ministry_db", at=at(2026, 3, 11))
    assert (journey.status, credits_of("A-I-1")) == ("enforceable", Decimal("49280000.01"))
    assert CreditMovement.objects.get(dossier=journey.dossier).effective_on == date(2026, 3, 11)
    assert Decision.objects.filter(dossier=journey.dossier, step="authority_approval").count() == 2


def test_refusal_of_one_ministry_ends_it_without_credits(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, ABOVE)
    journey.walk("authority_approval.approve", "authority_approval.refuse@ministry_db")
    assert (journey.status, journey.open_steps) == ("refused", ["close"])
    journey.walk("close.close")
    assert journey.status == "closed"
    assert not CreditMovement.objects.filter(dossier=journey.dossier).exists()


def test_board_rejects_with_a_motive(cast: Cast) -> None:
    journey = BudgetJourney.submitted(cast, CONFORMING)
    with pytest.raises(Invalid):
        journey.do("board_vote.rejected", motive="")
    journey.walk("board_vote.rejected")
    assert (journey.status, journey.open_steps) == ("refused", ["close"])


def test_fnmo_is_enforceable_by_the_delay_alone_whatever_its_conformity(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, FNMO, at=SPRING, dss=date(2026, 5, 12))
    assert journey.open_steps == ["enforceable"]
    assert journey.dossier.results["conformity"]["judged"] is False
    (deadline,) = Deadline.objects.filter(dossier=journey.dossier)
    assert (deadline.kind, deadline.due_on) == ("legal", date(2026, 6, 1))
    act = "enforceable.enforceable"
    assert "1er juin 2026" in refusal(lambda: journey.do(act, "reviewer", at=at(2026, 5, 31)), "before_due")
    assert (
        quoted(lambda: journey.do(act, "reviewer", at=at(2026, 5, 31)), "before_due")
        == "fnmo.budget.enforceable_delay"
    )
    assert credits_of("INV", "FNMO") == 0
    assert sweep(at(2026, 6, 1)).done == [journey.reference]
    assert (journey.status, credits_of("INV", "FNMO")) == ("enforceable", Decimal("4000000.00"))
    assert not Decision.objects.filter(dossier=journey.dossier, step="enforceable").exists()


# --- receptions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "code"),
    [
        ({"dgos": date(2026, 3, 2)}, "unknown_authority"),
        ({"cgefi": date(2026, 3, 2)}, "unknown_authority"),
        ({"db": date(2026, 3, 1)}, "received_before_vote"),
        ({"dss": date(2026, 3, 2)}, "already_received"),
    ],
)
def test_reception_that_does_not_fit_is_refused(cast: Cast, days: dict[str, date], code: str) -> None:
    journey = BudgetJourney.voted(cast, CONFORMING)
    journey.record(dss=date(2026, 3, 2))
    before = state_of_everything()
    refusal(lambda: journey.record(**days), code)
    assert state_of_everything() == before


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"authority": "dss", "received_on": ""}],
        [{"authority": "dss", "received_on": "2026-03-03"}],
        [
            {"authority": "dss", "received_on": "2026-03-02"},
            {"authority": "DSS", "received_on": "2026-03-02"},
        ],
    ],
)
def test_reception_to_come_twice_or_without_date_is_invalid(cast: Cast, rows: list[dict[str, str]]) -> None:
    journey = BudgetJourney.voted(cast, CONFORMING)
    with pytest.raises(Invalid) as refused:
        journey.do("notify_authorities.record", "reviewer", data={"receptions": rows})
    assert "receptions" in refused.value.details


def test_receptions_are_offered_for_each_ministry(cast: Cast) -> None:
    form = get_path("budget_vote").step("notify_authorities").outcomes["record"].form  # type: ignore[union-attr]
    assert form is not None
    shown = str(form()["receptions"])
    assert 'value="db"' in shown
    assert 'value="dss"' in shown
    assert "cgefi" not in shown


# --- dates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session", "breach"),
    [
        (date(2026, 6, 30), None),
        (
            date(2026, 7, 1),
            {"rule": "fnmo.budget.primitive_deadline", "limit": "2026-06-30", "actual": "2026-07-01"},
        ),
    ],
)
def test_fnmo_voted_after_30_june_is_recorded(
    cast: Cast, session: date, breach: dict[str, str] | None
) -> None:
    journey = BudgetJourney.submitted(cast, FNMO, at=SPRING)
    journey.do("board_vote.adopted", at=at(2026, 7, 2), data={"voted_on": session.isoformat()})
    assert journey.dossier.results.get("breach") == breach
    assert journey.last_changes().get("breach") == breach
    assert journey.status == "awaiting_authority"


@pytest.mark.parametrize(("day", "late"), [((2026, 12, 30), False), ((2026, 12, 31), True)])
def test_fnmo_amending_budget_is_voted_before_31_december(
    cast: Cast, day: tuple[int, int, int], late: bool
) -> None:
    journey = BudgetJourney.voted(cast, budget(("DEF", "10.00"), fund="FNMO"), at=at(*day))
    recorded = journey.dossier.results.get("breach", {})
    assert recorded.get("rule", "") == ("fnmo.budget.amending_deadline" if late else "")


@pytest.mark.parametrize(
    ("moment", "limit"), [(at(2014, 12, 31), None), (at(2014, 12, 31, 23), "2014-12-31")]
)
def test_primitive_budget_not_presented_the_year_before_is_recorded(
    cast: Cast, moment: Any, limit: str | None
) -> None:
    data = primitive(("M.reg", "2700000.00"), fund="FNPPS", exercise=2015)
    journey = BudgetJourney.submitted(cast, data, at=moment)
    recorded = journey.dossier.results.get("breach", {})
    assert recorded.get("limit") == limit
    assert journey.last_changes().get("breach", {}) == recorded
    journey.do("board_vote.adopted", at=moment)
    assert journey.dossier.results.get("breach", {}) == recorded


def test_breach_is_announced_before_and_said_after_with_its_rule(cast: Cast) -> None:
    journey = BudgetJourney.of(cast, CONFORMING)
    with clock.at(NOW):
        (announced,) = budget_lines.late(context(journey))
    assert "31 décembre 2025" in announced.message
    assert "sera consigné" in announced.message
    assert announced.quote is not None
    assert announced.quote.rule == "budget.primitive.deadline"
    journey.do("prepare.submit", "reviewer")
    with clock.at(NOW):
        (said,) = budget_lines.late(context(journey))
    assert "consigné le lundi 2 mars 2026" in said.message
    with clock.at(at(2026, 12, 30)):
        on_time = BudgetJourney.of(cast, budget(("A-I-1", "-1.00")), at=at(2026, 12, 30))
        assert not list(budget_lines.late(context(on_time)))


def test_amending_budget_presented_after_its_year_is_recorded(cast: Cast) -> None:
    data = budget(("M.reg", "-10.00"), fund="FNPPS", exercise=2014)
    journey = BudgetJourney.submitted(cast, data, at=at(2015, 1, 5))
    assert journey.dossier.results["breach"]["rule"] == "budget.amending.deadline"


def test_fnmo_waits_for_the_closing_of_the_accounts(cast: Cast) -> None:
    journey = BudgetJourney.of(cast, FNMO, at=at(2026, 4, 1))
    early = at(2026, 4, 9)
    assert "10 avril 2026" in refusal(
        lambda: journey.do("prepare.submit", "reviewer", at=early), "accounts_open"
    )
    assert (
        quoted(lambda: journey.do("prepare.submit", "reviewer", at=early), "accounts_open")
        == "fnmo.budget.after_closing"
    )
    journey.do("prepare.submit", "reviewer", at=at(2026, 4, 10))
    assert journey.status == "submitted"
    amending = BudgetJourney.submitted(cast, budget(("INV", "1.00"), fund="FNMO"), at=at(2026, 2, 2))
    assert amending.status == "submitted"


def test_amending_budget_waits_for_its_year(cast: Cast) -> None:
    journey = BudgetJourney.of(
        cast, budget(("M.reg", "-1.00"), fund="FNPPS", exercise=2015), at=at(2014, 12, 31)
    )
    refusal(lambda: journey.do("prepare.submit", "reviewer", at=at(2014, 12, 31)), "before_exercise")


def test_primitive_budget_of_next_year_opens_its_credits_on_1_january(cast: Cast) -> None:
    data = primitive(("M.reg", "2707499.00"), ("M.nat", "655500.00"), fund="FNPPS", exercise=2015)
    journey = BudgetJourney.received(cast, data, at=at(2014, 11, 3))
    assert sweep(at(2014, 11, 23)).done == [journey.reference]
    movement = CreditMovement.objects.get(dossier=journey.dossier)
    assert movement.effective_on == date(2015, 1, 1)
    assert amounts_of(movement) == {"M.reg available": Decimal("-1.00"), "— source": Decimal("1.00")}
    assert credits_of("M.reg", "FNPPS", 2015) == Decimal("2707499.00")


# --- credits ----------------------------------------------------------------------------------------------


def test_amending_budget_changes_its_lines_only(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, budget(("A-I-1", "-100.00"), ("A-I-3.info", "-20.50")))
    before = {code: credits_of(code) for code in ("A-I-1", "A-I-3.info", "A-I-2.info")}
    sweep(at(2026, 3, 22))
    assert credits_of("A-I-1") == before["A-I-1"] - 100
    assert credits_of("A-I-3.info") == before["A-I-3.info"] - Decimal("20.50")
    assert credits_of("A-I-2.info") == before["A-I-2.info"]
    assert journey.dossier.amount_ht is None


def test_primitive_budget_that_changes_nothing_moves_nothing_and_says_so(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, primitive(("A-I-1", "49280000.00")))
    sweep(at(2026, 3, 22))
    assert journey.status == "enforceable"
    assert not CreditMovement.objects.filter(dossier=journey.dossier).exists()
    changes = journey.last_changes()
    assert changes["movement"] is None
    assert "aucun mouvement" in changes["credits"]


def test_primitive_budget_replaces_earlier_amendments_and_keeps_virements(cast: Cast) -> None:
    amending = BudgetJourney.received(cast, budget(("A-I-1", "-1000.00")))
    sweep(at(2026, 3, 22))
    assert amending.status == "enforceable"
    vote = BudgetJourney.received(cast, primitive(("A-I-1", "49279500.00")), at=at(2026, 4, 1))
    other = Credits(cast)
    moved = [ledger.Transfer(line("A-I-1"), line("A-I-3.info"), Decimal("300.00"))]
    other.act(
        lambda: ledger.transfer(
            exercise=other.exercise, transfers=moved, label="Virement", dossier=other.dossier
        ),
        at(2026, 4, 2),
    )
    sweep(at(2026, 4, 21))
    assert vote.status == "enforceable"
    assert authorised("A-I-1") == Decimal("49279200.00")
    assert (
        amounts_of(CreditMovement.objects.get(dossier=vote.dossier, kind="amendment"))["A-I-1 available"]
        == 500
    )


def test_line_gives_back_no_more_than_it_has(cast: Cast) -> None:
    journey = BudgetJourney.of(cast, budget(("A-I-3.info", "-120000.01")))
    before = state_of_everything()
    said = refusal(lambda: journey.do("prepare.submit", "reviewer"), "insufficient_credits")
    assert "120" in said
    assert "A-I-3.info" in said
    assert state_of_everything() == before


def test_credits_spent_meanwhile_keep_the_budget_waiting_with_the_balance_met(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, budget(("A-I-3.info", "-120000.00")))
    other = Credits(cast)
    other.act(
        lambda: ledger.commit(
            exercise=other.exercise,
            line=line("A-I-3.info"),
            amount=Decimal("0.01"),
            label="Achat",
            dossier=other.dossier,
        ),
        at(2026, 3, 10),
    )
    report = sweep(at(2026, 3, 22))
    assert "119\u202f999,99" in report.failed[journey.reference]
    assert journey.status == "awaiting_authority"
    assert not CreditMovement.objects.filter(dossier=journey.dossier, kind="amendment").exists()


def test_closed_exercise_is_refused(cast: Cast) -> None:
    journey = BudgetJourney.of(cast, budget(("M.reg", "-1.00"), fund="FNPPS", exercise=2017))
    refusal(lambda: journey.do("prepare.submit", "reviewer"), "exercise_closed")


CENTS = st.integers(0, 60_000_000_00).map(lambda cents: Decimal(cents) / 100)
LEAVES = ("A-I-1", "A-I-2.info", "A-I-2.autres", "A-I-3.info", "A-II-1", "B-I", "S3-3")


@pytest.mark.walk
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(voted=st.dictionaries(st.sampled_from(LEAVES), CENTS, min_size=1))
def test_postings_sum_to_the_voted_differences(cast: Cast, voted: dict[str, Decimal]) -> None:
    with transaction.atomic():
        rows = [(code, f"{amount:.2f}") for code, amount in voted.items()]
        journey = BudgetJourney.received(cast, primitive(*rows))
        opened = {code: authorised(code) for code in voted}
        if journey.open_steps[0] == "tacit_approval":
            sweep(at(2026, 3, 22))
        else:
            journey.walk("authority_approval.approve", "authority_approval.approve@ministry_db")
        assert journey.status == "enforceable"
        assert {code: authorised(code) for code in voted} == voted
        moved = {
            key.removesuffix(" available"): amount
            for movement in CreditMovement.objects.filter(dossier=journey.dossier)
            for key, amount in amounts_of(movement).items()
        }
        differences = {code: voted[code] - opened[code] for code in voted if voted[code] != opened[code]}
        assert {code: amount for code, amount in moved.items() if code != "— source"} == differences
        assert moved.get("— source", Decimal(0)) == -sum(differences.values(), Decimal(0))
        transaction.set_rollback(True)


# --- one primitive budget ---------------------------------------------------------------------------------


def test_second_primitive_budget_is_blocked_with_the_reference_of_the_first(cast: Cast) -> None:
    first = BudgetJourney.of(cast, CONFORMING)
    second = BudgetJourney.of(cast, ABOVE)
    first.do("prepare.submit", "reviewer")
    with pytest.raises(Blocked) as refused:
        second.do("prepare.submit", "reviewer")
    (reason,) = refused.value.reasons
    assert (reason.code, reason.related) == ("other_primitive", (first.reference,))
    assert first.reference in reason.message
    assert reason.quote is not None
    assert reason.quote.rule == "budget.single_primitive"
    others = primitive(("M.reg", "1.00"), fund="FNPPS"), budget(("A-I-1", "-1.00"))
    assert [BudgetJourney.submitted(cast, data).status for data in others] == ["submitted"] * 2


@pytest.mark.parametrize("end", ["withdraw.withdraw", "board_vote.rejected"])
def test_primitive_budget_given_up_leaves_room_for_another(cast: Cast, end: str) -> None:
    first = BudgetJourney.submitted(cast, CONFORMING)
    first.do(end, "reviewer" if end.startswith("withdraw") else None)
    assert BudgetJourney.submitted(cast, ABOVE).status == "submitted"


def test_enforceable_primitive_budget_blocks_another(cast: Cast) -> None:
    first = BudgetJourney.received(cast, CONFORMING)
    sweep(at(2026, 3, 22))
    second = BudgetJourney.of(cast, ABOVE, at=at(2026, 3, 23))
    assert first.reference in refusal(
        lambda: second.do("prepare.submit", "reviewer", at=at(2026, 3, 23)), "other_primitive"
    )


# --- people -----------------------------------------------------------------------------------------------


def test_desk_files_and_a_regional_agent_does_not(cast: Cast) -> None:
    with pytest.raises(Blocked):
        BudgetJourney.file(cast, "budget_vote", CONFORMING)
    with pytest.raises(Forbidden):
        BudgetJourney.of(cast, CONFORMING, by="dg")


def test_whoever_filed_does_not_record_the_vote(cast: Cast) -> None:
    cast.give(cast.reviewer, (Role.BOARD_SECRETARY, "ca"))
    journey = BudgetJourney.submitted(cast, CONFORMING)
    with pytest.raises(Forbidden):
        journey.do("board_vote.adopted", "reviewer")


def test_vote_before_the_submission_is_refused(cast: Cast) -> None:
    journey = BudgetJourney.submitted(cast, CONFORMING)
    refusal(
        lambda: journey.do("board_vote.adopted", data={"voted_on": "2026-03-01"}), "vote_before_submission"
    )


def test_ministry_answers_once(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, ABOVE)
    journey.walk("authority_approval.approve")
    with pytest.raises(Conflict):
        journey.walk("authority_approval.approve")


# --- pieces and data --------------------------------------------------------------------------------------


def test_fnmo_needs_the_document_of_each_carmi(cast: Cast) -> None:
    journey = BudgetJourney.of(cast, FNMO, at=SPRING, pieces=())
    assert quoted(lambda: journey.do("prepare.submit", "reviewer", at=SPRING), "missing_piece") == (
        "fnmo.budget.regional_document"
    )
    with clock.at(SPRING):
        journey.add("regional_investments", actor=cast.reviewer)
    journey.do("prepare.submit", "reviewer", at=SPRING)
    assert journey.status == "submitted"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (primitive(), "lines"),
        (primitive(("A-I-1", "-1.00")), "lines"),
        (budget(("A-I-1", "0.00")), "lines"),
        (budget(("A-I", "5.00")), "lines"),
        (budget(("M.reg", "5.00")), "lines"),
        (budget(("A-I-1", "5.00"), ("A-I-1", "6.00")), "lines"),
        (budget(("A-I-1", "5.00"), kind="yearly"), "kind"),
        (budget(("A-I-1", "5.00"), exercise=2031), "exercise"),
        (budget(("A-I-1", "5.00"), reason=""), "reason"),
        (budget(("A-I-1", "5.00"), ground="whim"), "ground"),
        (budget(("M.reg", "5.00"), fund="FNPPS", ground="payroll_update"), "ground"),
        (primitive(("A-I-1", "5.00"), ground="disposal"), "ground"),
        (budget(("A-I-1", "5.00"), ground="new_charge"), "ground_amount"),
        (budget(("A-I-1", "5.00"), ground_amount="5.00"), "ground_amount"),
        (budget(("A-I-1", "5.00"), conforms_to_cog="peut-être"), "conforms_to_cog"),
        (budget(("A-I-1", "5.00"), novelty="5"), "novelty"),
    ],
)
def test_data_that_makes_no_budget_is_invalid(cast: Cast, data: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        BudgetJourney.of(cast, data)
    assert field in refused.value.details, refused.value.details


def test_zero_is_a_whole_appropriation(cast: Cast) -> None:
    BudgetJourney.received(cast, primitive(("A-I-3.info", "0.00")))
    sweep(at(2026, 3, 22))
    assert credits_of("A-I-3.info") == 0


def test_dossier_is_named_and_valued_by_its_budget(cast: Cast) -> None:
    whole = BudgetJourney.of(cast, CONFORMING).dossier
    assert (whole.reference, whole.title) == (
        "BUD-2026-0001",
        "Budget primitif FNGA 2026 : Budget de l’exercice",
    )
    assert whole.amount_ht == Decimal("58430000.00")
    change = BudgetJourney.of(cast, budget(("A-I-1", "100.00"), ("A-I-3.info", "-40.00"))).dossier
    assert change.amount_ht == Decimal("60.00")


def test_journal_tells_each_act(cast: Cast) -> None:
    journey = BudgetJourney.received(cast, CONFORMING)
    acts = JournalEntry.objects.filter(dossier=journey.pk).order_by("sequence").values_list("step", "outcome")
    assert list(acts) == [
        ("", ""),
        ("prepare", "submit"),
        ("board_vote", "adopted"),
        ("notify_authorities", "record"),
    ]
    assert journey.last_changes()["act"] == receptions(dss=date(2026, 3, 2), db=date(2026, 3, 2))
