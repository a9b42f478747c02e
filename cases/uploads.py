"""Receiving files: streamed to disk, hashed on the way, stopped at the limit.

``FILE_UPLOAD_HANDLERS = ["cases.uploads.HashingUploadHandler"]`` makes every multipart request, from a form
or through the API, arrive as :class:`HashedUpload` objects in ``request.FILES``. A file larger than
``settings.BERLINE_MAX_UPLOAD_MB`` mebibytes is never kept: what was written is dropped, the rest is read
chunk by chunk and thrown away (so that the client can read the answer), and the field holds a
:class:`RefusedUpload`, which raises :class:`UploadTooLarge` as soon as anyone tries to read it. That is a
:class:`cases.content.ContentError` like any other refusal of a piece, so a caller that handles those
handles this one too.

A request whose files together exceed :data:`REQUEST_FACTOR` times the limit is no longer read at all; what
was refused is then found through :func:`refused_uploads`.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress
from tempfile import NamedTemporaryFile
from typing import IO, Any, NoReturn, cast

from django.conf import settings
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from cases.content import ContentError

MEBIBYTE = 2**20
DEFAULT_MAX_MB = 25
REQUEST_FACTOR = 8
"""How many times the limit of one file a whole request may send before it is cut."""


class UploadTooLarge(ContentError):
    """The file exceeds the limit; ``code`` is ``too_large``."""

    def __init__(self, message: str) -> None:
        super().__init__("too_large", message)


def max_upload_mb() -> int:
    """The largest file accepted, in mebibytes (« Mo » on the screens)."""
    return int(getattr(settings, "BERLINE_MAX_UPLOAD_MB", DEFAULT_MAX_MB))


def too_large_message() -> str:
    """The sentence shown for a file above the limit."""
    return (
        f"Ce fichier dépasse {max_upload_mb()} Mo. Réduisez-le (numérisation en 150 ou 200 points par pouce, "
        "images compressées) ou séparez-le en plusieurs pièces."
    )


class HashedUpload(UploadedFile):
    """A complete file on disk. ``size`` is in bytes, ``sha256`` in hexadecimal, both of what was received."""

    def __init__(self, file: IO[bytes], *, name: str, content_type: str, size: int, sha256: str) -> None:
        super().__init__(file, name, content_type, size)
        self.sha256 = sha256
        self._temporary = file

    def temporary_file_path(self) -> str:
        """Where the file lies: Django's file storage moves it from there instead of copying it."""
        return str(self._temporary.name)

    def close(self) -> None:
        """Close the file and delete it, unless it was moved into the storage."""
        with suppress(FileNotFoundError):
            self._temporary.close()


class _Unreadable(io.RawIOBase):
    """Raises the refusal whatever is asked of it."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self._message = message

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UploadTooLarge(self._message)

    read = readinto = readall = seek = tell = readable = seekable = _refuse


class RefusedUpload(UploadedFile):
    """A file that was too large: nothing of it was kept. ``message`` is the French sentence to show."""

    def __init__(self, *, name: str, content_type: str, size: int, message: str) -> None:
        super().__init__(cast(IO[bytes], _Unreadable(message)), name, content_type, size)
        self.message = message

    def chunks(self, chunk_size: int | None = None) -> NoReturn:
        """Raise :class:`UploadTooLarge`."""
        raise UploadTooLarge(self.message)


class HashingUploadHandler(FileUploadHandler):
    """Streams each file of a request to a temporary file while hashing it, up to the limit."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._request_bytes = 0
        self._declared_bytes = 0
        self.file: IO[bytes] = io.BytesIO()

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        """Remember how much the client says it will send."""
        self._declared_bytes = content_length or 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Start a file: a fresh hash and a temporary file whose name owes nothing to the client."""
        super().new_file(*args, **kwargs)
        self._limit = max_upload_mb() * MEBIBYTE
        self._hash = hashlib.sha256()
        self._too_large = False
        if self._declared_bytes > REQUEST_FACTOR * self._limit:
            self._stop(self._declared_bytes)
        self.file = NamedTemporaryFile(  # noqa: SIM115 (closed with the upload)
            suffix=".upload", dir=settings.FILE_UPLOAD_TEMP_DIR
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write and hash, or throw away once the file is too large."""
        size = start + len(raw_data)
        self._request_bytes += len(raw_data)
        if self._request_bytes > REQUEST_FACTOR * self._limit:
            self._stop(size)
        if self._too_large:
            return
        if size > self._limit:
            self._too_large = True
            self.file.close()
            return
        self._hash.update(raw_data)
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        """The file as received, or the refusal that stands for it."""
        if self._too_large:
            return self._refusal(file_size)
        self.file.seek(0)
        return HashedUpload(
            self.file,
            name=str(self.file_name),
            content_type=self.content_type or "",
            size=file_size,
            sha256=self._hash.hexdigest(),
        )

    def upload_interrupted(self) -> None:
        """The client went away: drop what was written."""
        self.file.close()

    def _refusal(self, size: int) -> RefusedUpload:
        refused = RefusedUpload(
            name=str(self.file_name),
            content_type=self.content_type or "",
            size=size,
            message=too_large_message(),
        )
        if self.request is not None:
            self.request.__dict__.setdefault("_refused_uploads", []).append((self.field_name, refused))
        return refused

    def _stop(self, size: int) -> NoReturn:
        self._refusal(size)
        self.file.close()
        raise StopUpload(connection_reset=True)


def refused_uploads(request: HttpRequest) -> list[tuple[str, RefusedUpload]]:
    """The (field, file) pairs of this request that were too large. Reads the request's files."""
    _ = request.FILES
    return list(request.__dict__.get("_refused_uploads", []))


def sha256_of(file: File[bytes] | IO[bytes]) -> str:
    """The SHA-256 of a file in hexadecimal: the one computed while it was received, or computed now.

    The file is read from its start in chunks and left at its start. Raises :class:`UploadTooLarge` for a
    refused upload.
    """
    if isinstance(file, HashedUpload):
        return file.sha256
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(MEBIBYTE):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
