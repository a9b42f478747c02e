"""Thousands of rows at once, by COPY: ten times quicker than INSERT, and the same few statements however many they are.

Constraints and triggers hold as for any other row, and a refusal raises the errors of ``django.db``. No signals. Both
functions need the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db import connection, connections
from django.db.models import Model

_PARKED: Final = "berline_bulk"


def insert(instances: Sequence[Model]) -> None:
    """Insert new instances of one model and give each its key. Two statements, none without instances."""
    if not instances:
        return
    model = type(instances[0])
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, len(instances)],
        )
        for instance, (key,) in zip(instances, cursor.fetchall(), strict=True):
            instance.pk = key
    _copy(table, list(model._meta.concrete_fields), instances, adding=True)
    for instance in instances:
        instance._state.adding = False
        instance._state.db = connection.alias


def update(instances: Sequence[Model], names: Iterable[str]) -> None:
    """Write these fields of stored instances of one model. Four statements, none without instances.

    Raises ``LookupError`` when a row is not there.
    """
    if not instances:
        return
    model = type(instances[0])
    table = model._meta.db_table
    written = [field for field in model._meta.concrete_fields if field.name in set(names)]
    fields = [*(field for field in model._meta.concrete_fields if field.primary_key), *written]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(f'"{field.column}" = parked."{field.column}"' for field in written)
    with connection.cursor() as cursor:
        cursor.execute(
            f'CREATE TEMPORARY TABLE "{_PARKED}" ON COMMIT DROP AS '  # noqa: S608 (names of our models)
            f'SELECT {columns} FROM "{table}" WITH NO DATA'
        )
        _copy(_PARKED, fields, instances, adding=False)
        cursor.execute(
            f'UPDATE "{table}" SET {places} FROM "{_PARKED}" parked '  # noqa: S608 (as above)
            f'WHERE "{table}".id = parked.id'
        )
        changed = cursor.rowcount
        cursor.execute(f'DROP TABLE "{_PARKED}"')
    if changed != len(instances):
        raise LookupError(f"{len(instances) - changed} rows of {model.__name__} are not there")


def _copy(table: str, fields: Sequence[Any], instances: Sequence[Model], *, adding: bool) -> None:
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy,
    ):
        to = connections[connection.alias]  # looked up once, not for each value
        for instance in instances:
            copy.write_row([field.get_db_prep_save(field.pre_save(instance, adding), to) for field in fields])
