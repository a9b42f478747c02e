"""The pages of the queues' figures, and the same as files: what they say to whom, at what cost, what they refuse."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.http import HttpResponse

from cases import clock
from cases.models import Dossier, User
from tests import papers
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, stored, words
from tests.spreadsheets import Workbook
from tests.workflows.views.test_statements import count, warm

pytestmark = pytest.mark.django_db

#: A Wednesday. The period ends on Sunday 29 March.
TODAY = datetime(2015, 4, 1, 11, tzinfo=UTC)
CHECK = {"role": "reviewer", "body": "canssm", "path": "fnmo_investment", "step": "check"}


def look(user: User | None, address: str = "/charge/", query: Mapping[str, str] | None = None) -> Any:
    with clock.at(TODAY):
        return at_the_site(user).get(address, query)


def row_of(response: Any, step: str) -> str:
    """The words of the row of a step."""
    content = response.content.decode()
    (row,) = (part for part in content.split('<tr role="row"')[1:] if f'step={step}"' in part)
    return words(HttpResponse("<tr" + row.split("</tr>")[0]))


@pytest.fixture
def desk(cast: Cast) -> list[Journey]:
    """At the desk on 1 April 2015: one late, one that comes due, one of the CARMI Est without a date; one was done."""
    journeys = []
    for day, due in ((3, date(2015, 3, 31)), (24, date(2015, 4, 2)), (25, None), (4, None)):
        with clock.at(datetime(2015, 3, day, 11, tzinfo=UTC)):
            if day == 25:
                journey = Journey.start(cast, body="carmi-est")
                journey.act("prepare.submit", "est_agent")
                journey.act("sign_off.transmit", "est_director")
            else:
                journey = Journey.at(cast, "under_review")
        if day == 4:
            with clock.at(datetime(2015, 3, 12, 11, tzinfo=UTC)):
                journey.act("check.complete")
            continue
        Dossier.objects.filter(pk=journey.pk).update(next_due_on=due)
        journeys.append(journey)
    return journeys


def test_a_manager_sees_where_work_piles_up(cast: Cast, desk: list[Journey]) -> None:
    page = look(cast.manager)
    said = words(page)
    assert "Charge Où le travail s’accumule" in said
    assert "Ouvertes 4" in said
    assert "En retard 2" in said
    assert "Arrivées, sorties et durées du lundi 29 décembre 2014 au dimanche 29 mars 2015." in said
    check = row_of(page, "check")
    assert "3 ouvertes, dont 1 en retard et 1 à échéance sous 5 jours ouvrés" in check
    assert check.endswith("3 ▲ 3 de plus qu’au début de la période 1 1 3 6 / 21 0,3 0,1 6 / 6 6 / 6")
    assert page.context["nav"]["section"] == "backlog"
    assert "style=" not in page.content.decode()
    assert "<script" not in page.content.decode().split("</head>")[1].replace("<script src", "")


def test_only_managers_find_the_pages(cast: Cast, desk: list[Journey]) -> None:
    for person in (cast.dg, cast.auditor, cast.reviewer, cast.director, cast.admin, cast.nobody):
        for address in ("/charge/", "/charge/file/", "/charge/export.xlsx", "/charge/export.pdf"):
            assert look(person, address, CHECK).status_code == 404
    assert look(None).status_code == 302
    assert ">Charge<" not in look(cast.dg, "/").content.decode().replace("\n", "").replace(" ", "")
    assert 'href="/charge/"' in look(cast.manager, "/").content.decode()
    assert 'href="/charge/"' not in look(cast.reviewer, "/").content.decode()


def test_an_address_shared_by_another_manager_shows_the_readers_own_bodies(
    cast: Cast, desk: list[Journey]
) -> None:
    whole = look(cast.manager, "/charge/file/", CHECK)
    assert "Toutes 3 En retard 1 À échéance sous 5 jours ouvrés 1 Non prises 3" in words(whole)
    mine = look(cast.carmi_manager, "/charge/file/", CHECK)
    assert "Toutes 2 En retard 1" in words(mine)
    assert desk[2].reference in words(whole)
    assert desk[2].reference not in words(mine)
    est = look(cast.carmi_manager, "/charge/", {"organisation": "carmi-est"})
    assert est.status_code == 200
    assert "Aucune file ne répond à ces critères" in words(est)
    assert "CARMI Est" not in words(est)
    assert look(cast.carmi_manager, "/charge/file/", CHECK | {"organisation": "carmi-est"}).status_code == 404


def test_a_queue_lists_what_is_behind_its_figures(cast: Cast, desk: list[Journey]) -> None:
    page = look(cast.manager, "/charge/file/", CHECK)
    late, coming, undated = desk
    assert [one.reference for one in page.context["page"].items] == [
        late.reference,
        coming.reference,
        undated.reference,
    ]
    said = words(page)
    assert "Tâches ouvertes par âge 0 à 2 jours : 0, 3 à 5 jours : 1, 6 à 10 jours : 1" in said
    assert "Brute 6 jours 6 jours —" in said
    assert f'href="/dossiers/{late.reference}/#agir"' in page.content.decode()
    for state, expected in (("overdue", [late]), ("soon", [coming]), ("free", desk)):
        shown = look(cast.manager, "/charge/file/", CHECK | {"state": state}).context["page"].items
        assert [one.reference for one in shown] == [one.reference for one in expected]
    people = [user.display_name for user in User.objects.order_by("pk") if user != cast.manager]
    assert not [name for name in people if name in said]  # figures are of queues, never of people
    for query in ({}, CHECK | {"step": "nowhere"}, {"role": "reviewer"}):
        assert look(cast.manager, "/charge/file/", query).status_code == 404


def test_filters_stay_in_every_link_and_mistakes_are_told(cast: Cast, desk: list[Journey]) -> None:
    content = look(
        cast.manager, "/charge/", {"path": "fnmo_investment", "state": "free", "weeks": "4", "colour": "red"}
    ).content.decode()
    query = "path=fnmo_investment&amp;state=free&amp;weeks=4"
    assert f'href="/charge/export.xlsx?{query}"' in content
    assert f'href="/charge/export.pdf?{query}"' in content
    assert '<input type="hidden" name="state" value="free">' in content
    assert '<option value="fnmo_investment" selected>' in content
    assert '<option value="4" selected>' in content
    assert "step=check&amp;weeks=4" in content
    for asked, sentence in (
        (
            {"weeks": "5"},
            "« 5 » n’est pas une période : choisissez un nombre de semaines parmi 4, 8, 13, 26.",
        ),
        ({"state": "<b>"}, "« <b> » est inconnu."),
    ):
        for address in ("/charge/", "/charge/export.xlsx", "/charge/export.pdf", "/charge/file/"):
            refused = look(cast.manager, address, asked | CHECK)
            assert refused.status_code == 422
            assert sentence in words(refused)
            assert "<b>" not in refused.content.decode()
    broken = look(cast.manager, "/charge/file/", CHECK | {"cursor": "x"})
    assert broken.status_code == 422
    assert "Le repère de page est illisible" in words(broken)


def test_the_page_says_how_its_figures_are_counted(cast: Cast, desk: list[Journey]) -> None:
    said = words(look(cast.manager))
    for what in ("dossier retiré", "délai suspendu", "Historique repris", "brouillon", "l’autre", "renvoyé"):
        assert what in said
    nothing = words(look(cast.manager, "/charge/", {"step": "nowhere"}))
    assert "Effacer la sélection" in nothing


def test_files_hold_the_same_figures(cast: Cast, desk: list[Journey]) -> None:
    book = Workbook(b"".join(look(cast.manager, "/charge/export.xlsx").streaming_content))
    assert list(book.sheets) == ["Files", "Semaines", "Comptage"]
    assert book.formulas == []
    *rows, total = book.table("Files")
    (check,) = (row for row in rows if row["Rôle"] == "Instructeur")
    assert (check["Ouvertes"], check["En retard"], check["À échéance sous 5 jours ouvrés"]) == (3, 1, 1)
    assert (check["Âge médian (jours ouvrés)"], check["Durée nette médiane (jours ouvrés)"]) == (6, 6)
    assert total["Circuit"] == "Ensemble"
    assert total["Ouvertes"] == sum(row["Ouvertes"] for row in rows) == 4
    weeks = book.table("Semaines")
    assert sum(week["Arrivées"] for week in weeks[:-1]) == total["Arrivées"]
    assert weeks[0]["Semaine du"] == (date(2014, 12, 29) - date(1899, 12, 30)).days
    response = look(cast.carmi_manager, "/charge/export.pdf", {"step": "check", "weeks": "4"})
    assert 'filename="charge-check-4-au-2015-04-01.pdf"' in response["Content-Disposition"]
    content = b"".join(response.streaming_content)
    papers.assert_both_standards(content)
    text = papers.words(content)
    assert "Charge des files de travail" in text
    assert "du lundi 2 mars 2015 au dimanche 29 mars 2015" in text
    assert "Ensemble 2 2 1 1" in text  # without those of the CARMI Est
    assert "Comment ces chiffres sont comptés" in text


def test_pages_cost_the_same_with_three_and_with_many_and_write_nothing(
    cast: Cast, desk: list[Journey]
) -> None:
    client = warm(cast.manager)
    queue = "/charge/file/?" + "&".join(f"{name}={value}" for name, value in CHECK.items())
    before = stored()
    few = [count(client, address) for address in ("/charge/", queue)]
    assert few == [8, 9]
    assert stored() == before
    for number in range(20):
        Journey.start(cast, pieces=(), title=f"Opération {number}")
        Journey.at(cast, "under_review")
    assert [count(client, address) for address in ("/charge/", queue)] == few
