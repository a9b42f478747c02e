"""What a cell may say: each kind reads a cell into a value, writes a value back, and shows it to a clerk.

Kinds know nothing of registers. A cell that cannot be read raises ``CellFault`` with a French sentence that says what
to type instead. For every value of a kind ``read(write(value)) == value``: what is exported can be imported.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final, Protocol

from cases.finess import finess_fault, plain
from cases.imports.reading import Cell, ErrorCell, Formula, plain_heading
from cases.money import NARROW_SPACE, AmountError, format_eur, parse_amount
from cases.text import fault_of

_FRENCH_DAY: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_ISO_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?", re.ASCII)
_METRES: Final = re.compile(r"\s*m\s*[²2]\s*$", re.IGNORECASE)
_BLANKS: Final = re.compile(r"[\s\u00a0\u202f]+")
_FIGURES: Final = re.compile(r"[0-9]{1,9}(?:,0{1,2})?", re.ASCII)


class CellFault(ValueError):
    """A cell that cannot be taken; its text is the sentence for the clerk."""


def shown(cell: Cell) -> str:
    """A cell as a sentence quotes it, short."""
    text = " ".join(str(cell).split())
    return text if len(text) <= 60 else f"{text[:60]}…"


def as_text(cell: Cell) -> str:
    """The text of a cell; a whole number without its decimals. Raises ``CellFault`` for what is no text."""
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, bool):
        raise CellFault("Cette cellule contient VRAI ou FAUX : mettez-la au format Texte et écrivez le mot.")
    if isinstance(cell, int | float):
        return f"{cell:.15g}".replace(".", ",")
    raise CellFault("Cette cellule contient une date ou une heure : mettez-la au format Texte.")


def as_number(cell: Cell) -> Decimal | str:
    """A number exactly as the spreadsheet shows it (fifteen figures), or the text to be read. Raises ``CellFault``."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return Decimal(f"{cell:.15g}")
    raise CellFault("Cette cellule n’est pas un nombre : mettez-la au format Nombre et retapez la valeur.")


@dataclass(frozen=True, slots=True)
class Kind(ABC):
    """What a cell of a column holds. ``format`` is how a spreadsheet shows such values."""

    format: ClassVar[str] = "@"

    def read(self, cell: Cell) -> Any:
        """The value of a cell that is not blank. Raises ``CellFault``."""
        if isinstance(cell, Formula):
            raise CellFault(
                "Cette cellule contient une formule : copiez-la, puis collez-la en valeur (« Collage spécial »)."
            )
        if isinstance(cell, ErrorCell):
            raise CellFault(f"Le tableur affiche une erreur ({cell.text}) : corrigez la cellule ou videz-la.")
        return self.value(cell)

    @abstractmethod
    def value(self, cell: Cell) -> Any:
        """``read`` once formulas and errors are out of the way."""

    def write(self, value: Any) -> Cell | Decimal:
        """The cell that holds a value."""
        return value  # type: ignore[no-any-return]

    def show(self, value: Any) -> str:
        """The value as a page shows it."""
        return "" if value is None else str(self.write(value))

    @property
    @abstractmethod
    def expected(self) -> str:
        """What is to be typed, for the sheet of explanations."""

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be typed, when that is a list."""
        return ()


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """A text of one line."""

    limit: int = 160

    def value(self, cell: Cell) -> str:
        text = as_text(cell)
        if fault := fault_of(text, limit=self.limit):
            raise CellFault(fault)
        return text

    @property
    def expected(self) -> str:
        return f"Un texte de {self.limit} caractères au plus."


@dataclass(frozen=True, slots=True)
class Code(Kind):
    """The code of a row or of a body: small letters, figures, hyphens. Capitals are taken for small letters."""

    def value(self, cell: Cell) -> str:
        text = as_text(cell).lower()
        if fault := fault_of(text, limit=40):
            raise CellFault(fault)
        return text

    @property
    def expected(self) -> str:
        return "Minuscules sans accents, chiffres et tirets, 40 caractères au plus."


class HasCode(Protocol):
    """A body."""

    code: str


@dataclass(frozen=True, slots=True)
class Body(Code):
    """A body, named by its code. Reading gives the code: who holds the bodies finds it."""

    def write(self, value: HasCode | None) -> str:
        return value.code if value else ""

    @property
    def expected(self) -> str:
        return "Le code d’un organisme."


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of the labels; the words of the program are understood too."""

    labels: Mapping[str, str]
    """Value → label."""

    def value(self, cell: Cell) -> str:
        asked = plain_heading(as_text(cell))
        for value, label in self.labels.items():
            if asked and asked in (plain_heading(label), plain_heading(value)):
                return value
        raise CellFault(
            f"« {shown(cell)} » n’est pas dans la liste. Écrivez : {', '.join(f'« {one} »' for one in self.choices)}."
        )

    def write(self, value: str) -> str:
        return self.labels[value] if value else ""

    @property
    def expected(self) -> str:
        return "Une valeur de la liste."

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(self.labels.values())


