"""The page behind the link of a legal notice: it shows what is acknowledged and asks for one confirmation.

No log-in: the link itself says who reads. Programs of mail servers open links, so that GET changes nothing.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cases.calendar import french_date
from cases.clock import paris_date
from cases.errors import BusinessError, NotFound
from cases.services import Receipt, read_receipt_token
from workflows.services import perform

#: The outcome of the step at which a legal notice is acknowledged.
ACKNOWLEDGE = "acknowledge"
BY_LINK = "Accusé donné par le lien personnel reçu par courriel."
_GONE = 410


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """Show the notice of a link; by POST, acknowledge it as the person to whom it was sent."""
    try:
        found = read_receipt_token(token)
    except NotFound as error:
        return _page(request, None, error.message, error.http_status)
    if found.notice.acknowledged_at is not None:
        return _page(request, found)
    if found.expired:
        message = (
            f"Ce lien a expiré le {french_date(found.until)}. Connectez-vous à Berline et donnez l’accusé de "
            f"réception sur la page du dossier {found.notice.dossier.reference}."
        )
        return _page(request, found, message, _GONE)
    if request.method != "POST":
        return _page(request, found)
    try:
        perform(
            reference=found.notice.dossier.reference,
            step=found.notice.step,
            outcome=ACKNOWLEDGE,
            actor=found.user,
            motive=BY_LINK,
        )
    except BusinessError as error:
        found = read_receipt_token(token)  # somebody of the same body may have been faster
        given = found.notice.acknowledged_at is not None
        return _page(request, found, "" if given else error.message, error.http_status)
    return redirect("receipt", token)


def _page(request: HttpRequest, found: Receipt | None, refusal: str = "", status: int = 200) -> HttpResponse:
    notice = found.notice if found else None
    context = {
        "found": found,
        "notice": notice,
        "refusal": refusal,
        "happened_on": french_date(notice.happened_on) if notice else "",
        "due_on": french_date(notice.due_on) if notice else "",
        "until": french_date(found.until) if found else "",
        "given_on": french_date(paris_date(notice.acknowledged_at))
        if notice and notice.acknowledged_at
        else "",
    }
    return render(request, "dossiers/receipt.html", context, status=status)
