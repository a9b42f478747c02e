"""A broker that is down, refuses or hangs never fails an act; the messages carry numbers only."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery, current_app
from django.test import Client

from cases import broker, clock
from notifications import wake
from notifications.enums import Channel
from notifications.models import OutboxRow
from notifications.services import deliver
from tests.brokers import free_port
from tests.journeys import Cast, Journey
from tests.mail_server import MailSink, silent_server


@pytest.fixture(autouse=True)
def _talkative() -> Iterator[None]:
    """The silence after a former test's failure is not ours."""
    broker._quiet_until = 0.0
    yield
    broker._quiet_until = 0.0


@pytest.fixture
def broker_at() -> Iterator[Any]:
    """Publish to another broker."""
    ours = current_app._get_current_object()

    def use(address: str) -> None:
        other = Celery("elsewhere", set_as_current=False)
        other.config_from_object("django.conf:settings", namespace="CELERY")
        other.conf.broker_url = address
        other.set_current()

    yield use
    ours.set_current()


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_broker_that_is_down_fails_no_act_and_the_sweep_delivers(
    cast: Cast, sink: MailSink, broker_at: Any, scheme: str
) -> None:
    broker_at(f"{scheme}://127.0.0.1:{free_port()}//")
    journey = Journey.start(cast)
    client = Client()
    client.force_login(cast.agent)
    page = client.post(
        f"/dossiers/{journey.reference}/agir/",
        {"step": "prepare", "outcome": "submit", "version": journey.dossier.version},
    )
    assert page.status_code == 302
    assert journey.status == "submitted"
    assert broker._quiet_until > time.monotonic()
    with clock.at(clock.now()):
        deliver(Channel.EMAIL)
    assert "director@carmi.example" in sink.addressees


def test_broker_that_hangs_holds_up_one_act_for_a_moment_and_the_next_not_at_all(
    cast: Cast, broker_at: Any
) -> None:
    with silent_server() as port:
        broker_at(f"amqp://127.0.0.1:{port}//")
        started = time.monotonic()
        assert wake.wake([1]) is False
        assert time.monotonic() - started < 8
        started = time.monotonic()
        assert wake.wake([2]) is False
        assert time.monotonic() - started < 0.1


def test_message_names_rows_only(cast: Cast, settings: Any) -> None:
    sent: list[Any] = []

    def keep(body: Any, **kwargs: Any) -> None:
        sent.append(body)

    from celery.signals import before_task_publish

    before_task_publish.connect(keep, weak=False, dispatch_uid="test")
    try:
        Journey.start(cast)
        journey = Journey.at(cast, "submitted")
    finally:
        before_task_publish.disconnect(dispatch_uid="test")
    row = OutboxRow.objects.get(recipient=cast.director, channel="email")
    assert [row.pk] in [body[0][0] for body in sent]
    assert journey.reference not in json.dumps([body[0] for body in sent])
