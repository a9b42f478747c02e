"""Real Celery workers on real brokers, killed with SIGKILL again and again while mails go to a real SMTP server."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project

from cases.enums import Role
from cases.models import User
from notifications.enums import Channel, OutboxState
from notifications.models import OutboxRow
from tests.brokers import BROKERS, broker
from tests.database import address_of_database
from tests.journeys import Cast, Journey
from tests.mail_server import MailSink

PEOPLE, EVENTS, KILLS, CONCURRENCY = 50, 10, 20, 2
MAILS = PEOPLE * EVENTS
STEP = MAILS // (KILLS + 4)
LEASE = 4
PATIENCE = 120


class Nursery:
    """The process that forks workers, and what lives of it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._groups: list[int] = []
        self.kills = 0

    def start(self, what: str, **order: Any) -> int:
        """Start a worker, beat or a teller."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{what} {json.dumps(order)}\n")
        self._process.stdin.flush()
        group = int(self._process.stdout.readline())
        self._groups.append(group)
        return group

    def kill(self, group: int) -> None:
        """SIGKILL to the whole group: the worker and the processes of its pool."""
        _kill(group)
        self.kills += 1

    def clear(self) -> None:
        """Nothing of this test lives on."""
        for group in self._groups:
            _kill(group)


def _kill(group: int) -> None:
    """One signal for all of the group. Its dead may wait for their burial; nobody runs any more."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


@contextlib.contextmanager
def nursery(folder: Path, broker_url: str, sink: MailSink) -> Iterator[Nursery]:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "DATABASE_URL": address_of_database(),
        "BERLINE_VAR": str(folder),
        "CELERY_BROKER_URL": broker_url,
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(sink.port),
        "BERLINE_MAIL_TIMEOUT": "3",
        "BERLINE_LEASE_SECONDS": str(LEASE),
        "BERLINE_SWEEP_SECONDS": "1",
        "BERLINE_LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen(
        [sys.executable, "-W", "default", "-m", "tests.notifications.worker_process", str(folder)],
        cwd=project.BASE_DIR,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    found = Nursery(process)
    with process:
        try:
            yield found
        finally:
            found.clear()
            assert process.stdin is not None
            process.stdin.close()


@pytest.fixture
def readers(committed: str) -> tuple[str, list[int]]:
    """A dossier and fifty people with an address who may read it."""
    cast = Cast()
    people = [cast.person(f"lecteur{number}", (Role.PREPARER, "carmi-npdc")) for number in range(PEOPLE)]
    for one in people:
        one.email = f"{one.username}@carmi.example"
    User.objects.bulk_update(people, ["email"])
    journey = Journey.start(cast, pieces=())
    OutboxRow.objects.all().delete()
    return journey.reference, [one.pk for one in people]


@pytest.mark.parametrize("name", BROKERS)
def test_every_mail_arrives_though_workers_are_killed(
    name: str, readers: tuple[str, list[int]], sink: MailSink, tmp_path: Path
) -> None:
    reference, people = readers
    with broker(name, tmp_path) as address, nursery(tmp_path, address, sink) as processes:
        worker = processes.start("worker")
        processes.start("beat")
        sink.on_arrival = executioner = Executioner(processes, worker)
        processes.start("tell", reference=reference, people=people, events=[f"e:{n}" for n in range(EVENTS)])
        for kill in range(KILLS):
            executioner.next_kill(len(sink.messages) + STEP, at_arrival=bool(kill % 2))
            wait_until(executioner.done.is_set, tmp_path)
            executioner.worker = processes.start("worker")
        wait_until(lambda: settled() == MAILS, tmp_path)

    rows = list(OutboxRow.objects.filter(channel=Channel.EMAIL).order_by("pk"))
    assert len(rows) == MAILS
    assert {row.state for row in rows} == {OutboxState.DELIVERED}
    arrivals = sink.by_id
    assert set(arrivals) == {row.message_id for row in rows}
    assert len({row.message_id for row in rows}) == MAILS
    for row in rows:  # each arrival was an attempt that the outbox knows of
        assert 1 <= arrivals[row.message_id] <= row.attempts
        assert row.delivered_at is not None
    repeated = sum(arrivals.values()) - MAILS
    # Each kill leaves at most one mail in doubt for each process of the pool, and half of them do by design.
    assert KILLS // 2 - 1 <= repeated <= KILLS * CONCURRENCY
    assert sum(row.attempts - 1 for row in rows) <= KILLS * CONCURRENCY


class Executioner:
    """Kills the worker at a mail's arrival: before the server answers, or a moment after it did.

    In the first case the server has the mail and the worker never hears of it: only sending it again settles it.
    """

    def __init__(self, processes: Nursery, worker: int) -> None:
        self._processes = processes
        self.worker = worker
        self.done = threading.Event()
        self._at, self._at_arrival = 0, False

    def next_kill(self, at: int, *, at_arrival: bool) -> None:
        """Kill at the mail of that number."""
        self.done.clear()
        self._at_arrival = at_arrival
        self._at = at

    def __call__(self, count: int) -> None:
        """A mail has arrived; the server has not answered yet."""
        if not self._at or count < self._at:
            return
        self._at = 0
        if self._at_arrival:
            self._kill()
        else:
            threading.Timer(0.002 * (count % 7), self._kill).start()

    def _kill(self) -> None:
        self._processes.kill(self.worker)
        self.done.set()


def settled() -> int:
    time.sleep(0.1)
    return OutboxRow.objects.filter(channel=Channel.EMAIL, state=OutboxState.DELIVERED).count()


def outcome(folder: Path) -> str:
    """Where it stands, for a test that fails."""
    states = (
        OutboxRow.objects.filter(channel=Channel.EMAIL).order_by("state").values_list("state", "attempts")
    )
    logs = [f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in sorted(folder.glob("*.log"))]
    return "\n".join([str(sorted(set(states))), *logs])


def wait_until(done: Callable[[], bool], folder: Path) -> None:
    """Wait for other processes; the real time passes here."""
    limit = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > limit:
            pytest.fail(outcome(folder))
        time.sleep(0.005)
