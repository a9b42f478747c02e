"""« Mes préférences »: when mail is wanted, kind by kind."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cases.views.access import person_of
from notifications.forms import PreferencesForm
from notifications.selectors import preferences_of
from notifications.services import set_preferences


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show and keep one's own preferences."""
    user = person_of(request)
    form = PreferencesForm(request.POST if request.method == "POST" else None, initial=preferences_of(user))
    if form.is_bound and form.is_valid():
        set_preferences(user=user, chosen=form.cleaned_data)
        messages.success(request, "Vos préférences sont enregistrées. Elles valent pour les avis à venir.")
        return redirect("notice_preferences")
    context = {"form": form, "address": user.email, "hour": settings.BERLINE_DIGEST_HOUR}
    return render(request, "notifications/preferences.html", context, status=422 if form.is_bound else 200)
