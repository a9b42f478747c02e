"""Turns a refusal that no view handled into the page that says so, with its sentence and its status."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cases.errors import BusinessError

#: The page of each status; others share one that shows the sentence.
PAGES = {404: "errors/404.html", 409: "errors/409.html"}


class BusinessErrorMiddleware:
    """For pages only: the API answers in JSON before it comes to this.

    An address with a NUL character, which no text of PostgreSQL can hold, is refused before any view sees it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        hidden = "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", "")
        if hidden and not request.path_info.startswith("/api/"):  # which says so in JSON
            raise BadRequest("NUL in the address")
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Django's hook: None lets other exceptions go their way."""
        if not isinstance(exception, BusinessError):
            return None
        template = PAGES.get(exception.http_status, "errors/refused.html")
        return render(
            request,
            template,
            {"message": exception.message, "reasons": exception.reasons, "status": exception.http_status},
            status=exception.http_status,
        )
