"""Experts who answer at the same moment, on connections of their own: each opinion counts once, one answer closes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from cases import clock
from cases.models import Consultation, JournalEntry, Opinion
from cases.services import verify_all
from tests.credit_journeys import NOW
from tests.journeys import Cast
from tests.opening_journeys import OpeningJourney
from tests.workflows.services.test_concurrency import Rivals, only_one_won
from workflows.services import expire_deadlines


@pytest.fixture
def two(people: Cast) -> Iterator[Rivals]:
    """Two people at once."""
    rivals = Rivals(2)
    yield rivals
    rivals.close()


def test_last_two_opinions_at_once_close_the_consultation_once(people: Cast, two: Rivals) -> None:
    for number in range(3):
        journey = OpeningJourney.consulted(people)
        journey.opinion("expert1")
        outcomes = two.race(partial(journey.opinion, "expert2"), partial(journey.opinion, "expert3"))
        assert outcomes == [None, None], f"round {number}: {outcomes}"
        assert journey.open_steps == ["transmit_opinion"]
        assert Opinion.objects.filter(consultation__dossier=journey.pk, state="given").count() == 3
        assert Consultation.objects.filter(dossier=journey.pk, closed_at__isnull=False).count() == 1
        told = JournalEntry.objects.filter(dossier=journey.pk, changes__has_key="opinions")
        assert told.count() == 1
    assert list(verify_all()) == []


def test_one_expert_twice_at_once_answers_once(people: Cast, two: Rivals) -> None:
    journey = OpeningJourney.consulted(people)
    outcomes = two.race(
        partial(journey.opinion, "expert1"), partial(journey.opinion, "expert1", "unfavourable")
    )
    assert only_one_won(outcomes), outcomes
    assert Opinion.objects.filter(consultation__dossier=journey.pk, state="given").count() == 1


def test_two_who_step_down_at_once_are_replaced_by_two(people: Cast, two: Rivals) -> None:
    journey = OpeningJourney.consulted(people, experts=5)
    outcomes = two.race(partial(journey.recuse, "expert1"), partial(journey.recuse, "expert2"))
    assert outcomes == [None, None]
    assert sorted(task.owner.username for task in journey.tasks()) == ["expert3", "expert4", "expert5"]


def test_two_sweeps_end_a_seat_once(people: Cast, two: Rivals) -> None:
    journey = OpeningJourney.consulted(people)
    with clock.at(NOW.replace(year=NOW.year + 1)):
        two.race(expire_deadlines, expire_deadlines)
    assert journey.open_steps == ["transmit_opinion"]
    assert JournalEntry.objects.filter(dossier=journey.pk, outcome="lapse").count() == 3
