"""``/calendrier/``: what the conventions oblige to by a date, by month, by year, by body."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from cases import clock
from cases.calendar import MONTHS, french_date
from cases.views.access import holdings_of_request, person_of
from workflows.calendar import all_obligations, years_covered
from workflows.rulebook import ObligationKind, Party, rulebooks
from workflows.selectors.calendar import CalendarFilters, CalendarRow, calendar_page, parties_named

VIEWS = (("year", "Par année"), ("month", "Par mois"), ("body", "Par organisme"))


@dataclass(frozen=True, slots=True)
class Section:
    """Occurrences under one heading; ``anchor`` is the id of the heading."""

    anchor: str
    title: str
    rows: tuple[CalendarRow, ...]


@login_required
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """The calendar: ``view`` (year, month, body), ``year``, ``month``, ``party``, ``convention``, ``kind``."""
    today = clock.today()
    years = years_covered(all_obligations(), today)
    asked = {
        name: request.GET.get(name, "") for name in ("view", "year", "month", "party", "convention", "kind")
    }
    view = _known(asked["view"], [key for key, _ in VIEWS], "year")
    year = int(_known(asked["year"], list(map(str, years)), str(today.year)))
    month = int(_known(asked["month"], [str(number) for number in range(1, 13)], str(today.month)))
    filters = CalendarFilters(
        year=year,
        party=_known(asked["party"], list(Party)),
        convention=_known(asked["convention"], list(rulebooks())),
        kind=_known(asked["kind"], list(ObligationKind)),
    )
    page = calendar_page(person_of(request), filters, today=today, holdings=holdings_of_request(request))
    chosen = {
        name: value
        for name, value in (
            ("party", filters.party),
            ("convention", filters.convention),
            ("kind", filters.kind),
        )
        if value
    }

    def address(**more: object) -> str:
        query = {
            "view": view,
            "year": year,
            **({"month": month} if view == "month" else {}),
            **chosen,
            **more,
        }
        return f"{reverse('calendar')}?{urlencode(query)}"

    before, after = _neighbours(view, year, month)
    return render(
        request,
        "calendar.html",
        {
            "today": today,
            "view": view,
            "year": year,
            "month": month,
            "month_name": MONTHS[month - 1],
            "filters": filters,
            "filtered": bool(chosen),
            "late": page.late,
            "sections": _sections(view, page.dated, page.undated, month),
            "undated": () if view == "body" else page.undated,
            "views": [
                {"label": label, "url": address(view=key), "current": key == view} for key, label in VIEWS
            ],
            "before": {"label": before[0], "url": address(**before[1])}
            if before[1]["year"] in years
            else None,
            "after": {"label": after[0], "url": address(**after[1])} if after[1]["year"] in years else None,
            "years": [(str(one), str(one)) for one in reversed(years)],
            "chosen_year": str(year),
            "chosen_month": str(month),
            "months": [(str(number), name) for number, name in enumerate(MONTHS, start=1)],
            "parties": [(party.value, party.label) for party in parties_named()],
            "conventions": [(key, book.title) for key, book in rulebooks().items()],
            "kinds": [(kind.value, kind.label) for kind in ObligationKind],
        },
    )


def _known(value: str, known: Iterable[str], otherwise: str = "") -> str:
    """What was asked for if it exists: a stale bookmark shows the whole calendar rather than an error."""
    return value if value in known else otherwise


def _neighbours(
    view: str, year: int, month: int
) -> tuple[tuple[str, dict[str, int]], tuple[str, dict[str, int]]]:
    """The label and the parameters of the period before and of the one after."""
    if view != "month":
        return (str(year - 1), {"year": year - 1}), (str(year + 1), {"year": year + 1})
    earlier = (year - 1, 12) if month == 1 else (year, month - 1)
    later = (year + 1, 1) if month == 12 else (year, month + 1)  # noqa: PLR2004 (December)
    return _month(*earlier), _month(*later)


def _month(year: int, month: int) -> tuple[str, dict[str, int]]:
    return f"{MONTHS[month - 1]} {year}", {"year": year, "month": month}


def _sections(
    view: str, dated: tuple[CalendarRow, ...], undated: tuple[CalendarRow, ...], month: int
) -> list[Section]:
    if view == "body":
        return _by_body([*dated, *undated])
    if view == "month":
        of_month = [row for row in dated if row.due_on is not None and row.due_on.month == month]
        return [
            Section(f"jour-{day.isoformat()}", french_date(day).capitalize(), tuple(rows))
            for day, rows in groupby(of_month, key=lambda row: row.due_on)
            if day is not None
        ]
    return [
        Section(f"mois-{number}", f"{MONTHS[number - 1].capitalize()} {year}", tuple(rows))
        for (year, number), rows in groupby(dated, key=_month_of)
    ]


def _month_of(row: CalendarRow) -> tuple[int, int]:
    return (row.due_on.year, row.due_on.month) if row.due_on is not None else (0, 1)


def _by_body(rows: list[CalendarRow]) -> list[Section]:
    """One section for each party that owes something; what two owe together stands under both."""
    return [
        Section(f"organisme-{party.value}", party.label, found)
        for party in Party
        if (found := tuple(row for row in rows if party in row.obligation.owners))
    ]
