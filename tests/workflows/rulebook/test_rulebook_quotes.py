"""Every quote of every rulebook stands in the convention's text, at the lines it names.

The texts are not part of the project. The lines that are quoted are kept in ``excerpts/`` (line number, tab,
line), so that a plain clone can check the quotes. Where the texts are — the folder that the environment
variable BERLINE_CONVENTION_DIR names, by default ``../shared/convention`` beside the project — the
excerpts themselves are checked against them. On the machine of continuous integration (CI=true), or when
the variable is set, they have to be there.
"""

import os
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from workflows.rulebook import Rulebook, RuleVersion, Unit, rulebooks
from workflows.rulebook.quotes import quoted_span, quoted_versions, stands

EXCERPTS = Path(__file__).parent / "excerpts"
ROOT = Path(__file__).resolve().parents[3]
VARIABLE = "BERLINE_CONVENTION_DIR"

RULEBOOKS = list(rulebooks().values())
QUOTED = [(rulebook, version) for rulebook in RULEBOOKS for version in quoted_versions(rulebook)]
NUMBERS = {"deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "dix": 10, "quinze": 15, "vingt": 20}
NUMERIC = {
    *(Unit.EUR, Unit.EUR_HT, Unit.PERCENT, Unit.COUNT),
    *(Unit.CALENDAR_DAYS, Unit.WORKING_DAYS, Unit.MONTHS, Unit.YEARS),
}

rulebook_cases = pytest.mark.parametrize("rulebook", RULEBOOKS, ids=lambda rulebook: rulebook.key)
quoted_cases = pytest.mark.parametrize(
    ("rulebook", "version"), QUOTED, ids=lambda value: value.ref if isinstance(value, RuleVersion) else ""
)


def convention_texts(environment: Mapping[str, str], root: Path) -> Path | None:
    """Return the folder of the texts, ``None`` in a plain clone; fail where they have to be and are not."""
    folder = Path(environment.get(VARIABLE) or root.parent / "shared" / "convention")
    if folder.is_dir():
        return folder
    if environment.get(VARIABLE) or environment.get("CI", "").lower() in ("1", "true"):
        pytest.fail(
            f"The texts of the conventions are not in {folder}: set {VARIABLE} to the folder that holds "
            "000_*.txt and 001_*.txt, so that the quotes of the rulebooks can be checked against them."
        )
    return None


def excerpt_of(rulebook: Rulebook) -> dict[int, str]:
    """Return the quoted lines of a convention's text by number."""
    path = EXCERPTS / f"{rulebook.text_number}.txt"
    numbered = (line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return {int(number): line for number, line in numbered}


@quoted_cases
def test_quote_stands_at_the_lines_it_names(rulebook: Rulebook, version: RuleVersion) -> None:
    excerpt = excerpt_of(rulebook)
    missing = [number for number in quoted_span(version) if number not in excerpt]
    assert not missing, f"{version.ref}: add the lines {missing} of {rulebook.text_file} to {EXCERPTS}"
    lines = [excerpt[number] for number in quoted_span(version)]
    assert stands(version.quote, lines), f"{version.ref}: the quote is not what stands at {version.lines}"
    if len(lines) > 1:
        assert not stands(version.quote, lines[1:]), f"{version.ref}: the quote begins later"
        assert not stands(version.quote, lines[:-1]), f"{version.ref}: the quote ends earlier"


@rulebook_cases
def test_excerpt_holds_the_quoted_lines_and_no_more(rulebook: Rulebook) -> None:
    quoted = {number for version in quoted_versions(rulebook) for number in quoted_span(version)}
    assert set(excerpt_of(rulebook)) == quoted
    assert list(excerpt_of(rulebook)) == sorted(quoted)


@rulebook_cases
def test_excerpt_equals_the_text(rulebook: Rulebook) -> None:
    excerpt, folder = excerpt_of(rulebook), convention_texts(os.environ, ROOT)
    assert excerpt
    if folder is not None:
        text = (folder / rulebook.text_file).read_text(encoding="utf-8").split("\n")
        assert excerpt == {number: text[number - 1].strip() for number in excerpt}


@pytest.mark.parametrize("environment", [{}, {"CI": "false"}, {"CI": ""}])
def test_texts_may_be_absent_from_a_plain_clone(tmp_path: Path, environment: dict[str, str]) -> None:
    assert convention_texts(environment, tmp_path / "clone") is None


@pytest.mark.parametrize("environment", [{"CI": "true"}, {"CI": "1"}, {VARIABLE: "/nowhere/at/all"}])
def test_texts_must_be_there_in_ci_and_where_they_are_said_to_be(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with pytest.raises(pytest.fail.Exception, match=VARIABLE):
        convention_texts(environment, tmp_path / "clone")


def test_texts_are_found_beside_the_project_or_by_the_variable(tmp_path: Path) -> None:
    beside, elsewhere = tmp_path / "shared" / "convention", tmp_path / "elsewhere"
    beside.mkdir(parents=True)
    elsewhere.mkdir()
    assert convention_texts({"CI": "true"}, tmp_path / "clone") == beside
    assert convention_texts({VARIABLE: str(elsewhere)}, tmp_path / "clone") == elsewhere


@pytest.mark.parametrize(
    "version",
    [version for _, version in QUOTED if version.status == "text" and version.unit in NUMERIC],
    ids=lambda version: version.ref,
)
def test_numbers_of_the_text_are_the_values_of_the_rules(version: RuleVersion) -> None:
    written = {Decimal(digits) for digits in re.findall(r"\d+", version.quote)}
    written |= {
        Decimal(NUMBERS[word]) for word in re.findall(r"\w+", version.quote.lower()) if word in NUMBERS
    }
    assert version.value in written


def test_some_numbers_are_checked() -> None:
    checked = {version.key for _, version in QUOTED if version.status == "text" and version.unit in NUMERIC}
    assert {"fnmo.investment.threshold", "fnmo.investment.impact_years"} <= checked


def test_derived_amounts_and_rules_without_quote_are_told_apart() -> None:
    for rulebook in RULEBOOKS:
        for versions in rulebook.rules.values():
            for version in versions:
                assert (version.quote != "") or version.status == "derived"
                assert version.explanation or version.status == "text"


@pytest.mark.parametrize(
    ("quote", "lines", "found"),
    [
        ("l’action sanitaire et sociale", ["l’action sanitaire et so-", "ciale a été"], True),
        ("un procès-verbal", ["dans un procès-", "verbal signé"], True),
        ("ordonnateur - comptable", ["la séparation ordonnateur  -  comptable"], True),
        ("à la direction générale", ["à la direction   ", "  générale de"], True),
        ("20000 € HT", ["supérieur à 20\xa0000 € HT"], False),
        ("20000 € HT", ["supérieur à 2000 € HT"], False),
        ("deux trois", ["deux", "et", "trois"], False),
        ("Trois années", ["des trois années"], False),
        ("sociale", ["so- ciale"], False),
    ],
)
def test_stands_tolerates_white_space_and_broken_words_only(
    quote: str, lines: list[str], found: bool
) -> None:
    assert stands(quote, lines) is found
