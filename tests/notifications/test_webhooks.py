"""Calls to a real HTTP server: signed, retried, disabled after too many failures, never elsewhere than asked."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cases import clock
from cases.errors import Conflict, Forbidden, Invalid
from cases.models import AdministrationEntry
from notifications.channels import calls
from notifications.enums import Channel, OutboxState
from notifications.models import OutboxRow, Webhook
from notifications.services import (
    Delivered,
    create_webhook,
    deliver,
    renew_webhook,
    resume_webhook,
    retry_delivery,
)
from tests.journeys import Cast, Journey
from tests.mail_server import silent_server

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)
S = OutboxState


class Receiver:
    """A program that is called; ``answers`` are the statuses that it gives, 204 when there are none left."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.address = ""


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.BERLINE_WEBHOOK_PRIVATE = True
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.calls.append((self.path, dict(self.headers), body))
            status = found.answers.pop(0) if found.answers else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{found.address}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def subscribed(cast: Cast, receiver: Receiver) -> tuple[Webhook, str]:
    """A subscription to tasks, and its secret."""
    return create_webhook(
        name="Tableau de bord", url=f"{receiver.address}/in?a=1", kinds=["task", "news"], actor=cast.admin
    )


@pytest.fixture
def call(cast: Cast, subscribed: tuple[Webhook, str]) -> Callable[[], OutboxRow]:
    """A call that waits."""

    def make() -> OutboxRow:
        with clock.at(NOON):
            journey = Journey.start(cast)
            OutboxRow.objects.filter(channel="webhook", state="pending").delete()
            journey.follow("prepare.submit")
        return OutboxRow.objects.get(channel="webhook", dossier=journey.pk)

    return make


def run(moment: datetime = NOON, ids: list[int] | None = None) -> Delivered:
    with clock.at(moment):
        return deliver(Channel.WEBHOOK, ids=ids)


def test_call_is_signed_over_its_moment_and_body(
    call: Callable[[], OutboxRow], subscribed: tuple[Webhook, str], receiver: Receiver
) -> None:
    row, (webhook, secret) = call(), subscribed
    assert run().sent == 1
    ((path, headers, body),) = receiver.calls
    assert path == "/in?a=1"
    assert json.loads(body) == row.details
    timestamp = headers["Berline-Timestamp"]
    assert timestamp == str(int(NOON.timestamp()))
    expected = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["Berline-Signature"] == f"v1={expected}"
    row.refresh_from_db()
    assert (row.state, row.delivered_at) == (S.DELIVERED, NOON)
    assert headers["Berline-Delivery"] == row.message_id.strip("<>")
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.last_called_at) == (0, NOON)


def test_secret_is_not_in_the_database_and_a_new_one_replaces_it(
    cast: Cast, call: Callable[[], OutboxRow], subscribed: tuple[Webhook, str], receiver: Receiver
) -> None:
    webhook, secret = subscribed
    assert secret not in json.dumps(Webhook.objects.filter(pk=webhook.pk).values().get(), default=str)
    _, renewed = renew_webhook(webhook_id=webhook.pk, actor=cast.admin)
    assert renewed != secret
    call()
    run()
    ((_, headers, body),) = receiver.calls
    signed = calls.signature(renewed, headers["Berline-Timestamp"], body)
    assert headers["Berline-Signature"] == signed


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (500, "Réponse 500."),
        (404, "Réponse 404."),
        (302, "Réponse 302 : les redirections ne sont pas suivies."),
    ],
)
def test_any_other_answer_is_tried_again_under_the_same_name(
    call: Callable[[], OutboxRow],
    subscribed: tuple[Webhook, str],
    receiver: Receiver,
    answer: int,
    error: str,
) -> None:
    row = call()
    receiver.answers = [answer]
    assert run().later == 1
    row.refresh_from_db()
    assert (row.state, row.error, row.due_at) == (S.PENDING, error, NOON + timedelta(minutes=1))
    webhook = subscribed[0]
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.last_error) == (1, error)
    assert (
        run(ids=[row.pk]) == Delivered()
    )  # a worker that an act wakes leaves a failing address to the sweep
    assert run(NOON + timedelta(minutes=1)).sent == 1
    assert len({headers["Berline-Delivery"] for _, headers, _ in receiver.calls}) == 1
    assert [path for path, _, _ in receiver.calls] == ["/in?a=1"] * 2
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.last_error) == (0, "")


