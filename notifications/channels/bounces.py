"""Reads what mail servers send back: delivery status notifications (RFC 3464). Pure: one message in, what it says out.

Nothing here is believed: which row it is about, and whether it may say so, is for ``notifications.services.bounces``.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses
from enum import Enum

#: What is read of a message, bytes. The status comes first; what is cut off is our own mail.
MOST = 20_000_000
#: Headers in which a mail system notes to whom it delivered; the last is what the sender wrote.
_DELIVERED_TO = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To")
_RETURNED = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global")
_STATUSES = ("message/delivery-status", "message/global-delivery-status")
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")


class Verdict(Enum):
    """``FAILED``: will never arrive; ``DELAYED``: still tried; ``OTHER``: no word of a failure, or no such report."""

    FAILED = "failed"
    DELAYED = "delayed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Report:
    """What a message says. ``why``: the server's diagnostic; ``returned``: Message-ID of the mail sent back."""

    verdict: Verdict
    recipients: tuple[str, ...] = ()
    why: str = ""
    returned: str = ""


class Unreadable(ValueError):
    """Not a mail message at all."""


def read_report(raw: bytes) -> Report:
    """What a message says of our mail. Anything but a delivery status notification is ``OTHER``.

    Raises ``Unreadable`` for what is no mail. Malformed parts are passed over.
    """
    message = email.message_from_bytes(raw[:MOST])
    if not message.keys():
        raise Unreadable("a message without any header")
    recipients = tuple(_addresses(message))
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return Report(Verdict.OTHER, recipients)
    statuses = [part for part in message.walk() if part.get_content_type() in _STATUSES]
    if not statuses:  # a receipt (MDN), a complaint
        return Report(Verdict.OTHER, recipients)
    judged = [_judge(group) for status in statuses for group in _groups(status)]
    returned = _returned(message)
    for wanted in (Verdict.FAILED, Verdict.DELAYED):
        for verdict, why in judged:
            if verdict is wanted:
                return Report(verdict, recipients, why, returned)
    return Report(Verdict.OTHER, recipients, "", returned)


def _addresses(message: Message) -> Iterator[str]:
    for name in _DELIVERED_TO:
        values = [str(value) for value in message.get_all(name, [])]
        for _, address in getaddresses(values):
            if address:
                yield address


def _groups(status: Message) -> list[Message]:
    """The groups of fields that tell of one recipient each."""
    payload = status.get_payload()
    parts = payload if isinstance(payload, list) else [email.message_from_string(str(payload))]
    return [part for part in parts if isinstance(part, Message) and ("Action" in part or "Status" in part)]


def _judge(group: Message) -> tuple[Verdict, str]:
    """The action decides: « failed » with a status 4.x.x means that the server has given up."""
    action = _field(group, "Action").lower()
    status = _STATUS.search(_field(group, "Status"))
    known = {"failed": Verdict.FAILED, "delayed": Verdict.DELAYED}
    if action in known:
        verdict = known[action]
    elif action or status is None:  # delivered, relayed, expanded
        verdict = Verdict.OTHER
    else:
        verdict = {"5": Verdict.FAILED, "4": Verdict.DELAYED}.get(status[1], Verdict.OTHER)
    kind, _, said = _field(group, "Diagnostic-Code").partition(";")  # « smtp; 550 5.1.1 … »
    diagnostic, code = said.strip() or kind, status[0] if status else ""
    return verdict, diagnostic if code in diagnostic else f"{code} {diagnostic}".strip()


def _field(group: Message, name: str) -> str:
    """One line, printable; comments in brackets left out where they follow a keyword."""
    text = " ".join(str(group.get(name, "")).split())
    text = "".join(one for one in text if one.isprintable())
    return text.partition("(")[0].strip() if name in ("Action", "Status") else text


def _returned(message: Message) -> str:
    """The Message-ID of the mail that was sent back, whole or its headers only."""
    for part in message.walk():
        if part.get_content_type() not in _RETURNED:
            continue
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        if not isinstance(inner, Message):
            inner = email.message_from_string(str(payload))
        found = "".join(str(inner.get("Message-ID", "")).split())
        if found:
            return found
    return ""
