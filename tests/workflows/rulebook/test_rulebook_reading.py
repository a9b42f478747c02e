"""Malformed rulebooks: every fault is named by file, key and what is wrong."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from workflows.rulebook import RulebookError, Unit, UnknownRule, load
from workflows.rulebook.reading import read_rulebook

CONVENTION = """
[convention]
key = "cog-test"
title = "Convention d’essai"
valid_from = 2014-01-01
valid_until = 2017-12-31
validity = "Pour les essais."
text_file = "001_essai.txt"
"""
RULE = """
[[rule]]
key = "essai.seuil"
title = "Seuil"
unit = "EUR_HT"
"""
VERSION = """
  [[rule.version]]
  valid_from = 2014-01-01
  act = "COG d’essai"
  value = "20000.00"
  status = "text"
  quote = "supérieur à 20000 € HT"
  source = "Article premier"
  lines = "001:3872"
"""
DERIVED = """
  [[rule.version]]
  valid_from = 2014-01-01
  act = "Décision"
  value = {value}
  status = "derived"
  explanation = "Le texte n’en dit rien."
"""
WHOLE = CONVENTION + RULE + VERSION


def write(folder: Path, content: str, name: str = "cog.toml") -> Path:
    """Write a rulebook and return its path."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def faults(folder: Path, content: str) -> list[str]:
    """Return the faults of a rulebook, one line each."""
    with pytest.raises(RulebookError) as refused:
        read_rulebook(write(folder, content))
    assert refused.value.problems
    return str(refused.value).splitlines()


def changed(old: str, new: str, content: str = WHOLE) -> str:
    """Return ``content`` with ``old``, which must be there once, replaced."""
    assert content.count(old) == 1
    return content.replace(old, new)


