"""The page of the forecast in a browser: no fault that axe finds, nothing sticks out at 360 px, asked by keyboard."""

from collections.abc import Callable

from cases import clock
from tests.browser.people import NARROW, Person, Watch
from tests.browser.test_accessibility import look
from tests.forecasts import served, waiting
from tests.journeys import Cast

Open = Callable[..., Person]

QUEUE = "/charge/prevision/?role=reviewer&body=canssm&path=fnmo_investment&step=check"
PAGES = (
    ("prevision-choix", "/charge/prevision/"),
    ("prevision", QUEUE),
    ("prevision-hypothese", f"{QUEUE}&people=1&burst=20&place=ahead"),
    ("prevision-refus", f"{QUEUE}&people=beaucoup"),
)


def test_the_forecast_has_no_fault_and_does_not_scroll_sideways(
    cast: Cast, person: Open, watch: Watch
) -> None:
    watch.allow(422)
    waiting(cast, 3)
    manager = person("manager")
    faults = {"prevision-sans": found} if (found := _look(manager, "prevision-sans", QUEUE)) else {}
    served(clock.today())
    for name, address in PAGES:
        if found := _look(manager, name, address):
            faults[name] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())


def _look(manager: Person, name: str, address: str) -> list[str]:
    manager.go(address)
    return look(manager, name)


def test_what_if_is_asked_by_keyboard_without_javascript(cast: Cast, person: Open, watch: Watch) -> None:
    waiting(cast, 3)
    served(clock.today())
    manager = person("manager", script=False, viewport=NARROW)
    manager.go("/charge/prevision/")
    manager.link("Instruire le dossier").press("Enter")
    manager.field("Personnes de plus").fill("1")
    manager.button("Comparer").press("Enter")
    manager.sees("le rythme constaté est multiplié par 3/2")
