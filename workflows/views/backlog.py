"""``/charge/``: where work piles up, queue by queue, and the dossiers behind. For managers; others find nothing there.

No figure is of a person: queues alone are counted.
"""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from cases import clock
from cases.permissions import Holding
from cases.views.access import holdings_of_request, person_of
from cases.views.saved import bar_of
from cases.work_terms import ListPage
from workflows.backlog_extract import COUNTED, Extract, file_name, per_week
from workflows.backlog_paper import backlog_paper
from workflows.backlog_workbook import CONTENT_TYPE, backlog_workbook
from workflows.register_extract import number
from workflows.selectors.backlog import Backlog, BacklogRow, backlog
from workflows.selectors.backlog_dossiers import open_dossiers
from workflows.selectors.backlog_figures import Figures
from workflows.selectors.backlog_filters import (
    LABELS,
    NAMES,
    USUAL_WEEKS,
    WEEKS,
    BacklogFilters,
    Pressing,
    choices_of,
    read_filters,
)
from workflows.selectors.tallies import managed_queues, manages
from workflows.views.backlog_charts import bands, row_bar, week_bars

#: What the list and a queue's page hand to each other; the rest names the queue.
KEPT: tuple[str, ...] = ("organisation", "weeks")
#: How many queues the page shows before « Afficher toutes les files ».
FIRST_ROWS = 40


@login_required
@require_safe
def backlog_page(request: HttpRequest) -> HttpResponse:
    """The queues, what presses most first: ``role``, ``body``, ``path``, ``step``, ``organisation``, ``state``,
    ``weeks``; ``all=1`` shows every queue. 422 with what to do when a filter is not understood.
    """
    held = _manager(request)
    filters, refused = read_filters(request.GET.dict())
    return _page(request, held, filters, refused)


@login_required
@require_safe
def backlog_xlsx(request: HttpRequest) -> HttpResponseBase:
    """What the page lists, every queue, as a workbook; the page itself (422) when the filters are not understood."""
    return _file(request, "xlsx")


@login_required
@require_safe
def backlog_pdf(request: HttpRequest) -> HttpResponseBase:
    """What the page lists, every queue, as a paper (PDF/A); the page itself (422) when the filters are refused."""
    return _file(request, "pdf")


@login_required
@require_safe
def backlog_queue(request: HttpRequest) -> HttpResponse:
    """One queue (``role``, ``body``, ``path``, ``step``): ages, weeks, times and the dossiers open in it (``state``,
    ``cursor``). 404 for a queue that is none of the reader's own.
    """
    held = _manager(request)
    asked, refused = read_filters(request.GET.dict())
    if refused:
        return _page(request, held, asked, refused)
    found = backlog(held, asked.with_state(""))
    if not asked.one_queue() or len(found.rows) != 1:
        raise Http404
    (row,) = found.rows
    cursor = request.GET.get("cursor", "")
    page = open_dossiers(person_of(request), held, row.queues, state=asked.state, cursor=cursor)
    drawn, most = week_bars(found.weeks, found.today)
    query = asked.with_state("").as_query()
    return render(
        request,
        "backlog/queue.html",
        _common(found)
        | {
            "row": row,
            "figures": row.figures,
            "shown": _shown(row.figures, asked.weeks),
            "bands": bands(row.figures),
            "week_bars": drawn,
            "most": most,
            "page": page,
            "views": _drill_views(row.figures, query, asked.state),
            "back": urlencode({name: query[name] for name in KEPT if name in query}),
            "queue_query": urlencode(query),
            "query": urlencode(asked.as_query()),
            "cursor": cursor,
        },
    )


def _manager(request: HttpRequest) -> tuple[Holding, ...]:
    """What the reader holds. Raises ``Http404`` for whoever manages nothing."""
    held = holdings_of_request(request)
    if not manages(held):
        raise Http404
    return held


def _file(request: HttpRequest, kind: str) -> HttpResponseBase:
    held = _manager(request)
    filters, refused = read_filters(request.GET.dict())
    if refused:
        return _page(request, held, filters, refused)
    extract = Extract(
        found=backlog(held, filters),
        reader=f"{person_of(request)}, {held[0].capacity}",
        made_at=clock.now(),
    )
    name = file_name(filters, extract.found.today, kind)
    if kind == "pdf":
        return _download(BytesIO(backlog_paper(extract)), name, "application/pdf")
    return _download(backlog_workbook(extract), name, CONTENT_TYPE)


