"""Puts a ``DossierView`` into the words of the dossier page. No query but the facilities' names and budget lines."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.urls import reverse
from viewflow.workflow.models import Task

from cases import clock
from cases.calendar import french_date
from cases.deadlines import Duration, Unit
from cases.enums import DossierStatus, Role
from cases.models import JournalEntry
from cases.register_terms import MeetingKind
from cases.selectors import people_holding
from cases.selectors.meetings import kinds_read
from cases.services import facility_names
from workflows.engine.credit_forms import TransfersForm
from workflows.engine.fields import NamesField, RowsField
from workflows.engine.opening_forms import FacilityField
from workflows.engine.path import Path
from workflows.engine.seats import body_name, chair_of
from workflows.engine.step import SEALED, Step
from workflows.forms import ExtendForm, ReassignForm
from workflows.selectors import Action, DossierView
from workflows.services.extensions import extendable
from workflows.views import credit_presentation, exchange_presentation

ACTION_TITLES = {
    "create": "Dossier créé",
    "edit": "Données modifiées",
    "add_document": "Pièce déposée",
    "claim": "Tâche prise",
    "release": "Tâche rendue",
    "reassign": "Tâche confiée à une autre personne",
    "withdraw": "Dossier retiré",
    "extend": "Échéance prolongée",
    "breach": "Délai légal dépassé",
    "message": "Message envoyé",
    "link": "Lien avec un autre dossier ajouté",
    "unlink": "Lien avec un autre dossier retiré",
}


def status_label(status: str) -> str:
    """A status in French; empty stays empty."""
    return DossierStatus(status).label if status else ""


def headline(view: DossierView) -> str:
    """One sentence: where the dossier is and since when."""
    dossier = view.dossier
    if view.waiting:
        since = clock.paris_date(max(task.created for task in view.tasks))
        return f"En attente : {view.waiting}, depuis le {french_date(since)}."
    since = clock.paris_date(dossier.updated_at)
    return f"Le dossier est « {view.status_label} » depuis le {french_date(since)}."


def agenda(view: DossierView) -> dict[str, Any] | None:
    """On which agenda the dossier waits: the meeting in words, and its page for those who may read it."""
    if view.agenda is None:
        return None
    meeting = view.agenda.meeting
    kind = MeetingKind(meeting.kind)
    what = "du conseil" if kind is MeetingKind.BOARD else "de la concertation"
    readable = kind in kinds_read(view.holdings)
    return {
        "sentence": f"Inscrit à l’ordre du jour {what} du {french_date(meeting.held_on)}.",
        "url": reverse("meeting", args=[meeting.public_id]) if readable else "",
    }


def stations(view: DossierView) -> tuple[list[dict[str, Any]], list[str]]:
    """The stations of the rail, each with its last passage, and the titles of those that are spared."""
    latest: dict[str, JournalEntry] = {}
    for entry in view.journal:  # latest first
        if entry.action == "perform":
            latest.setdefault(entry.step, entry)
    opened = {task.flow_task.name: clock.paris_date(task.created) for task in view.tasks}
    main = _main_line(view.path)
    shown, aside = [], []
    for step in view.steps:
        if step.state == "aside":
            if step.key in main:
                aside.append(step.title)
            continue
        entry = latest.get(step.key)
        done_on = clock.paris_date(entry.at) if entry is not None and step.state == "done" else None
        shown.append(
            {
                "title": step.title,
                "role_label": step.role_label,
                "state": step.state,
                "owner": f"prise par {step.owner}" if step.owner else "",
                "on": opened.get(step.key, done_on),
                "due_on": view.dossier.next_due_on if step.state == "current" else None,
                "refused": step.state == "done"
                and entry is not None
                and entry.status_after == DossierStatus.REFUSED,
            }
        )
    shown.sort(key=lambda station: ("done", "current", "ahead").index(station["state"]))
    return shown, aside


def last_motive(view: DossierView) -> dict[str, Any] | None:
    """Why the last act was done, when whoever did it said so: what is asked of the person who acts next."""
    entry = next((one for one in view.journal if one.action in ("perform", "withdraw")), None)
    if entry is None or not entry.motive:
        return None
    return {
        "title": entry_title(view.path, entry),
        "who": f"{entry.actor_name}, {entry.capacity}",
        "at": entry.at,
        "text": entry.motive,
    }


def _main_line(path: type[Path]) -> set[str]:
    """Keys of the steps that the first outcomes and first routes lead through."""
    found: set[str] = set()
    node: Any = path.first_step()
    while isinstance(node, Step) and node.name not in found:
        found.add(node.name)
        node = node.main_outcome.routes[0].to
    return found


def step_states(view: DossierView) -> dict[str, str]:
    """Step → done, current, ahead or aside, for the drawing."""
    return {step.key: step.state for step in view.steps}


def actions(
    view: DossierView, failed: dict[str, Any] | None, bound: forms.Form | None
) -> list[dict[str, Any]]:
    """The actions of this person's roles with a form to fill; the one just refused keeps what was typed."""
    return [
        {
            **{name: getattr(action, name) for name in Action.__slots__},
            "form": _form_of(action, view, failed, bound),
        }
        for action in view.actions
        if action.allowed or all(reason.code != "role" for reason in action.reasons)
    ]


