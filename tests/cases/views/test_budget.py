"""The pages of budgets: who reads them, what they say, at which day, and what they cost."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.budget_terms import Account, MovementKind
from cases.models import CreditMovement, CreditPosting
from cases.services import close_exercise, ledger
from cases.services.ledger import Credit, Transfer
from tests.credits import NOW, Credits, euros
from tests.journeys import Cast
from tests.pages import at_the_site, words

pytestmark = pytest.mark.django_db

ADDRESSES = (
    "/budgets/",
    "/budgets/FNGA/2026/",
    "/budgets/FNGA/2026/A-I-1/",
    "/budgets/FNGA/2026/export.xlsx",
    "/budgets/FNGA/2026/A-I-1/export.xlsx",
)


@pytest.fixture
def book(cast: Cast) -> Credits:
    """The budgets of March 2026."""
    return Credits(cast)


def move(book: Credits, amount: str, origin: str = "A-I-1", target: str = "A-I-3.info") -> CreditMovement:
    """One virement of the FNGA, today."""
    return book.act(
        lambda: ledger.transfer(
            exercise=book.exercise,
            transfers=[Transfer(book.line(origin), book.line(target), euros(amount))],
            label="Postes de travail",
            dossier=book.dossier,
        ),
        at=clock.now() if clock.now() < NOW else NOW,
    )


def commit(book: Credits, code: str, amount: str) -> CreditMovement:
    """One commitment on a line of the FNGA."""
    return book.act(
        lambda: ledger.commit(
            exercise=book.exercise,
            line=book.line(code),
            amount=euros(amount),
            label="Commande",
            dossier=book.dossier,
        )
    )


def earmark(book: Credits, code: str, amount: str) -> CreditMovement:
    """Proceeds of a sale that serve one use."""
    return book.act(
        lambda: ledger.credit(
            kind=MovementKind.DISPOSAL,
            exercise=book.exercise,
            credits=[Credit(book.line(code), euros(amount))],
            label="Vente du dispensaire",
            dossier=book.dossier,
            earmarked=True,
        )
    )


def many(book: Credits, number: int, start: date = date(2026, 1, 5), days: int = 50) -> None:
    """That many commitments of one euro on A-I-1, spread over ``days``, without the triggers that check each."""
    line = book.line("A-I-1")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("cases_creditmovement", "cases_creditposting"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    movements = CreditMovement.objects.bulk_create(
        CreditMovement(
            kind=MovementKind.COMMITMENT,
            effective_on=start + timedelta(days=rank * days // number),
            recorded_at=NOW,
            label=f"Commande {rank}",
            size=2,
            dossier=book.dossier,
            journal_sequence=1,
        )
        for rank in range(number)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cases_creditmovement")  # foreign keys were planned for an empty table
    CreditPosting.objects.bulk_create(
        CreditPosting(
            movement=movement,
            fund_id="FNGA",
            exercise=book.exercise,
            line=line,
            account=account,
            amount=euros(amount),
        )
        for movement in movements
        for account, amount in ((Account.AVAILABLE, -1), (Account.COMMITTED, 1))
    )


def row_of(page: Any, code: str) -> str:
    """What the tree says of one line."""
    content = page.content.decode()
    start = content.rindex("<tr", 0, content.index(f'<span class="reference">{code}</span>'))
    found = type("Row", (), {"content": content[start : content.index("</tr>", start)].encode()})
    return words(found)


# -- who -------------------------------------------------------------------------------------------


def test_budgets_are_read_with_any_role_but_administration(book: Credits) -> None:
    with clock.at(NOW):
        for name, user in book.cast.people.items():
            expected = 403 if name in ("admin", "nobody") else 200
            answers = {address: at_the_site(user).get(address).status_code for address in ADDRESSES}
            assert answers == dict.fromkeys(ADDRESSES, expected), name
    refusal = at_the_site(book.cast.admin).get("/budgets/")
    assert "demandez à l’administrateur" in words(refusal)


def test_budgets_send_a_visitor_to_the_log_in(book: Credits, client: Client) -> None:
    for address in ADDRESSES:
        assert client.get(address)["Location"] == f"/compte/login/?next={address}"


def test_navigation_leads_readers_to_the_budgets(book: Credits) -> None:
    assert 'href="/budgets/"' in at_the_site(book.cast.agent).get("/").content.decode()
    for without in (book.cast.admin, book.cast.nobody):
        assert 'href="/budgets/"' not in at_the_site(without).get("/").content.decode()
    page = at_the_site(book.cast.agent).get("/budgets/FNGA/2026/")
    assert page.context["nav"]["section"] == "budgets"


def test_administrator_who_holds_another_role_reads_budgets(book: Credits) -> None:
    book.cast.give(book.cast.admin, (book.cast.agent.role_grants.get().role, "carmi-est"))
    assert at_the_site(book.cast.admin).get("/budgets/").status_code == 200


# -- all budgets ------------------------------------------------------------------------------------


def test_overview_shows_the_open_exercise_and_says_that_it_was_carried_forward(book: Credits) -> None:
    commit(book, "A-I-1", "400")
    with clock.at(NOW):
        text = words(at_the_site(book.cast.agent).get("/budgets/"))
    assert "Exercice 2026 Ouvert Reconduit de 2017 : aucune convention ultérieure n’est détenue" in text
    assert (
        "FNGA 2026 Fonds national de gestion administrative "
        "129 220 000,00 € 400,00 € 129 219 600,00 €" in text
    )
    assert "FNMO 2026 Fonds national de modernisation des œuvres 0,00 € 0,00 € 0,00 €" in text
    assert "Exercices clos" in text
    assert "2014 clos le vendredi 10 avril 2015" in text
    assert "FNGA 2014 : 139 620 000,00 €" in text


def test_overview_without_budgets_says_what_to_do(cast: Cast) -> None:
    assert "manage.py load_budgets" in words(at_the_site(cast.agent).get("/budgets/"))


def test_choice_leads_to_the_budget(book: Credits) -> None:
    client = at_the_site(book.cast.agent)
    answer = client.get("/budgets/?fonds=FNASS&exercice=2015&le=2015-06-30")
    assert answer["Location"] == "/budgets/FNASS/2015/?le=2015-06-30"
    assert client.get("/budgets/?fonds=FNASS&exercice=2015&le=")["Location"] == "/budgets/FNASS/2015/"


@pytest.mark.parametrize(
    "address",
    [
        "/budgets/FNXX/2026/",
        "/budgets/FNGA/2013/",
        "/budgets/FNGA/99999999999999999999/",
        "/budgets/FNGA/2026/A-I-9/",
        "/budgets/FNXX/2026/export.xlsx",
        "/budgets/FNGA/2026/A-I-9/export.xlsx",
        "/budgets/?fonds=FNXX&exercice=2015",
        "/budgets/?fonds=FNGA&exercice=deux",
        "/budgets/?fonds=FNGA",
    ],
)
def test_unknown_fund_year_or_line_is_our_404(book: Credits, address: str) -> None:
    answer = at_the_site(book.cast.agent).get(address)
    assert answer.status_code == 404
    assert "Cette page n’existe pas" in words(answer)


# -- the tree ---------------------------------------------------------------------------------------


def test_tree_shows_what_each_line_has(book: Credits) -> None:
    move(book, "1000")
    commit(book, "A-I-3.info", "400")
    earmark(book, "A-I-3.info", "50")
    with clock.at(NOW):
        page = at_the_site(book.cast.est_agent).get("/budgets/FNGA/2026/")
    text = words(page)
    assert "Base COG 2017" in text
    assert "Reconduit de 2017 : aucune convention ultérieure n’est détenue" in text
    row = row_of(page, "A-I-3.info")
    assert "limitatif · groupe G4" in row
    assert row.endswith("120 000,00 120 000,00 +1 050,00 121 050,00 400,00 120 650,00 dont fléché 50,00"), row
    assert row_of(page, "A-I-1").endswith(
        "49 280 000,00 49 280 000,00 −1 000,00 49 279 000,00 0,00 49 279 000,00"
    )
    assert "groupe" not in row_of(page, "A-II-1")
    assert "Caisse des dépôts" in row_of(page, "A-II-1")
    assert "ANGDM" in row_of(page, "A-II-2")
    assert "évaluatif" in row_of(page, "B-I")
    assert "réserve nationale" in row_of(page, "RN")
    assert "— rien d’imprimé" in row_of(page, "RN")
    assert "3e section : prestations pour anciens agents de la CAN" in text
    assert "groupe de fongibilité : G1 dépenses de personnel" in text


def test_tree_marks_menton(book: Credits) -> None:
    page = at_the_site(book.cast.agent).get("/budgets/FNASS/2014/")
    assert "ni fongible, ni reportable" in row_of(page, "I.F.CAN.cv.men")
    assert "2 640 640,00" in row_of(page, "I.F.CAN.cv.men")
    assert "ni fongible" not in row_of(page, "I.F.CAN.cv.stg")


def test_tree_at_a_day_counts_what_had_happened_at_its_end(book: Credits) -> None:
    for day in (9, 10):
        with clock.at(NOW.replace(month=2, day=day)):
            move(book, "1000")
    client = at_the_site(book.cast.agent)
    with clock.at(NOW):
        told = {
            day: row_of(client.get(f"/budgets/FNGA/2026/?le={day}"), "A-I-1")
            for day in ("2026-02-08", "2026-02-09", "2026-02-10", "09/02/2026")
        }
        now = row_of(client.get("/budgets/FNGA/2026/"), "A-I-1")
        page = words(client.get("/budgets/FNGA/2026/?le=2026-02-09"))
    assert told["2026-02-08"].endswith("49 280 000,00 0,00 49 280 000,00 0,00 49 280 000,00")
    assert "−1 000,00" in told["2026-02-09"]
    assert "−2 000,00" in told["2026-02-10"]
    assert told["09/02/2026"] == told["2026-02-09"]
    assert "−2 000,00" in now
    assert "Soldes à la fin du lundi 9 février 2026" in page


def test_links_of_a_tree_at_a_day_keep_the_day(book: Credits) -> None:
    content = at_the_site(book.cast.agent).get("/budgets/FNGA/2015/?le=2015-06-30").content.decode()
    assert "/budgets/FNGA/2015/A-I-1/?le=2015-06-30" in content
    assert "/budgets/FNGA/2015/export.xlsx?le=2015-06-30" in content
    assert "/budgets/FNGA/2015/export.xlsx?le=2015-06-30&amp;mouvements=1" in content


def test_day_to_come_is_said(book: Credits) -> None:
    client = at_the_site(book.cast.agent)
    with clock.at(NOW):
        assert "date à venir" in words(client.get("/budgets/FNGA/2026/?le=2026-03-03"))
        assert "date à venir" not in words(client.get("/budgets/FNGA/2026/?le=2026-03-02"))
        assert "Date à venir" in words(client.get("/budgets/FNGA/2026/A-I-1/?le=2026-03-03"))


@pytest.mark.parametrize("day", ["hier", "2015-02-30", "2015-13-01", "1515-06-30", "31/06/2015", "20150630"])
def test_wrong_day_is_refused_beside_its_field_and_shows_no_balance(book: Credits, day: str) -> None:
    client = at_the_site(book.cast.agent)
    page = client.get("/budgets/FNGA/2015/", {"le": day})
    assert page.status_code == 422
    assert f"« {day} » n’est pas une date" in words(page)
    assert 'aria-describedby="erreur-le"' in page.content.decode()
    assert "Disponible" not in words(page)
    for address in ("export.xlsx", "A-I-1/", "A-I-1/export.xlsx"):
        answer = client.get(f"/budgets/FNGA/2015/{address}", {"le": day})
        assert answer.status_code == 422
        assert "n’est pas une date" in words(answer)


def test_printed_sums_that_do_not_add_up_are_noted(book: Credits) -> None:
    client = at_the_site(book.cast.agent)
    page = client.get("/budgets/FNASS/2017/")
    text = words(page)
    assert "I.F : imprimé 25 067 292,00, somme des lignes 25 067 293,00, soit −1,00 €. Arrondi." in text
    assert "R : imprimé 38 715 275,00, somme des lignes 38 715 277,00, soit −2,00 €." in text
    assert "(écart)" in row_of(page, "I.F")
    assert "(écart)" not in row_of(page, "I.K")
    assert "Écarts" not in words(client.get("/budgets/FNASS/2016/"))
    assert "Écarts" in words(client.get("/budgets/FNASS/2026/"))


def test_forecast_of_the_fnpps_is_said(book: Credits) -> None:
    client = at_the_site(book.cast.agent)
    assert "la convention imprime une prévision et non un budget" in words(client.get("/budgets/FNPPS/2017/"))
    assert "prévision et non" not in words(client.get("/budgets/FNPPS/2016/"))


def test_closed_exercise_is_said(book: Credits) -> None:
    with clock.at(NOW):
        text = words(at_the_site(book.cast.agent).get("/budgets/FNGA/2015/"))
    assert "Clos le dimanche 10 avril 2016" in text
    assert "Reconduit" not in text


def test_closing_shows_on_the_overview(book: Credits) -> None:
    with clock.at(NOW):
        close_exercise(year=2026, on=date(2026, 3, 2))
        text = words(at_the_site(book.cast.agent).get("/budgets/"))
    assert "2026 clos le lundi 2 mars 2026" in text
    assert "Ouvert " not in text


# -- a line -----------------------------------------------------------------------------------------


def test_line_tells_its_movements_oldest_first_with_the_balance_after_each(book: Credits) -> None:
    move(book, "1000")
    commit(book, "A-I-3.info", "400")
    earmark(book, "A-I-3.info", "50")
    with clock.at(NOW):
        text = words(at_the_site(book.cast.agent).get("/budgets/FNGA/2026/A-I-3.info/"))
    told = text[text.index("Disponible après") :]
    expected = [
        "jeudi 1er janvier 2026 Ouverture : Reconduction du budget 2017 Aucune convention ultérieure n’est "
        "détenue : base de 2017 reconduite. — aucun +120 000,00 120 000,00",
        f"lundi 2 mars 2026 Virement : Postes de travail {book.dossier.reference} +1 000,00 121 000,00",
        f"lundi 2 mars 2026 Engagement : Commande {book.dossier.reference} −400,00 120 600,00",
        f"lundi 2 mars 2026 Produit de cession : Vente du dispensaire {book.dossier.reference} "
        "+50,00 dont fléché +50,00 120 650,00",
    ]
    places = [told.index(one) for one in expected]
    assert places == sorted(places)
    assert "4 mouvements" in told
    assert "Crédits limitatifs · groupe G4, dépenses d’investissement informatique" in text
    assert "COG 2014-2017, ligne 3127 du texte." in text


def test_sum_tells_the_movements_of_its_leaves(book: Credits) -> None:
    move(book, "1000", origin="A-I-3.autres", target="A-I-3.info")
    with clock.at(NOW):
        text = words(at_the_site(book.cast.agent).get("/budgets/FNGA/2026/A-I-3/"))
    assert "Somme de 2 lignes" in text
    assert "A-I-3.info Dépenses en capital : informatique" in text
    told = text[text.index("Postes de travail") :]
    assert "+1 000,00 831 000,00" in told
    assert "−1 000,00 830 000,00" in told


def test_line_links_only_dossiers_that_the_person_may_open(book: Credits) -> None:
    move(book, "1000")
    address = "/budgets/FNGA/2026/A-I-1/"
    link = f'href="/dossiers/{book.dossier.reference}/"'
    with clock.at(NOW):
        assert link in at_the_site(book.cast.agent).get(address).content.decode()
        page = at_the_site(book.cast.est_agent).get(address)
    assert link not in page.content.decode()
    assert book.dossier.reference in words(page)


def test_line_at_a_day_stops_there(book: Credits) -> None:
    with clock.at(NOW.replace(month=2, day=9)):
        move(book, "1000")
    client = at_the_site(book.cast.agent)
    assert "Postes de travail" not in words(client.get("/budgets/FNGA/2026/A-I-1/?le=2026-02-08"))
    assert "Postes de travail" in words(client.get("/budgets/FNGA/2026/A-I-1/?le=2026-02-09"))
    empty = words(client.get("/budgets/FNGA/2026/A-I-1/?le=2025-12-31"))
    assert "Aucun mouvement à cette date" in empty


def test_line_without_movement_says_so(book: Credits) -> None:
    assert "Rien n’a été inscrit sur cette ligne" in words(
        at_the_site(book.cast.agent).get("/budgets/FNGA/2026/RN/")
    )


def pages_of(client: Client, address: str) -> list[Any]:
    """All pages of a list, following its cursor."""
    found = [client.get(address)]
    while cursor := found[-1].context["page"].next_cursor:
        found.append(client.get(address, {"cursor": cursor}))
    return found


def test_pages_of_a_line_follow_each_other_without_gap_and_carry_the_balance(book: Credits) -> None:
    many(book, 250)
    with clock.at(NOW):
        pages = pages_of(at_the_site(book.cast.agent), "/budgets/FNGA/2026/A-I-1/")
    items = [item for page in pages for item in page.context["page"].items]
    assert [len(page.context["page"].items) for page in pages] == [100, 100, 51]
    assert [item.label for item in items[1:]] == [f"Commande {rank}" for rank in range(250)]
    assert [item.balance for item in items] == [euros(49_280_000 - spent) for spent in range(251)]
    assert "Solde de la page précédente 49 279 901,00" in words(pages[1]).replace("— aucun", "")
    assert "251 mouvements" in words(pages[2])


def test_pages_of_a_sum_split_a_movement_of_several_lines_rightly(book: Credits) -> None:
    for _ in range(60):
        move(book, "10", origin="A-I-3.autres", target="A-I-3.info")
    with clock.at(NOW):
        pages = pages_of(at_the_site(book.cast.agent), "/budgets/FNGA/2026/A-I/")
    items = [item for page in pages for item in page.context["page"].items]
    assert len(items) == 5 + 2 * 60  # an odd number first: the hundredth row is one side of a virement
    assert len({(item.movement, item.line.code) for item in items}) == len(items)
    assert items[-1].balance == euros(63_640_000)


@pytest.mark.parametrize("cursor", ["n’importe", "2026-99-99.1.1", "2026-01-01.1", "9" * 60])
def test_broken_cursor_is_refused(book: Credits, cursor: str) -> None:
    answer = at_the_site(book.cast.agent).get("/budgets/FNGA/2026/A-I-1/", {"cursor": cursor})
    assert answer.status_code == 422
    assert "reprenez la liste depuis le début" in words(answer)


# -- statements -------------------------------------------------------------------------------------


@pytest.fixture
def statements(book: Credits) -> Callable[[str], int]:
    client = at_the_site(book.cast.agent)
    client.get("/taches/")

    def count(address: str) -> int:
        with clock.at(NOW), CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    return count


def test_pages_cost_the_same_with_few_movements_and_with_five_thousand(
    book: Credits, statements: Callable[[str], int]
) -> None:
    costs = {
        "/budgets/": 7,
        "/budgets/FNGA/2026/": 9,
        "/budgets/FNGA/2026/?le=2026-02-01": 9,
        "/budgets/FNGA/2026/A-I-1/": 10,
        "/budgets/FNGA/2026/A-I/": 10,
    }
    many(book, 3, date(2026, 1, 2), days=1)
    assert {address: statements(address) for address in costs} == costs
    many(book, 5_000)
    assert {address: statements(address) for address in costs} == costs
    assert statements("/budgets/FNGA/2026/A-I-1/?cursor=2026-01-20.1.1") == 10
    assert statements("/budgets/FNGA/2026/export.xlsx?mouvements=1") <= 8
