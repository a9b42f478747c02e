"""``manage.py settle_notices --before DATE``: old notices nobody read stop being counted as unread."""

from argparse import ArgumentTypeError
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cases.clock import PARIS
from notifications.services import settle_before


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"« {text} » n’est pas une date : écrivez-la comme 2026-01-31.") from None


class Command(BaseCommand):
    help = "Settle the in-app notices that were told before a day and never read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--before", required=True, type=_day, metavar="DATE", help="as 2026-01-31")

    def handle(self, *args: Any, **options: Any) -> None:
        count = settle_before(datetime.combine(options["before"], time.min, tzinfo=PARIS))
        if options["verbosity"]:
            self.stdout.write(f"{count} avis classés.")
