"""The HTTP API at ``/api/v1``: one NinjaAPI, its documents at ``/api/v1/openapi.json``."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from cases.api import budget, documents, errors, facilities, property, tokens
from cases.api.access import Bearer
from cases.api.reading import Renderer, StrictParser, check_text
from cases.errors import BusinessError
from workflows.api import backlog, dossiers, exchanges, links, meetings, notices, paths, simulations, work

DESCRIPTION = """
Les circuits d’approbation des conventions entre l’État et la CANSSM : simuler, déposer, instruire, décider,
engager.

* **Identification** : un jeton, demandé par `POST auth/token`, envoyé dans l’en-tête
  `Authorization: Bearer …`. Les sessions des pages n’ouvrent pas l’interface.
* **Erreurs** : toujours `{"code", "message", "details"}`. `message` est une phrase en français ; `details`
  donne les phrases de chaque champ, ou `reasons`, les raisons d’un refus avec la règle citée.
  Codes : `invalid` (400, 415, 422), `unauthenticated` (401), `forbidden` (403), `not_found` (404),
  `method_not_allowed` (405), `conflict` et `stale` (409), `too_large` (413), `blocked` (422),
  `throttled` (429, avec `Retry-After`), `error` (500).
* **Montants** : chaînes décimales en euros, `"25000.50"`. **Dates** : `2015-12-31`.
  **Moments** : ISO 8601, en UTC.
* **Listes** : `items` et `next_cursor`, vide sur la dernière page ; renvoyez-le dans `cursor` avec les mêmes
  filtres.
* **Versions** : un acte donne la `version` du dossier qui a été lue ; si le dossier a changé entre-temps,
  409 `stale`.
"""


class BerlineAPI(NinjaAPI):
    """Answers in our form also where ninja and Django have theirs: wrong method, unknown address,
    unreadable address.
    """

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        found = [*super()._get_urls(), re_path(r"^.*$", self._absent)]
        for pattern in found:
            if pattern.callback is not None:
                pattern.callback = self._in_our_form(pattern.callback)
        return found

    def _absent(self, request: HttpRequest) -> HttpResponse:
        return self.on_exception(request, Http404())

    def _in_our_form(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @csrf_exempt  # a token in a header, never a cookie: no page can make a browser send it
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                check_text(request.path_info, "url")
                response = view(request, *args, **kwargs)
            except (BusinessError, Http404) as error:
                response = self.on_exception(request, error)
            if isinstance(response, HttpResponseNotAllowed):
                allowed = response["Allow"]
                message = f"Cette adresse n’accepte pas {request.method}. Méthodes admises : {allowed}."
                response = self.on_exception(request, errors.MethodNotAllowed(message))
                response["Allow"] = allowed
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        return answer


api = BerlineAPI(
    title="Berline",
    version="1",
    description=DESCRIPTION,
    docs_url=None,  # its page loads scripts from elsewhere
    openapi_url="/openapi.json",
    urls_namespace="api",
    auth=Bearer(),
    parser=StrictParser(),
    renderer=Renderer(),
)
errors.install(api)
api.add_router("auth", tokens.router)
api.add_router("", paths.router)
api.add_router("", simulations.router)
api.add_router("", dossiers.router)
api.add_router("", documents.router)
api.add_router("", exchanges.router)
api.add_router("", links.router)
api.add_router("", work.router)
api.add_router("", notices.router)
api.add_router("", backlog.router)
api.add_router("", meetings.router)
api.add_router("", budget.router)
api.add_router("", property.router)
api.add_router("", facilities.router)
