"""Acts on many dossiers, through the pages: choose, see, confirm, follow, recall. No JavaScript anywhere."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from cases import clock
from cases.errors import Blocked
from cases.models import BulkRun, Dossier
from cases.work_terms import BulkKind
from tests.credit_journeys import NOW
from tests.journeys import Cast, Journey
from tests.opening_journeys import OpeningJourney
from tests.pages import at_the_site, messages, stored, words
from tests.workflows.services.test_bulk import COMPLETE, TRANSMIT, many, picks, work
from tests.workflows.test_statements import statements
from workflows.engine import all_paths
from workflows.selectors.bulk_forecast import Act, offer_key
from workflows.services import Pick, claim, preview, start_bulk

NEW = "/lots/nouveau/"


def tasks(journeys: list[Journey]) -> list[int]:
    return [one.task.pk for one in journeys]


def boxes(page: Any) -> list[str]:
    """The values of the boxes that are ticked."""
    return [
        value
        for value, rest in re.findall(r'name="item"\s+value="([^"]+)"\s+([^>]*)>', page.content.decode())
        if "checked" in rest
    ]


def see(client: Client, act: Act, journeys: list[Journey], **typed: Any) -> Any:
    return client.post(NEW, {"act": offer_key(act), "stage": "preview", "task": tasks(journeys), **typed})


def confirm(client: Client, act: Act, journeys: list[Journey], **typed: Any) -> Any:
    """Confirm what the forecast shows."""
    given = {"item": boxes(see(client, act, journeys, **typed)), **typed}
    return client.post(NEW, {"act": offer_key(act), "stage": "start", "task": tasks(journeys), **given})


def test_tasks_of_the_queue_are_chosen_forecast_confirmed_and_followed(cast: Cast) -> None:
    journeys = many(cast, 2, "under_review")
    bare = Journey.at(cast, "under_review")
    bare.dossier.documents.update(current=False)
    client = at_the_site(cast.reviewer)
    before = stored()
    page = client.post(NEW, {"task": tasks([*journeys, bare])})
    assert page.status_code == 200
    assert "3 dossiers choisis" in words(page)
    assert f'value="{offer_key(COMPLETE)}"' in page.content.decode()
    page = see(client, COMPLETE, [*journeys, bare])
    text = words(page)
    assert "Seraient traités : 2. Laissés de côté : 1." in text
    assert "Le dossier devient « En attente de décision »" in text
    assert "La pièce « Note de présentation » manque" in text
    assert len(boxes(page)) == 2
    assert stored() == before
    answer = confirm(client, COMPLETE, [*journeys, bare])
    run = BulkRun.objects.get()
    assert answer["Location"] == f"/lots/{run.public_id}/"
    page = client.get(answer["Location"])
    assert "rien n’est encore fait : vous pouvez rappeler ce lot jusqu’à" in words(page)
    assert 'hx-trigger="every 4s"' in page.content.decode()
    assert "2 sur 2" not in words(page)
    listed = words(client.get("/lots/"))
    assert "Dossier complet" in listed
    assert "0 sur 2" in listed


def test_motive_for_each_is_typed_in_the_table_and_kept_when_one_is_missing(cast: Cast) -> None:
    act = Act(BulkKind.PERFORM, "fnmo_investment", "check", "request_pieces")
    first, second = journeys = many(cast, 2, "under_review")
    client = at_the_site(cast.reviewer)
    page = see(client, act, journeys, each="1")
    assert page.content.decode().count('name="motive-') == 2
    ticked = boxes(page)
    own = {f"motive-{first.task.pk}": "Le devis <b>manque</b>."}
    answer = client.post(
        NEW,
        {
            "act": offer_key(act),
            "stage": "start",
            "each": "1",
            "task": tasks(journeys),
            "item": ticked,
            **own,
        },
    )
    assert answer.status_code == 422
    assert "demande un motif" in words(answer)
    assert "Le devis &lt;b&gt;manque&lt;/b&gt;." in answer.content.decode()
    assert boxes(answer) == ticked
    assert not BulkRun.objects.exists()
    answer = client.post(
        NEW,
        {
            "act": offer_key(act),
            "stage": "start",
            "each": "1",
            "task": tasks(journeys),
            "item": ticked[:1],
            **own,
        },
    )
    assert answer.status_code == 302
    (item,) = BulkRun.objects.get().items.all()
    assert (item.dossier_id, item.motive) == (first.pk, own[f"motive-{first.task.pk}"])


def test_data_of_an_act_are_asked_once_and_mistakes_keep_what_was_typed(cast: Cast) -> None:
    journeys = many(cast, 2, "approved")
    act = Act(BulkKind.PERFORM, "fnmo_investment", "commit", "commit")
    client = at_the_site(cast.director)
    page = client.post(NEW, {"act": offer_key(act), "stage": "fill", "task": tasks(journeys)})
    assert 'name="committed_on"' in page.content.decode()
    day = journeys[0].commitment()["committed_on"]
    page = see(client, act, journeys, committed_on=day, committed_amount_ht="beaucoup")
    assert page.status_code == 422
    assert 'value="beaucoup"' in page.content.decode()
    page = see(client, act, journeys, committed_on=day, committed_amount_ht="99 999,00")
    assert "Seraient traités : 0. Laissés de côté : 2." in words(page)  # beyond what was approved
    assert not boxes(page)
    typed = {"data": f'{{"committed_on": "{day}", "committed_amount_ht": "1 000,00"}}'}
    answer = confirm(client, act, journeys, **typed)
    assert answer.status_code == 302
    assert BulkRun.objects.get().data["committed_amount_ht"] == "1 000,00"


def test_no_form_of_an_outcome_has_a_field_that_the_pages_use_themselves() -> None:
    ours = {"task", "act", "stage", "data", "to", "each", "item", "motive", "all"}
    for path in all_paths():
        for step in path.steps():
            for outcome in step.outcomes.values():
                assert not ours & set(outcome.form.base_fields if outcome.form else ())


def test_tasks_are_given_to_one_person_who_may_have_them(cast: Cast) -> None:
    journeys = many(cast, 2, "under_review")
    claim(task_id=journeys[0].task.pk, actor=cast.reviewer)
    client, act = at_the_site(cast.manager), Act(BulkKind.REASSIGN)
    page = client.post(NEW, {"task": tasks(journeys)})
    assert "Réaffectation" in words(page)
    assert "Dossier complet" not in words(page)  # a manager decides nothing
    page = client.post(NEW, {"act": "reassign", "stage": "fill", "task": tasks(journeys)})
    assert "Igor Instructeur" in words(page)
    assert "Gilles Général" not in words(page)
    for nobody in ("", str(cast.dg.pk), "x" * 30):
        page = see(client, act, journeys, to=nobody)
        assert page.status_code == 422
        assert "Choisissez la personne" in words(page)
    answer = confirm(client, act, journeys, to=cast.reviewer2.pk, motive="Congé")
    assert answer.status_code == 302
    run = BulkRun.objects.get()
    assert (run.to, run.starts_at) == (cast.reviewer2, run.created_at)
    assert [item.held_by for item in run.items.order_by("pk")] == [cast.reviewer, None]


def test_too_many_too_few_and_nonsense(cast: Cast) -> None:
    client = at_the_site(cast.reviewer)
    for ids, said in (
        (range(1, 502), "Plus de 500 dossiers sont choisis"),
        ([], "Choisissez au moins un dossier"),
        (["x", "-1", "9" * 40], "Choisissez au moins un dossier"),
    ):
        answer = client.post(NEW, {"task": ids}, follow=True)
        assert said in " ".join(messages(answer))
    journey = Journey.at(cast, "under_review")
    for act in ("perform", "perform:a:b:c", "claim:x", "burn", f"{offer_key(COMPLETE)}:x"):
        page = client.post(NEW, {"act": act, "stage": "preview", "task": journey.task.pk})
        assert "1 dossier choisi" in words(page)
    for item in ("", "a:b:c", f"{journey.task.pk}", f"{journey.task.pk}:99999999999:"):
        answer = client.post(
            NEW, {"act": offer_key(COMPLETE), "stage": "start", "task": journey.task.pk, "item": item}
        )
        assert answer.status_code == 422
        assert "Choisissez au moins un dossier" in words(answer)
    given = {"act": offer_key(COMPLETE), "stage": "start", "item": f"{journey.task.pk}:1:987654321"}
    answer = client.post(NEW, given | {"task": journey.task.pk})
    assert answer.status_code == 422
    assert "La liste des dossiers est illisible" in words(answer)
    commit = offer_key(Act(BulkKind.PERFORM, "fnmo_investment", "commit", "commit"))
    answer = client.post(
        NEW, {"act": commit, "stage": "preview", "task": journey.task.pk, "data": "[" * 5_000}
    )
    assert answer.status_code in (200, 422)
    assert not BulkRun.objects.exists()


def test_people_of_other_desks_are_not_named_to_who_may_not_hand_their_tasks_over(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    given = {"act": "reassign", "stage": "fill", "task": journey.task.pk}
    for user, named in ((cast.agent, False), (cast.carmi_manager, False), (cast.manager, True)):
        page = at_the_site(user).post(NEW, given)
        assert page.status_code == 200
        assert ("Gilles Général" in words(page)) is named, user
    answer = at_the_site(cast.agent).post(NEW, given | {"stage": "start", "to": cast.dg.pk, "motive": "Vite"})
    assert answer.status_code == 422


def test_whole_list_of_the_queue_is_taken_with_its_filters(cast: Cast) -> None:
    journeys = [Journey.start(cast, pieces=()) for _ in range(27)]
    claim(task_id=journeys[0].task.pk, actor=cast.agent)
    client = at_the_site(cast.agent)
    page = client.get("/taches/").content.decode()
    assert (page.count('form="lot"'), page.count("checked")) == (25, 0)
    assert 'href="?tout=1"' in page
    ticked = client.get("/taches/?free=1&tout=1").content.decode()
    assert (ticked.count('form="lot"'), ticked.count("checked")) == (25, 25)
    assert "27 dossiers choisis" in words(client.post(NEW, {"all": "1", "path": "fnmo_investment"}))
    assert "1 dossier choisi." in words(client.post(NEW, {"all": "1", "mine": "1"}))
    assert "26 dossiers choisis" in words(client.post(NEW, {"all": "1", "free": "1", "q": "lens"}))


def test_opinions_asked_in_person_are_never_given_in_bulk(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    expert = cast.people["expert1"]
    task = next(one for one in journey.tasks() if one.owner_id == expert.pk)
    act = Act(
        BulkKind.PERFORM, "ouverture_plan", "expert_opinions", "favourable", {"text": "Le plan est fondé."}
    )
    with clock.at(NOW):
        page = at_the_site(expert).post(NEW, {"task": task.pk})
        assert "Un avis demandé en personne, ou scellé, ne se traite pas en lot" in words(page)
        assert "Aucun acte ne se fait en lot" in words(page)
        for one in (act, Act(BulkKind.RELEASE), Act(BulkKind.CLAIM), Act(BulkKind.REASSIGN, to=expert)):
            (forecast,) = preview(actor=expert, act=one, task_ids=[task.pk])
            assert [reason.code for reason in forecast.reasons] == ["in_person"]
            with pytest.raises(Blocked, match="ne se traite pas en lot"):
                start_bulk(actor=expert, act=one, picks=[Pick(task.pk, 1)], motive="Vite")
    assert not BulkRun.objects.exists()


def test_outsiders_see_neither_dossiers_nor_runs(cast: Cast) -> None:
    journey = Journey.at(cast, "submitted")
    run = start_bulk(actor=cast.director, act=TRANSMIT, picks=picks([journey]))
    addresses = [f"/lots/{run.public_id}/{end}" for end in ("", "resultats.csv", "resultats.xlsx")]
    for name, user in cast.people.items():
        client = at_the_site(user)
        expected = 200 if name in ("director", "auditor") else 404
        assert {client.get(address).status_code for address in addresses} == {expected}, name
        recalled = client.post(f"/lots/{run.public_id}/rappeler/").status_code
        assert recalled == (404 if name != "director" else 302), name
    assert "rappelé" in words(at_the_site(cast.auditor).get(addresses[0])).lower()
    for user in (cast.est_director, cast.nobody):
        for stage in ("", "preview", "start"):
            given = {"act": offer_key(TRANSMIT), "stage": stage, "task": journey.task.pk}
            answer = at_the_site(user).post(NEW, given | {"item": f"{journey.task.pk}:1:"})
            assert answer.status_code == 404, stage
    assert BulkRun.objects.count() == 1


def test_results_are_shown_filed_and_hidden_from_who_may_no_longer_read(people: Cast) -> None:
    good, bare = many(people, 2, "under_review")
    bare.dossier.documents.update(current=False)
    run = start_bulk(actor=people.reviewer, act=COMPLETE, picks=picks([good, bare]))
    client = at_the_site(people.reviewer)
    answer = client.post(f"/lots/{run.public_id}/rappeler/")
    assert answer["Location"] == f"/lots/{run.public_id}/"
    run = start_bulk(actor=people.reviewer, act=COMPLETE, picks=picks([good, bare]))
    work(run)
    Dossier.objects.filter(pk=good.pk).update(title="=HYPERLINK(A1)")
    page = client.get(f"/lots/{run.public_id}/")
    assert "Terminé" in words(page)
    assert "Note de présentation" in words(page)
    assert "hx-trigger" not in page.content.decode().split('id="avancement"')[1]
    assert good.reference not in words(client.get(f"/lots/{run.public_id}/?state=refused"))
    late = client.post(f"/lots/{run.public_id}/rappeler/", follow=True)
    assert "rien à rappeler" in " ".join(messages(late))
    sheet = client.get(f"/lots/{run.public_id}/resultats.csv")
    rows = list(csv.reader(io.StringIO(sheet.getvalue().decode("utf-8-sig")), delimiter=";"))
    assert {row[0]: row[3] for row in rows[1:]} == {good.reference: "Fait", bare.reference: "Refusé"}
    book = load_workbook(io.BytesIO(client.get(f"/lots/{run.public_id}/resultats.xlsx").getvalue()))
    assert [row[0].value for row in book.active.iter_rows(min_row=4)] == [good.reference, bare.reference]
    assert rows[1][1] == "'=HYPERLINK(A1)"  # a title is never a formula
    assert (book.active["B4"].value, book.active["B4"].data_type) == ("=HYPERLINK(A1)", "s")
    people.reviewer.role_grants.update(valid_until="2014-02-01")
    page = client.get(f"/lots/{run.public_id}/")
    assert "Dossier qui ne vous est plus accessible" in words(page)
    assert good.reference not in words(page)
    assert good.reference not in client.get(f"/lots/{run.public_id}/resultats.csv").getvalue().decode()


def test_home_tells_of_what_goes_on_and_of_what_ended_since_the_last_working_day(people: Cast) -> None:
    good, bare = many(people, 2, "under_review")
    bare.dossier.documents.update(current=False)
    run = start_bulk(actor=people.reviewer, act=COMPLETE, picks=picks([good, bare]))
    client = at_the_site(people.reviewer)
    assert "proposer à la décision En attente : 0 sur 2" in words(client.get("/"))
    work(run)
    assert "proposer à la décision Terminé : 2 sur 2 1 à revoir" in words(client.get("/"))
    assert "Vos lots" not in words(at_the_site(people.reviewer2).get("/"))
    BulkRun.objects.update(finished_at=clock.now() - timedelta(days=9))
    assert "Vos lots" not in words(client.get("/"))


@pytest.mark.parametrize("count", [1, 3])
def test_pages_cost_the_same_whatever_the_number(cast: Cast, count: int) -> None:
    journeys = many(cast, count)
    client = at_the_site(cast.director)
    run = start_bulk(actor=cast.director, act=TRANSMIT, picks=picks(journeys))
    pages = {
        "choose": lambda: client.post(NEW, {"task": tasks(journeys)}),
        "forecast": lambda: see(client, TRANSMIT, journeys),
        "run": lambda: client.get(f"/lots/{run.public_id}/"),
        "list": lambda: client.get("/lots/"),
    }
    chosen = tasks(journeys)
    assert chosen
    found = {}
    for name, page in pages.items():
        page()
        found[name] = len(statements(page))
    found["forecast"] -= count  # ``tasks`` of the test itself
    found["choose"] -= count
    assert found == {"choose": 7, "forecast": 7, "run": 8, "list": 6}
