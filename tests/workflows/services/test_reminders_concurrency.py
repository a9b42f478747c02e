"""Sweeps of reminders at the same moment, and beside acts: each rung once, and nobody waits for anybody."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connections, transaction

from cases import clock
from cases.errors import Conflict
from cases.models import Dossier
from cases.services import declare_absence
from notifications.enums import Channel
from notifications.models import OutboxRow
from tests.journeys import Cast
from tests.reminders import START, clock_of, day, reminded, sweep, told, under_review
from workflows.services import Reminders


def test_four_sweeps_at_once_remind_once(people: Cast) -> None:
    journeys = [under_review(people) for _ in range(6)]
    with clock.at(START):
        declare_absence(
            user=people.manager,
            first_day=clock.paris_date(START),
            last_day=clock.paris_date(START) + timedelta(days=60),
            deputy=None,
            declared_by=people.manager,
        )
    start = threading.Barrier(4)

    def run(_: int) -> Reminders:
        start.wait(timeout=20)
        try:
            return sweep(day(16))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(run, range(4)))
    assert not any(one.failed or one.unreached for one in reports)
    given = [one.reference for report in reports for one in report.sent]
    assert sorted(given) == sorted(journey.reference for journey in journeys)
    rows = Counter(
        OutboxRow.objects.filter(event__startswith="reminder").values_list("recipient", "event", "channel")
    )
    assert set(rows.values()) == {1}
    assert len(reminded(Channel.IN_APP)) == 12
    assert sweep(day(16, hour=12)).sent == []


def test_dossier_that_somebody_acts_on_is_left_to_the_next_sweep(people: Cast) -> None:
    """The act holds the dossier and has not come to its clocks yet: neither waits for the other."""
    busy, free = under_review(people), under_review(people)
    ready, swept = threading.Event(), threading.Event()

    def act() -> None:
        try:
            with transaction.atomic():
                Dossier.objects.select_for_update().get(pk=busy.pk)
                ready.set()
                assert swept.wait(timeout=20)
                found = clock_of(busy)
                found.save(update_fields=["remind_on"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(act)
        assert ready.wait(timeout=20)
        report = sweep(day(16))
        swept.set()
        acting.result(timeout=20)
    assert ([one.reference for one in report.sent], report.failed) == ([free.reference], [])
    assert [one.reference for one in sweep(day(16, hour=7)).sent] == [busy.reference]
    assert len(told()) == 4


def test_two_people_declare_each_other_their_deputy_for_the_same_days(people: Cast) -> None:
    """Each would stand in for the other while away: one of the two declarations is refused."""
    start = threading.Barrier(2)
    pairs = [(people.agent, people.agent2), (people.agent2, people.agent)]

    def run(number: int) -> str:
        user, deputy = pairs[number]
        start.wait(timeout=20)
        try:
            with clock.at(START):
                declare_absence(
                    user=user,
                    first_day=clock.today(),
                    last_day=clock.today(),
                    deputy=deputy,
                    declared_by=user,
                )
        except Exception as error:
            return type(error).__name__
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, range(2))) == ["Invalid", "done"]


def test_one_absence_declared_twice_at_once_is_kept_once(people: Cast) -> None:
    start = threading.Barrier(2)

    def run(_: int) -> bool:
        start.wait(timeout=20)
        try:
            with clock.at(START):
                declare_absence(
                    user=people.agent,
                    first_day=clock.today(),
                    last_day=clock.today(),
                    deputy=None,
                    declared_by=people.agent,
                )
        except Conflict:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, range(2))) == [False, True]
