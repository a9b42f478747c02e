"""The budget tables of the COG 2014-2017 as printed, read from ``cases/budget_data/*.csv``, and their sums
checked.

Facts of the convention's annex: a figure stands there as printed (decimal comma, spaces between thousands;
empty: nothing printed) with the line of the text where it stands. The FNGA prints millions of euros, the
other funds euros; :func:`read_tables` gives EUR. ``checks.csv`` holds the sums between tables; the sums
inside a table follow from its tree. ``differences.csv`` holds every sum that does not add up in print, and
what it means.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from cases.budget_terms import FigureKind, FundCode, Mark
from cases.money import parse_amount

DATA: Final = Path(__file__).resolve().parent / "budget_data"
YEARS: Final = (2012, 2013, 2014, 2015, 2016, 2017)
BUDGET_YEARS: Final = (2014, 2015, 2016, 2017)
RESERVE_YEARS: Final = (2010, 2011, 2012, 2013)

_UNITS: Final[Mapping[FundCode, int]] = {FundCode.FNGA: 1_000_000}
_FIGURE: Final = re.compile(r"-?[0-9]{1,3}(?: [0-9]{3})*(?:,[0-9]{2})?(?P<forecast> \(\*\))?")
_CENT: Final = Decimal("0.01")

Role = Literal["leaf", "total", "detail", "recap"]


class TableError(ValueError):
    """A data file that is damaged; the message names the file, the row and the fault."""


@dataclass(frozen=True, slots=True)
class Row:
    """One printed row. ``figures`` are in EUR by year; a year without a printed figure is absent.

    ``leaf`` rows bear credits, ``total`` rows are sums, ``detail`` rows (« dont ») tell a leaf apart
    without bearing credits, ``recap`` rows repeat other tables.
    """

    fund: FundCode
    code: str
    parent: str
    role: Role
    section: str
    nature: str
    side: str
    group: str
    mark: str
    label: str
    figures: Mapping[int, Decimal]
    line: int
    note: str

    @property
    def in_budget(self) -> bool:
        """Whether the row is a line of the budget rather than a memory or a repetition."""
        return self.role in ("leaf", "total")


@dataclass(frozen=True, slots=True)
class Difference:
    """A sum that does not add up, in EUR: what is printed and what its parts make."""

    fund: str
    total: str
    parts: str
    year: int
    printed: Decimal
    recomputed: Decimal

    @property
    def difference(self) -> Decimal:
        """Printed minus recomputed."""
        return self.printed - self.recomputed


@dataclass(frozen=True, slots=True)
class Checked:
    """Outcome of all sums: how many were made, and those that differ."""

    sums: int
    differences: tuple[Difference, ...]


def figure_kind(fund: str, year: int) -> FigureKind:
    """What a printed figure of that fund and year is."""
    if year not in BUDGET_YEARS:
        return FigureKind.EXECUTED
    return FigureKind.FORECAST if (fund, year) == (FundCode.FNPPS, 2017) else FigureKind.BUDGET


def read_tables(folder: Path = DATA) -> dict[FundCode, tuple[Row, ...]]:
    """Return the rows of every fund, parents before their children; :class:`TableError` when a file is
    damaged.
    """
    return {fund: tuple(_rows(folder, fund)) for fund in FundCode}


def read_reserves(folder: Path = DATA) -> dict[str, dict[int, Decimal]]:
    """Return the reserves and retained earnings of the FNMO (printed « pour mémoire »), EUR by key and
    year.
    """
    found: dict[str, dict[int, Decimal]] = {}
    for place, row in _records(folder / "fnmo_reserves.csv"):
        found[row["key"]] = {
            year: amount for year in RESERVE_YEARS if (amount := _figure(place, row[str(year)])) is not None
        }
    return found


def known_differences(folder: Path = DATA) -> dict[Difference, str]:
    """Return the sums that are known not to add up in print, each with its reading (French)."""
    return {
        Difference(
            row["fund"],
            row["total"],
            row["parts"],
            int(row["year"]),
            parse_amount(row["printed"], signed=True),
            parse_amount(row["recomputed"], signed=True),
        ): row["reading"]
        for _, row in _records(folder / "differences.csv")
    }


def check_tables(folder: Path = DATA) -> Checked:
    """Make every sum that the tables print: inside each tree, between tables, and along the reserves of the
    FNMO.
    """
    tables = read_tables(folder)
    sums: list[Difference] = []
    for fund, rows in tables.items():
        by_code = {row.code: row for row in rows}
        for total, parts in _sums_of_tree(rows):
            sums += _compared(fund, by_code, total, parts)
    for place, check in _records(folder / "checks.csv"):
        by_code = {row.code: row for row in tables[FundCode(check["fund"])]}
        if unknown := {check["total"], *check["parts"].split()} - set(by_code):
            raise TableError(f"{place}: unknown rows {sorted(unknown)}")
        sums += _compared(check["fund"], by_code, check["total"], tuple(check["parts"].split()))
    sums += _reserve_sums(read_reserves(folder))
    return Checked(len(sums), tuple(one for one in sums if one.difference))


def _sums_of_tree(rows: tuple[Row, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each row with the printed rows below it, except the FNASS's root, which also sums sections that had
    ended.
    """
    for row in rows:
        parts = tuple(
            child.code for child in rows if child.parent == row.code and child.mark != Mark.NATIONAL_RESERVE
        )
        if parts and not (row.fund is FundCode.FNASS and not row.parent):
            yield row.code, parts


