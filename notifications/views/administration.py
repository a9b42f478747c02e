"""For administrators: what became of mails and calls, and the subscriptions of programs."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.errors import BusinessError, Invalid
from cases.models import User
from cases.permissions import administers
from cases.views.access import holdings_of_request, person_of
from notifications.addresses import address_state, people_out_of_reach
from notifications.forms import AddressForm, WebhookForm
from notifications.selectors import delivery_counts, delivery_page, unreached_legal_notices
from notifications.selectors import webhooks as all_webhooks
from notifications.services import (
    change_address,
    create_webhook,
    renew_webhook,
    resume_webhook,
    retry_deliveries,
    retry_delivery,
    suspend_webhook,
)

#: Views of the list of deliveries, by what the address says.
VIEWS = {"": "failed", "sans-adresse": "unaddressed", "reprises": "retrying", "remis": "delivered"}
DOINGS = {"suspendre": suspend_webhook, "reprendre": resume_webhook}


def _administrators_only(request: HttpRequest) -> None:
    """Others learn nothing, not even that the page exists."""
    if not administers(holdings_of_request(request)):
        raise Http404


@never_cache
@login_required
@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    """Mails and calls that failed, that have no address, that are tried again, that were delivered."""
    _administrators_only(request)
    view = request.GET.get("vue", "")
    view = view if view in VIEWS else ""
    try:
        page = delivery_page(view=VIEWS[view], cursor=request.GET.get("cursor", ""))
    except Invalid as error:
        messages.warning(request, error.message)
        return redirect("deliveries")
    context = {
        "view": view,
        "page": page,
        "counts": delivery_counts(),
        "unreached": list(unreached_legal_notices()[:20]),
        "out_of_reach": len(people_out_of_reach()),
        "query": urlencode({"vue": view}) if view else "",
    }
    return render(request, "administration/deliveries.html", context)


@login_required
@require_POST
def delivery_retry(request: HttpRequest, row_id: int) -> HttpResponse:
    """Send one row again."""
    _administrators_only(request)
    try:
        row = retry_delivery(row_id=row_id, actor=person_of(request))
    except BusinessError as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, f"L’envoi à {row.recipient or row.webhook} est repris.")
    return redirect("deliveries")


@login_required
@require_POST
def delivery_retry_all(request: HttpRequest) -> HttpResponse:
    """Send again all that failed."""
    _administrators_only(request)
    count = retry_deliveries(actor=person_of(request))
    if count:
        messages.success(request, f"{count} envoi{'s' if count > 1 else ''} repris.")
    else:
        messages.info(request, "Aucun envoi n’est en échec.")
    return redirect("deliveries")


@never_cache
@login_required
@require_safe
def addresses(request: HttpRequest) -> HttpResponse:
    """The people whom mail does not reach, and why."""
    _administrators_only(request)
    return render(request, "administration/addresses.html", {"people": people_out_of_reach()})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, username: str) -> HttpResponse:
    """Correct the address of a person."""
    _administrators_only(request)
    person = get_object_or_404(User, username=username)
    form = AddressForm(request.POST if request.method == "POST" else None, initial={"email": person.email})
    if form.is_bound and form.is_valid():
        try:
            changed = change_address(
                user_id=person.pk, email=form.cleaned_data["email"], actor=person_of(request)
            )
        except BusinessError as error:
            form.add_error("email", error.message)
        else:
            messages.success(
                request,
                f"Les courriels à {changed} vont désormais à {changed.email}. "
                "Ce qui n’est pas arrivé se reprend depuis « Envois ».",
            )
            return redirect("person", changed.username)
    context = {"form": form, "person": person, "state": address_state(person)}
    return render(request, "administration/address.html", context, status=422 if form.is_bound else 200)


@never_cache
@login_required
@require_safe
def webhooks(request: HttpRequest) -> HttpResponse:
    """The subscriptions."""
    _administrators_only(request)
    return _webhooks(request)


def _webhooks(request: HttpRequest, *, secret: str = "", name: str = "") -> HttpResponse:
    context = {"webhooks": list(all_webhooks()), "secret": secret, "secret_of": name}
    return render(request, "administration/webhooks.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_new(request: HttpRequest) -> HttpResponse:
    """Subscribe an address; the answer shows its secret, this once."""
    _administrators_only(request)
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            webhook, secret = create_webhook(
                name=data["name"], url=data["url"], kinds=data["kinds"], actor=person_of(request)
            )
        except BusinessError as error:
            for field, sentences in error.details.items():
                for sentence in sentences:
                    form.add_error(field if field in form.fields else None, sentence)
        else:
            return _webhooks(request, secret=secret, name=webhook.name)
    context = {"form": form}
    return render(request, "administration/webhook_new.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def webhook_do(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Suspend a subscription, resume it, or give it a new secret."""
    _administrators_only(request)
    actor, doing = person_of(request), request.POST.get("faire", "")
    try:
        if doing == "renouveler":
            webhook, secret = renew_webhook(webhook_id=webhook_id, actor=actor)
            return _webhooks(request, secret=secret, name=webhook.name)
        if doing in DOINGS:
            webhook = DOINGS[doing](webhook_id=webhook_id, actor=actor)
            state = "actif" if webhook.active else "suspendu"
            messages.success(request, f"L’abonnement « {webhook.name} » est {state}.")
    except BusinessError as error:
        messages.warning(request, error.message)
    return redirect("webhooks")
