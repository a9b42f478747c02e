"""Mails about messages and notes of a dossier, through a real mail server, with real commits."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cases import clock
from cases.enums import Role
from cases.models import RoleGrant
from notifications.enums import Channel
from notifications.models import OutboxRow
from notifications.services import bundle_digests, deliver, set_preferences
from tests.journeys import Cast, Journey, file
from tests.mail_server import MailSink, text_of
from workflows.services import post_message, post_note

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)


def sent(sink: MailSink, at: datetime = NOON) -> dict[str, Any]:
    """The mails that leave at a moment, by user name."""
    sink.messages.clear()
    with clock.at(at):
        deliver(Channel.EMAIL)
    return {str(one["X-Envelope-To"]).split("@")[0]: one for one in sink.messages}


def prepared(cast: Cast) -> Journey:
    """A dossier that the desk has, nobody being written to any more."""
    with clock.at(NOON):
        journey = Journey.at(cast, "under_review")
        OutboxRow.objects.all().delete()
    return journey


def test_message_is_mailed_to_the_other_side_with_an_extract_and_no_file(cast: Cast, sink: MailSink) -> None:
    journey = prepared(cast)
    text = "Le devis de la toiture\nest-il <b>à jour</b> ? " + "x" * 400
    with clock.at(NOON):
        message = post_message(reference=journey.reference, text=text, actor=cast.reviewer, files=[file()])
    mails = sent(sink)
    assert sorted(mails) == ["agent", "director"]
    mail = mails["agent"]
    assert (
        mail["Subject"].strip() == f"Message d’Irène Instructrice — {journey.reference} — mardi 3 mars 2026"
    )
    plain, html = text_of(mail), text_of(mail, "html")
    extract = f"Le devis de la toiture est-il <b>à jour</b> ? {'x' * 400}"[:300]
    assert f"« {extract}… » Un fichier y est joint." in " ".join(plain.split())
    assert "x" * 290 not in plain
    assert f"/dossiers/{journey.reference}/#message-{message.public_id}" in plain
    assert "pour lire le message en entier" in plain
    assert "&lt;b&gt;à jour" in html
    assert "<b>à jour" not in html
    assert not list(mail.iter_attachments())
    assert sent(sink) == {}


def test_note_is_mailed_without_its_words(cast: Cast, sink: MailSink) -> None:
    journey = prepared(cast)
    with clock.at(NOON):
        post_note(reference=journey.reference, text="Attention, zibeline.", actor=cast.dg, files=[file()])
    mails = sent(sink)
    assert sorted(mails) == ["reviewer", "reviewer2"]
    for mail in mails.values():
        assert mail["Subject"].strip().startswith(f"Note interne sur un dossier — {journey.reference}")
        assert "zibeline" not in f"{mail.as_string()} {text_of(mail)} {text_of(mail, 'html')}"


def test_preferences_and_rights_of_the_day_are_followed(cast: Cast, sink: MailSink) -> None:
    journey = prepared(cast)
    set_preferences(user=cast.agent, chosen={"message": "daily"})
    with clock.at(NOON):
        post_message(reference=journey.reference, text="Première question", actor=cast.reviewer)
        post_message(reference=journey.reference, text="Seconde question", actor=cast.dg)
    RoleGrant.objects.filter(user=cast.director, role=Role.REGIONAL_DIRECTOR).update(
        valid_until=NOON.date() - timedelta(days=1)
    )
    assert sent(sink) == {}  # the director no longer reads it, the agent waits for the morning
    morning = NOON + timedelta(days=1)
    with clock.at(morning):
        bundle_digests()
    mails = sent(sink, morning)
    assert sorted(mails) == ["agent"]
    assert "Première question" in text_of(mails["agent"])
    assert "Seconde question" in text_of(mails["agent"])
