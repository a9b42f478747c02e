"""Pages of delegations: given, received, followed; giving and revoking; who can decide what today; absences."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from cases import clock
from cases.enums import Role
from cases.models import Absence, Delegation, User
from tests.delegations import ACT, given
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, messages, stored, words
from tests.workflows.test_statements import statements


def form(**changes: Any) -> dict[str, Any]:
    today = clock.today()
    return {
        "office": "director_general@canssm",
        "to": "accountant",
        "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=9)).isoformat(),
        "ceiling": "20 000,00 €",
        "act": ACT,
        "paths": ["fnmo_investment"],
    } | changes


def away(user: User, first: int = 0, last: int = 3) -> Absence:
    today = clock.today()
    return Absence.objects.create(
        user=user,
        first_day=today + timedelta(days=first),
        last_day=today + timedelta(days=last),
        created_at=clock.now(),
        created_by=user,
    )


@pytest.fixture
def desk(cast: Cast) -> Client:
    """The directeur général's browser."""
    return at_the_site(cast.dg)


def test_a_delegation_is_given_shown_on_both_sides_and_revoked(cast: Cast, desk: Client) -> None:
    assert "Délégations" in words(desk.get("/"))
    assert "Vous n’avez rien délégué" in words(desk.get("/delegations/"))
    away(cast.accountant)
    said = desk.post("/delegations/nouvelle/", form(), follow=True)
    assert messages(said)[0].startswith("La délégation à Albert Comptable, du")
    assert "Albert Comptable est absent du" in messages(said)[1]
    page = words(said)
    assert "« Investissement FNMO »" in page
    assert "20 000,00 € HT" in page
    assert ACT in words(at_the_site(cast.accountant).get("/delegations/"))
    made = Delegation.objects.get()
    address = f"/delegations/{made.public_id}/revoquer/"
    refused = desk.post(address, {"motive": " "})
    assert refused.status_code == 422
    assert "Indiquez pourquoi la délégation est révoquée." in words(refused)
    assert at_the_site(cast.est_agent).post(address, {"motive": "Non"}).status_code == 404
    assert at_the_site(cast.accountant).post(address, {"motive": "Non"}).status_code == 403
    said = desk.post(address, {"motive": "Retour anticipé"}, follow=True)
    assert "est révoquée" in messages(said)[0]
    assert "Historique" in words(said)
    assert "Retour anticipé" in words(said)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"office": ""}, "office", "Choisissez le rôle à déléguer."),
        ({"office": "reviewer@canssm"}, "office", "Choisissez un rôle dans la liste."),
        ({"to": "dg"}, "to", "Choisissez une personne dans la liste."),
        ({"to": "ministry"}, "to", "Choisissez une personne dans la liste."),
        ({"to": "dg2"}, "to", "tient déjà le rôle"),
        ({"ceiling": "-5"}, "ceiling", "montant"),
        ({"paths": ["inconnu"]}, "paths", "Choisissez les circuits dans la liste."),
        ({"valid_until": "1990-01-01"}, "valid_until", "La fin précède le début."),
        ({"act": ""}, "act", "Indiquez l’acte"),
    ],
)
def test_refusal_keeps_what_was_typed_and_stores_nothing(
    cast: Cast, desk: Client, changes: dict[str, Any], field: str, sentence: str
) -> None:
    before = stored()
    response = desk.post("/delegations/nouvelle/", form(**changes))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert sentence in words(response)
    if field != "act":
        assert f'value="{ACT}"' in response.content.decode()
    assert stored() == before


def test_an_administrator_records_for_others_and_nobody_else_does(cast: Cast) -> None:
    admin = at_the_site(cast.admin)
    page = words(admin.get("/delegations/nouvelle/"))
    assert "L’administration des personnes ne se délègue pas" in page
    said = admin.post("/delegations/nouvelle/?delegant=dg", form(), follow=True)
    assert "enregistrée par Adam Admin" in words(said)
    assert Delegation.objects.get().delegator == cast.dg
    for person in (cast.manager, cast.dg2, cast.accountant):
        site = at_the_site(person)
        assert site.get("/delegations/nouvelle/?delegant=dg").status_code == 404
        assert site.post("/delegations/nouvelle/?delegant=dg", form()).status_code == 404
    assert Delegation.objects.count() == 1


