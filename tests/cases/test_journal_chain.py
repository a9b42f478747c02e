"""The chain of fingerprints: what is hashed, what breaks it, and the verifier as an auditor runs it."""

import copy
import hashlib
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cases import journal_chain
from cases.journal_chain import (
    FORMAT,
    GENESIS,
    ChainError,
    ExportError,
    Failure,
    canonical,
    entry_hash,
    load_export,
    verify,
    verify_export,
)

SCRIPT = Path(journal_chain.__file__)
DOSSIER = "0b5c7c1e-6d52-4d6e-8f0c-2f3f2a9f6a11"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
contents = st.fixed_dictionaries(
    {
        "dossier": st.just(DOSSIER),
        "action": texts,
        "motive": texts,
        "changes": st.dictionaries(texts, values, max_size=3),
    }
)


def chain(*bodies: dict[str, Any]) -> list[dict[str, Any]]:
    previous, entries = GENESIS, []
    for sequence, body in enumerate(bodies, start=1):
        entry = {**body, "sequence": sequence, "previous_hash": previous}
        previous = entry["hash"] = entry_hash(previous, entry)
        entries.append(entry)
    return entries


def sample(length: int = 4) -> list[dict[str, Any]]:
    return chain(
        *(
            {
                "dossier": DOSSIER,
                "at": f"2015-03-0{number}T09:30:00.000000+00:00",
                "actor": number,
                "action": "perform",
                "motive": "Pièce illisible : l’échéancier",
                "changes": {
                    "amount_ht": "25000.50",
                    "facilities": ["Œuvre de Liévin"],
                    "is_restructuring": False,
                },
            }
            for number in range(1, length + 1)
        )
    )


def test_canonical_is_sorted_compact_utf8_without_the_chain_keys() -> None:
    entry = {"b": "é€\u202f", "a": {"z": None, "y": [True, 1]}, "hash": "x", "previous_hash": "y"}
    assert canonical(entry) == '{"a":{"y":[true,1],"z":null},"b":"é€\u202f"}'.encode()


def test_entry_hash_is_the_documented_formula() -> None:
    expected = hashlib.sha256(b"berline-journal-1\n" + b"0" * 64 + b'\n{"a":"x"}').hexdigest()
    assert entry_hash(GENESIS, {"a": "x"}) == expected


def test_canonical_hashes_the_text_as_stored_not_its_normal_form() -> None:
    assert entry_hash(GENESIS, {"motive": "é"}) != entry_hash(GENESIS, {"motive": "e\u0301"})


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        Decimal("1.00"),
        b"x",
        {1: "x"},
        {"k": {"deep": [0.5]}},
        "\ud800",
        {"\ud800": 1},
        {1, 2},
    ],
)
def test_canonical_refuses_what_has_no_single_form(value: object) -> None:
    with pytest.raises(ChainError, match="entry"):
        canonical({"changes": value})


@given(st.lists(contents, max_size=6))
def test_verify_accepts_every_chain_that_was_built(bodies: list[dict[str, Any]]) -> None:
    entries = chain(*bodies)
    assert verify(entries) is None
    assert verify(entries, head=entries[-1]["hash"] if entries else GENESIS) is None
    assert verify(iter(entries)) is None


@given(bodies=st.lists(contents, min_size=1, max_size=5), data=st.data())
def test_verify_finds_any_alteration_of_any_field(bodies: list[dict[str, Any]], data: st.DataObject) -> None:
    entries = chain(*bodies)
    index = data.draw(st.integers(0, len(entries) - 1))
    field = data.draw(st.sampled_from(sorted(entries[index])))
    value = data.draw(values)
    before = entries[index][field]
    # True == 1 in Python but not in JSON: compare the canonical forms
    assume(canonical({"value": value}) != canonical({"value": before}))
    altered = copy.deepcopy(entries)
    altered[index][field] = value
    failure = verify(altered)
    assert failure is not None
    assert failure.sequence <= index + 1 or field == "sequence"


