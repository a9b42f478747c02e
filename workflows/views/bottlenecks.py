"""``/charge/circuits/``: where dossiers wait and turn back on each path. For managers; others find nothing there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from cases import clock
from cases.calendar import french_date
from cases.views.access import holdings_of_request, person_of
from workflows.bottleneck_workbook import CONTENT_TYPE, Sheet, bottleneck_workbook
from workflows.engine.path import Path
from workflows.engine.registry import known_path
from workflows.selectors.bottleneck_filters import (
    DEFAULT_WEEKS,
    NAMES,
    VERSUS,
    WEEKS,
    Asked,
    read_asked,
)
from workflows.selectors.bottlenecks import PathFigures, path_figures, paths_overview
from workflows.selectors.notices_filters import shown
from workflows.selectors.tallies import Queue, managed_queues, manages
from workflows.views.bottleneck_diagram import diagram
from workflows.views.bottleneck_tables import Table, tables
from workflows.views.bottleneck_words import (
    change_sentence,
    fullest_sentence,
    loop_sentence,
    period,
    slowest_sentence,
    times,
)

#: What each filter is called on the page; its field is ``goulots-<name>``.
LABELS = {
    "weeks": "Période",
    "since": "Ou du",
    "until": "Au",
    "organisation": "Organisme des dossiers",
    "versus": "Comparer à une autre période",
    "versus_since": "Ou comparer du",
    "versus_until": "Au (comparaison)",
    "versus_organisation": "Comparer à un autre organisme",
}
#: The filters of the list of paths.
LISTED = ("weeks", "since", "until", "organisation")


@login_required
@require_safe
def bottlenecks(request: HttpRequest) -> HttpResponse:
    """Every path with what left its steps and where it is slowest: ``weeks`` or ``since`` and ``until``,
    ``organisation``. 422 with what was typed when that is not understood.
    """
    queues = _queues_of(request)
    given = {name: request.GET.get(name, "") for name in LISTED}
    asked, refused = read_asked(given, clock.today(), _organisations(queues))
    lines = paths_overview(queues, asked.side) if asked else []
    context = _common(given, asked, refused, queues) | {
        "lines": [{"overview": one, "times": times(one.slowest) if one.slowest else ""} for one in lines],
        "action": request.path,
        "compared": False,
    }
    return render(request, "backlog/bottlenecks.html", context, status=422 if refused else 200)


@login_required
@require_safe
def bottlenecks_path(request: HttpRequest, key: str) -> HttpResponse:
    """One path: sentences, drawing, tables; compared with another period or body (``workflows.selectors
    .bottleneck_filters``). 422 with what was typed when that is not understood.
    """
    path, queues = _path(key), _queues_of(request)
    given = {name: request.GET.get(name, "") for name in NAMES}
    asked, refused = read_asked(given, clock.today(), _organisations(queues))
    return _page(request, path, queues, given, asked, refused)


@login_required
@require_safe
def bottlenecks_xlsx(request: HttpRequest, key: str) -> HttpResponseBase:
    """The tables of the page as a workbook; the page itself (422) when the filters are not understood."""
    path, queues = _path(key), _queues_of(request)
    given = {name: request.GET.get(name, "") for name in NAMES}
    asked, refused = read_asked(given, clock.today(), _organisations(queues))
    if asked is None:
        return _page(request, path, queues, given, asked, refused)
    sides = path_figures(path, queues, asked.sides)
    user, held = person_of(request), holdings_of_request(request)
    content = bottleneck_workbook(
        f"Goulots du circuit « {path.title} »",
        " ; ".join(f"{name} : {text}" for name, text in _legend(asked, _organisations(queues))),
        f"Extrait de Berline le {french_date(clock.today())}, pour {user}, {held[0].capacity}.",
        [
            _sheet(name, table)
            for name, table in zip(
                ("Étapes", "Sorties"), tables(path, sides, two_bodies=asked.two_bodies), strict=True
            )
        ],
    )
    name = f"goulots-{slugify(path.title)}-{asked.side.since:%Y-%m-%d}-{asked.side.until:%Y-%m-%d}.xlsx"
    response = FileResponse(content, as_attachment=True, filename=name, content_type=CONTENT_TYPE)
    response["Content-Length"] = str(content.getbuffer().nbytes)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _path(key: str) -> type[Path]:
    path = known_path(key)
    if path is None:
        raise Http404(f"path {key!r}")
    return path


def _queues_of(request: HttpRequest) -> list[Queue]:
    """The queues that the person answers for. Raises ``Http404`` for whoever manages nothing. One statement."""
    held = holdings_of_request(request)
    if not manages(held):
        raise Http404("figures are for managers")
    return managed_queues(held)


def _organisations(queues: list[Queue]) -> dict[str, str]:
    """Code → name of the organisations whose dossiers the figures hold, by name."""
    found = {one.organisation_code: one.organisation_name for one in queues}
    return dict(sorted(found.items(), key=lambda one: one[1]))


def _page(
    request: HttpRequest,
    path: type[Path],
    queues: list[Queue],
    given: Mapping[str, str],
    asked: Asked | None,
    refused: Mapping[str, str],
) -> HttpResponse:
    sides = path_figures(path, queues, asked.sides) if asked else []
    context = _common(given, asked, refused, queues) | {
        "path": {"key": path.key, "title": path.title},
        "action": request.path.removesuffix("export.xlsx"),
        "compared": True,
        "empty": not any(not step.idle for side in sides for step in side.steps),
        "backlog_query": urlencode(
            {"path": path.key}
            | ({"organisation": asked.side.organisation} if asked and asked.side.organisation else {})
        ),
        "two_sides": len(sides) > 1,
        "sentences": _sentences(sides, asked) if asked else [],
        "loops": [loop_sentence(path, step, arrow) for step, arrow in sides[0].loops] if sides else [],
        "diagram_svg": mark_safe(diagram(path, sides)) if sides else "",  # noqa: S308 (our own drawing)
        "tables": tables(path, sides, two_bodies=asked.two_bodies) if asked else [],
    }
    return render(request, "backlog/bottlenecks_path.html", context, status=422 if refused else 200)


def _common(
    given: Mapping[str, str], asked: Asked | None, refused: Mapping[str, str], queues: list[Queue]
) -> dict[str, Any]:
    """What both pages say of the choice."""
    organisations = _organisations(queues)
    query = asked.query if asked else {}
    list_query = {name: text for name, text in query.items() if name in LISTED}
    typed = {name: shown(given.get(name, "").strip()) for name in NAMES}
    by_dates = bool(typed["since"] or typed["until"])
    return {
        "asked": typed | {"weeks": "" if by_dates else typed["weeks"] or str(DEFAULT_WEEKS)},
        "errors": {name: refused.get(name, "") for name in NAMES},
        "faults": [
            {"label": LABELS[name], "anchor": f"goulots-{name}", "sentence": refused[name]}
            for name in NAMES
            if name in refused
        ],
        "labels": LABELS,
        "weeks": [(str(number), f"{number} dernières semaines") for number in WEEKS],
        "versus": list(VERSUS.items()),
        "organisations": list(organisations.items()),
        "query": urlencode(query),
        "list_query": urlencode(list_query),
        "legend": _legend(asked, organisations) if asked else [],
    }


def _legend(asked: Asked, organisations: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is looked at, and what it is compared with: name and words of each side."""
    found = []
    for letter, side in zip(("A", "B"), asked.sides, strict=False):
        whose = organisations.get(side.organisation, "tous les organismes que vous pilotez")
        found.append((letter if asked.versus else "Période", f"{period(side)}, {whose}"))
    return found


def _sentences(sides: list[PathFigures], asked: Asked) -> list[str]:
    found = [slowest_sentence(sides[0]), fullest_sentence(sides[0])]
    if len(sides) > 1:
        found.append(change_sentence(sides[0], sides[1], two_bodies=asked.two_bodies))
    return [one for one in found if one]


def _sheet(name: str, table: Table) -> Sheet:
    grouped = any(row.group for row in table.rows)
    rows = [
        (
            (
                *((row.group,) if grouped else ()),
                row.name,
                " · ".join(text for text in (row.sub, row.mark) if text),
            ),
            row.cells,
        )
        for row in table.rows
    ]
    heads = (*(("Étape",) if grouped else ()), table.heads[0], "", *table.heads[1:])
    return Sheet(name, table.caption, heads, rows)
