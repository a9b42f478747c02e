"""« Mes flux », and the feeds themselves behind their secret addresses, read by programs without logging in."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.enums import FeedKind, Role
from cases.errors import BusinessError
from cases.models import FeedAddress, Organisation
from cases.permissions import Holding
from cases.selectors import live_feed, live_feeds_of, reads_the_register
from cases.services import create_feed, note_feed_read, revoke_feed
from cases.views.access import holdings_of_request, person_of
from workflows.feeds import feed_behind
from workflows.feeds.sources import feed_title
from workflows.forms import FeedForm

CALENDAR = "text/calendar; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"

#: Unknown addresses that one machine may ask for; known ones are not counted, since many people share an address.
GUESSES = {"feed": "30/m/ip"}
GUESSES_WAIT = "60"

#: Of every answer below a secret address. ``no-cache``: may be kept, is never used without asking again.
HEADERS = {
    "Cache-Control": "private, no-cache",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
}


@require_safe
def calendar_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The dates that await a person or a role."""
    return _feed(request, secret, (FeedKind.PERSON, FeedKind.ROLE), CALENDAR)


@require_safe
def register_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The latest of the register of legal notices."""
    return _feed(request, secret, (FeedKind.REGISTER,), ATOM)


def _feed(request: HttpRequest, secret: str, kinds: Collection[FeedKind], content_type: str) -> HttpResponse:
    live = live_feed(secret, kinds)
    if live is None:
        return _with_headers(_nothing_there(request))
    note_feed_read(live.address)
    feed = feed_behind(live)
    etag, changed = quote_etag(feed.version), int(feed.changed_at.timestamp())
    response = get_conditional_response(request, etag=etag, last_modified=changed)
    if response is None:
        response = HttpResponse(feed.render(), content_type=content_type)
    response.headers["ETag"] = etag
    response.headers["Last-Modified"] = http_date(changed)
    return _with_headers(response)


def _nothing_there(request: HttpRequest) -> HttpResponse:
    """One answer for what never was, what was revoked and what its person may not read any more."""
    allowed = ratelimit.consume(request, app="berline", action="feed", config=GUESSES, limit_get=True)
    if allowed:
        return render(request, "errors/404.html", {"status": 404}, status=404)
    response: HttpResponse = ratelimit.respond_429(request)
    response.headers["Retry-After"] = GUESSES_WAIT
    return response


def _with_headers(response: HttpResponse) -> HttpResponse:
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response


# -- « Mes flux » --------------------------------------------------------------------------------------


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def feeds(request: HttpRequest) -> HttpResponse:
    """The addresses of the person; by POST, a new one, which this answer shows and no other."""
    user, held = person_of(request), holdings_of_request(request)
    form = FeedForm(_choices(held), request.POST if request.method == "POST" else None)
    created: FeedAddress | None = None
    secret, problems = "", []
    if form.is_bound and form.is_valid():
        kind, role, organisation = _chosen(form.cleaned_data["what"])
        try:
            created, secret = create_feed(user=user, kind=kind, role=role, organisation=organisation)
        except BusinessError as error:
            problems = [error.message]
        else:
            form = FeedForm(_choices(held))
    context = {
        "feeds": [{"address": one, "title": feed_title(one)} for one in live_feeds_of(user)],
        "form": form,
        "problems": problems,
        "created_title": feed_title(created) if created else "",
        "created_address": _address(created, secret) if created else "",
        "created_is_calendar": created is not None and created.kind != FeedKind.REGISTER,
    }
    return render(request, "feeds/list.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def feed_revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End one address."""
    address = revoke_feed(public_id=public_id, actor=person_of(request))
    messages.success(
        request, f"L’adresse « {feed_title(address)} » est révoquée : les programmes n’y liront plus rien."
    )
    return redirect("feeds")


def _choices(held: tuple[Holding, ...]) -> list[tuple[str, str]]:
    """What the person may have an address for: ``person``, ``register``, ``role:body``."""
    found = [(FeedKind.PERSON.value, "Mes échéances : les tâches que je peux faire")]
    found += [
        (f"{one.role.value}:{one.organisation_code}", f"Échéances d’un rôle : {one.capacity}")
        for one in held
        if reads_the_register((one,))
    ]
    if reads_the_register(held):
        found.append((FeedKind.REGISTER.value, "Registre des informations légales (lecteur de nouvelles)"))
    return found


def _chosen(what: str) -> tuple[FeedKind, Role | None, Organisation | None]:
    """A choice of the list; a body that is gone meanwhile is none."""
    role, _, code = what.partition(":")
    if not code:
        return FeedKind(what), None, None
    return FeedKind.ROLE, Role(role), Organisation.objects.filter(code=code).first()


def _address(created: FeedAddress, secret: str) -> str:
    name = "register_feed" if created.kind == FeedKind.REGISTER else "calendar_feed"
    return f"{settings.BERLINE_BASE_URL.rstrip('/')}{reverse(name, args=[secret])}"
