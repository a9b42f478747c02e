"""A spreadsheet as rows: the first sheet of an XLSX, or a CSV. What cells mean is told by the columns of a register.

The file is a stranger's. A workbook is unpacked as a stream within bounds told beforehand, and rows are read one by one
until there are too many; formulas are not computed and their last results not trusted: the cell says so, and the row is
refused. A CSV may be in UTF-8 or Windows-1252, parted by ``;``, ``,``, tabs or ``|``. Row numbers are those that a
spreadsheet shows.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import IO, Any, Final

from openpyxl import load_workbook

from cases.content import CSV, XLSX, ContentType
from cases.errors import Invalid

MAX_ROWS: Final = 50_000
"""Rows with something in them, headings not counted."""
MAX_COLUMNS: Final = 50
MAX_MB: Final = 10
MAX_BYTES: Final = MAX_MB * 2**20

#: Unpacked bytes that a part of a workbook may have: rows are streamed, texts kept, the rest parsed as a whole.
_SHEET_BYTES: Final = 96 * 2**20
_TEXT_BYTES: Final = 32 * 2**20
_OTHER_BYTES: Final = 2 * 2**20
_CHUNK: Final = 2**20
#: Rows that Excel can number.
_LAST_NUMBER: Final = 1_048_576
_MERGED: Final = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z0-9:$]{1,25})[\"']")
_DECLARATION: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_DELIMITERS: Final = ";,\t|"
_FORMULA: Final = re.compile(r"\s*=")
_ERRORS: Final = frozenset(
    {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!"}
)
_PLAIN: Final = (int, float, datetime, date, time, timedelta)


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that computes its value."""


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell in which the spreadsheet shows an error; ``text`` is that error, « #N/A »."""

    text: str


Cell = str | int | float | bool | date | datetime | time | timedelta | Formula | ErrorCell | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not blank: its number in the spreadsheet, one cell for each heading."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Headings as typed, the number of their row, and the rows below that are not blank."""

    headings: tuple[str, ...]
    number: int
    rows: tuple[Row, ...]


@lru_cache(maxsize=4096)
def plain_heading(text: str) -> str:
    """What two spellings of a heading have in common: « Surface (m²) » and « SURFACE M2 » are the same."""
    letters = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe")).casefold()
    return "".join(character for character in letters if character.isascii() and character.isalnum())


def column_letter(index: int) -> str:
    """How a spreadsheet names the column with that index, 0 being A."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def read_table(file: IO[bytes], kind: ContentType, known: Iterable[str]) -> Table:
    """The table in a file that ``cases.content.sniff`` recognised; ``known`` are headings, to tell what parts a CSV.

    Raises ``Invalid`` (details of ``file``): not a spreadsheet, too large, damaged, merged cells, no row below the
    headings, too many rows or columns, a value below no heading.
    """
    if kind not in (XLSX, CSV):
        raise refused(
            f"Ce fichier est {kind.indefinite}. Enregistrez le tableau en XLSX ou en CSV, puis déposez-le."
        )
    file.seek(0, 2)
    if file.tell() > MAX_BYTES:
        raise refused(
            f"Ce fichier dépasse {MAX_MB} Mo. Enregistrez-le sans images ni feuilles inutiles, ou partagez-le en "
            "plusieurs fichiers."
        )
    file.seek(0)
    return _table(_workbook_rows(file) if kind == XLSX else _csv_rows(file, known))


def refused(*sentences: str) -> Invalid:
    """The refusal of a whole file: nothing of it is kept."""
    return Invalid(sentences[0], details={"file": list(sentences)})


def is_blank(cell: Cell) -> bool:
    """Whether there is nothing in a cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _table(numbered: Iterator[tuple[int, tuple[Cell, ...]]]) -> Table:
    headings: tuple[str, ...] = ()
    first = 0
    rows: list[Row] = []
    for number, cells in numbered:
        if all(is_blank(cell) for cell in cells):
            continue
        if not headings:
            headings, first = _headings(number, cells), number
            continue
        for index, cell in enumerate(cells):
            if (index >= len(headings) or not headings[index]) and not is_blank(cell):
                raise refused(
                    f"La colonne {column_letter(index)} n’a pas d’en-tête, mais la ligne {number} y porte une valeur. "
                    "Donnez-lui l’en-tête du modèle, ou supprimez la colonne."
                )
        if len(rows) == MAX_ROWS:
            raise refused(
                f"Ce fichier a plus de {MAX_ROWS:,} lignes. Partagez-le en plusieurs fichiers.".replace(
                    ",", "\u202f", 1
                )
            )
        width = len(headings)
        rows.append(Row(number, (cells + (None,) * width)[:width]))
    if not headings:
        raise refused("La première feuille est vide. Remplissez le modèle, puis déposez-le de nouveau.")
    if not rows:
        raise no_rows()
    return Table(headings, first, tuple(rows))


def no_rows() -> Invalid:
    """The refusal of a file with headings alone."""
    return refused(
        "Ce fichier n’a que des en-têtes. Remplissez au moins une ligne, puis déposez-le de nouveau."
    )


