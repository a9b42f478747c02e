"""The administration of people and roles: grant, end, create, close; in sight of administrators only."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from cases import clock
from cases.enums import Role
from cases.models import AdministrationEntry, RoleGrant, User
from tests.journeys import Cast
from tests.pages import at_the_site, messages, stored, words

pytestmark = pytest.mark.django_db

PASSWORD = "houille-grisou-1815"


@pytest.fixture
def office(cast: Cast) -> Client:
    """The administrator's browser."""
    return at_the_site(cast.admin)


def grant(**changes: Any) -> dict[str, Any]:
    return {
        "role": "reviewer",
        "organisation": "canssm",
        "valid_from": clock.today().isoformat(),
        "valid_until": "",
        "act": "Note de service 12",
    } | changes


def end(**changes: Any) -> dict[str, Any]:
    return {"last_day": clock.today().isoformat(), "motive": "Mutation"} | changes


# -- the list -----------------------------------------------------------------------------------------


def test_list_shows_who_holds_what_where_by_which_act(cast: Cast, office: Client) -> None:
    page = words(office.get("/roles/"))
    assert (
        "Anne Agent agent Agent préparateur CARMI Nord-Pas-de-Calais mercredi 1er janvier 2014 sans terme "
        "Décision d’essai" in page
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "anne"}, {"agent"}),
        ({"q": "etienne"}, set()),
        ({"q": "Étienne"}, {"est_director"}),
        ({"role": "director_general"}, {"dg", "dg2"}),
        ({"organisation": "dss"}, {"ministry"}),
        ({"role": "auditor", "organisation": "dss"}, set()),
    ],
)
def test_list_is_filtered(cast: Cast, office: Client, query: dict[str, str], found: set[str]) -> None:
    response = office.get("/roles/", query)
    assert {row.user.username for row in response.context["page"]["items"]} == found
    if not found:
        assert "Aucun rôle ne répond à ces critères" in words(response)


def test_list_leaves_out_what_has_ended_unless_asked(cast: Cast, office: Client) -> None:
    RoleGrant.objects.filter(user=cast.agent2).update(valid_until=clock.today() - timedelta(days=1))
    assert office.get("/roles/", {"q": "alain"}).context["page"]["items"] == []
    found = office.get("/roles/", {"q": "alain", "past": "1"})
    assert [row.user.username for row in found.context["page"]["items"]] == ["agent2"]
    assert "terminé" in words(found)


def test_list_has_pages(cast: Cast, office: Client) -> None:
    for number in range(40):
        cast.person(f"autre{number:02}", (Role.PREPARER, "carmi-est"))
    first = office.get("/roles/")
    assert len(first.context["page"]["items"]) == 50
    assert first.context["page"]["next_cursor"] == "2"
    assert "58 rôles" in words(first)
    second = office.get("/roles/", {"cursor": "2"})
    assert len(second.context["page"]["items"]) == 8
    assert "Revenir au début" in words(second)
    assert office.get("/roles/", {"cursor": "nonsense"}).status_code == 200


def test_choosing_a_person_leads_to_their_page(cast: Cast, office: Client) -> None:
    assert office.get("/personnes/", {"username": "agent"})["Location"] == "/personnes/agent/"
    assert office.get("/personnes/", {"username": "inconnu"}).status_code == 404


# -- granting -----------------------------------------------------------------------------------------


def test_granted_role_is_in_force_and_journalled(cast: Cast, office: Client) -> None:
    response = office.post("/personnes/nobody/roles/", grant())
    assert response["Location"] == "/personnes/nobody/"
    granted = RoleGrant.objects.get(user=cast.nobody)
    assert (
        granted.role,
        granted.organisation.code,
        granted.valid_from,
        granted.valid_until,
        granted.act,
    ) == (
        "reviewer",
        "canssm",
        clock.today(),
        None,
        "Note de service 12",
    )
    page = office.get("/personnes/nobody/")
    assert messages(page) == ["Le rôle « Instructeur » est attribué à Nadine Sans-Rôle."]
    assert "Rôle attribué : Instructeur" in words(page)
    assert "Adam Admin, Administrateur — CANSSM" in words(page)
    assert at_the_site(cast.nobody).get("/taches/").status_code == 200