def test_failing_address_is_disabled_and_shown_then_taken_up_again(
    cast: Cast,
    call: Callable[[], OutboxRow],
    subscribed: tuple[Webhook, str],
    receiver: Receiver,
    settings: Any,
) -> None:
    settings.BERLINE_WEBHOOK_FAILURES = 3
    receiver.answers = [500] * 3
    row, webhook = call(), subscribed[0]
    moment = NOON
    for minutes in (0, 1, 5):
        moment += timedelta(minutes=minutes)
        run(moment)
    webhook.refresh_from_db()
    row.refresh_from_db()
    assert (webhook.active, webhook.failures) == (False, 3)
    assert (row.state, row.error) == (S.FAILED, "Abonnement désactivé après trop d’échecs.")
    assert not OutboxRow.objects.filter(webhook=webhook, state="pending").exists()
    with clock.at(moment):
        resume_webhook(webhook_id=webhook.pk, actor=cast.admin)
        retry_delivery(row_id=row.pk, actor=cast.admin)
    assert run(moment).sent == 1


def test_address_that_hangs_is_left_at_the_time_out(
    cast: Cast, call: Callable[[], OutboxRow], subscribed: tuple[Webhook, str], settings: Any
) -> None:
    settings.BERLINE_WEBHOOK_TIMEOUT = 0.3
    row = call()
    with silent_server() as port:
        Webhook.objects.update(url=f"http://127.0.0.1:{port}/")
        assert run().later == 1
    row.refresh_from_db()
    assert row.error == "Pas de réponse dans le délai."


def test_private_addresses_are_not_called(
    call: Callable[[], OutboxRow], receiver: Receiver, settings: Any
) -> None:
    """What was allowed when the subscription was made, or a name that has come to mean another machine."""
    row = call()
    settings.BERLINE_WEBHOOK_PRIVATE = False
    for url in (f"https://localhost:{receiver.address.rsplit(':')[-1]}/", receiver.address):
        Webhook.objects.update(url=url)
        OutboxRow.objects.filter(pk=row.pk).update(state="pending", due_at=NOON)
        assert run().later == 1
        row.refresh_from_db()
        assert "réseau privé" in row.error or "https" in row.error
    assert receiver.calls == []


@pytest.mark.parametrize(
    "url",
    [
        "http://exemple.org/",
        "ftp://exemple.org/",
        "https://",
        "https://user:pass@exemple.org/",
        "https://exemple.org/#a",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/",
        "https://[::1]/",
        "https://[::ffff:192.168.1.1]/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://exemple.org/ a",
        "https://exemple.org/\r\nX: y",
        "https://exemple.org:99999/",
        "exemple.org",
        "",
    ],
)
def test_dangerous_address_is_never_called(url: str) -> None:
    with pytest.raises(calls.BadAddress):
        calls.checked_address(url)


def test_dangerous_address_is_refused_at_once(db: None) -> None:
    admin = Cast().admin
    for url in ("https://10.0.0.1/", ""):
        with pytest.raises(Invalid) as refused:
            create_webhook(name="Programme", url=url, kinds=["task"], actor=admin)
        assert refused.value.details["url"]
    assert not Webhook.objects.exists()


def test_subscriptions_are_kept_by_administrators_and_journalled(db: None) -> None:
    cast = Cast()
    with pytest.raises(Forbidden):
        create_webhook(name="P", url="https://exemple.org/", kinds=["task"], actor=cast.dg)
    webhook, _ = create_webhook(name="P", url="https://exemple.org/", kinds=["task"], actor=cast.admin)
    with pytest.raises(Conflict):
        create_webhook(name="P", url="https://exemple.org/b", kinds=["task"], actor=cast.admin)
    for kinds in ([], ["digest"], ["task", "x"]):
        with pytest.raises(Invalid):
            create_webhook(name="Q", url="https://exemple.org/b", kinds=kinds, actor=cast.admin)
    renew_webhook(webhook_id=webhook.pk, actor=cast.admin)
    entries = AdministrationEntry.objects.order_by("sequence")
    assert [entry.action for entry in entries] == ["create_webhook", "renew_webhook"]
    assert "whsec" not in json.dumps([entry.changes for entry in entries])
