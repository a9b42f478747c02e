"""Tells whether what README.md and docs/ name exists. tests/test_documentation.py gives the conventions."""

import ast
import fnmatch
import html
import importlib.util
import re
import shlex
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, get_commands, load_command_class
from django.urls import Resolver404, resolve

from cases.budget_tables import read_tables
from cases.enums import (
    DeadlineKind,
    DeadlineState,
    DecisionKind,
    DossierStatus,
    Duty,
    OrganisationKind,
    Role,
)
from cases.errors import BusinessError
from cases.money import AmountError, parse_amount
from cases.register_terms import (
    ApprovalState,
    FacilityKind,
    LinkKind,
    MessageKind,
    PlannedFuture,
    PropertyState,
    PropertyUse,
)
from cases.selectors.facility_list import NO, YES
from cases.selectors.property_list import SORTS
from cases.services.reference_data import BODIES
from config.api import api
from config.checks import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_PASSWORD
from config.host import SYSTEM_USER
from notifications.enums import OutboxState
from workflows.engine import RowsField, all_paths
from workflows.rulebook import UnknownRule, rulebooks
from workflows.rulebook import resolve as resolve_rule
from workflows.rulebook.model import Status
from workflows.rulebook.units import Unit
from workflows.selectors.actions import WITHDRAW
from workflows.selectors.notices import NoticeState
from workflows.selectors.notices_rows import MailState

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
USERS = ROOT / "docs" / "utilisateurs"
SOURCES = ("cases", "workflows", "notifications", "config")

#: Words of other people's tools, and notations, that may stand in a code span.
FOREIGN = {
    *("psql", "pg_dump", "unaccent", "pg_trgm", "SELECT … FOR UPDATE", "perform(...)"),
    *("X-Forwarded-Proto", "X-Forwarded-For", "Retry-After", "NaN", '{"code", "message", "details"}'),
    *("flow_class", "flow_task", "workflows/paths.<file>.<Class>.<step>"),
    *("Berline-Timestamp", "Berline-Signature", "Berline-Delivery", "redis-server", "rabbitmq-server"),
    "FOR UPDATE SKIP LOCKED",
    *("*", "role@body", "<role>:<body>", "venv", "gunicorn", "postgresql://user:password@host/name"),
}
#: Amounts that the documents show as refused.
REFUSED_AMOUNTS = {"25.000"}
#: Read from the environment, but no business of whoever runs the site.
INTERNAL_VARIABLES = {"BERLINE_PROCESS", "DJANGO_ALLOW_ASYNC_UNSAFE", "DEBUG", "DJANGO_DEBUG", "CI", "PATH"}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


# -- reading Markdown ------------------------------------------------------------------------------


def fences(text: str) -> list[tuple[str, str]]:
    """Language and content of each fenced block, in order."""
    found = re.findall(r"^( *)```(\w*)\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    return [(language, content) for _, language, content in found]


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL)


