"""The rows of a session's page: the fields of each dossier's outcomes, what was typed, what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django import forms
from django.http import HttpRequest, QueryDict

from cases.models import Meeting
from cases.register_terms import MeetingKind
from workflows.engine.meetings import DAY_FIELD
from workflows.engine.step import Outcome
from workflows.selectors.meetings import AgendaRow, MeetingView
from workflows.services.meetings import Row

#: Prefix of the row whose values go to the dossiers left blank.
ALL: Final = "tous"
#: Filled in from the session, so that it says nothing of what was typed.
_GIVEN: Final = frozenset({"members"})
CHOOSE: Final = "Choisissez l’issue de ce dossier, ou effacez ce que vous avez écrit."


@dataclass(slots=True)
class Typed:
    """What was typed on a row. ``values`` by name of field, as the widgets read them."""

    outcome: str = ""
    motive: str = ""
    version: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    touched: bool = False  # a value differs from what the page offered

    @property
    def blank(self) -> bool:
        """Whether nothing was typed."""
        return not (self.outcome or self.motive.strip() or self.touched)


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as the template takes it. ``fields`` belong to every outcome, ``extras`` to the one that is named.

    ``refused``: message and details of a refusal, or None.
    """

    row: AgendaRow
    key: str
    outcomes: tuple[Outcome, ...]
    chosen: str
    motive: str
    version: int
    fields: tuple[forms.BoundField, ...]
    extras: tuple[tuple[str, tuple[forms.BoundField, ...]], ...]
    refused: Mapping[str, Any] | None
    motive_error: str
    day_error: str


def day_name(meeting: Meeting) -> str:
    """The field that holds the day of the meeting: it is never typed."""
    return DAY_FIELD[MeetingKind(meeting.kind)]


def typed_rows(request: HttpRequest, view: MeetingView) -> dict[str, Typed]:
    """What was typed, by reference."""
    return {
        row.dossier.reference: _typed(request, row.key, row.step.outcomes.values(), view.meeting)
        for row in view.rows
        if row.step is not None
    }


def typed_for_all(request: HttpRequest, view: MeetingView) -> Typed:
    """What was typed for all dossiers left blank."""
    return _typed(request, ALL, shared_outcomes(view), view.meeting)


def _typed(request: HttpRequest, key: str, outcomes: Iterable[Outcome], meeting: Meeting) -> Typed:
    post = request.POST
    values: dict[str, Any] = {}
    touched = False
    for one in outcomes:
        for name, declared in (one.form.base_fields if one.form is not None else {}).items():
            if name != day_name(meeting) and name not in values:
                value = declared.widget.value_from_datadict(post, request.FILES, f"{key}-{name}")
                values[name] = value
                offered = (None, "", [], str(declared.initial))
                touched = touched or (name not in _GIVEN and value not in offered)
    return Typed(
        outcome=post.get(f"{key}-outcome", ""),
        motive=post.get(f"{key}-motive", ""),
        version=post.get(f"{key}-version", ""),
        values=values,
        touched=touched,
    )


def spread(typed: Mapping[str, Typed], everywhere: Typed, view: MeetingView) -> int:
    """Give the row for all to the dossiers left blank that know its outcome; how many they are."""
    count = 0
    for row in view.rows:
        one = typed.get(row.dossier.reference)
        if one is None or not one.blank or everywhere.outcome not in {out.key for out in row.outcomes}:
            continue
        one.outcome, one.motive = everywhere.outcome, everywhere.motive
        one.values = one.values | {
            name: value for name, value in everywhere.values.items() if name in one.values
        }
        count += 1
    return count


def filled(typed: Mapping[str, Typed], view: MeetingView) -> list[Row]:
    """The rows to record: those whose outcome was chosen."""
    found = []
    for row in view.rows:
        one = typed.get(row.dossier.reference)
        if one is None or not one.outcome or row.step is None:
            continue
        chosen = row.step.outcomes.get(one.outcome)
        names = chosen.form.base_fields if chosen is not None and chosen.form is not None else {}
        version = one.version
        found.append(
            Row(
                reference=row.dossier.reference,
                outcome=one.outcome,
                data={name: value for name, value in one.values.items() if name in names},
                motive=one.motive,
                version=int(version) if version.isdecimal() and len(version) < 10 else None,  # noqa: PLR2004
            )
        )
    return found


