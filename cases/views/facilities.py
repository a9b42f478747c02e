"""``/oeuvres/``: the register of the œuvres, its file, one œuvre with what may be done to it, a new one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases import clock
from cases.calendar import french_date
from cases.enums import Role
from cases.errors import BusinessError, Invalid
from cases.facility_forms import (
    AdhesionForm,
    ApprovalForm,
    ClosingForm,
    FacilityForm,
    LeavingForm,
    NewFacilityForm,
    ProfessionalForm,
)
from cases.facility_workbook import facility_workbook
from cases.models import Facility, FacilityChange, FacilityProfessional, Organisation
from cases.permissions import Holding
from cases.register_terms import ApprovalState, FacilityKind
from cases.selectors.facilities import (
    WRITES_OWN,
    FacilityFile,
    facility_capacity,
    facility_file,
    facility_for,
    reads_facilities,
)
from cases.selectors.facility_list import (
    FILTER_NAMES,
    MOST_ROWS,
    NO,
    YES,
    FacilityFilters,
    FacilityPage,
    all_facilities,
    bodies_with_facilities,
    facility_page,
    read_filters,
)
from cases.services import (
    add_professional,
    adhere,
    adhesion_reason,
    change_facility,
    close_facility,
    create_facility,
    end_professional,
    move_approval,
)
from cases.views.access import holdings_of_request, person_of
from cases.views.administration import add_service_errors
from cases.views.files import reader_of, workbook_response

LABELS = {
    "q": "Œuvre",
    "organisation": "Organisme",
    "kind": "Nature",
    "approval": "Agrément",
    "adhered": "Accord national",
    "active": "Activité",
    "finess": "Numéro FINESS",
}
ADHERED = [(YES, "Adhérentes"), (NO, "Non adhérentes")]
ACTIVE = [(YES, "En activité"), (NO, "Fermées ou sans activité")]

ACTIONS = {
    "create": "Inscription au registre",
    "change": "Correction",
    "approval": "Agrément",
    "adhere": "Adhésion à l’accord national",
    "close": "Fermeture",
    "add_professional": "Arrivée d’un professionnel",
    "end_professional": "Départ d’un professionnel",
    "imported": "Import d’un fichier",
}
FIELDS = {
    "name": "Nom",
    "town": "Commune",
    "kind": "Nature",
    "finess": "Numéro FINESS",
    "active": "En activité",
    "adhered_on": "Adhésion",
    "closed_on": "Fermeture",
    "provisional_until": "Provisoire jusqu’au",
    "professionals": "Numéros ADELI",
    "profession": "Profession",
}


def _readers_only(request: HttpRequest) -> tuple[Holding, ...]:
    """Those who read no œuvre at all learn nothing, not even that the page exists."""
    held = holdings_of_request(request)
    if not reads_facilities(held):
        raise Http404
    return held


# --- the list -------------------------------------------------------------------------------------------------------


@login_required
@require_safe
def facilities(request: HttpRequest) -> HttpResponse:
    """The register, narrowed by what ``FacilityFilters`` knows, page by page (``cursor``)."""
    held = _readers_only(request)
    try:
        filters = read_filters(request.GET.dict())
        page = facility_page(person_of(request), filters, cursor=request.GET.get("cursor", ""), holdings=held)
    except Invalid as error:
        return _list(request, held, FacilityFilters(), None, error.details)
    return _list(request, held, filters, page, {})


@login_required
@require_safe
def facilities_xlsx(request: HttpRequest) -> HttpResponseBase:
    """What the page lists, all pages, as a workbook; the page itself (422) when the filters are not understood."""
    held, user = _readers_only(request), person_of(request)
    try:
        filters = read_filters(request.GET.dict())
        page = facility_page(user, filters, holdings=held, size=1)
        if page.count > MOST_ROWS:
            raise Invalid(
                "Trop d’œuvres.",
                details={"q": [f"Un fichier porte {MOST_ROWS} œuvres au plus : réduisez la sélection."]},
            )
    except Invalid as error:
        return _list(request, held, FacilityFilters(), None, error.details)
    content = facility_workbook(
        all_facilities(user, filters, holdings=held),
        criteria=[(LABELS[name], _said(name, value)) for name, value in filters.chosen.items()],
        reader=reader_of(request),
    )
    return workbook_response(content, f"oeuvres-{clock.today():%Y-%m-%d}.xlsx")


def _list(
    request: HttpRequest,
    held: tuple[Holding, ...],
    filters: FacilityFilters,
    page: FacilityPage | None,
    refused: dict[str, Any],
) -> HttpResponse:
    asked = {name: request.GET.get(name, "").strip() for name in FILTER_NAMES}
    context: dict[str, Any] = {
        "asked": asked,
        "errors": {name: refused.get(name, [""])[0] for name in FILTER_NAMES},
        "faults": [
            {"label": LABELS.get(name, ""), "name": name if name in LABELS else "", "sentence": texts[0]}
            for name, texts in refused.items()
        ],
        "page": page,
        "views": _views(filters, page),
        "bodies": bodies_with_facilities(person_of(request), held),
        "kinds": FacilityKind.choices,
        "adhered": ADHERED,
        "active": ACTIVE,
        "query": urlencode(filters.chosen),
        "filtered": bool(filters.chosen),
        "cursor": request.GET.get("cursor", ""),
        "may_write": _writes_some(held),
        "too_many": page is not None and page.count > MOST_ROWS,
        "most": MOST_ROWS,
    }
    return render(request, "facilities/list.html", context, status=422 if refused else 200)


def _views(filters: FacilityFilters, page: FacilityPage | None) -> list[dict[str, Any]]:
    """The register as a whole and by state of the agrément, each with its number under the other filters."""
    rest = {name: value for name, value in filters.chosen.items() if name != "approval"}
    counts = page.by_approval if page else {}
    choices = [("", "Toutes", sum(counts.values()))]
    choices += [(one.value, one.label, counts.get(one.value, 0)) for one in ApprovalState]
    return [
        {
            "label": label,
            "count": number if page else None,
            "url": f"{reverse('facilities')}?{urlencode(rest | ({'approval': value} if value else {}))}".rstrip(
                "?"
            ),
            "current": page is not None and value == filters.approval,
        }
        for value, label, number in choices
        if not value or number or value == filters.approval
    ]


def _said(name: str, value: str) -> str:
    known = {
        "kind": dict(FacilityKind.choices),
        "approval": dict(ApprovalState.choices),
        "adhered": dict(ADHERED),
        "active": dict(ACTIVE),
    }
    return str(known.get(name, {}).get(value, value))


# --- a new one ------------------------------------------------------------------------------------------------------


def _writes_some(held: tuple[Holding, ...]) -> bool:
    return any(one.role in WRITES_OWN or one.role == Role.REVIEWER for one in held)


def _writable_bodies(held: tuple[Holding, ...]) -> QuerySet[Organisation]:
    """Bodies whose register the person writes."""
    gate = Q(pk__in=[one.organisation_id for one in held if one.role in WRITES_OWN])
    for one in held:
        if one.role == Role.REVIEWER:
            gate |= Q(lineage__startswith=one.lineage)
    return Organisation.objects.filter(gate, active=True).order_by("lineage")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def facility_new(request: HttpRequest) -> HttpResponse:
    """Enter an œuvre in the register."""
    held = _readers_only(request)
    if not _writes_some(held):
        raise Http404
    form = NewFacilityForm(request.POST or None, bodies=_writable_bodies(held))
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            created = create_facility(
                organisation=data["organisation"],
                actor=person_of(request),
                data={name: data[name] for name in ("name", "town", "kind", "finess")},
                code=data["code"],
            )
        except BusinessError as error:
            problems = add_service_errors(form, error)
        else:
            messages.success(request, f"« {created} » est inscrite. Enregistrez maintenant son agrément.")
            return redirect("facility", created.code)
    context = {"form": form, "problems": problems}
    return render(request, "facilities/new.html", context, status=422 if request.method == "POST" else 200)


# --- one œuvre ------------------------------------------------------------------------------------------------------

#: What may be done from the page of an œuvre: the form of each.
FORMS: dict[str, Callable[..., forms.Form]] = {
    "agrement": ApprovalForm,
    "adhesion": AdhesionForm,
    "modifier": FacilityForm,
    "fermeture": ClosingForm,
}
ARRIVAL, LEAVING = "arrivee", "depart_"
#: Each form's title, the label of its button, and what is said above it.
ACTS = {
    "agrement": ("Changer l’agrément", "Enregistrer l’agrément", ""),
    "adhesion": ("Enregistrer l’adhésion à l’accord national", "Enregistrer l’adhésion", ""),
    ARRIVAL: ("Inscrire un professionnel", "Inscrire le professionnel", ""),
    "modifier": ("Corriger les données", "Enregistrer les corrections", ""),
    "fermeture": (
        "Fermer l’œuvre",
        "Enregistrer la fermeture",
        "L’agrément est supprimé, l’adhésion prend fin et les professionnels sont notés partis. Une œuvre fermée "
        "ne rouvre pas.",
    ),
}


@login_required
@require_safe
def facility(request: HttpRequest, code: str) -> HttpResponse:
    """One œuvre: facts, agrément, adhesion, professionals, history, dossiers."""
    return _page(request, facility_file(person_of(request), code, holdings_of_request(request)))


@login_required
@require_POST
def facility_do(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """Change an œuvre, move its agrément, note its adhesion or its closing: ``what`` is a key of ``FORMS``."""
    known = facility_for(person_of(request), code, holdings_of_request(request))
    form = FORMS[what](request.POST, facility=known, auto_id=f"{what}_%s")
    return _submitted(request, known, what, form, lambda data: _done(request, known, what, data))


@login_required
@require_POST
def professional_add(request: HttpRequest, code: str) -> HttpResponse:
    """Register a professional of an œuvre."""
    known = facility_for(person_of(request), code, holdings_of_request(request))
    form = ProfessionalForm(request.POST, auto_id=f"{ARRIVAL}_%s")

    def add(data: dict[str, Any]) -> str:
        added = add_professional(known, actor=person_of(request), **data)
        return f"Le numéro ADELI {added.adeli} est inscrit."

    return _submitted(request, known, ARRIVAL, form, add)


@login_required
@require_POST
def professional_end(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Note that a professional left."""
    known = facility_for(person_of(request), code, holdings_of_request(request))
    professional = get_object_or_404(FacilityProfessional, pk=pk, facility=known)
    form = LeavingForm(request.POST, auto_id=f"{LEAVING}{pk}_%s")

    def end(data: dict[str, Any]) -> str:
        ended = end_professional(professional, until=data["until"], actor=person_of(request))
        return f"Le numéro ADELI {ended.adeli} a quitté l’œuvre le {french_date(data['until'])}."

    return _submitted(request, known, f"{LEAVING}{pk}", form, end)


