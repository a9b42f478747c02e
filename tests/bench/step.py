"""A whole step of ours (permission, guards, journal, clocks, dossier, event, notices) against a bare one."""

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest
from viewflow.workflow.models import Task

from tests.bench.flows import BareFlow
from tests.bench.measure import Sample
from tests.journeys import Cast, Journey

STEPS = (("sign_off", "transmit", "director"), ("check", "complete", "reviewer"))
WARM_UP = 10


def bare_step(task_id: int, user: object) -> None:
    """Assign, then execute: two acts, as viewflow's own pages do them (15 statements with BEGIN and COMMIT)."""
    task = Task.objects.get(pk=task_id)
    with task.activation() as activation:
        activation.assign(user)
    task = Task.objects.get(pk=task_id)
    with task.activation() as activation:
        activation.start(HttpRequest())
        activation.execute()


def bare_step_at_once(task_id: int, user: object) -> None:
    """Assign and execute in one transaction, the shortest that a program can make of it (10 statements)."""
    task = Task.objects.get(pk=task_id)
    with task.activation() as activation:
        activation.assign(user)
        activation.start(HttpRequest())
        activation.execute()


def measure_steps(cast: Cast, rounds: int) -> list[tuple[Sample, ...]]:
    """Times of each step taken in turns on fresh dossiers and processes: ours, bare, bare at once."""
    total = rounds + WARM_UP + 1
    journeys = [Journey.at(cast, "submitted") for _ in range(total)]
    processes = [[BareFlow.start.run().process.pk for _ in range(total)] for _ in range(2)]
    found = []
    for step, outcome, who in STEPS:
        samples = (
            Sample(f"{step}.{outcome}: ours"),
            Sample(f"{step}: bare viewflow, assign then execute"),
            Sample(f"{step}: bare viewflow, both at once"),
        )
        user = cast.people[who]
        for number, (journey, one, other) in enumerate(zip(journeys, *processes, strict=True)):
            acts: list[tuple[Sample, Callable[[], object]]] = [
                (samples[0], partial(journey.act, f"{step}.{outcome}")),
                (samples[1], partial(bare_step, _open_task(one), user)),
                (samples[2], partial(bare_step_at_once, _open_task(other), user)),
            ]
            turn = number % 3
            for sample, act in acts[turn:] + acts[:turn]:
                if number < WARM_UP:
                    act()
                elif number == WARM_UP:
                    sample.count(act)
                else:
                    sample.run(act)
        found.append(samples)
    return found


def _open_task(process_id: int) -> int:
    return Task.objects.values_list("pk", flat=True).get(process_id=process_id, status="NEW")
