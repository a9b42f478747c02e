"""The operators' two addresses."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client

from notifications.tasks import heartbeat


def test_healthz_answers_without_the_database(client: Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
class TestReadyz:
    def test_without_a_worker_is_unavailable(self, client: Client) -> None:
        cache.clear()
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json() == {
            "status": "unavailable",
            "checks": {"database": "ok", "migrations": "ok", "worker": "no heartbeat"},
        }

    def test_after_a_heartbeat_is_ready_until_it_grows_old(self, client: Client) -> None:
        with time_machine.travel(datetime(2016, 3, 1, 9, tzinfo=UTC), tick=False) as clock:
            heartbeat()
            assert client.get("/readyz").status_code == 200
            clock.shift(120)
            assert client.get("/readyz").status_code == 200
            clock.shift(1)
            response = client.get("/readyz")
            assert response.status_code == 503
            assert response.json()["checks"]["worker"] == "last heartbeat 121 s ago"

    def test_with_a_migration_not_applied_is_unavailable(self, client: Client) -> None:
        heartbeat()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["checks"]["migrations"] == "1 missing"
