"""``manage.py receive_bounce``: takes one mail that came back from standard input, as a mail server's pipe gives it."""

import logging
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications.channels.bounces import MOST, Unreadable
from notifications.services import UnknownMail, receive_bounce

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Read one message that came to BERLINE_BOUNCE_ADDRESS from standard input. "
        "Exit codes of sysexits: 0 done or nothing to do, 65 no mail, 67 about no mail of ours, 75 try again later."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012  (Django's own declaration)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--recipient",
            default="",
            metavar="ADDRESS",
            help="to whom the mail system delivered it (Postfix: ${recipient}); by default its headers say so",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read(MOST)
        try:
            result = receive_bounce(raw=raw, recipient=options["recipient"])
        except Unreadable:
            raise CommandError("Ce n’est pas un courriel.", returncode=os.EX_DATAERR) from None
        except UnknownMail as error:
            raise CommandError(error.message, returncode=os.EX_NOUSER) from None
        except Exception as error:
            # Whatever is wrong is on our side: the mail server keeps the message and asks again.
            logger.exception("a bounce could not be taken")
            raise CommandError("À reprendre plus tard.", returncode=os.EX_TEMPFAIL) from error
        if options["verbosity"] > 1:
            self.stdout.write(result.value)
