"""What a budget is judged against and what a rule of the convention gives it (A08, A10, A16, A17, A25, A26, A28)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import clock
from cases.enums import Role
from cases.errors import Blocked, Reason
from cases.models import CreditMovement, Decision
from cases.services import ledger
from tests.budget_journeys import BudgetJourney, at, authorised, budget, earmarked, primitive, sweep
from tests.credit_journeys import NOW, credits_of, line
from tests.credits import Credits, amounts_of
from tests.journeys import Cast, state_of_everything
from tests.papers import words
from workflows.engine import budget_lines
from workflows.selectors.actions import context_for
from workflows.services import simulate

pytestmark = pytest.mark.django_db

ZERO = {"found": "0.00", "retained": "0.00"}


def reasons(cast: Cast, data: dict[str, Any], moment: Any = NOW) -> dict[str, Reason]:
    """Why a budget may not be submitted, by code; nothing is written."""
    journey = BudgetJourney.of(cast, data, at=moment)
    before = state_of_everything()
    with pytest.raises(Blocked) as refused:
        journey.do("prepare.submit", "reviewer", at=moment)
    assert state_of_everything() == before
    return {reason.code: reason for reason in refused.value.reasons}


def judged(cast: Cast, data: dict[str, Any], moment: Any = NOW) -> dict[str, Any]:
    """The judgement stored at submission."""
    stored = BudgetJourney.submitted(cast, data, at=moment).dossier.results["conformity"]
    assert isinstance(stored, dict)
    return stored


def payroll(**items: tuple[str, str]) -> dict[str, Any]:
    """The ground of A10 with its table: item → (found, retained)."""
    rows = [{"item": item, "found": found, "retained": kept} for item, (found, kept) in items.items()]
    return {"ground": "payroll_update", "payroll": rows}


def receipts(programmed: str, realised: str) -> list[dict[str, str]]:
    """A25's table, all in the first category."""
    return [
        {"category": "staff", "programmed": programmed, "realised": realised},
        *[
            {"category": one, "programmed": "0.00", "realised": "0.00"}
            for one in ("services", "training", "insurance")
        ],
    ]


# --- conformity -------------------------------------------------------------------------------------------


def test_each_line_is_judged_and_the_judgement_kept_in_results_and_journal(cast: Cast) -> None:
    rows = (("A-I-1", "49280000.01"), ("A-I-2.autres", "9430000.00"), ("B-I", "5000000.00"))
    journey = BudgetJourney.submitted(cast, primitive(*rows))
    stored = journey.dossier.results["conformity"]
    assert (stored["judged"], stored["conforms"], stored["overridden"]) == (False, False, False)
    verdicts = {one["line"]: one for one in stored["verdicts"]}
    assert {code: one["conforms"] for code, one in verdicts.items()} == {
        "A-I-1": False,
        "A-I-2.autres": True,
        "B-I": True,
    }
    assert (verdicts["A-I-1"]["base"], verdicts["A-I-1"]["limit"]) == ("49280000.00", "49280000.00")
    assert verdicts["A-I-1"]["quotes"] == ["budget.conformity", "fnga.limitative"]
    assert journey.last_changes()["conformity"] == stored


def test_judgement_is_shown_before_and_after_with_each_exceeding_line(cast: Cast) -> None:
    journey = BudgetJourney.of(cast, primitive(("A-I-1", "49280000.01"), ("A-I-3.info", "1.00")))
    for acts in ((), ("prepare.submit@reviewer", "board_vote.adopted")):
        journey.walk(*acts)
        with clock.at(NOW):
            shown = list(budget_lines.judgement_shown(context_for(journey.dossier)))
        assert [one.code for one in shown] == ["conformity", "exceeds_base"]
        assert "non conforme" in shown[0].message
        assert "A-I-1" in shown[1].message
        assert all(one.quote is not None for one in shown)


