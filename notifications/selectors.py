"""What a person was told."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Window

from cases.errors import Invalid
from notifications.enums import Channel, OutboxState
from notifications.models import OutboxRow

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
