"""Files anew from a copy: a dossier that was refused, withdrawn or lapsed gives its data and pieces to a new draft."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import QuerySet

from cases import rows
from cases.enums import DossierStatus
from cases.errors import Blocked, Invalid, Reason
from cases.models import Document, Dossier, DossierLink, JournalEntry, User
from cases.permissions import holdings_of
from cases.register_terms import LinkKind
from cases.selectors import current_documents, dossier_for
from cases.services import CheckedUpload, append_entry, check_upload
from cases.services.documents import new_document
from cases.services.exchanges import add_link
from workflows.engine.obligations import PATH as OBLIGATION
from workflows.engine.obligations import already_open_is_blocked
from workflows.engine.path import Path
from workflows.engine.registry import get_path
from workflows.selectors.exchange_view import GIVEN_UP
from workflows.services.drafts import may_file, open_draft, validated_data
from workflows.services.links import note_link
from workflows.services.locking import busy_is_conflict, lock_dossier

S = DossierStatus


@dataclass(frozen=True, slots=True)
class Copy:
    """A new draft made from a copy. ``pieces``: titles of those taken over; ``left_out``: why others were not."""

    dossier: Dossier
    pieces: tuple[str, ...]
    left_out: tuple[str, ...]


def came_to_nothing(dossier: Dossier) -> bool:
    """Whether a dossier may be filed anew from a copy. One statement for a closed dossier, else none."""
    if dossier.status == S.CLOSED:
        return JournalEntry.objects.filter(dossier=dossier, status_after=S.REFUSED).exists()
    return dossier.status in GIVEN_UP


def replacements_of(dossier: Dossier) -> QuerySet[DossierLink]:
    """Live links of dossiers of the same body that replace this one and have not come to nothing themselves."""
    return DossierLink.objects.filter(
        target=dossier,
        source__organisation=dossier.organisation_id,
        kind=LinkKind.REPLACES,
        removed_at__isnull=True,
    ).exclude(source__status__in=GIVEN_UP)


def data_to_copy(path: type[Path], dossier: Dossier) -> tuple[dict[str, Any], list[str]]:
    """The data that today's form still asks for, and sentences about those that it does not."""
    fields = path.form.base_fields
    kept = {name: value for name, value in dossier.data.items() if name in fields}
    left = [
        f"La donnée « {name} » n’est plus demandée par ce circuit : elle n’est pas reprise."
        for name in sorted(set(dossier.data) - set(fields))
    ]
    return kept, left


def copy_dossier(*, reference: str, actor: User, data: Mapping[str, Any] | None = None) -> Copy:
    """A new draft of the same path and body, which « replaces » a dossier that came to nothing.

    Its data are judged by today's rules, with those of ``data`` in place of the old ones. The pieces in force are taken
    over as they are, as versions that ``actor`` adds, each checked against its SHA-256; a decision's paper is not.
    Raises ``NotFound``, ``Forbidden`` (who may not file for that body), ``Blocked`` (a dossier that goes on, was
    executed, or is replaced already), ``Invalid`` (data that no longer fit: nothing is made).
    """
    holdings = holdings_of(actor)
    with busy_is_conflict(), already_open_is_blocked() as asked, ExitStack() as opened, transaction.atomic():
        source = lock_dossier(holdings=holdings, reference=reference)
        path = get_path(source.path)
        held = may_file(path, source.organisation, holdings)
        require_copyable(source)
        kept, left_out = data_to_copy(path, source)
        if data is not None and not isinstance(data, Mapping):
            raise Invalid("Les données du dossier doivent être un objet JSON.")
        cleaned = validated_data(path, kept | dict(data or {}), source.organisation)
        asked.update(cleaned)
        uploads, lost = _pieces(path, source, opened)
        draft = open_draft(
            path=path,
            organisation=source.organisation,
            role=held.role,
            actor=actor,
            capacity=held.capacity,
            cleaned=cleaned,
        )
        _take_over(draft, path, uploads, actor, held.capacity)
        link = add_link(source=draft, target=source, kind=LinkKind.REPLACES, actor=actor)
        note_link(link, (draft, source), holdings, actor, action="link")
    titles = tuple(path.piece(kind).title for kind, _ in uploads)  # type: ignore[union-attr]
    return Copy(draft, titles, tuple(left_out + lost))


