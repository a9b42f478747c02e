"""Mails go to a real SMTP server, with real commits: once, again when it is worth it, and never silently not."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.services import deactivate_person, end_role
from notifications.enums import Channel, NoticeKind, OutboxState
from notifications.models import OutboxRow
from notifications.services import deliver, retry_deliveries, retry_delivery, tell
from notifications.services.delivery import _claim
from notifications.tasks import deliver_outbox, sweep_outbox
from tests.journeys import Cast, Journey
from tests.mail_server import MailSink, silent_server, surly_server, text_of

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)
S = OutboxState


def mails() -> list[OutboxRow]:
    """The rows by mail, oldest first."""
    return list(OutboxRow.objects.filter(channel=Channel.EMAIL).order_by("pk"))


def only_mail() -> OutboxRow:
    (row,) = mails()
    return row


@pytest.fixture
def submitted(cast: Cast) -> Journey:
    """A dossier submitted on a Tuesday: its director is written to, and nobody else."""
    with clock.at(NOON):
        journey = Journey.start(cast)
        OutboxRow.objects.all().delete()
        return journey.follow("prepare.submit")


def run(moment: datetime = NOON, channel: Channel = Channel.EMAIL, ids: list[int] | None = None) -> Any:
    with clock.at(moment):
        return deliver(channel, ids=ids)


def test_mail_reaches_its_addressee_once(submitted: Journey, sink: MailSink) -> None:
    assert run().sent == 1
    row = only_mail()
    assert (row.state, row.attempts, row.error) == (S.DELIVERED, 1, "")
    assert row.delivered_at == NOON
    (message,) = sink.messages
    assert sink.addressees == ["director@carmi.example"]
    assert message["Message-ID"] == row.message_id
    assert (
        message["Subject"].strip()
        == f"À faire : Signer et transmettre — {submitted.reference} — mardi 3 mars 2026"
    )
    assert message["Auto-Submitted"] == "auto-generated"
    assert f"http://127.0.0.1:8000/dossiers/{submitted.reference}/" in text_of(message)
    assert f"http://127.0.0.1:8000/dossiers/{submitted.reference}/" in text_of(message, "html")
    assert run(NOON + timedelta(days=30)).sent == 0
    assert len(sink.messages) == 1


def test_act_that_was_undone_sends_nothing(cast: Cast, sink: MailSink) -> None:
    journey = Journey.start(cast)
    OutboxRow.objects.all().delete()

    def undo() -> None:
        with transaction.atomic():
            journey.act("prepare.submit")
            assert len(mails()) == 1
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        undo()
    assert mails() == []
    assert run(clock.now()).sent == 0
    assert sink.messages == []


def test_refused_address_fails_at_once_and_is_shown(submitted: Journey, sink: MailSink) -> None:
    sink.refused["director@carmi.example"] = "550 5.1.1 No such user"
    assert run().failed == 1
    row = only_mail()
    assert (row.state, row.attempts, row.due_at) == (S.FAILED, 1, None)
    assert row.error == "Adresse refusée : 550 5.1.1 No such user"
    assert run(NOON + timedelta(days=9)).sent == 0


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("552 5.3.4 Too big", "Message refusé : 552 5.3.4 Too big"),
        ("554 5.7.1 Refused", "Message refusé : 554 5.7.1 Refused"),
    ],
)
def test_refused_message_fails_at_once(submitted: Journey, sink: MailSink, answer: str, error: str) -> None:
    sink.answers = [answer]
    run()
    assert (only_mail().state, only_mail().error) == (S.FAILED, error)


def test_refusal_for_now_is_tried_again_under_the_same_message_id(submitted: Journey, sink: MailSink) -> None:
    sink.answers = ["451 4.3.0 Try later", "452 4.2.2 Mailbox full"]
    assert run().later == 1
    row = only_mail()
    assert (row.state, row.attempts) == (S.PENDING, 1)
    assert row.due_at == NOON + timedelta(minutes=1)
    assert row.error == "Message refusé : 451 4.3.0 Try later"
    first_id = row.message_id
    assert run(NOON + timedelta(seconds=59)).later == 0  # not yet
    later = NOON + timedelta(minutes=1)
    assert run(later).later == 1
    assert only_mail().due_at == later + timedelta(minutes=5)
    assert run(later + timedelta(minutes=5)).sent == 1
    row = only_mail()
    assert (row.state, row.attempts, row.error, row.message_id) == (S.DELIVERED, 3, "", first_id)
    assert sink.by_id == {first_id: 1}


def test_address_refused_for_now_is_tried_again(submitted: Journey, sink: MailSink) -> None:
    sink.refused["director@carmi.example"] = "450 4.2.0 Greylisted"
    assert run().later == 1
    assert only_mail().error == "Adresse refusée : 450 4.2.0 Greylisted"
    sink.refused.clear()
    assert run(NOON + timedelta(minutes=1)).sent == 1


def test_last_attempt_that_fails_ends_it_and_an_administrator_begins_anew(
    submitted: Journey, sink: MailSink, settings: Any
) -> None:
    settings.BERLINE_RETRY_MINUTES = (1, 2)
    sink.answers = ["451 no", "451 no", "451 still no"]
    moment = NOON
    for _ in range(3):
        run(moment)
        moment += timedelta(minutes=5)
    row = only_mail()
    assert (row.state, row.attempts, row.error) == (S.FAILED, 3, "Message refusé : 451 still no")
    run(moment)
    assert sink.messages == []
    with clock.at(moment):
        retry_delivery(row_id=row.pk, actor=submitted.cast.admin)
    assert run(moment).sent == 1
    assert only_mail().attempts == 1
    assert sink.by_id == {row.message_id: 1}


def test_everything_failed_is_tried_again_at_one_word(cast: Cast, sink: MailSink) -> None:
    with clock.at(NOON):
        for _ in range(3):
            Journey.at(cast, "submitted")
        OutboxRow.objects.exclude(recipient=cast.director).delete()
        sink.refused["director@carmi.example"] = "550 no"
        assert deliver(Channel.EMAIL).failed == 3
        sink.refused.clear()
        assert retry_deliveries(actor=cast.admin) == 3
        assert retry_deliveries(actor=cast.admin) == 0
        assert deliver(Channel.EMAIL).sent == 3


def test_server_that_refuses_connections_holds_one_mail_and_the_rest_waits(
    cast: Cast, sink: MailSink, settings: Any
) -> None:
    with clock.at(NOON):
        for _ in range(3):
            Journey.at(cast, "submitted")
    OutboxRow.objects.exclude(recipient=cast.director, channel="email").delete()
    sink.stop()
    report = run()
    assert (report.sent, report.later) == (0, 1)
    assert [row.attempts for row in mails()] == [1, 0, 0]
    assert mails()[0].error == "Serveur de courriel injoignable : connexion refusée"
    # Workers woken by acts leave it alone for a while; the sweep asks again.
    assert run(ids=[row.pk for row in mails()]).later == 0
    sink.start()
    assert run(NOON + timedelta(minutes=2)).sent == 3


def test_server_that_hangs_is_left_at_the_time_out(submitted: Journey, sink: MailSink, settings: Any) -> None:
    with silent_server() as port:
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = port, 0.3
        assert run().later == 1
    assert only_mail().error == "Serveur de courriel injoignable : pas de réponse dans le délai"
    settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = sink.port, 5
    assert run(NOON + timedelta(minutes=1)).sent == 1


def test_server_that_falls_silent_after_the_message_is_left_and_asked_again(
    submitted: Journey, sink: MailSink, settings: Any
) -> None:
    """Nobody can know whether it has the mail: it is sent again under the same Message-ID."""
    settings.EMAIL_TIMEOUT, sink.mute = 0.3, True
    assert run().later == 1
    row = only_mail()
    assert row.error == "Serveur de courriel : pas de réponse dans le délai"
    sink.mute = False
    assert run(NOON + timedelta(minutes=1)).sent == 1
    assert sink.by_id == {row.message_id: 1}


@pytest.mark.parametrize(
    ("greeting", "error"),
    [
        (b"421 4.3.2 Closing\r\n", "Serveur de courriel injoignable : 421 4.3.2 Closing"),
        (b"554 5.3.2 No service\r\n", "Serveur de courriel injoignable : 554 5.3.2 No service"),
        (b"", "Serveur de courriel injoignable : connexion interrompue"),
    ],
)
def test_server_that_serves_nobody_holds_one_mail_and_asks_for_another_try(
    submitted: Journey, sink: MailSink, settings: Any, greeting: bytes, error: str
) -> None:
    with surly_server(greeting) as port:
        settings.EMAIL_PORT = port
        assert run().later == 1
    assert (only_mail().state, only_mail().error) == (S.PENDING, error)
    settings.EMAIL_PORT = sink.port
    assert run(NOON + timedelta(minutes=1)).sent == 1


@pytest.mark.parametrize("code", ["550 5.7.1", "451 4.7.1"])
def test_server_that_refuses_our_own_sender_is_a_fault_of_the_installation(
    cast: Cast, sink: MailSink, code: str
) -> None:
    """No mail is given up for it, and one is enough to find out."""
    with clock.at(NOON):
        for _ in range(2):
            Journey.at(cast, "submitted")
    OutboxRow.objects.exclude(recipient=cast.director, channel="email").delete()
    sink.sender = f"{code} Sender not allowed"
    assert run().later == 1
    assert [(row.state, row.attempts) for row in mails()] == [(S.PENDING, 1), (S.PENDING, 0)]
    assert mails()[0].error == f"Serveur de courriel : {code} Sender not allowed"
    sink.sender = "250 OK"
    assert run(NOON + timedelta(minutes=1)).sent == 2


def test_refusal_of_one_addressee_stops_no_other(cast: Cast, sink: MailSink) -> None:
    """4xx for one, 5xx for another, nothing against the third: all in one run."""
    with clock.at(NOON):
        journey = Journey.at(cast, "submitted")
        OutboxRow.objects.all().delete()
        people = [cast.director, cast.agent, cast.agent2]
        tell(
            event="rappel:1",
            people=[one.pk for one in people],
            kind=NoticeKind.REMINDER,
            title="Rappel",
            body="L’échéance approche.",
            dossier=journey.dossier,
        )
    sink.refused = {
        "director@carmi.example": "450 4.2.0 Greylisted",
        "agent@carmi.example": "550 5.1.1 Unknown",
    }
    report = run()
    assert (report.sent, report.later, report.failed) == (1, 1, 1)
    found = {row.reader.username: row.state for row in mails()}
    assert found == {"director": S.PENDING, "agent": S.FAILED, "agent2": S.DELIVERED}
    assert sink.addressees == ["agent2@carmi.example"]


def test_server_that_leaves_in_the_middle_is_tried_again(submitted: Journey, sink: MailSink) -> None:
    sink.answers = ["421 4.3.2 Shutting down"]
    assert run().later == 1
    assert run(NOON + timedelta(minutes=1)).sent == 1


def test_lease_of_a_worker_that_was_killed_ends(submitted: Journey, sink: MailSink, settings: Any) -> None:
    with clock.at(NOON):
        killed = _claim(Channel.EMAIL, None)
    assert killed is not None
    lease = timedelta(seconds=settings.BERLINE_LEASE_SECONDS)
    assert run(NOON + lease - timedelta(seconds=1)).sent == 0
    assert only_mail().state == S.SENDING
    assert run(NOON + lease).sent == 1
    row = only_mail()
    assert (row.state, row.attempts, row.message_id) == (S.DELIVERED, 2, killed.message_id)


def test_row_that_kills_every_worker_is_given_up(submitted: Journey, sink: MailSink, settings: Any) -> None:
    settings.BERLINE_RETRY_MINUTES = (1, 2)
    moment = NOON
    for _ in range(3):
        with clock.at(moment):
            assert _claim(Channel.EMAIL, None) is not None
        moment += timedelta(seconds=settings.BERLINE_LEASE_SECONDS)
    assert run(moment).failed == 1
    assert (only_mail().state, sink.messages) == (S.FAILED, [])


def test_attempt_whose_lease_ended_changes_nothing_any_more(
    submitted: Journey, sink: MailSink, settings: Any
) -> None:
    """The slow one sends, but the row belongs to who took it since."""
    lease = timedelta(seconds=settings.BERLINE_LEASE_SECONDS)

    def take_over(count: int) -> None:
        if count == 1:
            with clock.at(NOON + lease):
                taken = _claim(Channel.EMAIL, None)
                assert taken is not None
            connections.close_all()

    sink.on_arrival = take_over
    run()
    row = only_mail()
    assert (row.state, row.attempts) == (S.SENDING, 2)
    assert run(NOON + 2 * lease).sent == 1
    assert sink.by_id == {row.message_id: 2}  # recognisable as the same message


def test_two_deliverers_at_once_send_each_mail_once(cast: Cast, sink: MailSink) -> None:
    with clock.at(NOON):
        for _ in range(12):
            Journey.at(cast, "submitted")
    count = len(mails())
    barrier = threading.Barrier(4)
    reports = []

    def work() -> None:
        try:
            with clock.at(NOON):
                barrier.wait()
                reports.append(deliver(Channel.EMAIL).sent)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settled = OutboxRow.objects.filter(channel="email", state=S.SETTLED).count()
    assert sum(reports) == count - settled == 12
    assert set(sink.by_id.values()) == {1}
    assert len(sink.by_id) == 12


def test_person_without_a_valid_address_is_shown_and_reached_once_there_is_one(
    submitted: Journey, sink: MailSink
) -> None:
    director = submitted.cast.director
    director.email = "directeur@"
    director.save(update_fields=["email"])
    assert run().dropped == 1
    row = only_mail()
    assert (row.state, row.error) == (
        S.UNADDRESSED,
        "L’adresse électronique de cette personne n’est pas valable.",
    )
    director.email = "directeur@carmi.example"
    director.save(update_fields=["email"])
    with clock.at(NOON):
        retry_delivery(row_id=row.pk, actor=submitted.cast.admin)
    assert run().sent == 1
    assert sink.addressees == ["directeur@carmi.example"]


def test_person_who_lost_access_meanwhile_is_not_written_to(submitted: Journey, sink: MailSink) -> None:
    grant = submitted.cast.director.role_grants.get()
    end_role(grant=grant, last_day=clock.today() - timedelta(days=1), motive="Mutation", ended_by=None)
    with clock.at(clock.now()):
        assert deliver(Channel.EMAIL).dropped == 1
    assert (only_mail().state, only_mail().error) == (S.SETTLED, "Cette personne n’a plus accès au dossier.")
    assert sink.messages == []


def test_closed_access_is_not_written_to(submitted: Journey, sink: MailSink) -> None:
    deactivate_person(user=submitted.cast.director, motive="Départ", deactivated_by=None)
    assert run().dropped == 1
    assert sink.messages == []


def test_step_done_before_the_mail_left_is_not_asked_for(submitted: Journey, sink: MailSink) -> None:
    submitted.act("sign_off.transmit")
    assert run(clock.now()).sent == 2  # the two instructors
    assert "director@carmi.example" not in sink.addressees
    assert mails()[0].state == S.SETTLED


def test_error_of_ours_is_put_off_and_stops_nobody_else(cast: Cast, sink: MailSink) -> None:
    with clock.at(NOON):
        for _ in range(2):
            Journey.at(cast, "submitted")
    OutboxRow.objects.exclude(recipient=cast.director, channel="email").delete()
    broken = mails()[0]
    OutboxRow.objects.filter(pk=broken.pk).update(kind="legal")  # without the notice that it should carry
    report = run()
    assert (report.sent, report.later) == (1, 1)
    assert [(row.state, row.error) for row in mails()] == [
        (S.PENDING, "Erreur du programme : KeyError NoticeKind.LEGAL"),
        (S.DELIVERED, ""),
    ]


def test_delivery_inside_a_transaction_is_refused(submitted: Journey, sink: MailSink) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="commits each"):
        deliver(Channel.EMAIL)


def test_delivery_costs_the_same_statements_however_much_waits(
    cast: Cast, sink: MailSink, django_assert_num_queries: Any
) -> None:
    def statements(dossiers: int) -> int:
        with clock.at(NOON):
            for _ in range(dossiers):
                Journey.at(cast, "submitted")
            OutboxRow.objects.exclude(recipient=cast.director, channel="email").delete()
            with CaptureQueriesContext(connection) as queries:
                assert deliver(Channel.EMAIL).sent == dossiers
        return len(queries)

    one = statements(1)
    assert statements(3) - one == 2 * (one - 1)  # the last claim finds nothing


def test_tasks_deliver_what_they_are_told_of_and_the_sweep_the_rest(
    submitted: Journey, sink: MailSink
) -> None:
    row = only_mail()
    deliver_outbox([row.pk + 1_000_000])
    assert sink.messages == []
    deliver_outbox([row.pk])
    assert len(sink.messages) == 1
    submitted.act("sign_off.transmit")
    assert sweep_outbox("email").startswith("2 remis")
