"""The pages of the bottlenecks: who sees them, what they say, what they compare and refuse, what they cost."""

from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from openpyxl import load_workbook

from cases import clock
from cases.models import QueueDelta, User
from tests.journeys import Cast
from tests.pages import at_the_site, words
from tests.tallied import busy_month, tallied
from tests.workflows.views.test_statements import count, warm
from workflows.engine import all_paths
from workflows.selectors.bottlenecks import Side, path_figures
from workflows.views.bottleneck_diagram import diagram
from workflows.views.bottleneck_tables import tables

pytestmark = pytest.mark.django_db

LIST = "/charge/circuits/"
PAGE = "/charge/circuits/fnmo_investment/"
FILE = "/charge/circuits/fnmo_investment/export.xlsx"
#: A Wednesday: the last four whole weeks are those of 2 to 29 March.
TODAY = datetime(2015, 4, 1, 9, tzinfo=UTC)
MARCH = "?weeks=4"


def look(user: User, address: str) -> Any:
    with clock.at(TODAY):
        return at_the_site(user).get(address)


@pytest.fixture
def busy(cast: Cast) -> Cast:
    busy_month(cast)
    return cast


def row_of(page: Any, name: str, table: int = 0) -> dict[str, str]:
    (row,) = (row for row in page.context["tables"][table].rows if row.name == name)
    return {cell.label: cell.text.replace("\u00a0", " ") for cell in row.cells}


def test_only_managers_find_the_pages(busy: Cast) -> None:
    for outsider in (busy.reviewer, busy.dg, busy.auditor, busy.admin, busy.ministry, busy.nobody):
        for address in (LIST, PAGE, FILE):
            assert look(outsider, address).status_code == 404
    assert at_the_site(None).get(PAGE).status_code == 302
    for address in (LIST, PAGE, FILE):
        assert look(busy.manager, address).status_code == 200
        assert at_the_site(busy.manager).post(address).status_code == 405
    assert look(busy.manager, f"{LIST}nope/").status_code == 404


def test_page_says_in_words_where_dossiers_wait(busy: Cast) -> None:
    page = words(look(busy.manager, f"{PAGE}{MARCH}&organisation=carmi-npdc"))
    assert (
        "L’étape « Instruire le dossier » retient le plus : médiane 5 jours ouvrés sans le temps du déposant, "
        "8 en tout (9 passages terminés)." in page
    )
    assert "« Instruire le dossier » qui a le plus de tâches en attente aujourd’hui : 6." in page
    assert (
        "« Instruire le dossier », « Demander un complément » : 3 passages sur 12, soit 1 sur 4. Le dossier attend le "
        "déposant, puis revient à cette étape." in page
    )
    assert (
        "« Décider », « Renvoyer à l’instruction » : 2 passages sur 9, soit 1 sur 4. Le dossier revient à "
        "« Instruire le dossier »." in page
    )
    assert "Période : du lundi 2 mars 2015 au dimanche 29 mars 2015, CARMI Nord-Pas-de-Calais" in page


def test_tables_say_what_the_drawing_says(busy: Cast) -> None:
    page = look(busy.carmi_manager, f"{PAGE}{MARCH}")
    assert row_of(page, "Instruire le dossier") == {
        "En attente": "6",
        "Premières arrivées": "15",
        "Revenus complétés": "3",
        "Revenus d’une étape suivante": "0",
        "Sorties": "12",
        "Dont sans suite": "0",
        "Médiane": "8 j",
        "9 sur 10 en": "8 j",
        "Médiane nette": "5 j",
        "9 sur 10 en, net": "5 j",
    }
    assert row_of(page, "Demander un complément", 1) == {
        "Sorties": "3",
        "Part": "25 %",
        "Médiane": "2 j",
        "9 sur 10 en": "2 j",
    }
    assert row_of(page, "Retiré, ou réglé par un autre organisme", 1)["Sorties"] == "1"
    content = page.content.decode()
    start = content.index("<svg xmlns")
    svg = ET.fromstring(content[start : content.index("</svg>", start) + 6])  # noqa: S314
    drawn = " ".join(text.text or "" for text in svg.iter("{http://www.w3.org/2000/svg}text")).replace(
        "\u00a0", " "
    )
    assert "12 sorties · 8 j (net 5 j)" in drawn
    assert "▲ la plus lente" in drawn
    assert "↻ 3 (25 %) · 2 j" in drawn
    assert "parmi 11 · 1 j" in drawn


