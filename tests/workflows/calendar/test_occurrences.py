"""When obligations fall due: tables worked out by hand from the texts, then laws."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.calendar import (
    Occurrence,
    all_obligations,
    due_in_year,
    is_closed,
    occurrences,
    occurrences_in_year,
    to_open,
    years_covered,
)
from workflows.rulebook import Frequency, Obligation, rulebooks

OLD, NEW = "cog-2004-2006", "cog-2014-2017"
BY_KEY = {one.key: one for one in all_obligations()}
TODAY = date(2026, 3, 2)


def obligation(number: str) -> Obligation:
    """An obligation by its number in the inventory."""
    return BY_KEY[f"calendar.{number.lower()}"]


def days(number: str, *exercises: int) -> list[str]:
    """Its days for some exercises; « — » where there is none."""
    return [
        one.due_on.isoformat() if one.due_on else "—" for one in occurrences(obligation(number), exercises)
    ]


@pytest.mark.parametrize(
    ("number", "exercise", "expected"),
    [
        ("C01", 2014, ["2013-07-15"]),
        ("C01", 2016, ["2015-07-15"]),
        ("C02", 2016, ["2015-11-01"]),
        ("C03", 2016, ["2016-04-30"]),  # « en avril »
        ("C04", 2016, ["2016-07-15"]),
        ("C05", 2016, ["2016-11-01"]),
        ("C06", 2016, ["2017-04-10"]),
        ("C07", 2016, ["2015-12-31"]),
        ("C08", 2016, ["2016-12-31"]),
        ("C09", 2016, ["2016-06-30"]),
        ("C10", 2016, ["2016-12-30"]),  # « avant le 31 décembre »
        ("C15", 2017, ["2017-12-31"]),
        ("C06", 2026, ["2027-04-10"]),  # no end: the convention is carried forward
        ("C01", 2013, []),
        ("C26", 2015, ["2015-07-01"]),
        ("C26", 2016, []),
        ("C60", 2015, ["2015-10-01", "2015-12-31"]),
        ("C67", 2015, ["2015-06-30"]),  # « avant le 1er juillet »
        ("C30", 2015, ["2015-10-01"]),
        ("C31", 2016, ["2016-10-01"]),
        ("C32", 2017, ["2017-10-01"]),
        ("C16", 2017, ["2017-12-31"]),
        ("C40", 2015, ["2015-12-31"]),  # « fin 2015 »
        ("C53", 2016, ["—", "—"]),  # half-yearly, no day
        ("C47", 2026, ["—"]),
        ("C13", 2015, ["—"]),  # counts from the virement
        ("C59", 2016, []),
        ("C80", 2004, ["2004-02-17"]),
        ("C81", 2004, ["2004-09-30"]),
        ("C85", 2004, ["2004-12-31"]),
        ("C88", 2005, ["2005-12-31"]),
        ("C88", 2006, ["2006-12-31"]),
        ("C89", 2006, ["2006-06-30", "2006-12-31"]),
        ("C89", 2007, []),  # the convention is closed
        ("C91", 2005, ["2005-11-30"]),  # six months after 30 May 2005
        ("C92", 2006, ["2006-12-31"]),
        ("C94", 2005, ["2005-03-31"]),
        ("C95", 2006, ["2006-10-31"]),
        ("C96", 2006, ["2007-01-31"]),  # N+1 outlives the convention
        ("C97", 2004, ["2004-03-31"]),
        ("C97", 2006, ["2006-02-28"]),
        ("C101", 2006, ["2006-05-30"]),
        ("C104", 2004, ["2004-11-30", "2004-12-31"]),
        ("C105", 2004, ["—"]),
    ],
)
def test_days_worked_out_by_hand(number: str, exercise: int, expected: list[str]) -> None:
    assert days(number, exercise) == expected


def test_dashboards_of_one_exercise_spread_over_three_years() -> None:
    found = [days(f"C0{number}", 2015)[0] for number in range(1, 7)]
    assert found == ["2014-07-15", "2014-11-01", "2015-04-30", "2015-07-15", "2015-11-01", "2016-04-10"]


def test_several_exercises_come_in_the_order_asked_for() -> None:
    assert days("C06", 2016, 2014) == ["2017-04-10", "2015-04-10"]


def test_calendar_year_gathers_three_exercises() -> None:
    found = [
        (one.key, one.exercise)
        for number in ("C01", "C04", "C06")
        for one in occurrences_in_year(obligation(number), 2026)
    ]
    assert found == [("calendar.c01", 2027), ("calendar.c04", 2026), ("calendar.c06", 2025)]


@pytest.mark.parametrize(
    ("number", "exercise", "title"),
    [
        ("C01", 2016, "TBB 1 : première prévision pour le budget 2016"),
        ("C06", 2025, "TBB 6 : budget exécuté 2025, suivi des effectifs annexé"),
        (
            "C03",
            2016,
            "TBB 3 : exécution à date, prévision mise à jour, crédits 2015 reportés et non reportés",
        ),
        ("C09", 2016, "Budget primitif 2016 du FNMO soumis au vote, après la clôture des comptes 2015"),
        ("C96", 2005, "Données comptables de l’exercice 2005 disponibles"),
        ("C89", 2006, "Tableau de bord des indicateurs (premier semestre 2006)"),
        ("C38", 2015, "Gestion prévisionnelle des emplois et des compétences mise en œuvre"),
    ],
)
def test_titles_write_the_exercise_out(number: str, exercise: int, title: str) -> None:
    assert occurrences(obligation(number), exercise)[0].title == title


@pytest.mark.parametrize(
    ("number", "when"),
    [
        ("C01", "le 15 juillet N-1"),
        ("C02", "le 1er novembre N-1"),
        ("C89", "le 30 juin N et le 31 décembre N"),
        ("C26", "le mercredi 1er juillet 2015"),
        ("C60", "le jeudi 1er octobre 2015, puis le jeudi 31 décembre 2015"),
        ("C13", "15 jours après le virement"),
        ("C20", "10 ans après la cession"),
        ("C14", "selon un événement : la clôture des comptes"),
        ("C47", "chaque année, sans jour dans le texte"),
        ("C56", "chaque mois, sans jour dans le texte"),
        ("C50", "sans périodicité, sans jour dans le texte"),
        ("C65", "sans jour dans le texte"),
    ],
)
def test_rule_of_the_date_is_told_in_french(number: str, when: str) -> None:
    assert obligation(number).when == when


def test_every_number_of_the_inventory_is_there_once() -> None:
    numbers = [one.number for one in all_obligations()]
    expected = [*range(80, 116), *range(1, 69), 201]  # from 201 on: what one running dossier owes on its own
    assert numbers == [f"C{number:02d}" for number in expected]


def test_days_of_the_text_days_that_are_read_and_those_without_are_counted() -> None:
    dated = [one for one in all_obligations() if one.has_day]
    assert len([one for one in dated if one.rule.status == "text"]) == 24
    assert len([one for one in dated if one.rule.status == "derived"]) == 50
    undated = [one for one in all_obligations() if not one.has_day]
    assert len(undated) == 31
    assert len([one for one in undated if one.event]) == 7
    assert all(one.rule.status == "text" for one in undated)


@pytest.mark.parametrize(
    ("convention", "on", "closed"),
    [(OLD, date(2006, 12, 31), False), (OLD, date(2007, 1, 1), True), (NEW, date(2026, 1, 1), False)],
)
def test_convention_closes_the_day_after_its_end(convention: str, on: date, closed: bool) -> None:
    assert is_closed(rulebooks()[convention], on) is closed


def names(found: tuple[Occurrence, ...]) -> list[str]:
    return [f"{one.obligation.number} {one.exercise}" for one in found]


def test_exercise_is_opened_as_its_years_begin() -> None:
    books = rulebooks()
    assert names(to_open(books, 2026, date(2024, 12, 31))) == []
    assert names(to_open(books, 2026, date(2025, 1, 1))) == ["C01 2026", "C02 2026"]
    began = ["C01 2026", "C02 2026", "C03 2026", "C04 2026", "C05 2026"]
    assert names(to_open(books, 2026, date(2026, 1, 1)))[:5] == began
    assert "C06 2026" not in names(to_open(books, 2026, date(2026, 12, 31)))
    assert "C06 2026" in names(to_open(books, 2026, date(2027, 1, 1)))


def test_convention_that_is_over_opens_nothing_more() -> None:
    over = {NEW: replace(rulebooks()[NEW], valid_until=date(2017, 12, 31))}
    assert names(to_open(over, 2017, date(2017, 12, 31)))
    assert to_open(over, 2017, date(2018, 1, 1)) == due_in_year(over, date(2018, 1, 1)) == ()


def test_year_opens_what_falls_in_it() -> None:
    assert names(due_in_year(rulebooks(), TODAY))[:6] == [
        "C01 2027",
        "C02 2027",
        "C03 2026",
        "C04 2026",
        "C05 2026",
        "C06 2025",
    ]


def test_years_shown_begin_with_the_first_day_and_end_next_year() -> None:
    years = years_covered(all_obligations(), TODAY)
    assert (years[0], years[-1]) == (2003, 2027)


def test_day_is_past_only_when_it_is_over() -> None:
    (one,) = occurrences(obligation("C04"), 2026)
    assert [one.is_past(date(2026, 7, day)) for day in (14, 15, 16)] == [False, False, True]
    (undated,) = occurrences(obligation("C47"), 2026)
    assert not undated.is_past(date(2030, 1, 1))


some = st.sampled_from(all_obligations())
years = st.integers(2000, 2090)


@given(some, years)
def test_law_exercises_not_covered_have_no_occurrence(one: Obligation, exercise: int) -> None:
    found = occurrences(one, exercise)
    if not one.covers(exercise):
        assert found == ()
    assert len(found) <= 2
    assert [occurrence.position for occurrence in found] == list(range(1, len(found) + 1))


@given(some, years)
def test_law_a_day_belongs_to_one_calendar_year(one: Obligation, year: int) -> None:
    found = occurrences_in_year(one, year)
    assert all(occurrence.due_on is None or occurrence.due_on.year == year for occurrence in found)
    near = [occurrences_in_year(one, other) for other in (year - 1, year + 1)]
    assert not set(found) & {occurrence for group in near for occurrence in group}


@given(some)
def test_law_calendar_years_together_are_all_exercises(one: Obligation) -> None:
    exercises = range(2000, 2031)
    by_exercise = set(occurrences(one, exercises))
    by_year = {found for year in range(1991, 2040) for found in occurrences_in_year(one, year)}
    assert by_exercise <= by_year
    assert {found for found in by_year if found.exercise in exercises} == by_exercise


@given(some, years)
def test_law_yearly_days_move_by_one_year_with_the_exercise(one: Obligation, exercise: int) -> None:
    if one.frequency not in (Frequency.YEARLY, Frequency.HALF_YEARLY) or not one.covers(exercise + 1):
        return
    now, later = occurrences(one, exercise), occurrences(one, exercise + 1)
    if not now:
        return
    for first, second in zip(now, later, strict=True):
        if first.due_on is None:
            assert second.due_on is None
        else:
            assert second.due_on == first.due_on.replace(year=first.due_on.year + 1)


@given(years, st.dates(date(2004, 1, 1), date(2090, 12, 31)))
def test_law_opening_never_touches_a_closed_convention_and_only_grows(exercise: int, on: date) -> None:
    found = to_open(rulebooks(), exercise, on)
    assert all(
        one.obligation.opens and not is_closed(rulebooks()[one.obligation.convention], on) for one in found
    )
    assert set(to_open(rulebooks(), exercise, on.replace(day=1, month=1))) == set(found)
