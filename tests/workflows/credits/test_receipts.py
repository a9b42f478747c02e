"""A17, A25, A26, A27, A29: what receipts do to credits, computed by hand."""

from decimal import Decimal

import pytest
from hypothesis import given as examples
from hypothesis import strategies

from cases.errors import Invalid
from tests.workflows.credits.texts import CENTS, computation, eur, given, keys, limited, only, rules, words
from workflows.credits import (
    RECEIPT_RULES,
    Preview,
    excess_of_receipts,
    non_cash_receipts,
    own_receipts,
    reuse_of_receipts,
)

PINNED = limited(*RECEIPT_RULES)
CATEGORIES = ("staff", "services", "training", "insurance")
PROGRAMMED = dict(zip(CATEGORIES, map(eur, (400, 300, 200, 100)), strict=True))

EXCESS = "la différence vient majorer le niveau des autorisations de dépenses limitatives non pérennes de l’année N+1"
SHORTFALL = "les autorisations de dépenses limitatives de l’année N+1 sont réduites à due concurrence."


def receipts(*amounts: str | int) -> dict[str, Decimal]:
    """Amounts of the four categories, in the order of the text."""
    return dict(zip(CATEGORIES, map(eur, amounts), strict=True))


def test_categories_are_those_of_the_text() -> None:
    assert rules("fnga.receipts.categories").items == CATEGORIES
    for key, said in (
        ("staff", "les mises à dispositions de personnels facturées"),
        ("services", "les produits des services rendus entre la Caisse Nationale et un autre régime"),
        ("training", "les produits divers liés à la formation"),
        ("insurance", "les indemnités d’assurance"),
    ):
        assert rules(f"fnga.receipts.category.{key}").quote.startswith(said)


@pytest.mark.parametrize(
    ("realised", "excess", "credits", "contribution"),
    [
        (receipts(500, 300, 200, 100), eur(100), eur(75), eur(-25)),
        (receipts(400, 300, 200, "100.01"), eur("0.01"), eur("0.01"), eur(0)),
        (receipts(400, 300, 200, "100.02"), eur("0.02"), eur("0.02"), eur(0)),
        (receipts(400, 300, 200, "100.03"), eur("0.03"), eur("0.02"), eur("-0.01")),
        (receipts(900, 0, 200, 100), eur(200), eur(150), eur(-50)),
        (receipts(0, 0, 0, "1333.34"), eur("333.34"), eur("250.01"), eur("-83.33")),
    ],
)
def test_excess_is_shared_between_credits_and_contribution(
    realised: dict[str, Decimal], excess: Decimal, credits: Decimal, contribution: Decimal
) -> None:
    found = excess_of_receipts(PROGRAMMED, realised, 2015, PINNED)
    assert given(found) == {2016: credits}
    lines = computation(found)
    assert lines["Écart total 2015"] == excess
    assert lines["75\u00a0% du dépassement"] == credits
    assert lines["25\u00a0% : prélèvement sur cotisation"] == contribution
    assert found.by_exercise[0].what == "Autorisations de dépenses limitatives non pérennes 2016"
    assert EXCESS in [words(quote) for quote in found.quotes]
    assert not found.earmarked


def test_shortfall_is_cut_in_full() -> None:
    found = excess_of_receipts(PROGRAMMED, receipts(400, 300, 200, "99.99"), 2014, PINNED)
    assert given(found) == {2015: eur("-0.01")}
    assert found.by_exercise[0].what == "Autorisations de dépenses limitatives 2015"
    assert words(found.lines[-1].quote) == SHORTFALL
    assert not any("prélèvement" in label for label in computation(found))


def test_excess_is_counted_on_the_total_of_the_categories() -> None:
    found = excess_of_receipts(PROGRAMMED, receipts(500, 200, 200, 100), 2015, PINNED)
    assert found.allowed
    assert found.by_exercise == ()
    assert computation(found)["Mises à disposition de personnels facturées 2015"] == eur(100)
    assert computation(found)["Services rendus à un autre régime ou établissement public 2015"] == eur(-100)
    assert found.lines[0].note == "réalisé 500,00\u00a0€, programmé 400,00\u00a0€"
    assert "inchangés" in found.lines[-1].label


@pytest.mark.parametrize(
    ("realised", "reused", "credits"),
    [
        (receipts(500, 300, 200, 100), eur(20), {2016: eur(60)}),
        (receipts(500, 300, 200, 100), eur(100), {}),
        (receipts(500, 300, 200, 100), eur(150), {}),
        (receipts(400, 300, 200, 100), eur(50), {}),
        (receipts(400, 300, 200, 90), eur(50), {2016: eur(-10)}),
    ],
)
def test_receipts_reused_in_the_year_are_not_given_twice(
    realised: dict[str, Decimal], reused: Decimal, credits: dict[int, Decimal]
) -> None:
    found = excess_of_receipts(PROGRAMMED, realised, 2015, PINNED, reused=reused)
    assert given(found) == credits


