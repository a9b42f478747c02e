"""The simulator says what the path would do, quotes it, and writes nothing."""

from typing import Any

import pytest

from cases.errors import Blocked, Invalid, NotFound
from tests.journeys import Cast, Journey, state_of_everything
from workflows.services import Simulation, simulate


def ask(cast: Cast, body: str = "carmi-npdc", **data: Any) -> Simulation:
    """Simulate an operation; nothing may be written."""
    before = state_of_everything()
    found = simulate(path="fnmo_investment", organisation=cast.body[body], data=data)
    assert state_of_everything() == before
    return found


@pytest.mark.parametrize("amount", ["20000.01", "25 000,50 €"])
def test_above_the_threshold_the_directeur_general_decides(cast: Cast, amount: str) -> None:
    found = ask(cast, amount_ht=amount)
    assert found.decider == "Directeur général"
    assert [step.key for step in found.route] == ["prepare", "sign_off", "check", "decide", "commit", "close"]
    assert [step.organisation for step in found.route] == [
        "CARMI Nord-Pas-de-Calais",
        "CARMI Nord-Pas-de-Calais",
        "CANSSM",
        "CANSSM",
        "CARMI Nord-Pas-de-Calais",
        "CANSSM",
    ]
    assert [(piece.key, piece.required) for piece in found.pieces] == [
        ("presentation_note", True),
        ("economic_file", False),
    ]
    assert {quote.rule for quote in found.quotes} >= {
        "fnmo.investment.threshold",
        "fnmo.investment.validation_body",
    }
    check = found.route[2]
    assert check.delay == "15 jours ouvrés"
    assert check.due_if_started_today
    assert all(quote.text and quote.source for step in found.route for quote in step.quotes)


@pytest.mark.parametrize("amount", ["20000", "0,01"])
def test_at_or_below_the_threshold_nobody_decides(cast: Cast, amount: str) -> None:
    found = ask(cast, amount_ht=amount)
    assert found.decider == ""
    assert [step.key for step in found.route] == ["prepare", "sign_off", "commit", "close"]
    assert not any(piece.required for piece in found.pieces)
    assert "fnmo.investment.dispense" in {quote.rule for quote in found.quotes}
    assert "aucune validation préalable" in found.verdict


def test_restructuring_asks_for_the_economic_file(cast: Cast) -> None:
    found = ask(cast, amount_ht="30000", is_restructuring=True)
    assert all(piece.required for piece in found.pieces)
    assert not any(piece.required for piece in ask(cast, amount_ht="20000", is_restructuring=True).pieces)


def test_a_split_is_signalled_beforehand(cast: Cast) -> None:
    journey = Journey.at(cast, "submitted", "12000", pieces=())
    (warning,) = ask(cast, amount_ht="9000", facilities=["Centre de santé de Lens"]).warnings
    assert journey.reference in warning.message
    assert ask(cast, amount_ht="8000", facilities=["Centre de santé de Lens"]).warnings == ()
    assert ask(cast, "carmi-est", amount_ht="9000", facilities=["Centre de santé de Lens"]).warnings == ()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "amount_ht"),
        ({"amount_ht": "0"}, "amount_ht"),
        ({"amount_ht": "30000", "montant": "1"}, "montant"),
        ({"amount_ht": "30000", "exercise": "1999"}, "exercise"),
    ],
)
def test_nonsense_is_refused_in_place(cast: Cast, data: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(cast, **data)
    assert list(refused.value.details) == [field]


def test_only_bodies_of_the_right_kind_and_known_paths(cast: Cast) -> None:
    with pytest.raises(Blocked):
        ask(cast, "canssm", amount_ht="30000")
    with pytest.raises(NotFound):
        simulate(path="inconnu", organisation=cast.body["carmi-npdc"], data={"amount_ht": "1"})
