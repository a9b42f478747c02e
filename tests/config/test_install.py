"""The virtual environment is complete or made anew; `config/install.py` decides which."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings


def make_project(folder: Path) -> Path:
    """A project whose requirements are empty, so that installing them takes no network."""
    (folder / "config").mkdir()
    (folder / "requirements").mkdir()
    shutil.copy(settings.BASE_DIR / "config" / "install.py", folder / "config")
    for level in ("base", "test"):
        (folder / "requirements" / f"{level}.txt").write_text(f"# {level}\n")
    return folder


def install(project: Path, level: str = "base") -> tuple[int, str]:
    """The exit code and what was said; afterwards a `django` stands in for the installed packages."""
    command = [sys.executable, "-I", "config/install.py", level, str(project / "venv")]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=120)
    for site in project.glob("venv/lib/python*/site-packages"):
        (site / "django.py").touch()
    return result.returncode, result.stderr


def stamp(project: Path) -> Path:
    return project / "venv" / "berline-stamp.json"


def mark(project: Path) -> Path:
    """A file that only a fresh environment lacks."""
    path = project / "venv" / "mark"
    path.touch()
    return path


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project with its environment made once (some seconds), and what was said."""
    project = make_project(tmp_path_factory.mktemp("project"))
    code, said = install(project)
    assert code == 0, said
    return project, said


@pytest.fixture
def project(first: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of it, which takes itself for the original."""
    original, _ = first
    copy = tmp_path / "project"
    shutil.copytree(original, copy, symlinks=True)
    text = stamp(copy).read_text().replace(str(original / "venv"), str(copy / "venv"))
    stamp(copy).write_text(text)
    return copy


def test_first_installation_says_what_it_does(first: tuple[Path, str]) -> None:
    project, said = first
    assert "installing the pinned packages (base)" in said
    assert set(json.loads(stamp(project).read_text())["requirements"]) == {"base"}


def test_second_installation_does_nothing(project: Path) -> None:
    assert install(project) == (0, "")


@pytest.mark.parametrize("fault", ["killed half-way", "interpreter gone", "folder moved"])
def test_environment_that_cannot_be_trusted_is_made_anew(project: Path, fault: str) -> None:
    mark(project)
    if fault == "killed half-way":
        stamp(project).unlink()
    elif fault == "interpreter gone":
        (project / "venv" / "bin" / "python").unlink()
    else:
        project = project.rename(project.with_name("moved"))
    code, said = install(project)
    assert code == 0, said
    assert "installing" in said
    assert not (project / "venv" / "mark").exists()
    assert install(project) == (0, "")


def test_changed_requirements_are_installed_into_the_same_environment(project: Path) -> None:
    kept = mark(project)
    (project / "requirements" / "base.txt").write_text("# newer\n")
    assert "installing" in install(project)[1]
    assert kept.exists()
    assert install(project) == (0, "")


def test_packages_for_tests_include_those_that_run(project: Path) -> None:
    stamp(project).write_text(stamp(project).read_text().replace('"base"', '"other"'))
    assert "(test)" in install(project, "test")[1]
    assert install(project, "base") == (0, "")
    (project / "requirements" / "test.txt").write_text("# newer\n")
    assert "(base)" in install(project, "base")[1]


def test_failed_installation_is_not_taken_for_complete(project: Path) -> None:
    (project / "requirements" / "base.txt").write_text("no-such-package-for-berline @ file:///nowhere\n")
    code, said = install(project)
    assert code == 1
    assert "pip could not install" in said
    assert not stamp(project).exists()