def unfinished(typed: Mapping[str, Typed], view: MeetingView) -> dict[str, Any]:
    """Refusals of rows on which something was typed but no outcome chosen."""
    return {
        row.dossier.reference: {"code": "invalid", "message": CHOOSE, "details": {}}
        for row in view.rows
        if row.outcomes and (one := typed.get(row.dossier.reference)) and not one.outcome and not one.blank
    }


def shown_rows(
    view: MeetingView,
    typed: Mapping[str, Typed],
    refused: Mapping[str, Mapping[str, Any]],
    post: QueryDict | None,
) -> list[Shown]:
    """Every row of the agenda. ``post``: what was sent, for the fields of refused rows to say what is wrong."""
    return [_shown(view, row, typed, refused, post) for row in view.rows]


def _shown(
    view: MeetingView,
    row: AgendaRow,
    typed: Mapping[str, Typed],
    refused: Mapping[str, Mapping[str, Any]],
    post: QueryDict | None,
) -> Shown:
    reference = row.dossier.reference
    one, refusal = typed.get(reference) or Typed(), refused.get(reference)
    details = (refusal or {}).get("details") or {}
    bound = one.outcome if refusal is not None and refusal.get("code") == "invalid" and one.outcome else ""
    given = {"members": view.meeting.members} | {
        name: value for name, value in one.values.items() if value is not None
    }
    fields, extras = _fields(view.meeting, row, given, post if bound else None, bound)
    day = details.get(day_name(view.meeting)) or [""]
    return Shown(
        row=row,
        key=row.key,
        outcomes=row.outcomes,
        chosen=one.outcome,
        motive=one.motive,
        version=row.dossier.version,
        fields=fields,
        extras=extras,
        refused=refusal,
        motive_error=(details.get("motive") or [""])[0],
        day_error=day[0],
    )


def _fields(
    meeting: Meeting, row: AgendaRow, given: Mapping[str, Any], post: QueryDict | None, bound: str
) -> tuple[tuple[forms.BoundField, ...], tuple[tuple[str, tuple[forms.BoundField, ...]], ...]]:
    """The fields of all outcomes, and those of one only under its label; each name once."""
    made = [
        (
            one,
            one.form(
                post if one.key == bound else None,
                organisation=row.dossier.organisation,
                prefix=row.key,
                initial=dict(given),
            ),
        )
        for one in row.outcomes
        if one.form is not None
    ]
    made.sort(key=lambda pair: pair[0].key != bound)  # the one refused shows its own mistakes
    owners: dict[str, list[str]] = {}
    for one, form in made:
        for name in form.fields:
            owners.setdefault(name, []).append(one.key)
    day, seen = day_name(meeting), set[str]()
    common: list[forms.BoundField] = []
    extras: dict[str, list[forms.BoundField]] = {}
    for one, form in made:
        for name in form.fields:
            if name == day or name in seen:
                continue
            seen.add(name)
            if len(owners[name]) > 1 or len(made) == 1:
                common.append(form[name])
            else:
                extras.setdefault(one.label, []).append(form[name])
    return tuple(common), tuple((label, tuple(found)) for label, found in extras.items())


def shared_outcomes(view: MeetingView) -> tuple[Outcome, ...]:
    """The outcomes that every dossier still open knows, from the first of them; none when fewer than two are open."""
    rows = [row for row in view.rows if row.outcomes]
    if len(rows) < 2:  # noqa: PLR2004
        return ()
    keys = set.intersection(*({one.key for one in row.outcomes} for row in rows))
    return tuple(one for one in rows[0].outcomes if one.key in keys)


def fields_for_all(view: MeetingView, typed: Typed | None) -> tuple[forms.BoundField, ...]:
    """The fields that more than one of the shared outcomes has, all when there is one: votes, opinions."""
    outcomes = [one for one in shared_outcomes(view) if one.form is not None]
    names = [name for one in outcomes if one.form is not None for name in one.form.base_fields]
    wanted = {name for name in names if len(outcomes) == 1 or names.count(name) > 1} - {
        day_name(view.meeting)
    }
    given = {"members": view.meeting.members} | (
        {name: value for name, value in typed.values.items() if value is not None} if typed else {}
    )
    first = next((row for row in view.rows if row.outcomes), None)
    found: dict[str, forms.BoundField] = {}
    for one in outcomes:
        if one.form is None or first is None:
            continue
        form = one.form(organisation=first.dossier.organisation, prefix=ALL, initial=given)
        for name in form.fields:
            if name in wanted:
                found.setdefault(name, form[name])
    return tuple(found.values())
