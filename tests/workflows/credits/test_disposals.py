"""A28: the gain of a sale goes to investments of N+1, to ten years of rents, or to both, to the cent."""

from decimal import Decimal

import pytest
from hypothesis import assume, strategies
from hypothesis import given as examples

from cases.errors import Invalid
from tests.workflows.credits.texts import (
    CENTS,
    LINES,
    computation,
    eur,
    keys,
    limited,
    line,
    only,
    rules,
    words,
)
from workflows.credits import DISPOSAL_RULES, Preview, allocate_proceeds

PINNED = limited(*DISPOSAL_RULES)
DIFFERENCE = "la différence entre le prix de vente et la valeur nette comptable de l’actif vient impacter"


def sale(price: str | int, book: str | int, investment: str | int = 0, rents: str | int = 0) -> Preview:
    """A sale of 2015."""
    return allocate_proceeds(
        price=eur(price),
        net_book_value=eur(book),
        to_investment=eur(investment),
        to_rents=eur(rents),
        sale_year=2015,
        rules=PINNED,
    )


def test_gain_goes_to_investments_of_the_next_year() -> None:
    found = sale(350_000, 120_000, investment=230_000)
    (share,) = found.by_exercise
    assert (share.exercise, share.amount) == (2016, eur(230_000))
    assert share.targets == ("A-I-3.info", "A-I-3.autres")
    assert [line(code).group for code in share.targets] == ["G4", "G5"]
    assert computation(found)["Différence"] == eur(230_000)
    assert found.earmarked
    assert "fnga.disposal.earmarked" in keys(found.quotes)


def test_lines_of_a_sale_are_those_of_the_register() -> None:
    investments = {
        code for (fund, code), one in LINES.items() if fund == "FNGA" and one.group in ("G4", "G5")
    }
    assert set(rules("fnga.disposal.investment_lines").items) == investments
    assert all(("FNGA", code) in LINES for code in rules("fnga.disposal.rent_lines").items)


def test_gain_goes_to_rents_by_tenths() -> None:
    found = sale(1_000, "899.93", rents="100.07")
    assert [(share.exercise, str(share.amount)) for share in found.by_exercise] == [
        *((year, "10.01") for year in range(2016, 2023)),
        *((year, "10.00") for year in range(2023, 2026)),
    ]
    assert {share.targets for share in found.by_exercise} == {("A-I-2.autres",)}
    assert line("A-I-2.autres").group == "G2"
    assert found.total == eur("100.07")
    assert computation(found)["Loyers et charges locatives 2016"] == eur("10.01")
    assert "part 1 de 10" in [one.note for one in found.lines]


def test_fewer_cents_than_years_go_to_the_first_years() -> None:
    found = sale(1_000, 0, rents="0.03")
    assert [(share.exercise, str(share.amount)) for share in found.by_exercise] == [
        (2016, "0.01"),
        (2017, "0.01"),
        (2018, "0.01"),
    ]
    assert computation(found)["Loyers et charges locatives 2019"] == 0


def test_gain_is_shared_and_the_rest_is_said() -> None:
    found = sale(1_000, 0, investment=400, rents=500)
    assert found.total == eur(900)
    assert found.in_exercise(2016) == eur(450)
    assert found.in_exercise(2025) == eur(50)
    assert found.in_exercise(2026) == 0
    assert computation(found)["Différence non affectée"] == eur(100)
    assert "fnga.disposal.split" in keys(found.quotes)


def test_whole_allocation_leaves_nothing_to_say() -> None:
    assert "Différence non affectée" not in computation(sale(1_000, 0, investment=400, rents=600))


def test_tenths_beyond_the_convention_are_remarked() -> None:
    assert "convention.period" in keys(sale(1_000, 0, rents=1_000).quotes)
    assert "convention.period" not in keys(sale(1_000, 0, investment=1_000).quotes)


@pytest.mark.parametrize(
    ("price", "book", "shown"), [(100, 100, "0,00"), (100, 150, "−50,00"), (0, 1, "−1,00")]
)
def test_sale_without_gain_gives_no_credit(price: int, book: int, shown: str) -> None:
    found = sale(price, book, investment=10)
    reason = only(found.reasons)
    assert (found.total, reason.code) == (0, "no_gain")
    assert shown in reason.message
    assert words(reason.quote).startswith(DIFFERENCE)
    assert computation(found)["Différence"] == eur(price) - eur(book)


@pytest.mark.parametrize(("investment", "rents"), [("100.01", 0), (0, "100.01"), (50, "50.01")])
def test_no_more_than_the_gain_is_allocated(investment: str | int, rents: str | int) -> None:
    found = sale(300, 200, investment, rents)
    reason = only(found.reasons)
    assert (found.total, reason.code) == (0, "above_gain")
    assert "100,00\u00a0€" in reason.message
    assert words(reason.quote).startswith(DIFFERENCE)


def test_nothing_allocated_gives_nothing() -> None:
    assert only(sale(300, 200).reasons).code == "nothing_allocated"


@pytest.mark.parametrize("side", ["price", "net_book_value", "to_investment", "to_rents"])
def test_negative_amounts_are_refused(side: str) -> None:
    amounts = dict.fromkeys(("price", "net_book_value", "to_investment", "to_rents"), eur(1)) | {
        side: eur(-1)
    }
    with pytest.raises(Invalid, match="positif ou nul") as refused:
        allocate_proceeds(**amounts, sale_year=2015, rules=PINNED)
    assert list(refused.value.details) == [side]


@examples(CENTS, CENTS, strategies.integers(0, 100))
def test_no_cent_of_a_gain_vanishes(price: Decimal, book: Decimal, percent: int) -> None:
    gain = price - book
    assume(gain > 0)
    investment = (gain * percent / 100).quantize(eur("0.01"), rounding="ROUND_DOWN")
    found = sale(str(price), str(book), str(investment), str(gain - investment))
    assert found.total == gain == sum(share.amount for share in found.by_exercise)
    rents = [share.amount for share in found.by_exercise if share.targets == ("A-I-2.autres",)]
    assert sum(rents) == gain - investment
    assert rents == sorted(rents, reverse=True)
    if len(rents) == 10:
        assert rents[0] - rents[-1] <= eur("0.01")
    assert all(amount > 0 for amount in rents)
    assert {share.exercise for share in found.by_exercise} <= set(range(2016, 2026))
