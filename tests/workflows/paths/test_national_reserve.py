"""Use of the national reserve (A11): authorised by each ministry, used by the directeur général, told to the board."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from cases import clock
from cases.budget_terms import MovementKind
from cases.enums import DecisionKind, Role
from cases.errors import Blocked, Conflict, Forbidden, Invalid, NotFound
from cases.models import BudgetLine, CreditMovement, Decision, Exercise
from cases.money import format_eur
from cases.selectors import balance_of
from cases.services import ledger
from tests.credit_journeys import NOW, CreditJourney, credits_of
from tests.credits import Credits
from tests.journeys import Cast
from tests.refusals import refused, rules_of
from workflows.services import create_draft, simulate, update_draft

pytestmark = pytest.mark.django_db

AUTHORISED = (
    "prepare.submit@reviewer",
    "check.credits_available",
    "prior_authorisation.authorise",
    "prior_authorisation.authorise@ministry_db",
)


def use(*rows: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Valid data of a use of the reserve of the FNGA: (to, amount)…"""
    return {
        "fund": "FNGA",
        "exercise": 2026,
        "lines": [{"to": code, "amount": amount} for code, amount in rows or [("A-I-2.autres", "1000.00")]],
        "event": "Inondation du site de Lens le 12 février",
        "reason": "Relogement des services",
    } | more


def endow(cast: Cast, amount: str = "5000.00", fund: str = "FNGA", year: int = 2026) -> None:
    """Put credits into the reserve of a fund, as an amending budget would."""
    credits = Credits(cast)
    reserve = BudgetLine.objects.get(fund=fund, code="RN")
    credits.act(
        lambda: ledger.credit(
            kind=MovementKind.AMENDMENT,
            exercise=Exercise.objects.get(year=year),
            credits=[ledger.Credit(reserve, Decimal(amount))],
            label="Réserve nationale",
            dossier=credits.dossier,
        )
    )


@pytest.fixture
def filed(cast: Cast) -> Callable[..., CreditJourney]:
    """A draft of the CANSSM, its reserve holding 5 000 €."""
    endow(cast)

    def start(*rows: tuple[str, str], **more: Any) -> CreditJourney:
        return CreditJourney.file(cast, "national_reserve", use(*rows, **more), by="reviewer", body="canssm")

    return start


# --- the whole way ----------------------------------------------------------------------------------------


def test_reserve_is_authorised_used_and_told(filed: Callable[..., CreditJourney]) -> None:
    journey = filed(("A-I-2.autres", "1000.00"), ("A-I-1", "234.56"))
    before = credits_of("RN"), credits_of("A-I-2.autres"), credits_of("A-I-1")
    journey.walk("prepare.submit@reviewer")
    assert journey.status == "submitted"
    journey.walk("check.credits_available")
    assert (journey.status, journey.open_steps) == ("awaiting_authority", ["prior_authorisation"] * 2)
    journey.walk("prior_authorisation.authorise@ministry_db")
    assert journey.status == "awaiting_authority"
    journey.walk("prior_authorisation.authorise@ministry")
    assert (journey.status, journey.open_steps) == ("approved", ["effect"])
    assert (credits_of("RN"), credits_of("A-I-2.autres"), credits_of("A-I-1")) == before
    journey.do("effect.effect", data={"effected_on": "2026-03-02"})
    assert (credits_of("RN"), credits_of("A-I-2.autres"), credits_of("A-I-1")) == (
        before[0] - Decimal("1234.56"),
        before[1] + Decimal("1000.00"),
        before[2] + Decimal("234.56"),
    )
    assert (journey.status, journey.open_steps) == ("executed", ["inform_board"])
    journey.do("inform_board.inform", data={"informed_on": "2026-03-02"})
    assert (journey.status, journey.open_steps) == ("closed", [])
    dossier = journey.dossier
    assert dossier.reference.startswith("RES-2026-")
    assert dossier.title == "Réserve nationale FNGA 2026 : Relogement des services"
    assert dossier.amount_ht == Decimal("1234.56")
    assert dossier.results["inform_board"] == {"informed_on": "2026-03-02"}


