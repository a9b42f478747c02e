"""The keys that spare the mouse, their switch, and motives taken up at once."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.people import NARROW, Person
from tests.browser.test_accessibility import sticking_out, violations
from tests.journeys import Cast, Journey
from workflows.services.motives import create_motive

Open = Callable[..., Person]


def faults(someone: Person) -> list[str]:
    """What axe-core finds on the page, and what sticks out of it."""
    return violations(someone) + sticking_out(someone)


def arrived(someone: Person) -> None:
    """The page's own scripts listen by now: they come after its words."""
    someone.page.wait_for_load_state("load")


def test_keys_go_through_a_morning_and_can_be_switched_off(person: Open, cast: Cast) -> None:
    roof = Journey.at(cast, "under_review", title="Toiture de Liévin")
    Journey.at(cast, "under_review", title="Fauteuils dentaires")
    desk = person("reviewer")
    keys = desk.page.keyboard
    desk.go("/calendrier/")
    keys.press("g")
    keys.press("t")
    expect(desk.page).to_have_url(re.compile("/taches/$"))
    arrived(desk)
    keys.press("j")
    expect(desk.link("Toiture de Liévin")).to_be_focused()
    keys.press("j")
    expect(desk.link("Fauteuils dentaires")).to_be_focused()
    keys.press("j")
    expect(desk.link("Fauteuils dentaires")).to_be_focused()
    keys.press("k")
    keys.press("Enter")
    expect(desk.page.get_by_role("heading", name="Toiture de Liévin")).to_be_visible()
    arrived(desk)
    keys.press("g")
    keys.press("a")
    expect(desk.page).to_have_url(re.compile(r":\d+/$"))
    arrived(desk)
    desk.shoot("accueil-large")
    keys.press("n")
    desk.sees("La tâche est à vous.")
    assert roof.task.owner == cast.reviewer
    arrived(desk)
    keys.press("Shift+?")
    expect(desk.page).to_have_url(re.compile("/raccourcis/$"))
    desk.sees("Les raccourcis sont actifs sur ce navigateur.")
    desk.button("Désactiver les raccourcis sur ce navigateur").click()
    desk.sees("Les raccourcis sont désactivés sur ce navigateur.")
    desk.go("/taches/")
    keys.press("j")
    keys.press("?")
    expect(desk.page).to_have_url(re.compile("/taches/$"))
    expect(desk.link("Fauteuils dentaires")).not_to_be_focused()


def test_keys_rest_while_one_types_and_with_modifiers(person: Open, cast: Cast) -> None:
    Journey.at(cast, "under_review", title="Toiture de Liévin")
    desk = person("reviewer")
    desk.go("/taches/")
    keys = desk.page.keyboard
    keys.press("/")
    search = desk.field("Référence ou objet").last
    expect(search).to_be_focused()
    keys.type("jnk?/g")
    expect(search).to_have_value("jnk?/g")
    search.fill("")
    search.blur()
    keys.press("Control+j")
    keys.press("Alt+n")
    expect(desk.page).to_have_url(re.compile("/taches/$"))
    expect(desk.page.locator("[data-claim-next] button")).to_have_count(1)


def test_a_motive_is_taken_up_at_once_and_stays_editable(person: Open, cast: Cast) -> None:
    journey = Journey.at(cast, "under_review", title="Toiture de Liévin")
    create_motive(
        role="reviewer",
        organisation_id=cast.body["canssm"].pk,
        title="Devis manquant",
        text="Le devis de {objet} manque.",
        actor=cast.reviewer,
    )
    desk = person("reviewer", viewport=NARROW)
    desk.go(f"/dossiers/{journey.reference}/")
    box = desk.page.locator("details.action", has_text="Demander un complément").first
    box.locator("summary").first.click()
    sent: list[str] = []
    desk.page.on("request", lambda request: sent.append(request.method))
    box.get_by_label("Motif", exact=True).fill("Bonjour,")
    box.get_by_label("Reprendre un motif").select_option(label="Devis manquant")
    box.get_by_role("button", name="Insérer").click()
    expect(box.get_by_label("Motif", exact=True)).to_have_value(
        "Bonjour,\n\nLe devis de Toiture de Liévin manque."
    )
    assert sent == []
    assert faults(desk) == []
    box.get_by_role("button", name="Demander un complément").click()
    desk.sees("C’est fait, et inscrit au journal.")
    assert journey.status == "to_complete"
    Journey.at(cast, "under_review", title="Fauteuils dentaires")
    desk.go("/taches/")
    desk.link(re.compile("Mettre de côté")).first.click()
    assert faults(desk) == []
    desk.button(re.compile("^Jusqu’à lundi")).click()
    desk.sees("1 mise de côté")
    desk.go("/")
    assert faults(desk) == []
    desk.shoot("accueil-bureau")
