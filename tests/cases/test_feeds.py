"""Secret addresses of feeds: who may have which, how they end, and what is kept of them."""

import hashlib
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.enums import FeedKind, Role
from cases.errors import Conflict, Forbidden, Invalid, NotFound
from cases.models import AdministrationEntry, FeedAddress, RoleGrant, User
from cases.selectors import live_feed, live_feeds_of
from cases.services import (
    create_feed,
    deactivate_person,
    end_role,
    note_feed_read,
    revoke_feed,
    revoke_feeds_of,
    verify_all,
)
from cases.services.feeds import MAX_LIVE, PERSONALLY
from tests.journeys import Cast, state_of_everything

pytestmark = pytest.mark.django_db

CALENDARS = (FeedKind.PERSON, FeedKind.ROLE)


def reviewer_feed(cast: Cast) -> tuple[FeedAddress, str]:
    return create_feed(
        user=cast.reviewer, kind=FeedKind.ROLE, role=Role.REVIEWER, organisation=cast.body["canssm"]
    )


def entries(user: User) -> list[AdministrationEntry]:
    return list(AdministrationEntry.objects.filter(subject=user).order_by("sequence"))


# -- creating -----------------------------------------------------------------------------------------


def test_secret_is_long_given_once_and_kept_as_its_digest_only(cast: Cast) -> None:
    address, secret = create_feed(user=cast.agent, kind=FeedKind.PERSON)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)  # 256 bits
    assert address.digest == hashlib.sha256(secret.encode()).hexdigest()
    everything = str(state_of_everything())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_to_json(f)::text FROM cases_feedaddress f "
            "UNION ALL SELECT row_to_json(e)::text FROM cases_administrationentry e"
        )
        everything += str(cursor.fetchall())
    assert address.digest in everything
    assert secret not in everything
    assert create_feed(user=cast.agent, kind=FeedKind.PERSON)[1] != secret


def test_creation_is_journalled_without_secret_or_digest(cast: Cast) -> None:
    address, secret = reviewer_feed(cast)
    personal, _ = create_feed(user=cast.reviewer, kind=FeedKind.PERSON)
    first, second = entries(cast.reviewer)
    assert (first.action, first.actor, first.capacity) == (
        "create_feed",
        cast.reviewer,
        f"{Role.REVIEWER.label} — CANSSM",
    )
    assert first.organisation == cast.body["canssm"]
    assert first.changes == {"feed": str(address.public_id), "kind": "role", "role": "reviewer"}
    assert (second.capacity, second.changes) == (
        PERSONALLY,
        {"feed": str(personal.public_id), "kind": "person"},
    )
    assert list(verify_all()) == []


@pytest.mark.parametrize(
    ("who", "role", "body"),
    [
        ("agent", Role.REVIEWER, "canssm"),  # of somebody else
        ("agent", Role.PREPARER, "carmi-est"),  # on another body
        ("nobody", Role.PREPARER, "carmi-npdc"),
    ],
)
def test_feed_of_a_role_is_for_those_who_hold_it(cast: Cast, who: str, role: Role, body: str) -> None:
    with pytest.raises(Forbidden, match="ne tenez pas ce rôle"):
        create_feed(user=cast.people[who], kind=FeedKind.ROLE, role=role, organisation=cast.body[body])
    assert not FeedAddress.objects.exists()


def test_feed_of_a_role_that_has_ended_is_refused(cast: Cast) -> None:
    RoleGrant.objects.filter(user=cast.reviewer).update(valid_until=clock.today() - timedelta(days=1))
    with pytest.raises(Forbidden):
        reviewer_feed(cast)


@pytest.mark.parametrize("who", ["nobody", "admin"])
def test_register_is_for_those_who_read_dossiers(cast: Cast, who: str) -> None:
    with pytest.raises(Forbidden, match="Aucun de vos rôles"):
        create_feed(user=cast.people[who], kind=FeedKind.REGISTER)


def test_closed_access_gets_no_address(cast: Cast) -> None:
    User.objects.filter(pk=cast.agent.pk).update(is_active=False)  # cast.agent still believes otherwise
    for kind in (FeedKind.PERSON, FeedKind.REGISTER):
        with pytest.raises(Forbidden):
            create_feed(user=cast.agent, kind=kind)


