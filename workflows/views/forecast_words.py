"""What the page of a forecast says and draws: sentences, the two scenarios side by side, the points of the drawing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from cases.calendar import french_date
from workflows.forecast.history import History
from workflows.forecast.model import HORIZON, Outlook
from workflows.forecast.whatif import WhatIf
from workflows.forecast.words import spoken
from workflows.selectors.forecast import Forecast, ForecastRow, Threat, horizon_end

#: The two shares that every forecast is given for.
HALF, MOST = 0.5, 0.85
#: Size of the drawing, and the margins that its words need.
WIDTH, HEIGHT, LEFT, TOP, BASE = 640, 240, 44, 16, 200
_MOST_WEEKS = 26

THREATS = {
    Threat.PASSED: "date passée",
    Threat.VERY: "très menacé",
    Threat.SOME: "menacé",
}


@dataclass(frozen=True, slots=True)
class Cleared:
    """One line of the summary: how sure, when at present, when under what was asked."""

    label: str
    present: str
    then: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A dossier of the table, in words."""

    row: ForecastRow
    late: str
    any_order: str
    then: str
    threat: str


@dataclass(frozen=True, slots=True)
class Week:
    """How many dossiers still wait at most at the end of a week: in one case of two, in 85 of 100."""

    day: date
    half: int
    most: int
    then_half: int | None
    then_most: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the drawing: its points, and a word of the style sheet."""

    points: str
    kind: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The lines, and what stands at the ends of the axes."""

    lines: tuple[Line, ...]
    first_day: date
    last_day: date
    most: int


def cleared(forecast: Forecast) -> list[Cleared]:
    """When nothing is left of what waits today."""
    assert forecast.present is not None  # noqa: S101 (asked of a forecast that was made)
    return [
        Cleared(
            label,
            _day(forecast.present, share, forecast.today),
            _day(forecast.then, share, forecast.today) if forecast.then is not None else "",
        )
        for label, share in (("Une chance sur deux (50 %)", HALF), ("85 chances sur 100 (85 %)", MOST))
    ]


def _day(seen: Outlook, share: float, today: date) -> str:
    found = seen.cleared_on(share)
    if found is None:
        return (
            f"pas dans les {HORIZON} jours ouvrés qui viennent (jusqu’au {french_date(horizon_end(today))})"
        )
    return f"au plus tard le {french_date(found)}"


def shown(forecast: Forecast) -> list[Shown]:
    """The dossiers in queue order, in words."""
    departures = forecast.history.counted if isinstance(forecast.history, History) else 0
    found = []
    for row in forecast.rows:
        passed = row.threat is Threat.PASSED

        def words(chance: float | None, passed: bool = passed) -> str:
            if chance is None:
                return "sans date"
            return "date passée" if passed else spoken(chance, departures)

        found.append(
            Shown(
                row,
                words(row.late),
                words(row.late_any_order),
                words(row.then_late) if forecast.then is not None else "",
                THREATS.get(row.threat, ""),
            )
        )
    return found


def question(asked: WhatIf, holders: int) -> str:
    """What was asked, as a sentence."""
    parts = []
    if asked.people:
        more = "une personne" if asked.people == 1 else f"{asked.people} personnes"
        parts.append(
            f"{more} de plus : le rythme constaté est multiplié par {holders + asked.people}/{holders}"
        )
    if asked.absence:
        days = (
            f"{asked.absence} jour{'s' if asked.absence > 1 else ''} ouvré{'s' if asked.absence > 1 else ''}"
        )
        parts.append(_absence(asked, holders, days))
    if asked.burst:
        place = "avant ceux qui attendent" if asked.ahead else "après ceux qui attendent"
        parts.append(
            f"{asked.burst} dossier{'s' if asked.burst > 1 else ''} de plus aujourd’hui, à traiter {place}"
        )
    return " ; ".join(parts)


def _absence(asked: WhatIf, holders: int, days: str) -> str:
    left = holders + asked.people - 1
    if left == 0:
        return f"absence de {days} de la seule personne qui tient le rôle : rien n’est fait pendant ces jours"
    return f"absence d’une personne pendant {days} : {left}/{holders} du rythme pendant ces jours"


def weeks(forecast: Forecast) -> list[Week]:
    """The last working day of each week until everything has gone, at most 26 lines."""
    assert forecast.present is not None  # noqa: S101 (asked of a forecast that was made)
    present, then = forecast.present, forecast.then
    ends = [
        index
        for index in range(_length(forecast))
        if index + 1 == len(present.days) or _monday(present.days[index + 1]) > _monday(present.days[index])
    ]
    step = -(-len(ends) // _MOST_WEEKS) or 1
    return [
        Week(
            present.days[index],
            present.left_at_most(index, HALF),
            present.left_at_most(index, MOST),
            then.left_at_most(index, HALF) if then is not None else None,
            then.left_at_most(index, MOST) if then is not None else None,
        )
        for index in ends[step - 1 :: step]
    ]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _length(forecast: Forecast) -> int:
    """How many days are drawn: until everything has gone, to the end of that week."""
    latest = 0
    for seen in (forecast.present, forecast.then):
        if seen is not None:
            end = seen.cleared_on(MOST)
            latest = max(latest, seen.days.index(end) if end is not None else len(seen.days) - 1)
    return min(latest + 6, HORIZON)


def drawing(forecast: Forecast) -> Drawing:
    """What still waits, day after day."""
    assert forecast.present is not None  # noqa: S101 (asked of a forecast that was made)
    length = _length(forecast)
    scenarios = [("present", forecast.present)] + (
        [("then", forecast.then)] if forecast.then is not None else []
    )
    most = max(seen.total for _, seen in scenarios)
    lines = []
    for name, seen in scenarios:
        for kind, share in (("half", HALF), ("most", MOST)):
            left = [seen.total, *(seen.left_at_most(index, share) for index in range(length))]
            lines.append(Line(_points(left, most), f"{name}-{kind}"))
    return Drawing(tuple(lines), forecast.present.days[0], forecast.present.days[length - 1], most)


def _points(left: list[int], most: int) -> str:
    wide = (WIDTH - LEFT - 8) / max(len(left) - 1, 1)
    high = (BASE - TOP) / max(most, 1)
    return " ".join(
        f"{LEFT + index * wide:.1f},{BASE - count * high:.1f}" for index, count in enumerate(left)
    )
