"""Tasks of people who may no longer do them go back to all who hold the role; others stay where they are."""

from datetime import timedelta

import pytest
from django.conf import settings

from cases import clock
from cases.models import JournalEntry, RoleGrant, User
from cases.services import verify_all
from tests.delegations import given
from tests.journeys import Cast, Journey
from tests.opening_journeys import OpeningJourney
from tests.workflows.test_statements import statements
from workflows.services import claim, perform, reassign, verify_tallies
from workflows.services.stranded import _release, release_stranded
from workflows.tasks import release_stranded as beat


def held_by(journey: Journey) -> User | None:
    """Who holds the open task."""
    return journey.task.owner


def ends_today(user: User) -> None:
    """The person's roles end with yesterday."""
    RoleGrant.objects.filter(user=user).update(
        valid_from=clock.today() - timedelta(days=9), valid_until=clock.today() - timedelta(days=1)
    )


def test_what_a_delegate_took_goes_back_when_the_delegation_ends(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    one = given(cast, cast.accountant)
    claim(task_id=journey.task.pk, actor=cast.accountant)
    assert release_stranded() == 0
    assert held_by(journey) == cast.accountant
    one.valid_from, one.valid_until = (clock.today() - timedelta(days=days) for days in (9, 1))
    one.save()
    assert beat() == 1
    assert held_by(journey) is None
    entry = JournalEntry.objects.filter(dossier=journey.pk).latest("sequence")
    assert (entry.action, entry.actor, entry.actor_name) == ("release", None, "Système")
    assert entry.changes == {"owner": [str(cast.accountant), None]}
    assert "ne peut plus faire cette tâche" in entry.motive
    journey.act("decide.approve", cast.dg)
    assert list(verify_all()) == []
    assert not list(verify_tallies())
    assert release_stranded() == 0


@pytest.mark.parametrize("closed", [False, True])
def test_what_somebody_held_goes_back_when_their_role_ends_or_their_access_is_closed(
    cast: Cast, closed: bool
) -> None:
    journey, other = Journey.at(cast, "under_review"), Journey.at(cast, "under_review")
    claim(task_id=journey.task.pk, actor=cast.reviewer)
    claim(task_id=other.task.pk, actor=cast.reviewer2)
    if closed:
        User.objects.filter(pk=cast.reviewer.pk).update(is_active=False)
    else:
        ends_today(cast.reviewer)
    assert release_stranded() == 1
    assert (held_by(journey), held_by(other)) == (None, cast.reviewer2)


def test_a_delegation_beyond_which_the_dossier_has_grown_gives_it_back(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    one = given(cast, cast.accountant, ceiling="900000")
    claim(task_id=journey.task.pk, actor=cast.accountant)
    one.ceiling = 1
    one.save()
    assert release_stranded() == 1
    assert held_by(journey) is None


def test_an_opinion_asked_of_a_person_stays_theirs(cast: Cast) -> None:
    OpeningJourney.consulted(cast)
    expert = cast.people["expert1"]
    ends_today(expert)
    assert release_stranded() == 0
    assert expert.task_set.filter(status="ASSIGNED").exists()


def test_what_changed_hands_meanwhile_is_left_alone(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    task = claim(task_id=journey.task.pk, actor=cast.reviewer)
    ends_today(cast.reviewer)
    reassign(task_id=task.pk, actor=cast.manager, to=cast.reviewer2, motive="Départ")
    assert not _release(task.pk, cast.reviewer)
    assert held_by(journey) == cast.reviewer2
    assert not _release(task.pk, cast.reviewer2)  # may do it
    perform(reference=journey.reference, step="check", outcome="complete", actor=cast.reviewer2)
    assert not _release(task.pk, cast.reviewer2)  # done


def test_a_sweep_that_finds_nothing_reads_people_not_dossiers(cast: Cast) -> None:
    counts = []
    for _ in range(2):
        claim(task_id=Journey.at(cast, "under_review").task.pk, actor=cast.reviewer)
        counts.append(len(statements(release_stranded)))
    assert counts[0] == counts[1] <= 6


def test_beat_calls_the_sweep() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["release-stranded"]
    assert entry["task"] == beat.name
