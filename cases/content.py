"""What an uploaded file really is, told from its bytes and never from its name or its declared type.

Accepted: PDF, OpenDocument and Office Open XML texts, spreadsheets and presentations (without macros),
PNG, JPEG, TIFF, and CSV tables. Everything else is refused with a French sentence that says what to do.
A refusal protects the reader of a dossier: macros, web pages and programs, but also files that nobody will be
able to open (encrypted, truncated, in an unknown format). Active content inside a PDF is not searched for:
it may lie in compressed objects, and readers ask before they run it.

Nothing is unpacked: of an office document (a ZIP archive) only the declared type and the manifest are read,
at most :data:`MAX_MEMBER` bytes of each, after the archive's directory was found to be of a reasonable size.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any
from xml.parsers import expat

CHUNK = 2**20
HEAD = 4096
MAX_MEMBER = 2**20
MAX_DIRECTORY_BYTES = 2 * 2**20
MAX_UNPACKED_BYTES = 2**30
MAX_NAME = 150
MAX_SEGMENTS = 20_000
CSV_SAMPLE_ROWS = 5000

ACCEPTED = (
    "PDF, document texte, tableur ou présentation (ODT, ODS, ODP, DOCX, XLSX, PPTX), image (PNG, JPEG, TIFF) "
    "ou tableau CSV"
)


class ContentError(ValueError):
    """A file that is not accepted. ``message`` is a French sentence that says what to do.

    ``code`` is ``empty``, ``unknown_type``, ``forbidden_type``, ``macro``, ``encrypted``, ``mismatch``, or
    ``too_large`` (from :mod:`cases.uploads`).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class ContentType:
    """A type of file: ``mime`` to serve it under, French ``label``, usual ``extension`` without its dot."""

    mime: str
    label: str
    extension: str
    extensions: tuple[str, ...] = ()

    @property
    def indefinite(self) -> str:
        """The label with its article: « un document PDF », « une image PNG »."""
        return f"{'une' if self.label.startswith(('image', 'présentation')) else 'un'} {self.label}"

    def bears(self, extension: str) -> bool:
        """Whether a file of this type may be named with this extension (lower case, no dot)."""
        return extension == self.extension or extension in self.extensions


_ODF = "application/vnd.oasis.opendocument."
_OOXML = "application/vnd.openxmlformats-officedocument."

PDF = ContentType("application/pdf", "document PDF", "pdf")
ODT = ContentType(_ODF + "text", "document texte OpenDocument", "odt")
ODS = ContentType(_ODF + "spreadsheet", "tableur OpenDocument", "ods")
ODP = ContentType(_ODF + "presentation", "présentation OpenDocument", "odp")
DOCX = ContentType(_OOXML + "wordprocessingml.document", "document Word", "docx")
XLSX = ContentType(_OOXML + "spreadsheetml.sheet", "classeur Excel", "xlsx")
PPTX = ContentType(_OOXML + "presentationml.presentation", "présentation PowerPoint", "pptx")
PNG = ContentType("image/png", "image PNG", "png")
JPEG = ContentType("image/jpeg", "image JPEG", "jpg", ("jpeg", "jpe", "jfif"))
TIFF = ContentType("image/tiff", "image TIFF", "tiff", ("tif",))
CSV = ContentType("text/csv", "tableau CSV", "csv", ("txt", "tsv"))

TYPES = (PDF, ODT, ODS, ODP, DOCX, XLSX, PPTX, PNG, JPEG, TIFF, CSV)

_OFFICE = {kind.mime.encode(): kind for kind in (ODT, ODS, ODP)}
_OOXML_MAIN = {
    f"{DOCX.mime}.main+xml": DOCX,
    f"{XLSX.mime}.main+xml": XLSX,
    f"{PPTX.mime}.main+xml": PPTX,
}
# Extensions that promise something else than what we accept: a file that bears one is not what it says.
_FOREIGN_EXTENSIONS = frozenset(
    """
    7z apk app bat bin bmp bz2 cab chm cmd com cpl dll dmg doc docm dot dotm eml epub exe gif gz hta
    htm html ico img inf iso jar js jse lnk mht mhtml mov mp3 mp4 msg msi odb odf odg otp ots ott
    pif pot potm pps ppsm ppsx ppt pptm ps ps1 py rar reg rtf scr sh svg sys tar vb vbe vbs webp wsf
    xhtml xls xlsb xlsm xlt xltm xml xz zip
    """.split()  # noqa: SIM905 (a list of ninety quoted words is unreadable)
)