def test_one_sees_ones_own_and_those_of_the_bodies_that_one_manages(cast: Cast) -> None:
    given(cast, cast.agent2, by=cast.director, role=Role.REGIONAL_DIRECTOR, body="carmi-npdc", act="Note 7")
    seen = {
        person.username: "Note 7" in words(at_the_site(person).get("/delegations/"))
        for person in (cast.director, cast.agent2, cast.carmi_manager, cast.manager, cast.admin, cast.dg)
    }
    assert seen == {
        "director": True,
        "agent2": True,
        "carmi_manager": True,
        "manager": True,
        "admin": True,
        "dg": False,
    }


def test_who_can_decide_today_is_for_managers_directors_and_administrators(cast: Cast, desk: Client) -> None:
    given(cast, cast.accountant, ceiling="20000")
    for person in (cast.dg, cast.dg2, cast.director):
        away(person)
    page = words(desk.get("/delegations/aujourdhui/"))
    assert "par délégation limitée" in page
    assert "Albert Comptable, de Gilles Général" in page
    assert "Directeur régional — CARMI Nord-Pas-de-Calais : toutes les personnes qui le tiennent" in page
    regional = words(at_the_site(cast.director).get("/delegations/aujourdhui/"))
    assert "Directeur général" not in regional
    for person in (cast.agent, cast.reviewer, cast.accountant, cast.ministry, cast.auditor, cast.nobody):
        assert at_the_site(person).get("/delegations/aujourdhui/").status_code == 404


def test_pages_cost_the_same_with_one_delegation_and_with_ten(cast: Cast, desk: Client) -> None:
    given(cast, cast.accountant)
    desk.get("/delegations/")  # the session is written once
    counts = {
        address: len(statements(lambda address=address: desk.get(address)))
        for address in ("/delegations/", "/delegations/aujourdhui/", "/delegations/nouvelle/")
    }
    for number in range(9):
        given(cast, cast.reviewer, act=f"Décision {number}")
        given(cast, cast.dg, by=cast.dg2, act=f"Reçue {number}", days=(-30, -2))
    for address, count in counts.items():
        assert len(statements(lambda address=address: desk.get(address))) == count <= 12, address


# -- absences ------------------------------------------------------------------------------------------


def test_the_calendar_shows_who_is_away_in_the_bodies_that_one_manages(cast: Cast) -> None:
    today = clock.today()
    away(cast.agent)
    away(cast.est_agent)
    site = at_the_site(cast.carmi_manager)
    page = words(site.get(f"/absences/calendrier/?mois={today:%Y-%m}"))
    assert "Anne Agent" in page
    assert "Estelle Agent" not in page
    later = words(site.get("/absences/calendrier/?mois=2190-02"))
    assert "Personne n’est absent ce mois-ci" in later
    for wrong in ("x", "2015-13", "9999-01", ""):
        assert site.get(f"/absences/calendrier/?mois={wrong}").status_code == 200
    assert at_the_site(cast.agent).get("/absences/calendrier/").status_code == 404


def test_legal_dates_inside_an_absence_are_said_when_it_is_declared(cast: Cast) -> None:
    """Of the only holder; a reader who may not read the dossier is told nothing of it."""
    cast.dg2.role_grants.all().delete()
    journey = Journey.at(cast, "awaiting_decision")
    due = clock.today() + timedelta(days=4)
    deadline = journey.dossier.deadlines.filter(step="decide").first()
    if deadline is None:
        pytest.fail("the decision has a clock")
    type(deadline).objects.filter(pk=deadline.pk).update(due_on=due, kind="legal")
    site = at_the_site(cast.dg)
    said = site.post(
        "/absences/dg/declarer/",
        {"first_day": clock.today().isoformat(), "last_day": due.isoformat(), "deputy": ""},
        follow=True,
    )
    assert messages(said)[1].startswith(
        f"1 échéance légale tombe pendant cette absence : {journey.reference}"
    )
    assert "Des échéances légales tombent pendant une absence" in words(said)
    assert journey.reference in words(at_the_site(cast.manager).get("/absences/dg/"))
    assert journey.reference not in words(at_the_site(cast.admin).get("/absences/dg/"))