def awaits(action: dict[str, Any]) -> bool:
    """Whether a task waits for this person, even if something has to be put right before: a piece that is missing."""
    others = {"claimed", "separation_of_duties", "delegation_scope"}
    return action["task_id"] is not None and all(reason.code not in others for reason in action["reasons"])


def _form_of(
    action: Action, view: DossierView, failed: dict[str, Any] | None, bound: forms.Form | None
) -> forms.Form | None:
    if action.form is None or not action.allowed:
        return None
    if bound is not None and failed and (failed["step"], failed["outcome"]) == (action.step, action.outcome):
        return bound
    step = view.path.step(action.step)
    outcome = step.outcomes.get(action.outcome) if step is not None else None
    form: forms.Form = action.form(
        organisation=view.dossier.organisation,
        auto_id=f"{action.step}-{action.outcome}-%s",
        initial=outcome.initial(view.context) if outcome is not None and outcome.initial else None,
    )
    return form


def tasks(view: DossierView, user_id: int, reassigned: ReassignForm | None = None) -> list[dict[str, Any]]:
    """The open tasks: who holds them, and what this person may do with them besides the outcomes."""
    manages = any(
        held.role == Role.MANAGER and held.covers(view.dossier.organisation.lineage) for held in view.holdings
    )
    shown = []
    for task in view.tasks:
        step: Step = task.flow_task
        chair = chair_of(task)
        holds = chair.holding(view.acting) is not None
        mine = task.owner_id == user_id
        handed_over = not (step.by_person and task.owner_id is not None)  # an opinion is asked of a person
        shown.append(
            {
                "id": task.pk,
                "step": step.name,
                "title": step.task_title,
                "role_label": f"{chair.role.label}, {body_name(chair, view.dossier.organisation)}"
                if step.shared
                else chair.role.label,
                "owner": str(task.owner) if task.owner else "",
                "mine": mine,
                "may_claim": holds and task.owner_id is None,
                "in_person": not handed_over,
                "may_release": handed_over and ((mine and holds) or (manages and task.owner_id is not None)),
                "reassign_form": reassigned or reassign_form(view, task)
                if handed_over and ((mine and holds) or manages)
                else None,
            }
        )
    return shown


def reassign_form(view: DossierView, task: Task, data: Any = None) -> ReassignForm:
    """To whom a task may go: those who hold its role, but its holder. One statement."""
    chair = chair_of(task)
    people = people_holding(chair.role, chair.organisation_id)
    others = [one for one in people if one.pk != task.owner_id]
    return ReassignForm(others, data, auto_id=f"confier-{task.pk}-%s")


def deadlines(view: DossierView, extended: tuple[int, ExtendForm] | None = None) -> list[dict[str, Any]]:
    """Each clock with its sum, and the form to extend it for those who may. ``extended``: what was just refused."""
    shown = []
    for one in view.deadlines:
        deadline, form = one.deadline, None
        if extended is not None and extended[0] == deadline.pk:
            form = extended[1]
        elif extendable(view.dossier, deadline, view.path.step(deadline.step), view.holdings):
            form = ExtendForm(Unit(deadline.unit), auto_id=f"prolonger-{deadline.pk}-%s")
        shown.append({"clock": one, "form": form})
    return shown


