"""Data that forms of acts should get, for the forms that several paths share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.credit_journeys import LOST, VOTE
from workflows.engine.budget_forms import ReceptionsForm
from workflows.engine.consultation import OpinionForm
from workflows.engine.credit_forms import EffectForm, VoteForm

if TYPE_CHECKING:
    from tests.workflows.walk_data import FormData
    from tests.workflows.walks import PathWalk


def vote(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """The figures that the outcome needs."""
    return {"voted_on": day, **(LOST if outcome == "rejected" else VOTE)}


def effect(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """The day on which credits move."""
    return {"effected_on": day}


def opinion(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """An opinion with its reasons."""
    return {"text": "Le projet est fondé."}


def receptions(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """Both ministries received it."""
    return {"receptions": [{"authority": code, "received_on": day} for code in ("dss", "db")]}


FORMS: dict[type[Any], FormData] = {
    VoteForm: vote,
    EffectForm: effect,
    OpinionForm: opinion,
    ReceptionsForm: receptions,
}
