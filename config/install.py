"""Make or refresh the virtual environment: `python3 -I config/install.py base|test [folder]`.

Standard library only, and readable by old interpreters, since it runs before anything is installed. The
environment counts as complete only when its stamp file says so, and the stamp is written last: an
installation that was killed half-way, a moved folder or another Python start afresh.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys

MINIMUM = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STAMP = "berline-stamp.json"


def main(level, folder):
    """Install the pinned wheels of requirements/<level>.txt unless they are there already."""
    if sys.version_info < MINIMUM:
        _use_a_newer_python()
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = {name: _digest(name) for name in ("base", "test")}
        here = {"folder": folder, "python": sys.version, "interpreter": os.path.realpath(sys.executable)}
        found = _read_stamp(folder)
        installed = found.pop("requirements", {})
        fresh = found != here or not _works(folder)
        if not fresh and (wanted[level] == installed.get(level) or _includes(level, installed, wanted)):
            return
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(folder, STAMP))
        if fresh:
            _create(folder)
            installed = {}
        _install(level, folder)
        installed = {name: digest for name, digest in installed.items() if digest == wanted.get(name)}
        installed[level] = wanted[level]
        temporary = os.path.join(folder, STAMP + ".new")
        with open(temporary, "w") as file:
            json.dump(dict(here, requirements=installed), file)
        os.replace(temporary, os.path.join(folder, STAMP))


def _includes(level, installed, wanted):
    """The wheels for tests are those of `base` and more."""
    return level == "base" and installed.get("test") == wanted["test"]


def _use_a_newer_python():
    for minor in range(15, 10, -1):
        other = shutil.which("python3.{}".format(minor))
        if other and subprocess.call([other, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(other, [other, "-I"] + sys.argv)
    sys.exit(
        "berline: Python 3.11 or newer is needed, and {} is {}.{}: install it, or run `make PYTHON=/path/to/python3.11 …`.".format(
            sys.executable, *sys.version_info[:2]
        )
    )


def _digest(level):
    with open(os.path.join(ROOT, "requirements", level + ".txt"), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def _read_stamp(folder):
    try:
        with open(os.path.join(folder, STAMP)) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def _python(folder):
    return os.path.join(folder, "bin", "python")


def _works(folder):
    try:
        return subprocess.call([_python(folder), "-I", "-c", "import django"], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def _create(folder):
    """An empty environment; whatever lies in the folder goes."""
    import venv

    if os.path.lexists(folder):
        shutil.rmtree(folder)
    try:
        venv.create(folder, with_pip=True, symlinks=True)
    except (subprocess.CalledProcessError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        sys.exit(
            "berline: {} could not make a virtual environment in {} ({}): on Debian, install the package "
            "python3-venv.".format(sys.executable, folder, error)
        )


def _install(level, folder):
    sys.stderr.write(
        "berline: installing the pinned packages ({}); the first time takes a minute.\n".format(level)
    )
    requirements = os.path.join(ROOT, "requirements", level + ".txt")
    command = [
        _python(folder),
        "-m",
        "pip",
        "install",
        "-qq",
        "--no-input",
        "--disable-pip-version-check",
    ]
    environment = dict(os.environ, PIP_ROOT_USER_ACTION="ignore")
    for name in ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PYTHONPATH"):
        environment.pop(name, None)
    if subprocess.call(command + ["--require-hashes", "-r", requirements], env=environment, cwd=ROOT):
        sys.exit("berline: pip could not install {}; its message is above.".format(requirements))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in ("base", "test"):
        sys.exit("usage: python3 -I config/install.py base|test [folder]")
    main(sys.argv[1], os.path.abspath(sys.argv[2] if len(sys.argv) == 3 else os.path.join(ROOT, ".venv")))
