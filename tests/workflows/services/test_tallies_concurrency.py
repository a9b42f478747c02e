"""The figures of the queues while several people act at once, others fold and somebody recounts."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from cases.models import QueueDelta
from tests.journeys import Cast, Journey
from workflows.services import claim, fold_tallies, release, verify_tallies


def test_figures_equal_a_recount_while_people_act_and_others_fold(people: Cast) -> None:
    """Real commits: a claim, a release and an act at a time, folds and recounts all along."""
    journeys = [Journey.at(people, "submitted") for _ in range(2)]
    over = threading.Event()

    def until_over(what: Callable[[], object]) -> list[object]:
        found = []
        try:
            while not over.is_set():
                found.append(what())
        finally:
            connections.close_all()
        return found

    def work(journey: Journey) -> None:
        try:
            for who, act in (
                (people.director, "sign_off.transmit"),
                *(((people.reviewer, "check.request_pieces"), (people.agent, "complete_file.resubmit")) * 4),
                (people.reviewer, "check.complete"),
            ):
                claim(task_id=journey.task.pk, actor=who)
                release(task_id=journey.task.pk, actor=who)
                journey.act(act)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        folded, faults = pool.submit(until_over, fold_tallies), pool.submit(until_over, verify_tallies)
        acts = [pool.submit(work, journey) for journey in journeys]
        try:
            for one in acts:
                one.result()
        finally:
            over.set()
    assert any(folded.result())
    assert not any(faults.result())
    assert verify_tallies() == []
    fold_tallies()
    assert verify_tallies() == []
    assert not QueueDelta.objects.exists()
