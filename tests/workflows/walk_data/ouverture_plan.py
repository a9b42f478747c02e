"""Ouverture plans: three experts of four, who may step down; a session; agréments and adhesions in the register."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cases import clock
from cases.models import Facility, FacilityChange, Meeting, Opinion
from cases.register_terms import APPROVAL_MOVES, ApprovalState, MeetingKind, MeetingState, OpinionState
from cases.services.meetings import plan_meeting
from tests.journeys import Cast
from tests.opening_journeys import FINESS, PIECES, committee, facilities, plan
from tests.workflows.walk_data import Filing, Ground, day_of_the_agenda
from tests.workflows.walk_data.forms import vote
from workflows.engine.credit_forms import VoteForm
from workflows.engine.opening_forms import (
    AdhesionForm,
    AdjournmentForm,
    AdoptionForm,
    AmendForm,
    ApprovalsForm,
    SynthesisForm,
)
from workflows.services.meetings import add_items

if TYPE_CHECKING:
    from tests.workflows.walks import PathWalk, Watched


def world(cast: Cast) -> None:
    """Four experts, of whom three are asked; three œuvres."""
    committee(cast, 4)
    facilities(cast)


def synthesis(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """What the desk draws from the opinions."""
    return {"synthesis": "Deux avis favorables sur trois."}


def amended(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """Before the experts again on even days."""
    return {"new_opinion": int(day[-1]) % 2 == 0}


def voted(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """The figures, at the session that the plan waits for."""
    return vote(walk, outcome, day_of_the_agenda(walk, day))


def adopted(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """The vote and its endowment."""
    return {**voted(walk, outcome, day), "endowment": "150000.00"}


def adjourned(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """Put off by some weeks."""
    later = clock.paris_date(walk.now) + timedelta(days=30)
    return {"voted_on": day_of_the_agenda(walk, day), "adjourned_to": later.isoformat()}


def approvals(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """Every œuvre of the plan has its agrément, or loses it."""
    rows = [
        {"facility": "carmi-npdc-1", "finess": FINESS[0], "approval": "granted"},
        {"facility": "carmi-npdc-2", "finess": FINESS[1], "approval": "provisional"},
        {"facility": "carmi-npdc-3", "approval": "removed"},
    ]
    known = {row["facility"] for row in walk.dossier.data["facilities"]}
    return {"approvals": [row for row in rows if row["facility"] in known]}


def adhesion(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """All that remain."""
    return {"adhered_on": day}


def in_session(walk: PathWalk, what: tuple[str, str]) -> None:
    """The board of the day has the dossier before it."""
    if what[0] == "board_vote" and not day_of_the_agenda(walk, ""):
        today = clock.today()
        meeting = Meeting.objects.filter(
            kind=MeetingKind.BOARD, held_on=today, state=MeetingState.PLANNED
        ).first() or plan_meeting(
            kind=MeetingKind.BOARD, held_on=today, members=20, actor=walk.cast.secretary
        )
        add_items(public_id=meeting.public_id, references=[walk.dossier.reference], actor=walk.cast.secretary)


def opinions_come_from_invited_experts_only(walk: Watched) -> None:
    """Each is given by the very expert who was asked, once; at most three are asked at a time."""
    rounds: Counter[int] = Counter()
    for one in Opinion.objects.filter(consultation__dossier=walk.dossier):
        if one.state == OpinionState.GIVEN:
            assert one.given_by_id == one.expert_id
        rounds[one.consultation_id] += one.state in (
            OpinionState.GIVEN,
            OpinionState.INVITED,
            OpinionState.LAPSED,
        )
    assert all(count <= 3 for count in rounds.values())


def an_agrément_moves_along_its_arrows(walk: Watched) -> None:
    """What the register tells of each œuvre is a walk along its moves; a closed one runs no more."""
    for one in Facility.objects.all():
        assert one.closed_on is None or not one.active
        told = FacilityChange.objects.filter(facility=one).exclude(before="").order_by("pk")
        for before, after in told.values_list("before", "after"):
            assert before == after or after in APPROVAL_MOVES[ApprovalState(before)]


def the_register_waits_for_the_board(walk: Watched) -> None:
    """Nothing is written to the register before the plan is adopted."""
    if "board_vote" not in walk.dossier.results:
        assert not FacilityChange.objects.filter(dossier=walk.dossier).exists()


GROUND = Ground(
    filings=(
        Filing(plan(), pieces=PIECES),
        Filing(plan(), pieces=PIECES),
        Filing(plan(facilities=plan()["facilities"][:1]), pieces=PIECES),
        Filing(plan(facilities=[]), pieces=PIECES),
    ),
    prepare=world,
    forms={
        SynthesisForm: synthesis,
        AmendForm: amended,
        VoteForm: voted,
        AdoptionForm: adopted,
        AdjournmentForm: adjourned,
        ApprovalsForm: approvals,
        AdhesionForm: adhesion,
    },
    changes=(
        {"staffing": "Un secrétariat de plus."},
        {"staffing": "Deux secrétariats de plus."},
        {"facilities": []},
        {"facilities": "toutes"},
        {"region": ""},
    ),
    arrange=in_session,
    laws=(
        opinions_come_from_invited_experts_only,
        an_agrément_moves_along_its_arrows,
        the_register_waits_for_the_board,
    ),
)
