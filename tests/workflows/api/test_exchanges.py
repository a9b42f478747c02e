"""``dossiers/{reference}/messages``, ``copies`` and ``links``: the same services, the same gates."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cases.models import Dossier, Message, MessageFile
from tests.api_client import ROOT, Answer, Api
from tests.journeys import PDF, Cast, Journey, state_of_everything

pytestmark = pytest.mark.django_db


def sent(api: Api, reference: str, **fields: Any) -> Answer:
    """POST multipart."""
    return Answer(api.client.post(f"{ROOT}dossiers/{reference}/messages", fields))


def pdf(name: str = "devis.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_messages_are_written_as_json_or_with_files_and_read_back(people: Any, cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    address = f"dossiers/{journey.reference}/messages"
    written = people.agent.post(address, {"text": "Bonjour"}).ok(201)
    assert (written["kind"], written["from_submitter"], written["files"]) == ("message", True, [])
    answered = sent(people.reviewer, journey.reference, text="Voici", files=[pdf(), pdf("lot.pdf")]).ok(201)
    assert [one["name"] for one in answered["files"]] == ["devis.pdf", "lot.pdf"]
    people.reviewer.post(address, {"text": "Entre nous", "kind": "note"}).ok(201)
    for who, texts in {
        "agent": ["Bonjour", "Voici"],
        "auditor": ["Bonjour", "Voici", "Entre nous"],
        "reviewer2": ["Bonjour", "Voici", "Entre nous"],
    }.items():
        assert [one["text"] for one in people[who].get(address).ok()["items"]] == texts
    stored = Answer(people.agent.client.get(answered["files"][0]["url"]))
    assert (stored.content, stored.headers["Content-Type"]) == (PDF, "application/pdf")
    assert stored.headers["Content-Disposition"].startswith("attachment")
    people.est_agent.get(address).refused(404, "not_found")
    Answer(people.est_agent.client.get(answered["files"][0]["url"])).refused(404, "not_found")


def test_refused_messages_write_nothing(people: Any, cast: Cast, settings: Any) -> None:
    settings.BERLINE_MAX_UPLOAD_MB = 1
    journey = Journey.at(cast, "under_review")
    address = f"dossiers/{journey.reference}/messages"
    large = b"%PDF-1.4\n" + b"%" * 2**20 + b"\n" + PDF
    agent, auditor, est_agent = people.agent, people.auditor, people.est_agent
    before = state_of_everything(journey.reference)
    for body in ({}, {"text": " "}, {"text": 1}, {"text": "a", "kind": "secret"}, {"text": "a", "files": []}):
        agent.post(address, body).refused(422, "invalid")
    agent.post(address, {"text": "x" * 5001}).refused(422, "invalid")
    agent.send("POST", address, raw=b"{").refused(400, "invalid")
    sent(agent, journey.reference, text="a", files=pdf(content=b"")).refused(422, "invalid")
    sent(agent, journey.reference, text="a\x00").refused(422, "invalid")
    sent(agent, journey.reference, text="a", autre="b").refused(422, "invalid")
    sent(agent, journey.reference, text="a", files=[pdf()] * 6).refused(422, "invalid")
    sent(agent, journey.reference, text="a", files=pdf(content=large)).refused(413, "too_large")
    agent.post(address, {"text": "a", "kind": "note"}).refused(403, "forbidden")
    auditor.post(address, {"text": "a"}).refused(403, "forbidden")
    est_agent.post(address, {"text": "a"}).refused(404, "not_found")
    Api().post(address, {"text": "a"}).refused(401, "unauthenticated")
    assert state_of_everything(journey.reference) == before


def test_copy_and_links(people: Any, cast: Cast) -> None:
    journey = Journey.at(cast, "refused")
    address = f"dossiers/{journey.reference}"
    people.reviewer.post(f"{address}/copies", {}).refused(403, "forbidden")
    people.est_agent.post(f"{address}/copies", {}).refused(404, "not_found")
    people.agent.post(f"{address}/copies", {"data": {"amount_ht": "x"}}).refused(422, "invalid")
    made = people.agent.post(f"{address}/copies", {"data": {"nature": "Mobilier"}})
    body = made.ok(201)
    copied = body["dossier"]["reference"]
    assert made.headers["Location"] == f"/api/v1/dossiers/{copied}"
    assert (body["dossier"]["data"]["nature"], body["pieces"]) == ("Mobilier", ["Note de présentation"])
    assert people.agent.post(f"{address}/copies", {}).refused(422, "blocked")["details"]["reasons"]
    (link,) = people.agent.get(f"{address}/links").ok()["items"]
    assert (link["other"], link["words"], link["outgoing"]) == (copied, "est remplacé par", False)
    other = Journey.start(cast)
    people.agent.post(f"{address}/links", {"kind": "follows", "other": "FNMO-2015-9999"}).refused(
        404, "not_found"
    )
    people.agent.post(f"{address}/links", {"kind": "after", "other": copied}).refused(422, "invalid")
    people.agent.post(f"{address}/links", {"kind": "follows", "other": copied}).refused(422, "blocked")
    items = people.agent.post(f"{address}/links", {"kind": "follows", "other": other.reference}).ok(201)[
        "items"
    ]
    assert [(one["words"], one["other"]) for one in items] == [
        ("est remplacé par", copied),
        ("fait suite à", other.reference),
    ]
    people.auditor.delete(f"{address}/links/{link['id']}").refused(403, "forbidden")
    left = people.agent.delete(f"{address}/links/{link['id']}").ok()["items"]
    assert [one["other"] for one in left] == [other.reference]
    people.agent.delete(f"{address}/links/{link['id']}").refused(404, "not_found")


def test_no_answer_of_the_dossier_holds_a_word_of_its_notes(people: Any, cast: Cast) -> None:
    """Every address of the API that takes a reference, and the lists, as each of those who may not read notes."""
    journey = Journey.at(cast, "under_review")
    secret = "zibeline"
    sent(
        people.reviewer, journey.reference, text=f"Note {secret}", kind="note", files=pdf(f"{secret}.pdf")
    ).ok(201)
    note, stored = Message.objects.get(), MessageFile.objects.get()
    Dossier.objects.filter(pk=journey.pk).update(
        involved=[f"authority@{cast.body['dss'].pk}", f"comptroller@{cast.body['cgefi'].pk}"]
    )
    base = f"dossiers/{journey.reference}"
    addresses = [
        base,
        f"{base}/journal",
        f"{base}/messages",
        f"{base}/links",
        "dossiers",
        "queue",
        "deadlines",
    ]
    for who in ("agent", "director", "carmi_manager", "ministry", "comptroller"):
        for address in [*addresses, f"dossiers?q={secret}"]:
            answer = people[who].get(address)
            assert answer.status == 200, address
            assert secret not in answer.text, (who, address)
            assert str(note.public_id) not in answer.text, (who, address)
            assert "note interne" not in answer.text.lower()
        file = f"{base}/messages/{note.public_id}/files/{stored.public_id}"
        people[who].get(file).refused(404, "not_found")
    assert secret in people.auditor.get(f"{base}/messages").text
