"""Meetings seen from an act: is the dossier on the agenda of that day, and what was recorded there.

A path whose text demands a session puts :func:`on_agenda` among an outcome's ``checks`` and :func:`note_on_agenda`
among its effects (``effects`` of the route for the board; ``answers`` for a concertation, one for each ministry).
Where the session is a convenience only, :func:`note_on_agenda` alone: the vote is accepted by its date, unless the
dossier waits on the agenda of another day.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from viewflow.workflow.fields import get_task_ref

from cases import clock, rows
from cases.calendar import french_date
from cases.enums import Role
from cases.errors import Blocked, Conflict, Quote, Reason
from cases.money import format_eur
from cases.register_terms import MeetingKind, MeetingState
from workflows.engine.context import StepContext
from workflows.engine.fields import to_json
from workflows.engine.seats import body_code, body_name
from workflows.engine.step import OPEN, Effect, Guard, Outcome, Step

#: The field of the act that holds the day of the meeting.
DAY_FIELD: Final = {MeetingKind.BOARD: "voted_on", MeetingKind.CONCERTATION: "met_on"}

#: Who puts a dossier on the agenda.
KEEPER: Final = {MeetingKind.BOARD: Role.BOARD_SECRETARY, MeetingKind.CONCERTATION: Role.REVIEWER}

#: Fields of a vote, which pages and minutes show in a sentence of their own.
VOTE_FIELDS: Final = frozenset({"voted_on", "met_on", "members", "votes_for", "votes_against", "abstentions"})

_A_MEETING: Final = {
    MeetingKind.BOARD: "séance du conseil d’administration",
    MeetingKind.CONCERTATION: "rencontre de concertation avec la tutelle",
}
_THE_MEETING: Final = {
    MeetingKind.BOARD: "de la séance du conseil",
    MeetingKind.CONCERTATION: "de la rencontre de concertation",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A dossier that waits on an agenda: the item, and the day of the meeting."""

    item_id: int
    held_on: date


_STANDING = """
SELECT item.id, meeting.held_on
  FROM cases_agendaitem item JOIN cases_meeting meeting ON meeting.id = item.meeting_id
 WHERE item.dossier_id = %s AND item.step = %s AND item.removed_at IS NULL AND item.settled_at IS NULL
   AND meeting.kind = %s AND meeting.state = %s
"""

_NOTE = """
UPDATE cases_agendaitem item
   SET outcome = %s, record = item.record || %s::jsonb,
       motive = CASE WHEN %s = '' THEN item.motive ELSE %s END,
       settled_at = CASE WHEN %s AND EXISTS (
           SELECT 1 FROM viewflow_task task
            WHERE task.process_id = %s AND task.flow_task = %s AND task.status = ANY(%s)
       ) THEN NULL ELSE %s::timestamptz END
  FROM cases_meeting meeting
 WHERE meeting.id = item.meeting_id AND item.dossier_id = %s AND item.step = %s
   AND item.removed_at IS NULL AND item.settled_at IS NULL AND meeting.kind = %s AND meeting.state = %s
RETURNING meeting.held_on
"""


def standing(context: StepContext, kind: MeetingKind) -> Standing | None:
    """Where the dossier waits on the agenda of a planned meeting, for the step acted upon. One statement, once."""
    key = f"agenda {kind.value}"
    if key not in context.memo:
        context.memo[key] = None
        if not context.simulated and context.step is not None:
            with rows.cursor() as cursor:
                cursor.execute(
                    _STANDING,
                    [context.dossier.pk, context.step.name, kind.value, MeetingState.PLANNED.value],
                )
                row = cursor.fetchone()
            context.memo[key] = Standing(*row) if row else None
    found: Standing | None = context.memo[key]
    return found


def on_agenda(kind: MeetingKind, rule: str) -> Guard:
    """A check on the act: the dossier stands on the agenda of a planned meeting held on the day that the act names.

    Refused as ``no_meeting``, with the quote of ``rule``: the text wants the meeting, a date alone does not do.
    """

    def check(context: StepContext) -> Iterator[Reason]:
        found, day = standing(context, kind), context.act.get(DAY_FIELD[kind])
        if found is not None and found.held_on == day:
            return
        if found is not None:
            message = (
                f"Le dossier est inscrit à l’ordre du jour {_THE_MEETING[kind]} du {french_date(found.held_on)}. "
                "Indiquez cette date, ou inscrivez-le à une autre depuis la page « Séances »."
            )
        else:
            when = f" du {french_date(day)}" if day else ""
            message = (
                f"Le dossier n’est inscrit à l’ordre du jour d’aucune {_A_MEETING[kind]}{when}. "
                "Inscrivez-le depuis la page « Séances », puis recommencez."
            )
        yield Reason("no_meeting", message, KEEPER[kind].label, context.quote(rule))

    return check