def test_a_correct_rulebook_is_read_whole(tmp_path: Path) -> None:
    rulebook = read_rulebook(write(tmp_path, WHOLE))
    assert (rulebook.key, rulebook.title, rulebook.validity) == (
        "cog-test",
        "Convention d’essai",
        "Pour les essais.",
    )
    assert (rulebook.valid_from, rulebook.valid_until) == (date(2014, 1, 1), date(2017, 12, 31))
    assert (rulebook.source_file, rulebook.text_file, rulebook.text_number) == (
        "cog.toml",
        "001_essai.txt",
        "001",
    )
    (version,) = rulebook.rules["essai.seuil"]
    assert (version.convention, version.key, version.title) == ("cog-test", "essai.seuil", "Seuil")
    assert (version.unit, version.value) == (Unit.EUR_HT, Decimal("20000.00"))
    assert (version.status, version.quote, version.source, version.lines) == (
        "text",
        "supérieur à 20000 € HT",
        "Article premier",
        "001:3872",
    )
    assert (version.valid_from, version.valid_until, version.act, version.explanation) == (
        date(2014, 1, 1),
        None,
        "COG d’essai",
        "",
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        # The convention.
        ('key = "cog-test"\n', "", "cog.toml, [convention] : le champ « key » manque"),
        ('"cog-test"', '"COG test"', "cog.toml, [convention] : clé « COG test » mal formée"),
        ('"Pour les essais."', '""', "cog.toml, [convention] : « validity » doit être un texte non vide"),
        ('"Pour les essais."', "12", "cog.toml, [convention] : « validity » doit être un texte non vide"),
        ('"Convention d’essai"', '" Convention"', "« title » commence ou finit par un blanc"),
        ("valid_until = 2017-12-31", "valid_until = 2013-12-31", "« valid_until » précède « valid_from »"),
        ("valid_until = 2017-12-31", 'signed = "oui"', "cog.toml, [convention] : champ inconnu « signed »"),
        ('"001_essai.txt"', '"essai.txt"', "« text_file » doit ressembler à « 001_….txt »"),
        ('"001_essai.txt"', '"001_../secret.txt"', "« text_file » doit ressembler à « 001_….txt »"),
        ("[convention]", "[conventions]", "cog.toml : la table [convention] manque"),
        ("[convention]", "[convention]\nvalid_form = 1\n", "champ inconnu « valid_form »"),
        # The rule.
        ('key = "essai.seuil"\n', "", "cog.toml, règle n° 1 : le champ « key » manque"),
        ('"essai.seuil"', '"Essai Seuil"', "cog.toml, règle « Essai Seuil » : clé mal formée"),
        ('"essai.seuil"', "7", "cog.toml, règle n° 1 : « key » doit être un texte non vide"),
        ('title = "Seuil"\n', "", "cog.toml, règle « essai.seuil » : le champ « title » manque"),
        ('unit = "EUR_HT"\n', "", "cog.toml, règle « essai.seuil » : le champ « unit » manque"),
        (
            '"EUR_HT"',
            '"euros"',
            "cog.toml, règle « essai.seuil » : unité inconnue « euros » (connues : EUR_HT, EUR,",
        ),
        (
            'unit = "EUR_HT"',
            'unit = "EUR_HT"\nvaleur = 3',
            "règle « essai.seuil » : champ inconnu « valeur »",
        ),
        (VERSION, "", "règle « essai.seuil » : aucune version"),
        (VERSION, "version = 3\n", "« version » doit être une suite de tables [[…]]"),
        (RULE + VERSION, "", "cog.toml : aucune règle"),
        # The version.
        (
            '  act = "COG d’essai"\n',
            "",
            "règle « essai.seuil », version du 2014-01-01 : le champ « act » manque",
        ),
        ('  value = "20000.00"\n', "", "version du 2014-01-01 : le champ « value » manque"),
        ('  status = "text"\n', "", "version du 2014-01-01 : le champ « status » manque"),
        ('status = "text"', 'status = "texte"', "« status » vaut « text » ou « derived », et non « texte »"),
        ('  quote = "supérieur à 20000 € HT"\n', "", "version du 2014-01-01 : le champ « quote » manque"),
        ('  source = "Article premier"\n', "", "version du 2014-01-01 : le champ « source » manque"),
        ('  lines = "001:3872"\n', "", "version du 2014-01-01 : le champ « lines » manque"),
        ('status = "text"', 'status = "derived"', "version du 2014-01-01 : le champ « explanation » manque"),
        ('"001:3872"', '"3872"', "« lines » s’écrit « 001:3872 » ou « 001:3872-3874 »"),
        ('"001:3872"', '"001:0"', "« lines » s’écrit « 001:3872 » ou « 001:3872-3874 »"),
        ('"001:3872"', '"000:3872"', "« lines » renvoie au texte 000 et non au texte 001"),
        ('"001:3872"', '"001:3874-3872"', "la dernière ligne doit suivre la première"),
        ("  lines", "  page = 12\n  lines", "version du 2014-01-01 : champ inconnu « page »"),
        ("  valid_from = 2014-01-01\n", "", "version n° 1 : le champ « valid_from » manque"),
        (
            "  valid_from = 2014-01-01",
            '  valid_from = "2014-01-01"',
            "« valid_from » : une date s’écrit sans",
        ),
        ("  valid_from = 2014-01-01", "  valid_from = 2014-01-01T08:00:00", "une date s’écrit sans"),
        ("  valid_from = 2014-01-01", "  valid_from = 2014-02-30", "cog.toml : le fichier n’est pas du TOML"),
        (
            "  valid_from = 2014-01-01",
            "  valid_from = 2013-12-31",
            "commence hors de la durée de la convention",
        ),
        (
            "  valid_from = 2014-01-01",
            "  valid_from = 2018-01-01",
            "commence hors de la durée de la convention",
        ),
        ("  act", "  valid_until = 2018-01-01\n  act", "la version du 2014-01-01 finit après la convention"),
        ("  act", "  valid_until = 2013-01-01\n  act", "la version du 2014-01-01 finit avant de commencer"),
    ],
)
def test_a_fault_is_named_by_file_key_and_reason(tmp_path: Path, old: str, new: str, fault: str) -> None:
    found = faults(tmp_path, changed(old, new))
    assert any(fault in line for line in found), found
    assert all(line.startswith("cog.toml") for line in found)


