"""How many SQL statements each call costs, whatever the number of dossiers. The token is one of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.journeys import Cast, Journey


@contextmanager
def at_most(limit: int) -> Iterator[None]:
    """Fail with the statements when there are more. Savepoints count: they are round trips too."""
    with CaptureQueriesContext(connection) as captured:
        yield
    statements = [one["sql"] for one in captured.captured_queries]
    assert len(statements) <= limit, f"{len(statements)} statements\n" + "\n".join(
        one[:160] for one in statements
    )


@pytest.fixture
def dossiers(cast: Cast) -> list[Journey]:
    """One dossier that has been everywhere, and others beside it."""
    main = Journey.at(cast, "approved", pieces=("presentation_note", "economic_file"))
    return [main, *(Journey.at(cast, "under_review") for _ in range(5))]


@pytest.mark.parametrize("person", ["agent", "director", "reviewer", "dg", "auditor"])
def test_dossier_costs_at_most_twenty(people: Any, dossiers: list[Journey], person: str) -> None:
    api = people[person]
    with at_most(20):
        api.get(f"dossiers/{dossiers[0].reference}").ok()


def test_queue_costs_at_most_eight(people: Any, dossiers: list[Journey]) -> None:
    api = people.reviewer
    with at_most(8):
        page = api.get("queue", path="fnmo_investment", organisation="carmi-npdc").ok()
    assert len(page["items"]) == 5


def test_lists_cost_at_most_four(people: Any, dossiers: list[Journey]) -> None:
    api = people.reviewer
    for address in ("dossiers", "deadlines"):
        with at_most(4):
            assert len(api.get(address).ok()["items"]) >= 5


def test_journal_costs_at_most_four(people: Any, dossiers: list[Journey]) -> None:
    api = people.agent
    with at_most(4):
        api.get(f"dossiers/{dossiers[0].reference}/journal").ok()


def test_act_costs_at_most_sixteen_and_its_token(people: Any, dossiers: list[Journey]) -> None:
    api, reference, version = people.reviewer, dossiers[1].reference, dossiers[1].dossier.version
    with at_most(16 + 1):
        api.act(reference, "check.complete", version).ok()


def test_description_of_a_path_costs_its_token_only(people: Any) -> None:
    api = people.agent
    for address in (
        "paths",
        "paths/fnmo_investment",
        "paths/fnmo_investment/bpmn",
        "paths/fnmo_investment/diagram.svg",
    ):
        with at_most(1):
            assert api.get(address).status == 200
