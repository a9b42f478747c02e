"""Budgets as XLSX: numbers that add up, texts that are no formulas, at the day asked."""

from typing import Any

import pytest

from cases import clock
from cases.services import ledger
from cases.services.ledger import Transfer
from tests.credits import NOW, Credits, euros
from tests.journeys import Cast
from tests.pages import at_the_site
from tests.spreadsheets import Workbook

pytestmark = pytest.mark.django_db

FORMULAS = ('=HYPERLINK("https://ailleurs.example")', "+1+1", "-1", "@SOMME(A1)", "{=1}", "https://a.example")


@pytest.fixture
def book(cast: Cast) -> Credits:
    """The budgets of March 2026."""
    return Credits(cast)


def move(book: Credits, amount: str, label: str = "Postes de travail", month: int = 3) -> None:
    """One virement of the FNGA, on the second of that month."""
    book.act(
        lambda: ledger.transfer(
            exercise=book.exercise,
            transfers=[Transfer(book.line("A-I-1"), book.line("A-I-3.info"), euros(amount))],
            label=label,
            dossier=book.dossier,
        ),
        at=NOW.replace(month=month),
    )


def commit(book: Credits, code: str, amount: str) -> None:
    """One commitment on a line of the FNGA."""
    book.act(
        lambda: ledger.commit(
            exercise=book.exercise,
            line=book.line(code),
            amount=euros(amount),
            label="Commande",
            dossier=book.dossier,
        )
    )


def export(book: Credits, address: str) -> tuple[Any, Workbook]:
    """The answer and the file that it gives."""
    with clock.at(NOW):
        answer = at_the_site(book.cast.est_agent).get(address)
    assert answer.status_code == 200
    return answer, Workbook(b"".join(answer.streaming_content))


def by_code(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["Code"]: row for row in rows}


def test_tree_is_exported_as_numbers_that_add_up(book: Credits) -> None:
    move(book, "1000.25")
    commit(book, "A-I-3.info", "400")
    _, file = export(book, "/budgets/FNGA/2026/export.xlsx")
    assert list(file.sheets) == ["Budget"]
    rows = by_code(file.table("Budget"))
    assert len(rows) == 31
    line = rows["A-I-3.info"]
    assert line["Ligne du total"] == "A-I-3"
    assert (line["Nature"], line["Côté"], line["Groupe"]) == ("limitatif", "CANSSM", "G4")
    figures = ("Base COG", "Budget initial", "Mouvements", "Autorisé", "Engagé", "Disponible", "dont fléché")
    assert [line[one] for one in figures] == [120_000, 120_000, 1000.25, 121_000.25, 400, 120_600.25, 0]
    assert rows["RN"]["Base COG"] is None
    leaves = [row for row in rows.values() if row["Nature"]]
    for one in figures:
        assert sum(row[one] or 0 for row in leaves) == pytest.approx(rows["TOTAL"][one]), one


def test_head_says_what_is_shown_and_when_it_was_extracted(book: Credits) -> None:
    _, file = export(book, "/budgets/FNGA/2026/export.xlsx?le=2026-02-28")
    cells = file.sheets["Budget"]
    assert cells["A1"] == "FNGA — Fonds national de gestion administrative, exercice 2026"
    assert cells["A2"] == (
        "Soldes à la fin du samedi 28 février 2026, montants en euros ; exercice reconduit de 2017 : "
        "aucune convention ultérieure n’est détenue."
    )
    assert cells["A3"] == "Extrait de Berline le lundi 2 mars 2026 à 10:00 (Paris)"
    assert "2026-03-02T10:00:00Z" in file.text("docProps/core.xml")
    assert "<dc:creator>Berline</dc:creator>" in file.text("docProps/core.xml")
    sheet = file.text("xl/worksheets/sheet1.xml")
    assert 'state="frozen"' in sheet
    assert 'topLeftCell="C6"' in sheet
    assert 'width="58.7' in sheet
    assert "#,##0.00" in file.text("xl/styles.xml")


