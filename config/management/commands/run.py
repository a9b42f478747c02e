"""`manage.py run` (`make run`): prepare the database, then web, worker and beat until Ctrl-C."""

import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from config import env, supervisor
from config.checks import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_PASSWORD
from config.embedded import Cluster, EmbeddedError
from config.management.commands.prepare import open_calendar
from workflows.demonstration import has_dossiers

HOST = "127.0.0.1"
PATIENCE_SECONDS = 5


class Command(BaseCommand):
    help = "Start Berline on this machine: database, web server, worker, beat."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.BERLINE_PRODUCTION:
            raise CommandError("make run is for this machine only; README.md says how to run in production.")
        signal.signal(signal.SIGTERM, _stop)
        cluster: Cluster | None = settings.DATABASES["default"].get("EMBEDDED")
        try:
            with self._only_one(), _stopped_at_the_end(cluster):
                port = _free_port()
                self._prepare()
                demonstration = self._load_demonstration(embedded=cluster is not None)
                open_calendar(self, verbosity=0)  # last: whoever the demonstration brings is told of it
                connections.close_all()
                code = supervisor.run(
                    _commands(port),
                    folder=settings.BASE_DIR,
                    banner=_banner(port, demonstration),
                    url=f"http://{HOST}:{port}/healthz",
                )
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            code = 130
        if code:
            sys.exit(code)

    def _prepare(self) -> None:
        self._say("preparing the database")
        call_command("check")
        call_command("prepare", verbosity=1, obligations=False)

    def _load_demonstration(self, *, embedded: bool) -> bool:
        """Load the demonstration into an empty embedded database; whether its accounts are there."""
        if not env.flag("BERLINE_DEMO", default=embedded):
            return False
        if not has_dossiers():
            self._say("loading the demonstration, which takes a moment")
            call_command("load_demo", force=not embedded, verbosity=2)
        return True

    def _say(self, sentence: str) -> None:
        self.stdout.write(f"berline: {sentence}")
        self.stdout.flush()

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        """Two runs on one BERLINE_VAR would share one queue and stop each other's database."""
        try:
            settings.BERLINE_VAR.mkdir(parents=True, exist_ok=True)
            file = (settings.BERLINE_VAR / "run.lock").open("a+")
        except OSError as error:
            raise CommandError(
                f"{settings.BERLINE_VAR} cannot be written ({error.strerror}): "
                "set BERLINE_VAR to a folder of yours."
            ) from error
        with file:
            try:
                _patiently(lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB))
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "another process"
                raise CommandError(
                    f"Berline already runs on {settings.BERLINE_VAR} (process {holder}): stop it first, "
                    "or set BERLINE_VAR to another folder."
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield


@contextmanager
def _stopped_at_the_end(cluster: Cluster | None) -> Iterator[None]:
    try:
        yield
    finally:
        if cluster is not None:
            connections.close_all()
            cluster.stop()


def _stop(signum: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _free_port() -> int:
    try:
        port = env.number("PORT", 8000, minimum=1)
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from error
    if port > 65535:
        raise CommandError(f"PORT must be at most 65535, not {port}.")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            _patiently(lambda: probe.bind((HOST, port)))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}): choose another, as in `make run PORT=8001`."
            ) from error
    return port


def _patiently(attempt: Callable[[], object]) -> None:
    """Try for a few seconds: what a killed run has left needs a moment to go."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            attempt()
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.1)
        else:
            return


def _commands(port: int) -> dict[str, list[str]]:
    celery = [sys.executable, "-m", "celery", "-A", "config", "--quiet"]
    level = ["--loglevel", "WARNING"]
    schedule = str(settings.BERLINE_VAR / "celery" / "beat-schedule")
    return {
        "web": [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)]
        + ["--workers", "1", "--blocking-threads", "8", "--no-ws", "--log-level", "error"]
        + ["--workers-kill-timeout", "5", "config.wsgi:application"],
        "worker": [*celery, "worker", *level, "--concurrency", "2", "--without-gossip", "--without-mingle"],
        "beat": [*celery, "beat", *level, "--schedule", schedule, "--pidfile="],
    }


def _banner(port: int, demonstration: bool) -> list[str]:
    lines = ["", f"Berline is at http://{HOST}:{port}/   (Ctrl-C stops it)"]
    if demonstration:
        lines.append(f"Demonstration accounts, password « {DEMONSTRATION_PASSWORD} »:")
        names = list(DEMONSTRATION_ACCOUNTS)
        lines += [
            "  " + "  ".join(f"{name:<18}" for name in names[i : i + 4]).rstrip()
            for i in range(0, len(names), 4)
        ]
    else:
        lines.append("No account yet? `manage.py create_administrator NAME` makes one who can grant roles.")
    return [*lines, ""]
