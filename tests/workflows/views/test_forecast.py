"""``/charge/prevision/``: for managers alone, what it rests on, when the queue clears, what would help."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.enums import Role
from cases.models import Dossier, User
from cases.permissions import holdings_of
from tests.forecasts import served, waiting
from tests.journeys import Cast
from tests.pages import at_the_site, words
from workflows.forecast.history import History, Refusal
from workflows.selectors.forecast import Forecast, Threat, forecast_for
from workflows.selectors.forecast_backtest import DueDates, run_backtest

pytestmark = pytest.mark.django_db

#: A Monday without a holiday near.
TODAY = date(2017, 2, 6)
CHECK = {"role": "reviewer", "body": "canssm", "path": "fnmo_investment", "step": "check"}
ADDRESS = "/charge/prevision/?role=reviewer&body=canssm&path=fnmo_investment&step=check"


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    with clock.at(noon(TODAY)):
        yield


def seen(user: User, **more: str) -> Forecast:
    found = forecast_for(user, holdings_of(user), CHECK | more, runs=500)
    assert found is not None
    return found


def test_only_managers_read_it_and_only_of_their_bodies(cast: Cast) -> None:
    waiting(cast)
    for who in ("reviewer", "agent", "auditor", "admin", "nobody"):
        client = at_the_site(cast.people[who])
        assert client.get("/charge/prevision/").status_code == 404
        assert client.get(ADDRESS).status_code == 404
    assert at_the_site(None).get(ADDRESS).status_code == 302
    for who in ("manager", "carmi_manager"):
        assert at_the_site(cast.people[who]).get(ADDRESS).status_code == 200
    cast.give(cast.nobody, (Role.MANAGER, "carmi-est"))
    client = at_the_site(cast.nobody)
    assert client.get(ADDRESS).status_code == 404
    assert "Rien n’attend" in words(client.get("/charge/prevision/"))
    manager = at_the_site(cast.manager)
    assert manager.get(ADDRESS + "&organisation=carmi-est").status_code == 404
    assert manager.get(ADDRESS.replace("check", "nowhere")).status_code == 404


def test_without_a_queue_it_lists_those_with_work(cast: Cast) -> None:
    waiting(cast, 2)
    response = at_the_site(cast.manager).get("/charge/prevision/")
    assert [one["number"] for one in response.context["queues"]] == [2]
    assert response.context["queues"][0]["url"] == ADDRESS
    client = at_the_site(cast.manager)
    assert len(client.get("/charge/prevision/?path=fnmo_investment").context["queues"]) == 1
    response = client.get("/charge/prevision/?path=fnmo_investment&organisation=carmi-est")
    assert "Rien n’attend dans les files choisies" in words(response)


def test_too_little_history_is_refused_and_the_dates_are_shown_all_the_same(cast: Cast) -> None:
    (journey,) = waiting(cast)
    response = at_the_site(cast.manager).get(ADDRESS)
    text = words(response)
    assert "Trop peu d’historique pour prévoir." in text
    assert (
        "aucun dossier de cette file n’a été traité après avoir attendu au moins une nuit ; il en faut 8."
        in text
    )
    assert journey.reference in text
    assert response.context["cleared"] == []
    assert "Et si…" not in text
    assert isinstance(seen(cast.manager).history, Refusal)


def test_it_says_when_the_queue_clears_which_dates_are_missed_and_what_it_rests_on(cast: Cast) -> None:
    journeys = waiting(cast, 3)
    served(TODAY)
    past, soon, none = (journey.pk for journey in journeys)
    Dossier.objects.filter(pk=past).update(next_due_on=TODAY - timedelta(days=3))
    Dossier.objects.filter(pk=soon).update(next_due_on=TODAY)
    Dossier.objects.filter(pk=none).update(next_due_on=None)
    found = seen(cast.manager)
    assert [row.reference for row in found.rows] == [journey.reference for journey in journeys]
    assert [row.threat for row in found.rows] == [Threat.PASSED, Threat.VERY, Threat.UNDATED]
    assert [row.late for row in found.rows] == [1, 1, None]
    response = at_the_site(cast.manager).get(ADDRESS)
    text = words(response)
    assert "au plus tard le mercredi 8 février 2017" in text  # one a day, from today on
    assert "60 sorties par un acte" in text
    assert f"graine {found.seed}" in text
    assert "date passée" in text
    assert "très menacé" in text
    assert 'role="img"' in response.content.decode()
    assert [week.half for week in response.context["weeks"]] == [0]
    assert words(at_the_site(cast.manager).get(ADDRESS)) == text


def test_what_if_stands_beside_what_is(cast: Cast) -> None:
    waiting(cast, 3)
    served(TODAY)
    client = at_the_site(cast.manager)
    response = client.get(ADDRESS + "&people=%2B2")
    lines = response.context["cleared"]
    assert [line.present for line in lines] == ["au plus tard le mercredi 8 février 2017"] * 2
    assert [line.then for line in lines] == ["au plus tard le mardi 7 février 2017"] * 2
    assert "2 personnes de plus : le rythme constaté est multiplié par 4/2" in words(response)
    found = seen(cast.manager, absence="10", burst="4", place="ahead")
    assert found.holders == 2
    assert found.present is not None
    assert found.then is not None
    assert found.then.total == 7
    assert found.rows[0].then_on is not None
    assert found.rows[0].likely_on == TODAY
    assert found.rows[0].then_on == TODAY + timedelta(days=11)  # five at half the pace: ten working days


def test_a_question_that_makes_no_sense_keeps_what_was_typed_and_the_forecast(cast: Cast) -> None:
    waiting(cast)
    served(TODAY)
    response = at_the_site(cast.manager).get(ADDRESS + "&people=beaucoup&burst=3")
    assert response.status_code == 422
    assert "Donnez le nombre de personnes en plus : un nombre entier de 0 à 20." in words(response)
    assert [field["value"] for field in response.context["fields"]] == ["beaucoup", "", "3"]
    assert response.context["cleared"][0].then == ""


def test_what_came_back_was_withdrawn_or_waits_for_its_sender_counts_as_the_page_says(cast: Cast) -> None:
    first, second, _ = waiting(cast, 3)
    served(TODAY)

    def flows() -> tuple[int, int, int, int]:
        with clock.at(noon(TODAY + timedelta(days=4))):
            found = seen(cast.manager)
        assert isinstance(found.history, History)
        return found.history.arrivals, found.history.departures, found.history.withdrawn, found.open

    arrivals, departures, withdrawn, waits = flows()
    with clock.at(noon(TODAY + timedelta(days=1))):
        first.act("check.request_pieces")  # it leaves the queue
    assert flows() == (arrivals, departures + 1, withdrawn, waits - 1)
    with clock.at(noon(TODAY + timedelta(days=2))):
        first.act("complete_file.resubmit")  # and comes again
        second.act("withdraw.withdraw")  # this is nobody's work
    assert flows() == (arrivals + 1, departures + 1, withdrawn + 1, waits - 1)


def test_it_costs_the_same_for_one_dossier_and_for_many(cast: Cast) -> None:
    waiting(cast)
    served(TODAY)
    client = at_the_site(cast.manager)
    client.get("/charge/prevision/")

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    assert count(ADDRESS + "&people=1") == count(ADDRESS) == 8
    waiting(cast, 4)
    assert count(ADDRESS + "&people=1") == 8
    assert count("/charge/prevision/") <= 7


def test_the_past_is_rebuilt_with_what_was_known_then(cast: Cast) -> None:
    """A date that is put back later, and an act of later, are not known on the Monday before."""
    (journey,) = waiting(cast)
    known = {TODAY + timedelta(days=1): journey.dossier.next_due_on}
    with clock.at(noon(TODAY + timedelta(days=2))):
        journey.act("check.request_pieces")
    known[TODAY + timedelta(days=3)] = Dossier.objects.get(pk=journey.pk).next_due_on
    with clock.at(noon(TODAY + timedelta(days=9))):
        journey.act("complete_file.resubmit")
    known[TODAY + timedelta(days=10)] = Dossier.objects.get(pk=journey.pk).next_due_on
    assert len({None, *known.values()}) == 4
    dates = DueDates({journey.pk})
    assert {day: dates.on(journey.pk, day) for day in known} == known
    assert dates.on(journey.pk, TODAY) is None
    with clock.at(noon(TODAY + timedelta(days=14))):
        report = run_backtest(path="fnmo_investment")
    assert report.mondays == 2
    assert report.result.refused == 2
    assert report.result.checked == []
