"""Reading one convention's TOML file, with every fault named.

The format (all texts in French)::

    [convention]
    key = "cog-2014-2017"
    title = "…"
    valid_from = 2014-01-01
    valid_until = 2017-12-31            # left out: open
    validity = "why these dates"
    text_file = "001_….txt"             # the file of the text; its first three digits number it

    [[rule]]
    key = "fnmo.investment.threshold"
    title = "…"
    unit = "EUR_HT"                     # workflows.rulebook.units.Unit

      [[rule.version]]                  # one or more, oldest first
      valid_from = 2014-01-01
      valid_until = 2016-12-31          # left out: until the next version, or open
      act = "the act that brought this version"
      value = "20000.00"
      status = "text"                   # or "derived"
      quote = "…"                       # compulsory for "text"; with it go source and lines
      source = "…"
      lines = "001:3872-3873"
      explanation = "…"                 # compulsory for "derived"
      reminders = [{ days_before = 7, to = ["holder"] }]    # of a delay or a date; left out: the default ladder
      overdue = { every = 5, to = ["director"] }            # (workflows.rulebook.ladders)

Nothing else is accepted. All faults of a file are found in one reading, except that a file which is no
TOML in UTF-8 has that one fault.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, cast

from workflows.rulebook import ladders
from workflows.rulebook.errors import Problem, RulebookError
from workflows.rulebook.model import Rulebook, RuleVersion, Status
from workflows.rulebook.units import READERS, BadValue, RuleValue, Unit

_CONVENTION_KEY: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_RULE_KEY: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*")
_TEXT_FILE: Final = re.compile(r"(?P<number>[0-9]{3})_[^/\\]+\.txt")
_LINES: Final = re.compile(r"(?P<text>[0-9]{3}):(?P<first>[1-9][0-9]*)(?:-(?P<last>[1-9][0-9]*))?")
STATUSES: Final = ("text", "derived")
QUOTING: Final = ("quote", "source", "lines")

_TOP: Final = frozenset({"convention", "rule"})
_CONVENTION: Final = frozenset({"key", "title", "valid_from", "valid_until", "validity", "text_file"})
_RULE: Final = frozenset({"key", "title", "unit", "version"})
_VERSION: Final = frozenset(
    {"valid_from", "valid_until", "act", "value", "status", "explanation", *QUOTING, *ladders.FIELDS}
)


def read_rulebook(path: Path) -> Rulebook:
    """Return the rulebook written in ``path``, or raise :class:`RulebookError` with all its faults."""
    reading = _Rules(path.name)
    rulebook = reading.rulebook(parse_toml(path))
    if reading.problems or rulebook is None:
        raise RulebookError(reading.problems)
    return rulebook


def parse_toml(path: Path) -> Mapping[str, object]:
    """Return the content of a TOML file, or raise :class:`RulebookError` with its one fault."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        message = f"le fichier n’est pas en UTF-8 (octet n° {error.start + 1})"
    except tomllib.TOMLDecodeError as error:
        message = f"le fichier n’est pas du TOML correct : {error}"
    except OSError as error:
        message = f"le fichier ne peut être lu : {error.strerror}"
    raise RulebookError([Problem(path.name, "", message)]) from None


