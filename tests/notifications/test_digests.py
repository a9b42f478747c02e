"""Digests: one mail for each person, at seven in Paris, with what they have not read, exactly once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.db.models import QuerySet

from cases import clock
from cases.models import User
from cases.services import end_role
from notifications.enums import Channel, NoticeKind, OutboxState
from notifications.models import OutboxRow
from notifications.selectors import notices_of
from notifications.services import bundle_digests, deliver, mark_read, set_preferences
from notifications.tasks import gather_digests
from tests.journeys import Cast, Journey
from tests.mail_server import MailSink, text_of

TUESDAY = datetime(2026, 3, 3, 11, tzinfo=UTC)
MORNING = datetime(2026, 3, 4, 6, tzinfo=UTC)
S = OutboxState


def digests() -> QuerySet[OutboxRow]:
    return OutboxRow.objects.filter(kind=NoticeKind.DIGEST).order_by("pk")


def carried(user: User) -> list[str]:
    rows = OutboxRow.objects.filter(recipient=user, channel=Channel.EMAIL).exclude(kind=NoticeKind.DIGEST)
    return [row.state for row in rows.order_by("pk")]


@pytest.fixture
def three(cast: Cast) -> Cast:
    """Three dossiers wait for the director, who reads digests; nothing else waits to be sent."""
    set_preferences(user=cast.director, chosen={"task": "daily"})
    with clock.at(TUESDAY):
        for _ in range(3):
            Journey.at(cast, "submitted")
    OutboxRow.objects.exclude(recipient=cast.director).delete()
    return cast


def test_digest_leaves_in_the_morning_with_everything_once(three: Cast, sink: MailSink) -> None:
    with clock.at(MORNING - timedelta(seconds=1)):
        assert (bundle_digests(), deliver(Channel.EMAIL).sent) == (0, 0)
    with clock.at(MORNING):
        assert gather_digests() == 1
        assert carried(three.director) == [S.BUNDLED] * 3
        assert bundle_digests() == 0
        assert deliver(Channel.EMAIL).sent == 1
        assert deliver(Channel.EMAIL).sent == 0
    (message,) = sink.messages
    assert message["Subject"].strip() == "Récapitulatif : 3 avis — mercredi 4 mars 2026"
    for number in (1, 2, 3):
        assert text_of(message).count(f"/dossiers/FNMO-2015-000{number}/") == 1
    rows = OutboxRow.objects.filter(digest=digests().get()).order_by("pk")
    assert {(row.state, row.delivered_at) for row in rows} == {(S.DELIVERED, MORNING)}


def test_digest_leaves_out_what_was_read_or_done(three: Cast, sink: MailSink) -> None:
    newest = notices_of(three.director)[0]
    mark_read(user=three.director, notice_id=newest.pk)
    with clock.at(TUESDAY + timedelta(hours=1)):
        Journey(three, notices_of(three.director)[1].dossier).act("sign_off.transmit")
    with clock.at(MORNING):
        bundle_digests()
        deliver(Channel.EMAIL)
    digest = next(one for one in sink.messages if "Récapitulatif" in one["Subject"])
    assert digest["Subject"].strip().startswith("Récapitulatif : un avis")
    assert text_of(digest).count("/dossiers/") == 1
    assert sorted(carried(three.director)) == [S.DELIVERED, S.SETTLED, S.SETTLED]


def test_digest_with_nothing_left_is_not_written(three: Cast, sink: MailSink) -> None:
    notices_of(three.director).update(read_at=TUESDAY)
    with clock.at(MORNING):
        assert bundle_digests() == 0
    assert carried(three.director) == [S.SETTLED] * 3
    assert not digests().exists()


def test_digest_tells_nothing_to_who_may_no_longer_read(three: Cast, sink: MailSink) -> None:
    with clock.at(MORNING):
        assert bundle_digests() == 1
    grant = three.director.role_grants.get()
    end_role(grant=grant, last_day=clock.today() - timedelta(days=1), motive="Mutation", ended_by=None)
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert deliver(Channel.EMAIL).dropped == 1
    assert sink.messages == []
    assert carried(three.director) == [S.SETTLED] * 3


def test_digest_is_not_even_bundled_for_who_may_no_longer_read(three: Cast) -> None:
    grant = three.director.role_grants.get()
    end_role(grant=grant, last_day=clock.today() - timedelta(days=1), motive="Mutation", ended_by=None)
    assert clock.now() > MORNING
    assert bundle_digests() == 0
    assert carried(three.director) == [S.SETTLED] * 3


def test_two_gatherers_at_once_write_one_digest(three: Cast, sink: MailSink) -> None:
    barrier = threading.Barrier(4)
    counts = []

    def work() -> None:
        try:
            with clock.at(MORNING):
                barrier.wait()
                counts.append(bundle_digests())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 0, 1]
    assert digests().count() == 1
    with clock.at(MORNING):
        assert deliver(Channel.EMAIL).sent == 1


def test_gatherer_that_was_down_bundles_two_mornings_into_one_and_the_next_anew(
    three: Cast, sink: MailSink
) -> None:
    with clock.at(MORNING + timedelta(hours=3)):
        Journey.at(three, "submitted")
    OutboxRow.objects.exclude(recipient=three.director).delete()
    with clock.at(MORNING + timedelta(days=1)):
        assert bundle_digests() == 1
        Journey.at(three, "submitted")
    OutboxRow.objects.exclude(recipient=three.director).delete()
    assert carried(three.director)[:4] == [S.BUNDLED] * 4
    with clock.at(MORNING + timedelta(days=2)):
        assert bundle_digests() == 1
        assert deliver(Channel.EMAIL).sent == 2


def test_failed_digest_keeps_what_it_carries_until_it_is_sent_again(three: Cast, sink: MailSink) -> None:
    sink.refused["director@carmi.example"] = "550 no"
    with clock.at(MORNING):
        bundle_digests()
        assert deliver(Channel.EMAIL).failed == 1
    assert carried(three.director) == [S.BUNDLED] * 3
    assert digests().get().state == S.FAILED


def test_weekly_digest_waits_for_monday(cast: Cast, sink: MailSink) -> None:
    set_preferences(user=cast.director, chosen={"task": "weekly"})
    with clock.at(TUESDAY):
        Journey.at(cast, "submitted")
    OutboxRow.objects.exclude(recipient=cast.director).delete()
    monday = datetime(2026, 3, 9, 6, tzinfo=UTC)
    with clock.at(monday - timedelta(seconds=1)):
        assert bundle_digests() == 0
    with clock.at(monday):
        assert bundle_digests() == 1
