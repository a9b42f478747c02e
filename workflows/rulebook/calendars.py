"""Reading the calendar of a convention: ``calendar_*.toml``, with every fault named.

The format (texts in French)::

    [calendar]
    convention = "cog-2014-2017"        # the key of a convention of the same folder
    act = "COG 2014-2017"

    [[obligation]]
    key = "calendar.c01"                # number of the inventory
    title = "…"                         # what is due; « N » is the exercise
    kind = "transmission"               # workflows.rulebook.obligations.ObligationKind
    owners = ["canssm"]                 # one or more of Party
    addressees = ["state"]              # left out: the text names nobody
    frequency = "yearly"                # Frequency
    due = ["07-15 N-1"]                 # see below; left out: no day in the text
    first_exercise = 2014
    last_exercise = 2017                # left out: as long as the convention
    opens = true                        # left out: the system opens no dossier
    per_path = "fnass_restructuring"    # left out: owed once, not by each running dossier of a path
    status = "text"                     # "derived": the day is the project's reading
    quote = "…"
    source = "…"
    lines = "001:3753"
    explanation = "…"                   # compulsory for "derived"

``due`` depends on the frequency: dates, oldest first, for what comes once (``due = [2015-10-01, 2015-12-31]``); one
date rule for ``yearly``; two, in their order, for ``half_yearly``; none for the others. What counts from an event has
the frequency ``event``, the ``event`` in French with its article, and where the text gives them ``delay`` and ``unit``
(DelayUnit) and the day of the event, ``event_on``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar, cast

from cases.enums import OrganisationKind
from workflows.rulebook.errors import Problem, RulebookError
from workflows.rulebook.model import Rulebook, RuleVersion, Status
from workflows.rulebook.obligations import (
    Delay,
    DelayUnit,
    Frequency,
    Obligation,
    ObligationKind,
    Party,
    when_in_french,
)
from workflows.rulebook.reading import QUOTING, STATUSES, Reading, Table, parse_toml
from workflows.rulebook.units import BadValue, Unit, date_in_exercise

CALENDARS: Final = "calendar_*.toml"
"""The names of the files that hold calendars."""

_KEY: Final = re.compile(r"calendar\.c[0-9]{2,3}")
_TOP: Final = frozenset({"calendar", "obligation"})
_CALENDAR: Final = frozenset({"convention", "act"})
_EVENT: Final = ("event", "event_on", "delay", "unit")
_OBLIGATION: Final = frozenset(
    {
        *("key", "title", "kind", "owners", "addressees", "frequency", "due", *_EVENT),
        *("first_exercise", "last_exercise", "opens", "per_path", "status", "explanation", *QUOTING),
    }
)
_RULES_OF_DAY: Final[Mapping[Frequency, int]] = MappingProxyType(
    {Frequency.YEARLY: 1, Frequency.HALF_YEARLY: 2}
)
_EXERCISES: Final = range(2000, 2101)
_ORDINARY_YEAR: Final = 2015
_E = TypeVar("_E", bound=StrEnum)


def with_calendars(
    rulebooks: Iterable[Rulebook], paths: Iterable[Path]
) -> tuple[list[Rulebook], list[Problem]]:
    """Return the rulebooks with the obligations of the calendars in ``paths``, and the faults of these files."""
    books = {book.key: book for book in rulebooks}
    problems: list[Problem] = []
    for path in paths:
        reading = _Obligations(path.name)
        try:
            content = parse_toml(path)
        except RulebookError as error:
            problems.extend(error.problems)
            continue
        book = reading.calendar(content, books)
        problems.extend(reading.problems)
        if book is not None:
            books[book.key] = book
    return list(books.values()), problems


class _Obligations(Reading):
    """The reading of one calendar."""

    def calendar(self, content: Mapping[str, object], books: Mapping[str, Rulebook]) -> Rulebook | None:
        """Return the convention with this file's obligations, ``None`` when the convention is not known."""
        top = Table(self, "", content)
        top.only(_TOP)
        header = content.get("calendar")
        if not isinstance(header, dict):
            top.fault("la table [calendar] manque")
            return None
        table = Table(self, "[calendar]", header)
        table.only(_CALENDAR)
        act, key = table.text("act"), table.text("convention")
        book = books.get(key)
        if book is None:
            if key:
                table.fault(f"convention inconnue « {key} » (connues : {', '.join(books)})")
            return None
        found: dict[str, Obligation] = dict(book.obligations)
        for position, entry in enumerate(top.tables("obligation", "obligation"), start=1):
            name = entry.get("key")
            label = (
                f"obligation « {name} »" if isinstance(name, str) and name else f"obligation n° {position}"
            )
            one = Table(self, label, entry)
            faults = len(self.problems)
            obligation = self._obligation(one, book, act)
            if isinstance(name, str) and (name in found or name in book.rules):
                one.fault("cette clé est déjà celle d’une obligation ou d’une règle de la convention")
            if len(self.problems) == faults:
                found[obligation.key] = obligation
        words = {obligation.key: (obligation.rule,) for obligation in found.values()}
        return replace(
            book, rules=MappingProxyType({**book.rules, **words}), obligations=MappingProxyType(found)
        )

    def _obligation(self, table: Table, book: Rulebook, act: str) -> Obligation:
        table.only(_OBLIGATION)
        key = table.text("key")
        if key and not _KEY.fullmatch(key):
            table.fault("la clé s’écrit « calendar. » et le numéro de l’inventaire, comme « calendar.c01 »")
        frequency = _member(table, "frequency", Frequency, Frequency.UNSPECIFIED)
        first, last = self._exercises(table, book)
        days, day_rules = self._due(table, frequency, first, last)
        event, event_on, delay = self._event(table, frequency)
        owners = _parties(table, "owners", compulsory=True)
        opens = table.content.get("opens", False)
        if not isinstance(opens, bool):
            table.fault("« opens » vaut « true » ou « false », sans guillemets")
        if opens is True and frequency not in _RULES_OF_DAY:
            table.fault("« opens » ne vaut que pour une obligation annuelle ou semestrielle")
        if opens is True and not any(owner.organisation_kind is OrganisationKind.FUND for owner in owners):
            table.fault("« opens » ne vaut que pour une obligation de la CANSSM")
        per_path = table.text("per_path", compulsory=False)
        if per_path and opens is not True:
            table.fault(
                "« per_path » ne vaut que pour une obligation dont le dossier s’ouvre d’office : « opens = true »"
            )
        rule = self._rule(table, book, act)
        if rule.status == "derived" and not (days or day_rules or event_on):
            table.fault("« derived » dit que le jour est déduit : aucun jour n’est donné")
        when = when_in_french(frequency=frequency, days=days, day_rules=day_rules, event=event, delay=delay)
        return Obligation(
            rule=replace(rule, key=key, value=when),
            kind=_member(table, "kind", ObligationKind, ObligationKind.ACTION),
            owners=owners,
            addressees=_parties(table, "addressees", compulsory=False),
            frequency=frequency,
            days=days,
            day_rules=day_rules,
            event=event,
            event_on=event_on,
            delay=delay,
            first_exercise=first,
            last_exercise=last,
            opens=opens is True,
            per_path=per_path,
        )

    def _rule(self, table: Table, book: Rulebook, act: str) -> RuleVersion:
        status = table.text("status")
        if status and status not in STATUSES:
            table.fault(f"« status » vaut « text » ou « derived », et non « {status} »")
        quote, source, lines = (table.text(name) for name in QUOTING)
        if lines:
            table.check_lines(lines, book.text_number)
        return RuleVersion(
            convention=book.key,
            key="",
            title=table.text("title"),
            unit=Unit.TEXT,
            value="",
            status=cast("Status", status),
            quote=quote,
            source=source,
            lines=lines,
            explanation=table.text("explanation", compulsory=status == "derived"),
            valid_from=book.valid_from,
            valid_until=book.valid_until,
            act=act,
        )

    def _exercises(self, table: Table, book: Rulebook) -> tuple[int, int | None]:
        first, last = _exercise(table, "first_exercise"), None
        if "last_exercise" in table.content:
            last = _exercise(table, "last_exercise")
        elif book.valid_until is not None:
            table.fault("le champ « last_exercise » manque : la convention a une fin")
        if first is None:
            return _EXERCISES[0], last
        if last is not None and last < first:
            table.fault(f"« last_exercise » ({last}) précède « first_exercise » ({first})")
        if first < book.valid_from.year:
            table.fault(f"« first_exercise » ({first}) précède la convention ({book.valid_from.year})")
        if last is not None and book.valid_until is not None and last > book.valid_until.year:
            table.fault(f"« last_exercise » ({last}) suit la convention ({book.valid_until.year})")
        return first, last

    def _due(
        self, table: Table, frequency: Frequency, first: int, last: int | None
    ) -> tuple[tuple[date, ...], tuple[str, ...]]:
        if "due" not in table.content:
            return (), ()
        given = table.content["due"]
        if not isinstance(given, list) or not given:
            table.fault("« due » est une liste de dates ou de règles de date, non vide")
        elif frequency is Frequency.ONCE:
            return _dates(table, given, first, last), ()
        elif frequency in _RULES_OF_DAY:
            return (), _day_rules(table, given, _RULES_OF_DAY[frequency])
        else:
            table.fault(f"« due » n’a pas de sens pour la périodicité « {frequency} »")
        return (), ()

    def _event(self, table: Table, frequency: Frequency) -> tuple[str, date | None, Delay | None]:
        if frequency is not Frequency.EVENT:
            for name in _EVENT:
                if name in table.content:
                    table.fault(f"« {name} » ne vaut que pour la périodicité « event »")
            return "", None, None
        event, event_on = table.text("event"), table.date("event_on", compulsory=False)
        delay = None
        if "delay" in table.content or "unit" in table.content:
            value = table.content.get("delay")
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                table.fault(f"« delay » est un nombre entier d’au moins 1, et non {value!r}")
                value = 1
            delay = Delay(value, _member(table, "unit", DelayUnit, DelayUnit.CALENDAR_DAYS))
        if event_on is not None and delay is None:
            table.fault("« event_on » demande « delay » et « unit »")
        return event, event_on, delay


