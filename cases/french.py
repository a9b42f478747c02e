"""French as papers write it: dates in full or in words, names with their articles. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
_UNITS = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
    *("dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"),
)
_TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante", 8: "quatre-vingt"}

_FEMININE: Final = frozenset(
    {
        *("agence", "autorité", "caisse", "canssm", "carmi", "commission", "cour", "délégation", "direction"),
        *("inspection", "mission", "polyclinique", "présidence"),
    }
)
_MASCULINE: Final = frozenset(
    {
        *(
            "agent",
            "bureau",
            "centre",
            "comité",
            "conseil",
            "contrôle",
            "directeur",
            "établissement",
            "expert",
        ),
        *("fonds", "instructeur", "ministère", "secrétariat", "service"),
    }
)
_PLURAL: Final = frozenset({"hôpitaux", "ministères", "services"})
_ACRONYMS: Final = frozenset({"canssm", "carmi"})
_VOWEL: Final = re.compile(r"[aeiouàâäéèêëîïôöùûüœæ]", re.IGNORECASE)


def french_date(day: date) -> str:
    """« 1er mars 2015 », with no-break spaces."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number}\u00a0{_MONTHS[day.month - 1]}\u00a0{day.year}"


def date_in_words(day: date) -> str:
    """« le premier mars deux mille quinze », as acts write it."""
    number = "premier" if day.day == 1 else " ".join(_words(day.day))
    return f"le {number} {_MONTHS[day.month - 1]} {' '.join(_words(day.year))}"


def with_article(name: str) -> str:
    """A body or an office with its article: « la CANSSM », « la direction du budget », « l’agent comptable ».

    A common first word loses its capital, as in the middle of a sentence. A name whose gender is not known here
    keeps its own words, without an article.
    """
    word, kind = _first_word(name)
    if not kind:
        return name
    if kind == "plural":
        return f"les {_lowered(name)}"
    if _elides(word):
        return f"l’{_lowered(name)}"
    return f"{'la' if kind == 'feminine' else 'le'} {_lowered(name)}"


def of(name: str) -> str:
    """« de la CANSSM », « du contrôle général », « de l’agent comptable », « des services »; « d’Est », « de Nord »."""
    word, kind = _first_word(name)
    if kind == "plural":
        return f"des {_lowered(name)}"
    if kind == "masculine" and not _elides(word):
        return f"du {_lowered(name)}"
    if kind:
        return f"de {with_article(name)}"
    return f"d’{name}" if _elides(name) else f"de {name}"


def capitalised(text: str) -> str:
    """The text with a capital at its beginning; the rest keeps its own."""
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """The text with a small letter at its beginning; the rest keeps its own."""
    return text[:1].lower() + text[1:]


def _first_word(name: str) -> tuple[str, str]:
    match = re.match(r"[^\W\d_]+", name)
    word = match.group().lower() if match else ""
    for kind, words in (("feminine", _FEMININE), ("masculine", _MASCULINE), ("plural", _PLURAL)):
        if word in words:
            return word, kind
    return word, ""


def _lowered(name: str) -> str:
    return name if _first_word(name)[0] in _ACRONYMS else lowered(name)


def _elides(word: str) -> bool:
    return bool(_VOWEL.match(word))


def _words(number: int) -> Iterable[str]:
    """A number below ten thousand in French words (traditional spelling), for dates."""
    thousands, rest = divmod(number, 1000)
    if thousands:
        yield from (["mille"] if thousands == 1 else [_UNITS[thousands], "mille"])
    hundreds, rest = divmod(rest, 100)
    if hundreds:
        yield from (["cent"] if hundreds == 1 else [_UNITS[hundreds], "cent" if rest else "cents"])
    if rest or not number:
        yield from _below_hundred(rest)


def _below_hundred(number: int) -> Iterator[str]:
    if number < 20:
        yield _UNITS[number]
        return
    tens, unit = divmod(number, 10)
    if tens in (7, 9):
        tens, unit = tens - 1, unit + 10
    if unit == 0:
        yield "quatre-vingts" if tens == 8 else _TENS[tens]
    elif unit in (1, 11) and tens != 8:
        yield from (_TENS[tens], "et", _UNITS[unit])
    else:
        yield f"{_TENS[tens]}-{_UNITS[unit]}"