def _done(request: HttpRequest, known: Facility, what: str, data: dict[str, Any]) -> str:
    """Do it and say so."""
    actor, version = person_of(request), data.pop("version")
    if what == "modifier":
        motive = data.pop("motive")
        change_facility(code=known.code, actor=actor, version=version, data=data, motive=motive)
        return "Les données de l’œuvre sont à jour."
    if what == "agrement":
        moved = move_approval(known, data.pop("to"), actor=actor, version=version, **data)
        return f"L’agrément est désormais « {moved.get_approval_display()} »."
    if what == "adhesion":
        adhere(known, data.pop("on"), actor=actor, version=version, **data)
        return "L’adhésion à l’accord national est enregistrée."
    close_facility(known, data.pop("on"), actor=actor, version=version, **data)
    return "La fermeture de l’œuvre est enregistrée."


def _submitted(
    request: HttpRequest,
    known: Facility,
    what: str,
    form: forms.Form,
    act: Callable[[dict[str, Any]], str],
) -> HttpResponse:
    """Do what the form says, or show the page again with what was typed and what is wrong."""
    problems: list[str] = []
    status = 422
    if form.is_valid():
        try:
            messages.success(request, act(dict(form.cleaned_data)))
        except BusinessError as error:
            if error.http_status in (403, 404):
                raise
            status = error.http_status
            problems = add_service_errors(form, error)
            problems += [reason.message for reason in error.reasons] or (
                [] if error.details and not isinstance(error.details.get("version"), int) else [error.message]
            )
        else:
            return redirect("facility", known.code)
    problems += [
        f"{field.label} : {text}" for field in form for text in field.errors if field.name != "version"
    ]
    found = facility_file(person_of(request), known.code, holdings_of_request(request))
    return _page(
        request, found, submitted=(what, form), problems=list(dict.fromkeys(problems)), status=status
    )


