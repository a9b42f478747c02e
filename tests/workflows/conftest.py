"""What the tests of workflows share."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

from tests import database
from tests.journeys import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    """The people of the tests."""
    return Cast()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of the test's own, in which commits are real: for threads, processes and locks. Its name.

    The append-only tables refuse the TRUNCATE with which Django cleans up, so the database is dropped instead.
    """
    original = connection.settings_dict["NAME"]
    template = f"berline_template_{database._template_key(settings.BASE_DIR)}"
    name = f"{original}_own"

    def use(chosen: str) -> None:
        connections.close_all()
        connection.settings_dict["NAME"] = chosen

    with django_db_blocker.unblock():
        use(original)
        database._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        if not database._exists(template):  # a source of the schema was edited since this run began
            template = original
        database._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        use(name)
        yield name
        use(original)
        database._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def people(committed: str) -> Cast:
    """The people of a test whose commits are real."""
    return Cast()