def test_closed_exercise_is_said_in_the_file(book: Credits) -> None:
    _, file = export(book, "/budgets/FNASS/2015/export.xlsx")
    assert (
        "Soldes au moment de l’extraction, montants en euros ; exercice clos le dimanche 10 avril 2016."
        in (file.sheets["Budget"]["A2"])
    )


def test_tree_at_a_day_is_exported_as_of_that_day(book: Credits) -> None:
    move(book, "1000", month=1)
    move(book, "500", month=2)
    for address, moved in (("", 1500), ("?le=2026-01-31", 1000), ("?le=2026-01-01", 0)):
        _, file = export(book, f"/budgets/FNGA/2026/export.xlsx{address}")
        assert by_code(file.table("Budget"))["A-I-3.info"]["Mouvements"] == moved, address


def test_movements_go_with_the_tree_when_asked_and_explain_it(book: Credits) -> None:
    move(book, "1000", month=1)
    commit(book, "A-I-3.info", "400")
    _, file = export(book, "/budgets/FNGA/2026/export.xlsx?mouvements=1")
    assert list(file.sheets) == ["Budget", "Mouvements"]
    rows = file.table("Mouvements")
    total = by_code(file.table("Budget"))["TOTAL"]
    for one in ("Autorisé", "Engagé", "Disponible", "dont fléché"):
        assert sum(row[one] for row in rows) == pytest.approx(total[one]), one
    virement = [row for row in rows if row["Nature"] == "Virement" and row["Code"] == "A-I-3.info"]
    assert [(row["Dossier"], row["Disponible"], row["Date"]) for row in virement] == [
        (book.dossier.reference, 1000, 46024)  # Excel counts days from 1900
    ]
    _, early = export(book, "/budgets/FNGA/2026/export.xlsx?mouvements=1&le=2026-01-01")
    assert {row["Nature"] for row in early.table("Mouvements")} == {"Ouverture"}


def test_line_is_exported_with_all_its_movements_and_balances(book: Credits) -> None:
    for _ in range(120):
        move(book, "1")
    commit(book, "A-I-3.info", "20")
    answer, file = export(book, "/budgets/FNGA/2026/A-I-3.info/export.xlsx")
    rows = file.table("Mouvements")
    assert len(rows) == 122
    assert [row["Disponible après"] for row in rows[:3]] == [120_000, 120_001, 120_002]
    assert rows[-1]["Disponible après"] == 120_100
    assert "A-I-3.info Dépenses en capital : informatique" in file.sheets["Mouvements"]["A1"]
    assert answer["Content-Disposition"] == 'attachment; filename="budget-FNGA-2026-A-I-3.info.xlsx"'


def test_texts_are_never_formulas_nor_links(book: Credits) -> None:
    for label in FORMULAS:
        move(book, "1", label=label)
    _, file = export(book, "/budgets/FNGA/2026/A-I-1/export.xlsx")
    assert [row["Libellé"] for row in file.table("Mouvements")][1:] == list(FORMULAS)
    assert file.formulas == []
    assert not [name for name in file.files.namelist() if "_rels/sheet" in name]
    assert "<hyperlink" not in file.text("xl/worksheets/sheet1.xml")


def test_file_is_an_attachment_with_a_plain_name(book: Credits) -> None:
    answer, _ = export(book, "/budgets/fnga/2026/export.xlsx?le=28/02/2026")
    assert answer["Content-Disposition"] == 'attachment; filename="budget-FNGA-2026-au-2026-02-28.xlsx"'
    assert answer["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.streaming


def test_empty_budget_gives_a_file_all_the_same(book: Credits) -> None:
    _, file = export(book, "/budgets/FNMO/2026/export.xlsx?mouvements=1")
    assert [row["Code"] for row in file.table("Budget")] == ["TOTAL", "INV", "DEF"]
    assert file.table("Mouvements") == []
