"""The register of property in a browser: no fault that axe finds, nothing sticks out at 360 px, a mistake is kept."""

from collections.abc import Callable
from decimal import Decimal

from django.db import transaction

from tests.browser.people import Person, Watch
from tests.browser.test_accessibility import look
from tests.journeys import Cast, Journey
from tests.properties import building, empty, put_on_sale, sell

Open = Callable[..., Person]

PAGES = (
    ("patrimoine", "/patrimoine/"),
    ("patrimoine-vide", "/patrimoine/?q=introuvable"),
    ("patrimoine-refus", "/patrimoine/?use=chateau&cursor=x"),
    ("bien", "/patrimoine/lens-bureaux/"),
    ("bien-vendu", "/patrimoine/vendu/"),
    ("bien-nouveau", "/patrimoine/nouveau/"),
    ("bien-modifier", "/patrimoine/lens-bureaux/modifier/"),
    ("tableaux-de-bord", "/patrimoine/tableaux-de-bord/"),
)


def test_property_pages_have_no_fault_and_do_not_scroll_sideways(
    cast: Cast, person: Open, watch: Watch
) -> None:
    watch.allow(422)
    with transaction.atomic():
        dossier = Journey.start(cast).dossier
        sell(
            put_on_sale(cast, dossier, "vendu", name="Anciens bureaux de la société de secours"),
            dossier,
            cast,
        )
        put_on_sale(
            cast, Journey.start(cast).dossier, "npdc-valenciennes-antenne-administrative", **empty("90.5")
        )
        building(cast, net_book_value=Decimal("123456789.99"), occupants=1200)
    reviewer = person("reviewer")
    faults = {}
    for name, address in PAGES:
        reviewer.go(address)
        if found := look(reviewer, name):
            faults[name] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())
    reviewer.go("/patrimoine/lens-bureaux/")
    reviewer.page.get_by_label("Motif").fill("")
    reviewer.page.get_by_role("button", name="Changer la situation").click()
    assert "Indiquez pourquoi la situation change." in reviewer.page.inner_text("main")
