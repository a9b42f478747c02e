"""Absences and deputies: one's own, those of the people whom one manages. For everybody who is logged in."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from cases import clock
from cases.calendar import DAYS, MONTHS, add_months, french_date
from cases.errors import BusinessError
from cases.forms import AbsenceForm, DeputyForm
from cases.models import Absence, Deadline, User
from cases.permissions import Holding
from cases.selectors.absences import (
    absences_covered_by,
    absences_managed_by,
    absences_managed_during,
    absences_of,
    managed_by,
    people_managed_by,
)
from cases.services import cancel_absence, declare_absence, may_declare_for, set_deputy
from cases.views.access import holdings_of_request, person_of
from cases.views.administration import add_service_errors

#: The legal dates that fall inside absences of a person, by absence, as far as a reader with these holdings may read
#: them. What a date is belongs to ``workflows``: its addresses give this to the pages.
DatesOf = Callable[[User, Sequence[Absence], tuple[Holding, ...]], Mapping[int, Sequence[Deadline]]]


def _no_dates(
    user: User, absences: Sequence[Absence], holdings: tuple[Holding, ...]
) -> Mapping[int, Sequence[Deadline]]:
    return {}


@login_required
@require_GET
def own(request: HttpRequest, dates_of: DatesOf = _no_dates) -> HttpResponse:
    """My absences, whom I stand in for, who is away in the bodies that I manage. ``personne``: go to their page."""
    wanted = request.GET.get("personne", "")
    if wanted:
        return redirect("absences_of", _person(request, wanted).username)
    return _page(request, person_of(request), dates_of=dates_of)


@login_required
@require_GET
def of_person(request: HttpRequest, username: str, dates_of: DatesOf = _no_dates) -> HttpResponse:
    """The absences of somebody whom one manages."""
    user = _person(request, username)
    mine = user.pk == person_of(request).pk
    return redirect("absences") if mine else _page(request, user, dates_of=dates_of)


@login_required
@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """Who is away on each day of a month, in the bodies that one manages. ``mois``: 2015-03, this month otherwise."""
    actor, held, today = person_of(request), holdings_of_request(request), clock.today()
    first = _month(request.GET.get("mois", ""), today)
    after = add_months(first, 1)
    start = first - timedelta(days=first.weekday())
    end = after - timedelta(days=1)
    end += timedelta(days=6 - end.weekday())
    absences = absences_managed_during(actor, held, start, end)
    if absences is None:
        raise Http404
    away = list(absences)
    weeks = []
    for monday in range((end - start).days // 7 + 1):
        days = [start + timedelta(days=7 * monday + number) for number in range(7)]
        weeks.append(
            [
                {
                    "day": day,
                    "label": f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}",
                    "inside": day.month == first.month,
                    "today": day == today,
                    "absences": [one for one in away if one.first_day <= day <= one.last_day],
                }
                for day in days
            ]
        )
    neighbours = [add_months(first, -1), after]
    return render(
        request,
        "absences_calendar.html",
        {
            "title": f"{MONTHS[first.month - 1]} {first.year}",
            "days": DAYS,
            "weeks": weeks,
            "away": away,
            "before": _month_link(neighbours[0]),
            "after": _month_link(neighbours[1]),
        },
    )


def _month(asked: str, today: date) -> date:
    """The first day of the month asked for; of this month when it cannot be read."""
    try:
        year, month = (int(part) for part in asked.split("-"))
        return date(year, month, 1) if 2000 <= year < 2200 else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def _month_link(first: date) -> dict[str, str]:
    return {"query": f"{first:%Y-%m}", "label": f"{MONTHS[first.month - 1]} {first.year}"}


@login_required
@require_POST
def declare(request: HttpRequest, username: str, dates_of: DatesOf = _no_dates) -> HttpResponse:
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
            inside = dates_of(user, [absence], holdings_of_request(request)).get(absence.pk, ())
            if inside:
                messages.warning(request, _dates_inside(inside))
            return _back(request, user)
    return _page(request, user, absence_form=form, problems=problems, dates_of=dates_of, status=422)


def _dates_inside(found: Sequence[Deadline]) -> str:
    """« 2 échéances légales tombent pendant cette absence : … »."""
    many = len(found) > 1
    which = " ; ".join(
        f"{one.dossier.reference}, {one.title}, {french_date(one.due_on)}" for one in found if one.due_on
    )
    return (
        f"{len(found)} échéance{'s' if many else ''} légale{'s' if many else ''} tombe{'nt' if many else ''} pendant "
        f"cette absence : {which}. Confiez ces tâches avant de partir, ou donnez une délégation."
    )


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
    dates_of: DatesOf = _no_dates,
    status: int = 200,
) -> HttpResponse:
    actor, held, today = person_of(request), holdings_of_request(request), clock.today()
    mine = user.pk == actor.pk
    people = list(people_managed_by(actor, held)) if mine else []
    covered = list(absences_covered_by(user))
    own_absences = list(absences_of(user))
    dates = dates_of(user, own_absences, held) if own_absences else {}
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
        "dates_inside": [
            {"absence": one, "deadlines": dates[one.pk]} for one in own_absences if dates.get(one.pk)
        ],
        "plans": managed_by(held) is not None,
        "today": today,
    }
    return render(request, "absences.html", context, status=status)
