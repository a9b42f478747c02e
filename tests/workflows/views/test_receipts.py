"""The page behind the link of a legal notice: no log-in, one confirmation by POST, nothing by GET."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from cases import clock
from cases.models import LegalNotice, User
from cases.services import end_role, receipt_token
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast, state_of_everything
from tests.pages import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def journey(cast: Cast) -> CreditJourney:
    """A virement of which DSS, DB and CGEFi are to be told."""
    found = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.info", "1.00")))
    return found.walk("prepare.submit", "check.credits_available", "effect.effect")


def notice_of(journey: CreditJourney, code: str = "dss") -> LegalNotice:
    return LegalNotice.objects.get(dossier=journey.pk, organisation__code=code)


def address(journey: CreditJourney, user: User, code: str = "dss") -> str:
    return f"/accuses/{receipt_token(notice=notice_of(journey, code), user=user, issued_at=NOW)}/"


def ask(url: str, *, post: bool = False, at: Any = NOW) -> Any:
    client = Client()
    with clock.at(at):
        return client.post(url) if post else client.get(url)


def test_page_says_what_is_acknowledged_by_whom_and_changes_nothing(
    cast: Cast, journey: CreditJourney
) -> None:
    url = address(journey, cast.ministry)
    before = state_of_everything()
    for _ in range(3):  # programs of mail servers open links
        page = ask(url)
        assert page.status_code == 200
    with clock.at(NOW):
        assert Client().head(url).status_code == 200
    assert state_of_everything() == before
    shown = words(page)
    assert journey.reference in shown
    assert "Destinataire Direction de la sécurité sociale" in shown
    assert "Date de l’acte lundi 2 mars 2026" in shown
    assert "À informer au plus tard le mardi 17 mars 2026" in shown
    assert "Dorothée Séassan" in shown
    assert "valable jusqu’au vendredi 1er mai 2026" in shown
    assert page["Cache-Control"].startswith("max-age=0")


def test_confirmation_acknowledges_as_that_person_once(cast: Cast, journey: CreditJourney) -> None:
    url = address(journey, cast.ministry)
    answer = ask(url, post=True, at=NOW + timedelta(days=1))
    assert (answer.status_code, answer["Location"]) == (302, url)
    notice = notice_of(journey)
    assert notice.acknowledged_by == cast.ministry
    assert notice.acknowledged_at == NOW + timedelta(days=1)
    entry = journey.dossier.journal.order_by("-sequence")[0]
    assert (entry.step, entry.outcome, entry.actor) == ("inform", "acknowledge", cast.ministry)
    assert entry.motive == "Accusé donné par le lien personnel reçu par courriel."
    before = state_of_everything()
    shown = words(ask(url))
    assert "L’accusé de réception a été donné le mardi 3 mars 2026 par Dorothée Séassan" in shown
    assert "ne sert plus" in shown
    again = ask(url, post=True, at=NOW + timedelta(days=2))
    assert (again.status_code, "a été donné le mardi 3 mars" in words(again)) == (200, True)
    assert state_of_everything() == before
    assert notice_of(journey, "db").acknowledged_at is None


def test_last_receipt_closes_the_dossier(cast: Cast, journey: CreditJourney) -> None:
    for person, code in ((cast.ministry, "dss"), (cast.ministry_db, "db"), (cast.comptroller, "cgefi")):
        assert ask(address(journey, person, code), post=True).status_code == 302
    assert journey.status == "closed"


def test_expired_link_says_what_to_do(cast: Cast, journey: CreditJourney) -> None:
    url, late = address(journey, cast.ministry), NOW + timedelta(days=61)
    for post in (False, True):
        page = ask(url, post=post, at=late)
        assert page.status_code == 410
        assert "Ce lien a expiré le vendredi 1er mai 2026. Connectez-vous à Berline" in words(page)
        assert "<form" not in page.content.decode()
    assert notice_of(journey).acknowledged_at is None


def test_forged_link_is_refused_without_a_hint(cast: Cast, journey: CreditJourney) -> None:
    url = address(journey, cast.ministry)
    for forged in ("/accuses/x/", url[:-3] + "/", url.replace(":", "x", 1)):
        for post in (False, True):
            page = ask(forged, post=post)
            assert page.status_code == 404
            assert "Ce lien n’est pas reconnu" in words(page)
            assert journey.reference not in words(page)
    assert notice_of(journey).acknowledged_at is None


def test_link_of_who_lost_the_role_is_refused(cast: Cast, journey: CreditJourney) -> None:
    grant = cast.ministry.role_grants.get()
    end_role(grant=grant, last_day=clock.today() - timedelta(days=1), motive="Mutation", ended_by=None)
    page = ask(address(journey, cast.ministry), post=True, at=clock.now())
    assert page.status_code in (403, 404, 410)
    assert notice_of(journey).acknowledged_at is None


def test_link_is_good_for_its_own_body_only(cast: Cast, journey: CreditJourney) -> None:
    """A person's link to the notice of a body for which they hold nothing."""
    page = ask(address(journey, cast.agent), post=True)
    assert page.status_code == 403
    assert notice_of(journey).acknowledged_at is None


def test_confirmation_needs_the_form_of_the_page(cast: Cast, journey: CreditJourney) -> None:
    client = Client(enforce_csrf_checks=True)
    with clock.at(NOW):
        assert client.post(address(journey, cast.ministry)).status_code == 403
    assert notice_of(journey).acknowledged_at is None
