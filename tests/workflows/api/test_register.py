"""``GET notices`` as a register: filters, columns, totals, pages, cost. The receipts are in test_notices.py."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from notifications.enums import OutboxState
from tests.api_client import Api
from tests.journeys import Cast
from tests.told import Told, tell
from tests.workflows.views.test_register import EVERY_STATE, MORNING, SENT

pytestmark = pytest.mark.django_db
S = OutboxState


def ask(cast: Cast, who: str = "auditor", *, at: datetime = MORNING, **filters: str) -> Any:
    """The register over the API, on that morning."""
    with clock.at(at):
        return Api(cast.people[who]).get("notices", **filters)


def references(answer: Any) -> list[str]:
    return [one["reference"] for one in answer.ok()["items"]]


def test_line_of_the_register_holds_every_column(cast: Cast) -> None:
    tell(cast, EVERY_STATE)
    (line,) = ask(cast, addressee="cgefi").ok()["items"]
    assert line.pop("id")
    assert line.pop("document_url").startswith("/api/v1/dossiers/VIR-2026-0003/documents/")
    assert line == {
        "reference": "VIR-2026-0003",
        "title": "Virement FNGA 2026 : postes de travail",
        "fund": "FNGA",
        "exercise": 2026,
        "addressee": {"code": "cgefi", "name": "Contrôle général économique et financier"},
        "happened_on": "2026-03-02",
        "due_on": "2026-03-17",
        "sent_at": "2026-03-02T09:00:00Z",
        "delivered_at": "2026-03-02T10:00:00Z",
        "delivery": "delivered",
        "delivery_label": "remis au serveur",
        "mails": {"delivered": 1},
        "acknowledged_at": "2026-03-05T09:00:00Z",
        "acknowledged_by": "Corinne Contrôle",
        "capacity": "Destinataire — Contrôle général économique et financier",
        "days": 3,
        "state": "acknowledged",
        "state_label": "reçue dans le délai",
        "late": False,
        "rule": "cog-2014-2017/virement.information.delay@2014-01-01",
    }


def test_mails_and_days_of_each_state_are_told(cast: Cast) -> None:
    tell(cast, EVERY_STATE)
    found = {
        one["state"]: (one["delivery"], one["delivered_at"], one["days"]) for one in ask(cast).ok()["items"]
    }
    assert found == {
        "awaited": ("unaddressed", None, 8),
        "late": ("failed", None, 16),
        "acknowledged": ("delivered", "2026-03-02T10:00:00Z", 3),
        "acknowledged_late": ("none", None, 31),
    }


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"fund": "FNASS"}, {4}),
        ({"exercise": "2026"}, {1, 2, 3, 4}),
        ({"exercise": "2025"}, set()),
        ({"addressee": "dss"}, {1, 4}),
        ({"state": "late"}, {2}),
        ({"dossier": "VIR-2026-0003"}, {3}),
        ({"since": "2026-03-02", "until": "2026-03-02"}, {2, 3}),
        ({"since": "2026-03-03"}, {1}),
        ({"addressee": "dss", "fund": "FNGA"}, {1}),
        ({"fund": ""}, {1, 2, 3, 4}),
    ],
)
def test_register_is_filtered(cast: Cast, filters: dict[str, str], found: set[int]) -> None:
    tell(cast, EVERY_STATE)
    answer = ask(cast, **filters)
    assert set(references(answer)) == {f"VIR-2026-{number:04d}" for number in found}
    assert answer.body["totals"]["number"] == len(found)


def test_totals_are_those_of_the_whole_selection(cast: Cast) -> None:
    tell(cast, EVERY_STATE)
    totals = ask(cast).ok()["totals"]
    bodies = totals.pop("by_addressee")
    assert totals == {
        "number": 4,
        "awaited": 1,
        "late": 1,
        "acknowledged": 1,
        "acknowledged_late": 1,
        "share_in_time": 33.3,
        "median_days": 17.0,
        "max_days": 31,
        "longest_wait_days": 16,
    }
    assert [(one["addressee"], one["number"]) for one in bodies] == [("cgefi", 1), ("dss", 2), ("db", 1)]
    assert bodies[2]["addressee_name"] == "Direction du budget"
    assert (bodies[2]["share_in_time"], bodies[2]["median_days"]) == (0.0, None)
    empty = ask(cast, fund="FNMO").ok()["totals"]
    assert (empty["number"], empty["share_in_time"], empty["by_addressee"]) == (0, None, [])


@pytest.mark.parametrize(
    "filters",
    [
        {"exercise": "abc"},
        {"exercise": "1999"},
        {"fund": "FNXX"},
        {"addressee": "personne"},
        {"state": "perdue"},
        {"dossier": "V" * 41},
        {"since": "30/06/2026"},
        {"since": "2026-02-30"},
        {"until": "hier"},
        {"until": "2026-03-01\x00"},
        {"fund": "\x00"},
        {"cursor": "demain"},
        {"exercice": "2026"},
    ],
)
def test_nonsense_is_refused_at_its_field(cast: Cast, filters: dict[str, str]) -> None:
    error = ask(cast, **filters).refused(422, "invalid")
    assert list(error["details"]) == list(filters)


def test_every_fault_is_told_at_once(cast: Cast) -> None:
    error = ask(cast, fund="FNXX", since="2026-03-02", until="2026-03-01").refused(422, "invalid")
    assert list(error["details"]) == ["fund", "until"]
    assert "échangez les deux dates" in error["details"]["until"][0]


def test_cursor_is_stable_while_notices_arrive(cast: Cast) -> None:
    old = [one.dossier.reference for one in tell(cast, [Told() for _ in range(150)])][::-1]
    first = ask(cast)
    (new,) = tell(cast, [Told(happened_on=date(2026, 3, 3))])
    tell(cast, [Told(happened_on=date(2026, 3, 2))])
    second = ask(cast, cursor=first.body["next_cursor"])
    assert references(first) + references(second) == old
    assert second.body["next_cursor"] == ""
    assert second.body["totals"]["number"] == 152
    assert references(ask(cast))[0] == new.dossier.reference


def test_each_role_reads_the_virements_of_its_own_dossiers(cast: Cast) -> None:
    tell(cast, [Told(), Told(body="carmi-est")])
    seen = {who: ask(cast, who).ok()["totals"]["number"] for who in cast.people}
    assert {who for who, number in seen.items() if number == 0} == {"admin", "nobody", "secretary"}
    assert {who for who, number in seen.items() if number == 1} == {
        *("agent", "agent2", "director", "carmi_manager", "est_agent", "est_director"),
    }
    assert {"auditor", "ministry", "ministry_db", "comptroller", "dg"} <= {
        who for who, number in seen.items() if number == 2
    }


def test_register_costs_the_same_for_three_and_three_hundred_notices(cast: Cast) -> None:
    with clock.at(MORNING):
        api = Api(cast.auditor)
        api.get("notices").ok()

        def cost() -> int:
            with CaptureQueriesContext(connection) as sent:
                api.get("notices").ok()
            return len(sent)

        tell(cast, [Told(mails=((S.DELIVERED, SENT),)) for _ in range(3)])
        assert cost() == 6
        tell(cast, [Told(mails=((S.DELIVERED, SENT),)) for _ in range(297)])
        assert cost() == 6


def test_document_shows_examples_of_filters_and_of_a_line() -> None:
    document = Api().get("openapi.json").ok()
    parameters = document["paths"]["/api/v1/notices"]["get"]["parameters"]
    shown = {one["name"]: one["schema"].get("example") for one in parameters}
    assert list(shown) == [
        *("exercise", "fund", "addressee", "state", "dossier", "since", "until", "cursor"),
    ]
    assert shown["fund"] == "FNGA"
    schema = document["components"]["schemas"]["RegisteredNoticeOut"]
    assert set(schema["example"]) == set(schema["properties"])


def test_receipt_given_in_winter_time_counts_in_paris(cast: Cast) -> None:
    tell(cast, [Told(date(2026, 10, 10), acknowledged_at=datetime(2026, 10, 25, 23, 30, tzinfo=UTC))])
    (line,) = ask(cast, at=datetime(2026, 11, 2, 9, tzinfo=UTC)).ok()["items"]
    assert (line["state"], line["late"], line["days"]) == ("acknowledged_late", True, 16)
