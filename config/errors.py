"""Pages of last resort: a refusal says what happened and what to do, in the look of the site."""

from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token


def _page(request: HttpRequest, status: int, fallback: str) -> HttpResponse:
    """The template errors/<status>.html; the bare sentence when even that cannot be rendered."""
    try:
        content = render_to_string(f"errors/{status}.html", {"status": status}, request)
    except TemplateDoesNotExist:
        content = fallback
    return HttpResponse(content, status=status)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400, "Demande mal formée : revenez à la page précédente et recommencez.")


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, "Votre rôle ne permet pas cette action.")


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, "Cette page n’existe pas, ou vous n’y avez pas accès.")


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Nothing of the failed request is trusted: the page is rendered without user, session or database."""
    try:
        content = render_to_string("errors/500.html", {"status": 500})
    except Exception:  # noqa: BLE001  (whatever broke, the visitor gets an answer)
        content = "Une erreur est survenue. Rien n’a été enregistré ; recommencez dans un instant."
    return HttpResponse(content, status=500)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old, or cookies are off."""
    try:
        content = render_to_string("errors/csrf.html", {"status": 403}, request)
    except TemplateDoesNotExist:
        content = "Ce formulaire a expiré : revenez à la page précédente, rechargez-la et recommencez."
    return HttpResponse(content, status=403)
