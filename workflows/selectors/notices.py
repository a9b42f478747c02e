"""The register of legal notices: those of the dossiers that a person may read, and whether each was told in time."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import TruncDate

from cases import clock
from cases.models import LegalNotice
from cases.permissions import Holding
from cases.selectors import legal_notices_visible_to
from cases.text import storable


class NoticeState(models.TextChoices):
    """What a notice may be: awaited in time, past its date without a receipt, received in time, received late."""

    AWAITED = "awaited", "en attente"
    LATE = "late", "en retard"
    ACKNOWLEDGED = "acknowledged", "reçue dans le délai"
    ACKNOWLEDGED_LATE = "acknowledged_late", "reçue après le délai"


def received_on(notice: LegalNotice) -> date | None:
    """The day (Paris) of the receipt, which is the proof of the information; None while there is none."""
    return clock.paris_date(notice.acknowledged_at) if notice.acknowledged_at else None


def is_late(notice: LegalNotice) -> bool:
    """Whether the receipt was given after the last day of the delay, or is missing although that day is over."""
    return (received_on(notice) or clock.today()) > notice.due_on


def state_of(notice: LegalNotice) -> NoticeState:
    """Where a notice stands today."""
    if notice.acknowledged_at:
        return NoticeState.ACKNOWLEDGED_LATE if is_late(notice) else NoticeState.ACKNOWLEDGED
    return NoticeState.LATE if is_late(notice) else NoticeState.AWAITED


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
        NoticeState.AWAITED: Q(received__isnull=True, due_on__gte=clock.today()),
        NoticeState.LATE: Q(received__isnull=True, due_on__lt=clock.today()),
        NoticeState.ACKNOWLEDGED: Q(received__lte=F("due_on")),
        NoticeState.ACKNOWLEDGED_LATE: Q(received__gt=F("due_on")),
    }
    return found.filter(conditions[NoticeState(state)]) if state else found
