"""What is asked of the register of notices: read from an address, refused field by field, told in French."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from cases.budget_terms import FundCode
from cases.calendar import french_date
from cases.enums import OrganisationKind
from cases.models import Organisation
from cases.text import storable
from workflows.selectors.notices import NoticeState

#: The names of the filters, as addresses and programs give them.
NAMES = ("exercise", "fund", "addressee", "state", "dossier", "since", "until")
#: Exercises that a dossier can have, and days that an act can have had.
FIRST_YEAR, LAST_YEAR = 2000, 2100

_LONGEST_REFERENCE = 40
_ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)", re.ASCII)
_FRENCH = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})", re.ASCII)


#: Kinds of bodies that the conventions have informed of virements (rule ``virement.information.addressees``).
_TOLD = frozenset({OrganisationKind.MINISTRY.value, OrganisationKind.COMPTROLLER.value})


@dataclass(frozen=True, slots=True)
class Body:
    """A body: its name, and whether virements are told to it."""

    name: str
    told: bool


@dataclass(frozen=True, slots=True)
class RegisterFilters:
    """What to show of the register, as ``register`` takes it; nothing: all that the person may read."""

    exercise: int | None = None
    fund: str = ""
    addressee: str = ""
    state: str = ""
    dossier: str = ""
    since: date | None = None
    until: date | None = None

    def as_query(self) -> dict[str, str]:
        """The filters that are set, as an address holds them."""
        return {name: str(value) for name, value in self.as_arguments().items()}

    def as_arguments(self) -> dict[str, Any]:
        """The filters that are set, as ``register`` takes them."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in given.items() if value not in ("", None)}

    def without_state(self) -> RegisterFilters:
        """The same for notices of any state."""
        return replace(self, state="")

    def said(self, named: Mapping[str, Body]) -> list[tuple[str, str]]:
        """Each filter that is set, label and value in French, for the head of a file. ``named``: :func:`bodies`."""
        found = {
            "Exercice": str(self.exercise or ""),
            "Fonds": f"{self.fund} — {FundCode(self.fund).label}" if self.fund else "",
            "Destinataire": named[self.addressee].name if self.addressee else "",
            "État": str(NoticeState(self.state).label) if self.state else "",
            "Dossier": self.dossier,
            "Date du virement": _period(self.since, self.until),
        }
        return [(label, value) for label, value in found.items() if value]


def bodies() -> dict[str, Body]:
    """Code → body, by name: whom the register can be asked about. One statement."""
    found = Organisation.objects.order_by("name", "pk").values_list("code", "name", "kind")
    return {code: Body(name, kind in _TOLD) for code, name, kind in found}


def read_filters(
    given: Mapping[str, str], known: Container[str], *, french_days: bool = True
) -> tuple[RegisterFilters, dict[str, list[str]]]:
    """The filters in ``given`` (others are ignored), and for each that cannot be understood what to do instead.

    A filter that is refused is left out: whoever gets a refusal must show no list. ``french_days``: « 30/06/2015 » is
    a day too. ``known``: the codes of :func:`bodies`.
    """
    readers: dict[str, Callable[[str], Any]] = {
        "exercise": _exercise,
        "fund": _fund,
        "addressee": lambda text: _addressee(text, known),
        "state": _state,
        "dossier": _reference,
        "since": lambda text: _day(text, french_days),
        "until": lambda text: _day(text, french_days),
    }
    found: dict[str, Any] = {}
    refused: dict[str, list[str]] = {}
    for name, reader in readers.items():
        text = given.get(name, "").strip()
        if not text:
            continue
        try:
            found[name] = reader(text)
        except ValueError as error:
            refused[name] = [str(error)]
    since, until = found.get("since"), found.get("until")
    if since and until and until < since:
        refused["until"] = [
            f"La période finit le {french_date(until)}, avant de commencer le {french_date(since)} : "
            "échangez les deux dates."
        ]
    return RegisterFilters(**{name: value for name, value in found.items() if name not in refused}), refused


def _exercise(text: str) -> int:
    if not re.fullmatch(r"[0-9]{4}", text) or not FIRST_YEAR <= int(text) <= LAST_YEAR:
        raise ValueError(f"« {shown(text)} » n’est pas un exercice : donnez une année, par exemple 2026.")
    return int(text)


def _fund(text: str) -> str:
    if text.upper() not in FundCode.values:
        known = ", ".join(FundCode.values)
        raise ValueError(f"« {shown(text)} » n’est pas un fonds : choisissez parmi {known}.")
    return text.upper()


def _addressee(text: str, known: Container[str]) -> str:
    if text not in known:
        raise ValueError(f"« {shown(text)} » est inconnu. Corrigez ce filtre ou retirez-le.")
    return text


def _state(text: str) -> str:
    if text not in NoticeState.values:
        known = ", ".join(f"{state.value} ({state.label})" for state in NoticeState)
        raise ValueError(f"« {shown(text)} » est inconnu. Valeurs admises : {known}.")
    return text


def _reference(text: str) -> str:
    if len(text) > _LONGEST_REFERENCE or not storable(text):
        raise ValueError(
            f"« {shown(text)} » n’est pas une référence : écrivez-la comme sur le dossier, par exemple VIR-2026-0042."
        )
    return text.upper()


def _day(text: str, french: bool) -> date:
    try:
        if iso := _ISO.fullmatch(text):
            found = date(*(int(part) for part in iso.groups()))
        elif french and (written := _FRENCH.fullmatch(text)):
            found = date(*(int(part) for part in reversed(written.groups())))
        else:
            raise ValueError(text)
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise ValueError(text)
    except ValueError:
        example = "30/06/2026" if french else "2026-06-30"
        advice = f"écrivez le jour, le mois et l’année, ainsi : {example}."
        raise ValueError(f"« {shown(text)} » n’est pas une date : {advice}") from None
    return found


def shown(text: str) -> str:
    """What was typed, as a message may repeat it: short, without what cannot be seen or stored."""
    clean = "".join(character if character.isprintable() else "�" for character in text)
    return clean if len(clean) <= _LONGEST_REFERENCE else f"{clean[:_LONGEST_REFERENCE]}…"


def _period(since: date | None, until: date | None) -> str:
    if since and until:
        return f"du {french_date(since)} au {french_date(until)}"
    if since:
        return f"à partir du {french_date(since)}"
    return f"jusqu’au {french_date(until)}" if until else ""
