"""A virement in a browser: the lines of the fund, what the text allows at once, with and without JavaScript."""

import re
from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import expect

from cases.models import Dossier
from cases.services import load_budgets
from tests.browser.people import NARROW, Person
from tests.browser.test_accessibility import look
from tests.journeys import Cast

Open = Callable[..., Person]


@pytest.fixture
def budgets(cast: Cast) -> None:
    """The real budgets, the current exercise being open."""
    with transaction.atomic():
        load_budgets()


def row(person: Person, number: int, origin: str, target: str, amount: str = "") -> None:
    """Choose the lines of a row and type its amount."""
    person.field(f"De, ligne {number}").select_option(origin)
    person.field(f"Vers, ligne {number}").select_option(target)
    if amount:
        person.field(f"Montant (€), ligne {number}").fill(amount)


def panel(person: Person, text: str | re.Pattern[str]) -> None:
    """The simulator's panel says this."""
    expect(person.page.locator("#simulation")).to_contain_text(text)


def test_classification_changes_while_lines_are_chosen(budgets: None, person: Open) -> None:
    agent = person("agent")
    agent.go("/nouveau/virement/")
    agent.sees("Choisissez le fonds pour voir ses lignes budgétaires.")
    agent.field("Fonds").select_option("FNASS")
    expect(agent.field("De, ligne 1").locator("optgroup").first).to_be_attached()
    agent.field("Fonds").select_option("FNGA")
    expect(agent.field("De, ligne 1").locator("option[value='A-I-1']")).to_be_attached()
    row(agent, 1, "A-I-1", "A-I-2.autres")
    panel(agent, "autorisé, avec information dans les 15 jours")
    assert not look(agent, "virement-autorise")
    agent.field("De, ligne 1").select_option("A-II-1")
    panel(agent, "n’est dans aucun groupe de fongibilité")
    panel(agent, "Il faut « Dérogation de virement ».")
    agent.field("De, ligne 1").select_option("A-I-1")
    agent.field("Montant (€), ligne 1").fill("12 000")
    agent.field("Motif du virement").fill("Remplacement des postes de travail")
    panel(agent, "Disponible")
    agent.button("Ajouter des lignes").click()
    expect(agent.field("De, ligne 4")).to_be_focused()
    expect(agent.field("De, ligne 4")).to_have_value("")
    agent.button("Enregistrer le brouillon").click()
    agent.sees("Brouillon")
    agent.act("Soumettre à l’agent comptable")
    expect(agent.page.locator(".dossier-head .status")).to_have_text("Soumis")
    assert not look(agent, "virement-soumis")


def test_forbidden_virement_is_taken_over_to_the_path_that_allows_it(budgets: None, person: Open) -> None:
    agent = person("agent")
    agent.go("/nouveau/virement/?fund=FNGA")
    row(agent, 1, "A-I-2.autres", "A-I-1", "7 000")
    agent.field("Motif du virement").fill("Rappels de salaire")
    agent.button("Reprendre cette saisie").click()
    agent.page.wait_for_url("**/virement_derogation/**")
    expect(agent.field("De, ligne 1")).to_have_value("A-I-2.autres")
    expect(agent.field("Montant (€), ligne 1")).to_have_value("7 000")
    expect(agent.field("Motif du virement")).to_have_value("Rappels de salaire")
    panel(agent, "possible par ce circuit")
    assert not look(agent, "derogation")


def test_virement_is_filed_without_javascript_on_a_phone(budgets: None, person: Open) -> None:
    agent = person("agent", script=False, viewport=NARROW)
    agent.go("/nouveau/virement/")
    agent.field("Motif du virement").fill("Remplacement des postes de travail")
    agent.field("Fonds").select_option("FNGA")
    agent.button("Afficher les lignes de ce fonds").click()
    expect(agent.field("Motif du virement")).to_have_value("Remplacement des postes de travail")
    row(agent, 1, "A-I-1", "A-I-2.autres", "12 000")
    row(agent, 2, "A-I-1", "A-I-3.info", "1")
    row(agent, 3, "A-I-1", "A-I-3.autres", "2")
    agent.button("Ajouter des lignes").click()
    expect(agent.field("Montant (€), ligne 6")).to_have_value("")
    panel(agent, "autorisé, avec information dans les 15 jours")
    agent.button("Enregistrer le brouillon").click()
    agent.act("Soumettre à l’agent comptable")
    expect(agent.page.locator(".dossier-head .status")).to_have_text("Soumis")
    assert [one["amount"] for one in Dossier.objects.get().data["lines"]] == ["12000.00", "1.00", "2.00"]


def test_pages_of_a_virement_fit_a_phone(budgets: None, person: Open) -> None:
    agent = person("agent", viewport=NARROW)
    agent.go("/nouveau/virement/?fund=FNGA")
    row(agent, 1, "A-I-2.autres", "A-I-1", "7 000 000 000")
    agent.field("Motif du virement").fill("Rappels de salaire")
    panel(agent, "Les crédits disponibles ne suffisent pas.")
    assert agent.page.evaluate("document.documentElement.scrollWidth") == 360
    assert not look(agent, "virement-360")
