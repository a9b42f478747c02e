"""The pages of sessions: list, agenda, results recorded together, papers; who sees them; what they cost."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.models import AgendaItem, Meeting, MeetingPaper
from cases.services.meetings import close_meeting, plan_meeting
from tests.credit_journeys import NOW
from tests.journeys import Cast
from tests.meetings import adopted, awaiting, copies, decision, enter, record, session
from tests.pages import at_the_site, messages, stored, words
from tests.papers import assert_both_standards
from tests.restructuring_journeys import TO_CONCERTATION, Restructuring
from workflows.services.meetings import add_items

pytestmark = pytest.mark.django_db

#: A session of 60 dossiers stays under this (issue 5).
LIMIT = 25


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.at(NOW):
        yield


def key(meeting: Meeting, reference: str) -> str:
    """The prefix of a dossier's fields."""
    item = AgendaItem.objects.get(meeting=meeting, dossier__reference=reference)
    return f"d{item.dossier_id}"


def vote(prefix: str, outcome: str = "adopted", **more: Any) -> dict[str, str]:
    """What a person types on a row."""
    won = {"members": "20", "votes_for": "12", "votes_against": "5", "abstentions": "2"}
    lost = won | {"votes_for": "5", "votes_against": "12"}
    return {f"{prefix}-outcome": outcome} | {
        f"{prefix}-{name}": str(value)
        for name, value in ((won if outcome == "adopted" else lost) | more).items()
    }


def file_of(site: Any, address: str) -> bytes:
    """A file that is downloaded."""
    answer = site.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    return b"".join(answer.streaming_content)


def test_a_session_from_planning_to_its_minutes(cast: Cast) -> None:
    first, second, third = awaiting(cast, 3)
    site = at_the_site(cast.secretary)
    assert "Séances" in words(site.get("/"))
    page = site.get("/seances/")
    assert "Aucune séance n’est prévue" in words(page)
    assert first.reference in words(page)
    wrong = site.post("/seances/nouvelle/", {"kind": "board", "held_on": "2026-03-02", "place": "Lens"})
    assert wrong.status_code == 422
    assert "Indiquez le nombre de membres" in words(wrong)
    assert 'value="Lens"' in wrong.content.decode()
    site.post(
        "/seances/nouvelle/",
        {"kind": "board", "held_on": "2026-03-02", "members": "20", "starts_at": "14:30"},
    )
    meeting = Meeting.objects.get()
    address = f"/seances/{meeting.public_id}/"
    data = {"meeting": str(meeting.public_id), "references": [first.reference, second.reference]}
    answer = site.post("/seances/inscrire/", data, follow=True)
    assert messages(answer)[-1] == "2 dossiers à l’ordre du jour."
    site.post(f"{address}inscrire/", {"references": [third.reference]})
    site.post(f"{address}ordre/", {f"{key(meeting, third.reference)}-rank": "1"})
    assert [one.row.dossier.reference for one in site.get(address).context["rows"]] == [
        first.reference,
        third.reference,
        second.reference,
    ]
    site.post(f"{address}retirer/", {"reference": second.reference})
    site.post(f"{address}ordre-du-jour/")

    one, other = key(meeting, first.reference), key(meeting, third.reference)
    answer = site.post(
        f"{address}resultats/", vote(one) | {f"{other}-outcome": "", f"{other}-members": "20"}, follow=True
    )
    assert messages(answer)[-1:] == ["1 résultat enregistré, et inscrit au journal de chaque dossier."]
    assert "12 voix pour, 5 contre, 2 abstentions" in words(answer)
    refused = site.post(f"{address}clore/")
    assert refused.status_code == 422
    assert third.reference in words(refused)
    site.post(f"{address}resultats/", vote(other, "rejected") | {f"{other}-motive": "Trop cher."})
    closed = site.post(f"{address}clore/", follow=True)
    assert messages(closed)[-1:] == ["La séance est close et son procès-verbal établi."]
    assert "Trop cher." in words(closed)
    assert (first.status, second.status, third.status) == ("awaiting_authority", "submitted", "refused")
    for paper in MeetingPaper.objects.all():
        assert_both_standards(file_of(site, f"{address}documents/{paper.public_id}/"))
    assert {paper.kind for paper in MeetingPaper.objects.all()} == {"agenda", "minutes"}


