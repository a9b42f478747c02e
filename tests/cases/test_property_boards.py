"""The two dashboards that are owed to the board and the State, the targets of the convention, and their files."""

import csv
import re
import tomllib
from datetime import date
from decimal import Decimal

from django.urls import reverse

from cases import clock
from cases.property_targets import DATA, OWED, YEARS, Indicator, targets
from cases.selectors.property_boards import property_boards
from tests.documentation import ROOT
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, words
from tests.papers import assert_both_standards
from tests.papers import words as paper_words
from tests.properties import building, empty, put_on_sale, sell
from tests.spreadsheets import Workbook

BOARDS = reverse("property_boards")

#: The convention's lines as its text prints them (COG 2014-2017, lines 2743 to 2753).
PRINTED = {
    2743: "stratégiques (en nombre de cessions) 24 ventes 30 ventes 27 ventes 25 ventes 20 ventes 20 ventes",
    2745: "nombre de m² cédés (toutes gestions) sur 300 000 m² 18793 m² 18 000 6 500 5 800 5 500 IO / II - B / 6",
    2751: "statut de l'agent (en m²) 23,74 21,5 18,5 16 12 IO / II - B / 7",
    2753: "surfaces vacantes en GA (en m²) 9 923 7 500 4 200 2 800 1 000 IO / II - B / 8",
}


def portfolio(cast: Cast) -> list[Journey]:
    """Two sales of two years, one building on sale, one vacant and two in use."""
    journeys = [Journey.start(cast) for _ in range(3)]
    for number, (journey, signed, price, surface) in enumerate(
        zip(
            journeys[:2],
            (date(2014, 5, 2), date(2015, 3, 3)),
            ("200000.00", "100000.00"),
            ("800.00", "500.50"),
            strict=True,
        )
    ):
        made = put_on_sale(cast, journey.dossier, f"vendu-{number}", surface=Decimal(surface))
        sell(made, journey.dossier, cast, deed_on=signed, price=Decimal(price))
    put_on_sale(cast, journeys[2].dossier, "en-vente", name="=HYPERLINK(1)", **empty("90.00"))
    building(
        cast,
        "lens",
        occupants=40,
        surface=Decimal("1000"),
        occupation="partly",
        vacant_surface=Decimal("200"),
    )
    building(cast, "est", body="carmi-est", occupants=None)
    building(cast, "oeuvre", use="health_social", fund="FNMO", **empty("5000.00"))
    return journeys


def test_targets_are_those_of_the_convention() -> None:
    rows = {row.indicator: row for row in targets().values()}
    assert set(rows) == set(Indicator)
    with DATA.open(encoding="utf-8", newline="") as file:
        for record in csv.DictReader(file, delimiter=";"):
            line = PRINTED[int(record["line"])]
            place = 0
            for year in YEARS:
                if record[str(year)]:
                    place = (
                        line.index(record[str(year)], place) + 1
                    )  # each figure, in the order of the columns
    assert rows[Indicator.SALES].figures == dict(
        zip(YEARS, map(Decimal, (24, 30, 27, 25, 20, 20)), strict=True)
    )
    for indicator in set(Indicator) - {Indicator.SALES}:
        assert 2012 not in rows[indicator].figures
        assert "Une seule référence imprimée" in rows[indicator].ambiguous
    assert sorted(row.reference for row in rows.values()) == [
        f"IO / II - B / {number}" for number in (5, 6, 7, 8)
    ]
    assert rows[Indicator.VACANT_SURFACE].target_on(2014) == (2014, Decimal(7500))
    assert rows[Indicator.VACANT_SURFACE].target_on(2026) == (2017, Decimal(1000))


def test_what_is_owed_is_the_obligation_of_the_calendar() -> None:
    calendar = ROOT / "workflows" / "conventions" / "calendar_2014_2017.toml"
    found = tomllib.loads(calendar.read_text(encoding="utf-8"))["obligation"]
    (owed,) = [one for one in found if one["key"] == OWED[0].rule]
    assert owed["quote"] == OWED[0].text
    assert {one.rule for one in OWED} == {owed["key"]}


