"""Delivers the outbox: claim a row under a lease, send, note what became of it.

Each row is claimed by itself and noted before the next, so that a worker that is killed leaves one row undecided: it is
sent again when its lease ends, under the same Message-ID. Any number of deliverers work side by side.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from cases import clock
from notifications.channels import calls, letters
from notifications.channels.mail import MailServer, has_valid_address, mail_server
from notifications.channels.outcome import Outcome, Verdict
from notifications.enums import Cadence, Channel, NoticeKind, OutboxState
from notifications.models import OutboxRow, Webhook
from notifications.schedule import retry_at

logger = logging.getLogger(__name__)

#: While the mail server does not serve, only the sweep asks it, with one row, at most so often (seconds).
PAUSE_SECONDS = 45
PAUSE_KEY = "berline:mail-paused-until"

# A webhook whose last call failed is left to the sweep: its messages must not hold up every worker.
# A Message-ID holds 80 bits of chance: a bounce that names it has seen our mail.
_CLAIM = """
WITH next AS (
     SELECT waiting.id FROM notifications_outboxrow waiting
      WHERE waiting.channel = %(channel)s AND waiting.state IN ('pending', 'sending') AND waiting.cadence = 'now'
        AND waiting.due_at <= %(now)s
        AND (%(ids)s::bigint[] IS NULL OR waiting.id = ANY (%(ids)s::bigint[]))
        AND (%(ids)s::bigint[] IS NULL OR waiting.webhook_id IS NULL OR EXISTS (
             SELECT FROM notifications_webhook webhook WHERE webhook.id = waiting.webhook_id AND webhook.failures = 0))
      ORDER BY waiting.due_at, waiting.id
      LIMIT 1
        FOR UPDATE SKIP LOCKED
)
UPDATE notifications_outboxrow claimed
   SET state = 'sending', due_at = %(until)s, attempts = claimed.attempts + 1,
       sent_to = coalesce((
            SELECT person.email FROM cases_user person
             WHERE person.id = claimed.recipient_id AND claimed.channel = 'email'), ''),
       message_id = CASE WHEN claimed.message_id <> '' THEN claimed.message_id ELSE
            '<' || to_hex(claimed.id) || '.' || left(gen_random_uuid()::text, 8) || right(gen_random_uuid()::text, 12)
            || '@' || %(domain)s || '>' END
  FROM next WHERE claimed.id = next.id
RETURNING claimed.id
"""

_RELATED = (
    "recipient",
    "dossier__organisation",
    "webhook",
    "legal_notice__organisation",
    "legal_notice__document",
)


@dataclass(slots=True)
class Delivered:
    """What a run did: rows delivered, put off, given up, and those with nothing left to say or no address."""

    sent: int = 0
    later: int = 0
    failed: int = 0
    dropped: int = 0

    def __str__(self) -> str:
        return f"{self.sent} remis, {self.later} reportés, {self.failed} en échec, {self.dropped} sans objet"


def deliver(channel: Channel, *, ids: Sequence[int] | None = None, seconds: float = 200.0) -> Delivered:
    """Deliver what is due by one channel, or of that only the rows ``ids``, for ``seconds`` at most.

    Stops when the mail server does not serve; until a sweep finds it well again, runs with ``ids`` do nothing.
    Three statements a row, each committed by itself: never inside a transaction.
    """
    if connection.in_atomic_block:
        raise RuntimeError("a delivery commits each of its steps")
    report = Delivered()
    if ids is not None and channel == Channel.EMAIL and _paused():
        return report
    limit = time.monotonic() + seconds
    with ExitStack() as stack:
        send = _sender(channel, stack)
        while time.monotonic() < limit and (row := _claim(channel, ids)) is not None:
            outcome = _attempt(row, send)
            _note(row, outcome, report)
            if outcome.unreachable and channel == Channel.EMAIL:
                _pause()
                break
    return report


def _sender(channel: Channel, stack: ExitStack) -> Callable[[OutboxRow], Outcome]:
    if channel == Channel.EMAIL:
        server = stack.enter_context(mail_server())
        return lambda row: _mail(row, server)
    if channel == Channel.WEBHOOK:
        return calls.call
    raise ValueError(f"{channel} needs no delivery")


def _claim(channel: Channel, ids: Sequence[int] | None) -> OutboxRow | None:
    """Take the row that waits longest, for the time of the lease; what somebody else holds is passed over."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "channel": channel.value,
                "ids": list(ids) if ids is not None else None,
                "now": now,
                "until": now + timedelta(seconds=settings.BERLINE_LEASE_SECONDS),
                "domain": letters.mail_domain(),
            },
        )
        found = cursor.fetchone()
    return OutboxRow.objects.select_related(*_RELATED).get(pk=found[0]) if found else None


