"""`manage.py embedded start|stop|status|destroy`: the embedded PostgreSQL by hand."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.embedded import Cluster, EmbeddedError


class Command(BaseCommand):
    help = "Start, stop, inspect or destroy the embedded PostgreSQL under BERLINE_VAR."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status", "url", "destroy"])
        parser.add_argument("--yes", action="store_true", help="destroy without asking")

    def handle(self, *args: Any, **options: Any) -> None:
        cluster: Cluster | None = settings.DATABASES["default"].get("EMBEDDED")
        if cluster is None:
            raise CommandError("DATABASE_URL is set: this installation uses no embedded PostgreSQL.")
        try:
            getattr(self, options["action"])(cluster, options)
        except EmbeddedError as error:
            raise CommandError(str(error)) from error

    def start(self, cluster: Cluster, options: dict[str, Any]) -> None:
        started = cluster.ensure_running()
        self.stdout.write(f"PostgreSQL {'started' if started else 'already runs'}: {cluster.home}")

    def stop(self, cluster: Cluster, options: dict[str, Any]) -> None:
        self.stdout.write("PostgreSQL stopped" if cluster.stop() else "PostgreSQL was not running")

    def status(self, cluster: Cluster, options: dict[str, Any]) -> None:
        status = cluster.status()
        state = f"running, process {status.pid}" if status.running else "not running"
        self.stdout.write(f"PostgreSQL: {state}: {status.home}")

    def url(self, cluster: Cluster, options: dict[str, Any]) -> None:
        self.stdout.write(cluster.database_url(settings.DATABASES["default"]["NAME"]))

    def destroy(self, cluster: Cluster, options: dict[str, Any]) -> None:
        if not options["yes"] and input(f"Delete every dossier in {cluster.home}? Type yes: ") != "yes":
            raise CommandError("Nothing was deleted.")
        cluster.destroy()
        self.stdout.write("The embedded database has been deleted.")
