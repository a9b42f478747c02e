"""Adds a piece to a dossier that is in the submitter's hands."""

from django.core.files.base import File
from django.db import transaction

from cases.errors import Invalid
from cases.models import Document, User
from cases.permissions import holdings_of
from cases.services import check_upload, store_document
from workflows.engine.context import StepContext
from workflows.engine.registry import get_path
from workflows.services.drafts import require_editable
from workflows.services.locking import busy_is_conflict, lock_dossier
from workflows.services.records import note_participant, record_act


def add_document(*, reference: str, kind: str, file: File, actor: User) -> Document:
    """Store a piece; a new file of the same kind supersedes the former one. The journal keeps its SHA-256.

    Raises ``NotFound``, ``Forbidden``, ``Blocked`` (not in the submitter's hands), ``Invalid`` (unknown kind; empty,
    too large or forbidden file). The file is looked at before the dossier is locked.
    """
    upload = check_upload(file)
    with busy_is_conflict(), transaction.atomic():
        holdings = holdings_of(actor)
        dossier = lock_dossier(holdings=holdings, reference=reference)
        path = get_path(dossier.path)
        context = StepContext(dossier=dossier, path=path, actor=actor)
        if path.piece(kind) is None:
            known = ", ".join(piece.key for piece in path.pieces)
            message = f"La pièce « {kind} » n’est pas prévue par ce circuit. Pièces prévues : {known}."
            raise Invalid(message, details={"kind": [message]})
        step, held = require_editable(context, holdings)
        context.step, context.capacity = step, held.capacity
        note_participant(dossier, step.duty, actor)
        document = store_document(dossier=dossier, kind=kind, upload=upload, uploaded_by=actor)
        record_act(
            context,
            action="add_document",
            status_before=dossier.status,
            changes={
                "document": {
                    "kind": kind,
                    "version": document.version,
                    "name": document.name,
                    "size": document.size,
                    "sha256": document.sha256,
                }
            },
            bump=False,
        )
    return document
