"""« Mes avis »: what the person was told, and marking it as read."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cases.errors import Invalid, NotFound
from notifications.selectors import notice_page
from notifications.services import mark_all_read, mark_read

UNREAD = "non-lus"


@never_cache
@login_required
@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """One page of one's notices, all or unread only."""
    view = UNREAD if request.GET.get("vue") == UNREAD else ""
    try:
        page = notice_page(request.user, unread_only=bool(view), cursor=request.GET.get("cursor", ""))
    except Invalid as error:
        messages.warning(request, error.message)
        return redirect("notices")
    query = urlencode({"vue": view}) if view else ""
    context = {"page": page, "view": view, "query": query, "unread_view": UNREAD}
    return render(request, "notifications/list.html", context)


@never_cache
@login_required
@require_POST
def read_one(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark one notice as read, then show its dossier (``then=open``) or the list again."""
    try:
        notice = mark_read(user=request.user, notice_id=notice_id)
    except NotFound as error:
        raise Http404(error.message) from error
    return HttpResponseRedirect(notice.link) if request.POST.get("then") == "open" else _list_again(request)


@never_cache
@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark as read everything up to the newest notice that the page showed."""
    newest = request.POST.get("newest", "")
    if newest.isascii() and newest.isdecimal() and len(newest) < 19:
        count = mark_all_read(user=request.user, up_to=int(newest))
        if count:
            plural = "s" if count > 1 else ""
            messages.success(request, f"{count} avis marqué{plural} comme lu{plural}.")
        else:
            messages.info(request, "Tous ces avis étaient déjà lus.")
    else:
        messages.warning(request, "Rechargez la liste de vos avis, puis recommencez.")
    return _list_again(request)


def _list_again(request: HttpRequest) -> HttpResponse:
    response = redirect("notices")
    if request.POST.get("vue") == UNREAD:
        response["Location"] += f"?vue={UNREAD}"
    return response