def journal(view: DossierView, linked: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """The journal in French, latest first. ``linked``: what each link that this person may know of says, by its id."""
    labels = {name: str(field.label or name) for name, field in view.path.form.base_fields.items()}
    return [
        {
            "entry": entry,
            "title": entry_title(view.path, entry),
            "status_before_label": status_label(entry.status_before)
            if entry.status_before != entry.status_after
            else "",
            "status_after_label": status_label(entry.status_after)
            if entry.status_before != entry.status_after
            else "",
            "changes": _changes(entry, labels, view.path)
            + exchange_presentation.changes(entry, linked or {}),
        }
        for entry in view.journal
    ]


def entry_title(path: type[Path], entry: JournalEntry) -> str:
    """What was done, in French."""
    step = path.step(entry.step)
    if entry.action == "perform" and step is not None:
        outcome = step.outcomes.get(entry.outcome)
        said = outcome.label if outcome else "avis scellé" if entry.outcome == SEALED else entry.outcome
        return f"{step.task_title} : {said}"
    title = ACTION_TITLES.get(entry.action, entry.action)
    document = entry.changes.get("document")
    if entry.action == "add_document" and document:
        piece = path.piece(document["kind"])
        return f"{title} : {piece.title if piece else document['kind']}"
    return title


def _changes(entry: JournalEntry, labels: dict[str, str], path: type[Path]) -> list[dict[str, str]]:
    shown: list[dict[str, str]] = []
    for key, value in entry.changes.items():
        if key == "data" and entry.action == "edit":
            shown += [
                {"label": labels.get(name, name), "before": plain(pair[0]), "after": plain(pair[1])}
                for name, pair in value.items()
            ]
        elif key == "document":
            shown.append(
                {
                    "label": "Fichier",
                    "before": "",
                    "after": f"{value['name']} (version {value['version']}), SHA-256 {value['sha256']}",
                }
            )
        elif key == "deadline":
            label = f"{value['title']} (+ {Duration(value['amount'], Unit(value['unit']))})"
            before, after = (_day(one) for one in value["due_on"])
            shown.append({"label": label, "before": before, "after": after or "fixée à la reprise"})
        elif key == "overrun":
            due = f"l’échéance était le {_day(value['due_on'])}"
            who = f"{value['organisation']} : " if value["organisation"] else ""
            shown.append({"label": value["title"], "before": "", "after": f"{who}{due}"})
        elif key == "owner":
            after = plain(value[1]) or "personne"
            shown.append({"label": "Prise par", "before": plain(value[0]), "after": after})
        elif key == "amount_ht":
            before, after = (plain(one) for one in value)
            shown.append({"label": path.amount_label, "before": before, "after": after})
        elif key == "act":
            shown += [
                {"label": label, "before": "", "after": text}
                for label, text in credit_presentation.act_pairs(path.step(entry.step), value)
            ]
        elif key == "notices":
            told = [f"{one['organisation'].upper()}, au plus tard le {_day(one['due_on'])}" for one in value]
            shown.append(
                {"label": "Informations mises à disposition", "before": "", "after": " ; ".join(told)}
            )
    return shown


def _day(stored: str | None) -> str:
    return french_date(date.fromisoformat(stored)) if stored else ""


def plain(value: Any) -> str:
    """A JSON value in words."""
    match value:
        case None | "" | []:
            return ""
        case bool():
            return "oui" if value else "non"
        case list():
            return " ; ".join(plain(one) for one in value)
        case dict():
            return ", ".join(plain(one) for one in value.values())
        case _:
            return str(value)


def facts(view: DossierView) -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
    """The data of the dossier: label and value pairs, and one table for each field of rows.

    The rows of a virement are shown with what the text says of them instead (``credit_presentation.transfers``).
    """
    pairs: list[tuple[str, str]] = []
    tables: list[dict[str, Any]] = []
    classified = issubclass(view.path.form, TransfersForm)
    for name, field in view.path.form.base_fields.items():
        value = view.dossier.data.get(name)
        label = str(field.label or name)
        if isinstance(field, RowsField):
            if value and not classified:
                tables.append(_table(view, label, field, value))
        elif isinstance(field, NamesField):
            pairs.append((label, "\n".join(facility_names(view.dossier))))
        elif isinstance(field, forms.BooleanField):
            pairs.append((label, "oui" if value else "non"))
        else:
            pairs.append((label, credit_presentation.worded(field, value)))
    return pairs, tables


def _day(value: str) -> str:
    return french_date(date.fromisoformat(value))


def _table(view: DossierView, caption: str, field: RowsField, rows: list[dict[str, Any]]) -> dict[str, Any]:
    names: dict[str, str] = {}
    if isinstance(field.columns.get("facility"), FacilityField):
        names = dict(
            zip((str(row.get("facility")) for row in rows), facility_names(view.dossier), strict=True)
        )
    return {
        "caption": caption,
        "columns": [str(column.label or key) for key, column in field.columns.items()],
        "rows": [
            [
                credit_presentation.cell(view, column, row.get(key))
                or names.get(str(row.get(key)))
                or credit_presentation.worded(column, row.get(key))
                for key, column in field.columns.items()
            ]
            for row in rows
        ],
    }
