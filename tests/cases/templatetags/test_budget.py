"""Figures of tables: no unit, the French signs, spaces at which no line breaks."""

from decimal import Decimal

import pytest

from cases.templatetags.budget import figure, signed


@pytest.mark.parametrize(
    ("amount", "plain", "change"),
    [
        ("1234567.80", "1\u00a0234\u00a0567,80", "+1\u00a0234\u00a0567,80"),
        ("-50", "\u221250,00", "\u221250,00"),
        ("0", "0,00", "0,00"),
    ],
)
def test_figures_are_written_the_french_way(amount: str, plain: str, change: str) -> None:
    assert (figure(Decimal(amount)), signed(Decimal(amount))) == (plain, change)