@pytest.mark.parametrize(
    ("programmed", "realised", "said"),
    [
        ({}, PROGRAMMED, "Mises à disposition"),
        (PROGRAMMED, {"staff": eur(1)}, "Services rendus"),
        (PROGRAMMED, PROGRAMMED | {"disposals": eur(1)}, "« disposals » n’est pas une catégorie"),
        (PROGRAMMED, PROGRAMMED | {"staff": eur(-1)}, "positif ou nul"),
    ],
)
def test_receipts_of_other_categories_are_refused(
    programmed: dict[str, Decimal], realised: dict[str, Decimal], said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        excess_of_receipts(programmed, realised, 2015, PINNED)


@examples(strategies.lists(CENTS, min_size=4, max_size=4), strategies.lists(CENTS, min_size=4, max_size=4))
def test_no_cent_of_a_difference_vanishes(programmed: list[Decimal], realised: list[Decimal]) -> None:
    before, after = receipts(*map(str, programmed)), receipts(*map(str, realised))
    found = excess_of_receipts(before, after, 2015, PINNED)
    difference = sum(after.values()) - sum(before.values())
    lines = computation(found)
    assert lines["Écart total 2015"] == difference
    assert found.total == sum(share.amount for share in found.by_exercise)
    if difference > 0:
        contribution = lines["25\u00a0% : prélèvement sur cotisation"]
        assert contribution is not None
        assert found.total - contribution == difference
        assert abs(found.total - difference * Decimal("0.75")) <= Decimal("0.005")
    else:
        assert found.total == difference


def reuse(forecast: str | int, already: str | int, requested: str | int) -> Preview:
    """A request to reuse receipts of 2015."""
    return reuse_of_receipts(
        forecast=eur(forecast), already_reused=eur(already), requested=eur(requested), year=2015, rules=PINNED
    )


def test_receipts_are_reused_in_the_same_year() -> None:
    found = reuse(100, 30, 70)
    assert given(found) == {2015: eur(70)}
    assert computation(found)["Peut encore être réutilisé"] == eur(70)
    assert "fnga.receipts.reuse" in keys(found.quotes)


@pytest.mark.parametrize(("forecast", "already", "requested"), [(100, 30, "70.01"), (0, 0, 1), (100, 130, 1)])
def test_no_more_is_reused_than_is_forecast(forecast: int, already: int, requested: str | int) -> None:
    found = reuse(forecast, already, requested)
    reason = only(found.reasons)
    assert (found.total, reason.code) == (0, "above_forecast")
    assert words(reason.quote) == "sur la base d’une prévision communiquée par la CANSSM"


def non_cash(counterpart: int, *, reversal: bool, fund: str = "FNGA") -> Preview:
    """A receipt of 1 000,01 EUR without cash in 2015."""
    return non_cash_receipts(
        eur("1000.01"), counterpart, PINNED, fund=fund, year=2015, provision_reversal=reversal
    )


@pytest.mark.parametrize("fund", ["FNGA", "FNASS", "FNPPS"])
@pytest.mark.parametrize(("counterpart", "reversal"), [(2, False), (2, True), (1, True)])
def test_receipt_without_cash_raises_the_expenditure(fund: str, counterpart: int, reversal: bool) -> None:
    found = non_cash(counterpart, reversal=reversal, fund=fund)
    assert given(found) == {2015: eur("1000.01")}
    assert words(found.lines[-1].quote) == (
        "donnent lieu à autorisation de majoration de la dépense d’égal montant"
    )


@pytest.mark.parametrize(
    ("counterpart", "reversal", "code", "said"),
    [
        (1, False, "only_provisions", "classe 1 pour la reprise de provisions"),
        (3, True, "wrong_class", "dont la contrepartie est comptabilisée en classe 2"),
        (7, False, "wrong_class", "dont la contrepartie est comptabilisée en classe 2"),
    ],
)
def test_receipt_of_another_class_is_refused(counterpart: int, reversal: bool, code: str, said: str) -> None:
    found = non_cash(counterpart, reversal=reversal)
    reason = only(found.reasons)
    assert (found.total, reason.code) == (0, code)
    assert words(reason.quote) == said


def test_receipt_without_cash_is_no_rule_of_the_fnmo() -> None:
    reason = only(non_cash(2, reversal=False, fund="FNMO").reasons)
    assert words(reason.quote) == "RÈGLES BUDGÉTAIRES COMMUNES AU FNGA, FNASS et FNPPS"


@pytest.mark.parametrize(
    ("fund", "code", "said", "status"),
    [
        (
            "FNASS",
            "no_increase",
            "Les recettes propres constituées en cours de période contractuelle ne majorent pas les autorisations "
            "de dépenses.",
            "text",
        ),
        ("FNPPS", "silent", "Toutes les dépenses revêtent un caractère limitatif.", "derived"),
        ("FNGA", "other_rule", EXCESS, "text"),
    ],
)
def test_own_receipts_raise_no_credits(fund: str, code: str, said: str, status: str) -> None:
    found = own_receipts(fund, eur(100), PINNED)
    reason = only(found.reasons)
    assert (found.total, reason.code) == (0, code)
    assert words(reason.quote) == said
    assert reason.quote is not None
    assert reason.quote.status == status


def test_own_receipts_are_a_resource_of_the_fnmo() -> None:
    found = own_receipts("FNMO", eur(100), PINNED)
    assert found.allowed
    assert found.total == 0
    assert computation(found)["Ressource du fonds"] == eur(100)
    assert words(found.lines[0].quote) == (
        "des produits de cessions mobilières et immobilières afférentes aux œuvres"
    )


def test_own_receipts_of_no_fund_are_refused() -> None:
    with pytest.raises(Invalid, match="choisissez FNGA"):
        own_receipts("FNSS", eur(100), PINNED)
