"""What docs/ show in fenced blocks works: the added path, the rules, the first administrator, the API.

The curl commands of docs/api.md are read as a shell would and sent through Django's test client. Behind each
stands « # status », and « NAME=key » where the next commands take something from the answer.
"""

import ast
import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from cases import clock
from cases.journal_chain import verify_export
from cases.models import Dossier, Organisation
from tests.documentation import DOCUMENTS, ROOT, fences, read
from tests.journeys import PDF
from tests.organisations import have_organisations
from workflows.demonstration.people import create_people
from workflows.rulebook.reading import read_rulebook

MAINTAINERS = ROOT / "docs" / "maintainers"
PYTHON = [
    pytest.param(path, block, id=f"{path.stem}-{number}")
    for path in DOCUMENTS
    for number, (language, block) in enumerate(fences(read(path)))
    if language == "python"
]


def block_of(document: Path, language: str, number: int = 0) -> str:
    """The content of the nth fenced block of a language."""
    return [block for found, block in fences(read(document)) if found == language][number]


@pytest.mark.parametrize(("document", "block"), PYTHON)
def test_python_imports_what_exists(document: Path, block: str) -> None:
    for node in ast.walk(ast.parse(textwrap.dedent(block))):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            missing = [alias.name for alias in node.names if not hasattr(module, alias.name)]
            assert not missing, f"{document.name}: {node.module} has no {missing}"


# -- a path and a rule -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project to which the path and the rules of add-a-path.md were added."""
    copy = tmp_path_factory.mktemp("project")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("cases", "config", "notifications", "templates", "workflows"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    (copy / "tests").mkdir()
    for name in ("manage.py", "tests/__init__.py", "tests/journeys.py", "tests/numbered.py"):
        shutil.copy(ROOT / name, copy / name)
    document = MAINTAINERS / "add-a-path.md"
    rulebook = copy / "workflows/conventions/cog_2014_2017.toml"
    rulebook.write_text(read(rulebook) + "\n" + block_of(document, "toml"), encoding="utf-8")
    (copy / "workflows/paths/advance_example.py").write_text(block_of(document, "python"), encoding="utf-8")
    (copy / "tests/test_added.py").write_text(block_of(document, "python", 1), encoding="utf-8")
    return copy


def run_in(copy: Path, *arguments: str, **environment: str) -> str:
    """Run Python in a copy of the project; its output. Fails when it does."""
    given = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "PYTHONPATH")}
    given |= {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "BERLINE_VAR": str(copy / "var"),
    } | environment
    result = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=given, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.walk
def test_added_path_passes_every_check(extended: Path) -> None:
    run_in(extended, "manage.py", "check", "--fail-level", "WARNING")
    table = run_in(extended, "manage.py", "paths", "advance_example")
    assert "(advance_example)" in table
    assert "10 jours ouvrés" in table


CARRY = """
import django
django.setup()
from django.db import transaction
from tests.journeys import Cast
from tests.test_added import test_payment_above_the_release_is_blocked_with_its_quote as added_test
with transaction.atomic():
    added_test(Cast())
    transaction.set_rollback(True)
print("passed")
"""


@pytest.mark.walk
def test_test_of_the_added_path_passes(extended: Path, db: None) -> None:
    """It runs in this test's database, in a transaction that is undone."""
    given = connection.settings_dict
    parameters = connection.get_connection_params()
    user, password = (quote(str(parameters.get(name) or ""), safe="") for name in ("user", "password"))
    address = f"postgresql://{user}:{password}@"
    if host := str(parameters.get("host") or ""):
        address += f"{'' if host.startswith('/') else host}:{parameters.get('port') or 5432}/{given['NAME']}"
        address += f"?host={host}" if host.startswith("/") else ""
    assert "passed" in run_in(extended, "-c", CARRY, DATABASE_URL=address)


def test_rule_of_the_documentation_is_read_in_both_versions(tmp_path: Path) -> None:
    header = """
        [convention]
        key = "cog-2014-2017"
        title = "Convention d’essai"
        valid_from = 2014-01-01
        validity = "Essai."
        text_file = "001_essai.txt"
    """
    path = tmp_path / "rules.toml"
    path.write_text(
        textwrap.dedent(header) + block_of(MAINTAINERS / "add-a-rule.md", "toml"), encoding="utf-8"
    )
    book = read_rulebook(path)
    assert book.rule("fnmo.example.notice_delay", date(2015, 12, 31)).number == 15
    assert book.rule("fnmo.example.notice_delay", date(2016, 1, 1)).number == 20


