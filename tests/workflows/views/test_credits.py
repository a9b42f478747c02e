"""The pages of dossiers of credits: choosing lines, reading at once what the text allows, acts, answers, notices."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.enums import DecisionKind, OrganisationKind
from cases.models import BudgetLine, Dossier
from tests.api_client import Api
from tests.budgets import real_budgets
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast
from tests.pages import at_the_site, stored, words
from workflows.engine import all_paths, get_path
from workflows.engine.credit_forms import LinesForm

pytestmark = pytest.mark.django_db

NEW = "/nouveau/virement/"
TRY = "/nouveau/virement/simuler/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def agent(cast: Cast) -> Iterator[Client]:
    """An agent at the site, on the day on which the real budgets of 2026 are open."""
    with clock.at(NOW):
        real_budgets()
        yield at_the_site(cast.agent)


def typed(*rows: tuple[str, str, str], **more: str) -> dict[str, str]:
    """What a browser posts for these rows (from, to, amount)."""
    data = {
        "organisation": "carmi-npdc",
        "fund": "FNGA",
        "exercise": "2026",
        "reason": "",
        "lines-lignes": "FNGA/2026",
    }
    for number, row in enumerate(rows):
        for column, value in zip(("from", "to", "amount"), row, strict=True):
            data[f"lines-{number}-{column}"] = value
    return data | more


def select(response: Any, name: str) -> str:
    """The markup of a select."""
    found = re.search(rf'<select[^>]*name="{name}".*?</select>', response.content.decode(), re.DOTALL)
    assert found is not None, name
    return found[0]


def chosen(response: Any, name: str) -> str:
    """The value chosen in a select, empty when it is the first."""
    found = re.search(r'<option value="([^"]*)"\s+selected', select(response, name))
    return found[1] if found else ""


# --- choosing lines -----------------------------------------------------------------------------------------


def test_without_a_fund_the_form_says_so_and_offers_to_show_its_lines(agent: Client) -> None:
    page = agent.get(NEW)
    assert "Choisissez le fonds pour voir ses lignes budgétaires." in words(page)
    assert "Afficher les lignes de ce fonds" in words(page)
    assert "<optgroup" not in select(page, "lines-0-from")


def test_lines_of_the_fund_are_shown_by_group_with_what_is_available_and_nothing_is_lost(
    agent: Client,
) -> None:
    before = stored()
    page = agent.post(
        NEW, typed(("", "", "12 000"), reason="Motif déjà écrit", afficher="lignes", fund="FNASS")
    )
    assert page.status_code == 200
    options = select(page, "lines-0-from")
    assert (
        options.count("<option value=") == 1 + BudgetLine.objects.filter(fund="FNASS", is_leaf=True).count()
    )
    assert '<optgroup label="Section maladie : FB — Opérations en capital de la CANSSM">' in options
    text = " ".join(re.sub(r"<[^>]+>", " ", options).split())
    assert "I.F.CAN.col — Prestations collectives (CARMI) (FA) : 334 377,00 € disponibles" in text
    assert 'value="12 000"' in page.content.decode()
    assert "Motif déjà écrit" in words(page)
    assert stored() == before


def test_more_rows_are_added_without_a_script(agent: Client) -> None:
    rows = [("A-I-1", "A-I-2.autres", "1"), ("A-I-1", "A-I-3.info", "2"), ("A-I-1", "A-I-3.autres", "3")]
    page = agent.post(NEW, typed(*rows, afficher="plus"))
    assert [chosen(page, f"lines-{number}-to") for number in range(6)] == [
        "A-I-2.autres",
        "A-I-3.info",
        "A-I-3.autres",
        "",
        "",
        "",
    ]


def test_lines_and_balances_of_a_fund_cost_one_statement(agent: Client) -> None:
    def count(**more: str) -> list[str]:
        with CaptureQueriesContext(connection) as found:
            assert agent.post(NEW, typed(afficher="lignes", **more)).status_code == 200
        return [one["sql"] for one in found if "cases_budgetline" in one["sql"]]

    agent.get(NEW)
    assert len(count()) == 1
    assert len(count(fund="FNASS")) == 1
    assert len(count(fund="")) == 0


def test_code_that_does_not_exist_is_shown_again_with_its_error(agent: Client) -> None:
    page = agent.post(NEW, typed(("Z-9", "A-I-1", "10"), reason="Un motif"))
    assert page.status_code == 422
    assert "Ligne 1 : « Z-9 » n’est pas une ligne du budget du FNGA. Choisissez-la dans la liste." in words(
        page
    )
    assert chosen(page, "lines-0-from") == "Z-9"
    assert "Z-9 : n’est pas une ligne du FNGA" in words(page)
    assert chosen(page, "lines-0-to") == "A-I-1"


def test_blank_rows_between_filled_ones_do_not_shift_the_number_of_an_error(agent: Client) -> None:
    page = agent.post(NEW, typed(("", "", ""), ("A-I-1", "A-I-2.autres", "beaucoup"), reason="Un motif"))
    assert "Ligne 1, Montant (€)" in words(page)
    assert chosen(page, "lines-0-from") == "A-I-1"


def test_address_may_name_what_to_begin_with(agent: Client) -> None:
    page = agent.get(f"{NEW}?fund=FNGA&exercise=2026&lines-0-from=A-I-3.info")
    assert chosen(page, "lines-0-from") == "A-I-3.info"
    assert chosen(page, "lines-0-to") == ""


# --- what the text allows ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("A-I-2.autres", "A-I-3.info", "10"), "autorisé, avec information dans les 15 jours"),
        (("A-I-2.autres", "A-I-3.info", ""), "autorisé, avec information dans les 15 jours"),
        (("A-I-2.autres", "A-I-1", "10"), "interdit"),
        (("A-I-1", "", "10"), "Choisissez la ligne qui manque."),
        (("A-I-1", "A-I-1", "10"), "est à la fois l’origine et la destination"),
        (("A-I-1", "Z-9", "10"), "« Z-9 » n’est pas une ligne du budget du FNGA."),
        (("A-I", "A-I-1", "10"), "est un total"),
        (("A-I-1", "A-I-2.autres", "beaucoup"), "Ligne 1, Montant (€)"),
        (("RN", "A-I-1", "10"), "La réserve nationale n’est utilisée qu’avec l’autorisation préalable"),
    ],
)
def test_each_row_is_judged_as_soon_as_its_lines_are_chosen(
    agent: Client, row: tuple[str, str, str], said: str
) -> None:
    before = stored()
    panel = agent.post(TRY, typed(row), headers=HTMX)
    assert panel.status_code == 200
    assert said in words(panel)
    assert stored() == before


def test_row_inside_a_group_is_for_the_director_general_alone(agent: Client) -> None:
    row = ("II.F.CAN.col", "III.reg.ind", "1000")
    panel = words(agent.post(TRY, typed(row, fund="FNASS"), headers=HTMX))
    assert "1 000,00 € : virement autorisé, le directeur général décide seul." in panel
    assert "Disponible : 1 543 275,00 € · après : 1 542 275,00 €" in panel


def test_strictest_row_governs_and_shows_the_way(agent: Client) -> None:
    panel = agent.post(
        TRY, typed(("A-I-1", "A-I-2.autres", "12 000"), ("A-I-2.autres", "A-I-1", "1")), headers=HTMX
    )
    text = words(panel)
    assert "virement interdit par ce circuit. Il faut « Dérogation de virement »." in text
    assert "Reprendre cette saisie dans « Dérogation de virement »" in text
    assert "décide du dossier" in text.split("Ligne 2")[1]
    assert "décide du dossier" not in text.split("Ligne 2")[0]
    assert "Tout autre virement est interdit" in text
    assert "Effectuer le virement" not in text


def test_data_is_carried_over_to_the_path_to_use_instead(agent: Client) -> None:
    page = agent.post(
        "/nouveau/virement_derogation/simuler/",
        typed(("A-I-2.autres", "A-I-1", "7 000"), reason="Rappels de salaire"),
    )
    assert page.status_code == 200
    assert chosen(page, "lines-0-from") == "A-I-2.autres"
    assert 'value="7 000"' in page.content.decode()
    assert "Rappels de salaire" in words(page)
    assert "interdit par simple virement, possible par ce circuit" in words(page)


def test_overdraft_is_said_before_anything_is_stored(agent: Client) -> None:
    row = ("A-I-3.info", "A-I-3.info", "1")
    rows = [("A-I-2.autres", "A-I-3.info", "9 000 000"), ("A-I-2.autres", "A-I-3.autres", "500 000"), row]
    text = words(agent.post(TRY, typed(*rows), headers=HTMX))
    assert "Les crédits disponibles ne suffisent pas." in text
    assert "Disponible : 9 430 000,00 € · après : 430 000,00 €" in text
    assert "Disponible : 430 000,00 € · après : -70 000,00 €" in text
    assert "9 500 000,00 € : virement autorisé" in text


def test_rows_are_drawn_anew_when_the_fund_changes_and_only_then(agent: Client) -> None:
    same = agent.post(TRY, typed(), headers=HTMX).content.decode()
    assert "hx-swap-oob" not in same
    other = agent.post(TRY, typed(("A-I-1", "", "5"), fund="FNASS"), headers=HTMX)
    assert 'hx-swap-oob="true"' in other.content.decode()
    assert "A-I-1 : n’est pas une ligne du FNASS" in words(other)


def test_simulation_costs_the_same_for_one_row_and_for_many(agent: Client) -> None:
    def count(rows: int) -> int:
        found = [
            ("A-I-1", "A-I-2.autres", "1"),
            ("A-I-1", "A-I-3.info", "1"),
            ("A-I-2.autres", "A-I-3.info", "1"),
        ]
        with CaptureQueriesContext(connection) as queries:
            assert agent.post(TRY, typed(*found[:rows]), headers=HTMX).status_code == 200
        return len(queries)

    count(1)
    assert count(1) == count(3) <= 20


def test_api_says_the_same_of_each_line(cast: Cast) -> None:
    with clock.at(NOW):
        real_budgets()
        api = Api(cast.agent)
        data = transfers(("A-I-1", "A-I-2.autres", "1000.50"), ("A-I-2.autres", "A-I-1", "1"))
        body = api.post("simulations", {"path": "virement", "organisation": "carmi-npdc", "data": data}).ok()
    first, second = body["lines"]
    assert (first["kind"], first["path"], first["amount"]) == ("inter_group", "virement", "1000.50")
    assert (first["available_before"], first["available_after"]) == ("49280000.00", "49278999.50")
    assert (second["kind"], second["code"], second["path"]) == (
        "forbidden",
        "forbidden_direction",
        "virement_derogation",
    )
    assert [one["governs"] for one in body["lines"]] == [False, True]
    assert second["quotes"][0]["rule"] == "fnga.virement.forbidden"
    assert body["instead"] == {"path": "virement_derogation", "title": "Dérogation de virement"}
    assert body["blockers"] == []


# --- the page of a dossier --------------------------------------------------------------------------------------


def page_of(journey: CreditJourney, who: str, at: datetime = NOW) -> Any:
    with clock.at(at):
        return at_the_site(journey.cast.people[who]).get(f"/dossiers/{journey.reference}/")


@pytest.fixture
def told(cast: Cast) -> CreditJourney:
    """A virement between groups, effected; the DSS has acknowledged, late enough for the others to be late."""
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1000.00")))
    return journey.walk(
        "prepare.submit", "check.credits_available", "effect.effect", "inform.acknowledge@ministry"
    )


def test_accountant_sees_the_lines_their_rule_and_the_balances(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1000.00")))
    journey.do("prepare.submit")
    text = words(page_of(journey, "accountant"))
    assert "A-I-1 Dépenses de personnel vers A-I-2.autres Autres charges de fonctionnement : autres" in text
    assert "autorisé, avec information dans les 15 jours" in text
    assert "Disponible : 49 280 000,00 € · après : 49 279 000,00 €" in text
    assert "Les virements de crédits des dépenses de personnel vers les autres groupes" in text
    assert "Montant HT" not in text
    assert "1 000,00 € HT" not in text


def test_page_says_who_has_answered_and_who_has_not(told: CreditJourney) -> None:
    text = words(page_of(told, "reviewer"))
    assert "Direction de la sécurité sociale : réception accusée , le lundi 2 mars 2026" in text
    assert "Direction du budget : en attente" in text
    assert "Contrôle général économique et financier : en attente" in text
    assert "Disponible :" not in text


@pytest.mark.parametrize(
    ("at", "state"), [(NOW, "en attente"), (datetime(2026, 3, 18, 9, tzinfo=UTC), "en retard")]
)
def test_page_shows_the_legal_notices_with_their_receipts(
    told: CreditJourney, at: datetime, state: str
) -> None:
    page = page_of(told, "reviewer", at)
    section = page.content.decode().split('id="informations"')[1].split("</section>")[0]
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in section.split("<tr>")[2:]]
    by_name = {row.split(" mardi ")[0]: row for row in rows}
    assert (
        "mardi 17 mars 2026 lundi 2 mars 2026 lundi 2 mars 2026 reçue dans le délai Dorothée Séassan"
        in (by_name["Direction de la sécurité sociale"])
    )
    assert f"mardi 17 mars 2026 lundi 2 mars 2026 {state}" in by_name["Direction du budget"]
    address = re.findall(r'<a href="([^"]+)"', section)[0]
    with clock.at(at):
        paper = at_the_site(told.cast.reviewer).get(address)
    assert b"".join(paper.streaming_content)[:5] == b"%PDF-"


def test_page_tells_a_vote_in_words_and_names_its_decisions(cast: Cast) -> None:
    data = transfers(("A-I-2.autres", "A-I-1", "1000.00"), exceptional_reason="Décision de justice")
    journey = CreditJourney.file(cast, "virement_derogation", data).walk(
        "prepare.submit",
        "check.credits_available",
        "prior_agreement.agree@ministry",
        "prior_agreement.agree@ministry_db",
        "board_vote.adopted",
    )
    text = words(page_of(journey, "dg"))
    assert "12 voix pour, 5 contre, 2 abstentions, sur 20 membres en exercice" in text
    assert "Date de la séance lundi 2 mars 2026" in text
    assert "Direction du budget : accord donné" in text
    assert DecisionKind.AGREEMENT.label in text
    assert DecisionKind.DELIBERATION.label in text
    assert "interdit par simple virement, possible par ce circuit" in text


@pytest.mark.parametrize("who", ["agent", "accountant", "dg", "ministry", "reviewer", "auditor", "manager"])
def test_dossier_page_keeps_to_twenty_two_statements(told: CreditJourney, who: str) -> None:
    client = at_the_site(told.cast.people[who])
    with clock.at(NOW):
        client.get("/taches/")
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/dossiers/{told.reference}/").status_code == 200
    assert len(found) <= 22  # two of them read and note the visit


def test_draft_page_of_credits_keeps_to_twenty_two_statements(cast: Cast) -> None:
    rows = [
        ("A-I-1", "A-I-2.autres", "1.00"),
        ("A-I-1", "A-I-3.info", "1.00"),
        ("A-I-2.autres", "A-I-3.info", "1.00"),
    ]
    journey = CreditJourney.file(cast, "virement", transfers(*rows))
    for who in ("agent", "reviewer"):
        client = at_the_site(cast.people[who])
        with clock.at(NOW):
            client.get("/taches/")
            with CaptureQueriesContext(connection) as found:
                assert client.get(f"/dossiers/{journey.reference}/").status_code in {200, 404}
        assert len(found) <= 22


def test_queue_and_lists_say_no_ht_of_credits(told: CreditJourney) -> None:
    with clock.at(NOW):
        for who, address in (("ministry_db", "/taches/"), ("ministry_db", "/"), ("agent", "/dossiers/")):
            text = words(at_the_site(told.cast.people[who]).get(address))
            assert "1 000,00 €" in text
            assert "HT" not in text


def test_virement_is_filed_from_the_page(agent: Client) -> None:
    done = agent.post(NEW, typed(("A-I-1", "A-I-2.autres", "12 000,50"), reason="Postes de travail"))
    assert done.status_code == 302
    dossier = Dossier.objects.get()
    assert dossier.data["lines"] == [{"from": "A-I-1", "to": "A-I-2.autres", "amount": "12000.50"}]


def test_only_paths_that_the_body_may_start_are_offered(cast: Cast) -> None:
    text = words(at_the_site(cast.est_director).get("/nouveau/"))
    assert "Virement de crédits" not in text
    assert "Investissement FNMO" in words(at_the_site(cast.agent).get("/nouveau/"))
    assert "Investissement FNMO" not in words(at_the_site(cast.reviewer).get("/nouveau/"))


# --- every path that chooses lines --------------------------------------------------------------------------------

LINE_PATHS = [path.key for path in all_paths() if issubclass(path.form, LinesForm)]


@pytest.mark.parametrize("key", LINE_PATHS)
@pytest.mark.parametrize(
    "cells", [{}, {"amount": "12"}, {"line": "A-I-1", "from": "A-I-1", "to": "A-I-2.autres"}]
)
def test_half_filled_form_of_any_path_is_simulated_without_a_fault(
    cast: Cast, key: str, cells: dict[str, str]
) -> None:
    path = get_path(key)
    columns = path.form.base_fields[path.form.rows_name].columns
    kinds = {OrganisationKind.CARMI: "carmi-npdc", OrganisationKind.FUND: "canssm"}
    body = next(code for kind, code in kinds.items() if kind in path.organisation_kinds)
    person = cast.person("depositaire", *((role, body) for role in path.first_step().filing_roles))
    with clock.at(NOW):
        real_budgets()
        client = at_the_site(person)
        assert client.get(f"/nouveau/{key}/").status_code == 200
        data = {"organisation": body, "fund": "FNGA", "exercise": "2026"}
        data |= {f"{path.form.rows_name}-0-{name}": cells[name] for name in columns if name in cells}
        for headers in ({}, HTMX):
            assert client.post(f"/nouveau/{key}/simuler/", data, headers=headers).status_code == 200
        page = client.post(f"/nouveau/{key}/", data | {"afficher": "plus"})
    assert page.status_code == 200
    assert "disponibles" in words(page)
