"""Virements at the same moment: the same credits are moved once, and each addressee answers once."""

from collections.abc import Iterator

import pytest

from cases.enums import Role
from cases.errors import Blocked, Conflict
from cases.models import CreditMovement, LegalNotice
from cases.selectors import balance_faults
from cases.services import verify_all
from tests.credit_journeys import CreditJourney, credits_of, transfers
from tests.credits import euros
from tests.journeys import Cast
from tests.workflows.services.test_concurrency import Rivals


@pytest.fixture
def two(people: Cast) -> Iterator[Rivals]:
    """Two people at once."""
    rivals = Rivals(2)
    yield rivals
    rivals.close()


def ready(cast: Cast, amount: str, target: str) -> CreditJourney:
    """A virement that the directeur général may effect."""
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-2.autres", target, amount)))
    return journey.walk("prepare.submit", "check.credits_available")


def test_two_virements_race_for_the_same_credits(people: Cast, two: Rivals) -> None:
    for _ in range(5):
        left = credits_of("A-I-2.autres") if CreditMovement.objects.exists() else euros(9430000)
        part = str((left / 2 + 1).quantize(euros(1)))
        first, second = ready(people, part, "A-I-3.info"), ready(people, part, "A-I-3.autres")
        refusals = two.race(
            lambda: first.do("effect.effect", "dg"),  # noqa: B023
            lambda: second.do("effect.effect", "dg2"),  # noqa: B023
        )
        (lost,) = [one for one in refusals if one is not None]
        assert isinstance(lost, Blocked)
        assert lost.reasons[0].code == "insufficient_credits"
        rest = left - euros(part)
        assert credits_of("A-I-2.autres") == rest
        assert f"{rest:,.2f}".replace(",", "\u202f").replace(".", ",") in lost.message
        assert sorted((first.status, second.status)) == ["awaiting_decision", "executed"]
    assert not balance_faults()
    assert not list(verify_all())


def test_two_people_of_one_ministry_acknowledge_at_once(people: Cast, two: Rivals) -> None:
    journey = ready(people, "10.00", "A-I-3.info").walk("effect.effect")
    people.give(people.nobody, (Role.AUTHORITY, "dss"))
    refusals = two.race(
        lambda: journey.do("inform.acknowledge", "ministry"),
        lambda: journey.do("inform.acknowledge", "nobody"),
    )
    assert [type(one) for one in refusals if one is not None] == [Conflict]
    assert LegalNotice.objects.filter(dossier=journey.pk, acknowledged_at__isnull=False).count() == 1


def test_last_two_bodies_acknowledge_at_once_and_the_dossier_closes(people: Cast, two: Rivals) -> None:
    journey = ready(people, "10.00", "A-I-3.info").walk("effect.effect", "inform.acknowledge@comptroller")
    refusals = two.race(
        lambda: journey.do("inform.acknowledge", "ministry"),
        lambda: journey.do("inform.acknowledge", "ministry_db"),
    )
    assert all(one is None or isinstance(one, Conflict) for one in refusals)
    for who, refusal in zip(("ministry", "ministry_db"), refusals, strict=True):
        if refusal is not None:  # the other held the dossier too long: nothing was lost, they answer again
            journey.do("inform.acknowledge", who)
    assert (journey.status, journey.open_steps) == ("closed", [])
