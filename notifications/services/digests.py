"""Digests: what a person wants to read together, bundled into one mail, once."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q

from cases import clock
from cases.models import User
from cases.permissions import holdings_of, may_read
from notifications.enums import Cadence, Channel, NoticeKind, OutboxState
from notifications.models import OutboxRow
from notifications.wake import wake_after_commit

DIGESTS = (Cadence.DAILY, Cadence.WEEKLY)


def bundle_digests() -> int:
    """Bundle what waits for a digest that is due, one mail for each person and digest. How many mails were written.

    What its reader has read in the application meanwhile, or may no longer read, is settled instead. Two runs at once,
    or a run that is killed, bundle nothing twice: each person's rows move in one transaction.
    """
    due = Q(state=OutboxState.PENDING, cadence__in=DIGESTS, due_at__lte=clock.now())
    waiting = OutboxRow.objects.filter(due).order_by("recipient", "cadence")
    count = 0
    for user_id, cadence in waiting.values_list("recipient", "cadence").distinct():
        count += _bundle(user_id, Cadence(cadence), due)
    return count


@transaction.atomic
def _bundle(user_id: int, cadence: Cadence, due: Q) -> int:
    """Bundle one person's rows. Their lock orders two runs; the second finds nothing."""
    reader = User.objects.select_for_update(no_key=True).get(pk=user_id)
    rows = list(
        OutboxRow.objects.filter(due, recipient=reader, cadence=cadence)
        .select_related("dossier__organisation")
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("pk")
    )
    news = _unread(reader, rows)
    if reader.is_active:
        held = holdings_of(reader)
        news = [row for row in news if may_read(held, row.subject)]
    else:
        news = []
    kept = {row.pk for row in news}
    _move([row.pk for row in rows if row.pk not in kept], state=OutboxState.SETTLED)
    if not news:
        return 0
    now = clock.now()
    digest = OutboxRow.objects.create(
        event=f"digest:{cadence.value}:{rows[0].pk}",  # a row is bundled once
        recipient=reader,
        channel=Channel.EMAIL,
        kind=NoticeKind.DIGEST,
        cadence=Cadence.NOW,
        state=OutboxState.PENDING if reader.email else OutboxState.UNADDRESSED,
        title=f"Récapitulatif : {len(news)} avis" if len(news) > 1 else "Récapitulatif : un avis",
        body="",
        link="/avis/",
        created_at=now,
        due_at=now,
    )
    _move(kept, state=OutboxState.BUNDLED, digest=digest)
    wake_after_commit([digest.pk])
    return 1


def _unread(reader: User, rows: list[OutboxRow]) -> list[OutboxRow]:
    """Those whose twin in the application still waits to be read."""
    waiting = set(
        OutboxRow.objects.filter(
            recipient=reader,
            channel=Channel.IN_APP,
            event__in=[row.event for row in rows],
            state=OutboxState.DELIVERED,
            read_at__isnull=True,
        )
        .order_by("pk")
        .values_list("event", flat=True)
    )
    return [row for row in rows if row.event in waiting]


def _move(keys: Iterable[int], **values: object) -> None:
    OutboxRow.objects.filter(pk__in=list(keys)).update(due_at=None, **values)
