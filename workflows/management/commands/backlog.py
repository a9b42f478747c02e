"""``manage.py backlog``: prove the figures of the queues against the tasks, fold them, or make them anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows.services import fold_tallies, rebuild_tallies, verify_tallies

SHOWN = 50


class Command(BaseCommand):
    help = "Verify, fold or rebuild the figures of the queues."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("verify", help="recount every figure from the tasks and name those that differ")
        actions.add_parser("fold", help="fold what has happened into the sums, as the sweep does each minute")
        actions.add_parser("rebuild", help="make the figures anew from the tasks; acts wait meanwhile")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "fold":
            self.stdout.write(f"{fold_tallies()} variation(s) reportée(s).")
        elif options["action"] == "rebuild":
            self.stdout.write(f"{rebuild_tallies()} décompte(s) refait(s) à partir des tâches.")
        else:
            self._verify()

    def _verify(self) -> None:
        faults = verify_tallies()
        for one in faults[:SHOWN]:
            self.stderr.write(
                f"{one.queue}, {one.measure}, {one.day}, {one.days} j, « {one.outcome} » : "
                f"{one.kept} au décompte, {one.recounted} d’après les tâches."
            )
        if faults:
            raise CommandError(
                f"{len(faults)} décompte(s) faux. Refaites-les : python manage.py backlog rebuild."
            )
        self.stdout.write("Tous les décomptes sont justes.")