@pytest.mark.parametrize(
    ("unit", "value", "fault"),
    [
        ("EUR_HT", '"20000"', "deux décimales"),
        ("EUR_HT", "20000.00", "deux décimales"),
        ("EUR", '"-1.00"', "deux décimales"),
        ("EUR", '"1000000000000.00"', "deux décimales"),
        ("EUR", '"NaN"', "deux décimales"),
        ("percent", '"100.01"', "0 à 100"),
        ("percent", "15", "0 à 100"),
        ("calendar_days", "-15", "au moins 1, et non -15"),
        ("calendar_days", "0", "au moins 1, et non 0"),
        ("working_days", '"15"', "sans guillemets"),
        ("working_days", "1.5", "un nombre entier"),
        ("working_days", "true", "un nombre entier"),
        ("months", "-1", "au moins 1"),
        ("years", "0", "au moins 1"),
        ("count", "-1", "ne peut être négatif"),
        ("boolean", '"oui"', "« true » ou « false »"),
        ("boolean", "1", "« true » ou « false »"),
        ("role", '"boss"', "rôle inconnu « boss » (connus : preparer,"),
        ("organisation_kinds", '["mairie"]', "nature d’organisme inconnue « mairie »"),
        ("piece", '"Note de présentation"', "« presentation_note »"),
        ("list", '"a"', "une liste"),
        ("list", "[]", "une liste"),
        ("list", "[1]", "un texte"),
        ("list", '["a", "a"]', "deux fois"),
        ("date", '"2014-01-01"', "sans guillemets ni heure"),
        ("date", "2014-01-01T00:00:00", "sans guillemets ni heure"),
        ("date_rule", '"30 juin"', "« MM-JJ N »"),
        ("date_rule", '"02-30 N"', "n’est pas une date du calendrier"),
        ("date_rule", '"02-29 N"', "n’est pas une date du calendrier"),
        ("text", '""', "un texte non vide"),
        ("text", "3", "un texte non vide"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(tmp_path: Path, unit: str, value: str, fault: str) -> None:
    content = CONVENTION + changed('"EUR_HT"', f'"{unit}"', RULE) + DERIVED.format(value=value)
    (found,) = faults(tmp_path, content)
    assert found.startswith("cog.toml, règle « essai.seuil », version du 2014-01-01 : valeur ")
    assert f" en {unit} : " in found
    assert fault in found


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("EUR", '"0.00"', Decimal("0.00")),
        ("EUR_HT", '"20000.00"', Decimal("20000.00")),
        ("percent", '"12.5"', Decimal("12.5")),
        ("calendar_days", "15", 15),
        ("working_days", "15", 15),
        ("months", "2", 2),
        ("years", "3", 3),
        ("count", "0", 0),
        ("boolean", "false", False),
        ("role", '"director_general"', "director_general"),
        ("organisation_kinds", '["carmi", "fund"]', ("carmi", "fund")),
        ("piece", '"presentation_note"', "presentation_note"),
        ("list", '["a", "b"]', ("a", "b")),
        ("date", "2005-05-30", date(2005, 5, 30)),
        ("date_rule", '"06-30 N+1"', "06-30 N+1"),
        ("text", '"Europe/Paris"', "Europe/Paris"),
    ],
)
def test_a_value_is_read_in_its_unit(tmp_path: Path, unit: str, value: str, expected: object) -> None:
    content = CONVENTION + changed('"EUR_HT"', f'"{unit}"', RULE) + DERIVED.format(value=value)
    (version,) = read_rulebook(write(tmp_path, content)).rules["essai.seuil"]
    assert version.value == expected
    assert type(version.value) is type(expected)


def test_every_unit_has_a_case_above() -> None:
    marks = test_a_value_is_read_in_its_unit.pytestmark  # type: ignore[attr-defined]
    assert {case[0] for case in marks[0].args[1]} == {unit.value for unit in Unit}


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        ("2013-01-01", "les versions du 2014-01-01 et du 2013-01-01 ne sont pas dans l’ordre"),
        ("2014-01-01", "les versions du 2014-01-01 et du 2014-01-01 ne sont pas dans l’ordre"),
    ],
)
def test_versions_out_of_order_are_refused(tmp_path: Path, second: str, fault: str) -> None:
    content = WHOLE + VERSION.replace("2014-01-01", second)
    assert f"cog.toml, règle « essai.seuil » : {fault}" in faults(tmp_path, content)


def test_overlapping_versions_are_refused(tmp_path: Path) -> None:
    first = VERSION.replace("  act", "  valid_until = 2015-06-01\n  act")
    later = VERSION.replace("2014-01-01", "2015-06-01")
    assert faults(tmp_path, CONVENTION + RULE + first + later) == [
        "cog.toml, règle « essai.seuil » : les versions du 2014-01-01 et du 2015-06-01 se chevauchent"
    ]