def test_reserve_movement_names_its_dossier_and_day(filed: Callable[..., CreditJourney]) -> None:
    journey = filed().walk(*AUTHORISED)
    journey.do("effect.effect", data={"effected_on": "2026-03-03"}, at=datetime(2026, 3, 5, 9, tzinfo=UTC))
    movement = CreditMovement.objects.get(dossier=journey.dossier)
    assert (movement.kind, movement.effective_on) == ("virement", date(2026, 3, 3))
    assert movement.journal_sequence == journey.dossier.journal_length
    line, year = BudgetLine.objects.get(fund="FNGA", code="RN"), Exercise.objects.get(year=2026)
    held = [balance_of(line=line, exercise=year, on=date(2026, 3, day)).available for day in (2, 3)]
    assert held == [Decimal("5000.00"), Decimal("4000.00")]


def test_each_ministry_signs_and_quotes_the_condition(filed: Callable[..., CreditJourney]) -> None:
    journey = filed().walk(*AUTHORISED, "effect.effect")
    found = Decision.objects.filter(dossier=journey.dossier).order_by("pk")
    assert [one.kind for one in found] == [
        DecisionKind.AGREEMENT,
        DecisionKind.AGREEMENT,
        DecisionKind.APPROVAL,
    ]
    for one in found:
        assert any("reserve.prior_authorisation" in ref for ref in one.rule_refs)


@pytest.mark.parametrize(("fund", "code"), [("FNASS", "III.reg.ind"), ("FNPPS", ""), ("FNGA", "A-II-2")])
def test_reserve_of_each_fund_serves_its_own_lines(cast: Cast, fund: str, code: str) -> None:
    endow(cast, fund=fund)
    if not code:
        code = BudgetLine.objects.filter(fund=fund, is_leaf=True, mark="").order_by("position")[0].code
    data = use((code, "5000.00"), fund=fund)
    journey = CreditJourney.file(cast, "national_reserve", data, by="reviewer", body="canssm")
    before = credits_of(code, fund)
    journey.walk(*AUTHORISED, "effect.effect")
    assert credits_of(code, fund) == before + Decimal("5000.00")
    assert credits_of("RN", fund) == 0


def test_preparer_of_the_canssm_files_too(cast: Cast, filed: Callable[..., CreditJourney]) -> None:
    person = cast.person("budget", (Role.PREPARER, "canssm"))
    journey = CreditJourney.file(cast, "national_reserve", use(), by="budget", body="canssm")
    journey.do("prepare.submit", person)
    assert journey.status == "submitted"


def test_refusal_of_one_ministry_ends_it(filed: Callable[..., CreditJourney]) -> None:
    journey = filed().walk(*AUTHORISED[:2], "prior_authorisation.authorise")
    refused(journey, "prior_authorisation.refuse", Invalid, by="ministry_db", motive="")
    journey.do("prior_authorisation.refuse", "ministry_db", motive="L’évènement était prévisible.")
    assert (journey.status, journey.open_steps) == ("refused", ["close"])
    assert credits_of("RN") == Decimal("5000.00")
    journey.do("close.close", "reviewer2")
    assert journey.status == "closed"


def test_accountant_rejects_with_a_motive(filed: Callable[..., CreditJourney]) -> None:
    journey = filed().walk("prepare.submit@reviewer")
    refused(journey, "check.reject", Invalid, motive="")
    journey.walk("check.reject")
    assert journey.status == "refused"


def test_directeur_general_gives_it_up(filed: Callable[..., CreditJourney]) -> None:
    journey = filed().walk(*AUTHORISED, "effect.renounce")
    assert (journey.status, journey.open_steps) == ("lapsed", [])
    assert credits_of("RN") == Decimal("5000.00")


# --- what is refused --------------------------------------------------------------------------------------


def test_more_than_the_reserve_holds_is_refused_with_both_amounts(
    filed: Callable[..., CreditJourney],
) -> None:
    journey = filed(("A-I-2.autres", "5000.00"), ("A-I-1", "0.01"))
    error = refused(journey, "prepare.submit", Blocked, by="reviewer")
    assert rules_of(error) == {"reserve.line"}
    assert format_eur(Decimal("5000.01")) in error.message
    assert format_eur(Decimal(5000)) in error.message
    with clock.at(NOW):
        update_draft(
            reference=journey.reference,
            actor=journey.cast.reviewer,
            data=use(("A-I-2.autres", "5000.00")),
            version=None,
        )
    journey.walk("prepare.submit@reviewer")
    assert journey.status == "submitted"


