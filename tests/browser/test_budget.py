"""Budgets in a browser: no fault that axe finds, nothing sticks out at 360 px, keyboard alone, paper."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from playwright.sync_api import expect

from cases import clock
from cases.budget_terms import MovementKind
from cases.models import CreditMovement
from cases.services import ledger
from cases.services.ledger import Credit, Transfer
from tests.browser.people import NARROW, Person, Watch
from tests.browser.test_accessibility import look
from tests.credits import Credits, euros
from tests.journeys import Cast
from tests.spreadsheets import Workbook

Open = Callable[..., Person]

PAGES = (
    ("budgets", "/budgets/"),
    ("budget-fnga", "/budgets/FNGA/{year}/"),
    ("budget-fnass", "/budgets/FNASS/{year}/"),
    ("budget-fnass-2014", "/budgets/FNASS/2014/?le=2014-06-30"),
    ("budget-fnmo", "/budgets/FNMO/{year}/"),
    ("budget-date-fausse", "/budgets/FNGA/2015/?le=hier"),
    ("ligne", "/budgets/FNGA/{year}/A-I-3.info/"),
    ("ligne-somme", "/budgets/FNGA/{year}/A-I/"),
    ("ligne-longue", "/budgets/FNGA/{year}/A-I-2.autres/"),
    ("ligne-vide", "/budgets/FNGA/{year}/RN/"),
)


class Today(Credits):
    """Budgets of the current exercise, with a few movements of each sort, today."""

    def __init__(self, cast: Cast) -> None:
        with transaction.atomic():
            super().__init__(cast)
        self.now = clock.now()
        self.exercise = self.year(clock.today().year)

    def move(self, origin: str, target: str, amount: str, label: str) -> None:
        """A virement of the FNGA."""
        transfers = [Transfer(self.line(origin), self.line(target), euros(amount))]
        self.do(
            lambda: ledger.transfer(
                exercise=self.exercise, transfers=transfers, label=label, dossier=self.dossier
            )
        )

    def do(self, what: Callable[[], CreditMovement]) -> None:
        """An act of the dossier, now."""
        with transaction.atomic():
            self.act(what, at=clock.now())


@pytest.fixture
def book(cast: Cast) -> Today:
    """Budgets with movements, one line with two pages of them, one overdrawn, one with earmarked credits."""
    found = Today(cast)
    found.move("A-I-1", "A-I-3.info", "41250.5", "Renouvellement des postes de travail des CARMI")
    for number in range(105):
        found.move("A-I-2.info", "A-I-2.autres", "10", f"Ajustement {number}")
    for code, amount in (("A-I-3.info", "12000"), ("B-I", "950000"), ("A-I-1", "4106666.67")):
        line = found.line(code)
        found.do(
            lambda line=line, amount=amount: ledger.commit(  # type: ignore[misc]
                exercise=found.exercise,
                line=line,
                amount=euros(amount),
                label="Commande groupée",
                dossier=found.dossier,
            )
        )
    found.do(
        lambda: ledger.credit(
            kind=MovementKind.DISPOSAL,
            exercise=found.exercise,
            credits=[Credit(found.line("A-I-3.autres"), euros("182000"))],
            label="Vente de l’ancien dispensaire de Nœux-les-Mines",
            dossier=found.dossier,
            earmarked=True,
        )
    )
    return found


def test_pages_of_budgets_have_no_fault_and_do_not_scroll_sideways(
    book: Today, person: Open, watch: Watch
) -> None:
    watch.allow(422)
    someone = person("est_agent")
    faults = {}
    for name, address in PAGES:
        someone.go(address.format(year=book.exercise.year))
        if found := look(someone, name):
            faults[name] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())


@pytest.mark.parametrize("width", [800, 1024])
def test_budget_shows_all_its_columns_on_a_tablet(book: Today, person: Open, width: int) -> None:
    clerk = person("agent", viewport={"width": width, "height": 900})
    for fund in ("FNGA", "FNASS"):
        clerk.go(f"/budgets/{fund}/{book.exercise.year}/")
        hidden = clerk.page.evaluate(
            "() => { const one = document.querySelector('.budget-scroll'); return one.scrollWidth - one.clientWidth }"
        )
        assert hidden <= 0, fund
        clerk.shoot(f"budget-{fund.lower()}-{width}")


def follow(someone: Person, link: str) -> None:
    """Press Tab until that link has the focus, then Enter."""
    for _ in range(60):
        someone.page.keyboard.press("Tab")
        focused = someone.page.evaluate("document.activeElement.innerText") or ""
        if " ".join(focused.split()) == link:
            with someone.page.expect_navigation():
                someone.page.keyboard.press("Enter")
            return
    raise AssertionError(f"the Tab key does not come to « {link} »")


def test_budget_is_found_and_followed_with_the_keyboard_alone(book: Today, person: Open) -> None:
    clerk = person("agent", viewport=NARROW)
    year = book.exercise.year
    clerk.go("/")
    follow(clerk, "Budgets")
    follow(clerk, f"FNGA {year}")
    expect(clerk.page.get_by_role("heading", name=f"FNGA {year}")).to_be_visible()
    table = clerk.page.get_by_role("table")
    row = table.get_by_role("row").filter(has_text="A-I-3.info")
    expect(row.get_by_role("rowheader")).to_contain_text("Dépenses en capital : informatique")
    expect(row.get_by_role("cell").last).to_contain_text(re.compile(r"149\s250,50"))
    follow(clerk, "Dépenses en capital : informatique")
    clerk.sees("Virement : Renouvellement des postes de travail des CARMI")
    follow(clerk, book.dossier.reference)
    assert clerk.page.url.endswith(f"/dossiers/{book.dossier.reference}/")


def test_fund_exercise_and_day_are_chosen_without_javascript(book: Today, person: Open) -> None:
    clerk = person("agent", script=False)
    clerk.go("/budgets/FNGA/2015/")
    clerk.field("Fonds").select_option("FNASS")
    clerk.field("Exercice").select_option("2014")
    clerk.field("Soldes à la fin du").fill("2014-06-30")
    clerk.button("Afficher").click()
    assert clerk.page.url.endswith("/budgets/FNASS/2014/?le=2014-06-30")
    clerk.sees("Soldes à la fin du")
    clerk.sees("ni fongible, ni reportable")


def test_long_line_is_paged_and_exported(book: Today, person: Open) -> None:
    clerk = person("agent")
    clerk.go(f"/budgets/FNGA/{book.exercise.year}/A-I-2.autres/")
    clerk.sees("106 mouvements")
    clerk.link("Suivants").click()
    clerk.sees("Solde de la page précédente")
    clerk.sees("Ajustement 104")
    with clerk.page.expect_download() as download:
        clerk.link("Exporter (XLSX)").click()
    saved = download.value
    assert saved.suggested_filename == f"budget-FNGA-{book.exercise.year}-A-I-2.autres.xlsx"
    assert len(Workbook(Path(saved.path()).read_bytes()).table("Mouvements")) == 106


def test_printed_budget_keeps_its_columns_and_drops_what_paper_cannot_do(book: Today, person: Open) -> None:
    clerk = person("agent", viewport={"width": 1050, "height": 700})
    clerk.go(f"/budgets/FNASS/{book.exercise.year}/")
    clerk.page.emulate_media(media="print")
    for head in ("Base COG 2017", "Autorisé", "Disponible"):
        assert clerk.page.get_by_role("columnheader", name=head).is_visible(), head
    assert not clerk.button("Afficher").is_visible()
    assert not clerk.link("Exporter (XLSX)").is_visible()
    clerk.sees("Écarts dans le tableau imprimé")
    clerk.shoot("budget-impression")
