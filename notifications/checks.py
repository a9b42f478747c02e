"""What of the settings of mails cannot work is said at start-up."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from notifications.channels.envelope import MAX_LOCAL
from notifications.channels.mail import has_valid_address


@register
def check_bounce_address(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """notifications.E001: a bounce address to which no token can be added."""
    address = settings.BERLINE_BOUNCE_ADDRESS
    local = address.rpartition("@")[0]
    if not address or (has_valid_address(address) and "+" not in local and len(local) <= MAX_LOCAL):
        return []
    return [
        Error(
            f"BERLINE_BOUNCE_ADDRESS must be a plain address such as bounce@organisme.fr, without +, with at most "
            f"{MAX_LOCAL} characters before the @, not {address!r}.",
            id="notifications.E001",
        )
    ]
