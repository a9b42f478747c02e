"""Reuse of receipts in the year (A27, A29): forecast, authorisation of each ministry, credits of kind receipt."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from cases import clock
from cases.budget_terms import MovementKind
from cases.enums import Role
from cases.errors import Blocked, Forbidden, Invalid, NotFound
from cases.models import CreditMovement, Decision, Exercise
from cases.selectors import balance_of, budget_tree, credits_given
from tests.credit_journeys import NOW, CreditJourney, credits_of, line
from tests.journeys import Cast
from tests.refusals import refused, rules_of
from workflows.selectors import dossier_view
from workflows.services import create_draft, update_draft

pytestmark = pytest.mark.django_db

Filed = Callable[..., CreditJourney]
AUTHORISED = (
    "prepare.submit@reviewer",
    "check.credits_available",
    "prior_authorisation.authorise",
    "prior_authorisation.authorise@ministry_db",
)


def reuse(*rows: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Valid data of a reuse: (line, amount)…"""
    return {
        "fund": "FNGA",
        "exercise": 2026,
        "category": "training",
        "project": "Numérisation des archives de Metz, achevée en octobre",
        "forecast_amount": "10000.00",
        "lines": [{"line": code, "amount": amount} for code, amount in rows or [("A-I-2.info", "4000.00")]],
    } | more


@pytest.fixture
def filed(cast: Cast) -> Filed:
    """A draft of the CANSSM with its forecast."""

    def start(
        *rows: tuple[str, str], pieces: tuple[str, ...] = ("receipts_forecast",), **more: Any
    ) -> CreditJourney:
        data = reuse(*rows, **more)
        return CreditJourney.file(cast, "receipts_reuse", data, by="reviewer", body="canssm", pieces=pieces)

    return start


def warnings_of(journey: CreditJourney, by: str = "ministry") -> list[Any]:
    """What the dossier's page signals."""
    with clock.at(NOW):
        return list(dossier_view(journey.cast.people[by], journey.reference).warnings)


# --- the whole way ----------------------------------------------------------------------------------------


def test_receipts_are_authorised_then_credited(filed: Filed) -> None:
    journey = filed(("A-I-2.info", "4000.00"), ("A-I-3.info", "500.50"))
    before = credits_of("A-I-2.info"), credits_of("A-I-3.info")
    journey.walk(*AUTHORISED[:3])
    assert (journey.status, journey.open_steps) == ("awaiting_authority", ["prior_authorisation"])
    journey.walk(AUTHORISED[3])
    assert (journey.status, journey.open_steps) == ("approved", ["effect"])
    assert (credits_of("A-I-2.info"), credits_of("A-I-3.info")) == before
    journey.walk("effect.effect")
    assert (credits_of("A-I-2.info"), credits_of("A-I-3.info")) == (
        before[0] + Decimal("4000.00"),
        before[1] + Decimal("500.50"),
    )
    journey.walk("close.close@reviewer2")
    assert (journey.status, journey.open_steps) == ("closed", [])
    dossier = journey.dossier
    assert dossier.reference.startswith("RRE-2026-")
    assert dossier.title.startswith("Recettes FNGA 2026 : Numérisation des archives")
    assert dossier.amount_ht == Decimal("4500.50")


def test_movement_names_the_receipt_and_is_not_earmarked(filed: Filed) -> None:
    journey = filed().walk(*AUTHORISED)
    journey.do("effect.effect", data={"effected_on": "2026-03-03"}, at=datetime(2026, 3, 4, 9, tzinfo=UTC))
    movement = CreditMovement.objects.get(dossier=journey.dossier)
    assert (movement.kind, movement.effective_on) == ("receipt", date(2026, 3, 3))
    assert movement.origin == (
        "Produits divers liés à la formation 2026. Projet : Numérisation des archives de Metz, achevée en octobre"
    )
    assert balance_of(line=line("A-I-2.info"), exercise=Exercise.objects.get(year=2026)).earmarked == 0
    tree = budget_tree(fund=line("A-I-2.info").fund, exercise=Exercise.objects.get(year=2026))
    (found,) = [one for one in tree if one.line.code == "A-I-2.info"]
    assert found.moved == Decimal("4000.00")


def test_each_ministry_and_the_effect_have_their_paper(filed: Filed) -> None:
    journey = filed().walk(*AUTHORISED, "effect.effect")
    found = Decision.objects.filter(dossier=journey.dossier).order_by("pk")
    assert [one.kind for one in found] == ["agreement", "agreement", "approval"]
    assert all(any("fnga.receipts.reuse@" in ref for ref in one.rule_refs) for one in found)