def test_judgement_asks_nothing_of_the_credits_once_it_is_stored(cast: Cast) -> None:
    journey = BudgetJourney.submitted(cast, primitive(("A-I-1", "49280000.00")))
    context = context_for(journey.dossier)
    list(budget_lines.judgement_shown(context))
    assert "voted" not in context.memo


def test_simulator_judges_without_a_dossier(cast: Cast) -> None:
    BudgetJourney.of(cast, primitive(("A-I-1", "1.00")))  # loads the budgets
    with clock.at(NOW):
        routes = {
            amount: [
                step.key
                for step in simulate(
                    path="budget_vote", organisation=cast.body["canssm"], data=primitive(("A-I-1", amount))
                ).route
            ]
            for amount in ("49280000.00", "49280000.01")
        }
        bare = simulate(
            path="budget_vote",
            organisation=cast.body["canssm"],
            data={"fund": "FNMO", "exercise": 2026, "kind": "primitive"},
        )
    assert routes["49280000.00"][-1] == "tacit_approval"
    assert routes["49280000.01"][-1] == "authority_approval"
    assert [step.key for step in bare.route][-1] == "enforceable"
    assert [piece.required for piece in bare.pieces] == [True]


def test_credits_that_the_convention_gave_raise_the_limit(cast: Cast) -> None:
    other = Credits(cast)
    moved = [ledger.Transfer(line("A-I-1"), line("A-I-3.info"), Decimal("300.00"))]
    other.act(
        lambda: ledger.transfer(exercise=other.exercise, transfers=moved, label="V", dossier=other.dossier)
    )
    (verdict,) = judged(cast, budget(("A-I-3.info", "0.01")))["verdicts"]
    assert (verdict["granted"], verdict["limit"]) == ("300.00", "120300.00")
    assert verdict["conforms"] is False
    (verdict,) = judged(cast, budget(("A-I-1", "300.00")))["verdicts"]
    assert (verdict["granted"], verdict["limit"], verdict["conforms"]) == ("-300.00", "49279700.00", False)


def test_reserve_and_menton_are_lines_like_others_to_the_vote(cast: Cast) -> None:
    assert not judged(cast, budget(("RN", "100.00"), fund="FNPPS"))["conforms"]
    assert judged(cast, budget(("I.F.CAN.cv.men", "-0.01"), fund="FNASS", exercise=2014), at(2014, 5, 5))[
        "conforms"
    ]


@pytest.mark.parametrize(("amount", "chosen"), [("49280000.01", True), ("49280000.00", False)])
def test_reviewer_decides_otherwise_with_a_motive_only(cast: Cast, amount: str, chosen: bool) -> None:
    data = primitive(("A-I-1", amount), conforms_to_cog=chosen)
    found = reasons(cast, data)
    assert list(found) == ["override_motive"]
    assert found["override_motive"].quote is not None
    assert found["override_motive"].quote.rule == "budget.override"
    journey = BudgetJourney.received(cast, data | {"conformity_motive": "Avenant signé le 3 février."})
    stored = journey.dossier.results["conformity"]
    assert (stored["judged"], stored["conforms"], stored["overridden"]) == (not chosen, chosen, True)
    assert stored["motive"] == "Avenant signé le 3 février."
    assert journey.open_steps[0] == ("tacit_approval" if chosen else "authority_approval")
    if chosen:
        sweep(at(2026, 3, 22))
        decision = Decision.objects.get(dossier=journey.pk, step="tacit_approval")
        assert decision.document is not None
        with decision.document.file.open() as paper:
            assert "Avenant signé le 3 février." in words(paper.read())


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cents=st.integers(-100, 100), chosen=st.sampled_from([True, False, None]), motive=st.booleans())
def test_override_needs_a_motive_exactly_when_it_differs(
    cast: Cast, cents: int, chosen: bool | None, motive: bool
) -> None:
    amount = Decimal("49280000.00") + Decimal(cents) / 100
    data = primitive(
        ("A-I-1", f"{amount:.2f}"), conforms_to_cog=chosen, conformity_motive="Avenant." if motive else ""
    )
    journey = BudgetJourney.of(cast, data)
    with clock.at(NOW):
        asked = list(budget_lines.override_motivated(context_for(journey.dossier)))
    differs = chosen is not None and chosen != (cents <= 0)
    assert bool(asked) == (differs and not motive)


