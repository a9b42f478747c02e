"""Where the words of a search stand: the words of a title to mark, and a few words around a hit elsewhere.

Only for the dossiers of the page shown. PostgreSQL's ``ts_headline`` would look for words with their accents, which the
index has dropped; it says which words answer (``cases_lexemes``), and the text shown stays the one that was written.
Marks are parts of a text, never markup: templates escape what they show.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from cases.models import Dossier
from cases.selectors.search import Words

#: About so many characters are shown on each side of the first word found.
AROUND: Final = 60
#: At most so many places are shown of one dossier.
PLACES: Final = 2

_WORD = re.compile(r"[^\W_]+")
#: Between two words of PostgreSQL's query: « & », « <-> », « <2> ».
_JOINT = re.compile(r" (?:&|<->|<\d+>) ")
_LABELS: Final = {"data": "Données", "piece": "Pièce", "message": "Message"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A bit of text, and whether it is one of the words looked for."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Words around a hit, and where it is: « Données », « Pièce », « Message »."""

    place: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """The title and the reference of a dossier with their marks; where else the words are, when not all of them stand
    there."""

    title: tuple[Piece, ...]
    reference: tuple[Piece, ...]
    excerpts: tuple[Excerpt, ...]


# The first text of each place that holds one of the words, of dossiers whose reference and title do not hold them all.
_TEXTS = """
SELECT found.dossier_id, place.number, place.name, place.text
  FROM cases_dossierfindings found
  JOIN cases_dossier dossier ON dossier.id = found.dossier_id
 CROSS JOIN LATERAL (
       (SELECT 1 AS number, 'data' AS name, value #>> '{}' AS text
          FROM jsonb_path_query(dossier.data - 'title', 'strict $.** ? (@.type() == "string")') value
         WHERE cases_lexemes(left(value #>> '{}', 5000)) @@ %(any)s::tsquery LIMIT 1)
        UNION ALL
       (SELECT 2, 'piece', name FROM cases_document
         WHERE dossier_id = dossier.id AND current AND cases_lexemes(name) @@ %(any)s::tsquery ORDER BY id LIMIT 1)
        UNION ALL
       (SELECT 3, 'message', text FROM cases_message
         WHERE dossier_id = dossier.id AND kind = 'message' AND cases_lexemes(text) @@ %(any)s::tsquery
         ORDER BY id DESC LIMIT 1)
       ) place
 WHERE found.dossier_id = ANY (%(ids)s) AND NOT found.head @@ %(query)s::tsquery
 ORDER BY found.dossier_id, place.number
"""
_ANSWERING = "SELECT word FROM unnest(%s::text[]) word WHERE cases_lexemes(word) @@ %s::tsquery"


def hits_of(dossiers: Sequence[Dossier], words: Words) -> dict[int, Hit]:
    """For each dossier of a page, which words to mark and where they were found. Two statements, none without words."""
    if not words.query or not dossiers:
        return {}
    one_of_them = _JOINT.sub(" | ", words.query)
    texts: dict[int, list[tuple[str, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            _TEXTS, {"any": one_of_them, "query": words.query, "ids": [one.pk for one in dossiers]}
        )
        for dossier_id, _, place, text in cursor.fetchall():
            texts.setdefault(dossier_id, []).append((place, _composed(text)))
        seen = {one.reference for one in dossiers} | {_composed(one.title) for one in dossiers}
        seen |= {text for found in texts.values() for _, text in found}
        cursor.execute(
            _ANSWERING, [sorted({word for text in seen for word in _WORD.findall(text)}), one_of_them]
        )
        answering = frozenset(word for (word,) in cursor.fetchall())
    return {
        one.pk: Hit(
            title=_marked(_composed(one.title), answering),
            reference=_marked(one.reference, answering),
            excerpts=tuple(
                Excerpt(_LABELS[place], _marked(_around(text, answering), answering))
                for place, text in texts.get(one.pk, ())[:PLACES]
            ),
        )
        for one in dossiers
    }


def _composed(text: str) -> str:
    """Letters with their accents as one character, blanks as one."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _around(text: str, answering: frozenset[str]) -> str:
    """The words near the first one that answers."""
    first = next((found for found in _WORD.finditer(text) if found.group() in answering), None)
    start = max(0, first.start() - AROUND) if first is not None else 0
    end = min(len(text), (first.end() if first is not None else 0) + AROUND)
    if start:
        start = text.find(" ", start, first.start() if first else end) + 1 or start
    if end < len(text):
        cut = text.rfind(" ", first.end() if first else 0, end)
        end = cut if cut > 0 else end
    return f"{'… ' if start else ''}{text[start:end]}{' …' if end < len(text) else ''}"


def _marked(text: str, answering: Iterable[str]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    end = 0
    for found in _WORD.finditer(text):
        if found.group() in answering:
            if found.start() > end:
                pieces.append(Piece(text[end : found.start()], False))
            pieces.append(Piece(found.group(), True))
            end = found.end()
    if end < len(text):
        pieces.append(Piece(text[end:], False))
    return tuple(pieces)
