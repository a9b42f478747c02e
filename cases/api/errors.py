"""What the API answers when it refuses: always ``{"code", "message", "details"}``, the message in French."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import BaseModel, Field

from cases.errors import BusinessError, Invalid, NotFound

logger = logging.getLogger("django.request")


class ErrorOut(BaseModel):
    """Une réponse d’erreur."""

    code: str = Field(description="Mot stable, à l’usage des programmes.")
    message: str = Field(description="Phrase en français qui dit ce qui ne va pas et quoi faire.")
    details: dict[str, Any] = Field(
        default_factory=dict,
        description="Champ → phrases ; « reasons » : raisons d’un refus (code, message, lifted_by, quote).",
    )


class Malformed(BusinessError):
    """A request that cannot be read at all."""

    code = "invalid"
    http_status = 400


class Unauthenticated(BusinessError):
    """No token, an unknown or expired one, or wrong credentials."""

    code = "unauthenticated"
    http_status = 401


class MethodNotAllowed(BusinessError):
    """The address exists, not with this method."""

    code = "method_not_allowed"
    http_status = 405


class TooLarge(BusinessError):
    """More bytes than the installation accepts."""

    code = "too_large"
    http_status = 413


class UnsupportedMedia(BusinessError):
    """A body in another format than the one expected."""

    code = "invalid"
    http_status = 415


class Throttled(BusinessError):
    """Too many attempts; ``retry_after`` is in seconds."""

    code = "throttled"
    http_status = 429

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message, details={"retry_after": retry_after})
        self.retry_after = retry_after


def install(api: NinjaAPI) -> None:
    """Make ``api`` answer every failure in the form above."""

    def respond(
        request: HttpRequest, status: int, code: str, message: str, details: Mapping[str, Any]
    ) -> HttpResponse:
        return api.create_response(
            request, {"code": code, "message": message, "details": dict(details)}, status=status
        )

    def business(request: HttpRequest, error: BusinessError) -> HttpResponse:
        response = respond(request, error.http_status, error.code, error.message, error.details)
        if isinstance(error, Unauthenticated):
            response["WWW-Authenticate"] = "Bearer"
        if isinstance(error, Throttled):
            response["Retry-After"] = str(error.retry_after)
        return response

    def unreadable(request: HttpRequest, error: Exception) -> HttpResponse:
        return business(request, Malformed("La demande est illisible : vérifiez son corps et renvoyez-la."))

    def too_big(request: HttpRequest, error: Exception) -> HttpResponse:
        message = "Le corps de la demande est trop gros : envoyez moins de données à la fois."
        return business(request, TooLarge(message))

    def framework(request: HttpRequest, error: HttpError) -> HttpResponse:
        cause = error.__cause__
        if isinstance(cause, BusinessError):  # raised by our parser, wrapped by ninja
            return business(request, cause)
        if isinstance(error, AuthenticationError):
            return business(request, unauthenticated())
        return unreadable(request, error)

    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        message = "Corrigez les données signalées, puis recommencez."
        return business(request, Invalid(message, details=french_details(error.errors)))

    def absent(request: HttpRequest, error: Http404) -> HttpResponse:
        return business(request, NotFound("Cette adresse n’existe pas, ou vous n’y avez pas accès."))

    def failure(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.error("API: %s %s", request.method, request.path, exc_info=error)
        message = "Une erreur est survenue. Rien n’a été enregistré ; recommencez dans un instant."
        response = respond(request, 500, "error", message, {})
        response._has_been_logged = True  # type: ignore[attr-defined]  # by us, with its cause
        return response

    handlers: dict[type[Exception], Any] = {
        BusinessError: business,
        HttpError: framework,
        ValidationError: invalid,
        Http404: absent,
        RequestDataTooBig: too_big,
        SuspiciousOperation: unreadable,
        MultiPartParserError: unreadable,
        UnreadablePostError: unreadable,
        Exception: failure,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def unauthenticated() -> Unauthenticated:
    """The refusal of somebody who did not say who they are, or whose token no longer holds."""
    return Unauthenticated(
        "Identifiez-vous : demandez un jeton par POST auth/token, puis envoyez-le dans l’en-tête "
        "« Authorization: Bearer … ». Un jeton expiré se remplace de la même façon."
    )


#: What to say of each fault that pydantic finds in a request; the names in braces come with the fault.
SENTENCES = {
    "missing": "Cette donnée est obligatoire.",
    "extra_forbidden": "Donnée inconnue : retirez-la.",
    "string_type": "Envoyez un texte.",
    "string_too_long": "Pas plus de {max_length} caractères.",
    "string_too_short": "Au moins {min_length} caractère(s).",
    "int_type": "Envoyez un nombre entier.",
    "int_parsing": "Envoyez un nombre entier.",
    "int_from_float": "Envoyez un nombre entier.",
    "int_parsing_size": "Ce nombre est trop grand.",
    "bool_type": "Répondez par true ou false.",
    "bool_parsing": "Répondez par true ou false.",
    "dict_type": "Envoyez un objet JSON.",
    "model_type": "Envoyez un objet JSON.",
    "model_attributes_type": "Envoyez un objet JSON.",
    "list_type": "Envoyez une liste.",
}


def french_details(faults: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Field → French sentences, from ninja's faults. The place (body, query…) is left out."""
    details: dict[str, list[str]] = {}
    for fault in faults:
        place = [str(part) for part in fault.get("loc", ())]
        inner = place[2:] if place[:1] == ["body"] else place[1:]
        name = ".".join(inner) or "body"
        sentence = SENTENCES.get(fault.get("type", ""), "Valeur inattendue : corrigez-la.")
        if name == "body" and fault.get("type") == "missing":
            sentence = "Envoyez un objet JSON dans le corps de la demande."
        details.setdefault(name, []).append(sentence.format_map(fault.get("ctx", {})))
    return details
