"""The managers' pages of figures in a browser: no fault that axe finds, nothing sticks out at 360 px."""

from collections.abc import Callable

from tests.browser.people import NARROW, Person, Watch
from tests.browser.test_accessibility import look
from tests.journeys import Cast
from tests.tallied import busy_month

Open = Callable[..., Person]

MARCH = "since=2015-03-02&until=2015-03-29"
PATH = f"/charge/circuits/fnmo_investment/?{MARCH}"
BOTTLENECKS = (
    ("goulots", f"/charge/circuits/?{MARCH}"),
    ("goulots-circuit", f"{PATH}&organisation=carmi-npdc"),
    ("goulots-periodes", f"{PATH}&organisation=carmi-npdc&versus=previous"),
    ("goulots-refus", f"{PATH}&versus_since=hier&versus_organisation=carmi-est"),
)


def test_bottlenecks_have_no_fault_and_do_not_scroll_sideways(cast: Cast, person: Open, watch: Watch) -> None:
    watch.allow(422)
    busy_month(cast)
    manager = person("manager")
    faults = {}
    for name, address in BOTTLENECKS:
        manager.go(address)
        if found := look(manager, name):
            faults[name] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())


def test_bottlenecks_are_compared_by_keyboard_without_javascript(
    cast: Cast, person: Open, watch: Watch
) -> None:
    busy_month(cast)
    manager = person("manager", script=False, viewport=NARROW)
    manager.go(f"/charge/circuits/?{MARCH}")
    manager.link("Investissement FNMO").press("Enter")
    manager.field("Organisme des dossiers").select_option("carmi-npdc")
    manager.field("Comparer à une autre période").select_option("previous")
    manager.button("Afficher").press("Enter")
    manager.sees("contre 2 dans l’autre période")
    drawing = manager.page.get_by_role("group", name="Plan du circuit avec ses chiffres")
    drawing.focus()
    before = drawing.evaluate("one => one.scrollLeft")
    manager.page.keyboard.press("ArrowRight")
    # Asked from here: without JavaScript the page runs none of the frames that Playwright would wait by.
    for _ in range(100):
        if drawing.evaluate("one => one.scrollLeft") > 0:
            break
        manager.page.wait_for_timeout(50)
    assert before == 0
    assert drawing.evaluate("one => [one.scrollLeft > 0, one.scrollWidth > one.clientWidth]") == [True, True]
