"""Previews: what they give, how it is spread over lines, and their plain values."""

import json
from decimal import Decimal

import pytest

from cases.budget_terms import MovementKind
from cases.errors import Blocked, Invalid, Reason
from tests.workflows.credits.texts import eur, rules
from workflows import credits
from workflows.credits import (
    Preview,
    Share,
    SumLine,
    allocate_proceeds,
    charge_transferred,
    excess_of_receipts,
)
from workflows.credits.preview import percent_text

GIVES = Preview(
    "Recettes",
    MovementKind.RECEIPT,
    (SumLine("Écart", eur(100), rules("fnga.receipts.excess_basis").as_quote(), "réalisé moins programmé"),),
    (Share(2016, eur(70), "Dépenses 2016"), Share(2017, eur(30), "Dépenses 2017", ("A-I-2.autres",))),
)
TAKES = Preview("Transfert", MovementKind.CANCELLATION, (), (Share(2016, eur(-70), "Dépenses 2016"),))
REFUSED = Preview("Recettes", MovementKind.RECEIPT, (), reasons=(Reason("no", "Non : retirez la demande."),))


def test_total_is_the_sum_over_exercises() -> None:
    assert GIVES.total == eur(100)
    assert GIVES.in_exercise(2016) == eur(70)
    assert GIVES.in_exercise(2018) == 0
    assert TAKES.total == eur(-70)


def test_preview_gives_or_says_why_not() -> None:
    assert GIVES.require() is GIVES
    with pytest.raises(Blocked, match="Non : retirez la demande") as refused:
        REFUSED.require()
    assert refused.value.reasons == REFUSED.reasons
    with pytest.raises(ValueError, match="not both"):
        Preview("Deux", MovementKind.RECEIPT, (), GIVES.by_exercise, REFUSED.reasons)


def test_preview_as_plain_values() -> None:
    plain = json.loads(json.dumps(GIVES.as_dict()))
    assert plain["lines"][0]["amount"] == "100.00"
    assert plain["lines"][0]["quote"]["rule"] == "fnga.receipts.excess_basis"
    assert plain["by_exercise"][1] == {
        "exercise": 2017,
        "amount": "30.00",
        "what": "Dépenses 2017",
        "targets": ["A-I-2.autres"],
    }
    assert (plain["total"], plain["allowed"], plain["movement"]) == ("100.00", True, "receipt")
    refused = json.loads(json.dumps(REFUSED.as_dict()))
    assert refused["allowed"] is False
    assert refused["reasons"][0]["message"] == "Non : retirez la demande."


def test_line_reads_as_a_sentence() -> None:
    assert str(GIVES.lines[0]) == "Écart : 100,00\u00a0€ (réalisé moins programmé)"
    assert str(SumLine("Arrondi")) == "Arrondi"


def test_quotes_come_once_in_the_order_of_the_lines() -> None:
    quote, other = rules("fnga.receipts.reuse").as_quote(), rules("fnga.receipts.reuse_ceiling").as_quote()
    lines = (
        SumLine("Un", None, quote),
        SumLine("Deux"),
        SumLine("Trois", None, other),
        SumLine("Un", None, quote),
    )
    reasons = (Reason("no", "Non.", quote=other),)
    assert Preview("Recettes", MovementKind.RECEIPT, lines, reasons=reasons).quotes == (quote, other)


@pytest.mark.parametrize(
    ("preview", "year", "by_line"),
    [
        (GIVES, 2016, {"A-I-1": eur(70)}),
        (GIVES, 2016, {"A-I-1": eur(30), "A-I-2.autres": eur(20)}),
        (GIVES, 2016, {}),
        (GIVES, 2017, {"A-I-2.autres": eur(30)}),
        (GIVES, 2018, {"A-I-1": eur(0)}),
        (TAKES, 2016, {"A-I-1": eur(-50), "A-I-2.autres": eur(-20)}),
    ],
)
def test_spread_within_what_is_given(preview: Preview, year: int, by_line: dict[str, Decimal]) -> None:
    assert preview.spread(year, by_line) == by_line


