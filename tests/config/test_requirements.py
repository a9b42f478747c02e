"""The pinned requirements say what pyproject.toml asks for, and nothing about the machine that pinned them."""

import re
import tomllib
from typing import Any

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def lines(level: str) -> list[str]:
    return (settings.BASE_DIR / "requirements" / f"{level}.txt").read_text(encoding="utf-8").splitlines()


def pins(level: str) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall("\n".join(lines(level)))}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("level", ["base", "test"])
def test_every_line_is_a_pin_a_hash_or_a_comment(level: str) -> None:
    pin = r"[a-z0-9._-]+==\S+ (; [^/]+ )?\\"
    digest = r"    --hash=sha256:[0-9a-f]{64}( \\)?"
    comment = r" *#[^/]*(-c requirements/base\.txt)?[^/]*"
    form = re.compile(f"{pin}|{digest}|{comment}|")
    assert [line for line in lines(level) if not form.fullmatch(line)] == []


@pytest.mark.parametrize("level", ["base", "test"])
def test_every_pin_has_a_hash(level: str) -> None:
    text = "\n".join(lines(level))
    blocks = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_what_the_project_asks_for_is_pinned_within_its_bounds(project: dict[str, Any]) -> None:
    wanted = {"base": project["dependencies"]}
    wanted["test"] = [
        *wanted["base"],
        *(each for group in project["optional-dependencies"].values() for each in group),
    ]
    for level, requirements in wanted.items():
        pinned = pins(level)
        for requirement in map(Requirement, requirements):
            version = pinned.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement} is not pinned: run `make requirements`"
            assert requirement.specifier.contains(version), f"{requirement} is pinned at {version}"


def test_tests_run_with_the_versions_that_production_has() -> None:
    tested = pins("test")
    assert {name: tested.get(name) for name in pins("base")} == pins("base")
