"""Texts as feeds can hold them: neither iCalendar nor XML has a way to write a control character."""

import re
import unicodedata

_ENDS_OF_LINES = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_NOT_WRITTEN = {"\ufeff", "\ufffe", "\uffff"}


def printable(text: str) -> str:
    """The text with ``\\n`` for every end of a line, without control characters but the tab, halves of pairs and marks
    of byte order. All else stays, emoji included.
    """
    return "".join(
        character
        for character in _ENDS_OF_LINES.sub("\n", text)
        if character in "\n\t"
        or (unicodedata.category(character) not in ("Cc", "Cs") and character not in _NOT_WRITTEN)
    )


def one_line(text: str) -> str:
    """The text on one line, each run of white space being one space."""
    return " ".join(printable(text).split())
