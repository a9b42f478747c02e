"""Reading XLSX files in tests with the standard library: what Excel would find in the cells."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Workbook:
    """The sheets of a file: name → cell (``"B6"``) → text or number; formulas apart."""

    def __init__(self, content: bytes) -> None:
        self.files = zipfile.ZipFile(BytesIO(content))
        assert self.files.testzip() is None
        shared = [
            "".join(part.text or "" for part in item.iter(f"{MAIN}t"))
            for item in self._xml("xl/sharedStrings.xml").iter(f"{MAIN}si")
        ]
        self.formulas: list[str] = []
        self.sheets: dict[str, dict[str, Any]] = {}
        names = [one.attrib["name"] for one in self._xml("xl/workbook.xml").iter(f"{MAIN}sheet")]
        for number, name in enumerate(names, start=1):
            cells = self.sheets[name] = {}
            for cell in self._xml(f"xl/worksheets/sheet{number}.xml").iter(f"{MAIN}c"):
                value = cell.find(f"{MAIN}v")
                self.formulas += [one.text or "" for one in cell.iter(f"{MAIN}f")]
                if value is not None and value.text is not None:
                    text = cell.get("t") == "s"
                    cells[cell.attrib["r"]] = shared[int(value.text)] if text else float(value.text)

    def _xml(self, name: str) -> ElementTree.Element:
        return ElementTree.fromstring(self.files.read(name))  # noqa: S314 (our own file)

    def text(self, name: str) -> str:
        """A part of the file as it is."""
        return self.files.read(name).decode()

    def table(self, sheet: str) -> list[dict[str, Any]]:
        """The rows below the heads of row 5, by head."""
        cells = self.sheets[sheet]
        heads = {
            re.sub(r"\d", "", place): value
            for place, value in cells.items()
            if re.fullmatch(r"[A-Z]+5", place)
        }
        rows: dict[int, dict[str, Any]] = {}
        for place, value in cells.items():
            column, row = re.sub(r"\d", "", place), int(re.sub(r"\D", "", place))
            if row > 5:
                rows.setdefault(row, dict.fromkeys(heads.values()))[heads[column]] = value
        return [rows[row] for row in sorted(rows)]
