"""Which page answers what to whom: a table of roles and pages, and no hint for outsiders."""

import pytest
from django.test import Client

from tests.journeys import ROUTE_TO, Cast, Journey
from tests.pages import at_the_site, words

pytestmark = pytest.mark.django_db

READERS = frozenset(
    {
        "agent",
        "agent2",
        "director",
        "reviewer",
        "reviewer2",
        "dg",
        "dg2",
        "manager",
        "carmi_manager",
        "auditor",
        "accountant",
    }
)
OUTSIDE = {"ministry", "ministry_db", "comptroller", "secretary"}
EVERYBODY = READERS | OUTSIDE | {"est_agent", "est_director", "admin", "nobody"}
PREPARERS = frozenset({"agent", "agent2", "est_agent"})
FILERS = PREPARERS | {"reviewer", "reviewer2"}


@pytest.mark.parametrize("status", ROUTE_TO)
def test_dossier_page_answers_its_readers_and_nobody_else(cast: Cast, status: str) -> None:
    journey = Journey.at(cast, status)
    answers = {
        name: at_the_site(user).get(f"/dossiers/{journey.reference}/").status_code
        for name, user in cast.people.items()
    }
    assert {name for name, answer in answers.items() if answer == 200} == READERS
    assert {answer for name, answer in answers.items() if name not in READERS} == {404}


@pytest.mark.parametrize(
    ("address", "seen_by", "others"),
    [
        ("/", EVERYBODY, 0),
        ("/taches/", EVERYBODY, 0),
        ("/dossiers/", EVERYBODY, 0),
        ("/avis/", EVERYBODY, 0),
        ("/avis/preferences/", EVERYBODY, 0),
        ("/envois/", frozenset({"admin"}), 404),
        ("/abonnements/", frozenset({"admin"}), 404),
        ("/abonnements/nouveau/", frozenset({"admin"}), 404),
        ("/nouveau/", FILERS, 403),
        ("/nouveau/fnmo_investment/", PREPARERS, 403),
        ("/nouveau/inconnu/", frozenset(), 404),
        ("/roles/", frozenset({"admin"}), 404),
        ("/personnes/agent/", frozenset({"admin"}), 404),
        ("/personnes/nouvelle/", frozenset({"admin"}), 404),
        ("/personnes/inconnue/", frozenset(), 404),
    ],
)
def test_page_answers_those_whom_it_concerns(
    cast: Cast, address: str, seen_by: frozenset[str], others: int
) -> None:
    for name, user in cast.people.items():
        expected = 200 if name in seen_by else others
        assert at_the_site(user).get(address).status_code == expected, name


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/taches/",
        "/dossiers/",
        "/dossiers/{reference}/",
        "/dossiers/{reference}/modifier/",
        "/dossiers/{reference}/journal.json",
        "/nouveau/",
        "/nouveau/fnmo_investment/",
        "/roles/",
        "/personnes/agent/",
        "/personnes/nouvelle/",
        "/avis/",
        "/compte/password/change/",
    ],
)
def test_page_sends_a_visitor_to_the_log_in_and_back(cast: Cast, client: Client, address: str) -> None:
    address = address.format(reference=Journey.start(cast).reference)
    response = client.get(address)
    assert response.status_code == 302
    assert response["Location"] == f"/compte/login/?next={address}"


