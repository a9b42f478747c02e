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
import os
import re
import secrets
import shlex
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from config import host
from config.host import EmbeddedError, Owner

SUPERUSER = "postgres"
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
        # make_private refuses a folder there that is not ours alone.
        return Path("/tmp") / f"berline-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"  # noqa: S108

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
            binaries = host.binaries_for(owner)
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
            done, output = host.run([str(host.binaries_for(owner) / "pg_ctl"), *arguments], owner, self.home)
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
            host.make_private(home, host.system_user() if os.geteuid() == 0 else None)
        if os.geteuid() != 0 and home.stat().st_uid != os.geteuid():
            name = host.user_name(home.stat().st_uid)
            raise EmbeddedError(
                f"{home} belongs to {name}: run as {name}, or set BERLINE_VAR to a folder of yours."
            )
        owner = self._owner_of_home()
        host.make_private(self.sockets, owner)
        return owner

    def _settle_as_root(self) -> None:
        """Choose a folder that the server's own user can reach, changing no mode of any other folder."""
        owner = host.system_user()
        home = self.var / self.name
        home.mkdir(mode=0o700)
        os.chown(home, owner.uid, owner.gid)
        if host.reaches(owner, home):
            return
        home.rmdir()
        host.make_state_folder()
        home = host.STATE / f"{self.name}-{secrets.token_hex(8)}"
        host.make_private(home, owner)
        if not host.reaches(owner, home):
            home.rmdir()
            raise EmbeddedError(
                f"The system user {owner.name}, which runs PostgreSQL because root cannot, can enter neither "
                f"{self.var} nor {host.STATE}: set BERLINE_VAR to a folder that every user may pass through."
            )
        host.write_durably(self._place_file, f"{home}\n")
        host.say(
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
        return Owner(status.st_uid, status.st_gid, host.user_name(status.st_uid))

    def _initialise(self, binaries: Path, owner: Owner | None) -> None:
        """Make the data folder: complete or not at all, by renaming it once it is complete."""
        version_file = self.data / "PG_VERSION"
        if version_file.exists():
            found = version_file.read_text(encoding="ascii").strip()
            if found != (ours := host.major_version(binaries)):
                raise EmbeddedError(
                    f"{self.data} was made by PostgreSQL {found} and the installed binaries are {ours}: "
                    "install the former wheel, dump the database, and restore it into a new BERLINE_VAR."
                )
            return
        for leftover in self.home.glob("data.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        target = self.home / f"data.new-{secrets.token_hex(4)}"
        arguments = ["-D", str(target), "-U", SUPERUSER, "--auth-local=trust", "--auth-host=reject"]
        arguments += [
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        if not self.durable:
            arguments.append("--no-sync")
        done, output = host.run([str(binaries / "initdb"), *arguments], owner, self.home)
        if not done:
            shutil.rmtree(target, ignore_errors=True)
            raise EmbeddedError(f"The embedded PostgreSQL could not be initialised in {self.home}: {output}")
        target.rename(self.data)

    def _start(self, binaries: Path, owner: Owner | None) -> bool:
        """Start the server and wait until it answers; False when it turns out to run already."""
        if self._postmaster() is not None:  # whoever started it was killed while it was coming up
            self._wait_until_ready()
            return False
        self._drop_stale_lock_files()
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_name("log.1"))
        options = _COMMON | ({} if self.durable else _UNSAFE_BUT_FAST)
        options["unix_socket_directories"] = str(self.sockets)
        flags = " ".join(f"-c {shlex.quote(f'{key}={value}')}" for key, value in options.items())
        arguments = ["-D", str(self.data), "-l", str(self.log), "-o", flags, "-w", "-t", str(START_SECONDS)]
        done, output = host.run([str(binaries / "pg_ctl"), *arguments, "start"], owner, self.home)
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

    def _drop_stale_lock_files(self) -> None:
        """Remove what a killed server left, where its process number now looks alive (reused, or a zombie).

        PostgreSQL itself removes the file of a process that is gone. It is left to PostgreSQL, too, as long
        as one process of the former server still works here: it then refuses to start, rightly.
        """
        limit = time.monotonic() + 10
        while self._processes_here():
            if time.monotonic() > limit:
                return
            time.sleep(0.05)
        lines = self._pid_file_lines()
        if lines and Path(f"/proc/{lines[0].strip()}").exists():
            (self.data / "postmaster.pid").unlink()
        for name in (f".s.PGSQL.{PORT}.lock", f".s.PGSQL.{PORT}"):
            (self.sockets / name).unlink(missing_ok=True)

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
