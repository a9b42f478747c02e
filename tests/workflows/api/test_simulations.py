"""``POST simulations``: what would apply, with its quotes, and nothing stored."""

from typing import Any

import pytest

from tests.journeys import Cast, Journey, state_of_everything


def simulation(
    data: dict[str, Any], organisation: str = "carmi-npdc", path: str = "fnmo_investment"
) -> dict[str, Any]:
    """A body."""
    return {"path": path, "organisation": organisation, "data": data}


def test_amount_above_the_threshold_shows_the_whole_route(people: Any) -> None:
    found = people.agent.post("simulations", simulation({"amount_ht": "20 000,01 €"})).ok()
    assert [one["key"] for one in found["route"]] == [
        "prepare",
        "sign_off",
        "check",
        "decide",
        "commit",
        "close",
    ]
    assert found["decider"] == "Directeur général"
    assert [(one["key"], one["required"]) for one in found["pieces"]] == [
        ("presentation_note", True),
        ("economic_file", False),
    ]
    assert any("20000" in quote["text"] for quote in found["quotes"])


def test_amount_at_the_threshold_shows_the_dispense(people: Any) -> None:
    found = people.agent.post("simulations", simulation({"amount_ht": "20000.00"})).ok()
    assert [one["key"] for one in found["route"]] == ["prepare", "sign_off", "commit", "close"]
    assert found["decider"] == ""


def test_simulation_writes_nothing(people: Any) -> None:
    agent = people.agent
    before = state_of_everything()
    agent.post("simulations", simulation({"amount_ht": "25000"})).ok()
    assert state_of_everything() == before


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "amount_ht"),
        ({"amount_ht": 25000.5}, "amount_ht"),
        ({"amount_ht": "beaucoup"}, "amount_ht"),
        ({"amount_ht": "-1"}, "amount_ht"),
        ({"amount_ht": "0"}, "amount_ht"),
        ({"amount_ht": "1.234"}, "amount_ht"),
        ({"amount_ht": "25000.505"}, "amount_ht"),
        ({"amount_ht": "1000000000000"}, "amount_ht"),
        ({"amount_ht": True}, "amount_ht"),
        ({"amount_ht": ["25000"]}, "amount_ht"),
        ({"amount_ht": "25000", "is_restructuring": "non"}, "is_restructuring"),
        ({"amount_ht": "25000", "title": ["x"]}, "title"),
        ({"amount_ht": "25000", "color": "red"}, "color"),
        ({"amount_ht": "25000", "impact": [{"gestion": {}, "year": 2016, "amount": "1"}]}, "impact"),
        ({"amount_ht": "25000", "impact": [{"gestion": "G", "year": 2016, "amount": 1.5}]}, "impact"),
        ({"amount_ht": "25000", "impact": "beaucoup"}, "impact"),
        ({"amount_ht": "25000", "facilities": "Lens", "exercise": 1999}, "exercise"),
    ],
)
def test_bad_data_is_refused_field_by_field(people: Any, data: dict[str, Any], field: str) -> None:
    error = people.agent.post("simulations", simulation(data)).refused(422, "invalid")
    assert list(error["details"]) == [field]
    assert all(isinstance(sentence, str) and sentence for sentence in error["details"][field])


def test_unknown_path_is_not_found(people: Any) -> None:
    people.agent.post("simulations", simulation({"amount_ht": "1"}, path="nope")).refused(404, "not_found")


@pytest.mark.parametrize(
    ("person", "organisation"),
    [
        ("est_agent", "carmi-npdc"),
        ("agent", "nulle-part"),
        ("agent", "canssm"),
        ("ministry", "carmi-npdc"),
        ("nobody", "dss"),
    ],
)
def test_body_of_others_looks_like_one_that_does_not_exist(
    people: Any, person: str, organisation: str
) -> None:
    error = (
        people[person]
        .post("simulations", simulation({"amount_ht": "1"}, organisation))
        .refused(404, "not_found")
    )
    assert error["message"] == "Cette organisation ne vous est pas accessible. Choisissez la vôtre."


def test_body_of_another_kind_is_blocked(people: Any) -> None:
    error = people.reviewer.post("simulations", simulation({"amount_ht": "1"}, "canssm")).refused(
        422, "blocked"
    )
    assert error["details"]["reasons"][0]["code"] == "organisation"


def test_possible_split_is_signalled_beforehand(people: Any, cast: Cast) -> None:
    other = Journey.at(cast, "submitted", "15000", pieces=())
    data = {"amount_ht": "15000", "facilities": ["Centre de santé de Lens"]}
    (warning,) = people.agent.post("simulations", simulation(data)).ok()["warnings"]
    assert warning["code"] == "possible_split"
    assert warning["related"] == [other.reference]
