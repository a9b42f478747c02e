"""A process killed between any two statements of ``perform`` leaves the dossier as it was."""

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.journeys import Cast, Journey, state_of_everything
from tests.workflows.services.killable import DIED

Act = Callable[[dict[str, Any], int], int]


@pytest.fixture
def killable(committed: str) -> Iterator[Act]:
    """Do an act in a process that dies before its n-th statement (0: before the commit); its exit code."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.workflows.services.killable", committed, str(settings.MEDIA_ROOT)],
        cwd=Path(settings.BASE_DIR),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None

    def act(what: dict[str, Any], before: int) -> int:
        server.stdin.write(json.dumps({"act": what, "before": before}) + "\n")
        server.stdin.flush()
        return int(server.stdout.readline())

    with server:
        yield act
        server.stdin.close()
        server.wait(timeout=60)


MOTIVE = {"motive": "Le devis manque."}

#: Acts in the order in which one dossier meets them, each with what it leads to.
ACTS: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    ("sign_off.transmit", "director", {}, "under_review"),
    ("check.request_pieces", "reviewer", MOTIVE, "to_complete"),
    ("complete_file.resubmit", "agent", {}, "under_review"),
    ("check.complete", "reviewer", {}, "awaiting_decision"),
    ("decide.approve", "dg", {}, "approved"),
    ("commit.revise_cost", "director", MOTIVE | {"data": {"amount_ht": "40000"}}, "under_review"),
)


@pytest.mark.walk
def test_killed_process_leaves_the_dossier_as_before(people: Cast, killable: Act) -> None:
    journey = Journey.at(people, "submitted")
    for act, actor, more, after in ACTS:
        die_everywhere(journey, killable, act, actor, more)
        assert journey.status == after
    die_everywhere(journey, killable, "withdraw.withdraw", "agent", MOTIVE)
    assert journey.status == "withdrawn"
    call_command("journal", "verify", stdout=io.StringIO())


def die_everywhere(journey: Journey, killable: Act, act: str, actor: str, more: dict[str, Any]) -> None:
    """Do the act once, after processes that tried it were killed before each of its statements in turn."""
    step, outcome = act.split(".")
    order = {"reference": journey.reference, "actor": actor, "step": step, "outcome": outcome} | more
    before = state_of_everything()
    assert killable(order, 0) == DIED
    assert state_of_everything() == before, f"{act}, killed before the commit"
    number = 1
    while (code := killable(order, number)) == DIED:
        assert state_of_everything() == before, f"{act}, killed before statement {number}"
        number += 1
    assert code == 0, f"{act} failed by itself"
    assert 9 <= number <= 20, f"{act} made {number - 1} statements"
