"""A convention's rules as objects: immutable, dated, quotable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from cases import deadlines
from cases.errors import Quote
from workflows.rulebook.errors import UnknownRule
from workflows.rulebook.reminders import Ladder
from workflows.rulebook.units import RuleValue, Unit, date_in_exercise

if TYPE_CHECKING:
    from workflows.rulebook.obligations import Obligation

Status = Literal["text", "derived"]
"""``text``: the convention says so; ``derived``: the project decided so where the convention is silent."""


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One rule as it stands from ``valid_from`` to ``valid_until`` (both included; ``None``: open).

    ``lines`` names the lines of the convention's text, e.g. ``001:3872-3873``; ``act`` is the act that
    brought this version; ``explanation`` (French) says why a derived rule is what it is. ``ladder``: the reminders of
    a delay or a date, where the default ones do not suit it.
    """

    convention: str
    key: str
    title: str
    unit: Unit
    value: RuleValue
    status: Status
    quote: str
    source: str
    lines: str
    explanation: str
    valid_from: date
    valid_until: date | None
    act: str
    ladder: Ladder | None = None

    @property
    def ref(self) -> str:
        """The name under which a dossier pins this version; :func:`workflows.rulebook.resolve` reads it."""
        return f"{self.convention}/{self.key}@{self.valid_from.isoformat()}"

    def in_force(self, on: date) -> bool:
        """Tell whether this version holds on the day ``on``."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)

    @property
    def amount(self) -> Decimal:
        """The value of a rule in euros or percent; ``TypeError`` for any other unit."""
        if isinstance(self.value, Decimal):
            return self.value
        raise self._other_than("an amount")

    @property
    def number(self) -> int:
        """The value of a duration or a count; ``TypeError`` for any other unit."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return self.value
        raise self._other_than("a whole number")

    @property
    def flag(self) -> bool:
        """The value of a yes-or-no rule; ``TypeError`` for any other unit."""
        if isinstance(self.value, bool):
            return self.value
        raise self._other_than("a boolean")

    @property
    def text(self) -> str:
        """The value of a text, role or piece; ``TypeError`` for any other unit."""
        if isinstance(self.value, str):
            return self.value
        raise self._other_than("a text")

    @property
    def items(self) -> tuple[str, ...]:
        """The value of a list; ``TypeError`` for any other unit."""
        if isinstance(self.value, tuple):
            return self.value
        raise self._other_than("a list")

    @property
    def day(self) -> date:
        """The value of a date; ``TypeError`` for any other unit."""
        if isinstance(self.value, date):
            return self.value
        raise self._other_than("a date")

    def date_for(self, exercise: int) -> date:
        """The date that this rule fixes for ``exercise`` (a year); ``TypeError`` unless it is a date rule."""
        if self.unit is not Unit.DATE_RULE:
            raise self._other_than("a date rule")
        return date_in_exercise(self.text, exercise)

    def as_quote(self) -> Quote:
        """Return what a screen shows of this rule.

        A rule of the text gives the convention's own words. A derived rule gives the explanation, and
        names as its source the words that it was derived from, if any.
        """
        place = f"{self.source}, {_lines_in_french(self.lines)}" if self.quote else ""
        if self.status == "text":
            return Quote(rule=self.key, text=self.quote, source=place, status=self.status)
        source = "Règle fixée dans le silence du texte"
        if self.quote:
            source = f"Déduit de « {self.quote} » ({place})"
        return Quote(rule=self.key, text=self.explanation, source=source, status=self.status)

    def _other_than(self, expected: str) -> TypeError:
        return TypeError(f"{self.ref} is in {self.unit.value}, not {expected}")


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of one convention, in force from ``valid_from`` to ``valid_until`` (``None``: open).

    ``validity`` says in French why these dates; ``source_file`` is the TOML file, ``text_file`` the file
    of the convention's text, whose number ``text_number`` begins every reference to its lines. ``rules``
    holds for each key its versions, oldest first; ``obligations`` its calendar, by key.
    """

    key: str
    title: str
    valid_from: date
    valid_until: date | None
    validity: str
    source_file: str
    text_file: str
    text_number: str
    rules: Mapping[str, tuple[RuleVersion, ...]]
    obligations: Mapping[str, Obligation] = field(default_factory=lambda: MappingProxyType({}))

    def in_force(self, on: date) -> bool:
        """Tell whether the convention governs what is submitted on the day ``on``."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)

    def rule(self, key: str, on: date) -> RuleVersion:
        """Return the version of ``key`` in force on the day ``on``, or raise :class:`UnknownRule`."""
        if key not in self.rules:
            raise UnknownRule(f"no rule {key!r} in {self.key}")
        for version in self.rules[key]:
            if version.in_force(on):
                return version
        raise UnknownRule(f"no version of {self.key}/{key} in force on {on.isoformat()}")

    def duration(self, key: str, on: date) -> deadlines.Duration:
        """Return the rule ``key`` as a duration, counted as the convention's calendar rules say on that day.

        ``UnknownRule`` when there is no such rule, ``TypeError`` when it is not in days or months.
        """
        version = self.rule(key, on)
        try:
            unit = deadlines.Unit(version.unit.value)
        except ValueError:
            raise TypeError(f"{version.ref} is in {version.unit.value}, not a duration") from None
        return deadlines.Duration(
            value=version.number,
            unit=unit,
            roll_over=self.rule("calendar.roll_over", on).flag,
            first_day_excluded=self.rule("calendar.first_day_excluded", on).flag,
        )


def _lines_in_french(lines: str) -> str:
    span = lines.partition(":")[2]
    return f"lignes {span}" if "-" in span else f"ligne {span}"
