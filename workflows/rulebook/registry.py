"""The rulebooks of the project, read once and checked together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final

from workflows.rulebook.calendars import CALENDARS, with_calendars
from workflows.rulebook.errors import NoConvention, Problem, RulebookError, UnknownRule
from workflows.rulebook.model import Rulebook, RuleVersion
from workflows.rulebook.reading import read_rulebook

CONVENTIONS: Final = Path(__file__).resolve().parent.parent / "conventions"
"""The folder of the TOML files."""


@cache
def rulebooks() -> Mapping[str, Rulebook]:
    """Return the project's rulebooks by key, oldest first; :class:`RulebookError` when one is malformed."""
    return load(CONVENTIONS)


def load(folder: Path) -> Mapping[str, Rulebook]:
    """Read every ``*.toml`` of ``folder``; all faults of all files come in one :class:`RulebookError`.

    Files named ``calendar_*.toml`` hold the obligations of a convention (:mod:`workflows.rulebook.calendars`).
    """
    problems: list[Problem] = []
    found: list[Rulebook] = []
    calendars = sorted(folder.glob(CALENDARS))
    paths = sorted(set(folder.glob("*.toml")).difference(calendars))
    if not paths:
        problems.append(Problem(folder.name, "", "le dossier ne contient aucune convention (*.toml)"))
    for path in paths:
        try:
            found.append(read_rulebook(path))
        except RulebookError as error:
            problems.extend(error.problems)
    found.sort(key=lambda rulebook: rulebook.valid_from)
    problems.extend(_contradictions(found))
    found, faults = with_calendars(found, calendars)
    problems.extend(faults)
    if problems:
        raise RulebookError(problems)
    return MappingProxyType({rulebook.key: rulebook for rulebook in found})


def convention_in_force(on: date) -> Rulebook:
    """Return the convention that governs what is submitted on the day ``on``.

    :class:`NoConvention` before 2004 and from 2007 to 2013, whose conventions the project does not hold.
    """
    for rulebook in rulebooks().values():
        if rulebook.in_force(on):
            return rulebook
    raise NoConvention(f"no convention in force on {on.isoformat()}")


def resolve(ref: str) -> RuleVersion:
    """Return the version that a pinned :attr:`RuleVersion.ref` names.

    :class:`UnknownRule` when it names nothing (any more).
    """
    convention, _, rest = ref.partition("/")
    key, _, valid_from = rest.partition("@")
    rulebook = rulebooks().get(convention)
    for version in rulebook.rules.get(key, ()) if rulebook else ():
        if version.valid_from.isoformat() == valid_from:
            return version
    raise UnknownRule(f"no rule version {ref!r}")


def _contradictions(sorted_rulebooks: list[Rulebook]) -> Iterator[Problem]:
    """Yield what is wrong between rulebooks: a key used twice, two conventions in force on one day."""
    files: dict[str, str] = {}
    for rulebook in sorted_rulebooks:
        if rulebook.key in files:
            message = f"la clé « {rulebook.key} » est déjà celle de {files[rulebook.key]}"
            yield Problem(rulebook.source_file, "[convention]", message)
        files[rulebook.key] = rulebook.source_file
    for earlier, later in pairwise(sorted_rulebooks):
        if earlier.valid_until is None or earlier.valid_until >= later.valid_from:
            message = f"en vigueur en même temps que {earlier.source_file} : y fixer « valid_until »"
            yield Problem(later.source_file, "[convention]", message)
