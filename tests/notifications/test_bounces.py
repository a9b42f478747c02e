"""A mail leaves for a real SMTP server, comes back through the command, and everybody concerned sees it."""

import io
import mailbox
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.db import connection

from cases import clock
from cases.errors import Forbidden
from cases.models import User
from notifications.addresses import AddressTrouble, address_state, people_out_of_reach
from notifications.channels.bounces import Verdict, read_report
from notifications.channels.envelope import MAX_LOCAL, envelope_sender, token_of
from notifications.checks import check_bounce_address
from notifications.enums import Channel, OutboxState
from notifications.models import OutboxRow
from notifications.selectors import unreached_legal_notices
from notifications.services import (
    bundle_digests,
    change_address,
    deliver,
    receive_bounce,
    retry_delivery,
    set_preferences,
)
from notifications.tasks import sweep_bounces
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast, Journey
from tests.mail_server import MailSink
from tests.notifications.bounced_mail import UNKNOWN_USER, letter, notification
from tests.pages import at_the_site, words

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)
BOUNCE = "bounce@berline.example"
WHY = "Refusé par le serveur du destinataire : " + UNKNOWN_USER.removeprefix("smtp; ")
S = OutboxState


@pytest.fixture(autouse=True)
def _bounce_address(settings: Any) -> None:
    settings.BERLINE_BOUNCE_ADDRESS = BOUNCE


@pytest.fixture
def submitted(cast: Cast) -> Journey:
    """A dossier whose director is written to, and nobody else."""
    with clock.at(NOON):
        journey = Journey.start(cast)
        OutboxRow.objects.all().delete()
        return journey.follow("prepare.submit")


@pytest.fixture
def mail(submitted: Journey, sink: MailSink) -> EmailMessage:
    """The mail to the director, which the server took."""
    return send(sink)


def send(sink: MailSink, moment: datetime = NOON) -> EmailMessage:
    before = len(sink.messages)
    with clock.at(moment):
        assert deliver(Channel.EMAIL).sent == 1
    assert len(sink.messages) == before + 1
    return sink.messages[-1]


def row() -> OutboxRow:
    return OutboxRow.objects.get(channel=Channel.EMAIL)


class Pipe:
    """Standard input as a mail server's pipe gives it."""

    def __init__(self, raw: bytes) -> None:
        self.buffer = io.BytesIO(raw)


def pipe(monkeypatch: pytest.MonkeyPatch, raw: bytes, *options: str, moment: datetime = NOON) -> int:
    """Give a message to the command; its exit code."""
    monkeypatch.setattr(sys, "stdin", Pipe(raw))
    try:
        with clock.at(moment):
            call_command("receive_bounce", *options)
    except CommandError as error:
        return int(error.returncode)
    return 0


