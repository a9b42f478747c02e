"""The page of a dossier: reading it, acting on it, adding pieces, exporting its journal."""

import json
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST, require_safe

from cases.deadlines import Unit
from cases.errors import BusinessError, Invalid, NotFound
from cases.selectors import dossier_for, dossiers_visible_to
from cases.selectors.desk import Visit, visit_of
from cases.services import export_journal
from cases.services.desk import note_visit
from cases.uploads import refused_uploads
from cases.views.access import acting_of_request, person_of
from workflows.engine import get_path
from workflows.engine.diagram import path_svg
from workflows.forms import ExtendForm, ReassignForm
from workflows.rulebook import rulebooks
from workflows.selectors import DossierView, dossier_view
from workflows.selectors.exchange_view import exchanges_of
from workflows.selectors.owed import owed_by
from workflows.services import add_document, extend_deadline, perform, reassign
from workflows.views import credit_presentation, desk_presentation, exchange_presentation, presentation


def dossier_page(
    request: HttpRequest,
    view: DossierView,
    *,
    failed: dict[str, Any] | None = None,
    bound: forms.Form | None = None,
    upload_error: dict[str, str] | None = None,
    reassigned: ReassignForm | None = None,
    extended: tuple[int, ExtendForm] | None = None,
    exchanged: dict[str, Any] | None = None,
    typed: dict[str, str] | None = None,
    visit: Visit | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a dossier; what was just refused is shown with what was typed.

    ``exchanged``: a form that was refused among messages, notes and links (``exchange_presentation.context_of``).
    ``typed``: step, outcome and motive of an act that is still being written. ``visit``: when the person looked at the
    dossier before.
    """
    user = person_of(request)
    exchanges = exchanges_of(view, user)
    pairs, tables = presentation.facts(view)
    tasks = presentation.tasks(view, user.pk, reassigned)
    actions = presentation.actions(view, failed or typed, bound)
    desk_presentation.offer_motives(view, actions, user)
    journal = presentation.journal(view, exchange_presentation.names_of_links(exchanges))
    if failed is not None and failed["motive"]:
        shown = any(
            action["allowed"] and (action["step"], action["outcome"]) == (failed["step"], failed["outcome"])
            for action in actions
        )
        failed["lost"] = "" if shown else failed["motive"]
    steps, aside = presentation.stations(view)
    return render(
        request,
        "dossiers/detail.html",
        {
            "dossier": view.dossier,
            "status_label": view.status_label,
            "path_title": view.path.title,
            "convention_title": rulebooks()[view.dossier.convention].title,
            "headline": presentation.headline(view),
            "agenda": presentation.agenda(view),
            "last_motive": presentation.last_motive(view),
            "steps": steps,
            "aside": aside,
            "diagram_svg": mark_safe(path_svg(view.path, presentation.step_states(view))),  # noqa: S308 (our own drawing)
            "tasks": tasks,
            "actions": actions,
            "yours": any(presentation.awaits(action) for action in actions),
            "failed": failed,
            "kept": failed or typed,
            "model_url": desk_presentation.model_url(view),
            "motive_url": reverse("motive_insert", args=[view.dossier.reference]),
            "blockers": view.blockers,
            "warnings": view.warnings,
            "pieces": view.pieces,
            "upload_url": reverse("dossier_upload", args=[view.dossier.reference]),
            "upload_error": upload_error,
            "max_mb": settings.BERLINE_MAX_UPLOAD_MB,
            "deadlines": presentation.deadlines(view, extended),
            "decisions": view.decisions,
            "journal": journal,
            "news": desk_presentation.mark_new(journal, visit, user),
            "visit": visit,
            "journal_export_url": reverse("dossier_journal", args=[view.dossier.reference]),
            "facts": pairs,
            "amount_label": view.path.amount_label,
            "transfers": credit_presentation.transfers(view),
            "acts": credit_presentation.acts(view),
            "answers": credit_presentation.answers(view),
            "notices": credit_presentation.notices(view),
            "consultations": view.consultations,
            "tables": tables,
            "may_edit": view.may_edit,
            "owed": owed_by(view.dossier, view.holdings),
            **exchange_presentation.context_of(view, exchanges, exchanged),
        },
        status=status,
    )


@login_required
@require_safe
def dossier(request: HttpRequest, reference: str) -> HttpResponse:
    """``GET /dossiers/<reference>/``. The person's visit is noted once the page is made: for their own marks only."""
    user = person_of(request)
    view = dossier_view(user, reference, acting_of_request(request))
    page = dossier_page(request, view, visit=visit_of(user, view.dossier))
    if request.method == "GET":
        note_visit(user, view.dossier)
    return page


@login_required
@require_POST
def dossier_act(request: HttpRequest, reference: str) -> HttpResponse:
    """Do one act. A refusal shows the page again with its reasons and what was typed."""
    user = person_of(request)
    step, outcome = request.POST.get("step", ""), request.POST.get("outcome", "")
    motive, version = request.POST.get("motive", ""), request.POST.get("version", "")
    definition = _outcome_form(request, reference, step, outcome)
    try:
        perform(
            reference=reference,
            step=step,
            outcome=outcome,
            actor=user,
            data=_act_data(definition, request) if definition else None,
            motive=motive,
            version=int(version) if version.isdecimal() and len(version) < 10 else -1,
        )
    except NotFound:
        raise
    except BusinessError as error:
        view = dossier_view(user, reference, acting_of_request(request))
        bound = None
        if definition is not None:
            bound = definition(
                request.POST, organisation=view.dossier.organisation, auto_id=f"{step}-{outcome}-%s"
            )
            if isinstance(error, Invalid):
                bound.is_valid()
        failed = {
            "step": step,
            "outcome": outcome,
            "motive": motive,
            "message": error.message,
            "reasons": error.reasons,
        }
        return dossier_page(request, view, failed=failed, bound=bound, status=error.http_status)
    messages.success(request, "C’est fait, et inscrit au journal.", extra_tags="next")
    return redirect("dossier", reference)


@login_required
@require_POST
def motive_insert(request: HttpRequest, reference: str) -> HttpResponse:
    """The page again with a motive of the desk taken up after what was typed. Nothing is stored, nothing judged."""
    user = person_of(request)
    view = dossier_view(user, reference, acting_of_request(request))
    step, outcome = request.POST.get("step", ""), request.POST.get("outcome", "")
    asked, motive = request.POST.get("template", ""), request.POST.get("motive", "")
    actions = presentation.actions(view, None, None)
    desk_presentation.offer_motives(view, actions, user)
    offered = next(
        (one["motives"] for one in actions if (one["step"], one["outcome"]) == (step, outcome)), []
    )
    chosen = next((one for one in offered if one["id"] == asked), None)
    if chosen is None:
        message = "Choisissez un motif dans la liste, puis « Insérer »."
        if asked:
            message = (
                "Ce motif n’est plus proposé pour cet acte : choisissez-en un autre, ou écrivez le vôtre."
            )
        messages.warning(request, message)
    else:
        motive = desk_presentation.with_motive(motive, chosen["text"])
    definition = _outcome_form(request, reference, step, outcome)
    bound = None
    if definition is not None:
        bound = definition(
            request.POST, organisation=view.dossier.organisation, auto_id=f"{step}-{outcome}-%s"
        )
        bound.is_valid()
        bound.errors.clear()
    typed = {"step": step, "outcome": outcome, "motive": motive}
    return dossier_page(request, view, typed=typed, bound=bound)


def _outcome_form(request: HttpRequest, reference: str, step: str, outcome: str) -> Any:
    """The form class of an outcome, when it has one."""
    found = dossier_for(person_of(request), reference, acting_of_request(request))
    node = get_path(found.path).step(step)
    chosen = node.outcomes.get(outcome) if node else None
    return chosen.form if chosen else None


def _act_data(definition: Any, request: HttpRequest) -> dict[str, Any]:
    return {
        name: field.widget.value_from_datadict(request.POST, request.FILES, name)
        for name, field in definition.base_fields.items()
    }


@login_required
@require_POST
def dossier_upload(request: HttpRequest, reference: str) -> HttpResponse:
    """Add a piece."""
    user, kind = person_of(request), request.POST.get("kind", "")
    try:
        file = request.FILES.get("file")
        if file is None:
            refused = refused_uploads(request)
            message = refused[0][1].message if refused else "Choisissez un fichier à envoyer."
            raise Invalid(message, details={"file": [message]})
        document = add_document(reference=reference, kind=kind, file=file, actor=user)
    except NotFound:
        raise
    except BusinessError as error:
        view = dossier_view(user, reference, acting_of_request(request))
        if view.may_edit and any(piece.key == kind for piece in view.pieces):
            shown = {"upload_error": {"key": kind, "message": error.message}}
        else:
            failed = {"step": "", "outcome": "", "motive": "", "message": error.message, "reasons": ()}
            shown = {"failed": failed}
        return dossier_page(request, view, status=error.http_status, **shown)
    messages.success(request, f"« {document.name} » est joint au dossier.")
    return redirect(f"{reverse('dossier', args=[reference])}#piece-{kind}")


@login_required
@require_POST
def task_reassign(request: HttpRequest, task_id: int) -> HttpResponse:
    """Hand a task over. A refusal shows the dossier again with what was typed."""
    user, held = person_of(request), acting_of_request(request)
    found = get_object_or_404(dossiers_visible_to(user, held), process__task__pk=task_id)
    view = dossier_view(user, found.reference, held)
    task = next((one for one in view.tasks if one.pk == task_id), None)
    if task is None:
        messages.error(request, "Cette tâche est déjà terminée : voyez ci-dessous où en est le dossier.")
        return redirect("dossier", found.reference)
    form = presentation.reassign_form(view, task, request.POST)
    status, failed = 422, None
    if form.is_valid():
        to = form.people[form.cleaned_data["to"]]
        try:
            reassign(task_id=task_id, actor=user, to=to, motive=form.cleaned_data["motive"])
        except BusinessError as error:
            status = error.http_status
            if "to" in error.details:
                form.add_error("to", error.message)
            else:
                failed = {
                    "step": "",
                    "outcome": "",
                    "motive": form.cleaned_data["motive"],
                    "message": error.message,
                    "reasons": error.reasons,
                }
        else:
            messages.success(request, f"La tâche est confiée à {to}.")
            return redirect("dossier", found.reference)
    return dossier_page(request, view, failed=failed, reassigned=form, status=status)


@login_required
@require_POST
def deadline_extend(request: HttpRequest, reference: str, deadline_id: int) -> HttpResponse:
    """Extend an internal deadline. A refusal shows the dossier again with what was typed."""
    user, held = person_of(request), acting_of_request(request)
    view = dossier_view(user, reference, held)
    found = next((one.deadline for one in view.deadlines if one.deadline.pk == deadline_id), None)
    if found is None:
        raise NotFound("Ce dossier n’a pas cette échéance. Rechargez la page pour voir celles qui courent.")
    form = ExtendForm(Unit(found.unit), request.POST, auto_id=f"prolonger-{found.pk}-%s")
    status, failed = 422, None
    if form.is_valid():
        amount, motive = form.cleaned_data["amount"], form.cleaned_data["motive"]
        try:
            extend_deadline(
                reference=reference, deadline_id=deadline_id, amount=amount, motive=motive, actor=user
            )
        except BusinessError as error:
            status = error.http_status
            failed = {
                "step": "",
                "outcome": "",
                "motive": motive,
                "message": error.message,
                "reasons": error.reasons,
            }
        else:
            messages.success(request, f"L’échéance « {found.title} » est prolongée.")
            return redirect("dossier", reference)
    return dossier_page(request, view, failed=failed, extended=(deadline_id, form), status=status)


@login_required
@require_safe
def dossier_journal(request: HttpRequest, reference: str) -> HttpResponse:
    """The journal as the stand-alone verifier reads it."""
    found = dossier_for(person_of(request), reference, acting_of_request(request))
    response = HttpResponse(
        json.dumps(export_journal(found), ensure_ascii=False, indent=1), content_type="application/json"
    )
    response["Content-Disposition"] = f'attachment; filename="journal-{found.reference}.json"'
    return response
