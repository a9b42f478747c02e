"""The demonstration as a visitor finds it: loaded once for this module, looked at from many sides."""

import hashlib
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings
from viewflow.workflow.models import Task

from cases import clock
from cases.calendar import is_working_day
from cases.content import PDF
from cases.enums import DecisionKind, DossierStatus, Role
from cases.models import (
    AdministrationEntry,
    Deadline,
    DeadlineEvent,
    Decision,
    Document,
    Dossier,
    Facility,
    JournalEntry,
    Meeting,
    MeetingPaper,
    Opinion,
    Property,
    PropertySale,
    RoleGrant,
    User,
)
from cases.permissions import holdings_of
from cases.register_terms import MeetingKind, MeetingState, PaperKind
from cases.services import verify_all
from config.checks import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_PASSWORD
from notifications.models import OutboxRow
from tests.demonstration import have_demonstration
from workflows.demonstration.loading import CREDITS, HEADLINES, STORIES
from workflows.demonstration.past import PAST
from workflows.demonstration.people import ACCOUNTS
from workflows.demonstration.recent import RECENT
from workflows.demonstration.timetable import ClockTooEarly, appointments
from workflows.engine import StepContext, all_paths, get_path
from workflows.selectors.queue import queue
from workflows.services import verify_tallies

PATH = "fnmo_investment"
OPEN = ("submitted", "under_review", "to_complete", "awaiting_decision")


