"""What every registered path has to be, whoever wrote it: the checks of the design (§7), its words, its papers."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import pytest
from django.forms import Field, Form

from cases import clock
from cases.enums import DossierStatus, OrganisationKind
from cases.models import Organisation
from cases.services.reference_data import BODIES, load_organisations
from tests.documentation import ROOT, USERS
from tests.journeys import Cast, state_of_everything
from tests.workflows.walk_data import ground_of
from workflows.demonstration.people import ACCOUNTS
from workflows.engine import Path, Step, all_paths
from workflows.engine.bpmn import conditions, path_bpmn
from workflows.engine.checks import problems_of, used_rules
from workflows.engine.diagram import path_svg
from workflows.engine.seats import Seat, chairs_of
from workflows.rulebook import rulebooks
from workflows.services import simulate

PATHS = pytest.mark.parametrize("path", all_paths(), ids=lambda path: path.key)

#: Words that no French sentence of the screens holds, but an English one nearly always does.
ENGLISH = re.compile(
    r"\b(the|of|and|is|was|be|been|to|with|by|from|this|that|these|those|yes|must|may|should|which|who|whom|approved?|"
    r"submit|submitted|send|sent|back|review|request|refused?|decide|withdraw|board|file|steps?|amount|draft|pending|"
    r"closed?|check|checked|commit|property|building|path|sale|sold|needed|required|invalid|choose|select|please|enter|"
    r"day|year|name)\b",
    re.IGNORECASE,
)
#: Outcomes by whose name a dossier, or what it asks, is turned down.
TURNS_DOWN = re.compile(r"^(Refus|Rejet)", re.IGNORECASE)


def forms_of(path: type[Path]) -> Iterator[type[Form]]:
    """The form of the data and those of the acts."""
    yield path.form
    for step in path.steps():
        yield from (one.form for one in step.outcomes.values() if one.form is not None)


def words_of_field(field: Field) -> Iterator[str]:
    """What a field shows."""
    yield str(field.label or "")
    yield str(field.help_text or "")
    yield from (str(label) for _, label in getattr(field, "choices", ()) if isinstance(label, str))
    for column in getattr(field, "columns", {}).values():
        yield from words_of_field(column)


def labels_of(path: type[Path]) -> Iterator[str]:
    """Titles and labels: what stands on buttons, in headings, on the drawing."""
    yield path.title
    yield path.amount_label
    for node in path.nodes():
        yield str(node.task_title)
    for step in path.steps():
        for one in step.outcomes.values():
            yield one.label
    yield from (piece.title for piece in path.pieces)


def sentences_of(path: type[Path]) -> Iterator[str]:
    """Everything that the path says to people, labels included."""
    yield from labels_of(path)
    yield path.summary
    yield path.verdict
    yield path.verdict_undecided
    for step in path.steps():
        yield step.help
        for one in step.outcomes.values():
            yield one.help
            yield from (route.label for route in one.routes)
    for piece in path.pieces:
        yield piece.help
        yield from piece.examples
    for form in forms_of(path):
        for field in form.base_fields.values():
            yield from words_of_field(field)


def faults_of(text: str) -> list[str]:
    """What is wrong with a French text of the screens."""
    found = [f"« {word} »" for word in ENGLISH.findall(text)]
    if "'" in text:
        found.append("a straight apostrophe")
    if '"' in text:
        found.append("straight quotation marks")
    if re.search(r"\w_\w", text):
        found.append("a name of the program")
    if re.search(r"[^\s\u00a0\u202f][;:!?](\s|$)", text):
        found.append("no space before a double sign")
    return found


@PATHS
def test_path_is_sound_and_speaks_french(path: type[Path], db: None) -> None:
    assert list(problems_of(path)) == []
    assert {text: faults_of(text) for text in sentences_of(path) if faults_of(text)} == {}
    for label in labels_of(path):
        assert label, "a label is missing"
        assert label[0].isupper() or label[0] in "«0123456789", label
        assert label == label.strip()
        assert not label.endswith("."), label


def test_faults_of_words_are_seen() -> None:
    for text in ("Submit the plan", "L'avis", "Le « plan »: oui", "prepare_draft", 'Le "plan"'):
        assert faults_of(text), text
    assert faults_of("Renvoyer à l’agent : la note manque ; « oui » ? 10 h 30") == []


@PATHS
def test_whoever_turns_something_down_says_why(path: type[Path]) -> None:
    for step in path.steps():
        for one in step.outcomes.values():
            refuses = any(route.status == DossierStatus.REFUSED for route in one.routes)
            if refuses or TURNS_DOWN.match(one.label):
                assert one.motive, f"{step.name}.{one.key}"


@PATHS
def test_every_seat_is_held_by_an_account_of_the_demonstration(path: type[Path], db: None) -> None:
    load_organisations()
    held = {(account.role, account.organisation) for account in ACCOUNTS}
    codes = dict(Organisation.objects.values_list("pk", "code"))
    with_accounts = {account.organisation for account in ACCOUNTS}
    bodies = [
        one
        for one in Organisation.objects.all()
        if one.kind in path.organisation_kinds and one.code in with_accounts
    ]
    assert {OrganisationKind(one.kind) for one in bodies} == path.organisation_kinds
    for body in bodies:
        for step in path.steps():
            for seat in step.seats:
                if seat.place == "region" and body.kind != OrganisationKind.CARMI:
                    continue
                roles = step.filing_roles if step is path.first_step() else (seat.role,)
                for role in roles:
                    (chair, *_others) = chairs_of(Seat(role, seat.place), body)
                    if (role, codes[chair.organisation_id]) in held:
                        break
                else:
                    pytest.fail(f"{body.code}: nobody holds {[role.label for role in roles]} at {step.name}")
    assert {one.code for one in BODIES} >= with_accounts


@PATHS
def test_every_rule_quotes_the_text_or_says_why_not(path: type[Path]) -> None:
    book = rulebooks()[path.convention]
    for key in sorted(used_rules(path) | set(path.rules)):
        for version in book.rules[key]:
            quote = version.as_quote()
            assert quote.rule == key
            assert quote.text, key
            assert quote.source, key
            assert faults_of(version.title) == [], (key, version.title)
    for step in path.steps():
        assert step.rules or step.duty.value in ("prepare", "execute"), f"{step.name} names no rule"


@PATHS
def test_conditions_of_a_step_have_names_of_their_own(path: type[Path]) -> None:
    """The export, the drawing's tests and whoever reads them tell conditions by their names."""
    named: dict[str, Any] = {}
    for step in path.steps():
        for one in step.outcomes.values():
            for route in one.routes:
                if route.when is not None:
                    name = route.when.__name__
                    assert re.fullmatch(r"[a-z][a-z0-9_]*", name), f"{step.name}.{one.key}: {name}"
                    assert name not in ("predicate", "condition", "when"), f"{step.name}.{one.key}"
                    assert named.setdefault(name, route.when) is route.when, (
                        f"two conditions are named {name}"
                    )
        assert not any("condition" in text for text in conditions(step).values())


