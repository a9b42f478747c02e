"""What each page costs in SQL statements: literal numbers, the same for few dossiers and for many."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import User
from tests.journeys import Cast, Journey
from tests.pages import analyze, at_the_site

pytestmark = pytest.mark.django_db


def warm(user: User) -> Client:
    """A client whose session has just been written: one write a minute pushes its end back."""
    client = at_the_site(user)
    client.get("/taches/")
    return client


def count(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


@pytest.fixture
def statements(cast: Cast) -> Callable[[str, str], int]:
    clients: dict[str, Client] = {}

    def measure(who: str, address: str) -> int:
        client = clients.setdefault(who, warm(cast.people[who]))
        return count(client, address)

    return measure


def test_queue_costs_the_same_with_one_three_and_hundreds_of_rows(
    cast: Cast, statements: Callable[[str, str], int]
) -> None:
    Journey.at(cast, "under_review")
    assert statements("reviewer", "/taches/") == 7
    for _ in range(2):
        Journey.at(cast, "under_review")
    assert statements("reviewer", "/taches/") == 7
    for number in range(300):
        Journey.start(cast, pieces=(), title=f"Opération {number}")
    assert statements("agent", "/taches/") == 7
    assert statements("agent", "/taches/?free=1&q=operation&organisation=carmi-npdc") == 7


def test_queue_stays_within_eight_when_the_session_is_renewed(cast: Cast) -> None:
    Journey.at(cast, "under_review")
    client = at_the_site(cast.reviewer)
    session = client.session
    session["_active_at"] = 0  # last written long ago: this request pushes the session's end back
    session.save()
    assert count(client, "/taches/") <= 8
    assert client.session["_active_at"] > 0


def test_home_costs_the_same_with_one_and_three_dossiers(
    cast: Cast, statements: Callable[[str, str], int]
) -> None:
    Journey.at(cast, "under_review")
    assert statements("reviewer", "/") == 10
    for _ in range(2):
        Journey.at(cast, "under_review")
    assert statements("reviewer", "/") == 10


def test_search_costs_the_same_with_one_and_three_rows(
    cast: Cast, statements: Callable[[str, str], int]
) -> None:
    Journey.start(cast)
    analyze()
    assert statements("agent", "/dossiers/?q=lens") == 16
    for _ in range(2):
        Journey.start(cast)
    assert statements("agent", "/dossiers/?q=lens") == 16


@pytest.mark.parametrize(
    ("status", "who"),
    [
        ("draft", "agent"),
        ("under_review", "reviewer"),
        ("to_complete", "agent"),
        ("awaiting_decision", "dg"),
        ("approved", "director"),
        ("closed", "auditor"),
        ("under_review", "manager"),
    ],
)
def test_dossier_page_stays_below_twenty_statements(
    cast: Cast, statements: Callable[[str, str], int], status: str, who: str
) -> None:
    journey = Journey.at(cast, status, "48000", is_restructuring=False)
    assert statements(who, f"/dossiers/{journey.reference}/") <= 20


def test_dossier_page_costs_the_same_for_a_long_history(
    cast: Cast, statements: Callable[[str, str], int]
) -> None:
    journey = Journey.at(cast, "under_review")
    Journey.at(cast, "under_review")
    before = statements("reviewer", f"/dossiers/{journey.reference}/")
    for _ in range(4):
        journey.act("check.request_pieces")
        journey.add()
        journey.act("complete_file.resubmit")
    Journey.at(cast, "under_review")
    assert statements("reviewer", f"/dossiers/{journey.reference}/") == before


def test_roles_cost_the_same_for_few_and_many_people(
    cast: Cast, statements: Callable[[str, str], int]
) -> None:
    before = statements("admin", "/roles/")
    for number in range(5):
        cast.person(f"autre{number}", (cast.agent.role_grants.get().role, "carmi-npdc"))
    assert statements("admin", "/roles/") == before
