"""The project's rulebooks: what is in force when, pinned references, values and quotes."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from cases.calendar import DAYS
from cases.clock import PARIS
from cases.deadlines import Duration
from cases.deadlines import Unit as DurationUnit
from cases.enums import ROLES_BY_KIND, Role
from cases.errors import Quote
from workflows.rulebook import (
    NoConvention,
    RuleVersion,
    Unit,
    UnknownRule,
    convention_in_force,
    load,
    resolve,
    rulebooks,
)
from workflows.rulebook.registry import CONVENTIONS
from workflows.rulebook.units import date_in_exercise

ON = date(2015, 3, 3)


def rule(key: str, on: date = ON) -> RuleVersion:
    """Return a rule of the COG 2014-2017."""
    return rulebooks()["cog-2014-2017"].rule(key, on)


def test_both_conventions_are_held_oldest_first() -> None:
    assert list(rulebooks()) == ["cog-2004-2006", "cog-2014-2017"]
    assert rulebooks() is rulebooks()
    assert load(CONVENTIONS) == rulebooks()


@pytest.mark.parametrize(
    ("on", "key"),
    [
        (date(2004, 1, 1), "cog-2004-2006"),
        (date(2006, 12, 31), "cog-2004-2006"),
        (date(2014, 1, 1), "cog-2014-2017"),
        (date(2017, 12, 31), "cog-2014-2017"),
        (date(2026, 6, 1), "cog-2014-2017"),
    ],
)
def test_convention_in_force_by_date(on: date, key: str) -> None:
    assert convention_in_force(on).key == key


@pytest.mark.parametrize("on", [date(2003, 12, 31), date(2007, 1, 1), date(2013, 12, 31)])
def test_no_convention_in_force_outside_of_those_held(on: date) -> None:
    with pytest.raises(NoConvention, match=on.isoformat()):
        convention_in_force(on)


def test_every_reference_resolves_to_its_version() -> None:
    versions = [
        version for rulebook in rulebooks().values() for each in rulebook.rules.values() for version in each
    ]
    assert len({version.ref for version in versions}) == len(versions)
    assert all(resolve(version.ref) is version for version in versions)


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "cog-2014-2017",
        "cog-2014-2017/fnmo.investment.threshold",
        "cog-2014-2017/fnmo.investment.threshold@2014-01-02",
        "cog-2014-2017/fnmo.investment.nothing@2014-01-01",
        "cog-1999/fnmo.investment.threshold@2014-01-01",
    ],
)
def test_a_reference_to_nothing_is_refused(ref: str) -> None:
    with pytest.raises(UnknownRule):
        resolve(ref)


def test_a_rule_before_its_convention_or_without_a_key_is_unknown() -> None:
    with pytest.raises(UnknownRule, match="in force on 2013-12-31"):
        rule("fnmo.investment.threshold", date(2013, 12, 31))
    with pytest.raises(UnknownRule, match="no rule 'fnmo'"):
        rule("fnmo")


def test_threshold_of_the_fnmo() -> None:
    threshold = rule("fnmo.investment.threshold")
    assert threshold.ref == "cog-2014-2017/fnmo.investment.threshold@2014-01-01"
    assert (threshold.amount, threshold.unit, threshold.status) == (Decimal("20000.00"), Unit.EUR_HT, "text")
    assert threshold.as_quote() == Quote(
        rule="fnmo.investment.threshold",
        text="Toute opération d'un montant supérieur à 20000 € HT",
        source="COG 2014-2017, règles budgétaires du FNMO, « La validation des projets d’investissements », "
        "ligne 3872",
        status="text",
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fnmo.investment.per_operation", True),
        ("fnmo.investment.before_commitment", True),
        ("fnmo.investment.note", "presentation_note"),
        ("fnmo.investment.economic_file", "economic_file"),
        ("fnmo.investment.impact_years", 3),
        ("fnmo.investment.validation_body", "direction générale de la CANSSM"),
        ("fnmo.investment.submitter", "regional_director"),
        ("fnmo.investment.desk", "reviewer"),
        ("fnmo.investment.decider", "director_general"),
        ("fnmo.investment.dispense", True),
        ("fnmo.investment.revised_cost", True),
        ("fnmo.investment.split_window", 12),
        ("fnmo.investment.commitment_ceiling", Decimal(100)),
        ("fnmo.investment.sign_off_delay", 5),
        ("fnmo.investment.check_delay", 15),
        ("fnmo.investment.completion_delay", 30),
        ("fnmo.investment.decide_delay", 10),
        ("fnmo.investment.follow_up", ("region", "site", "nature")),
        ("refusal.motive", True),
        ("refusal.new_filing", True),
        ("withdrawal", True),
        ("separation.prepare_decide", True),
        ("separation.authorising_accounting", True),
        ("calendar.first_day_excluded", True),
        ("calendar.roll_over", False),
        ("calendar.review_suspension", True),
        ("convention.evolves", True),
    ],
)
def test_values_of_the_cog_2014_2017(key: str, value: object) -> None:
    assert rule(key).value == value


def test_the_separation_of_duties_is_of_the_text_in_2004_and_derived_in_2014() -> None:
    key = "separation.authorising_accounting"
    older = rulebooks()["cog-2004-2006"].rule(key, date(2005, 1, 1))
    assert "séparation ordonnateur - comptable" in older.as_quote().text
    assert (older.status, rule(key).status) == ("text", "derived")


def test_a_derived_rule_says_why_and_from_what() -> None:
    quote = rule("fnmo.investment.decider").as_quote()
    assert quote.status == "derived"
    assert quote.text.startswith("Le texte nomme la direction générale sans dire qui signe")
    assert quote.source == (
        "Déduit de « pour validation avant engagement à la direction générale de la CANSSM » (COG 2014-2017, "
        "règles budgétaires du FNMO, « La validation des projets d’investissements », lignes 3873-3874)"
    )
    assert rule("refusal.motive").as_quote().source == "Règle fixée dans le silence du texte"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("fnmo.investment.sign_off_delay", Duration(5, DurationUnit.WORKING_DAYS)),
        ("fnmo.investment.check_delay", Duration(15, DurationUnit.WORKING_DAYS)),
        ("fnmo.investment.completion_delay", Duration(30, DurationUnit.CALENDAR_DAYS)),
        ("fnmo.investment.split_window", Duration(12, DurationUnit.MONTHS)),
    ],
)
def test_durations_are_counted_as_the_calendar_rules_say(key: str, expected: Duration) -> None:
    assert rulebooks()["cog-2014-2017"].duration(key, ON) == expected


@pytest.mark.parametrize("key", ["fnmo.investment.threshold", "fnmo.investment.impact_years"])
def test_other_rules_are_no_durations(key: str) -> None:
    with pytest.raises(TypeError, match="not a duration"):
        rulebooks()["cog-2014-2017"].duration(key, ON)


@pytest.mark.parametrize(
    ("key", "read"),
    [
        ("fnmo.investment.note", lambda version: version.amount),
        ("fnmo.investment.dispense", lambda version: version.number),
        ("fnmo.investment.threshold", lambda version: version.number),
        ("fnmo.investment.impact_years", lambda version: version.flag),
        ("fnmo.investment.follow_up", lambda version: version.text),
        ("fnmo.investment.note", lambda version: version.items),
        ("fnmo.investment.note", lambda version: version.date_for(2015)),
    ],
)
def test_a_value_asked_for_in_another_kind_is_refused(
    key: str, read: Callable[[RuleVersion], object]
) -> None:
    with pytest.raises(TypeError, match=key):
        read(rule(key))


def test_values_asked_for_in_their_kind_are_given() -> None:
    assert rule("fnmo.investment.impact_years").number == 3
    assert rule("fnmo.investment.dispense").flag is True
    assert rule("fnmo.investment.note").text == "presentation_note"
    assert rule("fnmo.investment.follow_up").items == ("region", "site", "nature")


@pytest.mark.parametrize(
    ("value", "exercise", "expected"),
    [
        ("06-30 N", 2015, date(2015, 6, 30)),
        ("06-30 N+1", 2015, date(2016, 6, 30)),
        ("11-01 N-1", 2015, date(2014, 11, 1)),
        ("12-30 N", 2016, date(2016, 12, 30)),
    ],
)
def test_date_rules_name_a_date_of_the_exercise(value: str, exercise: int, expected: date) -> None:
    assert date_in_exercise(value, exercise) == expected


def test_roles_of_the_rulebook_are_those_of_the_program() -> None:
    written = {role: set(rule(f"roles.{role}").items) for role in Role.values}
    held: dict[str, set[str]] = {role: set() for role in Role.values}
    for kind, roles in ROLES_BY_KIND.items():
        for role in roles:
            held[role].add(kind)
    assert written == held


def test_calendar_rules_are_those_the_program_counts_by() -> None:
    for rulebook in rulebooks().values():
        on = rulebook.valid_from
        assert rulebook.rule("calendar.time_zone", on).text == PARIS.key
        assert rulebook.rule("calendar.working_days", on).items == DAYS[:5]
        assert rulebook.rule("calendar.holidays", on).text == "France métropolitaine"
