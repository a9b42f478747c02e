"""The register of legal notices: those of the dossiers that a person may read, and whether each was told in time."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, TruncDate

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

    @property
    def heading(self) -> str:
        """How several are called at the head of a column: « Reçues dans le délai »."""
        return str(self.label).replace("reçue ", "reçues ").capitalize()


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


def elapsed_days(notice: LegalNotice) -> int:
    """Days (Paris) from the act to the receipt, or to today while there is none."""
    return ((received_on(notice) or clock.today()) - notice.happened_on).days


def standing() -> Case:
    """The state of each notice of ``register``, in SQL: :func:`state_of`."""
    return Case(
        *(When(condition, then=Value(state.value)) for state, condition in _conditions().items()),
        output_field=models.CharField(),
    )


def elapsed() -> models.Expression:
    """The days of each notice of ``register``, in SQL, as a ``timedelta``: :func:`elapsed_days`."""
    until = Coalesce(F("received"), Value(clock.today(), output_field=models.DateField()))
    return models.ExpressionWrapper(until - F("happened_on"), output_field=models.DurationField())


def register(
    user: Any,
    *,
    dossier: str = "",
    addressee: str = "",
    state: str = "",
    holdings: tuple[Holding, ...] | None = None,
    exercise: int | None = None,
    fund: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[LegalNotice]:
    """The register that ``user`` may read, latest act first.

    ``dossier`` is a reference, ``addressee`` the code of a body, ``state`` a :class:`NoticeState`, ``fund`` the code of
    the fund whose credits moved, ``exercise`` its year; ``since`` and ``until`` are days of the act, both included.
    """
    found = legal_notices_visible_to(user, holdings).annotate(
        received=TruncDate("acknowledged_at", tzinfo=clock.PARIS)
    )
    if not all(storable(one) for one in (dossier, addressee, fund)):
        return found.none()
    wanted = {
        "dossier__reference": dossier,
        "organisation__code": addressee,
        "dossier__exercise": exercise,
        "dossier__data__fund": fund,
        "happened_on__gte": since,
        "happened_on__lte": until,
    }
    found = found.filter(**{name: value for name, value in wanted.items() if value not in ("", None)})
    return found.filter(_conditions()[NoticeState(state)]) if state else found


def _conditions() -> dict[NoticeState, Q]:
    return {
        NoticeState.AWAITED: Q(received__isnull=True, due_on__gte=clock.today()),
        NoticeState.LATE: Q(received__isnull=True, due_on__lt=clock.today()),
        NoticeState.ACKNOWLEDGED: Q(received__lte=F("due_on")),
        NoticeState.ACKNOWLEDGED_LATE: Q(received__gt=F("due_on")),
    }
