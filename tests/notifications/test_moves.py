"""PostgreSQL itself refuses a row any move but those of ``OUTBOX_MOVES``."""

from itertools import product

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F

from cases.models import Dossier
from notifications.enums import OUTBOX_MOVES, TROUBLED, Channel, OutboxState
from notifications.models import OutboxRow
from tests.notifications.conftest import at_state

pytestmark = pytest.mark.django_db
S = OutboxState


@pytest.fixture
def row(under_review: Dossier) -> OutboxRow:
    found = OutboxRow.objects.filter(dossier=under_review, channel=Channel.EMAIL).order_by("pk").last()
    assert found is not None
    return found


def moved(row: OutboxRow, source: S, target: S, **values: object) -> bool:
    """Whether PostgreSQL lets a row of one state go to the other; it is put back."""
    mine = OutboxRow.objects.filter(pk=row.pk)
    valid = {"due_at": row.created_at, "refused_at": None, "retries": 0}
    at_state(mine, source, **valid | ({"refused_at": row.created_at} if source == S.BOUNCED else {}))
    values = valid | ({"refused_at": row.created_at} if target == S.BOUNCED else {}) | values
    try:
        with transaction.atomic():
            mine.update(state=target, **values)
    except DatabaseError as error:
        if "pgtrigger" not in str(error):
            raise
        return False
    return True


def test_row_goes_where_the_table_of_moves_says_and_nowhere_else(row: OutboxRow) -> None:
    for source, target in product(S, S):
        if (source, target) == (S.DELIVERED, S.BUNDLED):  # below
            continue
        retried = source in TROUBLED and target == S.PENDING
        expected = source == target or target in OUTBOX_MOVES[source]
        assert moved(row, source, target, retries=int(retried)) is expected, (source, target)


def test_nothing_that_was_delivered_waits_again(row: OutboxRow) -> None:
    for retries in (0, 1, 2):
        for target in (S.PENDING, S.SENDING, S.FAILED, S.UNADDRESSED):
            assert not moved(row, S.DELIVERED, target, retries=retries)


def test_only_an_explicit_retry_leads_back_and_it_is_counted(row: OutboxRow) -> None:
    for source in TROUBLED:
        assert not moved(row, source, S.PENDING)
        assert not moved(row, source, S.PENDING, retries=2)
        assert moved(row, source, S.PENDING, retries=1)


def test_retries_are_counted_by_nothing_else(row: OutboxRow) -> None:
    assert not moved(row, S.SENDING, S.DELIVERED, retries=1)
    assert not moved(row, S.SENDING, S.PENDING, retries=1)
    assert not moved(row, S.FAILED, S.FAILED, retries=1)
    assert not moved(row, S.PENDING, S.PENDING, retries=F("retries") + 1)


def test_only_what_a_digest_carries_is_taken_back(row: OutboxRow) -> None:
    assert not moved(row, S.DELIVERED, S.BUNDLED)
    OutboxRow.objects.filter(pk=row.pk).update(digest=row)
    assert moved(row, S.DELIVERED, S.BUNDLED)


def test_state_of_trouble_is_never_left_by_delivery(row: OutboxRow) -> None:
    for source in TROUBLED:
        for target in (S.SENDING, S.DELIVERED):
            assert not moved(row, source, target)
