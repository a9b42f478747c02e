"""The budget of a fund and exercise as a tree: sums, movements behind each line, and how many statements it
takes.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.budget_terms import MovementKind
from cases.errors import NotFound
from cases.models import CreditMovement, CreditPosting
from cases.selectors import BudgetTree, TreeLine, budget_tree, fund_and_exercise, movements_of_line
from cases.services import ledger
from cases.services.ledger import Credit, Transfer
from tests.credits import NOW, Credits, euros
from tests.journeys import Cast


@pytest.fixture
def book(cast: Cast) -> Credits:
    """The budgets of March 2026."""
    return Credits(cast)


def tree_of(book: Credits, fund: str = "FNGA", **options: Any) -> tuple[BudgetTree, dict[str, TreeLine]]:
    """The tree of 2026, and its lines by code."""
    found, exercise = fund_and_exercise(fund=fund, year=2026)
    tree = budget_tree(fund=found, exercise=exercise, **options)
    return tree, {node.line.code: node for node in tree}


def move(book: Credits, origin: str, target: str, amount: str, label: str = "Virement") -> CreditMovement:
    """One virement of the FNGA."""
    return book.act(
        lambda: ledger.transfer(
            exercise=book.exercise,
            transfers=[Transfer(book.line(origin), book.line(target), euros(amount))],
            label=label,
            dossier=book.dossier,
        )
    )


def commit(book: Credits, code: str, amount: str) -> CreditMovement:
    """One commitment on a line of the FNGA."""
    return book.act(
        lambda: ledger.commit(
            exercise=book.exercise,
            line=book.line(code),
            amount=euros(amount),
            label="Paie",
            dossier=book.dossier,
        )
    )


def test_columns_of_leaves_and_sums(book: Credits) -> None:
    move(book, "A-I-1", "A-I-3.info", "1000")
    commit(book, "A-I-3.info", "400")
    book.act(
        lambda: ledger.credit(
            kind=MovementKind.DISPOSAL,
            exercise=book.exercise,
            credits=[Credit(book.line("A-I-3.info"), euros(50))],
            label="Cession",
            dossier=book.dossier,
            earmarked=True,
        )
    )
    _, lines = tree_of(book)

    def columns(code: str) -> tuple[Decimal, ...]:
        node = lines[code]
        return node.initial, node.moved, node.committed, node.available, node.earmarked

    assert columns("A-I-3.info") == (120000, 1050, 400, 120650, 50)
    assert columns("A-I-3") == (830000, 1050, 400, 830650, 50)
    assert columns("A-I-1") == (49280000, -1000, 0, 49279000, 0)
    assert columns("A-I") == (63640000, 50, 400, 63639650, 50)
    assert columns("TOTAL") == (129220000, 50, 400, 129219650, 50)
    assert lines["A-I-3.info"].authorised == 121050


def test_order_depth_and_printed_base(book: Credits) -> None:
    tree, lines = tree_of(book)
    assert [node.line.code for node in tree][:6] == ["TOTAL", "T1", "A", "A-I", "A-I-1", "A-I-2"]
    assert [node.depth for node in tree][:6] == [0, 1, 2, 3, 4, 4]
    assert (lines["A-I-1"].base, lines["RN"].base, lines["S2-3"].base) == (49280000, None, None)
    assert [child.line.code for child in lines["A-I-2"].children] == ["A-I-2.info", "A-I-2.autres"]
    assert tree.roots == (lines["TOTAL"],)


@pytest.mark.parametrize("fund", ["FNGA", "FNASS", "FNPPS", "FNMO"])
def test_every_sum_is_that_of_its_parts(book: Credits, fund: str) -> None:
    tree, _ = tree_of(book, fund)
    for node in tree:
        if node.children:
            assert node.initial == sum(child.initial for child in node.children)
            assert node.available == sum(child.available for child in node.children)
        else:
            assert node.line.is_leaf


def test_movements_behind_a_line(book: Credits) -> None:
    move(book, "A-I-1", "A-I-3.info", "1000", "Serveurs")
    commit(book, "A-I-3.info", "400")
    _, lines = tree_of(book, with_movements=True)
    told = [
        (one.kind, one.on, one.label, one.reference, one.account, one.amount)
        for one in lines["A-I-3.info"].movements
    ]
    reference = book.dossier.reference
    day = date(2026, 3, 2)
    assert told == [
        ("initial", date(2026, 1, 1), "Reconduction du budget 2017", "", "available", 120000),
        ("virement", day, "Serveurs", reference, "available", 1000),
        ("commitment", day, "Paie", reference, "committed", 400),
        ("commitment", day, "Paie", reference, "available", -400),
    ]
    assert lines["A-I-3"].movements == []
    assert (
        movements_of_line(line=book.line("A-I-3.info"), exercise=book.exercise)
        == lines["A-I-3.info"].movements
    )
    early = movements_of_line(line=book.line("A-I-3.info"), exercise=book.exercise, on=date(2026, 3, 1))
    assert [one.kind for one in early] == ["initial"]


def test_a_tree_at_a_date(book: Credits) -> None:
    move(book, "A-I-1", "A-I-3.info", "1000")
    _, before = tree_of(book, on=date(2026, 3, 1))
    _, after = tree_of(book, on=date(2026, 3, 2))
    _, never = tree_of(book, on=date(2025, 12, 31), with_movements=True)
    assert (before["A-I-3.info"].moved, after["A-I-3.info"].moved) == (0, 1000)
    assert (never["TOTAL"].initial, never["A-I-1"].movements) == (0, [])


def a_year_of(book: Credits, count: int) -> None:
    """``count`` virements of one cent, written in bulk without the triggers that would check each of them."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("cases_creditmovement", "cases_creditposting"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    number = book.dossier.journal_length
    lines = [book.line(code) for code in ("A-I-1", "A-I-2.autres", "A-I-3.info", "A-I-3.autres")]
    movements = CreditMovement.objects.bulk_create(
        CreditMovement(
            kind=MovementKind.VIREMENT,
            effective_on=date(2026, 3, 2),
            recorded_at=NOW,
            label=f"Virement {index}",
            size=2,
            dossier=book.dossier,
            journal_sequence=number,
        )
        for index in range(count)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cases_creditmovement")  # foreign keys were planned for an empty table
    CreditPosting.objects.bulk_create(
        CreditPosting(
            movement=movement,
            fund_id="FNGA",
            exercise=book.exercise,
            line=lines[(index + side) % 4],
            account="available",
            amount=amount,
        )
        for index, movement in enumerate(movements)
        for side, amount in ((1, euros("0.01")), (0, euros("-0.01")))
    )


@pytest.mark.parametrize("count", [1, 5_000])
def test_statements_do_not_grow_with_the_movements(book: Credits, count: int) -> None:
    a_year_of(book, count)
    with CaptureQueriesContext(connection) as captured:
        tree, lines = tree_of(book, with_movements=True)
    assert len(captured) == 4  # fund and exercise, lines, sums, movements
    virements = [one for node in tree for one in node.movements if one.kind == "virement"]
    assert len(virements) == 2 * count
    assert lines["TOTAL"].available == 129220000
    with CaptureQueriesContext(connection) as captured:
        budget_tree(fund=tree.fund, exercise=tree.exercise)
    assert len(captured) == 2


@pytest.mark.parametrize(
    ("fund", "year"), [("FNXX", 2026), ("FN\x00", 2026), ("", 2026), ("FNGA", 2025), ("FNGA", 10**9)]
)
def test_what_is_not_there_is_said(book: Credits, fund: str, year: int) -> None:
    with pytest.raises(NotFound, match="choisissez"), clock.at(NOW):
        fund_and_exercise(fund=fund, year=year)


def test_a_fund_is_found_whatever_the_case(book: Credits) -> None:
    found, _ = fund_and_exercise(fund="fnga", year=2026)
    assert found.code == "FNGA"
