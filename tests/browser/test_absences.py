"""Absences in a browser: no fault that axe finds, nothing sticks out at 360 px, declared without JavaScript."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import transaction

from cases import clock
from cases.models import Absence, User
from cases.services import declare_absence, set_deputy
from tests.browser.people import NARROW, Person, Watch
from tests.browser.test_accessibility import look
from tests.journeys import Cast

Open = Callable[..., Person]


def on(days: int) -> date:
    return clock.today() + timedelta(days=days)


@pytest.fixture
def absences(cast: Cast) -> None:
    """People away, one of them the deputy of another."""

    def away(user: User, deputy: User | None = None) -> None:
        declare_absence(user=user, first_day=on(0), last_day=on(9), deputy=deputy, declared_by=user)

    with transaction.atomic():
        set_deputy(user=cast.agent2, deputy=cast.carmi_manager, changed_by=cast.agent2)
        away(cast.agent, cast.director)
        away(cast.agent2)
        away(cast.carmi_manager)


def test_absences_have_no_fault_and_do_not_scroll_sideways(
    absences: None, person: Open, watch: Watch
) -> None:
    manager = person("carmi_manager")
    faults = {}
    for name, address in (("absences", "/absences/"), ("absences-personne", "/absences/agent/")):
        manager.go(address)
        if found := look(manager, name):
            faults[name] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())


def test_absence_is_declared_from_the_menu_without_javascript(cast: Cast, person: Open) -> None:
    agent = person("agent", script=False, viewport=NARROW)
    agent.go("/")
    agent.page.locator("details.account summary").click()
    agent.link("Absences et suppléance").click()
    agent.field("Premier jour d’absence").fill(on(3).isoformat())
    agent.field("Dernier jour d’absence").fill(on(5).isoformat())
    agent.field("Suppléant pendant cette absence").select_option("agent2")
    agent.button("Déclarer l’absence").click()
    agent.sees("est déclarée.")
    agent.sees("suppléant : Alain Agent")
    absence = Absence.objects.get()
    assert (absence.first_day, absence.last_day, absence.deputy) == (on(3), on(5), cast.agent2)
    agent.page.get_by_role("button", name="Annuler l’absence").click()
    agent.sees("Aucune absence à venir")
