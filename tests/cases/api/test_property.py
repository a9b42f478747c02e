"""``GET properties`` and ``GET properties/{code}``: what they say, to whom, and what they cost."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.register_terms import ProceedsUse
from cases.services.property import ProceedsPart, allocate
from tests.api_client import Api
from tests.journeys import Cast, Journey
from tests.properties import building, empty, put_on_sale, sell

pytestmark = pytest.mark.django_db


def test_the_register_is_listed_by_filters_and_pages(cast: Cast) -> None:
    building(cast, "npdc-1")
    building(cast, "npdc-2", **empty("90.50"))
    building(cast, "est-1", body="carmi-est", fund="FNASS", use="housing")
    api = Api(cast.reviewer)
    with CaptureQueriesContext(connection) as statements:
        body = api.get("properties?owner=carmi-npdc").ok()
    assert len(statements) <= 5
    assert [one["code"] for one in body["items"]] == ["npdc-1", "npdc-2"]
    assert body["total"] == {
        "state": "",
        "count": 2,
        "surface": "890.50",
        "vacant_surface": "90.50",
        "net_book_value": "240000.00",
    }
    assert [(one["state"], one["count"]) for one in body["by_state"]] == [("in_use", 1), ("vacant", 1)]
    first = body["items"][0]
    assert (first["surface"], first["net_book_value"], first["market_value"]) == ("800.00", "120000.00", None)
    assert first["owner"] == {"code": "carmi-npdc", "name": "CARMI Nord-Pas-de-Calais"}
    assert [one["code"] for one in api.get("properties?sort=vacant").ok()["items"]][0] == "npdc-2"
    assert [one["code"] for one in api.get("properties?q=lens&cursor=est-1").ok()["items"]] == [
        "npdc-1",
        "npdc-2",
    ]
    for wrong, name in (
        ("use=castle", "use"),
        ("cursor=nowhere", "cursor"),
        ("usage=housing", "usage"),
        ("state=in_use&state=vacant", "state"),
    ):
        answer = api.get(f"properties?{wrong}").refused(422, "invalid")
        assert name in answer["details"], wrong


def test_one_building_tells_its_history_and_its_sale(cast: Cast) -> None:
    dossier = Journey.start(cast).dossier
    sale = sell(put_on_sale(cast, dossier), dossier, cast)
    allocate(sale, [ProceedsPart(ProceedsUse.INVESTMENT, 2016, Decimal("80000.00"))], dossier=dossier)
    api = Api(cast.agent)
    with CaptureQueriesContext(connection) as statements:
        body = api.get("properties/lens-bureaux").ok()
    assert len(statements) <= 8
    assert (body["state"], body["state_label"]) == ("sold", "Vendu")
    assert body["sale"]["gain"] == "80000.00"
    assert body["sale"]["allocations"] == [
        {
            "use": "investment",
            "use_label": "Autorisations d’investissements",
            "exercise": 2016,
            "amount": "80000.00",
            "reference": dossier.reference,
        }
    ]
    assert [one["action"] for one in body["history"]] == ["sale", "move", "move", "create"]
    assert body["history"][0]["reference"] == dossier.reference


def test_outsiders_get_no_hint(cast: Cast) -> None:
    building(cast)
    known = Api(cast.est_agent).get("properties/lens-bureaux").refused(404, "not_found")
    assert known == Api(cast.est_agent).get("properties/unknown").refused(404, "not_found")
    assert Api(cast.est_agent).get("properties").ok()["items"] == []
    for person in (cast.admin, cast.nobody):
        Api(person).get("properties").refused(403, "forbidden")
        Api(person).get("properties/lens-bureaux").refused(403, "forbidden")
    assert Api(cast.comptroller).get("properties/lens-bureaux").ok()["code"] == "lens-bureaux"
