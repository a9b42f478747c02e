"""What was recorded on an item of an agenda, in words: for pages, the API and the minutes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cases.models import AgendaItem, Meeting
from cases.register_terms import MeetingKind

_VOTE = ("members", "votes_for", "votes_against", "abstentions")


@dataclass(frozen=True, slots=True)
class Result:
    """One answer: the board's, or that of one body of a concertation.

    ``facts``: label and text of what was said besides the vote, as printed (an opinion, an endowment).
    """

    code: str
    body: str
    label: str
    votes: str
    facts: tuple[tuple[str, str], ...]
    motive: str


def results_of(meeting: Meeting, item: AgendaItem) -> tuple[Result, ...]:
    """The answers recorded on an item, by code of the body; none while nothing is."""
    if not item.record:
        return ()
    if meeting.kind == MeetingKind.BOARD:
        return (_result("", item.record, item.motive),)
    return tuple(
        _result(code, said, str(said.get("motive") or "")) for code, said in sorted(item.record.items())
    )


def _result(code: str, said: Mapping[str, Any], motive: str) -> Result:
    return Result(
        code=code,
        body=str(said.get("body") or ""),
        label=str(said.get("label") or ""),
        votes=votes_in_words(said),
        facts=tuple((str(label), str(text)) for label, text in said.get("facts") or ()),
        motive=motive,
    )


def votes_in_words(said: Mapping[str, Any]) -> str:
    """« 12 voix pour, 5 contre, 2 abstentions ; 1 membre sur 20 n’a pas voté. »; empty when there was no vote."""
    if not all(isinstance(said.get(name), int) for name in _VOTE):
        return ""
    members, won, lost, silent = (int(said[name]) for name in _VOTE)
    absent = members - won - lost - silent
    words = f"{won} voix pour, {lost} contre, {silent} abstention{'s' if silent > 1 else ''}"
    if absent > 0:
        many = absent > 1
        words += f" ; {absent} membre{'s' if many else ''} sur {members} n’{'ont' if many else 'a'} pas voté"
    return f"{words}."
