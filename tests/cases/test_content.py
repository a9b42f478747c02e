"""The type of a piece comes from its bytes; every refusal has its code and says what to do."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from cases.content import (
    CSV,
    DOCX,
    JPEG,
    MAX_MEMBER,
    MAX_NAME,
    ODP,
    ODS,
    ODT,
    PDF,
    PNG,
    PPTX,
    TIFF,
    TYPES,
    XLSX,
    ContentError,
    ContentType,
    safe_name,
    sniff,
)

ODF_MANIFEST = (
    b'<?xml version="1.0"?>'
    b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    b'<manifest:file-entry manifest:full-path="content.xml">%s</manifest:file-entry></manifest:manifest>'
)
ODF_MEMBERS = {"mimetype": ODT.mime.encode(), "content.xml": b"", "META-INF/manifest.xml": ODF_MANIFEST % b""}
OOXML_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/main.xml" ContentType="{}"/></Types>'
)


def archive(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", method) as target:
        for name, content in members.items():
            # A fixed moment: the bytes name tests, and every process of a run has to find the same names.
            member = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            target.writestr(member, content, compress_type=method)
    return output.getvalue()


def odf(kind: ContentType, extra: bytes = b"", **more: bytes) -> bytes:
    members = {
        "mimetype": kind.mime.encode(),
        "content.xml": b"<office/>",
        "META-INF/manifest.xml": ODF_MANIFEST % extra,
    }
    return archive(members | {name.replace("__", "/"): content for name, content in more.items()})


def ooxml(main: str, **more: bytes) -> bytes:
    members = {
        "[Content_Types].xml": OOXML_TYPES.format(main).encode(),
        "_rels/.rels": b"<Relationships/>",
        "main.xml": b"<document/>",
    }
    return archive(
        members | {name.replace("__", "/").replace("_DOT_", "."): body for name, body in more.items()}
    )


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg() -> bytes:
    app0 = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    frame = b"\xff\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x7f\xff\xd9"
    return b"\xff\xd8" + app0 + frame + scan


def tiff(order: str) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IH", 8, 1) + b"\0" * 16


def xlsx() -> bytes:
    output = io.BytesIO()
    with xlsxwriter.Workbook(output) as workbook:
        workbook.add_worksheet().write("A1", "Coût")
    return output.getvalue()


PDF_BYTES = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n"
MACRO = "application/vnd.ms-{}.macroEnabled.main+xml"
ENCRYPTION = b"<manifest:encryption-data/>"


def refusal(content: bytes, name: str = "piece") -> ContentError:
    with pytest.raises(ContentError) as caught:
        sniff(io.BytesIO(content), name)
    return caught.value


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PDF_BYTES, PDF),
        (b"\xef\xbb\xbf\r\n" + PDF_BYTES, PDF),
        (b"\x1b%-12345X@PJL JOB\n" + PDF_BYTES, PDF),
        (odf(ODT), ODT),
        (odf(ODS), ODS),
        (odf(ODP), ODP),
        (archive({**ODF_MEMBERS, "Basic/Standard/script-lb.xml": b""}), ODT),  # empty library, old OpenOffice
        (ooxml(DOCX.mime + ".main+xml"), DOCX),
        (ooxml(XLSX.mime + ".main+xml"), XLSX),
        (ooxml(PPTX.mime + ".main+xml"), PPTX),
        (xlsx(), XLSX),
        (png(), PNG),
        (png() + b"\0\0\0", PNG),
        (jpeg(), JPEG),
        (tiff("<"), TIFF),
        (tiff(">"), TIFF),
        (b"code;montant\nA;1\n", CSV),
        ("\ufeffœuvre;coût\nLiévin;1\u202f200,50\u00a0€\n".encode(), CSV),
        ("œuvre\tcoût €\r\nLiévin\t1,5\r\n".encode("cp1252"), CSV),
        (b'a,b\n"x\ny, z",2\n\n', CSV),
        (b"BMC;MZ\n1;2\n", CSV),
    ],
)
def test_sniff_recognises_each_accepted_type(content: bytes, expected: ContentType) -> None:
    file = io.BytesIO(content)
    assert sniff(file, "piece") == expected
    assert file.tell() == 0
    assert sniff(file, f"Pièce.{expected.extension.upper()}") == expected


def test_sniff_calls_an_empty_file_empty() -> None:
    error = refusal(b"", "note.pdf")
    assert error.code == "empty"
    assert "vide" in error.message


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"<!DOCTYPE html><p>%PDF-1.4</p>\n%%EOF", "forbidden_type", "page web"),
        (b"<html>%PDF-1.4\n%%EOF", "forbidden_type", "page web"),
        (b" \r\n<svg xmlns='x' onload='a'/>", "forbidden_type", "SVG"),
        (b"<a;b\n1;2\n", "forbidden_type", "page web"),
        (b"a;b\n1;< script>x</script>\n", "forbidden_type", "page web"),
        (b"a;b\n" + b"1;2\n" * 300_000 + b"1;<ScRiPt>\n", "forbidden_type", "page web"),
        (b"a;b\n=cmd|' /C calc'!A0;2\n", "forbidden_type", "formule"),
        (b"MZ\x90\x00\x03", "forbidden_type", "programme"),
        (b"\x7fELF\x02\x01\x00", "forbidden_type", "programme"),
        (b"#!/bin/sh\nrm -rf /\n", "forbidden_type", "programme"),
        (b"{\\rtf1 x}", "forbidden_type", "RTF"),
        (b"%!PS-Adobe-3.0", "forbidden_type", "PostScript"),
        (b"GIF89a\x01\x00\x01\x00", "forbidden_type", "GIF"),
        (b"\0\0\0\x18ftypheic\0\0", "forbidden_type", "HEIC"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "forbidden_type", "WebP"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "forbidden_type", "ancien format"),
        (archive({"devis.pdf": PDF_BYTES}), "forbidden_type", "archive"),
        (archive({"mimetype": b"application/epub+zip"}), "forbidden_type", "archive"),
        (b"\0\0\0\x18ftypmp42\0\0", "unknown_type", "vidéo"),
        ("a;b\n1;2\n".encode("utf-16"), "unknown_type", "UTF-16"),
        (b"a;b\n1;\x002\n", "unknown_type", "lisible"),
        (b"a;b\n\x81;2\n", "unknown_type", "reconnu"),
        (b"Bonjour, monsieur\n", "unknown_type", "colonnes"),
        (b"un texte\nsans colonnes\n", "unknown_type", "colonnes"),
        (b"a;b\n1;2;3\n", "unknown_type", "colonnes"),
        (b"seule\ncolonne\n", "unknown_type", "colonnes"),
        (b"%PDF-1.7\n1 0 obj", "unknown_type", "incomplet"),
        (b"GARBAGE\n" + PDF_BYTES, "unknown_type", "en-tête"),
        (png()[:-12], "unknown_type", "incomplet"),
        (png() + b"<script>", "unknown_type", "incomplet"),
        (png().replace(b"IHDR", b"IDAT"), "unknown_type", "incomplet"),
        (jpeg()[:-2], "unknown_type", "incomplet"),
        (b"\xff\xd8\xff\xe0\x00\x02" * 30_000, "unknown_type", "incomplet"),
        (b"II*\0\xff\xff\xff\x7f\0\0", "unknown_type", "incomplet"),
        (tiff("<")[:-8], "unknown_type", "incomplet"),
        (odf(ODT)[:-30], "unknown_type", "abîmé"),
        (odf(ODT)[:40] + b"PK\x05\x06" + b"\0" * 18, "forbidden_type", "archive"),
        (ooxml("application/xml"), "unknown_type", "ni un document"),
        (
            ooxml(f'{DOCX.mime}.main+xml"/><Override ContentType="{XLSX.mime}.main+xml'),
            "unknown_type",
            "ni un",
        ),
        (PDF_BYTES.replace(b"trailer <<", b"trailer << /Encrypt 5 0 R"), "encrypted", "protégé"),
        (PDF_BYTES.replace(b"trailer <<", b"trailer << /Encrypt<<"), "encrypted", "protégé"),
        (odf(ODS, ENCRYPTION), "encrypted", "mot de passe"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
            "mot de passe",
        ),
        (ooxml(MACRO.format("word.document")), "macro", "macros"),
        (ooxml(MACRO.format("excel.sheet")), "macro", "macros"),
        (ooxml(MACRO.format("excel.sheet").replace("main", "&#x6d;ain")), "macro", "macros"),
        (
            ooxml(f'{DOCX.mime}.main+xml"/><Override ContentType="application/vnd.ms-office.vbaProject'),
            "macro",
            "macros",
        ),
        (ooxml(DOCX.mime + ".main+xml", word__vbaProject_DOT_bin=b"x"), "macro", "macros"),
        (ooxml(XLSX.mime + ".main+xml", xl__macrosheets__sheet1_DOT_xml=b"x"), "macro", "macros"),
        (odf(ODS, Basic__Standard__Module1=b"x"), "macro", "macros"),
        (odf(ODT, Scripts__python__x=b"x"), "macro", "macros"),
    ],
)
def test_sniff_refuses_with_a_code_and_a_sentence(content: bytes, code: str, words: str) -> None:
    error = refusal(content)
    assert error.code == code
    assert words in error.message
    advice = ("déposez", "Déposez", "nregistrez", "Décompressez")
    assert any(verb in error.message for verb in advice), error.message


def test_sniff_refuses_an_encrypted_member() -> None:
    content = bytearray(ooxml(DOCX.mime + ".main+xml"))
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    assert refusal(bytes(content)).code == "encrypted"


def test_sniff_refuses_a_document_with_two_members_of_one_name() -> None:
    """One program could read the first, another the second."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as target:
        target.writestr("[Content_Types].xml", OOXML_TYPES.format(DOCX.mime + ".main+xml"))
        target.writestr("_rels/.rels", "")
        target.writestr("[content_types].xml", OOXML_TYPES.format(MACRO.format("word.document")))
    assert refusal(output.getvalue()).code == "unknown_type"


