"""Records decisions and makes their paper: PDF/A-2b, PDF/UA-1, stored as a piece of the dossier."""

from collections.abc import Iterable, Sequence

from django.core.files.base import ContentFile

from cases import clock
from cases.content import ContentType
from cases.enums import DecisionKind
from cases.errors import Quote
from cases.models import Decision, Dossier, Facility, User
from cases.services.documents import CheckedUpload, store_document
from cases.services.journal import SYSTEM
from cases.uploads import sha256_of

#: Kind under which the paper of each decision is stored among the pieces.
DOCUMENT_KIND = "decision"


def record_decision(
    *,
    dossier: Dossier,
    kind: DecisionKind,
    step: str,
    actor: User | None,
    capacity: str,
    motive: str,
    quotes: Sequence[Quote],
    rule_refs: Iterable[str],
    path_title: str,
    convention_title: str,
    articles: Sequence[str] = (),
) -> Decision:
    """Record a decision and store its PDF. Needs the caller's transaction and its lock on the dossier.

    ``articles`` are French sentences added after the first article. ``actor`` None stands for the system.
    """
    from cases.pdf import decision_pdf

    now = clock.now()
    content = decision_pdf(
        dossier=dossier,
        kind=kind,
        decided_at=now,
        decider=str(actor) if actor else SYSTEM,
        capacity=capacity,
        motive=motive,
        quotes=quotes,
        facilities=facility_names(dossier),
        articles=articles,
        path_title=path_title,
        convention_title=convention_title,
    )
    file = ContentFile(content, name=f"{DOCUMENT_KIND}-{dossier.reference}.pdf")
    upload = CheckedUpload(
        file=file,
        name=f"Décision {dossier.reference}.pdf",
        content_type=ContentType("application/pdf", "PDF", "pdf"),
        size=len(content),
        sha256=sha256_of(file),
    )
    document = store_document(dossier=dossier, kind=DOCUMENT_KIND, upload=upload, uploaded_by=actor)
    return Decision.objects.create(
        dossier=dossier,
        kind=kind,
        step=step,
        amount_ht=dossier.amount_ht,
        motive=motive,
        decided_by=actor,
        capacity=capacity,
        decided_at=now,
        rule_refs=list(rule_refs),
        document=document,
    )


def facility_names(dossier: Dossier) -> list[str]:
    """The facilities of a dossier in words: those of the register by their name, the others as they were typed."""
    given = [str(one) for one in dossier.data.get("facilities") or []]
    known = {one.code: str(one) for one in Facility.objects.filter(code__in=given).order_by("code")}
    return [known.get(one, one) for one in given]


