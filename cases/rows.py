"""Rows of the hot path of an act, read and written by statements that are written once.

Django compiles each statement anew and PostgreSQL plans it anew, which took two thirds of the time of an act
(``make bench``). What stands here does for whole rows what the ORM does, through the same fields and converters, and
nothing else: no signals, no inheritance. ``cursor`` is for the statements of the hot path only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, Model

ModelT = TypeVar("ModelT", bound=Model)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A model's columns in order, and how each is read and written."""

    table: str
    names: tuple[str, ...]
    columns: tuple[str, ...]
    converters: tuple[tuple[int, Callable[..., Any]], ...]
    insertable: tuple[Field[Any, Any], ...]
    by_name: dict[str, Field[Any, Any]]


@cache
def _shape(model: type[Model]) -> _Shape:
    fields = model._meta.concrete_fields
    return _Shape(
        table=model._meta.db_table,
        names=tuple(field.attname for field in fields),
        columns=tuple(str(field.column) for field in fields),
        converters=tuple(
            (index, field.from_db_value)
            for index, field in enumerate(fields)
            if hasattr(field, "from_db_value")
        ),
        insertable=tuple(field for field in fields if not field.primary_key),
        by_name={field.name: field for field in fields},
    )


@contextmanager
def cursor() -> Iterator[CursorWrapper]:
    """A cursor whose parameters travel apart from the statement, which PostgreSQL then plans only once.

    Where statements are logged (DEBUG, tests that read them) it is Django's usual one, which knows what it sent.
    """
    with connection.cursor() as wrapper:
        if not connection.queries_logged:
            wrapper.cursor = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
        yield wrapper


def columns(model: type[Model], alias: str) -> str:
    """The columns of a model for a SELECT, in the order in which ``build`` takes their values."""
    return ", ".join(f'{alias}."{column}"' for column in _shape(model).columns)


def build(model: type[ModelT], values: Sequence[Any]) -> tuple[ModelT, Sequence[Any]]:
    """An instance from the first values of a row, and the values that remain."""
    shape = _shape(model)
    count = len(shape.names)
    own = list(values[:count])
    for index, convert in shape.converters:
        own[index] = convert(own[index], None, connection)
    return model.from_db(connection.alias, shape.names, own), values[count:]


def inserted_columns(model: type[Model]) -> str:
    """The columns of an INSERT, in the order of ``inserted_values``; PostgreSQL gives the key."""
    return ", ".join(f'"{field.column}"' for field in _shape(model).insertable)


def inserted_values(instance: Model) -> list[Any]:
    """The values of a new row."""
    return [
        field.get_db_prep_save(field.pre_save(instance, True), connection)
        for field in _shape(type(instance)).insertable
    ]


@cache
def _insertion(model: type[Model]) -> str:
    shape = _shape(model)
    places = ", ".join(["%s"] * len(shape.insertable))
    return f'INSERT INTO "{shape.table}" ({inserted_columns(model)}) VALUES ({places}) RETURNING id'  # noqa: S608


def insert(instance: Model) -> None:
    """Insert a new instance and give it its key. One statement."""
    with cursor() as opened:
        opened.execute(_insertion(type(instance)), inserted_values(instance))
        (instance.pk,) = opened.fetchone()
    instance._state.adding = False
    instance._state.db = connection.alias


@cache
def _insertions(model: type[Model], count: int) -> str:
    shape = _shape(model)
    places = ", ".join(["%s"] * len(shape.insertable))
    rows = ", ".join([f"({places})"] * count)
    return f'INSERT INTO "{shape.table}" ({inserted_columns(model)}) VALUES {rows} RETURNING id'  # noqa: S608


def insert_all(instances: Sequence[Model]) -> None:
    """Insert new instances of one model and give each its key. One statement, none without instances."""
    if not instances:
        return
    values = [value for one in instances for value in inserted_values(one)]
    with cursor() as opened:
        opened.execute(_insertions(type(instances[0]), len(instances)), values)
        keys = [row[0] for row in opened.fetchall()]
    for instance, key in zip(instances, sorted(keys), strict=True):
        instance.pk = key
        instance._state.adding = False
        instance._state.db = connection.alias


@cache
def _change(model: type[Model], names: tuple[str, ...]) -> str:
    shape = _shape(model)
    places = ", ".join(f'"{shape.by_name[name].column}" = %s' for name in names)
    return f'UPDATE "{shape.table}" SET {places} WHERE id = %s'  # noqa: S608


def update(instance: Model, names: Iterable[str]) -> None:
    """Write these fields of a stored instance. One statement; ``LookupError`` when its row is not there."""
    model, chosen = type(instance), tuple(names)
    by_name = _shape(model).by_name
    values = [
        by_name[name].get_db_prep_save(by_name[name].pre_save(instance, False), connection) for name in chosen
    ]
    with cursor() as opened:
        opened.execute(_change(model, chosen), [*values, instance.pk])
        if opened.rowcount != 1:
            raise LookupError(f"{model.__name__} {instance.pk} is not there")
