"""Reminders in tests: dates of the week that the default ladder is tried in, sweeps, and who was told what."""

from datetime import UTC, date, datetime

from cases import clock
from cases.enums import DeadlineState
from cases.models import Deadline
from notifications.enums import Channel, NoticeKind
from notifications.models import OutboxRow
from tests.journeys import Cast, Journey
from workflows.services import Reminders, send_reminders

#: Monday 2 March 2015: dossiers of these tests are filed and submitted then.
START = datetime(2015, 3, 2, 9, tzinfo=UTC)
#: The desk has fifteen working days: until Monday 23 March.
DUE = date(2015, 3, 23)


def day(number: int, month: int = 3, hour: int = 6) -> datetime:
    """A morning of 2015."""
    return datetime(2015, month, number, hour, tzinfo=UTC)


def under_review(cast: Cast, **options: object) -> Journey:
    """A dossier at the desk since START."""
    with clock.at(START):
        return Journey.at(cast, "under_review", **options)  # type: ignore[arg-type]


def clock_of(journey: Journey) -> Deadline:
    """Its one running clock."""
    return Deadline.objects.get(dossier=journey.pk, state=DeadlineState.RUNNING)


def sweep(moment: datetime) -> Reminders:
    """A sweep of reminders at a moment."""
    with clock.at(moment):
        return send_reminders()


def reminded(channel: Channel = Channel.IN_APP) -> list[OutboxRow]:
    """All reminders, in the order in which they were written."""
    return list(
        OutboxRow.objects.filter(kind=NoticeKind.REMINDER, channel=channel)
        .select_related("recipient")
        .order_by("pk")
    )


def told() -> list[tuple[str, str]]:
    """Who was reminded of what rung: « reviewer », « J-7 »."""
    return [
        (row.reader.username, row.event.split(":")[2])
        for row in reminded()
        if row.event.startswith("reminder")
    ]