@given(bodies=st.lists(contents, min_size=1, max_size=5), data=st.data())
def test_verify_finds_an_added_or_a_removed_field(bodies: list[dict[str, Any]], data: st.DataObject) -> None:
    entries = chain(*bodies)
    index = data.draw(st.integers(0, len(entries) - 1))
    removed = copy.deepcopy(entries)
    del removed[index][data.draw(st.sampled_from(sorted(removed[index])))]
    assert verify(removed) is not None
    added = copy.deepcopy(entries)
    name = data.draw(texts.filter(lambda text: text not in added[index]))
    added[index][name] = data.draw(values)
    assert verify(added) == Failure(
        index + 1,
        "content",
        f"Le contenu de l’écriture {index + 1} ne correspond plus à son empreinte : il a été modifié.",
    )


@given(bodies=st.lists(contents, min_size=1, max_size=6), data=st.data())
def test_verify_finds_a_removal_anywhere_given_the_head(
    bodies: list[dict[str, Any]], data: st.DataObject
) -> None:
    entries = chain(*bodies)
    head = entries[-1]["hash"]
    index = data.draw(st.integers(0, len(entries) - 1))
    assert verify(entries[:index] + entries[index + 1 :], head=head) is not None


@given(bodies=st.lists(contents, min_size=2, max_size=6), data=st.data())
def test_verify_finds_a_swap(bodies: list[dict[str, Any]], data: st.DataObject) -> None:
    entries = chain(*bodies)
    one, two = data.draw(st.lists(st.integers(0, len(entries) - 1), min_size=2, max_size=2, unique=True))
    entries[one], entries[two] = entries[two], entries[one]
    failure = verify(entries)
    assert failure is not None
    assert failure.sequence == min(one, two) + 1


@given(bodies=st.lists(contents, min_size=1, max_size=5), data=st.data())
def test_verify_finds_an_insertion_even_rechained(bodies: list[dict[str, Any]], data: st.DataObject) -> None:
    entries = chain(*bodies)
    index = data.draw(st.integers(0, len(entries) - 1))
    intruder = {
        **data.draw(contents),
        "sequence": index + 1,
        "previous_hash": entries[index]["previous_hash"],
    }
    intruder["hash"] = entry_hash(intruder["previous_hash"], intruder)
    assume(intruder["hash"] != entries[index]["hash"])
    head = entries[-1]["hash"]
    assert verify([*entries[:index], intruder, *entries[index:]], head=head) is not None
    renumbered = [{**entry, "sequence": entry["sequence"] + 1} for entry in entries[index:]]
    assert verify([*entries[:index], intruder, *renumbered], head=head) is not None


@pytest.mark.parametrize(
    ("spoil", "sequence", "code"),
    [
        (lambda entries: entries[2].update(motive="autre"), 3, "content"),
        (lambda entries: entries[2].update(hash="f" * 64), 3, "content"),
        (lambda entries: entries[2].update(previous_hash="f" * 64), 3, "link"),
        (lambda entries: entries.pop(1), 2, "gap"),
        (lambda entries: entries.pop(0), 1, "gap"),
        (lambda entries: entries.insert(2, entries[0]), 1, "sequence"),
        (lambda entries: entries[1].pop("sequence"), 2, "sequence"),
        (lambda entries: entries[1].update(sequence=True), 2, "sequence"),
        (lambda entries: entries[1]["changes"].update(amount_ht=1.5), 2, "malformed"),
        (lambda entries: entries.pop(), 4, "head"),
    ],
)
def test_verify_names_the_first_entry_that_fails_and_why(spoil: Any, sequence: int, code: str) -> None:
    entries = sample()
    head = entries[-1]["hash"]
    spoil(entries)
    failure = verify(entries, head=head)
    assert failure is not None
    assert (failure.sequence, failure.code) == (sequence, code)
    assert failure.reason.endswith((".", ")."))


def test_verify_without_a_head_cannot_see_a_cut_tail() -> None:
    """The documented limit: the head must be kept elsewhere."""
    entries = sample()
    assert verify(entries[:-1]) is None
    assert verify(entries[:-1], head=entries[-1]["hash"]) is not None


