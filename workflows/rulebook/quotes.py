"""Comparing quotes with the text of a convention.

The texts are extractions of printed pages. Two differences between a quote and the text are tolerated and no
other: white space, and the hyphen of a word broken at the end of a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Final

from workflows.rulebook.model import Rulebook, RuleVersion

_SPACE: Final = re.compile(r"\s+")
_BROKEN_WORD: Final = re.compile(r"(?<=\w)-\s*\n\s*")


def stands(quote: str, lines: Sequence[str]) -> bool:
    """Tell whether ``quote`` stands in the consecutive ``lines`` of a text."""
    text = "\n".join(lines)
    wanted = _plain(quote)
    # A hyphen at the end of a line breaks a word ("so-/ciale") or belongs to it ("procès-/verbal").
    return any(wanted in _plain(_BROKEN_WORD.sub(joint, text)) for joint in ("", "-"))


def quoted_span(version: RuleVersion) -> range:
    """Return the numbers (from 1) of the lines that a quoted version refers to."""
    first, _, last = version.lines.partition(":")[2].partition("-")
    return range(int(first), int(last or first) + 1)


def quoted_versions(rulebook: Rulebook) -> list[RuleVersion]:
    """Return every version of ``rulebook`` that has a quote, derived ones included."""
    return [version for version in chain.from_iterable(rulebook.rules.values()) if version.quote]


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
