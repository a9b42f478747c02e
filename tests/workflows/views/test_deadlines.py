"""Deadlines on the page of a dossier: both clocks of a step, the breach, the form that extends an internal one."""

from datetime import UTC, datetime

import pytest
import time_machine

from cases.enums import DeadlineKind, Role
from cases.models import Deadline, JournalEntry
from tests.budget_journeys import at, sweep
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast
from tests.pages import at_the_site, messages, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> None:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def journey(cast: Cast) -> CreditJourney:
    cast.person("pilote", (Role.MANAGER, "canssm"))
    return CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1000.00"))).walk(
        "prepare.submit"
    )


def internal(journey: CreditJourney) -> Deadline:
    return Deadline.objects.get(dossier=journey.pk, step="check", kind=DeadlineKind.INTERNAL)


def address(journey: CreditJourney) -> str:
    return f"/dossiers/{journey.reference}/echeances/{internal(journey).pk}/prolonger/"


def test_manager_extends_and_the_sum_shows_it(cast: Cast, journey: CreditJourney) -> None:
    client = at_the_site(cast.people["pilote"])
    page = client.get(f"/dossiers/{journey.reference}/")
    assert "Prolonger l’échéance « Vérifier les crédits »" in words(page)
    answer = client.post(address(journey), {"amount": "2", "motive": "Congés du comptable"}, follow=True)
    assert messages(answer) == ["L’échéance « Vérifier les crédits » est prolongée."]
    assert "Prolongé le lundi 2 mars 2026 : + 2 jours ouvrés (Congés du comptable)" in words(answer)
    assert "Échéance prolongée" in words(answer)


def test_nobody_else_is_offered_to_extend(cast: Cast, journey: CreditJourney) -> None:
    for who in ("agent", "accountant", "dg"):
        page = at_the_site(cast.people[who]).get(f"/dossiers/{journey.reference}/")
        assert "Prolonger l’échéance" not in words(page)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "", "motive": "Congés"}, "Indiquez de combien l’échéance est prolongée."),
        ({"amount": "zéro", "motive": "Congés"}, "Indiquez un nombre entier."),
        ({"amount": "91", "motive": "Congés"}, "Indiquez un nombre de 1 à 90."),
        ({"amount": "2", "motive": " "}, "Indiquez pourquoi l’échéance est prolongée."),
    ],
)
def test_mistake_keeps_what_was_typed(
    cast: Cast, journey: CreditJourney, typed: dict[str, str], said: str
) -> None:
    answer = at_the_site(cast.people["pilote"]).post(address(journey), typed)
    assert answer.status_code == 422
    assert said in words(answer)
    assert not JournalEntry.objects.filter(dossier=journey.pk, action="extend").exists()


def test_refusal_is_said_and_what_was_written_is_not_lost(cast: Cast, journey: CreditJourney) -> None:
    answer = at_the_site(cast.dg).post(address(journey), {"amount": "2", "motive": "Un long motif"})
    assert answer.status_code == 403
    assert "Seul le pilotage" in words(answer)
    assert "Un long motif" in words(answer)


def test_deadline_that_is_not_there_is_not_found(cast: Cast, journey: CreditJourney) -> None:
    client = at_the_site(cast.people["pilote"])
    answer = client.post(f"/dossiers/{journey.reference}/echeances/999999/prolonger/", {"amount": "2"})
    assert answer.status_code == 404


def test_breach_is_shown_on_the_clock_and_in_the_journal(cast: Cast, journey: CreditJourney) -> None:
    journey.walk("check.credits_available", "effect.effect")
    sweep(at(2026, 3, 18, 12))
    with time_machine.travel(datetime(2026, 3, 20, 9, tzinfo=UTC), tick=False):
        page = at_the_site(cast.dg).get(f"/dossiers/{journey.reference}/")
    assert "dépassement consigné le mercredi 18 mars 2026" in words(page)
    assert "Délai légal dépassé" in words(page)
    assert "dss : l’échéance était le mardi 17 mars 2026" in words(page)