def test_ladder_of_the_documentation_is_read(tmp_path: Path) -> None:
    document = MAINTAINERS / "add-a-rule.md"
    header = """
        [convention]
        key = "cog-2014-2017"
        title = "Convention d’essai"
        valid_from = 2014-01-01
        validity = "Essai."
        text_file = "001_essai.txt"
    """
    path = tmp_path / "rules.toml"
    path.write_text(textwrap.dedent(header) + block_of(document, "toml", 1), encoding="utf-8")
    ladder = read_rulebook(path).rule("fnmo.example.answer_delay", date(2015, 1, 1)).ladder
    assert ladder is not None
    assert ([rung.days_before for rung in ladder.rungs], ladder.overdue.every) == ([5, 0], 3)


# -- the API ---------------------------------------------------------------------------------------


def _prepared(command: str) -> str:
    """What the shell does before it cuts a command into words."""
    return command.replace("\\\n", " ").replace("$(date +%F)", clock.today().isoformat())


class Shell:
    """Runs the curl commands of the documentation through Django's test client."""

    def __init__(self) -> None:
        self.variables = {"BASE": "http://127.0.0.1:8000/api/v1"}
        self.client = Client()
        self.answer: Any = None
        self.calls = 0

    def run(self, command: str, remark: str) -> None:
        """One command; checks its status and keeps what the remark says."""
        arguments = [self._filled(word) for word in shlex.split(_prepared(command))]
        response = self._send(arguments[1:])
        status, *kept = [part.strip() for part in remark.split(",")]
        content = response.content if not response.streaming else b"".join(response.streaming_content)
        assert response.status_code == int(status), f"{command}\n{content.decode()}"
        self.answer = json.loads(content) if content else None
        for name, key in (one.split("=") for one in kept):
            self.variables[name] = str(self._found(key))
        self.calls += 1

    def _filled(self, word: str) -> str:
        return re.sub(r"\$([A-Z]+)", lambda match: self.variables[match[1]], word)

    def _found(self, key: str) -> Any:
        if key.startswith("items."):
            item = next(
                one for one in self.answer["items"] if one["reference"] == self.variables["REFERENCE"]
            )
            return item[key.removeprefix("items.")]
        return self.answer[key]

    def _send(self, arguments: list[str]) -> Any:
        method, headers, body, parts, address = "GET", {}, "", {}, ""
        words = iter(arguments)
        for word in words:
            match word:
                case "-X":
                    method = next(words)
                case "-H":
                    name, _, value = next(words).partition(": ")
                    headers[name] = value
                case "-d":
                    body = next(words)
                case "-F":
                    name, _, value = next(words).partition("=")
                    parts[name] = SimpleUploadedFile(value[1:], PDF) if value.startswith("@") else value
                case _:
                    address = word.removeprefix("http://127.0.0.1:8000")
        if parts:
            return self.client.post(address, parts, headers=headers)
        kind = headers.pop("Content-Type", "")
        return self.client.generic(method, address, body.encode(), content_type=kind, headers=headers)


def steps_of(document: Path) -> Iterator[tuple[str, str, str]]:
    """("curl", command, remark) and ("json", content, "") in the order of the document."""
    for language, block in fences(read(document)):
        if language == "json":
            yield "json", block, ""
        if language == "sh":
            for command, remark in re.findall(r"^(curl .*?)    # ([^\n]*)$", block, re.MULTILINE | re.DOTALL):
                yield "curl", command, remark


def test_api_guide_carries_a_dossier_from_draft_to_closing(db: None) -> None:
    have_organisations()
    create_people({one.code: one for one in Organisation.objects.order_by("pk")})
    document = ROOT / "docs" / "api.md"
    shell = Shell()
    for kind, content, remark in steps_of(document):
        if kind == "json":
            assert shell.answer == json.loads(content)
        else:
            shell.run(content, remark)
            if content.endswith('/journal -H "Authorization: Bearer $TOKEN"'):
                assert verify_export(shell.answer) is None
    assert shell.calls == read(document).count("\ncurl ")
    dossier = Dossier.objects.get(reference=shell.variables["REFERENCE"])
    assert (dossier.status, str(dossier.approved_amount_ht)) == ("closed", "25000.50")
    assert settings.BERLINE_PRODUCTION is False
