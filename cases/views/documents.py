"""Download of a piece, through the read gate, as a file and never as a page."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest
from django.views.decorators.http import require_safe

from cases.content import safe_name
from cases.errors import NotFound
from cases.models import Document, MessageFile
from cases.permissions import Holding
from cases.selectors import document_for
from cases.views.access import acting_of_request, person_of


def document_response(
    user: Any, reference: str, public_id: UUID, holdings: tuple[Holding, ...] | None
) -> FileResponse:
    """The file of a piece that ``user`` may read. Raises ``NotFound``, also when the stored file has gone."""
    return stored_file_response(document_for(user, reference, public_id, holdings))


def stored_file_response(stored: Document | MessageFile) -> FileResponse:
    """A stored file as a download that no browser shows as a page. Raises ``NotFound`` when the file has gone."""
    try:
        file = stored.file.open("rb")
    except FileNotFoundError:
        raise NotFound(
            "Le fichier de cette pièce est introuvable dans le stockage. Signalez-le à l’administrateur."
        ) from None
    response = FileResponse(
        file, as_attachment=True, filename=safe_name(stored.name), content_type=stored.content_type
    )
    response["Content-Length"] = str(stored.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@login_required
@require_safe
def download(request: HttpRequest, reference: str, public_id: UUID) -> FileResponse:
    """``GET /dossiers/<reference>/pieces/<id>/``."""
    return document_response(person_of(request), reference, public_id, acting_of_request(request))
