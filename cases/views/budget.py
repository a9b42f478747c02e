"""Budgets: all at a glance, one as a tree, the movements behind a line, and each of them as XLSX."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from io import BytesIO
from itertools import groupby
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from cases import clock
from cases.budget_tables import figure_kind
from cases.budget_terms import GROUPS_BY_FUND, FigureKind, FundCode, Group
from cases.budget_workbook import CONTENT_TYPE, budget_workbook, file_name, movements_workbook
from cases.errors import Forbidden, Invalid, NotFound
from cases.permissions import reads_budgets
from cases.selectors import BudgetTree, TreeLine, budget_tree, fund_and_exercise
from cases.selectors.budget_overview import (
    budget_overview,
    funds_and_exercises,
    parent_codes,
    printed_differences,
)
from cases.selectors.movements import (
    all_movements,
    leaves_below,
    line_of,
    movement_page,
    readable_references,
)
from cases.views.access import holdings_of_request, person_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

_ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)", re.ASCII)
_FRENCH = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that follow each other in print under one heading."""

    title: str
    lines: tuple[TreeLine, ...]


def for_readers(view: View[P]) -> View[P]:
    """Budgets are public within the régime: any role but the administration of people opens them."""

    @login_required
    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not reads_budgets(holdings_of_request(request)):
            raise Forbidden(
                "Les budgets se lisent avec un rôle dans le régime : demandez à l’administrateur de votre "
                "organisme de vérifier les vôtres."
            )
        return view(request, *args, **kwargs)

    return guarded


@for_readers
def budgets(request: HttpRequest) -> HttpResponse:
    """``GET /budgets/``: totals of all funds; with ``fonds`` and ``exercice`` the way to one of them."""
    fund, year = request.GET.get("fonds", ""), request.GET.get("exercice", "")
    if fund or year:
        if fund not in FundCode.values or not re.fullmatch(r"[0-9]{4}", year):
            raise NotFound("Aucun budget à ce nom : choisissez un fonds et un exercice de la liste.")
        return redirect(_address(fund, int(year), le=request.GET.get("le", "").strip()))
    overview = budget_overview()
    return render(
        request,
        "budget/overview.html",
        {
            "open_exercises": [one for one in overview if not one.exercise.is_closed],
            "closed_exercises": [one for one in overview if one.exercise.is_closed],
            "by_fund": list(zip(*(one.funds for one in overview if one.exercise.is_closed), strict=True)),
        },
    )


@for_readers
def budget(request: HttpRequest, fund: str, year: int) -> HttpResponse:
    """``GET /budgets/<fund>/<year>/?le=``: the tree, now or at the end of a day."""
    asked = request.GET.get("le", "").strip()
    found, exercise = fund_and_exercise(fund=fund, year=year)
    error = ""
    on = None
    try:
        on = day_asked(asked)
    except Invalid as refusal:
        error = refusal.message
    tree = None if error else budget_tree(fund=found, exercise=exercise, on=on)
    funds, exercises = funds_and_exercises()
    differences = printed_differences(tree) if tree else []
    return render(
        request,
        "budget/tree.html",
        {
            "fund": found,
            "exercise": exercise,
            "tree": tree,
            "sections": _sections(tree) if tree else [],
            "totals": tree.roots[0] if tree else None,
            "differing": {one.line.line.code for one in differences},
            "differences": differences,
            "forecast": figure_kind(found.code, exercise.base_year) is FigureKind.FORECAST,
            "groups": [(group, group.label) for group in GROUPS_BY_FUND[FundCode(found.code)]],
            "funds": funds,
            "exercises": exercises,
            "on": on,
            "today": clock.today(),
            "to_come": on is not None and on > clock.today(),
            "asked": asked,
            "error": error,
            "query": urlencode({"le": on.isoformat()}) if on else "",
        },
        status=422 if error else 200,
    )


