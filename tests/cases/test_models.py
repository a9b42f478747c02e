"""What PostgreSQL itself refuses: each named constraint and each trigger, met by name."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError

from cases import clock
from cases.enums import FeedKind
from cases.models import (
    Absence,
    AdministrationEntry,
    ApiToken,
    Deadline,
    DeadlineEvent,
    Decision,
    Document,
    Dossier,
    FeedAddress,
    JournalEntry,
    Organisation,
    ReferenceCounter,
    RoleGrant,
    User,
)
from cases.services import append_administration_entry
from tests.cases.test_budget_constraints import MODULES as BUDGET_MODULES
from tests.cases.test_exchange_constraints import MODULES as EXCHANGE_MODULES
from tests.cases.test_register_constraints import MODULES as REGISTER_MODULES
from tests.cases.test_work_constraints import MODULES as WORK_MODULES
from tests.journeys import Cast, Journey
from workflows.paths.fnmo_investment import FnmoInvestment

#: Models whose constraints and triggers are tested elsewhere: beside this file, and in test_legal_notices.py.
MODULES = {*BUDGET_MODULES, *EXCHANGE_MODULES, *REGISTER_MODULES, *WORK_MODULES, "cases.models.notices"}


def row(model: type[Any], **values: Any) -> Callable[[Cast, Journey], None]:
    """Change the row that the tests have of ``model`` into one that may not be."""

    def change(cast: Cast, journey: Journey) -> None:
        found = model.objects.order_by("pk").values_list("pk", flat=True)[0]
        model.objects.filter(pk=found).update(**values)

    return change


def two_dossiers(**values: Any) -> Callable[[Cast, Journey], None]:
    """Give two dossiers the same values."""

    def change(cast: Cast, journey: Journey) -> None:
        Journey.at(cast, "draft")
        Dossier.objects.update(**values)

    return change


def again(model: type[Any], **values: Any) -> Callable[[Cast, Journey], None]:
    """Insert the first row of ``model`` again, with these differences."""

    def insert(cast: Cast, journey: Journey) -> None:
        copy = model.objects.order_by("pk")[0]
        copy.pk = None
        copy._state.adding = True
        for name, value in values.items():
            setattr(copy, name, value)
        copy.save(force_insert=True)

    return insert


def absence(**values: Any) -> Callable[[Cast, Journey], None]:
    """Declare an absence of the reviewer that is sound but for these values."""

    def insert(cast: Cast, journey: Journey) -> None:
        given = {"first_day": date(2026, 3, 2), "last_day": date(2026, 3, 6)} | values
        Absence.objects.create(user=cast.reviewer, created_by=cast.reviewer, created_at=clock.now(), **given)

    return insert


def own_deputy(cast: Cast, journey: Journey) -> None:
    """Somebody who stands in for themselves."""
    absence(deputy=cast.reviewer)(cast, journey)


def feed(**values: Any) -> Callable[[Cast, Journey], None]:
    """Give the reviewer an address of a feed with these values."""

    def insert(cast: Cast, journey: Journey) -> None:
        FeedAddress.objects.create(user=cast.reviewer, digest="0" * 64, created_at=clock.now(), **values)

    return insert


OTHER = uuid.UUID("00000000-0000-4000-8000-000000000000")


def unknown_status(cast: Cast, journey: Journey) -> None:
    """Inserted, since an update is already stopped by the life cycle."""
    now = clock.now()
    dossier = Dossier(
        public_id=OTHER,
        path="fnmo_investment",
        reference="ESSAI",
        organisation=cast.body["carmi-npdc"],
        created_by=cast.agent,
        created_at=now,
        updated_at=now,
        submitted_at=now,
        status="lost",
    )
    FnmoInvestment.start_process(dossier)
    dossier.save(force_insert=True)


CONSTRAINTS: dict[str, Callable[[Cast, Journey], None]] = {
    "organisation_kind_known": row(Organisation, kind="club"),
    "organisation_lineage_ends_with_code": row(Organisation, lineage="/canssm/autre/"),
    "role_grant_role_known": row(RoleGrant, role="friend"),
    "role_grant_ends_after_it_starts": row(RoleGrant, valid_until=date(2013, 12, 31)),
    "role_grant_open_once": again(RoleGrant),
    "dossier_status_known": unknown_status,
    "dossier_amount_positive": row(Dossier, amount_ht=0),
    "dossier_approved_amount_positive": row(Dossier, approved_amount_ht=-1),
    "dossier_exercise_plausible": row(Dossier, exercise=1999),
    "dossier_submitted_has_date": row(Dossier, submitted_at=None),
    "dossier_version_positive": row(Dossier, version=0),
    "reference_counter_once": again(ReferenceCounter),
    "document_not_empty": row(Document, size=0),
    "document_version_once": again(Document, current=False, public_id=OTHER),
    "document_current_once": again(Document, version=2, public_id=OTHER),
    "decision_kind_known": again(Decision, kind="maybe"),
    "decision_refusal_has_motive": again(Decision, kind="refusal", motive=""),
    "decision_amount_positive": again(Decision, amount_ht=0),
    "obligation_once": two_dossiers(path="obligation", exercise=2026, data={"obligation": "calendar.c03"}),
    "deadline_kind_known": row(Deadline, kind="vague"),
    "deadline_state_known": row(Deadline, state="asleep"),
    "deadline_running_has_date": again(Deadline, state="running", due_on=None, closed_at=None),
    "deadline_closed_has_moment": again(Deadline, state="met", closed_at=None),
    "deadline_expiry_known": row(Deadline, at_expiry="whatever"),
    "absence_ends_after_it_starts": absence(last_day=date(2026, 3, 1)),
    "absence_deputy_is_somebody_else": own_deputy,
    "absence_cancellation_complete": absence(cancelled_at=clock.now()),
    "feed_kind_known": feed(kind="everything"),
    "feed_of_a_role_names_it": feed(kind=FeedKind.ROLE, role="reviewer"),
    "journal_sequence_once": again(JournalEntry),
    "administration_sequence_once": again(AdministrationEntry),
}


@pytest.fixture
def journey(cast: Cast) -> Journey:
    """A dossier that has a row in every table."""
    append_administration_entry(actor=None, capacity="Système", action="essai", subject=cast.agent)
    return Journey.at(cast, "approved")


def declared_constraints() -> set[str]:
    return {
        constraint.name
        for model in apps.get_app_config("cases").get_models()
        if model.__module__ not in MODULES
        for constraint in model._meta.constraints
    }


def test_every_named_constraint_is_tested() -> None:
    assert set(CONSTRAINTS) == declared_constraints()


@pytest.mark.parametrize("name", sorted(CONSTRAINTS))
def test_constraint_refuses_by_name(cast: Cast, journey: Journey, name: str) -> None:
    if name == "journal_sequence_once":
        _run("ALTER TABLE cases_journalentry DISABLE TRIGGER USER")  # the one against gaps would be first
    if name == "deadline_state_known":
        _run("ALTER TABLE cases_deadline DROP CONSTRAINT deadline_closed_has_moment")  # likewise
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        CONSTRAINTS[name](cast, journey)
    assert refused.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def _run(statement: str) -> None:
    """Change a table inside the test's transaction, whose postponed checks have to be done first."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


