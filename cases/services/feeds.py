"""Secret addresses of feeds: given out once, revoked by their owner, an administrator, or the end of the access."""

import secrets
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from cases import clock
from cases.enums import FeedKind, Role
from cases.errors import Conflict, Forbidden, Invalid, NotFound
from cases.models import FeedAddress, Organisation, User
from cases.permissions import administers, holding_for, holdings_of
from cases.selectors.feeds import digest_of, live_feeds_of, reads_the_register
from cases.services.journal import append_administration_entry
from cases.text import fault_of

#: Live addresses that one person may have.
MAX_LIVE = 20
#: Bytes of a secret: 256 bits.
SECRET_BYTES = 32
#: That an address was read is noted at most so often: a calendar program asks every few minutes.
NOTED_EVERY = timedelta(hours=1)
#: In what capacity a person creates and revokes addresses of their own.
PERSONALLY = "À titre personnel"
MAX_MOTIVE = 500


@transaction.atomic
def create_feed(
    *, user: User, kind: FeedKind, role: Role | None = None, organisation: Organisation | None = None
) -> tuple[FeedAddress, str]:
    """A new address of ``user`` and its secret, which is never shown again. ``role`` on ``organisation``: see ``kind``.

    Raises ``Forbidden`` (role not held today, access closed), ``Invalid`` (a role where none belongs, or none where one
    does), ``Conflict`` (``MAX_LIVE`` addresses live already).
    """
    if (kind == FeedKind.ROLE) != (role is not None and organisation is not None):
        message = "Choisissez dans la liste ce que l’adresse doit montrer."
        raise Invalid(message, details={"what": [message]})
    owner = User.objects.select_for_update(no_key=True).get(pk=user.pk)  # orders two requests at once
    held = holdings_of(owner)
    capacity = PERSONALLY
    if kind == FeedKind.ROLE:
        own = holding_for(held, role or "", organisation.pk if organisation else 0)
        if own is None:
            raise Forbidden("Vous ne tenez pas ce rôle aujourd’hui. Choisissez un de vos rôles.")
        capacity = own.capacity
    elif not owner.is_active or (kind == FeedKind.REGISTER and not reads_the_register(held)):
        raise Forbidden("Aucun de vos rôles ne donne accès à ce contenu. Demandez-en un à un administrateur.")
    if live_feeds_of(owner).count() >= MAX_LIVE:
        raise Conflict(
            f"Vous avez déjà {MAX_LIVE} adresses en service. Révoquez-en une qui ne sert plus, puis recommencez."
        )
    secret = secrets.token_urlsafe(SECRET_BYTES)
    address = FeedAddress.objects.create(
        user=owner,
        kind=kind,
        role=role or "",
        organisation=organisation,
        digest=digest_of(secret),
        created_at=clock.now(),
    )
    append_administration_entry(
        actor=owner,
        capacity=capacity,
        action="create_feed",
        subject=owner,
        organisation=organisation,
        changes={"feed": str(address.public_id), "kind": kind.value} | ({"role": role.value} if role else {}),
    )
    return address, secret


@transaction.atomic
def revoke_feed(*, public_id: UUID, actor: User) -> FeedAddress:
    """End an address of one's own. Revoking it again changes nothing. Raises ``NotFound`` without a hint."""
    address = (
        FeedAddress.objects.select_for_update(of=("self",))
        .select_related("organisation", "user")
        .filter(public_id=public_id, user=actor)
        .first()
    )
    if address is None:
        raise NotFound("Vous n’avez pas d’adresse de ce numéro. Revenez à la liste de vos flux.")
    if address.revoked_at is None:
        address.revoked_at = clock.now()
        address.save(update_fields=["revoked_at"])
        append_administration_entry(
            actor=actor,
            capacity=PERSONALLY,
            action="revoke_feed",
            subject=actor,
            organisation=address.organisation,
            changes={"feed": str(address.public_id), "kind": address.kind}
            | ({"role": address.role} if address.role else {}),
        )
    return address


@transaction.atomic
def revoke_feeds_of(*, user: User, motive: str, revoked_by: User) -> int:
    """End all addresses of a person; how many there were. Raises ``Forbidden`` (no administrator), ``Invalid``."""
    held = holdings_of(revoked_by)
    if not administers(held):
        raise Forbidden("Seul un administrateur peut faire cela. Adressez-lui votre demande.")
    if fault := fault_of(motive, limit=MAX_MOTIVE, required="Indiquez pourquoi ces adresses sont révoquées."):
        raise Invalid(fault, details={"motive": [fault]})
    ended = end_feeds(user)
    if ended:
        append_administration_entry(
            actor=revoked_by,
            capacity=next(one.capacity for one in held if one.role == Role.ADMINISTRATOR),
            action="revoke_feed",
            subject=user,
            motive=motive.strip(),
            changes={"feeds": ended},
        )
    return len(ended)


def end_feeds(user: User) -> list[str]:
    """End all live addresses of a person and name them. Needs the caller's transaction, and its journal entry."""
    found = list(live_feeds_of(user).select_for_update(of=("self",)).order_by("pk"))
    FeedAddress.objects.filter(pk__in=[one.pk for one in found]).update(revoked_at=clock.now())
    return [str(one.public_id) for one in found]


def note_feed_read(address: FeedAddress) -> None:
    """Note that an address was read now. At most one statement an hour for an address, whoever reads it."""
    now = clock.now()
    if address.last_read_at is None or address.last_read_at <= now - NOTED_EVERY:
        FeedAddress.objects.filter(pk=address.pk).update(last_read_at=now)