# (prefix, what it is, what to do), for the files people really try to send
_FOREIGN = (
    (b"{\\rtf", "un document RTF", "Enregistrez-le en ODT, DOCX ou PDF, puis déposez-le de nouveau."),
    (b"%!PS", "un fichier PostScript", "Convertissez-le en PDF, puis déposez-le de nouveau."),
    (b"#!", "un programme", "Déposez le document lui-même, jamais un programme."),
)
# the same, for prefixes that a text could begin with: only where a NUL byte shows that it is none
_FOREIGN_BINARY = (
    (b"GIF8", "une image GIF", "Enregistrez-la en PNG, puis déposez-la de nouveau."),
    (b"BM", "une image BMP", "Enregistrez-la en PNG, puis déposez-la de nouveau."),
    (b"Rar!", "une archive RAR", "Décompressez-la et déposez les pièces une à une."),
    (b"7z\xbc\xaf", "une archive 7-Zip", "Décompressez-la et déposez les pièces une à une."),
    (b"\x1f\x8b", "une archive GZIP", "Décompressez-la et déposez les pièces une à une."),
    (b"MZ", "un programme Windows", "Déposez le document lui-même, jamais un programme."),
    (b"\x7fELF", "un programme", "Déposez le document lui-même, jamais un programme."),
)
_MARKUP = re.compile(
    rb"<\s*(?:!doctype|html|head|body|script|svg|iframe|object|embed|\?xml|\?php)", re.IGNORECASE
)
_DDE = re.compile(r"\s*[=+\-@].*\|.*!")


def sniff(file: IO[bytes] | Any, name: str) -> ContentType:
    """Tell the type of ``file`` from its content; ``name`` is only compared with what was found.

    ``file`` is any seekable binary file (Django's uploaded files included), left at its start.
    Raises :class:`ContentError` when the file is not accepted.
    """
    size = file.seek(0, 2)
    size = file.tell() if size is None else size
    file.seek(0)
    if size == 0:
        raise ContentError(
            "empty", "Ce fichier est vide. Vérifiez le document sur votre poste, puis déposez-le de nouveau."
        )
    found = _recognise(file, size)
    file.seek(0)
    _check_name(name, found)
    return found


