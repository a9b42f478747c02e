"""Calls the address of a webhook: signed, to a public address only, without following a redirection.

Header ``Berline-Signature: v1=<hex>`` is the HMAC-SHA-256, under the subscription's secret, of
``<Berline-Timestamp>.<body>``.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
from base64 import urlsafe_b64encode
from contextlib import closing
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from cases import clock
from notifications.channels.outcome import DELIVERED, Outcome, Verdict
from notifications.models import OutboxRow, Webhook

_READ = 2_048
_OK = range(200, 300)
_REDIRECTED = range(300, 400)


class BadAddress(ValueError):
    """An address that is never called; the sentence is French."""


def secret_of(webhook: Webhook) -> str:
    """The secret that signs the calls of a subscription. Derived, never stored; a new salt is a new secret."""
    key = hmac.new(settings.SECRET_KEY.encode(), f"berline.webhook:{webhook.salt}".encode(), hashlib.sha256)
    return f"whsec_{urlsafe_b64encode(key.digest()).decode().rstrip('=')}"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the receiver computes and compares."""
    signed = timestamp.encode() + b"." + body
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def checked_address(url: str) -> SplitResult:
    """The parts of an address that may be called. Raises ``BadAddress``.

    https only; http to this machine itself where ``BERLINE_WEBHOOK_PRIVATE`` allows private addresses.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadAddress("Cette adresse est mal formée.") from None
    if not url.isascii() or not url.isprintable() or " " in url:
        raise BadAddress("Cette adresse contient des caractères interdits.")
    if not host or parts.scheme not in ("https", "http"):
        raise BadAddress("L’adresse doit commencer par https:// et nommer un serveur.")
    if parts.username or parts.password or parts.fragment:
        raise BadAddress("L’adresse ne doit contenir ni identifiant, ni mot de passe, ni ancre (#).")
    if parts.scheme == "http" and not (settings.BERLINE_WEBHOOK_PRIVATE and _is_loopback(host)):
        raise BadAddress("L’adresse doit commencer par https://.")
    literal = _literal(host)
    if literal is not None:
        _refuse_private(literal)
    return parts


def call(row: OutboxRow) -> Outcome:
    """Deliver one row to its subscription. Any answer but 2xx is a failure."""
    webhook = row.webhook
    if webhook is None:
        raise ValueError("a call needs its subscription")
    if not webhook.active:
        return Outcome(Verdict.NEVER, "Abonnement désactivé.")
    body = json.dumps(row.details, ensure_ascii=False, separators=(",", ":")).encode()
    timestamp = str(int(clock.now().timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Berline",
        "Berline-Delivery": row.message_id.strip("<>"),
        "Berline-Timestamp": timestamp,
        "Berline-Signature": signature(secret_of(webhook), timestamp, body),
    }
    try:
        status = _post(checked_address(webhook.url), body, headers)
    except BadAddress as error:
        return Outcome(Verdict.LATER, str(error))
    except TimeoutError:
        return Outcome(Verdict.LATER, "Pas de réponse dans le délai.")
    except (OSError, http.client.HTTPException) as error:
        return Outcome(Verdict.LATER, f"Adresse injoignable : {type(error).__name__}.")
    if status in _OK:
        return DELIVERED
    if status in _REDIRECTED:
        return Outcome(Verdict.LATER, f"Réponse {status} : les redirections ne sont pas suivies.")
    return Outcome(Verdict.LATER, f"Réponse {status}.")


def _post(parts: SplitResult, body: bytes, headers: dict[str, str]) -> int:
    """Connect to an address that was looked at, under the name that was asked for; the status of the answer."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    opened = _connect(host, port)
    if parts.scheme == "https":
        try:
            opened = ssl.create_default_context().wrap_socket(opened, server_hostname=host)
        except BaseException:
            opened.close()
            raise
    connection = http.client.HTTPConnection(host, port, timeout=settings.BERLINE_WEBHOOK_TIMEOUT)
    connection.sock = opened
    with closing(connection):
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, headers | {"Host": parts.netloc, "Connection": "close"})
        answer = connection.getresponse()
        answer.read(_READ)
        return answer.status


def _connect(host: str, port: int) -> socket.socket:
    """The name is resolved once and what it gives is looked at, so that it cannot mean another machine afterwards."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, address in found:
        _refuse_private(ipaddress.ip_address(str(address[0]).split("%")[0]))
    failure: OSError = OSError("no address")
    for *_, address in found:
        try:
            return socket.create_connection((str(address[0]), port), timeout=settings.BERLINE_WEBHOOK_TIMEOUT)
        except OSError as error:
            failure = error
    raise failure


def _refuse_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    inner = getattr(address, "ipv4_mapped", None) or address
    public = inner.is_global and not inner.is_multicast
    if not public and not settings.BERLINE_WEBHOOK_PRIVATE:
        raise BadAddress("Cette adresse désigne un réseau privé : elle n’est pas appelée.")


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    literal = _literal(host)
    return host == "localhost" or (literal is not None and literal.is_loopback)
