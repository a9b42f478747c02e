"""The whole demonstration, loaded once in each test process: who asks for it again gets the same rows and files.

To load it takes 20 seconds. The modules that look at it all run in one process (``TOGETHER`` in tests/conftest.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from tests.budgets import may_let_triggers_rest

#: The folder of the files and, for each table that loading fills, its rows as COPY writes them.
_LOADED: list[tuple[Path, dict[str, bytes]]] = []


def have_demonstration(media: Path) -> Path:
    """Have the rows of ``load_demo`` in the database; the folder of its files. Needs a transaction."""
    if _LOADED:
        folder, rows = _LOADED[0]
        _restore(rows)
        return folder
    empty = [table for table in _tables() if not _has_rows(table)]
    with override_settings(MEDIA_ROOT=media):
        call_command("load_demo", force=True, verbosity=0)
    if may_let_triggers_rest():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        _LOADED.append((media, {table: _rows(table) for table in empty if _has_rows(table)}))
    return media


def _ask(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _tables() -> list[str]:
    found = _ask(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' "
        "AND table_type = 'BASE TABLE' ORDER BY table_name"
    )
    return [row[0] for row in found]


def _has_rows(table: str) -> bool:
    return bool(_ask(f'SELECT EXISTS (SELECT FROM "{table}")')[0][0])


def _rows(table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
        return b"".join(bytes(row) for row in rows)


def _restore(tables: dict[str, bytes]) -> None:
    """Insert the rows as they were, whatever the order: triggers and references have looked at them once."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, rows in tables.items():
            with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                copy.write(rows)
        cursor.execute("SET LOCAL session_replication_role = origin")
        for table in tables:
            cursor.execute(
                "SELECT pg_get_serial_sequence(%s, 'id') FROM pg_attribute WHERE attrelid = %s::regclass "
                "AND attname = 'id'",
                [f'"{table}"', f'"{table}"'],
            )
            found = cursor.fetchone()
            if found and found[0]:
                cursor.execute(f'SELECT setval(%s, GREATEST((SELECT max(id) FROM "{table}"), 1))', [found[0]])