def copyable_for(user: User, reference: str) -> tuple[Dossier, type[Path], dict[str, Any]]:
    """What the form of a new dossier is filled with from a copy. Raises as ``copy_dossier`` does, but ``Invalid``."""
    holdings = holdings_of(user)
    source = dossier_for(user, reference, holdings)
    path = get_path(source.path)
    may_file(path, source.organisation, holdings)
    require_copyable(source)
    return source, path, data_to_copy(path, source)[0]


def model_for(user: User, reference: str) -> tuple[Dossier, type[Path], dict[str, Any], list[str]]:
    """What the form of another dossier like this one is filled with: its data, and sentences about those left out.

    Any dossier that one may read, whatever became of it, of a body for which one may file. Nothing is copied but data:
    the new dossier is filed as any other, and no link is made. Raises ``NotFound``, ``Forbidden``, ``Blocked`` (an
    obligation, which the calendar opens once).
    """
    holdings = holdings_of(user)
    source = dossier_for(user, reference, holdings)
    path = get_path(source.path)
    may_file(path, source.organisation, holdings)
    if path.key == OBLIGATION:
        message = (
            "Une obligation du calendrier s’ouvre une seule fois, à sa date : elle ne sert pas de modèle. Cherchez "
            "celle de l’exercice voulu dans les dossiers."
        )
        raise Blocked(message, reasons=[Reason("not_a_model", message)])
    return source, path, *data_to_copy(path, source)


def require_copyable(source: Dossier) -> None:
    """Raise ``Blocked`` for a dossier that cannot be filed anew from a copy."""
    if not came_to_nothing(source):
        label = S(source.status).label
        message = (
            "Se dépose à nouveau à partir d’une copie un dossier refusé, retiré ou caduc, ou clos après un refus. "
            f"Celui-ci est « {label} » : poursuivez-le, ou préparez un nouveau dossier."
        )
        raise Blocked(message, reasons=[Reason("not_copyable", message)])
    replacing = replacements_of(source).values_list("source__reference", flat=True).first()
    if replacing:
        message = (
            f"Ce dossier est déjà remplacé par {replacing} : poursuivez celui-là, ou retirez-le avant d’en faire un "
            "autre."
        )
        raise Blocked(message, reasons=[Reason("replaced", message, related=(replacing,))])


def _pieces(
    path: type[Path], source: Dossier, opened: ExitStack
) -> tuple[list[tuple[str, CheckedUpload]], list[str]]:
    """The pieces in force that people added, checked as new ones are, and sentences about those left out.

    ``opened`` closes their files.
    """
    found, left = [], []
    for document in current_documents(source).filter(uploaded_by__isnull=False):
        piece = path.piece(document.kind)
        if piece is None:
            continue
        try:
            upload = check_upload(File(opened.enter_context(document.file.open("rb")), name=document.name))
        except (FileNotFoundError, Invalid) as error:
            why = error.message if isinstance(error, Invalid) else "Le fichier est introuvable."
            left.append(f"La pièce « {piece.title} » n’est pas reprise : {why} Joignez-la de nouveau.")
            continue
        if upload.sha256 != document.sha256:
            left.append(
                f"La pièce « {piece.title} » n’est pas reprise : le fichier conservé n’a plus l’empreinte du jour "
                "de son dépôt. Joignez-la de nouveau."
            )
            continue
        found.append((document.kind, upload))
    return found, left


def _take_over(
    draft: Dossier, path: type[Path], uploads: list[tuple[str, CheckedUpload]], actor: User, capacity: str
) -> None:
    """Store the pieces as first versions of the draft's, each with its journal entry."""
    if not uploads:
        return
    documents: list[Document] = []
    for kind, upload in uploads:
        documents.append(new_document(dossier=draft, kind=kind, upload=upload, version=1, uploaded_by=actor))
    rows.insert_all(documents)
    for document in documents:
        append_entry(
            dossier=draft,
            actor=actor,
            capacity=capacity,
            action="add_document",
            status_before=draft.status,
            step=path.first_step().name,
            changes={
                "document": {
                    "kind": document.kind,
                    "version": document.version,
                    "name": document.name,
                    "size": document.size,
                    "sha256": document.sha256,
                    "copied": True,
                }
            },
        )
