"""``manage.py deadlines recompute``: the stored dates of deadlines against the events that they are computed from."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases.services import deadline_caches


class Command(BaseCommand):
    help = "Compare the stored dates of deadlines with their events, and put them right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        recompute = actions.add_parser("recompute", help="compute every date anew from its events")
        recompute.add_argument(
            "--check", action="store_true", help="change nothing; fail when something differs"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each difference. Raises ``CommandError`` when some are left."""
        check = options["check"]
        found = faults = 0
        for one in deadline_caches.differences() if check else deadline_caches.repair():
            found, faults = found + 1, faults + one.fault
            if one.fault:
                self.stdout.write(f"{one.reference} : {one.what} impossible : {one.computed}")
            else:
                self.stdout.write(f"{one.reference} : {one.what}, {one.stored} au lieu de {one.computed}")
        if check and found:
            raise CommandError(
                f"{found} écart(s). Lancez « manage.py deadlines recompute » pour rétablir les dates."
            )
        if faults:
            raise CommandError(
                f"{faults} histoire(s) impossible(s) : les événements de ces échéances ont été altérés. Rien n’y a "
                "été changé ; comparez-les au journal du dossier."
            )
        self.stdout.write(
            "Toutes les dates suivent de leurs événements." if not found else f"{found} rétablie(s)."
        )