def test_reserve_used_meanwhile_blocks_the_effect(cast: Cast, filed: Callable[..., CreditJourney]) -> None:
    first, second = filed(("A-I-1", "3000.00")), filed(("A-I-1", "3000.00"))
    for journey in (first, second):
        journey.walk(*AUTHORISED)
    first.walk("effect.effect")
    error = refused(second, "effect.effect", Blocked)
    assert rules_of(error) == {"reserve.line"}
    assert credits_of("RN") == Decimal("2000.00")


@pytest.mark.parametrize(
    ("fund", "code", "rule"),
    [
        ("FNGA", "RN", "reserve.purpose"),
        ("FNGA", "III.reg.ind", "virement.other_fund"),
        ("FNASS", "MENTON", "fnass.menton"),
    ],
)
def test_lines_that_the_reserve_may_not_feed(cast: Cast, fund: str, code: str, rule: str) -> None:
    endow(cast, fund=fund)
    if code == "MENTON":
        code = BudgetLine.objects.get(fund="FNASS", mark="menton").code
    journey = CreditJourney.file(
        cast, "national_reserve", use((code, "10.00"), fund=fund), by="reviewer", body="canssm"
    )
    assert rules_of(refused(journey, "prepare.submit", Blocked, by="reviewer")) == {rule}


def test_last_day_of_the_year_is_the_last_of_the_reserve(filed: Callable[..., CreditJourney]) -> None:
    used, late = filed().walk(*AUTHORISED), filed().walk(*AUTHORISED)
    last, after = datetime(2026, 12, 31, 22, 59, tzinfo=UTC), datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    error = refused(late, "effect.effect", Blocked, at=after, data={"effected_on": "2026-12-30"})
    assert rules_of(error) == {"reserve.cancelled"}
    used.do("effect.effect", at=last)
    assert used.status == "executed"
    waiting = filed().walk(*AUTHORISED[:2])
    error = refused(waiting, "prior_authorisation.authorise", Blocked, at=after)
    assert rules_of(error) == {"reserve.cancelled"}


def test_closed_exercise_and_its_reserve_are_over(cast: Cast, filed: Callable[..., CreditJourney]) -> None:
    journey = filed(exercise=2016)
    rules = rules_of(refused(journey, "prepare.submit", Blocked, by="reviewer"))
    assert rules == {"exercise.accounts_closed", "reserve.cancelled", "reserve.line"}


@pytest.mark.parametrize(
    "effected_on", ["2026-03-01", "2025-12-31"], ids=["before submission", "before the exercise"]
)
def test_day_of_effect_fits(filed: Callable[..., CreditJourney], effected_on: str) -> None:
    journey = filed().walk(*AUTHORISED)
    refused(journey, "effect.effect", Blocked, data={"effected_on": effected_on})


def test_board_is_not_told_before_the_effect_nor_in_advance(filed: Callable[..., CreditJourney]) -> None:
    journey = filed().walk(*AUTHORISED, "effect.effect")
    error = refused(journey, "inform_board.inform", Blocked, data={"informed_on": "2026-03-01"})
    assert rules_of(error) == {"reserve.informed_after"}
    refused(journey, "inform_board.inform", Invalid, data={"informed_on": "2026-03-03"})
    refused(journey, "inform_board.inform", Invalid)
    journey.do(
        "inform_board.inform",
        data={"informed_on": "2026-03-03"},
        at=datetime(2026, 4, 1, 9, tzinfo=UTC),
    )
    assert journey.status == "closed"


def test_evaluative_line_is_signalled_not_refused(cast: Cast, filed: Callable[..., CreditJourney]) -> None:
    journey = filed(("B-I", "10.00"))
    with clock.at(NOW):
        found = simulate(
            path="national_reserve", organisation=cast.body["canssm"], data=use(("B-I", "10.00"))
        )
    assert [(one.code, one.quote.rule) for one in found.warnings if one.quote] == [
        ("evaluative_line", "budget.evaluative")
    ]
    journey.walk("prepare.submit@reviewer")
    assert journey.status == "submitted"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"fund": "FNMO"}, "fund"),
        ({"event": ""}, "event"),
        ({"reason": ""}, "reason"),
        ({"exercise": 2018}, "exercise"),
        ({"lines": []}, "lines"),
        ({"lines": [{"to": "A-I", "amount": "1.00"}]}, "lines"),
        ({"lines": [{"to": "Z-9", "amount": "1.00"}]}, "lines"),
        ({"lines": [{"to": "A-I-1", "amount": "-1.00"}]}, "lines"),
        ({"lines": [{"to": "A-I-1", "amount": "1.00"}, {"to": "A-I-1", "amount": "2.00"}]}, "lines"),
        ({"lines": [{"from": "RN", "to": "A-I-1", "amount": "1.00"}]}, "lines"),
    ],
)
def test_data_that_cannot_be_is_refused_by_its_field(
    cast: Cast, filed: Callable[..., CreditJourney], change: dict[str, Any], field: str
) -> None:
    filed()
    with clock.at(NOW), pytest.raises(Invalid) as caught:
        create_draft(
            path="national_reserve",
            organisation=cast.body["canssm"],
            actor=cast.reviewer,
            data=use() | change,
        )
    assert list(caught.value.details) == [field]