@for_readers
def line(request: HttpRequest, fund: str, year: int, code: str) -> HttpResponse:
    """``GET /budgets/<fund>/<year>/<code>/?le=&cursor=``: a line and what is behind it."""
    on = day_asked(request.GET.get("le", ""))
    tree, node = _tree_and_line(fund, year, code, on)
    leaves = leaves_below(node)
    cursor = request.GET.get("cursor", "")
    page = movement_page(lines=leaves, exercise=tree.exercise, on=on, cursor=cursor)
    above = parent_codes(tree).get(node.line.pk, "")
    return render(
        request,
        "budget/line.html",
        {
            "fund": tree.fund,
            "exercise": tree.exercise,
            "node": node,
            "line": node.line,
            "group": Group(node.line.group).label if node.line.group else "",
            "above": line_of(tree, above),
            "leaves": leaves,
            "page": page,
            "readable": readable_references(person_of(request), page.items, holdings_of_request(request)),
            "cursor": cursor,
            "on": on,
            "today": clock.today(),
            "to_come": on is not None and on > clock.today(),
            "query": urlencode({"le": on.isoformat()}) if on else "",
        },
    )


@for_readers
def budget_export(request: HttpRequest, fund: str, year: int) -> FileResponse:
    """``GET /budgets/<fund>/<year>/export.xlsx?le=&mouvements=1``: the tree as a file."""
    on = day_asked(request.GET.get("le", ""))
    found, exercise = fund_and_exercise(fund=fund, year=year)
    tree = budget_tree(fund=found, exercise=exercise, on=on)
    movements = None
    if request.GET.get("mouvements"):
        leaves = [node.line for node in tree if node.line.is_leaf]
        movements = all_movements(lines=leaves, exercise=exercise, on=on)
    return _file(budget_workbook(tree, on=on, movements=movements), file_name(tree, on=on))


@for_readers
def line_export(request: HttpRequest, fund: str, year: int, code: str) -> FileResponse:
    """``GET /budgets/<fund>/<year>/<code>/export.xlsx?le=``: the movements of a line as a file."""
    on = day_asked(request.GET.get("le", ""))
    tree, node = _tree_and_line(fund, year, code, on)
    movements = all_movements(lines=leaves_below(node), exercise=tree.exercise, on=on)
    content = movements_workbook(tree, node, on=on, movements=movements)
    return _file(content, file_name(tree, on=on, node=node))


def day_asked(text: str) -> date | None:
    """The day of ``le``, None when it is empty: ``2015-06-30``, or as people write it, ``30/06/2015``.

    Raises ``Invalid`` for what is no day of 2000–2100.
    """
    if not (text := text.strip()):
        return None
    try:
        if iso := _ISO.fullmatch(text):
            found = date(*(int(part) for part in iso.groups()))
        elif french := _FRENCH.fullmatch(text):
            found = date(*(int(part) for part in reversed(french.groups())))
        else:
            raise ValueError(text)
        if not 2000 <= found.year <= 2100:
            raise ValueError(text)
    except ValueError:
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        message = f"« {shown} » n’est pas une date : écrivez le jour, le mois et l’année, ainsi : 30/06/2015."
        raise Invalid(message, details={"le": [message]}) from None
    return found


def _address(fund: str, year: int, **query: str) -> str:
    given = {name: value for name, value in query.items() if value}
    return reverse("budget", args=[fund, year]) + (f"?{urlencode(given)}" if given else "")


def _tree_and_line(fund: str, year: int, code: str, on: date | None) -> tuple[BudgetTree, TreeLine]:
    found, exercise = fund_and_exercise(fund=fund, year=year)
    tree = budget_tree(fund=found, exercise=exercise, on=on)
    node = line_of(tree, code)
    if node is None:
        raise NotFound(f"Le {found.code} n’a pas de ligne de ce code : choisissez-la dans son budget.")
    return tree, node


def _sections(tree: Iterable[TreeLine]) -> list[Section]:
    return [
        Section(title, tuple(lines)) for title, lines in groupby(tree, key=lambda node: node.line.section)
    ]


def _file(content: BytesIO, name: str) -> FileResponse:
    response = FileResponse(content, as_attachment=True, filename=name, content_type=CONTENT_TYPE)
    response["Content-Length"] = str(content.getbuffer().nbytes)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
