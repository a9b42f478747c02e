"""What the tests of credits look things up in: the rules in force, the printed lines, the words of a rule."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from hypothesis import strategies

from cases.budget_tables import read_tables
from cases.budget_terms import LineFacts
from cases.errors import Quote, Reason
from workflows.credits import Preview, Rules
from workflows.rulebook import RuleVersion, rulebooks

ON = date(2015, 3, 3)

LINES = {
    (fund.value, row.code): LineFacts(
        row.fund.value, row.code, row.label, row.nature, row.side, row.group, row.mark
    )
    for fund, rows in read_tables().items()
    for row in rows
    if row.role == "leaf"
}
"""Every leaf of the printed tables."""

CENTS = strategies.integers(min_value=0, max_value=10**13).map(lambda cents: Decimal(cents).scaleb(-2))
"""Amounts from zero to a hundred billion, to the cent."""


def rules(key: str) -> RuleVersion:
    """The rules of the COG 2014-2017 in March 2015."""
    return rulebooks()["cog-2014-2017"].rule(key, ON)


def limited(*allowed: str) -> Rules:
    """The same rules, but only those: a path pins what a module declares, and a key left out would escape it."""

    def pinned(key: str) -> RuleVersion:
        assert key in allowed, f"{key} is missing from the RULES of its module"
        return rules(key)

    return pinned


def line(code: str, fund: str = "FNGA") -> LineFacts:
    """A printed line by its code."""
    return LINES[fund, code]


def eur(amount: str | int) -> Decimal:
    """An amount in cents."""
    return Decimal(amount).quantize(Decimal("0.01"))


def words(quote: Quote | None) -> str:
    """The convention's words behind a quote, whether it says them or the rule was derived from them."""
    assert quote is not None
    return rules(quote.rule).quote


def keys(quotes: Iterable[Quote]) -> list[str]:
    """The rules quoted."""
    return [quote.rule for quote in quotes]


def only(reasons: Iterable[Reason]) -> Reason:
    """The one reason, which quotes a rule and says something in French."""
    (reason,) = reasons
    assert reason.quote is not None
    assert reason.quote.text
    assert reason.message.endswith((".", "»"))
    return reason


def given(preview: Preview) -> dict[int, Decimal]:
    """Credits by exercise, in order, when a preview has at most one share in each."""
    assert len({share.exercise for share in preview.by_exercise}) == len(preview.by_exercise)
    return {share.exercise: share.amount for share in preview.by_exercise}


def computation(preview: Preview) -> dict[str, Decimal | None]:
    """The sum line by line: label and amount."""
    return {one.label: one.amount for one in preview.lines}
