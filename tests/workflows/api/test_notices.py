"""The register of legal notices over the API, and the receipts of addressees."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from cases import clock
from cases.enums import Role
from cases.models import LegalNotice
from tests.api_client import Api
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast, state_of_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def journey(cast: Cast) -> CreditJourney:
    """A virement between groups that took effect on 2 March 2026: three bodies are told, at the latest on the 17th."""
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1000.00")))
    return journey.walk("prepare.submit", "check.credits_available", "effect.effect")


def at_api(cast: Cast, who: str) -> Api:
    """The API of somebody, with a token that holds on that day."""
    with clock.at(NOW):
        return Api(cast.people[who])


def ask(api: Api, what: str = "get", address: str = "notices", *, at: datetime = NOW, **options: Any) -> Any:
    with clock.at(at):
        return getattr(api, what)(address, **options)


def of(api: Api, addressee: str) -> str:
    (found,) = ask(api, addressee=addressee).ok()["items"]
    return f"notices/{found['id']}/acknowledge"


def test_register_tells_who_was_told_of_what_and_until_when(cast: Cast, journey: CreditJourney) -> None:
    body = ask(at_api(cast, "reviewer")).ok()
    assert body["next_cursor"] == ""
    assert sorted(one["addressee"]["code"] for one in body["items"]) == ["cgefi", "db", "dss"]
    for one in body["items"]:
        assert (one["reference"], one["happened_on"], one["due_on"]) == (
            journey.reference,
            "2026-03-02",
            "2026-03-17",
        )
        assert (one["state"], one["late"], one["acknowledged_at"], one["acknowledged_by"]) == (
            "awaited",
            False,
            None,
            None,
        )
        assert one["sent_at"] == "2026-03-02T09:00:00Z"


def test_register_gives_the_paper(cast: Cast, journey: CreditJourney) -> None:
    api = at_api(cast, "ministry")
    (one,) = ask(api, addressee="dss").ok()["items"]
    paper = ask(api, address=one["document_url"].removeprefix("/api/v1/"))
    assert (paper.status, paper.content[:5]) == (200, b"%PDF-")


def test_receipt_is_given_once_by_its_addressee(cast: Cast, journey: CreditJourney) -> None:
    api = at_api(cast, "ministry")
    summary = ask(api, "post", of(api, "dss")).ok()
    assert (summary["reference"], summary["status"]) == (journey.reference, "executed")
    (one,) = ask(api, addressee="dss").ok()["items"]
    assert (one["state"], one["acknowledged_by"]) == ("acknowledged", "Dorothée Séassan")
    assert one["capacity"] == "Ministère de tutelle — Direction de la sécurité sociale"
    before = state_of_everything()
    with clock.at(NOW):
        api.post(of(api, "dss")).refused(409, "conflict")
        assert state_of_everything() == before


def test_last_receipt_closes_the_dossier(cast: Cast, journey: CreditJourney) -> None:
    for who, body in (("ministry", "dss"), ("ministry_db", "db"), ("comptroller", "cgefi")):
        api = at_api(cast, who)
        summary = ask(api, "post", of(api, body)).ok()
    assert summary["status"] == "closed"


@pytest.mark.parametrize("who", ["ministry_db", "comptroller", "reviewer", "agent", "auditor", "dg"])
def test_receipt_of_another_body_is_forbidden(cast: Cast, journey: CreditJourney, who: str) -> None:
    api = at_api(cast, who)
    address = of(api, "dss")
    before = state_of_everything()
    ask(api, "post", address).refused(403, "forbidden")
    assert state_of_everything() == before


@pytest.mark.parametrize("who", ["est_agent", "nobody", "admin"])
def test_notice_of_others_looks_like_one_that_does_not_exist(
    cast: Cast, journey: CreditJourney, who: str
) -> None:
    api = at_api(cast, who)
    assert ask(api).ok()["items"] == []
    notice = LegalNotice.objects.get(organisation__code="dss")
    found = ask(api, "post", f"notices/{notice.public_id}/acknowledge").refused(404, "not_found")
    unknown = ask(api, "post", f"notices/{uuid.uuid4()}/acknowledge").refused(404, "not_found")
    assert found == unknown


def test_who_answers_for_two_bodies_gives_the_receipt_of_the_one_asked_for_or_nothing(
    cast: Cast, journey: CreditJourney
) -> None:
    cast.give(cast.ministry, (Role.AUTHORITY, "db"))
    api = at_api(cast, "ministry")
    for addressee in ("dss", "db", "dss", "db"):
        before = LegalNotice.objects.filter(acknowledged_at__isnull=False).count()
        answer = ask(api, "post", of(api, addressee))
        after = LegalNotice.objects.filter(acknowledged_at__isnull=False)
        if answer.status == 200:
            assert after.count() == before + 1
            assert after.filter(organisation__code=addressee).exists()
        else:
            answer.refused(409, "conflict")
            assert after.count() == before
    assert set(after.values_list("organisation__code", flat=True)) == {"dss", "db"}


def test_register_is_filtered_by_state_dossier_and_addressee(cast: Cast, journey: CreditJourney) -> None:
    ministry, reviewer = at_api(cast, "ministry"), at_api(cast, "reviewer")
    ask(ministry, "post", of(ministry, "dss")).ok()
    late = datetime(2026, 3, 17, 23, 30, tzinfo=UTC)  # the 18th in Paris
    db = at_api(cast, "ministry_db")
    address = of(db, "db")
    with clock.at(late):
        db = Api(cast.ministry_db)
        reviewer = Api(cast.reviewer)
    ask(db, "post", address, at=late).ok()

    def codes(**filters: str) -> list[str]:
        items = ask(reviewer, at=late, **filters).ok()["items"]
        return sorted(one["addressee"]["code"] for one in items)

    assert codes(state="acknowledged") == ["dss"]
    assert codes(state="acknowledged_late") == ["db"]
    assert codes(state="late") == ["cgefi"]
    assert codes(state="awaited") == []
    assert codes(dossier=journey.reference) == ["cgefi", "db", "dss"]
    assert codes(dossier="VIR-2026-9999") == []
    assert [one["late"] for one in ask(reviewer, at=late, addressee="db").ok()["items"]] == [True]


@pytest.mark.parametrize(
    "filters",
    [
        {"state": "perdue"},
        {"addressee": "personne"},
        {"cursor": "demain.1"},
        {"cursor": "2026-03-02.un"},
        {"cursor": "2026-03-02.99999999999999999999"},
        {"color": "red"},
    ],
)
def test_nonsense_is_refused(cast: Cast, filters: dict[str, str]) -> None:
    error = ask(at_api(cast, "reviewer"), **filters).refused(422, "invalid")
    assert list(error["details"]) == list(filters)


def test_dossier_gives_its_notices(cast: Cast, journey: CreditJourney) -> None:
    found = ask(at_api(cast, "agent"), address=f"dossiers/{journey.reference}").ok()
    assert sorted(one["addressee"]["code"] for one in found["notices"]) == ["cgefi", "db", "dss"]
