"""Background tasks. They only wake up work that PostgreSQL has recorded."""

import os
import warnings
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

# Root may run the demonstration; messages are JSON, which carries no code.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

# kombu's own lets a worker read messages that are half written, which stops it.
TRANSPORT_ALIASES["filesystem"] = "config.filesystem_broker:Transport"

app = Celery("berline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**kwargs: Any) -> None:
    """Django has configured logging; Celery leaves it alone when somebody receives this signal."""


@app.on_after_configure.connect
def _make_queue_folders(sender: Celery, **kwargs: Any) -> None:
    options = sender.conf.broker_transport_options or {}
    for key in ("data_folder_in", "control_folder"):
        if key in options:
            Path(options[key]).mkdir(parents=True, exist_ok=True)


@worker_ready.connect
def _first_heartbeat(**kwargs: Any) -> None:
    """A worker that has just started is alive: do not wait for the clock to say so."""
    from notifications.tasks import heartbeat

    heartbeat.delay()
