"""Malformed calendars: every fault is named by file, key and what is wrong, and stops the start-up."""

from datetime import date
from pathlib import Path

import pytest

from workflows.rulebook import Frequency, Party, RulebookError, load

CONVENTION = """
[convention]
key = "cog-test"
title = "Convention d’essai"
valid_from = 2014-01-01
valid_until = 2017-12-31
validity = "Pour les essais."
text_file = "001_essai.txt"

[[rule]]
key = "essai.seuil"
title = "Seuil"
unit = "boolean"

  [[rule.version]]
  valid_from = 2014-01-01
  act = "Décision"
  value = true
  status = "derived"
  explanation = "Pour les essais."
"""
HEAD = """
[calendar]
convention = "cog-test"
act = "COG d’essai"
"""
FIELDS = {
    "key": '"calendar.c01"',
    "title": '"TBB 1"',
    "kind": '"transmission"',
    "owners": '["canssm"]',
    "addressees": '["state"]',
    "frequency": '"yearly"',
    "due": '["07-15 N-1"]',
    "first_exercise": "2014",
    "last_exercise": "2017",
    "opens": "true",
    "status": '"text"',
    "quote": '"au 15 juillet"',
    "source": '"Article premier"',
    "lines": '"001:12"',
}
NAME = "calendar_essai.toml"


def obligation(**changes: str | None) -> str:
    """An obligation, sound but for the changes; ``None`` leaves a field out."""
    fields = {name: value for name, value in {**FIELDS, **changes}.items() if value is not None}
    return "\n[[obligation]]\n" + "".join(f"{name} = {value}\n" for name, value in fields.items())


def write(folder: Path, content: str) -> Path:
    """A folder with the convention and one calendar."""
    (folder / "cog.toml").write_text(CONVENTION, encoding="utf-8")
    (folder / NAME).write_text(content, encoding="utf-8")
    return folder


def faults(folder: Path, content: str) -> list[str]:
    """The faults of a calendar, one line each."""
    with pytest.raises(RulebookError) as refused:
        load(write(folder, content))
    return str(refused.value).splitlines()


def test_sound_calendar_joins_its_convention_and_its_rules(tmp_path: Path) -> None:
    book = load(write(tmp_path, HEAD + obligation()))["cog-test"]
    one = book.obligations["calendar.c01"]
    assert (one.owners, one.addressees, one.frequency) == ((Party.CANSSM,), (Party.STATE,), Frequency.YEARLY)
    rule = book.rule("calendar.c01", date(2015, 1, 1))
    assert rule is one.rule
    assert (rule.text, rule.quote, rule.ref) == (
        "le 15 juillet N-1",
        "au 15 juillet",
        "cog-test/calendar.c01@2014-01-01",
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"key": '"tbb1"'}, "la clé s’écrit « calendar. » et le numéro"),
        ({"key": None}, "le champ « key » manque"),
        ({"key": "[1]"}, "« key » doit être un texte"),
        ({"title": '""'}, "« title » doit être un texte non vide"),
        ({"kind": '"letter"'}, "« kind » inconnu : « letter »"),
        ({"owners": '["nobody"]'}, "« owners » : partie inconnue « nobody »"),
        ({"owners": "[]"}, "« owners » est une liste d’au moins une partie"),
        ({"owners": None}, "« owners » est une liste d’au moins une partie"),
        ({"owners": '["canssm", "canssm"]'}, "une même partie figure deux fois"),
        ({"owners": "[{}]"}, "« owners » : partie inconnue « {} »"),
        ({"addressees": '["paris"]'}, "« addressees » : partie inconnue « paris »"),
        ({"frequency": '"weekly"'}, "« frequency » inconnu : « weekly »"),
        ({"due": '["15-07 N"]'}, "n’est pas une date du calendrier"),
        ({"due": '["07-15"]'}, "une date d’exercice s’écrit"),
        ({"due": '["02-30 N"]'}, "n’est pas une date du calendrier"),
        ({"due": "[]"}, "« due » est une liste"),
        ({"due": '"07-15 N"'}, "« due » est une liste"),
        ({"due": '["07-15 N", "11-01 N"]'}, "1 règle(s) de date attendue(s), et non 2"),
        ({"frequency": '"half_yearly"'}, "2 règle(s) de date attendue(s), et non 1"),
        (
            {"frequency": '"half_yearly"', "due": '["12-31 N", "06-30 N"]'},
            "les règles de date se suivent",
        ),
        ({"frequency": '"monthly"', "opens": None}, "n’a pas de sens pour la périodicité « monthly »"),
        (
            {"frequency": '"once"', "opens": None, "due": '["2015-01-01"]'},
            "une date s’écrit sans guillemets",
        ),
        ({"frequency": '"once"', "opens": None, "due": "[2015-01-01T10:00:00]"}, "sans guillemets ni heure"),
        ({"frequency": '"once"', "opens": None, "due": "[2013-01-01]"}, "n’est pas dans les exercices"),
        (
            {"frequency": '"once"', "opens": None, "due": "[2016-01-01, 2015-01-01]"},
            "les dates se suivent",
        ),
        ({"first_exercise": "2018"}, "« last_exercise » (2017) précède « first_exercise » (2018)"),
        ({"first_exercise": "2013"}, "« first_exercise » (2013) précède la convention"),
        ({"last_exercise": "2018"}, "« last_exercise » (2018) suit la convention"),
        ({"last_exercise": None}, "la convention a une fin"),
        ({"first_exercise": '"2014"'}, "« first_exercise » est une année"),
        ({"first_exercise": "true"}, "« first_exercise » est une année"),
        ({"opens": '"oui"'}, "« opens » vaut « true » ou « false »"),
        ({"owners": '["cnamts"]'}, "« opens » ne vaut que pour une obligation de la CANSSM"),
        ({"frequency": '"unspecified"', "due": None}, "« opens » ne vaut que pour une obligation annuelle"),
        ({"status": '"guessed"'}, "« status » vaut « text » ou « derived »"),
        ({"status": '"derived"'}, "le champ « explanation » manque"),
        ({"status": '"derived"', "explanation": '"x"', "due": None}, "aucun jour n’est donné"),
        ({"quote": None}, "le champ « quote » manque"),
        ({"lines": '"12"'}, "« lines » s’écrit"),
        ({"lines": '"000:12"'}, "renvoie au texte 000 et non au texte 001"),
        ({"colour": '"red"'}, "champ inconnu « colour »"),
        ({"event": '"le vote"'}, "« event » ne vaut que pour la périodicité « event »"),
    ],
)
def test_malformed_obligation_is_refused_with_its_key(
    tmp_path: Path, changes: dict[str, str | None], fault: str
) -> None:
    found = faults(tmp_path, HEAD + obligation(**changes))
    name = "obligation n° 1" if changes.get("key", "") in (None, "[1]") else f"obligation « {_key(changes)} »"
    assert any(line.startswith(f"{NAME}, {name} : ") and fault in line for line in found), found