def test_dates_are_understood_as_the_french_write_them(cast: Cast, office: Client) -> None:
    office.post("/personnes/nobody/roles/", grant(valid_from="01/02/2015", valid_until="31/12/2030"))
    granted = RoleGrant.objects.get(user=cast.nobody)
    assert (granted.valid_from, granted.valid_until) == (date(2015, 2, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"role": ""}, "Choisissez un rôle."),
        ({"role": "king"}, "Choisissez un rôle dans la liste."),
        ({"organisation": ""}, "Choisissez une organisation."),
        ({"organisation": "nowhere"}, "Choisissez une organisation dans la liste."),
        ({"role": "regional_director"}, "« Directeur régional » ne peut pas être tenu à « CANSSM »"),
        ({"valid_from": ""}, "Indiquez une date."),
        ({"valid_from": "demain"}, "Écrivez la date comme 31/12/2015."),
        ({"valid_until": "2010-01-01"}, "La fin précède le début."),
        ({"act": ""}, "Indiquez l’acte qui attribue ce rôle"),
        ({"act": "   "}, "Indiquez l’acte qui attribue ce rôle"),
    ],
)
def test_grant_that_cannot_be_made_is_refused_in_place(
    cast: Cast, office: Client, changes: dict[str, str], sentence: str
) -> None:
    before = stored()
    response = office.post("/personnes/nobody/roles/", grant(**changes))
    assert response.status_code == 422
    assert sentence in words(response)
    assert "corriger" in words(response)
    if "act" not in changes:
        assert 'value="Note de service 12"' in response.content.decode()
    assert stored() == before


def test_role_already_held_is_refused_with_what_to_do(cast: Cast, office: Client) -> None:
    before = stored()
    response = office.post("/personnes/reviewer/roles/", grant())
    assert response.status_code == 422
    assert "tient déjà ce rôle depuis le" in words(response)
    assert stored() == before


# -- ending -------------------------------------------------------------------------------------------


def test_ended_role_moves_to_the_past_the_day_after(cast: Cast, office: Client) -> None:
    held = cast.agent2.role_grants.get()
    response = office.post(f"/roles/{held.pk}/fin/", end())
    assert response["Location"] == "/personnes/agent2/"
    page = office.get("/personnes/agent2/")
    assert messages(page) == ["Alain Agent : le rôle « Agent préparateur » prend fin."]
    assert "« Mutation »" in words(page)
    with clock.at(clock.now() + timedelta(days=1)):
        assert "Rôles terminés" in words(office.get("/personnes/agent2/"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"motive": ""}, "Motif : Indiquez pourquoi ce rôle prend fin."),
        ({"motive": "  "}, "Motif : Indiquez pourquoi ce rôle prend fin."),
        ({"last_day": "2013-12-31"}, "Ce rôle commence le"),
        ({"last_day": "2015-01-01"}, "Un rôle ne prend pas fin dans le passé"),
        ({"last_day": "jamais"}, "Écrivez la date comme 31/12/2015."),
    ],
)
def test_end_that_cannot_be_is_refused_with_its_form_open(
    cast: Cast, office: Client, changes: dict[str, str], sentence: str
) -> None:
    held = cast.agent2.role_grants.get()
    before = stored()
    response = office.post(f"/roles/{held.pk}/fin/", end(**changes))
    assert response.status_code == 422
    assert sentence in words(response)
    assert '<details class="mt-2" open>' in response.content.decode()
    assert stored() == before


# -- people -------------------------------------------------------------------------------------------


def person(**changes: str) -> dict[str, str]:
    return {
        "username": "jeanne.mine",
        "display_name": "Jeanne Mine",
        "email": "jeanne@example.org",
        "password": PASSWORD,
    } | changes


