"""The link by which an addressee acknowledges a legal notice without logging in.

It is good for one person, one notice, one act and so many days; it dies with the receipt, with the person's access, and
with the address that it was sent to. Nothing is stored: the signature (``SECRET_KEY``) says that we made it.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer

from cases import clock
from cases.errors import NotFound
from cases.models import LegalNotice, User

_SIGNER = Signer(salt="cases.receipt")

UNKNOWN = (
    "Ce lien n’est pas reconnu. Ouvrez-le depuis le courriel d’origine, en entier ; "
    "sinon, connectez-vous à Berline et donnez l’accusé de réception sur la page du dossier."
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a link stands for. ``expired``: it was good until ``until`` (included)."""

    notice: LegalNotice
    user: User
    until: date

    @property
    def expired(self) -> bool:
        """Whether the link is too old."""
        return clock.today() > self.until


def receipt_expires_on(issued_at: datetime) -> date:
    """The last day of a link issued at that moment: ``BERLINE_RECEIPT_DAYS`` days later."""
    return clock.paris_date(issued_at) + timedelta(days=settings.BERLINE_RECEIPT_DAYS)


def receipt_token(*, notice: LegalNotice, user: User, issued_at: datetime) -> str:
    """The secret part of the link; the same for the same notice, person and moment (to the second)."""
    return _SIGNER.sign_object(
        {
            "n": notice.public_id.hex,
            "u": user.pk,
            "t": int(issued_at.timestamp()),
            "a": _mark(user),
        }
    )


def read_receipt_token(token: str) -> Receipt:
    """What a link stands for. Raises ``NotFound`` for one that we did not make, or whose person or address is gone."""
    try:
        found = _SIGNER.unsign_object(token)
        notice_id, user_id, issued = UUID(found["n"]), int(found["u"]), int(found["t"])
    except (BadSignature, KeyError, TypeError, ValueError):
        raise NotFound(UNKNOWN) from None
    notice = (
        LegalNotice.objects.select_related("dossier", "organisation", "document", "acknowledged_by")
        .filter(public_id=notice_id)
        .first()
    )
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if notice is None or user is None or _mark(user) != found.get("a"):
        raise NotFound(UNKNOWN)
    return Receipt(notice, user, receipt_expires_on(datetime.fromtimestamp(issued, UTC)))


def _mark(user: User) -> str:
    """Of the address to which the link went: changed, the link is worth nothing."""
    return hashlib.sha256(user.email.strip().lower().encode()).hexdigest()[:16]
