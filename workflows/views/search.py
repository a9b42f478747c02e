"""``/dossiers/``: every dossier that a person may read, by words and filters, in the order that they choose."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from cases import clock
from cases.enums import DossierStatus, Role
from cases.selectors.desk import marks_of
from cases.selectors.excerpts import hits_of
from cases.selectors.organisations import bodies_read_by
from cases.selectors.search import COUNT_LIMIT, Found
from cases.views.access import holdings_of_request, person_of
from cases.views.saved import bar_of
from cases.work_terms import ListPage
from workflows.engine import all_paths, get_path
from workflows.selectors.search import (
    FREE,
    ME,
    TAKEN,
    Asked,
    blocking_rules,
    colleagues_of,
    found_by,
    known_rules,
    known_steps,
    read_search,
)

#: Each filter and what it is called; the order is that of the page.
LABELS = {
    "q": "Mots",
    "status": "État",
    "path": "Circuit",
    "organisation": "Organisme",
    "exercise": "Exercice",
    "step": "Étape ouverte",
    "role": "Rôle attendu",
    "holder": "Pris en charge",
    "rule": "Bloqué par la règle",
    "amount_from": "Montant, à partir de",
    "amount_to": "Montant, jusqu’à",
    "submitted_from": "Soumis à partir du",
    "submitted_to": "Soumis jusqu’au",
    "updated_from": "Modifié à partir du",
    "updated_to": "Modifié jusqu’au",
    "due_from": "Échéance à partir du",
    "due_to": "Échéance jusqu’au",
    "sort": "Tri",
}
#: Filters that always show; the others lie in a part of the form that opens, and stays open when one of them is set.
USUAL = ("q", "status", "path", "organisation", "exercise")
RARE = tuple(name for name in LABELS if name not in (*USUAL, "sort"))

#: Columns of the table: its name, its heading, whether its numbers stand right, the direction that a first click gives.
COLUMNS = (
    ("reference", "Dossier", False, "reference"),
    ("", "État", False, ""),
    ("", "Organisme", False, ""),
    ("amount", "Montant", True, "-amount"),
    ("submitted", "Soumis le", False, "-submitted"),
    ("due", "Échéance", False, "due"),
    ("updated", "Modifié le", False, "-updated"),
)
#: What an order is called in the sentence above the table.
SORT_LABELS = {
    "-updated": "le dernier modifié d’abord",
    "updated": "le plus anciennement modifié d’abord",
    "-submitted": "le dernier soumis d’abord",
    "submitted": "le plus anciennement soumis d’abord",
    "-due": "l’échéance la plus lointaine d’abord",
    "due": "l’échéance la plus proche d’abord",
    "-amount": "le plus grand montant d’abord",
    "amount": "le plus petit montant d’abord",
    "-reference": "par référence, en remontant",
    "reference": "par référence",
    "relevance": "les mots de la référence et de l’objet d’abord",
}


@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Dossiers that the person may read. Words without an order asked for come by relevance."""
    user, held = person_of(request), holdings_of_request(request)
    typed = {name: request.GET.get(name, "").strip() for name in LABELS}
    given = typed | {"sort": typed["sort"] or ("relevance" if typed["q"] else "")}
    asked, faults = read_search(given)
    cursor = request.GET.get("cursor", "")
    page = None if faults else found_by(user, asked, holdings=held, cursor=cursor)
    for name in (one for one in LABELS if one.endswith(("_from", "_to"))):
        day = getattr(asked.filters, name)
        if isinstance(day, date):  # a field of type « date » shows no other writing
            typed[name] = day.isoformat()
    hits = hits_of(page.items, asked.words) if page else {}
    marks = marks_of(user, page.items) if page else {}
    query = _query(request)
    bodies = [(one.code, one.name) for one in bodies_read_by(held)]
    return render(
        request,
        "dossiers/search.html",
        {
            "typed": typed,
            "faults": {name: faults.get(name, "") for name in LABELS},
            "summary": [(LABELS[name], name, sentence) for name, sentence in faults.items()],
            "choices": _choices(asked, bodies, user, held),
            "rare_open": any(typed[name] for name in RARE),
            "page": page,
            "pager": {"next_cursor": page.next_cursor if page else "", "count": 0},
            "count": _count(asked, page),
            "rows": [{"dossier": one, "hit": hits.get(one.pk), "mark": marks[one.pk]} for one in page.items]
            if page
            else [],
            "columns": _columns(request, asked.sort),
            "by_relevance": _sorted_by(request, "relevance") if asked.words.query else "",
            "sort": asked.sort,
            "sort_label": SORT_LABELS[asked.sort],
            "meaningless": asked.words.meaningless,
            "blocked_by": known_rules().get(asked.filters.rule, ""),
            "drops": _drops(request, typed) if page and not page.items else [],
            "query": query,
            "cursor": cursor,
            "saved": bar_of(request, ListPage.SEARCH, query, held),
        },
    )


