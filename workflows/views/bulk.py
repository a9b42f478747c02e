"""Acts on many dossiers: choose the act, see what it would do, ask for it, follow it, recall it.

Choosing and forecasting write nothing: what was chosen travels in the page, with the versions that were shown.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases import clock
from cases.errors import BusinessError, Invalid, NotFound
from cases.models import User
from cases.views.access import acting_of_request, person_of
from cases.work_terms import BulkItemState, BulkKind
from workflows.bulk_file import CSV_TYPE, XLSX_TYPE, csv_of, xlsx_of
from workflows.selectors.bulk import (
    STATES,
    RunView,
    all_results,
    queue_task_ids,
    receivers_of,
    results_of,
    run_for,
    runs_of,
)
from workflows.selectors.bulk_forecast import (
    MOST,
    Act,
    Chosen,
    Forecast,
    act_of_key,
    chosen_tasks,
    offer_key,
    offers,
)
from workflows.services import Pick, preview, recall, start_bulk
from workflows.services.bulk import motive_needed
from workflows.views.work import queue_filters

#: What each act on tasks does, for who chooses it.
HELP = {
    BulkKind.CLAIM: "Les tâches libres deviennent les vôtres.",
    BulkKind.RELEASE: "Les tâches redeviennent libres pour toutes les personnes du rôle.",
    BulkKind.REASSIGN: "Les tâches passent à une personne que vous choisissez, avec un motif.",
}


@login_required
@require_safe
def bulk_runs(request: HttpRequest) -> HttpResponse:
    """The runs that the person asked for."""
    return render(request, "bulk/list.html", {"runs": runs_of(person_of(request))})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bulk_new(request: HttpRequest) -> HttpResponse:
    """Choose the act, then see what it would do; only ``stage=start`` writes anything."""
    given = request.POST if request.method == "POST" else request.GET
    ids = _chosen_ids(request, given)
    if len(ids) > MOST:
        messages.error(
            request,
            f"Plus de {MOST} dossiers sont choisis ; un lot en compte {MOST} au plus. Réduisez la liste par un filtre.",
        )
        return redirect("queue")
    if not ids:
        if request.method == "POST":
            messages.error(request, "Choisissez au moins un dossier.")
        return redirect("queue")
    act = act_of_key(given.get("act", ""))
    if act is None:
        return _choose(request, ids)
    stage = given.get("stage", "")
    if request.method != "POST" or (stage not in ("preview", "start") and _needs_more(act)):
        return _fill(request, act, ids)
    act = _filled(request, act, ids)
    return _start(request, act, ids) if stage == "start" else _forecast(request, act, ids)


def _chosen_ids(request: HttpRequest, given: Any) -> list[int]:
    if given.get("all"):
        return queue_task_ids(person_of(request), queue_filters(given), acting_of_request(request))
    found = (_number(one) for one in given.getlist("task")[: 2 * MOST])
    return list(dict.fromkeys(one for one in found if one is not None))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _chosen(request: HttpRequest, ids: list[int]) -> list[Chosen]:
    """What of it the person may read. Raises ``NotFound`` for nothing."""
    chosen = chosen_tasks(person_of(request), ids, acting_of_request(request))
    if not chosen:
        raise NotFound(
            "Aucun de ces dossiers ne vous est accessible. Choisissez-les de nouveau dans vos tâches."
        )
    return chosen


def _needs_more(act: Act) -> bool:
    """Whether something has to be typed before anything can be said."""
    return act.kind == BulkKind.REASSIGN or (act.ending is not None and act.ending.form is not None)


def _choose(request: HttpRequest, ids: list[int]) -> HttpResponse:
    chosen = _chosen(request, ids)
    found = offers(person_of(request), chosen, acting_of_request(request))
    groups: dict[str, list[dict[str, Any]]] = {}
    for offer in found:
        shown = {
            "key": offer.key,
            "label": offer.act.label,
            "number": offer.number,
            "help": offer.outcome.help if offer.outcome else HELP[offer.act.kind],
            "motive": bool(offer.outcome and offer.outcome.motive),
            "style": offer.outcome.style if offer.outcome else "secondary",
        }
        groups.setdefault(offer.where, []).append(shown)
    context = {
        "groups": [{"where": where, "offers": shown} for where, shown in groups.items()],
        "ids": [one.task.pk for one in chosen],
        "number": len(chosen),
        "unread": len(ids) - len(chosen),
        "in_person": sum(one.step.by_person or one.step.sealed for one in chosen),
        "minutes": _grace(),
    }
    return render(request, "bulk/choose.html", context)


def _grace() -> str:
    """« 2 minutes »."""
    seconds: int = settings.BERLINE_BULK_RECALL_SECONDS
    if seconds % 60:
        return f"{seconds} secondes"
    return f"{seconds // 60} minute{'s' if seconds >= 120 else ''}"


def _fill(request: HttpRequest, act: Act, ids: list[int], error: BusinessError | None = None) -> HttpResponse:
    """What the act asks for besides a motive: its data, or who receives the tasks."""
    chosen = _chosen(request, ids)
    form = None
    if act.ending is not None and act.ending.form is not None:
        concerned = [one for one in chosen if one.step is act.node] or chosen
        given: dict[str, Any] = {"organisation": concerned[0].dossier.organisation, "auto_id": "lot-%s"}
        form = act.ending.form(request.POST if error else None, **given)
        if error:
            form.is_valid()
    context = {
        "act": act,
        "key": offer_key(act),
        "ids": [one.task.pk for one in chosen],
        "number": len(chosen),
        "form": form,
        "people": _receivers(request, chosen) if act.kind == BulkKind.REASSIGN else [],
        "needs_person": act.kind == BulkKind.REASSIGN,
        "error": error,
    }
    return render(request, "bulk/fill.html", context, status=error.http_status if error else 200)


def _receivers(request: HttpRequest, chosen: list[Chosen]) -> list[User]:
    return receivers_of(chosen, person_of(request), acting_of_request(request))


def _filled(request: HttpRequest, act: Act, ids: list[int]) -> Act:
    """The act with the data and the person that were sent."""
    if act.kind == BulkKind.REASSIGN:
        wanted = _number(request.POST.get("to", ""))
        people = {one.pk: one for one in _receivers(request, _chosen(request, ids))} if wanted else {}
        return Act(act.kind, to=people.get(wanted or 0))
    if act.ending is None or act.ending.form is None:
        return act
    if "data" in request.POST:
        try:
            data = json.loads(request.POST["data"])
        except (ValueError, RecursionError):
            data = {}
    else:
        data = {
            name: field.widget.value_from_datadict(request.POST, request.FILES, name)
            for name, field in act.ending.form.base_fields.items()
        }
    return Act(act.kind, act.path, act.step, act.outcome, data if isinstance(data, dict) else {})


def _forecast(
    request: HttpRequest,
    act: Act,
    ids: list[int],
    *,
    error: BusinessError | None = None,
    kept: set[int] | None = None,
) -> HttpResponse:
    """What the act would do to each. ``kept``: the dossiers that were ticked when something was refused."""
    user = person_of(request)
    try:
        found = preview(actor=user, act=act, task_ids=ids, holdings=acting_of_request(request))
    except Invalid as refused:
        if _needs_more(act):
            return _fill(request, act, ids, refused)
        messages.error(request, refused.message)
        return _choose(request, ids)
    if not found:
        raise NotFound(
            "Aucun de ces dossiers ne vous est accessible. Choisissez-les de nouveau dans vos tâches."
        )
    each = bool(request.POST.get("each"))
    rows = [_row(request, one, kept) for one in found]
    required = any(motive_needed(user, act, one.chosen) for one in found)
    context = {
        "act": act,
        "key": offer_key(act),
        "to": act.to,
        "data": json.dumps(dict(act.data))
        if act.ending is not None and act.ending.form is not None
        else None,
        "rows": rows,
        "possible": sum(one.possible for one in found),
        "skipped": sum(not one.possible for one in found),
        "unread": len(ids) - len(found),
        "each": each,
        "takes_motive": act.kind != BulkKind.CLAIM,
        "motive_required": required,
        "motive": request.POST.get("motive", ""),
        "waits": act.kind == BulkKind.PERFORM,
        "minutes": _grace(),
        "error": error,
    }
    return render(request, "bulk/forecast.html", context, status=error.http_status if error else 200)


def _row(request: HttpRequest, one: Forecast, kept: set[int] | None) -> dict[str, Any]:
    task = one.chosen.task
    return {
        "forecast": one,
        "dossier": one.chosen.dossier,
        "task": task,
        "step": one.chosen.step.task_title,
        "item": f"{task.pk}:{one.version}:{task.owner_id or ''}",
        "ticked": kept is None or task.pk in kept,
        "motive": request.POST.get(f"motive-{task.pk}", ""),
    }


def _start(request: HttpRequest, act: Act, ids: list[int]) -> HttpResponse:
    picks = list(_picks(request.POST.getlist("item")[:MOST], request.POST))
    try:
        run = start_bulk(
            actor=person_of(request), act=act, picks=picks, motive=request.POST.get("motive", "")
        )
    except NotFound:
        raise
    except BusinessError as error:
        kept = {pick.task_id for pick in picks}
        return _forecast(request, act, ids, error=error, kept=kept)
    return redirect("bulk_run", run.public_id)


def _picks(items: Sequence[str], typed: Mapping[str, str]) -> Iterable[Pick]:
    """Of ``task:version:holder``, as the page wrote it; what is written otherwise is left out."""
    for item in items:
        task, _, rest = item.partition(":")
        version, _, holder = rest.partition(":")
        task_id, seen = _number(task), _number(version)
        if task_id is not None and seen is not None and seen < 2**31:
            yield Pick(task_id, seen, _number(holder), typed.get(f"motive-{task}", ""))


@login_required
@require_safe
def bulk_run(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """How far a run has come, and the result of each dossier."""
    return _page_of_run(request, _run(request, public_id))


def _run(request: HttpRequest, public_id: UUID) -> RunView:
    return run_for(person_of(request), public_id, acting_of_request(request))


def _page_of_run(request: HttpRequest, view: RunView) -> HttpResponse:
    state, cursor = request.GET.get("state", ""), request.GET.get("cursor", "")
    if state not in BulkItemState.values:
        state = ""
    page = results_of(view, person_of(request), acting_of_request(request), state=state, cursor=cursor)
    context = {
        "view": view,
        "run": view.run,
        "label": view.act.label,
        "page": page,
        "state": state,
        "cursor": cursor,
        "query": f"state={state}" if state else "",
        "states": [
            {"value": one.value, "label": one.label, "number": view.counts[one]}
            for one in STATES
            if view.counts[one]
        ],
    }
    return render(request, "bulk/run.html", context)


@login_required
@require_POST
def bulk_recall(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take back what is not done."""
    view = _run(request, public_id)
    try:
        number = recall(run_id=view.run.pk, actor=person_of(request))
    except NotFound:
        raise
    except BusinessError as error:
        messages.error(request, error.message)
    else:
        plural = "s" if number > 1 else ""
        messages.success(request, f"{number} dossier{plural} rappelé{plural} : rien n’y a été fait.")
    return redirect("bulk_run", public_id)


@login_required
@require_safe
def bulk_csv(request: HttpRequest, public_id: UUID) -> FileResponse:
    """The results as CSV."""
    view = _run(request, public_id)
    results = all_results(view, person_of(request), acting_of_request(request))
    return _file(csv_of(results), f"lot-{public_id}.csv", CSV_TYPE)


@login_required
@require_safe
def bulk_xlsx(request: HttpRequest, public_id: UUID) -> FileResponse:
    """The results as XLSX."""
    view = _run(request, public_id)
    results = all_results(view, person_of(request), acting_of_request(request))
    asked = view.run.created_at.astimezone(clock.PARIS)
    title = f"Lot « {view.act.label} » du {asked:%d/%m/%Y à %H:%M}"
    return _file(xlsx_of(results, title), f"lot-{public_id}.xlsx", XLSX_TYPE)


def _file(content: BytesIO, name: str, content_type: str) -> FileResponse:
    response = FileResponse(content, as_attachment=True, filename=name, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
