"""Sessions at the same moment: two secretaries record, one closes or cancels meanwhile; nothing is left half done."""

from collections.abc import Iterator

import pytest

from cases import clock
from cases.enums import Role
from cases.errors import BusinessError, Conflict
from cases.models import AgendaItem, Decision, MeetingPaper
from cases.services import verify_all
from cases.services.meetings import cancel_meeting, close_meeting
from tests.credit_journeys import NOW
from tests.journeys import Cast
from tests.meetings import adopted, awaiting, enter, record, rejected, session
from tests.workflows.services.test_concurrency import Rivals


@pytest.fixture
def two(people: Cast) -> Iterator[Rivals]:
    """Two people at once."""
    rivals = Rivals(2)
    yield rivals
    rivals.close()


def test_two_secretaries_record_at_once(people: Cast, two: Rivals) -> None:
    people.person("secretary2", (Role.BOARD_SECRETARY, "ca"))
    meeting, journeys = session(people), awaiting(people, 3)
    enter(people, meeting, *journeys)
    refusals = two.race(
        lambda: record(people, meeting, *(adopted(one) for one in journeys)),
        lambda: record(people, meeting, *(rejected(one) for one in reversed(journeys)), by="secretary2"),
    )
    (lost,) = [one for one in refusals if one is not None]
    assert isinstance(lost, Conflict)
    assert set(AgendaItem.objects.values_list("outcome", flat=True)) in ({"adopted"}, {"rejected"})
    assert len({one.status for one in journeys}) == 1
    assert Decision.objects.count() == 3
    assert not list(verify_all())


def test_a_vote_on_the_dossier_and_the_cancellation_of_its_session_at_once(people: Cast, two: Rivals) -> None:
    meeting, (journey,) = session(people), awaiting(people)
    enter(people, meeting, journey)

    def cancel() -> None:
        with clock.at(NOW):
            cancel_meeting(public_id=meeting.public_id, actor=people.secretary, motive="Grève.")

    refusals = two.race(cancel, lambda: journey.do("board_vote.adopted"))
    item = AgendaItem.objects.get()
    meeting.refresh_from_db()
    if refusals[0] is None:  # the vote then goes by its date alone, or lost the race for the row
        assert (meeting.state, item.settled_at) == ("cancelled", None)
    else:
        assert isinstance(refusals[0], BusinessError)
        assert (meeting.state, item.outcome) == ("planned", "adopted")
    assert (item.removed_at is None) is (meeting.state == "planned")


def test_closing_twice_makes_one_set_of_minutes(people: Cast, two: Rivals) -> None:
    meeting, (journey,) = session(people), awaiting(people)
    enter(people, meeting, journey)
    record(people, meeting, adopted(journey))

    def close() -> None:
        with clock.at(NOW):
            close_meeting(public_id=meeting.public_id, actor=people.secretary)

    refusals = two.race(close, close)
    assert [type(one) for one in refusals if one is not None] == [Conflict]
    assert MeetingPaper.objects.count() == 1
