"""Addresses of feeds: those of a person, and the one behind a secret."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet

from cases.enums import FeedKind
from cases.models import FeedAddress, User
from cases.permissions import READS_NONE, Holding, holding_for, holdings_of


@dataclass(frozen=True, slots=True)
class LiveFeed:
    """An address that shows something today, and the holdings under which it is read: one alone for a role's feed."""

    address: FeedAddress
    user: User
    holdings: tuple[Holding, ...]


def digest_of(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def live_feeds_of(user: User) -> QuerySet[FeedAddress]:
    """The addresses of a person that have not been revoked, latest first."""
    return FeedAddress.objects.filter(user=user, revoked_at__isnull=True).select_related("organisation")


def live_feed(secret: str, kinds: Collection[FeedKind]) -> LiveFeed | None:
    """What a secret stands for today, or None: unknown, revoked, of another kind, the person inactive or the role lost.

    It is looked up by its digest, so that the time taken says nothing of the secrets that exist. Two statements.
    """
    address = (
        FeedAddress.objects.select_related("user", "organisation")
        .filter(
            digest=digest_of(secret),
            kind__in=sorted(kinds),
            revoked_at__isnull=True,
            user__is_active=True,
        )
        .first()
    )
    if address is None:
        return None
    held = holdings_of(address.user)
    if address.kind == FeedKind.ROLE:
        own = holding_for(held, address.role, address.organisation_id or 0)
        return LiveFeed(address, address.user, (own,)) if own is not None else None
    if address.kind == FeedKind.REGISTER and not reads_the_register(held):
        return None
    return LiveFeed(address, address.user, held)


def reads_the_register(holdings: tuple[Holding, ...]) -> bool:
    """Whether one of the holdings reads dossiers, and so their legal notices."""
    return any(one.role not in READS_NONE for one in holdings)
