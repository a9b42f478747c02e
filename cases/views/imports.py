"""Imports: the page that takes a file for each register, the preview of one, its faults as a CSV, what came before."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases import clock
from cases.errors import BusinessError, Conflict, Invalid
from cases.imports import REGISTERS, Register
from cases.imports.plan import MAX_FAULTS, MAX_SAMPLE
from cases.imports.reading import MAX_COLUMNS, MAX_MB, MAX_ROWS
from cases.imports.template import template_workbook
from cases.models import Organisation, RegisterImport
from cases.property_facts import OWNER_KINDS
from cases.register_terms import ImportState, RegisterKind
from cases.selectors.imports import import_for, imports_into, imports_visible_to
from cases.services.imports import abandon_import, load_import, preview_import
from cases.views.access import holdings_of_request, person_of
from cases.views.administration import add_service_errors
from cases.views.files import file_response, workbook_response

PAGE_SIZE = 20
#: From so many rows on, a page says that loading takes a while.
SLOW = 3000
#: Where each register is read, and the name of its template.
LISTS = {RegisterKind.PROPERTY: "properties", RegisterKind.FACILITY: "facilities"}
NAMES = {RegisterKind.PROPERTY: "patrimoine", RegisterKind.FACILITY: "oeuvres"}


class ImportForm(forms.Form):
    """The file to be read."""

    file = forms.FileField(
        label="Fichier",
        help_text=f"XLSX ou CSV, {MAX_MB} Mo et {MAX_ROWS // 1000}\u202f000 lignes au plus.",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv,.txt", "data-max-mb": str(MAX_MB)}),
        allow_empty_file=True,
        max_length=None,
        error_messages={"required": "Choisissez le fichier à importer."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


def _register(request: HttpRequest, kind: str) -> Register:
    """The register, for those who write it; for others the page does not exist."""
    if not imports_into(kind, holdings_of_request(request)):
        raise Http404
    return REGISTERS[kind]()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, kind: str) -> HttpResponse:
    """``/patrimoine/import/`` and ``/oeuvres/import/``: how to, the form, what was imported before."""
    register = _register(request, kind)
    form = ImportForm()
    problems: list[str] = []
    if request.method == "POST":
        form = ImportForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                found = preview_import(
                    register=kind, file=form.cleaned_data["file"], actor=person_of(request)
                )
            except BusinessError as refusal:
                problems = add_service_errors(form, refusal)
            else:
                return redirect("import", found.public_id)
    visible = imports_visible_to(person_of(request), holdings_of_request(request)).filter(register=kind)
    page = Paginator(visible.select_related("uploaded_by", "settled_by"), PAGE_SIZE).get_page(
        request.GET.get("cursor")
    )
    context = {
        "register": register,
        "form": form,
        "problems": problems,
        "columns": register.columns,
        "list_url": LISTS[register.kind],
        "template_url": f"{register.page}_template",
        "max_columns": MAX_COLUMNS,
        "page": {
            "items": list(page.object_list),
            "next_cursor": str(page.next_page_number()) if page.has_next() else "",
            "count": page.paginator.count,
            "count_is_exact": True,
        },
        "cursor": str(page.number) if page.has_previous() else "",
    }
    return render(request, "imports/upload.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_safe
def template(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The workbook to fill in; with ``contenu=1`` filled with what one may change."""
    register = _register(request, kind)
    bodies = Organisation.objects.filter(kind__in=OWNER_KINDS, active=True).order_by("lineage")
    filled = bool(request.GET.get("contenu"))
    subjects = register.subjects(holdings_of_request(request)) if filled else ()
    content = template_workbook(register, bodies=[one.code for one in bodies], subjects=subjects)
    what = f"a-modifier-{clock.today().isoformat()}" if filled else "modele"
    return workbook_response(content, f"{NAMES[register.kind]}-{what}.xlsx")


@login_required
@require_safe
def preview(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """``/imports/<id>/``: counts, faults, what would change; to be confirmed or given up."""
    return _page(request, _found(request, public_id))


@login_required
@require_POST
def load(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Write what the preview announces."""
    try:
        found = load_import(public_id=public_id, actor=person_of(request))
    except (Conflict, Invalid) as refusal:
        return _page(request, _found(request, public_id), problem=refusal.message, status=refusal.http_status)
    messages.success(
        request,
        f"Le fichier « {found.name} » est chargé : {found.created} ligne(s) inscrite(s), {found.changed} modifiée(s).",
    )
    return redirect("import", found.public_id)


@login_required
@require_POST
def abandon(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give the import up."""
    try:
        found = abandon_import(public_id=public_id, actor=person_of(request))
    except Conflict as refusal:
        return _page(request, _found(request, public_id), problem=refusal.message, status=409)
    messages.success(request, f"L’import de « {found.name} » est abandonné : rien n’a été chargé.")
    return redirect(REGISTERS[found.register]().page)


@login_required
@require_safe
def faults(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The faults as a CSV for a spreadsheet (UTF-8 with its mark, semicolons)."""
    found = _found(request, public_id)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(["Ligne", "Colonne", "Anomalie"])
    writer.writerows(found.faults)  # our own headings and sentences: no cell begins as a formula does
    content = io.BytesIO(b"\xef\xbb\xbf" + out.getvalue().encode())
    return file_response(content, f"anomalies-{found.public_id}.csv", "text/csv; charset=utf-8")


def _found(request: HttpRequest, public_id: UUID) -> RegisterImport:
    return import_for(person_of(request), public_id, holdings_of_request(request))


def _page(
    request: HttpRequest, found: RegisterImport, *, problem: str = "", status: int = 200
) -> HttpResponse:
    register = REGISTERS[found.register]()
    waits = found.state == ImportState.PREVIEWED
    written = found.created + found.changed
    context = {
        "upload": found,
        "register": register,
        "upload_url": register.page,
        "list_url": LISTS[register.kind],
        "waits": waits,
        "loadable": waits and not found.faulty and written > 0,
        "written": written,
        "slow": written >= SLOW,
        "faults": found.faults,
        "more_faults": found.fault_count > len(found.faults),
        "max_faults": MAX_FAULTS,
        "sample": found.sample,
        "more_sample": written > len(found.sample),
        "max_sample": MAX_SAMPLE,
        "problem": problem,
    }
    return render(request, "imports/preview.html", context, status=status)