def test_created_person_can_log_in_and_may_nothing(cast: Cast, office: Client) -> None:
    response = office.post("/personnes/nouvelle/", person())
    assert response["Location"] == "/personnes/jeanne.mine/"
    assert messages(office.get("/personnes/jeanne.mine/")) == [
        "Le compte de Jeanne Mine est créé. Attribuez-lui maintenant un rôle."
    ]
    visitor = Client()
    assert visitor.post("/compte/login/", {"login": "jeanne.mine", "password": PASSWORD}).status_code == 302
    assert "Aucun rôle ne vous est attribué" in words(visitor.get("/"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "agent"}, "username"),
        ({"username": "avec espace"}, "username"),
        ({"display_name": ""}, "display_name"),
        ({"email": "pas une adresse"}, "email"),
        ({"password": "court"}, "password"),
        ({"password": "password12345"}, "password"),
        ({"password": ""}, "password"),
        ({"username": "nul\x00"}, "username"),
    ],
)
def test_person_who_cannot_be_is_refused_in_place(
    cast: Cast, office: Client, changes: dict[str, str], field: str
) -> None:
    before = stored()
    response = office.post("/personnes/nouvelle/", person(**changes))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    content = response.content.decode()
    assert PASSWORD not in content  # a password never comes back
    if field != "display_name":
        assert 'value="Jeanne Mine"' in content
    assert stored() == before


def test_closed_access_ends_at_once_and_is_journalled(cast: Cast, office: Client) -> None:
    browser = at_the_site(cast.agent)
    assert browser.get("/").status_code == 200
    response = office.post("/personnes/agent/fermer/", {"motive": "Départ à la retraite"})
    assert response["Location"] == "/personnes/agent/"
    assert browser.get("/").status_code == 302
    page = words(office.get("/personnes/agent/"))
    assert "compte fermé" in page
    assert "« Départ à la retraite »" in page
    assert "Fermer l’accès" not in page
    assert AdministrationEntry.objects.filter(subject=cast.agent, action="deactivate_person").exists()


@pytest.mark.parametrize("motive", ["", "   "])
def test_access_is_not_closed_without_saying_why(cast: Cast, office: Client, motive: str) -> None:
    before = stored()
    response = office.post("/personnes/agent/fermer/", {"motive": motive})
    assert response.status_code == 422
    assert "Motif : Indiquez pourquoi cet accès est fermé." in words(response)
    assert stored() == before


def test_nobody_closes_their_own_access(cast: Cast, office: Client) -> None:
    before = stored()
    assert "Fermer l’accès" not in words(office.get("/personnes/admin/"))
    response = office.post("/personnes/admin/fermer/", {"motive": "Test"})
    assert response.status_code == 422
    assert "Vous ne pouvez pas fermer votre propre accès" in words(response)
    assert stored() == before


# -- others -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["agent", "director", "dg", "manager", "auditor", "nobody"])
def test_others_find_nothing_and_change_nothing(cast: Cast, who: str) -> None:
    client = at_the_site(cast.people[who])
    held = cast.reviewer.role_grants.get()
    before = stored()
    for answer in (
        client.get("/roles/"),
        client.get("/personnes/?username=agent"),
        client.get("/personnes/agent/"),
        client.get("/personnes/nouvelle/"),
        client.post("/personnes/nouvelle/", person()),
        client.post("/personnes/nobody/roles/", grant()),
        client.post(f"/roles/{held.pk}/fin/", end()),
        client.post("/personnes/agent/fermer/", {"motive": "x"}),
    ):
        assert answer.status_code == 404
    assert stored() == before
    assert User.objects.filter(username="jeanne.mine").count() == 0


@pytest.mark.parametrize(
    "address", ["/roles/999999999/fin/", f"/roles/{10**30}/fin/", "/personnes/inconnue/fermer/"]
)
def test_unknown_person_or_role_is_not_found(cast: Cast, office: Client, address: str) -> None:
    assert office.post(address, end()).status_code == 404
