"""PDF documents: typst templates of ``templates/pdf`` filled with data, as PDF/A-2b and PDF/UA-1 at once.

:func:`render_pdf` is the mechanism, :func:`render_decision` the decision on a dossier, :func:`render_notice` the
information of one addressee, :func:`render_statement` a computation line by line.

Data reaches a template as JSON in ``sys.inputs`` and never as template source, so that text with typst
markup in it prints as it was typed. Equal data give equal bytes: the only fonts are those inside the typst
package, and the moment written into the file is the data's ``timestamp``. What no font can show (emoji,
Chinese…) would make the file break the standards; it is replaced by U+FFFD rather than refused, because a
decision must not fail for the title somebody chose.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict
from zoneinfo import ZoneInfo

import typst

from cases.french import date_in_words, french_date
from cases.money import format_eur
from cases.papers import PaperTable

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "pdf"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
#: Bounds of the length (characters) by which the text columns of a table share its width.
NARROWEST, WIDEST = 8, 36
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


class ColumnData(TypedDict):
    """A column of a table: its header, and whether its cells are set to the right."""

    label: str
    numeric: bool


class TableData(TypedDict):
    """A table, cells as printed; as ``cases.papers.PaperTable`` (:func:`table_data`)."""

    caption: str
    unit: str
    columns: list[ColumnData]
    rows: list[list[str]]
    total: list[str]


class VoteData(TypedDict):
    """The vote of a board, as ``cases.papers.Vote``; ``voted_on`` is an ISO-8601 day."""

    voted_on: str
    votes_for: int
    votes_against: int
    abstentions: int
    members: int
    adopted: bool
    session: str


class Letterhead(TypedDict):
    """Whose paper it is: the body in large letters, a line under it."""

    body: str
    unit: str


CANSSM: Letterhead = {
    "body": "CANSSM",
    "unit": "Caisse autonome nationale de la sécurité sociale dans les mines",
}
KINDS = Literal["approval", "refusal", "dispense", "commitment", "agreement", "deliberation", "opinion"]


class DecisionData(TypedDict):
    """What the paper of a decision says (template ``decision``).

    ``kind``: ``approval`` (validates), ``refusal`` (does not), ``dispense`` (no prior validation asked),
    ``commitment`` (commits), ``agreement`` (a ministry agrees beforehand), ``deliberation`` (extract of a board's
    deliberation, with ``vote``), ``opinion`` (what a committee thinks, transmitted to the body; nobody decides).
    ``amount_ht`` and ``threshold``: EUR before tax, decimal strings. ``decided_at``: ISO-8601 with its
    offset. ``about`` completes « relative à »; ``authority`` is who decides in law (« Le directeur général de
    la CANSSM »), ``issuer`` the line of the letterhead (« Direction générale »); ``considerations`` complete
    « Vu » after the rules' visas (« la demande transmise le 3 mars 2015 »). ``conditions`` are whole
    sentences; without any, an approval states that the approved amount is a ceiling. ``journal_hash`` is the
    dossier's last fingerprint when the decision was taken, ``journal_sequence`` the number of its entry.

    Acts that are not investments: ``ruling`` is the first article (a verb phrase whose subject is ``subject``, by
    default ``authority``, or with a capital whole sentences), ``mark`` the line at the head of the box,
    ``amount_label`` the name of the amount, which is then not said to be before tax (empty: no amount),
    ``subject_lines`` replace exercise and facilities, ``tables`` follow the first article. ``addressee`` is who is
    notified, the organisation by default, nobody when empty. ``finding``: nobody decides, the text does.
    """

    document_reference: str
    kind: KINDS
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
    letterhead: NotRequired[Letterhead]
    subject: NotRequired[str]
    ruling: NotRequired[str]
    mark: NotRequired[str]
    amount_label: NotRequired[str]
    subject_lines: NotRequired[list[list[str]]]
    tables: NotRequired[list[TableData]]
    vote: NotRequired[VoteData]
    addressee: NotRequired[str]
    finding: NotRequired[bool]


class NoticeData(TypedDict):
    """What the information of one addressee on a virement says (template ``notice``).

    ``subject`` is the whole line of the object, ``addressee`` the body informed (« Direction du budget ») and
    ``addressee_office`` the line under it (« Ministère de tutelle »). ``authority`` did it (« Le directeur général
    de la CANSSM »). ``effected_on`` and ``due_on`` are ISO-8601 days: the virement, and the last day on which the
    addressee may be informed, by the rule ``delay``. ``acknowledge`` are whole sentences that say how to acknowledge
    receipt, ``subject_lines`` further facts (label, text). ``issued_at``: ISO-8601 with its offset.
    """

    document_reference: str
    reference: str
    subject: str
    addressee: str
    addressee_office: str
    authority: str
    issuer: str
    title: str
    subject_lines: list[list[str]]
    effected_on: str
    due_on: str
    delay: Visa
    reason: str
    tables: list[TableData]
    visas: list[Visa]
    acknowledge: str
    signatory: Decider
    issued_at: str
    journal_hash: str
    journal_sequence: int


class StatementData(TypedDict):
    """What a computation line by line says (template ``computation``): detailed statement, preview.

    ``heading`` is its name (« État détaillé des crédits non consommés »), ``about`` a phrase under it,
    ``introduction`` and ``notes`` whole sentences before and after the tables, ``visas`` the rules applied.
    ``issued_at``: ISO-8601 with its offset. ``reference`` is empty for what has no dossier; ``journal_hash`` too.
    ``landscape``: for tables of more than four amounts.
    """

    document_reference: str
    reference: str
    heading: str
    about: str
    issuer: str
    subject_lines: list[list[str]]
    introduction: str
    tables: list[TableData]
    notes: list[str]
    visas: list[Visa]
    landscape: bool
    issued_at: str
    journal_hash: str
    journal_sequence: int


def table_data(table: PaperTable) -> TableData:
    """A caller's table as the templates take it."""
    return {
        "caption": table.caption,
        "unit": table.unit,
        "columns": [{"label": one.label, "numeric": one.numeric} for one in table.columns],
        "rows": [list(row) for row in table.rows],
        "total": list(table.total or ()),
    }


