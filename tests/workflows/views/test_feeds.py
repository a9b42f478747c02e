"""Feeds over HTTP: one answer for everything that shows nothing, nothing sent twice; and the page « Mes flux »."""

import logging
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.deadlines import EventKind
from cases.enums import FeedKind, Role
from cases.models import AdministrationEntry, Deadline, DeadlineEvent, FeedAddress, RoleGrant, User
from cases.services import create_feed, deactivate_person, revoke_feed
from tests import atom_checker, ical_checker
from tests.config.test_logs import line_of
from tests.credit_journeys import CreditJourney, transfers
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, messages, words
from workflows.services import claim

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_guesses_yet() -> None:
    cache.clear()


@pytest.fixture
def journey(cast: Cast) -> Journey:
    """A dossier that the desk reviews since Monday."""
    with clock.at(MONDAY):
        return Journey.at(cast, "under_review")


def person_feed(user: User) -> str:
    with clock.at(MONDAY):
        return f"/flux/{create_feed(user=user, kind=FeedKind.PERSON)[1]}.ics"


def role_feed(cast: Cast) -> str:
    with clock.at(MONDAY):
        _, secret = create_feed(
            user=cast.reviewer, kind=FeedKind.ROLE, role=Role.REVIEWER, organisation=cast.body["canssm"]
        )
    return f"/flux/{secret}.ics"


def register_feed(user: User) -> str:
    with clock.at(MONDAY):
        return f"/flux/{create_feed(user=user, kind=FeedKind.REGISTER)[1]}.atom"


def ask(address: str, *, at: datetime = MONDAY, method: str = "get", **headers: str) -> Any:
    """What a program without a session is answered."""
    with clock.at(at):
        return getattr(Client(), method)(address, headers=headers)


# -- the answer ---------------------------------------------------------------------------------------


def test_calendar_is_read_without_logging_in(cast: Cast, journey: Journey) -> None:
    for address in (person_feed(cast.reviewer), role_feed(cast)):
        answer = ask(address)
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
        (found,) = ical_checker.events(answer.content)
        assert found.summary.startswith(journey.reference)
        assert not answer.cookies


def test_register_is_read_without_logging_in(cast: Cast) -> None:
    virement = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.info", "1.00")))
    virement.walk("prepare.submit", "check.credits_available", "effect.effect")
    answer = ask(register_feed(cast.auditor))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    assert len(atom_checker.entries(answer.content)) == 3


def test_feed_is_private_not_indexed_and_sends_no_referrer(cast: Cast, journey: Journey) -> None:
    address = person_feed(cast.reviewer)
    etag = ask(address)["ETag"]
    answers = [
        ask(address),
        ask(address, method="head"),
        ask(address, **{"If-None-Match": etag}),
        ask("/flux/inconnue.ics"),
        ask(register_feed(cast.auditor)),
    ]
    assert [one.status_code for one in answers] == [200, 200, 304, 404, 200]
    for answer in answers:
        assert answer["Cache-Control"] == "private, no-cache"
        assert answer["X-Robots-Tag"] == "noindex"
        assert answer["Referrer-Policy"] == "no-referrer"


def test_calendar_is_named_after_its_person_or_its_role(cast: Cast) -> None:
    assert ical_checker.property_of_calendar(ask(person_feed(cast.reviewer)).content, "NAME") == (
        "Berline — échéances confiées à Irène Instructrice"
    )
    assert ical_checker.property_of_calendar(ask(role_feed(cast)).content, "NAME") == (
        f"Berline — {Role.REVIEWER.label} — CANSSM"
    )


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_feed_is_only_read(cast: Cast, method: str) -> None:
    assert ask(person_feed(cast.reviewer), method=method).status_code == 405


# -- nothing there ------------------------------------------------------------------------------------


