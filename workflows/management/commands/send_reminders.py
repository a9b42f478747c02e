"""``manage.py send_reminders``: does now what the sweep of reminders does, and says whom it could not tell."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases.calendar import french_date
from workflows.services import send_reminders


class Command(BaseCommand):
    help = (
        "Remind of the dates of open steps: their holders, deputies and superiors, as the rules' ladders say."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        report = send_reminders()
        for one in report.sent:
            people = f"{one.people} personnes averties" if one.people > 1 else "une personne avertie"
            self.stdout.write(
                f"{one.reference}, {one.step}, échéance du {french_date(one.due_on)} : {one.code}, {people}."
            )
        if not report.sent:
            self.stdout.write("Aucun rappel à donner.")
        if report.unreached or report.failed:
            lines = "\n".join(str(one) for one in [*report.unreached, *report.failed])
            raise CommandError(f"Ces rappels n’ont pas pu être donnés :\n{lines}")
