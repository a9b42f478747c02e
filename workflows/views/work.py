"""Home, queue, and the taking and giving back of tasks."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from cases import clock
from cases.errors import BusinessError
from cases.selectors import dossiers_visible_to, running_deadlines
from cases.selectors.desk import recently_seen
from cases.selectors.organisations import bodies_read_by
from cases.views.access import acting_of_request, holdings_of_request, person_of
from cases.views.saved import bar_of
from cases.work_terms import ListPage
from workflows.engine import all_paths, get_path
from workflows.selectors import QueueFilters, page_of, queue
from workflows.selectors.bulk import runs_since
from workflows.selectors.changes import Changes, changes_for
from workflows.selectors.queue import BY_DATE, SORTS
from workflows.services import claim, release
from workflows.views.presentation import entry_title

HOME_TASKS = 8
HOME_DATES = 10


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What awaits me, what changed since yesterday, my dossiers, the dates that come, what I looked at last."""
    user, held = person_of(request), holdings_of_request(request)
    acting = acting_of_request(request)
    page = queue(user, holdings=acting, count_late=True)
    dossiers = page_of(dossiers_visible_to(user, held).select_related("organisation"), size=HOME_TASKS).items
    today = clock.today()
    changes = changes_for(user, held)
    return render(
        request,
        "home.html",
        {
            "no_role": not acting,
            "tasks": page.items[:HOME_TASKS],
            "task_count": page.count,
            "task_count_is_exact": page.count_is_exact,
            "late_count": page.late,
            "aside": page.aside,
            "changes": _told(changes),
            "runs": runs_since(user, changes.since),
            "recent": recently_seen(user, acting),
            "dossiers": dossiers,
            "dates": [
                {
                    "due_on": deadline.due_on,
                    "late": deadline.due_on is not None and deadline.due_on < today,
                    "today": deadline.due_on == today,
                    "title": deadline.title,
                    "dossier": deadline.dossier,
                }
                for deadline in running_deadlines(user, held)[:HOME_DATES]
            ],
        },
    )


def _told(changes: Changes) -> dict[str, Any]:
    """What changed, in words."""
    return {
        "since": changes.since,
        "dossiers": [
            {
                "dossier": one.dossier,
                "acts": [
                    {
                        "title": entry_title(get_path(one.dossier.path), entry),
                        "who": entry.actor_name,
                        "at": entry.at,
                    }
                    for entry in one.entries
                ],
                "more": one.more,
            }
            for one in changes.dossiers
        ],
        "others": changes.others,
        "at_least": changes.at_least,
    }


def _query(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("cursor", None)
    for name in [name for name, value in query.items() if not value]:
        query.pop(name)
    return query.urlencode()


def queue_filters(asked: QueryDict) -> QueueFilters:
    """The filters of the queue as an address or a form names them."""
    sort = asked.get("sort", "")
    return QueueFilters(
        mine=bool(asked.get("mine")),
        free=bool(asked.get("free")),
        overdue=bool(asked.get("overdue")),
        snoozed=bool(asked.get("snoozed")),
        path=asked.get("path", ""),
        organisation=asked.get("organisation", ""),
        text=asked.get("q", "").strip(),
        sort=sort if sort in SORTS else "",
        cursor=asked.get("cursor", ""),
    )


@login_required
@require_safe
def queue_page(request: HttpRequest) -> HttpResponse:
    """Every open task that the person may do."""
    user, held = person_of(request), holdings_of_request(request)
    asked = queue_filters(request.GET)
    page = queue(user, asked, holdings=acting_of_request(request))
    chosen = next((name for name in ("mine", "free", "overdue", "snoozed") if getattr(asked, name)), "")
    views = [("", "Toutes"), ("mine", "Prises par moi"), ("free", "Libres"), ("overdue", "En retard")]
    if page.aside or asked.snoozed:
        views.append(("snoozed", "Mises de côté"))
    return render(
        request,
        "queue.html",
        {
            "page": page,
            "filters": asked,
            "views": [
                {
                    "label": label,
                    "count": page.aside
                    if name == "snoozed"
                    else page.count
                    if name == chosen and page.count_is_exact
                    else None,
                    "url": f"{reverse('queue')}?{name}=1" if name else reverse("queue"),
                    "current": name == chosen,
                }
                for name, label in views
            ],
            "sorts": [("", "La plus ancienne d’abord"), (BY_DATE, "L’échéance la plus proche d’abord")],
            "paths": [(path.key, path.title) for path in all_paths()],
            "organisations": [(body.code, body.name) for body in bodies_read_by(held)],
            "query": _query(request),
            "saved": bar_of(request, ListPage.QUEUE, _query(request), held),
            "cursor": asked.cursor,
            "ticked": bool(request.GET.get("tout")),
        },
    )


def back(request: HttpRequest, default: str) -> HttpResponse:
    """Back to the page that the person came from, on this site only."""
    came_from = request.headers.get("referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return redirect(came_from)
    return redirect(default)


@login_required
@require_POST
def task_claim(request: HttpRequest, task_id: int) -> HttpResponse:
    """Take a task."""
    try:
        task = claim(task_id=task_id, actor=person_of(request))
    except BusinessError as error:
        if error.http_status == 404:
            raise
        messages.error(request, error.message)
        return back(request, "queue")
    messages.success(request, "La tâche est à vous.")
    return redirect(f"{reverse('dossier', args=[task.process.dossier.reference])}#agir")


@login_required
@require_POST
def task_release(request: HttpRequest, task_id: int) -> HttpResponse:
    """Give a task back."""
    try:
        release(task_id=task_id, actor=person_of(request))
    except BusinessError as error:
        if error.http_status == 404:
            raise
        messages.error(request, error.message)
    else:
        messages.success(request, "La tâche est de nouveau ouverte à toutes les personnes de ce rôle.")
    return back(request, "queue")
