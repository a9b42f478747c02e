"""Whole journeys in the browser, by what the screen shows: the same with JavaScript and without."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cases import clock
from cases.models import Document, Dossier, JournalEntry
from tests.browser.people import Person, Watch
from tests.journeys import PDF, Cast, Journey

Open = Callable[..., Person]

TITLE = "Réfection de la toiture du centre de santé"
scripts = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A presentation note to upload."""
    path = tmp_path / "Note de présentation.pdf"
    path.write_bytes(PDF)
    return path


def arrive(person: Open, username: str, script: bool) -> Person:
    """Somebody comes to the site and logs in."""
    visitor = person(None, script=script)
    visitor.go("/")
    visitor.log_in(username)
    visitor.sees("Bonjour")
    return visitor


def open_task(someone: Person, step: str) -> None:
    """From the home page to the task of the dossier."""
    someone.link("Accueil").click()
    someone.link(f"{step} : {TITLE}").click()
    someone.sees("À vous")


def file_operation(agent: Person, amount: str, *, script: bool) -> None:
    """The form with the simulator, up to the draft."""
    agent.link("Préparer un dossier").first.click()
    agent.link("Investissement FNMO").click()
    agent.field("Objet de l’opération").fill(TITLE)
    agent.field("Montant HT de l’opération").fill(amount)
    if script:
        agent.field("Objet de l’opération").click()  # leaving the amount simulates
    else:
        agent.button("Simuler").click()
    expect(agent.page.get_by_role("heading", name="Le circuit, étape par étape")).to_be_visible()
    agent.shoot(f"simulation{'' if script else '-no-script'}-{amount[:2]}")
    agent.field("Centre de santé de Lens (Lens)").check()
    agent.field("Nature de l’opération").fill("Travaux")
    agent.button("Enregistrer le brouillon").click()
    agent.sees("est enregistré. Joignez les pièces, puis soumettez-le.")
    assert agent.status() == "Brouillon"


def upload(agent: Person, label: str, file: Path) -> None:
    """Choose a file for a piece and send it."""
    piece = agent.page.get_by_role("listitem").filter(
        has=agent.page.get_by_role("heading", name=label, exact=True)
    )
    replace = piece.get_by_text("Remplacer par une nouvelle version")
    if replace.is_visible():
        replace.click()
    piece.get_by_label("Fichier").set_input_files(file)
    piece.get_by_role("button", name="Envoyer").click()
    agent.sees(f"« {file.name} » est joint au dossier.")


@scripts
def test_investment_goes_from_the_simulator_to_its_commitment(
    person: Open, cast: Cast, note: Path, tmp_path: Path, script: bool
) -> None:
    agent = arrive(person, "agent", script)
    file_operation(agent, "25 000,50 €", script=script)
    agent.sees("Ce qui bloque")
    upload(agent, "Note de présentation", note)
    expect(agent.page.get_by_text("Ce qui bloque")).to_have_count(0)
    agent.act("Soumettre au directeur régional")
    agent.sees("C’est fait, et inscrit au journal.")
    assert agent.status() == "Soumis"
    agent.sees("Rien à faire de votre côté")

    director = arrive(person, "director", script)
    open_task(director, "Signer et transmettre")
    director.act("Transmettre", {"Observation": "Conforme au plan de la CARMI."})
    assert director.status() == "En instruction"

    desk = arrive(person, "reviewer", script)
    desk.link("Tâches").first.click()
    desk.page.get_by_role("row").filter(has_text=TITLE).get_by_role("button", name="Prendre").click()
    desk.sees("La tâche est à vous.")
    desk.act("Demander un complément", {"Motif": "Le devis de l’étanchéité manque."})
    assert desk.status() == "À compléter"

    open_task(agent, "Compléter le dossier")
    agent.sees("Le devis de l’étanchéité manque.")
    agent.link("Modifier les données").click()
    agent.field("Nature de l’opération").fill("Travaux d’étanchéité")
    agent.button("Enregistrer").first.click()
    agent.sees("Travaux d’étanchéité")
    more = tmp_path / "Note et devis.pdf"
    more.write_bytes(PDF.replace(b"/Catalog", b"/Catalog /Lang (fr)"))
    upload(agent, "Note de présentation", more)
    agent.act("Renvoyer à l’instruction")
    assert agent.status() == "En instruction"

    open_task(desk, "Instruire le dossier")
    desk.shoot(f"instruction{'' if script else '-no-script'}")
    desk.act("Dossier complet : proposer à la décision")
    assert desk.status() == "En attente de décision"

    chief = arrive(person, "dg", script)
    open_task(chief, "Décider")
    chief.act("Valider l’investissement")
    assert chief.status() == "Validé"
    with chief.page.expect_download() as paper:
        chief.link("Décision (PDF").click()
    assert paper.value.path().read_bytes().startswith(b"%PDF-1.7")

    open_task(director, "Engager l’opération")
    director.act(
        "Enregistrer l’engagement",
        {"Date de l’engagement": clock.today().isoformat(), "Montant engagé HT": "24 999,99"},
    )
    assert director.status() == "Exécuté"

    open_task(desk, "Clore le dossier")
    desk.act("Clore")
    assert desk.status() == "Clos"
    desk.shoot(f"clos{'' if script else '-no-script'}")

    dossier = Dossier.objects.get()
    assert (dossier.status, dossier.title, str(dossier.amount_ht)) == ("closed", TITLE, "25000.50")
    assert dossier.data["nature"] == "Travaux d’étanchéité"
    assert Document.objects.filter(dossier=dossier, kind="presentation_note").count() == 2
    assert list(
        JournalEntry.objects.filter(dossier=dossier, action="perform")
        .order_by("sequence")
        .values_list("actor__username", "step", "outcome")
    ) == [
        ("agent", "prepare", "submit"),
        ("director", "sign_off", "transmit"),
        ("reviewer", "check", "request_pieces"),
        ("agent", "complete_file", "resubmit"),
        ("reviewer", "check", "complete"),
        ("dg", "decide", "approve"),
        ("director", "commit", "commit"),
        ("reviewer", "close", "close"),
    ]


