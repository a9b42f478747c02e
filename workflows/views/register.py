"""``/registre/``: who was told of each virement between groups, by which day, and the receipts; the same as files."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from cases import clock
from cases.budget_terms import FundCode
from cases.errors import Invalid
from cases.models import Exercise
from cases.views.access import holdings_of_request, person_of
from workflows.register_extract import Extract, file_name
from workflows.register_paper import register_paper
from workflows.register_workbook import CONTENT_TYPE, register_workbook
from workflows.selectors.notices import NoticeState
from workflows.selectors.notices_filters import NAMES, Body, RegisterFilters, bodies, read_filters, shown
from workflows.selectors.notices_rows import MOST_ROWS, RegisterPage, register_page, register_rows
from workflows.selectors.notices_totals import by_addressee, totals_of

#: What each filter is called on the page; all but the state are fields of its form, ``registre-<name>``.
LABELS = {
    "exercise": "Exercice",
    "fund": "Fonds",
    "addressee": "Destinataire",
    "state": "État",
    "dossier": "Dossier",
    "since": "Virement du",
    "until": "Virement au",
}


@login_required
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """The register: ``exercise``, ``fund``, ``addressee``, ``state``, ``dossier``, ``since``, ``until``, ``cursor``."""
    known = bodies()
    filters, refused = read_filters(request.GET.dict(), known)
    return _page(request, filters, known, refused)


@login_required
@require_safe
def register_xlsx(request: HttpRequest) -> HttpResponseBase:
    """What the page lists, all pages, as a workbook; the page itself (422) when the filters are not understood."""
    return _file(request, "xlsx")


@login_required
@require_safe
def register_pdf(request: HttpRequest) -> HttpResponseBase:
    """What the page lists, all pages, as a paper (PDF/A); the page itself (422) when the filters are not understood."""
    return _file(request, "pdf")


def _file(request: HttpRequest, kind: str) -> HttpResponseBase:
    known = bodies()
    filters, refused = read_filters(request.GET.dict(), known)
    if refused:
        return _page(request, filters, known, refused)
    user, held = person_of(request), holdings_of_request(request)
    try:
        rows = register_rows(user, filters, holdings=held, most=MOST_ROWS)
    except Invalid as error:
        return _page(request, filters, known, error.details)
    extract = Extract(
        rows=rows,
        criteria=filters.said(known),
        reader=f"{user}, {held[0].capacity}" if held else str(user),
        made_at=clock.now(),
    )
    name = file_name(filters, clock.today(), kind)
    if kind == "pdf":
        return _download(BytesIO(register_paper(extract)), name, "application/pdf")
    return _download(register_workbook(extract), name, CONTENT_TYPE)


def _page(
    request: HttpRequest, filters: RegisterFilters, known: Mapping[str, Body], refused: dict[str, list[str]]
) -> HttpResponse:
    """The list, or when something is refused the same page without any list, saying what to do."""
    cursor = request.GET.get("cursor", "")
    page = None
    if not refused:
        page = register_page(
            person_of(request), filters, holdings=holdings_of_request(request), cursor=cursor
        )
    query = filters.as_query()
    context: dict[str, Any] = {
        "asked": {name: shown(request.GET.get(name, "").strip()) for name in NAMES} | query,
        "errors": {name: refused.get(name, [""])[0] for name in NAMES},
        "faults": _faults(refused),
        "page": page,
        "rows": page.rows if page else (),
        "totals": totals_of(page.tallies) if page else None,
        "by_addressee": by_addressee(page.tallies) if page else [],
        "views": _views(filters, page),
        "funds": [(fund.value, f"{fund.value} — {fund.label}") for fund in FundCode],
        "exercises": _exercises(filters),
        "addressees": [
            (code, body.name) for code, body in known.items() if body.told or code == filters.addressee
        ],
        "query": urlencode(query),
        "filtered": bool(query),
        "cursor": cursor,
        "today": clock.today(),
        "most": MOST_ROWS,
        "too_many": page is not None and page.count > MOST_ROWS,
    }
    return render(request, "register/list.html", context, status=422 if refused else 200)


def _faults(refused: Mapping[str, list[str]]) -> list[dict[str, str]]:
    """What is refused, in the order of the form: the label and the anchor of its field, the sentence."""
    names = [*NAMES, *(name for name in refused if name not in NAMES)]
    return [
        {
            "label": LABELS.get(name, ""),
            "anchor": f"registre-{name}" if name in NAMES else "",
            "sentence": refused[name][0],
        }
        for name in names
        if name in refused
    ]


def _views(filters: RegisterFilters, page: RegisterPage | None) -> list[dict[str, Any]]:
    """The register as a whole and by state, each with its number under the other filters."""
    rest = filters.without_state().as_query()
    counts = totals_of(page.any_state if page else ())
    choices = [("", "Toutes", counts.number)]
    choices += [(state.value, state.heading, counts.by_state[state]) for state in NoticeState]
    return [
        {
            "label": label,
            "count": number if page else None,
            "url": f"{reverse('register')}?{urlencode(rest | ({'state': value} if value else {}))}".rstrip(
                "?"
            ),
            "current": page is not None and value == filters.state,
        }
        for value, label, number in choices
    ]


def _exercises(filters: RegisterFilters) -> list[tuple[str, str]]:
    """Exercises to choose from, the latest first, and the one asked for. One statement."""
    years = set(Exercise.objects.order_by("-year").values_list("year", flat=True))
    if filters.exercise:
        years.add(filters.exercise)
    return [(str(year), str(year)) for year in sorted(years, reverse=True)]


def _download(content: BytesIO, name: str, content_type: str) -> FileResponse:
    response = FileResponse(content, as_attachment=True, filename=name, content_type=content_type)
    response["Content-Length"] = str(content.getbuffer().nbytes)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
