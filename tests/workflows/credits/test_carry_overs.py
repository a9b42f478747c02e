"""A11, A12, A13, A23: what goes to the next year, line by line of the printed tables, and what lapses."""

from decimal import Decimal

import pytest
from hypothesis import given as examples
from hypothesis import strategies

from cases.budget_terms import LineFacts
from cases.errors import Invalid
from tests.workflows.credits.texts import CENTS, LINES, eur, keys, limited, line, only, words
from workflows.credits import CARRY_OVER_RULES, CarryOver, carryable, lapsing

PINNED = limited(*CARRY_OVER_RULES)
EVALUATIVE = "Les crédits évaluatifs non consommés au titre d’un exercice ne peuvent donner lieu à un report."
RESERVE = "Les crédits non utilisés de la réserve nationale sont annulés en fin de chaque exercice."
MENTON = "ne sont ni fongibles, ni reportables."
LAST = "Les crédits non utilisés fin 2017 ne sont pas reportables et seront annulés."
COMMON = "RÈGLES BUDGÉTAIRES COMMUNES AU FNGA, FNASS et FNPPS"
MAY = "peuvent donner lieu à report sur l'exercice suivant"
SHALL = "sont reportés à due concurrence sur l’exercice suivant, durant la période conventionnelle."

ALL = list(LINES.values())


def carried(
    one: LineFacts,
    authorised: str | int = 100,
    committed: str | int = 40,
    earmarked: str | int = 0,
    year: int = 2014,
) -> CarryOver:
    """What may be carried over from a line."""
    return carryable(
        one,
        authorised=eur(authorised),
        committed=eur(committed),
        earmarked=eur(earmarked),
        origin_year=year,
        rules=PINNED,
    )


def expected_ground(one: LineFacts) -> str:
    """The words that decide for a printed line in 2014, by hand from the text."""
    if one.fund == "FNMO":
        return COMMON
    if one.code == "RN":
        return RESERVE
    if one.code == "I.F.CAN.cv.men":
        return MENTON
    if one.fund == "FNGA" and one.code.startswith(("B", "S2", "S3")):
        return EVALUATIVE
    return SHALL if one.fund == "FNASS" else MAY


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.fund} {one.code}")
def test_each_printed_line_follows_its_rule(one: LineFacts) -> None:
    found, ground = carried(one), expected_ground(one)
    assert words(found.quotes[0]).endswith(ground)
    assert found.allowed is (ground in (MAY, SHALL))
    assert found.most == (eur(60) if found.allowed else 0)
    assert found.mandatory is (ground == SHALL)
    if not found.allowed:
        assert only(found.reasons).quote == found.quotes[0]


def test_every_ground_is_met() -> None:
    assert {expected_ground(one) for one in ALL} == {COMMON, RESERVE, MENTON, EVALUATIVE, MAY, SHALL}


@pytest.mark.parametrize(
    ("authorised", "committed", "earmarked", "most", "kept"),
    [
        (100, 40, 0, 60, 0),
        ("100.01", 40, 0, "60.01", 0),
        (100, 40, 10, 60, 10),
        (100, 40, 80, 60, 60),
        (100, 0, 0, 100, 0),
    ],
)
def test_no_more_is_carried_over_than_is_left(
    authorised: str | int, committed: int, earmarked: int, most: str | int, kept: int
) -> None:
    found = carried(line("A-I-1"), authorised, committed, earmarked)
    assert (found.most, found.earmarked) == (eur(most), eur(kept))
    assert ("carry_over.earmarked" in keys(found.quotes)) is bool(kept)


@pytest.mark.parametrize(("authorised", "committed"), [(100, 100), (100, 120), (0, 0), (-5, 0)])
def test_nothing_left_is_nothing_to_carry_over(authorised: int, committed: int) -> None:
    found = carried(line("A-I-1"), authorised, committed)
    assert (found.most, only(found.reasons).code) == (0, "nothing_left")


