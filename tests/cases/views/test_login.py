"""The log-in page: what it says, where it leads, and that it hints at nothing."""

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from cases.models import User
from tests.journeys import Cast
from tests.pages import at_the_site, words

pytestmark = pytest.mark.django_db

LOGIN = "/compte/login/"
PASSWORD = "houille-grisou-1815"


@pytest.fixture
def agent(cast: Cast) -> User:
    User.objects.filter(pk=cast.agent.pk).update(password=make_password(PASSWORD))
    return User.objects.get(pk=cast.agent.pk)


def try_to_enter(client: Client, username: str, password: str, where: str = LOGIN) -> str:
    return words(client.post(where, {"login": username, "password": password}))


def test_log_in_leads_home(client: Client, agent: User) -> None:
    response = client.post(LOGIN, {"login": "agent", "password": PASSWORD})
    assert response.status_code == 302
    assert response["Location"] == "/"
    assert "Anne Agent" in words(client.get("/"))


def test_log_in_leads_to_the_page_that_was_asked_for(client: Client, agent: User) -> None:
    page = client.get(f"{LOGIN}?next=/taches/").content.decode()
    assert 'name="next" value="/taches/"' in page
    response = client.post(LOGIN, {"login": "agent", "password": PASSWORD, "next": "/taches/"})
    assert response["Location"] == "/taches/"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://ailleurs.example/",
        "//ailleurs.example/",
        "/\\ailleurs.example",
        "javascript:alert(1)",
        "http:///ailleurs.example",
    ],
)
def test_log_in_never_leads_to_another_site(client: Client, agent: User, elsewhere: str) -> None:
    response = client.post(LOGIN, {"login": "agent", "password": PASSWORD, "next": elsewhere})
    assert response.status_code == 302
    assert response["Location"] == "/"


def test_log_in_page_is_french_and_names_its_fields(client: Client, db: None) -> None:
    page = client.get(LOGIN)
    text = words(page)
    assert "Connexion" in text
    assert "Se connecter" in text
    assert "Identifiant Mot de passe" in text
    assert '<html lang="fr">' in page.content.decode()
    assert 'autocomplete="current-password"' in page.content.decode()


def test_wrong_password_and_unknown_person_get_the_same_answer(client: Client, agent: User) -> None:
    wrong = try_to_enter(client, "agent", "faux")
    unknown = try_to_enter(client, "inconnu", "faux")
    assert wrong == unknown
    assert "L’identifiant ou le mot de passe n’est pas le bon." in wrong
    assert "corriger" in wrong
    assert client.get("/").status_code == 302


def test_name_stays_and_password_does_not_after_a_failure(client: Client, agent: User) -> None:
    content = client.post(LOGIN, {"login": "agent", "password": "faux-faux"}).content.decode()
    assert 'value="agent"' in content
    assert "faux-faux" not in content


def test_too_many_failures_close_the_door_for_a_while(client: Client, agent: User) -> None:
    for _ in range(5):
        try_to_enter(client, "agent", "faux")
    page = try_to_enter(client, "agent", PASSWORD)
    assert "Trop de tentatives" in page
    assert client.get("/").status_code == 302


def test_who_is_logged_in_is_not_asked_again(cast: Cast) -> None:
    assert at_the_site(cast.agent).get(LOGIN)["Location"] == "/"


def test_log_out_asks_then_closes_the_session(cast: Cast) -> None:
    client = at_the_site(cast.agent)
    assert client.get("/compte/logout/").status_code == 200
    assert client.get("/").status_code == 200
    assert client.post("/compte/logout/").status_code == 302
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "address",
    [
        "/compte/password/change/",
        "/compte/2fa/",
        "/compte/logout/",
        "/compte/password/reset/",
        "/compte/signup/",
    ],
)
def test_pages_of_the_account_answer_in_french(client: Client, agent: User, address: str) -> None:
    if "reset" not in address and "signup" not in address:
        client.force_login(agent)
    response = client.get(address, follow=True)
    assert response.status_code == 200
    text = words(response)
    for english in ("Sign ", "Password", "Log ", "Menu:", "Two-Factor", "Change "):
        assert english not in text