@pytest.mark.parametrize("name", ["mimetype", "META-INF/manifest.xml", "[Content_Types].xml"])
def test_sniff_does_not_unpack_a_bomb(name: str) -> None:
    members = ODF_MEMBERS
    if name.startswith("["):
        members = {name: OOXML_TYPES.format(DOCX.mime + ".main+xml").encode(), "_rels/.rels": b""}
    assert sniff(io.BytesIO(archive(members)), "piece") in {ODT, DOCX}
    bomb = archive(members | {name: members[name] + b" " * (MAX_MEMBER * 50)})
    assert refusal(bomb).code == "unknown_type"


def test_sniff_refuses_an_archive_that_announces_too_much() -> None:
    content = bytearray(ooxml(DOCX.mime + ".main+xml"))
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 2**30 + 1)
    assert refusal(bytes(content)).code == "forbidden_type"


def test_sniff_refuses_a_huge_directory_before_reading_it() -> None:
    members = {
        "[Content_Types].xml": OOXML_TYPES.format(DOCX.mime + ".main+xml").encode(),
        "_rels/.rels": b"",
    }
    many = {f"{number}": b"" for number in range(60_000)}
    assert refusal(archive(members | many, zipfile.ZIP_STORED)).code == "forbidden_type"


def test_sniff_refuses_entities_in_the_manifest() -> None:
    laughs = b'<!DOCTYPE m [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><m>&b;</m>'
    content = archive({**ODF_MEMBERS, "META-INF/manifest.xml": laughs})
    assert refusal(content).code == "unknown_type"


