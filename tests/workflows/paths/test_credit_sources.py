"""The reserve, receipts and advances on the screen, and what their acts cost in SQL statements."""

from typing import Any

import pytest
from django.urls import reverse

from cases import clock
from tests.budgets import real_budgets
from tests.credit_journeys import NOW, CreditJourney
from tests.journeys import Cast
from tests.pages import at_the_site, words
from tests.workflows.paths import test_advance_release as advances
from tests.workflows.paths import test_national_reserve as reserve
from tests.workflows.paths import test_receipts_reuse as receipts
from tests.workflows.test_statements import LIMIT, statements
from workflows.engine import get_path
from workflows.services import simulate

pytestmark = pytest.mark.django_db

LIMIT_OF_EFFECT = 22
"""The act at which credits move writes the movement, the decision and its paper besides (16 + 6)."""

WAYS: dict[str, tuple[str, str, Any, tuple[str, ...]]] = {
    "national_reserve": ("reviewer", "canssm", reserve.use, reserve.AUTHORISED),
    "receipts_reuse": ("reviewer", "canssm", receipts.reuse, receipts.AUTHORISED),
    "advance_release": ("agent", "carmi-npdc", advances.advance, advances.RELEASED),
}
PIECES = {"receipts_reuse": ("receipts_forecast",)}


def filed(cast: Cast, path: str) -> CreditJourney:
    """A draft that may be submitted."""
    by, body, data, _ = WAYS[path]
    if path == "national_reserve":
        reserve.endow(cast)
    return CreditJourney.file(cast, path, data(), by=by, body=body, pieces=PIECES.get(path, ()))


@pytest.mark.parametrize("path", WAYS)
def test_each_step_sends_few_statements(cast: Cast, path: str) -> None:
    journey = filed(cast, path)
    acts = WAYS[path][3]
    found = {}
    for act in (*acts, *(() if path == "advance_release" else ("effect.effect",))):
        what, _, by = act.partition("@")
        found[act] = len(statements(lambda: journey.do(what, by or None)))  # noqa: B023
    if "effect.effect" in found:
        assert found.pop("effect.effect") <= LIMIT_OF_EFFECT, found
    assert max(found.values()) <= LIMIT, found


@pytest.mark.parametrize("path", WAYS)
def test_form_and_dossier_are_shown_at_each_stage(cast: Cast, path: str) -> None:
    with clock.at(NOW):
        real_budgets()
    by, _, _, acts = WAYS[path]
    journey = filed(cast, path)
    with clock.at(NOW):
        page = at_the_site(cast.people[by]).get(reverse("dossier_new_path", args=[path]))
        assert page.status_code == 200
    for act in ("", *acts):
        if act:
            journey.walk(act)
        with clock.at(NOW):
            page = at_the_site(cast.dg).get(reverse("dossier", args=[journey.reference]))
        assert page.status_code == 200
        assert journey.reference in words(page)


@pytest.mark.parametrize(
    ("path", "data", "decider"),
    [
        ("national_reserve", {"fund": "FNGA", "exercise": 2026}, "Ministère de tutelle"),
        ("receipts_reuse", {"fund": "FNASS", "exercise": 2026}, "Ministère de tutelle"),
        ("advance_release", {"amount_ht": "25000.00", "exercise": 2026}, "Directeur général"),
    ],
)
def test_little_is_enough_to_simulate(cast: Cast, path: str, data: dict[str, Any], decider: str) -> None:
    with clock.at(NOW):
        real_budgets()
        found = simulate(path=path, organisation=cast.body[WAYS[path][1]], data=data)
    assert found.decider == decider
    assert found.verdict.lower().endswith(get_path(path).verdict.lower())
    assert [one.key for one in found.route] == [step.name for step in get_path(path).steps()][
        : len(found.route)
    ]
