"""What people were told, what they prefer, and what became of mails and calls."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Window

from cases.errors import Invalid
from cases.models import LegalNotice
from notifications.enums import CHOOSABLE, Cadence, Channel, OutboxState
from notifications.models import OutboxRow, Preference, Webhook

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Unread:
    """How many notices wait to be read, and the newest of them."""

    count: int
    latest: tuple[OutboxRow, ...]


@dataclass(frozen=True, slots=True)
class NoticePage:
    """One page, newest first. ``next_cursor`` is empty on the last page; ``unread`` counts all pages."""

    rows: tuple[OutboxRow, ...]
    next_cursor: str
    unread: int

    @property
    def newest(self) -> int:
        """Number of the newest notice shown: what came later was not seen."""
        return max((row.pk for row in self.rows), default=0)


def notices_of(user: Any) -> QuerySet[OutboxRow]:
    """In-app notices to a person, newest first."""
    return OutboxRow.objects.filter(recipient_id=user.pk, channel=Channel.IN_APP).order_by("-pk")


def unread_notices_of(user: Any) -> QuerySet[OutboxRow]:
    """Those of them that still wait for their reader."""
    return notices_of(user).filter(state=OutboxState.DELIVERED, read_at__isnull=True)


def unread_of(user: Any, *, latest: int = 5) -> Unread:
    """Count and newest unread notices of a person. One statement."""
    rows = tuple(unread_notices_of(user).annotate(in_all=Window(Count("pk")))[:latest])
    return Unread(rows[0].in_all if rows else 0, rows)


def unread_count(user: Any) -> int:
    """How many notices wait to be read. One statement, none for a visitor."""
    return unread_notices_of(user).count() if user.is_authenticated else 0


def notice_page(user: Any, *, unread_only: bool = False, cursor: str = "") -> NoticePage:
    """One page of notices. Two statements. Raises ``Invalid`` for a broken cursor."""
    found = (unread_notices_of(user) if unread_only else notices_of(user)).select_related("dossier")
    if cursor:
        found = found.filter(pk__lt=_decoded(cursor))
    rows = tuple(found[: PAGE_SIZE + 1])
    more = len(rows) > PAGE_SIZE
    shown = rows[:PAGE_SIZE]
    return NoticePage(shown, str(shown[-1].pk) if more else "", unread_count(user))


def _decoded(cursor: str) -> int:
    if cursor.isascii() and cursor.isdecimal() and len(cursor) < 19:
        return int(cursor)
    message = "Le repère de page est illisible : reprenez la liste depuis le début."
    raise Invalid(message, details={"cursor": [message]})


def preferences_of(user: Any) -> dict[str, Cadence]:
    """When a person wants mail, by kind. One statement."""
    chosen = dict(Preference.objects.filter(user_id=user.pk).order_by("kind").values_list("kind", "cadence"))
    return {kind.value: Cadence(chosen.get(kind.value, Cadence.NOW)) for kind in CHOOSABLE}


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """One page of deliveries, newest first. ``next_cursor`` is empty on the last page."""

    rows: tuple[OutboxRow, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """How many deliveries failed or came back, have no address to go to, or are tried again."""

    failed: int
    unaddressed: int
    retrying: int


#: What has not arrived and is not tried again by itself.
_LOST = (OutboxState.FAILED, OutboxState.BOUNCED)


def _retrying() -> Q:
    return Q(state__in=(OutboxState.PENDING, OutboxState.SENDING)) & ~Q(error="")


def delivery_counts() -> DeliveryCounts:
    """What administrators have to look at. One statement."""
    found = OutboxRow.objects.exclude(channel=Channel.IN_APP).aggregate(
        failed=Count("pk", filter=Q(state__in=_LOST)),
        unaddressed=Count("pk", filter=Q(state=OutboxState.UNADDRESSED)),
        retrying=Count("pk", filter=_retrying()),
    )
    return DeliveryCounts(**found)


def delivery_page(*, view: str = "failed", cursor: str = "") -> DeliveryPage:
    """One page of mails and calls: ``failed``, ``unaddressed``, ``retrying`` or ``delivered``. One statement.

    Raises ``Invalid`` for a broken cursor.
    """
    wanted = {
        "failed": Q(state__in=_LOST),
        "unaddressed": Q(state=OutboxState.UNADDRESSED),
        "retrying": _retrying(),
        "delivered": Q(state=OutboxState.DELIVERED),
    }
    found = (
        OutboxRow.objects.filter(wanted.get(view, wanted["failed"]))
        .exclude(channel=Channel.IN_APP)
        .select_related("recipient", "webhook", "dossier")
        .order_by("-pk")
    )
    if cursor:
        found = found.filter(pk__lt=_decoded(cursor))
    rows = tuple(found[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    return DeliveryPage(shown, str(shown[-1].pk) if len(rows) > PAGE_SIZE else "")


def unreached_legal_notices() -> QuerySet[LegalNotice]:
    """Legal notices not acknowledged that no mail has reached nor is on its way to reach anybody."""
    on_the_way = OutboxRow.objects.filter(
        legal_notice=OuterRef("pk"),
        channel=Channel.EMAIL,
        state__in=(OutboxState.PENDING, OutboxState.SENDING, OutboxState.DELIVERED),
    )
    return (
        LegalNotice.objects.filter(~Exists(on_the_way), acknowledged_at__isnull=True)
        .select_related("dossier", "organisation")
        .order_by("due_on", "pk")
    )


@dataclass(frozen=True, slots=True)
class LegalDelivery:
    """A legal notice on its way to one person: where it stands, when the mail server took it, what went wrong."""

    notice_id: int
    recipient: str
    state: OutboxState
    delivered_at: datetime | None
    error: str


def legal_deliveries(notice_ids: Iterable[int]) -> list[LegalDelivery]:
    """The mails of legal notices, by notice and person. One statement."""
    found = OutboxRow.objects.filter(legal_notice__in=list(notice_ids), channel=Channel.EMAIL)
    return [
        LegalDelivery(
            row.legal_notice_id, str(row.recipient), OutboxState(row.state), row.delivered_at, row.error
        )
        for row in found.select_related("recipient").order_by("legal_notice", "recipient")
        if row.legal_notice_id is not None
    ]


def webhooks() -> QuerySet[Webhook]:
    """The subscriptions of programs, by name."""
    return Webhook.objects.select_related("created_by").order_by("name")
