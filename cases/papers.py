"""What callers give for a paper: tables of lines, the vote of a board, the sentences of one kind of act. Pure.

:func:`money_table` writes amounts and adds them up; :class:`PaperTable` takes cells as they are to be printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypedDict

from cases.money import NO_BREAK_SPACE, format_eur

_EURO_SIGN = f"{NO_BREAK_SPACE}€"
IN_EUROS = "en euros"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its header, and whether its cells are amounts or counts (set to the right)."""

    label: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A table of a paper: cells as printed, row by row, ``total`` under a rule. ``unit`` stands beside the caption.

    Raises ``ValueError`` when there is no column, or when a row has not one cell for each column.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.columns:
            raise ValueError(f"table {self.caption!r} has no column")
        for row in (*self.rows, *([self.total] if self.total is not None else [])):
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table {self.caption!r} has {len(self.columns)} columns, a row has {len(row)}: {row!r}"
                )


def money_table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[str | Decimal]],
    *,
    total_label: str = "Total",
) -> PaperTable:
    """A table of amounts in EUR: a ``Decimal`` is written « 1 234,50 », « en euros » stands beside the caption.

    The total is the exact sum of each numeric column that holds amounts only; ``total_label`` stands in the first
    column, and no total is written when it is empty, when there are no rows or when the first column is numeric.
    """
    cells = [tuple(row) for row in rows]
    total: tuple[str, ...] | None = None
    if cells and total_label and not columns[0].numeric:
        total = (total_label, *(_sum(column, index, cells) for index, column in enumerate(columns) if index))
    return PaperTable(
        caption=caption,
        columns=tuple(columns),
        rows=tuple(tuple(_cell(value) for value in row) for row in cells),
        total=total,
        unit=IN_EUROS,
    )


def _sum(column: Column, index: int, rows: Sequence[tuple[str | Decimal, ...]]) -> str:
    amounts = [row[index] for row in rows if index < len(row)]
    decimals = [amount for amount in amounts if isinstance(amount, Decimal)]
    if not column.numeric or len(decimals) != len(amounts):
        return ""
    return _cell(sum(decimals, Decimal(0)))


def _cell(value: str | Decimal) -> str:
    return format_eur(value).removesuffix(_EURO_SIGN) if isinstance(value, Decimal) else value


@dataclass(frozen=True, slots=True)
class Vote:
    """The vote of a board. ``members`` is how many it has; ``session`` completes « en » (« séance ordinaire »).

    Raises ``ValueError`` for negative counts and for more votes than members: the path refuses those before.
    """

    voted_on: date
    votes_for: int
    votes_against: int
    abstentions: int
    members: int
    adopted: bool
    session: str = ""

    def __post_init__(self) -> None:
        if min(self.votes_for, self.votes_against, self.abstentions) < 0 or self.not_voting < 0:
            raise ValueError(f"impossible vote: {self!r}")

    @property
    def not_voting(self) -> int:
        """Members who took no part."""
        return self.members - self.votes_for - self.votes_against - self.abstentions


class PaperOptions(TypedDict, total=False):
    """The keywords of ``record_decision`` that say what one kind of paper prints; all may be left out.

    ``ruling``: what the first article says, a verb phrase without its subject and full stop (« effectue les
    virements de crédits ci-dessous ») or, with a capital, whole sentences. ``mark``: the line at the head of the
    box (« Virement effectué »). ``amount``: EUR, the dossier's by default; ``amount_label``: « Montant total », or
    empty for no amount. ``subject_lines``: label and text, instead of the exercise and the facilities. ``tables``
    follow the first article. ``considerations`` complete « Vu ». ``finding``: the paper records what the text itself
    brings about (a deemed approval), nobody decides; ``ruling`` is then a whole sentence.
    """

    ruling: str
    mark: str
    amount: Decimal | None
    amount_label: str
    subject_lines: Sequence[tuple[str, str]]
    tables: Sequence[PaperTable]
    vote: Vote | None
    considerations: Sequence[str]
    finding: bool
