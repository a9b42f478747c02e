"""Ladders written in a rulebook: read as they stand; every fault is named with the rule's key."""

from pathlib import Path

import pytest

from tests.workflows.rulebook.test_rulebook_reading import CONVENTION, DERIVED, faults, write
from workflows.rulebook import DEFAULT, Addressee, Ladder, rulebooks
from workflows.rulebook.reading import read_rulebook
from workflows.rulebook.reminders import Overdue, Rung

A = Addressee
OWN = """
  reminders = [{ days_before = 0, to = ["manager", "director"] }, { days_before = 5, to = ["holder"] }]
  overdue = { every = 3, to = ["director"] }
"""


def content(ladder: str, unit: str = "calendar_days", value: str = "15") -> str:
    """A rulebook with one rule and its ladder."""
    rule = f'[[rule]]\nkey = "essai.delai"\ntitle = "Délai"\nunit = "{unit}"\n'
    return CONVENTION + rule + DERIVED.format(value=value) + ladder


def ladder_of(folder: Path, ladder: str, **options: str) -> Ladder | None:
    """The ladder that is read."""
    return read_rulebook(write(folder, content(ladder, **options))).rules["essai.delai"][0].ladder


def test_ladder_is_read_from_the_earliest_rung_to_the_last(tmp_path: Path) -> None:
    assert ladder_of(tmp_path, OWN) == Ladder(
        (Rung(5, (A.HOLDER,)), Rung(0, (A.MANAGER, A.DIRECTOR))), Overdue(3, (A.DIRECTOR,))
    )


def test_what_is_left_out_is_that_of_the_default_ladder(tmp_path: Path) -> None:
    assert ladder_of(tmp_path, "") is None
    own = ladder_of(tmp_path, '  overdue = { every = 1, to = ["manager"] }\n')
    assert own == Ladder(DEFAULT.rungs, Overdue(1, (A.MANAGER,)))
    own = ladder_of(tmp_path, '  reminders = [{ days_before = 14, to = ["holder"] }]\n')
    assert own == Ladder((Rung(14, (A.HOLDER,)),), DEFAULT.overdue)


@pytest.mark.parametrize(
    ("unit", "value", "days"),
    [
        ("calendar_days", "15", 14),
        ("working_days", "5", 4),
        ("months", "2", 55),
        ("date", "2015-06-30", 365),
        ("date_rule", '"06-30 N"', 365),
    ],
)
def test_reminder_may_be_given_as_soon_as_the_delay_has_begun(
    tmp_path: Path, unit: str, value: str, days: int
) -> None:
    def written(number: int) -> str:
        return f'  reminders = [{{ days_before = {number}, to = ["holder"] }}]\n'

    read = ladder_of(tmp_path, written(days), unit=unit, value=value)
    assert read is not None
    assert read.rungs[0].days_before == days
    found = faults(tmp_path, content(written(days + 1), unit, value))
    assert found == [
        "cog.toml, règle « essai.delai », version du 2014-01-01 : « reminders », rappel n° 1 : "
        f"{days + 1} jours avant la date, le délai n’a pas commencé ; « days_before » vaut {days} au plus"
    ]


