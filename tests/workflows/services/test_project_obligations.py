"""What each running project owes (A58): opened by the sweep once for each, on its page and in the calendar."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from cases import clock
from cases.errors import Blocked, Invalid
from cases.models import Dossier
from tests.journeys import Cast
from tests.pages import at_the_site, words
from tests.restructuring_journeys import DECIDED, Restructuring
from workflows.services import Opened, create_draft, open_due_obligations, open_obligations, perform

AT = datetime(2015, 3, 2, 9, tzinfo=UTC)
BALANCE = "calendar.c201"
TO_DECISION = DECIDED[:-1]


def projects(cast: Cast, *ways: tuple[str, ...]) -> list[Restructuring]:
    """Projects of 2015, each brought so far."""
    return [Restructuring.file(cast, at=AT, exercise=2015).walk(*way, at=AT) for way in ways]


def sweep(day: date) -> Opened:
    """The daily sweep of a day, of what projects owe."""
    with clock.at(datetime(day.year, day.month, day.day, 4, tzinfo=UTC)):
        report = open_due_obligations(day)
    assert report.failed == {}
    return report


def balances(report: dict[str, str]) -> list[str]:
    return [name for name in report if name.startswith(BALANCE)]


def test_each_running_project_has_its_balance_once_however_often_it_is_swept(cast: Cast) -> None:
    first, second, refused, waiting, draft = projects(
        cast, DECIDED, DECIDED, (*TO_DECISION, "decide.refuse"), TO_DECISION, ()
    )
    closed, given_up = projects(
        cast,
        (*DECIDED, "enter_budget.enter", "execute.execute", "close.close"),
        (*DECIDED, "enter_budget.renounce"),
    )
    report = sweep(date(2015, 3, 3))
    expected = [f"{BALANCE} 2015 {one.reference}" for one in (first, second)]
    assert balances(report.done) == expected
    again = sweep(date(2015, 9, 30))
    assert (balances(again.done), balances(again.kept)) == ([], expected)
    opened = Dossier.objects.filter(path="obligation", data__obligation=BALANCE).order_by("pk")
    assert [(one.data["about"], one.exercise, one.status) for one in opened] == [
        (first.reference, 2015, "draft"),
        (second.reference, 2015, "draft"),
    ]
    assert opened[0].title == (
        f"Bilan annuel CANSSM-État 2015 d’une opération de restructuration ({first.reference})"
    )
    assert opened[0].next_due_on == date(2015, 9, 21)  # ten days before the legal day
    for one in (refused, waiting, draft, closed, given_up):
        assert not opened.filter(data__about=one.reference).exists()


def test_balance_comes_back_each_year_of_the_convention_and_not_after(cast: Cast) -> None:
    (project,) = projects(cast, DECIDED)
    found = {year: balances(sweep(date(year, 6, 1)).done) for year in (2015, 2016, 2017, 2018, 2026)}
    assert found == {
        2015: [f"{BALANCE} 2015 {project.reference}"],
        2016: [f"{BALANCE} 2016 {project.reference}"],
        2017: [f"{BALANCE} 2017 {project.reference}"],
        2018: [],
        2026: [],
    }


@pytest.mark.parametrize(("approved", "owes"), [(date(2015, 10, 1), True), (date(2015, 10, 2), False)])
def test_project_approved_after_the_day_owes_nothing_for_that_year(
    cast: Cast, approved: date, owes: bool
) -> None:
    (project,) = projects(cast, TO_DECISION)
    project.do("decide.approve", at=datetime(approved.year, approved.month, approved.day, 9, tzinfo=UTC))
    assert bool(balances(sweep(date(2015, 12, 1)).done)) is owes
    assert balances(sweep(date(2016, 1, 1)).done) == [f"{BALANCE} 2016 {project.reference}"]


def test_command_names_the_project_and_opens_what_an_exercise_has(cast: Cast) -> None:
    (project,) = projects(cast, DECIDED)
    with clock.at(AT):
        out = StringIO()
        call_command("open_obligations", "--exercise", "2015", stdout=out)
        assert f"{BALANCE} 2015 {project.reference} : OBL-2015-" in out.getvalue()
        assert balances(open_obligations(2015, clock.today()).done) == []


def test_second_dossier_of_one_project_is_refused_by_hand_and_by_postgresql(cast: Cast) -> None:
    first, second, draft = projects(cast, DECIDED, DECIDED, ())
    opened = sweep(date(2015, 3, 3)).done[f"{BALANCE} 2015 {first.reference}"]
    asked = {"obligation": BALANCE, "exercise": 2015}
    with clock.at(AT):

        def file(**more: object) -> Dossier:
            return create_draft(
                path="obligation",
                organisation=cast.body["canssm"],
                actor=cast.reviewer,
                data={**asked, **more},
            )

        with pytest.raises(Blocked) as blocked:
            file(about=first.reference)
        assert blocked.value.reasons[0].related == (opened,)
        for about in ("", draft.reference, "FNASS-1999-0001", "\x00"):
            with pytest.raises(Invalid) as caught:
                file(about=about)
            assert list(caught.value.details) == ["about"]
        with pytest.raises(Invalid) as caught:
            file(obligation="calendar.c03", about=first.reference)
        assert list(caught.value.details) == ["about"]
        other = Dossier.objects.get(data__obligation=BALANCE, data__about=second.reference)
        with pytest.raises(IntegrityError, match="obligation_once"), transaction.atomic():
            Dossier.objects.filter(pk=other.pk).update(data=other.data | {"about": first.reference})
        perform(
            reference=opened, step="withdraw", outcome="withdraw", actor=cast.reviewer, motive="En double."
        )
        assert file(about=first.reference).data["about"] == first.reference


def test_calendar_and_page_of_the_project_show_its_balance(cast: Cast) -> None:
    first, second = projects(cast, DECIDED, DECIDED)
    with clock.at(AT):
        before = words(at_the_site(cast.reviewer).get("/calendrier/?year=2015"))
    assert "Bilan annuel CANSSM-État 2015 d’une opération de restructuration" in before
    opened = sweep(date(2015, 3, 3)).done
    with clock.at(AT):
        site = at_the_site(cast.reviewer)
        shown = words(site.get("/calendrier/?year=2015"))
        for project in (first, second):
            assert opened[f"{BALANCE} 2015 {project.reference}"] in shown
        page = words(site.get(f"/dossiers/{first.reference}/"))
        assert opened[f"{BALANCE} 2015 {first.reference}"] in page
        assert opened[f"{BALANCE} 2015 {second.reference}"] not in page
        outsider = words(at_the_site(cast.est_agent).get("/calendrier/?year=2015"))
        assert "FNASS-2015" not in outsider


def test_four_sweeps_at_once_open_each_balance_once(people: Cast) -> None:
    (project,) = projects(people, DECIDED)

    def run(_: int) -> Opened:
        try:
            with clock.at(AT):
                return open_obligations(2015, date(2015, 3, 2))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(run, range(4)))
    assert [report.failed for report in reports] == [{}] * 4
    assert sum(len(balances(report.done)) for report in reports) == 1
    assert Dossier.objects.filter(data__about=project.reference).count() == 1
