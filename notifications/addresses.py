"""Whether mail reaches people: who has no address, whose address servers refuse. Reads only."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from cases import clock
from cases.models import User
from notifications.enums import Channel, OutboxState
from notifications.models import OutboxRow


class AddressTrouble(models.TextChoices):
    """Why mail does not reach a person."""

    MISSING = "missing", "Aucune adresse"
    MALFORMED = "malformed", "Adresse mal formée"
    REFUSED = "refused", "Adresse refusée"


@dataclass(frozen=True, slots=True)
class AddressState:
    """Whether mail reaches a person; None: nothing says that it does not. ``refused_at``, ``why``: of a refusal."""

    person: User
    trouble: AddressTrouble | None = None
    refused_at: datetime | None = None
    why: str = ""


#: A mail that has not come back for so long has arrived: a former refusal of its address is no longer held against it.
CAME_BACK_BY = timedelta(days=1)
#: What PostgreSQL can tell of an address. Stricter is ``has_valid_address``, at each attempt.
_ADDRESS = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)*$"


def _with_addresses() -> QuerySet[User]:
    """Active people with ``refused_at`` and ``refused_why``: the latest refusal of the address that they have now."""
    to_them = OutboxRow.objects.filter(
        recipient=OuterRef("pk"), channel=Channel.EMAIL, sent_to__iexact=OuterRef("email")
    )
    refused = to_them.filter(refused_at__isnull=False).order_by("-refused_at")
    arrived = to_them.filter(
        state=OutboxState.DELIVERED,
        error="",
        delivered_at__gt=OuterRef("last_refused_at"),
        delivered_at__lte=clock.now() - CAME_BACK_BY,
    )
    return User.objects.annotate(last_refused_at=Subquery(refused.values("refused_at")[:1])).annotate(
        refused_at=Case(When(Exists(arrived), then=None), default="last_refused_at"),
        refused_why=Subquery(refused.values("error")[:1]),
    )


def _state(person: Any) -> AddressState:
    if not person.email:
        return AddressState(person, AddressTrouble.MISSING)
    if not re.match(_ADDRESS, person.email):
        return AddressState(person, AddressTrouble.MALFORMED)
    if person.refused_at:
        return AddressState(person, AddressTrouble.REFUSED, person.refused_at, person.refused_why)
    return AddressState(person)


def people_out_of_reach() -> list[AddressState]:
    """Active people without an address, or with one that servers refuse or nobody can write to. One statement."""
    wrong = Q(email="") | ~Q(email__regex=_ADDRESS) | Q(refused_at__isnull=False)
    found = _with_addresses().filter(wrong, is_active=True)
    return [_state(one) for one in found.order_by("display_name", "username")]


def address_state(user: Any) -> AddressState:
    """Whether mail reaches a person. One statement."""
    return _state(_with_addresses().get(pk=user.pk))


@dataclass(frozen=True, slots=True)
class Board:
    """What any page may show of one's notices: how many are unread, and whether mail arrives."""

    unread: int
    address: AddressState


def board_of(user: Any) -> Board:
    """One statement."""
    waiting = (
        OutboxRow.objects.filter(
            recipient=OuterRef("pk"),
            channel=Channel.IN_APP,
            state=OutboxState.DELIVERED,
            read_at__isnull=True,
        )
        .order_by()
        .values("recipient")
        .annotate(count=Count("pk"))
        .values("count")
    )
    found = _with_addresses().annotate(unread=Coalesce(Subquery(waiting), 0)).get(pk=user.pk)
    return Board(found.unread, _state(found))
