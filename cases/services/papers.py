"""Stores papers that are no decisions: the information of an addressee, a computation line by line."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final, cast

from django.core.files.base import ContentFile

from cases import clock
from cases.content import ContentType
from cases.enums import Role
from cases.errors import Quote
from cases.models import Document, Dossier, User
from cases.papers import PaperTable
from cases.pdf import NoticeData, StatementData, Visa, render_notice, render_statement, table_data
from cases.services.documents import CheckedUpload, latest_version, new_document, supersede
from cases.services.signatures import authority_of, issuer_of, signatory
from cases.uploads import sha256_of

#: From this number of amounts in a row on, a statement is printed on its side.
LANDSCAPE: Final = 5


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF that the system made, not stored yet: the piece's kind, the file's name, its bytes."""

    kind: str
    name: str
    content: bytes


def store_paper(
    *, dossier: Dossier, paper: Paper, previous: Document | None, uploaded_by: User | None
) -> Document:
    """Store a PDF that the system made as a piece of the dossier; it supersedes ``previous``, the newest of its kind.

    Needs the caller's transaction and its lock on the dossier.
    """
    return supersede(
        previous, dossier=dossier, kind=paper.kind, upload=_upload(paper), uploaded_by=uploaded_by
    )


def store_papers(*, dossier: Dossier, papers: Sequence[Paper], uploaded_by: User | None) -> list[Document]:
    """Store papers whose kinds the dossier does not have yet. Two statements whatever their number.

    Needs the caller's transaction and its lock on the dossier. Raises ``ValueError`` for a kind that it has already.
    """
    kinds = [paper.kind for paper in papers]
    if Document.objects.filter(dossier=dossier, kind__in=kinds).exists():
        raise ValueError(f"{dossier.reference} has a piece of one of these kinds already: {kinds}")
    uploads = [(paper.kind, _upload(paper)) for paper in papers]
    return Document.objects.bulk_create(
        new_document(dossier=dossier, kind=kind, upload=upload, version=1, uploaded_by=uploaded_by)
        for kind, upload in uploads
    )


def _upload(paper: Paper) -> CheckedUpload:
    file = ContentFile(paper.content, name=f"{paper.kind}.pdf")
    return CheckedUpload(
        file=file,
        name=paper.name,
        content_type=ContentType("application/pdf", "PDF", "pdf"),
        size=len(paper.content),
        sha256=sha256_of(file),
    )


def notice_paper(
    *,
    dossier: Dossier,
    kind: str,
    number: int,
    subject: str,
    addressee: str,
    addressee_role: Role,
    actor: User | None,
    role: Role,
    body: str,
    capacity: str,
    effected_on: date,
    due_on: date,
    delay: Quote,
    quotes: Sequence[Quote],
    tables: Sequence[PaperTable],
    reason: str,
    acknowledge: str,
    subject_lines: Sequence[tuple[str, str]] = (),
) -> Paper:
    """Write the information of one addressee on a virement (A19); ``store_papers`` keeps it.

    ``kind`` is the piece's, one for each addressee (« notice_dss »), so that none supersedes another; ``number``
    numbers the notices of the dossier. ``subject`` is the object in full, ``addressee`` the body informed and
    ``addressee_role`` the role that it is informed as. ``actor`` in ``capacity`` acts for ``role`` of ``body``.
    ``due_on`` is the last day of the information by the rule ``delay``; ``reason`` is why credits move;
    ``acknowledge`` says in whole sentences how to acknowledge receipt.
    """
    data: NoticeData = {
        "document_reference": f"{dossier.reference}/I{number}",
        "reference": dossier.reference,
        "subject": subject,
        "addressee": addressee,
        "addressee_office": "" if addressee_role.label == addressee else addressee_role.label,
        "authority": authority_of(role, body),
        "issuer": issuer_of(role),
        "title": dossier.title,
        "subject_lines": [[label, text] for label, text in subject_lines],
        "effected_on": effected_on.isoformat(),
        "due_on": due_on.isoformat(),
        "delay": cast("Visa", asdict(delay)),
        "reason": reason,
        "tables": [table_data(table) for table in tables],
        "visas": [cast("Visa", asdict(quote)) for quote in quotes],
        "acknowledge": acknowledge,
        "signatory": signatory(actor, role, body, capacity),
        "issued_at": clock.now().isoformat(),
        "journal_hash": dossier.journal_head,
        "journal_sequence": dossier.journal_length,
    }
    return Paper(kind, f"Information {dossier.reference}-I{number}.pdf", render_notice(data))


def store_statement(
    *,
    dossier: Dossier,
    kind: str,
    heading: str,
    about: str,
    actor: User | None,
    tables: Sequence[PaperTable],
    quotes: Sequence[Quote],
    introduction: str = "",
    notes: Sequence[str] = (),
    subject_lines: Sequence[tuple[str, str]] = (),
    issuer: str = "Direction générale",
) -> Document:
    """Write and store a computation line by line, such as the detailed statement of a carry-over (A12).

    Needs the caller's transaction and lock. ``heading`` names the document, ``about`` is the phrase under it,
    ``introduction`` and ``notes`` are whole sentences before and after the tables. Tables of five amounts and more
    are printed on the page's side. A later statement of the same ``kind`` supersedes this one.
    """
    previous = latest_version(dossier, kind)
    version = previous.version + 1 if previous else 1
    data: StatementData = {
        "document_reference": f"{dossier.reference}/E{version}",
        "reference": dossier.reference,
        "heading": heading,
        "about": about,
        "issuer": issuer,
        "subject_lines": [[label, text] for label, text in subject_lines],
        "introduction": introduction,
        "tables": [table_data(table) for table in tables],
        "notes": list(notes),
        "visas": [cast("Visa", asdict(quote)) for quote in quotes],
        "landscape": any(sum(column.numeric for column in table.columns) >= LANDSCAPE for table in tables),
        "issued_at": clock.now().isoformat(),
        "journal_hash": dossier.journal_head,
        "journal_sequence": dossier.journal_length,
    }
    paper = Paper(kind, f"{heading} {dossier.reference}-E{version}.pdf", render_statement(data))
    return store_paper(dossier=dossier, paper=paper, previous=previous, uploaded_by=actor)
