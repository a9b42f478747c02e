"""``GET dossiers/{reference}/documents/{id}``: what leaves, to whom, and how."""

import re
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile

from tests.api_client import Answer, Api
from tests.journeys import PDF, Cast, Journey
from workflows.services import add_document


def fetch(journey: Journey, document: object, person: str) -> Answer:
    """Ask for a piece."""
    public_id = getattr(document, "public_id", document)
    return Api(journey.cast.people[person]).get(f"dossiers/{journey.reference}/documents/{public_id}")


def test_piece_comes_back_whole_as_a_file_and_never_as_a_page(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    content = b"%PDF-1.4\n" + b"%" * 100_000 + b"\n" + PDF
    document = journey.add(content=content, name="note.pdf")
    answer = fetch(journey, document, "agent")
    assert answer.status == 200
    assert answer.streamed
    assert answer.content == content
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="note.pdf"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_accents_of_the_name_follow_rfc_5987(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    answer = fetch(journey, journey.add(name="Note d’opportunité – été.pdf"), "agent")
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename*=utf-8''")
    assert quote("opportunité") in disposition


@pytest.mark.parametrize(
    "name", ['a"; filename="b.html.pdf', "a\r\nSet-Cookie: x=1.pdf", "../../etc/passwd.pdf"]
)
def test_name_cannot_break_out_of_its_header(cast: Cast, name: str) -> None:
    journey = Journey.start(cast, pieces=())
    document = add_document(
        reference=journey.reference,
        kind="presentation_note",
        file=ContentFile(PDF, name=name),
        actor=cast.agent,
    )
    disposition = fetch(journey, document, "agent").headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="[^"\\/\r\n]+"', disposition)


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("agent", 200),
        ("agent2", 200),
        ("director", 200),
        ("reviewer", 200),  # of the body above
        ("auditor", 200),
        ("est_agent", 404),
        ("ministry", 404),
        ("nobody", 404),
        ("admin", 404),
    ],
)
def test_piece_goes_through_the_read_gate(cast: Cast, person: str, status: int) -> None:
    journey = Journey.start(cast, pieces=())
    assert fetch(journey, journey.add(), person).status == status


def test_what_one_may_not_see_looks_like_what_does_not_exist(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    document = journey.add()
    hidden = fetch(journey, document, "est_agent").refused(404, "not_found")
    absent = fetch(journey, uuid4(), "est_agent").refused(404, "not_found")
    assert hidden == absent


def test_superseded_version_is_for_auditors(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    first = journey.add(content=PDF + b"%1")
    second = journey.add(content=PDF + b"%2")
    assert fetch(journey, second, "agent").content == PDF + b"%2"
    fetch(journey, first, "agent").refused(404, "not_found")
    fetch(journey, first, "reviewer").refused(404, "not_found")
    assert fetch(journey, first, "auditor").content == PDF + b"%1"


def test_piece_is_found_under_its_own_dossier_only(cast: Cast) -> None:
    journey, other = Journey.start(cast, pieces=()), Journey.start(cast, pieces=())
    document = journey.add()
    fetch(other, document, "agent").refused(404, "not_found")


def test_paper_of_a_decision_can_be_fetched_where_the_dossier_says(cast: Cast) -> None:
    journey = Journey.at(cast, "approved")
    api = Api(cast.agent)
    url = api.get(f"dossiers/{journey.reference}").ok()["decisions"][0]["document_url"]
    answer = Answer(api.client.get(url))
    assert answer.status == 200
    assert answer.content.startswith(b"%PDF-")


def test_missing_file_is_said_and_nothing_leaks(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    document = journey.add()
    document.file.storage.delete(document.file.name)
    error = fetch(journey, document, "agent").refused(404, "not_found")
    assert "administrateur" in error["message"]
    assert "pieces/" not in error["message"]


@pytest.mark.parametrize("identifier", ["1", "abc", "../journal", "%00"])
def test_identifier_of_another_form_is_not_found(cast: Cast, identifier: str) -> None:
    journey = Journey.start(cast, pieces=())
    assert fetch(journey, identifier, "agent").status in (404, 422)
