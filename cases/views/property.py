"""``/patrimoine/``: the register of property: list, one building, entering and changing one, saying it is vacant."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases import clock
from cases.budget_terms import FundCode
from cases.enums import OrganisationKind, Role
from cases.errors import BusinessError, Invalid, Stale
from cases.models import Property
from cases.permissions import Holding
from cases.property_forms import MoveForm, PropertyForm
from cases.property_workbook import register_workbook
from cases.register_terms import PROPERTY_MOVES, PlannedFuture, PropertyState, PropertyUse
from cases.selectors.property import (
    allocations_of,
    history_of,
    property_for,
    reads_properties,
    writes_properties,
)
from cases.selectors.property_list import (
    FILTER_NAMES,
    SORTS,
    PropertyFilters,
    PropertyPage,
    all_properties,
    owners_visible_to,
    property_page,
    read_filters,
)
from cases.services.property import HAND_MOVES, change_property, create_property, move_by_hand
from cases.views.access import holdings_of_request, person_of
from cases.views.administration import add_service_errors
from cases.views.files import reader_of, workbook_response

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

#: What each filter is called; all but the state are fields of the form, ``patrimoine-<name>``.
LABELS = {
    "q": "Code, désignation, adresse ou commune",
    "use": "Usage",
    "state": "Situation",
    "fund": "Fonds",
    "owner": "Propriétaire",
    "future": "Devenir",
    "sort": "Ordre",
}

#: Where a building can be proposed for sale from, and whose part it is to file the disposal.
SELLABLE = frozenset(
    source for source, targets in PROPERTY_MOVES.items() if PropertyState.PROPOSED in targets
)
PROPOSERS = frozenset({Role.PREPARER, Role.REVIEWER})


def for_readers(view: View[P]) -> View[P]:
    """Only for those who may read the register; others learn nothing, not even that it exists."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not reads_properties(holdings_of_request(request)):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def for_writers(view: View[P]) -> View[P]:
    """Only for those who write the register."""

    @for_readers
    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not writes_properties(holdings_of_request(request)):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@for_readers
@require_safe
def properties(request: HttpRequest) -> HttpResponse:
    """The list: ``use``, ``state``, ``fund``, ``owner``, ``future``, ``q``, ``sort``, ``cursor``."""
    user, held = person_of(request), holdings_of_request(request)
    cursor = request.GET.get("cursor", "")
    filters, page, faults = PropertyFilters(), None, {}
    try:
        filters = read_filters(request.GET)
        page = property_page(user, filters, cursor=cursor, holdings=held)
    except Invalid as error:
        faults = error.details
    query = filters.chosen
    asked = {name: request.GET.get(name, "").strip()[:200] for name in FILTER_NAMES}
    owners = owners_visible_to(user, held)
    context: dict[str, Any] = {
        "asked": asked,
        "faults": _faults(faults),
        "page": page,
        "views": _views(filters, page),
        "uses": PropertyUse.choices,
        "funds": [(one.value, f"{one.value} — {one.label}") for one in FundCode],
        "owners": owners,
        "futures": PlannedFuture.choices,
        "sorts": [(value, label) for value, (label, _, _) in SORTS.items()],
        "query": urlencode(query),
        "filtered": bool(set(query) - {"sort"}),
        "empty_register": page is not None and not owners,
        "cursor": cursor,
        "may_write": writes_properties(held),
    }
    return render(request, "property/list.html", context, status=422 if faults else 200)


@for_readers
@require_safe
def properties_xlsx(request: HttpRequest) -> HttpResponseBase:
    """What the page lists, all pages, as a workbook; the page itself (422) when the filters are not understood."""
    try:
        filters = read_filters(request.GET)
    except Invalid:
        return properties(request)
    found = all_properties(person_of(request), filters, holdings=holdings_of_request(request))
    said = " ; ".join(f"{LABELS[name]} : {value}" for name, value in filters.chosen.items())
    content = register_workbook(
        found,
        about=f"Critères : {said or 'aucun'}.",
        reader=reader_of(request),
        made_at=clock.now(),
    )
    return workbook_response(content, f"patrimoine-{clock.today().isoformat()}.xlsx")


@for_readers
@require_safe
def building(request: HttpRequest, code: str) -> HttpResponse:
    """``GET /patrimoine/<code>/``: all there is to know of one building."""
    return _detail(request, _found(request, code))


