"""The calendar in a browser: no fault that axe finds, nothing sticks out at 360 px, without JavaScript, on paper."""

from collections.abc import Callable

import pytest
from django.db import transaction

from cases import clock
from tests.browser.people import NARROW, Person, Watch
from tests.browser.test_accessibility import look
from tests.browser.test_budget import follow
from tests.journeys import Cast
from workflows.services import open_obligations

Open = Callable[..., Person]

PAGES = (
    ("calendrier-annee", "/calendrier/?year=2015"),
    ("calendrier-en-retard", "/calendrier/"),
    ("calendrier-mois", "/calendrier/?view=month&year=2015&month=12"),
    ("calendrier-mois-vide", "/calendrier/?view=month&year=2016&month=2"),
    ("calendrier-organisme", "/calendrier/?view=body&year=2005"),
)


@pytest.fixture
def opened(cast: Cast) -> dict[str, str]:
    """The dossiers of last year's exercise: nearly all of them late."""
    with transaction.atomic():
        return open_obligations(clock.today().year - 1, clock.today()).done


def test_calendar_has_no_fault_and_does_not_scroll_sideways(
    opened: dict[str, str], person: Open, watch: Watch
) -> None:
    reviewer = person("reviewer")
    faults = {}
    for name, address in PAGES:
        reviewer.go(address)
        if found := look(reviewer, name):
            faults[name] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())


def test_calendar_is_found_filtered_and_followed_to_a_dossier_without_javascript(
    opened: dict[str, str], person: Open
) -> None:
    reviewer = person("reviewer", script=False, viewport=NARROW)
    reviewer.go("/")
    reviewer.link("Calendrier").click()
    reviewer.sees("En retard")
    reviewer.field("Organisme").select_option("cdc")
    reviewer.field("Année").select_option("2015")
    reviewer.button("Afficher").click()
    assert "year=2015&party=cdc" in reviewer.page.url
    reviewer.sees("Statistiques mensuelles des avenants 24")
    reviewer.page.locator("main").get_by_role("link", name="Effacer").click()
    year = clock.today().year - 1
    reference = opened[f"calendar.c03 {year}"]
    reviewer.link(reference).first.click()
    reviewer.sees("Préparer le document")
    assert reviewer.page.url.endswith(f"/dossiers/{reference}/")


def test_calendar_is_walked_with_the_keyboard_alone(opened: dict[str, str], person: Open) -> None:
    reviewer = person("reviewer")
    reviewer.go("/")
    follow(reviewer, "Calendrier")
    follow(reviewer, "Par mois")
    assert "view=month" in reviewer.page.url


def test_printed_calendar_drops_what_paper_cannot_do(opened: dict[str, str], person: Open) -> None:
    reviewer = person("reviewer", viewport={"width": 1050, "height": 700})
    reviewer.go("/calendrier/?year=2015")
    reviewer.page.emulate_media(media="print")
    assert not reviewer.button("Afficher").is_visible()
    assert not reviewer.link("Par mois").is_visible()
    assert reviewer.page.get_by_role("columnheader", name="Dû par").first.is_visible()
    reviewer.sees("Sans jour dans le texte")
    reviewer.shoot("calendrier-impression")
