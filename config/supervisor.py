"""Run several commands side by side with honcho, none of which outlives this process.

honcho stops the others when one ends or a signal comes. Two things are added: a banner once the web server
answers, and the kernel's word that a command gets SIGTERM when this process dies, kill -9 included.
"""

import ctypes
import multiprocessing
import os
import shlex
import signal
import sys
import time
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Popen, Process

WAIT_SECONDS = 60
OURSELVES = "berline"
_PR_SET_PDEATHSIG = 1


def die_with_parent(signum: int) -> None:
    """Ask the kernel to send this process `signum` when its parent dies (Linux; nothing elsewhere)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signum)


def _before_exec() -> None:
    die_with_parent(signal.SIGTERM)


class _Process(Process):  # type: ignore[misc]
    """A command in a process group of its own that goes when its keeper goes."""

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        die_with_parent(signal.SIGKILL)
        self._child_ctor = partial(Popen, preexec_fn=_before_exec)
        super().run(events, ignore_signals)


class _Printer(Printer):  # type: ignore[misc]
    """honcho's lines with time and name, our own without."""

    def write(self, message: Message) -> None:
        if message.name == OURSELVES:
            self.output.write(message.data)
            self.output.flush()
        else:
            super().write(message)


class _Manager(Manager):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(_Printer(sys.stdout))
        self._process_ctor = _Process

    def _system_print(self, data: str) -> None:
        """honcho's own remarks (started, sending SIGTERM) are of no use to who runs this."""


def run(commands: dict[str, list[str]], *, folder: Path, banner: list[str], url: str) -> int:
    """Run the commands in `folder` until one ends or SIGINT or SIGTERM comes.

    `banner` is printed when `url` answers. Returns 0 after a signal, otherwise the code of whoever ended.
    """
    context = multiprocessing.get_context("fork")
    manager = _Manager()
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    for name, command in commands.items():
        manager.add_process(name, f"exec {shlex.join(command)}", env=environment, cwd=str(folder))
    herald = context.Process(target=_announce, args=(manager.events, banner, url), daemon=True)
    herald.start()
    try:
        manager.loop()
    finally:
        if herald.is_alive():
            herald.terminate()
        herald.join()
    code = int(manager.returncode or 0)
    return 0 if code in (130, 143) else code or 1


def _announce(events: Any, banner: list[str], url: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with_parent(signal.SIGKILL)
    limit = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < limit:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  (our own loopback address)
                break
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    else:
        banner = [f"The web server has not answered at {url} for {WAIT_SECONDS} seconds."]
    for line in banner:
        events.put(
            Message(
                type="line",
                data=line + "\n",
                time=None,
                name=OURSELVES,
                colour=None,
            )
        )