@pytest.mark.parametrize(
    ("year", "allowed", "rule"),
    [
        (2014, True, None),
        (2016, True, None),
        (2017, False, "carry_over.last_exercise"),
        (2018, False, "carry_over.later_exercises"),
        (2025, False, "carry_over.later_exercises"),
    ],
)
@pytest.mark.parametrize("one", [line("A-I-1"), line("II.K.imm", "FNASS")], ids=["FNGA", "FNASS"])
def test_nothing_is_carried_beyond_2017(one: LineFacts, year: int, allowed: bool, rule: str | None) -> None:
    found = carried(one, year=year)
    assert found.allowed is allowed
    if rule:
        reason = only(found.reasons)
        assert (reason.code, found.most, keys(found.quotes)) == ("after_last_exercise", 0, [rule])
        assert words(reason.quote) == LAST
        assert "2017 est le dernier exercice" in reason.message


def test_capital_of_the_fnass_is_what_is_not_committed() -> None:
    assert "fnass.carry_over.capital" in keys(carried(line("I.K.imm", "FNASS")).quotes)
    assert "fnass.carry_over.capital" not in keys(carried(line("I.F.CAN.col", "FNASS")).quotes)
    assert "sont reportés" in carried(line("I.K.imm", "FNASS")).message
    assert "peuvent être reportés" in carried(line("A-I-1")).message


@pytest.mark.parametrize("one", [line("A-II-1"), line("A-II-2"), line("I.F.ANGDM.vac", "FNASS")])
def test_lines_of_others_are_carried_over_because_the_text_sets_none_apart(one: LineFacts) -> None:
    assert "carry_over.angdm" in keys(carried(one).quotes)
    assert "carry_over.angdm" not in keys(carried(line("A-I-1")).quotes)


def test_negative_consumption_is_refused() -> None:
    with pytest.raises(Invalid, match="Crédits engagés"):
        carried(line("A-I-1"), 100, -1)


@examples(strategies.sampled_from(ALL), CENTS, CENTS, CENTS, strategies.integers(2012, 2030))
def test_carry_over_stays_within_what_is_left(
    one: LineFacts, authorised: Decimal, committed: Decimal, earmarked: Decimal, year: int
) -> None:
    found = carryable(
        one, authorised=authorised, committed=committed, earmarked=earmarked, origin_year=year, rules=PINNED
    )
    assert 0 <= found.most <= max(authorised - committed, Decimal(0))
    assert 0 <= found.earmarked <= min(earmarked, found.most)
    assert found.allowed is (found.most > 0)
    assert found.quotes
    left = max(authorised - committed, Decimal(0))
    lapsed = lapsing(one, left, year, PINNED).amount
    assert found.most + lapsed == (0 if one.fund == "FNMO" else left)


@pytest.mark.parametrize(
    ("one", "year", "amount", "ground"),
    [
        (line("RN"), 2015, 60, RESERVE),
        (line("RN", "FNASS"), 2015, 60, RESERVE),
        (line("I.F.CAN.cv.men", "FNASS"), 2014, 60, MENTON),
        (line("B-I"), 2015, 60, EVALUATIVE),
        (line("A-I-1"), 2016, 0, MAY),
        (line("A-I-1"), 2017, 60, LAST),
        (line("A-I-1"), 2025, 60, LAST),
        (line("I.K.imm", "FNASS"), 2016, 0, SHALL),
        (next(one for one in ALL if one.fund == "FNMO"), 2017, 0, COMMON),
    ],
)
def test_what_lapses_at_the_end_of_the_year(one: LineFacts, year: int, amount: int, ground: str) -> None:
    found = lapsing(one, eur(60), year, PINNED)
    assert found.amount == eur(amount)
    assert words(found.quotes[0]).endswith(ground)
    assert ("sont annulés" in found.message) is bool(amount)


def test_overspent_evaluative_line_has_nothing_to_cancel() -> None:
    found = lapsing(line("B-I"), eur(-60), 2015, PINNED)
    assert (found.amount, words(found.quotes[0])) == (0, EVALUATIVE)
    assert "rien à annuler" in found.message