def visible(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    """All that tells one answer from another."""
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
    csp = sorted(headers.pop("Content-Security-Policy", "").split("; "))
    return answer.status_code, answer.content, headers | {"csp": ";".join(csp)}


def test_revoked_closed_lost_and_unknown_addresses_answer_alike(cast: Cast, journey: Journey) -> None:
    unknown = visible(ask(f"/flux/{'x' * 43}.ics"))
    assert unknown[0] == 404
    revoked = person_feed(cast.reviewer)
    with clock.at(MONDAY):
        revoke_feed(public_id=FeedAddress.objects.latest("pk").public_id, actor=cast.reviewer)
    lost = role_feed(cast)
    RoleGrant.objects.filter(user=cast.reviewer).update(valid_until=MONDAY.date() - timedelta(days=1))
    closed = person_feed(cast.dg)
    deactivate_person(user=cast.dg, motive="Départ", deactivated_by=cast.admin)
    others_kind = register_feed(cast.auditor).replace(".atom", ".ics")
    for address in (revoked, lost, closed, others_kind, "/flux/%C3%A9.ics", "/flux/-.ics"):
        for method in ("get", "head"):
            assert visible(ask(address, method=method))[0] == 404, address
        assert visible(ask(address)) == unknown, address
        assert visible(ask(address, **{"If-None-Match": "*"})) == unknown
    assert journey.reference.encode() not in unknown[1]


def test_guessing_is_slowed_down_and_readers_are_not(cast: Cast, journey: Journey) -> None:
    address = person_feed(cast.reviewer)
    revoked = person_feed(cast.reviewer)
    with clock.at(MONDAY):
        revoke_feed(public_id=FeedAddress.objects.latest("pk").public_id, actor=cast.reviewer)
    statuses = [ask(f"/flux/essai{number}.ics").status_code for number in range(32)]
    assert statuses == [404] * 30 + [429] * 2
    refused = ask(revoked)
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert "Trop de tentatives" in words(refused)
    assert visible(refused) == visible(ask("/flux/essai.atom"))
    assert [ask(address).status_code for _ in range(40)] == [200] * 40


# -- nothing twice ------------------------------------------------------------------------------------


def test_program_that_has_the_latest_is_told_so(cast: Cast, journey: Journey) -> None:
    for address in (person_feed(cast.reviewer), role_feed(cast)):
        first = ask(address)
        again = ask(address, at=MONDAY + timedelta(days=40), **{"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        since = ask(address, **{"If-Modified-Since": first["Last-Modified"]})
        assert (since.status_code, since.content) == (304, b"")
        assert ask(address, **{"If-None-Match": '"autre"'}).status_code == 200


def test_program_is_sent_what_changed(cast: Cast, journey: Journey) -> None:
    address = person_feed(cast.reviewer)
    first = ask(address)
    later = MONDAY + timedelta(hours=1)
    with clock.at(later):
        claim(task_id=journey.task.pk, actor=cast.reviewer2)
    for header, value in (("If-None-Match", first["ETag"]), ("If-Modified-Since", first["Last-Modified"])):
        answer = ask(address, at=later, **{header: value})
        assert answer.status_code == 200
        assert ical_checker.events(answer.content) == []
    assert ask(address, at=later)["Last-Modified"] == format_datetime(later, usegmt=True)


def test_same_feed_read_twice_is_the_same_to_the_byte(cast: Cast, journey: Journey) -> None:
    address = person_feed(cast.reviewer)
    assert ask(address).content == ask(address, at=MONDAY + timedelta(days=3)).content


def test_reading_is_noted_even_when_nothing_is_sent(cast: Cast, journey: Journey) -> None:
    address = person_feed(cast.reviewer)
    etag = ask(address)["ETag"]
    later = MONDAY + timedelta(hours=3)
    assert ask(address, at=later, **{"If-None-Match": etag}).status_code == 304
    assert FeedAddress.objects.get().last_read_at == later
    ask("/flux/inconnue.ics", at=later + timedelta(hours=3))
    assert FeedAddress.objects.get().last_read_at == later


def more_deadlines(journey: Journey, count: int) -> None:
    """Further clocks on the open step, each extended twice."""
    first = Deadline.objects.get(dossier=journey.pk, step="check")
    for number in range(count):
        first.pk = None
        first._state.adding = True
        first.due_on = MONDAY.date() + timedelta(days=number)
        first.save(force_insert=True)
        DeadlineEvent.objects.bulk_create(
            [
                DeadlineEvent(deadline_id=first.pk, kind=EventKind.STARTED, at=MONDAY),
                DeadlineEvent(deadline_id=first.pk, kind=EventKind.EXTENDED, at=MONDAY, amount=1),
            ]
        )


@pytest.mark.parametrize("count", [3, 300])
def test_feed_costs_the_same_with_three_and_three_hundred_dates(
    cast: Cast, journey: Journey, count: int
) -> None:
    more_deadlines(journey, count - 1)
    for address in (person_feed(cast.reviewer), role_feed(cast)):

        def statements(at: datetime = MONDAY, address: str = address, **headers: str) -> tuple[int, int]:
            with CaptureQueriesContext(connection) as found:
                answer = ask(address, at=at, **headers)
            return answer.status_code, len(found)

        assert statements() == (200, 6)  # address, roles, note of the reading, dates, latest change, texts
        assert statements() == (200, 5)
        answer = ask(address)
        assert len(ical_checker.events(answer.content)) == count
        assert statements(**{"If-None-Match": answer["ETag"]}) == (304, 4)
        assert statements(at=MONDAY + timedelta(hours=2), **{"If-None-Match": answer["ETag"]}) == (304, 5)


def test_register_costs_the_same_whatever_it_tells(cast: Cast) -> None:
    address = register_feed(cast.auditor)

    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            assert ask(address).status_code == 200
        return len(found)

    assert [statements(), statements()] == [5, 4]
    virement = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.info", "1.00")))
    virement.walk("prepare.submit", "check.credits_available", "effect.effect", "inform.acknowledge")
    assert statements() == 4


# -- no trace -----------------------------------------------------------------------------------------


def test_secret_reaches_neither_the_database_nor_what_is_logged(
    cast: Cast, journey: Journey, caplog: pytest.LogCaptureFixture
) -> None:
    address = person_feed(cast.reviewer)
    secret = address[len("/flux/") : -len(".ics")]
    with caplog.at_level(logging.DEBUG), CaptureQueriesContext(connection) as found:
        ask(address)
        deactivate_person(user=cast.reviewer, motive="Départ", deactivated_by=cast.admin)
        ask(address)
    assert not [one["sql"] for one in found if secret in one["sql"]]
    assert not [line for line in map(line_of, caplog.records) if secret in line]


# -- « Mes flux » -------------------------------------------------------------------------------------


def shown_address(answer: Any) -> str:
    found = re.search(r'id="nouvelle-adresse"\s+value="([^"]+)"', answer.content.decode())
    assert found, words(answer)
    return found[1]


def test_page_offers_what_the_person_may_have(cast: Cast) -> None:
    cast.give(cast.reviewer, (Role.MANAGER, "canssm"))
    page = at_the_site(cast.reviewer).get("/flux/")
    offered = re.findall(r'name="what"\s+value="([^"]+)"', page.content.decode())
    assert offered == ["person", "manager:canssm", "reviewer:canssm", "register"]
    assert "Aucune adresse" in words(page)
    for who in ("nobody", "admin"):
        page = at_the_site(cast.people[who]).get("/flux/")
        assert re.findall(r'name="what"\s+value="([^"]+)"', page.content.decode()) == ["person"]


@pytest.mark.parametrize(
    ("what", "title", "suffix", "advice"),
    [
        ("person", "Mes échéances", ".ics", "Dans Outlook, choisissez « Ajouter un calendrier »"),
        ("reviewer:canssm", "CANSSM", ".ics", "dans Thunderbird, « Nouvel agenda »"),
        ("register", "Registre des informations", ".atom", "« Flux RSS »"),
    ],
)
def test_new_address_is_shown_once_works_and_is_listed_without_its_secret(
    cast: Cast, what: str, title: str, suffix: str, advice: str
) -> None:
    client = at_the_site(cast.reviewer)
    answer = client.post("/flux/", {"what": what})
    assert answer.status_code == 200
    address = shown_address(answer)
    assert address.startswith("http://127.0.0.1:8000/flux/")
    assert address.endswith(suffix)
    assert advice in words(answer)
    assert "elle ne sera plus jamais montrée" in words(answer)
    assert "no-store" in answer["Cache-Control"]
    assert Client().get(address.removeprefix("http://127.0.0.1:8000")).status_code == 200
    page = client.get("/flux/")
    secret = address.split("/")[-1].partition(".")[0]
    assert secret not in page.content.decode()
    assert FeedAddress.objects.get().digest not in page.content.decode()
    assert re.search(rf"{title}.* créée le .* · lue le", words(page))


def test_page_says_when_an_address_was_read(cast: Cast) -> None:
    client = at_the_site(cast.agent)
    client.post("/flux/", {"what": "person"})
    assert "jamais lue" in words(client.get("/flux/"))
    FeedAddress.objects.update(last_read_at=datetime(2026, 3, 2, 9, 5, tzinfo=UTC))
    assert "lue le lundi 2 mars 2026 à 10:05" in words(client.get("/flux/"))  # in Paris


@pytest.mark.parametrize(
    "what", ["", "reviewer:canssm", "agent", "preparer:carmi-est", "role", "preparer:", ":"]
)
def test_choice_outside_the_list_is_refused(cast: Cast, what: str) -> None:
    answer = at_the_site(cast.agent).post("/flux/", {"what": what})
    assert answer.status_code == 422
    assert "Choisissez" in words(answer)
    assert not FeedAddress.objects.exists()


def test_one_address_too_many_says_what_to_do(cast: Cast) -> None:
    for _ in range(20):
        create_feed(user=cast.agent, kind=FeedKind.PERSON)
    answer = at_the_site(cast.agent).post("/flux/", {"what": "person"})
    assert answer.status_code == 422
    assert "Révoquez-en une qui ne sert plus" in words(answer)
    assert "nouvelle-adresse" not in answer.content.decode()


def test_address_is_revoked_after_a_confirmation(cast: Cast) -> None:
    address = person_feed(cast.agent)
    client = at_the_site(cast.agent)
    page = client.get("/flux/")
    action = f"/flux/{FeedAddress.objects.get().public_id}/revoquer/"
    assert f'action="{action}"' in page.content.decode()
    assert "elle ne pourra pas être rétablie" in words(page)
    assert client.get(action).status_code == 405
    answer = client.post(action, follow=True)
    assert messages(answer) == [
        "L’adresse « Mes échéances » est révoquée : les programmes n’y liront plus rien."
    ]
    assert ask(address).status_code == 404
    assert "Aucune adresse" in words(client.get("/flux/"))


def test_addresses_of_others_are_neither_shown_nor_revoked(cast: Cast) -> None:
    address = person_feed(cast.agent)
    other = at_the_site(cast.agent2)
    assert "Aucune adresse" in words(other.get("/flux/"))
    for public_id in (FeedAddress.objects.get().public_id, uuid4()):
        assert other.post(f"/flux/{public_id}/revoquer/").status_code == 404
    assert ask(address).status_code == 200


def test_page_asks_for_a_login_and_for_its_own_form(cast: Cast) -> None:
    assert Client().get("/flux/")["Location"].startswith("/compte/login/")
    assert Client().post(f"/flux/{uuid4()}/revoquer/")["Location"].startswith("/compte/login/")
    strict = at_the_site(cast.agent, enforce_csrf_checks=True)
    assert strict.post("/flux/", {"what": "person"}).status_code == 403
    assert not FeedAddress.objects.exists()


def test_menu_leads_to_the_page(cast: Cast) -> None:
    assert re.search(
        r'<a href="/flux/">.*?Mes flux', at_the_site(cast.nobody).get("/").content.decode(), re.S
    )


def test_page_costs_the_same_with_one_and_twenty_addresses(cast: Cast) -> None:
    client = at_the_site(cast.reviewer)
    client.get("/taches/")

    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get("/flux/").status_code == 200
        return len(found)

    role_feed(cast)
    before = statements()
    assert before <= 8
    for _ in range(19):
        role_feed(cast)
    assert statements() == before


# -- administration -----------------------------------------------------------------------------------


def test_administrator_sees_how_many_live_and_revokes_them(cast: Cast) -> None:
    office = at_the_site(cast.admin)
    assert "adresses de flux" not in words(office.get("/personnes/agent/"))
    addresses = [person_feed(cast.agent), person_feed(cast.agent)]
    page = office.get("/personnes/agent/")
    assert "Révoquer ses adresses de flux (2)" in words(page)
    assert "2 adresses secrètes en service" in words(page)
    assert "Adresse de flux créée" in words(page)
    refused = office.post("/personnes/agent/flux/", {"motive": ""})
    assert refused.status_code == 422
    assert [ask(one).status_code for one in addresses] == [200, 200]
    done = office.post("/personnes/agent/flux/", {"motive": "Téléphone perdu"}, follow=True)
    assert messages(done) == ["Anne Agent : adresses de flux révoquées (2)."]
    assert [ask(one).status_code for one in addresses] == [404, 404]
    assert "Adresse de flux révoquée" in words(done)
    assert AdministrationEntry.objects.latest("sequence").motive == "Téléphone perdu"


@pytest.mark.parametrize("who", ["agent", "reviewer", "manager", "auditor"])
def test_others_revoke_nothing_of_somebody_else(cast: Cast, who: str) -> None:
    address = person_feed(cast.agent)
    answer = at_the_site(cast.people[who]).post("/personnes/agent/flux/", {"motive": "Curiosité"})
    assert answer.status_code == 404
    assert ask(address).status_code == 200