@pytest.mark.parametrize(
    ("name", "renamed"),
    [
        ("devis.docx", "devis.pdf"),
        ("devis.pdf.exe", "devis.pdf"),
        ("C:\\pièces\\état.HTML", "état.pdf"),
        ("plan.png", "plan.pdf"),
        ("facture\u202efdp.ex\u200be", "facturefdp.pdf"),
        ("note.js. ", "note.pdf"),
    ],
)
def test_sniff_names_the_contradiction_between_name_and_content(name: str, renamed: str) -> None:
    error = refusal(PDF_BYTES, name)
    assert error.code == "mismatch"
    assert f"« {safe_name(name)} » mais contient un document PDF" in error.message
    assert f"« {renamed} »" in error.message


@pytest.mark.parametrize("name", ["", "devis", "devis.v2", "rapport 12.2015", "x.PDF", ".pdf", "DEVIS.Pdf"])
def test_sniff_accepts_a_name_that_does_not_contradict(name: str) -> None:
    assert sniff(io.BytesIO(PDF_BYTES), name) == PDF


@pytest.mark.parametrize("name", ["a.jpeg", "a.JPG", "a.jfif"])
def test_sniff_knows_the_usual_other_extensions(name: str) -> None:
    assert sniff(io.BytesIO(jpeg()), name) == JPEG


