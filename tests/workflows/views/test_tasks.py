"""Taking, giving back and handing over tasks from the pages."""

import pytest

from cases.models import JournalEntry
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, messages, stored, words

pytestmark = pytest.mark.django_db


def actions_of(journey: Journey) -> list[str]:
    return list(
        JournalEntry.objects.filter(dossier=journey.dossier)
        .order_by("sequence")
        .values_list("action", flat=True)
    )


def test_taking_a_task_leads_to_the_dossier(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client = at_the_site(cast.reviewer)
    response = client.post(f"/taches/{journey.task.pk}/prendre/")
    assert response.status_code == 302
    assert response["Location"] == f"/dossiers/{journey.reference}/#agir"
    assert journey.task.owner == cast.reviewer
    assert actions_of(journey)[-1] == "claim"
    page = client.get(f"/dossiers/{journey.reference}/")
    assert messages(page) == ["La tâche est à vous."]
    assert "prise par vous" in words(page)


def test_taking_ones_own_task_again_changes_nothing(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client = at_the_site(cast.reviewer)
    client.post(f"/taches/{journey.task.pk}/prendre/")
    before = stored(journey.reference)
    assert client.post(f"/taches/{journey.task.pk}/prendre/").status_code == 302
    assert stored(journey.reference) == before


def test_task_of_somebody_else_cannot_be_taken(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    at_the_site(cast.reviewer2).post(f"/taches/{journey.task.pk}/prendre/")
    before = stored(journey.reference)
    client = at_the_site(cast.reviewer)
    response = client.post(
        f"/taches/{journey.task.pk}/prendre/", headers={"Referer": "http://testserver/taches/?free=1"}
    )
    assert response.status_code == 302
    assert response["Location"] == "http://testserver/taches/?free=1"
    assert "Igor Instructeur a pris cette tâche" in messages(client.get("/taches/"))[0]
    assert stored(journey.reference) == before


@pytest.mark.parametrize(
    "referer", ["https://ailleurs.example/taches/", "javascript:alert(1)", "//ailleurs/"]
)
def test_nobody_is_sent_back_to_another_site(cast: Cast, referer: str) -> None:
    journey = Journey.at(cast, "under_review")
    response = at_the_site(cast.dg).post(f"/taches/{journey.task.pk}/prendre/", headers={"Referer": referer})
    assert response["Location"] == "/taches/"


def test_task_of_another_role_cannot_be_taken(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    before = stored(journey.reference)
    client = at_the_site(cast.agent)
    client.post(f"/taches/{journey.task.pk}/prendre/")
    assert "revient au rôle « Instructeur »" in messages(client.get("/"))[0]
    assert stored(journey.reference) == before


def test_task_already_done_cannot_be_taken(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    done = journey.task.pk
    journey.act("check.complete")
    before = stored(journey.reference)
    client = at_the_site(cast.reviewer)
    client.post(f"/taches/{done}/prendre/")
    assert "déjà terminée" in messages(client.get("/"))[0]
    assert stored(journey.reference) == before


def test_giving_a_task_back_opens_it_to_all(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client = at_the_site(cast.reviewer)
    client.post(f"/taches/{journey.task.pk}/prendre/")
    response = client.post(f"/taches/{journey.task.pk}/rendre/")
    assert response["Location"] == "/taches/"
    assert journey.task.owner is None
    assert messages(client.get("/taches/"))[-1].startswith("La tâche est de nouveau ouverte")


def test_only_its_holder_or_the_managers_give_a_task_back(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    at_the_site(cast.reviewer).post(f"/taches/{journey.task.pk}/prendre/")
    other = at_the_site(cast.reviewer2)
    other.post(f"/taches/{journey.task.pk}/rendre/")
    assert journey.task.owner == cast.reviewer
    assert "Seule la personne qui tient cette tâche" in messages(other.get("/"))[0]
    manager = at_the_site(cast.manager)
    page = manager.get(f"/dossiers/{journey.reference}/")
    assert f'action="/taches/{journey.task.pk}/rendre/"' in page.content.decode()
    manager.post(f"/taches/{journey.task.pk}/rendre/")
    assert journey.task.owner is None


def test_handing_a_task_over_names_the_person_and_the_motive(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client = at_the_site(cast.manager)
    page = client.get(f"/dossiers/{journey.reference}/").content.decode()
    assert f'action="/taches/{journey.task.pk}/confier/"' in page
    response = client.post(
        f"/taches/{journey.task.pk}/confier/", {"to": cast.reviewer2.pk, "motive": "Irène est absente."}
    )
    assert response["Location"] == f"/dossiers/{journey.reference}/"
    assert journey.task.owner == cast.reviewer2
    shown = client.get(f"/dossiers/{journey.reference}/")
    assert messages(shown) == ["La tâche est confiée à Igor Instructeur."]
    assert "« Irène est absente. »" in words(shown)


@pytest.mark.parametrize(
    ("to", "motive", "sentence"),
    [
        ("", "Absence", "Choisissez la personne à qui confier la tâche."),
        ("reviewer2", " ", "Indiquez pourquoi la tâche change de mains."),
        ("agent", "Absence", "Cette personne ne tient pas ce rôle"),
        ("9999999999999999999999", "Absence", "Cette personne ne tient pas ce rôle"),
    ],
)
def test_refused_hand_over_keeps_what_was_typed(cast: Cast, to: str, motive: str, sentence: str) -> None:
    journey = Journey.at(cast, "under_review")
    before = stored(journey.reference)
    person = cast.people[to].pk if to in cast.people else to
    response = at_the_site(cast.manager).post(
        f"/taches/{journey.task.pk}/confier/", {"to": person, "motive": motive}
    )
    assert response.status_code == 422
    assert sentence in words(response)
    if motive.strip():
        assert f"{motive}</textarea>" in response.content.decode()
    assert stored(journey.reference) == before


def test_hand_over_to_who_may_not_do_the_step_is_refused(cast: Cast) -> None:
    """The separation of duties also binds whoever receives a task."""
    journey = Journey.at(cast, "awaiting_decision")
    cast.give(cast.reviewer, (cast.dg.role_grants.get().role, "canssm"))
    before = stored(journey.reference)
    response = at_the_site(cast.manager).post(
        f"/taches/{journey.task.pk}/confier/", {"to": cast.reviewer.pk, "motive": "Absence"}
    )
    assert response.status_code == 422
    assert "Irène Instructrice ne peut pas recevoir cette tâche" in words(response)
    assert stored(journey.reference) == before


def test_hand_over_by_who_neither_holds_nor_manages_is_refused(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    before = stored(journey.reference)
    response = at_the_site(cast.agent).post(
        f"/taches/{journey.task.pk}/confier/", {"to": cast.reviewer.pk, "motive": "Vite"}
    )
    assert response.status_code == 403
    assert "ou le pilotage" in words(response)
    assert stored(journey.reference) == before


def test_hand_over_of_a_task_already_done_shows_where_the_dossier_is(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    done = journey.task.pk
    journey.act("check.complete")
    before = stored(journey.reference)
    client = at_the_site(cast.manager)
    response = client.post(f"/taches/{done}/confier/", {"to": cast.reviewer2.pk, "motive": "x"}, follow=True)
    assert "déjà terminée" in messages(response)[0]
    assert stored(journey.reference) == before