@pytest.fixture(scope="module")
def loaded(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The whole demonstration, and the folder of its files; taken away after the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        media = have_demonstration(tmp_path_factory.mktemp("demonstration"))
        with override_settings(MEDIA_ROOT=media):
            yield media
        transaction.set_rollback(True)


pytestmark = pytest.mark.usefixtures("loaded")


def operations() -> Any:
    """The dossiers of the FNMO's operations, oldest first."""
    return Dossier.objects.filter(path=PATH).order_by("pk")


def statuses_of_the_path() -> set[str]:
    """Every status that an outcome of the path leads to, the draft that it begins with, and withdrawal."""
    path = get_path(PATH)
    routes = {
        str(route.status) for step in path.steps() for one in step.outcomes.values() for route in one.routes
    }
    return routes | {DossierStatus.DRAFT.value, DossierStatus.WITHDRAWN.value}


def late(status: str) -> list[Dossier]:
    return list(operations().filter(status=status, next_due_on__lt=clock.today()))


def test_demonstration_shows_every_status_of_the_path() -> None:
    assert set(operations().values_list("status", flat=True)) == statuses_of_the_path()


def test_demonstration_has_some_forty_operations_of_the_three_carmi() -> None:
    bodies = list(operations().values_list("organisation__code", flat=True))
    assert 40 <= len(bodies) <= 50
    assert {code: bodies.count(code) >= 12 for code in set(bodies)} == {
        "carmi-npdc": True,
        "carmi-est": True,
        "carmi-sud": True,
    }


def test_demonstration_journals_are_intact() -> None:
    assert list(verify_all()) == []
    assert verify_tallies() == []
    assert JournalEntry.objects.count() > 300
    assert AdministrationEntry.objects.filter(action="grant_role").count() == len(DEMONSTRATION_ACCOUNTS)


def test_demonstration_people_are_the_documented_offices() -> None:
    people = {user.username: user for user in User.objects.order_by("pk")}
    assert set(people) == set(DEMONSTRATION_ACCOUNTS)
    assert len({user.password for user in people.values()}) == 1
    assert people["agent.npdc"].check_password(DEMONSTRATION_PASSWORD)
    assert all(user.email == f"{name}@exemple.invalid" for name, user in people.items())
    assert all(not (user.first_name or user.last_name or user.is_superuser) for user in people.values())


@pytest.mark.parametrize("day", [date(2014, 1, 1), None])
def test_demonstration_people_hold_one_role_each_since_2014(day: date | None) -> None:
    held = {user.username: holdings_of(user, day) for user in User.objects.order_by("pk")}
    assert all(len(holdings) == 1 for holdings in held.values())
    roles = {name: (one.role, one.organisation_code) for name, (one,) in held.items()}
    assert roles["directeur.sud"] == (Role.REGIONAL_DIRECTOR, "carmi-sud")
    assert roles["dg.canssm"] == (Role.DIRECTOR_GENERAL, "canssm")
    assert {role for role, _ in roles.values()} == set(Role)
    assert not RoleGrant.objects.filter(act="").exists()


def with_facilities() -> Any:
    return Dossier.objects.filter(data__has_key="facilities").order_by("pk")


def codes_of(dossier: Dossier) -> list[str]:
    """Codes of the œuvres of an operation, or of a plan, whose rows say more of each."""
    named = dossier.data["facilities"]
    return [one["facility"] if isinstance(one, dict) else one for one in named]


def test_demonstration_facilities_are_those_of_the_dossiers() -> None:
    known = set(Facility.objects.values_list("code", flat=True))
    named = {code for dossier in with_facilities() for code in codes_of(dossier)}
    assert named <= known
    for code in ("carmi-npdc", "carmi-est", "carmi-sud"):
        assert Facility.objects.filter(organisation__code=code, active=True).count() >= 8
    elsewhere = [
        dossier.reference
        for dossier in with_facilities()
        if Facility.objects.filter(code__in=codes_of(dossier))
        .exclude(organisation=dossier.organisation_id)
        .exists()
    ]
    assert elsewhere == []


def test_demonstration_references_increase_with_time() -> None:
    in_time = list(Dossier.objects.order_by("created_at").values_list("reference", flat=True))
    given: dict[str, int] = {}
    for reference in in_time:
        series, number = reference.rsplit("-", 1)
        given[series] = given.get(series, 0) + 1
        assert int(number) == given[series], reference
    assert {series.split("-")[0] for series in given} == {path.prefix for path in all_paths()}


def test_demonstration_decisions_are_never_taken_by_who_prepared_or_reviewed() -> None:
    decided = [one for one in Dossier.objects.order_by("pk") if one.participants.get("decide")]
    assert len(decided) > 60
    for dossier in decided:
        before = {*dossier.participants["prepare"], *dossier.participants.get("review", ())}
        assert not before & set(dossier.participants["decide"]), dossier.reference
    assert set(
        Decision.objects.filter(kind__in=(DecisionKind.APPROVAL, DecisionKind.REFUSAL), dossier__path=PATH)
        .order_by()
        .values_list("decided_by__username", flat=True)
    ) == {"dg.canssm"}


def moments() -> Iterator[tuple[str, datetime]]:
    """Every moment that an act of the demonstration left behind; a legal clock runs from the midnight of its event."""
    fields: list[tuple[Any, tuple[str, ...]]] = [
        (JournalEntry, ("at",)),
        (Dossier, ("created_at", "submitted_at", "updated_at")),
        (Decision, ("decided_at",)),
        (Document, ("uploaded_at",)),
        (Deadline, ("opened_at", "closed_at")),
        (DeadlineEvent, ("at",)),
        (Task, ("created", "assigned", "started", "finished")),
        (OutboxRow, ("created_at", "read_at")),
    ]
    legal: dict[Any, dict[str, str]] = {
        Deadline: {"kind": "legal"},
        DeadlineEvent: {"deadline__kind": "legal"},
    }
    for model, names in fields:
        for name in names:
            found = model.objects.exclude(**legal.get(model, {})).order_by("pk").values_list(name, flat=True)
            for moment in (one for one in found if one is not None):
                yield f"{model.__name__}.{name}", moment


def test_demonstration_moments_are_in_working_hours_and_none_is_to_come() -> None:
    seen = list(moments())
    assert len(seen) > 4_000
    for what, moment in seen:
        local = moment.astimezone(clock.PARIS)
        assert date(2014, 1, 2) <= local.date() < clock.today(), what
        assert is_working_day(local.date()), (what, moment)
        assert time(8, 30) <= local.time() < time(17, 45), (what, moment)


def test_demonstration_journals_follow_time() -> None:
    for dossier in Dossier.objects.order_by("pk"):
        at = list(
            JournalEntry.objects.filter(dossier=dossier).order_by("sequence").values_list("at", flat=True)
        )
        assert at == sorted(set(at)), dossier.reference


def test_demonstration_closed_operations_are_of_2014_to_2017_and_open_ones_of_late() -> None:
    for dossier in operations():
        if dossier.status in ("closed", "withdrawn"):
            assert 2014 <= dossier.exercise <= 2017, dossier.reference
        else:
            assert dossier.created_at > clock.now() - timedelta(days=150), dossier.reference


@pytest.mark.parametrize(
    ("step", "outcome"),
    [(step.name, outcome) for step in get_path(PATH).steps() for outcome in step.outcomes],
)
def test_demonstration_does_every_outcome_of_the_path(step: str, outcome: str) -> None:
    assert JournalEntry.objects.filter(action="perform", step=step, outcome=outcome).exists()


def test_demonstration_refusals_and_returns_have_motives() -> None:
    told = JournalEntry.objects.filter(
        outcome__in=("refuse", "send_back", "request_pieces", "return", "revise_cost", "withdraw")
    ).order_by("pk")
    assert len(told) > 10
    assert all(len(entry.motive) > 30 for entry in told)


def test_demonstration_revised_costs_cross_the_threshold_or_stay_covered() -> None:
    revised = JournalEntry.objects.filter(outcome="revise_cost").order_by("pk")
    assert {entry.status_after for entry in revised} == {"under_review", "approved"}
    dispensed = Decision.objects.filter(
        kind=DecisionKind.DISPENSE, dossier__decisions__kind=DecisionKind.APPROVAL
    )
    assert dispensed.exists()


def test_demonstration_restructurings_have_three_years_for_each_gestion() -> None:
    tied = [one for one in operations() if one.data["is_restructuring"]]
    assert len(tied) >= 4
    for dossier in tied:
        years: dict[str, list[int]] = {}
        for row in dossier.data["impact"]:
            years.setdefault(row["gestion"], []).append(row["year"] - dossier.exercise)
        assert all(after == [1, 2, 3] for after in years.values()), dossier.reference


@pytest.mark.parametrize("status", OPEN)
def test_demonstration_has_late_and_timely_dossiers(status: str) -> None:
    overdue = late(status)
    assert overdue
    assert len(overdue) < operations().filter(status=status).count()


def test_demonstration_warns_the_desk_of_a_possible_split() -> None:
    path = get_path(PATH)
    warned = [
        dossier.title
        for dossier in operations().filter(status="under_review")
        if any(path.warnings[0](StepContext(dossier=dossier, path=path)))
    ]
    assert warned == ["Mobilier du centre de soins infirmiers d’Hénin-Beaumont"]


def test_demonstration_leaves_free_and_taken_tasks() -> None:
    opened = Task.objects.filter(status__in=("NEW", "ASSIGNED"), flow_task_type="HUMAN")
    assert set(opened.order_by().values_list("status", flat=True)) == {"NEW", "ASSIGNED"}
    taken = opened.filter(status="ASSIGNED").order_by("owner__username")
    own = [
        f"expert.{name}" for name in ("deux", "trois", "trois", "un")
    ]  # an expert's task is theirs from the start
    assert [task.owner.username for task in taken] == [*own, "sante.canssm"]


@pytest.mark.parametrize(
    "name",
    [
        account.username
        for account in ACCOUNTS
        if account.role not in (Role.ADMINISTRATOR, Role.AUDITOR, Role.MANAGER)
    ],
)
def test_demonstration_gives_each_office_work(name: str) -> None:
    assert queue(User.objects.get(username=name)).items


def test_demonstration_pieces_are_pdf_files_as_their_rows_say(loaded: Path) -> None:
    documents = list(Document.objects.order_by("pk"))
    assert {one.kind for one in documents} == {
        "presentation_note",
        "economic_file",
        "regional_investments",
        "receipts_forecast",
        "carry_over_statement",
        "transmitted_document",
        "opportunity_note",
        "medico_economic_description",
        "financing_plan",
        "opening_plan",
        "works_budget",
        "economic_comparison",
        "valuation_report",
        "plot_documents",
        "operation_note",
        "decision",
        "notice_cgefi",
        "notice_db",
        "notice_dss",
    }
    assert {one.content_type for one in documents} == {PDF.mime}
    assert any(one.version > 1 for one in documents)
    for document in documents:
        content = (loaded / document.file.name).read_bytes()
        assert content.startswith(b"%PDF-")
        assert hashlib.sha256(content).hexdigest() == document.sha256


def statuses_of(path: str) -> set[str]:
    return set(Dossier.objects.filter(path=path).order_by().values_list("status", flat=True))


def test_demonstration_shows_restructurings_plans_and_disposals_in_every_state() -> None:
    assert statuses_of("fnass_restructuring") == {
        *("draft", "under_review", "in_consultation", "awaiting_decision", "approved", "closed"),
    }
    assert statuses_of("ouverture_plan") == {
        *("draft", "in_consultation", "awaiting_decision", "approved", "closed"),
    }
    assert statuses_of("property_disposal") == {
        *("draft", "submitted", "to_complete", "awaiting_decision", "approved", "executed"),
        *("lapsed", "withdrawn", "closed"),
    }
    assert statuses_of("proceeds_use") == {"awaiting_decision", "closed"}
    owed = Dossier.objects.get(path="obligation", data__about="FNASS-2015-0001")
    assert owed.status == "closed"
    assert owed.results["transmit"]["transmitted_on"] <= "2015-10-01"
    states = set(Property.objects.order_by().values_list("state", flat=True))
    assert states >= {"in_use", "proposed", "under_offer", "sold", "withdrawn"}
    assert PropertySale.objects.count() == 3


def test_demonstration_closed_meetings_with_minutes_and_prepared_two() -> None:
    planned = Meeting.objects.filter(state=MeetingState.PLANNED).order_by("kind")
    assert [one.kind for one in planned] == [MeetingKind.BOARD, MeetingKind.CONCERTATION]
    assert all(one.held_on > clock.today() for one in planned)
    assert [one.items.count() for one in planned] == [1, 2]
    closed = Meeting.objects.filter(state=MeetingState.CLOSED)
    assert closed.count() >= 7
    assert MeetingPaper.objects.filter(kind=PaperKind.MINUTES).count() == closed.count()
    assert MeetingPaper.objects.filter(kind=PaperKind.AGENDA).exists()


def test_demonstration_has_opinions_given_sealed_awaited_and_stepped_down_from() -> None:
    assert set(Opinion.objects.order_by().values_list("state", flat=True)) >= {"given", "invited", "recused"}
    sealed = Opinion.objects.filter(
        state="given", consultation__confidential=True, consultation__closed_at=None
    )
    assert {one.expert.username for one in sealed.select_related("expert").order_by("pk") if one.expert} == {
        "expert.un",
        "expert.deux",
    }


def test_demonstration_notices_left_unread_are_recent() -> None:
    unread = OutboxRow.objects.filter(channel="in_app", state="delivered", read_at=None).order_by(
        "created_at"
    )
    assert 20 <= len(unread) <= 200
    assert unread[0].created_at > clock.now() - timedelta(days=91)
    desk = unread.filter(recipient__username="budget.canssm").order_by("pk")
    of_operations = {row.dossier.status for row in desk if row.dossier.path == PATH}
    assert of_operations == {"under_review", "executed", "refused"}


@pytest.mark.parametrize(
    ("page", "counts"),
    [
        ("README.md", [len(STORIES)]),
        (
            "docs/maintainers/running.md",
            [len(STORIES), len(PAST) + len(RECENT), len(CREDITS), len(HEADLINES)],
        ),
        ("docs/maintainers/running.md", [sum(one.small for one in STORIES)]),
    ],
)
def test_documentation_counts_the_dossiers_of_the_demonstration(page: str, counts: list[int]) -> None:
    said = (settings.BASE_DIR / page).read_text()
    paragraph = next(part for part in said.split("\n\n") if part.startswith("The demonstration "))
    assert {str(count) for count in counts} <= set(re.findall(r"\d+", paragraph))


def test_timetable_is_the_same_every_time() -> None:
    today = clock.today()
    assert appointments(STORIES, today=today) == appointments(STORIES, today=today)


def test_timetable_of_any_day_of_four_years_lies_before_it() -> None:
    for offset in range(0, 4 * 366, 5):
        today = date(2024, 1, 1) + timedelta(days=offset)
        planned = appointments(STORIES, today=today)
        assert max(one.moment for one in planned).date() < today
        assert all(is_working_day(one.moment.date()) for one in planned)


def test_timetable_refuses_a_clock_before_its_acts() -> None:
    with pytest.raises(ClockTooEarly, match="tomberait le"):
        appointments(PAST, today=date(2016, 1, 1))
