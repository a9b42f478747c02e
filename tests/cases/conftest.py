"""What the tests of cases share."""

import pytest

from tests.journeys import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    """The people of the tests."""
    return Cast()
