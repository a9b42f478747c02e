"""The embedded PostgreSQL against the real wheel: who runs it, what survives, what is left alone."""

import dataclasses
import json
import multiprocessing
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config import embedded, host
from config.embedded import Cluster, EmbeddedError

ROOT = Path(embedded.__file__).resolve().parent.parent
AM_ROOT = os.geteuid() == 0
NOBODY = 65534
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can pass through, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="berline-embedded-")).resolve()
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def fresh(folder: Path) -> Iterator[Cluster]:
    """A cluster that has never been started."""
    cluster = Cluster(folder / "var", durable=False)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def initialised() -> Iterator[Path]:
    """The folder of a cluster that has been started once, to copy."""
    folder = Path(tempfile.mkdtemp(prefix="berline-embedded-")).resolve()
    folder.chmod(0o755)
    cluster = Cluster(folder / "var", durable=False)
    cluster.ensure_running()
    cluster.stop()
    yield cluster.var
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cluster(initialised: Path, fresh: Cluster) -> Cluster:
    """A stopped cluster with its data folder made."""
    subprocess.run(["cp", "-a", initialised, fresh.var], check=True)
    return fresh


def query(cluster: Cluster, statement: str, database: str = "berline") -> Any:
    with psycopg.connect(cluster.database_url(database), autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def modes_upwards(path: Path) -> dict[str, int]:
    return {str(parent): stat.S_IMODE(parent.stat().st_mode) for parent in path.parents}


def in_another_process(function: Callable[[], Any], *, uid: int | None = None) -> Any:
    """The function's answer, or the text of its EmbeddedError, from a process of the given user.

    A fork that changes its user, rather than a new interpreter, which that user may not be able to reach.
    """

    def child(pipe: Any) -> None:
        if uid is not None and AM_ROOT:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
        try:
            pipe.send(function())
        except EmbeddedError as error:
            pipe.send(f"EmbeddedError: {error}")

    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=child, args=(there,))
    process.start()
    process.join(60)
    assert here.poll(), f"the process ended with {process.exitcode} and said nothing"
    return here.recv()


@pytest.fixture
def programs_for_everybody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the wheel that an ordinary user can run even when this project lies in root's home."""
    copy_wheel(folder / "wheel", monkeypatch)


