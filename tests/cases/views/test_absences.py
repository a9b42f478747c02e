"""The page of absences: one's own, whom one stands in for, the people of the bodies that one manages."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from cases import clock
from cases.calendar import french_date
from cases.models import Absence, User
from cases.services import declare_absence, set_deputy
from tests.journeys import Cast
from tests.pages import at_the_site, messages, stored, words
from tests.workflows.test_statements import statements

pytestmark = pytest.mark.django_db


def on(days: int) -> date:
    """So many days from today."""
    return clock.today() + timedelta(days=days)


def form(**changes: Any) -> dict[str, Any]:
    return {"first_day": on(10).isoformat(), "last_day": on(20).isoformat(), "deputy": ""} | changes


def away(user: User, first: int = 10, last: int = 20, deputy: User | None = None) -> Absence:
    """Somebody declares their own absence."""
    return declare_absence(user=user, first_day=on(first), last_day=on(last), deputy=deputy, declared_by=user)


@pytest.fixture
def desk(cast: Cast) -> Client:
    """The agent's browser."""
    return at_the_site(cast.agent)


def test_menu_leads_to_the_page_and_the_page_says_what_to_do(desk: Client) -> None:
    assert "Absences et suppléance" in words(desk.get("/"))
    page = words(desk.get("/absences/"))
    assert "Aucune absence à venir Déclarez une absence à l’aide du formulaire" in page
    assert "Absents dans les organismes que vous suivez" not in page
    assert desk.get("/absences/").context["people"] == []


def test_absence_is_declared_shown_and_cancelled(cast: Cast, desk: Client) -> None:
    said = desk.post("/absences/agent/declarer/", form(deputy="agent2"), follow=True)
    days = f"du {french_date(on(10))} au {french_date(on(20))}"
    assert messages(said) == [f"Votre absence {days} est déclarée."]
    assert f"{days} suppléant : Alain Agent" in words(said)
    other = words(at_the_site(cast.agent2).get("/absences/"))
    assert f"Vous suppléez Anne Agent , {days}" in other
    absence = Absence.objects.get()
    said = desk.post(f"/absences/{absence.public_id}/annuler/", follow=True)
    assert messages(said) == ["L’absence est annulée : les rappels reprennent leur cours habituel."]
    assert "Aucune absence à venir" in words(said)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"first_day": ""}, "first_day", "Indiquez une date."),
        ({"last_day": "demain"}, "last_day", "Écrivez la date comme 31/12/2015."),
        ({"last_day": "1990-01-01"}, "last_day", "Le dernier jour précède le premier."),
        ({"deputy": "est_agent"}, "deputy", "Choisissez une personne dans la liste."),
        ({"deputy": "agent"}, "deputy", "Choisissez une personne dans la liste."),
        ({"deputy": "director"}, "deputy", "Denis Directeur a aussi une absence déclarée"),
    ],
)
def test_refusal_keeps_what_was_written_and_stores_nothing(
    cast: Cast, desk: Client, changes: dict[str, str], field: str, sentence: str
) -> None:
    away(cast.director)
    before = stored()
    response = desk.post("/absences/agent/declarer/", form(**changes))
    assert response.status_code == 422
    assert sentence in words(response)
    assert list(response.context["absence_form"].errors) == [field]
    assert stored() == before


def test_second_absence_on_the_same_days_is_refused_in_words(cast: Cast, desk: Client) -> None:
    away(cast.agent)
    response = desk.post("/absences/agent/declarer/", form())
    assert response.status_code == 422
    assert "Une absence est déjà déclarée du" in words(response)


def test_usual_deputy_is_named_and_taken_back(cast: Cast, desk: Client) -> None:
    said = desk.post("/absences/agent/suppleant/", {"deputy": "director"}, follow=True)
    assert messages(said) == ["Le suppléant habituel est désormais Denis Directeur."]
    assert User.objects.get(pk=cast.agent.pk).deputy == cast.director
    assert '<option value="director" selected>' in said.content.decode()
    said = desk.post("/absences/agent/suppleant/", {"deputy": ""}, follow=True)
    assert messages(said) == ["Aucun suppléant habituel."]
    assert desk.post("/absences/agent/suppleant/", {"deputy": "ministry"}).status_code == 422


