"""A new dossier, or the edition of one, with the simulator beside the form."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from cases.errors import BusinessError, Forbidden, Invalid, Stale
from cases.models import Dossier, Organisation
from cases.selectors import dossier_for
from cases.views.access import holdings_of_request, person_of
from workflows.engine import Path, all_paths, get_path
from workflows.engine.data_form import DossierForm
from workflows.selectors import dossier_view
from workflows.services import create_draft, simulate, update_draft


def _bodies(request: HttpRequest, path: type[Path]) -> list[Organisation]:
    """Bodies for which the person may file on this path."""
    roles = path.first_step().filing_roles
    ids = [held.organisation_id for held in holdings_of_request(request) if held.role in roles]
    return list(
        Organisation.objects.filter(pk__in=ids, kind__in=path.organisation_kinds)
        .select_related("parent")
        .order_by("lineage")
    )


def _fileable(request: HttpRequest) -> list[type[Path]]:
    """Paths that the person may start."""
    held = holdings_of_request(request)
    roles = {one.role for one in held}
    return [path for path in all_paths() if not roles.isdisjoint(path.first_step().filing_roles)]


def _named(paths: Iterable[type[Path]]) -> list[dict[str, str]]:
    """Paths as plain values: a template would call the classes."""
    return [{"key": path.key, "title": path.title, "summary": path.summary} for path in paths]


def _organisation(request: HttpRequest, path: type[Path]) -> tuple[Organisation, list[Organisation]]:
    bodies = _bodies(request, path)
    if not bodies:
        raise Forbidden(
            f"Il faut tenir le rôle « {path.first_step().role_label} » dans une organisation "
            "qui peut ouvrir ce circuit. "
            "Demandez-le à votre administrateur."
        )
    asked = request.POST.get("organisation") or request.GET.get("organisation")
    return next((one for one in bodies if one.code == asked), bodies[0]), bodies


def _simulated(path: type[Path], organisation: Organisation, form: DossierForm) -> dict[str, Any]:
    """The simulator's panel for what is in the form so far."""
    try:
        return {
            "simulation": simulate(path=path.key, organisation=organisation, data=_typed(form)),
            "simulation_problems": [],
        }
    except Invalid as error:
        labels = {name: str(field.label) for name, field in form.fields.items()}
        problems = [
            f"{labels.get(name, name)} : {text}" for name, texts in error.details.items() for text in texts
        ]
        return {"simulation": None, "simulation_problems": problems or [error.message]}
    except BusinessError as error:
        return {"simulation": None, "simulation_problems": [error.message]}


