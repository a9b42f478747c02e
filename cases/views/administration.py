"""Who holds which role: list, one person, grant, end, create, close an access. For administrators only."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases import clock
from cases.enums import Role
from cases.errors import BusinessError
from cases.forms import EndForm, GrantForm, MotiveForm, PersonForm
from cases.models import AdministrationEntry, Organisation, RoleGrant, User
from cases.permissions import administers
from cases.selectors import grants_administered_by, live_feeds_of, normalise
from cases.services import create_person, deactivate_person, end_role, grant_role, revoke_feeds_of
from cases.views.access import holdings_of_request, person_of

PAGE_SIZE = 50

TITLES = {
    "grant_role": "Rôle attribué",
    "end_role": "Rôle retiré",
    "create_person": "Personne créée",
    "deactivate_person": "Accès fermé",
    "create_feed": "Adresse de flux créée",
    "revoke_feed": "Adresse de flux révoquée",
    "retry_delivery": "Envoi repris",
    "change_address": "Adresse électronique changée",
    "create_webhook": "Abonnement créé",
    "suspend_webhook": "Abonnement suspendu",
    "resume_webhook": "Abonnement repris",
    "renew_webhook": "Secret d’abonnement renouvelé",
    "declare_absence": "Absence déclarée",
    "cancel_absence": "Absence annulée",
    "set_deputy": "Suppléant habituel changé",
    "delegate": "Délégation reçue",
    "revoke_delegation": "Délégation révoquée",
}


def _administrators_only(request: HttpRequest) -> None:
    """Others learn nothing, not even that the page exists."""
    if not administers(holdings_of_request(request)):
        raise Http404


def add_service_errors(form: Any, error: BusinessError) -> list[str]:
    """Put a service's field messages on the form; return those that belong to no field."""
    loose = []
    for name, texts in error.details.items():
        if name in form.fields and isinstance(texts, list):
            for text in texts:
                form.add_error(name, text)
        elif name != "reasons" and isinstance(texts, list):
            loose += [str(text) for text in texts]
    if not error.details:
        loose.append(error.message)
    return loose


def _sentences(form: Any) -> list[str]:
    """The errors of a folded form's fields, for the summary at the head of the page."""
    return [f"{form.fields[name].label} : {text}" for name, texts in form.errors.items() for text in texts]


@login_required
@require_GET
def roles(request: HttpRequest) -> HttpResponse:
    """All grants, filtered by person, role and organisation."""
    _administrators_only(request)
    filters = {name: request.GET.get(name, "").strip() for name in ("q", "role", "organisation", "past")}
    today = clock.today()
    grants = grants_administered_by(person_of(request), holdings_of_request(request))
    if not filters["past"]:
        grants = grants.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=today))
    if filters["q"]:
        grants = grants.filter(
            Q(user__username__icontains=filters["q"])
            | Q(user__display_name__icontains=filters["q"])
            | Q(user__username__icontains=normalise(filters["q"]))
        )
    if filters["role"]:
        grants = grants.filter(role=filters["role"])
    if filters["organisation"]:
        grants = grants.filter(organisation__code=filters["organisation"])
    page = Paginator(grants, PAGE_SIZE).get_page(request.GET.get("cursor"))
    rows = list(page.object_list)
    for row in rows:
        row.ended = row.valid_until is not None and row.valid_until < today
    query = request.GET.copy()
    query.pop("cursor", None)
    return render(
        request,
        "administration/roles.html",
        {
            "filters": filters,
            "roles": Role.choices,
            "organisations": list(Organisation.objects.order_by("lineage").values_list("code", "name")),
            "page": {
                "items": rows,
                "next_cursor": str(page.next_page_number()) if page.has_next() else "",
                "count": page.paginator.count,
                "count_is_exact": True,
            },
            "cursor": str(page.number) if page.has_previous() else "",
            "query": query.urlencode(),
            "people": [
                (one.username, f"{one} ({one.username})") for one in User.objects.order_by("username")
            ],
        },
    )


@login_required
@require_GET
def person_jump(request: HttpRequest) -> HttpResponse:
    """Go to the page of the person chosen in the list."""
    _administrators_only(request)
    return redirect("person", get_object_or_404(User, username=request.GET.get("username", "")).username)


