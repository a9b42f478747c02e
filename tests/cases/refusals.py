"""Asks PostgreSQL by which name it refuses a row: what the tests of the registers' constraints share.

A sound row of each model is known; a fault is that row with one thing wrong, so that nothing else can be refused.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pgtrigger
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from viewflow.workflow.models import Process

from cases.enums import OrganisationKind
from cases.models import Dossier, Organisation, User
from workflows.paths.fnmo_investment import FnmoInvestment

AT = datetime(2015, 3, 3, 9, tzinfo=UTC)
DAY = date(2015, 3, 3)

Values = Mapping[str, Any]
Fault = Callable[["Rows"], Any]
Moves = dict[str, set[str]]


class Rows:
    """A body, two people, three dossiers; and one row of any model, sound but for what is said."""

    def __init__(self, sound: Callable[["Rows", type[models.Model]], Values]) -> None:
        self._sound = sound
        self._known: dict[type[models.Model], Any] = {}
        self.body = Organisation.objects.create(
            code="carmi", name="CARMI", kind=OrganisationKind.CARMI, lineage="/carmi/"
        )
        self.user, self.other = User.objects.bulk_create(
            User(username=name, display_name=name, password="!") for name in ("anne", "alain")
        )
        processes = Process.objects.bulk_create(Process(flow_class=FnmoInvestment) for _ in range(3))
        self.dossiers = Dossier.objects.bulk_create(
            Dossier(
                reference=f"FNMO-2015-{number:04d}",
                path="fnmo_investment",
                organisation=self.body,
                created_at=AT,
                updated_at=AT,
                process=process,
            )
            for number, process in enumerate(processes, start=1)
        )
        self.dossier = self.dossiers[0]

    def one(self, model: type[models.Model]) -> Any:
        """The sound row of that model, inserted on the first call."""
        if model not in self._known:
            self._known[model] = self.insert(model)
        return self._known[model]

    def insert(self, model: type[models.Model], **wrong: Any) -> Any:
        """Insert a sound row but for these values; a callable gets these rows."""
        given = {name: value(self) if callable(value) else value for name, value in wrong.items()}
        return model._default_manager.create(**{**self._sound(self, model), **given})

    def refused_as(self, fault: Fault) -> str:
        """The constraint by whose name PostgreSQL refuses, else its message; empty when it does not refuse."""
        try:
            with transaction.atomic():
                fault(self)
                transaction.set_rollback(True)
        except IntegrityError as error:
            return str(error.__cause__.diag.constraint_name)  # type: ignore[union-attr]
        except DatabaseError as error:
            return str(error)
        finally:
            self._forget()
        return ""

    def refused_with(self, model: type[models.Model], statement: str) -> str:
        """What PostgreSQL says to a raw statement on a table (``{}``) that has one sound row."""
        with transaction.atomic():
            self.one(model)
            said = self.refused_as(raw(statement.format(table(model))))
            transaction.set_rollback(True)
        self._forget()
        return said

    def _forget(self) -> None:
        """Rows that the savepoint took back are not known any more."""
        self._known = {
            model: row
            for model, row in self._known.items()
            if model._default_manager.filter(pk=row.pk).exists()
        }


def wrong(model: type[models.Model], **values: Any) -> Fault:
    """A row of ``model`` that is sound but for these values."""
    return lambda rows: rows.insert(model, **values)


def twice(model: type[models.Model], first: Values | None = None, **second: Any) -> Fault:
    """Two rows of ``model`` that differ by these values alone."""

    def insert(rows: Rows) -> None:
        rows.insert(model, **(first or {}))
        rows.insert(model, **{**(first or {}), **second})

    return insert


def names(modules: Iterable[str]) -> set[str]:
    """The named constraints of the models of these modules."""
    found = [model for model in apps.get_app_config("cases").get_models() if model.__module__ in modules]
    assert {model.__module__ for model in found} == set(modules)
    return {constraint.name for model in found for constraint in model._meta.constraints}


def triggers(modules: Iterable[str]) -> set[str]:
    """The triggers of the models of these modules."""
    return {trigger.name for model, trigger in pgtrigger.registered() if model.__module__ in modules}


def table(model: type[models.Model]) -> str:
    """The name of its table."""
    return model._meta.db_table


def raw(*statements: str) -> Fault:
    """Raw statements, as somebody with a console would write them, once what was postponed has been checked."""

    def execute(rows: Rows) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for statement in statements:
                cursor.execute(statement)

    return execute


def moves_let_through(rows: Rows, model: type[models.Model], field: str, states: Iterable[str]) -> Moves:
    """From each state the others to which raw SQL may move a row that stands there."""
    found: Moves = {}
    states = list(states)
    for source in states:
        with transaction.atomic(), connection.cursor() as cursor:
            row = rows.insert(model, **{field: source})
            found[source] = set()
            for target in states:
                try:
                    with transaction.atomic():
                        statement = f"UPDATE {table(model)} SET {field} = %s WHERE id = %s"
                        cursor.execute(statement, [target, row.pk])
                        if target != source:
                            found[source].add(target)
                        transaction.set_rollback(True)
                except DatabaseError as error:
                    if "Invalid transition" not in str(error):
                        raise
            transaction.set_rollback(True)
    return found
