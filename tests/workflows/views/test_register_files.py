"""The register of notices as XLSX and as PDF/A: the rows and totals of the page, safe to open, fit to keep."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cases import clock
from notifications.enums import OutboxState
from tests.journeys import Cast
from tests.pages import at_the_site, words
from tests.papers import assert_both_standards, pages, reader, structure
from tests.papers import words as printed
from tests.spreadsheets import Workbook
from tests.told import Told, tell
from tests.workflows.views.test_register import EVERY_STATE, MORNING, SENT

S = OutboxState


def fetch(user: Any, kind: str, query: str = "", at: datetime = MORNING) -> tuple[Any, bytes]:
    """A file of that morning."""
    with clock.at(at):
        answer = at_the_site(user).get(f"/registre/export.{kind}{query}")
        assert answer.status_code == 200, words(answer)
        return answer, b"".join(answer.streaming_content)


def excel(moment: datetime) -> float:
    """A moment of Paris as Excel counts: days since 30 December 1899."""
    return (moment.replace(tzinfo=None) - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001


# -- XLSX ----------------------------------------------------------------------------------------------


def test_workbook_holds_every_row_with_real_dates_and_numbers(cast: Cast) -> None:
    tell(cast, EVERY_STATE)
    answer, content = fetch(cast.auditor, "xlsx")
    assert answer["Content-Disposition"] == (
        'attachment; filename="registre-informations-au-2026-03-18.xlsx"'
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    file = Workbook(content)
    rows = file.table("Registre")
    assert [row["Référence"] for row in rows] == [
        "VIR-2026-0001",
        "VIR-2026-0003",
        "VIR-2026-0002",
        "VIR-2026-0004",
    ]
    received = rows[1]
    assert received == {
        "Référence": "VIR-2026-0003",
        "Objet": "Virement FNGA 2026 : postes de travail",
        "Fonds": "FNGA",
        "Exercice": 2026,
        "Destinataire": "Contrôle général économique et financier",
        "Date du virement": excel(datetime(2026, 3, 2, tzinfo=UTC)),
        "À informer au plus tard le": excel(datetime(2026, 3, 17, tzinfo=UTC)),
        "Mise à disposition": pytest.approx(excel(datetime(2026, 3, 2, 10, tzinfo=UTC)), abs=1e-5),
        "Courriel": "remis au serveur",
        "Remis au serveur": pytest.approx(excel(datetime(2026, 3, 2, 11, tzinfo=UTC)), abs=1e-5),
        "Accusé de réception": pytest.approx(excel(datetime(2026, 3, 5, 10, tzinfo=UTC)), abs=1e-5),
        "Accusé donné par": "Corinne Contrôle",
        "En qualité de": "Destinataire — Contrôle général économique et financier",
        "Jours": 3,
        "État": "reçue dans le délai",
    }
    assert (rows[0]["Courriel"], rows[2]["Courriel"]) == ("aucune adresse", "en échec")
    assert rows[2]["Accusé de réception"] is None
    assert 'pane ySplit="5"' in file.text("xl/worksheets/sheet1.xml").replace('xSplit="1" ', "")
    assert "autoFilter" in file.text("xl/worksheets/sheet1.xml")


def test_workbook_totals_are_those_of_its_rows(cast: Cast) -> None:
    tell(cast, EVERY_STATE)
    file = Workbook(fetch(cast.auditor, "xlsx", "?exercise=2026&since=2026-03-01")[1])
    assert len(file.table("Registre")) == 3
    totals = file.table("Totaux")
    assert [row["Destinataire"] for row in totals][-1] == "Ensemble"
    assert totals[-1] == {
        "Destinataire": "Ensemble",
        "Informations": 3,
        "En attente": 1,
        "En retard": 1,
        "Reçues dans le délai": 1,
        "Reçues après le délai": 0,
        "Dans le délai (%)": 50,
        "Délai médian (jours)": 3,
        "Délai le plus long (jours)": 3,
        "Attente la plus longue (jours)": 16,
    }
    for name in ("Informations", "En attente", "En retard", "Reçues dans le délai"):
        assert sum(row[name] for row in totals[:-1]) == totals[-1][name]


def test_workbook_names_its_criteria_its_reader_and_its_moment(cast: Cast) -> None:
    tell(cast, EVERY_STATE)
    query = "?exercise=2026&fund=FNGA&addressee=dss&state=awaited&since=2026-03-01"
    answer, content = fetch(cast.auditor, "xlsx", query)
    assert (
        'filename="registre-informations-2026-FNGA-dss-awaited-2026-03-01-au-2026-03-18.xlsx"'
        in (answer["Content-Disposition"])
    )
    for sheet in ("Registre", "Totaux"):
        cells = Workbook(content).sheets[sheet]
        assert cells["A2"] == (
            "Critères : Exercice : 2026 ; Fonds : FNGA — Fonds national de gestion administrative ; "
            "Destinataire : Direction de la sécurité sociale ; État : en attente ; "
            "Date du virement : à partir du dimanche 1er mars 2026."
        )
        told = (
            "Extrait de Berline le mercredi 18 mars 2026 à 10:00 (Paris), pour Aude Audit, Auditeur — CANSSM."
        )
        assert cells["A3"].replace("\u00a0", " ") == told


@pytest.mark.parametrize("text", ["=1+1", "+33", "-1", "@SUM(A1)", "http://x.example/", "mailto:a@b", "0123"])
def test_title_is_a_text_whatever_it_begins_with(cast: Cast, text: str) -> None:
    tell(cast, [Told(title=text)])
    file = Workbook(fetch(cast.auditor, "xlsx")[1])
    assert file.table("Registre")[0]["Objet"] == text
    assert file.formulas == []
    assert not [name for name in file.files.namelist() if "externalLink" in name or "_rels/sheet" in name]


def test_files_hold_only_what_their_reader_may_read(cast: Cast) -> None:
    tell(cast, [Told(title="Virement du Nord"), Told(title="Virement de l’Est", body="carmi-est")])
    assert [row["Objet"] for row in Workbook(fetch(cast.est_agent, "xlsx")[1]).table("Registre")] == [
        "Virement de l’Est"
    ]
    text = printed(fetch(cast.est_agent, "pdf")[1])
    assert "Virement de l’Est" in text
    assert "Virement du Nord" not in text
    assert "Le registre porte sur les seuls dossiers que cette personne peut lire." in text
    for who in ("admin", "nobody"):
        assert Workbook(fetch(cast.people[who], "xlsx")[1]).table("Registre") == []
        assert "Aucune information ne répond à ces critères." in printed(fetch(cast.people[who], "pdf")[1])


@pytest.mark.parametrize("kind", ["xlsx", "pdf"])
def test_file_above_the_limit_is_refused_with_advice(
    cast: Cast, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(cast, [Told() for _ in range(3)])
    monkeypatch.setattr("workflows.views.register.MOST_ROWS", 2)
    with clock.at(MORNING):
        answer = at_the_site(cast.auditor).get(f"/registre/export.{kind}")
    assert answer.status_code == 422
    assert "La sélection compte 3 informations ; un fichier en porte 2 au plus" in words(answer)


# -- PDF -----------------------------------------------------------------------------------------------


def test_paper_says_the_same_and_meets_both_standards(cast: Cast) -> None:
    tell(cast, EVERY_STATE)
    answer, content = fetch(cast.auditor, "pdf", "?exercise=2026")
    assert answer["Content-Type"] == "application/pdf"
    assert 'filename="registre-informations-2026-au-2026-03-18.pdf"' in answer["Content-Disposition"]
    assert_both_standards(content)
    text = printed(content)
    assert "Exercice 2026" in text
    assert "Édité le mercredi 18 mars 2026 à 10:00 (Paris), par Aude Audit, Auditeur — CANSSM" in text
    assert "Ensemble 4 1 1 1 1 33,3 % 17 j 31 j 16 j" in text
    assert "remis au serveur lundi 2 mars 2026 à 11:00" in text
    assert "aucune adresse" in text
    assert "en échec — 16 en retard" in text
    assert "jeudi 5 mars 2026 à 10:00 Corinne Contrôle" in text
    assert "dans les 15 jours qui suivent le virement" in text
    assert "règle virement.information.delay" in text
    assert {"/H1", "/H2", "/Table", "/TH", "/TD"} <= set(structure(content))


def test_paper_of_three_hundred_rows_repeats_its_heads_and_numbers_its_pages(cast: Cast) -> None:
    tell(
        cast,
        [
            Told(
                date(2026, 3, 2) - timedelta(days=number),
                ("dss", "db", "cgefi")[number % 3],
                datetime(2026, 3, 3, 9, tzinfo=UTC) if number % 2 else None,
                title=f"Virement numéro {number:03d}",
                mails=((S.DELIVERED, SENT),),
            )
            for number in range(300)
        ],
    )
    content = fetch(cast.auditor, "pdf")[1]
    assert_both_standards(content)
    sheets = pages(content)
    assert len(sheets) > 10
    text = " ".join(sheets)
    assert all(text.count(f"Virement numéro {number:03d}") == 1 for number in range(300))
    head = "Virement Destinataire Date du virement Au plus tard"
    for number, sheet in enumerate(sheets, start=1):
        assert f"Page {number} sur {len(sheets)}" in sheet
        assert "édité le mercredi 18 mars 2026 à 10:00 (Paris), par Aude Audit" in sheet
        assert head in sheet or "Virement numéro" not in sheet
    assert all(page.mediabox.width > page.mediabox.height for page in reader(content).pages)


@pytest.mark.parametrize(
    "title",
    ["#panic() *gras* $x$ <etiquette> @ref [a]", "Emoji 💥 et 文", "M" * 190, "Ligne\tet\u202eretour"],
)
def test_paper_prints_any_title_as_it_was_typed(cast: Cast, title: str) -> None:
    tell(cast, [Told(title=title)])
    content = fetch(cast.auditor, "pdf")[1]
    assert_both_standards(content)
    if title.startswith("#"):
        assert title in printed(content)


def test_rule_that_the_rulebook_has_lost_does_not_stop_the_paper(cast: Cast) -> None:
    (notice,) = tell(cast, [Told()])
    (other,) = tell(cast, [Told(rule="cog-2014-2017/perdue@2014-01-01")])
    text = printed(fetch(cast.auditor, "pdf")[1])
    assert notice.dossier.reference in text
    assert other.dossier.reference in text
    assert text.count("règle virement.information.delay") == 1
