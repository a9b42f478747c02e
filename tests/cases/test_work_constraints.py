"""What PostgreSQL itself refuses of figures, delegations, acts on many dossiers and what a desk keeps, by name."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import models
from viewflow.workflow.models import Task

from cases.models import (
    BulkItem,
    BulkRun,
    Delegation,
    DossierFindings,
    DossierVisit,
    MotiveTemplate,
    QueueDelta,
    QueueTally,
    QueueWeek,
    SavedView,
    Snooze,
    WorkQueue,
)
from tests.cases.refusals import AT, DAY, Fault, Rows, Values, names, triggers, twice, wrong
from workflows.paths.fnmo_investment import FnmoInvestment

pytestmark = pytest.mark.django_db

MODULES = {
    "cases.models.tallies",
    "cases.models.delegations",
    "cases.models.bulk",
    "cases.models.desk",
    "cases.models.findings",
}
"""Models whose constraints and triggers are tested here."""

MODELS = (
    WorkQueue,
    QueueTally,
    QueueDelta,
    QueueWeek,
    Delegation,
    BulkRun,
    BulkItem,
    SavedView,
    Snooze,
    MotiveTemplate,
    DossierVisit,
)


def task(rows: Rows) -> Task:
    """A task of the first dossier."""
    found = Task.objects.filter(process=rows.dossier.process).first()
    if found is None:
        found = Task.objects.create(
            process=rows.dossier.process,
            flow_task=FnmoInvestment.step("check"),
            flow_task_type="TEST",
        )
    return found


def sound(rows: Rows, model: type[models.Model]) -> Values:
    """A row that nothing is wrong with: a delegation was revoked, an act on many is over."""
    if model is WorkQueue:
        return {
            "role": "reviewer",
            "body": rows.body,
            "path": "fnmo_investment",
            "step": "check",
            "organisation": rows.body,
        }
    if model in (QueueTally, QueueDelta):
        return {"queue": rows.one(WorkQueue), "measure": "open", "day": DAY, "number": 1}
    if model is QueueWeek:
        return {
            "queue": rows.one(WorkQueue),
            "monday": date(2015, 3, 2),
            "flows": [0] * 6,
            "gross": [[1, 1]],
            "net": [[1, 1]],
        }
    if model is Delegation:
        return {
            "delegator": rows.user,
            "delegate": rows.other,
            "role": "regional_director",
            "organisation": rows.body,
            "ceiling": "100000.00",
            "valid_from": DAY,
            "valid_until": DAY,
            "act": "Décision n° 2015-12",
            "created_by": rows.user,
            "created_at": AT,
            "revoked_by": rows.user,
            "revoked_at": AT,
            "revoked_because": "Retour de congé",
        }
    if model is BulkRun:
        return {
            "kind": "perform",
            "state": "done",
            "path": "fnmo_investment",
            "step": "decide",
            "outcome": "approve",
            "created_by": rows.user,
            "created_at": AT,
            "starts_at": AT,
            "finished_at": AT,
        }
    if model is BulkItem:
        return {
            "run": rows.one(BulkRun),
            "dossier": rows.dossier,
            "version": 1,
            "state": "refused",
            "reasons": [{"code": "role", "message": "Non."}],
            "done_at": AT,
        }
    if model is SavedView:
        return {
            "owner": rows.user,
            "page": "search",
            "name": "Lens",
            "query": "q=lens",
            "shared_role": "preparer",
            "shared_organisation": rows.body,
            "created_at": AT,
            "updated_at": AT,
        }
    if model is Snooze:
        return {"user": rows.user, "task": task(rows), "until": DAY, "created_at": AT}
    if model is MotiveTemplate:
        return {
            "role": "reviewer",
            "organisation": rows.body,
            "title": "Devis manquant",
            "text": "Le devis manque.",
            "created_by": rows.user,
            "created_at": AT,
            "updated_at": AT,
        }
    return {"user": rows.user, "dossier": rows.dossier, "seen_at": AT, "journal_length": 1}


@pytest.fixture
def rows() -> Rows:
    return Rows(sound)


def other_user(rows: Rows) -> Any:
    return rows.other


CONSTRAINTS: dict[str, Fault] = {
    "work_queue_once": twice(WorkQueue),
    "tally_measure_known": wrong(QueueTally, measure="luck"),
    "tally_once": twice(QueueTally, number=2),
    "delta_measure_known": wrong(QueueDelta, measure="luck"),
    "queue_week_once": twice(QueueWeek),
    "delegation_role_known": wrong(Delegation, role="king"),
    "delegation_ends_after_it_starts": wrong(Delegation, valid_until=DAY - timedelta(days=1)),
    "delegation_to_somebody_else": wrong(Delegation, delegate=lambda rows: rows.user),
    "delegation_ceiling_positive": wrong(Delegation, ceiling="0.00"),
    "delegation_has_act": wrong(Delegation, act=""),
    "delegation_revocation_complete": wrong(Delegation, revoked_because=""),
    "bulk_kind_known": wrong(BulkRun, kind="burn"),
    "bulk_act_is_named": wrong(BulkRun, outcome=""),
    "bulk_ended_has_moment": wrong(BulkRun, finished_at=None),
    "bulk_item_state_known": wrong(BulkItem, state="lost"),
    "bulk_item_once": twice(BulkItem, version=2),
    "bulk_item_ended_has_moment": wrong(BulkItem, done_at=None),
    "bulk_item_refusal_says_why": wrong(BulkItem, reasons=[]),
    "view_page_known": wrong(SavedView, page="cellar"),
    "view_has_name": wrong(SavedView, name=""),
    "view_name_once": twice(SavedView, query="q=arras"),
    "view_sharing_complete": wrong(SavedView, shared_role=""),
    "snooze_once": twice(Snooze, until=DAY + timedelta(days=1)),
    "motive_template_role_known": wrong(MotiveTemplate, role="king"),
    "motive_template_not_empty": wrong(MotiveTemplate, text=""),
    "motive_template_title_once": twice(MotiveTemplate, text="Autre"),
    "visit_once": twice(DossierVisit, journal_length=2),
}


def test_every_named_constraint_is_tested() -> None:
    assert names(MODULES) == set(CONSTRAINTS)
    assert not DossierFindings._meta.constraints


def test_sound_rows_are_let_in(rows: Rows) -> None:
    """Each fault here is one thing wrong in one of these."""
    assert {model: rows.refused_as(wrong(model)) for model in MODELS} == dict.fromkeys(MODELS, "")


def test_each_fault_is_refused_by_its_name(rows: Rows) -> None:
    assert {name: rows.refused_as(fault) for name, fault in CONSTRAINTS.items()} == {
        name: name for name in CONSTRAINTS
    }


BOUNDS: dict[str, tuple[Fault, str]] = {
    "a delegation that is in force": (
        wrong(Delegation, revoked_by=None, revoked_at=None, revoked_because=""),
        "",
    ),
    "a delegation without ceiling": (wrong(Delegation, ceiling=None), ""),
    "a claim names no act": (wrong(BulkRun, kind="claim", path="", step="", outcome=""), ""),
    "a state that is not known": (wrong(BulkRun, state="lost"), "bulk_ended_has_moment"),
    "done and not finished": (wrong(BulkRun, state="waiting"), "bulk_ended_has_moment"),
    "two tasks of one dossier": (twice(BulkItem, {"task_id": 1}, task_id=2), ""),
    "waiting, with a moment": (wrong(BulkItem, state="waiting"), "bulk_item_ended_has_moment"),
    "a view of one's own": (wrong(SavedView, shared_role="", shared_organisation=None), ""),
    "shared with a role of nowhere": (wrong(SavedView, shared_organisation=None), "view_sharing_complete"),
    "two people, one name": (twice(SavedView, owner=other_user), ""),
    "a title given again": (twice(MotiveTemplate, {"retired_at": AT}, retired_at=None), ""),
}


def test_what_just_fits_is_let_in(rows: Rows) -> None:
    found = {name: rows.refused_as(fault) for name, (fault, _) in BOUNDS.items()}
    assert found == {name: expected for name, (_, expected) in BOUNDS.items()}


# -- triggers --------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[type[models.Model], Iterable[str]]] = {
    "delegation_never_deleted": (Delegation, ["DELETE FROM {}"]),
}


def test_every_trigger_is_tested() -> None:
    assert triggers(MODULES) == set(REFUSED)


def test_triggers_refuse_raw_statements(rows: Rows) -> None:
    for name, (model, statements) in REFUSED.items():
        for statement in statements:
            assert "Cannot" in rows.refused_with(model, statement), (name, statement)
