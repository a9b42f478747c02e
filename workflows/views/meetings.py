"""``/seances/``: sessions of the board and concertations with the ministries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases import clock
from cases.content import safe_name
from cases.errors import BusinessError, NotFound
from cases.meeting_forms import MeetingForm
from cases.meeting_papers import meeting_title
from cases.permissions import Holding
from cases.register_terms import MeetingKind, MeetingState, PaperKind
from cases.selectors.meetings import (
    UNSEEN,
    counted_meetings,
    keeps,
    kinds_read,
    meeting_for,
    meeting_paper_for,
    refuse_unless_keeper,
)
from cases.services.meetings import (
    cancel_meeting,
    change_meeting,
    close_meeting,
    make_agenda,
    plan_meeting,
    remove_item,
    reorder_agenda,
)
from cases.views.access import holdings_of_request, person_of
from cases.views.administration import add_service_errors
from workflows.selectors.meetings import MOST_WAITING, MeetingView, meeting_view, waiting_for_meeting
from workflows.services.meetings import add_items, record_together
from workflows.views import meeting_rows

#: How many meetings that are over the list shows.
MOST_PAST = 60


def _readable(request: HttpRequest) -> tuple[Holding, ...]:
    """The reader's roles. Raises ``NotFound`` for somebody who may know of no meeting."""
    held = holdings_of_request(request)
    if not kinds_read(held):
        raise NotFound(UNSEEN)
    return held


