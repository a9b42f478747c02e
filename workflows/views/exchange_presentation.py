"""Puts messages, notes and links into the words of the dossier page. No query."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest

from cases.models import JournalEntry
from workflows.forms import LinkForm, MessageForm
from workflows.selectors.dossier_view import DossierView
from workflows.selectors.exchange_view import Exchanges
from workflows.services import Copy

#: How many messages the page shows at once; earlier ones are folded.
SHOWN = 20


def message_form(data: Any = None) -> MessageForm:
    """The form of a message."""
    return MessageForm(data, auto_id="message-%s")


def note_form(data: Any = None) -> MessageForm:
    """The form of an internal note."""
    return MessageForm(data, label="Votre note", auto_id="note-%s")


def link_form(data: Any = None) -> LinkForm:
    """The form of a link."""
    return LinkForm(data, auto_id="lien-%s")


def context_of(
    view: DossierView, exchanges: Exchanges, refused: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the sections « Échanges » and « Dossiers liés » need.

    ``refused``: the form that was just refused (``written``, ``noted`` or ``linked``), and ``files_lost``, whether
    files have to be chosen again.
    """
    shown = dict(refused or {})
    folded = max(len(exchanges.messages) - SHOWN, 0)
    return {
        "earlier": exchanges.messages[:folded],
        "exchanges": exchanges.messages[folded:],
        "write_refusal": exchanges.refusal,
        "write_form": None if exchanges.refusal else shown.get("written") or message_form(),
        "note_form": (shown.get("noted") or note_form()) if exchanges.may_note else None,
        "refused_form": shown.get("written") or shown.get("noted") or shown.get("linked"),
        "files_lost": shown.get("files_lost", False),
        "links": exchanges.links,
        "may_link": exchanges.may_link,
        "link_form": (shown.get("linked") or link_form()) if exchanges.may_link else None,
        "may_copy": exchanges.may_copy,
        "has_pieces": any(piece.versions for piece in view.pieces),
        "max_mb": settings.BERLINE_MAX_UPLOAD_MB,
    }


def names_of_links(exchanges: Exchanges) -> dict[str, str]:
    """What each link says, those taken back too, by its id: « fait suite à FNMO-2015-0001 »."""
    return {str(one.public_id): f"{one.words} {one.dossier.reference}" for one in exchanges.related}


def changes(entry: JournalEntry, linked: Mapping[str, str]) -> list[dict[str, str]]:
    """What an entry of a message or a link keeps. A link that this person may not know of shows nothing but its act."""
    shown: list[dict[str, str]] = []
    if message := entry.changes.get("message"):
        shown.append({"label": "Texte", "before": "", "after": f"SHA-256 {message['sha256']}"})
        shown += [
            {"label": "Fichier joint", "before": "", "after": f"{one['name']}, SHA-256 {one['sha256']}"}
            for one in message["files"]
        ]
    if entry.changes.get("document", {}).get("copied"):
        shown.append({"label": "Origine", "before": "", "after": "reprise du dossier remplacé"})
    link = entry.changes.get("link")
    if link and (words := linked.get(link["id"])):
        shown.append({"label": "Ce dossier", "before": "", "after": words})
    return shown


def tell_of_copy(request: HttpRequest, copy: Copy) -> None:
    """Say what was taken over and what was not."""
    taken = (
        "Ses pièces sont reprises telles quelles : remplacez celles qui ne sont plus à jour."
        if copy.pieces
        else "Joignez ses pièces."
    )
    messages.success(
        request,
        f"Le brouillon {copy.dossier.reference} est créé à partir de la copie. {taken} Puis soumettez-le.",
    )
    for sentence in copy.left_out:
        messages.warning(request, sentence)
