"""Loads the bodies that the conventions name."""

from typing import Any

from django.core.management.base import BaseCommand

from cases.services.reference_data import load_organisations


class Command(BaseCommand):
    help = "Load the organisations and the groups of their roles; running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        count = load_organisations()
        self.stdout.write(f"{count} organisations chargées.")