def test_a_region_sees_its_own_dossiers_only(busy: Cast) -> None:
    assert row_of(look(busy.manager, f"{PAGE}{MARCH}"), "Instruire le dossier")["Sorties"] == "17"
    own = look(busy.carmi_manager, f"{PAGE}{MARCH}")
    assert row_of(own, "Instruire le dossier")["Sorties"] == "12"
    assert "CARMI Est" not in words(own)
    refused = look(busy.carmi_manager, f"{PAGE}{MARCH}&organisation=carmi-est")
    assert refused.status_code == 422
    assert "Vous ne pilotez aucun dossier de « carmi-est »" in words(refused)


def test_two_periods_are_compared(busy: Cast) -> None:
    page = look(busy.manager, f"{PAGE}{MARCH}&organisation=carmi-npdc&versus=previous")
    text = words(page)
    assert "A : du lundi 2 mars 2015 au dimanche 29 mars 2015, CARMI Nord-Pas-de-Calais" in text
    assert "B : du lundi 2 février 2015 au dimanche 1er mars 2015, CARMI Nord-Pas-de-Calais" in text
    assert (
        "Le plus grand écart est à l’étape « Instruire le dossier » : médiane 5 jours ouvrés sans le temps du "
        "déposant, contre 2 dans l’autre période." in text
    )
    check = row_of(page, "Instruire le dossier")
    assert (check["Sorties A"], check["Sorties B"]) == ("12", "9")
    assert check["Écart des sorties"] == "+3 (+33 %)"
    assert (check["Médiane A"], check["Médiane B"], check["Écart"]) == ("8 j", "3 j", "+5 j (+167 %)")
    assert check["Écart net"] == "+3 j (+150 %)"
    assert row_of(page, "Décider")["Écart"] == "pas assez de dossiers pour comparer"  # four in February
    pieces = row_of(page, "Demander un complément", 1)
    assert (pieces["Part A"], pieces["Part B"], pieces["Écart des parts"]) == ("25 %", "11 %", "+14 pts")
    assert "A : 12 sorties · 8 j (net 5 j)" in text
    assert "B : 9 sorties · 3 j (net 2 j)" in text


def test_two_bodies_are_compared(busy: Cast) -> None:
    page = look(busy.manager, f"{PAGE}{MARCH}&organisation=carmi-npdc&versus_organisation=carmi-est")
    check = row_of(page, "Instruire le dossier")
    assert (check["En attente A"], check["En attente B"]) == ("6", "0")
    assert (check["Nette A"], check["Nette B"], check["Écart net"]) == ("5 j", "4 j", "+1 j (+25 %)")
    assert "contre 4 chez l’autre" in words(page)


@pytest.mark.parametrize(
    ("query", "name", "sentence"),
    [
        (
            "since=hier&until=2015-03-29",
            "since",
            "« hier » n’est pas une date : écrivez-la ainsi, 30/06/2015.",
        ),
        ("since=2015-03-29", "until", "Une période a deux dates"),
        ("since=2015-03-29&until=2015-03-02", "until", "avant de commencer le dimanche 29 mars 2015"),
        ("since=2000-01-03&until=2015-03-02", "until", "La période dépasse 260 semaines"),
        ("weeks=5", "weeks", "choisissez 4, 8, 13, 26, 52 semaines"),
        ("versus=demain", "versus", "n’est pas une comparaison proposée"),
        ("versus_since=02/02/2015&versus_until=1/3", "versus_until", "« 1/3 » n’est pas une date"),
        ("versus_organisation=carmi-est", "organisation", "Choisissez aussi l’organisme à comparer"),
        (
            "organisation=carmi-est&versus_organisation=carmi-est",
            "versus_organisation",
            "C’est le même organisme",
        ),
        (
            "organisation=carmi-npdc&versus_organisation=carmi-est&versus=year",
            "versus_organisation",
            "Comparez soit deux périodes, soit deux organismes",
        ),
    ],
)
def test_what_is_not_understood_gives_a_sentence_and_keeps_what_was_typed(
    busy: Cast, query: str, name: str, sentence: str
) -> None:
    page = look(busy.manager, f"{PAGE}?{query}")
    assert page.status_code == 422
    assert sentence in words(page)
    assert page.context["tables"] == []
    typed = dict(part.split("=") for part in query.split("&"))
    assert {key: page.context["asked"][key] for key in typed} == typed
    content = page.content.decode()
    assert f'href="#goulots-{name}"' in content
    for key in typed.keys() & {"since", "until", "versus_since", "versus_until"}:
        assert f'value="{typed[key]}"' in content