def test_verify_export_refuses_entries_of_another_dossier() -> None:
    export = {"dossier": "autre", "entries": sample()}
    failure = verify_export(export)
    assert failure is not None
    assert (failure.sequence, failure.code) == (1, "dossier")


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "JSON lisible"),
        (b"[]", "objet JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b'{"dossier": "x"}', "liste"),
        (b'{"entries": []}', "de quel dossier"),
        (b'{"dossier": 3, "entries": []}', "de quel dossier"),
        (b'{"dossier": "x", "entries": [1]}', "liste"),
        (b'{"dossier": "x", "entries": [], "head": 1}', "empreinte finale"),
        (b'{"dossier": "x", "entries": [{"a": 1, "a": 2}]}', "deux fois"),
        (b'{"dossier": "x", "entries": [{"a": 1.0}]}', "virgule"),
        (b'{"dossier": "x", "entries": [{"a": NaN}]}', "virgule"),
        (b'{"format": "autre", "dossier": "x", "entries": []}', "inconnu"),
        (b"[" * 200_000, "JSON lisible"),
    ],
)
def test_load_export_says_what_is_wrong(raw: bytes, sentence: str) -> None:
    with pytest.raises(ExportError, match=sentence):
        load_export(raw)


def run(script: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-S", str(script), *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={"PYTHONIOENCODING": "utf-8", **environment},
        timeout=60,
    )


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """The verifier as an auditor receives it: the one file, in an empty folder, without site packages."""
    script = tmp_path / "alone" / SCRIPT.name
    script.parent.mkdir()
    script.write_bytes(SCRIPT.read_bytes())
    return script


def write(path: Path, entries: list[dict[str, Any]], **more: Any) -> str:
    export = {"format": FORMAT, "dossier": DOSSIER, "entries": entries, **more}
    path.write_text(json.dumps(export, ensure_ascii=False), encoding="utf-8")
    return str(path)


def test_script_accepts_an_intact_export(alone: Path, tmp_path: Path) -> None:
    entries = sample()
    result = run(
        alone, write(tmp_path / "e.json", entries, head=entries[-1]["hash"], reference="FNMO-2015-0042")
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "INTACT" in result.stdout
    assert "4 écritures" in result.stdout
    assert "FNMO-2015-0042" in result.stdout
    assert entries[-1]["hash"] in result.stdout
    assert "Attention" not in result.stdout


def test_script_warns_when_the_head_is_absent(alone: Path, tmp_path: Path) -> None:
    result = run(alone, write(tmp_path / "e.json", sample()))
    assert result.returncode == 0
    assert "Attention" in result.stdout


def test_script_names_the_altered_entry(alone: Path, tmp_path: Path) -> None:
    entries = sample()
    entries[2]["changes"]["amount_ht"] = "19999.00"
    result = run(alone, write(tmp_path / "e.json", entries))
    assert result.returncode == 1
    assert "écriture 3" in result.stdout
    assert "modifié" in result.stdout


@pytest.mark.parametrize("arguments", [(), ("absent.json",), ("a", "b"), ("--help",), ("/",)])
def test_script_answers_two_when_there_is_nothing_to_verify(alone: Path, arguments: tuple[str, ...]) -> None:
    result = run(alone, *arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith(("Usage", "ILLISIBLE"))


def test_script_answers_two_on_a_file_that_is_no_export(alone: Path, tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text("{", encoding="utf-8")
    result = run(alone, str(tmp_path / "e.json"))
    assert result.returncode == 2
    assert "ILLISIBLE" in result.stderr


def test_script_survives_a_terminal_without_accents(alone: Path, tmp_path: Path) -> None:
    result = run(alone, write(tmp_path / "e.json", sample()), PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert "INTACT" in result.stdout


def test_script_runs_beside_modules_that_bear_standard_names(alone: Path, tmp_path: Path) -> None:
    """Started in place, its folder comes first on the import path, and ``cases`` has a ``calendar``."""
    for name in ("calendar", "errors", "money", "content"):
        (alone.parent / f"{name}.py").write_text("raise SystemExit(77)\n", encoding="utf-8")
    assert run(alone, write(tmp_path / "e.json", sample())).returncode == 0
