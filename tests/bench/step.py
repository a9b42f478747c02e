"""A whole step of ours (permission, guards, journal, clocks, dossier, event, notices) against a bare one."""

from django.http import HttpRequest
from viewflow.workflow.models import Task

from tests.bench.flows import BareFlow
from tests.bench.measure import Sample
from tests.journeys import Cast, Journey

STEPS = (("sign_off", "transmit", "director"), ("check", "complete", "reviewer"))
WARM_UP = 10


def bare_step(task_id: int, user: object) -> None:
    """Assign and execute, as a program would on bare viewflow."""
    task = Task.objects.get(pk=task_id)
    with task.activation() as activation:
        if activation.assign.can_proceed():
            activation.assign(user)
        activation.start(HttpRequest())
        activation.execute()


def measure_steps(cast: Cast, rounds: int) -> list[tuple[Sample, Sample]]:
    """Times of each step, ours and bare, taken in turns on fresh dossiers and processes."""
    total = rounds + WARM_UP + 1
    journeys = [Journey.at(cast, "submitted") for _ in range(total)]
    processes = [BareFlow.start.run().process.pk for _ in range(total)]
    found = []
    for step, outcome, who in STEPS:
        ours, bare = Sample(f"{step}.{outcome}, ours"), Sample(f"{step}, bare viewflow")
        user = cast.people[who]
        for number, (journey, process) in enumerate(zip(journeys, processes, strict=True)):
            task_id = Task.objects.values_list("pk", flat=True).get(process_id=process, status="NEW")
            acts = [
                (ours, lambda journey=journey: journey.act(f"{step}.{outcome}")),
                (bare, lambda task_id=task_id: bare_step(task_id, user)),
            ]
            if number % 2:
                acts.reverse()
            for sample, act in acts:
                if number < WARM_UP:
                    act()
                elif number == WARM_UP:
                    sample.count(act)
                else:
                    sample.run(act)
        found.append((ours, bare))
    return found
