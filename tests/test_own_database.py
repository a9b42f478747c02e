"""The database of tests that commit: whatever a test leaves there, the next one finds nothing of it."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections

from cases.models import JournalEntry, User
from notifications.models import OutboxRow
from tests.database import _exists, _template_key, address_of_database
from tests.journeys import Cast, Journey
from tests.own_database import OwnDatabase

Between = Callable[[], None]


@pytest.fixture
def next_test(_own_database: OwnDatabase, django_db_blocker: Any) -> Iterator[Between]:
    """In the database; call it to end one test and begin the next."""
    original = connection.settings_dict["NAME"]
    template = f"berline_template_{_template_key(settings.BASE_DIR)}"
    with django_db_blocker.unblock():
        connections.close_all()
        template = template if _exists(template) else original

        def begin() -> None:
            _own_database.leave()
            _own_database.use(template)

        _own_database.use(template)
        yield begin
        _own_database.leave()
        connection.settings_dict["NAME"] = original


def ask(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def test_rows_and_numbers_begin_anew(next_test: Between) -> None:
    first = Journey.at(Cast(), "submitted")
    assert JournalEntry.objects.exists()
    next_test()
    assert not any(model.objects.exists() for model in (User, JournalEntry, OutboxRow))
    second = Journey.at(Cast(), "submitted")
    assert (second.pk, second.cast.agent.pk) == (first.pk, first.cast.agent.pk)


@pytest.mark.parametrize(
    "left",
    [
        "CREATE TABLE left_behind (id int)",
        "ALTER TABLE cases_journalentry DISABLE TRIGGER USER",
        "ALTER TABLE cases_dossier DROP CONSTRAINT dossier_version_positive",
        "ALTER TABLE cases_dossier ADD COLUMN more int",
        "UPDATE auth_permission SET name = 'x'",
        "DELETE FROM django_migrations",
        "CREATE OR REPLACE FUNCTION left_behind() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_what_cannot_be_emptied_is_made_anew(next_test: Between, left: str) -> None:
    before = ask("SELECT oid FROM pg_database WHERE datname = current_database()")
    ask(left)
    next_test()
    assert ask("SELECT oid FROM pg_database WHERE datname = current_database()") != before


def test_other_processes_are_shown_out(next_test: Between) -> None:
    other = psycopg.connect(address_of_database())
    other.execute("LOCK TABLE cases_user")  # and hold up whoever comes next
    next_test()
    ask("SELECT count(*) FROM cases_user")
    with pytest.raises(psycopg.OperationalError):
        other.execute("SELECT 1")
    other.close()
