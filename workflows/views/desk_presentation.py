"""What a person's own desk adds to the dossier page: what is new since they looked, the motives of their desks."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from cases.models import MotiveTemplate, User
from cases.permissions import holding_for, own_of
from cases.selectors.desk import Visit, templates_of
from workflows.engine.obligations import PATH as OBLIGATION
from workflows.engine.seats import Chair, chair_of
from workflows.selectors import DossierView
from workflows.selectors.actions import SIGNATORIES, WITHDRAW
from workflows.services.motives import filled


def mark_new(lines: Iterable[dict[str, Any]], visit: Visit | None, user: User) -> int:
    """Mark the lines of the journal that others wrote since ``visit``; how many. On a first visit none is marked."""
    count = 0
    for line in lines:
        entry = line["entry"]
        line["new"] = (
            visit is not None and entry.sequence > visit.journal_length and entry.actor_id != user.pk
        )
        count += line["new"]
    return count


def offer_motives(view: DossierView, actions: Iterable[dict[str, Any]], user: User) -> None:
    """Give each act that takes a motive those of the desk under which it would be done. One statement at most."""
    taking = [action for action in actions if action["allowed"] and action["motive_allowed"]]
    for action in actions:
        action["motives"] = []
    if not taking:
        return
    kept = list(templates_of(user, view.holdings, path=view.dossier.path))
    for action in taking:
        chairs = _chairs(view, action)
        action["motives"] = [
            {"id": str(one.public_id), "title": one.title, "text": filled(one.text, view.dossier)}
            for one in kept
            if serves(one, action["step"], action["outcome"])
            and any(
                (one.role, one.organisation_id) == (chair.role, chair.organisation_id) for chair in chairs
            )
        ]


def serves(template: MotiveTemplate, step: str, outcome: str) -> bool:
    """Whether a motive is offered for an act of its path."""
    return template.step in ("", step) and template.outcome in ("", outcome)


def _chairs(view: DossierView, action: dict[str, Any]) -> list[Chair]:
    """Under which role and body the act would be done."""
    if action["step"] == WITHDRAW:
        body = view.dossier.organisation_id
        return [Chair(role, body) for role in (*view.path.first_step().filing_roles, *SIGNATORIES)]
    return [chair_of(task) for task in view.tasks if task.pk == action["task_id"]]


def with_motive(typed: str, text: str) -> str:
    """What was typed, then the motive taken up."""
    return f"{typed.rstrip()}\n\n{text}" if typed.strip() else text


def model_url(view: DossierView) -> str:
    """Where another dossier like this one is prepared; empty for who may not file it."""
    roles, body = view.path.first_step().filing_roles, view.dossier.organisation_id
    files = any(holding_for(own_of(view.holdings), role, body) for role in roles)
    if not files or view.path.key == OBLIGATION:
        return ""
    return (
        f"{reverse('dossier_new_path', args=[view.path.key])}?{urlencode({'modele': view.dossier.reference})}"
    )
