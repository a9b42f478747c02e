"""The register of notices in a browser: no fault that axe finds, nothing sticks out at 360 px, files are fetched."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cases import clock
from cases.enums import Role
from notifications.enums import OutboxState
from tests.browser.people import NARROW, Person, Watch
from tests.browser.test_accessibility import look, sticking_out
from tests.journeys import Cast
from tests.told import Told, tell

Open = Callable[..., Person]
S = OutboxState

PAGES = (
    ("registre", "/registre/"),
    ("registre-en-retard", "/registre/?state=late"),
    ("registre-vide", "/registre/?fund=FNMO"),
    ("registre-refus", "/registre/?fund=FNXX&since=2026-03-02&until=hier&state=perdue"),
)


@pytest.fixture
def told(cast: Cast) -> list[str]:
    """Virements of each state, with mails of each kind; the references of the late ones."""
    today = clock.today()
    sent = datetime(2026, 3, 2, 10, tzinfo=UTC)
    long = "Virement FNGA 2026 : réaménagement interdépartemental des postes de travail de la liquidation"
    given = [
        Told(today, "dss", mails=((S.PENDING, None),)),
        Told(today, "db", mails=((S.UNADDRESSED, None),)),
        Told(today - timedelta(days=15), "cgefi", mails=((S.DELIVERED, sent),), fund="FNASS"),
        Told(today - timedelta(days=16), "dss", mails=((S.FAILED, None),), title=long),
        Told(date(2026, 3, 2), "dss", datetime(2026, 3, 5, 9, tzinfo=UTC), mails=((S.DELIVERED, sent),)),
        Told(date(2026, 3, 2), "db", datetime(2026, 3, 20, 9, tzinfo=UTC), mails=((S.DELIVERED, sent),)),
        Told(date(2026, 3, 2), "cgefi", datetime(2026, 3, 17, 9, tzinfo=UTC)),
        *(Told(date(2025, 6, 2) + timedelta(days=number), "dss", sent) for number in range(20)),
    ]
    return [
        one.dossier.reference for one in tell(cast, given) if one.due_on < today and not one.acknowledged_at
    ]


def test_register_has_no_fault_and_does_not_scroll_sideways(
    told: list[str], person: Open, watch: Watch
) -> None:
    watch.allow(422)
    auditor = person("auditor")
    faults = {}
    for name, address in PAGES:
        auditor.go(address)
        if found := look(auditor, name):
            faults[name] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())


def test_register_is_found_filtered_and_saved_without_javascript(
    told: list[str], person: Open, tmp_path: Path
) -> None:
    ministry = person("ministry", script=False, viewport=NARROW)
    ministry.go("/")
    ministry.link("Registre").click()
    ministry.field("Destinataire").select_option("dss")
    ministry.button("Afficher").click()
    ministry.link("En retard").click()
    assert "addressee=dss" in ministry.page.url
    assert "state=late" in ministry.page.url
    ministry.sees(told[0])
    ministry.sees("en échec")
    for name, magic in (("Exporter (XLSX)", b"PK"), ("Imprimer (PDF/A)", b"%PDF")):
        with ministry.page.expect_download() as download:
            ministry.link(name).click()
        saved = tmp_path / download.value.suggested_filename
        download.value.save_as(saved)
        assert "dss-late" in saved.name
        assert saved.read_bytes().startswith(magic)
    ministry.field("Destinataire").select_option("")
    ministry.button("Afficher").click()
    assert "state=late" in ministry.page.url
    ministry.link(told[0]).or_(ministry.link("Virement FNGA 2026 : réaménagement")).first.click()
    assert ministry.page.url.endswith(f"/dossiers/{told[0]}/")


def test_navigation_of_many_tabs_fits_every_width(cast: Cast, person: Open) -> None:
    cast.give(cast.agent2, (Role.ADMINISTRATOR, "canssm"), (Role.REVIEWER, "canssm"))
    for who, tabs in (("director", 8), ("agent", 9), ("agent2", 11)):
        someone = person(who)
        someone.go("/registre/")
        assert someone.page.locator(".tabs li").count() == tabs
        for width in (1600, 1280, 1024, 1000, 480, 479, 360):
            someone.page.set_viewport_size({"width": width, "height": 740})
            assert sticking_out(someone) == [], (who, width)
