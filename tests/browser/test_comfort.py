"""The keyboard alone, and what JavaScript adds: comfort that no page depends on."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from cases.models import Dossier, JournalEntry
from tests.browser.people import NARROW, PASSWORD, Person, Watch
from tests.journeys import PDF, Cast, Journey

Open = Callable[..., Person]


def tab_to(someone: Person, name: str, limit: int = 80) -> None:
    """Press Tab until what has the focus is called ``name``; fails when the way is too long or gets caught."""
    for _ in range(limit):
        someone.page.keyboard.press("Tab")
        found = someone.page.evaluate(
            """() => {
              const one = document.activeElement;
              const label = one.labels && one.labels.length ? one.labels[0].textContent : "";
              return [one.getAttribute("aria-label") || label || one.textContent, one.matches(":focus-visible"),
                      getComputedStyle(one).outlineStyle, getComputedStyle(one).boxShadow];
            }"""
        )
        text = " ".join(found[0].split())
        assert found[1], f"focus cannot be seen on {text!r}"
        assert found[2] != "none" or found[3] != "none", f"no focus ring on {text!r}"
        if text == name:
            return
    raise AssertionError(f"{name!r} is not reached within {limit} tabs")


def test_a_clerk_without_mouse_logs_in_and_does_an_act(person: Open, cast: Cast) -> None:
    journey = Journey.at(cast, "under_review", title="Toiture de Liévin")
    desk = person(None)
    keys = desk.page.keyboard
    desk.go("/")
    tab_to(desk, "Identifiant")
    keys.type("reviewer")
    tab_to(desk, "Mot de passe")
    keys.type(PASSWORD)
    keys.press("Enter")
    desk.sees("Bonjour")
    tab_to(desk, "Aller au contenu")
    keys.press("Enter")
    tab_to(desk, "Instruire le dossier : Toiture de Liévin")
    keys.press("Enter")
    desk.sees("À vous")
    tab_to(desk, "Demander un complément motif obligatoire")
    keys.press("Enter")
    tab_to(desk, "Motif")
    keys.type("Le devis manque.")
    tab_to(desk, "Demander un complément")
    keys.press("Enter")
    desk.sees("C’est fait, et inscrit au journal.")
    assert journey.status == "to_complete"
    last = JournalEntry.objects.order_by("-pk").first()
    assert last is not None
    assert last.motive == "Le devis manque."


def test_skip_link_is_seen_when_it_has_the_focus(person: Open, cast: Cast) -> None:
    agent = person("agent")
    agent.go("/taches/")
    agent.page.keyboard.press("Tab")
    skip = agent.link("Aller au contenu")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()


def test_account_menu_opens_and_closes_from_the_keyboard(person: Open, cast: Cast) -> None:
    agent = person("agent")
    agent.go("/")
    summary = agent.page.locator("summary", has_text="Anne Agent")
    summary.focus()
    agent.page.keyboard.press("Enter")
    expect(agent.button("Se déconnecter")).to_be_visible()
    agent.page.keyboard.press("Tab")
    expect(summary).not_to_be_focused()
    agent.page.keyboard.press("Escape")
    expect(agent.button("Se déconnecter")).to_be_hidden()
    expect(summary).to_be_focused()


def test_log_out_from_the_menu(person: Open, cast: Cast) -> None:
    agent = person("agent", viewport=NARROW)
    agent.go("/")
    agent.page.locator("summary", has_text="Anne Agent").click()
    agent.button("Se déconnecter").click()
    agent.page.get_by_role("heading", name="Connexion").wait_for()
    agent.go("/")
    expect(agent.page.get_by_role("heading", name="Connexion")).to_be_visible()


def test_filters_of_the_queue_change_the_list_in_place(person: Open, cast: Cast) -> None:
    Journey.at(cast, "under_review", title="Toiture de Liévin")
    Journey.at(cast, "under_review", title="Fauteuils dentaires")
    desk = person("reviewer")
    desk.go("/taches/")
    desk.page.evaluate("window.sameDocument = true")
    desk.field("Référence ou objet").last.fill("toiture")
    desk.button("Filtrer").click()
    expect(desk.link("Fauteuils dentaires")).to_have_count(0)
    expect(desk.link("Toiture de Liévin")).to_be_visible()
    expect(desk.page.get_by_role("heading", name="Tâches")).to_have_count(1)
    assert desk.page.evaluate("window.sameDocument") is True
    assert "q=toiture" in desk.page.url
    desk.page.reload()
    expect(desk.link("Fauteuils dentaires")).to_have_count(0)
    expect(desk.field("Référence ou objet").last).to_have_value("toiture")


def test_a_form_is_sent_once_however_often_one_clicks(person: Open, cast: Cast) -> None:
    agent = person("agent")
    agent.go("/nouveau/fnmo_investment/")
    agent.field("Objet de l’opération").fill("Échographe")
    agent.field("Montant HT de l’opération").fill("12 000")
    agent.field("Centre de santé de Lens (Lens)").check()
    agent.field("Nature de l’opération").fill("Équipement médical")
    agent.button("Enregistrer le brouillon").dblclick()
    agent.sees("est enregistré. Joignez les pièces")
    assert Dossier.objects.count() == 1


def test_the_table_of_impacts_grows_while_one_types(person: Open, cast: Cast) -> None:
    agent = person("agent")
    agent.go("/nouveau/fnmo_investment/")
    for number in range(1, 6):
        agent.field(f"Gestion, ligne {number}").fill(f"Gestion {number}")
        agent.field(f"Année, ligne {number}").fill(str(2015 + number))
        agent.field(f"Montant (€), ligne {number}").fill("-100")
    agent.field("Objet de l’opération").fill("Regroupement")
    agent.field("Montant HT de l’opération").fill("48 000")
    agent.field("L’opération est liée à une restructuration").check()
    agent.field("Centre de santé de Lens (Lens)").check()
    agent.field("Nature de l’opération").fill("Travaux")
    agent.button("Enregistrer le brouillon").click()
    agent.sees("est enregistré")
    assert [row["gestion"] for row in Dossier.objects.get().data["impact"]] == [
        f"Gestion {number}" for number in range(1, 6)
    ]


def test_leaving_a_form_with_changes_asks_first(person: Open, cast: Cast) -> None:
    agent = person("agent")
    agent.go("/nouveau/fnmo_investment/")
    agent.field("Objet de l’opération").press_sequentially("Écho")
    asked: list[str] = []

    def stay(dialog: object) -> None:
        asked.append(getattr(dialog, "type"))  # noqa: B009 (playwright's Dialog)
        dialog.dismiss()  # type: ignore[attr-defined]

    agent.page.on("dialog", stay)
    agent.link("Tâches").click(no_wait_after=True)
    agent.page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    expect(agent.field("Objet de l’opération")).to_have_value("Écho")


def test_a_file_that_is_too_large_is_refused_before_it_travels(
    person: Open, cast: Cast, settings: object, tmp_path: Path
) -> None:
    settings.BERLINE_MAX_UPLOAD_MB = 1  # type: ignore[attr-defined]
    large = tmp_path / "note.pdf"
    large.write_bytes(PDF + b"%" * 2**20)
    journey = Journey.start(cast, pieces=())
    agent = person("agent")
    agent.go(f"/dossiers/{journey.reference}/")
    field = agent.page.get_by_label("Fichier : Note de présentation")
    sent: list[str] = []
    agent.page.on("request", lambda request: sent.append(request.method))
    field.set_input_files(large)
    agent.page.get_by_role("listitem").filter(has=field).get_by_role("button", name="Envoyer").click()
    assert "dépasse 1 Mo" in field.evaluate("one => one.validationMessage")
    assert "POST" not in sent


def test_a_file_that_is_too_large_is_refused_in_words_without_script(
    person: Open, cast: Cast, watch: Watch, settings: object, tmp_path: Path
) -> None:
    watch.allow(422)
    settings.BERLINE_MAX_UPLOAD_MB = 1  # type: ignore[attr-defined]
    large = tmp_path / "note.pdf"
    large.write_bytes(PDF + b"%" * 2**20)
    journey = Journey.start(cast, pieces=())
    agent = person("agent", script=False)
    agent.go(f"/dossiers/{journey.reference}/")
    field = agent.page.get_by_label("Fichier : Note de présentation")
    field.set_input_files(large)
    agent.page.get_by_role("listitem").filter(has=field).get_by_role("button", name="Envoyer").click()
    agent.sees("Ce fichier dépasse 1 Mo.")


def test_a_session_that_ended_leads_back_to_the_log_in(person: Open, cast: Cast) -> None:
    Journey.at(cast, "under_review", title="Toiture de Liévin")
    desk = person("reviewer")
    desk.go("/taches/")
    desk.context.clear_cookies()
    desk.button("Filtrer").click()
    expect(desk.page.get_by_role("heading", name="Connexion")).to_be_visible()
    desk.log_in("reviewer")
    desk.sees("Toiture de Liévin")


def test_administrator_grants_and_ends_a_role(person: Open, cast: Cast) -> None:
    office = person("admin")
    office.go("/")
    office.link("Rôles").click()
    office.field("Personne à qui attribuer un rôle").select_option("nobody")
    office.button("Attribuer un rôle").click()
    office.field("Rôle", exact=True).select_option(label="Instructeur")
    office.field("Organisation").select_option(label="CANSSM")
    office.field("Acte").fill("Note de service 12")
    office.button("Attribuer le rôle").click()
    office.sees("Le rôle « Instructeur » est attribué à Nadine Sans-Rôle.")
    office.page.locator("summary", has_text="Mettre fin à ce rôle").click()
    office.field("Motif").first.fill("Mutation")
    office.button("Mettre fin au rôle").click()
    office.sees("le rôle « Instructeur » prend fin.")
    office.shoot("personne-apres")
