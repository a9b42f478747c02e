"""The real budgets in a test's database, quickly: loaded by the service once in each process, then copied row by row.

``load_budgets`` reads the convention's tables, checks 347 sums and opens five exercises; nearly every test of credits
starts from its result. What it does is tested in tests/cases/test_budget_loading.py, on the service itself.
"""

from __future__ import annotations

from django.db import connection

from cases import clock
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
from cases.services import load_budgets

#: In an order in which each may point to those before it.
_MODELS = (
    Fund,
    Exercise,
    BudgetLine,
    BaseFigure,
    ReserveFigure,
    CreditMovement,
    CreditBalance,
    CreditPosting,
)

#: Rows by the year in which they were loaded, which decides which exercises are open.
_COPIES: dict[int, dict[str, bytes]] = {}


def real_budgets() -> None:
    """Have the budgets as ``load_budgets`` leaves them today; what is loaded already stays. Needs a transaction."""
    year = clock.today().year
    years = set(Exercise.objects.values_list("year", flat=True))
    if year in years:
        return
    if not years and year in _COPIES and connection.in_atomic_block and may_let_triggers_rest():
        _restore(_COPIES[year])
        return
    load_budgets()
    if not years:
        _COPIES.setdefault(year, _rows())


def may_let_triggers_rest() -> bool:
    """Only a superuser may let triggers rest; with another one the service loads each time."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        return bool(cursor.fetchone()[0] == "on")


def _rows() -> dict[str, bytes]:
    found = {}
    with connection.cursor() as cursor:
        for model in _MODELS:
            table = model._meta.db_table
            with cursor.copy(f"COPY {table} TO STDOUT") as rows:
                found[table] = b"".join(bytes(row) for row in rows)
    return found


def _restore(copies: dict[str, bytes]) -> None:
    """Insert the rows as they were: the triggers that made the balances must not make them again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # rows of an earlier journal may still wait for their check
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, rows in copies.items():
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(rows)
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for model in _MODELS[1:]:
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                f"GREATEST((SELECT max(id) FROM {table}), nextval(pg_get_serial_sequence('{table}', 'id'))))"
            )