def safe_name(name: str, kind: ContentType | None = None) -> str:
    """``name`` fit for display and download: no path, no control, invisible or bidirectional characters.

    Accents stay; at most :data:`MAX_NAME` characters, the extension being kept. With ``kind``, the result
    bears an extension of that type.
    """
    cleaned = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    cleaned = re.split(r"[/\\]", cleaned)[-1]
    cleaned = "".join(
        " " if character.isspace() else "_" if character in '<>:"|?*' else character
        for character in cleaned
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    cleaned = " ".join(cleaned.split()).strip(". ")
    stem, dot, extension = cleaned.rpartition(".")
    if not dot or not stem or not re.fullmatch(r"\w{1,10}", extension):
        stem, extension = cleaned, ""
    if kind and not kind.bears(extension.lower()):
        stem, extension = cleaned, kind.extension
    suffix = f".{extension}" if extension else ""
    stem = stem[: MAX_NAME - len(suffix)].rstrip(". ")
    return f"{stem or 'document'}{suffix}"


# --- recognition ------------------------------------------------------------------------------------------


def _recognise(file: IO[bytes], size: int) -> ContentType:
    head = file.read(HEAD)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(file)
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(file, size)
    if head[:4] in (b"II*\x00", b"MM\x00*"):
        return _tiff(file, head, size)
    if head.startswith(b"PK\x03\x04"):
        return _zip(file, size)
    if b"%PDF-" in head[:1024]:
        return _pdf(file, head, size)
    _refuse_known(file, head)
    return _csv(file)


def _refuse_known(file: IO[bytes], head: bytes) -> None:
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if _contains(file, "EncryptedPackage".encode("utf-16-le")):
            raise _encrypted("Ce document Office est protégé par un mot de passe.")
        raise ContentError(
            "forbidden_type",
            "Ce fichier est dans un ancien format de Microsoft Office (DOC, XLS, PPT, MSG). Enregistrez-le "
            "en DOCX, XLSX, PPTX, ODF ou PDF, puis déposez-le de nouveau.",
        )
    for prefix, what, advice in _FOREIGN + (_FOREIGN_BINARY if b"\x00" in head else ()):
        if head.startswith(prefix):
            raise ContentError(
                "forbidden_type", f"Ce fichier est {what}, un format qui n’est pas accepté. {advice}"
            )
    if head[4:8] == b"ftyp" or head[8:12] == b"WEBP":
        if head[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"avif", b"WEBP"):
            raise ContentError(
                "forbidden_type",
                "Ce fichier est une image HEIC, AVIF ou WebP. Enregistrez-la en JPEG, puis déposez-la de "
                "nouveau.",
            )
        raise _unknown("Ce fichier est une vidéo ou un son.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unknown(
            "Ce fichier est un texte codé en UTF-16.",
            "Enregistrez-le en « CSV UTF-8 », puis déposez-le de nouveau.",
        )
    if _MARKUP.search(head) or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise _web_page()


def _unknown(what: str, advice: str = "") -> ContentError:
    return ContentError(
        "unknown_type",
        f"{what} {advice or f'Sont acceptés : {ACCEPTED}. Enregistrez la pièce dans l’un de ces formats.'}",
    )


def _damaged(kind: ContentType) -> ContentError:
    return _unknown(
        f"Ce fichier commence comme {kind.indefinite} mais il est incomplet ou abîmé.",
        "Ouvrez-le sur votre poste, enregistrez-le de nouveau, puis déposez-le.",
    )


def _encrypted(what: str) -> ContentError:
    return ContentError(
        "encrypted", f"{what} Enregistrez-en une copie sans mot de passe ni protection, puis déposez-la."
    )


def _web_page() -> ContentError:
    return ContentError(
        "forbidden_type",
        "Ce fichier contient une page web, du XML ou un dessin SVG, qui peuvent porter un programme. "
        "Imprimez-le en PDF, puis déposez le PDF.",
    )


def _macro() -> ContentError:
    return ContentError(
        "macro",
        "Ce document contient des macros. Enregistrez-le dans un format sans macro (DOCX, XLSX, PPTX, ODF) "
        "ou en PDF, puis déposez-le de nouveau.",
    )


def _contains(file: IO[bytes], needle: bytes) -> bool:
    return any(needle in window for window in _windows(file, len(needle)))


def _windows(file: IO[bytes], overlap: int) -> Iterator[bytes]:
    """The whole file in overlapping windows, so that nothing is missed across two of them."""
    file.seek(0)
    tail = b""
    while chunk := file.read(CHUNK):
        yield tail + chunk
        tail = chunk[-overlap:]


def _check_name(name: str, found: ContentType) -> None:
    shown = safe_name(name)
    stem, dot, extension = shown.rpartition(".")
    extension = extension.lower() if dot else ""
    if found.bears(extension):
        return
    if extension in _FOREIGN_EXTENSIONS or any(kind.bears(extension) for kind in TYPES):
        raise ContentError(
            "mismatch",
            f"Le fichier s’appelle « {shown} » mais contient {found.indefinite}. Renommez-le en "
            f"« {safe_name(stem, found)} » si c’est bien la pièce voulue, ou déposez le bon fichier.",
        )


# --- PDF --------------------------------------------------------------------------------------------------

_PDF_ENCRYPTION = re.compile(rb"/Encrypt\s{0,8}(?:\d{1,10}\s{1,8}\d{1,5}\s{1,8}R\b|<<)")


def _pdf(file: IO[bytes], head: bytes, size: int) -> ContentType:
    before = head[: head.index(b"%PDF-")]
    printer_header = before.startswith(b"\x1b%-12345X") and b"@PJL" in before
    if before.strip(b"\x00\t\n\x0c\r \xef\xbb\xbf") and not printer_header:
        _refuse_known(file, head)
        raise _unknown("Ce fichier n’est pas un PDF régulier : autre chose précède son en-tête.")
    file.seek(max(0, size - 2048))
    if b"%%EOF" not in file.read():
        raise _damaged(PDF)
    if any(_PDF_ENCRYPTION.search(window) for window in _windows(file, 64)):
        raise _encrypted("Ce PDF est protégé (mot de passe ou restrictions).")
    return PDF


# --- images -----------------------------------------------------------------------------------------------


def _png(file: IO[bytes]) -> ContentType:
    """Walk the chunks from IHDR to IEND; what follows IEND may only be padding."""
    file.seek(8)
    for number in range(MAX_SEGMENTS):
        header = file.read(8)
        if len(header) < 8:
            break
        length, kind = struct.unpack(">I4s", header)
        if number == 0:
            dimensions = file.read(8)
            if (
                kind != b"IHDR"
                or length != 13
                or len(dimensions) < 8
                or 0 in struct.unpack(">II", dimensions)
            ):
                break
            file.seek(length + 4 - 8, 1)
        elif kind == b"IEND":
            file.seek(4, 1)
            if file.read(HEAD).strip(b"\x00\r\n "):
                break
            return PNG
        else:
            file.seek(length + 4, 1)
    raise _damaged(PNG)


def _jpeg(file: IO[bytes], size: int) -> ContentType:
    """Walk the segments to the first scan, having met the frame's dimensions, then look for the end mark."""
    file.seek(2)
    dimensions = False
    for _ in range(MAX_SEGMENTS):
        mark = file.read(2)
        if mark == b"\xff\xff":  # a fill byte before the mark
            file.seek(-1, 1)
            continue
        length_bytes = file.read(2)
        if len(length_bytes) < 2 or mark[0] != 0xFF or (length := struct.unpack(">H", length_bytes)[0]) < 2:
            break
        start = file.tell()
        if 0xC0 <= mark[1] <= 0xCF and mark[1] not in (0xC4, 0xC8, 0xCC):
            frame = file.read(5)
            dimensions = len(frame) == 5 and 0 not in struct.unpack(">HH", frame[1:])
        file.seek(start + length - 2)
        if mark[1] == 0xDA:
            file.seek(max(file.tell(), size - CHUNK))
            if dimensions and b"\xff\xd9" in file.read():
                return JPEG
            break
    raise _damaged(JPEG)


def _tiff(file: IO[bytes], head: bytes, size: int) -> ContentType:
    """The first directory must lie inside the file and hold entries."""
    order = "<" if head.startswith(b"II") else ">"
    if len(head) < 8:
        raise _damaged(TIFF)
    (offset,) = struct.unpack(order + "I", head[4:8])
    if not 8 <= offset <= size - 2:
        raise _damaged(TIFF)
    file.seek(offset)
    (count,) = struct.unpack(order + "H", file.read(2))
    if count == 0 or offset + 2 + 12 * count > size:
        raise _damaged(TIFF)
    return TIFF


# --- office documents -------------------------------------------------------------------------------------

_OOXML_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, RuntimeError)


