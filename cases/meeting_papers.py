"""The agenda and the minutes of a meeting as PDF/A (templates ``agenda`` and ``minutes``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cases import clock
from cases.calendar import french_date
from cases.meeting_records import Result, results_of
from cases.models import AgendaItem, Meeting
from cases.money import format_eur
from cases.pdf import CANSSM, render_pdf
from cases.register_terms import MeetingKind

_TITLES = {
    MeetingKind.BOARD: "Séance du conseil d’administration",
    MeetingKind.CONCERTATION: "Rencontre de concertation avec la tutelle",
}


def meeting_title(meeting: Meeting) -> str:
    """« Séance du conseil d’administration du mardi 10 mars 2026 »."""
    return f"{_TITLES[MeetingKind(meeting.kind)]} du {french_date(meeting.held_on)}"


def agenda_paper(meeting: Meeting, items: Sequence[AgendaItem], *, keeper: str, version: int) -> bytes:
    """The agenda. ``keeper``: the capacity of whoever keeps the meeting; people are not named."""
    rows = [_row(number, item) for number, item in enumerate(items, start=1)]
    return render_pdf("agenda", _common(meeting, keeper) | {"version": version, "rows": rows})


def minutes_paper(meeting: Meeting, items: Sequence[AgendaItem], *, keeper: str) -> bytes:
    """The minutes: what was decided on each dossier, with votes or opinions and motives.

    Who was in the chair and who sat is not known to Berline: nobody is named.
    """
    rows = [
        _row(number, item) | {"results": [_said(one) for one in results_of(meeting, item)]}
        for number, item in enumerate(items, start=1)
    ]
    return render_pdf("minutes", _common(meeting, keeper) | {"rows": rows})


def _common(meeting: Meeting, keeper: str) -> dict[str, Any]:
    lines = [["Date", french_date(meeting.held_on)]]
    if meeting.starts_at is not None:
        lines.append(["Heure", f"{meeting.starts_at:%H:%M}"])
    lines += [[label, text] for label, text in (("Lieu", meeting.place), ("Intitulé", meeting.label)) if text]
    if meeting.members is not None:
        lines.append(["Membres en exercice", str(meeting.members)])
    now = clock.now()
    local = now.astimezone(clock.PARIS)
    return {
        "letterhead": CANSSM,
        "title": meeting_title(meeting),
        "keeper": keeper,
        "lines": lines,
        "remarks": meeting.remarks,
        "made": f"{french_date(local.date())} à {local:%H:%M}",
        "date_shown": french_date(local.date()),
        "timestamp": now.isoformat(),
    }


def _row(number: int, item: AgendaItem) -> dict[str, Any]:
    dossier = item.dossier
    amount = dossier.amount_ht
    return {
        "number": str(number),
        "reference": dossier.reference,
        "title": dossier.title,
        "body": dossier.organisation.name,
        "amount": format_eur(amount) if amount is not None else "—",
    }


def _said(one: Result) -> dict[str, Any]:
    return {
        "body": one.body,
        "label": one.label,
        "votes": one.votes,
        "facts": [[label, text] for label, text in one.facts],
        "motive": one.motive,
    }