def note_on_agenda(kind: MeetingKind, rule: str = "") -> Effect:
    """An effect that settles the dossier's item on the agenda; nothing when it waits on none. At most one statement.

    Where several bodies answer, each answer completes the item and the last one settles it. Raises ``Blocked``
    (``other_session``, with the quote of ``rule``) when the act names another day than that of the meeting.
    """

    def effect(context: StepContext) -> None:
        key = f"agenda {kind.value}"
        if context.step is None or (key in context.memo and context.memo[key] is None):
            return
        record, step = _record_of(context, kind), context.step
        with rows.cursor() as cursor:
            cursor.execute(
                _NOTE,
                [
                    context.outcome,
                    json.dumps(record, ensure_ascii=False),
                    context.motive,
                    context.motive,
                    kind is MeetingKind.CONCERTATION,
                    context.dossier.process_id,
                    get_task_ref(step),
                    OPEN,
                    clock.now(),
                    context.dossier.pk,
                    step.name,
                    kind.value,
                    MeetingState.PLANNED.value,
                ],
            )
            row = cursor.fetchone()
        if row is None:
            if key in context.memo:  # the check saw it there
                raise Conflict(
                    "L’ordre du jour de la séance vient de changer. Rechargez la page, puis recommencez."
                )
            return
        _same_day(context, kind, row[0], context.quote(rule) if rule else None)
        context.changes["meeting"] = {"kind": kind.value, "held_on": row[0].isoformat()}

    return effect


def _same_day(context: StepContext, kind: MeetingKind, held_on: date, quote: Quote | None) -> None:
    day = context.act.get(DAY_FIELD[kind])
    if day is None or day == held_on:
        return
    message = (
        f"Le dossier est inscrit à l’ordre du jour {_THE_MEETING[kind]} du {french_date(held_on)}, pas du "
        f"{french_date(day)} : indiquez la date de la séance, ou retirez d’abord le dossier de son ordre du jour."
    )
    raise Blocked(message, reasons=[Reason("other_session", message, KEEPER[kind].label, quote)])


def _record_of(context: StepContext, kind: MeetingKind) -> dict[str, Any]:
    """What is recorded: the act's data as JSON, the words of the outcome, the other facts as they are printed.

    A concertation keeps it by the code of each body.
    """
    chosen = context.step.outcomes[context.outcome] if context.step is not None else None
    said: dict[str, Any] = {
        **{name: to_json(value) for name, value in context.act.items()},
        "label": chosen.label if chosen else context.outcome,
        "facts": facts(chosen, context.act) if chosen else [],
    }
    if kind is MeetingKind.BOARD:
        return said
    chair, organisation = context.chair, context.dossier.organisation
    if chair is None:
        raise RuntimeError("an opinion is given by a body")
    said |= {
        "outcome": context.outcome,
        "motive": context.motive,
        "body": body_name(chair, organisation),
        "given_on": context.today.isoformat(),
    }
    return {body_code(chair, organisation): said}


def facts(chosen: Outcome, act: Mapping[str, Any]) -> list[list[str]]:
    """Label and text of what an act says besides the vote, in the order of its form. Rows of a table are left out."""
    fields = chosen.form.base_fields if chosen.form is not None else {}
    found = []
    for name, field in fields.items():
        value = act.get(name)
        if name not in VOTE_FIELDS and value not in (None, "") and not isinstance(value, list | tuple | dict):
            choices = dict(getattr(field, "choices", ()) or ())
            found.append(
                [str(field.label or name), str(choices[value]) if value in choices else _shown(value)]
            )
    return found


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, Decimal):
        return format_eur(value)
    return french_date(value) if isinstance(value, date) else str(value)


def kind_of(step: Step) -> MeetingKind | None:
    """The kind of meeting that deals with a step: its outcomes ask for the day of one."""
    for kind, name in DAY_FIELD.items():
        if any(one.form is not None and name in one.form.base_fields for one in step.outcomes.values()):
            return kind
    return None
