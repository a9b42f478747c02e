"""The link of a legal notice: signed, for one person and one notice, for so many days."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.signing import Signer

from cases import clock
from cases.errors import NotFound
from cases.models import LegalNotice, User
from cases.services import read_receipt_token, receipt_token
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast()


@pytest.fixture
def notice(cast: Cast) -> LegalNotice:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.info", "1.00")))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect")
    return LegalNotice.objects.get(dossier=journey.pk, organisation__code="dss")


def test_link_stands_for_its_notice_and_person(cast: Cast, notice: LegalNotice) -> None:
    token = receipt_token(notice=notice, user=cast.ministry, issued_at=NOW)
    found = read_receipt_token(token)
    assert (found.notice, found.user, found.until) == (notice, cast.ministry, date(2026, 5, 1))
    assert token == receipt_token(notice=notice, user=cast.ministry, issued_at=NOW)
    assert token != receipt_token(notice=notice, user=cast.ministry_db, issued_at=NOW)


def test_link_ends_with_its_last_day(cast: Cast, notice: LegalNotice, settings: Any) -> None:
    settings.BERLINE_RECEIPT_DAYS = 10
    token = receipt_token(notice=notice, user=cast.ministry, issued_at=NOW)
    with clock.at(NOW + timedelta(days=10)):
        assert not read_receipt_token(token).expired
    with clock.at(NOW + timedelta(days=11)):
        assert read_receipt_token(token).expired


def test_forged_link_is_unknown(cast: Cast, notice: LegalNotice, settings: Any) -> None:
    token = receipt_token(notice=notice, user=cast.ministry, issued_at=NOW)
    payload, _, mark = token.rpartition(":")
    other = Signer(salt="another.purpose").sign_object(
        {"n": notice.public_id.hex, "u": cast.ministry.pk, "t": 1}
    )
    for forged in ("", "x", token[:-1], f"{payload}x:{mark}", f"{payload}:{mark[::-1]}", other, token * 2):
        with pytest.raises(NotFound, match="pas reconnu"):
            read_receipt_token(forged)


def test_link_dies_with_the_address_and_with_the_access(cast: Cast, notice: LegalNotice) -> None:
    token = receipt_token(notice=notice, user=cast.ministry, issued_at=NOW)
    User.objects.filter(pk=cast.ministry.pk).update(email="autre@ministere.example")
    with pytest.raises(NotFound):
        read_receipt_token(token)
    User.objects.filter(pk=cast.ministry.pk).update(email=cast.ministry.email, is_active=False)
    with pytest.raises(NotFound):
        read_receipt_token(token)
