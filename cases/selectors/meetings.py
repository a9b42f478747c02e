"""Meetings that a person may read, what is on their agendas, their papers.

A session of the board is read by its secretariat, a concertation by the ministries; both by those of the CANSSM who
review, decide and steer, and by the auditors. Nobody else knows that one exists.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from cases.enums import Role
from cases.errors import Forbidden, NotFound
from cases.models import AgendaItem, Dossier, Meeting, MeetingPaper
from cases.permissions import READS_ALL, Holding
from cases.register_terms import MeetingKind, MeetingState

#: Who plans a meeting, writes its agenda and closes it.
KEEPERS: Final = {MeetingKind.BOARD: Role.BOARD_SECRETARY, MeetingKind.CONCERTATION: Role.REVIEWER}
#: Who takes part besides: the ministries give their opinions themselves.
TAKES_PART: Final = {MeetingKind.CONCERTATION: Role.AUTHORITY}
#: Roles of the CANSSM that read every meeting.
_OF_THE_FUND: Final = frozenset({Role.REVIEWER, Role.DIRECTOR_GENERAL})

UNSEEN: Final = (
    "Cette séance ne vous est pas accessible : elle n’existe pas, ou vos rôles ne permettent pas de la lire."
)


def keeps(holdings: tuple[Holding, ...], kind: str) -> Holding | None:
    """The holding under which its owner keeps meetings of that kind, if any."""
    role = KEEPERS[MeetingKind(kind)]
    return next((held for held in holdings if held.role == role), None)


def refuse_unless_keeper(holdings: tuple[Holding, ...], kind: str) -> Holding:
    """The keeper's holding. Raises ``Forbidden``."""
    held = keeps(holdings, kind)
    if held is None:
        role = KEEPERS[MeetingKind(kind)].label
        raise Forbidden(
            f"Cette séance est tenue par le rôle « {role} ». Demandez à une personne qui le tient d’agir."
        )
    return held


def kinds_read(holdings: tuple[Holding, ...]) -> tuple[MeetingKind, ...]:
    """The kinds of meetings that these holdings let their owner read."""
    if any(held.role in READS_ALL or held.role in _OF_THE_FUND or _steers(held) for held in holdings):
        return tuple(MeetingKind)
    roles = {held.role for held in holdings}
    return tuple(kind for kind in MeetingKind if roles & {KEEPERS[kind], TAKES_PART.get(kind)})


def _steers(held: Holding) -> bool:
    """A manager of the CANSSM itself: no body stands above it. Those of a CARMI read their own dossiers only."""
    return held.role == Role.MANAGER and held.lineage.strip("/").count("/") == 0


def meetings_visible_to(holdings: tuple[Holding, ...]) -> QuerySet[Meeting]:
    """The read gate of meetings."""
    kinds = kinds_read(holdings)
    return Meeting.objects.filter(kind__in=kinds) if kinds else Meeting.objects.none()


def meeting_for(holdings: tuple[Holding, ...], public_id: UUID) -> Meeting:
    """A meeting that its reader may read. One statement. Raises ``NotFound`` without a hint."""
    found = meetings_visible_to(holdings).filter(public_id=public_id).first()
    if found is None:
        raise NotFound(UNSEEN)
    return found


def counted_meetings(holdings: tuple[Holding, ...]) -> QuerySet[Meeting]:
    """Meetings with ``on_agenda`` and ``settled``, how many dossiers stand on the agenda and were dealt with."""
    live = Q(items__removed_at__isnull=True, items__isnull=False)
    return meetings_visible_to(holdings).annotate(
        on_agenda=Count("items", filter=live),
        settled=Count("items", filter=Q(items__settled_at__isnull=False)),
    )


def items_of(meeting: Meeting) -> list[AgendaItem]:
    """The agenda in its order, each item with its dossier and body. One statement.

    Dossiers of one body share the instance of it: what is read once for a body is not read for each dossier.
    """
    found = list(
        AgendaItem.objects.filter(meeting=meeting, removed_at__isnull=True)
        .select_related("dossier__organisation__parent")
        .order_by("position", "pk")
    )
    bodies = {item.dossier.organisation_id: item.dossier.organisation for item in found}
    for item in found:
        item.dossier.organisation = bodies[item.dossier.organisation_id]
    return found


def papers_of(meeting: Meeting) -> list[MeetingPaper]:
    """Agendas and minutes, the latest of each first. One statement."""
    return list(MeetingPaper.objects.filter(meeting=meeting).select_related("made_by"))


def meeting_paper_for(holdings: tuple[Holding, ...], public_id: UUID, paper_id: UUID) -> MeetingPaper:
    """A paper of a meeting that its reader may read. One statement. Raises ``NotFound``."""
    found = (
        MeetingPaper.objects.filter(
            public_id=paper_id,
            meeting__public_id=public_id,
            meeting__in=meetings_visible_to(holdings).values("pk"),
        )
        .select_related("meeting")
        .first()
    )
    if found is None:
        raise NotFound("Ce document de séance ne vous est pas accessible, ou il n’existe pas.")
    return found


def awaited_meeting(dossier: Dossier) -> AgendaItem | None:
    """The item by which a dossier waits on the agenda of a planned meeting, with its meeting. One statement."""
    return (
        AgendaItem.objects.filter(
            dossier=dossier,
            removed_at__isnull=True,
            settled_at__isnull=True,
            meeting__state=MeetingState.PLANNED,
        )
        .select_related("meeting")
        .order_by("meeting__held_on", "pk")
        .first()
    )
