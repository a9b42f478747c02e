"""The motives that the desks of a person write often: listed, created, changed, retired."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.errors import BusinessError, Forbidden
from cases.models import MotiveTemplate
from cases.permissions import Holding, involved_tag
from cases.selectors.desk import templates_of
from cases.views.access import holdings_of_request, person_of
from workflows.engine.registry import get_path
from workflows.forms import MotiveForm
from workflows.services.motives import (
    Use,
    acting_roles,
    change_motive,
    create_motive,
    motive_of,
    retire_motive,
)


def _desks(request: HttpRequest) -> list[Holding]:
    """The person's own desks. Raises ``Forbidden`` for who has none."""
    roles = acting_roles()
    found = [held for held in holdings_of_request(request) if held.role in roles]
    if not found:
        raise Forbidden(
            "Les motifs sont ceux des rôles qui agissent sur les dossiers, et vous n’en tenez aucun. "
            "Demandez-le à votre administrateur."
        )
    return found


@login_required
@require_safe
def motives(request: HttpRequest) -> HttpResponse:
    """The motives of one's desks, desk by desk."""
    desks = _desks(request)
    kept = list(templates_of(person_of(request), tuple(desks)).select_related("created_by"))
    return render(
        request,
        "motives/list.html",
        {
            "desks": [
                {
                    "title": desk.capacity,
                    "motives": [
                        {"motive": one, "use": _used_for(one)} for one in kept if _desk_of(one) == desk.tag
                    ],
                }
                for desk in desks
            ]
        },
    )


def _desk_of(template: MotiveTemplate) -> str:
    return involved_tag(template.role, template.organisation_id)


def _used_for(template: MotiveTemplate) -> str:
    """For which acts a motive is offered, in words."""
    if not template.path:
        return "tous les actes"
    path = get_path(template.path)
    step = path.step(template.step)
    if step is None:
        return path.title
    outcome = step.outcomes.get(template.outcome)
    return f"{path.title} — {step.task_title}" + (f" : {outcome.label}" if outcome else "")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def motive_new(request: HttpRequest) -> HttpResponse:
    """Keep a new motive; a refusal shows the form again with what was typed."""
    desks = _desks(request)
    initial = {"desk": desks[0].tag} if len(desks) == 1 else {}
    form = MotiveForm(desks, request.POST or None, initial=initial, auto_id="motif-%s")
    if request.method != "POST":
        return _form_page(request, form)
    if form.is_valid():
        role, _, body = form.cleaned_data["desk"].partition("@")
        try:
            kept = create_motive(
                role=role,
                organisation_id=int(body),
                title=form.cleaned_data["title"],
                text=form.cleaned_data["text"],
                use=form.asked_use(),
                actor=person_of(request),
            )
        except BusinessError as error:
            return _refused(request, form, error)
        messages.success(request, f"Le motif « {kept.title} » est proposé à votre bureau.")
        return redirect("motives")
    return _form_page(request, form, status=422)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def motive(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change a motive of one's desk."""
    desks, user = _desks(request), person_of(request)
    kept = motive_of(user, public_id)
    initial = {
        "title": kept.title,
        "text": kept.text,
        "use": Use(kept.path, kept.step, kept.outcome).key,
    }
    form = MotiveForm(desks, request.POST or None, initial=initial, desk=_desk_of(kept), auto_id="motif-%s")
    if request.method != "POST":
        return _form_page(request, form, kept)
    if form.is_valid():
        try:
            change_motive(
                public_id=public_id,
                title=form.cleaned_data["title"],
                text=form.cleaned_data["text"],
                use=form.asked_use(),
                actor=user,
            )
        except BusinessError as error:
            return _refused(request, form, error, kept)
        messages.success(
            request, "Le motif est changé. Ceux qui sont déjà inscrits aux journaux ne changent pas."
        )
        return redirect("motives")
    return _form_page(request, form, kept, status=422)


@login_required
@require_POST
def motive_retire(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Offer a motive no longer."""
    kept = retire_motive(public_id=public_id, actor=person_of(request))
    messages.success(request, f"Le motif « {kept.title} » n’est plus proposé.")
    return redirect("motives")


def _refused(
    request: HttpRequest, form: MotiveForm, error: BusinessError, kept: MotiveTemplate | None = None
) -> HttpResponse:
    fields = {name: texts for name, texts in error.details.items() if name in form.fields}
    for name, texts in fields.items():
        form.add_error(name, texts)
    problems = [] if fields else [error.message]
    return _form_page(request, form, kept, problems=problems, status=error.http_status)


def _form_page(
    request: HttpRequest,
    form: MotiveForm,
    kept: MotiveTemplate | None = None,
    *,
    problems: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "motive": kept, "problems": problems or []}
    return render(request, "motives/form.html", context, status=status)