def _attempt(row: OutboxRow, send: Callable[[OutboxRow], Outcome]) -> Outcome:
    if retry_at(row.attempts - 1, row.created_at) is None:  # each attempt took its worker down
        return Outcome(Verdict.NEVER, "Le programme s’est arrêté à chaque envoi.")
    try:
        return send(row)
    except Exception as error:
        logger.exception("delivery of row %s failed", row.pk)
        return Outcome(Verdict.LATER, f"Erreur du programme : {type(error).__name__} {error}")


def _mail(row: OutboxRow, server: MailServer) -> Outcome:
    reader = row.reader
    if not reader.is_active:
        return Outcome(Verdict.POINTLESS, "L’accès de cette personne est fermé.")
    if not row.sent_to:
        return Outcome(Verdict.UNADDRESSED, "Cette personne n’a pas d’adresse électronique.")
    if not has_valid_address(row.sent_to):
        return Outcome(Verdict.UNADDRESSED, "L’adresse électronique de cette personne n’est pas valable.")
    message = letters.write(row)
    if message is None:
        return Outcome(Verdict.POINTLESS, "Cette personne n’a plus accès au dossier.")
    return server.send(message)


def _note(row: OutboxRow, outcome: Outcome, report: Delivered) -> None:
    """Write what became of the attempt, unless the lease ended and somebody else has taken the row since."""
    now = clock.now()
    again = retry_at(row.attempts, now) if outcome.verdict is Verdict.LATER else None
    match outcome.verdict:
        case Verdict.DELIVERED:
            state = OutboxState.DELIVERED
            report.sent += 1
        case Verdict.POINTLESS:
            state = OutboxState.SETTLED
            report.dropped += 1
        case Verdict.UNADDRESSED:
            state = OutboxState.UNADDRESSED
            report.dropped += 1
        case Verdict.LATER if again is not None:
            state = OutboxState.PENDING
            report.later += 1
        case _:
            state = OutboxState.FAILED
            report.failed += 1
    with transaction.atomic():
        kept = OutboxRow.objects.filter(pk=row.pk, state=OutboxState.SENDING, attempts=row.attempts).update(
            state=state,
            due_at=again,
            error=outcome.error.replace("\x00", "")[:400],
            refused_at=now if outcome.address and state == OutboxState.FAILED else None,
            delivered_at=now if state == OutboxState.DELIVERED else None,
        )
        if not kept:
            logger.warning("row %s: the lease ended before its attempt did", row.pk)
            return
        if row.kind == NoticeKind.DIGEST and state in (OutboxState.DELIVERED, OutboxState.SETTLED):
            OutboxRow.objects.filter(digest=row.pk, state=OutboxState.BUNDLED).update(
                state=state, delivered_at=now if state == OutboxState.DELIVERED else None
            )
        if row.webhook is not None:
            _note_call(row.webhook, outcome, again, now)


def _note_call(webhook: Webhook, outcome: Outcome, again: datetime | None, now: datetime) -> None:
    """Count failures one after the other; too many disable the subscription, what waited for it has failed."""
    mine = Webhook.objects.filter(pk=webhook.pk)
    if outcome.verdict is Verdict.DELIVERED:
        mine.update(failures=0, last_error="", last_called_at=now)
        return
    mine.update(failures=F("failures") + 1, last_error=outcome.error[:300], last_called_at=now)
    waiting = OutboxRow.objects.filter(webhook=webhook, state=OutboxState.PENDING)
    if mine.filter(active=True, failures__gte=settings.BERLINE_WEBHOOK_FAILURES).update(active=False):
        waiting.update(
            state=OutboxState.FAILED, due_at=None, error="Abonnement désactivé après trop d’échecs."
        )
        logger.warning("webhook %s disabled after %s failures", webhook.public_id, webhook.failures + 1)
    elif again is not None:
        waiting.update(due_at=Greatest(F("due_at"), again))


def _pause() -> None:
    cache.set(PAUSE_KEY, (clock.now() + timedelta(seconds=PAUSE_SECONDS)).timestamp(), timeout=3600)


def _paused() -> bool:
    until = cache.get(PAUSE_KEY)
    return until is not None and clock.now().timestamp() < until


def channels_of(ids: Sequence[int]) -> list[Channel]:
    """The channels by which rows leave. One statement."""
    found = OutboxRow.objects.filter(pk__in=ids, cadence=Cadence.NOW).values_list("channel", flat=True)
    return [Channel(one) for one in sorted(set(found.order_by("channel")))]
