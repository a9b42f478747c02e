"""Ouverture plans in a browser: no fault that axe finds, nothing sticks out at 360 px; an opinion given by keyboard."""

from collections.abc import Callable

from django.db import transaction
from playwright.sync_api import expect

from cases import clock
from tests.browser.people import NARROW, Person, Watch
from tests.browser.test_accessibility import look
from tests.journeys import Cast
from tests.opening_journeys import OpeningJourney

Open = Callable[..., Person]


def with_password(cast: Cast, *names: str) -> None:
    """People made for this test log in with the password of all."""
    for name in names:
        cast.people[name].password = cast.agent.password
        cast.people[name].save(update_fields=["password"])


def test_pages_of_a_plan_have_no_fault_and_do_not_scroll_sideways(
    cast: Cast, person: Open, watch: Watch
) -> None:
    watch.allow(422)
    with transaction.atomic():
        consulted = OpeningJourney.consulted(cast, at=clock.now())
        consulted.opinion("expert2", at=clock.now())
        adopted = OpeningJourney.adopted(cast)
        with_password(cast, "expert1")
    agent, expert = person("agent"), person("expert1")
    faults = {}
    for who, name, address in (
        (agent, "plan-nouveau", "/nouveau/ouverture_plan/"),
        (agent, "plan-consulte", f"/dossiers/{consulted.reference}/"),
        (expert, "plan-expert", f"/dossiers/{consulted.reference}/"),
        (agent, "plan-agrements", f"/dossiers/{adopted.reference}/"),
    ):
        who.go(address)
        if found := look(who, name):
            faults[name] = found
    agent.button("Enregistrer les agréments").click()
    agent.sees("Choisissez l’état de l’agrément d’une œuvre au moins")
    if found := look(agent, "plan-agrements-refus"):
        faults["plan-agrements-refus"] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())


def test_opinion_is_given_by_keyboard_without_script_on_a_narrow_screen(cast: Cast, person: Open) -> None:
    with transaction.atomic():
        journey = OpeningJourney.consulted(cast, at=clock.now())
        with_password(cast, "expert1")
    expert = person("expert1", script=False, viewport=NARROW)
    expert.go(f"/dossiers/{journey.reference}/")
    page = expert.page
    page.get_by_text("Avis réservé", exact=True).first.focus()
    page.keyboard.press("Enter")
    words = page.get_by_label("Avis motivé").nth(1)
    words.focus()
    page.keyboard.type("Le calendrier des travaux manque.")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Avis réservé")
    page.keyboard.press("Enter")
    expert.sees("C’est fait, et inscrit au journal.")
    expert.sees("Vous seul lisez cet avis pour l’instant.")
    expert.sees("1 avis rendu sur 3")
