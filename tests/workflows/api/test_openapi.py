"""The document at ``/api/v1/openapi.json``: complete, in French, and served without a token."""

import json
from typing import Any

import pytest

from tests.api_client import Api

#: Design §11, what issues 2 and 3 ask for.
ROUTES = {
    ("post", "auth/token"),
    ("delete", "auth/token"),
    ("get", "paths"),
    ("get", "paths/{key}"),
    ("get", "paths/{key}/bpmn"),
    ("get", "paths/{key}/diagram.svg"),
    ("post", "simulations"),
    ("get", "dossiers"),
    ("post", "dossiers"),
    ("get", "dossiers/{reference}"),
    ("patch", "dossiers/{reference}"),
    ("post", "dossiers/{reference}/documents"),
    ("get", "dossiers/{reference}/documents/{document_id}"),
    ("post", "dossiers/{reference}/actions"),
    ("get", "dossiers/{reference}/journal"),
    ("get", "dossiers/{reference}/messages"),
    ("post", "dossiers/{reference}/messages"),
    ("get", "dossiers/{reference}/messages/{message_id}/files/{file_id}"),
    ("post", "dossiers/{reference}/copies"),
    ("get", "dossiers/{reference}/links"),
    ("post", "dossiers/{reference}/links"),
    ("delete", "dossiers/{reference}/links/{link_id}"),
    ("get", "queue"),
    ("post", "tasks/{task_id}/claim"),
    ("post", "tasks/next/claim"),
    ("post", "tasks/{task_id}/release"),
    ("post", "tasks/{task_id}/reassign"),
    ("get", "deadlines"),
    ("post", "dossiers/{reference}/deadlines/{deadline_id}/extend"),
    ("get", "backlog"),
    ("get", "notices"),
    ("post", "notices/{notice_id}/acknowledge"),
    ("get", "budget/{fund}/{exercise}"),
    ("get", "properties"),
    ("get", "properties/{code}"),
    ("get", "meetings"),
    ("post", "meetings"),
    ("get", "meetings/{meeting_id}"),
    ("post", "meetings/{meeting_id}/items"),
    ("post", "meetings/{meeting_id}/records"),
    ("post", "meetings/{meeting_id}/close"),
    ("get", "meetings/{meeting_id}/papers/{paper_id}"),
    ("get", "facilities"),
    ("get", "facilities/{code}"),
}


@pytest.fixture(scope="module")
def document() -> Any:
    """The document, as a program gets it."""
    return Api().get("openapi.json").ok()


@pytest.fixture(scope="module")
def operations(document: Any) -> dict[tuple[str, str], Any]:
    """Its operations by method and address."""
    return {
        (method, address.removeprefix("/api/v1/")): operation
        for address, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_of_the_design_is_there(operations: dict[tuple[str, str], Any]) -> None:
    assert set(operations) == ROUTES


def test_every_operation_has_a_title_and_a_description_in_french(
    operations: dict[tuple[str, str], Any],
) -> None:
    for key, operation in operations.items():
        assert operation["summary"], key
        assert operation["description"].strip().endswith((".", ")")), key
        assert operation["tags"], key


def test_only_the_log_in_is_open(operations: dict[tuple[str, str], Any]) -> None:
    assert [key for key, operation in operations.items() if not operation.get("security")] == [
        ("post", "auth/token")
    ]


def test_every_answer_has_a_form(operations: dict[tuple[str, str], Any]) -> None:
    for key, operation in operations.items():
        codes = set(operation["responses"])
        assert codes & {"200", "201", "204"}, key
        assert "401" in codes, key
        for code, response in operation["responses"].items():
            assert response.get("content") or code == "204", (key, code)


def test_references_of_the_document_resolve(document: Any) -> None:
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    for part in text.split('"$ref": "')[1:]:
        reference = part.split('"')[0]
        assert reference.removeprefix("#/components/schemas/") in schemas, reference


def test_operation_names_are_unique(operations: dict[tuple[str, str], Any]) -> None:
    names = [operation["operationId"] for operation in operations.values()]
    assert len(names) == len(set(names))
