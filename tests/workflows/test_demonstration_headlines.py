"""The demonstration of restructurings, ouverture plans and disposals on another day than today.

What the whole demonstration shows of them is in tests/workflows/test_demonstration.py, which loads it once.
"""

from datetime import date, datetime, time

import pytest

from cases import clock
from cases.calendar import add_working_days
from cases.models import Dossier, Meeting, Message, User
from cases.register_terms import MeetingState
from cases.selectors import balance_faults
from cases.services import verify_all
from workflows.demonstration.loading import HEADLINES, load
from workflows.demonstration.stories import Story
from workflows.demonstration.timetable import appointments
from workflows.selectors.queue import queue

#: Those that count back from today; what a sale of 2015 brought is told with that sale only.
RECENT: tuple[Story, ...] = tuple(
    one for one in HEADLINES if not isinstance(one.begins, date) and one.path != "proceeds_use"
)
WORKERS = (
    *("agent.npdc", "agent.est", "agent.sud", "directeur.npdc", "directeur.sud"),
    *("sante.canssm", "immobilier.canssm", "budget.canssm", "dg.canssm", "secretariat.ca"),
    *("dss", "db", "expert.un", "expert.deux", "expert.trois"),
)
STATUSES = {
    "fnass_restructuring": {"draft", "under_review", "in_consultation", "awaiting_decision", "approved"},
    "ouverture_plan": {"draft", "in_consultation", "awaiting_decision", "approved"},
    "property_disposal": {
        *("draft", "submitted", "to_complete", "awaiting_decision", "approved", "executed", "lapsed"),
    },
}


def statuses(path: str) -> set[str]:
    return set(Dossier.objects.filter(path=path).order_by().values_list("status", flat=True))


@pytest.mark.django_db
def test_recent_ones_load_on_any_day() -> None:
    day = date(2028, 2, 29)
    with clock.at(datetime.combine(day, time(9, 30), tzinfo=clock.PARIS)):
        loaded = load(stories=RECENT)
        assert loaded is not None
        assert list(verify_all()) == []
        assert list(balance_faults()) == []
        for path, expected in STATUSES.items():
            assert statuses(path) >= expected
        assert Meeting.objects.filter(state=MeetingState.PLANNED, held_on__gt=day).count() == 2
        written = Message.objects.order_by().values_list("kind", flat=True)
        assert {kind: list(written).count(kind) for kind in set(written)} == {"message": 3, "note": 1}
        assert [name for name in WORKERS if not queue(User.objects.get(username=name)).items] == []


def test_meetings_that_are_prepared_lie_ahead_on_any_day() -> None:
    ending = {
        number: story for number, story in enumerate(RECENT) if story.way and story.way[-1].verb == "agenda"
    }
    assert len(ending) == 3
    for offset in range(0, 2 * 366, 11):
        today = date.fromordinal(date(2026, 1, 1).toordinal() + offset)
        for one in appointments(RECENT, today=today):
            if one.number in ending and one.act.verb == "agenda":
                ahead = dict(one.act.data_on(today) or {})["ahead"]
                assert add_working_days(one.moment.date(), int(str(ahead))) > today, ending[one.number].title