def _page(
    request: HttpRequest,
    path: type[Path],
    form: DossierForm,
    organisation: Organisation,
    bodies: list[Organisation],
    *,
    dossier: Dossier | None = None,
    problems: list[str] | None = None,
    simulation: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    others = _named(one for one in _fileable(request) if one.key != path.key)
    return render(
        request,
        "dossiers/new.html",
        {
            "path_title": path.title,
            "path_summary": path.summary,
            "paths": others,
            "dossier": dossier,
            "form": form,
            "organisation": organisation.code,
            "organisations": [(one.code, one.name) for one in bodies],
            "problems": problems or [],
            **(simulation or {"simulation": None, "simulation_problems": []}),
            "action_url": reverse("dossier_edit", args=[dossier.reference])
            if dossier
            else reverse("dossier_new_path", args=[path.key]),
            "simulate_url": reverse("dossier_simulate", args=[path.key])
            + (f"?dossier={dossier.reference}" if dossier else ""),
        },
        status=status,
    )


@login_required
@require_http_methods(["GET", "POST"])
def dossier_new(request: HttpRequest, key: str = "") -> HttpResponse:
    """The empty form; a POST stores the draft."""
    fileable = _fileable(request)
    if not key:
        if not fileable:
            raise Forbidden(
                "Préparer un dossier demande un rôle qui dépose des dossiers. "
                "Demandez-le à votre administrateur."
            )
        if len(fileable) > 1 and request.method == "GET":
            return render(request, "dossiers/choose.html", {"paths": _named(fileable)})
        key = fileable[0].key
    path = get_path(key)
    organisation, bodies = _organisation(request, path)
    if request.method == "GET":
        form = path.form(organisation=organisation)
        return _page(request, path, form, organisation, bodies)
    form = path.form(request.POST, organisation=organisation)
    if not form.is_valid():
        simulation = _simulated(path, organisation, form)
        return _page(request, path, form, organisation, bodies, simulation=simulation, status=422)
    try:
        dossier = create_draft(
            path=path.key, organisation=organisation, actor=person_of(request), data=form.cleaned_json()
        )
    except BusinessError as error:
        problems = [error.message]
        return _page(request, path, form, organisation, bodies, problems=problems, status=error.http_status)
    done = f"Le brouillon {dossier.reference} est enregistré. Joignez les pièces, puis soumettez-le."
    messages.success(request, done)
    return redirect("dossier", dossier.reference)


@login_required
@require_http_methods(["GET", "POST"])
def dossier_edit(request: HttpRequest, reference: str) -> HttpResponse:
    """The form of a dossier that is in the submitter's hands."""
    view = dossier_view(person_of(request), reference, holdings_of_request(request))
    dossier, path, organisation = view.dossier, view.path, view.dossier.organisation
    if not view.may_edit:
        messages.error(request, "Ce dossier ne se modifie pas dans son état, ou pas par vous.")
        return redirect("dossier", reference)
    if request.method == "GET":
        form = path.form(initial=dossier.data, organisation=organisation)
        return _page(request, path, form, organisation, [organisation], dossier=dossier)
    form = path.form(request.POST, organisation=organisation)
    if not form.is_valid():
        return _page(
            request,
            path,
            form,
            organisation,
            [organisation],
            dossier=dossier,
            simulation=_simulated(path, organisation, form),
            status=422,
        )
    version = request.POST.get("version", "")
    try:
        update_draft(
            reference=reference,
            actor=person_of(request),
            data=form.cleaned_json(),
            version=int(version) if version.isdecimal() and len(version) < 10 else -1,
        )
    except BusinessError as error:
        problems = [error.message]
        if isinstance(error, Stale):
            problems = [
                "Ce dossier a été modifié pendant votre saisie. Elle est conservée ci-dessous : "
                "enregistrez-la de nouveau pour remplacer la version actuelle, "
                "ou ouvrez le dossier pour comparer."
            ]
        return _page(
            request,
            path,
            form,
            organisation,
            [organisation],
            dossier=dossier,
            problems=problems,
            status=error.http_status,
        )
    messages.success(request, f"Le dossier {reference} est enregistré.")
    return redirect("dossier", reference)


@login_required
@require_POST
def dossier_simulate(request: HttpRequest, key: str) -> HttpResponse:
    """What would apply. Answers the panel alone to htmx, the whole page otherwise; nothing is stored."""
    path = get_path(key)
    dossier = None
    reference = request.GET.get("dossier", "")
    if reference:
        dossier = dossier_for(person_of(request), reference, holdings_of_request(request))
        organisation, bodies = dossier.organisation, [dossier.organisation]
    else:
        organisation, bodies = _organisation(request, path)
    form = path.form(request.POST, organisation=organisation)
    simulation = _simulated(path, organisation, form)
    if getattr(request, "htmx", False):
        shown = {"simulation": simulation["simulation"], "problems": simulation["simulation_problems"]}
        return render(request, "dossiers/simulation.html", shown)
    blank = path.form(initial=_typed(form), organisation=organisation)
    return _page(request, path, blank, organisation, bodies, dossier=dossier, simulation=simulation)


def _typed(form: DossierForm) -> dict[str, Any]:
    """What was typed, to show it again without judging it."""
    return {
        name: field.widget.value_from_datadict(form.data, form.files, name)
        for name, field in form.fields.items()
    }
