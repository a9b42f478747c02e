"""Records decisions and makes their paper: PDF/A-2b, PDF/UA-1, stored as a piece of the dossier."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import cast

from django.core.files.base import ContentFile

from cases import clock
from cases.calendar import french_date
from cases.content import ContentType
from cases.enums import DecisionKind, Role
from cases.errors import Quote
from cases.models import Decision, Dossier, Facility, User
from cases.pdf import DecisionData, Visa, render_decision
from cases.selectors.dossiers import DECISION_KIND
from cases.services.documents import CheckedUpload, store_document
from cases.services.journal import SYSTEM
from cases.uploads import sha256_of

#: The line of the letterhead for each office that decides.
ISSUERS = {Role.DIRECTOR_GENERAL: "Direction générale", Role.REGIONAL_DIRECTOR: "Direction régionale"}


def record_decision(
    *,
    dossier: Dossier,
    kind: DecisionKind,
    step: str,
    actor: User | None,
    role: Role,
    body: str,
    capacity: str,
    motive: str,
    quotes: Sequence[Quote],
    rule_refs: Iterable[str],
    about: str,
    threshold: Decimal | None = None,
    conditions: Sequence[str] = (),
) -> Decision:
    """Record a decision and store its PDF. Needs the caller's transaction and its lock on the dossier.

    ``role`` and ``body`` name the office that decides in law, ``capacity`` what the person acts under (own role, or
    delegation and its act).
    ``about`` completes « relative à »; ``threshold`` is in EUR before tax; ``conditions`` are whole French sentences.
    ``actor`` None stands for the system. The paper names the journal's last fingerprint before this act.
    """
    now = clock.now()
    office = role.label[:1].lower() + role.label[1:]
    earlier = Decision.objects.filter(dossier=dossier).count()
    data: DecisionData = {
        "document_reference": f"{dossier.reference}/D{earlier + 1}",
        "kind": cast("DecisionData", {"kind": kind.value})["kind"],
        "reference": dossier.reference,
        "about": about,
        "authority": f"Le {office} de {_article(body)}",
        "issuer": ISSUERS.get(role, role.label),
        "title": dossier.title,
        "organisation": dossier.organisation.name,
        "amount_ht": f"{dossier.amount_ht or Decimal(0):.2f}",
        "exercise": dossier.exercise or clock.today().year,
        "facilities": facility_names(dossier),
        "visas": [cast("Visa", asdict(quote)) for quote in quotes],
        "considerations": _considerations(dossier),
        "motive": motive,
        "conditions": list(conditions),
        "decider": {
            "name": str(actor) if actor else SYSTEM,
            "title": f"Le {office}",
            "capacity": f"en qualité de {capacity[:1].lower()}{capacity[1:]}",
        },
        "decided_at": now.isoformat(),
        "journal_hash": dossier.journal_head,
        "journal_sequence": dossier.journal_length,
    }
    if threshold is not None:
        data["threshold"] = f"{threshold:.2f}"
    content = render_decision(data)
    file = ContentFile(content, name=f"{DECISION_KIND}.pdf")
    upload = CheckedUpload(
        file=file,
        name=f"Décision {dossier.reference}-D{earlier + 1}.pdf",
        content_type=ContentType("application/pdf", "PDF", "pdf"),
        size=len(content),
        sha256=sha256_of(file),
    )
    document = store_document(dossier=dossier, kind=DECISION_KIND, upload=upload, uploaded_by=actor)
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


def _article(body: str) -> str:
    """« la CANSSM », « la CARMI Est »; other bodies keep their own words."""
    return f"la {body}" if body.startswith(("CANSSM", "CARMI")) else body


def _considerations(dossier: Dossier) -> list[str]:
    if dossier.submitted_at is None:
        return []
    return [f"la demande soumise le {french_date(clock.paris_date(dossier.submitted_at))}"]


def facility_names(dossier: Dossier) -> list[str]:
    """The facilities of a dossier in words: those of the register by their name, the others as they were typed."""
    given = [str(one) for one in dossier.data.get("facilities") or []]
    known = {one.code: str(one) for one in Facility.objects.filter(code__in=given).order_by("code")}
    return [known.get(one, one) for one in given]