# --- who may do what --------------------------------------------------------------------------------------

PEOPLE = (
    "reviewer",
    "accountant",
    "ministry",
    "ministry_db",
    "dg",
    "secretary",
    "agent",
    "comptroller",
    "auditor",
)
STAGES: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = [
    ((), "prepare.submit", ("reviewer",)),
    (AUTHORISED[:1], "check.credits_available", ("accountant",)),
    (AUTHORISED[:2], "prior_authorisation.authorise", ("ministry", "ministry_db")),
    (AUTHORISED, "effect.effect", ("dg",)),
    ((*AUTHORISED, "effect.effect"), "inform_board.inform", ("secretary",)),
]


@pytest.mark.parametrize(("before", "what", "may"), STAGES, ids=[what for _, what, _ in STAGES])
def test_nobody_else_does_a_step(
    filed: Callable[..., CreditJourney], before: tuple[str, ...], what: str, may: tuple[str, ...]
) -> None:
    journey = filed().walk(*before)
    data = {"data": {"informed_on": "2026-03-02"}} if what.startswith("inform") else {}
    for person in PEOPLE:
        if person not in may:
            with pytest.raises((Forbidden, NotFound)):
                journey.do(what, person, **data)
    journey.do(what, may[0], **data)


def test_a_carmi_does_not_file(cast: Cast, filed: Callable[..., CreditJourney]) -> None:
    filed()
    with clock.at(NOW), pytest.raises(Blocked):
        create_draft(
            path="national_reserve", organisation=cast.body["carmi-npdc"], actor=cast.agent, data=use()
        )
    with clock.at(NOW), pytest.raises((Forbidden, NotFound)):
        create_draft(path="national_reserve", organisation=cast.body["canssm"], actor=cast.agent, data=use())


def test_who_prepared_does_not_effect(cast: Cast, filed: Callable[..., CreditJourney]) -> None:
    cast.give(cast.reviewer, (Role.DIRECTOR_GENERAL, "canssm"))
    journey = filed().walk(*AUTHORISED)
    error = refused(journey, "effect.effect", Forbidden, by="reviewer")
    assert rules_of(error) == {"separation.prepare_decide"}


def test_a_ministry_answers_once(filed: Callable[..., CreditJourney]) -> None:
    journey = filed().walk(*AUTHORISED[:2], "prior_authorisation.authorise")
    refused(journey, "prior_authorisation.refuse", Conflict, by="ministry")


# --- laws -------------------------------------------------------------------------------------------------


@pytest.mark.walk
class ReserveLaws(TestCase):
    """Whatever the rows: what the reserve loses is what the lines receive, or nothing moves at all."""

    @settings(max_examples=15)
    @given(
        amounts=st.dictionaries(
            st.sampled_from(["A-I-1", "A-I-2.info", "A-I-2.autres", "A-I-3.info", "A-II-2", "B-I"]),
            st.decimals("0.01", "3000", places=2),
            min_size=1,
            max_size=4,
        )
    )
    def test_sum_is_conserved(self, amounts: dict[str, Decimal]) -> None:
        cast = Cast()
        endow(cast)
        rows = tuple((code, str(amount)) for code, amount in amounts.items())
        journey = CreditJourney.file(cast, "national_reserve", use(*rows), by="reviewer", body="canssm")
        before = {code: credits_of(code) for code in amounts}
        total = sum(amounts.values(), Decimal(0))
        if total > 5000:
            with pytest.raises(Blocked):
                journey.walk(*AUTHORISED, "effect.effect")
            total, amounts = Decimal(0), dict.fromkeys(amounts, Decimal(0))
        else:
            journey.walk(*AUTHORISED, "effect.effect")
        assert credits_of("RN") == Decimal(5000) - total
        assert {code: credits_of(code) - held for code, held in before.items()} == amounts
