"""The register of legal notices: those of the dossiers that a person may read, and whether each was told in time."""

from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import TruncDate

from cases import clock
from cases.models import LegalNotice
from cases.permissions import Holding
from cases.selectors import legal_notices_visible_to
from cases.text import storable

#: What a notice may be: still awaited in time, past its date without a receipt, received in time, received late.
STATES = {
    "awaited": "en attente",
    "late": "en retard",
    "acknowledged": "reçue dans le délai",
    "acknowledged_late": "reçue après le délai",
}


def received_on(notice: LegalNotice) -> date | None:
    """The day (Paris) of the receipt, which is the proof of the information; None while there is none."""
    return clock.paris_date(notice.acknowledged_at) if notice.acknowledged_at else None


def is_late(notice: LegalNotice) -> bool:
    """Whether the receipt was given after the last day of the delay, or is missing although that day is over."""
    return (received_on(notice) or clock.today()) > notice.due_on


def state_of(notice: LegalNotice) -> str:
    """A key of ``STATES``."""
    if notice.acknowledged_at:
        return "acknowledged_late" if is_late(notice) else "acknowledged"
    return "late" if is_late(notice) else "awaited"


def register(
    user: Any,
    *,
    dossier: str = "",
    addressee: str = "",
    state: str = "",
    holdings: tuple[Holding, ...] | None = None,
) -> QuerySet[LegalNotice]:
    """The register that ``user`` may read, latest act first: of a dossier, an addressee (code), in a state."""
    found = legal_notices_visible_to(user, holdings).annotate(
        received=TruncDate("acknowledged_at", tzinfo=clock.PARIS)
    )
    if not (storable(dossier) and storable(addressee)):
        return found.none()
    if dossier:
        found = found.filter(dossier__reference=dossier)
    if addressee:
        found = found.filter(organisation__code=addressee)
    conditions = {
        "awaited": Q(received__isnull=True, due_on__gte=clock.today()),
        "late": Q(received__isnull=True, due_on__lt=clock.today()),
        "acknowledged": Q(received__lte=F("due_on")),
        "acknowledged_late": Q(received__gt=F("due_on")),
    }
    return found.filter(conditions[state]) if state else found
