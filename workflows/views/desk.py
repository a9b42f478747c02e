"""What makes a clerk's morning short: the next task at once, tasks put aside, the keys that spare the mouse."""

from datetime import date, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases import clock
from cases.calendar import french_date, is_working_day
from cases.errors import BusinessError, NotFound
from cases.models import Dossier
from cases.selectors import dossiers_visible_to
from cases.views.access import holdings_of_request, person_of
from workflows.forms import SnoozeForm
from workflows.services import claim_next
from workflows.services.snoozes import MAX_DAYS, snooze_task, wake_task
from workflows.views.work import back, queue_filters

#: Tag of a message after which the next task is offered.
NEXT = "next"


@login_required
@require_POST
def task_next(request: HttpRequest) -> HttpResponse:
    """Take the next task, among those that the filters sent along let through."""
    try:
        task = claim_next(actor=person_of(request), filters=queue_filters(request.POST))
    except NotFound as none:
        messages.info(request, none.message)
        return back(request, "queue")
    except BusinessError as error:
        messages.error(request, error.message)
        return back(request, "queue")
    messages.success(request, "La tâche est à vous.")
    return redirect(f"{reverse('dossier', args=[task.process.dossier.reference])}#agir")


def soon() -> list[tuple[str, date]]:
    """The days that are offered with one click: tomorrow, when people work then, and next Monday."""
    today = clock.today()
    tomorrow, monday = today + timedelta(1), today + timedelta(7 - today.weekday())
    found = [("demain", tomorrow)] if is_working_day(tomorrow) and tomorrow != monday else []
    return [*found, ("lundi", monday)]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def task_snooze(request: HttpRequest, task_id: int) -> HttpResponse:
    """Choose until when a task is put aside; a refused day shows the form again."""
    user, held = person_of(request), holdings_of_request(request)
    found = dossiers_visible_to(user, held).filter(process__task__pk=task_id).first()
    if found is None:
        raise NotFound("Cette tâche n’existe pas, ou ne vous est pas accessible.")
    form = SnoozeForm(request.POST if request.method == "POST" else None, auto_id="decote-%s")
    error: BusinessError | None = None
    if request.method == "POST" and form.is_valid():
        until = form.cleaned_data["until"]
        try:
            snooze_task(task_id=task_id, until=until, actor=user)
        except BusinessError as refusal:
            error = refusal
            if "until" in refusal.details:
                form.add_error("until", refusal.message)
        else:
            day = french_date(until)
            messages.success(
                request,
                f"{found.reference} est de côté jusqu’au {day} : la tâche reviendra ce jour-là dans votre file. "
                "Les échéances et les rappels ne changent pas.",
            )
            return redirect("queue")
    return _snooze_page(request, found, task_id, form, error)


def _snooze_page(
    request: HttpRequest, dossier: Dossier, task_id: int, form: SnoozeForm, error: BusinessError | None
) -> HttpResponse:
    wrong = error is not None or form.errors
    return render(
        request,
        "tasks/snooze.html",
        {
            "dossier": dossier,
            "task_id": task_id,
            "form": form,
            "reasons": error.reasons if error else (),
            "problems": [error.message] if error and not error.reasons and not form.errors else [],
            "soon": soon(),
            "most": MAX_DAYS,
        },
        status=(error.http_status if error else 422) if wrong else 200,
    )


@login_required
@require_POST
def task_wake(request: HttpRequest, task_id: int) -> HttpResponse:
    """Bring a task back to one's queue before its day."""
    wake_task(task_id=task_id, actor=person_of(request))
    messages.success(request, "La tâche est de nouveau dans votre file.")
    return back(request, "queue")


#: The keys and what they do, as the page lists them and as static/berline/js/shortcuts.js does them.
SHORTCUTS = (
    (("/",), "Aller à la recherche"),
    (("g", "a"), "Aller à l’accueil"),
    (("g", "t"), "Aller aux tâches"),
    (("g", "d"), "Aller aux dossiers"),
    (("j",), "Ligne suivante d’une liste"),
    (("k",), "Ligne précédente d’une liste"),
    (("Entrée",), "Ouvrir la ligne où vous êtes"),
    (("n",), "Prendre la tâche suivante, là où le bouton « Prendre la suivante » paraît"),
    (("?",), "Ouvrir cette page"),
)


@login_required
@require_safe
def shortcuts(request: HttpRequest) -> HttpResponse:
    """The keys, and the switch that turns them off in this browser."""
    return render(request, "shortcuts.html", {"shortcuts": SHORTCUTS})
