"""What loading a file would do, row by row, without doing it: the preview shows it and the loading repeats it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from cases.imports.cells import CellFault
from cases.imports.columns import Column, Fault, Record, Register, Scope, match_headings, plain_value
from cases.imports.reading import Cell, Table, is_blank

#: Codes looked up by one statement.
LOOKUP: Final = 5000
#: Cells whose reading is remembered while a file is judged.
MEMORY: Final = 20_000
#: Faults and changes that an import keeps to be shown.
MAX_FAULTS: Final = 1000
MAX_SAMPLE: Final = 100

T = TypeVar("T")


@dataclass(slots=True)
class Plan:
    """What a file would create and change, how many rows it leaves as they are, and all that is wrong."""

    rows: int = 0
    created: list[Record] = field(default_factory=list)
    changed: list[Record] = field(default_factory=list)
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def faulty(self) -> int:
        """Rows in which something is wrong."""
        return len({one.row for one in self.faults})

    @property
    def fingerprint(self) -> str:
        """What would be written, as 64 hexadecimal digits: two plans that are alike do the same."""
        digest = hashlib.sha256()
        for record in (*self.created, *self.changed):
            line = [record.code, record.existing is not None, record.changes]
            digest.update(json.dumps(line, sort_keys=True, ensure_ascii=False).encode() + b"\n")
        for fault in self.faults:
            digest.update(json.dumps(fault.as_list(), ensure_ascii=False).encode() + b"\n")
        return digest.hexdigest()

    def sample(self, register: Register) -> list[dict[str, Any]]:
        """What would change, as a page shows it: changes of known rows first, then new ones."""
        chosen = sorted(
            [*self.changed[:MAX_SAMPLE], *self.created[: MAX_SAMPLE - len(self.changed[:MAX_SAMPLE])]],
            key=lambda record: record.number,
        )
        return [_shown(register, record) for record in chosen]


def make_plan(register: Register, table: Table, scope: Scope, *, lock: bool = False) -> Plan:
    """Judge every row against the register as it stands; ``lock`` keeps what would change from changing meanwhile.

    Raises ``Invalid`` for headings that do not fit.
    """
    columns = match_headings(register, table)
    faults: list[Fault] = []
    records = list(_read(register, columns, table, faults, scope))
    known: dict[str, Any] = {}
    for batch in batches(sorted({record.code for record in records if record.code}), LOOKUP):
        known |= register.known(batch, lock=lock)
    for record in records:
        record.existing = known.get(record.code)
    broken = {one.row for one in faults}
    register.prepare(records, scope)
    plan = Plan(rows=len(table.rows))
    for record in records:
        if record.number in broken:
            continue
        found = [
            Fault(record.number, register.heading(name), sentence)
            for name, sentence in _judge(register, record, scope)
        ]
        faults += found
        if found:
            continue
        if record.existing is None:
            plan.created.append(record)
        elif record.changes:
            plan.changed.append(record)
        else:
            plan.unchanged += 1
    plan.faults = sorted(faults, key=lambda one: one.row)
    return plan


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items, so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _read(
    register: Register, columns: Sequence[Column | None], table: Table, faults: list[Fault], scope: Scope
) -> Iterator[Record]:
    first: dict[str, int] = {}
    known: dict[tuple[int, type, Cell], Any] = {}  # most cells say what others of their column said
    for row in table.rows:
        values: dict[str, Any] = {}
        for index, (column, cell) in enumerate(zip(columns, row.cells, strict=True)):
            if column is None or (column.kept_when_blank and is_blank(cell)):
                continue
            key = (index, type(cell), cell)
            try:
                values[column.field] = known[key] if key in known else column.read(cell, scope)
            except CellFault as fault:
                faults.append(Fault(row.number, column.heading, str(fault)))
            else:
                if len(known) < MEMORY:
                    known[key] = values[column.field]
        code = values.get("code") or ""
        if code in first:
            faults.append(
                Fault(
                    row.number,
                    register.heading("code"),
                    f"Le code « {code} » est déjà celui de la ligne {first[code]} : gardez une seule ligne par code.",
                )
            )
        elif code:
            first[code] = row.number
        yield Record(row.number, code, values)


def _judge(register: Register, record: Record, scope: Scope) -> list[tuple[str, str]]:
    """What is wrong with a record; sets what changes."""
    if found := list(register.forbid(record, scope)):
        return found  # and nothing of what the register says is told
    existing = record.existing
    if existing is None:
        record.values = {one.field: one.empty for one in register.columns} | record.values
        record.changes = {
            name: [None, plain_value(value)] for name, value in record.values.items() if name != "code"
        }
    else:
        for name, value in record.values.items():
            before = getattr(existing, name)
            if before == value:
                continue
            if sentence := register.column(name).first_only:
                found.append((name, sentence))
            record.changes[name] = [plain_value(before), plain_value(value)]
    return found or list(register.judge(record, scope))


def _shown(register: Register, record: Record) -> dict[str, Any]:
    """One line of the preview: what it is, and heading, before and after of each field that changes."""
    lines = []
    for name in record.changes:
        column = register.column(name)
        after = column.kind.show(record.values[name])
        before = "" if record.existing is None else column.kind.show(getattr(record.existing, name))
        if before or after:
            lines.append([column.heading, before, after])
    return {
        "row": record.number,
        "code": record.code,
        "name": record.values.get("name", ""),
        "new": record.existing is None,
        "changes": lines,
    }
