"""Meetings: agendas, votes recorded together, closing with the minutes; who may, and what is refused."""

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from cases import clock
from cases.errors import Blocked, BusinessError, Conflict, Forbidden, Invalid, NotFound, Stale
from cases.meeting_papers import minutes_paper
from cases.models import AgendaItem, Document, JournalEntry, Meeting, MeetingPaper
from cases.money import format_eur
from cases.permissions import holdings_of
from cases.register_terms import MeetingKind
from cases.selectors.meetings import awaited_meeting, meetings_visible_to
from cases.services.meetings import (
    cancel_meeting,
    change_meeting,
    close_meeting,
    make_agenda,
    plan_meeting,
    remove_item,
    reorder_agenda,
)
from tests.credit_journeys import NOW
from tests.journeys import Cast, state_of_everything
from tests.meetings import VOTES, adopted, awaiting, decision, enter, record, rejected, session
from tests.opening_journeys import OpeningJourney
from tests.papers import assert_both_standards, pages, words
from workflows.selectors.meetings import meeting_view, waiting_for_meeting
from workflows.services.meetings import Row, add_items, record_together

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.at(NOW):
        yield


def bytes_of(paper: MeetingPaper) -> bytes:
    """The stored file."""
    with paper.file.open("rb") as file:
        content: bytes = file.read()
    assert (paper.size, paper.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    return content


def stored_files() -> set[Path]:
    """All files of the storage."""
    return {one for one in Path(settings.MEDIA_ROOT).rglob("*") if one.is_file()}


def refused(error: type[BusinessError], act: Callable[[], object]) -> BusinessError:
    """The refusal of an act, which has written nothing."""
    before = state_of_everything()
    with pytest.raises(error) as caught:
        act()
    assert state_of_everything() == before
    return caught.value


# --- planning ---------------------------------------------------------------------------------------------


def test_planning_is_for_those_who_keep_the_meeting(cast: Cast) -> None:
    meeting = session(cast, label="ordinaire")
    assert (meeting.state, meeting.version, meeting.members) == ("planned", 1, 20)
    for name in ("reviewer", "dg", "agent", "nobody", "ministry"):
        actor = cast.people[name]
        refused(Forbidden, lambda: plan_meeting(kind="board", held_on=TOMORROW, members=20, actor=actor))  # noqa: B023
    fnass = plan_meeting(kind="concertation", held_on=TODAY, actor=cast.reviewer)
    assert fnass.members is None
    refused(Forbidden, lambda: plan_meeting(kind="concertation", held_on=TOMORROW, actor=cast.ministry))


def test_faults_of_a_meeting_are_named_by_field(cast: Cast) -> None:
    plan: dict[str, Any] = {"kind": "board", "held_on": TODAY, "members": 20, "actor": cast.secretary}
    for changes, name in (
        ({"kind": "autre"}, "kind"),
        ({"members": None}, "members"),
        ({"members": 0}, "members"),
        ({"members": 201}, "members"),
        ({"held_on": date(1999, 12, 31)}, "held_on"),
        ({"held_on": date(2036, 1, 1)}, "held_on"),
        ({"place": "x" * 161}, "place"),
        ({"remarks": "\x00"}, "remarks"),
    ):
        error = refused(Invalid, lambda: plan_meeting(**plan | changes))  # noqa: B023
        assert list(error.details) == [name]
    session(cast)
    assert "held_on" in refused(Conflict, lambda: plan_meeting(**plan)).details


def test_change_and_cancellation(cast: Cast) -> None:
    meeting = session(cast)
    journey, other = awaiting(cast, 2)
    enter(cast, meeting, journey, other)
    change: dict[str, Any] = {"public_id": meeting.public_id, "actor": cast.secretary}
    assert refused(Stale, lambda: change_meeting(**change, version=1, changes={"place": "Lens"})).details == {
        "version": 2
    }
    moved = change_meeting(**change, version=2, changes={"held_on": TOMORROW, "place": "Lens"})
    assert (moved.held_on, moved.place, moved.version) == (TOMORROW, "Lens", 3)
    refused(Invalid, lambda: change_meeting(**change, changes={"state": "closed"}))
    change_meeting(**change, changes={"held_on": TODAY})
    record(cast, meeting, adopted(journey))
    assert (
        journey.reference
        in refused(Blocked, lambda: change_meeting(**change, changes={"held_on": TOMORROW})).message
    )
    refused(Blocked, lambda: cancel_meeting(**change, motive="Grève."))

    later = session(cast, TOMORROW)
    remove_item(public_id=meeting.public_id, reference=other.reference, actor=cast.secretary)
    enter(cast, later, other)
    change["public_id"] = later.public_id
    assert "motive" in refused(Invalid, lambda: cancel_meeting(**change, motive=" ")).details
    cancelled = cancel_meeting(**change, motive="Grève.")
    assert (cancelled.state, cancelled.remarks) == ("cancelled", "Annulée : Grève.")
    assert awaited_meeting(other.dossier) is None
    assert [
        one.dossier.reference
        for one in waiting_for_meeting(cast.secretary, holdings_of(cast.secretary), MeetingKind.BOARD)
    ] == [other.reference]
    refused(Conflict, lambda: change_meeting(**change, changes={"place": "Lens"}))
    assert session(cast, TOMORROW).pk != later.pk  # the day is free again


# --- agenda -----------------------------------------------------------------------------------------------


def test_only_dossiers_that_wait_for_the_meeting_are_put_on_its_agenda(cast: Cast) -> None:
    meeting, (journey, draft) = session(cast), awaiting(cast, 2)
    draft.do("board_vote.adopted")
    add: dict[str, Any] = {"public_id": meeting.public_id, "actor": cast.secretary}
    error = refused(Blocked, lambda: add_items(**add, references=[journey.reference, draft.reference]))
    assert [(one.code, one.related) for one in error.reasons] == [("not_awaiting", (draft.reference,))]
    refused(NotFound, lambda: add_items(**add, references=["BUD-2026-9999"]))
    refused(
        NotFound,
        lambda: add_items(**add, references=["x"]),
    )
    refused(Invalid, lambda: add_items(**add, references=[" "]))
    refused(Forbidden, lambda: add_items(**add | {"actor": cast.reviewer}, references=[journey.reference]))
    fnass = plan_meeting(kind="concertation", held_on=TODAY, actor=cast.reviewer)
    refused(
        Blocked,
        lambda: add_items(public_id=fnass.public_id, actor=cast.reviewer, references=[journey.reference]),
    )
    (item,) = enter(cast, meeting, journey)
    assert (item.step, item.position, item.added_by) == ("board_vote", 1, cast.secretary)
    standing = awaited_meeting(journey.dossier)
    assert standing is not None
    assert standing.meeting == meeting


def test_a_dossier_waits_on_one_agenda_at_a_time(cast: Cast) -> None:
    meeting, later = session(cast), session(cast, TOMORROW)
    first, second = awaiting(cast, 2)
    enter(cast, meeting, first)
    error = refused(Conflict, lambda: enter(cast, later, second, first))
    assert first.reference in error.message
    assert "2 mars 2026" in error.message
    refused(Conflict, lambda: enter(cast, meeting, first))
    remove_item(public_id=meeting.public_id, reference=first.reference, actor=cast.secretary)
    enter(cast, later, second, first)
    assert list(later.items.values_list("dossier__reference", "position")) == [
        (second.reference, 1),
        (first.reference, 2),
    ]
    refused(
        NotFound,
        lambda: remove_item(public_id=meeting.public_id, reference=first.reference, actor=cast.secretary),
    )


def test_order_of_the_agenda_and_what_is_settled_keeps_its_place(cast: Cast) -> None:
    meeting, journeys = session(cast), awaiting(cast, 3)
    enter(cast, meeting, *journeys)
    names = [journey.reference for journey in journeys]
    order: dict[str, Any] = {"public_id": meeting.public_id, "actor": cast.secretary}

    def now() -> list[str]:
        return list(meeting.items.order_by("position").values_list("dossier__reference", flat=True))

    reorder_agenda(**order, references=names[::-1])
    assert now() == names[::-1]
    record(cast, meeting, adopted(journeys[1]))
    refused(Invalid, lambda: reorder_agenda(**order, references=names))
    refused(Invalid, lambda: reorder_agenda(**order, references=[names[0], names[0]]))
    reorder_agenda(**order, references=[names[0], names[2]])
    assert now() == [names[0], names[1], names[2]]


# --- recording --------------------------------------------------------------------------------------------


def test_votes_of_several_paths_are_recorded_together_and_in_several_goes(cast: Cast) -> None:
    meeting, (first, second, third), other = session(cast), awaiting(cast, 3), decision(cast)
    enter(cast, meeting, first, second, third, other)
    record(cast, meeting, adopted(first), rejected(second))
    assert (first.status, second.status, third.status) == ("awaiting_authority", "refused", "submitted")
    record(cast, meeting, adopted(other))
    assert other.status == "awaiting_authority"
    items = {item.dossier_id: item for item in AgendaItem.objects.all()}
    assert items[first.pk].record == VOTES | {"voted_on": "2026-03-02", "label": "Adopté", "facts": []}
    assert (items[second.pk].outcome, items[second.pk].motive) == ("rejected", "Le besoin a disparu.")
    assert items[third.pk].settled_at is None
    entry = JournalEntry.objects.filter(dossier=first.pk, step="board_vote").get()
    assert entry.changes["meeting"] == {"kind": "board", "held_on": "2026-03-02"}
    assert Document.objects.filter(dossier=first.pk, kind="decision").count() == 1

    error = refused(Conflict, lambda: record(cast, meeting, adopted(first)))  # twice
    assert list(error.details["rows"]) == [first.reference]


def test_one_bad_row_writes_nothing_and_each_refusal_stands_on_its_row(cast: Cast) -> None:
    meeting, journeys, outside = session(cast), awaiting(cast, 4), decision(cast)
    enter(cast, meeting, *journeys)
    files = stored_files()
    error = refused(
        Blocked,
        lambda: record(
            cast,
            meeting,
            adopted(journeys[0]),
            adopted(journeys[1], votes_for=30),
            Row(journeys[2].reference, "adopted", VOTES | {"votes_for": 1}),
            Row(journeys[3].reference, "ajourné"),
            adopted(outside),
        ),
    )
    assert stored_files() == files, "the paper of the good row is gone with it"
    rows = error.details["rows"]
    assert {name: one["code"] for name, one in rows.items()} == {
        journeys[1].reference: "invalid",
        journeys[2].reference: "blocked",
        journeys[3].reference: "invalid",
        outside.reference: "not_found",
    }
    assert list(rows[journeys[1].reference]["details"]) == ["members"]
    assert rows[journeys[2].reference]["details"]["reasons"][0]["code"] == "vote_contradicts"
    refused(Invalid, lambda: record(cast, meeting))
    refused(Invalid, lambda: record(cast, meeting, adopted(journeys[0]), adopted(journeys[0])))
    refused(Forbidden, lambda: record(cast, meeting, adopted(journeys[0]), by="dg"))
    refused(NotFound, lambda: record(cast, meeting, adopted(journeys[0]), by="agent"))


def test_separation_of_duties_concerns_its_row(cast: Cast) -> None:
    meeting, (own, other) = session(cast), awaiting(cast, 2)
    enter(cast, meeting, own, other)
    dossier = own.dossier
    dossier.participants = dossier.participants | {"review": [cast.secretary.pk]}
    dossier.save(update_fields=["participants"])
    error = refused(Forbidden, lambda: record(cast, meeting, adopted(own), adopted(other)))
    (row,) = error.details["rows"].values()
    assert row["details"]["reasons"][0]["code"] == "separation_of_duties"
    rows = meeting_view(cast.secretary, holdings_of(cast.secretary), meeting.public_id).rows
    assert [(bool(one.outcomes), [reason.code for reason in one.reasons]) for one in rows] == [
        (False, ["separation_of_duties"]),
        (True, []),
    ]
    record(cast, meeting, adopted(other))


def test_a_session_to_come_is_not_recorded(cast: Cast) -> None:
    meeting, (journey,) = session(cast, TOMORROW), awaiting(cast)
    enter(cast, meeting, journey)
    assert refused(Blocked, lambda: record(cast, meeting, adopted(journey))).reasons[0].code == "not_held"


# --- the vote on the dossier's own page -------------------------------------------------------------------


def test_a_vote_without_agenda_goes_by_its_date_one_on_an_agenda_by_that_of_the_session(cast: Cast) -> None:
    free, journey, lost = awaiting(cast, 3)
    free.do("board_vote.adopted")  # as before there were sessions
    meeting = session(cast, TODAY)
    enter(cast, meeting, journey, lost)
    error = refused(
        Blocked,
        lambda: journey.do("board_vote.adopted", data={"voted_on": "2026-03-03"}, at=NOW + timedelta(days=1)),
    )
    (reason,) = error.reasons
    assert reason.code == "other_session"
    assert "2 mars 2026" in reason.message
    assert reason.quote is not None
    journey.do("board_vote.adopted")
    lost.do("board_vote.rejected")
    assert list(meeting.items.order_by("position").values_list("outcome", flat=True)) == [
        "adopted",
        "rejected",
    ]
    assert close_meeting(public_id=meeting.public_id, actor=cast.secretary).state == "closed"


# --- papers and closing -----------------------------------------------------------------------------------


def test_closing_names_what_is_left_then_makes_the_minutes(cast: Cast) -> None:
    meeting, journeys = session(cast, label="ordinaire", remarks="Rapport moral."), awaiting(cast, 3)
    close: dict[str, Any] = {"public_id": meeting.public_id, "actor": cast.secretary}
    assert refused(Blocked, lambda: close_meeting(**close)).reasons[0].code == "empty_agenda"
    enter(cast, meeting, *journeys)
    record(cast, meeting, adopted(journeys[0]), rejected(journeys[1], "Le *besoin* #a disparu."))
    (reason,) = refused(Blocked, lambda: close_meeting(**close)).reasons
    assert (reason.code, reason.related) == ("open_items", (journeys[2].reference,))
    refused(
        Blocked,
        lambda: remove_item(
            public_id=meeting.public_id, reference=journeys[0].reference, actor=cast.secretary
        ),
    )
    remove_item(public_id=meeting.public_id, reference=journeys[2].reference, actor=cast.secretary)
    refused(Forbidden, lambda: close_meeting(**close | {"actor": cast.dg}))
    assert close_meeting(**close).state == "closed"

    paper = MeetingPaper.objects.get(meeting=meeting)
    assert (paper.kind, paper.version, paper.name) == ("minutes", 1, "Procès-verbal 2026-03-02.pdf")
    content = bytes_of(paper)
    assert_both_standards(content)
    text = words(content)
    for said in (
        "Procès-verbal Séance du conseil d’administration du lundi 2 mars 2026",
        "ordinaire",
        "Rapport moral.",
        journeys[0].reference,
        "Adopté 12 voix pour, 5 contre, 2 abstentions ; 1 membre sur 20 n’a pas voté.",
        "Rejeté 5 voix pour, 12 contre",
        "Motif : Le *besoin* #a disparu.",
        "Secrétariat du conseil d’administration",
    ):
        assert said in text
    assert journeys[2].reference not in text
    assert "Sophie" not in text
    for act in (
        lambda: close_meeting(**close),
        lambda: make_agenda(**close),
        lambda: change_meeting(**close, changes={"place": "Lens"}),
        lambda: enter(cast, meeting, journeys[2]),
        lambda: record(cast, meeting, adopted(journeys[2])),
        lambda: cancel_meeting(**close, motive="Erreur."),
    ):
        refused(Conflict, act)


def test_agenda_is_made_anew_when_it_changes(cast: Cast) -> None:
    meeting, (first, second) = session(cast, TOMORROW), awaiting(cast, 2)
    make: dict[str, Any] = {"public_id": meeting.public_id, "actor": cast.secretary}
    refused(Blocked, lambda: make_agenda(**make))
    enter(cast, meeting, first)
    paper = make_agenda(**make)
    assert make_agenda(**make) == paper
    enter(cast, meeting, second)
    anew = make_agenda(**make)
    assert (paper.version, anew.version) == (2, 3)
    assert MeetingPaper.objects.filter(meeting=meeting, kind="agenda").count() == 2
    content = bytes_of(anew)
    assert_both_standards(content)
    assert f"1 {first.reference}" in words(content)
    assert f"2 {second.reference}" in words(content)
    assert second.reference not in words(bytes_of(paper))
    refused(Blocked, lambda: close_meeting(**make))
    refused(Forbidden, lambda: make_agenda(**make | {"actor": cast.reviewer}))


# --- who reads --------------------------------------------------------------------------------------------


def test_readers(cast: Cast) -> None:
    board = session(cast)
    fnass = plan_meeting(kind="concertation", held_on=TODAY, actor=cast.reviewer)
    both, none = {board.pk, fnass.pk}, set[int]()
    expected = dict.fromkeys(("reviewer", "dg", "manager", "auditor"), both)
    expected |= {"secretary": {board.pk}, "ministry": {fnass.pk}, "ministry_db": {fnass.pk}}
    expected |= dict.fromkeys(
        ("agent", "director", "carmi_manager", "admin", "comptroller", "accountant", "nobody"), none
    )
    for name, seen in expected.items():
        holdings = holdings_of(cast.people[name])
        assert set(meetings_visible_to(holdings).values_list("pk", flat=True)) == seen, name
        for meeting in (board, fnass):
            if meeting.pk not in seen:
                with pytest.raises(NotFound):
                    meeting_view(cast.people[name], holdings, meeting.public_id)


def test_minutes_of_sixty_dossiers_repeat_their_head(cast: Cast) -> None:
    meeting, (journey,) = session(cast), awaiting(cast)
    (item,) = enter(cast, meeting, journey)
    item.record, item.outcome = VOTES | {"label": "Adopté"}, "adopted"
    content = minutes_paper(Meeting.objects.get(pk=meeting.pk), [item] * 60, keeper="Secrétariat")
    assert_both_standards(content)
    sheets = pages(content)
    assert len(sheets) > 2
    assert all("N° Dossier Montant Résultat" in sheet for sheet in sheets[:-1])
    assert f"Page 2 sur {len(sheets)}" in sheets[1]
    assert words(content).count(journey.reference) == 60


def test_a_plan_is_put_off_then_adopted_with_its_endowment_among_other_dossiers(cast: Cast) -> None:
    plan, (budget,) = OpeningJourney.at_the_board(cast), awaiting(cast)
    meeting, later = session(cast), session(cast, TOMORROW)
    enter(cast, meeting, budget, plan)
    record(
        cast,
        meeting,
        adopted(budget),
        Row(plan.reference, "adjourned", {"adjourned_to": TOMORROW.isoformat()}, "Le plan n’est pas mûr."),
    )
    assert plan.open_steps == ["board_vote"]
    close_meeting(public_id=meeting.public_id, actor=cast.secretary)
    said = words(bytes_of(MeetingPaper.objects.get(meeting=meeting)))
    assert "Ajourné au : mardi 3 mars 2026" in said
    refused(Conflict, lambda: enter(cast, meeting, plan))
    enter(cast, later, plan)
    with clock.at(NOW + timedelta(days=1)):
        view = meeting_view(cast.secretary, holdings_of(cast.secretary), later.public_id)
        assert [one.key for one in view.rows[0].outcomes] == ["adopted", "rejected", "adjourned"]
        record_together(
            public_id=later.public_id,
            rows=[Row(plan.reference, "adopted", VOTES | {"endowment": "150000.00"})],
            actor=cast.secretary,
        )
        close_meeting(public_id=later.public_id, actor=cast.secretary)
    assert plan.status == "approved"
    item = AgendaItem.objects.get(meeting=later)
    assert item.record["facts"] == [
        ["Dotation de restructuration attribuée", format_eur(Decimal("150000.00"))]
    ]


def test_a_dossier_withdrawn_before_the_session_is_taken_off_its_agenda(cast: Cast) -> None:
    meeting, (gone, there) = session(cast), awaiting(cast, 2)
    enter(cast, meeting, gone, there)
    gone.plain("withdraw", "withdraw", cast.dg, motive="Le besoin a disparu.")
    view = meeting_view(cast.secretary, holdings_of(cast.secretary), meeting.public_id)
    assert [(one.state, bool(one.outcomes)) for one in view.rows] == [("gone", False), ("open", True)]
    error = refused(Blocked, lambda: record(cast, meeting, adopted(gone)))
    assert error.details["rows"][gone.reference]["details"]["reasons"][0]["code"] == "not_open"
    record(cast, meeting, adopted(there))
    refused(Blocked, lambda: close_meeting(public_id=meeting.public_id, actor=cast.secretary))
    remove_item(public_id=meeting.public_id, reference=gone.reference, actor=cast.secretary)
    assert close_meeting(public_id=meeting.public_id, actor=cast.secretary).state == "closed"