def test_a_refused_row_is_shown_on_its_row_and_what_was_typed_is_kept(cast: Cast) -> None:
    meeting, (first, second, third) = session(cast), awaiting(cast, 3)
    enter(cast, meeting, first, second, third)
    site = at_the_site(cast.secretary)
    address = f"/seances/{meeting.public_id}/"
    site.get(address)
    keys = [key(meeting, one.reference) for one in (first, second, third)]
    before = stored()
    typed = vote(keys[0]) | vote(keys[1], votes_for="30") | {f"{keys[1]}-motive": "Séance longue."}
    page = site.post(f"{address}resultats/", typed)
    assert page.status_code == 422
    shown = {row.key: row for row in page.context["rows"]}
    assert [bool(shown[one].refused) for one in keys] == [False, True, False]
    assert "37 voix pour 20 membres" in words(page)
    assert "Séance longue." in words(page)
    content = page.content.decode()
    assert re.search(
        rf'name="{keys[1]}-votes_for"[^>]*value="30"|value="30"[^>]*name="{keys[1]}-votes_for"', content
    )
    assert re.search(rf'name="{keys[0]}-outcome"\s+value="adopted"\s+checked', content)
    contradicting = site.post(
        f"{address}resultats/", vote(keys[0], votes_for="1") | vote(keys[2], "rejected")
    )
    shown = {row.key: row for row in contradicting.context["rows"]}
    assert "contredit" in shown[keys[0]].refused["message"]
    assert shown[keys[2]].motive_error.startswith("« Rejeté » demande un motif")
    half = site.post(f"{address}resultats/", {f"{keys[0]}-votes_for": "3"} | vote(keys[1]))
    assert "Choisissez l’issue de ce dossier" in words(half)
    assert site.post(f"{address}resultats/", {}).status_code == 422
    assert stored() == before


def test_the_same_vote_for_all_only_fills_what_was_left_blank(cast: Cast) -> None:
    meeting, (first, second), other = session(cast), awaiting(cast, 2), decision(cast)
    enter(cast, meeting, first, second, other)
    site = at_the_site(cast.secretary)
    address = f"/seances/{meeting.public_id}/resultats/"
    keys = [key(meeting, one.reference) for one in (first, second, other)]
    site.get("/")
    before = stored()
    page = site.post(
        address,
        vote("tous") | vote(keys[1], "rejected") | {f"{keys[1]}-motive": "Trop cher.", "reporter": "1"},
    )
    assert page.status_code == 200
    assert stored() == before
    assert [row.chosen for row in page.context["rows"]] == ["adopted", "rejected", "adopted"]
    sent: dict[str, str] = {}  # what the browser would send back
    for row in page.context["rows"]:
        sent |= {f"{row.key}-outcome": row.chosen, f"{row.key}-motive": row.motive}
        sent |= {field.html_name: str(field.value()) for field in row.fields}
    site.post(address, sent)
    assert (first.status, second.status, other.status) == (
        "awaiting_authority",
        "refused",
        "awaiting_authority",
    )


def test_outsiders_get_nothing_and_readers_change_nothing(cast: Cast) -> None:
    meeting, (journey,) = session(cast), awaiting(cast)
    enter(cast, meeting, journey)
    record(cast, meeting, adopted(journey))
    close_meeting(public_id=meeting.public_id, actor=cast.secretary)
    paper = MeetingPaper.objects.get()
    later = session(cast, NOW.date() + timedelta(days=1))
    address, planned = f"/seances/{meeting.public_id}/", f"/seances/{later.public_id}/"
    for name in ("agent", "director", "carmi_manager", "comptroller", "admin", "nobody"):
        site = at_the_site(cast.people[name])
        assert "Séances" not in words(site.get("/"))
        for one in ("/seances/", "/seances/nouvelle/", address, f"{address}documents/{paper.public_id}/"):
            assert site.get(one).status_code == 404, (name, one)
        for act in ("inscrire", "retirer", "ordre", "resultats", "ordre-du-jour", "clore", "annuler"):
            assert site.post(f"{planned}{act}/").status_code == 404, (name, act)
    assert at_the_site(cast.ministry).get(address).status_code == 404
    reader = at_the_site(cast.dg)
    assert reader.get(address).status_code == 200
    assert len(file_of(reader, f"{address}documents/{paper.public_id}/")) == paper.size
    assert "Clore la séance" not in words(reader.get(planned))
    for act in ("retirer", "ordre-du-jour", "clore", "annuler"):
        assert reader.post(f"{planned}{act}/", {"motive": "x"}).status_code == 403, act
    assert reader.get("/seances/nouvelle/").status_code == 403
    assert at_the_site(None).get(address).status_code == 302


