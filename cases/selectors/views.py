"""Saved views that a person may open: their own, and those shared with a role that they hold on a body.

A view is a query string and a name. It is asked anew by whoever opens it, inside their own read gate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from cases.errors import NotFound
from cases.models import SavedView
from cases.permissions import Holding, own_of


@dataclass(frozen=True, slots=True)
class ViewShown:
    """A view as a person sees it. ``owner``: who shared it, "" for one's own. ``with_whom``: « Instructeur — CANSSM »,
    "" for a private one.
    """

    public_id: UUID
    page: str
    name: str
    query: str
    owner: str
    with_whom: str


def views_for(
    user: Any, holdings: Iterable[Holding], page: str = "", public_id: UUID | None = None
) -> list[ViewShown]:
    """The views that a person may open, by name, one's own first. One statement. Delegated roles open none."""
    found = _openable(user, own_of(holdings))
    if page:
        found = found.filter(page=page)
    if public_id is not None:
        found = found.filter(public_id=public_id)
    shown = [
        ViewShown(
            public_id=one.public_id,
            page=one.page,
            name=one.name,
            query=one.query,
            owner="" if one.owner_id == user.pk else str(one.owner),
            with_whom=_with_whom(one),
        )
        for one in found.select_related("owner", "shared_organisation").order_by("name", "pk")
    ]
    return sorted(shown, key=lambda one: one.owner != "")


def view_for(user: Any, public_id: UUID, holdings: Iterable[Holding]) -> ViewShown:
    """One that the person may open. Raises ``NotFound`` without a hint otherwise."""
    found = views_for(user, holdings, public_id=public_id)
    if not found:
        raise NotFound(
            "Cette vue ne vous est pas accessible : elle n’existe plus, ou n’est plus partagée avec vous."
        )
    return found[0]


def _openable(user: Any, holdings: tuple[Holding, ...]) -> QuerySet[SavedView]:
    gate = Q(owner=user)
    for held in holdings:
        gate |= Q(shared_role=held.role.value, shared_organisation_id=held.organisation_id)
    return SavedView.objects.filter(gate)


def _with_whom(view: SavedView) -> str:
    if not view.shared_role:
        return ""
    return f"{view.get_shared_role_display()} — {view.shared_organisation}"
