"""Opening the dossiers of the calendar: what, when, once; the task and the command that do it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from cases import clock
from cases.enums import DossierStatus, OrganisationKind
from cases.models import Dossier, JournalEntry, Organisation
from cases.services.journal import SYSTEM
from tests.journeys import Cast
from workflows import tasks
from workflows.rulebook import rulebooks
from workflows.services import Opened, open_due_obligations, open_obligations, perform

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 3, 2)
TBB_2026 = [f"calendar.c0{number} 2026" for number in (1, 2, 3, 4, 5)]
UNDATED = ["calendar.c17 2026", "calendar.c47 2026", "calendar.c48 2026"]


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(NOW):
        yield


def test_exercise_opens_what_its_years_begun_have_brought(cast: Cast) -> None:
    report = open_obligations(2026, TODAY)
    assert list(report.done) == [*TBB_2026, *UNDATED]  # TBB 6 falls in 2027
    assert report.failed == {}
    opened = Dossier.objects.filter(path="obligation")
    assert {one.status for one in opened} == {DossierStatus.DRAFT}
    assert {one.organisation_id for one in opened} == {cast.body["canssm"].pk}
    assert {one.created_by for one in opened} == {None}
    assert list(opened.order_by("reference").values_list("next_due_on", flat=True)) == [
        date(2025, 7, 15),
        date(2025, 11, 1),
        date(2026, 4, 20),
        date(2026, 7, 5),  # ten days before the legal day
        date(2026, 10, 22),
        None,
        None,
        None,
    ]


def test_last_dashboard_is_opened_once_its_year_has_begun(cast: Cast) -> None:
    open_obligations(2026, TODAY)
    with clock.at(datetime(2027, 1, 1, 9, tzinfo=UTC)):
        report = open_obligations(2026, date(2027, 1, 1))
    assert list(report.done) == ["calendar.c06 2026"]
    assert len(report.kept) == len(TBB_2026) + len(UNDATED)


def test_sweep_opens_what_falls_in_the_year_whatever_its_exercise(cast: Cast) -> None:
    report = open_due_obligations(TODAY)
    assert sorted(report.done) == sorted(
        [
            "calendar.c01 2027",
            "calendar.c02 2027",
            "calendar.c03 2026",
            "calendar.c04 2026",
            "calendar.c05 2026",
            "calendar.c06 2025",
            *UNDATED,
        ]
    )


def test_opening_again_opens_nothing_even_what_was_withdrawn(cast: Cast) -> None:
    first = open_obligations(2026, TODAY)
    reference = first.done["calendar.c03 2026"]
    perform(
        reference=reference,
        step="withdraw",
        outcome="withdraw",
        actor=cast.reviewer,
        motive="Sans objet.",
    )
    again = open_obligations(2026, TODAY)
    assert again.done == {}
    assert again.kept == first.done


def test_opening_is_journalled_as_the_system(cast: Cast) -> None:
    open_obligations(2026, TODAY)
    entries = JournalEntry.objects.filter(dossier__path="obligation")
    assert {(one.action, one.actor_id, one.capacity) for one in entries} == {("create", None, SYSTEM)}


def test_closed_convention_is_listed_and_not_opened(cast: Cast) -> None:
    report = open_obligations(2005, TODAY)
    assert report.done == {}
    assert {"calendar.c89 2005", "calendar.c89 2005/2", "calendar.c96 2005"} <= set(report.closed)
    assert not Dossier.objects.filter(path="obligation").exists()


def test_nothing_is_opened_without_a_fund_and_it_is_said(cast: Cast) -> None:
    Organisation.objects.filter(kind=OrganisationKind.FUND).update(active=False)
    report = open_obligations(2026, TODAY)
    assert report.done == {}
    assert list(report.failed) == [*TBB_2026, *UNDATED]


def test_one_that_fails_does_not_stop_the_others(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'refused by the test'; END$$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse_tbb3 BEFORE INSERT ON cases_dossier FOR EACH ROW "
            "WHEN (NEW.data->>'obligation' = 'calendar.c03') EXECUTE FUNCTION pg_temp.refuse()"
        )
    report = open_obligations(2026, TODAY)
    assert list(report.failed) == ["calendar.c03 2026"]
    assert len(report.done) == len(TBB_2026) + len(UNDATED) - 1


def test_four_sweeps_at_once_open_each_occurrence_once(people: Cast) -> None:
    def sweep(_: int) -> Opened:
        try:
            with clock.at(NOW):
                return open_obligations(2026, TODAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(sweep, range(4)))
    assert [report.failed for report in reports] == [{}] * 4
    expected = len(TBB_2026) + len(UNDATED)
    assert sum(len(report.done) for report in reports) == expected
    assert Dossier.objects.filter(path="obligation").count() == expected


def test_task_opens_and_beat_asks_for_it_every_day(cast: Cast) -> None:
    assert tasks.open_obligations() == 9
    assert tasks.open_obligations() == 0
    entry = settings.CELERY_BEAT_SCHEDULE["open-obligations"]
    assert entry["task"] == tasks.open_obligations.name
    assert (entry["schedule"].hour, entry["schedule"].day_of_week) == ({5}, set(range(7)))


def run(*arguments: str) -> str:
    """The output of the command."""
    out = StringIO()
    call_command("open_obligations", *arguments, stdout=out)
    return out.getvalue()


def test_command_names_each_dossier(cast: Cast) -> None:
    told = run("--exercise", "2026")
    assert "calendar.c01 2026 : OBL-2026-0001 ouvert." in told
    again = run("--exercise", "2026")
    assert "calendar.c01 2026 : OBL-2026-0001, déjà ouvert." in again
    assert "Aucun dossier n’était à ouvrir." in again
    assert "calendar.c06 2025 : OBL-2025-0001 ouvert." in run()


def test_command_lists_what_a_closed_convention_keeps(cast: Cast) -> None:
    assert "calendar.c96 2005 : convention close, conservé sans être ouvert." in run("--exercise", "2005")


def test_command_fails_with_what_could_not_be_opened(cast: Cast) -> None:
    with pytest.raises(CommandError, match="une année"):
        run("--exercise", "1999")
    Organisation.objects.filter(kind=OrganisationKind.FUND).update(active=False)
    with pytest.raises(CommandError, match="Aucune caisse nationale en activité"):
        run()


def test_all_six_dashboards_are_among_what_is_opened() -> None:
    marked = [key for key, one in rulebooks()["cog-2014-2017"].obligations.items() if one.opens]
    assert marked[:6] == [f"calendar.c0{number}" for number in range(1, 7)]
    assert not any(one.opens for one in rulebooks()["cog-2004-2006"].obligations.values())
