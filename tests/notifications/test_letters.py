"""What each mail says, word for word; what it must not say."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import Client

from cases import clock
from cases.enums import Role
from cases.models import LegalNotice, User
from notifications.enums import Channel, NoticeKind, OutboxState
from notifications.models import OutboxRow
from notifications.selectors import legal_deliveries, unreached_legal_notices
from notifications.services import bundle_digests, deliver, retry_deliveries, set_preferences, tell
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast, Journey
from tests.mail_server import MailSink, text_of
from tests.notifications.conftest import addressed, at_state

Informed = Callable[..., CreditJourney]


@pytest.fixture
def informed(cast: Cast) -> Informed:
    """A virement between groups took effect: DSS, DB and CGEFi are to be told."""

    def make(**more: Any) -> CreditJourney:
        rows = ("A-I-1", "A-I-2.info", "1500.00")
        journey = CreditJourney.file(cast, "virement", transfers(rows, **more))
        journey.walk("prepare.submit", "check.credits_available")
        OutboxRow.objects.all().delete()
        journey.do("effect.effect")
        OutboxRow.objects.filter(kind=NoticeKind.NEWS).delete()
        return journey

    return make


def sent(sink: MailSink, *, at: Any = NOW) -> list[EmailMessage]:
    with clock.at(at):
        deliver(Channel.EMAIL)
    return sorted(sink.messages, key=lambda one: str(one["X-Envelope-To"]).split("@"))


def shown(message: EmailMessage) -> str:
    """A mail as text, what differs from run to run left out."""
    headers = [
        f"{name}: {str(message[name]).strip()}"
        for name in ("From", "To", "Subject", "Date", "Auto-Submitted")
    ]
    whole = "\n".join([*headers, "", text_of(message), "-" * 72, text_of(message, "html")])
    whole = re.sub(r"/accuses/[^/\s\"]+/", "/accuses/JETON/", whole)
    return re.sub(r"\b[0-9a-f]{64}\b", "EMPREINTE", whole)


def test_mail_of_a_task(cast: Cast, sink: MailSink, snapshot: Any) -> None:
    with clock.at(NOW):
        Journey.at(cast, "submitted")
        OutboxRow.objects.exclude(recipient=cast.director).delete()
    (message,) = sent(sink)
    assert shown(message) == snapshot


def test_mail_of_news(cast: Cast, sink: MailSink, snapshot: Any) -> None:
    with clock.at(NOW):
        Journey.at(cast, "to_complete")
        OutboxRow.objects.exclude(recipient=cast.agent, kind="news").delete()
    (message,) = sent(sink)
    assert shown(message) == snapshot


def test_mail_of_a_reminder(cast: Cast, sink: MailSink, snapshot: Any) -> None:
    with clock.at(NOW):
        journey = Journey.at(cast, "under_review")
        OutboxRow.objects.all().delete()
        tell(
            event="rappel:1",
            people=[cast.reviewer.pk],
            kind=NoticeKind.REMINDER,
            title="Rappel : Instruire le dossier",
            body="L’échéance de cette étape est dans trois jours.",
            dossier=journey.dossier,
            step="check",
        )
    (message,) = sent(sink)
    assert shown(message) == snapshot


def test_mail_of_a_digest(cast: Cast, sink: MailSink, snapshot: Any) -> None:
    set_preferences(user=cast.director, chosen={"task": "daily"})
    with clock.at(NOW):
        Journey.at(cast, "submitted")
        Journey.at(cast, "submitted", title="Toiture & façade du centre <Liévin>")
        OutboxRow.objects.exclude(recipient=cast.director).delete()
    morning = NOW + timedelta(days=1)
    with clock.at(morning):
        bundle_digests()
    (message,) = sent(sink, at=morning)
    assert shown(message) == snapshot


def test_mail_of_a_legal_notice(informed: Informed, sink: MailSink, snapshot: Any) -> None:
    informed()
    comptroller, *_ = sent(sink)
    assert str(comptroller["X-Envelope-To"]) == "comptroller@carmi.example"
    assert shown(comptroller) == snapshot


def test_legal_notice_goes_to_each_holder_at_each_addressee_with_its_paper(
    cast: Cast, informed: Informed, sink: MailSink
) -> None:
    second = cast.person("ministry2", (Role.AUTHORITY, "dss"))
    addressed(second)
    set_preferences(user=second, chosen={"task": "in_app", "reminder": "in_app", "news": "in_app"})
    journey = informed()
    messages = sent(sink)
    assert [str(one["X-Envelope-To"]).split("@")[0] for one in messages] == [
        "comptroller",
        "ministry",
        "ministry2",
        "ministry_db",
    ]
    papers = dict(
        LegalNotice.objects.filter(dossier=journey.pk)
        .order_by("pk")
        .values_list("organisation__code", "document__sha256")
    )
    for message, code in zip(messages, ("cgefi", "dss", "dss", "db"), strict=True):
        (attached,) = message.iter_attachments()
        content = attached.get_content()
        assert attached.get_content_type() == "application/pdf"
        assert content.startswith(b"%PDF-")
        assert hashlib.sha256(content).hexdigest() == papers[code]
        assert papers[code] in text_of(message)
    links = {link for one in messages for link in re.findall(r"\S+/accuses/\S+/", text_of(one))}
    assert len(links) == 4


def test_person_who_acts_for_two_addressees_gets_a_mail_for_each(
    cast: Cast, informed: Informed, sink: MailSink
) -> None:
    """Each with its own paper and receipt link; one receipt settles the notice of its addressee only."""
    cast.give(cast.ministry, (Role.AUTHORITY, "db"))
    journey = informed()
    held = OutboxRow.objects.filter(recipient=cast.ministry).order_by("pk")
    assert sorted(held.values_list("channel", "legal_notice__organisation__code")) == [
        ("email", "db"),
        ("email", "dss"),
        ("in_app", "db"),
        ("in_app", "dss"),
    ]
    mine = [one for one in sent(sink) if str(one["X-Envelope-To"]) == "ministry@carmi.example"]
    assert len({str(one["Message-ID"]) for one in mine}) == len(mine) == 2
    papers = {next(one.iter_attachments()).get_filename() for one in mine}
    notices = LegalNotice.objects.filter(dossier=journey.pk, organisation__code__in=("dss", "db"))
    assert papers == {one.document.name for one in notices}
    links = {found for one in mine for found in re.findall(r"/accuses/[^/\s]+/", text_of(one))}
    assert len(links) == 2
    client = Client()
    link = next(
        found
        for one in mine
        if "Direction du budget" in text_of(one)
        for found in re.findall(r"/accuses/[^/\s]+/", text_of(one))
    )
    with clock.at(NOW):
        client.post(link)
    codes = notices.filter(acknowledged_at__isnull=False).values_list("organisation__code", flat=True)
    assert list(codes) == ["db"]
    waiting = held.filter(channel=Channel.IN_APP, state=OutboxState.DELIVERED)
    assert list(waiting.values_list("legal_notice__organisation__code", flat=True)) == ["dss"]


def test_person_who_acts_for_two_bodies_is_told_of_the_task_of_both_once(db: None) -> None:
    """Only legal notices go by addressee: an agreement that both ministries have to give is one thing to read."""
    cast = Cast()
    cast.give(cast.ministry, (Role.AUTHORITY, "db"))
    data = transfers(("A-I-3.info", "A-I-3.autres", "1.00"), exceptional_reason="Incendie du site")
    journey = CreditJourney.file(cast, "virement_derogation", data)
    journey.walk("prepare.submit", "check.credits_available")
    told = OutboxRow.objects.filter(recipient=cast.ministry, channel=Channel.EMAIL, step="prior_agreement")
    assert told.count() == 1


def test_register_can_know_what_became_of_each_legal_mail(
    cast: Cast, informed: Informed, sink: MailSink
) -> None:
    sink.refused["ministry_db@carmi.example"] = "550 no such user"
    User.objects.filter(pk=cast.comptroller.pk).update(email="")
    informed()
    sent(sink)
    notices = {one.organisation.code: one for one in LegalNotice.objects.select_related("organisation")}
    found = {one.notice_id: one for one in legal_deliveries(one.pk for one in notices.values())}
    told, refused, silent = (found[notices[code].pk] for code in ("dss", "db", "cgefi"))
    assert (told.state, told.delivered_at, told.error) == (OutboxState.DELIVERED, NOW, "")
    assert (refused.state, refused.delivered_at) == (OutboxState.FAILED, None)
    assert refused.error == "Adresse refusée : 550 no such user"
    assert silent.state == OutboxState.UNADDRESSED
    unreached = {one.organisation.code for one in unreached_legal_notices()}
    assert unreached == {"db", "cgefi"}


def test_awaited_legal_mails_are_not_settled_with_the_unsent_ones(cast: Cast, informed: Informed) -> None:
    informed()
    awaited = OutboxRow.objects.filter(legal_notice__isnull=False, channel=Channel.EMAIL)
    before = sorted(awaited.values_list("pk", "state"))
    assert before
    call_command("settle_notices", before=clock.today() + timedelta(days=400), unsent=True, verbosity=0)
    assert sorted(awaited.values_list("pk", "state")) == before
    others = OutboxRow.objects.filter(legal_notice__isnull=True, channel=Channel.EMAIL)
    assert OutboxState.PENDING not in set(others.order_by("pk").values_list("state", flat=True))


def test_resent_legal_mail_carries_the_same_link(cast: Cast, informed: Informed, sink: MailSink) -> None:
    informed()
    sent(sink)
    mails = OutboxRow.objects.filter(channel=Channel.EMAIL)
    at_state(mails, OutboxState.FAILED)  # as if the answer of the server had been lost
    with clock.at(NOW):
        retry_deliveries(actor=cast.admin)
    later = sent(sink, at=NOW + timedelta(days=2))
    links = [re.findall(r"/accuses/\S+/", text_of(one)) for one in later]
    assert links[0] == links[1]
    assert set(sink.by_id.values()) == {2}


def test_legal_mail_that_leaves_after_the_receipt_asks_for_nothing(
    cast: Cast, informed: Informed, sink: MailSink
) -> None:
    journey = informed()
    journey.do("inform.acknowledge", "ministry")
    message = next(one for one in sent(sink) if "ministry@" in str(one["X-Envelope-To"]))
    assert "/accuses/" not in text_of(message) + text_of(message, "html")
    assert "a déjà été donné" in text_of(message)


def test_damaged_paper_is_never_sent(cast: Cast, informed: Informed, sink: MailSink) -> None:
    journey = informed()
    notice = LegalNotice.objects.filter(dossier=journey.pk, organisation__code="cgefi").get()
    with default_storage.open(notice.document.file.name, "wb") as file:
        file.write(b"%PDF-1.4 other")
    messages = sent(sink)
    assert len(messages) == 2
    row = OutboxRow.objects.get(recipient=cast.comptroller, channel=Channel.EMAIL)
    assert row.state == OutboxState.PENDING
    assert "is not the one that was stored" in row.error


def test_title_of_a_dossier_cannot_forge_headers_or_markup(cast: Cast, sink: MailSink) -> None:
    with clock.at(NOW):
        Journey.at(cast, "submitted", title="<script>alert(1)</script> & Cie")
        OutboxRow.objects.exclude(recipient=cast.director).delete()
    OutboxRow.objects.update(title="À faire\r\nBcc: pirate@exemple.invalid")
    (message,) = sent(sink)
    assert message["Bcc"] is None
    assert "<script>" not in text_of(message, "html")
    assert "<script>alert(1)</script> & Cie" in text_of(message)
