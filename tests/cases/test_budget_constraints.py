"""What PostgreSQL itself refuses of registers and ledger: each named constraint and each trigger, by name."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction

from cases import clock
from cases.budget_terms import Account, MovementKind
from cases.models import (
    BaseFigure,
    BudgetLine,
    CreditBalance,
    CreditMovement,
    CreditPosting,
    Exercise,
    Fund,
    ReserveFigure,
)
from cases.selectors import Balance, balance_faults
from cases.services import ledger
from cases.services.ledger import Transfer
from tests.credits import NOW, Credits, euros
from tests.journeys import Cast

MODULES = {"cases.models.budget", "cases.models.ledger"}
"""Models whose constraints and triggers are tested here."""

Fault = Callable[[Credits], None]


@pytest.fixture
def book(cast: Cast) -> Credits:
    """The budgets of March 2026 and one virement."""
    book = Credits(cast)
    transfers = [Transfer(book.line("A-I-1"), book.line("A-I-2.autres"), euros(10))]
    book.act(
        lambda: ledger.transfer(
            exercise=book.exercise, transfers=transfers, label="Virement", dossier=book.dossier
        )
    )
    return book


def row(model: type[Any], **values: Any) -> Fault:
    """Change the first row of ``model`` into one that may not be."""
    found = model.objects.order_by("pk")
    return lambda book: (
        model.objects.filter(pk=found.values_list("pk", flat=True)[0]).update(**values) and None
    )


def new(model: type[Any], **values: Any) -> Fault:
    """Insert a row that may not be."""
    return lambda book: model.objects.create(**values) and None


def new_line(**values: Any) -> Fault:
    """Insert a line of the FNGA that may not be."""

    def insert(book: Credits) -> None:
        given = {
            "fund_id": "FNGA",
            "code": "ESSAI",
            "label": "Essai",
            "parent": book.line("A-I"),
            "position": 99,
            "is_leaf": True,
            "nature": "limitative",
            "side": "canssm",
            "source_line": 1,
        }
        BudgetLine.objects.create(**given | values)

    return insert


def movement(book: Credits, kind: MovementKind = MovementKind.VIREMENT, **values: Any) -> CreditMovement:
    """A movement without postings."""
    given = {
        "kind": kind,
        "effective_on": date(2026, 3, 2),
        "recorded_at": NOW,
        "label": "Essai",
        "size": 2,
        "dossier": book.dossier,
        "journal_sequence": 1,
    }
    return CreditMovement.objects.create(**given | values)


def new_movement(**values: Any) -> Fault:
    """Insert a movement that may not be."""
    return lambda book: movement(book, **values) and None


def postings(
    *sides: tuple[str, str, str], kind: MovementKind = MovementKind.VIREMENT, year: int = 2026, **values: Any
) -> Fault:
    """Insert a movement with these postings (line code or empty, account, amount)."""

    def insert(book: Credits) -> None:
        made = movement(
            book, kind, size=max(2, len(sides)), **{k: v for k, v in values.items() if k != "fund"}
        )
        for code, account, amount in sides:
            owner, _, code = code.rpartition(":")
            CreditPosting.objects.create(
                movement=made,
                fund_id=values.get("fund", "FNGA"),
                exercise=book.year(year),
                line=book.line(code, owner or "FNGA") if code else None,
                account=account,
                amount=euros(amount),
            )
        check_now()

    return insert


def check_now() -> None:
    """What PostgreSQL checks at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def without_postings(book: Credits) -> None:
    movement(book)
    check_now()


def spend_earmarked(book: Credits) -> None:
    postings(("A-I-1", "earmarked", "-1"), ("A-I-1", "committed", "1"), kind=MovementKind.COMMITMENT)(book)


def negative_commitment(book: Credits) -> None:
    postings(("A-I-1", "available", "1"), ("A-I-1", "committed", "-1"), kind=MovementKind.COMMITMENT)(book)


def same_figure(book: Credits) -> None:
    figure = BaseFigure.objects.order_by("pk")[0]
    BaseFigure.objects.create(line=figure.line, year=figure.year, kind="budget", amount=1)


def same_balance(book: Credits) -> None:
    CreditBalance.objects.create(line=book.line("A-I-1"), exercise=book.exercise, limitative=True)


