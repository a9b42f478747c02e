"""« Mes avis »: one's own notices, marked as read by POST only."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from cases.models import Dossier
from notifications.models import OutboxRow
from notifications.selectors import PAGE_SIZE, unread_count
from notifications.services import mark_read

pytestmark = pytest.mark.django_db

LIST = "/avis/"


@pytest.fixture
def notice(under_review: Dossier, people: SimpleNamespace) -> OutboxRow:
    """The desk's notice of a dossier to review."""
    return OutboxRow.objects.select_related("dossier").get(recipient=people.instructeur, channel="in_app")


@pytest.fixture
def desk(client: Client, people: SimpleNamespace) -> Client:
    client.force_login(people.instructeur)
    return client


def test_list_shows_ones_own_notices_with_their_dossier(desk: Client, notice: OutboxRow) -> None:
    page = desk.get(LIST).content.decode()
    assert "À faire : Instruire le dossier" in page
    assert f'href="/dossiers/{notice.dossier.reference}/"' in page
    assert "1&nbsp;avis non lu." in page
    assert "Signer et transmettre" not in page  # the director's


def test_empty_list_says_what_will_come(client: Client, people: SimpleNamespace) -> None:
    client.force_login(people.dg)
    assert "Aucun avis pour le moment" in client.get(LIST).content.decode()
    assert "Aucun avis non lu" in client.get(LIST, {"vue": "non-lus"}).content.decode()


def test_unread_view_leaves_out_what_was_read(
    desk: Client, notice: OutboxRow, people: SimpleNamespace
) -> None:
    mark_read(user=people.instructeur, notice_id=notice.pk)
    assert "À faire" in desk.get(LIST).content.decode()
    assert "À faire" not in desk.get(LIST, {"vue": "non-lus"}).content.decode()


def test_pages_link_to_each_other(
    client: Client, draft: Callable[..., Dossier], people: SimpleNamespace
) -> None:
    for _ in range(PAGE_SIZE + 1):
        draft()
    client.force_login(people.collegue)
    rows = OutboxRow.objects.filter(channel="in_app").order_by("pk")
    newest, oldest = rows.last(), rows.first()
    assert newest is not None
    assert oldest is not None
    first = client.get(LIST)
    assert oldest.link not in first.content.decode()
    second = client.get(LIST, {"cursor": first.context["page"].next_cursor}).content.decode()
    assert oldest.link in second
    assert newest.link not in second


def test_broken_cursor_begins_the_list_again(desk: Client, notice: OutboxRow) -> None:
    response = desk.get(LIST, {"cursor": "x"}, follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    assert "reprenez la liste depuis le début" in response.content.decode()


def test_marking_one_as_read_returns_to_the_same_view(
    desk: Client, notice: OutboxRow, people: SimpleNamespace
) -> None:
    response = desk.post(f"/avis/{notice.pk}/lu/", {"vue": "non-lus"})
    assert (response.status_code, response["Location"]) == (302, "/avis/?vue=non-lus")
    assert unread_count(people.instructeur) == 0


def test_opening_marks_as_read_and_shows_the_dossier(
    desk: Client, notice: OutboxRow, people: SimpleNamespace
) -> None:
    response = desk.post(f"/avis/{notice.pk}/lu/", {"then": "open"})
    assert response["Location"] == f"/dossiers/{notice.dossier.reference}/"
    assert unread_count(people.instructeur) == 0


def test_notice_of_another_person_is_not_found_and_stays_unread(
    client: Client, notice: OutboxRow, people: SimpleNamespace
) -> None:
    client.force_login(people.dg)
    assert client.post(f"/avis/{notice.pk}/lu/").status_code == 404
    assert unread_count(people.instructeur) == 1


@pytest.mark.parametrize("newest", ["", "x", "-5", "9" * 40])
def test_marking_all_without_knowing_what_was_shown_marks_nothing(
    desk: Client, notice: OutboxRow, people: SimpleNamespace, newest: str
) -> None:
    page = desk.post("/avis/lus/", {"newest": newest}, follow=True).content.decode()
    assert "Rechargez la liste" in page
    assert unread_count(people.instructeur) == 1


def test_marking_all_says_how_many(desk: Client, notice: OutboxRow, people: SimpleNamespace) -> None:
    page = desk.post("/avis/lus/", {"newest": notice.pk}, follow=True).content.decode()
    assert "1 avis marqué comme lu." in page
    assert "Tout est lu." in page
    assert (
        "Tous ces avis étaient déjà lus."
        in desk.post("/avis/lus/", {"newest": notice.pk}, follow=True).content.decode()
    )


@pytest.mark.parametrize("address", ["/avis/lus/", "/avis/{pk}/lu/"])
def test_reading_an_address_changes_nothing(
    desk: Client, notice: OutboxRow, people: SimpleNamespace, address: str
) -> None:
    assert desk.get(address.format(pk=notice.pk)).status_code == 405
    assert unread_count(people.instructeur) == 1


@pytest.mark.parametrize(
    ("method", "address"), [("get", LIST), ("post", "/avis/lus/"), ("post", "/avis/1/lu/")]
)
def test_visitor_is_sent_to_the_login(client: Client, db: None, method: str, address: str) -> None:
    response = getattr(client, method)(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/compte/")
