"""One occurrence of the calendar has one live dossier: PostgreSQL sees to it, and the refusal is a sentence."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError
from django.db import IntegrityError, connection, transaction

from cases import clock
from cases.enums import DossierStatus
from cases.errors import Blocked
from cases.models import Dossier, JournalEntry
from tests.api_client import Api
from tests.journeys import Cast
from tests.pages import at_the_site, words
from workflows.services import create_draft, open_obligations, perform, update_draft

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 3, 2)
TBB3 = {"obligation": "calendar.c03", "exercise": 2026}
SENTENCE = (
    "Le dossier {} porte déjà cette obligation pour cet exercice : continuez celui-là, ou retirez-le avant d’en "
    "déposer un autre."
)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(NOW):
        yield


def file(cast: Cast, **data: Any) -> Dossier:
    """File by hand."""
    return create_draft(
        path="obligation", organisation=cast.body["canssm"], actor=cast.reviewer, data={**TBB3, **data}
    )


def test_second_dossier_is_refused_with_the_name_of_the_first(cast: Cast) -> None:
    first = file(cast)
    with pytest.raises(Blocked) as refused:
        file(cast)
    assert refused.value.message == SENTENCE.format(first.reference)
    (reason,) = refused.value.reasons
    assert (reason.code, reason.related) == ("already_open", (first.reference,))
    assert reason.quote is not None
    assert "une seule fois" in reason.quote.text
    assert Dossier.objects.count() == 1


def test_second_dossier_of_what_the_system_opened_is_refused(cast: Cast) -> None:
    opened = open_obligations(2026, TODAY).done["calendar.c03 2026"]
    with pytest.raises(Blocked) as refused:
        file(cast)
    assert opened in refused.value.message


def test_other_exercise_and_other_obligation_are_other_occurrences(cast: Cast) -> None:
    for data in ({}, {"exercise": 2025}, {"obligation": "calendar.c04"}):
        file(cast, **data)
    assert Dossier.objects.count() == 3


def test_other_half_year_is_another_occurrence_and_none_said_is_the_first(cast: Cast) -> None:
    file(cast)
    other = Dossier.objects.filter(pk=file(cast, exercise=2025).pk)
    other.update(exercise=2026, data=TBB3 | {"period": 2})
    for data in (TBB3 | {"period": 1}, TBB3):
        with pytest.raises(IntegrityError, match="obligation_once"), transaction.atomic():
            other.update(data=data)


def test_withdrawn_dossier_gives_its_place_back(cast: Cast) -> None:
    first = file(cast)
    perform(
        reference=first.reference, step="withdraw", outcome="withdraw", actor=cast.reviewer, motive="Double."
    )
    second = file(cast)
    assert second.status == DossierStatus.DRAFT
    with pytest.raises(Blocked) as refused:
        file(cast)
    assert second.reference in refused.value.message


def test_draft_cannot_be_turned_into_an_occurrence_that_is_taken(cast: Cast) -> None:
    first, other = file(cast), file(cast, exercise=2025)
    entries = JournalEntry.objects.count()
    with pytest.raises(Blocked) as refused:
        update_draft(reference=other.reference, actor=cast.reviewer, data={"exercise": 2026}, version=None)
    assert refused.value.message == SENTENCE.format(first.reference)
    other.refresh_from_db()
    assert (other.exercise, other.data["exercise"], JournalEntry.objects.count()) == (2025, 2025, entries)
    update_draft(reference=other.reference, actor=cast.reviewer, data={"exercise": 2024}, version=None)


def test_other_paths_may_repeat_themselves(cast: Cast) -> None:
    first, second = file(cast), file(cast, exercise=2025)
    Dossier.objects.filter(pk__in=[first.pk, second.pk]).update(path="virement", exercise=2026)


def test_page_answers_with_the_sentence_and_keeps_what_was_typed(cast: Cast) -> None:
    first = file(cast)
    response = at_the_site(cast.reviewer).post(
        "/nouveau/obligation/", TBB3 | {"period": 1, "title": "Le mien", "organisation": "canssm"}
    )
    assert response.status_code == 422
    assert SENTENCE.format(first.reference) in words(response)
    assert "Le mien" in response.content.decode()


def test_api_answers_with_the_sentence(cast: Cast) -> None:
    first = file(cast)
    answer = Api(cast.reviewer).post(
        "dossiers", {"path": "obligation", "organisation": "canssm", "data": TBB3}
    )
    body = answer.refused(422, "blocked")
    assert body["message"] == SENTENCE.format(first.reference)
    assert body["details"]["reasons"][0]["related"] == [first.reference]


def in_threads(count: int, act: Callable[[], Any]) -> list[Any]:
    """Do it at once in so many threads, each on a connection of its own; what each gave or was refused."""

    def once(_: int) -> Any:
        try:
            with clock.at(NOW):
                return act()
        except Blocked as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(once, range(count)))


def test_four_people_who_file_at_once_make_one_dossier(people: Cast) -> None:
    for exercise in (2024, 2025, 2026):
        answers = in_threads(4, lambda: file(people, exercise=exercise).reference)  # noqa: B023
        references = [one for one in answers if isinstance(one, str)]
        refused = [one for one in answers if isinstance(one, Blocked)]
        assert (len(references), len(refused)) == (1, 3)
        assert {one.message for one in refused} == {SENTENCE.format(references[0])}
        assert Dossier.objects.filter(exercise=exercise).count() == 1


def test_sweep_keeps_what_somebody_files_at_the_very_moment(people: Cast) -> None:
    """The sweep has looked and found nothing, then waits for the number that the person's transaction holds."""
    opened = open_obligations(2026, TODAY).done["calendar.c03 2026"]
    Dossier.objects.filter(reference=opened).update(
        exercise=2020, data=TBB3 | {"exercise": 2020, "period": 1}
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            filed = file(people)
            sweep = pool.submit(in_threads, 1, lambda: open_obligations(2026, TODAY))
            limit = time.monotonic() + 20
            while not somebody_waits():
                assert time.monotonic() < limit, "the sweep did not come to wait"
                assert not sweep.done(), sweep.result()
        (report,) = sweep.result(timeout=30)
    assert report.failed == {}
    assert report.kept["calendar.c03 2026"] == filed.reference
    assert Dossier.objects.filter(exercise=2026, data__obligation="calendar.c03").count() == 1


def somebody_waits() -> bool:
    """Whether a transaction of this database waits for another one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid())")
        return bool(cursor.fetchone()[0])


def test_migration_names_the_dossiers_that_stand_in_its_way(cast: Cast) -> None:
    check = import_module("cases.migrations.0007_obligation_once").refuse_what_is_there_twice
    first, second, _ = file(cast), file(cast, exercise=2025), file(cast, exercise=2024)

    class Editor:
        pass

    editor = Editor()
    editor.connection = connection  # type: ignore[attr-defined]
    check(apps, editor)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; DROP INDEX obligation_once")
    Dossier.objects.filter(pk=second.pk).update(exercise=2026)
    with pytest.raises(CommandError, match=f"{first.reference}, {second.reference}. Avec"):
        check(apps, editor)
