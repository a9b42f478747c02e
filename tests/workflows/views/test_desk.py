"""A clerk's desk on the pages: next task, tasks put aside, marks of what is new, motives of the desk, keys."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.enums import DeadlineState, Role
from cases.models import Deadline, DossierVisit, MotiveTemplate, Snooze
from tests.journeys import PDF, Cast, Journey
from tests.pages import at_the_site, messages, stored, words
from workflows.services.motives import Use, create_motive

pytestmark = pytest.mark.django_db


def ahead(days: int) -> str:
    return (clock.today() + timedelta(days)).isoformat()


# -- the next task ------------------------------------------------------------------------------------


def test_the_next_task_leads_to_its_dossier(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client = at_the_site(cast.reviewer)
    for page in ("/", "/taches/"):
        assert 'action="/taches/suivante/"' in client.get(page).content.decode()
    response = client.post("/taches/suivante/", {"q": "", "path": "", "organisation": ""})
    assert response["Location"] == f"/dossiers/{journey.reference}/#agir"
    assert journey.task.owner == cast.reviewer


def test_the_next_task_stays_within_the_filters(cast: Cast) -> None:
    Journey.at(cast, "under_review", title="Fauteuils")
    roof = Journey.at(cast, "under_review", title="Toiture")
    client = at_the_site(cast.reviewer)
    page = client.get("/taches/?q=toiture&free=1").content.decode()
    assert re.search(r'action="/taches/suivante/".*?name="q" value="toiture"', page, re.DOTALL)
    client.post("/taches/suivante/", {"q": "toiture"})
    assert roof.task.owner == cast.reviewer
    before = stored()
    response = client.post("/taches/suivante/", {"q": "toiture"}, follow=True)
    assert "Aucune tâche libre ne vous attend" in messages(response)[-1]
    assert stored() == before


def test_after_an_act_the_next_task_is_offered(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client = at_the_site(cast.reviewer)
    data = {"step": "check", "outcome": "complete", "version": journey.dossier.version}
    page = client.post(f"/dossiers/{journey.reference}/agir/", data, follow=True)
    assert messages(page) == ["C’est fait, et inscrit au journal."]
    assert page.content.decode().count('action="/taches/suivante/"') == 1
    again = client.get(f"/dossiers/{journey.reference}/")
    assert 'action="/taches/suivante/"' not in again.content.decode()


# -- put aside ----------------------------------------------------------------------------------------


def test_a_task_is_put_aside_seen_and_woken(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client, task = at_the_site(cast.reviewer), journey.task.pk
    assert f'href="/taches/{task}/de-cote/"' in client.get("/taches/").content.decode()
    assert "60 jours au plus" in words(client.get(f"/taches/{task}/de-cote/"))
    page = client.post(f"/taches/{task}/de-cote/", {"until": ahead(2)}, follow=True)
    assert f"{journey.reference} est de côté jusqu’au" in messages(page)[0]
    assert "1 mise de côté" in words(page)
    assert "1 mise de côté" in words(client.get("/"))
    assert journey.reference not in [row.dossier.reference for row in page.context["page"].items]
    apart = client.get("/taches/?snoozed=1")
    assert "de côté jusqu’au" in words(apart)
    assert f'action="/taches/{task}/reprendre/"' in apart.content.decode()
    client.post(f"/taches/{task}/reprendre/")
    assert "Rien n’est de côté" in words(client.get("/taches/?snoozed=1"))
    assert not Snooze.objects.exists()


@pytest.mark.parametrize(
    ("until", "sentence"), [("", "Indiquez une date"), ("2014-01-01", "un jour à venir")]
)
def test_a_refused_day_keeps_what_was_typed(cast: Cast, until: str, sentence: str) -> None:
    journey = Journey.at(cast, "under_review")
    response = at_the_site(cast.reviewer).post(f"/taches/{journey.task.pk}/de-cote/", {"until": until})
    assert response.status_code == 422
    assert sentence in words(response)
    assert f'value="{until}"' in response.content.decode() or not until


def test_a_legal_date_is_quoted_on_the_page(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    Deadline.objects.filter(dossier=journey.pk, state=DeadlineState.RUNNING).update(
        kind="legal", due_on=clock.today() + timedelta(1)
    )
    response = at_the_site(cast.reviewer).post(f"/taches/{journey.task.pk}/de-cote/", {"until": ahead(9)})
    assert response.status_code == 422
    assert "au plus tard ce jour" in words(response)
    assert "<blockquote" in response.content.decode()


def test_outsiders_find_no_task_to_put_aside(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client = at_the_site(cast.est_agent)
    assert client.get(f"/taches/{journey.task.pk}/de-cote/").status_code == 404
    assert client.post(f"/taches/{journey.task.pk}/de-cote/", {"until": ahead(1)}).status_code == 404


def test_the_queue_sorted_by_date_goes_on_page_by_page(cast: Cast) -> None:
    """Without a date last; each task once, filters kept."""
    journeys = [Journey.start(cast, pieces=(), title=f"Opération {n}") for n in range(27)]
    for number, journey in enumerate(journeys[:26]):
        due = clock.today() + timedelta(60 - number // 2)
        type(journey.dossier).objects.filter(pk=journey.pk).update(next_due_on=due)
    type(journeys[26].dossier).objects.filter(pk=journeys[26].pk).update(next_due_on=None)
    client = at_the_site(cast.agent)
    first = client.get("/taches/?sort=due&q=operation")
    link = re.search(r'href="\?([^"]*cursor=[^"]*)"', first.content.decode())
    assert link is not None
    second = client.get("/taches/?" + link[1].replace("&amp;", "&"))
    found = [row.dossier.reference for page in (first, second) for row in page.context["page"].items]
    expected = sorted(range(26), key=lambda n: (-(n // 2), n))
    assert found == [journeys[n].reference for n in expected] + [journeys[26].reference]
    assert client.get("/taches/?sort=due&cursor=xx").status_code == 422


# -- what is new --------------------------------------------------------------------------------------


def marks(response: Any) -> list[str]:
    return [row.mark for row in response.context["page"].items]


def test_rows_say_what_one_has_not_seen(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client, address = at_the_site(cast.reviewer), f"/dossiers/{journey.reference}/"
    assert marks(client.get("/taches/")) == ["new"]
    client.get(address)
    assert marks(client.get("/taches/")) == [""]
    other = at_the_site(cast.reviewer2)
    assert marks(other.get("/taches/")) == ["new"]
    assert " nouveau " in words(other.get("/dossiers/"))
    assert " nouveau " not in words(client.get("/dossiers/"))
    journey.act("check.request_pieces", actor="reviewer2")
    journey.act("complete_file.resubmit")
    page = client.get("/taches/")
    assert marks(page) == ["changed"]
    assert "a changé depuis votre visite" in words(page)
    assert "a changé depuis votre visite" in words(client.get("/"))


def test_the_journal_marks_what_others_wrote_since(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client, address = at_the_site(cast.reviewer), f"/dossiers/{journey.reference}/"
    assert "depuis votre visite" not in words(client.get(address))  # on a first visit all would be new
    journey.act("check.request_pieces", actor="reviewer")
    journey.act("complete_file.resubmit")
    page = client.get(address)
    assert page.context["news"] == 1  # one's own act is no news
    assert [line["new"] for line in page.context["journal"]][:3] == [True, False, False]
    assert "1 écriture nouvelle depuis votre visite du" in words(page)
    assert client.get(address).context["news"] == 0


def test_a_page_that_fails_notes_no_visit(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client = at_the_site(cast.est_agent)
    assert client.get(f"/dossiers/{journey.reference}/").status_code == 404
    at_the_site(cast.reviewer).head(f"/dossiers/{journey.reference}/")
    data = {"step": "check", "outcome": "request_pieces", "version": "1"}
    refused = at_the_site(cast.reviewer).post(f"/dossiers/{journey.reference}/agir/", data)
    assert refused.status_code in (409, 422)
    assert not DossierVisit.objects.exists()


def test_visits_are_shown_to_nobody_else(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review", title="Toiture de Liévin")
    client = at_the_site(cast.reviewer)
    client.get(f"/dossiers/{journey.reference}/")
    assert "Vus récemment" in words(client.get("/"))
    for other in (cast.auditor, cast.manager, cast.admin, cast.reviewer2):
        page = words(at_the_site(other).get("/"))
        assert "Vus récemment" not in page
    dossier = at_the_site(cast.auditor).get(f"/dossiers/{journey.reference}/")
    assert "Irène" not in words(dossier).split("Journal", 1)[1].replace("Irène Instructrice, Instructeur", "")


def test_what_one_may_read_no_longer_is_not_recalled(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review", title="Toiture de Liévin")
    client = at_the_site(cast.reviewer)
    client.get(f"/dossiers/{journey.reference}/")
    cast.reviewer.role_grants.update(valid_until=clock.today() - timedelta(1))
    assert "Toiture" not in words(client.get("/"))


# -- since yesterday ----------------------------------------------------------------------------------


def test_home_tells_what_others_did_since_the_previous_working_day(cast: Cast) -> None:
    old = Journey.start(cast, title="Ascenseur d’Avion")
    with clock.at(clock.now() + timedelta(30)):
        seen = Journey.at(cast, "under_review", title="Toiture de Liévin")
        mine = Journey.start(cast, title="Fauteuils de Bruay")
        mine.act("prepare.submit", actor="agent")
        far = Journey.start(cast, body="carmi-est", title="Ailleurs")
        response = at_the_site(cast.agent).get("/")
        told = [one["dossier"].reference for one in response.context["changes"]["dossiers"]]
        assert told == [seen.reference]
        page = words(response)
        assert "Ce qui a changé depuis" in page
        assert "Signer et transmettre : Transmettre, Denis Directeur, le" in page
        assert old.reference not in told
        assert far.reference not in told


def test_home_tells_of_ten_dossiers_and_counts_the_others(cast: Cast) -> None:
    for number in range(12):
        Journey.start(cast, pieces=(), title=f"Opération {number}")
    response = at_the_site(cast.director).get("/")
    assert len(response.context["changes"]["dossiers"]) == 10
    assert "et 2 autres dossiers." in words(response)
    assert "Rien de nouveau" in words(at_the_site(cast.agent).get("/"))


# -- motives ------------------------------------------------------------------------------------------


def motive(cast: Cast, **options: Any) -> MotiveTemplate:
    given: dict[str, Any] = {
        "role": "reviewer",
        "organisation_id": cast.body["canssm"].pk,
        "title": "Devis manquant",
        "text": "Le devis du dossier {reference} manque.",
        "use": Use("fnmo_investment", "check", "request_pieces"),
        "actor": cast.reviewer,
    }
    return create_motive(**given | options)


def test_a_motive_is_taken_up_without_script_and_what_was_typed_stays(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    kept = motive(cast)
    client, address = at_the_site(cast.reviewer), f"/dossiers/{journey.reference}/"
    page = client.get(address).content.decode()
    assert page.count("Reprendre un motif") == 1  # for this act of this path only
    assert f'data-text="Le devis du dossier {journey.reference} manque."' in page
    before = stored()
    data = {
        "step": "check",
        "outcome": "request_pieces",
        "version": journey.dossier.version,
        "motive": "Bonjour,",
        "template": kept.public_id,
    }
    response = client.post(f"{address}motif/", data)
    assert response.status_code == 200
    assert (
        f"Bonjour,\n\nLe devis du dossier {journey.reference} manque.</textarea>" in response.content.decode()
    )
    assert "L’acte n’a pas été fait" not in words(response)
    assert stored() == before
    without = client.post(f"{address}motif/", data | {"template": ""})
    assert "Choisissez un motif dans la liste" in messages(without)[0]
    assert "Bonjour,</textarea>" in without.content.decode()


def test_a_motive_of_another_desk_is_not_offered(cast: Cast) -> None:
    """Not even to who sits at both: the act is done under one of them."""
    cast.give(cast.dg, (Role.REVIEWER, "canssm"))
    journey = Journey.at(cast, "awaiting_decision")
    kept = motive(cast, use=Use())
    address = f"/dossiers/{journey.reference}/"
    client = at_the_site(cast.dg)
    assert "Reprendre un motif" not in words(client.get(address))
    data = {"step": "decide", "outcome": "refuse", "motive": "Non.", "template": kept.public_id}
    response = client.post(f"{address}motif/", data)
    assert "n’est plus proposé" in messages(response)[0]
    assert "Le devis" not in words(response)


def test_motives_are_kept_changed_and_retired_on_their_page(cast: Cast) -> None:
    client = at_the_site(cast.reviewer)
    assert "Aucun motif" in words(client.get("/motifs/"))
    desk = f"reviewer@{cast.body['canssm'].pk}"
    data = {"desk": desk, "title": "Devis", "text": "Le devis {manque}.", "use": ""}
    refused = client.post("/motifs/nouveau/", data)
    assert refused.status_code == 422
    assert "Le devis {manque}.</textarea>" in refused.content.decode()
    client.post(
        "/motifs/nouveau/", data | {"text": "Le devis manque.", "use": "fnmo_investment/check/request_pieces"}
    )
    kept = MotiveTemplate.objects.get()
    page = words(client.get("/motifs/"))
    assert "Irène Instructrice, le" in page
    assert "Investissement FNMO — Instruire le dossier : Demander un complément" in page
    address = f"/motifs/{kept.public_id}/"
    assert re.search(
        r'value="fnmo_investment/check/request_pieces"\s+selected', client.get(address).content.decode()
    )
    changed = client.post(address, {"title": "Devis", "text": "Joignez le devis.", "use": ""}, follow=True)
    assert "Joignez le devis." in words(changed)
    other = at_the_site(cast.dg)
    assert other.get(address).status_code == 404
    assert other.post(f"{address}retirer/").status_code == 404
    assert at_the_site(cast.auditor).get("/motifs/").status_code == 403
    client.post(f"{address}retirer/")
    assert "Aucun motif" in words(client.get("/motifs/"))


def test_motives_cost_one_statement(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    client, address = at_the_site(cast.reviewer), f"/dossiers/{journey.reference}/"
    client.get(address)

    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(address)
        return len(found)

    before = count()
    for number in range(4):
        motive(cast, title=f"Motif {number}")
    assert count() == before <= 20


def test_keys_are_listed_on_their_page(cast: Cast) -> None:
    page = at_the_site(cast.agent).get("/raccourcis/")
    assert "Prendre la tâche suivante" in words(page)
    assert "data-keys-switch" in page.content.decode()


# -- versions of a piece, another dossier like this one -----------------------------------------------


def test_versions_of_a_piece_are_compared_in_words(cast: Cast) -> None:
    journey = Journey.start(cast)
    address = f"/dossiers/{journey.reference}/pieces/presentation_note/versions/"
    client = at_the_site(cast.agent)
    assert "n’a qu’une version" in words(client.get(address))
    assert "Comparer les versions" not in words(client.get(f"/dossiers/{journey.reference}/"))
    journey.add(content=PDF + b"% more\n", name="autre.pdf")
    journey.add(content=PDF + b"% more\n", name="encore.pdf", actor=cast.agent2)
    page = client.get(address)
    assert page.context["same_content"] is True
    assert [row["same"] for row in page.context["rows"]][:5] == [False, True, True, True, False]
    first = client.get(address + "?avant=1&apres=3")
    assert "leur contenu a changé" in words(first)
    assert (first.context["earlier"].version, first.context["later"].version) == (1, 3)
    assert "Comparer les versions" in words(client.get(f"/dossiers/{journey.reference}/"))
    for odd in ("?avant=9&apres=x", "?avant=2&apres=2", "?avant=-1"):
        assert client.get(address + odd).context["later"].version == 3


def test_a_superseded_file_is_opened_to_auditors_only(cast: Cast) -> None:
    journey = Journey.start(cast)
    journey.add(content=PDF + b"% more\n")
    address = f"/dossiers/{journey.reference}/pieces/presentation_note/versions/"
    assert words(at_the_site(cast.agent).get(address)).count("Ouvrir la version") == 1
    assert words(at_the_site(cast.auditor).get(address)).count("Ouvrir la version") == 2
    assert at_the_site(cast.est_agent).get(address).status_code == 404
    for kind in ("nothing", "economic_file", "decision"):
        assert at_the_site(cast.agent).get(address.replace("presentation_note", kind)).status_code == 404


@pytest.mark.parametrize("status", ["draft", "under_review", "executed"])
def test_a_dossier_serves_as_a_model_for_another(cast: Cast, status: str) -> None:
    journey = Journey.at(cast, status, title="Toiture de Liévin")
    client = at_the_site(cast.agent2)
    address = f"/nouveau/fnmo_investment/?modele={journey.reference}"
    assert address in client.get(f"/dossiers/{journey.reference}/").content.decode()
    before = stored(journey.reference)
    page = client.get(address)
    assert 'value="Toiture de Liévin"' in page.content.decode()
    assert "Ses pièces, avis, décisions, délais, messages et liens ne le sont pas" in messages(page)[0]
    assert stored(journey.reference) == before


def test_only_who_may_file_there_takes_a_dossier_as_a_model(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    address = f"/nouveau/fnmo_investment/?modele={journey.reference}"
    assert "modele=" not in at_the_site(cast.reviewer).get(f"/dossiers/{journey.reference}/").content.decode()
    assert at_the_site(cast.reviewer).get(address).status_code in (403, 404)
    assert at_the_site(cast.est_agent).get(address).status_code == 404
    other = address.replace("fnmo_investment", "virement")
    assert at_the_site(cast.agent).get(other).status_code in (403, 404)