CONSTRAINTS: dict[str, Fault] = {
    "fund_known": new(Fund, code="FNXX", name="Fonds", position=9),
    "exercise_year_plausible": new(Exercise, year=1999),
    "exercise_carried_from_earlier": new(Exercise, year=2030, carried_from=2030),
    "exercise_closed_after_it_began": new(Exercise, year=2030, closed_on=date(2029, 12, 31)),
    "budget_line_code_once": new_line(code="A-I-1"),
    "budget_line_leaf_described": new_line(nature=""),
    "budget_line_group_fits_fund": new_line(group="FA"),
    "budget_line_group_is_limitative_canssm": new_line(group="G1", side="angdm"),
    "budget_line_mark_known": new_line(mark="odd"),
    "budget_line_root_is_a_sum": new_line(parent=None),
    "base_figure_once": same_figure,
    "base_figure_kind_known": row(BaseFigure, kind="guess"),
    "base_figure_not_negative": row(BaseFigure, amount=-1),
    "base_figure_year_plausible": row(BaseFigure, year=1999),
    "reserve_figure_once": new(ReserveFigure, key="result", year=2012, amount=1),
    "credit_movement_kind_known": new_movement(kind="gift"),
    "credit_movement_has_two_sides": new_movement(size=1),
    "credit_movement_has_its_act": new_movement(journal_sequence=None),
    "credit_movement_has_its_cause": new_movement(dossier=None, journal_sequence=None, origin="Rien"),
    "credit_posting_not_zero": postings(("A-I-1", "available", "0")),
    "credit_posting_account_known": postings(("A-I-1", "hidden", "1"), kind=MovementKind.RECEIPT),
    "credit_posting_source_has_no_line": postings(("A-I-1", "source", "1"), kind=MovementKind.RECEIPT),
    "credit_balance_once": same_balance,
    "credit_balance_not_overdrawn": postings(
        ("A-I-2.autres", "available", "99000000"), ("A-I-1", "available", "-99000000")
    ),
    "credit_balance_earmarked_not_overdrawn": spend_earmarked,
    "credit_balance_committed_not_negative": negative_commitment,
}

TRIGGER_CONSTRAINTS: dict[str, Fault] = {
    "credit_movement_complete": without_postings,
    "credit_movement_journalled": postings(
        ("A-I-1", "available", "-1"), ("A-I-2.autres", "available", "1"), journal_sequence=99
    ),
    "credit_posting_balanced": postings(("A-I-1", "available", "-1"), ("A-I-2.autres", "available", "2")),
    "credit_posting_account_fits_kind": postings(("", "source", "-1"), ("A-I-1", "available", "1")),
    "credit_posting_exercise_open": postings(
        ("A-I-1", "available", "-1"), ("A-I-2.autres", "available", "1"), year=2017
    ),
    "credit_posting_fits_line": postings(("A-I-1", "available", "-1"), ("FNPPS:M.reg", "available", "1")),
    "credit_posting_respects_marks": postings(
        ("FNASS:I.F.CAN.cv.men", "available", "1"), ("FNASS:I.F.CAN.col", "available", "-1"), fund="FNASS"
    ),
}
"""Names that triggers give their refusals, as if they were constraints."""


def ours() -> list[type[Any]]:
    """The models tested here."""
    return [model for model in apps.get_app_config("cases").get_models() if model.__module__ in MODULES]


def test_every_named_constraint_is_tested() -> None:
    assert {constraint.name for model in ours() for constraint in model._meta.constraints} == set(CONSTRAINTS)


@pytest.mark.parametrize("name", sorted(CONSTRAINTS | TRIGGER_CONSTRAINTS))
def test_refused_by_name(book: Credits, name: str) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        (CONSTRAINTS | TRIGGER_CONSTRAINTS)[name](book)
    assert refused.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


# -- triggers --------------------------------------------------------------------------------------

NEVER = "Cannot delete or update|Cannot update|Cannot delete"
BY_NOBODY = "balances follow from postings"
REFUSED: dict[str, list[tuple[str, str]]] = {
    "exercise_year_fixed": [
        ("UPDATE cases_exercise SET year = 2040 WHERE year = 2026", NEVER),
        ("UPDATE cases_exercise SET carried_from = 2016 WHERE year = 2026", NEVER),
    ],
    "exercise_never_deleted": [("DELETE FROM cases_exercise", NEVER)],
    "budget_line_identity_fixed": [
        (f"UPDATE cases_budgetline SET {change} WHERE code = 'A-I-1'", NEVER)
        for change in (
            "code = 'A-X'",
            "fund_id = 'FNMO'",
            "is_leaf = false",
            "nature = 'evaluative'",
            "side = 'cdc'",
            "\"group\" = 'G2'",
            "mark = 'menton'",
        )
    ],
    "budget_line_never_deleted": [("DELETE FROM cases_budgetline", NEVER)],
    "credit_movement_append_only": [
        ("DELETE FROM cases_creditmovement", NEVER),
        ("UPDATE cases_creditmovement SET label = 'autre'", NEVER),
    ],
    "credit_movement_not_truncated": [("TRUNCATE cases_creditmovement CASCADE", "Cannot truncate")],
    "credit_movement_complete": [],  # above, by its name
    "credit_posting_append_only": [
        ("DELETE FROM cases_creditposting", NEVER),
        ("UPDATE cases_creditposting SET amount = amount * 2", NEVER),
    ],
    "credit_posting_not_truncated": [("TRUNCATE cases_creditposting", "Cannot truncate")],
    "credit_posting_kept_in_balance": [],  # above, by the names of its refusals
    "credit_posting_sums_to_zero": [],  # above, by credit_posting_balanced
    "credit_balance_follows_postings": [
        ("UPDATE cases_creditbalance SET available = available + 1", BY_NOBODY),
        ("UPDATE cases_creditbalance SET limitative = false", BY_NOBODY),
        ("DELETE FROM cases_creditbalance", BY_NOBODY),
        (
            "INSERT INTO cases_creditbalance (line_id, exercise_id, limitative, available, earmarked, committed) "
            "SELECT line.id, exercise.id, true, 5, 0, 0 FROM cases_budgetline line, cases_exercise exercise LIMIT 1",
            BY_NOBODY,
        ),
    ],
    "credit_balance_not_truncated": [("TRUNCATE cases_creditbalance", "Cannot truncate")],
}


