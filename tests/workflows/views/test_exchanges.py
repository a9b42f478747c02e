"""Messages, notes, links and copies on the page of a dossier."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Document, Dossier, DossierLink, Message, MessageFile
from tests.journeys import PDF, ROUTE_TO, Cast, Journey
from tests.pages import at_the_site, messages, stored, words
from workflows.services import link_dossiers, post_message, post_note

pytestmark = pytest.mark.django_db


def pdf(name: str = "devis.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_message_is_written_and_read_on_the_page(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    page = f"/dossiers/{journey.reference}/"
    agent = at_the_site(cast.agent)
    assert "Aucun message" in words(agent.get(page))
    answer = agent.post(f"{page}messages/", {"text": "Le devis\narrive.", "files": [pdf(), pdf("b.pdf")]})
    message = Message.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{page}#message-{message.public_id}")
    shown = at_the_site(cast.reviewer).get(page)
    text = words(shown)
    assert "Anne Agent Agent préparateur — CARMI Nord-Pas-de-Calais" in text
    assert "Le devis arrive." in text
    assert f'id="message-{message.public_id}"' in shown.content.decode()
    stored_file = message.files.first()
    link = f"/messages/{message.public_id}/fichiers/{stored_file.public_id}/"
    assert link in shown.content.decode()
    file = at_the_site(cast.reviewer).get(link)
    assert b"".join(file.streaming_content) == PDF
    assert file["Content-Disposition"].startswith("attachment")
    assert file["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert at_the_site(cast.est_agent).get(link).status_code == 404
    assert at_the_site(None).get(link).status_code == 302
    journal = text.split("Journal")[-1]
    assert "Message envoyé" in journal
    assert f"SHA-256 {stored_file.sha256}" in journal
    assert "arrive." not in journal


def test_refused_message_keeps_what_was_typed(cast: Cast, settings: Any) -> None:
    settings.BERLINE_MAX_UPLOAD_MB = 1
    journey = Journey.at(cast, "under_review")
    page = f"/dossiers/{journey.reference}/"
    agent, reviewer = at_the_site(cast.agent), at_the_site(cast.reviewer)
    large = b"%PDF-1.4\n" + b"%" * 2**20 + b"\n" + PDF
    agent.get(page), reviewer.get(page)
    before = stored(journey.reference)
    for data, sentence in (
        ({"text": "Un mot précieux", "files": [pdf(content=b"")]}, "Ce fichier est vide."),
        ({"text": "Un mot précieux", "files": [pdf(content=large)]}, "dépasse 1 Mo"),
        ({"text": "Un mot précieux", "files": [pdf()] * 6}, "au plus 5 fichiers"),
        ({"text": "Un mot précieux" * 400}, "dépasse 5000 caractères"),
        ({"text": " "}, "Écrivez votre message avant de l’envoyer."),
    ):
        answer = agent.post(f"{page}messages/", data)
        assert (answer.status_code, sentence in words(answer)) == (422, True), sentence
        assert str(data["text"])[:15] in answer.content.decode()
        assert ("les fichiers sont à choisir de nouveau" in words(answer)) is ("files" in data)
        assert re.search(
            r'<details class="action" open>\s*<summary>Écrire un message', answer.content.decode()
        )
    answer = reviewer.post(f"{page}notes/", {"text": ""})
    assert (answer.status_code, "Écrivez votre message" in words(answer)) == (422, True)
    answer = agent.post(f"{page}notes/", {"text": "Je voudrais noter"})
    assert answer.status_code == 403
    assert at_the_site(cast.auditor).post(f"{page}messages/", {"text": "Bonjour"}).status_code == 403
    assert at_the_site(cast.est_agent).post(f"{page}messages/", {"text": "Bonjour"}).status_code == 404
    assert at_the_site(None).post(f"{page}messages/", {"text": "Bonjour"}).status_code == 302
    assert agent.get(f"{page}messages/").status_code == 405
    assert stored(journey.reference) == before


def test_message_is_text_whatever_it_holds(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    evil = "<script>alert(1)</script> <b>gras</b> javascript:alert(1) \u202egnp.exe"
    post_message(
        reference=journey.reference,
        text=evil,
        actor=cast.agent,
        files=[pdf('"><img src=x onerror=alert(1)>.pdf')],
    )
    post_note(reference=journey.reference, text=evil, actor=cast.reviewer)
    body = at_the_site(cast.reviewer).get(f"/dossiers/{journey.reference}/").content.decode()
    assert "<script>alert" not in body
    assert "<b>gras" not in body
    assert "<img src=x" not in body
    assert body.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2


def test_notes_show_in_their_box_to_the_fund_and_nowhere_to_anybody_else(cast: Cast) -> None:
    """Every page that those who may not read notes can open, after a decision with its paper."""
    journey = Journey.at(cast, "under_review")
    secret = "zibeline"
    post_message(reference=journey.reference, text="Message ordinaire", actor=cast.agent)
    note = post_note(
        reference=journey.reference, text=f"Note {secret}", actor=cast.reviewer, files=[pdf(f"{secret}.pdf")]
    )
    journey.follow(*ROUTE_TO["approved"][2:])
    page = f"/dossiers/{journey.reference}/"
    box = at_the_site(cast.dg).get(page)
    assert f"Note {secret}" in words(box)
    assert 'class="message message--note"' in box.content.decode()
    assert words(box).count("Note interne — la CANSSM seule") == 2
    auditor = words(at_the_site(cast.auditor).get(page))
    assert secret in auditor
    assert "Écrire une note interne" not in auditor
    Dossier.objects.filter(pk=journey.pk).update(
        involved=[f"authority@{cast.body['dss'].pk}", f"comptroller@{cast.body['cgefi'].pk}"]
    )
    paper = Document.objects.get(dossier=journey.pk, kind="decision")
    addresses = [
        page,
        f"{page}journal.json",
        f"{page}pieces/{paper.public_id}/",
        "/",
        "/taches/",
        f"/dossiers/?q={secret}",
        "/avis/",
        "/calendrier/",
        "/registre/",
    ]
    file = f"/messages/{note.public_id}/fichiers/{MessageFile.objects.get().public_id}/"
    for who in ("agent", "director", "carmi_manager", "ministry", "comptroller"):
        client = at_the_site(cast.people[who])
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 200, (who, address)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            text = content.decode(errors="replace").replace(f"q={secret}", "").replace(f'"{secret}"', "")
            assert f"Note {secret}" not in text, (who, address)
            assert f"{secret}.pdf" not in text, (who, address)
            assert str(note.public_id) not in text, (who, address)
            assert "note interne" not in text.lower(), (who, address)
        assert client.get(file).status_code == 404
        assert (
            client.get(file.replace(str(note.public_id), str(Message.objects.first().public_id))).status_code
            == 404
        )
    assert "Message ordinaire" in words(at_the_site(cast.agent).get(page))


def test_earlier_messages_are_folded(cast: Cast) -> None:
    journey = Journey.at(cast, "draft")
    for number in range(22):
        post_message(reference=journey.reference, text=f"Message {number}.", actor=cast.agent)
    text = words(at_the_site(cast.agent).get(f"/dossiers/{journey.reference}/"))
    assert "Voir les 2 messages précédents" in text
    assert text.index("Message 1.") < text.index("Message 2.") < text.index("Message 21.")


def test_links_are_made_and_taken_back_on_the_page(cast: Cast) -> None:
    a, b = Journey.start(cast), Journey.start(cast)
    est = Journey.start(cast, body="carmi-est")
    page = f"/dossiers/{a.reference}/"
    agent = at_the_site(cast.agent)
    for other, status in ((est.reference, 404), ("FNMO-2015-9999", 404), (a.reference, 422), ("", 422)):
        answer = agent.post(f"{page}liens/", {"kind": "follows", "other": other})
        assert answer.status_code == status, other
        assert "Lier à un autre dossier" in words(answer)
        assert f'value="{other}"' in answer.content.decode() or not other
    assert not DossierLink.objects.exists()
    answer = agent.post(f"{page}liens/", {"kind": "follows", "other": f" {b.reference} "}, follow=True)
    assert messages(answer) == [f"Le dossier est lié à {b.reference}."]
    assert f"fait suite à {b.reference}" in words(answer)
    reversed_ = at_the_site(cast.auditor).get(f"/dossiers/{b.reference}/")
    assert f"est suivi de {a.reference}" in words(reversed_)
    assert "Retirer le lien" not in words(reversed_)
    assert (
        agent.post(f"/dossiers/{b.reference}/liens/", {"kind": "follows", "other": a.reference}).status_code
        == 422
    )
    link_dossiers(reference=a.reference, other=est.reference, kind="same_operation", actor=cast.reviewer)
    shown = agent.get(page).content.decode()
    assert est.reference not in shown
    assert est.reference in at_the_site(cast.dg).get(page).content.decode()
    link = DossierLink.objects.get(target=b.pk)
    answer = agent.post(f"{page}liens/{link.public_id}/retirer/", follow=True)
    assert messages(answer) == ["Le lien est retiré."]
    assert "Lien avec un autre dossier retiré" in words(answer)
    assert f"Ce dossier fait suite à {b.reference}" in words(answer).replace(" : ", " ").replace(" :", "")
    assert agent.post(f"{page}liens/{link.public_id}/retirer/").status_code == 404


def test_refused_dossier_is_filed_anew_from_its_page(cast: Cast) -> None:
    journey = Journey.at(cast, "refused")
    page = f"/dossiers/{journey.reference}/"
    button = "Déposer à nouveau à partir d’une copie"
    agent = at_the_site(cast.agent)
    assert button in words(agent.get(page))
    for who in ("director", "reviewer", "auditor"):
        assert button not in words(at_the_site(cast.people[who]).get(page))
        assert at_the_site(cast.people[who]).post(f"{page}copie/").status_code == 403
    assert button not in words(agent.get(f"/dossiers/{Journey.at(cast, 'approved').reference}/"))
    answer = agent.post(f"{page}copie/", follow=True)
    draft = Dossier.objects.latest("pk")
    assert answer.redirect_chain[-1][0] == f"/dossiers/{draft.reference}/"
    assert f"remplace {journey.reference}" in words(answer)
    assert "Ses pièces sont reprises telles quelles" in messages(answer)[0]
    assert "reprise du dossier remplacé" in words(answer)
    assert button not in words(agent.get(page))
    again = agent.post(f"{page}copie/")
    assert (again.status_code, draft.reference in words(again)) == (422, True)


def test_copy_whose_data_no_longer_fit_opens_the_form_filled_in(cast: Cast) -> None:
    journey = Journey.at(cast, "refused")
    Dossier.objects.filter(pk=journey.pk).update(data=journey.dossier.data | {"facilities": []})
    agent = at_the_site(cast.agent)
    count = Dossier.objects.count()
    answer = agent.post(f"/dossiers/{journey.reference}/copie/", follow=True)
    address = f"/nouveau/fnmo_investment/?copie={journey.reference}"
    assert answer.redirect_chain == [(address, 302)]
    body = answer.content.decode()
    assert "ne passent plus telles quelles" in messages(answer)[0]
    assert f"À partir d’une copie de {journey.reference}" in words(answer)
    assert "Rénovation du centre de santé de Lens" in body
    assert 'class="field field--error"' in body or "field--error" in body
    assert f'action="{address}"' in body
    typed = {
        "title": "Rénovation reprise",
        "amount_ht": "25000.50",
        "exercise": "2015",
        "facilities": "Centre de santé de Lens",
        "nature": "Travaux",
    }
    refused = agent.post(address, typed | {"amount_ht": "x"})
    assert (refused.status_code, "Rénovation reprise" in refused.content.decode()) == (422, True)
    simulated = agent.post(f"/nouveau/fnmo_investment/simuler/?copie={journey.reference}", typed)
    assert f'action="{address}"' in simulated.content.decode()
    assert Dossier.objects.count() == count
    saved = agent.post(address, typed, follow=True)
    draft = Dossier.objects.latest("pk")
    assert saved.redirect_chain[-1][0] == f"/dossiers/{draft.reference}/"
    assert draft.title == "Rénovation reprise"
    assert DossierLink.objects.get().source == draft
    assert Document.objects.filter(dossier=draft).count() == 1
    assert at_the_site(cast.est_agent).get(address).status_code == 404
    assert at_the_site(cast.director).get(address).status_code == 403
    assert agent.get(address).status_code == 422  # replaced by now


def test_page_costs_three_statements_more_whatever_is_exchanged(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client = at_the_site(cast.reviewer)
    client.get("/taches/")

    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/dossiers/{journey.reference}/").status_code == 200
        return len(found)

    empty = cost()
    others = [Journey.start(cast, pieces=()) for _ in range(3)]
    for number, other in enumerate(others):
        post_message(reference=journey.reference, text="Un", actor=cast.agent, files=[pdf(), pdf()])
        post_note(reference=journey.reference, text="Deux", actor=cast.reviewer, files=[pdf()])
        link_dossiers(
            reference=journey.reference,
            other=other.reference,
            kind=("follows", "replaces", "same_operation")[number],
            actor=cast.reviewer,
        )
    assert (cost() - empty, cost() <= 20) == (1, True)  # the files, asked for where there are messages
