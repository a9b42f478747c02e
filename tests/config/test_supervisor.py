"""Commands side by side: all stop together, and none outlives the process that started them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

PROGRAM = """
import sys
from pathlib import Path
from config import supervisor
folder = Path(sys.argv[1])
def worker(name, seconds="60", code="0"):
    text = (
        "import os, sys, time, pathlib; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); "
        "time.sleep(float(sys.argv[2])); sys.exit(int(sys.argv[3]))"
    )
    return [sys.executable, "-c", text, str(folder / name), seconds, code]
commands = {"one": worker("one"), "two": worker("two", *sys.argv[2:])}
sys.exit(supervisor.run(commands, folder=folder, banner=["ready"], url="http://127.0.0.1:9/"))
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(folder), *arguments]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True)


def pids(folder: Path) -> list[int]:
    """The commands' process numbers, once both have written theirs."""
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        texts = [path.read_text() if path.exists() else "" for path in (folder / "one", folder / "two")]
        if all(texts):
            return [int(text) for text in texts]
        time.sleep(0.05)
    raise AssertionError("the commands did not start")


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until_gone(numbers: list[int]) -> None:
    limit = time.monotonic() + 20
    while not all(gone(pid) for pid in numbers):
        assert time.monotonic() < limit, "a command is still running"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_every_command_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with start(tmp_path) as process:
        numbers = pids(tmp_path)
        process.send_signal(number)
        assert process.wait(30) == 0
    wait_until_gone(numbers)


def test_kill_of_the_supervisor_takes_every_command_along(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        numbers = pids(tmp_path)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
        wait_until_gone(numbers)


@pytest.mark.parametrize(("code", "answer"), [("3", 3), ("0", 1)])
def test_end_of_one_command_ends_all_and_is_a_failure(tmp_path: Path, code: str, answer: int) -> None:
    with start(tmp_path, "0.2", code) as process:
        numbers = pids(tmp_path)
        assert process.wait(30) == answer
    wait_until_gone(numbers)
