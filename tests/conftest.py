"""What every test relies on: its database, its files, its clock, and no tolerance for sloppy pages.

tests/database.py gives each test process a database; tests/strict.py makes tests fail for what a user would
only notice later: undefined template variables, leaked template code, inline scripts, half-saved rows.
"""

import gc
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as django_settings
from xdist.scheduler.loadscope import LoadScopeScheduling

pytest_plugins = ["tests.database", "tests.strict"]

#: Modules whose tests share what takes its time, once in a process: the whole demonstration; all that the code says.
TOGETHER = {
    f"tests/workflows/test_demonstration{part}.py": "demonstration" for part in ("", "_credits", "_headlines")
} | {"tests/test_documentation.py": "documentation"}

#: Examples of each law in one run; each run draws others. ``BERLINE_EXAMPLES=500`` looks for what is rare.
EXAMPLES = int(os.environ.get("BERLINE_EXAMPLES", "30"))

hypothesis.settings.register_profile("berline", deadline=None, max_examples=EXAMPLES)
hypothesis.settings.load_profile("berline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies in tests/browser drives a browser."""
    for item in items:
        if "browser" in item.path.relative_to(Path(__file__).parent).parts:
            item.add_marker(pytest.mark.browser)


class TogetherScheduling(LoadScopeScheduling):
    """Each test goes to whichever process is free, but those that belong together in ``TOGETHER`` all to one.

    xdist's own ``loadgroup`` writes to an attribute that pytest no longer has: it parts what belongs together.
    """

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER.get(nodeid.split("::")[0], nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """How tests are dealt out to the processes of a run."""
    return TogetherScheduling(config, log)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported stays: the garbage collector need not look at it again after each test.

    Nor need it look every 700 objects at what a test makes and drops: that took a tenth of the processor's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def _files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder's name for each test; ``mktemp`` would look through all earlier ones each time."""
    folder = tmp_path_factory.mktemp("media")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _own_files(settings: Any, _files: Iterator[Path]) -> None:
    """Uploaded files of a test stay out of the installation and out of other tests."""
    settings.MEDIA_ROOT = next(_files)


@pytest.fixture(scope="session")
def convention_dir() -> Path:
    """The folder of the convention's texts: beside the project, or where BERLINE_CONVENTION_DIR says."""
    folder = Path(django_settings.BERLINE_CONVENTION_DIR)
    if not (folder / "inventory.md").is_file():
        pytest.fail(f"The convention's texts are not in {folder}: set BERLINE_CONVENTION_DIR.")
    return folder