def test_preparer_of_the_fund_files_but_does_not_decide_otherwise(cast: Cast) -> None:
    cast.person("budget_agent", (Role.PREPARER, "canssm"))
    data = primitive(("A-I-1", "49280000.01"), conforms_to_cog=True, conformity_motive="Avenant.")
    journey = BudgetJourney.of(cast, data, by="budget_agent")
    with pytest.raises(Blocked, match="Seul un instructeur"):
        journey.do("prepare.submit", "budget_agent")
    plain = BudgetJourney.of(cast, primitive(("A-I-1", "1.00")), by="budget_agent")
    plain.do("prepare.submit", "budget_agent")
    assert plain.status == "submitted"


# --- grounds ----------------------------------------------------------------------------------------------


def test_payroll_update_gives_what_its_table_gives(cast: Cast) -> None:
    table = payroll(rmpp=("900.00", "400.00"), structure=("-300.00", "-100.00"), previous=("50.00", "0.00"))
    data = budget(("A-I-1", "350.00"), **table)
    journey = BudgetJourney.received(cast, data)
    stored = journey.dossier.results
    assert stored["conformity"]["conforms"] is True
    assert stored["conformity"]["verdicts"][0]["given"] == "350.00"
    assert stored["computation"]["total"] == "350.00"
    sweep(at(2026, 3, 22))
    assert credits_of("A-I-1") == Decimal("49280350.00")
    assert CreditMovement.objects.get(dossier=journey.dossier).kind == "amendment"
    (verdict,) = judged(cast, budget(("A-I-1", "-1.00")), at(2026, 4, 1))["verdicts"]
    assert (verdict["granted"], verdict["conforms"]) == ("350.00", True)


def test_payroll_is_updated_at_the_first_amending_budget_only(cast: Cast) -> None:
    BudgetJourney.submitted(cast, budget(("A-I-3.info", "-1.00")))
    found = reasons(cast, budget(("A-I-1", "1.00"), **payroll(rmpp=("1.00", "0.00"))))
    assert found["already_updated"].quote is not None
    assert found["already_updated"].quote.rule == "budget.payroll.once"


def test_payroll_of_a_primitive_budget_is_the_difference_on_its_line(cast: Cast) -> None:
    table = payroll(rmpp=("1000.00", "0.00"))
    rows = ("A-I-1", "49281000.00"), ("A-I-2.autres", "9430000.00")
    stored = judged(cast, primitive(*rows, **table))
    assert stored["conforms"] is True
    again = reasons(cast, budget(("A-I-1", "7.00"), **payroll(rmpp=("7.00", "0.00"))))
    assert "rmpp_already_updated" in again


def test_what_ministries_approved_above_the_base_does_not_raise_the_limit(cast: Cast) -> None:
    rows = ("A-I-1", "49281000.00"), ("A-I-3.info", "120500.00")
    vote = BudgetJourney.received(cast, primitive(*rows, **payroll(rmpp=("1000.00", "0.00"))))
    vote.walk("authority_approval.approve", "authority_approval.approve@ministry_db")
    later = judged(cast, budget(("A-I-1", "-1.00"), ("A-I-3.info", "-1.00")))["verdicts"]
    assert {one["line"]: (one["limit"], one["proposed"], one["conforms"]) for one in later} == {
        "A-I-1": ("49281000.00", "49280999.00", True),
        "A-I-3.info": ("120000.00", "120499.00", False),
    }


def test_payroll_of_a_primitive_budget_leaves_what_closing_shows_to_the_amending_one(cast: Cast) -> None:
    found = reasons(cast, primitive(("A-I-1", "49280001.00"), **payroll(structure=("1.00", "0.00"))))
    assert "before_closing" in found


