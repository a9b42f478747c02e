"""Files arrive streamed, hashed and bounded, for plain forms and for the API alike."""

import gc
import hashlib
import io
import json
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.test import RequestFactory
from ninja import File, NinjaAPI
from ninja.files import UploadedFile as NinjaFile

from cases.content import PDF, ContentError, sniff
from cases.uploads import (
    MEBIBYTE,
    REQUEST_FACTOR,
    HashedUpload,
    RefusedUpload,
    UploadTooLarge,
    refused_uploads,
    sha256_of,
)

PDF_BYTES = b"%PDF-1.7\ntrailer <<>>\nstartxref\n9\n%%EOF\n"
BOUNDARY = "limite"


@pytest.fixture(autouse=True)
def _handler(settings: Any, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_HANDLERS = ["cases.uploads.HashingUploadHandler"]
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.BERLINE_MAX_UPLOAD_MB = 1


def part(name: str, filename: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    kind = "Content-Type: text/html\r\n" if filename is not None else ""
    return f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n{kind}\r\n".encode()


class Stream(io.RawIOBase):
    """A request body produced on the fly, which counts what is read of it."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.pending = b""
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self.pending) < size:
            piece = next(self.pieces, None)
            if piece is None:
                break
            self.pending += piece
        taken, self.pending = (self.pending, b"") if size < 0 else (self.pending[:size], self.pending[size:])
        self.taken += len(taken)
        return taken


def body(*parts: tuple[bytes, bytes | int]) -> Iterator[bytes]:
    """Each part is its header and its content: bytes, or a number of filler bytes."""
    for header, content in parts:
        yield header
        if isinstance(content, bytes):
            yield content
        else:
            for _ in range(content // 65536):
                yield b"x" * 65536
            yield b"x" * (content % 65536)
        yield b"\r\n"
    yield f"--{BOUNDARY}--\r\n".encode()


def request_with(*parts: tuple[bytes, bytes | int], length: int | None = None) -> tuple[WSGIRequest, Stream]:
    size = sum(len(piece) for piece in body(*parts)) if length is None else length
    stream = Stream(body(*parts))
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/pieces",
            "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
            "CONTENT_LENGTH": str(size),
            "wsgi.input": stream,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
        }
    )
    return request, stream


def leftovers(folder: Path) -> list[str]:
    gc.collect()
    return [name for name in os.listdir(folder) if name.endswith(".upload")]


def test_upload_is_hashed_and_kept_on_disk(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    request, _ = request_with((part("kind"), b"note"), (part("file", "Note été.pdf"), content))
    file = request.FILES["file"]
    assert isinstance(file, HashedUpload)
    assert (file.name, file.size) == ("Note été.pdf", len(content))
    assert sha256_of(file) == file.sha256
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert file.read() == content
    assert Path(file.temporary_file_path()).parent == tmp_path
    assert request.POST["kind"] == "note"
    assert refused_uploads(request) == []
    file.close()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(("size", "kept"), [(MEBIBYTE - 1, True), (MEBIBYTE, True), (MEBIBYTE + 1, False)])
def test_upload_is_kept_up_to_the_limit_included(size: int, kept: bool, tmp_path: Path) -> None:
    request, _ = request_with((part("file", "a.pdf"), size))
    file = request.FILES["file"]
    assert file.size == size
    assert isinstance(file, HashedUpload if kept else RefusedUpload)
    file.close()
    assert leftovers(tmp_path) == []


def test_upload_too_large_stays_in_its_field_and_says_what_to_do(settings: Any, tmp_path: Path) -> None:
    settings.BERLINE_MAX_UPLOAD_MB = 2
    request, stream = request_with(
        (part("file", "grand.pdf"), 3 * MEBIBYTE),
        (part("other", "petit.pdf"), PDF_BYTES),
        (part("kind"), b"note"),
    )
    refused = request.FILES["file"]
    assert isinstance(refused, RefusedUpload)
    assert refused.size == 3 * MEBIBYTE
    assert refused.message.startswith("Ce fichier dépasse 2 Mo. Réduisez-le")
    assert refused_uploads(request) == [("file", refused)]
    # the rest of the form is there, so that the page or the API can answer
    assert request.POST["kind"] == "note"
    assert sniff(request.FILES["other"], "petit.pdf") == PDF
    assert stream.read() == b""
    assert leftovers(tmp_path) == [Path(request.FILES["other"].temporary_file_path()).name]
    request.close()
    assert leftovers(tmp_path) == []


def test_upload_too_large_cannot_be_read_by_mistake() -> None:
    request, _ = request_with((part("file", "grand.pdf"), 2 * MEBIBYTE))
    refused = request.FILES["file"]
    for use in (
        refused.read,
        refused.open,
        lambda: list(refused.chunks()),
        lambda: list(refused),
        lambda: sniff(refused, refused.name),
        lambda: sha256_of(refused),
    ):
        with pytest.raises(UploadTooLarge) as caught:
            use()
        assert isinstance(caught.value, ContentError)
        assert (caught.value.code, caught.value.message) == ("too_large", refused.message)


def test_upload_never_holds_more_than_a_few_chunks_in_memory() -> None:
    request, stream = request_with((part("file", "grand.pdf"), 7 * MEBIBYTE))
    tracemalloc.start()
    try:
        assert isinstance(request.FILES["file"], RefusedUpload)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stream.taken >= 7 * MEBIBYTE
    assert peak < MEBIBYTE


def test_upload_beyond_all_reason_is_not_read_to_its_end(tmp_path: Path) -> None:
    """Without a declared length: the reading stops once the request exceeds its bound."""
    files = [(part("files", f"{number}.pdf"), MEBIBYTE) for number in range(3 * REQUEST_FACTOR)]
    request, stream = request_with((part("kind"), b"note"), *files, length=2**40)
    request.META["CONTENT_LENGTH"] = str(REQUEST_FACTOR * MEBIBYTE)
    assert len(request.FILES.getlist("files")) <= REQUEST_FACTOR
    assert stream.taken < (REQUEST_FACTOR + 1) * MEBIBYTE
    assert [field for field, _ in refused_uploads(request)] == ["files"]
    assert request.POST["kind"] == "note"
    request.close()
    assert leftovers(tmp_path) == []


def test_upload_announced_beyond_all_reason_is_not_read_at_all(tmp_path: Path) -> None:
    request, stream = request_with(
        (part("kind"), b"note"), (part("file", "a.pdf"), 20 * MEBIBYTE), length=20 * MEBIBYTE
    )
    assert not request.FILES
    assert request.POST["kind"] == "note"
    assert [field for field, _ in refused_uploads(request)] == ["file"]
    assert stream.taken < MEBIBYTE
    assert leftovers(tmp_path) == []


def test_upload_cut_by_the_client_leaves_nothing(tmp_path: Path) -> None:
    pieces = iter([part("file", "a.pdf"), b"x" * 200_000])
    request, stream = request_with((part("file", "a.pdf"), 300_000))
    stream.pieces = pieces
    assert "file" not in request.FILES
    request.close()
    del request
    assert leftovers(tmp_path) == []


def test_upload_with_an_endless_extension_is_received(tmp_path: Path) -> None:
    """The temporary file's name owes nothing to the client's."""
    request, _ = request_with((part("file", "a." + "x" * 400), PDF_BYTES))
    file = request.FILES["file"]
    assert file.size == len(PDF_BYTES)
    assert len(Path(file.temporary_file_path()).name) < 40
    request.close()


def test_upload_moves_into_the_storage_and_closes_quietly(tmp_path: Path) -> None:
    request, _ = request_with((part("file", "a.pdf"), PDF_BYTES))
    file = request.FILES["file"]
    storage = FileSystemStorage(location=tmp_path / "kept")
    name = storage.save("piece", file)
    file.close()
    request.close()
    assert (tmp_path / "kept" / name).read_bytes() == PDF_BYTES
    assert leftovers(tmp_path) == []


class PieceForm(forms.Form):
    kind = forms.CharField()
    file = forms.FileField()


def test_form_receives_the_hashed_file_or_the_refusal() -> None:
    for content, expected in ((PDF_BYTES, HashedUpload), (2 * MEBIBYTE, RefusedUpload)):
        request, _ = request_with((part("kind"), b"note"), (part("file", "a.pdf"), content))
        form = PieceForm(request.POST, request.FILES)
        assert form.is_valid(), form.errors
        assert isinstance(form.cleaned_data["file"], expected)
        request.close()


def test_form_of_the_test_client_passes_through_the_handler() -> None:
    request = RequestFactory().post("/pieces", {"kind": "note", "file": ContentFile(PDF_BYTES, "a.pdf")})
    assert isinstance(request.FILES["file"], HashedUpload)
    request.close()


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (PDF_BYTES, {"sha256": hashlib.sha256(PDF_BYTES).hexdigest(), "mime": "application/pdf"}),
        (b"", {"code": "empty"}),
        (2 * MEBIBYTE, {"code": "too_large"}),
    ],
)
def test_api_receives_the_hashed_file_or_the_refusal(content: bytes | int, answer: dict[str, str]) -> None:
    api = NinjaAPI(urls_namespace=f"uploads-{len(str(content))}")

    @api.post("/pieces")
    def pieces(request: HttpRequest, file: NinjaFile = File(...)) -> dict[str, str]:  # noqa: B008
        try:
            kind = sniff(file, file.name or "")
        except ContentError as error:
            return {"code": error.code}
        return {"sha256": sha256_of(file), "mime": kind.mime}

    (view,) = [pattern.callback for pattern in api.urls[0] if str(pattern.pattern) == "pieces"]
    request, _ = request_with((part("file", "a.pdf"), content))
    response = view(request)
    assert response.status_code == 200
    assert json.loads(response.content) == answer
    request.close()


def test_sha256_of_reads_any_other_file_from_its_start() -> None:
    file = io.BytesIO(b"abc")
    file.read()
    assert sha256_of(file) == hashlib.sha256(b"abc").hexdigest()
    assert file.tell() == 0