@pytest.mark.parametrize(
    ("ladder", "fault"),
    [
        ("reminders = []", "« reminders » est vide"),
        ("reminders = 7", "« reminders » est une suite de rappels"),
        ("reminders = [7]", "« reminders » est une suite de rappels"),
        ('reminders = [{ to = ["holder"] }]', "rappel n° 1 : le champ « days_before » manque"),
        (
            'reminders = [{ days_before = -1, to = ["holder"] }]',
            "rappel n° 1 : un rappel après la date s’écrit",
        ),
        ('reminders = [{ days_before = true, to = ["holder"] }]', "est un nombre entier de jours"),
        ('reminders = [{ days_before = "7", to = ["holder"] }]', "est un nombre entier de jours"),
        ('reminders = [{ days_before = 1.5, to = ["holder"] }]', "est un nombre entier de jours"),
        ("reminders = [{ days_before = 7, to = [] }]", "« to » est une liste d’au moins un destinataire"),
        ("reminders = [{ days_before = 7 }]", "« to » est une liste d’au moins un destinataire"),
        (
            'reminders = [{ days_before = 7, to = "holder" }]',
            "« to » est une liste d’au moins un destinataire",
        ),
        (
            'reminders = [{ days_before = 7, to = ["boss"] }]',
            "destinataire inconnu « boss » (connus : holder, deputy, manager, director)",
        ),
        ("reminders = [{ days_before = 7, to = [[1]] }]", "destinataire inconnu « [1] »"),
        ('reminders = [{ days_before = 7, to = ["holder", "holder"] }]', "figure deux fois dans « to »"),
        ('reminders = [{ days_before = 7, to = ["holder"], by = 1 }]', "champ inconnu « by »"),
        (
            'reminders = [{ days_before = 3, to = ["holder"] }, { days_before = 3, to = ["manager"] }]',
            "rappel n° 2 : un autre rappel est déjà fixé 3 jours avant la date",
        ),
        (
            'overdue = { every = 0, to = ["director"] }',
            "« every » est un nombre de jours de 1 à 366, et non 0",
        ),
        ('overdue = { every = -5, to = ["director"] }', "de 1 à 366, et non -5"),
        ('overdue = { every = 100000, to = ["director"] }', "de 1 à 366, et non 100000"),
        ('overdue = { to = ["director"] }', "« overdue » : le champ « every » manque"),
        ("overdue = { every = 5, to = [] }", "« overdue » : « to » est une liste"),
        ('overdue = { every = 5, to = ["chief"] }', "« overdue » : destinataire inconnu « chief »"),
        ("overdue = 5", "« overdue » s’écrit { every = 5"),
        ('overdue = { every = 5, to = ["director"], unit = "months" }', "champ inconnu « unit »"),
    ],
)
def test_fault_of_a_ladder_is_named_with_the_key(tmp_path: Path, ladder: str, fault: str) -> None:
    (found,) = faults(tmp_path, content(f"  {ladder}\n"))
    assert found.startswith("cog.toml, règle « essai.delai », version du 2014-01-01 : ")
    assert fault in found


@pytest.mark.parametrize(
    ("unit", "value"), [("EUR", '"20.00"'), ("boolean", "true"), ("text", '"un mois"'), ("years", "2")]
)
def test_only_delays_and_dates_are_reminded_of(tmp_path: Path, unit: str, value: str) -> None:
    (found,) = faults(tmp_path, content(OWN, unit, value))
    assert f"seule une règle qui donne un délai ou une date se rappelle, et celle-ci est en {unit}" in found


def test_all_faults_of_a_ladder_are_found_at_once_with_the_others(tmp_path: Path) -> None:
    bad = """
  reminders = [{ days_before = 30, to = ["boss"] }, { days_before = -2, to = [] }]
  overdue = { every = 0, to = ["director"] }
"""
    found = faults(tmp_path, content(bad, value="15").replace('title = "Délai"\n', ""))
    assert len(found) == 6
    assert sum("reminders" in line for line in found) == 4
    found = faults(tmp_path, content(OWN, unit="fortnights"))
    assert ["unité inconnue" in line for line in found] == [True]
    found = faults(tmp_path, content(OWN, value="-15"))
    assert ["une durée est d’au moins 1" in line for line in found] == [True]


def test_notices_of_a_virement_reach_the_canssm_before_they_are_late() -> None:
    """The addressees of the notices have no duty to act; those who have to prove them are told."""
    (version,) = rulebooks()["cog-2014-2017"].rules["virement.information.delay"]
    assert version.ladder is not None
    assert all({A.MANAGER, A.DIRECTOR} & set(rung.to) for rung in version.ladder.rungs)
    assert version.ladder.overdue.every < DEFAULT.overdue.every
