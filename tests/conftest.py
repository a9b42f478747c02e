"""What every test relies on: its database, its files, its clock, and no tolerance for sloppy pages.

tests/database.py gives each test process a database; tests/strict.py makes tests fail for what a user would
only notice later: undefined template variables, leaked template code, inline scripts, half-saved rows.
"""

import gc
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as django_settings

pytest_plugins = ["tests.database", "tests.strict"]

hypothesis.settings.register_profile("berline", deadline=None, max_examples=50)
hypothesis.settings.load_profile("berline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies in tests/browser drives a browser."""
    for item in items:
        if "browser" in item.path.relative_to(Path(__file__).parent).parts:
            item.add_marker(pytest.mark.browser)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported stays: the garbage collector need not look at it again after each test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Uploaded files of a test stay out of the installation and out of other tests."""
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def convention_dir() -> Path:
    """The folder of the convention's texts: beside the project, or where BERLINE_CONVENTION_DIR says."""
    folder = Path(django_settings.BERLINE_CONVENTION_DIR)
    if not (folder / "inventory.md").is_file():
        pytest.fail(f"The convention's texts are not in {folder}: set BERLINE_CONVENTION_DIR.")
    return folder
