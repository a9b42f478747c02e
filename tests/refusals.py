"""Refusals for the tests: an act that fails and writes nothing, and the rules that its reasons quote."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from cases.errors import BusinessError
from tests.journeys import state_of_everything


class Walks(Protocol):
    """A dossier of the tests on which somebody acts."""

    def do(self, what: str, by: str | None = None, **options: Any) -> Any:
        """Do ``step.outcome``."""


def refused(
    journey: Walks,
    what: str,
    error: type[BusinessError],
    *,
    by: str | None = None,
    **options: Any,
) -> BusinessError:
    """Try an act that is refused; nothing at all is written. Returns the error."""
    before = state_of_everything()
    with pytest.raises(error) as caught:
        journey.do(what, by, **options)
    assert state_of_everything() == before
    return caught.value


def rules_of(error: BusinessError) -> set[str]:
    """The rules that a refusal quotes; each of its reasons quotes one."""
    assert all(one.quote is not None for one in error.reasons), error.reasons
    return {one.quote.rule for one in error.reasons if one.quote}