def test_the_boards_add_up_and_compare_with_the_targets(cast: Cast) -> None:
    journeys = portfolio(cast)
    with clock.at(clock.start_of(date(2016, 6, 1))):
        boards = property_boards(cast.secretary)
        est = property_boards(cast.est_agent)
    assert [(one.building.code, one.reference) for one in boards.on_sale] == [
        ("en-vente", journeys[2].reference)
    ]
    years = {one.year: one for one in boards.years}
    assert (years[2014].count, years[2014].surface, years[2014].gain) == (
        1,
        Decimal("800.00"),
        Decimal("80000.00"),
    )
    assert (years[2015].count, years[2015].price, years[2015].gain) == (
        *(1, Decimal("100000.00")),
        Decimal("-20000.00"),
    )
    assert (years[2014].count_printed, years[2014].count_share, years[2014].surface_share) == (27, 4, 4)
    assert (years[2013].count_printed, years[2013].count_share) == (30, None)
    assert (boards.aimed.count, boards.aimed.surface, boards.sold.count) == (92, Decimal(35800), 2)
    vacant, each = boards.measures
    assert (vacant.value, vacant.target, vacant.year) == (Decimal("290.00"), Decimal(2800), 2016)
    assert (each.value, each.target, each.reached) == (Decimal("20.00"), Decimal(16), False)
    assert (boards.reads_all, est.reads_all, len(est.sales), est.measures[1].value) == (True, False, 0, None)


def test_the_page_shows_both_boards_and_says_what_is_ambiguous(cast: Cast) -> None:
    journeys = portfolio(cast)
    said = words(at_the_site(cast.ministry).get(BOARDS))
    assert "Biens proposés à la vente" in said
    assert journeys[2].reference in said
    assert "Ventes de 2015" in said
    assert said.count("Une seule référence imprimée") == 3
    assert "un tableau de bord des cessions immobilières réalisées" in said
    assert "Seuls paraissent les biens" not in said
    assert "Ventes de 2014" in words(at_the_site(cast.ministry).get(BOARDS, {"annee": "2014"}))
    assert "Seuls paraissent les biens" in words(at_the_site(cast.est_agent).get(BOARDS, {"annee": "x"}))


def test_files_hold_numbers_and_no_formula(cast: Cast) -> None:
    portfolio(cast)
    client = at_the_site(cast.secretary)
    book = Workbook(b"".join(client.get(reverse("properties_xlsx"), {"state": "on_sale"}).streaming_content))
    (row,) = book.table("Patrimoine")
    assert (row["Désignation"], row["Surface (m²)"], row["Situation"]) == ("=HYPERLINK(1)", 90.0, "En vente")
    on_sale = client.get(reverse("property_boards_xlsx", args=["proposes-a-la-vente"]))
    assert re.search(r'filename="proposes-a-la-vente-\d{4}-\d\d-\d\d\.xlsx"', on_sale["Content-Disposition"])
    boards = Workbook(b"".join(on_sale.streaming_content))
    (row,) = boards.table("Proposés à la vente")
    assert (row["Désignation"], row["Valeur nette comptable (€)"]) == ("=HYPERLINK(1)", 120000.0)
    sold = Workbook(
        b"".join(client.get(reverse("property_boards_xlsx", args=["cessions-realisees"])).streaming_content)
    )
    assert [row["Différence (€)"] for row in sold.table("Cessions")] == [-20000.0, 80000.0]
    assert sold.table("Objectifs")[0]["2014"] == 27.0
    assert book.formulas == boards.formulas == sold.formulas == []
    assert client.get(reverse("property_boards_xlsx", args=["autre"])).status_code == 404
    assert client.get(reverse("properties_xlsx"), {"use": "castle"}).status_code == 422


def test_the_paper_keeps_both_standards(cast: Cast) -> None:
    portfolio(cast)
    answer = at_the_site(cast.secretary).get(reverse("property_boards_pdf"))
    assert answer["Content-Type"] == "application/pdf"
    content = b"".join(answer.streaming_content)
    assert_both_standards(content)
    said = paper_words(content)
    assert "Tableaux de bord du Plan National Immobilier" in said
    assert "Commune de Lens" in said
    assert "Tous les biens du régime" in said
    empty_paper = b"".join(at_the_site(cast.est_agent).get(reverse("property_boards_pdf")).streaming_content)
    assert "les objectifs sont nationaux" in paper_words(empty_paper)
