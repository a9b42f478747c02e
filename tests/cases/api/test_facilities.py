"""``GET facilities``, ``GET facilities/{code}``: what they say, to whom, page by page, and what they cost."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.finess import finess_key
from cases.models import Facility
from cases.register_terms import ApprovalState
from cases.services import add_professional, adhere, create_facility, move_approval
from tests.api_client import Api
from tests.journeys import Cast, Journey

pytestmark = pytest.mark.django_db

FINESS = "62001234" + finess_key("62001234")


@pytest.fixture
def facility(cast: Cast) -> Facility:
    """An œuvre that has an agrément, an adhesion, a professional and a dossier."""
    made = create_facility(
        organisation=cast.body["carmi-npdc"],
        actor=cast.agent,
        data={"name": "Centre de santé", "town": "Lens", "kind": "health_centre", "finess": FINESS},
        code="npdc-lens",
    )
    today = clock.today()
    made = move_approval(made, ApprovalState.EXISTING, actor=cast.agent, on=today, act="Arrêté 7")
    made = adhere(made, today, actor=cast.agent)
    add_professional(made, adeli="621012345", profession="Infirmier", since=today, actor=cast.agent)
    create_facility(
        organisation=cast.body["carmi-est"], actor=cast.reviewer, data={"name": "Œuvre", "town": "Forbach"}
    )
    return made


def test_register_is_listed_and_searched(cast: Cast, facility: Facility) -> None:
    found = Api(cast.agent).get("facilities").ok()
    (one,) = found["items"]
    assert (found["count"], found["next_cursor"], found["by_approval"]) == (1, "", {"existing": 1})
    assert one == {
        "code": "npdc-lens",
        "name": "Centre de santé",
        "town": "Lens",
        "organisation": {"code": "carmi-npdc", "name": "CARMI Nord-Pas-de-Calais"},
        "kind": "health_centre",
        "kind_label": "Centre de santé",
        "finess": FINESS,
        "active": True,
        "closed_on": None,
        "approval": "existing",
        "approval_label": "Existant",
        "provisional_until": None,
        "adhered_on": clock.today().isoformat(),
        "version": 4,
    }
    reviewer = Api(cast.reviewer)
    assert [row["code"] for row in reviewer.get("facilities").ok()["items"]] == [
        "oeuvre-forbach",
        "npdc-lens",
    ]
    for query in ("finess=62%20001", "q=centre%20LENS", "adhered=yes", "approval=existing", f"q={FINESS}"):
        assert [row["code"] for row in reviewer.get(f"facilities?{query}").ok()["items"]] == ["npdc-lens"], (
            query
        )
    for query in ("adhered=maybe", "finess=620012340", "town=Lens", "cursor=nowhere"):
        refused = reviewer.get(f"facilities?{query}").ok(422)
        assert refused["code"] == "invalid"
        assert query.split("=")[0] in refused["details"], query


def test_one_facility_tells_its_history_and_what_may_come(cast: Cast, facility: Facility) -> None:
    dossier = Journey.start(cast, facilities=["npdc-lens"]).dossier
    found = Api(cast.agent).get("facilities/npdc-lens").ok()
    assert found["next_approvals"] == ["to_modify", "removed"]
    assert found["professionals"] == [
        {"adeli": "621012345", "profession": "Infirmier", "since": clock.today().isoformat(), "until": None}
    ]
    assert [one["action"] for one in found["history"]] == ["add_professional", "adhere", "approval", "create"]
    approval = found["history"][2]
    assert (approval["before"], approval["after"], approval["act"]) == ("unlisted", "existing", "Arrêté 7")
    assert approval["actor"] == "Anne Agent"
    assert [one["reference"] for one in found["dossiers"]] == [dossier.reference]


def test_outsiders_are_told_nothing(cast: Cast, facility: Facility) -> None:
    for person in (cast.est_agent, cast.admin, cast.nobody):
        unknown = Api(person).get("facilities/nowhere").ok(404)
        assert Api(person).get("facilities/npdc-lens").ok(404) == unknown
    assert [one["code"] for one in Api(cast.est_agent).get("facilities").ok()["items"]] == ["oeuvre-forbach"]
    for person in (cast.admin, cast.nobody):
        assert Api(person).get("facilities").ok(403)["code"] == "forbidden"
    assert Api(cast.ministry).get("facilities/npdc-lens").ok()["code"] == "npdc-lens"


def test_pages_follow_each_other_at_the_same_cost(cast: Cast, facility: Facility) -> None:
    api = Api(cast.agent)
    with CaptureQueriesContext(connection) as few:
        api.get("facilities").ok()
    Facility.objects.bulk_create(
        Facility(code=f"c-{number:03d}", name="Centre", town="Lens", organisation=cast.body["carmi-npdc"])
        for number in range(150)
    )
    with CaptureQueriesContext(connection) as many:
        first = api.get("facilities").ok()
    assert len(many) == len(few) <= 5
    second = api.get(f"facilities?cursor={first['next_cursor']}").ok()
    codes = [one["code"] for one in first["items"] + second["items"]]
    assert len(codes) == len(set(codes)) == 151
    assert second["next_cursor"] == ""