@pytest.mark.parametrize("amount", ["349.99", "350.01", "-350.00"])
def test_lines_that_differ_from_the_computation_are_blocked_with_it(cast: Cast, amount: str) -> None:
    found = reasons(cast, budget(("A-I-1", amount), **payroll(rmpp=("350.00", "0.00"))))
    said = found["ground_differs"].message
    assert "Différentiel de RMPP 2026" in said
    assert "350,00" in said
    assert found["ground_differs"].quote is not None


def test_payroll_goes_to_the_staff_line(cast: Cast) -> None:
    found = reasons(cast, budget(("A-I-2.autres", "350.00"), **payroll(rmpp=("350.00", "0.00"))))
    assert "A-I-1" in found["ground_inputs"].message


def test_transferred_charge_cancels_the_credits(cast: Cast) -> None:
    data = budget(
        ("M.reg", "-60.00"),
        ("M.nat", "-40.00"),
        fund="FNPPS",
        ground="charge_transferred",
        ground_amount="100",
    )
    journey = BudgetJourney.received(cast, data)
    sweep(at(2026, 3, 22))
    movement = CreditMovement.objects.get(dossier=journey.dossier)
    assert movement.kind == "cancellation"
    assert amounts_of(movement) == {
        "M.reg available": Decimal("-60.00"),
        "M.nat available": Decimal("-40.00"),
        "— source": Decimal("100.00"),
    }


def test_new_charge_raises_credits_up_to_its_amount(cast: Cast) -> None:
    rule = {"ground": "new_charge", "ground_amount": "100.00"}
    assert "ground_differs" in reasons(cast, budget(("A-I-1", "100.01"), **rule))
    journey = BudgetJourney.received(cast, budget(("A-I-1", "99.00"), **rule))
    assert journey.open_steps == ["tacit_approval"]
    sweep(at(2026, 3, 22))
    assert CreditMovement.objects.get(dossier=journey.dossier).kind == "amendment"


@pytest.mark.parametrize(
    ("counterpart", "reversal", "code"), [(1, False, "only_provisions"), (6, False, "wrong_class")]
)
def test_non_cash_receipt_of_the_wrong_class_is_refused(
    cast: Cast, counterpart: int, reversal: bool, code: str
) -> None:
    rule = {"ground": "non_cash_receipts", "ground_amount": "10.00", "counterpart_class": counterpart}
    found = reasons(cast, budget(("A-I-1", "10.00"), **rule, provision_reversal=reversal))
    assert found[code].quote is not None


def test_non_cash_receipt_raises_the_expenditure_by_as_much(cast: Cast) -> None:
    rule = {"ground": "non_cash_receipts", "ground_amount": "10.00", "counterpart_class": 1}
    journey = BudgetJourney.received(cast, budget(("A-I-1", "10.00"), **rule, provision_reversal=True))
    sweep(at(2026, 3, 22))
    assert CreditMovement.objects.get(dossier=journey.dossier).kind == "receipt"
    assert credits_of("A-I-1") == Decimal("49280010.00")


def test_excess_of_receipts_gives_three_quarters(cast: Cast) -> None:
    rule = {"ground": "receipts_excess", "receipts": receipts("1000.00", "2000.00")}
    journey = BudgetJourney.received(cast, budget(("A-I-1", "500.00"), ("A-I-3.info", "250.00"), **rule))
    sweep(at(2026, 3, 22))
    assert CreditMovement.objects.get(dossier=journey.dossier).kind == "receipt"
    assert (credits_of("A-I-1"), credits_of("A-I-3.info")) == (Decimal("49280500.00"), Decimal("120250.00"))
    assert "not_limitative" in reasons(cast, budget(("B-I", "750.00"), **rule))


