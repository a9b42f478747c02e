"""The units of rules, and how a value written in TOML is checked and read in each of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cases.calendar import french_date
from cases.enums import OrganisationKind, Role
from cases.money import LIMIT

RuleValue = Decimal | int | bool | str | date | tuple[str, ...]
"""What the value of a rule can be; :data:`READERS` says which for each unit."""


class Unit(StrEnum):
    """In what the value of a rule is expressed."""

    EUR_HT = "EUR_HT"
    EUR = "EUR"
    PERCENT = "percent"
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    YEARS = "years"
    COUNT = "count"
    BOOLEAN = "boolean"
    ROLE = "role"
    ORGANISATION_KINDS = "organisation_kinds"
    PIECE = "piece"
    LIST = "list"
    DATE = "date"
    DATE_RULE = "date_rule"
    TEXT = "text"


class BadValue(ValueError):
    """A value that does not fit its unit; the text completes the French sentence of the fault."""


_AMOUNT: Final = re.compile(r"[0-9]+\.[0-9]{2}")
_PERCENT: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4})?")
_SLUG: Final = re.compile(r"[a-z][a-z0-9_]*")
_DATE_RULE: Final = re.compile(r"(?P<month>[0-9]{2})-(?P<day>[0-9]{2}) N(?P<shift>[+-][1-9])?")
_HUNDRED: Final = 100


def date_in_exercise(value: str, exercise: int) -> date:
    """Return the date that a date rule such as ``06-30 N+1`` names for ``exercise`` (N, a year)."""
    match = _DATE_RULE.fullmatch(value)
    if match is None:
        raise BadValue("une date d’exercice s’écrit « MM-JJ N », « MM-JJ N+1 » ou « MM-JJ N-1 »")
    try:
        return date(exercise + int(match["shift"] or 0), int(match["month"]), int(match["day"]))
    except ValueError:
        raise BadValue(f"« {value} » n’est pas une date du calendrier") from None


def date_rule_in_words(value: str) -> str:
    """Say a date rule in French: ``04-10 N+1`` is « le 10 avril N+1 », ``12-31 N`` « le 31 décembre N »."""
    day = date_in_exercise(value, 2015)  # an ordinary year
    return french_date(day).removesuffix(str(day.year)) + value.partition(" ")[2]


def _amount(value: object) -> Decimal:
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value) or Decimal(value) >= LIMIT:
        raise BadValue("un montant positif s’écrit entre guillemets avec deux décimales, comme « 20000.00 »")
    return Decimal(value)


def _percent(value: object) -> Decimal:
    if not isinstance(value, str) or not _PERCENT.fullmatch(value) or Decimal(value) > _HUNDRED:
        raise BadValue("un pourcentage de 0 à 100 s’écrit entre guillemets, comme « 12.5 »")
    return Decimal(value)


def _duration(value: object) -> int:
    number = _integer(value)
    if number < 1:
        raise BadValue(f"une durée est d’au moins 1, et non {number}")
    return number


def _count(value: object) -> int:
    number = _integer(value)
    if number < 0:
        raise BadValue(f"un nombre ne peut être négatif : {number}")
    return number


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadValue("un nombre entier est attendu, sans guillemets")
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadValue("« true » ou « false » est attendu, sans guillemets")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or value != value.strip():
        raise BadValue("un texte non vide est attendu, sans blancs autour")
    return value


def _piece(value: object) -> str:
    text = _text(value)
    if not _SLUG.fullmatch(text):
        raise BadValue("une pièce est nommée en minuscules sans accents, comme « presentation_note »")
    return text


def _role(value: object) -> str:
    return _one_of(_text(value), Role.values, "rôle inconnu")


def _list(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise BadValue("une liste d’au moins un texte est attendue")
    texts = tuple(_text(item) for item in value)
    if len(set(texts)) < len(texts):
        raise BadValue("un même élément figure deux fois dans la liste")
    return texts


def _organisation_kinds(value: object) -> tuple[str, ...]:
    fault = "nature d’organisme inconnue"
    return tuple(_one_of(kind, OrganisationKind.values, fault) for kind in _list(value))


def _date(value: object) -> date:
    if type(value) is not date:  # a datetime is a date too, and is refused
        raise BadValue("une date s’écrit sans guillemets ni heure, comme 2014-01-01")
    return value


def _date_rule(value: object) -> str:
    text = _text(value)
    date_in_exercise(text, 2015)  # an ordinary year: 29 February does not exist in every exercise
    return text


def _one_of(text: str, known: Collection[str], fault: str) -> str:
    if text not in known:
        raise BadValue(f"{fault} « {text} » (connus : {', '.join(known)})")
    return text


READERS: Final[Mapping[Unit, Callable[[object], RuleValue]]] = MappingProxyType(
    {
        Unit.EUR_HT: _amount,
        Unit.EUR: _amount,
        Unit.PERCENT: _percent,
        Unit.CALENDAR_DAYS: _duration,
        Unit.WORKING_DAYS: _duration,
        Unit.MONTHS: _duration,
        Unit.YEARS: _duration,
        Unit.COUNT: _count,
        Unit.BOOLEAN: _boolean,
        Unit.ROLE: _role,
        Unit.ORGANISATION_KINDS: _organisation_kinds,
        Unit.PIECE: _piece,
        Unit.LIST: _list,
        Unit.DATE: _date,
        Unit.DATE_RULE: _date_rule,
        Unit.TEXT: _text,
    }
)
"""For each unit the function that turns a TOML value into the rule's value or raises :class:`BadValue`."""
