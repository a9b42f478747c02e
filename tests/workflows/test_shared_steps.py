"""Who is told when several bodies hold one step, and what is settled when one of them answers."""

import pytest
from django.db import transaction

from cases import clock
from cases.enums import Role
from cases.models import Deadline
from cases.services import DossierClocks
from notifications.enums import OutboxState
from notifications.models import OutboxRow
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast

pytestmark = pytest.mark.django_db


def asked(journey: CreditJourney) -> dict[str, str]:
    """Who was asked to acknowledge, and the state of their notice."""
    rows = OutboxRow.objects.filter(dossier=journey.pk, step="inform", channel="in_app").select_related(
        "recipient"
    )
    return {row.recipient.username: row.state for row in rows}


def test_each_body_is_asked_and_only_the_one_that_answered_is_settled(cast: Cast) -> None:
    cast.person("colleague", (Role.AUTHORITY, "dss"))
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "10.00")))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect")
    told = OutboxState.DELIVERED.value
    assert asked(journey) == dict.fromkeys(("ministry", "colleague", "ministry_db", "comptroller"), told)
    journey.walk("inform.acknowledge@ministry")
    assert asked(journey) == {
        "ministry": OutboxState.SETTLED.value,
        "colleague": OutboxState.SETTLED.value,
        "ministry_db": told,
        "comptroller": told,
    }
    journey.walk("inform.acknowledge@ministry_db", "inform.acknowledge@comptroller")
    assert set(asked(journey).values()) == {OutboxState.SETTLED.value}


def test_refusal_of_one_settles_what_the_others_were_asked(cast: Cast) -> None:
    data = transfers(("A-I-3.info", "A-I-3.autres", "1.00"), exceptional_reason="Incendie du site")
    journey = CreditJourney.file(cast, "virement_derogation", data)
    journey.walk("prepare.submit", "check.credits_available", "prior_agreement.refuse")
    rows = OutboxRow.objects.filter(dossier=journey.pk, step="prior_agreement", channel="in_app")
    assert set(rows.values_list("state", flat=True)) == {OutboxState.SETTLED.value}


def test_clocks_of_those_who_had_not_answered_lose_their_object(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "10.00")))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect")
    with clock.at(NOW), transaction.atomic():
        clocks = DossierClocks(journey.dossier)
        clocks.meet("inform", cast.body["db"].pk)
        clocks.cancel("inform")
        assert clocks.save() is None
    found = Deadline.objects.filter(dossier=journey.pk, step="inform").select_related("organisation")
    assert {one.organisation.code: one.state for one in found if one.organisation} == {
        "db": "met",
        "dss": "cancelled",
        "cgefi": "cancelled",
    }
