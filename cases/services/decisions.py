"""Records decisions and makes their paper: PDF/A-2b, PDF/UA-1, stored as a piece of the dossier."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import cast

from cases import clock
from cases.calendar import french_date
from cases.enums import DecisionKind, Role
from cases.errors import Quote
from cases.models import Decision, Dossier, Facility, User
from cases.papers import PaperTable, Vote
from cases.pdf import CANSSM, DecisionData, Visa, VoteData, render_decision, table_data
from cases.selectors.dossiers import DECISION_KIND
from cases.services.documents import latest_version
from cases.services.papers import Paper, store_paper
from cases.services.signatures import authority_of, issuer_of, letterhead_of, signatory, subject_of


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
    ruling: str = "",
    mark: str = "",
    amount: Decimal | None = None,
    amount_label: str | None = None,
    subject_lines: Sequence[tuple[str, str]] | None = None,
    tables: Sequence[PaperTable] = (),
    vote: Vote | None = None,
    considerations: Sequence[str] = (),
    finding: bool = False,
) -> Decision:
    """Record a decision and store its PDF. Needs the caller's transaction and its lock on the dossier.

    ``role`` and ``body`` name the office that decides in law, ``capacity`` what the person acts under (own role, or
    delegation and its act).
    ``about`` completes « relative à »; ``threshold`` is in EUR before tax; ``conditions`` are whole French sentences.
    ``actor`` None stands for the system. The paper names the journal's last fingerprint before this act.

    Without the keywords from ``ruling`` on, the paper is that of an investment; they are those of
    ``cases.papers.PaperOptions``, where each is explained. ``amount`` (EUR) replaces the dossier's on the paper and,
    when positive, in the record. Raises ``ValueError`` for a deliberation without its vote and a vote without
    deliberation.
    """
    if (kind == DecisionKind.DELIBERATION) != (vote is not None):
        raise ValueError("a deliberation has a vote, and nothing else has one")
    now = clock.now()
    previous = latest_version(
        dossier, DECISION_KIND
    )  # each decision has its paper, and each paper its number
    earlier = previous.version if previous else 0
    printed = dossier.amount_ht if amount is None else amount
    data: DecisionData = {
        "document_reference": f"{dossier.reference}/D{earlier + 1}",
        "kind": cast("DecisionData", {"kind": kind.value})["kind"],
        "reference": dossier.reference,
        "about": about,
        "authority": "" if finding else authority_of(role, body),
        "issuer": "" if finding else issuer_of(role),
        "title": dossier.title,
        "organisation": dossier.organisation.name,
        "amount_ht": _amount(printed, investment=not ruling),
        "exercise": dossier.exercise or clock.today().year,
        "facilities": facility_names(dossier),
        "visas": [cast("Visa", asdict(quote)) for quote in quotes],
        "considerations": [*_considerations(dossier), *considerations],
        "motive": motive,
        "conditions": list(conditions),
        "decider": signatory(actor, role, body, capacity, finding=finding),
        "decided_at": now.isoformat(),
        "journal_hash": dossier.journal_head,
        "journal_sequence": dossier.journal_length,
        "letterhead": CANSSM if finding else letterhead_of(role, body),
        "subject": subject_of(role, body),
        "ruling": ruling,
        "mark": mark,
        "tables": [table_data(table) for table in tables],
        "finding": finding,
    }
    if threshold is not None:
        data["threshold"] = f"{threshold:.2f}"
    if amount_label is not None:
        data["amount_label"] = amount_label
    if subject_lines is not None:
        data["subject_lines"] = [[label, text] for label, text in subject_lines]
    if vote is not None:
        data["vote"] = cast("VoteData", asdict(vote) | {"voted_on": vote.voted_on.isoformat()})
    if ruling and body == dossier.organisation.name:
        data["addressee"] = ""  # a body does not notify itself
    document = store_paper(
        dossier=dossier,
        paper=Paper(DECISION_KIND, f"Décision {dossier.reference}-D{earlier + 1}.pdf", render_decision(data)),
        previous=previous,
        uploaded_by=actor,
    )
    return Decision.objects.create(
        dossier=dossier,
        kind=kind,
        step=step,
        amount_ht=dossier.amount_ht if amount is None else amount if amount > 0 else None,
        motive=motive,
        decided_by=actor,
        capacity=capacity,
        decided_at=now,
        rule_refs=list(rule_refs),
        document=document,
    )


def _amount(amount: Decimal | None, *, investment: bool) -> str:
    """A decimal string. An act that is no investment may have no amount: none is then printed."""
    if amount is None:
        return "0.00" if investment else ""
    return f"{amount:.2f}"


def _considerations(dossier: Dossier) -> list[str]:
    if dossier.submitted_at is None:
        return []
    return [f"la demande soumise le {french_date(clock.paris_date(dossier.submitted_at))}"]


def facility_names(dossier: Dossier) -> list[str]:
    """The facilities of a dossier in words: those of the register by their name, the others as they were typed."""
    rows = dossier.data.get("facilities") or []
    given = [str(one.get("facility") if isinstance(one, dict) else one) for one in rows]
    known = {one.code: str(one) for one in Facility.objects.filter(code__in=given).order_by("code")}
    return [known.get(one, one) for one in given]
