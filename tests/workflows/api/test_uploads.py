"""``POST dossiers/{reference}/documents``: streamed, limited, recognised by content, versioned."""

import hashlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cases.models import Document, JournalEntry
from tests.api_client import ROOT, Answer, Api
from tests.journeys import PDF, Cast, Journey, state_of_everything


def test_piece_is_stored_with_its_type_and_fingerprint(people: Any, cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    answer = people.agent.upload(journey.reference, name="Note d’été.txt.pdf")
    found = answer.ok(201)
    assert found["content_type"] == "application/pdf"
    assert found["size"] == len(PDF)
    assert found["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (found["kind"], found["version"], found["current"]) == ("presentation_note", 1, True)
    assert found["uploaded_by"] == "Anne Agent"
    assert answer.headers["Location"] == found["url"]
    assert Answer(people.agent.client.get(found["url"])).content == PDF
    entry = JournalEntry.objects.filter(dossier=journey.pk).latest("sequence")
    assert entry.changes["document"]["sha256"] == found["sha256"]


def test_new_file_supersedes_the_former(people: Any, cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    people.agent.upload(journey.reference).ok(201)
    assert people.agent.upload(journey.reference).ok(201)["version"] == 2
    assert list(Document.objects.order_by("version").values_list("version", "current")) == [
        (1, False),
        (2, True),
    ]


@pytest.mark.parametrize(
    ("person", "at", "options", "status", "code"),
    [
        ("agent", "draft", {"content": b""}, 422, "invalid"),
        ("agent", "draft", {"content": b"MZ\x90\x00programme", "name": "note.pdf"}, 422, "invalid"),
        (
            "agent",
            "draft",
            {"content": b"<html><script>alert(1)</script>", "name": "note.pdf"},
            422,
            "invalid",
        ),
        ("agent", "draft", {"kind": "nope"}, 422, "invalid"),
        ("agent", "draft", {"kind": ""}, 422, "invalid"),
        ("agent", "draft", {"kind": "a\x00b"}, 422, "invalid"),
        ("agent", "draft", {"kind": "decision"}, 422, "invalid"),
        ("agent", "draft", {"extra": "1"}, 422, "invalid"),
        ("director", "draft", {}, 403, "forbidden"),
        ("reviewer", "draft", {}, 403, "forbidden"),
        ("est_agent", "draft", {}, 404, "not_found"),
        ("nobody", "draft", {}, 404, "not_found"),
        ("agent", "submitted", {}, 422, "blocked"),
        ("agent", "approved", {}, 422, "blocked"),
        ("agent", "withdrawn", {}, 422, "blocked"),
    ],
)
def test_refused_piece_writes_nothing(
    people: Any, cast: Cast, person: str, at: str, options: dict[str, Any], status: int, code: str
) -> None:
    journey, api = Journey.at(cast, at), people[person]
    before = state_of_everything(journey.reference)
    api.upload(journey.reference, **options).refused(status, code)
    assert state_of_everything(journey.reference) == before


def test_file_above_the_limit_is_too_large(people: Any, cast: Cast, settings: Any) -> None:
    settings.BERLINE_MAX_UPLOAD_MB = 1
    journey, agent = Journey.start(cast, pieces=()), people.agent
    before = state_of_everything(journey.reference)
    padded = b"%PDF-1.4\n" + b"%" * 2**20 + b"\n" + PDF
    error = agent.upload(journey.reference, content=padded).refused(413, "too_large")
    assert "1 Mo" in error["message"]
    assert error["details"]["file"]
    assert state_of_everything(journey.reference) == before


def test_request_far_above_the_limit_is_cut(people: Any, cast: Cast, settings: Any) -> None:
    settings.BERLINE_MAX_UPLOAD_MB = 1
    journey = Journey.start(cast, pieces=())
    people.agent.upload(journey.reference, content=b"x" * (9 * 2**20)).refused(413, "too_large")


def test_two_files_at_once_are_refused(people: Any, cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    files = [SimpleUploadedFile("a.pdf", PDF), SimpleUploadedFile("b.pdf", PDF)]
    response = people.agent.client.post(
        f"{ROOT}dossiers/{journey.reference}/documents", {"kind": "presentation_note", "file": files}
    )
    error = Answer(response).refused(422, "invalid")
    assert error["details"] == {"file": ["Déposez une pièce à la fois."]}


def test_missing_fields_are_named(people: Any, cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    response = people.agent.client.post(f"{ROOT}dossiers/{journey.reference}/documents", {"other": "x"})
    assert set(Answer(response).refused(422, "invalid")["details"]) == {"kind", "file", "other"}


@pytest.mark.parametrize("content_type", ["application/json", "application/pdf", "text/plain", ""])
def test_other_formats_are_unsupported(people: Any, cast: Cast, content_type: str) -> None:
    journey = Journey.start(cast, pieces=())
    response = people.agent.client.post(
        f"{ROOT}dossiers/{journey.reference}/documents", PDF, content_type=content_type
    )
    Answer(response).refused(415, "invalid")


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 300],
)
def test_broken_multipart_is_unreadable(people: Any, cast: Cast, content_type: str) -> None:
    journey = Journey.start(cast, pieces=())
    response = people.agent.client.post(
        f"{ROOT}dossiers/{journey.reference}/documents", b"--x\r\n", content_type=content_type
    )
    Answer(response).refused(400, "invalid")


def test_nobody_uploads_without_a_token(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    Api().upload(journey.reference).refused(401, "unauthenticated")
    assert Document.objects.count() == 0
