"""The journal's chain of fingerprints, and the stand-alone verifier of an exported journal.

Every journal entry carries the SHA-256 of its own canonical form, chained to the fingerprint of the entry
before it (design §6). Changing, removing, inserting or swapping an entry therefore breaks every fingerprint
from there on, and :func:`verify` names the first entry that fails.

This file uses the standard library only, so that an auditor can verify an export on a machine that has
neither Django nor the database::

    python journal_chain.py export.json        # 0: intact, 1: altered, 2: not a readable export

Canonical form of an entry (format ``berline-journal-1``):

* the entry without its ``hash`` and ``previous_hash`` keys, as JSON: keys sorted by code point, no spaces,
  UTF-8 without escapes for non-ASCII characters;
* values are ``None``, booleans, integers, strings, lists and dictionaries with string keys. Floats are
  refused: an amount is a decimal string (``"25000.50"``), a moment an ISO-8601 string in UTC with
  microseconds, both written by the caller;
* strings are hashed as they are stored. They are **not** brought to a Unicode normal form: two different
  sequences of code points must not share a fingerprint.

The fingerprint is SHA-256 over ``berline-journal-1``, a line feed, the previous fingerprint in hexadecimal,
a line feed, and the canonical form. The first entry's previous fingerprint is :data:`GENESIS`.
The last fingerprint of a chain (its *head*) is what detects the removal of the latest entries: keep it apart
(it is printed at the foot of each decision) and give it to :func:`verify`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = "berline-journal-1"
GENESIS = "0" * 64
FIRST_SEQUENCE = 1
CHAIN_KEYS = frozenset({"hash", "previous_hash"})
MAX_EXPORT_BYTES = 512 * 2**20

OK, ALTERED, UNREADABLE = 0, 1, 2


class ChainError(ValueError):
    """A value that has no canonical form (float, date, non-string key, lone surrogate…)."""


class ExportError(ValueError):
    """A file that is not a readable export; the message is a French sentence."""


class Failure(NamedTuple):
    """The first thing wrong in a chain.

    ``sequence`` is the number of the entry that fails (the number that was expected, for a gap).
    ``code`` is one of ``sequence``, ``gap``, ``link``, ``content``, ``dossier``, ``malformed``, ``head``.
    ``reason`` is a French sentence.
    """

    sequence: int
    code: str
    reason: str


def _reject(value: object, path: str) -> None:
    """Raise :class:`ChainError` when ``value`` has no canonical form; ``path`` names it in the message."""
    if value is None or isinstance(value, (bool, int)):
        return
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ChainError(f"{path}: lone surrogate, not encodable as UTF-8") from None
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ChainError(f"{path}: key {key!r} is not a string")
            _reject(key, f"{path} key")
            _reject(item, f"{path}.{key}")
        return
    if isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _reject(item, f"{path}[{index}]")
        return
    raise ChainError(f"{path}: {type(value).__name__} has no canonical form, give it as a string")


def _plain(value: object) -> object:
    """Mappings as ``dict`` at every depth, so that ``json`` writes any Mapping the same way."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def canonical(entry: Mapping[str, Any]) -> bytes:
    """The canonical bytes of ``entry`` without its chain keys; :class:`ChainError` if it has none."""
    content = {key: value for key, value in entry.items() if key not in CHAIN_KEYS}
    _reject(content, "entry")
    return json.dumps(
        _plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def entry_hash(previous_hash: str, entry: Mapping[str, Any]) -> str:
    """The fingerprint (64 hexadecimal digits) of ``entry`` that follows ``previous_hash``."""
    digest = hashlib.sha256()
    digest.update(f"{FORMAT}\n{previous_hash}\n".encode())
    digest.update(canonical(entry))
    return digest.hexdigest()


def verify(entries: Iterable[Mapping[str, Any]], *, head: str | None = None) -> Failure | None:
    """Check one dossier's chain, entries in order; the first failure, or None when it is intact.

    Each entry holds ``sequence``, ``previous_hash``, ``hash`` and its content. ``head`` is the last
    fingerprint as known from elsewhere: without it, a chain cut after any entry is still a valid chain.
    Entries are consumed one by one, so a long journal is never held in memory.
    """
    previous, expected = GENESIS, FIRST_SEQUENCE
    for entry in entries:
        failure = _check(entry, expected, previous)
        if failure:
            return failure
        previous, expected = entry["hash"], expected + 1
    if head is not None and head != previous:
        last = expected - 1
        return Failure(
            expected,
            "head",
            f"Le journal s’arrête à l’écriture {last}, dont l’empreinte n’est pas l’empreinte finale "
            "attendue : des écritures ont été retirées ou ajoutées à la fin.",
        )
    return None


def _check(entry: Mapping[str, Any], expected: int, previous: str) -> Failure | None:
    sequence = entry.get("sequence")
    if not isinstance(sequence, int) or isinstance(sequence, bool):
        return Failure(
            expected, "sequence", f"L’écriture attendue sous le numéro {expected} n’a pas de numéro."
        )
    if sequence > expected:
        return Failure(
            expected,
            "gap",
            f"L’écriture {expected} manque : la suivante porte le numéro {sequence}.",
        )
    if sequence < expected:
        return Failure(
            sequence,
            "sequence",
            f"Le numéro {sequence} revient alors que l’écriture {expected} est attendue : une écriture a été "
            "ajoutée ou déplacée.",
        )
    if entry.get("previous_hash") != previous:
        return Failure(
            sequence,
            "link",
            f"L’écriture {sequence} ne renvoie pas à l’empreinte de celle qui la précède : une écriture a "
            "été changée, retirée, ajoutée ou déplacée.",
        )
    try:
        computed = entry_hash(previous, entry)
    except ChainError as error:
        return Failure(
            sequence, "malformed", f"L’écriture {sequence} contient une valeur impossible ({error})."
        )
    if entry.get("hash") != computed:
        return Failure(
            sequence,
            "content",
            f"Le contenu de l’écriture {sequence} ne correspond plus à son empreinte : il a été modifié.",
        )
    return None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ExportError("Une clé figure deux fois dans un même objet : l’export a été retouché.")
    return result


def _no_float(text: str) -> Any:
    raise ExportError(
        f"Le nombre à virgule {text} n’a pas sa place dans un journal : l’export a été retouché."
    )


def load_export(raw: bytes) -> dict[str, Any]:
    """Parse an export; :class:`ExportError` says what is wrong.

    ``{"format": FORMAT, "dossier": identifier, "entries": [...], "head"?: hash, "reference"?: text}``.
    ``dossier`` is what each entry carries under the same key (None for a journal of no dossier: the
    administration's); ``reference`` is for the reader only, as no fingerprint covers it. Duplicate keys and
    floats are refused: both would let a reader see something other than what is hashed.
    """
    try:
        export = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=_no_duplicates,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except ExportError:
        raise
    except UnicodeDecodeError:
        raise ExportError("Le fichier n’est pas du texte UTF-8.") from None
    except (ValueError, RecursionError) as error:
        raise ExportError(f"Le fichier n’est pas du JSON lisible ({error}).") from None
    if not isinstance(export, dict):
        raise ExportError("Le fichier n’est pas un export de journal : un objet JSON est attendu.")
    if export.get("format", FORMAT) != FORMAT:
        raise ExportError(f"Format « {export['format']} » inconnu : ce vérificateur lit « {FORMAT} ».")
    if "dossier" not in export or not (export["dossier"] is None or isinstance(export["dossier"], str)):
        raise ExportError("L’export ne dit pas de quel dossier il est le journal (clé « dossier »).")
    entries = export.get("entries")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ExportError("L’export n’a pas de liste d’écritures (clé « entries »).")
    head = export.get("head")
    if head is not None and not isinstance(head, str):
        raise ExportError("L’empreinte finale (clé « head ») n’est pas un texte.")
    return export


def verify_export(export: Mapping[str, Any]) -> Failure | None:
    """Check a loaded export: its chain, its head when given, and that every entry is of its dossier."""
    for entry in export["entries"]:
        if entry.get("dossier") != export["dossier"]:
            sequence = entry.get("sequence")
            number = sequence if isinstance(sequence, int) else 0
            return Failure(
                number,
                "dossier",
                f"L’écriture {number} n’est pas de ce journal ({_title(export)}) : l’export a été retouché.",
            )
    return verify(export["entries"], head=export.get("head"))


def _title(export: Mapping[str, Any]) -> str:
    dossier = export["dossier"]
    name = f"dossier {dossier}" if dossier else "journal sans dossier"
    return f"{name}, présenté comme {export['reference']}" if export.get("reference") else name


def main(arguments: list[str]) -> int:
    """Verify the export named on the command line; prints French, returns the exit code (0, 1 or 2)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write(
            "Usage : python journal_chain.py export.json\n"
            "Vérifie le journal exporté d’un dossier. Code de retour : 0 intact, 1 altéré, 2 illisible.\n"
        )
        return UNREADABLE
    path = Path(arguments[0])
    try:
        if path.stat().st_size > MAX_EXPORT_BYTES:
            raise ExportError(f"Le fichier dépasse {MAX_EXPORT_BYTES // 2**20} Mo.")
        export = load_export(path.read_bytes())
    except OSError as error:
        sys.stderr.write(f"ILLISIBLE — {path} : {error.strerror or error}\n")
        return UNREADABLE
    except ExportError as error:
        sys.stderr.write(f"ILLISIBLE — {path} : {error}\n")
        return UNREADABLE
    failure = verify_export(export)
    if failure:
        sys.stdout.write(f"ALTÉRÉ — {_title(export)}, écriture {failure.sequence}\n{failure.reason}\n")
        return ALTERED
    entries = export["entries"]
    last = entries[-1]["hash"] if entries else GENESIS
    sys.stdout.write(
        f"INTACT — {_title(export)}, {len(entries)} écriture{'s' if len(entries) > 1 else ''}\n"
        f"Empreinte finale : {last}\n"
    )
    if export.get("head") is None:
        sys.stdout.write(
            "Attention : l’export ne porte pas d’empreinte finale ; le retrait des dernières écritures ne se "
            "verrait pas. Comparez l’empreinte ci-dessus à celle d’une décision ou du registre.\n"
        )
    return OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
