"""``GET dossiers/{reference}/documents/{id}``: a piece, through the read gate, as a file, never a page."""

from uuid import UUID

from django.http import FileResponse, HttpRequest
from ninja import Router

from cases.api.access import person_of
from cases.api.errors import ErrorOut
from cases.permissions import acting_holdings_of
from cases.views.documents import document_response

router = Router(tags=["Pièces"])

BINARY = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@router.get(
    "dossiers/{reference}/documents/{uuid:document_id}",
    summary="Télécharger une pièce",
    response={401: ErrorOut, 404: ErrorOut},
    openapi_extra={"responses": {200: {"description": "Le fichier.", **BINARY}}},
)
def download(request: HttpRequest, reference: str, document_id: UUID) -> FileResponse:
    """Le fichier d’une pièce. Les versions remplacées ne sont remises qu’aux auditeurs."""
    user = person_of(request)
    return document_response(user, reference, document_id, acting_holdings_of(user))
