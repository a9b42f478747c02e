"""« Mes flux » in a browser: no fault, no sideways scrolling, no script needed; a program then reads the address."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.test import Client

from tests.browser.people import NARROW, Person, Watch
from tests.browser.test_accessibility import look
from tests.journeys import Cast, Journey

Open = Callable[..., Person]


def test_feeds_page_has_no_fault_on_a_wide_screen_and_on_a_phone(
    cast: Cast, person: Open, watch: Watch
) -> None:
    reviewer, faults = person("reviewer"), {}
    watch.allow(422)

    def look_at(name: str) -> None:
        if found := look(reviewer, name):
            faults[name] = found

    reviewer.go("/flux/")
    look_at("flux-vide")
    reviewer.button("Créer l’adresse").click()
    look_at("flux-refuse")
    reviewer.page.get_by_label("Échéances d’un rôle").check()
    reviewer.button("Créer l’adresse").click()
    reviewer.page.locator("summary", has_text="Révoquer").click()
    look_at("flux-cree")
    admin = person("admin")
    admin.go("/personnes/reviewer/")
    admin.page.locator("summary", has_text="Révoquer ses adresses de flux (1)").click()
    if found := look(admin, "personne-flux"):
        faults["personne-flux"] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())


def test_address_is_made_copied_and_revoked_without_javascript(cast: Cast, person: Open) -> None:
    journey = Journey.at(cast, "under_review")
    reviewer = person("reviewer", script=False, viewport=NARROW)
    reviewer.go("/")
    reviewer.page.locator(".account summary").click()
    reviewer.link("Mes flux").click()
    reviewer.page.get_by_label("Mes échéances").check()
    reviewer.button("Créer l’adresse").click()
    address = urlsplit(reviewer.field("Nouvelle adresse").input_value()).path
    assert journey.reference in Client().get(address).content.decode()
    reviewer.page.locator("summary", has_text="Révoquer").click()
    reviewer.button("Révoquer cette adresse").click()
    reviewer.sees("les programmes n’y liront plus rien")
    assert Client().get(address).status_code == 404
