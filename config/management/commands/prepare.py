"""`manage.py prepare`: bring the database up to date. Harmless when it is; run it at each deployment."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Migrate, create the cache table, load organisations, roles, conventions and budget tables."

    def handle(self, *args: Any, **options: Any) -> None:
        verbosity = max(0, options["verbosity"] - 1)
        call_command("migrate", interactive=False, verbosity=verbosity)
        call_command("createcachetable", verbosity=verbosity)
        call_command("load_reference", verbosity=verbosity)
        call_command("load_budgets", verbosity=verbosity)
