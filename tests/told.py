"""Virements told to bodies, written straight into the tables: a register of any size in a handful of statements.

What a virement writes itself is tested where it walks its path; here only the register's own columns matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from viewflow.workflow.models import Process

from cases import clock
from cases.models import Document, Dossier, LegalNotice
from notifications.enums import Channel, NoticeKind, OutboxState
from notifications.models import OutboxRow
from tests.journeys import Cast
from workflows.engine.registry import get_path

RULE = "cog-2014-2017/virement.information.delay@2014-01-01"
DELAY = timedelta(days=15)
RECEIVERS = {"dss": "ministry", "db": "ministry_db", "cgefi": "comptroller"}


@dataclass(frozen=True)
class Told:
    """One addressee told of one virement. ``mails``: the state of each mail, and when it was delivered."""

    happened_on: date = date(2026, 3, 2)
    addressee: str = "dss"
    acknowledged_at: datetime | None = None
    fund: str = "FNGA"
    exercise: int = 2026
    title: str = "Virement FNGA 2026 : postes de travail"
    body: str = "carmi-npdc"
    mails: tuple[tuple[OutboxState, datetime | None], ...] = ()
    rule: str = RULE


def tell(cast: Cast, given: Iterable[Told]) -> list[LegalNotice]:
    """The register of these, in order; a dossier each. Receipts are given by the addressee's own people."""
    told = list(given)
    path = get_path("virement")
    start = 1 + Dossier.objects.count()
    processes = Process.objects.bulk_create(Process(flow_class=path) for _ in told)
    dossiers = Dossier.objects.bulk_create(
        Dossier(
            reference=f"VIR-{one.exercise}-{number:04d}",
            path=path.key,
            convention=path.convention,
            organisation=cast.body[one.body],
            title=one.title,
            exercise=one.exercise,
            data={"fund": one.fund, "exercise": one.exercise, "lines": [], "reason": one.title},
            status="executed",
            involved=[
                f"authority@{cast.body['dss'].pk}",
                f"authority@{cast.body['db'].pk}",
                f"comptroller@{cast.body['cgefi'].pk}",
            ],
            process=process,
            created_at=_morning(one.happened_on),
            submitted_at=_morning(one.happened_on),
            updated_at=_morning(one.happened_on),
        )
        for number, (one, process) in enumerate(zip(told, processes, strict=True), start=start)
    )
    documents = Document.objects.bulk_create(
        Document(
            dossier=dossier,
            kind=f"notice_{one.addressee}",
            version=1,
            file="pieces/none",
            name="Information.pdf",
            content_type="application/pdf",
            size=1,
            sha256="0" * 64,
            uploaded_at=_morning(one.happened_on),
        )
        for one, dossier in zip(told, dossiers, strict=True)
    )
    notices = LegalNotice.objects.bulk_create(
        _notice(cast, one, dossier, document)
        for one, dossier, document in zip(told, dossiers, documents, strict=True)
    )
    OutboxRow.objects.bulk_create(
        _mail(cast, one, notice, number, state, moment)
        for one, notice in zip(told, notices, strict=True)
        for number, (state, moment) in enumerate(one.mails)
    )
    return notices


def _notice(cast: Cast, one: Told, dossier: Dossier, document: Document) -> LegalNotice:
    receiver = cast.people[RECEIVERS[one.addressee]] if one.acknowledged_at else None
    return LegalNotice(
        dossier=dossier,
        organisation=cast.body[one.addressee],
        step="inform",
        rule_ref=one.rule,
        happened_on=one.happened_on,
        due_on=one.happened_on + DELAY,
        document=document,
        sent_at=_morning(one.happened_on),
        acknowledged_at=one.acknowledged_at,
        acknowledged_by=receiver,
        capacity=f"Destinataire — {cast.body[one.addressee].name}" if receiver else "",
    )


def _mail(
    cast: Cast, one: Told, notice: LegalNotice, number: int, state: OutboxState, moment: datetime | None
) -> OutboxRow:
    return OutboxRow(
        event=f"{notice.public_id}:{number}",
        recipient=cast.people[RECEIVERS[one.addressee]],
        channel=Channel.EMAIL,
        kind=NoticeKind.LEGAL,
        state=state,
        title="Information légale",
        body="Un virement a été effectué.",
        link="/",
        dossier_id=notice.dossier_id,
        legal_notice=notice,
        created_at=_morning(one.happened_on),
        due_at=clock.now() if state in (OutboxState.PENDING, OutboxState.SENDING) else None,
        delivered_at=moment,
        **({"refused_at": clock.now()} if state == "bounced" else {}),
    )


def _morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