def spans(text: str) -> list[str]:
    """Code spans outside fenced blocks."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(text))]


def without_spans(text: str) -> str:
    return re.sub(r"`[^`]+`", "", prose(text))


def slug(heading: str) -> str:
    """The anchor of a heading."""
    kept = "".join(c for c in heading.replace("`", "").lower() if c.isalnum() or c in " -_")
    return kept.strip().replace(" ", "-")


def anchors(text: str) -> set[str]:
    return {slug(heading) for heading in re.findall(r"^#+ +(.+)$", prose(text), re.MULTILINE)}


def plain(text: str) -> str:
    """Without what people do not see: no-break spaces, doubled white space."""
    text = unicodedata.normalize("NFC", html.unescape(text)).replace("\u00a0", " ").replace("\u202f", " ")
    return " ".join(text.split())


# -- what exists -----------------------------------------------------------------------------------


@cache
def modules() -> tuple[tuple[Path, ast.Module], ...]:
    """What the code consists of, but for migrations."""
    return tuple(
        (path, ast.parse(read(path)))
        for folder in SOURCES
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    )


@cache
def identifiers() -> frozenset[str]:
    """Every name that the code defines or imports, and what the tests share."""
    found: set[str] = set()
    journeys = ROOT / "tests" / "journeys.py"
    for _, tree in [*modules(), (journeys, ast.parse(read(journeys)))]:
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                    found.add(name)
                case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                    found.add(name)
                case ast.ImportFrom(names=names):
                    found |= {alias.asname or alias.name for alias in names}
    return frozenset(found)


def _docstrings(tree: ast.Module) -> set[int]:
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }


@cache
def sayings() -> str:
    """All that the code can say, one string a line."""
    found = []
    for _, tree in modules():
        hidden = _docstrings(tree)
        found += [
            plain(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in hidden
        ]
    return "\n".join(found)


@cache
def screen_texts() -> frozenset[str]:
    """What the pages show (between tags, in attributes, as parameters) and what the code says."""
    found: set[str] = set()
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = re.sub(r"{% comment %}.*?{% endcomment %}|{#.*?#}", "", read(path), flags=re.DOTALL)
        found.update(re.findall(r"\w+=\"([^\"{]+)\"", text))
        found.update(re.split(r"<[^>]*>|{%.*?%}|{{.*?}}", text, flags=re.DOTALL))
    return frozenset({plain(text) for text in found} | set(sayings().split("\n")))


def is_label(text: str) -> bool:
    """Whether a screen shows these words: alone, or whole at the beginning of a longer text."""
    wanted = plain(text)
    return wanted in screen_texts() or any(
        shown.startswith(wanted) and not shown[len(wanted)].isalnum() for shown in screen_texts()
    )


@cache
def rule_keys() -> frozenset[str]:
    return frozenset(key for book in rulebooks().values() for key in book.rules)


@cache
def outcomes() -> frozenset[tuple[str, str]]:
    found = {(step.name, key) for path in all_paths() for step in path.steps() for key in step.outcomes}
    return frozenset(found | {(WITHDRAW, WITHDRAW)})


def _subclasses(parent: type) -> Iterator[type]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)


@cache
def schema() -> dict[str, dict[str, object]]:
    """Address → method → operation, as the API describes itself."""
    return {address: dict(operations) for address, operations in api.get_openapi_schema()["paths"].items()}


@cache
def vocabulary() -> frozenset[str]:
    """The words of the field and of the API."""
    words: set[str] = {body.code for body in BODIES} | set(Unit) | set(rulebooks()) | set(get_args(Status))
    words |= set(DEMONSTRATION_ACCOUNTS)
    for kind in (
        Role,
        DossierStatus,
        OrganisationKind,
        Duty,
        DeadlineKind,
        DeadlineState,
        DecisionKind,
        OutboxState,
        NoticeState,
        MailState,
        ApprovalState,
        FacilityKind,
        LinkKind,
        MessageKind,
        PlannedFuture,
        PropertyState,
        PropertyUse,
    ):
        words |= set(kind.values)
    words |= {YES, NO, *SORTS}  # what the registers' lists are asked
    words |= {f"hold_{role.value}" for role in Role}
    for path in all_paths():
        words |= {path.key, *(piece.key for piece in path.pieces)}
        forms = [
            path.form,
            *(one.form for step in path.steps() for one in step.outcomes.values() if one.form),
        ]
        for field_name, field in [pair for form in forms for pair in form.base_fields.items()]:
            words |= {field_name, *(field.columns if isinstance(field, RowsField) else ())}
    words |= {word for pair in outcomes() for word in pair}
    words |= {error.code for error in _subclasses(BusinessError)} | {"error"}
    described = api.get_openapi_schema()
    for definition in described["components"]["schemas"].values():
        words |= set(definition.get("properties", {}))
    for operations in described["paths"].values():
        for operation in operations.values():
            words |= {parameter["name"] for parameter in operation.get("parameters", ())}
            form = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data", {})
            words |= set(form.get("schema", {}).get("properties", {}))
    for model in apps.get_models():
        words |= {one.name for one in (*model._meta.constraints, *model._meta.indexes)}
    for path in (ROOT / "workflows" / "conventions").glob("*.toml"):
        book = tomllib.loads(read(path))
        for rule in book.get("rule", ()):
            words |= set(rule) | {name for version in rule["version"] for name in version}
        words |= {name for obligation in book.get("obligation", ()) for name in obligation}
    return frozenset({*words, "valid_until", "items", "next_cursor"})


@cache
def variables() -> frozenset[str]:
    """Variables that the code reads from the environment."""
    found: set[str] = set()
    reading = re.compile(
        r"(?:env\.(?:text|required|flag|numbers?|listing|options)|environ\.get|getenv)\(\s*\"([A-Z_0-9]+)\"|environ\[\"([A-Z_0-9]+)\"\]"
    )
    for path in [*(ROOT / "config").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        found |= {name for pair in reading.findall(read(path)) for name in pair if name}
    listed = re.search(r"for _name in \(([^)]*)\)", read(ROOT / "config/settings/production.py"))
    found |= set(re.findall(r"\"([A-Z_]+)\"", listed[1])) if listed else set()
    return frozenset(found)


@cache
def targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))


# -- what a code span may be -----------------------------------------------------------------------


def _make(words: list[str]) -> bool:
    names = [word for word in words[1:] if "=" not in word]
    settable = read(ROOT / "Makefile")
    given = [word.split("=")[0] for word in words[1:] if "=" in word]
    return set(names) <= targets() and all(name in variables() or f"({name}" in settable for name in given)


def _manage(words: list[str]) -> bool:
    if words[1] not in get_commands():
        return False
    command = load_command_class(get_commands()[words[1]], words[1])
    try:
        command.create_parser("manage.py", words[1]).parse_args(words[2:])
    except (CommandError, SystemExit):
        return False
    return True


def _importable(name: str) -> bool:
    """``module``, ``module.attribute`` or ``module:attribute``; a module alone is found, not run."""
    module, _, attribute = name.replace(":", ".").rpartition(".")
    try:
        if importlib.util.find_spec(name) is not None:
            return True
    except (ImportError, ValueError):
        pass
    try:
        return bool(module) and hasattr(importlib.import_module(module), attribute)
    except ImportError:
        return False


def program_exists(words: list[str]) -> bool:
    match words[0]:
        case "make":
            return _make(words)
        case "manage.py":
            return len(words) > 1 and _manage(words)
        case "python":
            return exists(words[1]) or exists(f"cases/{words[1]}")
        case "celery":
            return (
                words[1:3] == ["-A", "config"]
                and _importable("config.celery.app")
                and words[3] in {"worker", "beat"}
            )
        case "granian":
            return _importable(words[-1])
        case "psql" | "curl":
            return True
    return False


def exists(name: str) -> bool:
    """Whether a file, folder or pattern names something of the project, or what .gitignore says it makes."""
    pattern = re.sub(r"<[^>]+>", "*", name).rstrip("/")
    if not pattern or pattern.startswith("/"):
        return False
    made = {line.strip("/") for line in read(ROOT / ".gitignore").split()}
    return pattern.split("/")[0] in made or next(ROOT.glob(pattern), None) is not None


def address_exists(name: str) -> bool:
    if any(address.startswith(name) for address in schema()) or name == "/api/v1/openapi.json":
        return True
    try:
        resolve(re.sub(r"[<{][^>}]+[>}]", "1", name))
    except Resolver404:
        return False
    return True


def call_exists(span: str) -> bool:
    method, _, address = span.partition(" ")
    if address.startswith("/"):
        return address_exists(address.split("?")[0])
    return method.lower() in schema().get(f"/api/v1/{address}", {})


def dotted_exists(name: str) -> bool:
    if "<" in name:
        return bool(fnmatch.filter(rule_keys(), re.sub(r"<[^>]+>", "*", name)))
    step, _, outcome = name.partition(".")
    return (
        name in rule_keys()
        or name in DEMONSTRATION_ACCOUNTS
        or (step, outcome) in outcomes()
        or exists(name)
        or _importable(name)
        or f"tests.{name}" == "tests.journeys"
    )


def _example(span: str) -> bool:
    """An amount, a date, a reference, the version of a rule, lines of a text."""
    value = span.strip('"')
    if re.fullmatch(r"\d{4}-\d\d-\d\d|\d\d-\d\d N(\+1)?|\d{3}:\d+(-\d+)?", value):
        return True
    if reference := re.fullmatch(r"([A-Z]+)-\d{4}-\d{4}", value):
        shown = "\n".join(read(path) for path in DOCUMENTS)
        return reference[1] in {path.prefix for path in all_paths()} or f'prefix = "{reference[1]}"' in shown
    if "@" in value:
        try:
            resolve_rule(value)
        except UnknownRule:
            return False
        return True
    try:
        parse_amount(value)
    except AmountError:
        return value in REFUSED_AMOUNTS
    return value not in REFUSED_AMOUNTS


def expression_exists(span: str) -> bool:
    """Python whose every name the code defines, and whose every dotted string is a rule."""
    try:
        tree = ast.parse(span)
    except SyntaxError:
        return False
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                if name not in identifiers() and name not in {"True", "False", "None"}:
                    return False
            case ast.Constant(value=str(value)) if "." in value and value not in rule_keys():
                return False
    return True


@cache
def budget_lines() -> frozenset[str]:
    """Codes of the lines of the four budgets."""
    return frozenset(row.code for rows in read_tables().values() for row in rows if row.in_budget)


def known(span: str, document: Path) -> bool:
    """Whether a code span names something that exists."""
    if span in FOREIGN or _example(span) or span in budget_lines():
        return True
    if re.match(r"(make|manage\.py|python|celery|granian) ", span):
        return program_exists(shlex.split(span))
    if re.match(r"(GET|POST|PATCH|DELETE) ", span):
        return call_exists(span)
    if span.startswith("/"):
        return address_exists(span) or span in sayings()
    if assigned := re.fullmatch(r"([A-Z_]+)=(.*)", span):
        return known(assigned[1], document) and (
            not assigned[2].startswith("config.") or _importable(assigned[2])
        )
    if re.fullmatch(r"[A-ZÀ-Ý_0-9]+", span):
        shell = any(f"{span}=" in block for _, block in fences(read(document)))
        own = span in identifiers() or hasattr(settings, span) or span in vocabulary()
        return (
            span in variables()
            or shell
            or own
            or any(line.startswith(span) for line in sayings().split("\n"))
        )
    if re.fullmatch(r"[a-z0-9_-]+(<[a-z]+>)?", span) and fnmatch.filter(
        vocabulary(), re.sub(r"<.*>", "*", span)
    ):
        return True
    if span in SOURCES or ("/" in span or span.startswith(".")) and exists(span):
        return True
    if re.fullmatch(r"[a-z_<>]+([.:][\w<>]+)+", span) and dotted_exists(span):
        return True
    return not document.is_relative_to(USERS) and (
        span in given_names() or expression_exists(span.removeprefix("."))
    )


def given_names() -> set[str]:
    """The demonstration's password, the system user, and the path that add-a-path.md adds."""
    added = read(ROOT / "docs/maintainers/add-a-path.md")
    return {SYSTEM_USER, DEMONSTRATION_PASSWORD, *re.findall(r'^    key = "(\w+)"$', added, re.MULTILINE)}
