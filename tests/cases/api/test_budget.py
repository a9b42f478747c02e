"""``GET budget/{fund}/{exercise}``: what it says, at which day, to whom, and what it costs."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.services import ledger
from cases.services.ledger import Transfer
from tests.api_client import Api
from tests.credits import NOW, Credits, euros
from tests.journeys import Cast

pytestmark = pytest.mark.django_db

MONEY = ("initial", "moved", "authorised", "committed", "earmarked", "available")


@pytest.fixture
def book(cast: Cast) -> Credits:
    """The budgets of March 2026."""
    return Credits(cast)


@pytest.fixture
def api(book: Credits) -> Api:
    """Somebody of another CARMI than the dossier's."""
    return Api(book.cast.est_agent)


def move(book: Credits, amount: str, month: int = 3) -> None:
    """One virement of the FNGA, on the second of that month."""
    book.act(
        lambda: ledger.transfer(
            exercise=book.exercise,
            transfers=[Transfer(book.line("A-I-1"), book.line("A-I-3.info"), euros(amount))],
            label="Postes de travail",
            dossier=book.dossier,
        ),
        at=NOW.replace(month=month),
    )


def commit(book: Credits, amount: str) -> None:
    """One commitment on A-I-3.info."""
    book.act(
        lambda: ledger.commit(
            exercise=book.exercise,
            line=book.line("A-I-3.info"),
            amount=euros(amount),
            label="Commande",
            dossier=book.dossier,
        )
    )


def lines_of(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {line["code"]: line for line in body["lines"]}


def test_budget_says_what_each_line_has(book: Credits, api: Api) -> None:
    move(book, "1000.25")
    commit(book, "400")
    with clock.at(NOW):
        body = api.get("budget/FNGA/2026").ok()
    lines = lines_of(body)
    assert {name: value for name, value in body.items() if name != "lines"} == {
        "fund": "FNGA",
        "fund_name": "Fonds national de gestion administrative",
        "exercise": 2026,
        "state": "open",
        "closed_on": None,
        "carried_from": 2017,
        "on": None,
    }
    assert lines["A-I-3.info"] == {
        "code": "A-I-3.info",
        "label": "Dépenses en capital : informatique",
        "parent": "A-I-3",
        "section": "1re section : gestion administrative",
        "depth": 5,
        "is_leaf": True,
        "nature": "limitative",
        "side": "canssm",
        "group": "G4",
        "mark": None,
        "base": "120000.00",
        "initial": "120000.00",
        "moved": "1000.25",
        "authorised": "121000.25",
        "committed": "400.00",
        "earmarked": "0.00",
        "available": "120600.25",
        "movements": None,
    }
    assert (lines["TOTAL"]["parent"], lines["TOTAL"]["depth"], lines["TOTAL"]["is_leaf"]) == (None, 0, False)
    assert lines["RN"]["mark"] == "national_reserve"
    assert lines["RN"]["base"] is None
    assert body["lines"][0]["code"] == "TOTAL"
    for name in MONEY:
        leaves = sum(Decimal(line[name]) for line in lines.values() if line["is_leaf"])
        assert leaves == Decimal(lines["TOTAL"][name]), name


def test_movements_are_given_when_asked(book: Credits, api: Api) -> None:
    move(book, "1000.25")
    commit(book, "400")
    lines = lines_of(api.get("budget/FNGA/2026", movements="true").ok())
    told = [
        (one["kind"], one["account"], one["amount"], one["reference"])
        for one in lines["A-I-3.info"]["movements"]
    ]
    reference = book.dossier.reference
    assert told[0] == ("initial", "available", "120000.00", "")
    assert told[1] == ("virement", "available", "1000.25", reference)
    assert sorted(told[2:]) == [
        ("commitment", "available", "-400.00", reference),
        ("commitment", "committed", "400.00", reference),
    ]
    second = lines["A-I-3.info"]["movements"][1]
    assert (second["on"], second["label"], second["kind_label"]) == (
        "2026-03-02",
        "Postes de travail",
        "Virement",
    )
    assert lines["A-I-3"]["movements"] == []
    assert lines_of(api.get("budget/FNGA/2026", movements="false").ok())["A-I-1"]["movements"] is None


def test_budget_at_a_day_counts_what_had_happened_at_its_end(book: Credits, api: Api) -> None:
    move(book, "1000", month=1)
    move(book, "500", month=2)
    for day, moved in (("2026-01-01", "0.00"), ("2026-01-02", "1000.00"), ("2026-02-02", "1500.00")):
        body = api.get("budget/FNGA/2026", on=day, movements="true").ok()
        assert body["on"] == day
        line = lines_of(body)["A-I-3.info"]
        assert line["moved"] == moved
        assert {one["on"] <= day for one in line["movements"]} == {True}


def test_closed_exercise_is_said(api: Api) -> None:
    body = api.get("budget/FNASS/2015").ok()
    assert (body["state"], body["closed_on"], body["carried_from"]) == ("closed", "2016-04-10", None)
    assert lines_of(body)["I.F.CAN.cv.men"]["mark"] == "menton"


@pytest.mark.parametrize("address", ["budget/FNXX/2026", "budget/FNGA/2013", "budget/FNGA/99999999999"])
def test_unknown_fund_or_exercise_is_not_found(api: Api, address: str) -> None:
    assert "choisissez" in api.get(address).refused(404, "not_found")["message"]


@pytest.mark.parametrize("day", ["hier", "2015-02-30", "30/06/2015", "20150630", "2015-6-30"])
def test_wrong_day_is_invalid(api: Api, day: str) -> None:
    refusal = api.get("budget/FNGA/2015", on=day).refused(422, "invalid")
    assert f"« {day} » n’est pas une date" in refusal["details"]["on"][0]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [({"on": "2015-06-30" * 20}, "on"), ({"movements": "peut-être"}, "movements"), ({"le": "2015"}, "le")],
)
def test_wrong_parameter_is_invalid(api: Api, parameters: dict[str, str], field: str) -> None:
    assert field in api.get("budget/FNGA/2015", **parameters).refused(422, "invalid")["details"]


def test_exercise_that_is_no_number_is_invalid(api: Api) -> None:
    assert "exercise" in api.get("budget/FNGA/deux").refused(422, "invalid")["details"]


def test_any_role_but_administration_reads_budgets(book: Credits) -> None:
    for name, user in book.cast.people.items():
        answer = Api(user).get("budget/FNGA/2026")
        if name in ("admin", "nobody"):
            assert "demandez à l’administrateur" in answer.refused(403, "forbidden")["message"]
        else:
            answer.ok()
    Api(None).get("budget/FNGA/2026").refused(401, "unauthenticated")


def test_budget_costs_six_statements_with_movements(book: Credits, api: Api) -> None:
    for _ in range(5):
        move(book, "1")
    with CaptureQueriesContext(connection) as captured:
        api.get("budget/FNGA/2026", movements="true").ok()
    assert len(captured) == 6  # token, roles, fund and exercise, lines, sums, movements
