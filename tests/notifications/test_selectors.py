"""What a person reads of their notices, in how many statements."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from cases.errors import Invalid
from cases.models import Dossier
from notifications.context_processors import notice_board
from notifications.selectors import PAGE_SIZE, notice_page, unread_count, unread_of
from notifications.services import mark_read

pytestmark = pytest.mark.django_db


@pytest.fixture
def submitted(draft: Callable[..., Dossier], act: Callable[..., Dossier]) -> Callable[[int], list[Dossier]]:
    def make(number: int) -> list[Dossier]:
        dossiers = [draft(title=f"Opération {index}") for index in range(number)]
        for dossier in dossiers:
            act(dossier, "agent", "prepare.submit")
        return dossiers

    return make


@pytest.mark.parametrize("number", [1, 3])
def test_unread_of_gives_count_and_newest_in_one_statement(
    submitted: Callable[[int], list[Dossier]], people: SimpleNamespace, number: int
) -> None:
    dossiers = submitted(number)
    with CaptureQueriesContext(connection) as queries:
        unread = unread_of(people.directeur, latest=2)
    assert len(queries) == 1
    assert unread.count == number
    assert [row.dossier_id for row in unread.latest] == [one.pk for one in reversed(dossiers)][:2]


def test_unread_of_somebody_without_notices_is_empty(people: SimpleNamespace) -> None:
    assert (unread_of(people.dg).count, unread_of(people.dg).latest) == (0, ())


def test_read_notice_is_no_longer_counted_but_stays_in_the_list(
    submitted: Callable[[int], list[Dossier]], people: SimpleNamespace
) -> None:
    submitted(2)
    newest = unread_of(people.directeur).latest[0]
    mark_read(user=people.directeur, notice_id=newest.pk)
    page = notice_page(people.directeur)
    assert (unread_count(people.directeur), page.unread, len(page.rows)) == (1, 1, 2)
    assert [row.pk for row in notice_page(people.directeur, unread_only=True).rows] == [page.rows[1].pk]


@pytest.mark.parametrize("number", [1, 3])
def test_notice_page_costs_two_statements(
    submitted: Callable[[int], list[Dossier]], people: SimpleNamespace, number: int
) -> None:
    submitted(number)
    with CaptureQueriesContext(connection) as queries:
        page = notice_page(people.directeur)
        assert len([row.dossier.reference for row in page.rows]) == number
    assert len(queries) == 2


def test_notice_pages_follow_each_other_without_gap(
    submitted: Callable[[int], list[Dossier]], people: SimpleNamespace
) -> None:
    dossiers = submitted(PAGE_SIZE + 1)
    first = notice_page(people.directeur)
    assert (len(first.rows), first.unread) == (PAGE_SIZE, PAGE_SIZE + 1)
    second = notice_page(people.directeur, cursor=first.next_cursor)
    assert second.next_cursor == ""
    shown = [row.dossier_id for row in (*first.rows, *second.rows)]
    assert shown == [one.pk for one in reversed(dossiers)]


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 30, "٣"])
def test_broken_cursor_is_refused(people: SimpleNamespace, cursor: str) -> None:
    with pytest.raises(Invalid):
        notice_page(people.directeur, cursor=cursor)


def test_notice_board_asks_the_database_only_when_used_and_once(
    submitted: Callable[[int], list[Dossier]], people: SimpleNamespace
) -> None:
    submitted(2)
    request = RequestFactory().get("/")
    request.user = people.directeur
    with CaptureQueriesContext(connection) as queries:
        board = notice_board(request)["notice_board"]
    assert len(queries) == 0
    with CaptureQueriesContext(connection) as queries:
        assert (board.unread, board.unread) == (2, 2)
    assert len(queries) == 1


def test_notice_board_of_a_visitor_is_empty() -> None:
    request = RequestFactory().get("/")
    assert notice_board(request)["notice_board"].unread == 0
    request.user = AnonymousUser()
    with CaptureQueriesContext(connection) as queries:
        assert notice_board(request)["notice_board"].unread == 0
    assert len(queries) == 0