def test_the_dossier_says_on_which_agenda_it_waits(cast: Cast) -> None:
    meeting, (journey,), own = session(cast), awaiting(cast), decision(cast)
    address = f"/dossiers/{own.reference}/"
    assert "Inscrit à l’ordre du jour" not in words(at_the_site(cast.agent).get(address))
    enter(cast, meeting, journey, own)
    said = "Inscrit à l’ordre du jour du conseil du lundi 2 mars 2026."
    for name, link in (("agent", False), ("dg", True), ("secretary", True)):
        page = at_the_site(cast.people[name]).get(address)
        assert said in words(page)
        assert (f"/seances/{meeting.public_id}/" in page.content.decode()) is link


def test_ministries_give_their_own_opinions_together(cast: Cast) -> None:
    projects = [
        Restructuring.file(cast, title=f"Projet {number}").walk(*TO_CONCERTATION[:-1]) for number in (1, 2)
    ]
    for project in projects:
        project.do("check.complete")
    meeting = plan_meeting(kind="concertation", held_on=NOW.date(), actor=cast.reviewer)
    add_items(
        public_id=meeting.public_id, references=[one.reference for one in projects], actor=cast.reviewer
    )
    address = f"/seances/{meeting.public_id}/"
    keys = [key(meeting, one.reference) for one in projects]
    assert not any(row.outcomes for row in at_the_site(cast.reviewer).get(address).context["rows"])
    opinion = {f"{keys[0]}-outcome": "favourable", f"{keys[0]}-text": "Projet utile."}
    opinion |= {f"{keys[1]}-outcome": "reserved", f"{keys[1]}-text": "Coût élevé."}
    page = at_the_site(cast.ministry).post(f"{address}resultats/", opinion, follow=True)
    assert messages(page) == ["2 résultats enregistrés, et inscrits au journal de chaque dossier."]
    assert [row.row.state for row in page.context["rows"]] == ["partly", "partly"]
    refused = at_the_site(cast.reviewer).post(f"{address}clore/")
    assert refused.status_code == 422
    at_the_site(cast.ministry_db).post(f"{address}resultats/", opinion)
    assert [one.status for one in projects] == ["awaiting_decision"] * 2
    item = AgendaItem.objects.get(meeting=meeting, dossier__reference=projects[1].reference)
    assert item.settled_at is not None
    assert {code: one["label"] for code, one in item.record.items()} == {
        "db": "Avis réservé",
        "dss": "Avis réservé",
    }
    close_meeting(public_id=meeting.public_id, actor=cast.reviewer)
    page = at_the_site(cast.ministry).get(address)
    assert "Direction du budget : Avis favorable" in words(page)
    assert "Coût élevé." in words(page)


@pytest.mark.parametrize("count", [3, 60])
def test_a_session_costs_the_same_with_three_and_sixty_dossiers(cast: Cast, count: int) -> None:
    meeting, (journey,) = session(cast), awaiting(cast)
    references = copies(journey, count - 1)

    def cost(act: Any) -> int:
        with CaptureQueriesContext(connection) as found:
            act()
        return len([one for one in found.captured_queries if "SAVEPOINT" not in one["sql"]])

    site = at_the_site(cast.secretary)
    site.get("/")
    found = {"list": cost(lambda: site.get("/seances/"))}
    found["add"] = cost(
        lambda: add_items(public_id=meeting.public_id, references=references, actor=cast.secretary)
    )
    page = site.get(f"/seances/{meeting.public_id}/")
    assert len(page.context["rows"]) == count
    assert sum(len(row.outcomes) for row in page.context["rows"]) == 2 * count
    found["page"] = cost(lambda: site.get(f"/seances/{meeting.public_id}/"))
    AgendaItem.objects.update(outcome="adopted", record={"label": "Adopté"}, settled_at=clock.now())
    found["minutes"] = cost(lambda: close_meeting(public_id=meeting.public_id, actor=cast.secretary))
    assert found == {"list": 7, "add": 8, "page": 9, "minutes": 5}
    assert max(found.values()) < LIMIT
