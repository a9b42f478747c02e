"""The pages of imports: upload, preview, faults, loading, giving up, and who sees none of it."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cases.models import Facility, Property, RegisterImport
from tests.imports import building, csv_file, facility, preview, table
from tests.journeys import Cast
from tests.pages import at_the_site, messages, stored, words
from tests.spreadsheets import MAIN, Workbook
from tests.workflows.test_statements import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cast: Cast) -> Client:
    """The reviewer's browser."""
    return at_the_site(cast.reviewer)


def sent(file: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile(file.name, file.read())}


def test_file_is_uploaded_previewed_and_loaded(desk: Client) -> None:
    page = words(desk.get("/patrimoine/import/"))
    assert "Aucun fichier n’a été déposé" in page
    assert "Valeur nette comptable (€) Oui Un montant en euros" in page
    answer = desk.post("/patrimoine/import/", sent(table([building("a"), building("b")])), follow=True)
    found = RegisterImport.objects.get()
    assert answer.redirect_chain[0][0] == f"/imports/{found.public_id}/"
    page = words(answer)
    assert "Lignes lues 2 En erreur 0 À inscrire 2 À modifier 0 Inchangées 0" in page
    assert "Charger dans le registre" in page
    assert "Désignation : Bureaux de Lens" in page
    assert not Property.objects.exists()
    answer = desk.post(f"/imports/{found.public_id}/charger/", follow=True)
    assert messages(answer) == [
        "Le fichier « registre.xlsx » est chargé : 2 ligne(s) inscrite(s), 0 modifiée(s)."
    ]
    assert "Charger dans le registre" not in words(answer)
    assert Property.objects.count() == 2
    assert "Fiche chargée d’un fichier" in words(desk.get("/patrimoine/a/"))
    again = desk.post(f"/imports/{found.public_id}/charger/")
    assert again.status_code == 409
    assert "Ce fichier est déjà chargé" in words(again)
    desk.post("/patrimoine/import/", sent(table([building("a", Commune="Liévin")])))
    latest = RegisterImport.objects.latest("pk")
    assert "Commune : Lens → Liévin" in words(desk.get(f"/imports/{latest.public_id}/"))
    assert "registre.xlsx" in words(desk.get("/patrimoine/import/"))


def test_faults_are_shown_by_row_and_column_and_downloaded(desk: Client) -> None:
    desk.post("/patrimoine/import/", sent(csv_file([building("a", Usage="Palais"), building("b")])))
    found = RegisterImport.objects.get()
    page = desk.get(f"/imports/{found.public_id}/")
    said = words(page)
    assert "Ligne 2 Usage « Palais » n’est pas dans la liste." in said
    assert "Charger dans le registre" not in said
    assert "corrigez le fichier sur votre poste" in said
    file = desk.get(f"/imports/{found.public_id}/anomalies.csv")
    content = b"".join(file.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    lines = list(csv.reader(io.StringIO(content), delimiter=";"))
    assert lines[0] == ["Ligne", "Colonne", "Anomalie"]
    assert lines[1][:2] == ["2", "Usage"]
    assert "attachment" in file.headers["Content-Disposition"]
    refused = desk.post(f"/imports/{found.public_id}/charger/")
    assert refused.status_code == 422
    assert "Rien n’a été chargé" in words(refused)
    answer = desk.post(f"/imports/{found.public_id}/abandonner/", follow=True)
    assert messages(answer) == ["L’import de « registre.csv » est abandonné : rien n’a été chargé."]
    assert desk.post(f"/imports/{found.public_id}/abandonner/").status_code == 409
    assert not Property.objects.exists()


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (None, "Choisissez le fichier à importer."),
        (SimpleUploadedFile("a.csv", b""), "Ce fichier est vide."),
        (SimpleUploadedFile("a.xlsx", b"MZ\x00\x00"), "Ce fichier est un programme Windows"),
        (
            SimpleUploadedFile("a.csv", "Code;Désignation\na;b\n".encode()),
            "Il manque la colonne « Commune ».",
        ),
    ],
    ids=["none", "empty", "program", "headings"],
)
def test_refused_file_is_explained_and_nothing_is_kept(desk: Client, file: Any, sentence: str) -> None:
    before = stored()
    answer = desk.post("/patrimoine/import/", {"file": file} if file else {})
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert stored() == before


