"""What PostgreSQL itself refuses of opinions, meetings, messages and links between dossiers, by name."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.db import models

from cases.models import (
    AgendaItem,
    Consultation,
    DossierLink,
    Meeting,
    MeetingPaper,
    Message,
    MessageFile,
    Opinion,
)
from tests.cases.refusals import AT, DAY, Fault, Rows, Values, names, triggers, twice, wrong

MODULES = {"cases.models.opinions", "cases.models.meetings", "cases.models.exchanges"}
"""Models whose constraints and triggers are tested here."""

MODELS = (Consultation, Opinion, Meeting, AgendaItem, MeetingPaper, Message, MessageFile, DossierLink)


def sound(rows: Rows, model: type[models.Model]) -> Values:
    """A row that nothing is wrong with: consultations and meetings are over, opinions given, links taken back."""
    if model is Consultation:
        return {
            "dossier": rows.dossier,
            "step": "experts",
            "round": 1,
            "opened_at": AT,
        }
    if model is Opinion:
        return {
            "consultation": rows.one(Consultation),
            "organisation": rows.body,
            "expert": rows.user,
            "state": "given",
            "answer": "reserved",
            "text": "Le projet est viable à deux conditions.",
            "nonce": "0" * 64,
            "seal": "1" * 64,
            "given_by": rows.user,
            "capacity": "Expert",
            "invited_at": AT,
            "settled_at": AT,
        }
    if model is Meeting:
        return {
            "kind": "board",
            "held_on": DAY,
            "state": "closed",
            "created_by": rows.user,
            "created_at": AT,
            "closed_by": rows.user,
            "closed_at": AT,
        }
    if model is AgendaItem:
        return {
            "meeting": rows.one(Meeting),
            "dossier": rows.dossier,
            "step": "board",
            "position": 1,
            "added_by": rows.user,
            "added_at": AT,
            "outcome": "adopted",
            "settled_at": AT,
        }
    if model is MeetingPaper:
        return {
            "meeting": rows.one(Meeting),
            "kind": "minutes",
            "version": 1,
            "file": "meetings/00/essai",
            "name": "proces-verbal.pdf",
            "size": 1,
            "sha256": "0" * 64,
            "made_by": rows.user,
            "made_at": AT,
        }
    if model is Message:
        return {
            "dossier": rows.dossier,
            "kind": "note",
            "text": "Le devis est ancien.",
            "author": rows.user,
            "capacity": "Instructrice",
            "sent_at": AT,
        }
    if model is MessageFile:
        return {
            "message": rows.one(Message),
            "file": "messages/00/essai",
            "name": "devis.pdf",
            "content_type": "application/pdf",
            "size": 1,
            "sha256": "0" * 64,
        }
    assert model is DossierLink
    return {
        "source": rows.dossier,
        "target": rows.dossiers[1],
        "kind": "follows",
        "created_by": rows.user,
        "created_at": AT,
        "removed_by": rows.other,
        "removed_at": AT,
    }


@pytest.fixture
def rows(db: None) -> Rows:
    """What opinions, meetings and messages point to."""
    return Rows(sound)


def other_user(rows: Rows) -> Any:
    """The second person."""
    return rows.other


def other_meeting(rows: Rows) -> Any:
    """A meeting on another agenda."""
    return rows.insert(Meeting, kind="concertation")


NOT_GIVEN = {"state": "lapsed", "answer": "", "text": "", "seal": "", "given_by": None}
WAITING = {"outcome": "", "settled_at": None}

CONSTRAINTS: dict[str, Fault] = {
    "consultation_round_once": twice(Consultation, {"closed_at": AT}),
    "consultation_open_once": twice(Consultation, round=2),
    "opinion_state_known": wrong(Opinion, **NOT_GIVEN | {"state": "lost"}),
    "opinion_given_complete": wrong(Opinion, text=""),
    "opinion_recused_has_motive": wrong(Opinion, **NOT_GIVEN | {"state": "recused"}),
    "opinion_once_per_expert": twice(Opinion, organisation=lambda rows: rows.body),
    "opinion_once_per_body": twice(Opinion, {"expert": None}, given_by=other_user),
    "meeting_kind_known": wrong(Meeting, kind="lunch"),
    "meeting_state_known": wrong(Meeting, state="forgotten"),
    "meeting_once_a_day": twice(Meeting, place="Paris"),
    "meeting_closing_complete": wrong(Meeting, closed_by=None),
    "agenda_item_once": twice(AgendaItem, position=2),
    "agenda_item_waits_once": twice(AgendaItem, WAITING, meeting=other_meeting),
    "agenda_item_settled_or_removed": wrong(AgendaItem, removed_at=AT),
    "agenda_item_settled_has_outcome": wrong(AgendaItem, outcome=""),
    "meeting_paper_version_once": twice(MeetingPaper, name="autre.pdf"),
    "meeting_paper_kind_known": wrong(MeetingPaper, kind="menu"),
    "message_kind_known": wrong(Message, kind="rumour"),
    "message_not_empty": wrong(Message, text=""),
    "message_note_is_the_fund_s": wrong(Message, from_submitter=True),
    "message_file_not_empty": wrong(MessageFile, size=0),
    "link_kind_known": wrong(DossierLink, kind="likes"),
    "link_to_another": wrong(DossierLink, target=lambda rows: rows.dossier),
    "link_once": twice(DossierLink, {"removed_at": None, "removed_by": None}),
    "link_removal_complete": wrong(DossierLink, removed_by=None),
}


def test_every_named_constraint_is_tested() -> None:
    assert names(MODULES) == set(CONSTRAINTS)


def test_sound_rows_are_let_in(rows: Rows) -> None:
    """Each fault here is one thing wrong in one of these."""
    assert {model: rows.refused_as(wrong(model)) for model in MODELS} == dict.fromkeys(MODELS, "")


def test_each_fault_is_refused_by_its_name(rows: Rows) -> None:
    assert {name: rows.refused_as(fault) for name, fault in CONSTRAINTS.items()} == {
        name: name for name in CONSTRAINTS
    }


BOUNDS: dict[str, tuple[Fault, str]] = {
    "a second round after the first": (twice(Consultation, {"closed_at": AT}, round=2, closed_at=None), ""),
    "two experts": (twice(Opinion, expert=other_user), ""),
    "a body is asked twice, answers once": (
        twice(Opinion, {"expert": None, **NOT_GIVEN, "state": "cancelled"}, expert=None),
        "",
    ),
    "an answer without answer": (wrong(Opinion, answer=""), "opinion_given_complete"),
    "an answer of nobody": (wrong(Opinion, given_by=None), "opinion_given_complete"),
    "an answer without seal": (wrong(Opinion, seal=""), "opinion_given_complete"),
    "an answer at no moment": (wrong(Opinion, settled_at=None), "opinion_given_complete"),
    "words before they are given": (
        wrong(Opinion, **NOT_GIVEN | {"text": "Brouillon"}),
        "opinion_given_complete",
    ),
    "an expert who steps down and says why": (
        wrong(Opinion, **NOT_GIVEN | {"state": "recused", "motive": "Parent du directeur"}),
        "",
    ),
    "two bodies meet on one day": (twice(Meeting, kind="concertation"), ""),
    "a meeting after one that was cancelled": (
        twice(Meeting, {"state": "cancelled"}, state="planned", closed_at=None, closed_by=None),
        "",
    ),
    "planned and closed": (wrong(Meeting, state="planned"), "meeting_closing_complete"),
    "adjourned, then on another agenda": (
        twice(AgendaItem, {"outcome": "adjourned"}, meeting=other_meeting, **WAITING),
        "",
    ),
    "taken off, then put on again": (
        twice(AgendaItem, {**WAITING, "removed_at": AT}, removed_at=None),
        "",
    ),
    "the same dossiers in two ways": (
        twice(DossierLink, {"removed_at": None, "removed_by": None}, kind="same_operation"),
        "",
    ),
    "linked again": (twice(DossierLink, {}, removed_at=None, removed_by=None), ""),
}


def test_what_just_fits_is_let_in(rows: Rows) -> None:
    found = {name: rows.refused_as(fault) for name, (fault, _) in BOUNDS.items()}
    assert found == {name: expected for name, (_, expected) in BOUNDS.items()}


# -- triggers --------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[type[models.Model], Iterable[str]]] = {
    "consultation_never_deleted": (Consultation, ["DELETE FROM {}"]),
    "consultation_closed_once": (
        Consultation,
        ["UPDATE {0} SET closed_at = now(); UPDATE {0} SET closed_at = NULL"],
    ),
    "opinion_never_deleted": (Opinion, ["DELETE FROM {}"]),
    "opinion_settled_once": (
        Opinion,
        ["UPDATE {} SET text = 'Autre'", "UPDATE {} SET state = 'lapsed', answer = '', text = '', seal = ''"],
    ),
    "opinion_not_truncated": (Opinion, ["TRUNCATE {}", "TRUNCATE cases_consultation CASCADE"]),
    "meeting_never_deleted": (Meeting, ["DELETE FROM {}"]),
    "meeting_closed_is_final": (
        Meeting,
        [
            "UPDATE {} SET state = 'planned', closed_at = NULL, closed_by_id = NULL",
            "UPDATE {} SET members = 3",
        ],
    ),
    "agenda_item_never_deleted": (AgendaItem, ["DELETE FROM {}"]),
    "agenda_item_settled_once": (AgendaItem, ["UPDATE {} SET outcome = 'rejected'"]),
    "meeting_paper_append_only": (MeetingPaper, ["DELETE FROM {}", "UPDATE {} SET name = 'autre.pdf'"]),
    "meeting_paper_not_truncated": (MeetingPaper, ["TRUNCATE {}", "TRUNCATE cases_meeting CASCADE"]),
    "message_append_only": (Message, ["DELETE FROM {}", "UPDATE {} SET text = 'Autre'"]),
    "message_not_truncated": (Message, ["TRUNCATE {} CASCADE"]),
    "message_file_append_only": (MessageFile, ["DELETE FROM {}", "UPDATE {} SET sha256 = ''"]),
    "message_file_not_truncated": (MessageFile, ["TRUNCATE {}"]),
    "link_never_deleted": (DossierLink, ["DELETE FROM {}"]),
}


def test_every_trigger_is_tested() -> None:
    assert triggers(MODULES) == set(REFUSED)


def test_triggers_refuse_raw_statements(rows: Rows) -> None:
    for name, (model, statements) in REFUSED.items():
        for statement in statements:
            assert "Cannot" in rows.refused_with(model, statement), (name, statement)


def test_what_is_still_open_may_be_written(rows: Rows) -> None:
    """The triggers lock what is settled, nothing before."""
    opinion = rows.insert(Opinion, **NOT_GIVEN | {"state": "invited", "settled_at": None})
    Opinion.objects.filter(pk=opinion.pk).update(
        state="given", answer="favourable", text="Oui.", seal="2" * 64, given_by=rows.user, settled_at=AT
    )
    Consultation.objects.update(closed_at=AT)
    meeting = rows.insert(Meeting, kind="concertation", state="planned", closed_at=None, closed_by=None)
    item = rows.insert(AgendaItem, meeting=meeting, **WAITING)
    AgendaItem.objects.filter(pk=item.pk).update(outcome="adopted", settled_at=AT)
    Meeting.objects.filter(pk=meeting.pk).update(state="closed", closed_at=AT, closed_by=rows.user)
    link = rows.insert(DossierLink, removed_at=None, removed_by=None)
    DossierLink.objects.filter(pk=link.pk).update(removed_at=AT, removed_by=rows.user)
