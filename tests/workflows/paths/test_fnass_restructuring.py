"""Restructuring of an establishment with money of the FNASS (A33): the whole way, each refusal with its quote."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import clock
from cases.enums import Role
from cases.errors import Blocked, Conflict, Forbidden, Invalid
from cases.models import AgendaItem, CreditMovement, Decision, Dossier, Exercise, Opinion
from cases.selectors import balance_of
from cases.services import close_exercise
from tests.budgets import real_budgets
from tests.credit_journeys import NOW, line
from tests.journeys import Cast
from tests.pages import at_the_site, words
from tests.refusals import refused, rules_of
from tests.restructuring_journeys import DECIDED, PIECES, TO_CONCERTATION, Restructuring, plan, project
from tests.workflows.test_statements import LIMIT, statements
from workflows.engine.context import StepContext
from workflows.engine.restructuring import FundingSource, plan_adds_up
from workflows.paths.fnass_restructuring import FnassRestructuring
from workflows.selectors import dossier_view
from workflows.services import create_draft, simulate

pytestmark = pytest.mark.django_db
FNASS_LINE = "II.K.imm"


def held(year: int = 2026) -> tuple[Decimal, Decimal]:
    """What is available and committed on the line of the tests."""
    found = balance_of(line=line(FNASS_LINE, "FNASS"), exercise=Exercise.objects.get(year=year))
    return found.available, found.committed


def codes(error: Any) -> set[str]:
    return {one.code for one in error.reasons}


def warnings_of(journey: Restructuring) -> dict[str, Any]:
    """What the page signals, by code."""
    with clock.at(NOW):
        found = dossier_view(journey.cast.reviewer, journey.reference).warnings
    return {one.code: one for one in found}


# --- the whole way ----------------------------------------------------------------------------------------


def test_project_is_agreed_upon_decided_entered_executed_and_closed(cast: Cast) -> None:
    real_budgets()
    before, _ = held()
    journey = Restructuring.file(cast)
    way = [
        ("prepare.submit", "submitted", ["sign_off"]),
        ("sign_off.transmit", "under_review", ["check"]),
        ("check.request_pieces", "to_complete", ["complete_file"]),
        ("complete_file.resubmit", "under_review", ["check"]),
        ("check.complete", "in_consultation", ["concertation", "concertation"]),
        ("concertation.unfavourable@ministry", "in_consultation", ["concertation"]),
        ("concertation.favourable@ministry_db", "awaiting_decision", ["decide"]),
        ("decide.approve", "approved", ["enter_budget"]),
        ("enter_budget.enter", "approved", ["execute", "execute"]),
        ("execute.execute", "executed", ["close"]),
        ("close.close", "closed", []),
    ]
    for act, status, steps in way:
        journey.walk(act)
        assert (journey.status, journey.open_steps) == (status, steps), act
        if act == "enter_budget.enter":
            assert held() == (before - 500000, Decimal(500000))
    assert held() == (before - 480000, Decimal(480000))  # what was not executed is available again
    assert journey.reference.startswith("FNASS-2026-")
    said = Opinion.objects.filter(consultation__dossier=journey.pk).order_by("organisation__code")
    assert [(one.organisation.code, one.answer, one.met_on) for one in said] == [
        ("db", "favourable", date(2026, 3, 2)),
        ("dss", "unfavourable", date(2026, 3, 2)),
    ]
    item = AgendaItem.objects.get(dossier=journey.pk)
    assert item.settled_at is not None
    assert set(item.record) == {"dss", "db"}
    papers = Decision.objects.filter(dossier=journey.pk).order_by("pk")
    assert [(one.kind, one.amount_ht) for one in papers] == [
        ("approval", Decimal("900000.00")),
        ("commitment", Decimal("500000.00")),
    ]


def test_director_returns_decider_sends_back_and_the_ministries_are_asked_again(cast: Cast) -> None:
    journey = Restructuring.file(cast).walk("prepare.submit", "sign_off.return", *TO_CONCERTATION)
    journey.walk("concertation.reserved@ministry", "concertation.favourable@ministry_db")
    refused(journey, "decide.send_back", Invalid, by="dg", motive="")
    later = NOW + timedelta(days=30)
    journey.walk("decide.send_back", at=later)
    assert (journey.status, journey.open_steps) == ("under_review", ["check"])
    journey.walk("check.complete", at=later)
    assert journey.open_steps == ["concertation", "concertation"]
    journey.walk("concertation.favourable@ministry_db", "concertation.favourable@ministry", at=later)
    assert Opinion.objects.filter(consultation__dossier=journey.pk, state="given").count() == 4
    refused(journey, "decide.refuse", Invalid, by="dg", motive="", at=later)
    journey.walk("decide.refuse", "close.close", at=later)
    assert journey.status == "closed"


def test_project_is_given_up_before_and_after_its_entry(cast: Cast) -> None:
    real_budgets()
    before = held()
    first, second = (Restructuring.file(cast).walk(*DECIDED) for _ in range(2))
    refused(first, "enter_budget.renounce", Invalid, by="reviewer", motive="")
    first.walk("enter_budget.renounce")
    second.walk("enter_budget.enter")
    assert held() != before
    second.walk("execute.renounce@reviewer")
    assert held() == before  # the commitment is released
    assert {first.status, second.status} == {"lapsed"}
    assert first.open_steps == second.open_steps == []


# --- what a complete file is ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ((), "missing_plan", "manque"),
        (
            (("own_funds", "400000.00"), ("fnass", "499999.99")),
            "plan_does_not_add_up",
            "899 999,99 € et l’opération 900 000,00 € HT : il manque 0,01 €",
        ),
        (
            (("own_funds", "400000.01"), ("fnass", "500000.00")),
            "plan_does_not_add_up",
            "900 000,01 € et l’opération 900 000,00 € HT : 0,01 € de trop",
        ),
        ((("own_funds", "600000.00"), ("bank_loan", "300000.00")), "fnass_not_asked", "ne demande rien"),
    ],
    ids=["none", "a cent short", "a cent too much", "nothing asked"],
)
def test_plan_adds_up_to_the_cent_and_asks_the_fund(
    cast: Cast, rows: tuple[tuple[str, str], ...], code: str, said: str
) -> None:
    journey = Restructuring.file(cast, financing_plan=plan(*rows))
    error = refused(journey, "prepare.submit", Blocked)
    assert codes(error) == {code}
    assert said in error.reasons[0].message.replace("\u00a0", " ").replace("\u202f", " ")
    wanted = {
        "missing_plan": "fnass.restructuring.plan",
        "plan_does_not_add_up": "fnass.restructuring.plan_sum",
        "fnass_not_asked": "fnass.restructuring.scope",
    }
    assert rules_of(error) == {wanted[code]}


def test_pieces_and_impact_are_asked_whatever_the_amount(cast: Cast) -> None:
    journey = Restructuring.file(
        cast,
        pieces=(),
        amount_ht="0.02",
        financing_plan=plan(("own_funds", "0.01"), ("fnass", "0.01")),
        operating_impact=[],
    )
    error = refused(journey, "prepare.submit", Blocked)
    assert [one.code for one in error.reasons] == ["missing_piece"] * 3 + ["missing_impact"]
    assert rules_of(error) == {
        f"fnass.restructuring.{key}" for key in ("note", "description", "plan", "impact")
    }
    assert [piece.key for piece in FnassRestructuring.pieces] == list(PIECES)


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        ({"financing_plan": plan(("own_funds", "1"), ("own_funds", "2"))}, "financing_plan", "deux fois"),
        ({"financing_plan": plan(("loterie", "1"))}, "financing_plan", "« loterie » est inconnu"),
        ({"financing_plan": plan(("fnass", "-1"))}, "financing_plan", "Ligne 1"),
        (
            {"operating_impact": [{"year": 2027, "amount": "1"}, {"year": 2027, "amount": "2"}]},
            "operating_impact",
            "« 2027 » figure deux fois",
        ),
        ({"establishment": ""}, "establishment", "Nommez l’établissement"),
        ({"medico_economic_project": " "}, "medico_economic_project", "projet médico-économique"),
    ],
)
def test_data_that_cannot_be_read_are_refused_by_field(
    cast: Cast, data: dict[str, Any], field: str, said: str
) -> None:
    with clock.at(NOW), pytest.raises(Invalid) as caught:
        Restructuring.file(cast, **data)
    assert list(caught.value.details) == [field]
    assert said in " ".join(caught.value.details[field])
    assert not Dossier.objects.exists()


def test_source_is_understood_by_its_french_name_and_signed_amounts_by_the_impact(cast: Cast) -> None:
    journey = Restructuring.file(
        cast,
        financing_plan=plan(("Fonds propres de l’établissement", "400 000,00 €"), ("FNASS", "500000")),
        operating_impact=[{"year": "2027", "amount": "-1 000,50"}],
    )
    assert journey.dossier.data["financing_plan"] == plan(("own_funds", "400000.00"), ("fnass", "500000.00"))
    assert journey.dossier.data["operating_impact"] == [{"year": 2027, "amount": "-1000.50"}]


cents = st.integers(min_value=1, max_value=10**11)


@given(
    sources=st.lists(
        st.tuples(st.sampled_from(["own_funds", "state", "other_schemes", "fnass", "bank_loan"]), cents),
        min_size=1,
        max_size=7,
    ),
    gap=st.integers(min_value=-(10**6), max_value=10**6),
)
def test_plan_is_refused_exactly_when_it_differs_by_a_cent(sources: list[tuple[str, int]], gap: int) -> None:
    total = sum(amount for _, amount in sources)
    rows = plan(*((source, f"{Decimal(amount) / 100:.2f}") for source, amount in sources))
    dossier = Dossier(
        path=FnassRestructuring.key,
        convention=FnassRestructuring.convention,
        amount_ht=Decimal(total + gap) / 100,
        data={"financing_plan": rows},
    )
    found = list(plan_adds_up(StepContext.__new__(_Bare).of(dossier)))
    assert [one.code for one in found] == (["plan_does_not_add_up"] if gap else [])


class _Bare(StepContext):
    """A context without a body: the guards on the plan look at the data alone."""

    def of(self, dossier: Dossier) -> StepContext:
        self.dossier, self.path, self.used_rules, self.memo = dossier, FnassRestructuring, set(), {}
        return self


# --- own funds (A69) --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ((("own_funds", "400000.00"), ("fnass", "500000.00")), ""),
        ((("state", "400000.00"), ("fnass", "500000.00")), "no_own_funds"),
        ((("fnass", "500000.00"), ("own_funds", "400000.00")), "own_funds_not_first"),
        ((("state", "100000.00"), ("own_funds", "300000.00"), ("fnass", "500000.00")), "own_funds_not_first"),
    ],
)
def test_own_funds_are_signalled_and_block_nothing(
    cast: Cast, rows: tuple[tuple[str, str], ...], code: str
) -> None:
    journey = Restructuring.file(cast, financing_plan=plan(*rows))
    found = warnings_of(journey)
    assert list(found) == ([code] if code else [])
    for reason in found.values():
        assert reason.quote is not None
        assert (reason.quote.rule, reason.quote.status) == ("fnass.restructuring.own_funds_first", "derived")
        assert "mobiliseront au préalable les ressources dont ils disposent" in reason.quote.text
    journey.walk("prepare.submit")
    simulated = simulate(
        path="fnass_restructuring",
        organisation=cast.body["carmi-npdc"],
        data=project(financing_plan=plan(*rows)),
    )
    assert [one.code for one in simulated.warnings] == ([code] if code else [])


# --- concertation -----------------------------------------------------------------------------------------


def test_opinion_needs_a_meeting_that_has_the_dossier_on_its_agenda(cast: Cast) -> None:
    journey = Restructuring.file(cast)
    for act in TO_CONCERTATION:
        journey.do(act)
    error = refused(journey, "concertation.favourable", Blocked, by="ministry")
    assert (codes(error), rules_of(error)) == ({"no_meeting"}, {"fnass.restructuring.concertation"})
    journey.schedule()
    said = {"text": "Projet utile.", "met_on": "2026-02-27"}
    error = refused(journey, "concertation.favourable", Blocked, by="ministry", data=said)
    assert codes(error) == {"no_meeting"}
    refused(journey, "concertation.favourable", Invalid, by="ministry", data={"met_on": "2026-03-02"})
    refused(journey, "concertation.favourable", Forbidden, by="reviewer")
    journey.walk("concertation.favourable@ministry")
    refused(journey, "concertation.reserved", Conflict, by="ministry")
    refused(journey, "decide.approve", Blocked, by="dg")
    journey.walk("concertation.favourable@ministry_db")


# --- entry in the budget ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code", "rule"),
    [
        ({"amount": "500000.01"}, "above_approved_amount", "fnass.restructuring.entry_ceiling"),
        ({"line": "II.F.CAN.col"}, "not_a_capital_line", "fnass.restructuring.capital_line"),
        ({"line": "I.K.stg"}, "not_a_capital_line", "fnass.restructuring.capital_line"),
        ({"exercise": 2027}, "before_exercise", "fnass.restructuring.capital_line"),
        ({"exercise": 2017}, "exercise_closed", "exercise.accounts_closed"),
    ],
)
def test_entry_is_refused_with_its_rule(cast: Cast, data: dict[str, Any], code: str, rule: str) -> None:
    real_budgets()
    journey = Restructuring.file(cast).walk(*DECIDED)
    given = {"exercise": 2026, "line": FNASS_LINE, "amount": "500000.00"} | data
    error = refused(journey, "enter_budget.enter", Blocked, by="reviewer", data=given)
    assert code in codes(error)
    assert rule in rules_of(error)
    for wrong in ({"line": "A-I-1"}, {"exercise": 2013}, {"amount": "0"}):
        refused(journey, "enter_budget.enter", Invalid, by="reviewer", data=given | wrong)


def test_entry_takes_the_last_cent_of_the_line_and_no_more(cast: Cast) -> None:
    real_budgets()
    have, _ = held()
    amounts = f"{have:.2f}", "0.01"
    first, second = (
        Restructuring.file(
            cast,
            amount_ht=amount,
            financing_plan=plan(("fnass", amount)),
        ).walk(*DECIDED)
        for amount in amounts
    )
    first.do("enter_budget.enter", data={"exercise": 2026, "line": FNASS_LINE, "amount": amounts[0]})
    assert held() == (Decimal(0), have)
    entry = {"exercise": 2026, "line": FNASS_LINE, "amount": amounts[1]}
    error = refused(second, "enter_budget.enter", Blocked, by="reviewer", data=entry)
    assert (codes(error), rules_of(error)) == ({"insufficient_credits"}, {"credits.no_overdraft"})
    assert "0,00" in error.reasons[0].message
    assert not warnings_of(first).keys() & {"recorded_only"}


def test_entry_without_a_budget_is_recorded_and_said_so(cast: Cast) -> None:
    journey = Restructuring.file(cast).walk(*DECIDED, "enter_budget.enter")
    assert journey.status == "approved"
    assert not CreditMovement.objects.exists()
    entry = journey.dossier.results["budget_entry"]
    assert (entry["in_ledger"], entry["line"], entry["amount"]) == (False, FNASS_LINE, "500000.00")
    found = warnings_of(journey)["recorded_only"]
    assert found.quote is not None
    assert "aucun budget 2026 n’est ouvert" in found.message
    assert Decision.objects.filter(dossier=journey.pk, kind="commitment").exists()
    journey.walk("execute.execute@reviewer", "close.close")
    assert not CreditMovement.objects.exists()


# --- execution --------------------------------------------------------------------------------------------


def test_execution_stays_within_the_entry_and_after_it(cast: Cast) -> None:
    real_budgets()
    journey = Restructuring.file(cast).walk(*DECIDED, "enter_budget.enter")
    day = clock.paris_date(NOW)
    for data, code in (
        ({"executed_amount": "500000.01", "executed_on": day.isoformat()}, "above_entry"),
        (
            {"executed_amount": "1.00", "executed_on": (day - timedelta(days=1)).isoformat()},
            "before_entry",
        ),
    ):
        error = refused(journey, "execute.execute", Blocked, by="director", data=data)
        assert (codes(error), rules_of(error)) == ({code}, {"fnass.restructuring.execution"})
    after = datetime(2027, 5, 3, 9, tzinfo=UTC)
    with clock.at(after):
        close_exercise(year=2026, on=date(2027, 4, 10))
    before = held()
    journey.do("execute.execute", "reviewer", at=after)  # the accounts are closed: nothing comes back
    assert held() == before
    assert journey.status == "executed"


# --- who may, simulation, statements ----------------------------------------------------------------------


def test_only_a_carmi_files_and_nobody_decides_what_they_prepared(cast: Cast) -> None:
    with clock.at(NOW), pytest.raises(Blocked):
        create_draft(
            path="fnass_restructuring",
            organisation=cast.body["canssm"],
            actor=cast.reviewer,
            data=project(),
        )
    cast.give(cast.director, (Role.DIRECTOR_GENERAL, "canssm"))
    journey = Restructuring.file(cast).walk(*DECIDED[:-1])
    refused(journey, "decide.approve", Forbidden, by="director")


def test_simulation_says_the_way_from_the_amount_alone(cast: Cast) -> None:
    found = simulate(
        path="fnass_restructuring", organisation=cast.body["carmi-npdc"], data={"amount_ht": "1,00"}
    )
    assert [step.key for step in found.route] == [
        *("prepare", "sign_off", "check", "concertation", "decide", "enter_budget", "execute", "close")
    ]
    assert all(piece.required for piece in found.pieces)
    assert "quel que soit le montant" in found.verdict
    assert found.warnings == ()


def test_each_act_sends_so_many_statements(cast: Cast) -> None:
    real_budgets()
    journey = Restructuring.file(cast)
    found = {}
    for act in (*DECIDED, "enter_budget.enter", "execute.execute", "close.close"):
        what, _, by = act.partition("@")
        found[act] = len(statements(lambda: journey.do(what, by or None)))  # noqa: B023
        if what == "check.complete":
            journey.schedule()
    paper, credits = 18, 20  # a paper takes four, credits that move take six more than an ordinary act
    limits = {
        "concertation.reserved@ministry_db": paper,
        "enter_budget.enter": credits,
        "execute.execute": credits,
    }
    limits["decide.approve"] = paper
    assert {act: count for act, count in found.items() if count > limits.get(act, LIMIT)} == {}


def test_pages_offer_the_sources_keep_what_was_typed_and_say_them_in_french(cast: Cast) -> None:
    site = at_the_site(cast.agent)
    with clock.at(NOW):
        page = site.get("/nouveau/fnass_restructuring/").content.decode()
        assert page.count('<option value="fnass"') == len(FundingSource)  # one row for each source
        typed = {
            "organisation": "carmi-npdc",
            "title": "Humanisation",
            "amount_ht": "900000",
            "exercise": "2026",
            "establishment": "",
            "medico_economic_project": "Chambres à un lit.",
            "financing_plan-0-source": "fnass",
            "financing_plan-0-amount": "500 000",
        }
        refused_page = site.post("/nouveau/fnass_restructuring/", typed)
        assert refused_page.status_code == 422
        shown = refused_page.content.decode()
        assert '<option value="fnass" selected>' in shown
        assert 'value="500 000"' in shown
        journey = Restructuring.file(cast).walk(*DECIDED)
        said = words(at_the_site(cast.reviewer).get(f"/dossiers/{journey.reference}/"))
    for text in ("Fonds propres de l’établissement", "État ou ARS", "Inscrire au budget", "Ligne du FNASS"):
        assert text in said
    assert "own_funds" not in said
