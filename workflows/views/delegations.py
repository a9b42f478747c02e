"""Delegations: those given, received and followed; giving and revoking them; who can decide what today."""

from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases import clock
from cases.calendar import french_date
from cases.enums import Role
from cases.errors import BusinessError, NotFound
from cases.models import Organisation, User
from cases.permissions import DELEGABLE, Holding, administers, holdings_of
from cases.selectors.delegations import (
    Able,
    DelegationShown,
    delegations_visible_to,
    delegators_administered_by,
    offices_today,
    oversees,
    possible_delegates,
    shown,
)
from cases.services.delegations import UNDELEGABLE, delegate, may_revoke, revoke
from cases.views.access import holdings_of_request, person_of
from cases.views.administration import add_service_errors
from workflows.engine.registry import all_paths, known_path
from workflows.forms import DelegationForm

#: How many are shown of those in force or to come, and of those that are over.
LIVE, PAST = 200, 50


@login_required
@require_safe
def delegations(request: HttpRequest) -> HttpResponse:
    """Those that I gave and received, those of the bodies that I follow, and the latest that are over."""
    return _list(request)


def _list(
    request: HttpRequest, *, refused: tuple[UUID, str, str] | None = None, status: int = 200
) -> HttpResponse:
    """``refused``: the delegation whose revocation was refused, what was typed and why."""
    user, held, today = person_of(request), holdings_of_request(request), clock.today()
    visible = delegations_visible_to(user, held)
    over = Q(revoked_at__isnull=False) | Q(valid_until__lt=today)
    rows = [_row(one, user, held, refused) for one in shown(list(visible.exclude(over)[:LIVE]))]
    past = [_row(one, user, held, None) for one in shown(list(visible.filter(over)[:PAST]))]
    mine = [row for row in rows if row["one"].delegator_id == user.pk]
    received = [row for row in rows if row["one"].delegate_id == user.pk]
    return render(
        request,
        "delegations/list.html",
        {
            "given": mine,
            "received": received,
            "followed": [
                row for row in rows if user.pk not in (row["one"].delegator_id, row["one"].delegate_id)
            ],
            "past": past,
            "follows": administers(held) or any(one.role == Role.MANAGER for one in held),
            "may_give": any(one.role in DELEGABLE for one in held) or administers(held),
            "oversees": oversees(held),
            "problems": [refused[2]] if refused else [],
        },
        status=status,
    )


def _row(
    found: DelegationShown,
    user: User,
    held: tuple[Holding, ...],
    refused: tuple[UUID, str, str] | None,
) -> dict[str, Any]:
    one = found.delegation
    typed = refused if refused is not None and refused[0] == one.public_id else None
    return {
        "one": one,
        "standing": found.standing.value,
        "warnings": found.warnings,
        "scope": path_titles(one.paths),
        "revocable": found.live and may_revoke(user, one, held),
        "motive": typed[1] if typed else "",
        "problem": typed[2] if typed else "",
    }


def path_titles(keys: list[str]) -> list[str]:
    """The titles of paths; the key of one that is no more."""
    return [path.title if (path := known_path(key)) is not None else key for key in keys]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delegation_new(request: HttpRequest) -> HttpResponse:
    """Give a delegation: of one's own roles, or (``delegant``) for an administrator of somebody else's."""
    user, held = person_of(request), holdings_of_request(request)
    delegator = _delegator(request, user, held)
    offices = holdings_of(delegator) if delegator.pk != user.pk else held
    people = list(possible_delegates(delegator, offices))
    form = DelegationForm(
        request.POST if request.method == "POST" else None,
        offices=[one for one in offices if one.role in DELEGABLE],
        people=people,
        paths=[(path.key, path.title) for path in all_paths()],
    )
    problems: list[str] = []
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            office: Holding = data["office"]
            try:
                made = delegate(
                    delegator=delegator,
                    to=data["to"],
                    role=office.role,
                    organisation=Organisation.objects.get(pk=office.organisation_id),
                    paths=data["paths"],
                    ceiling=data["ceiling"],
                    valid_from=data["valid_from"],
                    valid_until=data["valid_until"],
                    act=data["act"],
                    known_paths=[path.key for path in all_paths()],
                    created_by=user,
                )
            except BusinessError as error:
                if "role" in error.details:
                    error.details["office"] = error.details.pop("role")
                problems = add_service_errors(form, error)
                status = error.http_status
            else:
                days = f"du {french_date(made.valid_from)} au {french_date(made.valid_until)}"
                messages.success(request, f"La délégation à {made.delegate}, {days}, est enregistrée.")
                for warning in shown([made])[0].warnings:
                    messages.warning(request, warning)
                return redirect("delegations")
    return render(
        request,
        "delegations/new.html",
        {
            "form": form,
            "problems": problems,
            "delegator": delegator,
            "mine": delegator.pk == user.pk,
            "action": reverse("delegation_new")
            + ("" if delegator.pk == user.pk else f"?{urlencode({'delegant': delegator.username})}"),
            "reasons": [
                UNDELEGABLE[role]
                for role in dict.fromkeys(one.role for one in offices)
                if role in UNDELEGABLE
            ],
            "delegators": [
                (one.username, f"{one} ({one.username})") for one in delegators_administered_by(user, held)
            ],
        },
        status=status,
    )


def _delegator(request: HttpRequest, user: User, held: tuple[Holding, ...]) -> User:
    """Oneself, or for an administrator the person named; others learn nothing."""
    wanted = request.GET.get("delegant", "")
    if not wanted or wanted == user.username:
        return user
    if not administers(held):
        raise Http404
    return get_object_or_404(User, username=wanted)


@login_required
@require_POST
def delegation_revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Revoke a delegation. A refusal shows the list again with what was typed."""
    motive = request.POST.get("motive", "")
    try:
        found = revoke(public_id=public_id, revoked_by=person_of(request), motive=motive)
    except NotFound:
        raise Http404 from None
    except BusinessError as error:
        return _list(request, refused=(public_id, motive, error.message), status=error.http_status)
    messages.success(
        request,
        f"La délégation de {found.delegator} à {found.delegate} est révoquée ; elle ne donne plus rien.",
    )
    return redirect("delegations")


@login_required
@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """Who can decide what today, by body and role; for managers, directors and administrators."""
    held = holdings_of_request(request)
    if not oversees(held):
        raise Http404
    offices = offices_today(held)
    return render(
        request,
        "delegations/today.html",
        {
            "today": clock.today(),
            "bodies": [
                {
                    "body": body,
                    "rows": [
                        {
                            "office": office,
                            "delegates": [{"able": able, "scope": _scope(able)} for able in office.delegates],
                        }
                        for office in found
                    ],
                }
                for body, found in groupby(offices, key=lambda office: office.organisation)
            ],
            "vacant": [office for office in offices if office.vacant],
        },
    )


def _scope(able: Able) -> list[str]:
    return path_titles(able.delegation.paths) if able.delegation is not None else []
