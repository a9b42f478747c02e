"""Files that a page gives out: workbooks and papers, never shown as pages, never kept by a proxy."""

from io import BytesIO

from django.http import FileResponse, HttpRequest

from cases.views.access import holdings_of_request, person_of
from cases.workbook import CONTENT_TYPE


def file_response(content: BytesIO, name: str, content_type: str) -> FileResponse:
    """A file made in memory, to download under a plain name."""
    response = FileResponse(content, as_attachment=True, filename=name, content_type=content_type)
    response["Content-Length"] = str(content.getbuffer().nbytes)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def workbook_response(content: BytesIO, name: str) -> FileResponse:
    """A workbook (XLSX)."""
    return file_response(content, name, CONTENT_TYPE)


def reader_of(request: HttpRequest) -> str:
    """For whom an extract is made: the name and the first capacity."""
    held = holdings_of_request(request)
    return f"{person_of(request)}, {held[0].capacity}" if held else str(person_of(request))