def test_every_trigger_is_tested() -> None:
    declared = {trigger.name for model, trigger in pgtrigger.registered() if model.__module__ in MODULES}
    assert set(REFUSED) == declared


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_trigger_refuses_raw_statements(book: Credits, name: str) -> None:
    check_now()
    with connection.cursor() as cursor:
        for statement, message in REFUSED[name]:
            with pytest.raises(DatabaseError, match=message), transaction.atomic():
                cursor.execute(statement)


def test_an_empty_balance_says_truly_whether_its_line_is_limitative(book: Credits) -> None:
    fresh = Exercise.objects.create(year=2027)
    with pytest.raises(DatabaseError, match=BY_NOBODY), transaction.atomic():
        CreditBalance.objects.create(line=book.line("A-I-1"), exercise=fresh, limitative=False)
    with pytest.raises(DatabaseError, match=BY_NOBODY), transaction.atomic():
        CreditBalance.objects.create(line=book.line("A-I"), exercise=fresh, limitative=False)


def insert(book: Credits, made: CreditMovement, *sides: tuple[str, Exercise, int]) -> None:
    """Insert available postings of the FNGA in one statement, then check."""
    CreditPosting.objects.bulk_create(
        CreditPosting(
            movement=made,
            fund_id="FNGA",
            exercise=exercise,
            line=book.line(code),
            account=Account.AVAILABLE,
            amount=amount,
        )
        for code, exercise, amount in sides
    )
    check_now()


def test_no_posting_is_added_to_a_complete_movement(book: Credits) -> None:
    done = CreditMovement.objects.get(kind=MovementKind.VIREMENT)
    check_now()
    sides = (("A-I-2.autres", book.exercise, 1), ("A-I-1", book.exercise, -1))
    with pytest.raises(IntegrityError, match="was complete already"), transaction.atomic():
        insert(book, done, *sides)


def test_a_virement_stays_in_its_exercise(book: Credits) -> None:
    """Balanced on the whole is not enough: each exercise is balanced on its own."""
    sides = (("A-I-1", Exercise.objects.create(year=2027), 1), ("A-I-1", book.exercise, -1))
    made = movement(book)
    with pytest.raises(IntegrityError, match="is not balanced"), transaction.atomic():
        insert(book, made, *sides)
    insert(book, made, ("A-I-1", book.exercise, -1), ("A-I-2.autres", book.exercise, 1))


def test_a_balance_that_was_tampered_with_is_named(book: Credits) -> None:
    check_now()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cases_creditbalance DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE cases_creditbalance SET available = available + 1 WHERE line_id = %s AND exercise_id = %s",
            [book.line("A-I-1").pk, book.exercise.pk],
        )
        cursor.execute("ALTER TABLE cases_creditbalance ENABLE TRIGGER USER")
    (fault,) = balance_faults()
    assert (fault.line, fault.exercise) == ("FNGA A-I-1", 2026)
    assert fault.stored == Balance(euros("49279991"), euros(0), euros(0))
    assert fault.replayed == Balance(euros("49279990"), euros(0), euros(0))


def test_amounts_are_exact_to_the_cent(book: Credits) -> None:
    """The column holds cents: nothing is rounded on the way, because services refuse a third decimal."""
    from cases.errors import Invalid

    transfers = [Transfer(book.line("A-I-1"), book.line("A-I-2.autres"), Decimal("0.005"))]
    with clock.at(NOW), pytest.raises(Invalid, match="plus de deux décimales"):
        ledger.transfer(exercise=book.exercise, transfers=transfers, label="Virement", dossier=book.dossier)
