"""What can be wrong with a rulebook, or with a question put to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: the file, the rule (or the table, empty for the whole file), and a French sentence."""

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        """Write the fault on one line."""
        place = f"{self.file}, {self.key}" if self.key else self.file
        return f"{place} : {self.message}"


class RulebookError(Exception):
    """One or more rulebooks are malformed; the start-up stops. All faults found are listed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the faults in the order in which they were found."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnknownRule(LookupError):
    """No such convention, rule or version on the day in question."""


class NoConvention(LookupError):
    """No convention that the project holds was in force on the day in question."""
