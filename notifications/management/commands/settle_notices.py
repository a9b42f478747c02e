"""``manage.py settle_notices --before DATE``: old notices nobody read stop being counted as unread."""

from argparse import ArgumentTypeError
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cases.clock import PARIS
from notifications.services import settle_before, settle_unsent


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"« {text} » n’est pas une date : écrivez-la comme 2026-01-31.") from None


class Command(BaseCommand):
    help = "Settle the notices that were told before a day and never read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--before", required=True, type=_day, metavar="DATE", help="as 2026-01-31")
        parser.add_argument(
            "--unsent", action="store_true", help="instead, mails and calls that were written and never left"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        settle = settle_unsent if options["unsent"] else settle_before
        count = settle(datetime.combine(options["before"], time.min, tzinfo=PARIS))
        if options["verbosity"]:
            self.stdout.write(f"{count} avis classés.")
