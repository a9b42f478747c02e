"""Measures and prints: ``python -m tests.bench [--steps N] [--pages N] [--sweeps N] [--dossiers N] [--only …]
[--profile]``."""

import argparse
import cProfile
import os
import pstats
import sys

import django


def main() -> int:
    """Make the database, measure, print, drop the database. 0 when every aim is reached, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--steps", type=int, default=250, help="measures of each step (200 or more say something)"
    )
    parser.add_argument("--pages", type=int, default=25, help="measures of each queue")
    parser.add_argument("--sweeps", type=int, default=12, help="measures of each sweep, in as many turns")
    parser.add_argument("--only", choices=["steps", "queue", "sweeps", "backlog", "search"])
    parser.add_argument(
        "--dossiers", type=int, default=1_000_000, help="how many the pages of figures are measured among"
    )
    parser.add_argument("--profile", action="store_true", help="profile our step instead of measuring")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
    django.setup()

    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from cases.models import User
    from tests.bench import backlog, found, many, measure, search, step, sweeps, work_queue
    from tests.journeys import Cast

    cluster = settings.DATABASES["default"].get("EMBEDDED")
    name = settings.DATABASES["default"]["NAME"]
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        call_command("migrate", verbosity=0)
        cast = Cast()
        if options.profile:
            return profile(cast, options.steps)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), current_setting('fsync')")
            version, fsync = cursor.fetchone()
        say(f"PostgreSQL {version}, fsync {fsync}, {os.cpu_count()} processors\n")
        measure.quiet()
        results: list[tuple[float, tuple[measure.Sample, ...]]] = []
        if options.only in (None, "steps"):
            results += [(0.9, samples) for samples in step.measure_steps(cast, options.steps)]
        if options.only in (None, "queue", "sweeps"):
            creator = User.objects.get(username="agent")
            busy, idle = work_queue.make_people()
            work_queue.make_tasks(creator)
        if options.only in (None, "queue"):
            results += [(0.1, samples) for samples in work_queue.measure_queue(busy, idle, options.pages)]
        if options.only in (None, "sweeps"):
            results += sweeps.measure_sweeps(cast, options.sweeps)
        if options.only in (None, "backlog"):
            many.grow(cast.agent, 1_000)
            reading = backlog.Reading(cast.manager)
            reading.measure("1 000")
            many.grow(cast.agent, options.dossiers)
            reading.measure(f"{options.dossiers:,}".replace(",", " "))
            results += reading.found()
        if options.only in (None, "search"):
            many.grow(cast.agent, options.dossiers)
            found.fill()
            results += search.measure_search(cast, options.pages)
        reached = True
        for aim, (ours, *others) in results:
            say(ours.line())
            for other in others:
                say(f"{other.line()}   ours / this = {ours.figure / other.figure:.2f}")
            ratio = ours.figure / others[0].figure
            reached = reached and ratio <= aim
            say(f"  ratio {ratio:.2f}, aim: at most {aim}\n")
        return 0 if reached else 1
    finally:
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        if cluster is not None:
            cluster.stop()


def profile(cast: object, rounds: int) -> int:
    """Where the time of our step goes."""
    from tests.journeys import Journey

    journeys = [Journey.at(cast, "submitted") for _ in range(rounds)]  # type: ignore[arg-type]
    journeys.pop().act("sign_off.transmit")
    profiler = cProfile.Profile()
    profiler.enable()
    for journey in journeys:
        journey.act("sign_off.transmit")
    profiler.disable()
    stats = pstats.Stats(profiler)
    stats.sort_stats("tottime").print_stats(45)
    stats.sort_stats("cumulative").print_stats(70)
    return 0


def say(line: str) -> None:
    """Print."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