def _person_page(
    request: HttpRequest,
    person: User,
    *,
    grant_form: GrantForm | None = None,
    end_form: tuple[int, EndForm] | None = None,
    close_form: MotiveForm | None = None,
    feeds_form: MotiveForm | None = None,
    problems: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    today = clock.today()
    current, past = [], []
    for grant in (
        RoleGrant.objects.filter(user=person)
        .select_related("organisation", "granted_by")
        .order_by("valid_from", "pk")
    ):
        if grant.valid_until is not None and grant.valid_until < today:
            past.append(grant)
            continue
        grant.end_form = (
            end_form[1] if end_form and end_form[0] == grant.pk else EndForm(auto_id=f"fin_{grant.pk}_%s")
        )
        current.append(grant)
    entries = list(AdministrationEntry.objects.filter(subject=person).order_by("-sequence"))
    for entry in entries:
        entry.title = TITLES.get(entry.action, entry.action)
        if "role" in entry.changes:
            entry.title = f"{entry.title} : {Role(entry.changes['role']).label}"
    return render(
        request,
        "administration/person.html",
        {
            "person": person,
            "grants": current,
            "past": past,
            "grant_form": grant_form or GrantForm(),
            "close_form": close_form or MotiveForm(auto_id="fermer_%s"),
            "feeds": live_feeds_of(person).count(),
            "feeds_form": feeds_form or MotiveForm(auto_id="flux_%s"),
            "problems": problems or [],
            "entries": entries,
        },
        status=status,
    )


@login_required
@require_GET
def person(request: HttpRequest, username: str) -> HttpResponse:
    """One person: roles, forms, journal."""
    _administrators_only(request)
    return _person_page(request, get_object_or_404(User, username=username))


@login_required
@require_POST
def role_grant(request: HttpRequest, username: str) -> HttpResponse:
    """Grant a role."""
    _administrators_only(request)
    user = get_object_or_404(User, username=username)
    form = GrantForm(request.POST)
    problems: list[str] = []
    if form.is_valid():
        data = form.cleaned_data
        try:
            grant_role(
                user=user,
                role=Role(data["role"]),
                organisation=data["organisation"],
                valid_from=data["valid_from"],
                valid_until=data["valid_until"],
                act=data["act"],
                granted_by=person_of(request),
            )
        except BusinessError as error:
            problems = add_service_errors(form, error)
        else:
            messages.success(request, f"Le rôle « {Role(data['role']).label} » est attribué à {user}.")
            return redirect("person", user.username)
    return _person_page(request, user, grant_form=form, problems=problems, status=422)


@login_required
@require_POST
def role_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a role."""
    _administrators_only(request)
    grant = get_object_or_404(RoleGrant.objects.select_related("user"), pk=pk)
    form = EndForm(request.POST, auto_id=f"fin_{grant.pk}_%s")
    problems: list[str] = []
    if form.is_valid():
        try:
            end_role(
                grant=grant,
                last_day=form.cleaned_data["last_day"],
                motive=form.cleaned_data["motive"],
                ended_by=person_of(request),
            )
        except BusinessError as error:
            problems = add_service_errors(form, error)
        else:
            messages.success(request, f"{grant.user} : le rôle « {grant.get_role_display()} » prend fin.")
            return redirect("person", grant.user.username)
    problems += _sentences(form)
    return _person_page(request, grant.user, end_form=(grant.pk, form), problems=problems, status=422)


@login_required
@require_http_methods(["GET", "POST"])
def person_new(request: HttpRequest) -> HttpResponse:
    """Create a person."""
    _administrators_only(request)
    form = PersonForm(request.POST or None)
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            created = create_person(
                username=data["username"],
                display_name=data["display_name"],
                email=data["email"],
                password=data["password"],
                created_by=person_of(request),
            )
        except BusinessError as error:
            problems = add_service_errors(form, error)
        else:
            messages.success(request, f"Le compte de {created} est créé. Attribuez-lui maintenant un rôle.")
            return redirect("person", created.username)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "problems": problems}
    return render(request, "administration/person_new.html", context, status=status)


@login_required
@require_POST
def person_close(request: HttpRequest, username: str) -> HttpResponse:
    """Close a person's access."""
    _administrators_only(request)
    user = get_object_or_404(User, username=username)
    form = MotiveForm(request.POST, auto_id="fermer_%s")
    problems: list[str] = []
    if form.is_valid():
        try:
            motive = form.cleaned_data["motive"]
            deactivate_person(user=user, motive=motive, deactivated_by=person_of(request))
        except BusinessError as error:
            problems = add_service_errors(form, error) or [error.message]
        else:
            messages.success(request, f"L’accès de {user} est fermé.")
            return redirect("person", user.username)
    problems += _sentences(form)
    return _person_page(request, user, close_form=form, problems=problems, status=422)


@login_required
@require_POST
def person_feeds_revoke(request: HttpRequest, username: str) -> HttpResponse:
    """Revoke the addresses of a person's feeds."""
    _administrators_only(request)
    user = get_object_or_404(User, username=username)
    form = MotiveForm(request.POST, auto_id="flux_%s")
    problems: list[str] = []
    if form.is_valid():
        try:
            ended = revoke_feeds_of(
                user=user, motive=form.cleaned_data["motive"], revoked_by=person_of(request)
            )
        except BusinessError as error:
            problems = add_service_errors(form, error) or [error.message]
        else:
            messages.success(request, f"{user} : adresses de flux révoquées ({ended}).")
            return redirect("person", user.username)
    problems += _sentences(form)
    return _person_page(request, user, feeds_form=form, problems=problems, status=422)
