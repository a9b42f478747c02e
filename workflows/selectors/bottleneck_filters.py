"""What is asked of the bottlenecks: which weeks, whose dossiers, compared with what; read from an address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from cases.calendar import french_date
from workflows.selectors.bottlenecks import Side
from workflows.selectors.notices_filters import shown

#: The names of the filters in an address.
NAMES = (
    "weeks",
    "since",
    "until",
    "organisation",
    "versus",
    "versus_since",
    "versus_until",
    "versus_organisation",
)
#: Numbers of whole weeks to choose from, and the one shown at first.
WEEKS = (4, 8, 13, 26, 52)
DEFAULT_WEEKS = 13
#: Nobody reads more than this at once: five years.
MOST_WEEKS = 260

PREVIOUS, YEAR = "previous", "year"
VERSUS = {PREVIOUS: "La période d’avant, de même durée", YEAR: "Les mêmes semaines, un an plus tôt"}

_WEEK = timedelta(weeks=1)
_FIRST, _LAST = date(2000, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look at, what to compare it with (None: nothing), and the filters that are set, for an address."""

    side: Side
    versus: Side | None
    query: dict[str, str]

    @property
    def sides(self) -> list[Side]:
        """One side or both."""
        return [self.side] if self.versus is None else [self.side, self.versus]

    @property
    def two_bodies(self) -> bool:
        """Whether two organisations are compared, not two periods."""
        return self.versus is not None and self.versus.organisation != self.side.organisation


def last_weeks(today: date, weeks: int = DEFAULT_WEEKS) -> Side:
    """The last whole weeks before the one of ``today``."""
    monday = _monday(today)
    return Side(monday - weeks * _WEEK, monday - timedelta(days=1))


def read_asked(
    given: Mapping[str, str], today: date, organisations: Mapping[str, str]
) -> tuple[Asked | None, dict[str, str]]:
    """What is asked, or None and for each filter that cannot be understood a sentence that says what to do.

    ``organisations``: code → name of those whose dossiers the reader may see. Two dates win over a number of weeks;
    they are widened to whole weeks, because times are counted by week.
    """
    texts = {name: given.get(name, "").strip() for name in NAMES}
    refused: dict[str, str] = {}
    period = _period(texts, "since", "until", refused) if texts["since"] or texts["until"] else None
    if period is None and not refused:
        period = _weeks(texts, today, refused)
    for name in ("organisation", "versus_organisation"):
        if texts[name] and texts[name] not in organisations:
            refused[name] = (
                f"Vous ne pilotez aucun dossier de « {shown(texts[name])} » : choisissez dans la liste."
            )
    other = _other_period(texts, period, refused)
    _check_bodies(texts, other is not None, refused)
    if refused or period is None:
        return None, refused
    side = Side(*period, texts["organisation"])
    versus = None
    if other is not None:
        versus = Side(*other, texts["organisation"])
    elif texts["versus_organisation"]:
        versus = Side(*period, texts["versus_organisation"])
    return Asked(side, versus, {name: text for name, text in texts.items() if text}), {}


_Period = tuple[date, date]


def _weeks(texts: Mapping[str, str], today: date, refused: dict[str, str]) -> _Period | None:
    text = texts["weeks"] or str(DEFAULT_WEEKS)
    if text not in {str(number) for number in WEEKS}:
        known = ", ".join(str(number) for number in WEEKS)
        refused["weeks"] = f"« {shown(text)} » n’est pas une durée proposée : choisissez {known} semaines."
        return None
    side = last_weeks(today, int(text))
    return side.since, side.until


def _other_period(
    texts: Mapping[str, str], period: _Period | None, refused: dict[str, str]
) -> _Period | None:
    if texts["versus_since"] or texts["versus_until"]:
        return _period(texts, "versus_since", "versus_until", refused)
    if not texts["versus"]:
        return None
    if texts["versus"] not in VERSUS:
        refused["versus"] = (
            f"« {shown(texts['versus'])} » n’est pas une comparaison proposée : choisissez dans la liste."
        )
        return None
    if period is None:
        return None
    since, until = period
    shift = until - since + timedelta(days=1) if texts["versus"] == PREVIOUS else 52 * _WEEK
    return since - shift, until - shift


def _check_bodies(texts: Mapping[str, str], two_periods: bool, refused: dict[str, str]) -> None:
    other = texts["versus_organisation"]
    if not other or "versus_organisation" in refused:
        return
    if two_periods:
        refused["versus_organisation"] = (
            "Comparez soit deux périodes, soit deux organismes : avec les deux, on ne saurait pas d’où vient l’écart. "
            "Retirez l’un des deux choix."
        )
    elif not texts["organisation"]:
        refused["organisation"] = "Choisissez aussi l’organisme à comparer avec l’autre."
    elif texts["organisation"] == other:
        refused["versus_organisation"] = "C’est le même organisme : choisissez-en un autre à comparer."


def _period(texts: Mapping[str, str], since: str, until: str, refused: dict[str, str]) -> _Period | None:
    """Whole weeks around two days."""
    found: dict[str, date] = {}
    for name in (since, until):
        if not texts[name]:
            refused[name] = "Une période a deux dates : donnez aussi celle-ci, ou effacez l’autre."
            continue
        try:
            found[name] = _day(texts[name])
        except ValueError:
            refused[name] = f"« {shown(texts[name])} » n’est pas une date : écrivez-la ainsi, 30/06/2015."
    if len(found) < 2:
        return None
    first, last = found[since], found[until]
    if last < first:
        refused[until] = (
            f"La période finit le {french_date(last)}, avant de commencer le {french_date(first)} : "
            "échangez les deux dates."
        )
        return None
    first, last = _monday(first), _monday(last) + timedelta(days=6)
    if last - first >= MOST_WEEKS * _WEEK:
        refused[until] = f"La période dépasse {MOST_WEEKS} semaines : rapprochez les deux dates."
        return None
    return first, last


def _day(text: str) -> date:
    """« 2015-06-30 » or « 30/06/2015 ». Raises ``ValueError``."""
    readers: tuple[tuple[str, Callable[[list[str]], list[str]]], ...] = (
        ("-", lambda parts: parts),
        ("/", lambda parts: parts[::-1]),
    )
    for sign, ordered in readers:
        parts = ordered(text.split(sign))
        if len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts):
            day = date(*(int(part) for part in parts))
            if _FIRST <= day <= _LAST:
                return day
    raise ValueError(text)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
