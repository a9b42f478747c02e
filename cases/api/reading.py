"""How the API reads requests and writes answers: strict JSON in, plain UTF-8 JSON out."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser
from ninja.renderers import JSONRenderer
from pydantic import BaseModel

from cases.api.errors import Malformed
from cases.errors import Invalid

MAX_DEPTH = 20


class StrictParser(Parser):
    """JSON objects without what means two things or cannot be stored.

    Refused: NaN and infinities, a key given twice, nesting deeper than ``MAX_DEPTH``, NUL and lone
    surrogates in texts.
    """

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body as an object. Raises ``Malformed`` (unreadable), ``Invalid`` (text that cannot be
        kept).
        """
        try:
            found = json.loads(request.body, object_pairs_hook=_object, parse_constant=_constant)
        except (ValueError, RecursionError):
            raise Malformed(
                "Le corps de la demande n’est pas du JSON lisible : envoyez un objet JSON en UTF-8 "
                "(Content-Type: application/json)."
            ) from None
        if not isinstance(found, dict):
            raise Malformed("Le corps de la demande doit être un objet JSON, entre accolades.")
        _check(found, "", 0)
        return found


class Renderer(JSONRenderer):
    """Accents as they are."""

    json_dumps_params: Mapping[str, Any] = {"ensure_ascii": False}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("Une clé figure deux fois dans un même objet JSON : gardez-en une.")
    return found


def _constant(text: str) -> NoReturn:
    raise Malformed(f'« {text} » n’est pas une valeur JSON : envoyez les montants comme « "25000.50" ».')


def _check(value: Any, place: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Malformed("Le corps de la demande est trop imbriqué : simplifiez-le.")
    if isinstance(value, str):
        check_text(value, place)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_text(key, place or "body")
            _check(item, f"{place}.{key}" if place else key, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, place, depth + 1)


def check_text(text: str, place: str) -> None:
    """Raise ``Invalid`` for a text that PostgreSQL cannot keep."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        message = "Ce texte contient un caractère interdit : retapez-le."
        raise Invalid(message, details={place.encode(errors="replace").decode(): [message]})


def refuse_unknown_parameters(request: HttpRequest, filters: type[BaseModel] | None = None) -> None:
    """Raise ``Invalid`` for a query parameter unknown here: a misspelt filter must not list everything."""
    known = list(filters.model_fields) if filters else []
    expected = f"Paramètres connus : {', '.join(known)}." if known else "Aucun paramètre n’est attendu."
    details = {name: [f"Paramètre inconnu. {expected}"] for name in request.GET if name not in known}
    twice = [name for name in request.GET if len(request.GET.getlist(name)) > 1]
    details |= {name: ["Paramètre donné deux fois : gardez-en un."] for name in twice}
    if details:
        raise Invalid("La recherche n’est pas comprise : corrigez les paramètres signalés.", details=details)
    for name in request.GET:
        check_text(str(request.GET[name]), name)
