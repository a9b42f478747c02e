"""Download of a message's file, through the gates of its dossier and of its note, as a file and never as a page."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest
from django.views.decorators.http import require_safe

from cases.permissions import Holding
from cases.selectors.exchanges import message_file_for
from cases.views.access import holdings_of_request, person_of
from cases.views.documents import stored_file_response


def message_file_response(
    user: Any,
    message_id: UUID,
    file_id: UUID,
    holdings: tuple[Holding, ...] | None,
    reference: str | None = None,
) -> FileResponse:
    """The file of a message that ``user`` may read. Raises ``NotFound``, also when the stored file has gone."""
    return stored_file_response(message_file_for(user, message_id, file_id, holdings, reference=reference))


@login_required
@require_safe
def download(request: HttpRequest, message_id: UUID, file_id: UUID) -> FileResponse:
    """``GET /messages/<id>/fichiers/<id>/``."""
    return message_file_response(person_of(request), message_id, file_id, holdings_of_request(request))
