"""Reading papers in tests: their text, their structure, the standards that they declare."""

import io
from typing import Any

from pypdf import PdfReader
from pypdf.generic import DictionaryObject


def reader(content: bytes) -> PdfReader:
    """The document, open."""
    return PdfReader(io.BytesIO(content))


def pages(content: bytes) -> list[str]:
    """The text of each page, lines joined and every kind of space made an ordinary one."""
    return [" ".join(page.extract_text().split()) for page in reader(content).pages]


def words(content: bytes) -> str:
    """The whole text, lines joined and every kind of space made an ordinary one."""
    return " ".join(pages(content))


def structure(content: bytes) -> list[str]:
    """The tags of the structure tree, in reading order: « /H1 », « /Table », « /TH »…"""
    kinds: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                kinds.append(str(node["/S"]))
            if "/K" in node:
                walk(node["/K"])

    walk(reader(content).trailer["/Root"]["/StructTreeRoot"])  # type: ignore[index]
    return kinds


def assert_both_standards(content: bytes) -> None:
    """The file declares PDF/A-2b and PDF/UA-1, is tagged, French, and embeds its fonts with their characters."""
    pdf = reader(content)
    catalog = pdf.trailer["/Root"].get_object()
    assert isinstance(catalog, DictionaryObject)
    metadata = catalog["/Metadata"].get_object().get_data().decode()  # type: ignore[union-attr]
    for declaration in (
        "<pdfaid:part>2</pdfaid:part>",
        "<pdfaid:conformance>B</pdfaid:conformance>",
        "<pdfuaid:part>1</pdfuaid:part>",
    ):
        assert declaration in metadata
    assert catalog["/Lang"] == "fr-FR"
    assert catalog["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]  # type: ignore[index]
    assert catalog["/StructTreeRoot"]
    assert catalog["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"  # type: ignore[index]
    assert pdf.metadata is not None
    assert pdf.metadata.title
    assert not pdf.is_encrypted
    fonts = [
        font.get_object()
        for page in pdf.pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
    ]
    assert fonts
    for font in fonts:
        assert "/ToUnicode" in font
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)
