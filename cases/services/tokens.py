"""Bearer tokens of the API: the secret is shown once, only its SHA-256 is stored."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings

from cases import clock
from cases.models import ApiToken, User


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def issue_token(*, user: User) -> str:
    """A new secret for ``user``, valid ``BERLINE_API_TOKEN_HOURS`` hours (setting, 12 by default).

    Sweeps the person's expired tokens in passing.
    """
    secret = secrets.token_urlsafe(32)
    now = clock.now()
    ApiToken.objects.filter(user=user, expires_at__lte=now).delete()
    ApiToken.objects.create(
        user=user,
        digest=_digest(secret),
        created_at=now,
        expires_at=now + timedelta(hours=getattr(settings, "BERLINE_API_TOKEN_HOURS", 12)),
    )
    return secret


def user_of_token(secret: str) -> User | None:
    """The active person behind a secret that has not expired, or None. One statement."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(digest=_digest(secret), expires_at__gt=clock.now(), user__is_active=True)
        .first()
    )
    return token.user if token else None


def revoke_token(secret: str) -> None:
    """Forget a token; unknown ones are ignored."""
    ApiToken.objects.filter(digest=_digest(secret)).delete()
