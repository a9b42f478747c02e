"""Pages of last resort: each says in French what happened and what to do, and shows nothing of the inside."""

from typing import Any

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from cases.errors import Blocked, Conflict, Forbidden, NotFound, Quote, Reason
from tests.journeys import Cast
from tests.pages import at_the_site, words

pytestmark = pytest.mark.django_db

RULE = Quote("fnmo.investment.note", "accompagnée d'une note de présentation", "COG, p. 12", "text")


def _raising(error: Exception) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"


def _patterns() -> list[Any]:
    from config.urls import urlpatterns as own

    return [
        path("casse/400/", _raising(BadRequest("inside"))),
        path("casse/403/", _raising(PermissionDenied("inside"))),
        path("casse/500/", _raising(ZeroDivisionError("inside"))),
        path("casse/interdit/", _raising(Forbidden("Il faut un autre rôle."))),
        path("casse/conflit/", _raising(Conflict("Une autre personne a pris la tâche."))),
        path("casse/absent/", _raising(NotFound("Aucun dossier."))),
        path(
            "casse/bloque/",
            _raising(Blocked("Bloqué.", reasons=[Reason("missing", "La note manque.", "Agent", RULE)])),
        ),
        *own,
    ]


urlpatterns = _patterns()


@pytest.fixture
def site(cast: Cast, settings: Any) -> Client:
    """A site with addresses that fail."""
    settings.ROOT_URLCONF = __name__
    return at_the_site(cast.agent, raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "status", "heading", "advice"),
    [
        ("/casse/400/", 400, "Cette demande n’a pas pu être lue", "recommencez"),
        ("/casse/403/", 403, "Votre rôle ne permet pas cet acte", "demandez à l’administrateur"),
        ("/casse/absent/", 404, "Cette page n’existe pas, ou vous n’y avez pas accès", "Vérifiez l’adresse"),
        ("/nulle-part/", 404, "Cette page n’existe pas, ou vous n’y avez pas accès", "Vérifiez l’adresse"),
        ("/casse/500/", 500, "Une erreur est survenue de notre côté", "Recommencez dans un instant"),
        ("/casse/interdit/", 403, "Cette demande ne peut pas être faite", "Il faut un autre rôle."),
        ("/casse/conflit/", 409, "Le dossier a changé entre-temps", "Une autre personne a pris la tâche."),
        ("/casse/bloque/", 422, "Cette demande ne peut pas être faite", "La note manque."),
    ],
)
def test_error_page_says_what_happened_and_what_to_do(
    site: Client, address: str, status: int, heading: str, advice: str
) -> None:
    response = site.get(address)
    assert response.status_code == status
    page = words(response)
    assert heading in page
    assert advice in page
    assert f"Erreur {status}" in page
    assert 'href="/"' in response.content.decode()
    for inside in ("inside", "Traceback", "ZeroDivision", "django", "/work/"):
        assert inside not in page


def test_blocked_page_quotes_the_rule(site: Client) -> None:
    page = words(site.get("/casse/bloque/"))
    assert "accompagnée d'une note de présentation" in page
    assert "Peut lever ce blocage : Agent" in page


def test_form_without_token_is_said_to_have_expired(cast: Cast) -> None:
    response = at_the_site(cast.agent, enforce_csrf_checks=True).post("/nouveau/fnmo_investment/", {})
    assert response.status_code == 403
    page = words(response)
    assert "Ce formulaire a expiré" in page
    assert "rechargez-la et recommencez" in page


def test_wrong_method_is_refused(cast: Cast) -> None:
    assert at_the_site(cast.agent).post("/taches/").status_code == 405


@pytest.mark.parametrize("address", ["/nulle-part/", "/dossiers/FNMO-0000-0000/", "/dossiers/%00/"])
def test_error_page_needs_nobody_logged_in(client: Client, db: None, address: str) -> None:
    response = client.get(address)
    assert response.status_code in (302, 400, 404)
    if response.status_code != 302:
        assert "Revenir à l’accueil" in words(response)


@pytest.mark.parametrize("address", ["/", "/taches/", "/roles/", "/nulle-part/", "/compte/login/"])
def test_page_carries_the_headers_that_protect_it(cast: Cast, address: str) -> None:
    response = at_the_site(cast.admin).get(address, follow=True)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
