"""Legal notices: what PostgreSQL refuses of them, and who may read them."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pgtrigger
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from cases.errors import NotFound
from cases.models import Document, LegalNotice
from cases.selectors import legal_notice_for, legal_notices_of, legal_notices_visible_to
from tests.credit_journeys import CreditJourney, transfers
from tests.journeys import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def journey(cast: Cast) -> CreditJourney:
    """A virement between groups, told to three bodies, one of which has acknowledged."""
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "10.00")))
    return journey.walk(
        "prepare.submit", "check.credits_available", "effect.effect", "inform.acknowledge@ministry"
    )


def copied(**changes: Any) -> LegalNotice:
    """A further notice like the one of the Direction du budget, with these differences."""
    notice = LegalNotice.objects.get(organisation__code="db")
    document = notice.document
    document.pk, document.public_id, document.kind = None, uuid4(), "notice_copy"
    document._state.adding = True
    document.save(force_insert=True)
    notice.pk, notice.public_id, notice.document, notice.step = None, uuid4(), document, "other"
    for name, value in changes.items():
        setattr(notice, name, value)
    notice._state.adding = True
    return notice


CONSTRAINTS: dict[str, Callable[[], Any]] = {
    "legal_notice_once_per_addressee": lambda: copied(step="inform").save(force_insert=True),
    "legal_notice_due_after_the_act": lambda: copied(due_on=date(2026, 3, 1)).save(force_insert=True),
    "legal_notice_acknowledgement_complete": lambda: copied(capacity="Ministère").save(force_insert=True),
}


def test_every_named_constraint_is_tested() -> None:
    assert {one.name for one in LegalNotice._meta.constraints} == set(CONSTRAINTS)


@pytest.mark.parametrize("name", sorted(CONSTRAINTS))
def test_constraint_refuses_by_name(journey: CreditJourney, name: str) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        CONSTRAINTS[name]()
    assert refused.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def test_other_notice_is_kept(journey: CreditJourney) -> None:
    copied().save(force_insert=True)
    assert LegalNotice.objects.filter(step="other").count() == 1


TABLE = "cases_legalnotice"
REFUSED: dict[str, list[tuple[str, str]]] = {
    "legal_notice_never_deleted": [(f"DELETE FROM {TABLE}", "Cannot delete")],
    "legal_notice_terms_fixed": [
        (f"UPDATE {TABLE} SET due_on = due_on + 1 WHERE acknowledged_at IS NULL", "Cannot update"),
        (f"UPDATE {TABLE} SET sent_at = now() WHERE acknowledged_at IS NULL", "Cannot update"),
        (f"UPDATE {TABLE} SET step = 'other' WHERE acknowledged_at IS NULL", "Cannot update"),
    ],
    "legal_notice_acknowledged_once": [
        (f"UPDATE {TABLE} SET capacity = 'autre' WHERE acknowledged_at IS NOT NULL", "Cannot update"),
        (
            f"UPDATE {TABLE} SET acknowledged_at = NULL, acknowledged_by_id = NULL, capacity = '' "
            "WHERE acknowledged_at IS NOT NULL",
            "Cannot update",
        ),
    ],
    "legal_notice_not_truncated": [(f"TRUNCATE {TABLE} CASCADE", "Cannot truncate")],
}


def test_every_trigger_is_tested() -> None:
    assert {trigger.name for model, trigger in pgtrigger.registered() if model is LegalNotice} == set(REFUSED)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_trigger_refuses_raw_statements(journey: CreditJourney, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement, message in REFUSED[name]:
            with pytest.raises(DatabaseError, match=message), transaction.atomic():
                cursor.execute(statement)


def test_notices_follow_the_read_gate_of_their_dossier(cast: Cast, journey: CreditJourney) -> None:
    told = {one.organisation.code for one in legal_notices_of(journey.dossier)}
    assert told == {"dss", "db", "cgefi"}
    seen = {name for name, user in cast.people.items() if legal_notices_visible_to(user).count() == 3}
    assert {"agent", "dg", "ministry", "ministry_db", "comptroller", "auditor"} <= seen
    assert seen.isdisjoint({"est_agent", "secretary", "admin", "nobody"})
    notice = LegalNotice.objects.get(organisation__code="db")
    assert legal_notice_for(cast.ministry_db, notice.public_id) == notice
    with pytest.raises(NotFound):
        legal_notice_for(cast.est_agent, notice.public_id)


def test_paper_of_each_addressee_is_its_own(journey: CreditJourney) -> None:
    papers = Document.objects.filter(kind__startswith="notice_").order_by("kind")
    assert [one.kind for one in papers] == ["notice_cgefi", "notice_db", "notice_dss"]
    assert len({one.sha256 for one in papers}) == 3
    assert all(one.current and one.version == 1 for one in papers)
