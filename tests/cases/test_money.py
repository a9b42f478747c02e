"""Amounts: what is understood, what is refused and how, how they are written."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.money import LIMIT, AmountError, format_eur, parse_amount

NARROW, NO_BREAK = "\u202f", "\u00a0"

cents = st.decimals(min_value=Decimal("-999999999999.99"), max_value=Decimal("999999999999.99"), places=2)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("25 000,50 €", "25000.50"),
        (f"25{NO_BREAK}000,50{NO_BREAK}€", "25000.50"),
        (f"25{NARROW}000,50{NO_BREAK}€", "25000.50"),
        ("25\u2009000,50", "25000.50"),
        ("25\t000,50", "25000.50"),
        ("25.000,50", "25000.50"),
        ("25,000.50", "25000.50"),
        ("25000.50", "25000.50"),
        ("25000,5", "25000.50"),
        ("25000", "25000.00"),
        ("20000,01", "20000.01"),
        ("1 234 567", "1234567.00"),
        ("1.234.567", "1234567.00"),
        ("1,234,567", "1234567.00"),
        ("1.234.567,89", "1234567.89"),
        ("1,234,567.89", "1234567.89"),
        ("  25 000  € ", "25000.00"),
        ("25 000 EUR", "25000.00"),
        ("25 000 euros", "25000.00"),
        ("25 000 € HT", "25000.00"),
        ("25 000 HT", "25000.00"),
        ("€ 25 000", "25000.00"),
        ("0,01", "0.01"),
        ("0,50", "0.50"),
        ("999 999 999 999,99", "999999999999.99"),
        (25000, "25000.00"),
        (Decimal("25000.5"), "25000.50"),
        (Decimal("25000.500"), "25000.50"),
        (Decimal("2.5E+4"), "25000.00"),
    ],
)
def test_parse_amount_understands_what_people_type(written: str | int | Decimal, expected: str) -> None:
    amount = parse_amount(written)
    assert str(amount) == expected


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", "Indiquez un montant"),
        (" \u00a0 ", "Indiquez un montant"),
        ("beaucoup", "n’est pas un montant"),
        ("vingt mille", "n’est pas un montant"),
        ("25k", "n’est pas un montant"),
        ("25 k€", "n’est pas un montant"),
        ("1e5", "n’est pas un montant"),
        ("NaN", "n’est pas un montant"),
        ("Infinity", "n’est pas un montant"),
        ("25 00", "n’est pas un montant"),
        ("2 5000", "n’est pas un montant"),
        ("25 0000", "n’est pas un montant"),
        ("25..000", "n’est pas un montant"),
        ("25.00,000", "n’est pas un montant"),
        ("25,", "n’est pas un montant"),
        (",50", "n’est pas un montant"),
        ("12/5", "n’est pas un montant"),
        ("1_000", "n’est pas un montant"),
        ("25\n000", "n’est pas un montant"),
        ("25 000\x00", "n’est pas un montant"),
        ("٢٥٠٠٠", "n’est pas un montant"),
        ("²", "n’est pas un montant"),
        ("25 000 $", "n’est pas un montant"),
        ("25 000 € € ", "n’est pas un montant"),
        ("--5", "n’est pas un montant"),
        ("€", "n’est pas un montant"),
        pytest.param("9" * 100_000, "n’est pas un montant", id="endless"),
        (Decimal("NaN"), "n’est pas un montant"),
        (Decimal("sNaN"), "n’est pas un montant"),
        (Decimal("Infinity"), "n’est pas un montant"),
        (True, "n’est pas un montant"),
        ("25 000 € TTC", "hors taxes"),
        ("-5", "supérieur à zéro"),
        ("\u22125", "supérieur à zéro"),
        ("- 5 000,00 €", "supérieur à zéro"),
        ("0", "supérieur à zéro"),
        ("0,00 €", "supérieur à zéro"),
        ("-0", "supérieur à zéro"),
        (0, "supérieur à zéro"),
        (-1, "supérieur à zéro"),
        (Decimal("-0.01"), "supérieur à zéro"),
        ("1,005", "deux façons"),
        ("25000,005", "deux décimales"),
        ("25 000.000", "deux décimales"),
        ("25000.500", "deux décimales"),
        ("0,001", "deux décimales"),
        (Decimal("0.001"), "deux décimales"),
        (Decimal("1E-999999"), "deux décimales"),
        ("25.000", "« 25 000 » ou « 25,00 »"),
        ("25,000", "« 25 000 » ou « 25,00 »"),
        ("1.234 €", "« 1 234 » ou « 1,23 »"),
        ("1 000 000 000 000", "inférieur à"),
        ("1000000000000,00", "inférieur à"),
        (10**12, "inférieur à"),
        pytest.param(10**5000, "inférieur à", id="astronomical"),
        (Decimal("1E+999999"), "inférieur à"),
    ],
)
def test_parse_amount_refuses_with_a_sentence(written: str | int | Decimal, sentence: str) -> None:
    with pytest.raises(AmountError) as refused:
        parse_amount(written)
    message = str(refused.value)
    assert sentence in message
    assert len(message) < 250
    assert message.endswith(".")


def test_parse_amount_refuses_a_binary_float() -> None:
    with pytest.raises(AmountError, match="n’est pas un montant"):
        parse_amount(25000.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("-1 200,50 €", "-1200.50"),
        ("\u22121 200,50 €", "-1200.50"),
        ("0", "0.00"),
        ("-0", "0.00"),
        (Decimal("-0.00"), "0.00"),
        ("3", "3.00"),
    ],
)
def test_parse_amount_signed_takes_zero_and_negative_amounts(written: str | Decimal, expected: str) -> None:
    assert str(parse_amount(written, signed=True)) == expected


def test_parse_amount_signed_keeps_the_limit_on_both_sides() -> None:
    assert parse_amount("-999999999999,99", signed=True) == -LIMIT + Decimal("0.01")
    with pytest.raises(AmountError, match="inférieur à"):
        parse_amount(-LIMIT, signed=True)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (Decimal("25000.50"), f"25{NARROW}000,50{NO_BREAK}€"),
        (Decimal(20000), f"20{NARROW}000,00{NO_BREAK}€"),
        (Decimal("0.01"), f"0,01{NO_BREAK}€"),
        (Decimal(999), f"999,00{NO_BREAK}€"),
        (Decimal("1234567.89"), f"1{NARROW}234{NARROW}567,89{NO_BREAK}€"),
        (Decimal("-1200.5"), f"\u22121{NARROW}200,50{NO_BREAK}€"),
        (Decimal("-0.001"), f"0,00{NO_BREAK}€"),
        (Decimal("1.005"), f"1,01{NO_BREAK}€"),
        (0, f"0,00{NO_BREAK}€"),
    ],
)
def test_format_eur_writes_the_french_way(amount: Decimal | int, expected: str) -> None:
    assert format_eur(amount) == expected


@settings(deadline=None)
@given(cents)
def test_amounts_survive_writing_and_reading(amount: Decimal) -> None:
    assert parse_amount(format_eur(amount), signed=True) == amount


@settings(deadline=None)
@given(cents.filter(lambda amount: amount > 0))
def test_amounts_are_read_the_same_in_every_spelling(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    french = english.translate(str.maketrans({",": " ", ".": ","}))
    german = english.translate(str.maketrans({",": ".", ".": ","}))
    assert {parse_amount(text) for text in (english, french, german, str(amount))} == {amount}


@settings(deadline=None)
@given(st.text(max_size=80) | st.text(alphabet="0123456789 .,-€", max_size=20))
def test_parse_amount_gives_an_amount_or_a_sentence(text: str) -> None:
    try:
        amount = parse_amount(text)
    except AmountError as refused:
        amount, sentence = None, str(refused)
    if amount is None:
        assert sentence.endswith(".")
    else:
        assert 0 < amount < LIMIT
        assert amount.as_tuple().exponent == -2