def test_hostile_words_of_a_file_are_only_words(desk: Client) -> None:
    rows = [building("a", **{"Désignation": "<script>alert(1)</script>"})]
    name = "<img src=x>.xlsx"
    desk.post("/patrimoine/import/", {"file": SimpleUploadedFile(name, table(rows).read())})
    found = RegisterImport.objects.get()
    page = desk.get(f"/imports/{found.public_id}/").content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in desk.get("/patrimoine/import/").content.decode()


@pytest.mark.parametrize("who", ["agent", "director", "dg", "auditor", "admin", "ministry", "nobody"])
def test_pages_of_the_register_of_property_do_not_exist_for_others(cast: Cast, who: str) -> None:
    found = preview(cast.reviewer, [building("a")])
    visitor = at_the_site(cast.people[who])
    before = stored()
    address = f"/imports/{found.public_id}/"
    for one in ("/patrimoine/import/", "/patrimoine/import/modele.xlsx", address, f"{address}anomalies.csv"):
        assert visitor.get(one).status_code == 404, one
    for one in ("/patrimoine/import/", f"{address}charger/", f"{address}abandonner/"):
        assert visitor.post(one).status_code == 404, one
    assert stored() == before


def test_visitor_has_to_log_in_and_reading_loads_nothing(cast: Cast) -> None:
    found = preview(cast.reviewer, [building("a")])
    visitor, reader = at_the_site(None), at_the_site(cast.reviewer)
    for one in ("", "anomalies.csv"):
        assert visitor.get(f"/imports/{found.public_id}/{one}").status_code == 302
    for one in ("charger/", "abandonner/"):
        assert visitor.post(f"/imports/{found.public_id}/{one}").status_code == 302
        assert reader.get(f"/imports/{found.public_id}/{one}").status_code == 405
    assert not Property.objects.exists()


def test_body_imports_its_own_oeuvres_and_sees_its_own_imports(cast: Cast) -> None:
    agent = at_the_site(cast.agent)
    agent.post("/oeuvres/import/", sent(table([facility("lens"), facility("metz", Organisme="carmi-est")])))
    found = RegisterImport.objects.get()
    assert "Ligne 3 Organisme Vous tenez le registre de votre seul organisme" in words(
        agent.get(f"/imports/{found.public_id}/")
    )
    assert at_the_site(cast.est_agent).get(f"/imports/{found.public_id}/").status_code == 404
    assert "registre.xlsx" not in words(at_the_site(cast.agent2).get("/oeuvres/import/"))
    agent.post("/oeuvres/import/", sent(table([facility("lens")])))
    latest = RegisterImport.objects.latest("pk")
    agent.post(f"/imports/{latest.public_id}/charger/")
    assert Facility.objects.get().code == "lens"
    assert at_the_site(cast.reviewer).get(f"/imports/{latest.public_id}/").status_code == 200


def test_template_is_empty_or_holds_what_one_may_change(cast: Cast) -> None:
    for code, body in (("lens", "carmi-npdc"), ("metz", "carmi-est")):
        Facility.objects.create(code=code, name=code, town="x", organisation=cast.body[body])
    agent = at_the_site(cast.agent)

    def codes(query: str) -> list[Any]:
        answer = agent.get(f"/oeuvres/import/modele.xlsx{query}")
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        cells = Workbook(content).sheets["Données"]
        assert MAIN
        return [cells[place] for place in ("A1", "A2", "A3") if place in cells]

    assert codes("") == ["Code"]
    assert codes("?contenu=1") == ["Code", "lens"]


def test_pages_cost_the_same_whatever_was_imported(cast: Cast, desk: Client) -> None:
    def cost() -> tuple[int, int]:
        found = RegisterImport.objects.latest("pk")
        return (
            len(statements(lambda: desk.get("/patrimoine/import/"))),
            len(statements(lambda: desk.get(f"/imports/{found.public_id}/"))),
        )

    preview(cast.reviewer, [building("a")])
    cost()  # what a process asks once
    few = cost()
    for _ in range(3):
        preview(cast.reviewer2, [building(f"b{n}", Usage="?") for n in range(30)])
    assert cost() == few
    assert max(few) <= 10
