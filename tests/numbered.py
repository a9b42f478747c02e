"""Rows of several tables, inserted again and again under fresh numbers by two statements.

``bulk_create`` asks the database after each table for the numbers that it gave, and works out each value anew. Rows
that differ only in their numbers and their moment become SQL once in a process: nearly every test begins with some.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models
from psycopg import sql

from cases import clock

#: Stands in a row for the moment at which it is inserted.
MOMENT = datetime(1, 1, 1, tzinfo=UTC)


class Numbered:
    """Unsaved instances with ``id`` as primary key; each may point to those before it and to rows of the migrations."""

    def __init__(self, rows: Sequence[models.Model]) -> None:
        self._of: dict[type[models.Model], list[models.Model]] = {}
        for row in rows:
            table = self._of.setdefault(type(row), [])
            row.pk = len(table)
            table.append(row)
        self._reserve = "SELECT " + ", ".join(
            f"(SELECT setval(seq, nextval(seq) + {len(table) - 1}) - {len(table) - 1}"
            f" FROM pg_get_serial_sequence('{model._meta.db_table}', 'id') AS seq)"
            for model, table in self._of.items()
        )
        self._insert = ";\n".join(self._statement(model, table) for model, table in self._of.items())

    def insert(self) -> dict[type[models.Model], int]:
        """Insert them; the number of each table's first row: the others follow, in their order."""
        with connection.cursor() as cursor:
            cursor.execute(self._reserve)
            first = dict(zip(self._of, cursor.fetchone(), strict=True))
            statements = self._insert.replace(_MOMENT, _literal(clock.now()))
            for model, number in first.items():
                statements = statements.replace(_first(model), str(number))
            cursor.execute(statements)
        return first

    def _statement(self, model: type[models.Model], table: list[models.Model]) -> str:
        fields = model._meta.concrete_fields
        columns = ", ".join(f'"{field.column}"' for field in fields)
        rows = ", ".join(f"({', '.join(self._value(row, field) for field in fields)})" for row in table)
        return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES {rows}'

    def _value(self, row: models.Model, field: models.Field[Any, Any]) -> str:
        table = type(row) if field.primary_key else field.related_model
        if table in self._of:
            pointed = row if field.primary_key else getattr(row, field.name)
            return "NULL" if pointed is None else f"{_first(table)} + {pointed.pk}"
        value = getattr(row, field.attname)
        return _MOMENT if value == MOMENT else _literal(field.get_db_prep_save(value, connection))


_MOMENT = "<moment>"


def _first(model: type[models.Model]) -> str:
    return f"<first {model._meta.db_table}>"


def _literal(value: object) -> str:
    return sql.Literal(value).as_string(connection.connection)
