"""Imports into the registers: all that is wrong is said, what was previewed is what is loaded, whole or not at all."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile

from cases.errors import Conflict, Forbidden, Invalid, NotFound
from cases.imports import REGISTERS
from cases.imports.template import template_workbook
from cases.models import Facility, FacilityChange, Property, PropertyChange, RegisterImport
from cases.register_terms import ImportState, PropertyState
from cases.services.imports import abandon_import, load_import, preview_import
from cases.services.property import change_property, move_property
from tests import imports as files
from tests.imports import building, csv_file, facility, preview, table, xlsx
from tests.journeys import Cast
from tests.properties import changed
from tests.workflows.test_statements import statements

pytestmark = pytest.mark.django_db


def load(cast: Cast, found: RegisterImport, actor: str = "reviewer") -> RegisterImport:
    return load_import(public_id=found.public_id, actor=cast.people[actor])


def entered(cast: Cast, *rows: dict[str, Any], register: str = "property") -> None:
    """These rows stand in the register."""
    load(cast, preview(cast.reviewer, rows, register))


def faults(found: RegisterImport) -> list[tuple[int, str]]:
    return [(row, heading) for row, heading, _ in found.faults]


def test_new_and_changed_rows_are_shown_then_loaded_with_their_history(cast: Cast) -> None:
    entered(cast, building("kept"), building("changed", Adresse="4 rue des Mineurs"))
    found = preview(
        cast.reviewer,
        [
            building("kept", Adresse=""),
            building("CHANGED", **{"Désignation": "Annexe", "Adresse": "", "Surface vacante (m²)": 0}),
            building("new", **{"Occupation": "Vacant", "Surface vacante (m²)": "800,00"}),
        ],
    )
    counts = (found.rows, found.created, found.changed, found.unchanged, found.faulty)
    assert counts == (3, 1, 1, 1, 0), found.faults
    assert Property.objects.count() == 2  # a preview writes nothing
    assert found.sample[0] | {"row": 0} == {
        "row": 0,
        "code": "changed",
        "name": "Annexe",
        "new": False,
        "changes": [["Désignation", "Bureaux de Lens", "Annexe"], ["Adresse", "4 rue des Mineurs", ""]],
    }
    assert [(one["row"], one["new"]) for one in found.sample] == [(3, False), (4, True)]
    load(cast, found)
    found.refresh_from_db()
    assert (found.state, found.settled_by) == (ImportState.LOADED, cast.reviewer)
    one = Property.objects.get(code="changed")
    assert (one.name, one.address, one.version) == ("Annexe", "", 2)
    new = Property.objects.get(code="new")
    assert (new.state, new.vacant_surface, new.organisation) == ("vacant", 800, cast.body["carmi-npdc"])
    first, second = PropertyChange.objects.filter(property__code__in=["changed", "new"]).order_by("-pk")[:2]
    assert {first.action, second.action} == {"imported"}
    change = PropertyChange.objects.filter(property=one).latest("pk")
    assert change.changes == {"name": ["Bureaux de Lens", "Annexe"], "address": ["4 rue des Mineurs", ""]}
    assert (change.before, change.after, change.actor) == ("in_use", "in_use", cast.reviewer)
    assert (change.capacity, change.motive) == (
        "Instructeur — CANSSM",
        "Import du fichier « registre.xlsx »",
    )
    created = PropertyChange.objects.get(property=new)
    assert (created.before, created.after, created.changes["surface"]) == ("", "vacant", [None, "800.00"])
    assert PropertyChange.objects.filter(property__code="kept").count() == 1


def test_column_that_is_absent_or_first_only_leaves_the_register_as_it_is(cast: Cast) -> None:
    entered(cast, building("a", Adresse="4 rue des Mineurs"))
    found = preview(cast.reviewer, [building("a", Situation="")])
    assert (found.unchanged, found.faulty) == (1, 0)
    found = preview(cast.reviewer, [building("a", Situation="Vacant")])
    assert faults(found) == [(2, "Situation")]
    with pytest.raises(Invalid, match="ne change rien au registre"):
        load(cast, preview(cast.reviewer, [building("a")]))


def test_thirty_seven_bad_rows_are_all_named_and_nothing_is_written(cast: Cast) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"Usage": "Palais"}, "Usage"),
        ({"Surface (m²)": "grande"}, "Surface (m²)"),
        ({"Surface vacante (m²)": 801}, "Surface vacante (m²)"),
        ({"Valeur nette comptable (€)": "-1"}, "Valeur nette comptable (€)"),
        ({"Valeur de marché (€)": 5}, "Source de la valeur de marché"),
        ({"Logement nécessaire aux professionnels de santé": "Oui"}, "Logement nécessaire"),
        ({"Propriétaire": "carmi-mars"}, "Propriétaire"),
        ({"Fonds": "FNXX"}, "Fonds"),
        ({"Valeur comptable au": "31/02/2014"}, "Valeur comptable au"),
        ({"Commune": ""}, "Commune"),
        ({"Code": "pas un code"}, "Code"),
        ({"Désignation": "=A1"}, "Désignation"),
        ({"Situation": "En vente"}, "Situation"),
    ]
    rows = [building(f"bien-{n:03}") for n in range(300)]
    bad = {8 * n + 3: wrong[n % len(wrong)] for n in range(36)}
    for place, (change, _) in bad.items():
        rows[place] |= change
    rows[299]["Code"] = "bien-000"
    found = preview(cast.reviewer, rows)
    assert (found.rows, found.faulty, found.created) == (300, 37, 263)
    named = dict(reversed(faults(found)))
    expected = {place + 2: heading for place, (_, heading) in bad.items()} | {301: "Code"}
    assert named.keys() == expected.keys()
    assert all(named[row].startswith(heading) for row, heading in expected.items())
    assert "déjà celui de la ligne 2" in found.faults[-1][2]
    with pytest.raises(Invalid, match="Des lignes sont en erreur"):
        load(cast, found)
    found.refresh_from_db()
    assert found.state == ImportState.PREVIEWED
    assert not Property.objects.exists()
    assert not PropertyChange.objects.exists()


def test_faults_beyond_what_is_kept_are_counted(cast: Cast) -> None:
    found = preview(cast.reviewer, [building(f"b{n}", Usage="?", Fonds="?") for n in range(600)])
    assert (found.faulty, found.fault_count, len(found.faults)) == (600, 1200, 1000)


@pytest.mark.parametrize(
    ("lines", "sentences"),
    [
        ([["Code", "Couleur"], ["a", "b"]], ["L’en-tête « Couleur » (colonne B) n’est pas connu."]),
        ([["Code", "Désignations"], ["a", "b"]], ["Vouliez-vous dire « Désignation » ?"]),
        (
            [["Code", "CODE"], ["a", "b"]],
            ["L’en-tête « Code » est deux fois dans le fichier, colonnes A et B."],
        ),
        ([["Code"], ["a"]], ["Il manque la colonne « Désignation ».", "Il manque la colonne « Commune »."]),
        ([["Registre 2015"], ["a"]], ["Aucun en-tête de la ligne 1 n’est celui du modèle."]),
    ],
    ids=["unknown", "near", "twice", "missing", "none"],
)
def test_headings_that_do_not_fit_are_refused_and_nothing_is_kept(
    cast: Cast, lines: list[list[Any]], sentences: list[str]
) -> None:
    with pytest.raises(Invalid) as caught:
        preview_import(register="property", file=xlsx(lines), actor=cast.reviewer)
    said = " ".join(caught.value.details["file"])
    assert all(sentence in said for sentence in sentences), said
    assert not RegisterImport.objects.exists()


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (ContentFile(b"", name="a.csv"), "Ce fichier est vide."),
        (ContentFile(b"Code;Nom\n", name="a.csv"), "Ce fichier n’a que des en-têtes."),
        (ContentFile(b"bonjour\nmonde\n", name="a.csv"), "Ce fichier est un texte sans colonnes"),
        (ContentFile(b"MZ\x00\x00", name="a.xlsx"), "Ce fichier est un programme Windows"),
        (ContentFile(b"%PDF-1.4\n%%EOF\n", name="a.pdf"), "Ce fichier est un document PDF."),
    ],
    ids=["empty", "headings", "text", "program", "pdf"],
)
def test_what_is_no_spreadsheet_is_refused(cast: Cast, file: ContentFile, sentence: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(Invalid, match=sentence):
        preview_import(register="property", file=file, actor=cast.reviewer)


def test_macro_workbook_is_refused(cast: Cast) -> None:
    from tests.cases.imports.test_reading import tampered

    file = tampered(table([building("a")]), {"xl/vbaProject.bin": b"\x00"})
    with pytest.raises(Invalid, match="contient des macros"):
        preview_import(register="property", file=file, actor=cast.reviewer)


def test_file_that_changed_since_the_preview_is_not_loaded(cast: Cast) -> None:
    found = preview(cast.reviewer, [building("a")])
    with open(found.file.path, "wb") as stored:
        stored.write(table([building("b")]).read())
    with pytest.raises(Conflict, match="n’est plus celui de l’aperçu"):
        load(cast, found)
    found.file.storage.delete(found.file.name)
    with pytest.raises(Conflict, match="n’est plus celui de l’aperçu"):
        load(cast, found)
    assert not Property.objects.exists()


def test_register_that_changed_meanwhile_is_shown_anew_before_anything_is_loaded(cast: Cast) -> None:
    entered(cast, building("a"), building("b"))
    found = preview(cast.reviewer, [building("a", Commune="Liévin"), building("b"), building("c")])
    other = Property.objects.select_related("organisation").get(code="a")
    change_property(
        code="a", facts=changed(other, town="Douai"), actor=cast.reviewer2, version=None, motive="Erreur"
    )
    with pytest.raises(Conflict, match="Le registre a changé depuis l’aperçu"):
        load(cast, found)
    found.refresh_from_db()
    assert (found.state, found.sample[0]["changes"]) == ("previewed", [["Commune", "Douai", "Liévin"]])
    move_property(
        Property.objects.get(code="b"),
        PropertyState.PROPOSED,
        actor=None,
        capacity="",
        dossier=_dossier(cast),
    )
    load(cast, found)  # the row of b changes nothing: a sale does not matter
    assert set(Property.objects.values_list("code", "town")) == {
        ("a", "Liévin"),
        ("b", "Lens"),
        ("c", "Lens"),
    }


def _dossier(cast: Cast) -> Any:
    from tests.journeys import Journey

    return Journey.at(cast, "draft").dossier


def test_building_in_a_disposal_or_sold_is_not_changed(cast: Cast) -> None:
    entered(cast, building("a"))
    found = preview(cast.reviewer, [building("a", Commune="Liévin")])
    move_property(
        Property.objects.get(code="a"),
        PropertyState.PROPOSED,
        actor=None,
        capacity="",
        dossier=_dossier(cast),
    )
    with pytest.raises(Conflict):
        load(cast, found)
    found.refresh_from_db()
    assert found.faults == [
        [
            2,
            "Code",
            "Ce bien est dans une cession (« Proposé à la vente ») : un import ne le change pas. Retirez la ligne, ou "
            "laissez-y les valeurs du registre.",
        ]
    ]
    with pytest.raises(Invalid):
        load(cast, found)
    assert Property.objects.get(code="a").town == "Lens"


def test_row_of_the_same_code_that_came_meanwhile_is_a_change(cast: Cast) -> None:
    found = preview(cast.reviewer, [building("a", Commune="Liévin")])
    entered(cast, building("a"))
    with pytest.raises(Conflict, match="relisez-le"):
        load(cast, found)
    found.refresh_from_db()
    assert (found.created, found.changed) == (0, 1)
    load(cast, found)
    assert Property.objects.get(code="a").version == 2


def test_import_is_settled_once(cast: Cast) -> None:
    found = preview(cast.reviewer, [building("a")])
    load(cast, found)
    for again in (load_import, abandon_import):
        with pytest.raises(Conflict, match="déjà chargé"):
            again(public_id=found.public_id, actor=cast.reviewer2)
    other = preview(cast.reviewer, [building("b")])
    abandon_import(public_id=other.public_id, actor=cast.reviewer2)
    for again in (load_import, abandon_import):
        with pytest.raises(Conflict, match="abandonné"):
            again(public_id=other.public_id, actor=cast.reviewer)
    assert list(Property.objects.values_list("code", flat=True)) == ["a"]


@pytest.mark.parametrize(
    "who", ["agent", "director", "dg", "auditor", "manager", "admin", "ministry", "nobody"]
)
def test_only_reviewers_import_buildings(cast: Cast, who: str) -> None:
    with pytest.raises(Forbidden, match="vous n’y écrivez pas"):
        preview(cast.people[who], [building("a")])
    found = preview(cast.reviewer, [building("a")])
    for act in (load_import, abandon_import):
        with pytest.raises(NotFound):
            act(public_id=found.public_id, actor=cast.people[who])
    assert not Property.objects.exists()


# --- œuvres -----------------------------------------------------------------------------------------------------------


def test_oeuvres_are_entered_and_corrected(cast: Cast) -> None:
    rows = [
        facility("lens", **{"Numéro FINESS": "620000000", "Agrément": "existant"}),
        facility(
            "lievin", **{"Numéro FINESS": "62 000 001 8", "Agrément": "À solliciter", "Nature": "pharmacie"}
        ),
        facility("bruay", **{"Adhésion à l’accord national le": date(2015, 3, 3), "Agrément": "Existant"}),
    ]
    found = preview(cast.agent, rows, "facility")
    assert found.faults == []
    load(cast, found, "agent")
    stored = Facility.objects.order_by("code").values_list("code", "finess", "approval", "kind", "adhered_on")
    assert list(stored) == [
        ("bruay", None, "existing", "health_centre", date(2015, 3, 3)),
        ("lens", "620000000", "existing", "health_centre", None),
        ("lievin", "620000018", "to_request", "pharmacy", None),
    ]
    entry = FacilityChange.objects.get(facility__code="lens")
    assert (entry.action, entry.before, entry.after) == ("imported", "", "existing")
    assert entry.capacity == "Agent préparateur — CARMI Nord-Pas-de-Calais"
    load(cast, preview(cast.director, [facility("lens", Nom="Nouveau nom")], "facility"), "director")
    entry = FacilityChange.objects.filter(facility__code="lens").latest("pk")
    assert entry.changes == {
        "name": ["Centre de santé de Lens", "Nouveau nom"],
        "finess": ["620000000", None],
    }
    assert Facility.objects.get(code="lens").version == 2


def test_faults_of_oeuvres_are_said_before_the_database_refuses(cast: Cast) -> None:
    entered(cast, facility("lens", **{"Numéro FINESS": "620000000"}), register="facility")
    entered(
        cast, facility("metz", Organisme="carmi-est", **{"Numéro FINESS": "620000026"}), register="facility"
    )
    found = preview(
        cast.agent,
        [
            facility("a", **{"Numéro FINESS": "620000018"}),
            facility("b", **{"Numéro FINESS": "620000018"}),
            facility("c", **{"Numéro FINESS": "620000000"}),
            facility("d", **{"Numéro FINESS": "620000026"}),
            facility("e", Organisme="carmi-est"),
            facility("metz", Nom="Autre"),
            facility("lens", Agrément="Existant", **{"Numéro FINESS": "620000000"}),
            facility("f", Agrément="Accordé"),
            facility("g", **{"Adhésion à l’accord national le": date(2015, 3, 3)}),
            facility("import"),
            facility("h", **{"Numéro FINESS": "620000001"}),
        ],
        "facility",
    )
    said = {row: (heading, sentence) for row, heading, sentence in found.faults}
    assert {row: heading for row, (heading, _) in said.items()} == {
        3: "Numéro FINESS",
        4: "Numéro FINESS",
        5: "Numéro FINESS",
        6: "Organisme",
        7: "Code",
        8: "Agrément",
        9: "Agrément",
        10: "Adhésion à l’accord national le",
        11: "Code",
        12: "Numéro FINESS",
    }
    assert "déjà celui de la ligne 2" in said[3][1]
    assert "déjà celui de « lens »" in said[4][1]
    assert "déjà celui d’une autre œuvre dans le registre" in said[5][1]
    assert "metz" not in str(said)  # nothing of another body is told
    assert found.created == 1
    assert "Autre" not in str(found.sample)


def test_imports_of_others_are_for_reviewers(cast: Cast) -> None:
    mine = preview(cast.agent, [facility("a")], "facility")
    for who in ("agent2", "director", "est_agent", "dg"):
        with pytest.raises(NotFound):
            load(cast, mine, who)
    theirs = preview(cast.reviewer, [facility("b", Organisme="carmi-est")], "facility")
    with pytest.raises(NotFound):
        load(cast, theirs, "agent")
    load(cast, mine, "reviewer")
    assert Facility.objects.get().code == "a"


# --- files that come back, and what they cost -------------------------------------------------------------------------


def test_register_written_in_the_format_of_the_template_comes_back_unchanged(cast: Cast) -> None:
    full = {
        "Adresse": "4 rue « des Mineurs »",
        "Surface (m²)": Decimal("1234.56"),
        "Surface vacante (m²)": Decimal("120.5"),
        "Occupation": "Occupé en partie",
        "Agents qui l’occupent": 40,
        "Usage": "Habitation",
        "Logement nécessaire aux professionnels de santé": "Oui",
        "Valeur nette comptable (€)": Decimal("999999999.99"),
        "Valeur de marché (€)": Decimal("0.01"),
        "Source de la valeur de marché": "Notaire",
        "Valeur de marché au": date(2015, 3, 3),
        "Année prévue": 2016,
        "Recettes attendues (€)": Decimal("0.1"),
        "Situation": "Utilisé",
    }
    entered(cast, building("a"), building("b", **full))
    entered(cast, facility("c", **{"Numéro FINESS": "010000024"}), facility("d"), register="facility")
    for register, count in (("property", 2), ("facility", 2)):
        description = files.template(register)
        subjects = list(
            description.subjects(()) if register == "property" else Facility.objects.order_by("pk")
        )
        content = template_workbook(description, bodies=["canssm", "carmi-npdc"], subjects=subjects)
        file = ContentFile(content.getvalue(), name="registre.xlsx")
        found = preview_import(register=register, file=file, actor=cast.reviewer)
        assert (found.unchanged, found.faults, found.changed) == (count, [], 0), found.sample


def test_template_itself_is_empty_and_explains_every_column(cast: Cast) -> None:
    for register in REGISTERS:
        description = files.template(register)
        content = template_workbook(description, bodies=["canssm"])
        file = ContentFile(content.getvalue(), name="modele.xlsx")
        with pytest.raises(Invalid, match="n’a que des en-têtes"):
            preview_import(register=register, file=file, actor=cast.reviewer)
        example = {one.heading: one.example for one in description.columns if one.example is not None}
        assert preview(cast.reviewer, [example], register).faults == []


def test_csv_and_workbook_load_the_same(cast: Cast) -> None:
    rows = [building("a", **{"Valeur nette comptable (€)": "1 234,50"})]
    one = preview(cast.reviewer, rows)
    two = preview_import(
        register="property", file=csv_file(rows, encoding="cp1252", delimiter=","), actor=cast.reviewer
    )
    assert one.plan == two.plan
    load(cast, two)
    assert Property.objects.get().net_book_value == Decimal("1234.50")


def test_statements_do_not_grow_with_the_rows(cast: Cast) -> None:
    def cost(rows: list[dict[str, Any]]) -> tuple[int, int]:
        found: list[RegisterImport] = []
        first = statements(lambda: found.append(preview(cast.reviewer, rows)))
        second = statements(lambda: load(cast, found[0]))
        return len(first), len(second)

    few = cost([building("a"), building("b")]), cost([building("a", Commune="Douai"), building("c")])
    codes = [f"bien-{n}" for n in range(400)]
    many = (
        cost([building(code) for code in codes]),
        cost([building(code, Commune="Douai") for code in codes] + [building("neuf")]),
    )
    assert few == many
    assert max(count for pair in many for count in pair) <= 16, many
    assert Property.objects.filter(town="Douai", version=2).count() == 401
