"""What a register asks of a file: its columns, how each is read, and what is wrong with a row as a whole.

A register is described once (``cases.imports.property``, ``cases.imports.facilities``); the template, the reading, the
preview and the history of what was loaded all follow from that description.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from django.db.models import Model

from cases.imports.cells import Body, CellFault, Kind, shown
from cases.imports.reading import Cell, Table, column_letter, is_blank, plain_heading, refused
from cases.models import Organisation, User
from cases.permissions import Holding
from cases.register_terms import RegisterKind

#: Codes of bodies that a sentence lists.
MAX_CODES: Final = 15


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a register's files.

    ``field`` is the field of the model, ``heading`` the French heading, ``missing`` the sentence for a cell that may
    not be blank (blank itself when it may), ``empty`` the value of a blank cell, and of a new row in a file without the
    column. ``first_only``: the sentence of a row that would change this field of what is in the register already.
    ``note`` explains the column in the template, ``example`` shows a cell.
    """

    field: str
    heading: str
    kind: Kind
    missing: str = ""
    empty: Any = None
    first_only: str = ""
    note: str = ""
    example: Cell | Decimal = None

    @property
    def required(self) -> bool:
        """Whether the file must have the column, and each row a value."""
        return bool(self.missing)

    @property
    def kept_when_blank(self) -> bool:
        """Whether a blank cell leaves the register as it is, instead of emptying the field."""
        return bool(self.first_only) and not self.required

    def read(self, cell: Cell, scope: Scope) -> Any:
        """The value of a cell. Raises ``CellFault``."""
        if is_blank(cell):
            if self.missing:
                raise CellFault(self.missing)
            return self.empty
        value = self.kind.read(cell)
        return scope.body(value) if isinstance(self.kind, Body) else value


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a row: its number in the spreadsheet, the heading of the column, and a sentence."""

    row: int
    heading: str
    sentence: str

    def as_list(self) -> list[Any]:
        """As the import keeps it."""
        return [self.row, self.heading, self.sentence]


@dataclass(slots=True)
class Record:
    """A row that was read: ``values`` by field, ``existing`` what bears its code in the register.

    ``changes`` are those of the history: field → before and after, plain values; empty when nothing changes.
    """

    number: int
    code: str
    values: dict[str, Any]
    existing: Any = None
    changes: dict[str, list[Any]] = field(default_factory=dict)
    subject: Any = None
    """The row of the register as it will be written."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Who imports, on which day, and the bodies that a row may name, by code."""

    actor: User
    holdings: tuple[Holding, ...]
    today: date
    now: datetime
    bodies: Mapping[str, Organisation]

    def body(self, code: str) -> Organisation:
        """The body of that code. Raises ``CellFault``."""
        if code not in self.bodies:
            codes = ", ".join(f"« {one} »" for one in list(self.bodies)[:MAX_CODES])
            raise CellFault(
                f"Aucun organisme n’a le code « {shown(code)} ». Écrivez un code connu : {codes}."
            )
        return self.bodies[code]


class Register(ABC):
    """A register that files can be loaded into."""

    kind: ClassVar[RegisterKind]
    title: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]
    page: ClassVar[str]
    """Name of the address of the page that uploads a file."""

    @classmethod
    def column(cls, name: str) -> Column:
        """The column of a field."""
        return next(one for one in cls.columns if one.field == name)

    @classmethod
    def heading(cls, name: str) -> str:
        """The heading of a field's column; the code's when the file could not have it."""
        return next((one.heading for one in cls.columns if one.field == name), cls.columns[0].heading)

    @abstractmethod
    def capacity(self, holdings: Sequence[Holding]) -> str:
        """In which capacity somebody imports; nothing for those who may not."""

    @abstractmethod
    def subjects(self, holdings: Sequence[Holding]) -> Iterable[Any]:
        """What stands in the register that these holdings may change, to fill a template. One statement."""

    @abstractmethod
    def known(self, codes: Sequence[str], *, lock: bool) -> dict[str, Any]:
        """What bears these codes in the register, with the owner. One statement, locking the rows when asked."""

    @abstractmethod
    def prepare(self, records: Sequence[Record], scope: Scope) -> None:
        """Look up what judging all these records takes. A number of statements that does not depend on each row."""

    def forbid(self, record: Record, scope: Scope) -> Iterator[tuple[str, str]]:
        """Why this person may not import this very row, said before anything else is judged. No statement."""
        return iter(())

    @abstractmethod
    def judge(self, record: Record, scope: Scope) -> Iterator[tuple[str, str]]:
        """What is wrong with a record whose cells were understood: field and sentence. No statement.

        Called for every record, in the order of the file.
        """

    @abstractmethod
    def save_new(self, records: Sequence[Record], scope: Scope) -> None:
        """Insert new rows and set ``record.subject``."""

    @abstractmethod
    def save_changed(self, records: Sequence[Record], fields: Iterable[str], scope: Scope) -> None:
        """Write rows that change, of which these fields do, and set ``record.subject``."""

    @abstractmethod
    def save_history(self, records: Sequence[Record], scope: Scope, capacity: str, motive: str) -> None:
        """Write what changed, one row of history for each."""


def plain_value(value: Any) -> Any:
    """A value as histories keep it: amounts and days as texts, a body by its code."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Model):
        return value.code  # type: ignore[attr-defined]
    return str(value) if isinstance(value, str) else value


def match_headings(register: Register, table: Table) -> tuple[Column | None, ...]:
    """The column of the register under each heading of a file, None below a blank one.

    Raises ``Invalid`` with one sentence for each heading that is unknown or repeated and each column that is missing.
    """
    by_name = {plain_heading(one.heading): one for one in register.columns}
    matched: list[Column | None] = []
    places: dict[str, int] = {}
    sentences: list[str] = []
    for index, heading in enumerate(table.headings):
        if not heading:
            matched.append(None)
            continue
        column = by_name.get(plain_heading(heading))
        matched.append(column)
        letter = column_letter(index)
        if column is None:
            sentences.append(_unknown(register, heading, letter))
        elif column.field in places:
            sentences.append(
                f"L’en-tête « {column.heading} » est deux fois dans le fichier, colonnes "
                f"{column_letter(places[column.field])} et {letter}. Gardez-en une seule."
            )
        else:
            places[column.field] = index
    missing = [one for one in register.columns if one.required and one.field not in places]
    sentences += [
        f"Il manque la colonne « {one.heading} ». Ajoutez-la, comme dans le modèle." for one in missing
    ]
    if len(missing) == sum(one.required for one in register.columns):
        sentences = [
            f"Aucun en-tête de la ligne {table.number} n’est celui du modèle. Vérifiez que la première ligne remplie "
            "de la première feuille porte les en-têtes, et que c’est bien le fichier de ce registre."
        ]
    if sentences:
        raise refused(*sentences)
    return tuple(matched)


def _unknown(register: Register, heading: str, letter: str) -> str:
    quoted = heading if len(heading) <= 60 else f"{heading[:60]}…"
    names = {plain_heading(one.heading): one.heading for one in register.columns}
    near = difflib.get_close_matches(plain_heading(heading)[:80], names, n=1, cutoff=0.75)
    advice = (
        f"Vouliez-vous dire « {names[near[0]]} » ?"
        if near
        else "Reprenez un en-tête du modèle, ou supprimez la colonne."
    )
    return f"L’en-tête « {quoted} » (colonne {letter}) n’est pas connu. {advice}"