def _page(
    request: HttpRequest, held: tuple[Holding, ...], filters: BacklogFilters, refused: dict[str, list[str]]
) -> HttpResponse:
    """The list, or when something is refused the same page without any figure, saying what to do."""
    found = None if refused else backlog(held, filters)
    choices = choices_of(managed_queues(held)) if found is None else found.choices
    query = filters.as_query()
    rows = () if found is None else found.rows
    shown = rows if request.GET.get("all") else rows[:FIRST_ROWS]
    most = max((row.figures.open for row in rows), default=0)
    kept = filters.as_query()
    kept.pop("state", None)
    context = {
        "found": found,
        "filters": filters,
        "selects": [
            (name, LABELS[name], choices[name], getattr(filters, name)) for name in LABELS if name in NAMES
        ],
        "asked_weeks": filters.weeks,
        "week_choices": WEEKS,
        "faults": [(LABELS[name], f"charge-{name}", sentences[0]) for name, sentences in refused.items()],
        "lines": [_line(row, filters, most) for row in shown],
        "hidden": len(rows) - len(shown),
        "all_query": urlencode(query | {"all": "1"}),
        "query": urlencode(query),
        "kept_query": urlencode(kept),
        "filtered": bool(set(query) - {"weeks"}),
        "views": _list_views(filters),
        "counted": COUNTED,
        "today": clock.today(),
        "saved": bar_of(request, ListPage.BACKLOG, urlencode(query), held),
    }
    if found is not None:
        drawn, highest = week_bars(found.weeks, found.today)
        context |= _common(found) | {
            "shown": _shown(found.total, filters.weeks),
            "week_bars": drawn,
            "most": highest,
        }
    return render(request, "backlog/list.html", context, status=422 if refused else 200)


def _common(found: Backlog) -> dict[str, Any]:
    return {
        "found": found,
        "period": found.period,
        "today": found.today,
        "soon_until": found.soon_until,
        "counted": COUNTED,
        "usual_weeks": found.filters.weeks == USUAL_WEEKS,
    }


def _line(row: BacklogRow, filters: BacklogFilters, most: int) -> dict[str, Any]:
    """A queue as the page lists it: its figures, its bar, where it leads."""
    more = {name: value for name, value in filters.as_query().items() if name in KEPT}
    return {
        "row": row,
        "figures": row.figures,
        "bar": row_bar(row.figures, most),
        "shown": _shown(row.figures, filters.weeks),
        "url": f"{reverse('backlog_queue')}?{urlencode(row.query | more)}",
    }


def _shown(figures: Figures, weeks: int) -> dict[str, Any]:
    """Means by week, and what changed since the period before."""
    now, before = figures.flow, figures.flow_before
    arrivals, exits = per_week(now.arrivals, weeks), per_week(now.exits, weeks)
    return {
        "arrivals": arrivals,
        "exits": exits,
        "open_trend": _trend(figures.open, figures.open_before),
        "arrivals_trend": _trend(arrivals, per_week(before.arrivals, weeks)),
        "exits_trend": _trend(exits, per_week(before.exits, weeks)),
        "net_trend": _trend(figures.times.net_median, figures.times_before.net_median),
    }


def _trend(now: int | Decimal | None, before: int | Decimal | None) -> dict[str, Any] | None:
    """An arrow and its words; None when there is nothing to compare with."""
    if now is None or before is None:
        return None
    change = now - before
    if change > 0:
        return {"arrow": "▲", "words": f"{number(change)} de plus", "way": "up"}
    if change < 0:
        return {"arrow": "▼", "words": f"{number(-change)} de moins", "way": "down"}
    return {"arrow": "=", "words": "inchangé", "way": "same"}


def _list_views(filters: BacklogFilters) -> list[dict[str, Any]]:
    """All queues, and those that have something late, due or not taken."""
    choices = [("", "Toutes les files"), *((one.value, str(one.label)) for one in Pressing)]
    return [
        {
            "label": label,
            "url": _address(reverse("backlog"), filters.with_state(state).as_query()),
            "current": state == filters.state,
        }
        for state, label in choices
    ]


def _drill_views(figures: Figures, query: dict[str, str], state: str) -> list[dict[str, Any]]:
    """All open tasks of a queue, and those late, due or not taken, each with its number."""
    choices = [
        ("", "Toutes", figures.open),
        (Pressing.OVERDUE.value, "En retard", figures.overdue),
        (Pressing.SOON.value, str(Pressing.SOON.label), figures.due_soon),
        (Pressing.FREE.value, "Non prises", figures.free),
    ]
    return [
        {
            "label": label,
            "count": count,
            "url": _address(reverse("backlog_queue"), query | ({"state": value} if value else {}))
            + "#dossiers",
            "current": value == state,
        }
        for value, label, count in choices
    ]


def _address(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _download(content: BytesIO, name: str, content_type: str) -> FileResponse:
    response = FileResponse(content, as_attachment=True, filename=name, content_type=content_type)
    response["Content-Length"] = str(content.getbuffer().nbytes)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