def test_a_version_ends_the_day_before_the_next(tmp_path: Path) -> None:
    rulebook = read_rulebook(write(tmp_path, WHOLE + VERSION.replace("2014-01-01", "2015-06-01")))
    first, second = rulebook.rules["essai.seuil"]
    assert (first.valid_until, second.valid_until) == (date(2015, 5, 31), None)
    assert rulebook.rule("essai.seuil", date(2015, 5, 31)) is first
    assert rulebook.rule("essai.seuil", date(2015, 6, 1)) is second


def test_a_version_that_ended_without_another_is_no_longer_in_force(tmp_path: Path) -> None:
    ended = VERSION.replace("  act", "  valid_until = 2015-06-01\n  act")
    rulebook = read_rulebook(write(tmp_path, CONVENTION + RULE + ended))
    assert rulebook.rule("essai.seuil", date(2015, 6, 1)).amount == Decimal("20000.00")
    with pytest.raises(UnknownRule, match="in force on 2015-06-02"):
        rulebook.rule("essai.seuil", date(2015, 6, 2))


def test_a_duplicate_key_is_refused(tmp_path: Path) -> None:
    assert faults(tmp_path, WHOLE + RULE + VERSION) == [
        "cog.toml, règle « essai.seuil » : cette clé figure deux fois dans le fichier"
    ]


def test_a_derived_rule_may_quote_but_then_wholly(tmp_path: Path) -> None:
    quoting = DERIVED.format(value='"20000.00"') + '  quote = "supérieur à 20000 € HT"\n'
    assert len(faults(tmp_path, CONVENTION + RULE + quoting)) == 2
    whole = quoting + '  source = "Article premier"\n  lines = "001:3872"\n'
    (version,) = read_rulebook(write(tmp_path, CONVENTION + RULE + whole)).rules["essai.seuil"]
    assert (version.status, version.lines) == ("derived", "001:3872")


def test_all_faults_are_found_in_one_reading(tmp_path: Path) -> None:
    content = changed(
        '"EUR_HT"', '"euros"', changed('  act = "COG d’essai"\n', "", changed('"001:3872"', '"x"'))
    )
    assert len(faults(tmp_path, content)) == 3


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes("# é\n".encode("latin-1"))
    with pytest.raises(RulebookError, match=r"^latin\.toml : le fichier n’est pas en UTF-8 \(octet n° 3\)$"):
        read_rulebook(path)


def test_a_file_that_is_no_toml_is_refused_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match=r"^cog\.toml : le fichier n’est pas du TOML correct : .*line 2"):
        read_rulebook(write(tmp_path, "[convention]\nkey = \n"))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(RulebookError, match=r"^folder\.toml : le fichier ne peut être lu : "):
        load(tmp_path)


def test_a_folder_without_convention_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match="aucune convention"):
        load(tmp_path)


def test_two_conventions_may_not_share_a_key_or_a_day(tmp_path: Path) -> None:
    write(tmp_path, WHOLE, "a.toml")
    write(tmp_path, changed("2017-12-31", "2020-12-31"), "b.toml")
    with pytest.raises(RulebookError) as refused:
        load(tmp_path)
    assert [str(problem) for problem in refused.value.problems] == [
        "b.toml, [convention] : la clé « cog-test » est déjà celle de a.toml",
        "b.toml, [convention] : en vigueur en même temps que a.toml : y fixer « valid_until »",
    ]


@pytest.mark.parametrize(("start", "faulty"), [("2017-12-31", True), ("2018-01-01", False)])
def test_conventions_follow_each_other_without_a_common_day(tmp_path: Path, start: str, faulty: bool) -> None:
    later = (
        changed('"cog-test"', '"cog-later"').replace("2014-01-01", start).replace("2017-12-31", "2020-12-31")
    )
    later = later.replace("valid_from = 2020-12-31", f"valid_from = {start}")
    write(tmp_path, WHOLE, "a.toml")
    write(tmp_path, later, "b.toml")
    if faulty:
        with pytest.raises(RulebookError, match="en même temps que a.toml"):
            load(tmp_path)
    else:
        assert list(load(tmp_path)) == ["cog-test", "cog-later"]


def test_faults_of_all_files_come_together(tmp_path: Path) -> None:
    write(tmp_path, changed('"EUR_HT"', '"euros"'), "a.toml")
    write(tmp_path, changed('"EUR_HT"', '"francs"'), "b.toml")
    with pytest.raises(RulebookError) as refused:
        load(tmp_path)
    assert [problem.file for problem in refused.value.problems] == ["a.toml", "b.toml"]