def _member(table: Table, name: str, kind: type[_E], otherwise: _E) -> _E:
    value = table.text(name)
    if value in set(kind):
        return kind(value)
    if value:
        table.fault(f"« {name} » inconnu : « {value} » (connus : {', '.join(kind)})")
    return otherwise


def _parties(table: Table, name: str, *, compulsory: bool) -> tuple[Party, ...]:
    given = table.content.get(name)
    if given is None and not compulsory:
        return ()
    if not isinstance(given, list) or not given:
        table.fault(f"« {name} » est une liste d’au moins une partie")
        return ()
    for unknown in (party for party in given if party not in list(Party)):
        table.fault(f"« {name} » : partie inconnue « {unknown} » (connues : {', '.join(Party)})")
    found = tuple(Party(party) for party in given if party in list(Party))
    if len(set(found)) < len(found):
        table.fault(f"« {name} » : une même partie figure deux fois")
    return found


def _exercise(table: Table, name: str) -> int | None:
    value = table.content.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and value in _EXERCISES:
        return value
    table.fault(f"« {name} » est une année de {_EXERCISES[0]} à {_EXERCISES[-1]}, et non {value!r}")
    return None


def _dates(table: Table, given: list[object], first: int, last: int | None) -> tuple[date, ...]:
    found = tuple(day for day in given if type(day) is date)  # a datetime is a date too, and is refused
    if len(found) < len(given):
        table.fault("« due » : une date s’écrit sans guillemets ni heure, comme 2015-12-31")
    if any(later <= earlier for earlier, later in zip(found, found[1:], strict=False)):
        table.fault("« due » : les dates se suivent, la plus ancienne d’abord, chacune une fois")
    for day in found:
        if not first <= day.year <= (last or _EXERCISES[-1]):
            table.fault(f"« due » : le {day} n’est pas dans les exercices de l’obligation")
    return found


def _day_rules(table: Table, given: list[object], count: int) -> tuple[str, ...]:
    if len(given) != count:
        table.fault(f"« due » : {count} règle(s) de date attendue(s), et non {len(given)}")
    found: list[tuple[date, str]] = []
    for rule in given:
        try:
            found.append((date_in_exercise(str(rule), _ORDINARY_YEAR), str(rule)))
        except BadValue as error:
            table.fault(f"« due » : {error}")
    if found != sorted(found) or len(set(found)) < len(found):
        table.fault("« due » : les règles de date se suivent, la première d’abord")
    return tuple(rule for _, rule in found)
