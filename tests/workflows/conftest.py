"""What the tests of workflows share."""

import pytest

from tests.journeys import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    """The people of the tests."""
    return Cast()


@pytest.fixture
def people(committed: str) -> Cast:
    """The people of a test whose commits are real."""
    return Cast()
