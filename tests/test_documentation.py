"""README.md and docs/ name only what exists. Fails when something that they name has disappeared.

Conventions for writers:

* a code span is a name of the project: a command (``make …``, ``manage.py …``), a variable, a file, an
  address, a call of the API, a rule, role, step, outcome, field, account, or an identifier of the code (the
  last one not in pages for users). What is none of them goes into ``FOREIGN`` or is no code span;
* in docs/utilisateurs/, bold is a label of a screen, word for word, and « … » is said by a screen (… stands
  for what varies). Emphasis is in italics;
* a delay followed by its rule, « cinq jours ouvrés (`fnmo.investment.sign_off_delay`) », is compared with it.

What stands in fenced blocks of Python, TOML, JSON and curl is executed by test_documentation_examples.py.
"""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from cases.enums import ROLES_BY_KIND, OrganisationKind, Role
from config.checks import DEMONSTRATION_ACCOUNTS
from tests.documentation import (
    DOCUMENTS,
    INTERNAL_VARIABLES,
    ROOT,
    USERS,
    address_exists,
    anchors,
    call_exists,
    dotted_exists,
    exists,
    expression_exists,
    fences,
    is_label,
    known,
    outcomes,
    plain,
    program_exists,
    prose,
    read,
    sayings,
    screen_texts,
    spans,
    variables,
    without_spans,
)
from workflows.rulebook import rulebooks
from workflows.rulebook.units import Unit

documents = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else ""
)


@documents
def test_document_names_only_what_exists(document: Path) -> None:
    text = read(document)
    unknown = sorted({span for span in spans(text) if not known(span, document)})
    assert not unknown, f"{document.relative_to(ROOT)} names what does not exist: {unknown}"


@documents
def test_document_shows_commands_that_exist(document: Path) -> None:
    for language, block in fences(read(document)):
        if language != "sh":
            continue
        lines = block.replace("\\\n", " ")
        commands = [
            line.split("    #")[0] for line in lines.splitlines() if re.match(r"[a-z]+(\.py)? ", line)
        ]
        for command in commands:
            if not command.startswith("curl"):
                assert program_exists(shlex.split(command, comments=True)), f"{document.name}: {command}"


@documents
def test_document_links_resolve(document: Path) -> None:
    text = prose(read(document))
    for target in re.findall(r"\]\(([^)]+)\)", text):
        name, _, anchor = target.partition("#")
        other = (document.parent / name).resolve() if name else document
        assert other.exists(), f"{document.name} links to {target}, which does not exist"
        if anchor:
            assert anchor in anchors(read(other)), f"{document.name}: no heading for {target}"


@documents
def test_document_names_no_machine_and_no_host(document: Path) -> None:
    text = read(document)
    paths = re.findall(r"(?<![\w.<-])/(?:work|tmp|root|home|opt|usr|srv)\b[^\s`]*", text)
    hosts = re.findall(r"https?://(?!127\.0\.0\.1|localhost)[^\s)`]+", text)
    assert not paths + hosts, f"{document.name} names {paths + hosts}"


@documents
def test_steps_and_outcomes_named_together_belong_together(document: Path) -> None:
    text = prose(read(document))
    pairs = re.findall(r"`(\w+)` / `(\w+)`", text)
    for table in re.findall(r"^\| step \| outcome \|.*\n\|[-| ]+\n((?:\|.*\n)+)", text, re.MULTILINE):
        for row in table.splitlines():
            cells = [re.findall(r"`(\w+)`", cell) for cell in row.strip("|").split("|")]
            pairs += [(cells[0][0], outcome) for outcome in cells[1]]
    assert set(pairs) <= outcomes(), f"{document.name}: {sorted(set(pairs) - outcomes())}"


user_pages = pytest.mark.parametrize("user_page", sorted(USERS.glob("*.md")), ids=lambda path: path.stem)


@user_pages
def test_user_page_shows_labels_of_the_screens(user_page: Path) -> None:
    labels = set(re.findall(r"\*\*(.+?)\*\*", without_spans(read(user_page)), re.DOTALL))
    unknown = sorted(label for label in labels if not is_label(label))
    assert not unknown, f"{user_page.name}: no screen shows {unknown}"


@user_pages
def test_user_page_quotes_what_the_screens_say(user_page: Path) -> None:
    said = "\n".join([sayings(), *screen_texts()]).lower()
    for sentence in re.findall(r"« (.*?) »", plain(without_spans(read(user_page)))):
        for part in re.split(r"…|«|»", sentence):
            assert part.strip(" .").lower() in said, f"{user_page.name}: nothing says « {sentence} »"


