"""The pictures of the documentation: which page, whose, and what was done on it. One line each makes one more.

Taken from the demonstration on a day that never changes (``MOMENT``), by ``make screenshots``. Beside each picture lies
what Playwright reads on the page when it is taken, as a screen reader tells it (``<name>.aria.yml``): while the page
still reads so, the picture is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Page

from cases.clock import PARIS
from cases.models import Dossier
from tests.browser.people import NARROW, WIDE

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"

#: A Tuesday morning of the demonstration.
MOMENT = datetime(2026, 11, 17, 9, 30, tzinfo=PARIS)


@dataclass(frozen=True)
class Picture:
    """``address``: a path, or what finds it in the demonstration. ``done``: what is done before it is taken."""

    name: str
    who: str
    address: str | Callable[[], str]
    done: Callable[[Page], None] | None = None
    viewport: dict[str, int] | None = None
    #: What stands at the top of the picture (CSS).
    top: str = "body"

    @property
    def png(self) -> Path:
        """The picture."""
        return FOLDER / f"{self.name}.png"

    @property
    def aria(self) -> Path:
        """What the page said when it was taken."""
        return FOLDER / f"{self.name}.aria.yml"

    @property
    def size(self) -> dict[str, int]:
        """Width and height of the window, in pixels."""
        return self.viewport or WIDE


def _first(**wanted: object) -> Callable[[], str]:
    """The dossier of that kind that was filed last."""

    def find() -> str:
        found = Dossier.objects.filter(**wanted).order_by("-submitted_at", "-pk").first()
        assert found is not None, f"the demonstration has no dossier with {wanted}"
        return f"/dossiers/{found.reference}/"

    return find


def _simulate(page: Page) -> None:
    page.get_by_label("Objet de l’opération").fill("Fauteuils dentaires du centre de Lens")
    page.get_by_label("Montant HT de l’opération").fill("64 800,00")
    page.get_by_role("button", name="Simuler").first.click()
    page.get_by_text("Directeur général").first.wait_for()


def _forecast(page: Page) -> None:
    page.get_by_role("link", name=re.compile("Instruire le dossier")).first.click()
    page.get_by_role("heading", name="Sur quoi repose cette prévision").wait_for()


def _rehearse(page: Page) -> None:
    for row in page.get_by_role("row", name=re.compile("Instruire le dossier")).all()[:3]:
        row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Agir sur les dossiers cochés").first.click()
    page.get_by_role("button", name="Dossier complet : proposer à la décision").click()
    page.get_by_role("heading", name="Dossier par dossier").wait_for()


def _open_help(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Aide")).first.click()
    page.get_by_role("heading", name="Aide sur la page que vous regardiez").wait_for()


PICTURES = (
    Picture("dossier", "sante.canssm", _first(path="fnmo_investment", status="under_review")),
    Picture("accueil", "sante.canssm", "/"),
    Picture("taches", "sante.canssm", "/taches/"),
    Picture("taches-telephone", "sante.canssm", "/taches/", viewport=NARROW, top=".queue-tools"),
    Picture("nouveau", "agent.npdc", "/nouveau/fnmo_investment/", _simulate),
    Picture("recherche", "audit", "/dossiers/"),
    Picture("calendrier", "pilotage", "/calendrier/"),
    Picture("registre", "audit", "/registre/"),
    Picture("budget", "audit", "/budgets/FNGA/2015/"),
    Picture("charge", "pilotage", "/charge/"),
    Picture("prevision", "pilotage", "/charge/prevision/", _forecast),
    Picture("goulots", "pilotage", "/charge/circuits/fnmo_investment/", top="#titre-plan"),
    Picture("lots", "sante.canssm", "/taches/?path=fnmo_investment", _rehearse),
    Picture("delegations", "pilotage", "/delegations/aujourdhui/"),
    Picture("aide", "sante.canssm", "/taches/", _open_help),
)


def what_is_read(page: Page) -> str:
    """What the page says, without what differs each time: addresses, fingerprints."""
    lines = page.locator("body").aria_snapshot().splitlines()
    kept = [line for line in lines if not line.lstrip().startswith("- /url:")]
    return re.sub(r"\b[0-9a-f]{12,64}\b", "…", "\n".join(kept)) + "\n"
