"""Whatever goes wrong, the API answers ``{"code", "message", "details"}`` in French, and writes nothing."""

import json
import logging
from typing import Any

import pytest
from django.db import connection

from tests.api_client import Api
from tests.journeys import Cast, state_of_everything

FINE = {"path": "fnmo_investment", "organisation": "carmi-npdc", "data": {"amount_ht": "25000.50"}}


@pytest.fixture
def api(cast: Cast) -> Api:
    """The agent at the API."""
    return Api(cast.agent)


def nested(depth: int) -> bytes:
    """An object nested ``depth`` times."""
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b'"texte"',
        b"null",
        b"\xff\xfe",
        b"path=fnmo_investment",
        b'{"path": "a", "path": "b"}',
        b'{"data": {"amount_ht": NaN}}',
        b'{"data": {"amount_ht": -Infinity}}',
        b'{"data": ' + b"9" * 5_000 + b"}",
        nested(21),
        nested(100_000),
    ],
    ids=lambda raw: raw[:20].decode(errors="replace"),
)
def test_unreadable_body_is_refused(api: Api, raw: bytes) -> None:
    before = state_of_everything()
    api.send("POST", "dossiers", raw=raw).refused(400, "invalid")
    assert state_of_everything() == before


@pytest.mark.parametrize("text", ["a\\u0000b", "\\ud800"], ids=["nul", "surrogate"])
@pytest.mark.parametrize("place", ["title", "path", "key"])
def test_text_that_cannot_be_kept_is_refused(api: Api, text: str, place: str) -> None:
    body = {
        "title": '{"path": "fnmo_investment", "organisation": "carmi-npdc", "data": {"title": "BAD"}}',
        "path": '{"path": "BAD", "organisation": "carmi-npdc", "data": {}}',
        "key": '{"path": "fnmo_investment", "organisation": "carmi-npdc", "data": {"BAD": 1}}',
    }[place].replace("BAD", text)
    error = api.send("POST", "dossiers", raw=body.encode()).refused(422, "invalid")
    assert list(error["details"].values()) == [["Ce texte contient un caractère interdit : retapez-le."]]


def test_empty_body_says_what_is_expected(api: Api) -> None:
    error = api.send("POST", "dossiers", raw=b"").refused(422, "invalid")
    assert error["details"] == {"body": ["Envoyez un objet JSON dans le corps de la demande."]}


def test_fields_of_the_body_are_named_in_french(api: Api) -> None:
    error = api.post("simulations", {"path": 1, "organisation": "x" * 41, "date": "demain"}).refused(
        422, "invalid"
    )
    assert error["details"] == {
        "path": ["Envoyez un texte."],
        "organisation": ["Pas plus de 40 caractères."],
        "data": ["Cette donnée est obligatoire."],
        "date": ["Donnée inconnue : retirez-la."],
    }


def test_body_above_the_limit_is_too_large(api: Api, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    raw = json.dumps(FINE | {"data": {"title": "x" * 1_000}}).encode()
    api.send("POST", "dossiers", raw=raw).refused(413, "too_large")


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("PUT", "paths", {"GET"}),
        ("DELETE", "dossiers", {"GET", "POST"}),
        ("GET", "auth/token", {"POST", "DELETE"}),
        ("OPTIONS", "queue", {"GET"}),
        ("HEAD", "queue", {"GET"}),
    ],
)
def test_wrong_method_says_which_are_right(api: Api, method: str, address: str, allowed: set[str]) -> None:
    answer = api.send(method, address)
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(", ")) == allowed
    if method != "HEAD":
        answer.refused(405, "method_not_allowed")


@pytest.mark.parametrize(
    "address",
    ["", "nulle-part", "dossiers/", "paths/fnmo_investment/", "tasks/abc/claim", "tasks/-1/claim", "docs"],
)
def test_unknown_address_is_not_found(api: Api, address: str) -> None:
    api.get(address).refused(404, "not_found")


@pytest.mark.parametrize(
    "address", ["dossiers/FNMO%00", "paths/%00", "dossiers?q=%00", "queue?path=%00", "dossiers?cursor=%00"]
)
def test_nul_in_an_address_is_invalid(api: Api, address: str) -> None:
    api.get(address).refused(422, "invalid")


@pytest.mark.parametrize(
    "address",
    [
        "dossiers?statut=draft",
        "queue?overdu=1",
        "deadlines?from=2015-01-01",
        "paths?page=2",
        "queue?mine=1&mine=0",
    ],
)
def test_unknown_or_doubled_parameter_is_invalid(api: Api, address: str) -> None:
    error = api.get(address).refused(422, "invalid")
    assert len(error["details"]) == 1


def test_answers_are_neither_cached_nor_framed_nor_sniffed(api: Api) -> None:
    for answer in (
        api.get("dossiers"),
        api.get("nulle-part"),
        api.send("PUT", "paths"),
        Api().get("dossiers"),
    ):
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_failure_is_logged_and_says_nothing_of_the_inside(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cases_deadline RENAME TO cases_gone")
    with caplog.at_level(logging.ERROR, "django.request"):
        answer = api.get("deadlines")
    error = answer.refused(500, "error")
    assert error["details"] == {}
    assert "cases_" not in answer.text
    assert "Traceback" not in answer.text
    assert any("cases_deadline" in str(record.exc_info[1]) for record in caplog.records if record.exc_info)