def _page(
    request: HttpRequest,
    found: FacilityFile,
    *,
    submitted: tuple[str, forms.Form] | None = None,
    problems: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    known = found.facility
    may_write = bool(facility_capacity(holdings_of_request(request), known.organisation))
    at_work = may_write and known.closed_on is None
    opened, form = submitted or ("", None)
    reason = adhesion_reason(known, clock.today()) if at_work and known.adhered_on is None else None
    leaving: dict[str, forms.Form] = {}
    shown: dict[str, forms.Form] = {}
    if at_work:
        leaving = {
            f"{LEAVING}{one.pk}": LeavingForm(auto_id=f"{LEAVING}{one.pk}_%s") for one in found.present
        }
        shown = {what: make(facility=known, auto_id=f"{what}_%s") for what, make in FORMS.items()}
        shown[ARRIVAL] = ProfessionalForm(auto_id=f"{ARRIVAL}_%s")
        if known.adhered_on is not None or reason is not None:
            del shown["adhesion"]
    if form is not None and opened in leaving:
        leaving[opened] = form
    elif form is not None and opened in shown:
        shown[opened] = form
    context: dict[str, Any] = {
        "facility": known,
        "present": [(one, leaving.get(f"{LEAVING}{one.pk}")) for one in found.present],
        "gone": found.gone,
        "history": [_told(one, found.readable) for one in found.history],
        "dossiers": found.dossiers,
        "acts": [
            {
                "title": title,
                "label": label,
                "help": said,
                "form": shown[what],
                "url": _address(known, what),
                "open": what == opened,
                "danger": what == "fermeture",
            }
            for what, (title, label, said) in ACTS.items()
            if what in shown
        ],
        "may_write": may_write,
        "may_add": at_work,
        "adhesion_reason": [reason] if reason is not None else [],
        "problems": problems or [],
        "provisional_over": known.provisional_until is not None and known.provisional_until < clock.today(),
    }
    return render(request, "facilities/detail.html", context, status=status)


def _address(known: Facility, what: str) -> str:
    if what == ARRIVAL:
        return reverse("facility_professional_add", args=[known.code])
    return reverse("facility_do", kwargs={"code": known.code, "what": what})


def _told(change: FacilityChange, readable: frozenset[int]) -> dict[str, Any]:
    """A change in words; its dossier only for those who read it."""
    states = dict(ApprovalState.choices)
    return {
        "row": change,
        "title": ACTIONS.get(change.action, change.action),
        "before": states.get(change.before, "") if change.before != change.after else "",
        "after": states.get(change.after, "") if change.before != change.after else "",
        "changes": [
            (FIELDS[name], _words(name, before), _words(name, after))
            for name, (before, after) in change.changes.items()
            if name in FIELDS and change.before
        ],
        "dossier": change.dossier if change.dossier_id in readable else None,
    }


def _words(name: str, value: Any) -> str:
    """A value of the history as it is read."""
    if value is None or value == "" or value == []:
        return "—"
    if name in {"adhered_on", "closed_on", "provisional_until"}:
        return french_date(date.fromisoformat(value))
    if name == "kind":
        return str(dict(FacilityKind.choices).get(value, value))
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)
