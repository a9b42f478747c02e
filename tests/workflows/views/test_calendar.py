"""The page « Calendrier »: what it shows to whom, the views and filters of its address, what it costs."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.models import Dossier, User
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, words
from workflows.services import open_obligations, perform

pytestmark = pytest.mark.django_db

JULY = datetime(2026, 7, 20, 9, tzinfo=UTC)
TODAY = date(2026, 7, 20)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(JULY):
        yield


def page(user: User, query: str = "") -> str:
    """What a person reads of the calendar."""
    response = at_the_site(user).get(f"/calendrier/{query}")
    assert response.status_code == 200
    return words(response)


def titles(user: User, query: str = "") -> list[str]:
    """The headings of the page, in order."""
    content = at_the_site(user).get(f"/calendrier/{query}").content.decode()
    return [" ".join(one.split()) for one in re.findall(r"<h2[^>]*>(.*?)</h2>", content, re.DOTALL)]


def test_calendar_asks_to_log_in() -> None:
    response = at_the_site(None).get("/calendrier/")
    assert response.status_code == 302
    assert "/compte/login/" in response.headers["Location"]


def test_year_of_2015_names_its_days_in_full_under_their_months(cast: Cast) -> None:
    text = page(cast.agent, "?year=2015")
    assert "TBB 2 : projet de budget 2016 et sa prévision d’exécution" in text
    assert "dimanche 1er novembre 2015" in text
    assert "mercredi 1er juillet 2015" in text
    assert titles(cast.agent, "?year=2015") == [
        "Avril 2015",
        "Juin 2015",
        "Juillet 2015",
        "Septembre 2015",
        "Octobre 2015",
        "Novembre 2015",
        "Décembre 2015",
        "Sans jour dans le texte",
    ]


def test_derived_day_says_so_and_shows_the_words_and_the_reading(cast: Cast) -> None:
    text = page(cast.agent, "?view=month&year=2026&month=4")
    assert "jeudi 30 avril 2026 date déduite du texte" in text
    assert "« En avril » ne donne pas de jour : au plus tard le 30 avril, dernier jour du mois." in text
    assert "Déduit de « TBB 3, 4 et 5 : en avril, au 15 juillet et au 1er novembre N »" in text
    assert "vendredi 10 avril 2026 Lire la règle calendar.c06 texte" in text  # TBB 6: the text gives the day


def test_month_groups_by_day_and_leads_to_its_neighbours(cast: Cast) -> None:
    assert titles(cast.agent, "?view=month&year=2015&month=12")[:2] == [
        "Mercredi 30 décembre 2015",
        "Jeudi 31 décembre 2015",
    ]
    content = at_the_site(cast.agent).get("/calendrier/?view=month&year=2015&month=12&kind=action").content
    assert b"view=month&amp;year=2015&amp;month=11&amp;kind=action" in content
    assert b"view=month&amp;year=2016&amp;month=1&amp;kind=action" in content


def test_empty_month_says_what_to_do(cast: Cast) -> None:
    text = page(cast.agent, "?view=month&year=2026&month=2")
    assert "Aucune date sur cette période" in text
    assert "Sans jour dans le texte" in text


def test_view_by_body_puts_each_under_those_who_owe_it(cast: Cast) -> None:
    found = titles(cast.agent, "?view=body&year=2015")
    assert found[:2] == ["CANSSM", "Directeur général de la CANSSM"]
    assert {"CARMI", "CNAMTS", "Caisse des dépôts et consignations", "ANGDM"} <= set(found)
    assert "Sans jour dans le texte" not in found


@pytest.mark.parametrize(
    ("query", "there", "absent"),
    [
        ("?year=2015&party=cnamts", "Transfert à la CNAMTS", "TBB 1"),
        ("?year=2015&party=board", "soumis au vote", "TBB 1"),  # the addressee counts too
        ("?year=2015&kind=vote", "Budget primitif 2016", "TBB 1"),
        ("?year=2005&convention=cog-2014-2017", "Aucune date", "CICOM"),
        ("?year=2006&convention=cog-2004-2006", "Nouveau projet de convention", "TBB 1"),
    ],
)
def test_filters_keep_what_fits(cast: Cast, query: str, there: str, absent: str) -> None:
    text = page(cast.agent, query)
    assert there in text
    assert absent not in text


@pytest.mark.parametrize(
    "query",
    [
        "?view=week",
        "?year=1999",
        "?year=abc",
        "?year=99999999999999999999",
        "?view=month&month=13",
        "?party=nobody&convention=cog-1900&kind=%F0",
    ],
)
def test_stale_bookmark_shows_the_whole_calendar(cast: Cast, query: str) -> None:
    assert "TBB 4 : exécution à date" in page(cast.agent, query)


def test_chosen_filters_stay_chosen_in_the_form_and_in_the_links(cast: Cast) -> None:
    content = (
        at_the_site(cast.agent).get("/calendrier/?year=2015&party=cdc&kind=transmission").content.decode()
    )
    assert '<option value="cdc" selected>' in content
    assert '<option value="transmission" selected>' in content
    assert '<option value="2015" selected>' in content
    assert "view=body&amp;year=2015&amp;party=cdc&amp;kind=transmission" in content


def test_obligation_without_a_day_says_so_with_a_sentence(cast: Cast) -> None:
    text = page(cast.agent, "?year=2026")
    undated = text.partition("Sans jour dans le texte")[2]
    assert "La convention oblige, sans donner de jour : aucune échéance ne court" in undated
    assert "Bilan annuel de la convention présenté au conseil" in undated
    assert "chaque année, sans jour dans le texte" in undated
    assert "15 jours après le virement" in undated


def test_closed_convention_is_kept_and_said_to_be_closed(cast: Cast) -> None:
    text = page(cast.agent, "?year=2006")
    assert "Comptes annuels de la caisse nationale" in text
    assert "convention close" in text
    assert "en retard" not in text.replace("rien n’est dit en retard", "")


def test_late_ones_of_any_year_stand_on_top_for_those_who_may_read_them(cast: Cast) -> None:
    open_obligations(2026, TODAY)
    found = titles(cast.reviewer, "?view=month&year=2015&month=1")
    assert found[0] == "En retard"
    late = page(cast.reviewer, "?year=2015").partition("En retard")[2].partition("Avril 2015")[0]
    assert re.findall(r"TBB (\d) : (?:première|projet|exécution)", late) == list("1234")
    assert "OBL-2026-0001" in late
    assert "4 documents, le plus ancien d’abord : la date est passée et rien n’est parti." in late
    # 15 July 2025: 16 days of that month, 31, 30, 31, 30, 31 to the end of the year, then 201 to 20 July 2026.
    assert "mardi 15 juillet 2025" in late
    assert "en retard de 370 jours" in late
    assert "en retard de 5 jours" in late
    assert "En retard" not in titles(cast.reviewer, "?party=cnamts")


def test_day_itself_is_not_late_and_the_day_after_is_one_late(cast: Cast) -> None:
    with clock.at(datetime(2026, 3, 2, 9, tzinfo=UTC)):
        open_obligations(2026, date(2026, 3, 2))
    with clock.at(datetime(2026, 4, 30, 21, 59, tzinfo=UTC)):  # a minute before midnight in Paris
        assert "TBB 3" not in page(cast.reviewer).partition("En retard")[2].partition("Année 2026")[0]
    with clock.at(datetime(2026, 4, 30, 22, 0, tzinfo=UTC)):
        late = page(cast.reviewer).partition("En retard")[2].partition("Année 2026")[0]
    assert "TBB 3" in late
    assert "en retard de 1 jour " in late


def test_long_page_begins_with_the_way_to_its_parts(cast: Cast) -> None:
    for query in ("?year=2015", "?view=month&year=2015&month=12", "?view=body&year=2015"):
        content = at_the_site(cast.agent).get(f"/calendrier/{query}").content.decode()
        nav = content.partition('aria-label="Sur cette page"')[2].partition("</nav>")[0]
        targets = re.findall(r'href="#([^"]+)"', nav)
        assert targets == re.findall(r'<h2 id="([^"]+)"', content)
        counts = [int(one) for one in re.findall(r"\((\d+)\)", nav)]
        assert sum(counts) == content.count('<tr role="row"') - content.count("<thead>")
    assert "Sur cette page" not in page(cast.agent, "?year=2005&convention=cog-2014-2017")


def test_whoever_may_not_read_the_dossiers_gets_no_hint_of_them(cast: Cast) -> None:
    before = at_the_site(cast.agent).get("/calendrier/?year=2026").content
    open_obligations(2026, TODAY)
    after = at_the_site(cast.agent).get("/calendrier/?year=2026").content
    token = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"')
    assert token.sub(b"", after) == token.sub(b"", before)
    assert b"OBL-" not in after


def test_ministry_sees_a_dossier_once_it_has_been_sent(cast: Cast) -> None:
    report = open_obligations(2026, TODAY)
    journey = Journey(cast, _dossier(report.done["calendar.c05 2026"]))
    assert journey.reference not in page(cast.ministry)
    journey.add("transmitted_document", actor=cast.reviewer)
    for step, outcome in (("prepare", "submit"), ("transmit", "transmit")):
        perform(reference=journey.reference, step=step, outcome=outcome, actor=cast.reviewer)
    assert f"{journey.reference} transmis le lundi 20 juillet 2026" in page(cast.ministry)


def test_sent_after_its_day_is_no_longer_among_the_late_ones(cast: Cast) -> None:
    report = open_obligations(2026, TODAY)
    journey = Journey(cast, _dossier(report.done["calendar.c03 2026"]))
    journey.add("transmitted_document", actor=cast.reviewer)
    for step, outcome in (("prepare", "submit"), ("transmit", "transmit")):
        perform(reference=journey.reference, step=step, outcome=outcome, actor=cast.reviewer)
    late = page(cast.reviewer).partition("En retard")[2].partition("Avril 2026")[0]
    assert "TBB 3 : exécution" not in late
    assert "TBB 4 : exécution" in late


def test_navigation_leads_to_the_calendar(cast: Cast) -> None:
    content = at_the_site(cast.agent).get("/calendrier/").content.decode()
    assert re.search(r'<a href="/calendrier/"\s+aria-current="page">', content)
    assert 'href="/calendrier/"' in at_the_site(cast.nobody).get("/").content.decode()


def test_calendar_costs_the_same_with_no_dossier_and_with_many(cast: Cast) -> None:
    client = at_the_site(cast.reviewer)
    client.get("/taches/")

    def statements(query: str) -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/calendrier/{query}").status_code == 200
        return len(found)

    assert {statements(query) for query in ("", "?view=body", "?view=month&month=4")} == {5}
    for exercise in range(2014, 2027):
        open_obligations(exercise, TODAY)
    assert {statements(query) for query in ("", "?view=body", "?year=2015&party=canssm")} == {5}


def _dossier(reference: str) -> Dossier:
    return Dossier.objects.get(reference=reference)