@login_required
@require_safe
def meetings(request: HttpRequest) -> HttpResponse:
    """Meetings to come and past, and the dossiers that wait for one."""
    held, user = _readable(request), person_of(request)
    found = counted_meetings(held)
    planned = list(found.filter(state=MeetingState.PLANNED).order_by("held_on", "pk"))
    over = found.exclude(state=MeetingState.PLANNED).order_by("-held_on", "-pk")
    waiting = []
    for kind in kinds_read(held):
        rows = waiting_for_meeting(user, held, kind)
        waiting.append(
            {
                "kind": kind.value,
                "label": kind.label,
                "rows": rows[:MOST_WAITING],
                "more": len(rows) > MOST_WAITING,
                "planned": [one for one in planned if one.kind == kind],
                "keeps": keeps(held, kind) is not None,
            }
        )
    return render(
        request,
        "meetings/list.html",
        {
            "planned": planned,
            "over": list(over[:MOST_PAST]),
            "waiting": waiting,
            "may_plan": any(keeps(held, kind) for kind in MeetingKind),
            "today": clock.today(),
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def meeting_new(request: HttpRequest) -> HttpResponse:
    """Plan a meeting."""
    held = _readable(request)
    kinds = [kind for kind in kinds_read(held) if keeps(held, kind)]
    if not kinds:
        refuse_unless_keeper(held, kinds_read(held)[0])
    form = MeetingForm(request.POST or None, kinds=kinds)
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            meeting = plan_meeting(kind=form.cleaned_data["kind"], actor=person_of(request), **form.values())
        except BusinessError as error:
            problems = add_service_errors(form, error)
        else:
            messages.success(request, "La séance est prévue : inscrivez-y des dossiers.")
            return redirect("meeting", meeting.public_id)
    status = 422 if request.method == "POST" else 200
    return render(
        request, "meetings/form.html", {"form": form, "problems": problems, "meeting": None}, status=status
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def meeting_change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change the day, the hour, the place of a planned meeting."""
    held = holdings_of_request(request)
    meeting = meeting_for(held, public_id)
    refuse_unless_keeper(held, meeting.kind)
    form = MeetingForm(request.POST or None, kinds=(), meeting=meeting)
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            change_meeting(
                public_id=public_id,
                actor=person_of(request),
                version=_number(request.POST.get("version", "")),
                changes=form.values(),
            )
        except BusinessError as error:
            problems = add_service_errors(form, error) or ([] if form.errors else [error.message])
        else:
            messages.success(request, "La séance est modifiée.")
            return redirect("meeting", public_id)
    context = {"form": form, "problems": problems, "meeting": meeting, "title": meeting_title(meeting)}
    return render(request, "meetings/form.html", context, status=422 if request.method == "POST" else 200)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004


def _page(
    request: HttpRequest,
    view: MeetingView,
    *,
    typed: dict[str, meeting_rows.Typed] | None = None,
    everywhere: meeting_rows.Typed | None = None,
    refused: dict[str, Any] | None = None,
    error: BusinessError | None = None,
    cancelling: str = "",
    status: int = 200,
) -> HttpResponse:
    held, user = holdings_of_request(request), person_of(request)
    kind = MeetingKind(view.meeting.kind)
    post = request.POST if request.method == "POST" else None
    rows = meeting_rows.shown_rows(view, typed or {}, refused or {}, post)
    outcomes = meeting_rows.shared_outcomes(view)
    candidates = waiting_for_meeting(user, held, kind) if view.keeper and view.planned else []
    agenda = next((one for one in view.papers if one.kind == PaperKind.AGENDA), None)
    return render(
        request,
        "meetings/detail.html",
        {
            "meeting": view.meeting,
            "title": meeting_title(view.meeting),
            "kind_label": kind.label,
            "state_label": MeetingState(view.meeting.state).label,
            "planned": view.planned,
            "keeper": view.keeper,
            "rows": rows,
            "recordable": view.planned
            and view.meeting.held_on <= clock.today()
            and any(row.outcomes for row in rows),
            "to_come": view.planned and view.meeting.held_on > clock.today(),
            "left": sum(one.row.item.settled_at is None for one in rows),
            "reorderable": view.keeper
            and view.planned
            and sum(one.row.item.settled_at is None for one in rows) > 1,
            "all_key": meeting_rows.ALL,
            "all_outcomes": outcomes,
            "all_fields": meeting_rows.fields_for_all(view, everywhere) if outcomes else (),
            "all_typed": everywhere or meeting_rows.Typed(),
            "papers": view.papers,
            "agenda_is_current": agenda is not None and agenda.version == view.meeting.version,
            "candidates": candidates[:MOST_WAITING],
            "refused": [one for one in rows if one.refused],
            "error": error,
            "cancelling": cancelling,
        },
        status=status,
    )


@login_required
@require_safe
def meeting(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One meeting: its agenda, the results to record, its papers."""
    held = holdings_of_request(request)
    return _page(request, meeting_view(person_of(request), held, public_id))


@login_required
@require_POST
def meeting_record(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Record what is filled in, all or nothing; ``reporter``: only fill in the rows left blank."""
    user, held = person_of(request), holdings_of_request(request)
    view = meeting_view(user, held, public_id)
    typed = meeting_rows.typed_rows(request, view)
    everywhere = meeting_rows.typed_for_all(request, view)
    if "reporter" in request.POST:
        count = meeting_rows.spread(typed, everywhere, view)
        said = f"{count} dossier{'s' if count > 1 else ''} rempli{'s' if count > 1 else ''}" if count else ""
        if said:
            messages.info(request, f"{said}, rien n’est encore enregistré : relisez, puis enregistrez.")
        else:
            messages.warning(request, "Aucun dossier laissé vide n’admet cette issue : rien n’a été rempli.")
        return _page(request, view, typed=typed, everywhere=everywhere)
    refused = meeting_rows.unfinished(typed, view)
    if refused:
        return _page(request, view, typed=typed, everywhere=everywhere, refused=refused, status=422)
    rows = meeting_rows.filled(typed, view)
    try:
        record_together(public_id=public_id, rows=rows, actor=user)
    except NotFound:
        raise
    except BusinessError as error:
        view = meeting_view(user, held, public_id)
        found = error.details.get("rows")
        return _page(
            request,
            view,
            typed=typed,
            everywhere=everywhere,
            refused=found if isinstance(found, dict) else {},
            error=error,
            status=error.http_status,
        )
    many = len(rows) > 1
    messages.success(
        request,
        f"{len(rows)} résultat{'s' if many else ''} enregistré{'s' if many else ''}, et inscrit{'s' if many else ''} "
        "au journal de chaque dossier.",
    )
    return redirect("meeting", public_id)


@login_required
@require_POST
def meeting_add(request: HttpRequest, public_id: UUID | None = None) -> HttpResponse:
    """Put dossiers on an agenda: that of the page, or of the meeting chosen in the list."""
    _readable(request)
    chosen = public_id or _uuid(request.POST.get("meeting", ""))
    if chosen is None:
        messages.error(request, "Choisissez la séance à laquelle inscrire ces dossiers.")
        return redirect("meetings")
    references = request.POST.getlist("references")
    try:
        added = add_items(public_id=chosen, references=references, actor=person_of(request))
    except NotFound:
        raise
    except BusinessError as error:
        messages.error(request, error.message)
        return redirect("meeting", public_id) if public_id else redirect("meetings")
    many = len(added) > 1
    messages.success(request, f"{len(added)} dossier{'s' if many else ''} à l’ordre du jour.")
    return redirect("meeting", chosen)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _done(request: HttpRequest, public_id: UUID, act: Any, said: str, **options: Any) -> HttpResponse:
    """Do a small act and go back to the page; a refusal is said at its head."""
    try:
        act(public_id=public_id, actor=person_of(request), **options)
    except NotFound:
        raise
    except BusinessError as error:
        held = holdings_of_request(request)
        view = meeting_view(person_of(request), held, public_id)
        typed_motive = options.get("motive", "")
        return _page(request, view, error=error, cancelling=typed_motive, status=error.http_status)
    messages.success(request, said)
    return redirect("meeting", public_id)


@login_required
@require_POST
def meeting_remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take a dossier off the agenda."""
    reference = request.POST.get("reference", "")
    return _done(
        request,
        public_id,
        remove_item,
        f"Le dossier {reference} est retiré de l’ordre du jour : il attend une autre séance.",
        reference=reference,
    )


@login_required
@require_POST
def meeting_order(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Put the dossiers still open into the order of the ranks typed; equal ranks keep their order."""
    view = meeting_view(person_of(request), holdings_of_request(request), public_id)
    waiting = [row for row in view.rows if row.item.settled_at is None]
    ranks = {
        row.dossier.reference: _number(request.POST.get(f"{row.key}-rank", "")) or row.item.position
        for row in waiting
    }
    order = sorted((row.dossier.reference for row in waiting), key=lambda one: ranks[one])
    return _done(request, public_id, reorder_agenda, "L’ordre du jour est réordonné.", references=order)


@login_required
@require_POST
def meeting_cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Cancel a meeting."""
    said = "La séance est annulée ; ses dossiers attendent une autre séance."
    return _done(request, public_id, cancel_meeting, said, motive=request.POST.get("motive", ""))


@login_required
@require_POST
def meeting_agenda(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Make the agenda as PDF/A."""
    return _done(request, public_id, make_agenda, "L’ordre du jour est établi : téléchargez-le ci-dessous.")


@login_required
@require_POST
def meeting_close(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Close a meeting and make its minutes."""
    said = "La séance est close et son procès-verbal établi."
    version = _number(request.POST.get("version", ""))
    return _done(request, public_id, close_meeting, said, version=version)


@login_required
@require_safe
def meeting_paper(request: HttpRequest, public_id: UUID, paper_id: UUID) -> FileResponse:
    """Download an agenda or minutes, through the gate of the meeting."""
    return paper_response(holdings_of_request(request), public_id, paper_id)


def paper_response(holdings: tuple[Holding, ...], public_id: UUID, paper_id: UUID) -> FileResponse:
    """The file of a paper, never a page. Raises ``NotFound``, also when the stored file has gone."""
    paper = meeting_paper_for(holdings, public_id, paper_id)
    try:
        file = paper.file.open("rb")
    except FileNotFoundError:
        raise NotFound(
            "Le fichier de ce document est introuvable dans le stockage. Signalez-le à l’administrateur."
        ) from None
    response = FileResponse(
        file, as_attachment=True, filename=safe_name(paper.name), content_type="application/pdf"
    )
    response["Content-Length"] = str(paper.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
