"""Documents of the calendar: budget dashboards handed over to the State, one in time and one late."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from workflows.demonstration.stories import Act, MonthDay, Story, close, submit


@dataclass(frozen=True, kw_only=True)
class CalendarStory(Story):
    """One document that is due. The budget desk of the CANSSM prepares it and hands it over."""

    obligation: str

    @property
    def path(self) -> str:
        """Key of the path."""
        return "obligation"

    @property
    def filer(self) -> str:
        """The budget desk."""
        return "budget.canssm"

    @property
    def filed_with(self) -> tuple[str, ...]:
        """The document itself."""
        return ("transmitted_document",)

    @property
    def opens_exercise(self) -> bool:
        """A document needs no budget."""
        return False

    def data(self, exercise: int) -> dict[str, Any]:
        """Data of the draft: the calendar gives the title."""
        return {"obligation": self.obligation, "exercise": exercise}


def hand_over(*, not_before: MonthDay | None = None) -> Act:
    """The desk hands the document over."""
    return Act("transmit", step="transmit", outcome="transmit", who="desk", not_before=not_before)


def acknowledge(who: str) -> Act:
    """A ministry says that it has the document."""
    return Act("acknowledge", step="received_by_state", outcome="acknowledge", who=who)


CALENDAR: tuple[Story, ...] = (
    CalendarStory(
        body="canssm",
        title="TBB 2 pour 2016",
        obligation="calendar.c02",
        begins=date(2015, 10, 12),
        exercise=2016,
        way=(submit(), hand_over(), acknowledge("db"), close()),
        small=True,
    ),
    CalendarStory(
        body="canssm",
        title="TBB 4 de 2016, en retard",
        obligation="calendar.c04",
        begins=date(2016, 7, 11),
        exercise=2016,
        way=(submit(), hand_over(not_before=(7, 20)), acknowledge("dss"), close()),
    ),
)
