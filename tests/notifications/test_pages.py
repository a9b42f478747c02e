"""« Mes préférences », and what administrators see of deliveries and subscriptions."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import AdministrationEntry, Dossier
from notifications.enums import Cadence, OutboxState
from notifications.models import OutboxRow, Webhook
from notifications.selectors import preferences_of
from tests.credit_journeys import CreditJourney, transfers
from tests.journeys import Cast
from tests.notifications.conftest import addressed, at_state
from tests.pages import at_the_site, messages, words

pytestmark = pytest.mark.django_db

PREFERENCES, DELIVERIES, WEBHOOKS = "/avis/preferences/", "/envois/", "/abonnements/"


def test_preferences_are_shown_and_kept_without_javascript(people: SimpleNamespace) -> None:
    addressed(people.agent)
    client = at_the_site(people.agent)
    assert "Mes préférences" in words(client.get("/avis/"))
    page = client.get(PREFERENCES)
    assert "agent@carmi.example" in words(page)
    assert page.content.decode().count(" checked") == 4  # at once, for each kind
    chosen = {"task": "daily", "news": "in_app", "reminder": "weekly", "message": "daily"}
    answer = client.post(PREFERENCES, chosen, follow=True)
    assert messages(answer) == ["Vos préférences sont enregistrées. Elles valent pour les avis à venir."]
    assert preferences_of(people.agent) == chosen
    assert preferences_of(people.collegue)["task"] == Cadence.NOW


def test_person_without_address_is_told_so(people: SimpleNamespace) -> None:
    assert "n’a pas d’adresse électronique" in words(at_the_site(people.agent).get(PREFERENCES))


@pytest.mark.parametrize("wrong", [{}, {"task": "never", "news": "now", "reminder": "now", "message": "now"}])
def test_preferences_not_understood_are_refused(people: SimpleNamespace, wrong: dict[str, str]) -> None:
    page = at_the_site(people.agent).post(PREFERENCES, wrong)
    assert page.status_code == 422
    assert "Choisissez un rythme" in words(page)
    assert preferences_of(people.agent)["task"] == Cadence.NOW


def test_legal_notices_are_no_choice_of_the_page(people: SimpleNamespace) -> None:
    client = at_the_site(people.agent)
    kept = {"task": "now", "news": "now", "reminder": "now", "message": "now", "legal": "in_app"}
    client.post(PREFERENCES, kept)
    assert "legal" not in preferences_of(people.agent)
    assert "toujours envoyées" in words(client.get(PREFERENCES))


@pytest.mark.parametrize("address", [PREFERENCES, DELIVERIES, WEBHOOKS, f"{WEBHOOKS}nouveau/"])
def test_pages_ask_for_log_in(client: Client, people: SimpleNamespace, address: str) -> None:
    assert client.get(address)["Location"].startswith("/compte/login/")


@pytest.mark.parametrize("address", [DELIVERIES, WEBHOOKS, f"{WEBHOOKS}nouveau/"])
def test_pages_of_administrators_do_not_exist_for_others(people: SimpleNamespace, address: str) -> None:
    assert at_the_site(people.dg).get(address).status_code == 404
    assert at_the_site(people.administrateur).get(address).status_code == 200


@pytest.mark.parametrize("address", ["/envois/reessayer/", "/envois/1/reessayer/", "/abonnements/1/"])
def test_acts_of_administrators_do_not_exist_for_others(people: SimpleNamespace, address: str) -> None:
    assert at_the_site(people.dg).post(address).status_code == 404
    assert at_the_site(people.administrateur).get(address).status_code == 405


def test_failed_delivery_is_shown_with_its_error_and_sent_again(
    under_review: Dossier, people: SimpleNamespace
) -> None:
    row = OutboxRow.objects.get(recipient=people.instructeur, channel="email")
    at_state(
        OutboxRow.objects.filter(pk=row.pk),
        OutboxState.FAILED,
        error="Adresse refusée : 550 No such user",
        attempts=1,
        message_id="<a@b>",
    )
    client = at_the_site(people.administrateur)
    shown = words(client.get(DELIVERIES))
    assert "Instructeur aucune adresse" in shown
    assert "Adresse refusée : 550 No such user" in shown
    assert under_review.reference in shown
    assert under_review.title not in shown  # administrators read no dossier
    answer = client.post(f"/envois/{row.pk}/reessayer/", follow=True)
    assert messages(answer) == ["L’envoi à Instructeur est repris."]
    row.refresh_from_db()
    assert (row.state, row.attempts) == (OutboxState.PENDING, 0)
    entry = AdministrationEntry.objects.get(action="retry_delivery")
    assert (entry.subject, entry.actor) == (people.instructeur, people.administrateur)
    assert entry.changes["error"] == "Adresse refusée : 550 No such user"
    again = client.post(f"/envois/{row.pk}/reessayer/", follow=True)
    assert messages(again) == ["Cet envoi n’est plus en échec. Rechargez la liste."]
    assert AdministrationEntry.objects.filter(action="retry_delivery").count() == 1
    assert "Envoi repris" in words(client.get("/personnes/instructeur/"))


def test_everything_failed_is_sent_again_from_the_page(
    under_review: Dossier, people: SimpleNamespace
) -> None:
    client = at_the_site(people.administrateur)
    assert messages(client.post("/envois/reessayer/", follow=True)) == ["Aucun envoi n’est en échec."]
    count = at_state(OutboxRow.objects.filter(channel="email"), OutboxState.FAILED)
    assert count > 1
    assert "Tout réessayer" in words(client.get(DELIVERIES))
    assert messages(client.post("/envois/reessayer/", follow=True)) == [f"{count} envois repris."]


def test_views_of_deliveries(under_review: Dossier, people: SimpleNamespace) -> None:
    client = at_the_site(people.administrateur)
    assert "Rien à signaler" in words(client.get(DELIVERIES))
    assert "Instructeur aucune adresse" in words(client.get(DELIVERIES, {"vue": "sans-adresse"}))
    row = OutboxRow.objects.get(recipient=people.instructeur, channel="email")
    at_state(
        OutboxRow.objects.filter(pk=row.pk), OutboxState.PENDING, error="Serveur de courriel : 451 plus tard"
    )
    assert "451 plus tard" in words(client.get(DELIVERIES, {"vue": "reprises"}))
    at_state(
        OutboxRow.objects.filter(pk=row.pk), OutboxState.DELIVERED, delivered_at=row.created_at, error=""
    )
    assert "remis au serveur le" in words(client.get(DELIVERIES, {"vue": "remis"}))
    assert client.get(DELIVERIES, {"cursor": "x"}).status_code == 302


def test_page_of_deliveries_costs_the_same_whatever_their_number(
    under_review: Dossier, people: SimpleNamespace
) -> None:
    client = at_the_site(people.administrateur)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(DELIVERIES).status_code == 200
        return len(queries)

    at_state(OutboxRow.objects.filter(recipient=people.instructeur, channel="email"), OutboxState.FAILED)
    statements()
    one = statements()
    at_state(
        OutboxRow.objects.filter(channel="email").exclude(recipient=people.instructeur), OutboxState.FAILED
    )
    assert statements() == one


def test_subscription_is_made_on_a_page_that_shows_its_secret_once(people: SimpleNamespace) -> None:
    client = at_the_site(people.administrateur)
    data = {"name": "Tableau de bord", "url": "https://exemple.org/in", "kinds": ["task", "legal"]}
    page = client.post(f"{WEBHOOKS}nouveau/", data)
    assert "whsec_" in words(page)
    assert "Secret de « Tableau de bord »" in words(page)
    assert "whsec_" not in words(client.get(WEBHOOKS))
    webhook = Webhook.objects.get()
    suspended = client.post(f"{WEBHOOKS}{webhook.pk}/", {"faire": "suspendre"}, follow=True)
    assert messages(suspended) == ["L’abonnement « Tableau de bord » est suspendu."]
    assert "désactivé" in words(suspended)
    client.post(f"{WEBHOOKS}{webhook.pk}/", {"faire": "reprendre"})
    assert Webhook.objects.get().active
    assert "whsec_" in words(client.post(f"{WEBHOOKS}{webhook.pk}/", {"faire": "renouveler"}))
    unknown = client.post(f"{WEBHOOKS}{webhook.pk + 9}/", {"faire": "suspendre"}, follow=True)
    assert messages(unknown) == ["Aucun abonnement de ce numéro. Revenez à la liste des abonnements."]


def test_subscription_to_a_private_address_is_refused_on_the_page(people: SimpleNamespace) -> None:
    client = at_the_site(people.administrateur)
    data: dict[str, Any] = {"name": "Tableau", "url": "https://192.168.1.1/", "kinds": ["task"]}
    page = client.post(f"{WEBHOOKS}nouveau/", data)
    assert page.status_code == 422
    assert "Cette adresse désigne un réseau privé" in words(page)
    assert (
        client.post(f"{WEBHOOKS}nouveau/", data | {"url": "https://a.example/", "kinds": []}).status_code
        == 422
    )
    assert not Webhook.objects.exists()


def test_legal_notice_that_reaches_nobody_stands_on_top(db: None) -> None:
    cast = Cast()
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.info", "1.00")))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect")
    client = at_the_site(cast.admin)
    shown = words(client.get(DELIVERIES))
    assert "Des informations légales n’ont atteint personne" in shown
    assert (
        f"Direction du budget, dossier {journey.reference}, à informer au plus tard le mardi 17 mars 2026"
        in shown
    )
    journey.do("inform.acknowledge", "ministry_db")
    assert "Direction du budget, dossier" not in words(client.get(DELIVERIES))