def test_mail_that_came_back_is_seen_by_everybody_concerned(
    submitted: Journey, mail: EmailMessage, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = str(mail["X-Envelope-From"])
    assert sender.startswith("bounce+")
    assert sender.endswith("@berline.example")
    assert mail["From"] == project.DEFAULT_FROM_EMAIL
    assert (row().state, row().sent_to) == (S.DELIVERED, "director@carmi.example")
    director = at_the_site(submitted.cast.director)
    assert "ne vous parviennent pas" not in words(director.get("/"))

    assert pipe(monkeypatch, notification(mail)) == 0

    assert (row().state, row().error, row().refused_at, row().due_at) == (S.BOUNCED, WHY, NOON, None)
    admin = at_the_site(submitted.cast.admin)
    shown = words(admin.get("/envois/"))
    assert WHY in shown
    assert "1 personne ne reçoit aucun courriel" in shown
    listed = words(admin.get("/envois/adresses/"))
    assert "Adresse refusée" in listed
    assert "mardi 3 mars 2026 à 12:00" in listed
    assert "director@carmi.example" in listed
    assert WHY in words(admin.get(f"/personnes/{submitted.cast.director.username}/"))
    for address in ("/", "/avis/preferences/"):
        assert "l’adresse « director@carmi.example » a été refusée" in words(director.get(address))
    assert "ne vous parviennent pas" not in words(at_the_site(submitted.cast.agent).get("/"))


def test_mail_that_came_back_is_sent_again_to_the_corrected_address(
    submitted: Journey, mail: EmailMessage, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, notification(mail))
    director, admin = submitted.cast.director, submitted.cast.admin
    with clock.at(NOON):
        change_address(user_id=director.pk, email="nouveau@carmi.example", actor=admin)
        assert address_state(director).trouble is None  # nothing is known against the new one
        retry_delivery(row_id=row().pk, actor=admin)
    assert (row().state, row().retries, row().refused_at) == (S.PENDING, 1, None)
    second = send(sink)
    assert second["X-Envelope-To"] == "nouveau@carmi.example"
    assert second["Message-ID"] == mail["Message-ID"]
    assert second["X-Envelope-From"] != mail["X-Envelope-From"]
    # What comes back late from the former address says nothing of the new one.
    assert pipe(monkeypatch, notification(mail)) == os.EX_NOUSER
    assert row().state == S.DELIVERED


def test_notification_of_a_mail_that_was_sent_again_since_is_refused(
    submitted: Journey, mail: EmailMessage, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, notification(mail))
    with clock.at(NOON):
        retry_delivery(row_id=row().pk, actor=submitted.cast.admin)
    second = send(sink)
    assert second["X-Envelope-To"] == mail["X-Envelope-To"]
    assert pipe(monkeypatch, notification(mail)) == os.EX_NOUSER
    assert row().state == S.DELIVERED
    assert pipe(monkeypatch, notification(second)) == 0
    assert row().state == S.BOUNCED


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
def test_message_id_of_the_returned_mail_is_enough_where_no_token_is(
    mail: EmailMessage, settings: Any, returned: str
) -> None:
    settings.BERLINE_BOUNCE_ADDRESS = ""
    receive_bounce(raw=notification(mail, to="berline@localhost", returned=returned))
    assert row().state == S.BOUNCED


def test_without_the_setting_mail_comes_back_to_the_ordinary_sender(
    submitted: Journey, sink: MailSink, settings: Any
) -> None:
    settings.BERLINE_BOUNCE_ADDRESS = ""
    assert send(sink)["X-Envelope-From"] == "berline@localhost"


def forged(mail: EmailMessage) -> dict[str, str]:
    """Envelope addresses that we never gave."""
    sender = str(mail["X-Envelope-From"])
    local, domain = sender.split("@")
    return {
        "signature": f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}",
        "row": sender.replace("+", "+1", 1),
        "none": f"bounce+@{domain}",
        "garbage": f"bounce+../../etc@{domain}",
        "huge row": f"bounce+ffffffffffffffff-{'a' * 16}@{domain}",
    }