def _zip(file: IO[bytes], size: int) -> ContentType:
    try:
        if _directory_bytes(file, size) > MAX_DIRECTORY_BYTES:
            raise _archive()
        with zipfile.ZipFile(file) as archive:
            return _office(archive)
    except (*_OOXML_DAMAGE, expat.ExpatError, UnicodeDecodeError, ValueError, OSError) as error:
        if isinstance(error, ContentError):
            raise
        raise _unknown(
            "Ce fichier est une archive ou un document Office incomplet ou abîmé.",
            "Ouvrez-le sur votre poste, enregistrez-le de nouveau, puis déposez-le.",
        ) from None


def _directory_bytes(file: IO[bytes], size: int) -> int:
    """The size of the archive's directory as announced at its end, before anything reads it into memory."""
    file.seek(max(0, size - 65_558))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22:
        raise zipfile.BadZipFile
    directory: int = struct.unpack_from("<I", tail, end + 12)[0]
    if end >= 76 and tail[end - 20 : end - 16] == b"PK\x06\x07":
        if tail[end - 76 : end - 72] != b"PK\x06\x06":
            raise zipfile.BadZipFile
        directory = max(
            directory if directory != 0xFFFFFFFF else 0, struct.unpack_from("<Q", tail, end - 36)[0]
        )
    return directory


def _archive() -> ContentError:
    return ContentError(
        "forbidden_type",
        "Ce fichier est une archive, qui n’est pas acceptée. Décompressez-la et déposez les pièces une à "
        "une.",
    )


def _office(archive: zipfile.ZipFile) -> ContentType:
    members = archive.infolist()
    names = {member.filename for member in members}
    if len({name.lower() for name in names}) != len(members):  # two readers could see two documents
        raise zipfile.BadZipFile
    if any(member.flag_bits & 0x1 for member in members):
        raise _encrypted("Ce fichier est chiffré.")
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise _archive()
    if "mimetype" in names:
        return _open_document(archive, names)
    if "[Content_Types].xml" in names:
        return _open_xml(archive, names)
    raise _archive()


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """At most :data:`MAX_MEMBER` unpacked bytes of a member; a longer one is refused."""
    if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    with archive.open(name) as member:
        content = member.read(MAX_MEMBER + 1)
    if len(content) > MAX_MEMBER:
        raise zipfile.BadZipFile
    return content


