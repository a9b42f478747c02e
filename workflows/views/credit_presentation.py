"""Puts what a dossier of credits holds into words: its lines, the acts of its bodies, who still has to answer."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from cases import clock
from cases.calendar import french_date
from cases.enums import DossierStatus
from cases.money import format_eur
from cases.selectors import national_bodies
from workflows.engine.credit_forms import LineCodeField, LinesForm, TransfersForm, VoteForm
from workflows.engine.credit_lines import line_named
from workflows.engine.fields import MoneyField, RowsField
from workflows.engine.group_field import GroupField
from workflows.engine.seats import body_name, chair_of
from workflows.engine.step import Step
from workflows.selectors import DossierView
from workflows.selectors.notices import is_late, received_on, state_of
from workflows.services.simulated_lines import SimulatedLine, classified_lines

#: Statuses in which credits have not moved yet and may still: what is available matters then.
BEFORE_EFFECT = {
    status.value
    for status in DossierStatus
    if status.value not in {"executed", "enforceable", "closed", "refused", "withdrawn", "lapsed"}
}

#: What a body answered, said once it is done.
ANSWERS = {
    "acknowledge": "réception accusée",
    "agree": "accord donné",
    "approve": "approbation donnée",
    "authorise": "autorisation donnée",
    "refuse": "refus",
    "oppose": "opposition",
}


def transfers(view: DossierView) -> tuple[SimulatedLine, ...]:
    """The rows of a virement with what the text says of each and, until they are effected, what is available."""
    if not issubclass(view.path.form, TransfersForm):
        return ()
    return classified_lines(view.context, live=view.dossier.status in BEFORE_EFFECT)


def cell(view: DossierView, column: forms.Field, value: Any) -> str | None:
    """A budget line with its label; None when the column is no line."""
    if not isinstance(column, LineCodeField) or not issubclass(view.path.form, LinesForm) or not value:
        return None
    line = line_named(view.context, str(value))
    return str(line) if line is not None else str(value)


def worded(field: forms.Field | None, value: Any) -> str:
    """A stored value in words, as its field means it."""
    if value in (None, "", []):
        return "—"
    if isinstance(field, MoneyField):
        return format_eur(Decimal(value))
    if isinstance(field, forms.DateField):
        return french_date(date.fromisoformat(value))
    if isinstance(field, forms.BooleanField) or isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(field, forms.ChoiceField):
        return str(dict(_flat(field.choices)).get(str(value), value))
    if isinstance(field, GroupField):
        return " ; ".join(
            f"{part.label or key} : {worded(part, value.get(key))}" for key, part in field.parts.items()
        )
    if isinstance(field, RowsField):
        return " ; ".join(
            ", ".join(worded(column, row.get(key)) for key, column in field.columns.items()) for row in value
        )
    if isinstance(value, list):
        return " ; ".join(worded(None, one) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(worded(None, one) for one in value.values())
    return str(value)


def _flat(choices: Any) -> list[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in choices if not isinstance(label, list | tuple)]


def act_pairs(step: Step | None, act: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The data of an act: label and value pairs; a vote in one sentence."""
    fields: dict[str, forms.Field] = {}
    vote = False
    for outcome in step.outcomes.values() if step else ():
        if outcome.form is not None and set(act) <= set(outcome.form.base_fields):
            fields = dict(outcome.form.base_fields)
            vote = issubclass(outcome.form, VoteForm)
            break
    pairs = [(str(fields[name].label or name) if name in fields else name, name) for name in act]
    if not vote:
        return [(label, worded(fields.get(name), act[name])) for label, name in pairs]
    counted = {"members", "votes_for", "votes_against", "abstentions"}
    said = [(label, worded(fields.get(name), act[name])) for label, name in pairs if name not in counted]
    return [*said, ("Vote", vote_sentence(act))]


def vote_sentence(act: Mapping[str, Any]) -> str:
    """« 12 voix pour, 5 contre, 2 abstentions, sur 20 membres en exercice »."""
    kept = act.get("abstentions") or 0
    return (
        f"{act['votes_for']} voix pour, {act['votes_against']} contre, {kept} abstention{'s' if kept > 1 else ''}, "
        f"sur {act['members']} membres en exercice"
    )


def acts(view: DossierView) -> list[dict[str, Any]]:
    """What the steps recorded, in the order of the path: title, body where several answer, pairs."""
    shown: list[dict[str, Any]] = []
    for step in view.path.steps():
        result = view.dossier.results.get(step.name)
        if not result:
            continue
        if step.shared:
            names = {body.code: body.name for body in national_bodies(view.dossier.organisation)}
            shown += [
                {"title": step.task_title, "body": names.get(code, code), "pairs": act_pairs(step, act)}
                for code, act in result.items()
            ]
        else:
            shown.append({"title": step.task_title, "body": "", "pairs": act_pairs(step, result)})
    return shown


def answers(view: DossierView) -> list[dict[str, Any]]:
    """For each step held by several bodies that was opened: who has answered what and when, who has not yet."""
    shown = []
    for step in view.path.steps():
        if not step.shared:
            continue
        given: dict[str, dict[str, Any]] = {}
        for entry in view.journal:  # latest first
            if entry.action == "perform" and entry.step == step.name:
                body = entry.capacity.partition(" — ")[2] or entry.capacity
                outcome = step.outcomes.get(entry.outcome)
                given.setdefault(
                    body,
                    {
                        "body": body,
                        "answer": ANSWERS.get(
                            entry.outcome, f"« {outcome.label if outcome else entry.outcome} »"
                        ),
                        "on": clock.paris_date(entry.at),
                        "refused": entry.status_after == DossierStatus.REFUSED,
                    },
                )
        awaited = [
            body_name(chair_of(task), view.dossier.organisation)
            for task in view.tasks
            if task.flow_task is step
        ]
        rows = [one for body, one in given.items() if body not in awaited]
        rows.sort(key=lambda one: one["on"])
        rows += [{"body": body, "answer": "", "on": None, "refused": False} for body in awaited]
        if rows:
            shown.append({"key": step.name, "title": step.task_title, "rows": rows, "open": bool(awaited)})
    return shown


def notices(view: DossierView) -> list[dict[str, Any]]:
    """The legal notices of the dossier, as the page shows them."""
    return [
        {
            "addressee": one.organisation.name,
            "happened_on": one.happened_on,
            "due_on": one.due_on,
            "sent_at": one.sent_at,
            "received_on": received_on(one),
            "received_by": f"{one.acknowledged_by}, {one.capacity}" if one.acknowledged_by else "",
            "late": is_late(one),
            "state": state_of(one).label,
            "document": one.document,
        }
        for one in view.notices
    ]
