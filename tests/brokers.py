"""Message brokers for the tests: the embedded one, and Debian's Redis and RabbitMQ.

`make test-brokers` uses all three (BERLINE_TEST_BROKERS names them; the embedded one without it): a program that is
missing makes the test fail instead of leaving its broker out.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

REDIS = shutil.which("redis-server")
RABBITMQ = next(
    (path for path in ("/usr/lib/rabbitmq/bin/rabbitmq-server",) if os.access(path, os.X_OK)),
    shutil.which("rabbitmq-server"),
)
_START_SECONDS = 60

#: The brokers to test with.
BROKERS = tuple(os.environ.get("BERLINE_TEST_BROKERS", "filesystem").split(","))


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def broker(name: str, folder: Path) -> Iterator[str]:
    """A running broker; what ``CELERY_BROKER_URL`` has to be, empty for the embedded one."""
    if name == "filesystem":
        yield ""
    elif name == "redis":
        with _redis(folder) as address:
            yield address
    elif name == "rabbitmq":
        with _rabbitmq(folder) as address:
            yield address
    else:
        raise ValueError(name)


@contextlib.contextmanager
def _redis(folder: Path) -> Iterator[str]:
    if REDIS is None:
        pytest.fail("redis-server is not installed: apt-get install redis-server, as .ci/run does")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with _running([REDIS, *options, "--dir", str(folder)], port, folder / "redis.log", {}):
        yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def _rabbitmq(folder: Path) -> Iterator[str]:
    if RABBITMQ is None:
        pytest.fail("rabbitmq-server is not installed: apt-get install rabbitmq-server, as .ci/run does")
    port, names, distribution = free_port(), free_port(), free_port()
    home = folder / "rabbitmq"
    home.mkdir()
    (home / "plugins").write_text("[].\n", encoding="ascii")
    loopback = "-kernel inet_dist_use_interface {127,0,0,1}"
    environment = {
        "HOME": str(home),
        "RABBITMQ_NODENAME": f"berline{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(home / "none"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": loopback,
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
    }
    with _running([RABBITMQ], port, folder / "rabbitmq.log", environment):
        yield f"amqp://guest:guest@127.0.0.1:{port}//"


@contextlib.contextmanager
def _running(command: list[str], port: int, log: Path, environment: dict[str, str]) -> Iterator[None]:
    """Run a server in a process group of its own until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | environment,
            start_new_session=True,
        )
    try:
        _wait(process, port, log)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    limit = time.monotonic() + _START_SECONDS
    while time.monotonic() < limit and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{log.name}: {log.read_text(errors='replace')[-2000:]}")
