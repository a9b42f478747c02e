"""Stores pieces: streamed, limited in size, typed by content, fingerprinted, versioned."""

from dataclasses import dataclass

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile

from cases import clock
from cases.content import ContentError, ContentType, safe_name, sniff
from cases.errors import Invalid
from cases.models import Document, Dossier, User
from cases.uploads import MEBIBYTE, max_upload_mb, sha256_of, too_large_message


@dataclass(frozen=True, slots=True)
class CheckedUpload:
    """A file that may be stored: what it really is, its size in bytes and its SHA-256."""

    file: File
    name: str
    content_type: ContentType
    size: int
    sha256: str


def check_upload(file: UploadedFile | File) -> CheckedUpload:
    """Look at a file before anything is locked or written. Raises ``Invalid`` naming what is wrong and what to do."""
    try:
        content_type = sniff(file, file.name or "")
    except ContentError as error:
        raise Invalid(error.message, details={"file": [error.message], "reason": error.code}) from None
    size = file.size or 0
    if size > max_upload_mb() * MEBIBYTE:  # files that did not come through the upload handler
        raise Invalid(too_large_message(), details={"file": [too_large_message()], "reason": "too_large"})
    return CheckedUpload(file, safe_name(file.name or "", content_type), content_type, size, sha256_of(file))


def latest_version(dossier: Dossier, kind: str) -> Document | None:
    """The newest version of a piece, superseded or not. One statement."""
    return Document.objects.filter(dossier=dossier, kind=kind).order_by("-version").first()


def store_document(
    *, dossier: Dossier, kind: str, upload: CheckedUpload, uploaded_by: User | None
) -> Document:
    """Store a new version of a piece; it supersedes the former one, which is kept.

    Needs the caller's transaction and its lock on the dossier. The file is written first: should the transaction be
    undone, an orphan file remains that no row points to, never a row without its file.
    """
    return supersede(
        latest_version(dossier, kind), dossier=dossier, kind=kind, upload=upload, uploaded_by=uploaded_by
    )


def supersede(
    previous: Document | None,
    *,
    dossier: Dossier,
    kind: str,
    upload: CheckedUpload,
    uploaded_by: User | None,
) -> Document:
    """As ``store_document``, for a caller that has already read the newest version."""
    if previous is not None and previous.current:
        Document.objects.filter(pk=previous.pk).update(current=False)
    document = new_document(
        dossier=dossier,
        kind=kind,
        upload=upload,
        version=previous.version + 1 if previous else 1,
        uploaded_by=uploaded_by,
    )
    document.save(force_insert=True)
    return document


def new_document(
    *, dossier: Dossier, kind: str, upload: CheckedUpload, version: int, uploaded_by: User | None
) -> Document:
    """A piece whose file is written and whose row is not: the caller inserts it."""
    upload.file.seek(0)
    document = Document(
        dossier=dossier,
        kind=kind,
        version=version,
        name=upload.name,
        content_type=upload.content_type.mime,
        size=upload.size,
        sha256=upload.sha256,
        uploaded_by=uploaded_by,
        uploaded_at=clock.now(),
    )
    document.file.save(upload.name, upload.file, save=False)
    return document