def _key(changes: dict[str, str | None]) -> str:
    return str(changes.get("key") or FIELDS["key"]).strip('"')


EVENT = {"frequency": '"event"', "due": None, "opens": None, "event": '"la réception"'}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"event": None}, "le champ « event » manque"),
        ({"delay": "20", "unit": '"fortnights"'}, "« unit » inconnu : « fortnights »"),
        ({"delay": "20"}, "le champ « unit » manque"),
        ({"delay": "-3", "unit": '"months"'}, "« delay » est un nombre entier d’au moins 1, et non -3"),
        ({"delay": "0", "unit": '"months"'}, "d’au moins 1, et non 0"),
        ({"delay": "true", "unit": '"months"'}, "d’au moins 1, et non True"),
        ({"unit": '"months"'}, "d’au moins 1, et non None"),
        ({"event_on": "2015-05-30"}, "« event_on » demande « delay » et « unit »"),
        ({"due": '["07-15 N"]'}, "n’a pas de sens pour la périodicité « event »"),
    ],
)
def test_malformed_event_is_refused(tmp_path: Path, changes: dict[str, str | None], fault: str) -> None:
    found = faults(tmp_path, HEAD + obligation(**{**EVENT, **changes}))
    assert any(fault in line for line in found), found


def test_event_with_its_day_and_delay_is_read(tmp_path: Path) -> None:
    entry = obligation(**EVENT, delay="6", unit='"months"', event_on="2015-05-30")
    one = load(write(tmp_path, HEAD + entry))["cog-test"].obligations["calendar.c01"]
    assert (one.when, one.event_on, one.has_day) == ("6 mois après la réception", date(2015, 5, 30), True)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (obligation(), "la table [calendar] manque"),
        ('[calendar]\nact = "COG"\n' + obligation(), "[calendar] : le champ « convention » manque"),
        (HEAD.replace("cog-test", "cog-1900") + obligation(), "convention inconnue « cog-1900 »"),
        (HEAD, "aucune obligation"),
        (HEAD + "[other]\n", "champ inconnu « other »"),
        (HEAD + obligation() + obligation(), "cette clé est déjà celle d’une obligation"),
        ("= nothing", "n’est pas du TOML correct"),
    ],
)
def test_malformed_calendar_is_refused_with_its_file(tmp_path: Path, content: str, fault: str) -> None:
    found = faults(tmp_path, content)
    assert any(line.startswith(NAME) and fault in line for line in found), found


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    found = faults(tmp_path, HEAD + obligation(kind='"x"', owners='["x"]', status='"x"'))
    assert len(found) >= 3