def _headings(number: int, cells: tuple[Cell, ...]) -> tuple[str, ...]:
    found = [" ".join(str(cell).split()) if isinstance(cell, str) else "" for cell in cells]
    for index, cell in enumerate(cells):
        if not isinstance(cell, str) and not is_blank(cell):
            raise refused(
                f"La cellule {column_letter(index)}{number} devrait être un en-tête. La première ligne remplie du "
                "tableau porte les en-têtes du modèle, sans titre au-dessus."
            )
    while found and not found[-1]:
        found.pop()
    if len(found) > MAX_COLUMNS:
        raise refused(
            f"Ce tableau a plus de {MAX_COLUMNS} colonnes. Gardez celles du modèle, puis déposez-le de nouveau."
        )
    return tuple(found)


# --- XLSX -------------------------------------------------------------------------------------------------------------


def _workbook_rows(file: IO[bytes]) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    _check_parts(file)
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of openpyxl: styles and extensions that we do not read
            yield from _sheet_rows(file)
    except Invalid:
        raise
    except Exception:  # noqa: BLE001 (whatever a damaged or hostile workbook makes the library raise)
        raise _damaged() from None


def _sheet_rows(file: IO[bytes]) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    try:
        if not book.worksheets:
            raise refused("Ce classeur n’a aucune feuille de calcul. Remplissez le modèle, puis déposez-le.")
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        lines = sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True)
        for number, cells in enumerate(lines, start=1):
            if number > _LAST_NUMBER:
                raise _damaged()
            if cells.count(None) < len(cells):  # a sheet may number its rows with gaps of a million
                yield number, tuple(map(_cell, cells))
    finally:
        book.close()


def _cell(value: Any) -> Cell:
    """A value of openpyxl, which gives formulas as texts or objects of its own, and errors as texts."""
    if isinstance(value, str):
        return Formula() if _FORMULA.match(value) else ErrorCell(value) if value in _ERRORS else value
    return value if value is None or isinstance(value, _PLAIN) else Formula()


def _check_parts(file: IO[bytes]) -> None:
    """Bound what is going to be unpacked, and look for what no honest workbook has or we cannot read.

    ``zipfile`` never gives more of a member than the size that the archive announces, which is what is bounded here.
    """
    merged: list[str] = []
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                name = member.filename.lower()
                is_sheet = bool(_SHEET.fullmatch(name))
                most = _SHEET_BYTES if is_sheet else _TEXT_BYTES if "sharedstrings" in name else _OTHER_BYTES
                is_read = name.endswith((".xml", ".rels"))
                if is_read and member.file_size > most:
                    raise refused(
                        "Ce classeur est trop grand une fois décompressé. Recopiez les valeurs dans le modèle vierge, "
                        "puis déposez-le."
                    )
                if is_read:
                    merged += _look(archive, member, is_sheet=is_sheet)
    except Invalid:
        raise
    except Exception:  # noqa: BLE001 (as above)
        raise _damaged() from None
    if merged:
        shown = ", ".join(merged[:5])
        raise refused(
            f"Des cellules sont fusionnées ({shown}) : on ne sait pas à quelle ligne va leur valeur. Défusionnez-les, "
            "remplissez chaque ligne, puis déposez de nouveau le fichier."
        )


def _look(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, is_sheet: bool) -> list[str]:
    merged: list[str] = []
    tail = b""
    with archive.open(member) as part:
        while chunk := part.read(_CHUNK):
            window = tail + chunk
            if not tail and b"\x00" in window[:8]:  # UTF-16, which spreadsheets never write
                raise _damaged()
            if _DECLARATION.search(window):
                raise _damaged()
            if is_sheet and (b"mergeCell" in window):
                merged += [ref.decode() for ref in _MERGED.findall(window)]
            tail = chunk[-200:]
    return list(dict.fromkeys(merged))


def _damaged() -> Invalid:
    return refused(
        "Ce classeur est abîmé ou illisible. Ouvrez-le sur votre poste, recopiez les valeurs dans le modèle vierge, "
        "puis déposez-le."
    )


# --- CSV --------------------------------------------------------------------------------------------------------------


def _csv_rows(file: IO[bytes], known: Iterable[str]) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    text = decoded(file.read(MAX_BYTES + 1))
    delimiter = _delimiter(text, {plain_heading(heading) for heading in known})
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, row in enumerate(rows, start=1):
            if len(row) > MAX_COLUMNS and any(cell.strip() for cell in row[MAX_COLUMNS:]):
                raise refused(
                    f"Ce tableau a plus de {MAX_COLUMNS} colonnes. Gardez celles du modèle, puis déposez-le de nouveau."
                )
            yield number, tuple(map(_cell, row[:MAX_COLUMNS]))
    except csv.Error:
        raise refused(
            f"Après la ligne {number}, des guillemets sont mal fermés. Enregistrez de nouveau le tableau en "
            "« CSV UTF-8 » ou en XLSX depuis votre tableur."
        ) from None


def decoded(content: bytes) -> str:
    """The text of a CSV in UTF-8, with or without its mark, or in Windows-1252. Raises ``Invalid``."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refused("Ce fichier n’est pas un texte lisible. Enregistrez-le en « CSV UTF-8 » ou en XLSX.")


def _delimiter(text: str, known: set[str]) -> str:
    """What parts the first row into most of the headings that are known; ``;`` when nothing does."""
    line = next((one for one in text.splitlines() if one.strip(" ;,\t|")), "")

    def headings(delimiter: str) -> int:
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            return 0
        return len({plain_heading(cell) for cell in cells} & known)

    return max(_DELIMITERS, key=headings)