@given(
    content=st.binary(max_size=300),
    prefix=st.sampled_from([b"", b"%PDF-", b"PK\3\4", b"\xff\xd8\xff", b"II*\0"]),
)
def test_sniff_answers_or_refuses_whatever_it_is_given(content: bytes, prefix: bytes) -> None:
    try:
        assert sniff(io.BytesIO(prefix + content), "piece") in TYPES
    except ContentError as error:
        assert error.message.endswith(".")  # noqa: PT017 (both outcomes are right)


@given(
    position=st.integers(0, 400),
    byte=st.integers(0, 255),
    sample=st.sampled_from([png(), jpeg(), odf(ODT), ooxml(XLSX.mime + ".main+xml")]),
)
def test_sniff_survives_any_damaged_byte(position: int, byte: int, sample: bytes) -> None:
    damaged = bytearray(sample)
    damaged[position % len(damaged)] = byte
    try:
        assert sniff(io.BytesIO(bytes(damaged)), "piece") in TYPES
    except ContentError as error:
        assert error.message.endswith(".")  # noqa: PT017


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("../../etc/passwd", None, "passwd"),
        ("C:\\Mes documents\\Devis été.pdf", None, "Devis été.pdf"),
        ("a\u202efdp.exe", None, "afdp.exe"),
        ("e\u0301tat\u200b\n2015.pdf", None, "état 2015.pdf"),
        ("\ud800.pdf", None, "_.pdf"),
        ('a"b<c>|d?.pdf', None, "a_b_c__d_.pdf"),
        ("  .. ", None, "document"),
        ("", PDF, "document.pdf"),
        ("Note « œuvre » 2015", PDF, "Note « œuvre » 2015.pdf"),
        ("scan.JPEG", JPEG, "scan.JPEG"),
        ("scan.v2", PNG, "scan.v2.png"),
        ("x" * 300 + ".pdf", None, "x" * (MAX_NAME - 4) + ".pdf"),
        ("é" * 300, PDF, "é" * (MAX_NAME - 4) + ".pdf"),
    ],
)
def test_safe_name_keeps_what_is_harmless(name: str, kind: ContentType | None, expected: str) -> None:
    assert safe_name(name, kind) == expected


@given(st.text(st.characters(), max_size=200), st.sampled_from([None, PDF, CSV]))
def test_safe_name_is_always_safe(name: str, kind: ContentType | None) -> None:
    result = safe_name(name, kind)
    assert result
    assert result.isprintable()
    assert len(result) <= MAX_NAME
    assert not set(result) & set('/\\<>:"|?*')
    assert result == result.strip(". ")
    assert safe_name(result, kind) == result
