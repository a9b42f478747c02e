"""Pieces on the pages: sending them, refusals that keep the page, and downloading them safely."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from cases.models import Document
from tests.journeys import PDF, Cast, Journey
from tests.pages import at_the_site, messages, stored, words

pytestmark = pytest.mark.django_db

OTHER_PDF = PDF.replace(b"/Catalog", b"/Catalog /Lang (fr)")


def send(
    cast: Cast,
    journey: Journey,
    content: bytes | None,
    name: str = "note.pdf",
    who: str = "agent",
    **data: Any,
) -> HttpResponse:
    """Send a file from the dossier page."""
    data.setdefault("kind", "presentation_note")
    if content is not None:
        data["file"] = SimpleUploadedFile(name, content, content_type="application/octet-stream")
    return at_the_site(cast.people[who]).post(f"/dossiers/{journey.reference}/pieces/", data)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


# -- sending ------------------------------------------------------------------------------------------


def test_piece_is_kept_and_the_page_shows_it(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    response = send(cast, journey, PDF, "Note de présentation.pdf")
    assert response.status_code == 302
    assert response["Location"] == f"/dossiers/{journey.reference}/#piece-presentation_note"
    document = Document.objects.get()
    assert (document.name, document.version, document.current, document.size) == (
        "Note de présentation.pdf",
        1,
        True,
        len(PDF),
    )
    client = at_the_site(cast.agent)
    page = client.get(f"/dossiers/{journey.reference}/")
    assert f"/dossiers/{journey.reference}/pieces/{document.public_id}/" in page.content.decode()
    assert document.sha256 in words(page)


def test_success_names_the_piece(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    client = at_the_site(cast.agent)
    sent = client.post(
        f"/dossiers/{journey.reference}/pieces/",
        {"kind": "presentation_note", "file": SimpleUploadedFile("note.pdf", PDF)},
        follow=True,
    )
    assert messages(sent) == ["« note.pdf » est joint au dossier."]


def test_new_version_supersedes_the_former_one(cast: Cast) -> None:
    journey = Journey.start(cast)
    assert send(cast, journey, OTHER_PDF, "note 2.pdf").status_code == 302
    assert list(Document.objects.order_by("version").values_list("version", "current")) == [
        (1, False),
        (2, True),
    ]


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (None, "", "Choisissez un fichier à envoyer."),
        (b"", "note.pdf", "vide"),
        (b"MZ\x90\x00" + b"\x00" * 100, "note.pdf", "PDF"),
        (b"<html><script>alert(1)</script></html>", "note.pdf", "PDF"),
    ],
)
def test_piece_that_cannot_be_kept_is_refused_beside_its_field(
    cast: Cast, content: bytes | None, name: str, sentence: str
) -> None:
    journey = Journey.start(cast, pieces=())
    before = stored(journey.reference)
    response = send(cast, journey, content, name)
    assert response.status_code == 422
    shown = response.content.decode()
    assert 'id="erreur-presentation_note"' in shown
    assert 'aria-describedby="formats erreur-presentation_note"' in shown
    assert 'id="erreur-economic_file"' not in shown
    assert sentence in words(response)
    assert stored(journey.reference) == before


def test_piece_beyond_the_limit_is_refused_in_words(cast: Cast, settings: Any) -> None:
    settings.BERLINE_MAX_UPLOAD_MB = 1
    journey = Journey.start(cast, pieces=())
    before = stored(journey.reference)
    response = send(cast, journey, PDF + b"%" * 2**20)
    assert response.status_code == 422
    assert "Ce fichier dépasse 1 Mo. Réduisez-le" in words(response)
    assert 'data-max-mb="1"' in response.content.decode()
    assert stored(journey.reference) == before


@pytest.mark.parametrize("kind", ["", "decision", "../etc", "inconnue"])
def test_piece_that_the_path_does_not_know_is_refused(cast: Cast, kind: str) -> None:
    journey = Journey.start(cast, pieces=())
    before = stored(journey.reference)
    response = send(cast, journey, PDF, kind=kind)
    assert response.status_code == 422
    assert "n’est pas prévue par ce circuit" in words(response)
    assert stored(journey.reference) == before


@pytest.mark.parametrize(("who", "status"), [("director", 403), ("auditor", 403)])
def test_piece_is_sent_by_those_who_prepare(cast: Cast, who: str, status: int) -> None:
    journey = Journey.start(cast, pieces=())
    before = stored(journey.reference)
    response = send(cast, journey, PDF, who=who)
    assert response.status_code == status
    assert "L’acte n’a pas été fait" in words(response)
    assert stored(journey.reference) == before


def test_piece_is_not_added_once_the_dossier_has_left(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    before = stored(journey.reference)
    response = send(cast, journey, OTHER_PDF)
    assert response.status_code == 422
    assert "n’est plus entre vos mains" in words(response)
    assert stored(journey.reference) == before
    page = at_the_site(cast.agent).get(f"/dossiers/{journey.reference}/").content.decode()
    assert f'action="/dossiers/{journey.reference}/pieces/"' not in page
    assert 'id="fichier-presentation_note"' not in page


def test_name_of_a_file_never_becomes_markup_nor_a_path(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    send(cast, journey, PDF, '../../<img src=x onerror="alert(1)">.pdf')
    document = Document.objects.get()
    assert "/" not in document.name
    page = at_the_site(cast.agent).get(f"/dossiers/{journey.reference}/").content.decode()
    assert "<img src=x" not in page


# -- downloading --------------------------------------------------------------------------------------


@pytest.fixture
def piece(cast: Cast) -> tuple[Journey, Document]:
    journey = Journey.start(cast)
    return journey, Document.objects.get()


Piece = tuple[Journey, Document]


def test_download_is_a_file_never_a_page(cast: Cast, piece: Piece) -> None:
    journey, document = piece
    response = at_the_site(cast.agent).get(f"/dossiers/{journey.reference}/pieces/{document.public_id}/")
    assert body(response) == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="note.pdf"'
    assert response["Content-Length"] == str(len(PDF))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    assert "sandbox" in response["Content-Security-Policy"]


def test_download_follows_the_read_gate(cast: Cast, piece: Piece) -> None:
    journey, document = piece
    address = f"/dossiers/{journey.reference}/pieces/{document.public_id}/"
    answers = {}
    for name, user in cast.people.items():
        response = at_the_site(user).get(address)
        answers[name] = response.status_code
        if response.streaming:
            body(response)
    assert {name for name, status in answers.items() if status == 200} == {
        "agent",
        "agent2",
        "director",
        "reviewer",
        "reviewer2",
        "dg",
        "dg2",
        "manager",
        "carmi_manager",
        "auditor",
        "accountant",  # of the CANSSM, above the CARMI
    }
    assert set(answers.values()) == {200, 404}


def test_download_is_bound_to_its_own_dossier(cast: Cast, piece: Piece) -> None:
    _, document = piece
    other = Journey.start(cast, pieces=())
    client = at_the_site(cast.agent)
    for address in (
        f"/dossiers/{other.reference}/pieces/{document.public_id}/",
        f"/dossiers/{other.reference}/pieces/{uuid4()}/",
        f"/dossiers/FNMO-2015-9999/pieces/{document.public_id}/",
    ):
        assert client.get(address).status_code == 404


def test_superseded_version_is_for_auditors(cast: Cast, piece: Piece) -> None:
    journey, document = piece
    journey.add(content=OTHER_PDF)
    address = f"/dossiers/{journey.reference}/pieces/{document.public_id}/"
    assert at_the_site(cast.agent).get(address).status_code == 404
    assert body(at_the_site(cast.auditor).get(address)) == PDF


def test_paper_of_a_decision_can_be_downloaded(cast: Cast) -> None:
    journey = Journey.at(cast, "approved")
    document = Document.objects.get(kind="decision")
    response = at_the_site(cast.agent).get(f"/dossiers/{journey.reference}/pieces/{document.public_id}/")
    assert body(response).startswith(b"%PDF-1.7")
    assert response["Content-Type"] == "application/pdf"


def test_file_lost_from_the_storage_is_said_not_crashed_on(cast: Cast, piece: Piece) -> None:
    journey, document = piece
    document.file.storage.delete(document.file.name)
    response = at_the_site(cast.agent).get(f"/dossiers/{journey.reference}/pieces/{document.public_id}/")
    assert response.status_code == 404


def test_download_of_a_name_with_accents_keeps_it(cast: Cast) -> None:
    journey = Journey.start(cast, pieces=())
    journey.add(name="Note de présentation — été.pdf")
    document = Document.objects.get()
    response = at_the_site(cast.agent).get(f"/dossiers/{journey.reference}/pieces/{document.public_id}/")
    assert "filename*=utf-8''Note%20de%20pr%C3%A9sentation" in response["Content-Disposition"]
    body(response)
