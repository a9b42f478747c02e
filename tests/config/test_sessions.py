"""A session ends after inactivity, and stays open while it is used, at one write a minute at most."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import User

START = datetime(2016, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def visitor(db: None, client: Client, clock: time_machine.Traveller) -> Client:
    client.force_login(User.objects.create_user("visitor", password="correct horse battery"))
    return client


def is_logged_in(client: Client) -> bool:
    return client.get("/compte/password/change/").status_code == 200


def writes(client: Client) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert is_logged_in(client)
    return sum("UPDATE" in query["sql"] and "django_session" in query["sql"] for query in queries)


def test_session_ends_after_inactivity(visitor: Client, clock: time_machine.Traveller) -> None:
    assert is_logged_in(visitor)
    clock.shift(29 * 60)
    assert is_logged_in(visitor)
    clock.shift(31 * 60)
    assert not is_logged_in(visitor)


def test_session_in_use_stays_open_all_day(visitor: Client, clock: time_machine.Traveller) -> None:
    for _ in range(24):
        assert is_logged_in(visitor)
        clock.shift(20 * 60)
    assert is_logged_in(visitor)


def test_session_is_written_once_a_minute_at_most(visitor: Client, clock: time_machine.Traveller) -> None:
    assert writes(visitor) == 1
    assert [writes(visitor) for _ in range(3)] == [0, 0, 0]
    clock.shift(59)
    assert writes(visitor) == 0
    clock.shift(1)
    assert writes(visitor) == 1


def test_session_survives_a_clock_that_was_set_back(visitor: Client, clock: time_machine.Traveller) -> None:
    assert is_logged_in(visitor)
    clock.shift(-3600)
    assert writes(visitor) == 1
    clock.shift(29 * 60)
    assert is_logged_in(visitor)


@pytest.mark.django_db
def test_visitor_without_a_session_gets_none(client: Client) -> None:
    client.get("/healthz")
    assert Session.objects.count() == 0


def test_request_keeps_a_sound_identifier_and_replaces_any_other(client: Client) -> None:
    def answer(given: str) -> str:
        return client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"]

    assert answer("front-0123456789") == "front-0123456789"
    assert answer("two words").isalnum()
