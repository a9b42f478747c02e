"""The envelope sender of a mail: an address of its own to which a server sends it back (VERP).

``bounce+<row>-<signature>@domain``, made of ``BERLINE_BOUNCE_ADDRESS``. The signature (``SECRET_KEY``) covers the row,
the address written to and how often the row was sent again: nobody else can make one, and what comes back from an
address that was corrected since says nothing of the new one. Local parts may come back in another case: only a–z, 0–9.
"""

from __future__ import annotations

import re
from base64 import b32encode
from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from notifications.models import OutboxRow

_SALT = "notifications.bounce"
_SIGNATURE = 16  # characters of 5 bits
#: Longest local part of the setting: RFC 5321 allows 64 characters, of which « +<row>-<signature> » takes the rest.
MAX_LOCAL = 64 - len("+") - 16 - len("-") - _SIGNATURE


@dataclass(frozen=True, slots=True)
class Token:
    """What an envelope address names: a row, and a signature that is still to be verified."""

    row: int
    signature: str


def envelope_sender(row: OutboxRow) -> str:
    """Where a row's mail is sent back to; empty where ``BERLINE_BOUNCE_ADDRESS`` is not set."""
    if not settings.BERLINE_BOUNCE_ADDRESS:
        return ""
    local, _, domain = settings.BERLINE_BOUNCE_ADDRESS.rpartition("@")
    return f"{local}+{row.pk:x}-{_signature(row)}@{domain}"


def token_of(address: str) -> Token | None:
    """The token of an address of that form; None for any other address."""
    local, _, domain = settings.BERLINE_BOUNCE_ADDRESS.rpartition("@")
    if not local:
        return None
    form = rf"{re.escape(local)}\+([0-9a-f]{{1,16}})-([a-z2-7]{{{_SIGNATURE}}})@{re.escape(domain)}"
    found = re.fullmatch(form, address.strip().strip("<>"), re.IGNORECASE | re.ASCII)
    return Token(int(found[1], 16), found[2].lower()) if found else None


def is_bounce_address(address: str) -> bool:
    """Whether mail to this address is meant to be a bounce, whatever its token is worth."""
    local, _, domain = settings.BERLINE_BOUNCE_ADDRESS.lower().rpartition("@")
    theirs, _, at = address.strip().strip("<>").lower().rpartition("@")
    return bool(local) and at == domain and theirs.startswith(f"{local}+")


def is_genuine(token: Token, row: OutboxRow) -> bool:
    """Whether we gave this token to the latest mail of the row."""
    return bool(row.sent_to) and constant_time_compare(token.signature, _signature(row))


def _signature(row: OutboxRow) -> str:
    said = f"{row.pk}:{row.retries}:{row.sent_to.lower()}"
    digest = salted_hmac(_SALT, said, algorithm="sha256").digest()
    return b32encode(digest[:10]).decode().lower()
