"""Messages, notes, links and copies: what is posted from the page of a dossier."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from cases.errors import BusinessError, Invalid, NotFound
from cases.uploads import refused_uploads
from cases.views.access import holdings_of_request, person_of
from workflows.selectors import dossier_view
from workflows.services import copy_dossier, link_dossiers, post_message, post_note, unlink_dossiers
from workflows.views.dossier import dossier_page
from workflows.views.exchange_presentation import link_form, message_form, note_form, tell_of_copy


@login_required
@require_POST
def message_post(request: HttpRequest, reference: str) -> HttpResponse:
    """Write a message."""
    return _post(request, reference, note=False)


@login_required
@require_POST
def note_post(request: HttpRequest, reference: str) -> HttpResponse:
    """Write an internal note: an address of its own, so that one is never sent as a message."""
    return _post(request, reference, note=True)


def _post(request: HttpRequest, reference: str, *, note: bool) -> HttpResponse:
    user, held = person_of(request), holdings_of_request(request)
    view = dossier_view(user, reference, held)
    text, files = request.POST.get("text", ""), request.FILES.getlist("files")
    refused = refused_uploads(request)
    try:
        if refused:
            message = f"« {refused[0][1].name} » : {refused[0][1].message}"
            raise Invalid(message, details={"files": [message]})
        post = post_note if note else post_message
        written = post(reference=reference, text=text, files=files, actor=user)
    except NotFound:
        raise
    except BusinessError as error:
        form = note_form(request.POST) if note else message_form(request.POST)
        fields = {name: texts for name, texts in error.details.items() if name in form.fields}
        form.full_clean()
        for name in form.fields:
            form.errors.pop(name, None)
        for name, texts in fields.items():
            form.add_error(name, texts)
        if not fields:
            form.add_error(None, error.message)
        lost = bool(files or refused)
        shown: dict[str, Any] = {"noted" if note else "written": form, "files_lost": lost}
        return dossier_page(request, view, status=error.http_status, exchanged=shown)
    messages.success(
        request,
        "La note interne est enregistrée." if note else "Votre message est envoyé et inscrit au journal.",
    )
    return redirect(f"{reverse('dossier', args=[reference])}#message-{written.public_id}")


@login_required
@require_POST
def link_add(request: HttpRequest, reference: str) -> HttpResponse:
    """Link the dossier to another. A refusal shows the dossier again with what was typed."""
    user, held = person_of(request), holdings_of_request(request)
    view = dossier_view(user, reference, held)
    form = link_form(request.POST)
    status = 422
    if form.is_valid():
        kind, other = form.cleaned_data["kind"], form.cleaned_data["other"].strip()
        try:
            link_dossiers(reference=reference, other=other, kind=kind, actor=user)
        except BusinessError as error:
            status = error.http_status
            form.add_error("other" if isinstance(error, NotFound | Invalid) else None, error.message)
        else:
            messages.success(request, f"Le dossier est lié à {other}.")
            return redirect(f"{reverse('dossier', args=[reference])}#liens")
    return dossier_page(request, view, status=status, exchanged={"linked": form})


@login_required
@require_POST
def link_remove(request: HttpRequest, reference: str, link_id: UUID) -> HttpResponse:
    """Take a link back."""
    try:
        unlink_dossiers(reference=reference, link_id=link_id, actor=person_of(request))
    except NotFound:
        raise
    except BusinessError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Le lien est retiré.")
    return redirect(f"{reverse('dossier', args=[reference])}#liens")


@login_required
@require_POST
def dossier_copy(request: HttpRequest, reference: str) -> HttpResponse:
    """File anew from a copy: a draft at once, or the form filled in when the data no longer fit today's rules."""
    user, held = person_of(request), holdings_of_request(request)
    view = dossier_view(user, reference, held)
    try:
        copy = copy_dossier(reference=reference, actor=user)
    except NotFound:
        raise
    except Invalid:
        messages.warning(
            request,
            f"Les données de {reference} ne passent plus telles quelles : corrigez ce qui est signalé, puis "
            "enregistrez. Les pièces seront reprises avec le brouillon.",
        )
        address = reverse("dossier_new_path", args=[view.path.key])
        return redirect(f"{address}?{urlencode({'copie': reference})}")
    except BusinessError as error:
        failed = {
            "step": "",
            "outcome": "",
            "motive": "",
            "message": error.message,
            "reasons": error.reasons,
        }
        return dossier_page(request, view, failed=failed, status=error.http_status)
    tell_of_copy(request, copy)
    return redirect("dossier", copy.dossier.reference)
