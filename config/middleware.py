"""Middleware of the whole site: one identifier per request, and sessions that end after inactivity."""

import re
import secrets
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


class RequestContextMiddleware:
    """Give every request an identifier: in each log line of it, and in the header X-Request-ID."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        identifier = given if _REQUEST_ID.match(given) else secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=identifier)
        response = self.get_response(request)
        response["X-Request-ID"] = identifier
        return response


class SessionInactivityMiddleware:
    """Push the end of the session back while it is used, writing at most once a minute.

    Django counts SESSION_COOKIE_AGE from the last save. Saving on each request would cost one write per
    request; saving when the last one is over a minute old keeps the end right to the minute.
    """

    KEY = "_active_at"
    SECONDS = 60

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # An unread session belongs to a page that asked nothing of it: reading it here would cost a query.
        if request.session.accessed and not request.session.is_empty():
            now = int(time.time())
            last = request.session.get(self.KEY, 0)
            if not 0 <= now - last < self.SECONDS:
                request.session[self.KEY] = now
        return response