def _choices(asked: Asked, bodies: list[tuple[str, str]], user: Any, held: Any) -> dict[str, Any]:
    """What each list of the form offers: pairs of value and label."""
    step_titles = known_steps()
    path = get_path(asked.filters.path) if asked.filters.path else None
    if path is not None:
        step_titles = {key: step.task_title for key in step_titles if (step := path.step(key)) is not None}
    people = [(one.username, str(one)) for one in colleagues_of(user, held)]
    rules = blocking_rules(user, held)
    if asked.filters.rule and asked.filters.rule not in dict(rules):
        rules.append((asked.filters.rule, known_rules()[asked.filters.rule]))
    return {
        "status": DossierStatus.choices,
        "path": [(one.key, one.title) for one in all_paths()],
        "organisation": bodies,
        "exercise": [(str(year), str(year)) for year in range(clock.today().year + 1, 2013, -1)],
        "step": list(step_titles.items()),
        "role": Role.choices,
        "holder": [(ME, "Pris par moi"), (FREE, "Libre"), (TAKEN, "Pris par quelqu’un"), *people],
        "rule": rules,
    }


def _count(asked: Asked, page: Found | None) -> str:
    """« 312 dossiers », « plus de 1 000 dossiers »; nothing of what one person has in hand."""
    if page is None or asked.of_one_person or not page.items:
        return ""
    if not page.count_is_exact:
        return (
            "Plus de 1\u202f000 dossiers" if page.count >= COUNT_LIMIT else f"Au moins {page.count} dossiers"
        )
    return "1 dossier" if page.count == 1 else f"{page.count} dossiers"


def _query(request: HttpRequest, **changes: str) -> str:
    """The query string of what is asked, without cursor, with changes (an empty text takes a filter away)."""
    query = QueryDict(mutable=True)
    for name in LABELS:
        value = changes.get(name, request.GET.get(name, "").strip())
        if value:
            query[name] = value
    return query.urlencode()


def _sorted_by(request: HttpRequest, sort: str) -> str:
    return f"?{_query(request, sort=sort)}"


def _columns(request: HttpRequest, sort: str) -> list[dict[str, Any]]:
    """The headings: each sortable one links to its order, to the opposite one when it is in force."""
    found = []
    for name, label, number, first in COLUMNS:
        current = bool(name) and sort in (name, f"-{name}")
        opposite = name if sort.startswith("-") else f"-{name}"
        found.append(
            {
                "label": label,
                "number": number,
                "url": _sorted_by(request, opposite if current else first) if name else "",
                "aria": ("descending" if sort.startswith("-") else "ascending") if current else "",
            }
        )
    return found


def _drops(request: HttpRequest, typed: dict[str, str]) -> list[dict[str, str]]:
    """For a search that finds nothing: each filter set, and the search without it."""
    chosen = [name for name in LABELS if typed[name] and name != "sort"]
    return [
        {"label": LABELS[name], "url": f"{reverse('search')}?{_query(request, **{name: ''})}"}
        for name in chosen
        if len(chosen) > 1
    ]
