"""The test databases: migrated once into a template, then copied for each test process in a moment.

Every pytest process (each xdist worker, each run in another terminal) takes a numbered slot by a file lock
and works in a database of its own, so that runs beside each other do not meet.
"""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection, connections

from tests.own_database import OwnDatabase

_SCHEMA_SOURCES = (
    "*/migrations/*.py",
    "*/models/**/*.py",
    "*/models.py",
    "cases/enums.py",
    "config/settings/*.py",
)
_SLOTS = 64


def _template_key(root: Path) -> str:
    """Changes whenever something that shapes a fresh database changes."""
    digest = hashlib.sha256()
    for pattern in (*_SCHEMA_SOURCES, "workflows/paths/*.py"):
        for path in sorted(root.glob(pattern)):
            if ".venv" not in path.parts:
                digest.update(str(path.relative_to(root)).encode())
                digest.update(path.read_bytes())
    for package in ("django", "django-viewflow", "django-guardian", "django-allauth", "django-pgtrigger"):
        digest.update(importlib.metadata.version(package).encode())
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _slot(folder: Path) -> Iterator[int]:
    """The first number that no other living test process holds."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(_SLOTS):
        with (folder / f"slot-{number}").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return
    raise RuntimeError(f"More than {_SLOTS} test processes at the same time.")


def _execute(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return list(cursor.fetchall()) if cursor.description else []


def _exists(name: str) -> bool:
    return bool(_execute("SELECT 1 FROM pg_database WHERE datname = %s", name))


def _make_template(name: str, *, verbosity: int) -> None:
    """Migrate into a working name; renaming it says that it is complete."""
    for (old,) in _execute("SELECT datname FROM pg_database WHERE datname LIKE 'berline_template_%%'"):
        with contextlib.suppress(Exception):  # still being copied by an older run: it stays
            _execute(f'DROP DATABASE "{old}"')
    unfinished = "berline_unfinished"
    connection.settings_dict["TEST"]["NAME"] = unfinished
    connection.creation.create_test_db(verbosity=verbosity, autoclobber=True, serialize=False)
    connections.close_all()
    _execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """Replaces pytest-django's: a copy of the template instead of all migrations in each process."""
    folder = settings.BERLINE_VAR / "test-databases"
    original = connection.settings_dict["NAME"]
    template = f"berline_template_{_template_key(settings.BASE_DIR)}"
    with _slot(folder) as number:
        name = f"berline_test_{number}"
        with django_db_blocker.unblock():
            with _locked(folder / "template.lock"):
                if not _exists(template):
                    _make_template(template, verbosity=max(0, request.config.option.verbose - 1))
                _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                _execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            connections.close_all()
            settings.DATABASES["default"]["NAME"] = name
            connection.settings_dict["NAME"] = name
        yield
        with django_db_blocker.unblock():
            connections.close_all()
            connection.settings_dict["NAME"] = original
            _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def address_of_database(name: str = "") -> str:
    """The ``DATABASE_URL`` by which another process uses a database of this server; by default the test's own."""
    params = connection.get_connection_params()
    password = f":{quote(params['password'])}" if params.get("password") else ""
    host = quote(str(params["host"]), safe="") if params.get("host") else ""
    chosen = name or connection.settings_dict["NAME"]
    return f"postgresql://{params['user']}{password}@/{chosen}?host={host}&port={params.get('port') or 5432}"


@pytest.fixture
def spare_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The address of an empty, migrated database of the test's own, for other processes to use."""
    name = f"{connection.settings_dict['NAME']}_spare"
    with django_db_blocker.unblock():
        _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        _execute(f'CREATE DATABASE "{name}" TEMPLATE "berline_template_{_template_key(settings.BASE_DIR)}"')
    yield address_of_database(name)
    with django_db_blocker.unblock():
        _execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def _own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[OwnDatabase]:
    own = OwnDatabase(f"{connection.settings_dict['NAME']}_own", _execute)
    yield own
    with django_db_blocker.unblock():
        own.drop()


@pytest.fixture
def committed(_own_database: OwnDatabase, django_db_blocker: Any) -> Iterator[str]:
    """A database of the test's own, in which commits are real: for threads, processes and locks. Its name.

    The append-only tables refuse the TRUNCATE with which Django cleans up: tests/own_database.py does it otherwise.
    """
    original = connection.settings_dict["NAME"]
    template = f"berline_template_{_template_key(settings.BASE_DIR)}"
    with django_db_blocker.unblock():
        connections.close_all()
        if not _exists(template):  # a source of the schema was edited since this run began
            template = original
        try:
            _own_database.use(template)
            yield _own_database.name
            _own_database.leave()
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = original


@pytest.fixture(scope="session", autouse=True)
def _embedded_server(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whoever leaves last stops the embedded test server."""
    cluster = settings.DATABASES["default"].get("EMBEDDED")
    if cluster is None:
        yield
        return
    users = settings.BERLINE_VAR / "test-databases" / "users"
    users.parent.mkdir(parents=True, exist_ok=True)
    with users.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.environ.get("BERLINE_KEEP_TEST_SERVER") != "1":
                cluster.stop()
