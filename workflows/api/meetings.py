"""``meetings``…: sessions of the board and concertations: agendas, results recorded together, papers."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest
from ninja import Query, Router, Status
from pydantic import BaseModel, ConfigDict, Field

from cases.api.access import person_of
from cases.api.documents import BINARY
from cases.api.errors import ErrorOut
from cases.api.reading import refuse_unknown_parameters
from cases.api.schemas import OrganisationOut, money
from cases.errors import Invalid
from cases.meeting_records import Result
from cases.models import Meeting, MeetingPaper
from cases.permissions import holdings_of
from cases.register_terms import MeetingKind, MeetingState, PaperKind
from cases.selectors.meetings import counted_meetings
from cases.services.meetings import close_meeting, plan_meeting
from workflows.selectors.meetings import AgendaRow, MeetingView, meeting_view
from workflows.services.meetings import Row, add_items, record_together
from workflows.views.meetings import paper_response

router = Router(tags=["Séances"])

#: How many meetings a page holds.
PAGE_SIZE = 100

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}")


class MeetingsIn(BaseModel):
    """Les séances voulues ; rien : toutes celles que la personne peut lire."""

    kind: str = Field(default="", max_length=15, description="board ou concertation.")
    state: str = Field(default="", max_length=10, description="planned, closed ou cancelled.")
    cursor: str = Field(default="", max_length=40, description="« next_cursor » de la page précédente.")


class MeetingIn(BaseModel):
    """Une séance à prévoir. « members » : membres du conseil en exercice, pour une séance du conseil seulement."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: str = Field(max_length=15, description="board ou concertation.")
    held_on: str = Field(max_length=10, description="AAAA-MM-JJ.")
    starts_at: str = Field(default="", max_length=5, description="HH:MM.")
    place: str = ""
    label: str = ""
    members: int | None = None
    remarks: str = ""


class ItemsIn(BaseModel):
    """Les dossiers à inscrire, dans l’ordre voulu."""

    model_config = ConfigDict(extra="forbid", strict=True)

    references: list[str] = Field(max_length=1_000)
    version: int | None = Field(default=None, description="Version de la séance qui a été lue.")


class RecordIn(BaseModel):
    """Le résultat d’un dossier : l’issue de son étape et ses données. La date est celle de la séance."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reference: str = Field(max_length=40)
    outcome: str = Field(max_length=60)
    data: dict[str, Any] = Field(default_factory=dict)
    motive: str = Field(default="", max_length=5_000)
    version: int | None = Field(default=None, description="Version du dossier qui a été lue.")


class RecordsIn(BaseModel):
    """Les résultats à enregistrer ensemble : tous ou aucun. Un dossier absent reste à traiter."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rows: list[RecordIn] = Field(max_length=1_000)


