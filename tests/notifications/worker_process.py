"""Celery's processes for test_killed_workers.py, as the installation starts them, but born in a moment.

It imports everything once and holds no connection; each line of standard input forks a child in a process group of its
own and is answered with its number: ``worker``, ``beat``, or ``tell {"reference": …, "people": […], "events": […]}``.
"""

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import django


def main(folder: str) -> None:
    """Serve until standard input ends."""
    django.setup()
    from config.celery import app

    app.loader.import_default_modules()
    _preload()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        what, _, more = line.strip().partition(" ")
        child = os.fork()
        if child == 0:
            _live(app, what, json.loads(more or "{}"), Path(folder))
        os.setpgid(child, child)  # whoever reads the answer can kill the group at once
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _preload() -> None:
    """What the first mail of a worker would import: twenty workers need not each do it again."""
    from celery.bin import celery as _  # noqa: F401
    from django.template.loader import get_template
    from django.urls import reverse

    reverse("notice_preferences")
    get_template("mails/notice.txt")
    get_template("mails/notice.html")


def _live(app: Any, what: str, order: dict[str, Any], folder: Path) -> None:
    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(folder / f"{what}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    code = 1
    try:
        if what == "worker":
            options = ["--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
            app.worker_main(["worker", *options])
        elif what == "beat":
            app.start(["beat", "--schedule", str(folder / "beat"), "--pidfile=", "--loglevel", "WARNING"])
        else:
            _tell(order)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _tell(order: dict[str, Any]) -> None:
    from django.db import transaction

    from cases.models import Dossier
    from notifications.enums import NoticeKind
    from notifications.services import tell

    dossier = Dossier.objects.get(reference=order["reference"])
    for event in order["events"]:
        with transaction.atomic():
            tell(
                event=event,
                people=order["people"],
                kind=NoticeKind.REMINDER,
                title="Rappel",
                body="Une échéance approche.",
                dossier=dossier,
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