@scripts
def test_small_operation_is_dispensed_and_committed(person: Open, cast: Cast, script: bool) -> None:
    agent = arrive(person, "agent", script)
    file_operation(agent, "20 000", script=script)
    agent.act("Soumettre au directeur régional")
    director = arrive(person, "director", script)
    open_task(director, "Signer et transmettre")
    director.act("Transmettre")
    assert director.status() == "Validé"
    director.sees("Dispense de validation")
    director.sees("Hors du trajet de ce dossier : Instruire le dossier, Décider.")
    director.act(
        "Enregistrer l’engagement",
        {"Date de l’engagement": clock.today().isoformat(), "Montant engagé HT": "20 000"},
    )
    assert director.status() == "Exécuté"


@scripts
def test_refusal_gives_its_motive_to_the_body(person: Open, cast: Cast, script: bool) -> None:
    journey = Journey.at(cast, "awaiting_decision", title=TITLE)
    chief = person("dg", script=script)
    chief.go("/")
    open_task(chief, "Décider")
    chief.act("Refuser", {"Motif": "Opération sans lien avec le projet régional."})
    assert chief.status() == "Refusé"
    agent = person("agent", script=script)
    agent.go("/avis/")
    agent.sees("Dossier refusé")
    agent.go(f"/dossiers/{journey.reference}/")
    agent.sees("Opération sans lien avec le projet régional.")
    agent.sees("Rien à faire de votre côté")
    agent.shoot(f"refus{'' if script else '-no-script'}")


@scripts
def test_refused_act_keeps_the_text_and_says_what_to_do(
    person: Open, cast: Cast, watch: Watch, script: bool
) -> None:
    watch.allow(409)
    journey = Journey.at(cast, "under_review", title=TITLE)
    desk = person("reviewer", script=script)
    desk.go(f"/dossiers/{journey.reference}/")
    journey.act("check.request_pieces", "reviewer2")
    journey.act("complete_file.resubmit")  # meanwhile the dossier went away and came back
    desk.act("Demander un complément", {"Motif": "Le plan de financement manque."})
    alert = desk.page.get_by_role("alert")
    expect(alert).to_contain_text("Le dossier a changé depuis que vous l’avez ouvert")
    if script:
        expect(alert).to_be_focused()
    expect(desk.field("Motif").and_(desk.page.locator(":visible"))).to_have_value(
        "Le plan de financement manque."
    )
    desk.act("Demander un complément")
    assert desk.status() == "À compléter"


def test_bad_input_of_a_new_dossier_stays_on_the_screen(person: Open, cast: Cast, watch: Watch) -> None:
    watch.allow(422)
    agent = person("agent")
    agent.go("/nouveau/fnmo_investment/")
    agent.field("Montant HT de l’opération").fill("gratuit")
    agent.button("Enregistrer le brouillon").click()
    alert = agent.page.get_by_role("alert")
    expect(alert).to_be_focused()
    expect(alert).to_contain_text("Donnez un objet à l’opération.")
    expect(agent.field("Montant HT de l’opération")).to_have_value("gratuit")
    alert.get_by_role("link", name="Objet de l’opération").click()
    expect(agent.field("Objet de l’opération")).to_be_focused()
    agent.shoot("saisie-refusee")
