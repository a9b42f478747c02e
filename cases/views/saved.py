"""``/vues/``: the views that a person has saved, and the bar that shows them on the lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from cases.errors import BusinessError, Forbidden
from cases.permissions import Holding, own_of
from cases.selectors.views import view_for, views_for
from cases.services.views import delete_view, rename_view, save_view, share_key, share_view
from cases.views.access import acting_of_request, holdings_of_request, person_of
from cases.work_terms import ListPage

#: Name of the address of each list.
ADDRESSES = {ListPage.SEARCH: "search", ListPage.QUEUE: "queue", ListPage.BACKLOG: "backlog"}


def bar_of(request: HttpRequest, page: ListPage, query: str, held: Iterable[Holding]) -> dict[str, Any]:
    """What « views/bar.html » shows on a list: the views to open, and a form to save what is asked. One statement.

    ``query``: the query string of the filters, without cursor.
    """
    return {
        "page": page.value,
        "query": query,
        "views": [
            {
                "name": one.name,
                "owner": one.owner,
                "url": f"{reverse(ADDRESSES[page])}?{one.query}",
                "current": one.query == query,
            }
            for one in views_for(person_of(request), held, page.value)
        ],
        "roles": _roles(held),
    }


def _roles(held: Iterable[Holding]) -> list[tuple[str, str]]:
    """Roles to share a view with: value and label."""
    return [(share_key(one), one.capacity) for one in own_of(held)]


@login_required
@require_safe
def views(request: HttpRequest) -> HttpResponse:
    """One's own views, to rename, share or delete; those that others share."""
    return _list(request)


def _list(
    request: HttpRequest, *, fault: str = "", of: UUID | None = None, typed: str = "", status: int = 200
) -> HttpResponse:
    held = holdings_of_request(request)
    found: list[dict[str, Any]] = [
        {
            "view": one,
            "page": ListPage(one.page).label,
            "fault": fault if one.public_id == of else "",
            "name": typed if one.public_id == of else one.name,
        }
        for one in views_for(person_of(request), held)
    ]
    context = {
        "own": [row for row in found if not row["view"].owner],
        "shared": [row for row in found if row["view"].owner],
        "roles": _roles(held),
    }
    return render(request, "views/list.html", context, status=status)


@login_required
@require_safe
def view_open(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Go to the list with the filters of a view."""
    view = view_for(person_of(request), public_id, acting_of_request(request))
    return redirect(f"{reverse(ADDRESSES[ListPage(view.page)])}?{view.query}")


@login_required
@require_POST
def view_save(request: HttpRequest) -> HttpResponse:
    """Save the filters of a list under a name; shown again with what was typed when that is refused."""
    typed = {name: request.POST.get(name, "") for name in ("page", "query", "name", "share")}
    try:
        view = save_view(actor=person_of(request), **typed)
    except BusinessError as error:
        faults = {name: " ".join(found) for name, found in error.details.items()} or {"share": error.message}
        context = {"typed": typed, "faults": faults, "roles": _roles(holdings_of_request(request))}
        return render(request, "views/new.html", context, status=error.http_status)
    messages.success(request, f"La vue « {view.name} » est enregistrée.")
    return redirect(f"{reverse(ADDRESSES[ListPage(view.page)])}?{view.query}")


@login_required
@require_POST
def view_rename(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give one's own view another name."""
    typed = request.POST.get("name", "")
    try:
        view = rename_view(actor=person_of(request), public_id=public_id, name=typed)
    except BusinessError as error:
        if error.http_status == 404:
            raise
        fault = " ".join(error.details.get("name", [error.message]))
        return _list(request, fault=fault, of=public_id, typed=typed, status=error.http_status)
    messages.success(request, f"La vue s’appelle maintenant « {view.name} ».")
    return redirect("views")


@login_required
@require_POST
def view_share(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Share one's own view with a role that one holds, or with nobody any more."""
    try:
        view = share_view(actor=person_of(request), public_id=public_id, share=request.POST.get("share", ""))
    except Forbidden as error:
        messages.error(request, error.message)
        return redirect("views")
    messages.success(
        request,
        f"La vue « {view.name} » est partagée."
        if view.shared_role
        else f"La vue « {view.name} » n’est plus partagée.",
    )
    return redirect("views")


@login_required
@require_POST
def view_delete(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Delete one's own view."""
    name = delete_view(actor=person_of(request), public_id=public_id)
    messages.success(request, f"La vue « {name} » est supprimée.")
    return redirect("views")
