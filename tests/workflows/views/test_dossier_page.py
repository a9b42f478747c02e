"""The dossier page: what it tells to whom, at each state."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from cases import clock
from tests.journeys import Cast, Journey, impact
from tests.pages import at_the_site, words

pytestmark = pytest.mark.django_db


def shown(cast: Cast, who: str, journey: Journey) -> str:
    return words(at_the_site(cast.people[who]).get(f"/dossiers/{journey.reference}/"))


@pytest.mark.parametrize(
    ("status", "who", "yours"),
    [
        ("draft", "agent", "Soumettre au directeur régional"),
        ("submitted", "director", "Transmettre"),
        ("under_review", "reviewer", "Demander un complément"),
        ("to_complete", "agent", "Renvoyer à l’instruction"),
        ("awaiting_decision", "dg", "Valider l’investissement"),
        ("approved", "director", "Enregistrer l’engagement"),
        ("executed", "reviewer", "Clore"),
        ("refused", "reviewer", "Clore"),
    ],
)
def test_page_offers_the_act_to_whom_it_belongs_and_to_nobody_else(
    cast: Cast, status: str, who: str, yours: str
) -> None:
    journey = Journey.at(cast, status)
    page = shown(cast, who, journey)
    assert "À vous" in page
    assert yours in page
    for other in {"agent", "director", "reviewer", "dg", "manager", "auditor"} - {who}:
        content = at_the_site(cast.people[other]).get(f"/dossiers/{journey.reference}/").content.decode()
        assert f'type="submit">{yours}</button>' not in content.replace("\n", ""), other


def test_page_without_act_says_who_is_awaited(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    page = shown(cast, "auditor", journey)
    assert "Rien à faire de votre côté" in page
    assert "On attend « Décider » (Directeur général)." in page


def test_page_of_who_may_only_withdraw_does_not_claim_that_a_task_waits(cast: Cast) -> None:
    page = shown(cast, "agent", Journey.at(cast, "submitted"))
    assert "Rien à faire de votre côté" in page
    assert "Retirer le dossier motif obligatoire" in page
    assert "À vous" not in page


def test_page_of_a_draft_without_its_piece_is_still_for_its_agent(cast: Cast) -> None:
    page = shown(cast, "agent", Journey.start(cast, pieces=()))
    assert "À vous" in page
    assert "Rien à faire de votre côté" not in page


def test_page_says_at_its_head_what_was_asked_last(cast: Cast) -> None:
    page = shown(cast, "agent", Journey.at(cast, "to_complete"))
    assert "Demander un complément, Irène Instructrice, Instructeur — CANSSM, le" in page
    assert page.index("« Le devis manque. »") < page.index("Modifier les données")
    later = Journey.at(cast, "to_complete").follow("complete_file.resubmit")
    assert shown(cast, "agent", later).count("« Le devis manque. »") == 1


def test_stations_stand_in_the_order_of_the_route(cast: Cast) -> None:
    response = at_the_site(cast.agent).get(f"/dossiers/{Journey.at(cast, 'to_complete').reference}/")
    assert [(station["title"], station["state"]) for station in response.context["steps"]] == [
        ("Préparer le dossier", "done"),
        ("Signer et transmettre", "done"),
        ("Compléter le dossier", "current"),
        ("Instruire le dossier", "ahead"),
        ("Décider", "ahead"),
        ("Engager l’opération", "ahead"),
        ("Clore le dossier", "ahead"),
    ]


def test_page_says_where_the_dossier_stands_in_words(cast: Cast) -> None:
    page = shown(cast, "agent", Journey.at(cast, "under_review"))
    assert "En attente : Instruire le dossier (Instructeur), depuis le" in page
    assert "Décider à venir Directeur général" in page


def test_page_of_a_dispense_names_the_steps_that_are_spared(cast: Cast) -> None:
    journey = Journey.start(cast, "20000").follow("prepare.submit", "sign_off.transmit")
    page = shown(cast, "director", journey)
    assert "Hors du trajet de ce dossier : Instruire le dossier, Décider." in page
    assert "Dispense de validation" in page


def test_page_of_a_refusal_marks_the_step_and_gives_the_motive(cast: Cast) -> None:
    journey = Journey.at(cast, "refused")
    response = at_the_site(cast.agent).get(f"/dossiers/{journey.reference}/")
    assert "« Le devis manque. »" in words(response)
    assert "station--refused" in response.content.decode()


def test_page_draws_the_path_and_says_it_in_words(cast: Cast) -> None:
    content = (
        at_the_site(cast.agent).get(f"/dossiers/{Journey.at(cast, 'submitted').reference}/").content.decode()
    )
    assert "<svg" in content
    assert "Voir le plan complet du circuit" in content
    assert "&lt;svg" not in content


def test_page_says_what_blocks_with_the_rule(cast: Cast) -> None:
    page = shown(cast, "director", Journey.start(cast, pieces=()))
    assert "Ce qui bloque" in page
    assert "Note de présentation" in page
    assert "Lire la règle fnmo.investment.note" in page


def test_page_sums_a_deadline_line_by_line(cast: Cast) -> None:
    with clock.at(clock.now() - timedelta(days=40)):
        journey = Journey.at(cast, "under_review")
    page = shown(cast, "reviewer", journey)
    assert "+ 15 jours ouvrés" in page
    assert "Échéance :" in page
    assert "en retard" in page


def test_page_links_to_the_dossiers_of_a_possible_split(cast: Cast) -> None:
    other = Journey.start(cast, "15000").follow("prepare.submit", "sign_off.transmit")
    journey = Journey.at(cast, "submitted", "15000")
    content = at_the_site(cast.director).get(f"/dossiers/{journey.reference}/").content.decode()
    assert "Fractionnement possible" in content
    assert f'<a class="reference" href="/dossiers/{other.reference}/">{other.reference}</a>' in content


def test_page_shows_the_data_with_amounts_in_french(cast: Cast) -> None:
    journey = Journey.start(cast, "1234567.89", is_restructuring=True, impact=impact(2016, 2017, 2018))
    page = shown(cast, "agent", journey)
    assert "1 234 567,89 €" in page
    assert "Offre de soins 2016 −1 200,00 €" in page


def test_page_shows_the_journal_with_capacities_and_changes(cast: Cast) -> None:
    journey = Journey.at(cast, "approved")
    journey.act("commit.commit")
    page = shown(cast, "auditor", journey)
    assert "Gilles Général, Directeur général — CANSSM" in page
    assert "Décider : Valider l’investissement" in page
    assert "Pièce déposée : Note de présentation" in page
    assert "Montant engagé HT 25 000,50 €" in page
    assert "SHA-256" in page


def test_superseded_pieces_are_listed_for_auditors_only(cast: Cast) -> None:
    journey = Journey.start(cast)
    journey.add(content=b"%PDF-1.4\n% deux\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n")
    assert "version 1 remplacée" in shown(cast, "auditor", journey)
    assert "version 1 remplacée" not in shown(cast, "agent", journey)


def test_journal_export_is_accepted_by_the_stand_alone_verifier(cast: Cast, tmp_path: Path) -> None:
    journey = Journey.at(cast, "closed")
    response = at_the_site(cast.auditor).get(f"/dossiers/{journey.reference}/journal.json")
    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"] == f'attachment; filename="journal-{journey.reference}.json"'
    export = tmp_path / "journal.json"
    export.write_bytes(response.content)
    command = [sys.executable, "-I", str(settings.BASE_DIR / "cases" / "journal_chain.py"), str(export)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    data = json.loads(response.content)
    (data["entries"] if isinstance(data, dict) else data)[2]["motive"] = "Autre motif"
    export.write_text(json.dumps(data))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
