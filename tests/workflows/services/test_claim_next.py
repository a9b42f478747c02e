"""The next task: which one it is, whom it is given to, and that no two people are given the same."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections, transaction

from cases import clock
from cases.enums import DeadlineState, Role
from cases.errors import BusinessError, NotFound
from cases.models import Deadline, Dossier, JournalEntry, User
from cases.permissions import holdings_of
from cases.services import verify_all
from tests.journeys import Cast, Journey
from tests.workflows.test_statements import statements
from workflows.selectors import QueueFilters
from workflows.selectors.next_task import next_tasks
from workflows.services import claim, claim_next


def dated(journey: Journey, *, legal: int | None = None, internal: int | None = None) -> Journey:
    """Put the running clocks of a dossier these many days ahead; None: no such clock."""
    clocks = Deadline.objects.filter(dossier=journey.pk, state=DeadlineState.RUNNING)
    first = clocks.first()
    assert first is not None
    clocks.exclude(pk=first.pk).update(state=DeadlineState.CANCELLED, closed_at=clock.now())
    ahead = legal if legal is not None else internal
    due = None if ahead is None else clock.today() + timedelta(ahead)
    if due is None:
        clocks.update(state=DeadlineState.CANCELLED, closed_at=clock.now())
    else:
        clocks.update(due_on=due, kind="legal" if legal is not None else "internal")
    Dossier.objects.filter(pk=journey.pk).update(next_due_on=due)
    return journey


def test_the_oldest_legal_date_comes_first_then_other_dates_then_the_oldest_task(cast: Cast) -> None:
    old = dated(Journey.at(cast, "under_review"))
    young = dated(Journey.at(cast, "under_review"))
    soon = dated(Journey.at(cast, "under_review"), internal=1)
    late_legal = dated(Journey.at(cast, "under_review"), legal=40)
    legal = dated(Journey.at(cast, "under_review"), legal=9)
    taken = [claim_next(actor=cast.reviewer).process.dossier.reference for _ in range(5)]
    assert taken == [one.reference for one in (legal, late_legal, soon, old, young)]
    with pytest.raises(NotFound, match="Aucune tâche libre"):
        claim_next(actor=cast.reviewer)


def test_what_is_taken_is_journalled_and_held(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    task = claim_next(actor=cast.reviewer)
    assert (task.pk, journey.task.owner) == (journey.task.pk, cast.reviewer)
    entry = JournalEntry.objects.filter(dossier=journey.pk).latest("sequence")
    assert (entry.action, entry.actor, entry.capacity) == ("claim", cast.reviewer, "Instructeur — CANSSM")
    assert not list(verify_all())


def test_tasks_that_are_taken_or_of_other_roles_are_left(cast: Cast) -> None:
    taken = Journey.at(cast, "under_review")
    claim(task_id=taken.task.pk, actor=cast.reviewer2)
    Journey.at(cast, "awaiting_decision")
    with pytest.raises(NotFound):
        claim_next(actor=cast.reviewer)
    with pytest.raises(NotFound):
        claim_next(actor=cast.nobody)
    assert taken.task.owner == cast.reviewer2


def test_what_the_separation_of_duties_closes_is_passed_by(cast: Cast) -> None:
    """Also without having to try: who reviewed fifty dossiers that now await the decision is told at once."""
    cast.give(cast.reviewer, (Role.DIRECTOR_GENERAL, "canssm"))
    reviewed = Journey.at(cast, "awaiting_decision")
    other = Journey.start(cast).follow("prepare.submit", "sign_off.transmit")
    other.act("check.complete", actor="reviewer2")
    assert next_tasks(cast.reviewer, QueueFilters(), holdings_of(cast.reviewer)) == [other.task.pk]
    assert claim_next(actor=cast.reviewer).pk == other.task.pk
    with pytest.raises(NotFound, match="déjà participé"):
        claim_next(actor=cast.reviewer)
    assert reviewed.task.owner is None


def test_filters_of_the_queue_narrow_it(cast: Cast) -> None:
    Journey.at(cast, "under_review", title="Fauteuils dentaires")
    roof = Journey.at(cast, "under_review", title="Toiture de Liévin")
    asked = QueueFilters(text="toiture", mine=True, cursor="abc", sort="due")
    assert claim_next(actor=cast.reviewer, filters=asked).pk == roof.task.pk
    with pytest.raises(NotFound):
        claim_next(actor=cast.reviewer, filters=QueueFilters(text="toiture"))
    with pytest.raises(NotFound):
        claim_next(actor=cast.reviewer, filters=QueueFilters(path="virement"))
    with pytest.raises(NotFound):
        claim_next(actor=cast.reviewer, filters=QueueFilters(text="\x00"))


def test_it_sends_so_many_statements_whatever_waits(cast: Cast) -> None:
    Journey.at(cast, "under_review")
    few = statements(lambda: claim_next(actor=cast.reviewer))
    for _ in range(4):
        Journey.at(cast, "under_review")
    many = statements(lambda: claim_next(actor=cast.reviewer))
    assert len(few) == len(many) == 9, "\n".join(many)


def test_ten_people_at_once_are_each_given_another_task(people: Cast) -> None:
    """Twice ten requests on connections of their own; twelve tasks: no one twice, none left, the others are told."""
    crowd = [people.person(f"clerk{number}", (Role.REVIEWER, "canssm")) for number in range(10)]
    journeys = [Journey.at(people, "under_review", pieces=("presentation_note",)) for _ in range(12)]
    start = threading.Barrier(10)

    def press(clerk: User) -> list[int | type]:
        start.wait(timeout=20)
        got: list[int | type] = []
        for _ in range(2):
            try:
                got.append(claim_next(actor=clerk).pk)
            except BusinessError as refusal:
                got.append(type(refusal))
        connections.close_all()
        return got

    with ThreadPoolExecutor(10) as pool:
        found = [one for got in pool.map(press, crowd) for one in got]
    taken = [one for one in found if isinstance(one, int)]
    assert sorted(taken) == sorted(journey.task.pk for journey in journeys)
    assert found.count(NotFound) == 8
    assert JournalEntry.objects.filter(action="claim").count() == 12
    assert all(journey.task.owner_id is not None for journey in journeys)
    assert not list(verify_all())


def test_one_who_is_being_served_holds_nobody_up(people: Cast) -> None:
    """Somebody acts on the first dossier at this very moment: the next one is given, without waiting."""
    first, second = Journey.at(people, "under_review"), Journey.at(people, "under_review")
    locked, done = threading.Event(), threading.Event()

    def act() -> None:
        with transaction.atomic():
            Dossier.objects.select_for_update().get(pk=first.pk)
            locked.set()
            done.wait(timeout=20)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(act)
        assert locked.wait(timeout=20)
        task = claim_next(actor=people.reviewer)
        done.set()
        acting.result()
    assert task.pk == second.task.pk
    assert first.task.owner is None