def test_excess_of_receipts_leaves_out_what_was_used_in_its_year(cast: Cast) -> None:
    rule = {"ground": "receipts_excess", "receipts": receipts("0.00", "1000.00")}
    data = {"fund": "FNGA", "exercise": 2015, **rule}
    moment = at(2014, 6, 2)
    reuse = BudgetJourney.of(cast, budget(("A-I-1", "-1.00"), exercise=2014), at=moment)
    other = Credits(cast)
    other.dossier = reuse.dossier
    type(reuse.dossier).objects.filter(pk=reuse.pk).update(path="receipts_reuse")
    given_back = [ledger.Credit(line("A-I-1"), Decimal("400.00"))]
    other.act(
        lambda: ledger.credit(
            kind=ledger.MovementKind.RECEIPT,
            exercise=other.year(2014),
            credits=given_back,
            label="Réutilisation",
            dossier=reuse.dossier,
        ),
        moment,
    )
    spring = at(2015, 5, 4)
    assert "ground_differs" in reasons(cast, budget(("A-I-1", "750.00"), **data), spring)
    assert judged(cast, budget(("A-I-1", "450.00"), **data), spring)["conforms"] is True


def test_shortfall_of_receipts_takes_all_of_it_back(cast: Cast) -> None:
    rule = {"ground": "receipts_shortfall", "receipts": receipts("1000.00", "900.00")}
    journey = BudgetJourney.received(cast, budget(("A-I-1", "-100.00"), **rule))
    sweep(at(2026, 3, 22))
    assert CreditMovement.objects.get(dossier=journey.dossier).kind == "cancellation"
    found = reasons(cast, budget(("A-I-1", "-100.00"), **rule | {"ground": "receipts_excess"}))
    assert "Manque de recettes" in found["other_ground"].message


def test_category_that_is_missing_is_named(cast: Cast) -> None:
    rule = {"ground": "receipts_excess", "receipts": receipts("0.00", "1000.00")[:3]}
    found = reasons(cast, budget(("A-I-1", "750.00"), **rule))
    assert "Indemnités d’assurance" in found["ground_inputs"].message


SALE = {
    "ground": "disposal",
    "price": "1000.00",
    "net_book_value": "0.00",
    "to_investment": "500.00",
    "to_rents": "100.05",
    "sale_year": 2025,
}


def test_proceeds_of_a_sale_are_earmarked_on_their_lines(cast: Cast) -> None:
    journey = BudgetJourney.received(
        cast, budget(("A-I-3.autres", "500.00"), ("A-I-2.autres", "10.01"), **SALE)
    )
    sweep(at(2026, 3, 22))
    assert CreditMovement.objects.get(dossier=journey.dossier).kind == "disposal"
    assert (earmarked("A-I-3.autres"), earmarked("A-I-2.autres")) == (Decimal("500.00"), Decimal("10.01"))
    assert credits_of("A-I-2.autres") == Decimal("9430000.00")


def test_proceeds_of_a_sale_go_to_no_other_line(cast: Cast) -> None:
    found = reasons(cast, budget(("A-I-1", "510.01"), **SALE))
    assert "A-I-3.info" in found["ground_inputs"].message
    loss = reasons(cast, budget(("A-I-3.info", "1.00"), **SALE | {"net_book_value": "1000.00"}))
    assert loss["no_gain"].quote is not None


@pytest.mark.parametrize(("ground", "year"), [("mandate", 2015), ("revision", 2017)])
def test_revision_of_the_parties_is_for_its_year(cast: Cast, ground: str, year: int) -> None:
    rule = {"ground": ground, "ground_amount": "-100.00"}
    found = reasons(cast, budget(("A-I-1", "-100.00"), **rule))
    assert "ground_differs" in found
    moment = at(year, 5, 4)
    journey = BudgetJourney.received(cast, budget(("A-I-1", "-100.00"), exercise=year, **rule), at=moment)
    before = authorised("A-I-1", year=year)
    sweep(at(year, 5, 24))
    assert authorised("A-I-1", year=year) == before - 100
    assert CreditMovement.objects.get(dossier=journey.dossier).effective_on == date(year, 5, 24)
