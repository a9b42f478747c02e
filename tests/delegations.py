"""Delegations for tests, made in one statement; what the service refuses is tested elsewhere (test_delegations.py)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from cases import clock
from cases.enums import Role
from cases.models import Delegation, User
from tests.journeys import Cast

ACT = "Décision n° 12"


def given(
    cast: Cast,
    to: User,
    *,
    by: User | None = None,
    role: Role = Role.DIRECTOR_GENERAL,
    body: str = "canssm",
    ceiling: str | None = None,
    paths: tuple[str, ...] = (),
    days: tuple[int, int] = (0, 30),
    **more: Any,
) -> Delegation:
    """A delegation of the directeur général to ``to``, from a number of days from today to another."""
    today: date = clock.today()
    giver = by or cast.dg
    return Delegation.objects.create(
        delegator=giver,
        delegate=to,
        role=role,
        organisation=cast.body[body],
        paths=list(paths),
        ceiling=Decimal(ceiling) if ceiling is not None else None,
        valid_from=today + timedelta(days=days[0]),
        valid_until=today + timedelta(days=days[1]),
        **{"act": ACT, "created_by": giver, "created_at": clock.now()} | more,
    )
