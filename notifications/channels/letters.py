"""Writes the mails: text and HTML, in French, from the templates of ``templates/mails/``. Reads the database only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from cases import clock
from cases.calendar import french_date
from cases.enums import DeadlineKind, DeadlineState
from cases.models import Deadline, LegalNotice, User
from cases.permissions import Holding, holdings_of, may_read
from cases.services import receipt_expires_on, receipt_token
from notifications.channels.envelope import envelope_sender
from notifications.enums import NoticeKind
from notifications.models import OutboxRow

#: What the reader is asked to do, by the kind of notice.
TO_DO = {
    NoticeKind.TASK: "Ouvrez le dossier : la page montre ce qui est attendu de vous et les pièces à lire.",
    NoticeKind.NEWS: "Ouvrez le dossier pour lire la suite qui lui est donnée. Rien d’autre ne vous est demandé ici.",
    NoticeKind.REMINDER: "Ouvrez le dossier et faites l’étape attendue, ou demandez qu’elle soit confiée à quelqu’un.",
    NoticeKind.MESSAGE: "Ouvrez le dossier pour lire le message en entier, et pour y répondre.",
}


@dataclass(frozen=True, slots=True)
class Due:
    """The date until which something is asked for."""

    on: date
    legal: bool

    @property
    def words(self) -> str:
        """« mardi 3 mars 2015 »."""
        return french_date(self.on)


def mail_domain() -> str:
    """The right side of our Message-IDs: the host of ``BERLINE_BASE_URL``."""
    return (urlsplit(settings.BERLINE_BASE_URL).hostname or "localhost").replace(":", ".")


def write(row: OutboxRow) -> EmailMultiAlternatives | None:
    """The message of a row; None when its reader may no longer read what it tells of.

    ``row`` comes with its recipient, dossier and legal notice. Raises ``ValueError`` when the paper to attach is
    damaged.
    """
    reader = row.reader
    held = holdings_of(reader)
    if row.kind == NoticeKind.DIGEST:
        return _digest(row, reader, held)
    if not may_read(held, row.subject):
        return None
    common = _common(reader) | {
        "title": row.title,
        "reference": row.subject.reference,
        "told_on": french_date(clock.paris_date(row.created_at)),
        "body": row.body,
        "url": absolute(row.link),
        "quote": row.details.get("quote"),
        "due": due_of(row, held),
    }
    if row.legal_notice is not None:
        return _legal(row, row.legal_notice, common)
    asks = row.kind == NoticeKind.NEWS and row.step  # news that asks for something is a task
    to_do = row.details.get("to_do") or TO_DO[NoticeKind.TASK if asks else NoticeKind(row.kind)]
    return _message(row, "notice", common | {"to_do": to_do})


def absolute(link: str) -> str:
    """A path of this site as people reach it."""
    return f"{settings.BERLINE_BASE_URL.rstrip('/')}{link}"


def due_of(row: OutboxRow, held: tuple[Holding, ...]) -> Due | None:
    """Until when the step of a notice is awaited, if a clock runs: its own clock for a reminder.

    Else the earliest of those that concern the reader.
    """
    if not row.step:
        return None
    if "clock" in row.details:
        theirs = Q(pk=row.details["clock"])
    else:
        bodies = [one.organisation_id for one in held]
        theirs = Q(organisation__isnull=True) | Q(organisation__in=bodies)
    found = (
        Deadline.objects.filter(
            theirs,
            dossier=row.dossier_id,
            step=row.step,
            state=DeadlineState.RUNNING,
        )
        .order_by("due_on")
        .first()
    )
    return Due(found.due_on, found.kind == DeadlineKind.LEGAL) if found and found.due_on else None


def _common(reader: User) -> dict[str, Any]:
    return {
        "reader": str(reader),
        "preferences_url": absolute(reverse("notice_preferences")),
        "site_url": settings.BERLINE_BASE_URL,
    }


def _legal(row: OutboxRow, notice: LegalNotice, common: dict[str, Any]) -> EmailMultiAlternatives:
    """The information of an addressee, with its paper and the link that gives the receipt."""
    receipt_url = ""
    if notice.acknowledged_at is None:
        token = receipt_token(notice=notice, user=row.reader, issued_at=row.created_at)
        receipt_url = absolute(reverse("receipt", args=[token]))
    context = common | {
        "addressee": notice.organisation.name,
        "happened_on": french_date(notice.happened_on),
        "due": Due(notice.due_on, legal=True),
        "receipt_url": receipt_url,
        "receipt_until": french_date(receipt_expires_on(row.created_at)),
        "document": notice.document,
    }
    message = _message(row, "legal", context)
    with default_storage.open(str(notice.document.file.name)) as file:
        content = file.read()
    if hashlib.sha256(content).hexdigest() != notice.document.sha256:
        raise ValueError(f"the paper {notice.document.public_id} is not the one that was stored")
    message.attach(notice.document.name, content, notice.document.content_type)
    return message


def _digest(row: OutboxRow, reader: User, held: tuple[Holding, ...]) -> EmailMultiAlternatives | None:
    carried = OutboxRow.objects.filter(digest=row).select_related("dossier__organisation").order_by("pk")
    items = [one for one in carried if may_read(held, one.subject)]
    if not items:
        return None
    told = [
        {
            "title": one.title,
            "reference": one.subject.reference,
            "body": one.body,
            "told_on": french_date(clock.paris_date(one.created_at)),
            "due": due_of(one, held),
            "url": absolute(one.link),
        }
        for one in items
    ]
    context = _common(reader) | {
        "title": row.title,
        "told_on": french_date(clock.paris_date(row.created_at)),
        "items": told,
        "url": absolute(row.link),
        "quote": None,
    }
    return _message(row, "digest", context)


def _message(row: OutboxRow, template: str, context: dict[str, Any]) -> EmailMultiAlternatives:
    subject = " — ".join(
        part for part in (context["title"], context.get("reference", ""), context["told_on"]) if part
    )
    headers = {
        "Message-ID": row.message_id,
        "Date": format_datetime(clock.now().astimezone(clock.PARIS)),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if row.dossier is not None:  # mail programs put what concerns one dossier together
        headers["References"] = f"<dossier.{row.dossier.public_id}@{mail_domain()}>"
    sender = envelope_sender(row)
    if sender:  # people see the ordinary sender, servers send back to this one
        headers["From"] = settings.DEFAULT_FROM_EMAIL
    message = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=render_to_string(f"mails/{template}.txt", context).strip() + "\n",
        from_email=sender or None,
        to=[row.sent_to],
        headers=headers,
    )
    message.attach_alternative(render_to_string(f"mails/{template}.html", context), "text/html")
    return message
