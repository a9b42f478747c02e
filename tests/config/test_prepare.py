"""``manage.py prepare``: the calendar of the year opens at once, once, and a fault in it stops no deployment."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.models import Dossier
from tests.journeys import Cast
from workflows.demonstration import has_dossiers, load
from workflows.services import create_draft, open_due_obligations

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
#: TBB 1 and 2 of 2027, 3 to 5 of 2026, 6 of 2025, and three without a day.
OPENED = 9


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(NOW):
        yield


def prepare(**options: object) -> tuple[str, str]:
    """What the command wrote, on standard output and on standard error."""
    out, err = StringIO(), StringIO()
    call_command("prepare", stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_prepare_opens_the_calendar_of_the_year_once() -> None:
    assert prepare() == ("", "")
    assert Dossier.objects.filter(path="obligation", created_by=None).count() == OPENED
    assert prepare() == ("", "")
    assert Dossier.objects.count() == OPENED


def test_second_opening_asks_two_questions_and_writes_nothing() -> None:
    prepare()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        report = open_due_obligations(clock.today())
    assert (len(report.done), len(report.kept)) == (0, OPENED)
    assert len(seen) == 2
    assert all(query["sql"].startswith("SELECT") for query in seen.captured_queries)


def test_prepare_leaves_the_calendar_alone_when_asked() -> None:
    prepare(obligations=False)
    assert not Dossier.objects.exists()


def test_what_cannot_be_opened_is_told_and_stops_no_deployment() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'refused by the test'; END$$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse_tbb3 BEFORE INSERT ON cases_dossier FOR EACH ROW "
            "WHEN (NEW.data->>'obligation' = 'calendar.c03') EXECUTE FUNCTION pg_temp.refuse()"
        )
    _, told = prepare()
    assert "calendar.c03 2026 : Erreur du programme" in told
    assert "Le balayage quotidien recommencera." in told
    assert Dossier.objects.count() == OPENED - 1


def test_dossiers_of_the_system_do_not_keep_the_demonstration_out() -> None:
    cast = Cast()
    prepare()
    assert not has_dossiers()
    create_draft(
        path="obligation",
        organisation=cast.body["canssm"],
        actor=cast.reviewer,
        data={"obligation": "calendar.c03", "exercise": 2024},
    )
    assert has_dossiers()
    assert load(stories=()) is None


def test_demonstration_loads_beside_the_calendar() -> None:
    prepare()
    loaded = load(stories=())
    assert loaded is not None
    assert loaded.people > 0
