"""``manage.py open_obligations``: opens now what the daily sweep opens of the calendar, or what an exercise has."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases import clock
from workflows.services import Opened, open_due_obligations, open_obligations

EXERCISES = range(2004, 2101)


class Command(BaseCommand):
    help = "Open the dossiers of the convention's calendar: what falls due this year, or all of one exercise."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--exercise", type=int, help="open what is due for this exercise only (a year)")

    def handle(self, *args: Any, **options: Any) -> None:
        exercise, today = options["exercise"], clock.today()
        if exercise is not None and exercise not in EXERCISES:
            raise CommandError(f"L’exercice est une année de {EXERCISES[0]} à {EXERCISES[-1]}.")
        report = open_due_obligations(today) if exercise is None else open_obligations(exercise, today)
        if options["verbosity"] > 0:
            self._tell(report)
        if report.failed:
            lines = "\n".join(f"{name} : {message}" for name, message in report.failed.items())
            raise CommandError(f"Ces dossiers n’ont pas pu être ouverts :\n{lines}")

    def _tell(self, report: Opened) -> None:
        for name, reference in report.done.items():
            self.stdout.write(f"{name} : {reference} ouvert.")
        for name, reference in report.kept.items():
            self.stdout.write(f"{name} : {reference}, déjà ouvert.")
        for name in report.closed:
            self.stdout.write(f"{name} : convention close, conservé sans être ouvert.")
        if not report.done:
            self.stdout.write("Aucun dossier n’était à ouvrir.")
