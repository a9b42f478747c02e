"""Addresses asked for and ended at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from cases.enums import FeedKind
from cases.errors import BusinessError, Conflict
from cases.models import AdministrationEntry
from cases.selectors import live_feeds_of
from cases.services import create_feed, deactivate_person, revoke_feed, verify_all
from cases.services.feeds import MAX_LIVE
from tests.journeys import Cast


def together(*acts: Callable[[], object]) -> list[object]:
    """What each act of people who start at once gives: None, or its refusal."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        start.wait(timeout=20)
        try:
            act()
        except BusinessError as refusal:
            return refusal
        finally:
            connections.close_all()
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_last_place_for_an_address_goes_to_one_of_several_requests(people: Cast) -> None:
    def ask() -> object:
        return create_feed(user=people.agent, kind=FeedKind.PERSON)

    for _ in range(MAX_LIVE - 1):
        ask()
    answers = together(ask, ask, ask, ask)
    assert sorted(type(one) is Conflict for one in answers) == [False, True, True, True]
    assert live_feeds_of(people.agent).count() == MAX_LIVE
    assert not list(verify_all())


def test_address_made_while_the_access_is_closed_does_not_outlive_it(people: Cast) -> None:
    together(
        lambda: create_feed(user=people.agent, kind=FeedKind.PERSON),
        lambda: deactivate_person(user=people.agent, motive="Départ", deactivated_by=people.admin),
    )
    assert not live_feeds_of(people.agent).exists()


def test_address_revoked_twice_at_once_is_revoked_once(people: Cast) -> None:
    address, _ = create_feed(user=people.agent, kind=FeedKind.PERSON)

    def end() -> object:
        return revoke_feed(public_id=address.public_id, actor=people.agent)

    assert together(end, end, end) == [None, None, None]
    assert AdministrationEntry.objects.filter(action="revoke_feed").count() == 1
