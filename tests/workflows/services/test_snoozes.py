"""Tasks put aside: for oneself only, never beyond a legal date, back by themselves on the day."""

from datetime import timedelta
from typing import Any

import pytest

from cases import clock
from cases.calendar import french_date
from cases.enums import DeadlineState
from cases.errors import Blocked, BusinessError, Conflict, Forbidden, Invalid, NotFound
from cases.models import Deadline, DossierVisit, Snooze, User
from cases.services.desk import note_visit, tidy_desks
from tests.journeys import Cast, Journey, state_of_everything
from workflows.selectors import QueueFilters, queue
from workflows.services import claim, claim_next, reassign
from workflows.services.snoozes import snooze_task, wake_task


def tasks(user: User, **asked: Any) -> list[int]:
    return [item.task_id for item in queue(user, QueueFilters(**asked)).items]


def aside(journey: Journey, user: User, days: int = 3) -> Snooze:
    return snooze_task(task_id=journey.task.pk, until=clock.today() + timedelta(days), actor=user)


def legal(journey: Journey, days: int) -> None:
    """The running clock of the dossier becomes a legal one that ends so many days ahead."""
    running = Deadline.objects.filter(dossier=journey.pk, state=DeadlineState.RUNNING)
    assert running.update(kind="legal", due_on=clock.today() + timedelta(days))


def test_a_task_put_aside_leaves_ones_own_queue_and_nothing_else_changes(cast: Cast) -> None:
    journey, other = Journey.at(cast, "under_review"), Journey.at(cast, "under_review")
    before = state_of_everything(journey.reference)
    aside(journey, cast.reviewer)
    assert tasks(cast.reviewer) == [other.task.pk]
    assert tasks(cast.reviewer2) == [journey.task.pk, other.task.pk]
    page = queue(cast.reviewer, QueueFilters(snoozed=True))
    assert [(item.task_id, item.until) for item in page.items] == [
        (journey.task.pk, clock.today() + timedelta(3))
    ]
    assert (page.aside, queue(cast.reviewer).count, queue(cast.reviewer2).aside) == (1, 1, 0)
    after = state_of_everything(journey.reference)
    assert after.pop("cases_snooze") == before.pop("cases_snooze") + 1
    assert after == before


def test_it_comes_back_by_itself_on_the_day(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    aside(journey, cast.reviewer, 3)
    with clock.at(clock.now() + timedelta(2)):
        assert tasks(cast.reviewer) == []
        assert tidy_desks() == 0
    with clock.at(clock.now() + timedelta(3)):
        assert tasks(cast.reviewer) == [journey.task.pk]
        assert queue(cast.reviewer).aside == 0
        assert tidy_desks() == 1
    assert not Snooze.objects.exists()


def test_waking_it_brings_it_back_at_once(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    aside(journey, cast.reviewer)
    wake_task(task_id=journey.task.pk, actor=cast.reviewer2)
    assert tasks(cast.reviewer) == []
    wake_task(task_id=journey.task.pk, actor=cast.reviewer)
    assert tasks(cast.reviewer) == [journey.task.pk]


def test_a_second_day_replaces_the_first(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    aside(journey, cast.reviewer, 3)
    aside(journey, cast.reviewer, 5)
    assert Snooze.objects.get().until == clock.today() + timedelta(5)


@pytest.mark.parametrize(
    ("days", "sentence"), [(0, "un jour à venir"), (-1, "un jour à venir"), (61, "60 jours au plus")]
)
def test_a_day_past_or_too_far_is_refused(cast: Cast, days: int, sentence: str) -> None:
    journey = Journey.at(cast, "under_review")
    with pytest.raises(Invalid, match=sentence) as refused:
        aside(journey, cast.reviewer, days)
    assert set(refused.value.details) == {"until"}
    assert not Snooze.objects.exists()
    aside(journey, cast.reviewer, 60)


def test_never_beyond_a_legal_date_whose_rule_is_quoted(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    aside(journey, cast.reviewer, 30)  # a target of ours holds nobody back
    legal(journey, 5)
    with pytest.raises(Blocked) as refused:
        aside(journey, cast.reviewer, 6)
    (reason,) = refused.value.reasons
    assert french_date(clock.today() + timedelta(5)) in reason.message
    assert reason.quote is not None
    assert reason.quote.text
    aside(journey, cast.reviewer, 5)
    legal(journey, -1)
    with pytest.raises(Blocked, match="sans attendre"):
        aside(journey, cast.reviewer, 1)


def test_a_legal_date_that_comes_to_stand_before_the_day_wakes_it(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    aside(journey, cast.reviewer, 10)
    legal(journey, 10)
    assert tasks(cast.reviewer) == []
    legal(journey, 9)
    assert tasks(cast.reviewer) == [journey.task.pk]
    assert queue(cast.reviewer).aside == 0


def test_a_task_given_to_the_person_since_is_not_hidden(cast: Cast) -> None:
    """Nobody can be handed a task that they do not see."""
    journey = Journey.at(cast, "under_review")
    aside(journey, cast.reviewer)
    with clock.at(clock.now() + timedelta(minutes=5)):
        reassign(task_id=journey.task.pk, actor=cast.manager, to=cast.reviewer, motive="Absence d’Igor.")
        assert tasks(cast.reviewer) == [journey.task.pk]
        claimed = Journey.at(cast, "under_review")
        claim(task_id=claimed.task.pk, actor=cast.reviewer)
    with clock.at(clock.now() + timedelta(minutes=9)):
        aside(claimed, cast.reviewer)
        assert tasks(cast.reviewer) == [journey.task.pk]


def test_the_next_task_is_none_that_one_put_aside(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    aside(journey, cast.reviewer)
    with pytest.raises(NotFound, match="mises de côté"):
        claim_next(actor=cast.reviewer)
    assert claim_next(actor=cast.reviewer2).pk == journey.task.pk


@pytest.mark.parametrize(
    ("who", "error"),
    [("agent", Forbidden), ("est_agent", NotFound), ("nobody", NotFound), ("auditor", Forbidden)],
)
def test_who_does_not_hold_the_task_puts_nothing_aside(
    cast: Cast, who: str, error: type[BusinessError]
) -> None:
    journey = Journey.at(cast, "under_review")
    with pytest.raises(error):
        aside(journey, cast.people[who])
    assert not Snooze.objects.exists()


def test_a_task_that_is_done_is_not_put_aside(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    done = journey.task.pk
    journey.act("check.complete")
    with pytest.raises(Conflict, match="déjà terminée"):
        snooze_task(task_id=done, until=clock.today() + timedelta(1), actor=cast.reviewer)


def test_visits_older_than_a_year_are_forgotten(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    note_visit(cast.reviewer, journey.dossier)
    assert tidy_desks() == 0
    with clock.at(clock.now() + timedelta(366)):
        assert tidy_desks() == 1
    assert not DossierVisit.objects.exists()