@pytest.mark.parametrize(
    "address",
    [
        "/dossiers/{reference}/agir/",
        "/dossiers/{reference}/pieces/",
        "/dossiers/{reference}/modifier/",
        "/taches/{task}/prendre/",
        "/taches/{task}/rendre/",
        "/taches/{task}/confier/",
        "/nouveau/fnmo_investment/",
        "/nouveau/fnmo_investment/simuler/",
        "/personnes/agent/roles/",
        "/personnes/agent/fermer/",
        "/personnes/nouvelle/",
    ],
)
def test_post_of_a_visitor_changes_nothing(cast: Cast, client: Client, address: str) -> None:
    journey = Journey.start(cast)
    before = journey.dossier.updated_at
    response = client.post(address.format(reference=journey.reference, task=journey.task.pk), {"motive": "x"})
    assert response.status_code == 302
    assert response["Location"].startswith("/compte/login/?next=")
    assert journey.dossier.updated_at == before


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", "/dossiers/{}/"),
        ("get", "/dossiers/{}/modifier/"),
        ("get", "/dossiers/{}/journal.json"),
        ("get", "/dossiers/{}/pieces/00000000-0000-0000-0000-000000000000/"),
        ("post", "/dossiers/{}/agir/"),
        ("post", "/dossiers/{}/pieces/"),
        ("post", "/dossiers/{}/modifier/"),
        ("post", "/nouveau/fnmo_investment/simuler/?dossier={}"),
    ],
)
def test_foreign_dossier_looks_exactly_like_an_unknown_one(cast: Cast, method: str, address: str) -> None:
    journey = Journey.at(cast, "under_review")
    stranger = at_the_site(cast.est_agent)
    data = {"step": "check", "outcome": "complete", "version": "1", "kind": "presentation_note"}
    foreign, unknown = (
        getattr(stranger, method)(address.format(reference), data if method == "post" else {})
        for reference in (journey.reference, "FNMO-2015-9999")
    )
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content
    assert "n’existe pas, ou vous n’y avez pas accès" in words(foreign)


@pytest.mark.parametrize("verb", ["prendre", "rendre", "confier"])
def test_foreign_task_looks_exactly_like_an_unknown_one(cast: Cast, verb: str) -> None:
    journey = Journey.start(cast)
    stranger = at_the_site(cast.est_agent)
    data = {"to": str(cast.agent2.pk), "motive": "Absence"}
    foreign, unknown, huge = (
        stranger.post(f"/taches/{number}/{verb}/", data) for number in (journey.task.pk, 10**9, 10**30)
    )
    assert foreign.status_code == unknown.status_code == huge.status_code == 404
    assert foreign.content == unknown.content == huge.content


@pytest.mark.parametrize(
    "address",
    [
        "/taches/{task}/prendre/",
        "/taches/{task}/rendre/",
        "/taches/{task}/confier/",
        "/dossiers/{reference}/agir/",
        "/dossiers/{reference}/pieces/",
        "/nouveau/fnmo_investment/simuler/",
        "/personnes/agent/roles/",
    ],
)
def test_acts_are_not_done_by_following_a_link(cast: Cast, address: str) -> None:
    journey = Journey.start(cast)
    page = at_the_site(cast.agent).get(address.format(reference=journey.reference, task=journey.task.pk))
    assert page.status_code == 405
    assert journey.task.owner_id is None


def test_navigation_offers_only_what_the_person_may_do(cast: Cast) -> None:
    for name, new, roles in (("agent", True, False), ("dg", False, False), ("admin", False, True)):
        page = at_the_site(cast.people[name]).get("/").content.decode()
        assert ('href="/nouveau/"' in page) is new
        assert ('href="/roles/"' in page) is roles


def test_somebody_without_role_reads_what_to_do(cast: Cast) -> None:
    page = words(at_the_site(cast.nobody).get("/"))
    assert "Aucun rôle ne vous est attribué" in page
    assert "Demandez à l’administrateur" in page
    assert "Aucun rôle ne vous est attribué" not in words(at_the_site(cast.dg).get("/"))


def test_role_that_has_ended_no_longer_opens_the_dossier(cast: Cast) -> None:
    journey = Journey.start(cast)
    client = at_the_site(cast.agent2)
    assert client.get(f"/dossiers/{journey.reference}/").status_code == 200
    cast.agent2.role_grants.update(valid_until="2014-12-31")
    assert client.get(f"/dossiers/{journey.reference}/").status_code == 404