def test_manager_sees_who_is_away_and_declares_for_others(cast: Cast) -> None:
    away(cast.agent)
    away(cast.est_agent)
    office = at_the_site(cast.carmi_manager)
    page = words(office.get("/absences/"))
    assert f"Anne Agent , du {french_date(on(10))} au {french_date(on(20))} sans suppléant" in page
    assert "Estelle Agent" not in page
    assert office.get("/absences/?personne=director").headers["Location"] == "/absences/director/"
    said = office.post("/absences/director/declarer/", form(deputy=""), follow=True)
    assert messages(said)[0].startswith("L’absence de Denis Directeur du")
    assert "· déclarée par Marc Pilotage" in words(said)
    found = Absence.objects.get(user=cast.director)
    said = office.post(f"/absences/{found.public_id}/annuler/", follow=True)
    assert said.redirect_chain[0][0] == "/absences/director/"
    assert office.get("/absences/carmi_manager/").headers["Location"] == "/absences/"


@pytest.mark.parametrize("who", ["agent2", "dg", "auditor", "director", "est_director", "ministry"])
def test_page_of_somebody_else_does_not_exist_for_others(cast: Cast, who: str) -> None:
    absence = away(cast.agent)
    visitor = at_the_site(cast.people[who])
    before = stored()
    assert visitor.get("/absences/agent/").status_code == 404
    assert visitor.get("/absences/?personne=agent").status_code == 404
    assert visitor.get("/absences/unknown/").status_code == 404
    assert visitor.post("/absences/agent/declarer/", form()).status_code == 404
    assert visitor.post("/absences/agent/suppleant/", {"deputy": ""}).status_code == 404
    assert visitor.post(f"/absences/{absence.public_id}/annuler/").status_code == 404
    assert stored() == before


def test_visitor_has_to_log_in(cast: Cast) -> None:
    absence = away(cast.agent)
    visitor = at_the_site(None)
    for address in ("/absences/", "/absences/agent/"):
        assert visitor.get(address).status_code == 302
    for address in ("/absences/agent/declarer/", f"/absences/{absence.public_id}/annuler/"):
        assert visitor.post(address).status_code == 302
    assert Absence.objects.get().cancelled_at is None
    assert at_the_site(cast.agent).get("/absences/agent/declarer/").status_code == 405


def test_deputy_who_will_be_away_too_is_warned(cast: Cast, desk: Client) -> None:
    set_deputy(user=cast.agent2, deputy=cast.agent, changed_by=cast.agent2)
    away(cast.agent2)
    assert "Un suppléant est absent lui aussi" not in words(desk.get("/absences/"))
    away(cast.agent, first=20, last=25)
    page = words(desk.get("/absences/"))
    assert "Un suppléant est absent lui aussi Anne Agent supplée Alain Agent du" in page


@pytest.mark.parametrize("count", [1, 4])
def test_page_sends_as_many_statements_whatever_the_number_of_absences(cast: Cast, count: int) -> None:
    for number in range(count):
        away(cast.agent, first=10 * number, last=10 * number + 5, deputy=cast.agent2)
        away(cast.manager, first=10 * number, last=10 * number + 5)
        away(cast.dg, first=10 * number, last=10 * number + 5, deputy=cast.dg2)
    office = at_the_site(cast.manager)
    sent = statements(lambda: office.get("/absences/"))
    assert len(sent) == 16, "\n".join(sent)  # three of them look for legal dates inside the absences


def test_administrator_reads_absences_in_the_journal_of_the_person(cast: Cast) -> None:
    away(cast.agent)
    set_deputy(user=cast.agent, deputy=cast.agent2, changed_by=cast.agent)
    page = words(at_the_site(cast.admin).get("/personnes/agent/"))
    assert "Absence déclarée" in page
    assert "Suppléant habituel changé" in page


def test_every_button_of_the_page_is_obeyed_by_a_strict_site(cast: Cast) -> None:
    """The forms of a list carry the token against forged requests."""
    away(cast.agent)
    away(cast.director)
    office = at_the_site(cast.carmi_manager, enforce_csrf_checks=True)
    forms = office.get("/absences/").content.decode().split("<form")[1:]
    writing = [one for one in forms if 'method="post"' in one]
    assert sum("/annuler/" in one for one in writing) == 2
    assert all("csrfmiddlewaretoken" in one for one in writing)