def _compared(
    fund: str, by_code: Mapping[str, Row], total: str, parts: tuple[str, ...]
) -> Iterator[Difference]:
    for year in YEARS:
        printed = by_code[total].figures.get(year)
        if printed is not None:
            recomputed = sum((by_code[part].figures.get(year, Decimal(0)) for part in parts), Decimal(0))
            yield Difference(fund, total, " ".join(parts), year, printed, recomputed)


def _reserve_sums(found: Mapping[str, Mapping[int, Decimal]]) -> Iterator[Difference]:
    """Reserves follow on from year to year; neither they nor the retained earnings follow from the results
    alone.
    """
    result, before, after = found["result"], found["reserves_before"], found["reserves_after"]
    carried = found["carried_forward"]
    for year in RESERVE_YEARS[1:]:
        last = year - 1
        yield Difference("FNMO", "reserves_before", "reserves_after(N-1)", year, before[year], after[last])
        yield Difference(
            "FNMO", "reserves_after", "reserves_before result", year, after[year], before[year] + result[year]
        )
        yield Difference(
            "FNMO",
            "carried_forward",
            "carried_forward(N-1) result(N-1)",
            year,
            carried[year],
            carried[last] + result[last],
        )


def _rows(folder: Path, fund: FundCode) -> Iterator[Row]:
    seen: set[str] = set()
    for place, row in _records(folder / f"{fund.value.lower()}.csv"):
        if row["code"] in seen or (row["parent"] and row["parent"] not in seen):
            raise TableError(f"{place}: {row['code']} stands twice, or before its parent {row['parent']!r}")
        seen.add(row["code"])
        unit = _UNITS.get(fund, 1)
        figures = {
            year: (amount * unit).quantize(_CENT)
            for year in YEARS
            if (amount := _figure(place, row[str(year)])) is not None
        }
        role = row["role"]
        if role not in ("leaf", "total", "detail", "recap"):
            raise TableError(f"{place}: unknown role {role!r}")
        yield Row(
            fund=fund,
            code=row["code"],
            parent=row["parent"],
            role=role,  # type: ignore[arg-type]  # checked just above
            section=row["section"],
            nature=row["nature"],
            side=row["side"],
            group=row["group"],
            mark=row["mark"],
            label=row["label"],
            figures=figures,
            line=int(row["line"]),
            note=row["note"],
        )


def _figure(place: str, printed: str) -> Decimal | None:
    """Return a printed figure as it stands, ``None`` where nothing is printed."""
    if not printed:
        return None
    match = _FIGURE.fullmatch(printed)
    if match is None:
        raise TableError(f"{place}: {printed!r} is no printed figure")
    return Decimal(printed.removesuffix(" (*)").replace(" ", "").replace(",", "."))


def _records(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each record with its place (file and line)."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter=";", strict=True)
        for row in reader:
            place = f"{path.name}:{reader.line_num}"
            if None in row or None in row.values():
                raise TableError(f"{place}: a column is missing or there is one too many")
            yield place, row


def read_exercises(folder: Path = DATA) -> dict[int, date]:
    """Return for each year of the convention the day its accounts are closed.

    The text dates no closing; it gives the executed budget of N for 10 April N+1 (001:3763), so that day is
    taken.
    """
    return {
        int(row["year"]): date.fromisoformat(row["closed_on"])
        for _, row in _records(folder / "exercises.csv")
    }
