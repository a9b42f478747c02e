"""Messages between the submitter and the desk, and the fund's internal notes. Written once, never changed.

A message is journalled by fingerprint; a note leaves nothing on the dossier that its submitter could see: no entry, no
version, no date.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.core.files.base import File
from django.db import transaction

from cases.errors import Forbidden
from cases.events import MessagePosted, emit_message
from cases.models import Message, MessageFile, User
from cases.permissions import holdings_of, noting_holding, writing_holding
from cases.register_terms import MessageKind
from cases.selectors.exchanges import writing_refusal
from cases.services.exchanges import checked_files, checked_text, text_fingerprint, write_message
from cases.services.journal import mention
from workflows.selectors.correspondents import Correspondents
from workflows.services.locking import busy_is_conflict, lock_dossier


def post_message(*, reference: str, text: str, actor: User, files: Sequence[File[bytes]] = ()) -> Message:
    """Write a message of 1 to 5 000 characters with up to five files; everybody who reads the dossier reads it.

    Allowed in every state, also once the dossier is closed. The other side is told: from the submitter the desk, from
    the desk the submitter, from a ministry or another body both.
    Raises ``NotFound``, ``Forbidden`` (reads only), ``Blocked`` (an expert consulted in confidence), ``Invalid``
    (blank, too long or unstorable text; files as for pieces). Files are looked at before the dossier is locked.
    """
    holdings = holdings_of(actor)
    words, uploads = checked_text(text), checked_files(files)
    with busy_is_conflict(), transaction.atomic():
        dossier = lock_dossier(holdings=holdings, reference=reference)
        refusal = writing_refusal(dossier, holdings, actor.pk)
        held, of_submitter = writing_holding(holdings, dossier, actor.pk)
        if refusal is not None or held is None:
            raise refusal or Forbidden("Vous pouvez lire ce dossier seulement.")
        message, attached = write_message(
            dossier=dossier,
            kind=MessageKind.MESSAGE,
            text=words,
            files=uploads,
            author=actor,
            capacity=held.capacity,
            from_submitter=of_submitter,
        )
        mention(
            dossier=dossier,
            actor=actor,
            capacity=held.capacity,
            action="message",
            changes={"message": _proof(message, attached)},
        )
        known = Correspondents(dossier)
        told = known.of_desk() if of_submitter else known.of_submitter()
        if not of_submitter and held.organisation_id != known.fund:
            told |= known.of_desk()
        emit_message(MessagePosted(dossier, message, len(attached), tuple(sorted(told - {actor.pk}))))
    return message


def post_note(*, reference: str, text: str, actor: User, files: Sequence[File[bytes]] = ()) -> Message:
    """Write an internal note, as ``post_message`` its text and files; the desks of the fund and auditors read it.

    The dossier's row and journal stay untouched. Those of the fund who have an open task in hand are told, without its
    words. Raises ``NotFound``, ``Forbidden``, ``Invalid``.
    """
    holdings = holdings_of(actor)
    words, uploads = checked_text(text), checked_files(files)
    with busy_is_conflict(), transaction.atomic():
        dossier = lock_dossier(holdings=holdings, reference=reference)
        held = noting_holding(holdings, dossier, actor.pk)
        if held is None:
            raise Forbidden(
                "Les notes internes sont tenues par les services et la direction de la CANSSM qui n’ont pas préparé le "
                "dossier. Écrivez un message."
            )
        note, attached = write_message(
            dossier=dossier,
            kind=MessageKind.NOTE,
            text=words,
            files=uploads,
            author=actor,
            capacity=held.capacity,
            from_submitter=False,
        )
        told = Correspondents(dossier).of_note() - {actor.pk}
        emit_message(MessagePosted(dossier, note, len(attached), tuple(sorted(told))))
    return note


def _proof(message: Message, files: Sequence[MessageFile]) -> dict[str, object]:
    """What the journal keeps of a message: fingerprints, never its words."""
    return {
        "id": str(message.public_id),
        "sha256": text_fingerprint(message),
        "files": [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in files],
    }
