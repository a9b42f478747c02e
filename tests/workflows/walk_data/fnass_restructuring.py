"""Restructurings: a plan that adds up or does not, two ministries at a meeting, an entry, an execution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cases import clock
from cases.models import Opinion
from cases.register_terms import OpinionState
from tests.restructuring_journeys import PIECES, meeting_on, plan, project
from tests.workflows.walk_data import Filing, Ground, day_of_the_agenda
from tests.workflows.walk_data.credits import LEDGER, budgets
from workflows.engine.restructuring_forms import BudgetEntryForm, ConcertationForm, ExecutionForm
from workflows.services.meetings import add_items

if TYPE_CHECKING:
    from tests.workflows.walks import PathWalk, Watched


def concerted(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """An opinion given at the meeting of that day."""
    return {"text": "Projet utile au territoire.", "met_on": day_of_the_agenda(walk, day)}


def entered(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """A line of capital of the FNASS that has the credits."""
    return {"exercise": walk.now.year, "line": "II.K.imm", "amount": "500.00"}


def executed(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """Less than what was entered."""
    return {"executed_on": day, "executed_amount": "480.00"}


def on_the_agenda(walk: PathWalk, what: tuple[str, str]) -> None:
    """The concertation of the day has the dossier before it."""
    if what[0] == "concertation" and not day_of_the_agenda(walk, ""):
        meeting = meeting_on(walk.cast, clock.today())
        add_items(public_id=meeting.public_id, references=[walk.dossier.reference], actor=walk.cast.reviewer)


def each_ministry_answers_once(walk: Watched) -> None:
    """One opinion of each body in a round, at a meeting, by somebody of that body."""
    given = Opinion.objects.filter(consultation__dossier=walk.dossier, state=OpinionState.GIVEN)
    seen = list(given.values_list("consultation", "organisation__code"))
    assert len(seen) == len(set(seen))
    for opinion in given.select_related("organisation", "given_by"):
        assert opinion.met_on is not None
        assert opinion.given_by is not None
        held = walk.holdings(opinion.given_by.username)
        assert opinion.organisation.code == "dss" or opinion.organisation.code == "db"
        assert any(one.organisation_id == opinion.organisation_id for one in held)


GROUND = Ground(
    filings=(
        Filing(project(), pieces=PIECES),
        Filing(project(), pieces=PIECES),
        Filing(project(financing_plan=plan(("own_funds", "1.00"), ("fnass", "500000.00"))), pieces=PIECES),
        Filing(project(), pieces=PIECES[:1]),
    ),
    prepare=budgets,
    forms={ConcertationForm: concerted, BudgetEntryForm: entered, ExecutionForm: executed},
    changes=({"amount_ht": "1.00"}, {"financing_plan": []}, {"title": ""}, {"operating_impact": "beaucoup"}),
    arrange=on_the_agenda,
    laws=(*LEDGER, each_ministry_answers_once),
)