def test_refusal_of_one_ministry_credits_nothing(filed: Filed) -> None:
    journey = filed().walk(*AUTHORISED[:3])
    before = credits_of("A-I-2.info")
    refused(journey, "prior_authorisation.refuse", Invalid, by="ministry_db", motive="")
    journey.walk("prior_authorisation.refuse@ministry_db")
    assert (journey.status, journey.open_steps) == ("refused", ["close"])
    journey.walk("close.close@reviewer2")
    assert (journey.status, credits_of("A-I-2.info")) == ("closed", before)
    assert not CreditMovement.objects.filter(dossier=journey.dossier).exists()


def test_project_given_up_lapses(filed: Filed) -> None:
    journey = filed().walk(*AUTHORISED, "effect.renounce")
    assert (journey.status, journey.open_steps) == ("lapsed", [])


# --- what is refused --------------------------------------------------------------------------------------


def test_fnass_reads_that_its_receipts_raise_nothing(filed: Filed) -> None:
    journey = filed(("III.reg.ind", "100.00"), fund="FNASS")
    error = refused(journey, "prepare.submit", Blocked, by="reviewer")
    assert rules_of(error) == {"fnass.receipts"}
    (reason,) = error.reasons
    assert reason.quote is not None
    assert "ne majorent pas les autorisations de dépenses" in reason.quote.text


@pytest.mark.parametrize(
    ("fund", "code", "rule"),
    [("FNPPS", "", "fnpps.receipts"), ("FNMO", "INV", "fnmo.receipts.credits")],
)
def test_other_funds_read_their_rule(filed: Filed, fund: str, code: str, rule: str) -> None:
    with clock.at(NOW):
        journey = filed()  # loads the budgets
    if not code:
        tree = budget_tree(fund=line("RN", fund).fund, exercise=Exercise.objects.get(year=2026))
        code = next(one.line.code for one in tree if one.line.is_leaf and not one.line.mark)
    journey = filed((code, "100.00"), fund=fund)
    assert rules_of(refused(journey, "prepare.submit", Blocked, by="reviewer")) == {rule}


def test_forecast_is_compulsory(filed: Filed) -> None:
    journey = filed(pieces=())
    error = refused(journey, "prepare.submit", Blocked, by="reviewer")
    assert rules_of(error) == {"fnga.receipts.reuse_forecast"}
    with clock.at(NOW):
        journey.add("receipts_forecast", actor=journey.cast.reviewer)
    journey.walk("prepare.submit@reviewer")


@pytest.mark.parametrize(("amount", "passes"), [("10000.00", True), ("10000.01", False)])
def test_forecast_is_the_ceiling(filed: Filed, amount: str, passes: bool) -> None:
    journey = filed(("A-I-2.info", "1.00"), ("A-I-1", str(Decimal(amount) - 1)))
    if passes:
        journey.walk("prepare.submit@reviewer")
    else:
        error = refused(journey, "prepare.submit", Blocked, by="reviewer")
        assert rules_of(error) == {"fnga.receipts.reuse_ceiling"}


def test_what_is_reused_leaves_less_of_its_category_only(filed: Filed) -> None:
    filed(("A-I-1", "7000.00")).walk(*AUTHORISED, "effect.effect")
    same = filed(("A-I-1", "3000.01"))
    error = refused(same, "prepare.submit", Blocked, by="reviewer")
    assert rules_of(error) == {"fnga.receipts.reuse_ceiling"}
    filed(("A-I-1", "3000.00")).walk("prepare.submit@reviewer")
    filed(("A-I-1", "10000.00"), category="insurance").walk("prepare.submit@reviewer")


def test_two_authorised_reuses_share_one_forecast(filed: Filed) -> None:
    first, second = filed(("A-I-1", "6000.00")), filed(("A-I-1", "6000.00"))
    for journey in (first, second):
        journey.walk(*AUTHORISED)
    first.walk("effect.effect")
    error = refused(second, "effect.effect", Blocked)
    assert rules_of(error) == {"fnga.receipts.reuse_ceiling"}
    second.walk("effect.renounce")


def test_reuse_lapsed_or_refused_leaves_the_forecast_whole(filed: Filed) -> None:
    filed(("A-I-1", "9000.00")).walk(*AUTHORISED, "effect.renounce")
    filed(("A-I-1", "9000.00")).walk(*AUTHORISED[:2], "prior_authorisation.refuse")
    filed(("A-I-1", "10000.00")).walk(*AUTHORISED, "effect.effect")


@pytest.mark.parametrize(
    ("code", "rule"), [("RN", "reserve.purpose"), ("III.reg.ind", "virement.other_fund")]
)
def test_lines_that_receipts_may_not_feed(filed: Filed, code: str, rule: str) -> None:
    journey = filed((code, "1.00"))
    assert rules_of(refused(journey, "prepare.submit", Blocked, by="reviewer")) == {rule}


