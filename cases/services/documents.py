"""Stores pieces: streamed, limited in size, typed by content, fingerprinted, versioned."""

from dataclasses import dataclass

from django.conf import settings
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile

from cases import clock
from cases.content import ContentError, ContentType, safe_name, sniff
from cases.errors import Invalid
from cases.models import Document, Dossier, User
from cases.uploads import sha256_of


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
    limit = settings.BERLINE_MAX_UPLOAD_MB
    size = file.size or 0
    if size > limit * 1024 * 1024:
        message = f"Ce fichier dépasse {limit} Mo. Réduisez-le (numérisation moins fine) ou déposez-le en plusieurs pièces."
        raise Invalid(message, details={"file": [message]})
    name = safe_name(file.name or "piece")
    try:
        content_type = sniff(file, name)
    except ContentError as error:
        raise Invalid(error.message, details={"file": [error.message], "reason": error.code}) from None
    return CheckedUpload(file, name, content_type, size, sha256_of(file))


def store_document(*, dossier: Dossier, kind: str, upload: CheckedUpload, uploaded_by: User | None) -> Document:
    """Store a new version of a piece; it supersedes the former one, which is kept.

    Needs the caller's transaction and its lock on the dossier. The file is written first: should the transaction be
    undone, an orphan file remains that no row points to, never a row without its file.
    """
    previous = Document.objects.filter(dossier=dossier, kind=kind).order_by("-version").first()
    if previous is not None and previous.current:
        Document.objects.filter(pk=previous.pk).update(current=False)
    upload.file.seek(0)
    document = Document(
        dossier=dossier,
        kind=kind,
        version=previous.version + 1 if previous else 1,
        name=upload.name,
        content_type=upload.content_type.mime,
        size=upload.size,
        sha256=upload.sha256,
        uploaded_by=uploaded_by,
        uploaded_at=clock.now(),
    )
    document.file.save(upload.name, upload.file, save=False)
    document.save(force_insert=True)
    return document
