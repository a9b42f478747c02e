"""A real browser on a live server: Debian's Chromium, offline but for this machine, watched for every complaint.

The server and the browser are started once. Each test begins with a small cast of people in an otherwise empty
database, which is emptied again afterwards: the server's thread does not see what a test's transaction holds back.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from playwright.sync_api import Browser, Playwright, sync_playwright
from pytest_django.live_server_helper import LiveServer

from cases.models import Facility, User
from tests.browser.people import PASSWORD, Person, Watch
from tests.journeys import Cast

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--headless=new",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
#: Rows that a migration made and no test changes.
KEPT = {"django_migrations", "django_content_type", "auth_permission", "berline_cache"}
FACILITIES = (
    ("cds-lens", "Centre de santé de Lens", "Lens"),
    ("cds-lievin", "Centre de santé de Liévin", "Liévin"),
    ("pharmacie-bruay", "Pharmacie de Bruay", "Bruay-la-Buissière"),
)


def chromium() -> str:
    """Where the browser is: CHROMIUM, or Debian's."""
    path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.fail(f"No Chromium at {path}: install Debian's package or set CHROMIUM.")
    return path


@pytest.fixture(scope="session")
def _driver() -> Iterator[Playwright]:
    # Its event loop stays in this thread, where Django would forbid the tests' own queries.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as driver:
        yield driver
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def chrome(_driver: Playwright) -> Iterator[Browser]:
    """The browser."""
    browser = _driver.chromium.launch(
        executable_path=chromium(), args=list(ARGUMENTS), ignore_default_args=["--headless"]
    )
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[LiveServer]:
    """The site on a free port of this machine."""
    with django_db_blocker.unblock():
        started = LiveServer("127.0.0.1")
        yield started
        started.stop()


def empty_the_database() -> None:
    """Delete every row but the migrations' own, past the triggers that protect the journals."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(relname), relhastriggers FROM pg_class JOIN pg_namespace s ON s.oid = relnamespace "
            "WHERE relkind = 'r' AND nspname = 'public' AND relname <> ALL(%s) ORDER BY relname",
            [sorted(KEPT)],
        )
        tables = cursor.fetchall()
        guarded = [name for name, has_triggers in tables if has_triggers]
        statements = [f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in guarded]
        statements += [f"TRUNCATE {', '.join(name for name, _ in tables)} RESTART IDENTITY CASCADE"]
        statements += [f"ALTER TABLE {name} ENABLE TRIGGER USER" for name in guarded]
        cursor.execute(f"BEGIN; {'; '.join(statements)}; TRUNCATE berline_cache; COMMIT")


@pytest.fixture
def cast(server: LiveServer, django_db_blocker: Any) -> Iterator[Cast]:
    """The people of the tests, who can log in, and some facilities."""
    with django_db_blocker.unblock():
        empty_the_database()
        people = Cast()
        password = make_password(PASSWORD)
        User.objects.update(password=password)
        for one in people.people.values():
            one.password = password
        for code, name, town in FACILITIES:
            Facility.objects.create(
                code=code, name=name, town=town, organisation=people.body["carmi-npdc"], active=True
            )
        yield people
        empty_the_database()
        connection.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test at its end for anything that a browser complained of."""
    watching = Watch()
    yield watching
    assert not watching.complaints, "\n".join(watching.complaints)


@pytest.fixture
def person(chrome: Browser, server: LiveServer, cast: Cast, watch: Watch) -> Iterator[Callable[..., Person]]:
    """``person("agent")``: somebody at their own browser window, logged in. ``person(None)``: a visitor."""
    opened: list[Person] = []

    def open_window(username: str | None, **options: Any) -> Person:
        user = cast.people[username] if username else None
        opened.append(Person(chrome, server.url, watch, user, **options))
        return opened[-1]

    yield open_window
    for one in opened:
        one.close()