def test_two_dates_are_widened_to_their_weeks(busy: Cast) -> None:
    page = look(busy.manager, f"{PAGE}?since=04/02/2015&until=2015-02-05")
    assert "Période : du lundi 2 février 2015 au dimanche 8 février 2015" in words(page)
    assert row_of(page, "Instruire le dossier")["Sorties"] == "9"


def test_too_few_visits_name_no_bottleneck(cast: Cast) -> None:
    tallied(cast, "check", {("complete", 9, 9): 4}, week=TODAY.date().replace(month=3, day=2))
    assert "Aucune étape n’a 5 passages terminés dans cette période" in words(
        look(cast.manager, f"{PAGE}{MARCH}")
    )
    listed = words(look(cast.manager, f"{LIST}{MARCH}"))
    assert "trop peu de passages pour le dire" in listed


def test_list_leads_to_each_path_with_the_same_choice(busy: Cast) -> None:
    page = look(busy.manager, f"{LIST}{MARCH}&organisation=carmi-npdc")
    text = words(page)
    assert (
        "Investissement FNMO 6 49 Instruire le dossier médiane 5 jours ouvrés sans le temps du déposant, "
        "8 en tout Instruire le dossier 6 tâches" in text
    )
    assert (
        'href="/charge/circuits/fnmo_investment/?weeks=4&amp;organisation=carmi-npdc"'
        in page.content.decode()
    )


def test_nothing_yet_says_what_to_do(cast: Cast) -> None:
    assert "Aucun dossier pour le moment" in words(look(cast.manager, LIST))
    assert "Rien n’est arrivé, sorti ni resté en attente" in words(look(cast.manager, PAGE))


def test_workbook_holds_the_same_figures_as_numbers(busy: Cast) -> None:
    response = look(busy.carmi_manager, f"{FILE}{MARCH}&versus=previous")
    assert "goulots-investissement-fnmo-2015-03-02-2015-03-29.xlsx" in response["Content-Disposition"]
    book = load_workbook(BytesIO(b"".join(response.streaming_content)))
    steps, arrows = book["Étapes"], book["Sorties"]
    heads = [cell.value for cell in steps[6]]
    check = next(
        row for row in steps.iter_rows(min_row=7, values_only=True) if row[0] == "Instruire le dossier"
    )
    assert dict(zip(heads, check, strict=True))["Écart net"] == 3
    pieces = next(
        row for row in arrows.iter_rows(min_row=7, values_only=True) if row[1] == "Demander un complément"
    )
    assert pieces[:4] == (
        "Instruire le dossier",
        "Demander un complément",
        "vers « Compléter le dossier » · retour : attend le déposant",
        3,
    )
    assert "A : du lundi 2 mars 2015" in str(steps["A2"].value)
    assert look(busy.carmi_manager, f"{FILE}?weeks=5").status_code == 422


def test_pages_cost_the_same_however_much_is_counted(busy: Cast) -> None:
    client = warm(busy.manager)
    addresses = (LIST, f"{PAGE}{MARCH}", f"{PAGE}{MARCH}&organisation=carmi-npdc&versus=previous")
    with clock.at(TODAY):
        few = [count(client, address) for address in addresses]
    for number in range(1, 4):
        busy_month(busy)
        QueueDelta.objects.filter(measure="gross").update(days=number)
    with clock.at(TODAY):
        assert [count(client, address) for address in addresses] == few
    assert max(few) <= 10


def test_every_path_can_be_drawn_and_tabled() -> None:
    weeks = Side(date(2015, 3, 2), date(2015, 3, 29))
    for path in all_paths():
        sides = path_figures(path, [], [weeks, weeks])
        svg = ET.fromstring(diagram(path, sides))  # noqa: S314
        titles = [group.findtext("{http://www.w3.org/2000/svg}title") for group in svg]
        assert sum(bool(title) for title in titles) >= 2 * len(path.steps())
        for compared in (sides[:1], sides):
            steps, arrows = tables(path, compared, two_bodies=True)
            assert len(steps.rows) == len(path.steps())
            assert all(len(row.cells) == len(steps.heads) - 1 for row in steps.rows)
            assert all(len(row.cells) == len(arrows.heads) - 1 for row in arrows.rows)
