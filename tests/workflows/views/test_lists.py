"""Home, queue and search: what each person finds there, in which order, and with which filters."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from cases import clock
from cases.enums import DossierStatus
from cases.models import Dossier
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, stored, words

pytestmark = pytest.mark.django_db


def references(response: Any) -> list[str]:
    """References of the rows shown, in order."""
    return [getattr(row, "dossier", row).reference for row in response.context["page"].items]


def many(cast: Cast, count: int) -> list[str]:
    """Drafts made quickly, each with its open task."""
    return [Journey.start(cast, pieces=(), title=f"Opération {number}").reference for number in range(count)]


def in_the_east(cast: Cast, *acts: str, **data: Any) -> Journey:
    """A dossier of the other CARMI, carried by its own people."""
    journey = Journey.start(cast, body="carmi-est", **data)
    for act in acts:
        journey.act(act, "est_director" if act.startswith("sign_off") else "est_agent")
    return journey


# -- home ---------------------------------------------------------------------------------------------


def test_home_shows_what_awaits_me_the_dossiers_of_my_body_and_the_dates(cast: Cast) -> None:
    mine = Journey.at(cast, "submitted", title="Toiture de Liévin")
    elsewhere = in_the_east(cast, "prepare.submit", title="Ascenseur de Freyming")
    page = words(at_the_site(cast.director).get("/"))
    assert "1 tâche vous attend." in page
    assert "Signer et transmettre : Toiture de Liévin" in page
    assert mine.reference in page
    assert elsewhere.reference not in page
    assert "Ascenseur" not in page


def test_home_counts_what_is_late(cast: Cast) -> None:
    with clock.at(clock.now() - timedelta(days=60)):
        Journey.at(cast, "under_review")
    Journey.at(cast, "under_review")
    response = at_the_site(cast.reviewer).get("/")
    assert "2 tâches vous attendent, dont 1 en retard." in words(response)
    assert "en retard" in words(response)


def test_home_of_who_has_nothing_to_do_says_what_will_come(cast: Cast) -> None:
    page = words(at_the_site(cast.dg).get("/"))
    assert "Aucune tâche ne vous attend." in page
    assert "Rien ne vous attend" in page
    assert "Aucune échéance proche" in page


def test_home_shows_eight_tasks_and_leads_to_the_others(cast: Cast) -> None:
    many(cast, 10)
    response = at_the_site(cast.agent).get("/")
    assert "10 tâches vous attendent." in words(response)
    assert response.content.decode().count("Préparer le dossier&nbsp;:") == 8
    assert "Toutes les tâches" in words(response)


# -- queue --------------------------------------------------------------------------------------------


def test_queue_shows_the_oldest_task_first(cast: Cast) -> None:
    newer = Journey.at(cast, "under_review")
    with clock.at(clock.now() - timedelta(days=3)):
        older = Journey.at(cast, "under_review")
    response = at_the_site(cast.reviewer).get("/taches/")
    assert references(response) == [older.reference, newer.reference]
    assert "3 jours" in words(response)


def test_queue_views_split_mine_free_and_late(cast: Cast) -> None:
    with clock.at(clock.now() - timedelta(days=60)):
        late = Journey.at(cast, "under_review")
    taken, free = Journey.at(cast, "under_review"), Journey.at(cast, "under_review")
    client = at_the_site(cast.reviewer)
    client.post(f"/taches/{taken.task.pk}/prendre/")
    assert references(client.get("/taches/")) == [late.reference, taken.reference, free.reference]
    assert references(client.get("/taches/?mine=1")) == [taken.reference]
    assert references(client.get("/taches/?free=1")) == [late.reference, free.reference]
    assert references(client.get("/taches/?overdue=1")) == [late.reference]
    assert "en retard" in words(client.get("/taches/?overdue=1"))
    page = client.get("/taches/?mine=1").content.decode()
    assert '<a href="/taches/?mine=1" aria-current="true">' in " ".join(page.split())
    assert 'name="mine" value="1"' in page  # the filters keep the view


def test_queue_filters_by_words_body_and_path(cast: Cast) -> None:
    lens = Journey.at(cast, "under_review", title="Réfection de l’ÉTANCHÉITÉ à Lens")
    est = in_the_east(cast, "prepare.submit", "sign_off.transmit", title="Fauteuils dentaires")
    client = at_the_site(cast.reviewer)
    assert references(client.get("/taches/", {"q": "etancheite  réfection"})) == [lens.reference]
    assert references(client.get("/taches/", {"q": est.reference.lower()})) == [est.reference]
    assert references(client.get("/taches/", {"organisation": "carmi-est"})) == [est.reference]
    assert references(client.get("/taches/", {"path": "fnmo_investment", "q": "dentaires"})) == [
        est.reference
    ]
    assert references(client.get("/taches/", {"path": "autre"})) == []
    nothing = words(client.get("/taches/", {"q": "introuvable"}))
    assert "Aucune tâche ne répond à ces critères" in nothing


def test_queue_pages_follow_each_other_without_repeating(cast: Cast) -> None:
    expected = many(cast, 27)
    client = at_the_site(cast.agent)
    first = client.get("/taches/", {"free": "1"})
    assert references(first) == expected[:25]
    assert "27 tâches" in words(first)
    cursor = first.context["page"].next_cursor
    assert f"?free=1&amp;cursor={cursor}" in first.content.decode()
    second = client.get("/taches/", {"free": "1", "cursor": cursor})
    assert references(second) == expected[25:]
    assert "Revenir au début" in words(second)


@pytest.mark.parametrize("address", ["/taches/", "/dossiers/"])
@pytest.mark.parametrize("cursor", ["x", "AAA", "bm93fDE", "é", "A" * 500])
def test_broken_page_mark_is_refused_with_a_way_back(cast: Cast, address: str, cursor: str) -> None:
    response = at_the_site(cast.agent).get(f"{address}?cursor={cursor}")
    assert response.status_code == 422
    assert "reprenez la liste depuis le début" in words(response)


def test_empty_queue_says_so(cast: Cast) -> None:
    page = words(at_the_site(cast.ministry).get("/taches/"))
    assert "Votre file est vide" in page


# -- search -------------------------------------------------------------------------------------------


def test_search_finds_by_reference_and_by_words_without_accents(cast: Cast) -> None:
    roof = Journey.start(cast, title="Étanchéité de la toiture")
    other = Journey.start(cast, title="Fauteuils dentaires")
    client = at_the_site(cast.agent)
    assert references(client.get("/dossiers/")) == [other.reference, roof.reference]
    assert references(client.get("/dossiers/", {"q": "TOITURE etancheite"})) == [roof.reference]
    assert references(client.get("/dossiers/", {"q": roof.reference})) == [roof.reference]
    assert references(client.get("/dossiers/", {"q": "%"})) == []
    assert references(client.get("/dossiers/", {"q": "_____________"})) == []


def test_search_never_shows_a_foreign_dossier(cast: Cast) -> None:
    foreign = Journey.start(cast, title="Secret de l’Est", body="carmi-est")
    client = at_the_site(cast.agent)
    for query in ({}, {"q": foreign.reference}, {"q": "secret"}, {"organisation": "carmi-est"}):
        response = client.get("/dossiers/", query)
        assert references(response) == []
        assert foreign.reference not in words(response).replace(query.get("q", "-"), "")


def test_search_filters_by_status_body_and_exercise(cast: Cast) -> None:
    draft = Journey.start(cast, exercise=2016)
    sent = Journey.at(cast, "submitted")
    est = in_the_east(cast, "prepare.submit")
    client = at_the_site(cast.auditor)
    assert references(client.get("/dossiers/", {"status": "draft"})) == [draft.reference]
    assert set(references(client.get("/dossiers/", {"status": "submitted"}))) == {
        sent.reference,
        est.reference,
    }
    assert references(client.get("/dossiers/", {"organisation": "carmi-est"})) == [est.reference]
    assert references(client.get("/dossiers/", {"exercise": "2016"})) == [draft.reference]
    for wrong in ({"status": "nonsense"}, {"exercise": "abc"}, {"exercise": "9" * 40}):
        response = client.get("/dossiers/", wrong)
        assert response.context["page"] is None
        assert "La recherche n’est pas comprise" in words(response)


def test_search_shows_every_status_in_french(cast: Cast) -> None:
    for status in ("draft", "to_complete", "refused"):
        Journey.at(cast, status)
    page = words(at_the_site(cast.agent).get("/dossiers/"))
    for status in ("draft", "to_complete", "refused"):
        assert DossierStatus(status).label in page


def test_search_pages_follow_each_other(cast: Cast) -> None:
    expected = list(reversed(many(cast, 26)))
    client = at_the_site(cast.agent)
    first = client.get("/dossiers/")
    second = client.get("/dossiers/", {"cursor": first.context["page"].next_cursor})
    assert references(first) + references(second) == expected


def test_search_without_result_says_what_to_try(cast: Cast) -> None:
    client = at_the_site(cast.agent)
    assert "Aucun dossier pour le moment" in words(client.get("/dossiers/"))
    assert "Vérifiez la référence" in words(client.get("/dossiers/", {"q": "rien"}))


def test_what_was_searched_never_becomes_markup(cast: Cast) -> None:
    content = at_the_site(cast.agent).get("/dossiers/", {"q": '"><script>x</script>'}).content.decode()
    assert "<script>x" not in content
    assert "&quot;&gt;&lt;script&gt;x" in content


@pytest.mark.parametrize("address", ["/taches/", "/dossiers/", "/roles/"])
@pytest.mark.parametrize("name", ["q", "status", "path", "organisation", "exercise", "role"])
@pytest.mark.parametrize("value", ["%00", "a%00b", "%ED%A0%80", "%F0%9F%92%A5" * 50, "%27%3B--"])
def test_no_query_breaks_a_list(cast: Cast, address: str, name: str, value: str) -> None:
    cast.give(cast.admin, (cast.agent.role_grants.get().role, "carmi-npdc"))
    response = at_the_site(cast.admin).get(f"{address}?{name}={value}")
    assert response.status_code == (400 if "%00" in value else 200)


def test_reading_pages_writes_nothing(cast: Cast) -> None:
    journey = Journey.at(cast, "to_complete")
    client: Client = at_the_site(cast.agent)
    client.get("/")
    before = stored(journey.reference)
    for address in (
        "/",
        "/taches/",
        "/dossiers/",
        f"/dossiers/{journey.reference}/",
        "/nouveau/fnmo_investment/",
    ):
        assert client.get(address).status_code == 200
    assert stored(journey.reference) == before
    assert Dossier.objects.count() == 1