def test_only_the_current_year(filed: Filed) -> None:
    past = filed(exercise=2017)
    error = refused(past, "prepare.submit", Blocked, by="reviewer")
    assert rules_of(error) == {"fnga.receipts.reuse", "exercise.accounts_closed"}
    journey, waiting = filed().walk(*AUTHORISED), filed().walk(*AUTHORISED[:2])
    last, after = datetime(2026, 12, 31, 22, 59, tzinfo=UTC), datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    for one, what in ((journey, "effect.effect"), (waiting, "prior_authorisation.authorise")):
        assert rules_of(refused(one, what, Blocked, at=after)) == {"fnga.receipts.reuse"}
    journey.do("effect.effect", at=last)


def test_already_reused_is_shown_with_its_rule_and_dossiers(filed: Filed) -> None:
    alone = filed().walk("prepare.submit@reviewer", "check.credits_available")
    assert warnings_of(alone) == []
    alone.walk(*AUTHORISED[2:], "effect.effect")
    other = filed(("A-I-1", "100.00"), category="insurance").walk(*AUTHORISED, "effect.effect")
    third = filed().walk("prepare.submit@reviewer", "check.credits_available")
    (warning,) = warnings_of(third)
    assert (warning.code, warning.quote.rule) == ("already_reused", "fnga.receipts.reuse_deducted")
    assert warning.related == (alone.reference, other.reference)
    assert "4\u202f100,00" in warning.message
    assert "4\u202f000,00" in warning.message
    given = credits_given(path="receipts_reuse", kind=MovementKind.RECEIPT, year=2026, subject="category")
    assert [(one.subject, one.amount) for one in given] == [
        ("training", Decimal("4000.00")),
        ("insurance", Decimal("100.00")),
    ]


def test_evaluative_line_is_signalled(filed: Filed) -> None:
    journey = filed(("B-I", "10.00")).walk("prepare.submit@reviewer", "check.credits_available")
    assert [one.code for one in warnings_of(journey)] == ["evaluative_line"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"category": "gifts"}, "category"),
        ({"category": ""}, "category"),
        ({"project": ""}, "project"),
        ({"forecast_amount": "0"}, "forecast_amount"),
        ({"forecast_amount": ""}, "forecast_amount"),
        ({"fund": "FNZ"}, "fund"),
        ({"lines": []}, "lines"),
        ({"lines": [{"line": "A-I-1", "amount": "1"}, {"line": "A-I-1", "amount": "1"}]}, "lines"),
        ({"lines": [{"line": "TOTAL", "amount": "1"}]}, "lines"),
    ],
)
def test_data_that_cannot_be_is_refused_by_its_field(
    cast: Cast, filed: Filed, change: dict[str, Any], field: str
) -> None:
    filed()
    with clock.at(NOW), pytest.raises(Invalid) as caught:
        create_draft(
            path="receipts_reuse",
            organisation=cast.body["canssm"],
            actor=cast.reviewer,
            data=reuse() | change,
        )
    assert list(caught.value.details) == [field]


@pytest.mark.parametrize("category", ["staff", "services", "training", "insurance"])
def test_the_four_categories_of_the_text_are_accepted(filed: Filed, category: str) -> None:
    journey = filed().walk()
    with clock.at(NOW):
        update_draft(
            reference=journey.reference,
            actor=journey.cast.reviewer,
            data={"category": category},
            version=None,
        )
    assert journey.dossier.data["category"] == category


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
    ((*AUTHORISED, "effect.effect"), "close.close", ("reviewer",)),
]


@pytest.mark.parametrize(("before", "what", "may"), STAGES, ids=[what for _, what, _ in STAGES])
def test_nobody_else_does_a_step(
    filed: Filed, before: tuple[str, ...], what: str, may: tuple[str, ...]
) -> None:
    journey = filed().walk(*before)
    for person in PEOPLE:
        if person not in may:
            with pytest.raises((Forbidden, NotFound)):
                journey.do(what, person)
    journey.do(what, may[0])


def test_a_carmi_does_not_file(cast: Cast, filed: Filed) -> None:
    filed()
    with clock.at(NOW), pytest.raises(Blocked):
        create_draft(
            path="receipts_reuse", organisation=cast.body["carmi-npdc"], actor=cast.agent, data=reuse()
        )


def test_agent_comptable_who_checked_does_not_effect(cast: Cast, filed: Filed) -> None:
    cast.give(cast.accountant, (Role.DIRECTOR_GENERAL, "canssm"))
    journey = filed().walk(*AUTHORISED)
    error = refused(journey, "effect.effect", Forbidden, by="accountant")
    assert rules_of(error) == {"separation.authorising_accounting"}
