"""PDF documents: typst templates of ``templates/pdf`` filled with data, as PDF/A-2b and PDF/UA-1 at once.

:func:`render_pdf` is the mechanism, :func:`render_decision` the decision on a dossier.

Data reaches a template as JSON in ``sys.inputs`` and never as template source, so that text with typst
markup in it prints as it was typed. Equal data give equal bytes: the only fonts are those inside the typst
package, and the moment written into the file is the data's ``timestamp``. What no font can show (emoji,
Chinese…) would make the file break the standards; it is replaced by U+FFFD rather than refused, because a
decision must not fail for the title somebody chose.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict
from zoneinfo import ZoneInfo

import typst

from cases.money import format_eur

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "pdf"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
PARIS = ZoneInfo("Europe/Paris")

# bidirectional controls and the byte order mark: they hide or reorder text, or are forbidden by PDF/UA
_INVISIBLE = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF])
_CONTROLS = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)], " ")
_TRANSLATION = {**_CONTROLS, **_INVISIBLE, 0x09: " ", 0x0D: None, 0x2028: "\n", 0x2029: "\n"}

_PROBE = b"""
#set document(title: "x")
#let data = json(bytes(sys.inputs.data))
#set text(lang: "fr", font: "Libertinus Serif")
a#(data.text)b *a#(data.text)b* _a#(data.text)b_ #text(weight: 600)[a#(data.text)b]
"""


class PdfError(RuntimeError):
    """A template that does not compile with its data: a fault of the template or of its caller."""


class Visa(TypedDict):
    """One rule that a decision rests on: as ``cases.errors.Quote``."""

    rule: str
    text: str
    source: str
    status: str


class Decider(TypedDict):
    """Who decides. ``capacity`` completes « agissant »: « en qualité de directeur général », « par délégation
    du directeur général (acte n° 2015-12 du 5 janvier 2015) »."""

    name: str
    title: str
    capacity: str


class DecisionData(TypedDict):
    """What the paper of a decision says (template ``decision``).

    ``kind``: ``approval`` (validates), ``refusal`` (does not), ``dispense`` (no prior validation asked).
    ``amount_ht`` and ``threshold``: EUR before tax, decimal strings. ``decided_at``: ISO-8601 with its
    offset. ``about`` completes « relative à »; ``authority`` is who decides in law (« Le directeur général de
    la CANSSM »), ``issuer`` the line of the letterhead (« Direction générale »); ``considerations`` complete
    « Vu » after the rules' visas (« la demande transmise le 3 mars 2015 »). ``conditions`` are whole
    sentences; without any, an approval states that the approved amount is a ceiling. ``journal_hash`` is the
    dossier's last fingerprint when the decision was taken, ``journal_sequence`` the number of its entry.
    """

    document_reference: str
    kind: Literal["approval", "refusal", "dispense"]
    reference: str
    about: str
    authority: str
    issuer: str
    title: str
    organisation: str
    amount_ht: str
    threshold: NotRequired[str]
    exercise: int
    facilities: list[str]
    visas: list[Visa]
    considerations: list[str]
    motive: str
    conditions: list[str]
    decider: Decider
    decided_at: str
    journal_hash: str
    journal_sequence: int


def render_decision(data: DecisionData) -> bytes:
    """The decision as a PDF/A-2b and PDF/UA-1 document, in French."""
    moment = datetime.fromisoformat(data["decided_at"])
    day = moment.astimezone(PARIS).date()
    shown: dict[str, Any] = dict(data)
    shown |= {
        "amount_shown": format_eur(Decimal(data["amount_ht"])),
        "threshold_shown": format_eur(Decimal(data["threshold"])) if "threshold" in data else "",
        "date_shown": french_date(day),
        "date_words": date_in_words(day),
        "timestamp": moment.isoformat(),
    }
    return render_pdf("decision", shown)


def render_pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """Fill ``templates/pdf/<template>.typ`` with ``data`` and return the PDF.

    ``data`` is JSON-like (strings, integers, booleans, None, lists, mappings) and must hold ``timestamp``,
    an ISO-8601 moment with its offset, which becomes the file's date. Raises :class:`PdfError`.
    """
    source = TEMPLATES / f"{template}.typ"
    if not template.replace("_", "").isalnum() or not source.is_file():
        raise PdfError(f"no PDF template {template!r}")
    moment = datetime.fromisoformat(str(data["timestamp"]))
    if moment.tzinfo is None:
        raise PdfError("the timestamp has no offset")
    cleaned = _map_texts(_clean, data)
    try:
        return _compile(source, cleaned, moment)
    except typst.TypstError as error:
        if "displayed" not in str(error) and "codepoint" not in str(error):
            raise PdfError(f"{template}: {error}") from error
    try:
        return _compile(source, _map_texts(_displayable_text, cleaned), moment)
    except typst.TypstError as error:
        raise PdfError(f"{template}: {error}") from error


# --- compiling --------------------------------------------------------------------------------------------

_local = threading.local()


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)


def _compiler() -> typst.Compiler:
    """This thread's compiler: one cannot serve two threads at once, but all share the fonts."""
    if not hasattr(_local, "compiler"):
        _local.compiler = typst.Compiler(
            root=str(TEMPLATES), font_paths=_fonts(), ignore_system_fonts=True, sys_inputs={}
        )
    compiler: typst.Compiler = _local.compiler
    return compiler


def _compile(source: Path | bytes, data: Any, moment: datetime) -> bytes:
    input_: Any = source if isinstance(source, bytes) else str(source)
    result = _compiler().compile(
        input=input_,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True, allow_nan=False)},
        pdf_standards=["a-2b", "ua-1"],
        timestamp=int(moment.timestamp()),
    )
    if not isinstance(result, bytes):
        raise PdfError("typst gave no single document")
    return result


def _map_texts(change: Any, value: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _map_texts(change, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_map_texts(change, item) for item in value]
    if value is None or isinstance(value, (bool, int)):
        return value
    raise PdfError(f"{type(value).__name__} in the data of a PDF: give it as a string")


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().translate(_TRANSLATION)


def _displayable_text(text: str) -> str:
    return "".join(
        character if character < "\u0180" or _displayable(character) else REPLACEMENT for character in text
    )


@lru_cache(maxsize=4096)
def _displayable(character: str) -> bool:
    """Whether the embedded fonts show this character in every style that the templates use."""
    try:
        _compile(_PROBE, {"text": character}, datetime.fromtimestamp(0, PARIS))
    except typst.TypstError:
        return False
    return True


# --- French dates -----------------------------------------------------------------------------------------

_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
_UNITS = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
    *("dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"),
)
_TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante", 8: "quatre-vingt"}


def french_date(day: date) -> str:
    """« 1er mars 2015 », with no-break spaces."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number}\u00a0{_MONTHS[day.month - 1]}\u00a0{day.year}"


def date_in_words(day: date) -> str:
    """« le premier mars deux mille quinze », as acts write it."""
    number = "premier" if day.day == 1 else " ".join(_words(day.day))
    return f"le {number} {_MONTHS[day.month - 1]} {' '.join(_words(day.year))}"


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
