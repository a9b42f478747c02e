"""Marks notices as read, and settles what nobody will read."""

from datetime import datetime

from django.db.models import Q

from cases import clock
from cases.errors import NotFound
from cases.models import User
from notifications.enums import Channel, OutboxState
from notifications.models import OutboxRow
from notifications.selectors import notices_of, unread_notices_of


def mark_read(*, user: User, notice_id: int) -> OutboxRow:
    """Mark one's own notice as read; doing it again keeps the first moment. Raises ``NotFound``."""
    notice = notices_of(user).filter(pk=notice_id).first()
    if notice is None:
        raise NotFound("Aucun avis de ce numéro ne vous est adressé. Revenez à la liste de vos avis.")
    if notice.read_at is None:
        notice.read_at = clock.now()
        notices_of(user).filter(pk=notice.pk, read_at__isnull=True).update(read_at=notice.read_at)
    return notice


def mark_all_read(*, user: User, up_to: int) -> int:
    """Mark one's own notices as read, up to the newest shown: one that came since stays. Returns how many."""
    return unread_notices_of(user).filter(pk__lte=up_to).update(read_at=clock.now())


def settle_before(moment: datetime) -> int:
    """Settle what was told before ``moment`` and not read, without pretending it was. Returns how many."""
    return OutboxRow.objects.filter(
        channel=Channel.IN_APP, state=OutboxState.DELIVERED, read_at__isnull=True, created_at__lt=moment
    ).update(state=OutboxState.SETTLED)


def settle_unsent(moment: datetime) -> int:
    """Settle mails and calls that were written before ``moment`` and never left. Returns how many.

    A legal notice whose receipt is still awaited is due all the same: its mails stay.
    """
    awaited = Q(legal_notice__isnull=False, legal_notice__acknowledged_at__isnull=True)
    unsent = OutboxRow.objects.filter(
        state__in=(OutboxState.PENDING, OutboxState.UNADDRESSED), created_at__lt=moment
    ).exclude(awaited)
    return unsent.update(state=OutboxState.SETTLED, due_at=None)
