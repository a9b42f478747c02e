"""Budgets and carry-overs on the screen and over the API: form, simulator, dossier at each stage."""

from typing import Any

import pytest
from django.urls import reverse

from cases import clock
from cases.models import Dossier
from tests.api_client import Api
from tests.budget_journeys import BudgetJourney, at, budget, carried, primitive, sweep
from tests.budgets import real_budgets
from tests.credit_journeys import NOW
from tests.journeys import Cast
from tests.pages import at_the_site, words

pytestmark = pytest.mark.django_db

MAY = at(2015, 5, 4)


def page_of(cast: Cast, journey: BudgetJourney, moment: Any, who: str = "reviewer") -> str:
    """The words of the dossier's page."""
    with clock.at(moment):
        page = at_the_site(cast.people[who]).get(reverse("dossier", args=[journey.reference]))
    assert page.status_code == 200
    return words(page)


@pytest.mark.parametrize("path", ["budget_vote", "carry_over"])
def test_form_is_shown(cast: Cast, path: str) -> None:
    with clock.at(NOW):
        real_budgets()
        page = at_the_site(cast.reviewer).get(reverse("dossier_new_path", args=[path]))
    assert page.status_code == 200
    if path == "budget_vote":
        shown = page.content.decode()
        assert "Mises à disposition de personnels facturées" in shown
        assert "GVT négatif et effet de structure" in shown


def test_form_of_the_page_stores_what_the_api_would(cast: Cast) -> None:
    with clock.at(NOW):
        real_budgets()
    posted = {
        "fund": "FNGA",
        "exercise": "2026",
        "kind": "amending",
        "lines-0-line": "A-I-1",
        "lines-0-amount": "350,00 €",
        "reason": "Actualisation",
        "conforms_to_cog": "",
        "ground": "payroll_update",
        "payroll-0-item": "RMPP",
        "payroll-0-found": "900,00",
        "payroll-0-retained": "550,00",
        "payroll-1-item": "GVT négatif et effet de structure",
        "receipts-0-category": "Indemnités d’assurance",
        "organisation": "canssm",
    }
    client = at_the_site(cast.reviewer)
    with clock.at(NOW):
        answer = client.post(reverse("dossier_new_path", args=["budget_vote"]), posted)
        assert answer.status_code == 302, words(answer)
        reference = answer.headers["Location"].rstrip("/").rpartition("/")[2]
        edit = client.get(reverse("dossier_edit", args=[reference]))
    data = Dossier.objects.get(reference=reference).data
    assert data["conforms_to_cog"] is None
    assert data["payroll"] == [{"item": "rmpp", "found": "900.00", "retained": "550.00"}]
    assert data["receipts"] == []
    shown = edit.content.decode()
    assert 'value="RMPP"' in shown
    assert 'value="Indemnités d’assurance"' in shown


def test_simulator_shows_the_judgement_and_the_way(cast: Cast) -> None:
    with clock.at(NOW):
        real_budgets()
        typed = {
            "fund": "FNGA",
            "exercise": "2026",
            "kind": "primitive",
            "lines-0-line": "A-I-1",
            "lines-0-amount": "49 280 000,01",
            "organisation": "canssm",
        }
        page = at_the_site(cast.reviewer).post(reverse("dossier_simulate", args=["budget_vote"]), typed)
    assert page.status_code == 200
    said = words(page)
    assert "non conforme à la convention" in said
    assert "Approuver le budget" in said


def test_dossier_of_a_budget_is_shown_at_each_stage(cast: Cast) -> None:
    journey = BudgetJourney.of(cast, primitive(("A-I-1", "49280000.01"), conforms_to_cog=False))
    assert "49 280 000,01" in page_of(cast, journey, NOW).replace("\u202f", " ")
    for acts, expected in (
        (("prepare.submit@reviewer",), "Recueillir le vote"),
        (("board_vote.adopted",), "Enregistrer les réceptions"),
    ):
        journey.walk(*acts)
        said = page_of(cast, journey, NOW)
        assert expected in said
        assert "Jugement rendu à la soumission" in said
    journey.record(dss=NOW.date(), db=NOW.date())
    assert "Approuver le budget" in page_of(cast, journey, NOW, "ministry")
    journey.walk("authority_approval.approve", "authority_approval.approve@ministry_db")
    assert "Exécutoire" in page_of(cast, journey, NOW)


def test_ministry_reads_when_the_approval_is_deemed_given(cast: Cast) -> None:
    journey = BudgetJourney.voted(cast, budget(("A-I-1", "-5.00")))
    journey.record(dss=NOW.date())
    with clock.at(NOW):
        address = reverse("dossier", args=[journey.reference])
        assert at_the_site(cast.ministry).get(address).status_code == 200
        assert (
            at_the_site(cast.ministry_db).get(address).status_code == 404
        )  # it has not received the decision yet
    journey.record(db=NOW.date())
    assert "22 mars 2026" in page_of(cast, journey, at(2026, 3, 5), "ministry_db")
    sweep(at(2026, 3, 22))
    assert "Exécutoire" in page_of(cast, journey, at(2026, 3, 23), "ministry")


def test_dossier_of_a_carry_over_is_shown_at_each_stage(cast: Cast) -> None:
    journey = BudgetJourney.of(cast, carried(("A-I-1", "1000.00")), at=at(2015, 3, 2))
    assert "ne sont clos que" in page_of(cast, journey, at(2015, 3, 2))
    for act in ("prepare.submit@reviewer", "check.credits_available", "board_vote.adopted"):
        journey.walk(act, at=MAY)
        said = page_of(cast, journey, MAY)
        assert "État détaillé des crédits reportés" in said
    journey.record(dss=MAY.date(), db=MAY.date(), at=MAY)
    assert "24 mai 2015" in page_of(cast, journey, MAY)


def test_budget_over_the_api(cast: Cast) -> None:
    with clock.at(NOW):
        real_budgets()
        api = Api(cast.reviewer)
        data = primitive(("A-I-1", "1.00"), conforms_to_cog=None)
        filed = {"path": "budget_vote", "organisation": "canssm", "data": data}
        created = api.post("dossiers", filed).ok(201)
        api.act(created["reference"], "prepare.submit", created["version"]).ok()
        read = api.get(f"dossiers/{created['reference']}").ok()
    assert read["results"]["conformity"]["conforms"] is True
    assert [one["code"] for one in read["warnings"]] == ["conformity", "late"]
