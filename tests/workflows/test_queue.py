"""The queue: the open tasks of one's roles, on one's bodies, oldest first."""

from datetime import datetime

import pytest

from cases import clock
from cases.enums import Role
from cases.models import User
from tests.journeys import Cast, Journey
from workflows.selectors import queue
from workflows.selectors.queue import QueueFilters
from workflows.services import claim


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T11:00:00+00:00")


def seen(user: User, **filters: object) -> list[str]:
    """What a person's first page shows: references, in order; its count agrees."""
    page = queue(user, QueueFilters(**filters))  # type: ignore[arg-type]
    assert page.count == len(page.items)
    return [item.dossier.reference for item in page.items]


@pytest.mark.parametrize(
    ("status", "awaited"),
    [
        ("draft", {"agent", "agent2"}),
        ("submitted", {"director"}),
        ("under_review", {"reviewer", "reviewer2"}),
        ("to_complete", {"agent", "agent2"}),
        ("awaiting_decision", {"dg", "dg2"}),
        ("approved", {"director"}),
        ("executed", {"reviewer", "reviewer2"}),
        ("closed", set()),
        ("withdrawn", set()),
    ],
)
def test_a_task_is_in_the_queue_of_those_who_hold_its_role_there(
    cast: Cast, status: str, awaited: set[str]
) -> None:
    journey = Journey.at(cast, status)
    found = {name for name, user in cast.people.items() if seen(user) == [journey.reference]}
    assert found == awaited
    assert all(not seen(user) for name, user in cast.people.items() if name not in awaited)


def test_the_same_role_on_another_body_shows_other_tasks(cast: Cast) -> None:
    north, east = Journey.start(cast, pieces=()), Journey.start(cast, pieces=(), body="carmi-est")
    assert seen(cast.agent) == [north.reference]
    assert seen(cast.est_agent) == [east.reference]
    cast.give(cast.agent, (Role.PREPARER, "carmi-est"), (Role.REVIEWER, "canssm"))
    assert seen(cast.agent) == [north.reference, east.reference]


def test_a_role_that_ended_or_an_access_that_was_closed_empties_the_queue(cast: Cast) -> None:
    Journey.start(cast, pieces=())
    grant = cast.agent2.role_grants.get()
    grant.valid_until = grant.valid_from
    grant.save()
    assert seen(cast.agent2) == []
    cast.agent.is_active = False
    assert seen(cast.agent) == []


def test_oldest_first_with_age_date_and_holder(cast: Cast) -> None:
    with clock.at(noon("2015-03-09")):
        late = Journey.at(cast, "under_review")
    with clock.at(noon("2015-03-02")):
        early = Journey.at(cast, "under_review")
        claim(task_id=early.task.pk, actor=cast.reviewer2)
    with clock.at(noon("2015-03-24")):
        first, second = queue(cast.reviewer).items
    assert [first.dossier.reference, second.dossier.reference] == [early.reference, late.reference]
    assert (first.age_days, second.age_days) == (22, 15)
    assert (first.owner, second.owner) == (cast.reviewer2, None)
    assert (first.overdue, second.overdue) == (True, False)
    assert (str(first.due_on), str(second.due_on)) == ("2015-03-23", "2015-03-30")
    assert (first.step, first.step_title, first.role_label) == (
        "check",
        "Instruire le dossier",
        "Instructeur",
    )
    assert first.organisation == cast.body["carmi-npdc"]


def test_filters_narrow_the_queue(cast: Cast) -> None:
    with clock.at(noon("2015-03-02")):
        old = Journey.at(cast, "under_review", title="Chaufferie de Liévin")
    with clock.at(noon("2015-03-20")):
        new = Journey.at(cast, "under_review")
        claim(task_id=new.task.pk, actor=cast.reviewer)
    with clock.at(noon("2015-03-24")):
        both = [old.reference, new.reference]
        assert seen(cast.reviewer) == both
        assert seen(cast.reviewer, mine=True) == [new.reference]
        assert seen(cast.reviewer2, mine=True) == []
        assert seen(cast.reviewer, free=True) == [old.reference]
        assert seen(cast.reviewer, overdue=True) == [old.reference]
        assert seen(cast.reviewer, path="fnmo_investment") == both
        assert seen(cast.reviewer, path="virement") == []
        assert seen(cast.reviewer, organisation="carmi-npdc") == both
        assert seen(cast.reviewer, organisation="carmi-est") == []
        assert seen(cast.reviewer, text="lievin chaufferie") == [old.reference]
        assert seen(cast.reviewer, text=new.reference.lower()) == [new.reference]
        assert seen(cast.reviewer, text="%") == seen(cast.reviewer, text="a\x00b") == []
        assert seen(cast.reviewer, organisation="carmi-npdc", overdue=True, text="chaufferie") == [
            old.reference
        ]


def test_two_roles_on_one_body_show_each_task_once(cast: Cast) -> None:
    both = cast.person("both", (Role.PREPARER, "carmi-npdc"), (Role.REGIONAL_DIRECTOR, "carmi-npdc"))
    draft, submitted = Journey.at(cast, "draft"), Journey.at(cast, "submitted")
    assert seen(both) == [draft.reference, submitted.reference]
