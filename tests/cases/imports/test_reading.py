"""Files as rows: what a clerk's spreadsheet says, whatever its shape, and what a hostile one does not achieve."""

import io
import zipfile
from datetime import date
from typing import Any

import pytest
from django.core.files.base import ContentFile

from cases.content import sniff
from cases.errors import Invalid
from cases.imports import REGISTERS
from cases.imports.reading import Formula, Table, column_letter, plain_heading, read_table
from tests.imports import BUILDING, building, csv_file, table, xlsx

KNOWN = [one.heading for one in REGISTERS["property"].columns]  # type: ignore[attr-defined]
HEADINGS = list(BUILDING)


def read(file: ContentFile) -> Table:  # type: ignore[type-arg]
    return read_table(file, sniff(file, file.name or ""), KNOWN)


def refusal(file: ContentFile) -> str:  # type: ignore[type-arg]
    with pytest.raises(Invalid) as caught:
        read(file)
    assert caught.value.details["file"][0] == caught.value.message
    return caught.value.message


def tampered(file: ContentFile, parts: dict[str, bytes]) -> ContentFile:  # type: ignore[type-arg]
    """The same workbook with some of its parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.get(name, old.read(name)))
        for name in parts.keys() - set(old.namelist()):
            new.writestr(name, parts[name])
    return ContentFile(out.getvalue(), name=file.name)


def sheet(rows: str, after: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData>{after}</worksheet>'.encode()


def test_rows_bear_the_numbers_that_the_spreadsheet_shows() -> None:
    lines: list[list[Any]] = [[], ["Code", "Commune"], ["a", "Lens"], [], ["  ", None], ["b", "Liévin"]]
    found = read(xlsx(lines))
    assert (found.headings, found.number) == (("Code", "Commune"), 2)
    assert [(row.number, row.cells) for row in found.rows] == [(3, ("a", "Lens")), (6, ("b", "Liévin"))]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_is_understood_whatever_parts_and_encodes_it(delimiter: str, encoding: str) -> None:
    rows = [building("a", Commune="Liévin, près de « Lens »"), building("b", Désignation="deux\nlignes; ici")]
    found = read(csv_file(rows, delimiter=delimiter, encoding=encoding))
    assert found.headings == tuple(HEADINGS)
    assert [row.number for row in found.rows] == [2, 3]
    assert found.rows[0].cells[2] == "Liévin, près de « Lens »"
    assert found.rows[1].cells[1] == "deux\nlignes; ici"
    assert found.rows[0].cells[9] == "31/12/2014"


def test_cells_of_a_workbook_keep_their_types() -> None:
    found = read(xlsx([["Code", "b", "c", "d", "e"], ["00123", 12.5, date(2015, 3, 3), True, "=1+1"]]))
    code, number, day, truth, formula = found.rows[0].cells
    assert (code, number, truth, formula) == ("00123", 12.5, True, Formula())
    assert f"{day:%Y-%m-%d}" == "2015-03-03"


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (xlsx([]), "La première feuille est vide."),
        (xlsx([HEADINGS]), "Ce fichier n’a que des en-têtes."),
        (
            xlsx([["Code", "", "Commune"], ["a", "?", "Lens"]]),
            "La colonne B n’a pas d’en-tête, mais la ligne 2",
        ),
        (xlsx([["Code"], ["a", None, "perdu"]]), "La colonne C n’a pas d’en-tête, mais la ligne 2"),
        (xlsx([[2015, "Code"], ["a", "b"]]), "La cellule A1 devrait être un en-tête."),
        (xlsx([[f"c{n}" for n in range(51)], ["a"]]), "Ce tableau a plus de 50 colonnes."),
        (csv_file([{f"c{n}": "x" for n in range(51)}] * 2), "Ce tableau a plus de 50 colonnes."),
        (
            ContentFile(b'a;b\n"x"y;z\n', name="a.csv"),
            "Après la ligne 1, des guillemets sont mal fermés.",
        ),
        (ContentFile(b"%PDF-1.4\n%%EOF\n", name="a.pdf"), "Ce fichier est un document PDF."),
    ],
    ids=str,
)
def test_file_that_is_no_table_of_ours_is_refused_in_words(file: Any, sentence: str) -> None:
    assert refusal(file).startswith(sentence)


def test_rows_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cases.imports.reading.MAX_ROWS", 2)
    assert len(read(table([building("a"), building("b")])).rows) == 2
    assert "plus de 2 lignes" in refusal(table([building(code) for code in "abc"]))


def test_file_beyond_the_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cases.imports.reading.MAX_BYTES", 1000)
    assert refusal(table([building("a")])).startswith("Ce fichier dépasse 10 Mo.")


def test_merged_cells_are_refused_and_named() -> None:
    file = table([building("a")])
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>Code</t></is></c></row>'
    merged = '<mergeCells count="1"><mergeCell ref="A2:A5"/></mergeCells>'
    assert "Des cellules sont fusionnées (A2:A5)" in refusal(
        tampered(file, {"xl/worksheets/sheet1.xml": sheet(rows, merged)})
    )


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>',
        "<worksheet/>".encode("utf-16"),
        b"<worksheet><sheetData><row",
        sheet('<row r="1"><c r="ZZZZZZ1"><v>1</v></c></row>'),
        sheet('<row r="999999999"><c r="A999999999"><v>1</v></c></row>'),
        sheet('<row r="1"><c r="A1" t="s"><v>987654</v></c></row>'),
    ],
    ids=["entities", "utf-16", "cut", "column", "row", "text"],
)
def test_hostile_sheet_is_called_damaged(content: bytes) -> None:
    said = refusal(tampered(table([building("a")]), {"xl/worksheets/sheet1.xml": content}))
    assert said.startswith("Ce classeur est abîmé ou illisible.")


@pytest.mark.parametrize(
    ("name", "megabytes"),
    [("xl/worksheets/sheet1.xml", 97), ("xl/sharedStrings.xml", 33), ("xl/styles.xml", 3)],
)
def test_bomb_is_refused_before_it_is_unpacked(name: str, megabytes: int) -> None:
    file = tampered(table([building("a")]), {name: b" " * (megabytes * 2**20)})
    assert file.size < 200_000
    assert refusal(file).startswith("Ce classeur est trop grand une fois décompressé.")


def test_sheet_that_lies_about_its_size_is_read_whole() -> None:
    rows = "".join(
        f'<row r="{number}"><c r="A{number}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for number, text in ((1, "Code"), (2, "a"), (70000, "b"))
    )
    lying = sheet(rows).replace(b"<sheetData>", b'<dimension ref="A1:A1"/><sheetData>')
    found = read(tampered(table([building("a")]), {"xl/worksheets/sheet1.xml": lying}))
    assert [(row.number, row.cells) for row in found.rows] == [(2, ("a",)), (70000, ("b",))]


def test_columns_and_headings_are_named_as_spreadsheets_and_people_do() -> None:
    assert [column_letter(index) for index in (0, 25, 26, 51, 52, 701, 702)] == [
        *("A", "Z", "AA", "AZ", "BA", "ZZ", "AAA")
    ]
    assert plain_heading("Œuvre : SURFACE  (m²)") == plain_heading("oeuvre surface M2") == "oeuvresurfacem2"
