"""The credits of the demonstration: what is told of budgets, virements, the reserve, receipts and advances."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from cases import clock
from cases.budget_terms import MovementKind
from cases.enums import DossierStatus
from cases.models import CreditMovement, Document, Dossier, Exercise, JournalEntry, LegalNotice, User
from cases.selectors import balance_faults, balance_of
from cases.services import load_budgets, verify_all
from tests.credit_journeys import line
from tests.demonstration import have_demonstration
from workflows.demonstration.budgets_recent import BUDGETS_RECENT
from workflows.demonstration.credits_recent import CREDITS_RECENT
from workflows.demonstration.loading import load
from workflows.demonstration.stories import Story
from workflows.demonstration.timetable import appointments, exercises
from workflows.engine import StepContext, all_paths, credit_lines, get_path
from workflows.selectors.actions import available_actions
from workflows.selectors.queue import QueueFilters, queue

#: Paths that move no credits; tests/workflows/test_demonstration.py looks at them.
OTHERS = (
    *("fnmo_investment", "obligation"),
    *("fnass_restructuring", "ouverture_plan", "property_disposal", "proceeds_use"),
)
RECENT: tuple[Story, ...] = (*BUDGETS_RECENT, *CREDITS_RECENT)

#: Accounts that credits give work to, whatever the day.
WORKERS = (
    "directeur.est",
    "budget.canssm",
    "comptable.canssm",
    "dg.canssm",
    "secretariat.ca",
    "dss",
    "db",
    "cgefi",
)


@pytest.fixture(scope="module")
def told(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The whole demonstration, and the folder of its files; taken away after the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        media = have_demonstration(tmp_path_factory.mktemp("demonstration"))
        with override_settings(MEDIA_ROOT=media):
            yield media
        transaction.set_rollback(True)


#: A test that looks at it.
of_the_demonstration = pytest.mark.usefixtures("told")


def dossiers(path: str, **asked: Any) -> list[Dossier]:
    return list(Dossier.objects.filter(path=path, **asked).order_by("pk"))


def outcomes_told() -> set[tuple[str, str]]:
    done = JournalEntry.objects.filter(action="perform").order_by().values_list("step", "outcome")
    return {(step, outcome) for step, outcome in done}


@of_the_demonstration
def test_ledger_and_journals_are_without_fault() -> None:
    assert list(balance_faults()) == []
    assert list(verify_all()) == []
    told = CreditMovement.objects.exclude(dossier=None).order_by().values_list("kind", flat=True)
    assert set(told) == {
        MovementKind.VIREMENT,
        MovementKind.AMENDMENT,
        MovementKind.RECEIPT,
        MovementKind.CARRY_OVER,
        MovementKind.COMMITMENT,
    }


@of_the_demonstration
@pytest.mark.parametrize("path", [path.key for path in all_paths() if path.key not in OTHERS])
def test_each_path_has_dossiers_that_ended_and_others_that_have_not(path: str) -> None:
    statuses = {one.status for one in dossiers(path)}
    assert statuses & {"closed", "enforceable"}
    assert statuses & {"draft", "submitted", "awaiting_decision", "awaiting_authority", "approved"}


@of_the_demonstration
@pytest.mark.parametrize(
    ("step", "outcome"),
    sorted(
        {
            (step.name, outcome)
            for path in all_paths()
            if path.key not in OTHERS
            for step in path.steps()
            for outcome in step.outcomes
        }
    ),
)
def test_each_outcome_of_the_paths_of_credits_is_told(step: str, outcome: str) -> None:
    assert (step, outcome) in outcomes_told()


@of_the_demonstration
def test_virements_of_each_class_are_told() -> None:
    found: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for path in ("virement", "virement_derogation", "modifying_decision"):
        for dossier in dossiers(path):
            context = StepContext(dossier=dossier, path=get_path(path))
            for row in credit_lines.transfer_rows_of(context):
                kind, groups = row.found.kind.value, (row.origin.facts.group, row.target.facts.group)
                found[path].add((kind, *groups))
    assert {one for one in found["virement"] if one[0] == "intra_group"} == {
        ("intra_group", "FA", "FA"),
        ("intra_group", "FB", "FB"),
    }
    assert {one[1:] for one in found["virement"] if one[0] == "inter_group"} == {
        ("G1", "G2"),
        ("G1", "G3"),
        ("G1", "G4"),
        ("G1", "G5"),
        ("G2", "G4"),
        ("G2", "G5"),
    }
    assert {one for one in found["virement"] if one[0] == "forbidden"} == {("forbidden", "", "G2")}
    assert {kind for kind, *_ in found["virement_derogation"]} == {"forbidden"}
    assert {kind for kind, *_ in found["modifying_decision"]} == {"forbidden"}


@of_the_demonstration
@pytest.mark.parametrize(
    ("path", "words"), [("virement", "Demandez une dérogation"), ("carry_over", "ne reçoit aucun report")]
)
def test_drafts_that_the_text_forbids_quote_it(path: str, words: str) -> None:
    desk = User.objects.get(username="budget.canssm")
    refused = [
        reason
        for dossier in dossiers(path, status="draft", organisation__code="canssm")
        for action in available_actions(dossier, desk)
        if action.outcome == "submit" and not action.allowed
        for reason in action.reasons
    ]
    assert any(words in reason.message and reason.quote for reason in refused)


@of_the_demonstration
def test_notices_are_in_time_late_near_their_date_past_it_and_fresh() -> None:
    today = clock.today()
    given = [one for one in LegalNotice.objects.order_by("pk") if one.acknowledged_at]
    late = [one for one in given if clock.paris_date(one.acknowledged_at) > one.due_on]
    assert [one.organisation.code for one in late] == ["dss"]
    assert len(given) >= 15
    days = {clock.paris_date(one.acknowledged_at) for one in given if one.dossier == given[0].dossier}
    assert len(days) == 3
    waiting = [one.due_on for one in LegalNotice.objects.filter(acknowledged_at=None).order_by("due_on")]
    assert waiting[0] < today
    assert any(today <= due <= today + timedelta(days=5) for due in waiting)
    assert any(due > today + timedelta(days=5) for due in waiting)


@of_the_demonstration
def test_budgets_are_approved_tacitly_and_expressly_refused_rejected_and_enforceable() -> None:
    budgets = dossiers("budget_vote")
    ended = {one.data["fund"] for one in budgets if one.status == DossierStatus.ENFORCEABLE}
    assert ended == {"FNGA", "FNASS", "FNPPS", "FNMO"}
    assert {one.data["kind"] for one in budgets} == {"primitive", "amending"}
    grounds = {one.data["ground"] for one in budgets}
    assert grounds == {"ordinary", "payroll_update", "receipts_excess"}
    assert {one.results["conformity"]["conforms"] for one in budgets if one.results} == {True, False}
    breaches = {(one.data["fund"], one.exercise) for one in budgets if "breach" in one.results}
    assert {("FNMO", 2016), ("FNPPS", 2016)} <= breaches
    half = [one for one in budgets if set(one.results.get("receptions", ())) == {"dss"}]
    assert [one.status for one in half] == [DossierStatus.AWAITING_AUTHORITY]
    system = JournalEntry.objects.filter(action="perform", actor=None, outcome__in=("acquire", "enforceable"))
    assert system.count() >= 10


@of_the_demonstration
def test_reserve_of_2015_is_used_and_what_is_left_of_it_cancelled() -> None:
    year = Exercise.objects.get(year=2015)
    assert balance_of(line=line("RN"), exercise=year).available == 0
    (left,) = CreditMovement.objects.filter(kind=MovementKind.CANCELLATION)
    assert left.postings.get(line=line("RN")).amount == Decimal("-350000.00")
    assert left.effective_on == date(2015, 12, 31)


@of_the_demonstration
def test_advances_are_committed_on_the_budget_that_came_after() -> None:
    every = CreditMovement.objects.filter(kind=MovementKind.COMMITMENT).order_by("pk")
    assert {movement.dossier.path for movement in every} == {"advance_release", "fnass_restructuring"}
    committed = every.filter(dossier__path="advance_release")
    assert len(committed) == 3
    spent = balance_of(line=line("INV", "FNMO"), exercise=Exercise.objects.get(year=2015))
    assert spent.committed == Decimal("103600.00")


@of_the_demonstration
def test_pieces_of_budgets_and_receipts_are_filed() -> None:
    kinds = {"regional_investments": "budget_vote", "receipts_forecast": "receipts_reuse"}
    for kind, path in kinds.items():
        filed = Document.objects.filter(kind=kind).order_by("pk")
        assert {one.dossier.path for one in filed} == {path}
        assert filed.count() >= 3
    made = Document.objects.filter(kind="carry_over_statement").order_by("pk")
    assert made.count() == len(dossiers("carry_over")) - 1  # all but the draft


@of_the_demonstration
@pytest.mark.parametrize("name", WORKERS)
def test_each_office_has_credits_to_work_on(name: str) -> None:
    user = User.objects.get(username=name)
    paths = [path.key for path in all_paths() if path.key not in OTHERS]
    assert any(queue(user, QueueFilters(path=path)).items for path in paths)


@of_the_demonstration
def test_credits_of_the_current_exercise_are_carried_forward_and_open() -> None:
    today = clock.today()
    current, before = (Exercise.objects.get(year=today.year - ago) for ago in (0, 1))
    assert (current.carried_from, current.state) == (2017, "open")
    assert (before.carried_from, before.closed_on) == (2017, date(today.year, 4, 10))
    assert load_budgets().movements == 0


@pytest.mark.django_db
@pytest.mark.parametrize("day", [date(2027, 1, 3), date(2028, 2, 29), date(2027, 12, 31)], ids=str)
def test_recent_credits_load_on_any_day(day: date) -> None:
    with clock.at(datetime.combine(day, time(9, 30), tzinfo=clock.PARIS)):
        loaded = load(stories=RECENT)
        assert loaded is not None
        assert loaded.dossiers == len(RECENT)
        assert list(balance_faults()) == []
        assert list(verify_all()) == []
        statuses = set(Dossier.objects.order_by().values_list("status", flat=True))
        assert statuses >= {
            "draft",
            "submitted",
            "awaiting_decision",
            "awaiting_authority",
            "approved",
            "executed",
            "enforceable",
            "refused",
        }
        idle = [name for name in WORKERS if not queue(User.objects.get(username=name)).items]
        assert idle == []
        assert load(stories=RECENT) is None


def test_exercise_of_each_story_is_one_that_the_text_lets_it_count_in() -> None:
    for offset in range(0, 4 * 366, 9):
        today = date(2024, 1, 1) + timedelta(days=offset)
        counted = exercises(RECENT, today=today)
        for appointment in appointments(RECENT, today=today):
            story, year = RECENT[appointment.number], counted[appointment.number]
            day, verb = appointment.moment.date(), appointment.act.verb
            assert year in (today.year - 1, today.year)
            if verb == "effect":  # credits move in their exercise
                assert day.year == year, (story.title, day)
            if story.path in ("receipts_reuse", "national_reserve"):
                assert day.year == year, (story.title, day)
            if story.path == "advance_release" and verb not in ("regularise", "close"):
                assert date(year, 1, 1) <= day <= date(year, 6, 30), (story.title, day)