class CloseIn(BaseModel):
    """La clôture d’une séance."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: int | None = Field(default=None, description="Version de la séance qui a été lue.")


class PaperOut(BaseModel):
    """Un document de la séance (PDF/A)."""

    id: UUID
    kind: str
    kind_label: str
    version: int
    name: str
    size: int
    sha256: str
    made_at: datetime
    url: str

    @classmethod
    def of(cls, paper: MeetingPaper, meeting: Meeting) -> PaperOut:
        """From a paper."""
        return cls(
            id=paper.public_id,
            kind=paper.kind,
            kind_label=PaperKind(paper.kind).label,
            version=paper.version,
            name=paper.name,
            size=paper.size,
            sha256=paper.sha256,
            made_at=paper.made_at,
            url=f"/api/v1/meetings/{meeting.public_id}/papers/{paper.public_id}",
        )


class ResultOut(BaseModel):
    """Ce qui est enregistré : le vote du conseil, ou l’avis d’un ministère (« organisation » : son code)."""

    organisation: str
    organisation_name: str
    label: str
    votes: str
    facts: list[list[str]]
    motive: str

    @classmethod
    def of(cls, one: Result) -> ResultOut:
        """From a result."""
        return cls(
            organisation=one.code,
            organisation_name=one.body,
            label=one.label,
            votes=one.votes,
            facts=[[label, text] for label, text in one.facts],
            motive=one.motive,
        )


class ItemOut(BaseModel):
    """Un dossier de l’ordre du jour. « state » : open, partly (un avis manque), settled, gone (il n’attend plus).

    « outcomes » : les issues que la personne peut enregistrer à présent.
    """

    position: int
    reference: str
    title: str
    path: str
    organisation: OrganisationOut
    amount_ht: str | None
    version: int
    step: str
    state: str
    outcome: str
    outcomes: list[str]
    results: list[ResultOut]
    record: dict[str, Any]
    settled_at: datetime | None

    @classmethod
    def of(cls, row: AgendaRow) -> ItemOut:
        """From a row."""
        dossier, item = row.dossier, row.item
        return cls(
            position=item.position,
            reference=dossier.reference,
            title=dossier.title,
            path=dossier.path,
            organisation=OrganisationOut.of(dossier.organisation),
            amount_ht=money(dossier.amount_ht),
            version=dossier.version,
            step=item.step,
            state=row.state,
            outcome=item.outcome,
            outcomes=[one.key for one in row.outcomes],
            results=[ResultOut.of(one) for one in row.results],
            record=item.record,
            settled_at=item.settled_at,
        )


class MeetingSummary(BaseModel):
    """Une séance en bref. « items » et « settled » : dossiers à l’ordre du jour, dossiers traités."""

    id: UUID
    kind: str
    kind_label: str
    held_on: date
    starts_at: str
    place: str
    label: str
    members: int | None
    state: str
    state_label: str
    version: int
    items: int
    settled: int


class MeetingsOut(BaseModel):
    """Une page de séances, la plus récente d’abord."""

    items: list[MeetingSummary]
    next_cursor: str


class MeetingOut(MeetingSummary):
    """Une séance, son ordre du jour et ses documents."""

    remarks: str
    closed_at: datetime | None
    agenda: list[ItemOut]
    papers: list[PaperOut]


def _summary(meeting: Meeting, items: int, settled: int) -> dict[str, Any]:
    return {
        "id": meeting.public_id,
        "kind": meeting.kind,
        "kind_label": MeetingKind(meeting.kind).label,
        "held_on": meeting.held_on,
        "starts_at": f"{meeting.starts_at:%H:%M}" if meeting.starts_at else "",
        "place": meeting.place,
        "label": meeting.label,
        "members": meeting.members,
        "state": meeting.state,
        "state_label": MeetingState(meeting.state).label,
        "version": meeting.version,
        "items": items,
        "settled": settled,
    }


def _whole(view: MeetingView) -> MeetingOut:
    meeting = view.meeting
    settled = sum(row.item.settled_at is not None for row in view.rows)
    return MeetingOut(
        **_summary(meeting, len(view.rows), settled),
        remarks=meeting.remarks,
        closed_at=meeting.closed_at,
        agenda=[ItemOut.of(row) for row in view.rows],
        papers=[PaperOut.of(paper, meeting) for paper in view.papers],
    )


def _read(request: HttpRequest, meeting_id: UUID) -> MeetingOut:
    user = person_of(request)
    return _whole(meeting_view(user, holdings_of(user), meeting_id))


def _unknown(name: str, value: str) -> Invalid:
    message = f"« {value} » est inconnu : corrigez ce filtre ou retirez-le."
    return Invalid(message, details={name: [message]})


@router.get("meetings", summary="Lire les séances", response={200: MeetingsOut, 401: ErrorOut, 422: ErrorOut})
def read_meetings(request: HttpRequest, filters: Query[MeetingsIn]) -> MeetingsOut:
    """Les séances du conseil et les rencontres de concertation que la personne peut lire."""
    refuse_unknown_parameters(request, MeetingsIn)
    found = counted_meetings(holdings_of(person_of(request))).order_by("-held_on", "-pk")
    for name, known in (("kind", MeetingKind.values), ("state", MeetingState.values)):
        value = getattr(filters, name)
        if value and value not in known:
            raise _unknown(name, value)
        if value:
            found = found.filter(**{name: value})
    start = 0
    if filters.cursor:
        if not filters.cursor.isdecimal():
            message = "Le repère de page est illisible : reprenez la liste depuis le début."
            raise Invalid(message, details={"cursor": [message]})
        start = min(int(filters.cursor), 1_000_000)
    rows: list[Any] = list(found[start : start + PAGE_SIZE + 1])
    return MeetingsOut(
        items=[MeetingSummary(**_summary(one, one.on_agenda, one.settled)) for one in rows[:PAGE_SIZE]],
        next_cursor=str(start + PAGE_SIZE) if len(rows) > PAGE_SIZE else "",
    )


READ = {200: MeetingOut, 401: ErrorOut, 404: ErrorOut}
WRITTEN = {**READ, 403: ErrorOut, 409: ErrorOut, 422: ErrorOut}


@router.get("meetings/{uuid:meeting_id}", summary="Lire une séance", response=READ)
def read_meeting(request: HttpRequest, meeting_id: UUID) -> MeetingOut:
    """Une séance avec son ordre du jour, ce qui y est enregistré et ses documents."""
    return _read(request, meeting_id)


@router.post(
    "meetings",
    summary="Prévoir une séance",
    response={201: MeetingOut, 401: ErrorOut, 403: ErrorOut, 409: ErrorOut, 422: ErrorOut},
)
def plan(request: HttpRequest, given: MeetingIn) -> Status[MeetingOut]:
    """Pour le secrétariat du conseil (board) ou un instructeur (concertation) ; une par jour et par nature."""
    meeting = plan_meeting(
        kind=given.kind,
        held_on=_day(given.held_on),
        starts_at=_hour(given.starts_at),
        place=given.place,
        label=given.label,
        members=given.members,
        remarks=given.remarks,
        actor=person_of(request),
    )
    return Status(201, _read(request, meeting.public_id))


def _day(text: str) -> date:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        message = f"« {text} » n’est pas une date : écrivez-la comme 2015-12-31."
        raise Invalid(message, details={"held_on": [message]}) from None


def _hour(text: str) -> time | None:
    if not text:
        return None
    try:
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        return time.fromisoformat(text)
    except ValueError:
        message = f"« {text} » n’est pas une heure : écrivez-la comme 14:30."
        raise Invalid(message, details={"starts_at": [message]}) from None


@router.post("meetings/{uuid:meeting_id}/items", summary="Inscrire des dossiers", response=WRITTEN)
def add(request: HttpRequest, meeting_id: UUID, given: ItemsIn) -> MeetingOut:
    """Inscrit à l’ordre du jour des dossiers qui attendent une telle séance ; tous ou aucun."""
    add_items(
        public_id=meeting_id,
        references=given.references,
        actor=person_of(request),
        version=given.version,
    )
    return _read(request, meeting_id)


@router.post("meetings/{uuid:meeting_id}/records", summary="Enregistrer des résultats", response=WRITTEN)
def record(request: HttpRequest, meeting_id: UUID, given: RecordsIn) -> MeetingOut:
    """Enregistre ensemble les résultats de plusieurs dossiers ; tous ou aucun.

    Un refus donne dans « details.rows », par référence, « code », « message » et « details » de chaque ligne refusée.
    """
    record_together(
        public_id=meeting_id,
        rows=[Row(**row.model_dump()) for row in given.rows],
        actor=person_of(request),
    )
    return _read(request, meeting_id)


@router.post("meetings/{uuid:meeting_id}/close", summary="Clore une séance", response=WRITTEN)
def close(request: HttpRequest, meeting_id: UUID, given: CloseIn) -> MeetingOut:
    """Clôt la séance et établit son procès-verbal ; 422 tant qu’un dossier n’est ni traité ni retiré."""
    close_meeting(public_id=meeting_id, actor=person_of(request), version=given.version)
    return _read(request, meeting_id)


@router.get(
    "meetings/{uuid:meeting_id}/papers/{uuid:paper_id}",
    summary="Télécharger un document de séance",
    response={401: ErrorOut, 404: ErrorOut},
    openapi_extra={"responses": {200: {"description": "Le fichier (PDF/A).", **BINARY}}},
)
def paper(request: HttpRequest, meeting_id: UUID, paper_id: UUID) -> FileResponse:
    """L’ordre du jour ou le procès-verbal (PDF/A)."""
    return paper_response(holdings_of(person_of(request)), meeting_id, paper_id)
