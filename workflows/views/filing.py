"""A new dossier, or the edition of one, with the simulator beside the form."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from cases.errors import BusinessError, Forbidden, Invalid, NotFound, Stale
from cases.models import Dossier, Organisation
from cases.selectors import dossier_for
from cases.views.access import holdings_of_request, person_of
from workflows.engine import Path, all_paths, get_path
from workflows.engine.credit_forms import LinesForm
from workflows.engine.data_form import DossierForm
from workflows.selectors import dossier_view
from workflows.services import copy_dossier, create_draft, simulate, update_draft
from workflows.services.copies import copyable_for, model_for
from workflows.views.exchange_presentation import tell_of_copy

#: Name of the buttons that ask for the form again: other lines to choose from, more rows.
SHOW_LINES = "afficher"
#: Parameter that names the dossier whose copy fills the form.
COPY_OF = "copie"
#: Parameter that names a dossier whose data fill the form of another one.
MODEL_OF = "modele"
#: Hidden input of the rows: the fund and the exercise whose lines they offer.
LINES_OF = "lignes"


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
    """Paths that the person may start: a role that files, on a body of a kind that the path is open to."""
    held = holdings_of_request(request)
    kinds = dict(
        Organisation.objects.filter(pk__in={one.organisation_id for one in held}).values_list("pk", "kind")
    )
    roles = {(one.role, kinds.get(one.organisation_id)) for one in held}
    return [
        path
        for path in all_paths()
        if any(
            role in path.first_step().filing_roles and kind in path.organisation_kinds for role, kind in roles
        )
    ]


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
    """The page of the form, with the simulator's panel beside it."""
    copied = request.GET.get(COPY_OF, "") if dossier is None else ""
    asked = f"?{urlencode({COPY_OF: copied})}" if copied else ""
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
            "may_file": {one["key"] for one in others},
            "chooses_lines": isinstance(form, LinesForm),
            "asks_amount": "amount_ht" in path.simulation_requires,
            "action_url": reverse("dossier_edit", args=[dossier.reference])
            if dossier
            else reverse("dossier_new_path", args=[path.key]) + asked,
            "simulate_url": reverse("dossier_simulate", args=[path.key])
            + (f"?dossier={dossier.reference}" if dossier else asked),
            "copied": copied,
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
    if COPY_OF in request.GET:
        return _filed_from_a_copy(request, path, request.GET[COPY_OF])
    if MODEL_OF in request.GET and request.method == "GET":
        return _like_another(request, path, request.GET[MODEL_OF])
    organisation, bodies = _organisation(request, path)
    if request.method == "GET":
        form = path.form(initial=_asked(path, request), organisation=organisation)
        return _page(request, path, form, organisation, bodies)
    form = path.form(request.POST, organisation=organisation)
    if SHOW_LINES in request.POST:
        return _shown_again(request, path, form, organisation, bodies)
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


def _like_another(request: HttpRequest, path: type[Path], reference: str) -> HttpResponse:
    """The form of a new dossier, filled with the data of another, which has nothing to do with it afterwards."""
    source, known, data, left_out = model_for(person_of(request), reference)
    if known is not path:
        raise NotFound(f"Le dossier {reference} n’est pas de ce circuit : revenez à sa page.")
    messages.info(
        request,
        f"Les données de {reference} sont reprises : vérifiez chacune. Ses pièces, avis, décisions, délais, messages "
        "et liens ne le sont pas. Rien n’est enregistré avant que vous ne le demandiez.",
    )
    for sentence in left_out:
        messages.warning(request, sentence)
    bodies = _bodies(request, path)
    form = path.form(initial=data, organisation=source.organisation)
    return _page(request, path, form, source.organisation, bodies)


def _filed_from_a_copy(request: HttpRequest, path: type[Path], reference: str) -> HttpResponse:
    """The form filled with the data of a dossier that came to nothing, each fault at its field; a POST copies it."""
    source, known, data = copyable_for(person_of(request), reference)
    if known is not path:
        raise NotFound(f"Le dossier {reference} n’est pas de ce circuit : revenez à sa page.")
    organisation = source.organisation
    if request.method == "GET":
        form = path.form(data, organisation=organisation)
        form.is_valid()
        return _page(request, path, form, organisation, [organisation])
    form = path.form(request.POST, organisation=organisation)
    if SHOW_LINES in request.POST:
        return _shown_again(request, path, form, organisation, [organisation])
    if not form.is_valid():
        simulation = _simulated(path, organisation, form)
        return _page(request, path, form, organisation, [organisation], simulation=simulation, status=422)
    try:
        copy = copy_dossier(reference=reference, actor=person_of(request), data=form.cleaned_json())
    except BusinessError as error:
        return _page(
            request,
            path,
            form,
            organisation,
            [organisation],
            problems=[error.message],
            status=error.http_status,
        )
    tell_of_copy(request, copy)
    return redirect("dossier", copy.dossier.reference)


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
    if SHOW_LINES in request.POST:
        return _shown_again(request, path, form, organisation, [organisation], dossier)
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
    elif COPY_OF in request.GET:
        source, _, _ = copyable_for(person_of(request), request.GET[COPY_OF])
        organisation, bodies = source.organisation, [source.organisation]
    else:
        organisation, bodies = _organisation(request, path)
    form = path.form(request.POST, organisation=organisation)
    if not getattr(request, "htmx", False):
        return _shown_again(request, path, form, organisation, bodies, dossier)
    found = _simulated(path, organisation, form)
    return render(
        request,
        "dossiers/simulation.html",
        {
            "simulation": found["simulation"],
            "problems": found["simulation_problems"],
            "chooses_lines": isinstance(form, LinesForm),
            "asks_amount": "amount_ht" in path.simulation_requires,
            "may_file": {one["key"] for one in _named(_fileable(request))},
            "rows_widget": _rows_of_another_fund(form),
        },
    )


def _shown_again(
    request: HttpRequest,
    path: type[Path],
    form: DossierForm,
    organisation: Organisation,
    bodies: list[Organisation],
    dossier: Dossier | None = None,
) -> HttpResponse:
    """The form with what was typed, unjudged, and what the simulator says of it. Nothing is stored."""
    found = _simulated(path, organisation, form)
    again = path.form(initial=_typed(form), organisation=organisation)
    return _page(request, path, again, organisation, bodies, dossier=dossier, simulation=found)


def _rows_of_another_fund(form: DossierForm) -> dict[str, Any] | None:
    """The rows of budget lines anew, when the page still offers those of another fund or exercise."""
    if not isinstance(form, LinesForm):
        return None
    bound = form[form.rows_name]
    widget = bound.field.widget
    shown: dict[str, Any] = widget.get_context(bound.html_name, bound.value(), {"id": bound.auto_id})[
        "widget"
    ]
    offered = shown["offered"]
    if offered is None or offered.token == form.data.get(f"{bound.html_name}-{LINES_OF}"):
        return None
    return shown


def _asked(path: type[Path], request: HttpRequest) -> dict[str, Any]:
    """What an address gives to begin with: a link may name the fund, the exercise, a line."""
    form = path.form(request.GET)
    return {
        name: value
        for name, value in _typed(form).items()
        if not form.fields[name].widget.value_omitted_from_data(form.data, form.files, name)
    }


def _typed(form: DossierForm) -> dict[str, Any]:
    """What was typed, to show it again without judging it."""
    return {
        name: field.widget.value_from_datadict(form.data, form.files, name)
        for name, field in form.fields.items()
    }
