"""System checks of the start-up, and the refusal of demonstration accounts in production."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import ProgrammingError

DEMONSTRATION_PASSWORD = "berline"  # noqa: S105  (known to all: what is refused below)
DEMONSTRATION_ACCOUNTS = (
    "agent.npdc",
    "directeur.npdc",
    "agent.est",
    "directeur.est",
    "agent.sud",
    "directeur.sud",
    "budget.canssm",
    "sante.canssm",
    "immobilier.canssm",
    "dg.canssm",
    "comptable.canssm",
    "secretariat.ca",
    "expert.un",
    "expert.deux",
    "expert.trois",
    "dss",
    "db",
    "cgefi",
    "pilotage",
    "audit",
    "admin",
)


def open_demonstration_accounts(using: str = "default") -> list[str]:
    """Names of the accounts of the demonstration that still open with its well-known password."""
    users = get_user_model()._default_manager.using(using)
    found = users.filter(username__in=DEMONSTRATION_ACCOUNTS, is_active=True).order_by("username")
    return [
        user.get_username()
        for user in found
        if user.has_usable_password() and user.check_password(DEMONSTRATION_PASSWORD)
    ]


def _refusal(names: list[str]) -> str:
    return (
        f"Demonstration accounts are open with the password that everybody knows: {', '.join(names)}. "
        "Delete this database, or give these accounts other passwords or deactivate them."
    )


@register(Tags.database)
def check_demonstration_accounts(
    app_configs: Any = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """berline.E001: production with an account of the demonstration (run by `check --database default`)."""
    if not settings.BERLINE_PRODUCTION or "default" not in (databases or ()):
        return []
    try:
        names = open_demonstration_accounts()
    except ProgrammingError:  # not migrated yet: no accounts at all
        return []
    return [Error(_refusal(names), id="berline.E001")] if names else []


def refuse_demonstration_accounts() -> None:
    """Stop a production web server that would let demonstration accounts in. Raises ImproperlyConfigured."""
    if not settings.BERLINE_PRODUCTION:
        return
    try:
        names = open_demonstration_accounts()
    except ProgrammingError:
        return
    if names:
        raise ImproperlyConfigured(_refusal(names))