def _attributes(xml: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Every element's name and attributes. Entity declarations are refused; nothing external is fetched."""
    found: list[tuple[str, dict[str, str]]] = []

    def refuse(*_: object) -> None:
        raise zipfile.BadZipFile

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: found.append((name, attributes))
    parser.Parse(xml, True)
    return iter(found)


def _open_document(archive: zipfile.ZipFile, names: set[str]) -> ContentType:
    mimetype = _member(archive, "mimetype").strip()
    kind = _OFFICE.get(mimetype)
    if kind is None:
        if mimetype.startswith(_ODF.encode()):
            raise _unknown("Ce fichier OpenDocument n’est ni un texte, ni un tableur, ni une présentation.")
        raise _archive()
    if "META-INF/manifest.xml" not in names:
        raise _damaged(kind)
    for name, _ in _attributes(_member(archive, "META-INF/manifest.xml")):
        if name.rpartition(" ")[2] == "encryption-data":
            raise _encrypted("Ce document OpenDocument est protégé par un mot de passe.")
    if "content.xml" not in names:
        raise _damaged(kind)
    libraries = ("script-lb.xml", "script-lc.xml", "dialog-lb.xml", "dialog-lc.xml")
    for name in names:
        if name.startswith(("Basic/", "Dialogs/", "Scripts/")) and not name.endswith(("/", *libraries)):
            raise _macro()
    return kind


def _open_xml(archive: zipfile.ZipFile, names: set[str]) -> ContentType:
    declared = set()
    for _, attributes in _attributes(_member(archive, "[Content_Types].xml")):
        declared.add(attributes.get("ContentType", ""))
    lowered = {name.lower() for name in names}
    if any("macroenabled" in kind.lower() or "vbaproject" in kind.lower() for kind in declared) or any(
        name.endswith(("vbaproject.bin", "vbadata.xml")) or "/macrosheets/" in name for name in lowered
    ):
        raise _macro()
    kinds = {_OOXML_MAIN[kind] for kind in declared if kind in _OOXML_MAIN}
    if len(kinds) != 1:
        raise _unknown("Ce fichier Office n’est ni un document, ni un classeur, ni une présentation.")
    (kind,) = kinds
    if "_rels/.rels" not in lowered:
        raise _damaged(kind)
    return kind


# --- CSV --------------------------------------------------------------------------------------------------

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DELIMITERS = ";,\t|"


def _csv(file: IO[bytes]) -> ContentType:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            sample, complete = _text(file, encoding)
        except UnicodeDecodeError:
            continue
        break
    else:
        raise _unknown("Le type de ce fichier n’est pas reconnu.")
    for delimiter in _DELIMITERS:
        if delimiter in sample and _is_table(sample, delimiter, complete=complete):
            return CSV
    raise _unknown(
        "Ce fichier est un texte sans colonnes régulières.",
        "S’il s’agit d’un tableau, enregistrez-le en CSV avec le même nombre de colonnes à chaque ligne ; "
        "s’il s’agit d’un texte, enregistrez-le en PDF, ODT ou DOCX.",
    )


def _text(file: IO[bytes], encoding: str) -> tuple[str, bool]:
    """Check the whole file as text in ``encoding``; its beginning, and whether that is all of it."""
    decoder = codecs.getincrementaldecoder(encoding)()
    sample = ""
    complete = True
    carried = ""
    file.seek(0)
    while True:
        chunk = file.read(CHUNK)
        text = decoder.decode(chunk, final=not chunk)
        if _CONTROLS.search(text):
            raise _unknown("Ce fichier n’est ni un document connu ni un texte lisible.")
        if _MARKUP.search((carried + text).encode()):
            raise _web_page()
        carried = text[-64:]
        if not sample:
            sample, complete = text, len(chunk) < CHUNK
        if not chunk:
            break
    return sample, complete


def _is_table(sample: str, delimiter: str, *, complete: bool) -> bool:
    """Two rows or more, all of one width of two columns or more. The last row of a cut sample is left out."""
    try:
        rows = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), CSV_SAMPLE_ROWS))
    except csv.Error:
        return False
    if not complete:
        rows.pop()
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if any(_DDE.match(cell) for row in rows for cell in row):
        raise ContentError(
            "forbidden_type",
            "Ce tableau contient une formule qui lancerait un programme à l’ouverture. Enregistrez-le avec "
            "les valeurs seules, puis déposez-le de nouveau.",
        )
    return len(rows) >= 2 and len(rows[0]) >= 2 and len({len(row) for row in rows}) == 1