def test_role_belongs_to_feeds_of_a_role_only(cast: Cast) -> None:
    body = cast.body["carmi-npdc"]
    with pytest.raises(Invalid):
        create_feed(user=cast.agent, kind=FeedKind.PERSON, role=Role.PREPARER, organisation=body)
    with pytest.raises(Invalid):
        create_feed(user=cast.agent, kind=FeedKind.ROLE)
    with pytest.raises(Invalid):
        create_feed(user=cast.agent, kind=FeedKind.ROLE, role=Role.PREPARER)


def test_database_refuses_a_feed_of_a_role_that_names_none(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="feed_of_a_role_names_it"), transaction.atomic():
        FeedAddress.objects.create(
            user=cast.agent, kind=FeedKind.ROLE, digest="0" * 64, created_at=clock.now()
        )


def test_number_of_live_addresses_is_bounded(cast: Cast) -> None:
    made = [create_feed(user=cast.agent, kind=FeedKind.PERSON)[0] for _ in range(MAX_LIVE)]
    with pytest.raises(Conflict, match="Révoquez-en une"):
        create_feed(user=cast.agent, kind=FeedKind.PERSON)
    create_feed(user=cast.agent2, kind=FeedKind.PERSON)  # one's own count only
    revoke_feed(public_id=made[3].public_id, actor=cast.agent)
    create_feed(user=cast.agent, kind=FeedKind.PERSON)
    assert live_feeds_of(cast.agent).count() == MAX_LIVE


# -- what a secret stands for -------------------------------------------------------------------------


def test_secret_finds_its_address_under_its_own_kind_only(cast: Cast) -> None:
    address, secret = reviewer_feed(cast)
    live = live_feed(secret, CALENDARS)
    assert live is not None
    assert (live.address, live.user) == (address, cast.reviewer)
    assert [one.tag for one in live.holdings] == [f"reviewer@{cast.body['canssm'].pk}"]
    assert live_feed(secret, (FeedKind.REGISTER,)) is None
    assert live_feed(secret + "x", CALENDARS) is None
    assert live_feed(address.digest, CALENDARS) is None  # what the database holds opens nothing


def test_feed_of_a_role_is_read_under_that_role_alone(cast: Cast) -> None:
    cast.give(cast.reviewer, (Role.DIRECTOR_GENERAL, "canssm"))
    _, secret = reviewer_feed(cast)
    live = live_feed(secret, CALENDARS)
    assert live is not None
    assert [one.role for one in live.holdings] == [Role.REVIEWER]
    _, own = create_feed(user=cast.reviewer, kind=FeedKind.PERSON)
    personal = live_feed(own, CALENDARS)
    assert personal is not None
    assert {one.role for one in personal.holdings} == {Role.REVIEWER, Role.DIRECTOR_GENERAL}


def test_role_lost_shows_nothing_and_role_regained_shows_again(cast: Cast) -> None:
    _, secret = reviewer_feed(cast)
    _, register = create_feed(user=cast.reviewer, kind=FeedKind.REGISTER)
    _, personal = create_feed(user=cast.reviewer, kind=FeedKind.PERSON)
    grant = RoleGrant.objects.get(user=cast.reviewer)
    end_role(grant=grant, last_day=clock.today(), motive="Mutation", ended_by=cast.admin)
    assert live_feed(secret, CALENDARS) is not None  # until this evening
    with clock.at(clock.now() + timedelta(days=1)):
        assert live_feed(secret, CALENDARS) is None
        assert live_feed(register, (FeedKind.REGISTER,)) is None
        assert (
            live_feed(personal, CALENDARS) is not None
        )  # the person is still one of ours, and reads nothing
        cast.give(cast.reviewer, (Role.EXPERT, "canssm"))
        assert live_feed(secret, CALENDARS) is None
        RoleGrant.objects.filter(pk=grant.pk).update(valid_until=None)
        assert live_feed(secret, CALENDARS) is not None


def test_secret_is_looked_up_in_two_statements_and_one_when_unknown(cast: Cast) -> None:
    address, secret = reviewer_feed(cast)
    with CaptureQueriesContext(connection) as found:
        live_feed(secret, CALENDARS)
    assert len(found) == 2
    revoke_feed(public_id=address.public_id, actor=cast.reviewer)
    for one in (secret, "x"):
        with CaptureQueriesContext(connection) as found:
            live_feed(one, CALENDARS)
        assert len(found) == 1
        assert one not in found[0]["sql"] or one == "x"  # only the digest reaches the database and its logs


# -- ending -------------------------------------------------------------------------------------------


