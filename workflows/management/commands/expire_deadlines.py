"""``manage.py expire_deadlines``: does now what the hourly sweep does, and says what it did."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.services import expire_deadlines


class Command(BaseCommand):
    help = "Do what the end of a legal delay brings about: tacit approvals, budgets that become enforceable."

    def handle(self, *args: Any, **options: Any) -> None:
        report = expire_deadlines()
        for reference in report.done:
            self.stdout.write(f"{reference} : fait.")
        if not report.done:
            self.stdout.write("Aucun délai n’est arrivé à son terme.")
        if report.failed:
            lines = "\n".join(f"{reference} : {message}" for reference, message in report.failed.items())
            raise CommandError(f"Ces dossiers n’ont pas pu avancer :\n{lines}")