@dataclass(frozen=True, slots=True)
class YesNo(Kind):
    """Oui or non."""

    _words: ClassVar[dict[str, bool]] = {
        **dict.fromkeys(("oui", "o", "vrai", "true", "1"), True),
        **dict.fromkeys(("non", "n", "faux", "false", "0"), False),
    }

    def value(self, cell: Cell) -> bool:
        if isinstance(cell, bool):
            return cell
        word = plain_heading(str(cell))
        if word not in self._words:
            raise CellFault(f"« {shown(cell)} » n’est ni « Oui » ni « Non » : écrivez l’un des deux.")
        return self._words[word]

    def write(self, value: bool) -> str:
        return "Oui" if value else "Non"

    @property
    def expected(self) -> str:
        return "Oui ou Non."

    @property
    def choices(self) -> tuple[str, ...]:
        return ("Oui", "Non")


@dataclass(frozen=True, slots=True)
class Amount(Kind):
    """Euros, zero or more, two decimals at most."""

    format: ClassVar[str] = "#,##0.00"

    def value(self, cell: Cell) -> Decimal:
        try:
            amount = parse_amount(as_number(cell), signed=True)
        except AmountError as error:
            raise CellFault(str(error)) from None
        if amount < 0:
            raise CellFault("Ce montant ne peut pas être négatif : indiquez zéro ou plus.")
        return amount

    def write(self, value: Decimal | None) -> Decimal | None:
        return value

    def show(self, value: Decimal | None) -> str:
        return "" if value is None else format_eur(value)

    @property
    def expected(self) -> str:
        return "Un montant en euros, zéro ou plus : 1 234,50."


@dataclass(frozen=True, slots=True)
class Surface(Kind):
    """m², zero or more, two decimals at most."""

    format: ClassVar[str] = "#,##0.00"
    _most: ClassVar[Decimal] = Decimal(10) ** 8

    def value(self, cell: Cell) -> Decimal:
        number = as_number(cell)
        try:
            surface = parse_amount(
                _METRES.sub("", number) if isinstance(number, str) else number, signed=True
            )
        except AmountError:
            raise CellFault(
                f"« {shown(cell)} » n’est pas une surface sûre : écrivez-la en m², deux décimales au plus, "
                "par exemple « 1 234,50 »."
            ) from None
        if not 0 <= surface < self._most:
            raise CellFault("Indiquez une surface en m², zéro ou plus, inférieure à cent millions.")
        return surface

    def show(self, value: Decimal | None) -> str:
        if value is None:
            return ""
        digits = f"{value:,.2f}".replace(",", NARROW_SPACE).replace(".", ",")
        return f"{digits} m²"

    @property
    def expected(self) -> str:
        return "Une surface en m² : 1 234,50."


@dataclass(frozen=True, slots=True)
class Whole(Kind):
    """A whole number between two bounds, both allowed."""

    least: int = 0
    most: int = 99_999
    format: ClassVar[str] = "0"

    def value(self, cell: Cell) -> int:
        number = as_number(cell)
        if isinstance(number, str):
            text = _BLANKS.sub("", number)
            if not _FIGURES.fullmatch(text):
                raise CellFault(f"« {shown(cell)} » n’est pas un nombre entier : écrivez-le en chiffres.")
            number = Decimal(text.replace(",", "."))
        if not number.is_finite() or number % 1 or not self.least <= number <= self.most:
            raise CellFault(f"Indiquez un nombre entier entre {self.least} et {self.most}.")
        return int(number)

    @property
    def expected(self) -> str:
        return f"Un nombre entier entre {self.least} et {self.most}."


@dataclass(frozen=True, slots=True)
class Day(Kind):
    """A day: a date of the spreadsheet, 31/12/2015 or 2015-12-31."""

    format: ClassVar[str] = "dd/mm/yyyy"

    def value(self, cell: Cell) -> date:
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        text = shown(cell)
        if isinstance(cell, str):
            try:
                if found := _FRENCH_DAY.fullmatch(text):
                    return date(*(int(part) for part in reversed(found.groups())))
                if found := _ISO_DAY.fullmatch(text):
                    return date(*(int(part) for part in found.groups()))
            except ValueError:
                raise CellFault(f"« {text} » n’existe pas dans le calendrier : corrigez la date.") from None
        if isinstance(cell, int | float | time | timedelta):
            raise CellFault(
                f"« {text} » n’est pas une date : mettez la cellule au format Date, ou écrivez 31/12/2015."
            )
        raise CellFault(f"« {text} » n’est pas une date : écrivez-la comme 31/12/2015.")

    def show(self, value: date | None) -> str:
        return f"{value:%d/%m/%Y}" if value else ""

    @property
    def expected(self) -> str:
        return "Une date : 31/12/2015."


@dataclass(frozen=True, slots=True)
class Finess(Kind):
    """A FINESS number, its key checked. A spreadsheet that took it for a number lost the zero in front."""

    def value(self, cell: Cell) -> str:
        text = as_text(cell)
        if isinstance(cell, int | float) and len(text) == 8:
            text = f"0{text}"
        if fault := finess_fault(text):
            raise CellFault(fault)
        return plain(text)

    @property
    def expected(self) -> str:
        return "Les neuf caractères du numéro, au format Texte."