@dataclass(slots=True)
class Reading:
    """The reading of one file, and the faults found so far."""

    file: str
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A TOML table with the name under which its faults are reported."""

    reading: Reading
    name: str
    content: Mapping[str, object]

    def fault(self, message: str) -> None:
        """Note a fault of this table."""
        self.reading.problems.append(Problem(self.reading.file, self.name, message))

    def only(self, known: Collection[str]) -> None:
        """Refuse every field that is not ``known``."""
        for unknown in sorted(self.content.keys() - known):
            self.fault(f"champ inconnu « {unknown} » (connus : {', '.join(sorted(known))})")

    def text(self, name: str, *, compulsory: bool = True) -> str:
        """Return the text in the field ``name``; where it is wrong or missing, note it and return ''."""
        value = self.content.get(name)
        if value is None:
            if compulsory:
                self.fault(f"le champ « {name} » manque")
            return ""
        if not isinstance(value, str) or not value.strip():
            self.fault(f"« {name} » doit être un texte non vide")
            return ""
        if value != value.strip():
            self.fault(f"« {name} » commence ou finit par un blanc")
        return value

    def date(self, name: str, *, compulsory: bool = True) -> date | None:
        """Return the date in the field ``name``; where wrong or missing, note it and return ``None``."""
        value = self.content.get(name)
        if value is None:
            if compulsory:
                self.fault(f"le champ « {name} » manque")
            return None
        if type(value) is not date:  # a datetime is a date too, and is refused
            self.fault(f"« {name} » : une date s’écrit sans guillemets ni heure, comme 2014-01-01")
            return None
        return value

    def check_lines(self, lines: str, text_number: str) -> None:
        """Note what is wrong with a reference to the lines of the text ``text_number``."""
        match = _LINES.fullmatch(lines)
        if match is None:
            self.fault("« lines » s’écrit « 001:3872 » ou « 001:3872-3874 »")
        elif text_number and match["text"] != text_number:
            self.fault(f"« lines » renvoie au texte {match['text']} et non au texte {text_number}")
        elif match["last"] is not None and int(match["last"]) <= int(match["first"]):
            self.fault("« lines » : la dernière ligne doit suivre la première")

    def tables(self, name: str, of_what: str) -> Iterator[Mapping[str, object]]:
        """Yield the tables of the array ``name``, noting when it is missing, empty or no such array."""
        value = self.content.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fault(f"« {name} » doit être une suite de tables [[…]]")
        elif not value:
            self.fault(f"aucune {of_what} : au moins une table [[…]] « {name} » est nécessaire")
        else:
            yield from value


class _Rules(Reading):
    """The reading of a convention's file."""

    def rulebook(self, content: Mapping[str, object]) -> Rulebook | None:
        """Read the whole file."""
        top = Table(self, "", content)
        top.only(_TOP)
        header = content.get("convention")
        if not isinstance(header, dict):
            top.fault("la table [convention] manque")
            return None
        convention = self._convention(Table(self, "[convention]", header))
        rules: dict[str, tuple[RuleVersion, ...]] = {}
        for position, rule in enumerate(top.tables("rule", "règle"), start=1):
            key = rule.get("key")
            name = f"règle « {key} »" if isinstance(key, str) and key else f"règle n° {position}"
            table = Table(self, name, rule)
            versions = self._rule(table, convention)
            if isinstance(key, str) and key in rules:
                table.fault("cette clé figure deux fois dans le fichier")
            elif isinstance(key, str):
                rules[key] = versions
        return replace(convention, rules=MappingProxyType(rules))

    def _convention(self, table: Table) -> Rulebook:
        table.only(_CONVENTION)
        key = table.text("key")
        if key and not _CONVENTION_KEY.fullmatch(key):
            table.fault(f"clé « {key} » mal formée : minuscules, chiffres et tirets seulement")
        text_file = table.text("text_file")
        numbered = _TEXT_FILE.fullmatch(text_file)
        if text_file and numbered is None:
            table.fault("« text_file » doit ressembler à « 001_….txt »")
        valid_from = table.date("valid_from") or date.min
        valid_until = table.date("valid_until", compulsory=False)
        if valid_until is not None and valid_until < valid_from:
            table.fault("« valid_until » précède « valid_from »")
        return Rulebook(
            key=key,
            title=table.text("title"),
            valid_from=valid_from,
            valid_until=valid_until,
            validity=table.text("validity"),
            source_file=self.file,
            text_file=text_file,
            text_number=numbered["number"] if numbered else "",
            rules=MappingProxyType({}),
        )

    def _rule(self, table: Table, convention: Rulebook) -> tuple[RuleVersion, ...]:
        table.only(_RULE)
        key, title, unit = table.text("key"), table.text("title"), self._unit(table)
        if key and not _RULE_KEY.fullmatch(key):
            table.fault("clé mal formée : des mots en minuscules sans accents, séparés par des points")
        versions = []
        for position, content in enumerate(table.tables("version", "version"), start=1):
            valid_from = content.get("valid_from")
            label = f"version du {valid_from}" if isinstance(valid_from, date) else f"version n° {position}"
            version = self._version(Table(self, f"{table.name}, {label}", content), convention, unit)
            versions.append(replace(version, key=key, title=title))
        return self._dated(table, convention, versions)

    def _unit(self, table: Table) -> Unit | None:
        name = table.text("unit")
        if name in set(Unit):
            return Unit(name)
        if name:
            table.fault(f"unité inconnue « {name} » (connues : {', '.join(Unit)})")
        return None

    def _version(self, table: Table, convention: Rulebook, unit: Unit | None) -> RuleVersion:
        table.only(_VERSION)
        status = table.text("status")
        if status and status not in STATUSES:
            table.fault(f"« status » vaut « text » ou « derived », et non « {status} »")
        quoted = status == "text" or any(name in table.content for name in QUOTING)
        quote, source, lines = (table.text(name, compulsory=quoted) for name in QUOTING)
        if lines:
            table.check_lines(lines, convention.text_number)
        value = self._value(table, unit)
        return RuleVersion(
            convention=convention.key,
            key="",
            title="",
            unit=unit or Unit.TEXT,
            value=value,
            status=cast("Status", status),
            quote=quote,
            source=source,
            lines=lines,
            explanation=table.text("explanation", compulsory=status == "derived"),
            valid_from=table.date("valid_from") or date.min,
            valid_until=table.date("valid_until", compulsory=False),
            act=table.text("act"),
            ladder=ladders.read_ladder(table, unit, value),
        )

    def _value(self, table: Table, unit: Unit | None) -> RuleValue:
        if "value" not in table.content:
            table.fault("le champ « value » manque")
        elif unit is not None:
            try:
                return READERS[unit](table.content["value"])
            except BadValue as error:
                table.fault(f"valeur {table.content['value']!r} en {unit.value} : {error}")
        return ""

    def _dated(
        self, table: Table, convention: Rulebook, versions: list[RuleVersion]
    ) -> tuple[RuleVersion, ...]:
        """Check that the versions follow each other inside the convention's time, and close each of them."""
        closed = []
        for version, following in zip(versions, [*versions, None][1:], strict=True):
            start, end = version.valid_from, version.valid_until
            if date.min in (start, following.valid_from if following else None):
                continue  # its missing date is a fault already
            if end is not None and end < start:
                table.fault(f"la version du {start} finit avant de commencer")
            if start < convention.valid_from or (convention.valid_until and start > convention.valid_until):
                table.fault(f"la version du {start} commence hors de la durée de la convention")
            if end and convention.valid_until and end > convention.valid_until:
                table.fault(f"la version du {start} finit après la convention")
            if following and following.valid_from <= start:
                table.fault(f"les versions du {start} et du {following.valid_from} ne sont pas dans l’ordre")
            elif following and end and end >= following.valid_from:
                table.fault(f"les versions du {start} et du {following.valid_from} se chevauchent")
            elif following and end is None:
                end = following.valid_from - timedelta(days=1)
            closed.append(replace(version, valid_until=end))
        return tuple(closed)
