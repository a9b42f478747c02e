"""`manage.py prepare`: bring the database up to date. Harmless when it is; run it at each deployment."""

from typing import Any

from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Migrate, create the cache table, load organisations, roles, conventions, budget tables; open the calendar."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-obligations",
            action="store_false",
            dest="obligations",
            help="leave the dossiers of the convention's calendar to the daily sweep",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verbosity = max(0, options["verbosity"] - 1)
        call_command("migrate", interactive=False, verbosity=verbosity)
        call_command("createcachetable", verbosity=verbosity)
        call_command("load_reference", verbosity=verbosity)
        call_command("load_budgets", verbosity=verbosity)
        if options["obligations"]:
            open_calendar(self, verbosity=verbosity)


def open_calendar(command: BaseCommand, *, verbosity: int) -> None:
    """Open what falls due this year without waiting for beat; what cannot be opened is told and stops no deployment."""
    try:
        call_command("open_obligations", verbosity=verbosity)
    except CommandError as error:
        command.stderr.write(f"{error}\nLe balayage quotidien recommencera.")