@pytest.mark.parametrize(
    ("preview", "year", "by_line", "said"),
    [
        (GIVES, 2016, {"A-I-1": eur("70.01")}, "au plus 70,00"),
        (GIVES, 2016, {"A-I-1": eur(80), "A-I-2.autres": eur(-10)}, "dans le sens"),
        (GIVES, 2017, {"A-I-1": eur(30)}, "ne reçoit pas ces crédits"),
        (GIVES, 2018, {"A-I-1": eur(1)}, "aucun crédit de 2018"),
        (GIVES, 2018, {"A-I-1": eur(1), "A-I-2.autres": eur(-1)}, "aucun crédit de 2018"),
        (GIVES, 2016, {"A-I-1": Decimal("0.001")}, "deux décimales"),
        (TAKES, 2016, {"A-I-1": eur(-69)}, "exactement"),
        (TAKES, 2016, {"A-I-1": eur(-71)}, "exactement"),
        (TAKES, 2016, {}, "exactement"),
    ],
)
def test_spread_refused(preview: Preview, year: int, by_line: dict[str, Decimal], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        preview.spread(year, by_line)


def test_spread_of_a_refused_preview_is_blocked() -> None:
    with pytest.raises(Blocked, match="retirez la demande"):
        REFUSED.spread(2016, {})


def test_spread_keeps_each_part_of_a_sale_on_its_own_lines() -> None:
    sale = allocate_proceeds(
        price=eur(1000),
        net_book_value=eur(0),
        to_investment=eur(400),
        to_rents=eur(600),
        sale_year=2015,
        rules=rules,
    )
    assert sale.in_exercise(2016) == eur(460)
    fine = {"A-I-3.autres": eur(400), "A-I-2.autres": eur(60)}
    assert sale.spread(2016, fine) == fine
    assert sale.spread(2016, {"A-I-3.info": eur(100), "A-I-3.autres": eur(300)})
    with pytest.raises(Invalid, match="au plus 60,00"):
        sale.spread(2016, {"A-I-2.autres": eur("60.01")})
    with pytest.raises(Invalid, match="au plus 400,00"):
        sale.spread(2016, {"A-I-3.info": eur(200), "A-I-3.autres": eur(201)})
    with pytest.raises(Invalid, match="A-I-1"):
        sale.spread(2016, {"A-I-1": eur(1)})


def test_percentages_are_written_in_french() -> None:
    assert percent_text(Decimal("12.5")) == "12,5\u00a0%"
    assert percent_text(Decimal("75")) == "75\u00a0%"


def test_credits_beyond_the_convention_are_remarked() -> None:
    receipts = dict.fromkeys(rules("fnga.receipts.categories").items, eur(0))
    beyond = excess_of_receipts(receipts, receipts | {"staff": eur(4)}, 2017, rules)
    within = excess_of_receipts(receipts, receipts | {"staff": eur(4)}, 2016, rules)
    assert "hors des années de la convention (2014 à 2017)" in beyond.lines[-1].note
    assert beyond.total == within.total == eur(3)
    assert "convention.period" not in [quote.rule for quote in within.quotes]


@pytest.mark.parametrize(
    "amount", [Decimal("0.001"), Decimal("NaN"), Decimal(10) ** 12, Decimal(0), Decimal(-1)]
)
def test_what_is_no_amount_is_refused_with_its_field(amount: Decimal) -> None:
    with pytest.raises(Invalid, match="Charge transférée : ") as refused:
        charge_transferred("FNGA", amount, 2015, rules)
    assert list(refused.value.details) == ["amount"]


DECLARED = [getattr(credits, name) for name in credits.__all__ if name.endswith("_RULES")]


@pytest.mark.parametrize("declared", DECLARED, ids=lambda declared: declared[0])
def test_declared_rules_exist_once(declared: tuple[str, ...]) -> None:
    assert len(set(declared)) == len(declared)
    assert all(rules(key).key == key for key in declared)


def test_each_module_declares_its_rules() -> None:
    assert len(DECLARED) == 7
