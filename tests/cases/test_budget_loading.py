"""Loading the convention's budgets: what stands in the database afterwards, once, and what is reported."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from cases import clock
from cases.budget_tables import check_tables, known_differences
from cases.budget_terms import Account, MovementKind
from cases.errors import Invalid
from cases.models import (
    BaseFigure,
    BudgetLine,
    CreditBalance,
    CreditMovement,
    CreditPosting,
    Exercise,
    Fund,
    ReserveFigure,
)
from cases.selectors import balance_faults, balances, budget_tree, fund_and_exercise
from cases.services import budgets as loading
from cases.services import close_exercise, load_budgets, open_exercise
from tests.journeys import state_of_everything

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def load() -> str:
    """Run the command in March 2026 and return what it says."""
    out = io.StringIO()
    with clock.at(NOW):
        call_command("load_budgets", stdout=out)
    return out.getvalue()


def test_everything_stands_there_once() -> None:
    load()
    assert list(Fund.objects.values_list("code", flat=True)) == ["FNGA", "FNASS", "FNPPS", "FNMO"]
    assert BudgetLine.objects.filter(is_leaf=True).count() == 19 + 19 + 4 + 2
    assert list(Exercise.objects.values_list("year", "carried_from", "closed_on")) == [
        (2014, None, date(2015, 4, 10)),
        (2015, None, date(2016, 4, 10)),
        (2016, None, date(2017, 4, 10)),
        (2017, None, date(2018, 4, 10)),
        (2026, 2017, None),
    ]
    assert ReserveFigure.objects.get(key="reserves_after", year=2012).amount == Decimal(56942282)
    before = state_of_everything()
    rows = list(BudgetLine.objects.order_by("pk").values())
    again = load()
    assert state_of_everything() == before
    assert list(BudgetLine.objects.order_by("pk").values()) == rows
    assert "0 mouvements d’ouverture" in again
    assert "ouvert" not in again.replace("d’ouverture", "")


def test_the_report_names_each_sum_that_does_not_add_up_and_no_other() -> None:
    lines = load().splitlines()
    told = [line for line in lines if line.startswith("  ")]
    assert len(told) == len(known_differences()) == 30
    for one, reading in known_differences().items():
        (line,) = (
            line
            for line in told
            if line.startswith(f"  {one.fund} {one.total} {one.year} : imprimé")
            and line.endswith(reading)
            and f"écart {loading_eur(one.difference)}" in line
        )
    assert (
        "  FNGA T1 2013 : imprimé 110\u202f980\u202f000,00\u00a0€, somme 110\u202f990\u202f000,00\u00a0€, "
        "écart \u221210\u202f000,00\u00a0€. Arrondi." in told
    )
    assert lines[0].endswith(f"{check_tables().sums} sommes vérifiées.")
    assert "30 sommes imprimées ne tombent pas juste, toutes connues." in lines
    assert "Exercice 2026 ouvert, en reconduisant 2017." in lines
    assert lines[-1] == "15 mouvements d’ouverture enregistrés."


def loading_eur(amount: Decimal) -> str:
    """As the report writes it."""
    from cases.money import format_eur

    return format_eur(amount)


def test_opening_credits_are_the_printed_base_of_each_leaf() -> None:
    load()
    for fund in Fund.objects.all():
        for exercise in Exercise.objects.all():
            tree = budget_tree(fund=fund, exercise=exercise)
            for node in tree:
                if node.line.is_leaf:
                    assert node.initial == node.available == (node.base or 0), node.line
                    assert node.moved == node.committed == 0
            assert sum(
                balance.available for balance in balances(fund=fund.code, exercise=exercise).values()
            ) == (tree.roots[0].available)
    assert balance_faults() == []


@pytest.mark.parametrize(
    ("fund", "year", "total"),
    [
        ("FNGA", 2014, "139620000.00"),
        ("FNGA", 2017, "129220000.00"),
        ("FNASS", 2014, "58046447.00"),
        ("FNASS", 2016, "43576844.00"),
        ("FNPPS", 2015, "3562500.00"),
        ("FNPPS", 2026, "3215157.00"),
        ("FNGA", 2026, "129220000.00"),
        ("FNMO", 2015, "0.00"),
    ],
)
def test_totals_of_the_tree(fund: str, year: int, total: str) -> None:
    load()
    found, exercise = fund_and_exercise(fund=fund, year=year)
    (root,) = budget_tree(fund=found, exercise=exercise).roots
    assert root.available == Decimal(total)


def test_a_sum_shows_its_printed_base_beside_the_sum_of_its_leaves() -> None:
    """In 2017 the FNASS prints 38 715 275 and its lines make 38 715 277: three roundings."""
    load()
    fund, exercise = fund_and_exercise(fund="FNASS", year=2017)
    (root,) = budget_tree(fund=fund, exercise=exercise).roots
    assert root.base == Decimal(38715275)
    assert root.initial == sum(
        (
            figure.amount
            for figure in BaseFigure.objects.filter(line__fund=fund, year=2017, line__is_leaf=True)
        ),
        Decimal(0),
    )
    assert 0 <= root.initial - root.base <= 3


def test_opening_movements_say_where_their_credits_come_from() -> None:
    load()
    opening = (
        CreditMovement.objects.filter(postings__exercise__year=2026, postings__fund="FNGA").distinct().get()
    )
    assert (opening.kind, opening.effective_on, opening.dossier) == (
        MovementKind.INITIAL,
        date(2026, 1, 1),
        None,
    )
    assert opening.label == "Reconduction du budget 2017"
    assert "Aucune convention ultérieure" in opening.origin
    source = CreditPosting.objects.get(movement=opening, account=Account.SOURCE)
    assert source.amount == Decimal(-129220000)
    assert (
        CreditMovement.objects.filter(effective_on=date(2014, 1, 1)).first().label == "Budget 2014 de la COG"
    )  # type: ignore[union-attr]


def test_in_a_year_of_the_convention_no_exercise_is_carried_forward() -> None:
    with clock.at(datetime(2015, 6, 1, 9, tzinfo=UTC)):
        load_budgets()
        assert [(one.year, one.state) for one in Exercise.objects.all()] == [
            (2014, "closed"),
            (2015, "open"),
            (2016, "open"),
            (2017, "open"),
        ]
    with clock.at(NOW):
        load_budgets()
        assert [one.state for one in Exercise.objects.all()] == ["closed"] * 4 + ["open"]


def test_every_leaf_has_a_balance_to_lock_in_every_exercise() -> None:
    load()
    assert CreditBalance.objects.count() == BudgetLine.objects.filter(is_leaf=True).count() * 5
    assert set(CreditBalance.objects.filter(limitative=False).values_list("line__nature", flat=True)) == {
        "evaluative"
    }


def test_a_line_does_not_change_its_nature_by_being_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    load()
    tables = {fund: tuple(_regrouped(row) for row in rows) for fund, rows in loading.read_tables().items()}
    monkeypatch.setattr(loading, "read_tables", lambda: tables)
    with pytest.raises(CommandError, match="FNGA A-I-1 changerait"):
        load()


def _regrouped(row: loading.Row) -> loading.Row:
    from dataclasses import replace

    return replace(row, group="G2") if row.code == "A-I-1" else row


def test_a_sum_that_is_not_known_to_differ_stops_the_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "known_differences", dict)
    before = state_of_everything()
    with pytest.raises(CommandError, match="FNGA T1 2013"):
        load()
    assert state_of_everything() == before


def test_an_exercise_is_opened_by_carrying_a_printed_one_forward() -> None:
    load()
    exercise = open_exercise(year=2027, carried_from=2016)
    fund = Fund.objects.get(code="FNGA")
    assert budget_tree(fund=fund, exercise=exercise).roots[0].available == Decimal("131870000.00")
    for year, source, sentence in (
        (2027, 2016, "déjà ouvert"),
        (2028, 2026, "Aucun budget de 2026"),
        (2011, 2017, "Aucun budget de 2017"),
    ):
        with pytest.raises(Invalid, match=sentence):
            open_exercise(year=year, carried_from=source)


def test_an_exercise_is_closed_once_and_not_before_its_year() -> None:
    load()
    with clock.at(NOW):
        with pytest.raises(Invalid, match="n’a pas commencé"):
            close_exercise(year=2026, on=date(2025, 12, 31))
        assert close_exercise(year=2026, on=date(2026, 3, 2)).is_closed
        with pytest.raises(Invalid, match="clos depuis le lundi 2 mars 2026"):
            close_exercise(year=2026, on=date(2026, 4, 1))
