"""The register of the œuvres in a browser: no fault that axe finds, nothing sticks out at 360 px, a mistake is kept."""

from collections.abc import Callable
from datetime import date

from django.db import transaction

from cases.models import Facility
from cases.register_terms import ApprovalState
from cases.services import add_professional, adhere, change_facility, close_facility, move_approval
from tests.browser.people import Person, Watch
from tests.browser.test_accessibility import look
from tests.journeys import Cast, Journey

Open = Callable[..., Person]

PAGES = (
    ("oeuvres", "/oeuvres/"),
    ("oeuvres-vide", "/oeuvres/?q=introuvable"),
    ("oeuvres-refus", "/oeuvres/?finess=620012340&kind=chateau"),
    ("oeuvre", "/oeuvres/cds-lens/"),
    ("oeuvre-sans-agrement", "/oeuvres/cds-lievin/"),
    ("oeuvre-fermee", "/oeuvres/pharmacie-bruay/"),
    ("oeuvre-nouvelle", "/oeuvres/nouvelle/"),
)


def test_facility_pages_have_no_fault_and_do_not_scroll_sideways(
    cast: Cast, person: Open, watch: Watch
) -> None:
    watch.allow(422)
    with transaction.atomic():
        lens = Facility.objects.get(code="cds-lens")
        change_facility(code=lens.code, actor=cast.agent, version=1, data={"finess": "620012344"})
        move_approval(
            lens, ApprovalState.EXISTING, actor=cast.agent, on=date(2015, 3, 3), act="Arrêté n° 2015-12"
        )
        adhere(lens, date(2015, 4, 1), actor=cast.agent)
        add_professional(
            lens, adeli="621012345", profession="Infirmier", since=date(2015, 1, 2), actor=cast.agent
        )
        Journey.start(cast, facilities=["cds-lens"])
        bruay = Facility.objects.get(code="pharmacie-bruay")
        close_facility(bruay, date(2015, 6, 30), actor=cast.reviewer, motive="Activité reprise à Lens.")
    reviewer = person("reviewer")
    faults = {}
    for name, address in PAGES:
        reviewer.go(address)
        if found := look(reviewer, name):
            faults[name] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())
    reviewer.go("/oeuvres/cds-lens/")
    reviewer.page.get_by_text("Fermer l’œuvre").click()
    reviewer.page.get_by_role("button", name="Enregistrer la fermeture").click()
    assert "Indiquez pourquoi l’œuvre ferme" in reviewer.page.inner_text("main")
    assert reviewer.page.get_by_role("button", name="Enregistrer la fermeture").is_visible()
