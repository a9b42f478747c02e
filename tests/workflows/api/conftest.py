"""People at the API: ``people.agent.get("queue")``."""

from typing import Any

import pytest

from tests.api_client import Api
from tests.journeys import Cast


class People:
    """The API of each person of the cast, made when first asked for."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast

    def __getattr__(self, username: str) -> Api:
        api = Api(self.cast.people[username])
        setattr(self, username, api)
        return api

    def __getitem__(self, username: str) -> Api:
        return getattr(self, username)  # type: ignore[no-any-return]


@pytest.fixture
def people(cast: Cast) -> Any:
    """The cast at the API."""
    return People(cast)