# -- triggers --------------------------------------------------------------------------------------

UPDATE_REFUSED = "Cannot delete or update|Cannot update"
REFUSED: dict[str, list[tuple[str, str]]] = {
    "dossier_life_cycle": [("UPDATE cases_dossier SET status = 'closed'", "Invalid transition")],
    "dossier_never_deleted": [("DELETE FROM cases_dossier", "Cannot delete")],
    "document_never_deleted": [("DELETE FROM cases_document", "Cannot delete")],
    "decision_append_only": [
        ("DELETE FROM cases_decision", UPDATE_REFUSED),
        ("UPDATE cases_decision SET motive = 'autre'", UPDATE_REFUSED),
    ],
    "deadline_event_append_only": [
        ("DELETE FROM cases_deadlineevent", UPDATE_REFUSED),
        ("UPDATE cases_deadlineevent SET at = now()", UPDATE_REFUSED),
    ],
    "journal_append_only": [
        ("DELETE FROM cases_journalentry", UPDATE_REFUSED),
        ("UPDATE cases_journalentry SET motive = 'autre'", UPDATE_REFUSED),
    ],
    "journal_not_truncated": [("TRUNCATE cases_journalentry", "Cannot truncate")],
    "journal_without_gap": [],  # tests/cases/test_journal.py
    "administration_append_only": [
        ("DELETE FROM cases_administrationentry", UPDATE_REFUSED),
        ("UPDATE cases_administrationentry SET motive = 'autre'", UPDATE_REFUSED),
    ],
    "administration_not_truncated": [("TRUNCATE cases_administrationentry", "Cannot truncate")],
}


def test_every_trigger_is_tested() -> None:
    declared = {
        trigger.name
        for model, trigger in pgtrigger.registered()
        if model._meta.app_label == "cases" and model.__module__ not in MODULES
    }
    assert set(REFUSED) == declared


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_trigger_refuses_raw_statements(journey: Journey, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement, message in REFUSED[name]:
            with pytest.raises(DatabaseError, match=message), transaction.atomic():
                cursor.execute(statement)


def test_rows_of_a_dossier_protect_those_they_point_to(cast: Cast, journey: Journey) -> None:
    for protected in (cast.body["carmi-npdc"], cast.agent):
        with pytest.raises((ProtectedError, DatabaseError)), transaction.atomic():
            protected.delete()


def test_api_tokens_go_with_their_user_and_belong_to_one() -> None:
    assert ApiToken._meta.get_field("user").remote_field.model is User


def test_documents_are_stored_under_no_name_that_a_person_chose(journey: Journey) -> None:
    document = Document.objects.filter(kind="presentation_note").get()
    assert document.file.name == f"pieces/{document.public_id.hex[:2]}/{document.public_id}"


def test_deadline_duration_is_rebuilt_from_its_columns(journey: Journey) -> None:
    deadline = Deadline.objects.get(step="check")
    assert str(deadline.duration) == "15 jours ouvrés"
    event = DeadlineEvent.objects.filter(deadline=deadline).order_by("pk")[0]
    assert (event.kind, event.at) == ("started", deadline.opened_at)
    assert event.at - clock.now() < timedelta(seconds=1)