def render_decision(data: DecisionData) -> bytes:
    """The decision as a PDF/A-2b and PDF/UA-1 document, in French."""
    return render_pdf("decision", decision_inputs(data))


def render_notice(data: NoticeData) -> bytes:
    """The information of one addressee as a PDF/A-2b and PDF/UA-1 document, in French."""
    return render_pdf("notice", notice_inputs(data))


def render_statement(data: StatementData) -> bytes:
    """A computation line by line as a PDF/A-2b and PDF/UA-1 document, in French."""
    return render_pdf("computation", statement_inputs(data))


def decision_inputs(data: DecisionData) -> dict[str, Any]:
    """What the template ``decision`` reads: the data, their defaults, amounts and dates as they are shown."""
    amount = data["amount_ht"]
    shown: dict[str, Any] = {
        "letterhead": CANSSM,
        "subject": data["authority"],
        "ruling": "",
        "mark": "",
        "amount_label": "Montant hors taxes",
        "tax": "" if "amount_label" in data else " hors taxes",
        "subject_lines": None,
        "vote": None,
        "addressee": data["organisation"],
        "finding": False,
        **data,
        "tables": [_weighed(table) for table in data.get("tables", [])],
        "amount_shown": format_eur(Decimal(amount)) if amount else "",
        "threshold_shown": format_eur(Decimal(data["threshold"])) if "threshold" in data else "",
    }
    if "vote" in data:
        vote = data["vote"]
        absent = vote["members"] - vote["votes_for"] - vote["votes_against"] - vote["abstentions"]
        shown["vote"] = {
            **vote,
            "shown_on": french_date(date.fromisoformat(vote["voted_on"])),
            "session": vote["session"] or "séance",
            "not_voting": absent,
        }
    return shown | _moment(data["decided_at"])


def notice_inputs(data: NoticeData) -> dict[str, Any]:
    """What the template ``notice`` reads."""
    return {
        **data,
        "tables": [_weighed(table) for table in data["tables"]],
        "effected_shown": french_date(date.fromisoformat(data["effected_on"])),
        "due_shown": french_date(date.fromisoformat(data["due_on"])),
        "letterhead": CANSSM,
        **_moment(data["issued_at"]),
    }


def statement_inputs(data: StatementData) -> dict[str, Any]:
    """What the template ``computation`` reads."""
    return {
        **data,
        "tables": [_weighed(table) for table in data["tables"]],
        "letterhead": CANSSM,
        **_moment(data["issued_at"]),
    }


def _moment(text: str) -> dict[str, str]:
    moment = datetime.fromisoformat(text)
    day = moment.astimezone(PARIS).date()
    return {
        "date_shown": french_date(day),
        "date_words": date_in_words(day),
        "timestamp": moment.isoformat(),
    }


def _weighed(table: TableData) -> dict[str, Any]:
    """The table with the share of width of each text column; 0 for one as wide as its amounts."""
    weights = []
    for index, column in enumerate(table["columns"]):
        longest = max((len(row[index]) for row in table["rows"]), default=0)
        widest = max(min(longest, WIDEST), len(column["label"]), NARROWEST)
        weights.append(0 if column["numeric"] and longest <= WIDEST else widest)
    return {**table, "weights": weights}


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
