"""Reserve, receipts and end of a year at the same moment: no euro is used twice, none is cancelled twice."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import transaction

from cases import clock
from cases.errors import Blocked
from cases.models import CreditMovement
from cases.selectors import balance_faults
from tests.budgets import real_budgets
from tests.credit_journeys import NOW, CreditJourney, credits_of
from tests.journeys import Cast
from tests.workflows.paths.test_national_reserve import AUTHORISED, endow, use
from tests.workflows.paths.test_receipts_reuse import reuse
from tests.workflows.services.test_concurrency import Rivals
from workflows.services import lapse_credits


@pytest.fixture
def two(people: Cast) -> Iterator[Rivals]:
    """Two people at once."""
    rivals = Rivals(2)
    yield rivals
    rivals.close()


def authorised(cast: Cast, path: str, data: dict[str, object], *pieces: str) -> CreditJourney:
    """A dossier that the directeur général may effect."""
    journey = CreditJourney.file(cast, path, data, by="reviewer", body="canssm", pieces=pieces)
    return journey.walk(*AUTHORISED)


def test_two_reuses_race_for_one_forecast(people: Cast, two: Rivals) -> None:
    for category in ("staff", "services", "training", "insurance"):
        first, second = (
            authorised(
                people,
                "receipts_reuse",
                reuse((code, "6000.00"), category=category),
                "receipts_forecast",
            )
            for code in ("A-I-1", "A-I-2.info")
        )
        refusals = two.race(
            lambda: first.do("effect.effect", "dg"),  # noqa: B023
            lambda: second.do("effect.effect", "dg2"),  # noqa: B023
        )
        (lost,) = [one for one in refusals if one is not None]
        assert isinstance(lost, Blocked)
        assert lost.reasons[0].code == "above_forecast"
        assert sorted((first.status, second.status)) == ["approved", "executed"]
    assert CreditMovement.objects.filter(kind="receipt").count() == 4


def test_two_uses_race_for_one_reserve(people: Cast, two: Rivals) -> None:
    with transaction.atomic():
        endow(people)
    first, second = (
        authorised(people, "national_reserve", use((code, "3000.00"))) for code in ("A-I-1", "A-I-2.info")
    )
    refusals = two.race(lambda: first.do("effect.effect", "dg"), lambda: second.do("effect.effect", "dg2"))
    (lost,) = [one for one in refusals if one is not None]
    assert isinstance(lost, Blocked)
    assert credits_of("RN") == Decimal("2000.00")
    assert not balance_faults()


def test_two_closings_of_a_year_cancel_once(people: Cast, two: Rivals) -> None:
    with clock.at(NOW):
        real_budgets()
        expected = lapse_credits(year=2017, dry_run=True).total
    assert two.race(lambda: lapse_credits(year=2017), lambda: lapse_credits(year=2017)) == [None, None]
    cancelled = CreditMovement.objects.filter(kind="cancellation", postings__line__isnull=False)
    assert -sum(cancelled.values_list("postings__amount", flat=True)) == expected
    assert not balance_faults()
