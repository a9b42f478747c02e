"""Reminders as people receive them: by mail, over a real SMTP server, with the date and the words of the rule."""

from datetime import date
from typing import Any

from cases import clock
from cases.models import Deadline
from cases.services import declare_absence
from notifications.enums import Channel, OutboxState
from notifications.models import OutboxRow
from notifications.services import bundle_digests, deliver, set_preferences
from tests.journeys import Cast
from tests.mail_server import MailSink, text_of
from tests.reminders import START, clock_of, day, sweep, under_review


def mails(sink: MailSink, moment: Any) -> dict[str, Any]:
    """What a delivery brings to the mail server, by addressee."""
    with clock.at(moment):
        deliver(Channel.EMAIL)
    return {address.split("@")[0]: one for address, one in zip(sink.addressees, sink.messages, strict=True)}


def forget() -> None:
    """What was told before the reminders is of no interest here."""
    OutboxRow.objects.all().delete()


def test_mail_says_what_to_do_by_when_and_the_words_of_the_rule(cast: Cast, sink: MailSink) -> None:
    journey = under_review(cast)
    forget()
    sweep(day(16))
    sent = mails(sink, day(16))
    assert sorted(sent) == ["reviewer", "reviewer2"]
    mail = sent["reviewer"]
    assert " ".join(mail["Subject"].split()) == (
        f"Rappel : Instruire le dossier, au plus tard le lundi 23 mars 2015 — {journey.reference} — lundi 16 mars 2015"
    )
    for kind in ("plain", "html"):
        text = " ".join(text_of(mail, kind).split())
        assert (
            "est à faire au plus tard le lundi 23 mars 2015 : il reste 7 jours (l’échéance interne)." in text
        )
        assert "Ouvrez le dossier et faites l’étape attendue" in text
        assert f"/dossiers/{journey.reference}/" in text
        assert "objectif interne de quinze jours ouvrés" in text
        assert "Délai interne" in text


def test_mail_to_those_above_says_why_and_who_has_the_step(cast: Cast, sink: MailSink) -> None:
    under_review(cast)
    forget()
    sweep(day(23))
    text = " ".join(text_of(mails(sink, day(23))["manager"]).split())
    assert "c’est aujourd’hui" in text
    assert "Ce rappel s’adresse au pilotage." in text
    assert "le tiennent : Igor Instructeur, Irène Instructrice." in text
    assert "confiez la tâche à une autre." in text
    assert "Délai interne : lundi 23 mars 2015" in text
    assert "faites l’étape attendue" not in text


def test_mail_shows_the_date_of_its_own_clock(cast: Cast, sink: MailSink) -> None:
    """Another clock on the same step ends before."""
    own = clock_of(under_review(cast))
    Deadline.objects.create(
        dossier=own.dossier,
        step=own.step,
        title="Autre délai",
        kind="legal",
        rule_ref=own.rule_ref,
        length=10,
        unit="calendar_days",
        due_on=date(2015, 3, 18),
        opened_at=own.opened_at,
    )
    forget()
    sweep(day(16))
    text = text_of(mails(sink, day(16))["reviewer"])
    assert "Délai interne : lundi 23 mars 2015" in text
    assert "Échéance légale" not in text


def test_mail_of_a_step_done_meanwhile_does_not_leave(cast: Cast, sink: MailSink) -> None:
    journey = under_review(cast)
    forget()
    sweep(day(16))
    with clock.at(day(16)):
        journey.act("check.complete", actor="reviewer")
    OutboxRow.objects.exclude(kind="reminder").delete()
    assert mails(sink, day(16, hour=8)) == {}


def test_later_reminder_replaces_the_one_that_was_not_read(cast: Cast, sink: MailSink) -> None:
    set_preferences(user=cast.dg, chosen={"reminder": "daily"})
    under_review(cast)
    forget()
    sweep(day(28))
    sweep(day(2, 4))
    waiting = OutboxRow.objects.filter(recipient=cast.dg).order_by("pk")
    assert {(row.channel, row.event.split(":")[2], row.state) for row in waiting} == {
        (Channel.IN_APP, "J+5", OutboxState.SETTLED),
        (Channel.EMAIL, "J+5", OutboxState.SETTLED),
        (Channel.IN_APP, "J+10", OutboxState.DELIVERED),
        (Channel.EMAIL, "J+10", OutboxState.PENDING),
    }
    with clock.at(day(3, 4, hour=7)):
        assert bundle_digests() == 1
    text = text_of(mails(sink, day(3, 4, hour=7))["dg"])
    assert text.count("Instruire le dossier, ") + text.count(" : Instruire le dossier") == 1


def test_deputy_is_written_to_and_the_absent_is_not(cast: Cast, sink: MailSink) -> None:
    with clock.at(START):
        for absent, deputy in ((cast.reviewer, cast.reviewer2), (cast.manager, cast.auditor)):
            declare_absence(
                user=absent,
                first_day=date(2015, 3, 10),
                last_day=date(2015, 3, 31),
                deputy=deputy,
                declared_by=absent,
            )
    under_review(cast)
    forget()
    sweep(day(16))
    sweep(day(22))
    assert sorted(mails(sink, day(22))) == ["auditor", "reviewer2"]
