"""Splits of money: sums are exact, parts are fair, and no binary float is anywhere."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.shares import in_equal_parts, in_two_shares, percentage

amounts = st.integers(-(10**14), 10**14).map(lambda cents: Decimal(cents).scaleb(-2))
percents = st.integers(0, 1_000_000).map(lambda value: Decimal(value).scaleb(-4))


@given(amounts, st.integers(1, 400))
def test_equal_parts_sum_to_the_amount_and_differ_by_a_cent_at_most(amount: Decimal, parts: int) -> None:
    split = in_equal_parts(amount, parts)
    assert len(split) == parts
    assert sum(split) == amount
    assert max(split) - min(split) <= Decimal("0.01")
    assert list(split) == sorted(split, reverse=amount > 0)
    assert all(part.as_tuple().exponent == -2 for part in split)


@given(amounts, percents)
def test_two_shares_sum_to_the_amount(amount: Decimal, percent: Decimal) -> None:
    first, rest = in_two_shares(amount, percent)
    assert first + rest == amount
    assert abs(first - amount * percent / 100) <= Decimal("0.005")
    assert {first.as_tuple().exponent, rest.as_tuple().exponent} == {-2}


@given(amounts, percents)
def test_a_percentage_is_the_same_for_gains_and_losses(amount: Decimal, percent: Decimal) -> None:
    assert percentage(-amount, percent) == -percentage(amount, percent)


def test_a_tenth_a_year_over_ten_years() -> None:
    assert in_equal_parts(Decimal("1.00"), 10) == (Decimal("0.10"),) * 10
    tenths = in_equal_parts(Decimal("100000.07"), 10)
    assert tenths == (Decimal("10000.01"),) * 7 + (Decimal("10000.00"),) * 3
    assert in_equal_parts(Decimal("0.03"), 10) == (Decimal("0.01"),) * 3 + (Decimal("0.00"),) * 7
    assert in_equal_parts(Decimal("-0.03"), 2) == (Decimal("-0.02"), Decimal("-0.01"))


@pytest.mark.parametrize(
    ("amount", "first", "rest"),
    [
        ("100.00", "75.00", "25.00"),
        ("0.01", "0.01", "0.00"),
        ("0.02", "0.02", "0.00"),
        ("0.03", "0.02", "0.01"),
        ("0.05", "0.04", "0.01"),
        ("999999999999.99", "749999999999.99", "250000000000.00"),
    ],
)
def test_three_quarters_and_the_rest(amount: str, first: str, rest: str) -> None:
    assert in_two_shares(Decimal(amount), Decimal(75)) == (Decimal(first), Decimal(rest))


@pytest.mark.parametrize("amount", ["0.001", "NaN", "Infinity"])
def test_what_is_no_amount_in_cents_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match=amount):
        in_equal_parts(Decimal(amount), 10)
    with pytest.raises(ValueError, match=amount):
        percentage(Decimal(amount), Decimal(75))


def test_shares_and_numbers_of_parts_have_bounds() -> None:
    with pytest.raises(ValueError, match="at least one part"):
        in_equal_parts(Decimal(1), 0)
    for percent in (Decimal("-0.01"), Decimal("100.01")):
        with pytest.raises(ValueError, match="between 0 and 100"):
            percentage(Decimal(1), percent)
