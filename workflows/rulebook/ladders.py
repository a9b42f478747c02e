"""Reading the reminder ladder of a rule's version::

      [[rule.version]]
      …
      reminders = [{ days_before = 7, to = ["holder"] }, { days_before = 0, to = ["manager", "director"] }]
      overdue = { every = 5, to = ["director"] }

Either may be left out: what is left out is that of the default ladder. Every fault is noted under the rule's key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from workflows.rulebook.reminders import DEFAULT, Addressee, Ladder, Overdue, Rung
from workflows.rulebook.units import RuleValue, Unit

if TYPE_CHECKING:
    from workflows.rulebook.reading import Table

#: The fields of a version that make its ladder.
FIELDS: Final = ("reminders", "overdue")
#: Units of the rules that clocks run by: only they can be reminded of.
_RUNNING: Final = (Unit.CALENDAR_DAYS, Unit.WORKING_DAYS, Unit.MONTHS, Unit.DATE, Unit.DATE_RULE)
_SHORTEST_MONTH: Final = 28
_YEAR: Final = 366


def read_ladder(table: Table, unit: Unit | None, value: RuleValue) -> Ladder | None:
    """Return the ladder written in a version, ``None`` when it has none or when its faults were noted."""
    if not any(name in table.content for name in FIELDS):
        return None
    if unit is not None and unit not in _RUNNING:
        table.fault(
            f"« {next(name for name in FIELDS if name in table.content)} » : seule une règle qui donne un délai ou "
            f"une date se rappelle, et celle-ci est en {unit.value}"
        )
        return None
    rungs, overdue = _rungs(table, unit, value), _overdue(table)
    return Ladder(rungs, overdue) if rungs is not None and overdue is not None else None


def _rungs(table: Table, unit: Unit | None, value: RuleValue) -> tuple[Rung, ...] | None:
    if "reminders" not in table.content:
        return DEFAULT.rungs
    written = table.content["reminders"]
    if not isinstance(written, list) or not all(isinstance(one, dict) for one in written):
        table.fault('« reminders » est une suite de rappels, comme [{ days_before = 7, to = ["holder"] }]')
        return None
    if not written:
        table.fault("« reminders » est vide : nommer au moins un rappel, ou retirer le champ")
        return None
    rungs: list[Rung] = []
    sound = True
    for position, one in enumerate(written, start=1):
        name = f"« reminders », rappel n° {position}"
        days = _days(table, name, one, "days_before", unit, value)
        to = _addressees(table, name, one, "days_before")
        if days is None or to is None:
            sound = False
        elif any(rung.days_before == days for rung in rungs):
            table.fault(f"{name} : un autre rappel est déjà fixé {days} jours avant la date")
            sound = False
        else:
            rungs.append(Rung(days, to))
    return tuple(sorted(rungs, key=lambda rung: -rung.days_before)) if sound else None


def _days(
    table: Table, name: str, content: Mapping[str, object], field: str, unit: Unit | None, value: RuleValue
) -> int | None:
    days = _whole_number(table, name, content, field)
    if days is None:
        return None
    if days < 0:
        table.fault(
            f"{name} : un rappel après la date s’écrit dans « overdue » ; « {field} » vaut 0 ou plus, et non {days}"
        )
        return None
    limit = _length(unit, value)
    if days >= limit:
        table.fault(
            f"{name} : {days} jours avant la date, le délai n’a pas commencé ; « {field} » vaut {limit - 1} au plus"
        )
        return None
    return days


def _length(unit: Unit | None, value: RuleValue) -> int:
    """So many days before its date a delay has surely not begun; for a date, a year."""
    if isinstance(value, int) and not isinstance(value, bool):
        if unit in (Unit.CALENDAR_DAYS, Unit.WORKING_DAYS):
            return value
        if unit is Unit.MONTHS:
            return value * _SHORTEST_MONTH
    return _YEAR


def _overdue(table: Table) -> Overdue | None:
    if "overdue" not in table.content:
        return DEFAULT.overdue
    written = table.content["overdue"]
    if not isinstance(written, dict):
        table.fault('« overdue » s’écrit { every = 5, to = ["director"] }')
        return None
    every = _whole_number(table, "« overdue »", written, "every")
    to = _addressees(table, "« overdue »", written, "every")
    if every is not None and not 1 <= every <= _YEAR:
        table.fault(f"« overdue » : « every » est un nombre de jours de 1 à {_YEAR}, et non {every}")
        return None
    return Overdue(every, to) if every is not None and to is not None else None


def _whole_number(table: Table, name: str, content: Mapping[str, object], field: str) -> int | None:
    number = content.get(field)
    if number is None:
        table.fault(f"{name} : le champ « {field} » manque")
        return None
    if isinstance(number, bool) or not isinstance(number, int):
        table.fault(f"{name} : « {field} » est un nombre entier de jours, sans guillemets")
        return None
    return number


def _addressees(
    table: Table, name: str, content: Mapping[str, object], other: str
) -> tuple[Addressee, ...] | None:
    for unknown in sorted(content.keys() - {other, "to"}):
        table.fault(f"{name} : champ inconnu « {unknown} » (connus : {other}, to)")
    written = content.get("to")
    if not isinstance(written, list) or not written:
        table.fault(f'{name} : « to » est une liste d’au moins un destinataire, comme ["holder"]')
        return None
    sound = True
    for one in written:
        if not isinstance(one, str) or one not in set(Addressee):
            table.fault(f"{name} : destinataire inconnu « {one} » (connus : {', '.join(Addressee)})")
            sound = False
    if sound and len(set(written)) < len(written):
        table.fault(f"{name} : un même destinataire figure deux fois dans « to »")
        sound = False
    return tuple(Addressee(one) for one in written) if sound else None
