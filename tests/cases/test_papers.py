"""What callers give for a paper: exact sums, whole rows, possible votes."""

from datetime import date
from decimal import Decimal

import pytest

from cases.papers import Column, PaperTable, Vote, money_table

COLUMNS = (Column("De"), Column("Vers"), Column("Montant", numeric=True))


def vote(**changes: int) -> Vote:
    counts = {"votes_for": 14, "votes_against": 3, "abstentions": 1, "members": 22} | changes
    return Vote(voted_on=date(2026, 3, 12), adopted=True, **counts)


def test_money_table_writes_amounts_the_french_way_and_sums_them_exactly() -> None:
    table = money_table(
        "Lignes",
        COLUMNS,
        [("A", "B", Decimal("1234567.10")), ("C", "D", Decimal("-0.20")), ("E", "F", Decimal("0.3"))],
    )
    assert table.rows[0] == ("A", "B", "1\u202f234\u202f567,10")
    assert table.rows[1][2] == "\u22120,20"
    assert table.total == ("Total", "", "1\u202f234\u202f567,20")
    assert table.unit == "en euros"


def test_money_table_sums_no_column_that_holds_words() -> None:
    table = money_table("T", COLUMNS, [("A", "B", Decimal(1)), ("C", "D", "sans objet")])
    assert table.total == ("Total", "", "")
    assert money_table("T", COLUMNS, [("A", "B", Decimal(1))], total_label="").total is None
    assert money_table("T", COLUMNS, []).total is None
    assert money_table("T", (Column("N", numeric=True),), [(Decimal(1),)]).total is None


@pytest.mark.parametrize(
    ("rows", "total"), [([("A", "B")], None), ([("A", "B", "1", "2")], None), ([("A", "B", "1")], ("Total",))]
)
def test_table_refuses_a_row_of_another_width(
    rows: list[tuple[str, ...]], total: tuple[str, ...] | None
) -> None:
    with pytest.raises(ValueError, match="3 columns"):
        PaperTable("T", COLUMNS, tuple(rows), total)


def test_table_refuses_no_column() -> None:
    with pytest.raises(ValueError, match="no column"):
        PaperTable("T", (), ())


def test_vote_counts_who_took_no_part() -> None:
    assert vote().not_voting == 4
    assert vote(members=18).not_voting == 0


@pytest.mark.parametrize(
    "changes", [{"members": 17}, {"votes_for": -1}, {"votes_against": -3, "members": 22}]
)
def test_vote_refuses_impossible_counts(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="impossible vote"):
        vote(**changes)
