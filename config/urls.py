"""Addresses of the site. An application's own addresses lie in its `urls.py`."""

from django.urls import include, path

from config import health
from config.api import api

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("compte/", include("allauth.urls")),
    path("api/v1/", api.urls),
    path("", include("workflows.urls")),
    path("", include("cases.urls")),
    path("", include("notifications.urls")),
]
