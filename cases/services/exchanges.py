"""Writes what is exchanged on a dossier: messages with their files, and links to other dossiers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from django.core.files.base import File
from django.db import connection

from cases import clock, rows
from cases.errors import Blocked, Conflict, Invalid, Reason
from cases.models import Dossier, DossierLink, Message, MessageFile, User
from cases.register_terms import LinkKind, MessageKind
from cases.services.documents import CheckedUpload, check_upload
from cases.text import fault_of

#: The longest text of a message, in characters.
MAX_TEXT = 5_000
#: The most files of one message.
MAX_FILES = 5

#: Links that put one dossier after another in time: together they may not go round in a circle.
AFTER = (LinkKind.FOLLOWS, LinkKind.REPLACES)
#: Key of the advisory lock that orders the links: a circle may be closed by several people at once.
_LINKS_LOCK = 0x6C696E6B


def checked_text(text: str) -> str:
    """The text of a message as it is kept: line ends alike, no blanks around it. Raises ``Invalid``."""
    cleaned = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    fault = fault_of(cleaned, limit=MAX_TEXT, required="Écrivez votre message avant de l’envoyer.")
    if fault:
        raise Invalid(fault, details={"text": [fault]})
    return cleaned


def checked_files(files: Sequence[File[bytes]]) -> list[CheckedUpload]:
    """The files of a message, each looked at as a piece would be. Raises ``Invalid`` naming the file."""
    if len(files) > MAX_FILES:
        fault = f"Un message porte au plus {MAX_FILES} fichiers : répartissez-les en plusieurs messages."
        raise Invalid(fault, details={"files": [fault]})
    found = []
    for file in files:
        try:
            found.append(check_upload(file))
        except Invalid as error:
            fault = f"« {file.name} » : {error.message}"
            raise Invalid(fault, details={"files": [fault], "reason": error.details.get("reason")}) from None
    return found


def write_message(
    *,
    dossier: Dossier,
    kind: MessageKind,
    text: str,
    files: Iterable[CheckedUpload],
    author: User,
    capacity: str,
    from_submitter: bool,
) -> tuple[Message, list[MessageFile]]:
    """Store a checked message and its files. At most two statements.

    Needs the caller's transaction, and that the caller has checked who may write. Files are written before their rows,
    as those of pieces are.
    """
    message = Message(
        dossier=dossier,
        kind=kind.value,
        text=text,
        from_submitter=from_submitter,
        author=author,
        capacity=capacity,
        sent_at=clock.now(),
    )
    rows.insert(message)
    attached = []
    for upload in files:
        upload.file.seek(0)
        one = MessageFile(
            message=message,
            name=upload.name,
            content_type=upload.content_type.mime,
            size=upload.size,
            sha256=upload.sha256,
        )
        one.file.save(upload.name, upload.file, save=False)
        attached.append(one)
    rows.insert_all(attached)
    return message, attached


def text_fingerprint(message: Message) -> str:
    """The SHA-256 of a message's text in UTF-8, as the journal keeps it."""
    return hashlib.sha256(message.text.encode()).hexdigest()


def link_fingerprint(link: DossierLink) -> str:
    """The SHA-256 of what a link says: its own id, its kind and the ids of both dossiers.

    The journal keeps this and the link's id only: whoever reads one dossier must not learn of the other there.
    """
    told = f"{link.public_id}:{link.kind}:{link.source.public_id}:{link.target.public_id}"
    return hashlib.sha256(told.encode()).hexdigest()


_CIRCLE = """
WITH RECURSIVE earlier (id) AS (
     SELECT %(target)s::bigint
      UNION
     SELECT link.target_id FROM cases_dossierlink link JOIN earlier ON earlier.id = link.source_id
      WHERE link.removed_at IS NULL AND link.kind = ANY (%(kinds)s::text[])
)
SELECT EXISTS (SELECT FROM earlier WHERE id = %(source)s)
"""


def add_link(*, source: Dossier, target: Dossier, kind: LinkKind, actor: User) -> DossierLink:
    """``source`` follows, replaces or belongs to the same operation as ``target``.

    Raises ``Invalid`` (a dossier with itself), ``Conflict`` (it is there already), ``Blocked`` (a circle: what follows
    or replaces a dossier, however far, cannot come before it). Needs the caller's transaction and its locks on both
    dossiers.
    """
    if source.pk == target.pk:
        fault = "Un dossier ne se lie pas à lui-même : indiquez la référence d’un autre dossier."
        raise Invalid(fault, details={"other": [fault]})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LINKS_LOCK])
    same = DossierLink.objects.filter(kind=kind, removed_at__isnull=True)
    there = same.filter(source=source, target=target).exists()
    if not there and kind is LinkKind.SAME_OPERATION:
        there = same.filter(source=target, target=source).exists()
    if there:
        raise Conflict(f"Ce lien existe déjà : ce dossier « {kind.label} » {target.reference}.")
    if kind in AFTER:
        with rows.cursor() as opened:
            opened.execute(
                _CIRCLE,
                {"source": source.pk, "target": target.pk, "kinds": [one.value for one in AFTER]},
            )
            (circle,) = opened.fetchone()
        if circle:
            message = (
                "Ces dossiers sont déjà liés dans l’autre sens, directement ou par d’autres dossiers : l’un ne peut "
                "venir à la fois avant et après l’autre. Retirez d’abord le lien contraire, ou choisissez "
                f"« {LinkKind.SAME_OPERATION.label} »."
            )
            raise Blocked(message, reasons=[Reason("circle", message)])
    link = DossierLink(
        source=source, target=target, kind=kind.value, created_by=actor, created_at=clock.now()
    )
    rows.insert(link)
    return link


def remove_link(*, link: DossierLink, actor: User) -> None:
    """Take a link back; its row stays and says by whom. Raises ``Conflict`` when somebody else just did."""
    moment = clock.now()
    changed = DossierLink.objects.filter(pk=link.pk, removed_at__isnull=True).update(
        removed_at=moment, removed_by=actor
    )
    if not changed:
        raise Conflict("Ce lien vient d’être retiré par une autre personne : rechargez la page.")
    link.removed_at, link.removed_by = moment, actor