@pytest.mark.parametrize("how", ["signature", "row", "none", "garbage", "huge row"])
def test_forged_token_is_refused_though_the_message_id_is_right(
    mail: EmailMessage, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    address = forged(mail)[how]
    assert pipe(monkeypatch, notification(mail, to=address)) == os.EX_NOUSER
    assert pipe(monkeypatch, notification(mail), "--recipient", address) == os.EX_NOUSER
    assert (row().state, row().error) == (S.DELIVERED, "")


def test_token_of_another_installation_is_refused(
    mail: EmailMessage, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SECRET_KEY = "another-" * 8
    assert pipe(monkeypatch, notification(mail)) == os.EX_NOUSER
    assert row().state == S.DELIVERED


def test_mail_system_says_to_whom_it_delivered(mail: EmailMessage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers write what they like in « To », and in capitals."""
    raw = notification(mail, to="undisclosed-recipients:;")
    assert pipe(monkeypatch, raw, "--recipient", str(mail["X-Envelope-From"]).upper()) == 0
    assert row().state == S.BOUNCED


@pytest.mark.parametrize("name", ["Delivered-To", "X-Original-To"])
def test_header_of_the_delivery_says_to_whom(mail: EmailMessage, name: str) -> None:
    raw = f"{name}: {mail['X-Envelope-From']}\r\n".encode() + notification(mail, to="unknown")
    receive_bounce(raw=raw)
    assert row().state == S.BOUNCED


def test_delay_is_written_down_and_moves_nothing(mail: EmailMessage, monkeypatch: pytest.MonkeyPatch) -> None:
    delayed = notification(mail, action="delayed", status="4.4.1", diagnostic="smtp; connection timed out")
    assert pipe(monkeypatch, delayed) == 0
    assert (row().state, row().refused_at) == (S.DELIVERED, None)
    assert row().error == "Retardé par le serveur du destinataire : 4.4.1 connection timed out"
    # In the end it gave up, with a status of class 4.
    given_up = notification(mail, status="4.4.7", diagnostic="smtp; delivery time expired")
    assert pipe(monkeypatch, given_up) == 0
    assert row().error == "Refusé par le serveur du destinataire : 4.4.7 delivery time expired"
    assert row().state == S.BOUNCED


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_success_changes_nothing(mail: EmailMessage, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    assert pipe(monkeypatch, notification(mail, action=action, status="2.0.0", diagnostic="")) == 0
    assert (row().state, row().error) == (S.DELIVERED, "")


def test_answers_of_machines_and_people_are_ignored(
    mail: EmailMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = str(mail["X-Envelope-From"])
    for raw in (
        letter(sender, Auto_Submitted="auto-replied"),
        letter(sender, Precedence="bulk", X_Autoreply="yes"),
        letter(sender),
        notification(mail, report="disposition-notification"),
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nno part at all\r\n",
    ):
        assert pipe(monkeypatch, raw) == 0
    assert (row().state, row().error) == (S.DELIVERED, "")


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"\x00\xff\xfe not a mail at all"])
def test_what_is_no_mail_is_refused(db: None, monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    assert pipe(monkeypatch, raw) == os.EX_DATAERR


def test_same_notification_again_changes_nothing(mail: EmailMessage, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, notification(mail))
    assert pipe(monkeypatch, notification(mail), moment=NOON + timedelta(hours=1)) == 0
    assert row().refused_at == NOON


@pytest.mark.walk
def test_database_that_is_down_makes_the_mail_server_ask_again(spare_database: str) -> None:
    """The whole process, as the mail server starts it: the message stays in its queue."""
    unreachable = spare_database.replace("port=", "port=1")
    process = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "receive_bounce",
            "--recipient",
            f"bounce+1-{'a' * 16}@berline.example",
        ],
        cwd=project.BASE_DIR,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "DATABASE_URL": unreachable,
            "BERLINE_BOUNCE_ADDRESS": BOUNCE,
        },
        input=notification(EmailMessage(), to=BOUNCE),
        capture_output=True,
        timeout=60,
    )
    assert process.returncode == os.EX_TEMPFAIL, process.stderr


def test_digest_that_came_back_takes_back_what_it_carried(
    cast: Cast, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_preferences(user=cast.director, chosen={"task": "daily"})
    with clock.at(NOON):
        Journey.at(cast, "submitted")
        OutboxRow.objects.exclude(recipient=cast.director).delete()
    morning = NOON + timedelta(days=1)
    with clock.at(morning):
        bundle_digests()
    mail = send(sink, morning)
    digest, carried = OutboxRow.objects.filter(channel=Channel.EMAIL).order_by("-pk")
    assert (digest.state, carried.state) == (S.DELIVERED, S.DELIVERED)
    assert pipe(monkeypatch, notification(mail), moment=morning) == 0
    digest.refresh_from_db()
    carried.refresh_from_db()
    assert (digest.state, carried.state, carried.delivered_at) == (S.BOUNCED, S.BUNDLED, None)
    with clock.at(morning):
        retry_delivery(row_id=digest.pk, actor=cast.admin)
    send(sink, morning)
    carried.refresh_from_db()
    assert (carried.state, carried.delivered_at) == (S.DELIVERED, morning)


def test_maildir_is_read_and_what_cannot_be_believed_is_flagged(
    mail: EmailMessage, settings: Any, tmp_path: Path
) -> None:
    box = mailbox.Maildir(tmp_path / "retours")
    settings.BERLINE_BOUNCE_MAILDIR = str(tmp_path / "retours")
    box.add(notification(mail))
    box.add(notification(mail, to=forged(mail)["signature"]))
    box.add(letter(BOUNCE))
    with clock.at(NOON):
        assert sweep_bounces() == 3
        assert sweep_bounces() == 0
    assert row().state == S.BOUNCED
    flags = sorted(one.get_flags() for one in mailbox.Maildir(tmp_path / "retours"))
    assert flags == ["FS", "S", "S"]
    assert list((tmp_path / "retours" / "new").iterdir()) == []


def test_maildir_that_is_missing_stops_nothing(db: None, settings: Any, tmp_path: Path) -> None:
    settings.BERLINE_BOUNCE_MAILDIR = str(tmp_path / "nowhere")
    assert sweep_bounces() == 0


def test_notification_that_overtakes_the_answer_is_not_lost(submitted: Journey, sink: MailSink) -> None:
    """The mail comes back before the worker has noted that the server took it."""

    def at_once(count: int) -> None:
        with clock.at(NOON):
            receive_bounce(raw=notification(sink.messages[-1]))
        connection.close()

    sink.on_arrival = at_once
    with clock.at(NOON):
        deliver(Channel.EMAIL)
    assert (row().state, row().error) == (S.BOUNCED, WHY)


def test_legal_notice_that_came_back_reaches_nobody_and_the_dossier_says_so(
    cast: Cast, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.info", "1.00")))
    journey.walk("prepare.submit", "check.credits_available")
    OutboxRow.objects.all().delete()
    journey.do("effect.effect")
    OutboxRow.objects.filter(channel=Channel.EMAIL).exclude(kind="legal").delete()
    with clock.at(NOW):
        deliver(Channel.EMAIL)
    assert not unreached_legal_notices().exists()
    agent = at_the_site(cast.agent)
    page = f"/dossiers/{journey.reference}/"
    assert "Aucun courriel n’a atteint" not in words(agent.get(page))
    mail = next(one for one in sink.messages if "ministry_db@" in str(one["X-Envelope-To"]))
    assert pipe(monkeypatch, notification(mail), moment=NOW) == 0
    assert [one.organisation.code for one in unreached_legal_notices()] == ["db"]
    shown = words(agent.get(page))
    assert "Aucun courriel n’a atteint cet organisme Direction du budget" in shown
    assert "Des informations légales n’ont atteint personne" in words(at_the_site(cast.admin).get("/envois/"))


def refused_then(
    submitted: Journey, sink: MailSink, monkeypatch: pytest.MonkeyPatch, after: timedelta
) -> Any:
    """What is known of the director's address when a second mail, an hour later, has not come back for ``after``."""
    pipe(monkeypatch, notification(send(sink)))
    with clock.at(NOON + timedelta(hours=1)):
        Journey.at(submitted.cast, "submitted")
        OutboxRow.objects.filter(channel=Channel.EMAIL).exclude(recipient=submitted.cast.director).delete()
    send(sink, NOON + timedelta(hours=1))
    with clock.at(NOON + timedelta(hours=1) + after):
        return address_state(submitted.cast.director).trouble


@pytest.mark.parametrize(
    ("after", "trouble"), [(timedelta(hours=23), AddressTrouble.REFUSED), (timedelta(hours=24), None)]
)
def test_refusal_is_forgotten_once_a_later_mail_has_stayed(
    submitted: Journey,
    sink: MailSink,
    monkeypatch: pytest.MonkeyPatch,
    after: timedelta,
    trouble: AddressTrouble | None,
) -> None:
    assert refused_then(submitted, sink, monkeypatch, after) == trouble


def test_address_refused_by_our_own_server_is_out_of_reach_too(submitted: Journey, sink: MailSink) -> None:
    sink.refused["director@carmi.example"] = "550 5.1.1 No such user"
    with clock.at(NOON):
        deliver(Channel.EMAIL)
    assert row().state == S.FAILED
    state = address_state(submitted.cast.director)
    assert (state.trouble, state.why) == (
        AddressTrouble.REFUSED,
        "Adresse refusée : 550 5.1.1 No such user",
    )


def test_message_refused_by_our_own_server_says_nothing_of_the_address(
    submitted: Journey, sink: MailSink
) -> None:
    sink.answers = ["554 5.7.1 Refused"]
    with clock.at(NOON):
        deliver(Channel.EMAIL)
    assert address_state(submitted.cast.director).trouble is None


# -- reading, without a database ---------------------------------------------------------------------


def sent() -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = "<1.abc@berline.example>"
    message["X-Envelope-To"], message["X-Envelope-From"] = "a@b.example", BOUNCE
    return message


@pytest.mark.parametrize(
    ("action", "status", "verdict"),
    [
        ("failed", "5.1.1", Verdict.FAILED),
        ("Failed", "5.0.0 (permanent failure)", Verdict.FAILED),
        ("failed", "", Verdict.FAILED),
        ("failed (mailbox closed)", "5.2.1", Verdict.FAILED),
        ("", "5.1.1", Verdict.FAILED),
        ("", "4.2.2", Verdict.DELAYED),
        ("delayed", "4.2.2", Verdict.DELAYED),
        ("delivered", "2.1.5", Verdict.OTHER),
        ("relayed", "2.1.9", Verdict.OTHER),
        ("", "2.0.0", Verdict.OTHER),
        ("exploded", "5.1.1", Verdict.OTHER),
        ("", "", Verdict.OTHER),
    ],
)
def test_report_is_judged_by_its_action_then_by_its_status(
    action: str, status: str, verdict: Verdict
) -> None:
    assert read_report(notification(sent(), action=action, status=status)).verdict is verdict


@pytest.mark.parametrize(
    ("status", "diagnostic", "why"),
    [
        ("5.1.1", "smtp; 550 5.1.1 unknown", "550 5.1.1 unknown"),
        ("5.2.1", "smtp; 550 closed; ask the postmaster", "5.2.1 550 closed; ask the postmaster"),
        ("5.2.2", "smtp;552 full", "5.2.2 552 full"),
        ("5.1.1", "", "5.1.1"),
        ("5.1.1", "x-unix; over\r\n two lines \t\x07", "5.1.1 over two lines"),
    ],
)
def test_diagnostic_is_one_printable_line(status: str, diagnostic: str, why: str) -> None:
    assert read_report(notification(sent(), status=status, diagnostic=diagnostic)).why == why


def test_longest_bounce_address_that_is_allowed_makes_local_parts_of_64_characters(settings: Any) -> None:
    settings.BERLINE_BOUNCE_ADDRESS = f"{'b' * MAX_LOCAL}@berline.example"
    address = envelope_sender(OutboxRow(pk=2**63 - 1, sent_to="a@b.example", recipient=User()))
    assert len(address.partition("@")[0]) <= 64
    token = token_of(address)
    assert token is not None
    assert token.row == 2**63 - 1


@pytest.mark.parametrize(
    ("address", "faults"),
    [
        ("", []),
        (BOUNCE, []),
        (f"{'b' * MAX_LOCAL}@berline.example", []),
        (f"{'b' * (MAX_LOCAL + 1)}@berline.example", ["notifications.E001"]),
        ("bounce+x@berline.example", ["notifications.E001"]),
        ("bounce", ["notifications.E001"]),
        ("Berline <bounce@berline.example>", ["notifications.E001"]),
    ],
)
def test_bounce_address_that_cannot_work_is_refused_at_start_up(
    settings: Any, address: str, faults: list[str]
) -> None:
    settings.BERLINE_BOUNCE_ADDRESS = address
    assert [one.id for one in check_bounce_address()] == faults


def test_only_administrators_correct_addresses(people: SimpleNamespace) -> None:
    page = f"/envois/adresses/{people.directeur.username}/"
    for address in ("/envois/adresses/", page):
        assert at_the_site(people.dg).get(address).status_code == 404
    with pytest.raises(Forbidden):
        change_address(user_id=people.directeur.pk, email="x@carmi.example", actor=people.dg)
    admin = at_the_site(people.administrateur)
    assert {one.person for one in people_out_of_reach()} == set(User.objects.order_by("pk"))
    assert "Aucune adresse" in words(admin.get("/envois/adresses/"))
    refused = admin.post(page, {"email": "directeur@"})
    assert refused.status_code == 422
    assert "Indiquez une adresse électronique valable" in words(refused)
    shown = words(admin.post(page, {"email": "directeur@carmi.example"}, follow=True))
    assert "Les courriels à Directeur vont désormais à directeur@carmi.example." in shown
    assert "Adresse électronique changée" in shown
    assert people.directeur not in {one.person for one in people_out_of_reach()}
