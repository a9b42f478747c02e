"""Tells bodies outside the CANSSM of an act, and keeps the proof that they were told (A19)."""

from collections.abc import Sequence
from datetime import date

from cases import clock
from cases.enums import Role
from cases.errors import Conflict, Quote
from cases.models import Dossier, LegalNotice, Organisation, User
from cases.papers import PaperTable
from cases.services.papers import notice_paper, store_papers


def issue_notices(
    *,
    dossier: Dossier,
    step: str,
    addressees: Sequence[tuple[Organisation, Role]],
    actor: User | None,
    role: Role,
    body: str,
    capacity: str,
    happened_on: date,
    due_on: date,
    rule_ref: str,
    delay: Quote,
    subject: str,
    quotes: Sequence[Quote],
    tables: Sequence[PaperTable],
    reason: str,
    subject_lines: Sequence[tuple[str, str]] = (),
) -> list[LegalNotice]:
    """Put the information of each addressee at its disposal, with a paper (PDF/A) of its own.

    ``step`` is the one at which the addressees acknowledge; ``due_on`` the last day of the delay that ``rule_ref``
    gives, counted from ``happened_on``. Needs the caller's transaction. Three statements whatever their number.
    """
    papers = [
        notice_paper(
            dossier=dossier,
            kind=f"notice_{addressee.code}",
            number=number,
            subject=subject,
            addressee=addressee.name,
            addressee_role=addressee_role,
            actor=actor,
            role=role,
            body=body,
            capacity=capacity,
            effected_on=happened_on,
            due_on=due_on,
            delay=delay,
            quotes=quotes,
            tables=tables,
            reason=reason,
            acknowledge=(
                f"L’accusé de réception est donné dans Berline, sur la page du dossier {dossier.reference}, "
                "par une personne habilitée du destinataire."
            ),
            subject_lines=subject_lines,
        )
        for number, (addressee, addressee_role) in enumerate(addressees, start=1)
    ]
    documents = store_papers(dossier=dossier, papers=papers, uploaded_by=actor)
    return LegalNotice.objects.bulk_create(
        LegalNotice(
            dossier=dossier,
            organisation=addressee,
            step=step,
            rule_ref=rule_ref,
            happened_on=happened_on,
            due_on=due_on,
            document=document,
            sent_at=clock.now(),
        )
        for (addressee, _), document in zip(addressees, documents, strict=True)
    )


def acknowledge_notice(
    *, dossier: Dossier, step: str, organisation_id: int, actor: User, capacity: str
) -> LegalNotice:
    """Write the receipt of one addressee. Needs the caller's transaction. Raises ``Conflict`` when it was given."""
    notice = (
        LegalNotice.objects.select_related("organisation")
        .filter(dossier=dossier, step=step, organisation=organisation_id, acknowledged_at__isnull=True)
        .first()
    )
    if notice is None:
        raise Conflict("L’accusé de réception a déjà été donné. Rechargez la page.")
    notice.acknowledged_at = clock.now()
    notice.acknowledged_by = actor
    notice.capacity = capacity
    notice.save(update_fields=["acknowledged_at", "acknowledged_by", "capacity"])
    return notice
