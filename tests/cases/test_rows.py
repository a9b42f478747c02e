"""Rows read and written without the ORM's compiler are those that the ORM reads and writes."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from viewflow.workflow.models import Process, Task

from cases import rows
from cases.models import Deadline, Document, Dossier, JournalEntry, Organisation
from tests.journeys import Cast, Journey


@pytest.fixture
def journey(cast: Cast) -> Journey:
    """A dossier with a row in each table, none of its values empty by chance."""
    return Journey.at(cast, "under_review")


@pytest.mark.parametrize("model", [Dossier, Organisation, Process, Task, Deadline, JournalEntry, Document])
def test_build_gives_what_the_orm_gives(journey: Journey, model: type[Model]) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {rows.columns(model, 'one')}, 'rest' FROM {table} one ORDER BY id")
        found = [rows.build(model, row) for row in cursor.fetchall()]
    expected = list(model._default_manager.order_by("pk"))
    assert [rest for _, rest in found] == [("rest",)] * len(expected)
    assert expected
    for (built, _), wanted in zip(found, expected, strict=True):
        assert type(built) is model
        for field in model._meta.concrete_fields:
            mine, theirs = getattr(built, field.attname), getattr(wanted, field.attname)
            assert (mine, type(mine)) == (theirs, type(theirs)), field.attname
        assert (built._state.adding, built._state.db) == (False, "default")


@pytest.mark.parametrize("model", [Task, Deadline])
def test_insert_writes_what_the_orm_writes(journey: Journey, model: type[Model]) -> None:
    copy: Any = model._default_manager.order_by("pk")[0]
    original = copy.pk
    copy.pk = None
    copy._state.adding = True
    rows.insert(copy)
    assert copy.pk > original
    assert (copy._state.adding, copy._state.db) == (False, "default")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(DISTINCT to_jsonb(one) - 'id') FROM {model._meta.db_table} one WHERE id IN (%s, %s)",
            [original, copy.pk],
        )
        assert cursor.fetchone() == (1,)


def test_update_writes_the_named_fields_and_no_others(journey: Journey) -> None:
    dossier = journey.dossier
    dossier.title, dossier.nature = "Autre objet", "?"
    dossier.data = {"title": "Autre objet", "é": [1, None]}
    dossier.involved = ["preparer@1", "a,b\"c'd"]
    dossier.exercise = 2016
    rows.update(dossier, ["title", "data", "involved"])
    stored = journey.dossier
    assert (stored.title, stored.data, stored.involved) == (dossier.title, dossier.data, dossier.involved)
    assert stored.exercise == 2015


def test_update_of_a_row_that_is_gone_is_told(journey: Journey) -> None:
    dossier = journey.dossier
    dossier.pk = 0
    with pytest.raises(LookupError):
        rows.update(dossier, ["title"])


def test_statements_are_planned_once_and_still_logged(journey: Journey) -> None:
    """The third time and later PostgreSQL has them prepared; who reads the log reads what was sent."""

    def ask() -> None:
        with rows.cursor() as cursor:
            cursor.execute("SELECT %s::int + 41", [1])
            assert cursor.fetchone() == (42,)

    for _ in range(5):
        ask()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1::int + 41'")
        assert cursor.fetchone() == (1,)
    with CaptureQueriesContext(connection) as log:
        ask()
    assert [one["sql"] for one in log.captured_queries] == ["SELECT 1::int + 41"]