@PATHS
def test_path_can_be_simulated_and_nothing_is_written(path: type[Path], cast: Cast) -> None:
    """With the data of its first walk: the whole of them, and the least that the simulator asks for."""
    ground = ground_of(path.key)
    ground.prepare(cast)
    filing = ground.filings[0]
    body = cast.body[filing.body]
    before = state_of_everything()
    least = {name: filing.data[name] for name in path.simulation_requires}
    with clock.at(ground.now):
        for data in (filing.data, least):
            found = simulate(path=path.key, organisation=body, data=data)
            assert found.route[0].key == path.first_step().name
            assert faults_of(found.verdict) == [], found.verdict
            assert all(delay.quote.text for step in found.route for delay in step.delays)
            assert {piece.key for piece in found.pieces} <= {piece.key for piece in path.pieces}
    assert state_of_everything() == before


@PATHS
def test_path_is_exported_drawn_and_documented(path: type[Path]) -> None:
    assert path.title in path_bpmn(path)
    svg = path_svg(path)
    for step in path.steps():
        assert all(part in svg for part in step.task_title.split()[:1])
    said = _plain("\n".join(page.read_text(encoding="utf-8") for page in USERS.rglob("*.md")))
    assert _plain(path.title) in said, f"docs/utilisateurs never names « {path.title} »"
    told = [step.task_title for step in path.steps() if _plain(step.task_title) in said]
    assert len(told) >= 2, "docs/utilisateurs tells of hardly any step"


def _plain(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f]+", " ", text).lower()


# -- codes of reasons ------------------------------------------------------------------------------


def reason_codes() -> Iterator[tuple[str, str]]:
    """Where a ``Reason`` is made with a code written out, and the code."""
    for folder in ("cases", "workflows", "notifications"):
        for source in sorted((ROOT / folder).rglob("*.py")):
            yield from _codes_in(source)


def _codes_in(source: FilePath) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if (
            not isinstance(node, ast.Call)
            or getattr(node.func, "id", getattr(node.func, "attr", "")) != "Reason"
        ):
            continue
        given = [one.value for one in node.keywords if one.arg == "code"] or node.args[:1]
        for one in given:
            if isinstance(one, ast.Constant):
                yield f"{source.relative_to(ROOT)}:{node.lineno}", str(one.value)


def test_codes_of_reasons_are_words_for_programs() -> None:
    found = list(reason_codes())
    assert len(found) > 100
    assert [one for one in found if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", one[1])] == []


def test_every_path_has_steps_of_its_own() -> None:
    """The functions above really look at steps."""
    assert all(path.steps() and all(isinstance(step, Step) for step in path.steps()) for path in all_paths())
