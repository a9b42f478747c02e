"""Who asks: the bearer of a token. There is no other way in: no cookie, hence no forged request to fear."""

from typing import cast

from django.http import HttpRequest
from ninja.security import HttpBearer

from cases.api.errors import unauthenticated
from cases.models import User
from cases.services import user_of_token


class Bearer(HttpBearer):
    """``Authorization: Bearer <jeton>``; sessions of the pages are ignored."""

    def __call__(self, request: HttpRequest) -> User:
        """The person behind the token. Raises ``Unauthenticated``. One statement."""
        return self.authenticate(request, secret_of(request))

    def authenticate(self, request: HttpRequest, token: str) -> User:
        user = user_of_token(token) if token else None
        if user is None:
            raise unauthenticated()
        return user


def secret_of(request: HttpRequest) -> str:
    """The token of the request, empty when there is none."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def person_of(request: HttpRequest) -> User:
    """The person who asks; operations are behind ``Bearer``."""
    return cast(User, request.auth)  # type: ignore[attr-defined]
