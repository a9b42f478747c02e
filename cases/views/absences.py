"""Absences and deputies: one's own, those of the people whom one manages. For everybody who is logged in."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from cases import clock
from cases.calendar import french_date
from cases.errors import BusinessError
from cases.forms import AbsenceForm, DeputyForm
from cases.models import User
from cases.selectors.absences import (
    absences_covered_by,
    absences_managed_by,
    absences_of,
    people_managed_by,
)
from cases.services import cancel_absence, declare_absence, may_declare_for, set_deputy
from cases.views.access import holdings_of_request, person_of
from cases.views.administration import add_service_errors


@login_required
@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """My absences, whom I stand in for, who is away in the bodies that I manage. ``personne``: go to their page."""
    wanted = request.GET.get("personne", "")
    if wanted:
        return redirect("absences_of", _person(request, wanted).username)
    return _page(request, person_of(request))


@login_required
@require_GET
def of_person(request: HttpRequest, username: str) -> HttpResponse:
    """The absences of somebody whom one manages."""
    user = _person(request, username)
    return redirect("absences") if user.pk == person_of(request).pk else _page(request, user)


@login_required
@require_POST
def declare(request: HttpRequest, username: str) -> HttpResponse:
    """Declare an absence."""
    user = _person(request, username)
    form = AbsenceForm(request.POST, user=user)
    problems: list[str] = []
    if form.is_valid():
        data = form.cleaned_data
        try:
            absence = declare_absence(
                user=user,
                first_day=data["first_day"],
                last_day=data["last_day"],
                deputy=data["deputy"],
                declared_by=person_of(request),
            )
        except BusinessError as error:
            problems = add_service_errors(form, error) or problems
        else:
            whose = "Votre absence" if user.pk == person_of(request).pk else f"L’absence de {user}"
            days = f"du {french_date(absence.first_day)} au {french_date(absence.last_day)}"
            messages.success(request, f"{whose} {days} est déclarée.")
            return _back(request, user)
    return _page(request, user, absence_form=form, problems=problems, status=422)


@login_required
@require_POST
def deputy(request: HttpRequest, username: str) -> HttpResponse:
    """Name the usual deputy, or none."""
    user = _person(request, username)
    form = DeputyForm(request.POST, user=user, auto_id="suppleant_%s")
    problems: list[str] = []
    if form.is_valid():
        chosen = form.cleaned_data["deputy"]
        try:
            set_deputy(user=user, deputy=chosen, changed_by=person_of(request))
        except BusinessError as error:
            problems = add_service_errors(form, error)
        else:
            said = f"Le suppléant habituel est désormais {chosen}." if chosen else "Aucun suppléant habituel."
            messages.success(request, said)
            return _back(request, user)
    return _page(request, user, deputy_form=form, problems=problems, status=422)


@login_required
@require_POST
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Cancel an absence, to come or in force."""
    absence = cancel_absence(public_id=public_id, cancelled_by=person_of(request))
    messages.success(request, "L’absence est annulée : les rappels reprennent leur cours habituel.")
    return _back(request, absence.user)


def _person(request: HttpRequest, username: str) -> User:
    """Oneself, or somebody whom one may declare absent; for anybody else the page does not exist."""
    user = get_object_or_404(User.objects.select_related("deputy"), username=username)
    if not may_declare_for(person_of(request), user, holdings_of_request(request)):
        raise Http404
    return user


def _back(request: HttpRequest, user: User) -> HttpResponse:
    if user.pk == person_of(request).pk:
        return redirect("absences")
    return redirect("absences_of", user.username)


def _page(
    request: HttpRequest,
    user: User,
    *,
    absence_form: AbsenceForm | None = None,
    deputy_form: DeputyForm | None = None,
    problems: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    actor, held, today = person_of(request), holdings_of_request(request), clock.today()
    mine = user.pk == actor.pk
    people = list(people_managed_by(actor, held)) if mine else []
    covered = list(absences_covered_by(user))
    own_absences = list(absences_of(user))
    context: dict[str, Any] = {
        "person": user,
        "mine": mine,
        "absences": own_absences,
        "covered": covered,
        "both_away": [
            one
            for one in covered
            if any(away.first_day <= one.last_day and one.first_day <= away.last_day for away in own_absences)
        ],
        "people": people,
        "away": list(absences_managed_by(actor, held)) if people else [],
        "absence_form": absence_form or AbsenceForm(user=user),
        "deputy_form": deputy_form or DeputyForm(user=user, auto_id="suppleant_%s"),
        "problems": problems or [],
        "today": today,
    }
    return render(request, "absences.html", context, status=status)
