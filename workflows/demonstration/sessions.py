"""Meetings of the demonstration: planned ahead, with dossiers on their agenda, closed with their minutes."""

from datetime import date

from cases import clock
from cases.calendar import add_working_days
from cases.models import Dossier, Meeting, User
from cases.register_terms import MeetingKind, MeetingState
from cases.services.meetings import close_meeting, make_agenda, plan_meeting
from workflows.demonstration.credit_stories import MEMBERS
from workflows.demonstration.stories import Act
from workflows.services.meetings import add_items

#: Who plans and closes the meetings of each kind.
KEEPERS = {MeetingKind.BOARD: "secretariat.ca", MeetingKind.CONCERTATION: "sante.canssm"}
BOARD, CONCERTATION = MeetingKind.BOARD.value, MeetingKind.CONCERTATION.value


def agenda(kind: str, *, ahead: int, days: int | None = None, join: bool = False) -> Act:
    """The dossier is put on the agenda of a meeting so many working days ahead, planned if nobody has.

    ``join``: of the next one that is planned, if there is one; its paper is then made. What is recorded there is an act
    with ``days=ahead``.
    """
    who = KEEPERS[MeetingKind(kind)]
    return Act("agenda", days, data={"kind": kind, "ahead": ahead, "join": join}, who=who)


def minutes(kind: str, days: int = 1) -> Act:
    """The meeting that dealt with the dossier is closed, and its minutes are made."""
    return Act("minutes", days, data={"kind": kind}, who=KEEPERS[MeetingKind(kind)])


def put_on(reference: str, asked: dict[str, object], actor: User) -> None:
    """Do ``agenda`` now: plan the meeting where there is none, put the dossier on it."""
    kind, today = str(asked["kind"]), clock.today()
    planned = Meeting.objects.filter(kind=kind, state=MeetingState.PLANNED, held_on__gt=today)
    day: date = add_working_days(today, int(str(asked["ahead"])))
    found = (planned if asked["join"] else planned.filter(held_on=day)).order_by("held_on").first()
    if found is None:
        board = kind == BOARD
        found = plan_meeting(
            kind=kind,
            held_on=day,
            actor=actor,
            label="ordinaire" if board else "",
            members=MEMBERS if board else None,
        )
    add_items(public_id=found.public_id, references=[reference], actor=actor)
    if asked["join"]:  # the agenda is complete
        make_agenda(public_id=found.public_id, actor=actor)


def close(dossier: Dossier, asked: dict[str, object], actor: User) -> None:
    """Do ``minutes`` now."""
    found = Meeting.objects.filter(
        kind=str(asked["kind"]), items__dossier=dossier, items__settled_at__isnull=False
    ).latest("held_on")
    if found.state == MeetingState.PLANNED:  # another dossier of it may have told this already
        close_meeting(public_id=found.public_id, actor=actor)