@for_writers
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter a building in the register."""
    form = PropertyForm(request.POST or None)
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = create_property(
                code=form.cleaned_data["code"], facts=form.facts(), actor=person_of(request)
            )
        except BusinessError as error:
            problems = add_service_errors(form, error)
        else:
            messages.success(request, f"« {made} » est inscrit au registre.")
            return redirect("property", made.code)
    status = 422 if request.method == "POST" else 200
    return render(
        request, "property/form.html", {"form": form, "problems": problems, "building": None}, status=status
    )


@for_writers
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Change the facts of a building."""
    found = _found(request, code)
    form = PropertyForm(request.POST or None, building=found)
    problems: list[str] = []
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            after = change_property(
                code=code,
                facts=form.facts(),
                actor=person_of(request),
                version=form.cleaned_data["version"],
                motive=form.cleaned_data["motive"],
            )
        except BusinessError as error:
            problems = _problems(form, error)
            status = error.http_status
        else:
            done = "est à jour" if after.version != found.version else "n’a pas changé"
            messages.success(request, f"La fiche de « {after} » {done}.")
            return redirect("property", code)
    context = {"form": form, "problems": problems, "building": found}
    return render(request, "property/form.html", context, status=status)


@for_writers
@require_POST
def move(request: HttpRequest, code: str) -> HttpResponse:
    """Say that a building is vacant, or used again."""
    found = _found(request, code)
    form = MoveForm(request.POST, building=found)
    problems: list[str] = []
    status = 422
    if form.is_valid():
        try:
            after = move_by_hand(
                code=code,
                to=PropertyState(form.cleaned_data["to"]),
                actor=person_of(request),
                version=form.cleaned_data["version"],
                motive=form.cleaned_data["motive"],
            )
        except BusinessError as error:
            problems = _problems(form, error)
            status = error.http_status
        else:
            messages.success(request, f"« {after} » est maintenant « {after.get_state_display()} ».")
            return redirect("property", code)
    return _detail(request, found, form=form, problems=problems, status=status)


def _found(request: HttpRequest, code: str) -> Property:
    return property_for(person_of(request), code, holdings_of_request(request))


def _detail(
    request: HttpRequest,
    found: Property,
    *,
    form: MoveForm | None = None,
    problems: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    user, held = person_of(request), holdings_of_request(request)
    moves = _moves(found) if writes_properties(held) else []
    if form is None and moves:
        form = MoveForm(building=found)
    if form is not None:
        form.offer(moves)
    history = history_of(found, user, held)
    sale = getattr(found, "sale", None)
    context = {
        "building": found,
        "sale": sale,
        "allocations": allocations_of(sale) if sale else [],
        "history": history,
        "moves": moves,
        "may_change": writes_properties(held) and found.state != PropertyState.SOLD,
        "form": form,
        "problems": problems or [],
        "may_propose": _may_propose(held, found),
    }
    return render(request, "property/detail.html", context, status=status)


def _may_propose(held: tuple[Holding, ...], found: Property) -> bool:
    """Whether a disposal of this building is worth filing: by its owner's people, while none holds it and it may go."""
    if found.state not in SELLABLE or found.health_housing:
        return False
    owner = found.organisation
    bodies = {owner.pk} | ({owner.parent_id} if owner.kind == OrganisationKind.ESTABLISHMENT else set())
    return any(one.role in PROPOSERS and one.organisation_id in bodies for one in held)


def _moves(found: Property) -> list[PropertyState]:
    """What may be done by hand, in the order of the states."""
    allowed = HAND_MOVES.get(PropertyState(found.state), frozenset())
    return [one for one in PropertyState if one in allowed]


def _problems(form: Any, error: BusinessError) -> list[str]:
    """What a refusal says that belongs to no field."""
    loose = add_service_errors(form, error)
    if isinstance(error, Stale) or error.reasons:
        loose.append(error.message)
    return list(dict.fromkeys(loose))


def _faults(details: dict[str, Any]) -> list[dict[str, str]]:
    names = [*FILTER_NAMES, *(name for name in details if name not in FILTER_NAMES)]
    return [
        {
            "label": LABELS.get(name, ""),
            "anchor": f"patrimoine-{name}" if name in FILTER_NAMES and name != "state" else "",
            "sentence": details[name][0],
        }
        for name in names
        if name in details
    ]


def _views(filters: PropertyFilters, page: PropertyPage | None) -> list[dict[str, Any]]:
    """The register as a whole and by state, each with its number under the other filters."""
    rest = {name: value for name, value in filters.chosen.items() if name != "state"}
    tallies = page.tallies if page else {}
    choices = [("", "Tous", sum(one.count for one in tallies.values()))]
    choices += [
        (one.value, str(one.label), tallies[one.value].count if one.value in tallies else 0)
        for one in PropertyState
    ]
    return [
        {
            "label": label,
            "count": number if page else None,
            "url": f"{reverse('properties')}?{urlencode(rest | ({'state': value} if value else {}))}".rstrip(
                "?"
            ),
            "current": page is not None and value == filters.state,
        }
        for value, label, number in choices
    ]