def test_revoked_address_shows_nothing_and_the_journal_says_who_ended_it(cast: Cast) -> None:
    address, secret = reviewer_feed(cast)
    other, other_secret = create_feed(user=cast.reviewer, kind=FeedKind.PERSON)
    revoked = revoke_feed(public_id=address.public_id, actor=cast.reviewer)
    assert revoked.revoked_at is not None
    assert live_feed(secret, CALENDARS) is None
    assert live_feed(other_secret, CALENDARS) is not None
    assert list(live_feeds_of(cast.reviewer)) == [other]
    entry = entries(cast.reviewer)[-1]
    assert (entry.action, entry.actor) == ("revoke_feed", cast.reviewer)
    assert entry.changes == {"feed": str(address.public_id), "kind": "role", "role": "reviewer"}
    before = state_of_everything()
    again = revoke_feed(public_id=address.public_id, actor=cast.reviewer)
    assert again.revoked_at == revoked.revoked_at
    assert state_of_everything() == before


def test_nobody_revokes_the_address_of_another(cast: Cast) -> None:
    address, secret = reviewer_feed(cast)
    for other in (cast.reviewer2, cast.admin, cast.nobody):
        with pytest.raises(NotFound):
            revoke_feed(public_id=address.public_id, actor=other)
    with pytest.raises(NotFound):
        revoke_feed(public_id=uuid4(), actor=cast.reviewer)
    assert live_feed(secret, CALENDARS) is not None


def test_administrator_ends_all_addresses_of_a_person_with_a_motive(cast: Cast) -> None:
    kept = create_feed(user=cast.agent, kind=FeedKind.PERSON)[1]
    made = [reviewer_feed(cast)[0], create_feed(user=cast.reviewer, kind=FeedKind.PERSON)[0]]
    with pytest.raises(Invalid, match="pourquoi"):
        revoke_feeds_of(user=cast.reviewer, motive=" ", revoked_by=cast.admin)
    with pytest.raises(Forbidden):
        revoke_feeds_of(user=cast.reviewer, motive="Téléphone perdu", revoked_by=cast.reviewer2)
    assert revoke_feeds_of(user=cast.reviewer, motive="Téléphone perdu", revoked_by=cast.admin) == 2
    assert not live_feeds_of(cast.reviewer).exists()
    assert live_feed(kept, CALENDARS) is not None
    entry = entries(cast.reviewer)[-1]
    assert (entry.action, entry.actor, entry.motive) == ("revoke_feed", cast.admin, "Téléphone perdu")
    assert entry.changes == {"feeds": [str(one.public_id) for one in made]}
    count = AdministrationEntry.objects.count()
    assert revoke_feeds_of(user=cast.reviewer, motive="Encore", revoked_by=cast.admin) == 0
    assert AdministrationEntry.objects.count() == count


def test_closing_an_access_ends_its_addresses_for_good(cast: Cast) -> None:
    address, secret = create_feed(user=cast.reviewer, kind=FeedKind.PERSON)
    deactivate_person(user=cast.reviewer, motive="Départ", deactivated_by=cast.admin)
    assert live_feed(secret, CALENDARS) is None
    assert entries(cast.reviewer)[-1].changes == {"feeds": [str(address.public_id)]}
    User.objects.filter(pk=cast.reviewer.pk).update(is_active=True)
    assert live_feed(secret, CALENDARS) is None
    assert list(verify_all()) == []


def test_address_of_somebody_inactive_shows_nothing_even_if_it_was_left(cast: Cast) -> None:
    _, secret = create_feed(user=cast.reviewer, kind=FeedKind.PERSON)
    User.objects.filter(pk=cast.reviewer.pk).update(is_active=False)
    assert live_feed(secret, CALENDARS) is None


# -- reading ------------------------------------------------------------------------------------------


def test_reading_is_noted_once_an_hour(cast: Cast) -> None:
    address, _ = create_feed(user=cast.agent, kind=FeedKind.PERSON)
    start = clock.now()

    def read(minutes: int) -> int:
        address.refresh_from_db()
        with clock.at(start + timedelta(minutes=minutes)), CaptureQueriesContext(connection) as found:
            note_feed_read(address)
        return len(found)

    assert [read(minutes) for minutes in (0, 1, 59, 60, 61, 119, 120)] == [1, 0, 0, 1, 0, 0, 1]
    address.refresh_from_db()
    assert address.last_read_at == start + timedelta(minutes=120)