def copy_wheel(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = host.wheel_folder()
    newest = host.binaries_for(None).parent
    shutil.copytree(newest, target / wheel.name / newest.name, symlinks=True)
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    monkeypatch.setattr(host, "wheel_folder", lambda: target / wheel.name)


def test_server_starts_once_and_keeps_its_data(cluster: Cluster) -> None:
    assert not cluster.is_running()
    assert cluster.ensure_running() is True
    assert cluster.ensure_running() is False
    query(cluster, "CREATE TABLE load AS SELECT 42 AS tons")
    assert cluster.stop() is True
    assert not cluster.is_running()
    assert cluster.stop() is False
    assert query(cluster, "SELECT tons FROM load") == 42


def test_server_speaks_utf8_and_upper_cases_accents(cluster: Cluster) -> None:
    assert query(cluster, "SHOW server_encoding") == "UTF8"
    assert query(cluster, "SELECT upper('régie à l’œuvre')") == "RÉGIE À L’ŒUVRE"


def test_server_listens_on_a_private_socket_only(fresh: Cluster) -> None:
    assert query(fresh, "SHOW listen_addresses") == ""
    assert stat.S_IMODE(fresh.sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(fresh.data.stat().st_mode) == 0o700


def test_durable_server_syncs_and_test_server_does_not(folder: Path, cluster: Cluster) -> None:
    durable = Cluster(folder / "durable")
    try:
        assert query(durable, "SHOW fsync") == "on"
        assert query(durable, "SHOW synchronous_commit") == "on"
        assert query(cluster, "SHOW fsync") == "off"
    finally:
        durable.stop()


def test_start_changes_no_mode_of_a_folder_that_it_did_not_make(folder: Path, fresh: Cluster) -> None:
    folder.chmod(0o711)
    before = modes_upwards(fresh.var)
    programs = modes_upwards(host.binaries_for(None) / "postgres")
    fresh.ensure_running()
    assert modes_upwards(fresh.var) == before
    assert modes_upwards(host.binaries_for(None) / "postgres") == programs


def test_asking_a_running_server_takes_no_time(cluster: Cluster) -> None:
    cluster.ensure_running()
    started = time.perf_counter()
    for _ in range(20):
        cluster.ensure_running()
    assert (time.perf_counter() - started) / 20 < 0.01


def test_ordinary_user_runs_the_server_directly(folder: Path, programs_for_everybody: None) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    if AM_ROOT:
        os.chown(home, NOBODY, NOBODY)
    cluster = Cluster(home / "var", durable=False)

    def use() -> tuple[int, int]:
        try:
            answer = query(cluster, "SELECT 6 * 7")
            return answer, cluster.data.stat().st_uid
        finally:
            cluster.stop()

    assert in_another_process(use, uid=NOBODY) == (42, NOBODY if AM_ROOT else os.geteuid())


def test_folder_of_somebody_else_is_refused_with_a_sentence(folder: Path, fresh: Cluster) -> None:
    fresh.var.mkdir(mode=0o755)
    if AM_ROOT:
        message = in_another_process(fresh.ensure_running, uid=NOBODY)
    else:
        fresh.var.chmod(0o555)
        message = in_another_process(fresh.ensure_running)
        fresh.var.chmod(0o755)
    assert message.startswith(f"EmbeddedError: {fresh.var} cannot be written by this user")
    assert "set BERLINE_VAR to a folder of yours" in message


class TestAsRoot:
    """Only root has to run the server as somebody else: an ordinary user's run has none of these."""

    __test__ = AM_ROOT

    def test_server_runs_as_a_user_of_its_own(self, fresh: Cluster) -> None:
        fresh.ensure_running()
        pid = fresh.status().pid
        assert host.user_name(Path(f"/proc/{pid}").stat().st_uid) == host.SYSTEM_USER

    def test_unreachable_folder_moves_the_data_and_says_so(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        monkeypatch.setattr(host, "STATE", folder / "state")
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        cluster = Cluster(closed / "var", durable=False)
        try:
            cluster.ensure_running()
            assert cluster.home.parent == folder / "state"
            assert stat.S_IMODE(closed.stat().st_mode) == 0o700
            assert f"the database lies in {cluster.home}" in capsys.readouterr().err
            query(cluster, "CREATE TABLE load AS SELECT 42 AS tons")
            cluster.stop()
            assert query(Cluster(closed / "var", durable=False), "SELECT tons FROM load") == 42
            assert capsys.readouterr().err == ""
            home = cluster.home
            cluster.destroy()
            assert not home.exists()
        finally:
            cluster.stop()

    def test_new_clone_on_the_path_of_an_old_one_starts_empty(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(host, "STATE", folder / "state")
        closed = folder / "closed"
        homes = []
        for _ in range(2):
            closed.mkdir(mode=0o700)
            cluster = Cluster(closed / "var", durable=False)
            cluster.ensure_running()
            homes.append(cluster.home)
            cluster.stop()
            shutil.rmtree(closed)
        assert homes[0] != homes[1]

    def test_unreachable_programs_are_copied_where_they_can_be_run(
        self,
        folder: Path,
        fresh: Cluster,
        monkeypatch: pytest.MonkeyPatch,
        capsys: Capture,
    ) -> None:
        monkeypatch.setattr(host, "STATE", folder / "state")
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        copy_wheel(closed, monkeypatch)
        assert query(fresh, "SELECT 6 * 7") == 42
        assert "PostgreSQL's programs were copied to" in capsys.readouterr().err
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700

    def test_data_of_an_ordinary_user_stay_theirs(self, folder: Path, programs_for_everybody: None) -> None:
        home = folder / "home"
        home.mkdir(mode=0o755)
        os.chown(home, NOBODY, NOBODY)
        cluster = Cluster(home / "var", durable=False)

        def use() -> bool:
            query(cluster, "CREATE TABLE load AS SELECT 42 AS tons")
            return cluster.stop()

        assert in_another_process(use, uid=NOBODY) is True
        try:
            assert query(cluster, "SELECT tons FROM load") == 42
            assert Path(f"/proc/{cluster.status().pid}").stat().st_uid == NOBODY
        finally:
            cluster.stop()


def test_initdb_that_was_killed_is_made_again(fresh: Cluster) -> None:
    fresh.ensure_running()
    fresh.stop()
    shutil.move(fresh.data, fresh.home / "data.new-0123abcd")
    (fresh.home / "data.new-0123abcd" / "PG_VERSION").unlink()
    assert query(fresh, "SELECT 6 * 7") == 42
    assert list(fresh.home.glob("data.new-*")) == []


@pytest.mark.parametrize("seconds", [0.1, 0.4, 0.8, 1.2])
def test_first_start_killed_at_any_moment_is_repaired_by_the_next(fresh: Cluster, seconds: float) -> None:
    code = (
        "import sys; from pathlib import Path; from config.embedded import Cluster; "
        "Cluster(Path(sys.argv[1]), durable=False).database_url('berline')"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(fresh.var)], cwd=ROOT)
    time.sleep(seconds)
    process.kill()
    process.wait()
    assert query(fresh, "SELECT 6 * 7") == 42


def test_killed_server_comes_back_with_its_data(cluster: Cluster) -> None:
    cluster = dataclasses.replace(cluster, durable=True)
    query(cluster, "CREATE TABLE load AS SELECT 42 AS tons")
    pid = cluster.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    limit = time.monotonic() + 10
    while cluster.is_running() and time.monotonic() < limit:
        time.sleep(0.01)
    assert query(cluster, "SELECT tons FROM load") == 42
    assert cluster.status().pid != pid


def test_pid_file_whose_number_went_to_a_stranger_does_not_block(cluster: Cluster) -> None:
    query(cluster, "CREATE TABLE load AS SELECT 42 AS tons")
    pid_file = cluster.data / "postmaster.pid"
    socket_lock = cluster.sockets / ".s.PGSQL.5432.lock"
    files = {path: path.read_text().splitlines() for path in (pid_file, socket_lock)}
    owner = cluster.data.stat()
    cluster.stop()
    identity: dict[str, Any] = (
        {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if AM_ROOT else {}
    )
    with subprocess.Popen(["sleep", "60"], cwd="/", **identity) as stranger:
        try:
            for path, lines in files.items():
                path.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
                os.chown(path, owner.st_uid, owner.st_gid)
            assert query(cluster, "SELECT tons FROM load") == 42
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_many_processes_start_one_server(cluster: Cluster) -> None:
    cluster.ensure_running()
    cluster.stop()
    code = (
        "import json, sys; from pathlib import Path; from config.embedded import Cluster; "
        "cluster = Cluster(Path(sys.argv[1]), durable=False); "
        "print(json.dumps([cluster.ensure_running(), cluster.status().pid]))"
    )
    command = [sys.executable, "-c", code, str(cluster.var)]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(6)]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    assert sorted(started for started, _ in answers) == [False] * 5 + [True]
    assert len({pid for _, pid in answers}) == 1


def test_two_clusters_of_one_installation_do_not_meet(cluster: Cluster) -> None:
    other = Cluster(cluster.var, "postgres-test", durable=False)
    try:
        query(cluster, "CREATE TABLE load AS SELECT 1 AS tons")
        query(other, "CREATE TABLE load AS SELECT 2 AS tons")
        assert query(cluster, "SELECT tons FROM load") == 1
    finally:
        other.stop()


@pytest.mark.parametrize("name", ["a" * 90, "with a space, a 'quote' and é"])
def test_awkward_folder_gets_a_short_private_socket(folder: Path, name: str) -> None:
    cluster = Cluster(folder / name, durable=False)
    try:
        assert query(cluster, "SELECT 6 * 7") == 42
        assert cluster.sockets.parent == Path("/tmp")  # noqa: S108
        assert stat.S_IMODE(cluster.sockets.stat().st_mode) == 0o700
    finally:
        sockets = cluster.sockets
        cluster.destroy()
        assert not sockets.exists()


def test_socket_folder_that_others_can_enter_is_refused(folder: Path) -> None:
    cluster = Cluster(folder / ("a" * 90), durable=False)
    cluster.sockets.mkdir(mode=0o755)
    try:
        with pytest.raises(EmbeddedError, match="must be a folder that only .* can enter"):
            cluster.ensure_running()
    finally:
        cluster.sockets.rmdir()


def test_data_of_another_version_are_refused_with_a_sentence(cluster: Cluster) -> None:
    cluster.ensure_running()
    cluster.stop()
    (cluster.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 12 and the installed binaries are \d+"):
        cluster.ensure_running()


def test_server_that_cannot_start_shows_the_end_of_its_log(cluster: Cluster) -> None:
    cluster.ensure_running()
    cluster.stop()
    (cluster.data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        cluster.ensure_running()


def test_destroy_leaves_nothing(cluster: Cluster) -> None:
    cluster.ensure_running()
    cluster.destroy()
    assert not cluster.home.exists()
    assert not cluster.is_running()
    cluster.destroy()
