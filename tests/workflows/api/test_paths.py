"""``GET paths``…: the FNMO path as data, as BPMN and as a drawing."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest


@pytest.fixture
def path(people: Any) -> Any:
    """The FNMO path as the agent reads it."""
    return people.agent.get("paths/fnmo_investment").ok()


def test_paths_are_listed(people: Any) -> None:
    items = people.agent.get("paths").ok()["items"]
    (fnmo,) = [one for one in items if one["key"] == "fnmo_investment"]
    assert fnmo["title"] == "Investissement FNMO"
    assert fnmo["convention"]["key"] == "cog-2014-2017"
    assert fnmo["organisation_kinds"] == [{"value": "carmi", "label": "Caisse régionale"}]


def test_path_names_the_steps_roles_and_outcomes_of_the_design(path: Any) -> None:
    assert [
        (one["key"], one["role"], [way["outcome"] for way in one["outcomes"]]) for one in path["steps"]
    ] == [
        ("prepare", "preparer", ["submit"]),
        ("sign_off", "regional_director", ["transmit", "return"]),
        ("check", "reviewer", ["complete", "request_pieces"]),
        ("complete_file", "preparer", ["resubmit"]),
        ("decide", "director_general", ["approve", "refuse", "send_back"]),
        ("commit", "regional_director", ["commit", "revise_cost"]),
        ("close", "reviewer", ["close"]),
    ]
    assert path["first_step"] == "prepare"


def test_path_says_where_each_outcome_leads_and_when(path: Any) -> None:
    transmit = path["steps"][1]["outcomes"][0]
    assert [(one["to"], one["status"], one["condition"]) for one in transmit["routes"]] == [
        ("check", "under_review", "au-dessus du seuil"),
        ("commit", "approved", "dispense de validation"),
    ]
    assert any(quote["rule"] == "fnmo.investment.threshold" for quote in transmit["routes"][0]["quotes"])


def test_path_quotes_its_pieces_and_delays(path: Any) -> None:
    note, economic = path["pieces"]
    assert (note["key"], economic["key"]) == ("presentation_note", "economic_file")
    assert "note de présentation" in note["quote"]["text"]
    assert note["quote"]["status"] == "text"
    delay = next(one for one in path["steps"] if one["key"] == "check")["delay"]
    assert delay["value"] > 0
    assert delay["kind"] == "internal"
    assert delay["quote"]["text"]


def test_path_describes_its_data(path: Any) -> None:
    fields = {one["name"]: one for one in path["fields"]}
    assert {name: field["type"] for name, field in fields.items()} == {
        "title": "text",
        "amount_ht": "money",
        "exercise": "integer",
        "facilities": "names",
        "nature": "text",
        "is_restructuring": "boolean",
        "impact": "rows",
    }
    assert [one["name"] for one in fields["impact"]["columns"]] == ["gestion", "year", "amount"]
    assert fields["exercise"]["choices"][-1]["value"] == "2014"
    assert fields["amount_ht"]["required"]
    assert not fields["impact"]["required"]


def test_unknown_path_names_those_that_exist(people: Any) -> None:
    for address in ("paths/nope", "paths/nope/bpmn", "paths/nope/diagram.svg"):
        error = people.agent.get(address).refused(404, "not_found")
        assert "fnmo_investment" in error["message"]


def test_bpmn_is_handed_out_as_a_file(people: Any) -> None:
    answer = people.agent.get("paths/fnmo_investment/bpmn")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="fnmo_investment.bpmn"'
    assert ET.fromstring(answer.content).tag.endswith("definitions")  # noqa: S314


def test_drawing_is_handed_out_as_an_image(people: Any) -> None:
    answer = people.agent.get("paths/fnmo_investment/diagram.svg")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert ET.fromstring(answer.content).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314