def test_five_minutes_of_the_readme_show_labels_of_the_screens() -> None:
    text = read(ROOT / "README.md")
    section = text.split("in five minutes")[1].split("\n## ")[0]
    labels = re.findall(r"\*\*(.+?)\*\*", section)
    assert len(labels) > 5
    assert [label for label in labels if not is_label(label)] == []


def test_every_role_has_a_page_that_names_it_rightly() -> None:
    named: dict[str, str] = {}
    for page in USERS.glob("*.md"):
        text = read(page)
        named |= {value: label for label, value in re.findall(r"\*\*([^*]+)\*\* \(`(\w+)`\)", text)}
    assert named == {role.value: role.label for role in Role}


def test_administrator_page_tells_which_body_holds_which_role() -> None:
    rows = re.findall(r"^\| [^|`]+ \| (\*\*.+\*\*) \|$", read(USERS / "administrateur.md"), re.MULTILINE)
    told = [set(re.findall(r"\*\*(.+?)\*\*", row)) for row in rows]
    held = [{role.label for role in ROLES_BY_KIND[kind]} for kind in OrganisationKind]
    assert sorted(map(sorted, told)) == sorted(map(sorted, held))


NUMBERS = {"deux": 2, "douze": 12, "trois": 3, "cinq": 5, "dix": 10, "quinze": 15, "vingt": 20, "trente": 30}
UNITS = {
    "jours ouvrés": Unit.WORKING_DAYS,
    "jours": Unit.CALENDAR_DAYS,
    "mois": Unit.MONTHS,
    "années": Unit.YEARS,
}


def test_delays_are_those_of_the_rules() -> None:
    compared = 0
    for page in USERS.glob("*.md"):
        text = plain(prose(read(page)))
        for word, unit, key in re.findall(
            r"(\w+) (jours ouvrés|jours|mois|années)[^.(`]*\(`([\w.]+)`\)", text
        ):
            version = rulebooks()["cog-2014-2017"].rules[key][-1]
            if version.unit in (Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.MONTHS, Unit.YEARS):
                assert (NUMBERS[word], UNITS[unit]) == (version.number, version.unit), f"{page.name}: {key}"
                compared += 1
    assert compared >= 4


def test_accounts_of_the_readme_are_those_of_the_demonstration() -> None:
    text = read(ROOT / "README.md")
    table = text.split("| account | who |")[1].split("\n\n")[0]
    assert sorted(re.findall(r"`([a-z.]+)`", table)) == sorted(DEMONSTRATION_ACCOUNTS)


def test_every_variable_is_documented_and_none_is_invented() -> None:
    text = read(ROOT / "docs/maintainers/running.md")
    told = {
        name
        for row in re.findall(r"^\| (`[A-Z].*?) \|", text, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    told |= set(re.findall(r"`(BERLINE_\w+|CHROMIUM|DJANGO_SETTINGS_MODULE)", text))
    assert told - variables() <= {"DJANGO_SETTINGS_MODULE"}
    assert variables() - told - INTERNAL_VARIABLES == set()


RECOGNISED: list[tuple[str, Callable[[str], bool]]] = [
    ("make nothing", lambda span: program_exists(shlex.split(span))),
    ("manage.py nothing", lambda span: program_exists(shlex.split(span))),
    ("manage.py journal burn", lambda span: program_exists(shlex.split(span))),
    ("GET nothing", call_exists),
    ("DELETE paths", call_exists),
    ("/nothing/at/all", address_exists),
    ("sign_off.fly", dotted_exists),
    ("fnmo.investment.nothing", dotted_exists),
    ("agent.nord", dotted_exists),
    ("cases/nothing.py", exists),
    ("context.rule('fnmo.nothing')", expression_exists),
    ("unheard_of(1)", expression_exists),
    ("Signer et oublier", is_label),
]


@pytest.mark.parametrize(("span", "recognise"), RECOGNISED, ids=[span for span, _ in RECOGNISED])
def test_what_does_not_exist_is_not_recognised(span: str, recognise: Callable[[str], bool]) -> None:
    assert not recognise(span)


@pytest.mark.parametrize("span", ["sign_of", "under_revue", "BERLINE_NOTHING", "FNMX-2015-0042", "25.0.0"])
def test_misspelt_names_are_unknown(span: str) -> None:
    assert not known(span, USERS / "agent.md")
